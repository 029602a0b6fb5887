"""What a call does about a refusal by itself, as far as credentials and the call that is up go; see loops_test.py."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from answering import Answering, challenge, header  # noqa: E402


class Called(unittest.TestCase):
    def setUp(self):
        self.peer = offhook.Peer()
        self.phone = offhook.Phone("--audio=null")
        self.phone.ready()
        self.phone.command("account add x sip:alice@127.0.0.1:%d register=no password=secret" % self.peer.port)
        self.phone.command("set tone-seconds 0")

    def tearDown(self):
        self.phone.close()
        self.peer.close()

    def dial(self, script):
        answering = Answering(self.peer, script)
        self.phone.command("dial %s account=x" % self.peer.uri())
        return answering

    def test_credentials(self):  # S407-1, S407-2
        answering = self.dial([(407, [challenge("r", "n")]), (200, [])])
        self.phone.wait("call", state="established")
        self.phone.command("hangup")
        self.phone.wait("call", state="closed", ended_by="us")
        answering.stop()
        first, second = answering.invites
        self.assertIsNone(header(first, "Proxy-Authorization"))
        self.assertIn('uri="%s"' % self.peer.uri(), header(second, "Proxy-Authorization"))
        self.assertEqual(self.phone.any("outcome"), [])

    def test_credentials_refused(self):  # S407-4
        answering = self.dial(lambda n, _: (401, [challenge("r", "n%d" % n, proxy=False)]))
        self.assertEqual(self.phone.wait("outcome")["code"], 401)
        answering.stop()
        self.assertEqual(len(answering.invites), 2)

    def test_stale_for_ever(self):  # S407-4
        answering = self.dial(lambda n, _: (407, [challenge("r", "n%d" % n, ", stale=true")]))
        self.assertEqual(self.phone.wait("outcome")["code"], 407)
        answering.stop()
        self.assertEqual(len(answering.invites), 4)

    def test_a_new_realm_each_time(self):  # S407-4
        answering = self.dial(lambda n, _: (407, [challenge("r%d" % n, "n")]))
        self.assertEqual(self.phone.wait("outcome")["code"], 407)
        answering.stop()
        self.assertEqual(len(answering.invites), 4)

    def test_refused_within_the_call(self):
        """A hold that is refused ends no call."""
        answering = self.dial([(200, []), (405, ["Allow: BYE"]), (200, [])])
        call = self.phone.wait("call", state="established")["call"]
        self.phone.command("hold", ok=True)
        self.phone.wait("notice")
        self.assertEqual(self.phone.any("call", call=call, state="closed"), [])
        self.phone.command("hangup")
        self.phone.wait("call", call=call, state="closed", ended_by="us")
        answering.stopping = True
        answering.join()
        self.assertEqual(len(answering.byes), 1)

    def test_dial_timeout(self):  # S408-5
        self.phone.command("set dial-timeout 5")
        answering = self.dial([(180, [])])
        outcome = self.phone.wait("outcome")
        self.assertEqual((outcome["code"], outcome["error"]), (0, "timeout"))
        answering.stop()
        self.assertEqual(header(answering.invites[0], "Expires"), "5")


if __name__ == "__main__":
    unittest.main(verbosity=2)
