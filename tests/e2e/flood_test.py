"""Floods and scanners: the call that is up does not hear them, nothing grows, nobody is rung again and again, and who
is honest is answered. The limits are those of src/sip/source.h and src/sip/connections.h."""

import json
import os
import socket
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import flooding  # noqa: E402
import offhook  # noqa: E402

GAP = 60      # ms without a packet in the call that is up
GROWTH = 10   # MB
PROBES = 100  # unknown users that a source may ask for in a minute
RINGS = 8     # unanswered calls of a source that are heard
TOLD = 20     # of those that are not heard, and of refused ones, in a minute
SOURCE_CONNECTIONS, CONNECTIONS, FIRST = 16, 64, 10
BURST = 120   # requests of a source at once
# ASan's own memory is none of the phone's
SANITIZED = b"__asan_init" in open(offhook.PROGRAM, "rb").read()


class Caller(offhook.Peer):
    """A stranger at an address of its own."""

    count = 0

    def ask(self, phone, method="INVITE", user="nobody", deadline=None, tries=1):
        """The first answer to a new request but 100; None: there is none."""
        Caller.count += 1
        data = flooding.request(method, user, phone.address(), Caller.count, self.address, self.port)
        for _ in range(tries):
            self.send(data, phone.address())
            end = time.monotonic() + (deadline or offhook.DEADLINE)
            while True:
                try:
                    answer = self.receive("SIP/2.0", max(0.02, end - time.monotonic()))
                except AssertionError:
                    break
                if answer.get("CSeq") == "1 " + method and "-%d" % Caller.count == answer.get("Call-ID")[
                        -1 - len(str(Caller.count)):] and " 100 " not in answer.start:
                    return answer
        return None

    def finish(self, phone, method, final, number=None):
        """The ACK or CANCEL of the request that was sent last."""
        data = flooding.request("INVITE", "me", phone.address(), number or Caller.count, self.address, self.port).decode()
        data = data.partition("\r\n\r\n")[0].replace("INVITE sip", method + " sip").replace("1 INVITE", "1 " + method)
        lines = [line for line in data.split("\r\n") if not line.startswith(("Content", "Contact"))]
        if final:
            lines = ["To: " + final.get("To") if line.startswith("To:") else line for line in lines]
        self.send("\r\n".join(lines + ["Content-Length: 0", "", ""]), phone.address())


def code(answer):
    return answer and int(answer.start.split()[1])


class Floods(unittest.TestCase):
    """A thousand requests a second while a call is up."""

    def flood(self, **options):
        home = offhook.Home()
        self.addCleanup(home.remove)
        log = home.file("log")
        rc = home.write("rc", "set sip-listen 127.0.0.1:0\naccount add me sip:me@127.0.0.1:9 register=no\n")
        with offhook.Phone("-c", rc, "--audio=null", "--log=" + log, home=home) as phone:
            phone.ready()
            before = flooding.descriptors(phone)
            figures = flooding.flooded_call(phone, seconds=5, **options)
            print(options, figures)
            self.assertGreater(figures["sent"], 1000)
            self.assertGreater(figures["packets"], 200)
            self.assertLess(figures["gap"], GAP, figures)
            if not SANITIZED:
                self.assertLess(figures["grown_peak"], GROWTH, figures)
            # nobody is called off, and the next one is let in
            phone.wait("call", state="closed", ended_by="us", direction="out")
            self.assertEqual(phone.any("call", state="closed", direction="out", ended_by="network"), [])
            with Caller("127.0.99.1") as honest:
                self.assertEqual(code(honest.ask(phone, "OPTIONS", deadline=0.5, tries=20)), 200)
            self.assertLess(flooding.descriptors(phone), before + CONNECTIONS + 8)
            with open(log) as f:
                self.assertLess(len(f.readlines()), 100)
            return phone.events

    def test_one_scanner(self):
        self.flood()

    def test_scanners_from_everywhere(self):
        self.flood(sources=240)

    def test_callers_from_everywhere(self):
        """They all call whom there is; no more than max-calls ring at a time, the beep in the call is once for each."""
        events = self.flood(sources=240, user="me")
        ringing = [e for e in events if e.get("event") == "call" and e["state"] == "ringing" and e["direction"] == "in"]
        self.assertGreater(len(ringing), 0)
        self.assertLessEqual(len(ringing), 8)
        closed = [e for e in events if e.get("event") == "call" and e["state"] == "closed" and e.get("code") == 486]
        self.assertLessEqual(len(closed), TOLD)

    def test_over_tcp(self):
        self.flood(sources=50, tcp=True)

    def test_other_requests(self):
        for method in ("OPTIONS", "BYE", "REGISTER"):
            with self.subTest(method):
                self.flood(sources=240, method=method)


