"""Macros as a person records and plays them: typed in a real terminal, and headless."""

import os
import random
import signal
import socket
import sqlite3
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
import terminal  # noqa: E402


class Callee:
    """A peer that answers each call as it is told: after some seconds, or with a code. Keeps what it is told."""

    def __init__(self):
        self.peer = offhook.Peer()
        self.code, self.after = 200, 0.0
        self.calls, self.byes = 0, 0
        self.digits = ""
        self.condition = threading.Condition()
        self.going = True
        self.events = set()
        for f in (self._signal, self._sound):
            threading.Thread(target=f, daemon=True).start()

    def _signal(self):
        while self.going:
            try:
                m = self.peer.receive(deadline=0.5)
            except (AssertionError, OSError):
                continue
            method = m.start.split()[0]
            if method == "INVITE":
                source = self.peer.source
                self.peer.reply(m, 180, "Ringing")
                t = threading.Timer(self.after, self._answer, (m, source))
                t.daemon = True
                t.start()
            elif method == "BYE":
                self.peer.reply(m, 200, "OK")
                with self.condition:
                    self.byes += 1
                    self.condition.notify_all()
            elif method == "CANCEL":
                self.peer.reply(m, 200, "OK")

    def _answer(self, invite, source):
        self.peer.source = source
        with self.condition:
            self.calls += 1
            self.digits = ""
        self.peer.reply(invite, self.code, "OK" if self.code == 200 else "Busy Here",
                        body=self.peer.sdp() if self.code == 200 else "")

    def _sound(self):
        while self.going:
            try:
                self.peer.media.settimeout(0.5)
                data = self.peer.media.recv(2048)
            except OSError:
                continue
            # telephone-event (RFC 4733): type 101, the end of each event is told three times
            if len(data) >= 16 and data[1] & 0x7f == 101 and data[13] & 0x80:
                key = (data[4:8], data[8:12])
                with self.condition:
                    if key not in self.events:
                        self.events.add(key)
                        self.digits += "0123456789*#ABCD"[data[12]]
                        self.condition.notify_all()

    def until(self, true, deadline=30):
        end = time.monotonic() + deadline
        with self.condition:
            while not true():
                left = end - time.monotonic()
                assert left > 0, (self.calls, self.byes, self.digits)
                self.condition.wait(left)

    def uri(self):
        return self.peer.uri()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.going = False
        self.peer.close()


def screen(home, *args, size=(24, 100)):
    return terminal.Terminal([offhook.PROGRAM, "--audio=null", *args], size=size, home=home)


def leave(t):
    t.process.terminate()
    t.ended()


def bar(t):
    return t.text().split("\n")[-1]


