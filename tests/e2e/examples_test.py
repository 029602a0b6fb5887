"""The examples of doc/examples do what they say."""

import os
import shutil
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from hook_test import read, wait_for_file  # noqa: E402

EXAMPLES = os.path.join(offhook.SOURCE, "doc", "examples")
DEMO = ("--demo", "--audio=null")


class Examples(unittest.TestCase):
    def setUp(self):
        home = offhook.Home()
        self.addCleanup(home.remove)
        os.mkdir(home.file("bin"))
        # the name that they call, and a desktop that writes down what it is told
        os.symlink(offhook.PROGRAM, home.file("bin/offhook"))
        home.write("bin/notify-send", '#!/bin/sh\nfor w; do printf "<%%s>" "$w"; done >>%s\n' % home.file("notes"), 0o700)
        home.env["PATH"] = home.file("bin") + ":" + os.environ["PATH"]
        self.home = home

    def start(self, *args):
        phone = offhook.Phone(*args, home=self.home)
        self.addCleanup(phone.close)
        self.control = phone.ready()["control"]
        self.home.env["OFFHOOK_CONTROL"] = self.control
        return phone

    def hook(self, phone, event, name):
        phone.command("hook %s %s/hooks/%s" % (event, EXAMPLES, name))

    def incoming(self, phone, name='"$(touch bad)"'):
        """Calls the phone; returns the peer and its INVITE."""
        peer = offhook.Peer()
        self.addCleanup(peer.close)
        address, port = phone.address()
        body = peer.sdp()
        peer.request = "\r\n".join([
            "INVITE sip:%s@%s:%d SIP/2.0" % ("me", address, port),
            "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKx%d" % (peer.port, peer.port),
            "Max-Forwards: 70", "From: %s <sip:peer@127.0.0.1:%d>;tag=a" % (name, peer.port),
            "To: <sip:me@127.0.0.1>", "Call-ID: x%d" % peer.port, "CSeq: 1 INVITE",
            "Contact: <sip:peer@127.0.0.1:%d>" % peer.port, "Content-Type: application/sdp",
            "Content-Length: %d" % len(body)]) + "\r\n\r\n" + body
        peer.send(peer.request, (address, port))
        return peer

    def test_rc_file(self):
        shutil.copy(os.path.join(EXAMPLES, "offhookrc"), self.home.file("rc"))
        with open(self.home.file("rc"), "a") as f:
            f.write("set sip-listen 127.0.0.1:0\n")
        phone = self.start("-c", self.home.file("rc"), "--audio=null")
        self.assertEqual(phone.any("notice"), [])
        # what is commented out works as well
        with open(self.home.file("rc")) as f:
            lines = [line[2:].strip() for line in f if line.startswith(("# set ", "# hook ", "# account "))]
        self.assertGreater(len(lines), 3)
        for line in lines:
            phone.command(line.replace("sip:me@example.org", "sip:me@127.0.0.1:9 register=no"))

    def test_notify(self):
        phone = self.start("--audio=null")
        phone.command("set answer-unknown-users yes")
        self.hook(phone, "call", "notify")
        peer = self.incoming(phone)
        phone.wait("call", state="ringing")
        notes = wait_for_file(self.home.file("notes"), ">")
        self.assertIn("<$(touch bad) is calling><sip:peer@127.0.0.1:", notes)
        peer.send(peer.request.replace("INVITE", "CANCEL").split("Content-Type")[0] + "Content-Length: 0\r\n\r\n", phone.address())
        self.assertIn("<Missed: $(touch bad)>", wait_for_file(self.home.file("notes"), "Missed"))
        self.assertNotIn("bad", os.listdir(self.home.path))

    def test_do_not_disturb(self):
        phone = self.start("--audio=null")
        phone.command("set answer-unknown-users yes")
        self.hook(phone, "call", "do-not-disturb")
        self.home.write("config/offhook/busy", "".join("%d 00:00 24:00\n" % d for d in range(1, 8)))
        peer = self.incoming(phone)
        peer.receive("SIP/2.0 480")
        self.home.write("config/offhook/busy", "".join("%d 00:00 00:00\n" % d for d in range(1, 8)))
        peer = self.incoming(phone)
        peer.receive("SIP/2.0 180")
        self.assertTrue(phone.command("answer")["ok"])

    def test_do_not_disturb_reads_another_calendar(self):
        """Of the user's environment a hook has all but what begins as the variables of events do."""
        self.home.env["BUSY_CALENDAR"] = self.home.write("elsewhere", "".join("%d 00:00 24:00\n" % d for d in range(1, 8)))
        phone = self.start("--audio=null")
        phone.command("set answer-unknown-users yes")
        self.hook(phone, "call", "do-not-disturb")
        self.incoming(phone).receive("SIP/2.0 480")

    def test_log_failures(self):
        phone = self.start(*DEMO)
        phone.command("set tone-seconds 0")
        self.hook(phone, "outcome", "log-failures")
        phone.command("dial 486")
        line = wait_for_file(self.home.file("data/offhook/failures.tsv"), "\n")
        fields = line.rstrip("\n").split("\t")
        self.assertEqual(fields[1:3], ["486", "sip:486@localhost"])
        self.assertTrue(fields[3])

    def test_call_when_free(self):
        phone = self.start(*DEMO)
        phone.command("set tone-seconds 0")
        r = subprocess.run([os.path.join(EXAMPLES, "call-when-free"), "486", "404", "echo", "ring"], env=self.home.env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=offhook.DEADLINE)
        self.assertEqual((r.returncode, r.stdout), (0, "echo has answered (call 3)\n"), r.stderr)
        self.assertEqual(len(phone.any("call", state="calling")), 3)

    def test_client(self):
        phone = self.start(*DEMO)
        phone.command("set tone-seconds 0")
        p = subprocess.Popen([sys.executable, os.path.join(EXAMPLES, "client.py"), "486"], env=self.home.env,
                             stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(p.communicate)
        lines = []
        while not lines or "closed" not in lines[-1]:
            lines.append(p.stdout.readline())
            self.assertTrue(lines[-1], p.stderr.read() if p.poll() else lines)
        self.assertEqual(lines[0], "call 1\n")
        self.assertIn("call 1, sip:486@localhost: calling\n", lines)
        self.assertTrue([x for x in lines if x.startswith("sip:486@localhost: ")], lines)
        phone.command("quit")
        phone.exit_status()
        self.assertEqual(p.wait(offhook.DEADLINE), 0)

    def test_client_without_a_runtime_folder(self):
        del self.home.env["XDG_RUNTIME_DIR"]
        self.home.write("config/offhook/offhookrc", "set sip-listen 127.0.0.1:0\n")
        self.start("--audio=null")
        del self.home.env["OFFHOOK_CONTROL"]
        r = subprocess.run([sys.executable, os.path.join(EXAMPLES, "client.py"), "no body"], env=self.home.env,
                           stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=offhook.DEADLINE)
        # it is the phone that says no
        self.assertEqual(r.returncode, 1)
        self.assertRegex(r.stderr, r"^client\.py: No contact ")

    def test_all_are_listed(self):
        """Each file is in its README, and is a test's here."""
        listed = read(os.path.join(EXAMPLES, "README.md"))
        for folder, _, names in os.walk(EXAMPLES):
            for name in names:
                name = os.path.relpath(os.path.join(folder, name), EXAMPLES)
                self.assertTrue(name == "README.md" or "`%s`" % name in listed, name)


if __name__ == "__main__":
    unittest.main(verbosity=2)
