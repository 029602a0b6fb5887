"""Two phones of ours, one call: hold by either side, digits both ways, refusals, several calls, UDP and TCP."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402


class Pair(unittest.TestCase):
    transport = "udp"

    def setUp(self):
        self.ann = offhook.Phone("--audio=null")
        self.bob = offhook.Phone("--audio=null")
        self.ann.ready()
        self.bob.ready()
        self.bob.command("set answer-unknown-users yes")
        self.to_bob = "sip:bob@%s:%d;transport=%s" % (*self.bob.address(self.transport), self.transport)

    def tearDown(self):
        self.ann.close()
        self.bob.close()

    def connect(self):
        self.ann.command("dial " + self.to_bob)
        theirs = self.bob.wait("call", direction="in", state="ringing")
        self.ann.wait("tone", tone="ringback", on=True)
        self.bob.command("answer")
        self.bob.wait("call", state="established")
        return self.ann.wait("call", state="established")["call"], theirs["call"]

    def test_a_whole_call(self):
        self.connect()
        self.ann.wait("media")
        self.ann.command("dtmf 12")
        self.assertEqual([self.bob.wait("dtmf")["digit"] for _ in "12"], ["1", "2"])
        self.bob.command("dtmf *#")
        self.assertEqual([self.ann.wait("dtmf")["digit"] for _ in "*#"], ["*", "#"])
        self.ann.command("hold")
        self.ann.wait("call", state="held", by="us")
        self.bob.wait("call", state="held", by="them")
        self.bob.command("hold")
        self.bob.wait("call", state="held", by="both")
        self.ann.wait("call", state="held", by="both")
        self.ann.command("resume")
        self.bob.wait("call", state="held", by="us")
        self.ann.wait("call", state="held", by="them")
        self.bob.command("resume")
        self.ann.wait("call", state="established")
        self.bob.wait("call", state="established")
        self.bob.wait("media")
        self.bob.command("hangup")
        self.ann.wait("call", state="closed", ended_by="them")
        self.bob.wait("call", state="closed", ended_by="us")

    def test_glare(self):
        """Both hold at the same instant: both holds come to be, and the call lives."""
        self.connect()
        self.ann.send("hold")
        self.bob.send("hold")
        for phone in (self.ann, self.bob):
            phone.wait("call", state="held", by="both")
        self.ann.command("hangup")
        self.bob.wait("call", state="closed", ended_by="them")

    def test_refused(self):
        self.ann.command("dial " + self.to_bob)
        self.bob.wait("call", direction="in", state="ringing")
        self.bob.command("reject 603")
        self.assertEqual(self.ann.wait("outcome")["code"], 603)

    def test_cancelled(self):
        self.ann.command("dial " + self.to_bob)
        self.bob.wait("tone", tone="ring", on=True)
        self.ann.command("hangup")
        self.bob.wait("tone", tone="ring", on=False)
        self.bob.wait("call", state="closed", ended_by="them")
        self.assertTrue(self.bob.any("notice", text=lambda t: "Missed call" in t))
        self.assertEqual(self.ann.any("outcome"), [])

    def test_nobody_by_that_name(self):  # S404-1, S404-3
        self.bob.command("set answer-unknown-users no")
        self.ann.command("dial " + self.to_bob)
        self.assertEqual(self.ann.wait("outcome")["code"], 404)
        self.assertEqual(self.bob.any("call"), [])
        self.assertEqual(self.bob.any("notice"), [])

    def test_do_not_disturb(self):
        self.bob.command("set dnd-response 603")
        self.bob.command("dnd on")
        self.ann.command("dial " + self.to_bob)
        self.assertEqual(self.ann.wait("outcome")["code"], 603)
        self.bob.wait("call", direction="in", state="closed", code=603)
        self.bob.wait("notice", text=lambda t: "Missed call" in t)
        self.assertEqual(self.bob.any("tone"), [])
        self.bob.command("dnd off")
        self.connect()

    def test_forwarded(self):
        self.bob.command("forward sip:eve@127.0.0.1:9")
        self.ann.command("dial " + self.to_bob)
        outcome = self.ann.wait("outcome")
        self.assertEqual(outcome["code"], 302)
        self.assertIn("sip:eve@127.0.0.1:9", str(outcome["contacts"]))
        self.assertEqual(self.bob.any("tone"), [])
        self.bob.command("forward off")
        self.connect()

    def test_answered_by_itself(self):
        self.bob.command("account add door sip:door@127.0.0.1 register=no answer-mode=auto")
        self.ann.command("dial " + self.to_bob.replace("bob@", "door@"))
        self.bob.wait("tone", tone="call-waiting", on=True)
        self.ann.wait("call", state="established")
        self.bob.wait("notice", text=lambda t: "answered by itself" in t)

    def test_withheld(self):
        self.bob.command("set block-anonymous yes")
        self.ann.command("dial %s header='Privacy: id'" % self.to_bob)
        self.assertEqual(self.ann.wait("outcome")["code"], 433)
        self.bob.wait("call", direction="in", state="closed", code=433)
        self.assertEqual(self.bob.any("tone"), [])

    def test_rings_too_long(self):  # S408-2; or 487 as RFC 3261 section 13.3.1 has it
        for code in 408, 487:
            self.bob.command("set ring-timeout 1")
            self.bob.command("set expired-response %d" % code)
            self.ann.command("dial " + self.to_bob)
            self.assertEqual(self.ann.wait("outcome")["code"], code)
            self.bob.wait("call", direction="in", state="closed", code=code)

    def test_all_taken(self):
        self.bob.command("set max-calls 1")
        self.connect()
        self.ann.command("dial " + self.to_bob)
        self.assertEqual(self.ann.wait("outcome")["code"], 486)

    def test_nothing_in_common(self):
        self.bob.command("set codecs PCMA")
        self.ann.command("dial %s codecs=PCMU" % self.to_bob)
        self.assertEqual(self.ann.wait("outcome")["code"], 488)

    def test_a_second_call_holds_the_first(self):
        first, theirs = self.connect()
        self.ann.command("dial " + self.to_bob)
        self.ann.wait("call", call=first, state="held", by="us")
        self.bob.wait("call", call=theirs, state="held", by="them")
        self.bob.command("answer")
        second = self.ann.wait("call", state="established")["call"]
        self.ann.command("hangup %d" % second)
        self.bob.wait("call", state="closed")
        self.ann.command("resume %d" % first)
        # answering the second call, he put the first on hold too
        self.ann.wait("call", call=first, state="held", by="them")
        self.bob.command("resume %d" % theirs)
        self.ann.wait("call", call=first, state="established")
        self.ann.command("hangup")
        self.bob.wait("call", call=theirs, state="closed")


class PairOverTcp(Pair):
    transport = "tcp"


if __name__ == "__main__":
    unittest.main(verbosity=2)