class Probes(unittest.TestCase):
    def test_one_that_goes_on_gets_no_answer(self):
        with Caller() as scanner, Caller("127.0.0.2") as other, offhook.Phone("--audio=null") as phone:
            phone.ready()
            for _ in range(PROBES):
                answer = scanner.ask(phone, deadline=1, tries=5)
                self.assertEqual(code(answer), 404)
                scanner.finish(phone, "ACK", answer)
            self.assertEqual(code(scanner.ask(phone, "OPTIONS", deadline=1, tries=5)), 200)
            # the one too many is answered yet
            self.assertEqual(code(scanner.ask(phone, deadline=1, tries=5)), 404)
            for method in ("INVITE", "OPTIONS", "REGISTER"):
                self.assertIsNone(scanner.ask(phone, method, deadline=0.3))
            # nor over TCP
            with socket.create_connection(phone.address("tcp"), offhook.DEADLINE) as s:
                s.sendall(flooding.request("OPTIONS", "nobody", phone.address(), 1, *s.getsockname(), "TCP"))
                self.assertEqual(s.recv(4096), b"")
            self.assertEqual(code(other.ask(phone)), 404)
            self.assertEqual(phone.any("call"), [])

    def test_options_do_not_count(self):
        with Caller() as monitor, offhook.Phone("--audio=null") as phone:
            phone.ready()
            for _ in range(PROBES + 30):
                self.assertEqual(code(monitor.ask(phone, "OPTIONS", deadline=0.3, tries=20)), 200)

    def test_a_registrar_is_not_silenced(self):
        """What it relays is not its own doing; others at the same address are strangers."""
        with Caller() as registrar, Caller() as scanner, offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("account add me sip:me@127.0.0.1:%d" % registrar.port)
            register = registrar.receive("REGISTER")
            registrar.reply(register, 200, "OK", ["Expires: 3600"])
            phone.wait("registration", state="registered")
            for _ in range(PROBES + 1):
                self.assertEqual(code(scanner.ask(phone, deadline=0.3, tries=20)), 404)
            self.assertIsNone(scanner.ask(phone, deadline=0.3))
            for _ in range(PROBES + 30):
                self.assertEqual(code(registrar.ask(phone, deadline=0.3, tries=20)), 404)
            self.assertEqual(code(registrar.ask(phone, user="me", deadline=0.3, tries=20)), 180)


class Rings(unittest.TestCase):
    def test_who_calls_on_and_on_is_not_heard(self):
        with Caller() as caller, offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("account add me sip:me@127.0.0.1:9 register=no")
            for _ in range(RINGS + TOLD + 10):
                self.assertEqual(code(caller.ask(phone, user="me")), 180)
                caller.finish(phone, "CANCEL", None)
                final = caller.receive("SIP/2.0 487")
                caller.finish(phone, "ACK", final)
                phone.wait("call", state="closed", ended_by="them")
            self.assertEqual(len(phone.any("tone", tone="ring", on=True)), RINGS)
            self.assertEqual(len(phone.any("call", state="closed", untold=True)), 10)
            file = phone.home.file("history.json")
            phone.command("history export " + file)
            with open(file) as f:
                self.assertEqual(len(json.load(f)), RINGS + TOLD)

    def test_who_is_answered_may_call_again(self):
        with Caller() as caller, offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("account add me sip:me@127.0.0.1:9 register=no")
            for _ in range(RINGS + 2):
                self.assertEqual(code(caller.ask(phone, user="me")), 180)
                phone.wait("tone", tone="ring", on=True)
                phone.command("answer")
                ok = caller.receive("SIP/2.0 200")
                caller.finish(phone, "ACK", ok)
                phone.wait("call", state="established")
                phone.command("hangup")
                caller.reply(caller.receive("BYE"), 200, "OK")
                phone.wait("call", state="closed")


