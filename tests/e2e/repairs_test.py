"""What a call does about a refusal by itself, as far as credentials and the call that is up go; see loops_test.py."""

import hashlib
import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from answering import Answering, challenge, header  # noqa: E402


HASHES = {None: "md5", "MD5": "md5", "SHA-256": "sha256", "SHA-512-256": "sha512_256"}


def hashed(algorithm, *parts):
    return hashlib.new(HASHES[algorithm], ":".join(parts).encode()).hexdigest()


def verifies(invite, credentials, algorithm, password):
    """Is the response of CREDENTIALS what a registrar computes (RFC 7616 section 3.4.1) for the INVITE?"""
    v = {k: q or w for k, q, w in re.findall(r'(\w+)=(?:"([^"]*)"|([^,\s]*))', credentials)}
    ha1 = hashed(algorithm, "alice", v["realm"], password)
    ha2 = ["INVITE", invite.start.split()[1]]
    if v.get("qop") == "auth-int":
        ha2.append(hashed(algorithm, invite.body))
    between = [v["nonce"]] + ([v["nc"], v["cnonce"], v["qop"]] if "qop" in v else [])
    return v.get("algorithm") == algorithm and v["username"] == "alice" and (
        v["response"] == hashed(algorithm, ha1, *between, hashed(algorithm, *ha2)))


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

    def verified(self, taken, *challenges, proxy=True, password="secret"):
        """Challenges a call, which is refused in the end. Returns whether its credentials by the algorithm TAKEN hold."""
        verdicts = []

        def script(n, invite):
            if not n:
                return 407 if proxy else 401, list(challenges)
            given = header(invite, "Proxy-Authorization" if proxy else "Authorization")
            verdicts.append(bool(given) and verifies(invite, given, taken, password))
            return 486, []

        answering = self.dial(script)
        self.phone.wait("outcome", code=486)
        answering.stop()
        self.assertEqual(len(verdicts), 1)
        return verdicts[0]

    def test_the_response_verifies_at_the_peer(self):  # S407-3
        for algorithm in HASHES:
            if HASHES[algorithm] not in hashlib.algorithms_available:
                continue
            named = ", algorithm=" + algorithm if algorithm else ""
            for qop in "", ", qop=\"auth\"", ", qop=\"auth,auth-int\"", ", qop=\"auth-int\"":
                for proxy in True, False:
                    with self.subTest(algorithm=algorithm, qop=qop, proxy=proxy):
                        self.assertTrue(self.verified(algorithm, challenge("r", "n", named + qop, proxy), proxy=proxy))

    def test_a_wrong_response_does_not_verify(self):  # S407-3: the check can fail
        self.assertFalse(self.verified("MD5", challenge("r", "n", ", algorithm=MD5"), password="other"))

    def test_the_strongest_known_algorithm_is_taken(self):  # S407-3
        md5, sha, new = (challenge("r", "n" + a, ", qop=\"auth\", algorithm=" + a) for a in ("MD5", "SHA-256", "SHA3-512"))
        for offered in (sha, md5), (md5, sha), (new, md5, sha), (new, sha):
            with self.subTest(offered=offered):
                self.assertTrue(self.verified("SHA-256", *offered))

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
