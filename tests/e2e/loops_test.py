"""Every way in which a server may send a call round in circles ends in an outcome within eight requests, and every
repair that is promised is made on the wire as promised."""

import os
import re
import socket
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from answering import BUDGET, Answering, challenge, header  # noqa: E402


class Rig(unittest.TestCase):
    options = ()

    def setUp(self):
        self.peer = offhook.Peer()
        self.phone = offhook.Phone("--audio=null")
        self.phone.ready()
        self.phone.command("account add x sip:alice@127.0.0.1:%d register=no password=secret" % self.peer.port)
        for option in ("tone-seconds 0",) + self.options:
            self.phone.command("set " + option)

    def tearDown(self):
        self.phone.close()
        self.peer.close()

    def dial(self, script, more=""):
        answering = Answering(self.peer, script)
        self.phone.command("dial %s account=x%s" % (self.peer.uri(), more))
        return answering

    def contact(self, user):
        return "Contact: <%s>" % self.peer.uri(user)


class Loops(Rig):
    options = ("redirect follow", "compact-headers yes")

    def ends(self, script, code, requests, more=""):
        answering = self.dial(script, more)
        self.assertEqual(self.phone.wait("outcome")["code"], code)
        answering.stop()
        self.assertLessEqual(len(answering.invites), BUDGET)
        self.assertEqual(len(answering.invites), requests)
        self.assertIsNone(answering.unacknowledged)

    def test_401(self):
        self.ends(lambda n, _: (401, [challenge("r", "n", proxy=False)]), 401, 2)

    def test_stale(self):
        self.ends(lambda n, _: (407, [challenge("r", "n%d" % n, ", stale=true")]), 407, 4)

    def test_new_realms(self):
        self.ends(lambda n, _: (407, [challenge("r%d" % n, "n")]), 407, 4)

    def test_302_to_itself(self):
        self.ends(lambda n, _: (302, [self.contact("peer")]), 302, 1)

    def test_302_between_two(self):
        self.ends(lambda n, _: (302, [self.contact("peer" if n % 2 else "other")]), 302, 2)

    def test_302_onward(self):
        self.ends(lambda n, _: (302, [self.contact("p%d" % n)]), 302, 6)

    def test_302_and_407_in_turn(self):
        def script(n, _):
            return (407, [challenge("r", "n%d" % n)]) if n % 2 == 0 else (302, [self.contact("p%d" % n)])
        self.ends(script, 407, 3)

    def test_305(self):
        self.ends(lambda n, _: (305, ["Contact: <sip:127.0.0.1:%d;n=%d>" % (self.peer.port, n)]), 305, 2)

    def test_411(self):  # S411-2
        self.ends(lambda n, _: (411, []), 411, 2)

    def test_413(self):  # S413-4
        self.ends(lambda n, _: (413, []), 413, 2)

    def test_413_with_a_time(self):  # S413-3
        self.ends(lambda n, _: (413, ["Retry-After: 1"]), 413, 1)

    def test_415(self):  # S415-2
        self.ends(lambda n, _: (415, ["Accept: application/sdp"]), 415, 2)

    def test_420(self):
        self.ends(lambda n, _: (420, ["Unsupported: timer, x%d" % n]), 420, 2)

    def test_421(self):
        self.ends(lambda n, _: (421, ["Require: timer"]), 421, 2)

    def test_422(self):
        self.ends(lambda n, _: (422, ["Min-SE: %d" % (2000 + n)]), 422, 3)

    def test_488(self):
        self.ends(lambda n, _: (488, ["Warning: 305 x \"y\""]), 488, 2)

    def test_491(self):
        self.ends(lambda n, _: (491, []), 491, 3)

    def test_503(self):
        self.ends(lambda n, _: (503, []), 503, 1)

    def test_everything_in_turn(self):
        """Whatever the mix, eight."""
        answers = [
            (407, [challenge("a", "n")]), (411, []), (413, []), (420, ["Unsupported: timer"]), (302, [self.contact("b")]),
            (302, [self.contact("c")]), (302, [self.contact("d")]), (302, [self.contact("e")]),
            (302, [self.contact("f")])]
        self.ends(lambda n, _: answers[n], 302, BUDGET)

    def test_both_transports(self):
        """A request that is large goes by TCP, where somebody takes it and says nothing, and then by UDP: that counts."""
        with socket.create_server(("127.0.0.1", self.peer.port)) as listener:
            answers = [(407, [challenge("r", "n")]), (411, [])]
            self.ends(lambda n, _: answers[n] if n < 2 else (302, [self.contact("p%d" % n)]), 302, BUDGET - 1,
                      " header='X-Long: %s'" % ("x" * 900))
            listener.settimeout(offhook.DEADLINE)
            connection, _ = listener.accept()
            with connection:
                connection.settimeout(offhook.DEADLINE)
                data = b""
                while b"\r\n\r\n" not in data:
                    data += connection.recv(65536)
                self.assertEqual(data.count(b"INVITE sip:"), 1)


