"""What tells other systems of the phone: offhook.desktop and the user unit of systemd do what they say."""

import configparser
import os
import pty
import re
import select
import shlex
import shutil
import signal
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

DESKTOP = os.path.join(offhook.BUILD, "data", "offhook.desktop")
SERVICE = os.path.join(offhook.BUILD, "data", "offhook.service")
SCHEMES = ("sip", "sips", "tel")


def read(path):
    """Sections of an ini file; the last of lines with the same key."""
    parser = configparser.RawConfigParser(strict=False, comment_prefixes=("#",), delimiters=("=",))
    parser.optionxform = str
    with open(path, encoding="utf-8") as f:
        parser.read_file(f)
    return parser


class Desktop(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()
        self.entry = read(DESKTOP)["Desktop Entry"]

    def tearDown(self):
        self.home.remove()

    def test_it_is_valid(self):
        program = shutil.which("desktop-file-validate")
        if not program:
            self.skipTest("desktop-file-validate is not installed")
        r = subprocess.run([program, DESKTOP], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        self.assertEqual((r.returncode, r.stdout), (0, ""))

    def test_what_it_says(self):
        self.assertEqual(self.entry["Terminal"], "true")
        self.assertEqual(self.entry["MimeType"], "".join("x-scheme-handler/%s;" % s for s in SCHEMES))
        for key in ("GenericName", "Comment", "Keywords"):
            self.assertNotEqual(self.entry[key + "[de]"], self.entry[key])
        self.assertIn("Telefon", self.entry["GenericName[de]"])

    def open(self, address, target=None, text=None):
        """Opens ADDRESS as a desktop would, in a terminal: what TARGET then gets, or TEXT on the screen."""
        words = [w.replace("%u", address) for w in shlex.split(self.entry["Exec"])]
        self.assertEqual(words[0], "offhook")
        self.assertIn(address, words)
        env = dict(self.home.env, TERM="xterm-256color")
        env.pop("OFFHOOK_KEEP_STDERR")
        master, slave = pty.openpty()
        process = subprocess.Popen([offhook.PROGRAM, *words[1:], "--audio=null"], env=env, stdin=slave, stdout=slave,
                                   stderr=slave, start_new_session=True)
        os.close(slave)
        try:
            shown, end, invite = b"", time.monotonic() + offhook.DEADLINE, None
            while True:
                left = end - time.monotonic()
                self.assertGreater(left, 0, shown)
                ready = select.select([master] + ([target.socket] if target else []), [], [], left)[0]
                if master in ready:
                    shown += os.read(master, 65536)
                if target and target.socket in ready:
                    invite = target.receive()
                    if invite.start.startswith("INVITE"):
                        target.reply(invite, 486, "Busy Here")
                        return invite.start.split()[1]
                if text and text.encode() in shown:
                    return None
        finally:
            process.terminate()
            # what it still writes is read, so that it can end
            end = time.monotonic() + 5
            while process.poll() is None and time.monotonic() < end:
                if select.select([master], [], [], 0.05)[0]:
                    try:
                        os.read(master, 65536)
                    except OSError:
                        pass
            self.assertEqual(process.wait(1), 128 + signal.SIGTERM)
            os.close(master)

    def test_each_scheme(self):
        with offhook.Peer() as peer:
            self.home.write("config/offhook/offhookrc",
                            "set sip-listen 127.0.0.1:0\naccount add work %s register=no\n" % peer.uri("me"))
            self.assertEqual(self.open(peer.uri("bob"), peer), peer.uri("bob"))
            self.assertEqual(self.open("tel:+49-30-90.1820", peer), peer.uri("+4930901820"))
            # no TLS yet: said in words, and nothing goes out in the clear
            with offhook.Peer() as other:
                self.open("sips:bob@127.0.0.1:%d" % other.port, text="Secure calls")
                self.assertFalse(select.select([other.socket], [], [], 0)[0])


class Service(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()
        self.unit = read(SERVICE)

    def tearDown(self):
        self.home.remove()

    def test_systemd_understands_it(self):
        program = shutil.which("systemd-analyze")
        if not program:
            self.skipTest("systemd-analyze is not installed")
        with open(SERVICE) as f:
            text = re.sub(r"(?m)^ExecStart=\S+", "ExecStart=" + offhook.PROGRAM, f.read())
        # pages that are not installed yet are not its fault
        text = re.sub(r"(?m)^Documentation=.*\n", "", text)
        path = self.home.write("offhook.service", text)

        def verify():
            r = subprocess.run([program, "--user", "verify", path], env=self.home.env, stdout=subprocess.PIPE,
                               stderr=subprocess.STDOUT, text=True)
            return r.returncode, [line for line in r.stdout.split("\n") if "offhook.service" in line]

        self.home.write("offhook.service", text.replace("Type=exec", "Type=nonsense"))
        if not verify()[1]:
            self.skipTest("systemd-analyze finds nothing wrong here, whatever it is given")
        self.home.write("offhook.service", text)
        self.assertEqual(verify(), (0, []))

    def test_it_lives_without_input_until_it_is_stopped(self):
        service = self.unit["Service"]
        self.assertEqual(service["StandardInput"], "null")
        words = shlex.split(service["ExecStart"])
        self.assertRegex(words[0], "^/.*/offhook$")
        with offhook.Peer() as peer:
            self.home.write("config/offhook/offhookrc",
                            "set sip-listen 127.0.0.1:0\naccount add work %s\n" % peer.uri("me"))
            # the phone's own sound is not this test's: null
            process = subprocess.Popen([offhook.PROGRAM, *words[1:], "--audio=null"], env=self.home.env,
                                       stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
            try:
                register = peer.receive("REGISTER")
                contact = register.get("Contact")
                peer.reply(register, 200, "OK", ("Contact: %s;expires=600" % contact.split(";expires")[0],))
                for line in process.stdout:
                    if b'"ready"' in line:
                        break
                # its input ended long ago; it is still there for a caller
                port = int(re.search(r":(\d+)[;>]", contact).group(1))
                for n in range(3):
                    peer.send("OPTIONS sip:me@127.0.0.1:%d SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%d\r\n"
                              "From: <%s>;tag=a\r\nTo: <sip:me@127.0.0.1>\r\nCall-ID: a%d\r\nCSeq: 1 OPTIONS\r\n"
                              "Max-Forwards: 70\r\nContent-Length: 0\r\n\r\n" % (
                                  port, peer.port, n, peer.uri(), n), ("127.0.0.1", port))
                    self.assertEqual(peer.receive("SIP/2.0").start.split()[1], "200")
                self.assertIsNone(process.poll())
                process.terminate()
                register = peer.receive("REGISTER")
                self.assertEqual(register.get("Expires") or re.search(r"expires=(\d+)", register.get("Contact")).group(1), "0")
                peer.reply(register, 200, "OK")
                status = process.wait(5)
            finally:
                if process.poll() is None:
                    process.kill()
                    process.wait()
                process.stdout.close()
                process.stderr.close()
        self.assertEqual(status, 143)
        # which systemd is told to be no failure
        self.assertIn("143", service["SuccessExitStatus"].split())


if __name__ == "__main__":
    unittest.main(verbosity=2)