class Base(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()
        self.addCleanup(self.home.remove)

    def headless(self, *args):
        """(exit status, events, standard error) of a run that ends by itself."""
        with offhook.Phone(*args, "--audio=null", home=self.home) as p:
            p.process.stdin.close()
            status = p.exit_status(60)
            return status, p.events, p.stderr()

    def register(self, name, profile="demo"):
        """What is in the store, as another program reads it."""
        path = os.path.join(self.home.file("state"), "offhook", *([profile] if profile else []), "offhook.db")
        db = sqlite3.connect(path)
        try:
            row = db.execute("SELECT lines FROM macro_register WHERE name = ?", (name,)).fetchone()
        finally:
            db.close()
        return row[0] if row else None


class TheExample(Base):
    """That of the README, as printed."""

    def record(self, t, target):
        """Types it; the person waits two seconds before hanging up."""
        t.type("qa")
        t.see("recording a", "q end recording")
        t.type("d")
        t.see("Dial")
        t.type(target + "\r")
        t.see("talking")
        t.type("1234#")
        t.see("1 2 3 4 #")
        t.see("0:02", "talking")
        t.type("h")
        t.see("No calls")
        t.type("q")
        t.see("recorded in register a")

    def test_recorded_and_played_again(self):
        with screen(self.home, "--demo") as t:
            t.see("registered")
            self.record(t, "echo")
            lines = self.register("a").split("\n")
            self.assertEqual(lines[:3] + lines[4:], ["dial echo", "wait established", "dtmf 1234#", "hangup"])
            self.assertRegex(lines[3], r"^sleep [12]\.\ds$")
            # it says what it waits for, and does the same
            t.type("@a")
            t.see("macro a 4/5: waiting for")
            t.see("DTMF received")
            t.see("No calls")
            t.type("@@")
            t.see("1 2 3 4 #")
            t.see("No calls")
            # where the keys are now does not matter
            t.type(":unbind talking 1\r:bind global d 'echo no'\r:bind global h 'mute on'\r")
            t.see("command")
            t.type("@a")
            t.see("1 2 3 4 #")
            t.see("No calls")
            # read and changed: now the other side needs five seconds, or is busy
            t.type(":macro edit a\r")
            t.see("macro a: dial echo ; wait established ; dtmf 1234# ; sleep")
            t.type("\x01" + "\x1b[C" * 5 + "\x1b[3~" * 4 + "slow\r")
            t.until(lambda text: "macro a: " not in text, "the end of the prompt")
            self.assertTrue(self.register("a").startswith("dial slow"), self.register("a"))
            t.type("@a")
            t.see("macro a 2/5: waiting for answered")
            t.see("1 2 3 4 #")
            t.see("No calls")
            t.type(":macro define a 'dial 486 ; wait established ; dtmf 1'\r")
            t.until(lambda text: "macro define" not in text, "the end of the prompt")
            t.type("@a")
            t.see("step 2 of 3, wait established", "486 Busy Here")
            leave(t)

    def test_the_line_is_not_the_macros(self):
        """A peer that answers after 0 to 8 s, and one that is busy; headless the status tells it."""
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\n")
        seed = int(os.environ.get("OFFHOOK_TEST_SEED", random.randrange(1 << 30)))
        print("OFFHOOK_TEST_SEED=%d" % seed)
        rng = random.Random(seed)
        with Callee() as callee:
            with screen(self.home, "-c", rc) as t:
                t.see("No calls")
                self.record(t, callee.uri())
                self.assertEqual(callee.digits, "1234#")
                for n in range(2):
                    callee.after = rng.uniform(0, 8)
                    t.type("@a")
                    callee.until(lambda n=n: callee.byes == n + 2)
                    self.assertEqual(callee.digits, "1234#")
                    t.see("No calls")
                callee.code, callee.after = 486, 0.3
                t.type("@a")
                t.see("step 2 of 5, wait established", "486 Busy Here")
                leave(t)
            # killed or not: it is still there
            status, events, error = self.headless("-c", rc, "-e", "macro play a")
            self.assertEqual(status, 4)
            self.assertIn("step 2 of 5, wait established", error)
            failed = [e for e in events if e["event"] == "macro"][-1]
            self.assertEqual((failed["name"], failed["step"], failed["of"], failed["state"]), ("a", 2, 5, "failed"))
            self.assertIn("486 Busy Here", failed["error"])
            callee.code, callee.after = 200, rng.uniform(0, 8)
            status, events, error = self.headless("-c", rc, "-e", "macro play a ; echo after")
            self.assertEqual((status, error), (0, ""))
            self.assertEqual(callee.digits, "1234#")
            states = [(e["step"], e["state"]) for e in events if e["event"] == "macro"]
            self.assertEqual(states, [(1, "running"), (2, "running"), (2, "waiting"), (3, "running"), (3, "waiting"),
                                      (4, "running"), (4, "waiting"), (5, "running"), (5, "done")])

    def test_kill(self):
        with screen(self.home, "--demo") as t:
            t.see("registered")
            t.type("qb")
            t.see("recording b")
            t.type("m")
            t.see("mic muted")
            t.type("qqc")
            t.see("recording c")
            t.type("m")
            t.process.send_signal(signal.SIGKILL)
            t.process.wait()
        self.assertEqual(self.register("b"), "mute toggle")
        # one that was not ended is none
        self.assertIsNone(self.register("c"))
        status, _, error = self.headless("--demo", "-e", "macro play b")
        self.assertEqual((status, error), (0, ""))
        status, _, error = self.headless("--demo", "-e", "macro play c")
        self.assertEqual(status, 2)
        self.assertIn("register c is empty", error)


class AnotherCalls(Base):
    """A call that comes in while something is recorded or played harms neither."""

    def invite(self, peer, number):
        peer.source = ("127.0.0.1", self.port)
        body = peer.sdp()
        peer.send("\r\n".join([
            "INVITE sip:me@127.0.0.1:%d SIP/2.0" % self.port,
            "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKm%d" % (peer.port, number),
            "From: <sip:stranger@127.0.0.1:%d>;tag=s%d" % (peer.port, number),
            "To: <sip:me@127.0.0.1>", "Call-ID: stranger%d" % number, "CSeq: 1 INVITE",
            "Contact: <%s>" % peer.uri(), "Max-Forwards: 70", "Content-Type: application/sdp",
            "Content-Length: %d" % len(body), "", body]))
        peer.receive("SIP/2.0 180")

    def cancel(self, peer, number):
        peer.send("\r\n".join([
            "CANCEL sip:me@127.0.0.1:%d SIP/2.0" % self.port,
            "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKm%d" % (peer.port, number),
            "From: <sip:stranger@127.0.0.1:%d>;tag=s%d" % (peer.port, number),
            "To: <sip:me@127.0.0.1>", "Call-ID: stranger%d" % number, "CSeq: 1 CANCEL",
            "Max-Forwards: 70", "Content-Length: 0", "", ""]))
        peer.receive("SIP/2.0 487")

    def test_both(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            self.port = s.getsockname()[1]
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:%d\nset answer-unknown-users yes\n" % self.port)
        with Callee() as callee, offhook.Peer() as stranger:
            with screen(self.home, "-c", rc) as t:
                t.see("No calls")
                t.type("qa")
                t.see("recording a")
                t.type("d" + callee.uri() + "\r")
                t.see("talking")
                self.invite(stranger, 1)
                t.see("stranger")
                t.type("47")
                callee.until(lambda: callee.digits == "47")
                self.cancel(stranger, 1)
                t.see("0:02")
                t.type("hq")
                t.see("recorded in register a")
                lines = self.register("a", None).split("\n")
                self.assertEqual(lines[0][:9] + lines[1], "dial sip:wait established")
                self.assertEqual((lines[2], lines[-1]), ("dtmf 47", "hangup"))
                self.assertNotIn("incoming", "".join(lines))
                # and while it plays: answered even
                callee.after = 1.0
                t.type("@a")
                t.see("waiting for answered")
                self.invite(stranger, 2)
                callee.until(lambda: callee.digits == "47")
                t.type("a")
                callee.until(lambda: callee.byes == 2)
                t.see("stranger", "talking")
                t.type("h")
                leave(t)


class Bounds(Base):
    def test_injection(self):
        """A name that is a command stays a name."""
        with offhook.Phone("--demo", "--audio=null", home=self.home) as p:
            p.ready()
            p.command("macro define who 'dial ${1} ; echo ${1}'")
            reply = p.command("macro play who 'x ; quit 7'", ok=False)
            self.assertIn("step 1 of 2", reply["error"])
            p.command("macro define called 'echo ${call.peer}'")
            p.command("dial 'sip:x%20;quit@127.0.0.1:9;a=b'")
            reply = p.command("macro play called")
            self.assertEqual(reply["text"], "sip:x%20;quit@127.0.0.1:9;a=b")

    def test_calls_a_minute(self):
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\nset max-calls 64\n")
        with Callee() as callee:
            callee.code = 486
            one = "dial %s ; wait outcome 486 ; hangup ; " % callee.uri()
            with offhook.Phone("-c", rc, "--audio=null", home=self.home) as p:
                p.ready()
                p.command("macro define bill '%s echo'" % (one * 12))
                for _ in range(2):
                    p.command("macro play bill")
                reply = p.command("macro play bill", ok=False)
                self.assertIn("at most 30 calls within a minute", reply["error"])
                p.wait("notice", text=lambda text: "Macro bill was stopped" in text)
                self.assertEqual(callee.calls, 30)
                # nobody else is bound by it
                p.command("dial " + callee.uri())

    def test_escape_stops_it(self):
        with screen(self.home, "--demo") as t:
            t.see("registered")
            t.type(":macro define a 'dial ring ; wait established'\r@a")
            t.see("macro a 2/2: waiting for answered")
            t.type("\x1b[15~")
            t.see("demo@localhost")
            t.type("\x1b")
            t.see("macro a was stopped at step 2 of 2")
            # and it was for nothing else: the view is still there, and the call
            self.assertNotIn("waiting for", bar(t))
            t.type("\x1b")
            t.see("ringing")
            leave(t)

    def test_a_macro_that_types(self):
        with screen(self.home, "--demo") as t:
            t.see("registered")
            t.type(":macro define a 'keys decho<CR> ; wait established ; keys 12 ; sleep 1s ; keys h'\r@a")
            t.see("talking", "1 2")
            t.see("No calls")
            leave(t)

    def test_secrets(self):
        with screen(self.home, "--demo") as t:
            t.see("registered")
            t.type("qa")
            t.see("recording a")
            t.type(":account add w sip:a@127.0.0.1:9 password=geheim123 register=no\r")
            t.see("Not recorded")
            t.type("mq")
            t.see("recorded in register a")
            leave(t)
        self.assertEqual(self.register("a"), "mute toggle")
        for folder, _, files in os.walk(self.home.file("state")):
            for name in files:
                if name != "accounts":
                    with open(os.path.join(folder, name), "rb") as f:
                        self.assertNotIn(b"geheim123", f.read(), name)


class Statuses(Base):
    """What the contract says about the exit status of scripts."""

    def test_each(self):
        for script, status in (
                ("dial echo ; wait established ; hangup ; wait closed", 0),
                ("dial 300 ; wait established", 3), ("dial 404 ; wait established", 4),
                ("dial 503 ; wait established", 5), ("dial 603 ; wait established", 6),
                ("dial 486", 0),
                ("dial 486 ; wait outcome 486", 0), ("set dial-timeout 1 ; dial ring ; wait established", 7),
                ("hangup", 1), ("frobnicate", 2), ("wait soon", 2), ("quit 42", 42),
                ("macro define conf 'dial ${1} ; wait established' ; macro play conf 603", 6),
                ("macro play nobody", 2)):
            got, events, error = self.headless("--demo", "-e", script)
            self.assertEqual(got, status, (script, error, events[-5:]))

    def test_keys_need_a_screen(self):
        for more in (["--headless"], ["--plain"]):
            r = subprocess.run([offhook.PROGRAM, "--demo", *more, "-k", "d"], env=self.home.env, capture_output=True,
                               text=True, timeout=20)
            self.assertEqual(r.returncode, 2, r.stderr)
            self.assertIn("--keys", r.stderr)
        with screen(self.home, "--demo", "-k", "qamqm@a:echo<Space>typed<CR>") as t:
            t.see("typed", "mic muted")
            leave(t)
        self.assertEqual(self.register("a"), "mute toggle")

    def test_the_program_ends_meanwhile(self):
        script = "macro define in 'dial echo ; wait established ; %s' ; macro define out 'macro play in' ; macro play out"
        status, _, error = self.headless("--demo", "-e", script % "quit 5 ; echo never")
        self.assertEqual((status, error), (5, ""))
        with offhook.Phone("--demo", "--audio=null", "-e", script % "wait dtmf 1", home=self.home) as p:
            p.wait("macro", step=3, state="waiting")
            p.process.terminate()
            self.assertEqual(p.exit_status(), 128 + signal.SIGTERM)
            self.assertEqual(p.stderr(), "")

    def test_nobody_listens(self):
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\n")
        status, _, error = self.headless("-c", rc, "-e", "dial sip:x@127.0.0.1:9;transport=tcp ; wait established")
        self.assertEqual(status, 1, error)

    def test_several_are_one_script(self):
        status, _, error = self.headless("--demo", "-e", "dial 404", "-e", "wait established", "-e", "quit 9")
        self.assertEqual(status, 4, error)

    def test_nobody_is_called_from_the_rc_file(self):
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\ndial sip:a@127.0.0.1:9\nwait idle\n")
        with offhook.Phone("-c", rc, "--audio=null", home=self.home) as p:
            p.wait("notice", text=lambda text: "rc:2: nobody can be called from the rc file" in text)
            p.wait("notice", text=lambda text: "rc:3: wait does not work in the rc file" in text)
            p.ready()
            self.assertEqual(p.any("call"), [])

    def test_no_terminal_no_keys(self):
        with offhook.Phone("--demo", "--audio=null", home=self.home) as p:
            p.ready()
            self.assertIn("no screen", p.command("keys d", ok=False)["error"])
            p.command("macro define conf 'dial echo ; wait established ; hangup'")
            p.command("macro play conf")
        # saved: it is there the next time
        status, _, error = self.headless("--demo", "-e", "macro play conf")
        self.assertEqual((status, error), (0, ""))


if __name__ == "__main__":
    unittest.main(verbosity=2)