class Repairs(Rig):
    options = ("redirect follow",)

    def mended(self, code, headers=(), more="", to=None):
        """The call goes through at the second try; returns both INVITEs."""
        answering = self.dial([(code, list(headers)), (200, [])], more)
        there = Answering(to, [(200, [])]) if to else answering
        self.phone.wait("call", state="established")
        self.assertEqual(self.phone.any("outcome"), [])
        self.phone.command("hangup")
        self.phone.wait("call", state="closed", ended_by="us")
        answering.stop()
        if to:
            there.stop()
            return answering.invites + there.invites
        self.assertEqual(len(answering.invites), 2)
        return answering.invites

    def test_411(self):  # S411-1
        self.phone.command("set compact-headers yes")
        first, second = self.mended(411)
        self.assertIn("\r\nl: ", first.text)
        self.assertIn("\r\nContent-Length: %d\r\n" % len(second.body), second.text)

    def test_413(self):  # S413-4
        first, second = self.mended(413)
        self.assertLess(len(second.body), len(first.body))
        self.assertRegex(second.body, r"m=audio \d+ RTP/AVP 0\r\n")

    def test_415(self):  # S415-2
        first, second = self.mended(415, ["Accept: text/plain, application/sdp"])
        self.assertLess(len(second.body), len(first.body))
        self.assertTrue(self.phone.any("notice"))

    def test_420(self):
        first, second = self.mended(420, ["Unsupported: magic, timer"], " header='Require: magic'")
        self.assertEqual(header(first, "Require"), "magic")
        self.assertEqual((header(second, "Require"), header(second, "Supported")), (None, "replaces"))

    def test_421(self):
        second = self.mended(421, ["Require: timer"])[1]
        self.assertEqual((header(second, "Require"), header(second, "Supported")), ("timer", "timer, replaces"))

    def test_422(self):
        second = self.mended(422, ["Min-SE: 5000"])[1]
        self.assertEqual((header(second, "Session-Expires"), header(second, "Min-SE")), ("5000", "5000"))

    def test_488(self):
        first, second = self.mended(488, ["Warning: 305 x \"y\""])
        self.assertLess(len(second.body), len(first.body))

    def test_491(self):
        self.mended(491)

    def test_302(self):
        with offhook.Peer() as other:
            first, second = self.mended(302, ["Contact: <%s>;q=0.1, <%s;method=INVITE?X=y>" % (
                self.peer.uri("worse"), other.uri("better"))], to=other)
            self.assertEqual(second.start, "INVITE %s SIP/2.0" % other.uri("better"))
            for name in ("Call-ID", "From", "To"):
                self.assertEqual(header(first, name), header(second, name))
            self.assertEqual(int(header(second, "CSeq").split()[0]), int(header(first, "CSeq").split()[0]) + 1)

    def test_305(self):
        with offhook.Peer() as other:
            first, second = self.mended(305, ["Contact: <sip:127.0.0.1:%d>" % other.port], to=other)
            self.assertEqual(second.start, first.start)
            self.assertTrue(re.match("<sip:127.0.0.1:%d;lr>" % other.port, header(second, "Route")))

    def test_no_password_along_a_redirect(self):
        with offhook.Peer() as other:
            answering = self.dial([(407, [challenge("r", "n")]), (302, ["Contact: <%s>" % other.uri("mallory")])])
            there = Answering(other, [(407, [challenge("r", "n")])])
            self.assertEqual(self.phone.wait("outcome")["code"], 407)
            answering.stop()
            there.stop()
            self.assertIsNotNone(header(answering.invites[1], "Proxy-Authorization"))
            self.assertEqual(len(there.invites), 1)
            self.assertIsNone(header(there.invites[0], "Proxy-Authorization"))


if __name__ == "__main__":
    unittest.main(verbosity=2)