class Connections(unittest.TestCase):
    def connect(self, phone, address):
        s = socket.socket()
        self.addCleanup(s.close)
        s.bind((address, 0))
        s.settimeout(offhook.DEADLINE)
        s.connect(phone.address("tcp"))
        return s

    @staticmethod
    def request(s, phone, number=1, method="OPTIONS"):
        address, port = s.getsockname()
        return flooding.request(method, "x", phone.address("tcp"), number, address, port, "TCP")

    def answered(self, s, phone):
        """Is this connection of any use?"""
        try:
            s.sendall(self.request(s, phone))
            return s.recv(65536).startswith(b"SIP/2.0 200")
        except OSError:
            return False

    def test_of_one_source(self):
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            connections = []
            for i in range(SOURCE_CONNECTIONS + 4):
                connections.append(self.connect(phone, "127.0.0.5"))
                self.assertEqual(self.answered(connections[-1], phone), i < SOURCE_CONNECTIONS)
            self.assertTrue(self.answered(connections[0], phone))
            # when one has ended there is room for another
            connections[0].shutdown(socket.SHUT_WR)
            self.assertEqual(connections[0].recv(1), b"")
            s = self.connect(phone, "127.0.0.5")
            self.assertTrue(self.answered(s, phone))

    def test_of_all(self):
        """The newest is served, the one that has been silent longest goes."""
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            before = flooding.descriptors(phone)
            first = self.connect(phone, "127.0.0.6")
            self.assertTrue(self.answered(first, phone))
            silent = self.connect(phone, "127.0.0.7")
            for i in range(CONNECTIONS - 2):
                self.assertTrue(self.answered(self.connect(phone, "127.0.1.%d" % (i + 1)), phone))
            self.assertTrue(self.answered(first, phone))
            new = self.connect(phone, "127.0.0.8")
            self.assertEqual(silent.recv(1), b"")
            self.assertTrue(self.answered(new, phone))
            self.assertTrue(self.answered(first, phone))
            for i in range(40):
                self.assertTrue(self.answered(self.connect(phone, "127.0.2.%d" % (i + 1)), phone))
            self.assertLessEqual(flooding.descriptors(phone), before + CONNECTIONS + 1)

    def test_without_a_whole_message(self):
        """Nothing, or a byte now and then: closed after some seconds, and a whole message keeps its connection."""
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            before = flooding.descriptors(phone)
            good = self.connect(phone, "127.0.0.9")
            self.assertTrue(self.answered(good, phone))
            idle, slow = self.connect(phone, "127.0.0.9"), self.connect(phone, "127.0.0.9")
            began = time.monotonic()
            slow.settimeout(0.25)
            for byte in self.request(slow, phone):
                try:
                    slow.send(bytes([byte]))
                    data = slow.recv(1)
                except socket.timeout:
                    continue
                except OSError:
                    data = b""
                break
            self.assertEqual(data, b"")
            self.assertEqual(idle.recv(1), b"")
            taken = time.monotonic() - began
            self.assertGreater(taken, FIRST - 1)
            self.assertLess(taken, FIRST + 5)
            self.assertTrue(self.answered(good, phone))
            for s in (good, idle, slow):
                s.close()
            with offhook.Phone("--audio=null") as other:  # only so long as it takes to be closed
                other.ready()
            self.assertLessEqual(flooding.descriptors(phone), before + 1)

    def test_too_much_by_one(self):
        """It is told so, and the connection goes."""
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            s = self.connect(phone, "127.0.0.10")
            data = b""
            # one after the other: what would lie unread at the end takes the last answers with it
            for n in range(BURST + 80):
                s.sendall(self.request(s, phone, n, "REGISTER"))
                data += s.recv(65536)
                if b"SIP/2.0 503 " in data:
                    break
            while True:
                try:
                    more = s.recv(65536)
                except OSError:
                    break
                if not more:
                    break
                data += more
            s.close()
            self.assertGreaterEqual(data.count(b"SIP/2.0 405 "), 20)
            self.assertIn(b"SIP/2.0 503 ", data)
            self.assertIn(b"\r\nRetry-After: ", data.partition(b"SIP/2.0 503")[2])
            self.assertLess(len(data), 300000)


if __name__ == "__main__":
    unittest.main(verbosity=2)
