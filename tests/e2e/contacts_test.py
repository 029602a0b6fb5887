"""The contacts file: a name is dialled, a wrong line told, a change taken."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402


class Contacts(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()

    def tearDown(self):
        self.home.remove()

    def test_names_are_dialled(self):
        with offhook.Peer() as peer:
            path = self.home.write("config/offhook/contacts",
                                   "Bob Meier <%s> ;nick=bm\nnonsense\n" % peer.uri("bob"))
            with offhook.Phone("--audio=null", home=self.home) as phone:
                phone.wait("notice", text="%s:2: A contact is written: Name <sip:user@host> ;nick=short" % path)
                phone.ready()
                phone.command("dial bob MEIER")
                invite = peer.receive("INVITE")
                self.assertEqual(invite.start, "INVITE %s SIP/2.0" % peer.uri("bob"))
                call = phone.wait("call", state="calling")
                self.assertEqual((call["peer"], call["name"]), (peer.uri("bob"), "Bob Meier"))
                peer.reply(invite, 486, "Busy Here")
                phone.wait("outcome", code=486)
                self.home.write("config/offhook/contacts", "Bob <%s> ;nick=bm\n" % peer.uri("other"))
                phone.command("dial 'bm'")
                while peer.receive("INVITE").start != "INVITE %s SIP/2.0" % peer.uri("other"):
                    pass
                phone.command("dial bob meier", ok=False)

    def test_the_target_of_the_command_line(self):
        with offhook.Peer() as peer:
            lines = ["Person Number%d <sip:p%d@127.0.0.1:9>\n" % (i, i) for i in range(50000)]
            self.home.write("config/offhook/contacts", "".join(lines) + "Last One <%s>\n" % peer.uri("last"))
            with offhook.Phone("--audio=null", "last one", home=self.home) as phone:
                self.assertEqual(peer.receive("INVITE").start, "INVITE %s SIP/2.0" % peer.uri("last"))
                self.assertFalse(phone.any("notice"))

    def test_none_without_configuration(self):
        self.home.write("config/offhook/contacts", "Bob <sip:bob@127.0.0.1:9>\n")
        with offhook.Phone("--audio=null", "-c", "none", home=self.home) as phone:
            phone.ready()
            self.assertIn("account", phone.command("dial bob", ok=False)["error"])


if __name__ == "__main__":
    unittest.main()
