"""import baresip: the accounts of a baresip become ours, and work."""

import os
import re
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

OK = ("Contact: <sip:me@127.0.0.1>;expires=600",)


class Import(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()

    def tearDown(self):
        self.home.remove()

    def test_registers_with_what_was_imported(self):
        with offhook.Peer() as peer:
            path = self.home.write(".baresip/accounts", "\n".join([
                "# SIP accounts", "",
                '"Alice Example" <sip:alice@pbx.example;transport=udp>;auth_user=al7;auth_pass=tops3cret;'
                'outbound="sip:127.0.0.1:%d;lr";regint=600;answermode=auto;audio_codecs=pcma' % peer.port,
                "<sip:bob@other.example;transport=tls>;auth_pass=tops3cret",
                "not an account: tops3cret",
                "<sip:carol@127.0.0.1:%d>;regint=0" % peer.port, ""]))
            log = self.home.file("log")
            with offhook.Phone("--audio=null", "-v", "--log=" + log, home=self.home) as phone:
                phone.ready()
                text = phone.command("import baresip")["text"]
                self.assertIn("alice, carol", text)
                self.assertIn("2", text)
                register = peer.receive("REGISTER")
                self.assertEqual(register.start, "REGISTER sip:pbx.example SIP/2.0")
                self.assertEqual(register.get("Expires"), "600")
                peer.reply(register, 401, "Unauthorized", ('WWW-Authenticate: Digest realm="r", nonce="n"',))
                register = peer.receive("REGISTER")
                self.assertIn('username="al7"', register.get("Authorization"))
                peer.reply(register, 200, "OK", OK)
                phone.wait("registration", account="alice", state="registered")
                self.assertFalse(phone.any("registration", account="carol"))
                notices = [e["text"] for e in phone.any("notice")]
                for line, words in ((3, ("alice", "answermode", "audio_codecs")), (4, ("TLS",)), (5, ())):
                    self.assertTrue([t for t in notices if t.startswith("%s:%d: " % (path, line)) and
                                     all(w in t for w in words)], (line, notices))
                self.assertEqual(len(notices), 3, notices)
                self.assertNotIn("outbound", " ".join(notices))
                saved = self.home.file("state/offhook/accounts")
                self.assertEqual(stat.S_IMODE(os.stat(saved).st_mode), 0o600)
                with open(saved) as f:
                    self.assertIn("tops3cret", f.read())
                # once more: nothing is written over
                phone.command("account edit carol display-name=Mine")
                self.assertNotIn("imported", phone.command("import baresip", ok=False).get("text", ""))
                self.assertNotIn(b"tops3cret", b"".join(phone.raw))
                with open(log) as f:
                    self.assertNotIn("tops3cret", f.read())
            with open(saved) as f:
                text = f.read()
            self.assertIn("Mine", text)
            self.assertIn("Alice Example", text)
            with open(path) as f:
                self.assertIn("tops3cret", f.read(), "baresip's own file was changed")
            # and they are there at the next start
            with offhook.Phone("--audio=null", home=self.home) as phone:
                register = peer.receive("REGISTER sip:pbx")
                peer.reply(register, 200, "OK", OK)
                self.assertEqual(phone.ready()["accounts"], ["alice", "carol"])

    def test_without_a_baresip(self):
        with offhook.Phone("--audio=null", home=self.home) as phone:
            phone.ready()
            self.assertIn("/.baresip/accounts", phone.command("import baresip", ok=False)["error"])
            self.assertIn("baresip", phone.command("import barsip", ok=False)["error"])
            self.assertFalse(os.path.exists(self.home.file("state/offhook/accounts")))

    def test_the_file_that_baresip_writes_itself(self):
        """Its first start leaves a template; a line that its own comments show becomes a call."""
        program = offhook.need("baresip")
        run = subprocess.Popen([program, "-f", self.home.file(".baresip")], env=self.home.env, cwd=self.home.path,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        try:
            for line in run.stdout:
                if b"baresip is ready" in line:
                    break
        finally:
            run.terminate()
            run.communicate(timeout=offhook.DEADLINE)
        path = self.home.file(".baresip/accounts")
        with open(path) as f:
            template = f.read()
        with offhook.Phone("--audio=null", home=self.home) as phone, offhook.Peer() as peer:
            phone.ready()
            self.assertIn("no accounts", phone.command("import baresip")["text"])
            example = re.search(r"^#\s*(<sip:user@domain.com;transport=)tcp(>;auth_pass=secret)$", template, re.M)
            self.assertTrue(example, template)
            with open(path, "a") as f:
                f.write(example.group(1).replace("domain.com", "127.0.0.1:%d" % peer.port) + "udp" +
                        example.group(2) + "\n")
            self.assertIn("user", phone.command("import baresip")["text"])
            peer.reply(peer.receive("REGISTER"), 200, "OK", OK)
            phone.wait("registration", account="user", state="registered")
            phone.command("dial bob")
            invite = peer.receive("INVITE")
            self.assertEqual(invite.start, "INVITE sip:bob@127.0.0.1:%d SIP/2.0" % peer.port)
            self.assertIn("<sip:user@127.0.0.1", invite.get("From"))
            peer.reply(invite, 200, "OK", body=peer.sdp())
            peer.receive("ACK")
            phone.wait("call", state="established")


if __name__ == "__main__":
    unittest.main(verbosity=2)
