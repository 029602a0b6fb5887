"""Starting, running and ending: files, ports, signals, exit statuses, what a wrong line does."""

import os
import pty
import signal
import socket
import stat
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402


def run(home, *args, **kw):
    return subprocess.run([offhook.PROGRAM, *args], env=home.env, cwd=home.path, stdin=subprocess.DEVNULL,
                          stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=offhook.DEADLINE, **kw)


class Start(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()

    def tearDown(self):
        self.home.remove()

    def test_help_and_version(self):
        r = run(self.home, "--help")
        self.assertEqual(r.returncode, 0)
        for word in ("--headless", "--demo", "--exec", "--audio"):
            self.assertIn(word, r.stdout)
        r = run(self.home, "--version")
        self.assertEqual(r.returncode, 0)
        for word in ("offhook", "libre", "PortAudio", "Opus"):
            self.assertIn(word.lower(), r.stdout.lower())

    def test_wrong_usage(self):
        for args in (["--no-such-option"], ["--headless", "-k", "d"], ["--headless", "a", "b"],
                     ["--headless", "-c", "/does/not/exist"], ["--headless", "-p", "../x"],
                     ["--headless", "--audio=gramophone"]):
            r = run(self.home, *args)
            self.assertEqual(r.returncode, 2, (args, r.stderr))
            self.assertTrue(r.stderr.strip(), args)

    def test_without_a_terminal(self):
        r = run(self.home)
        self.assertEqual(r.returncode, 2)
        self.assertEqual(len(r.stderr.strip().splitlines()), 1)
        self.assertIn("--headless", r.stderr)

    def test_a_sound_file_that_is_not_there(self):
        r = run(self.home, "--headless", "-c", "none", "--audio=file:/does/not/exist.wav,")
        self.assertEqual(r.returncode, 1)
        self.assertIn("/does/not/exist.wav", r.stderr)

    def test_without_standard_descriptors(self):
        # whatever opens next takes a number that is free: the lock must become neither input nor output
        for closed in ("<&-", ">&-", "2>&-", "<&- >&- 2>&-"):
            r = subprocess.run(["sh", "-c", 'exec "$0" --headless --demo --audio=null -e nonsense ' + closed,
                                offhook.PROGRAM], env=self.home.env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                               stderr=subprocess.PIPE, text=True, timeout=offhook.DEADLINE)
            self.assertEqual(r.returncode, 2, (closed, r.stderr))
            self.assertNotIn('"reply"', r.stdout, closed)
            with open(self.home.file("state/offhook/demo/lock")) as f:
                self.assertRegex(f.read(), r"^\d*\n?$", closed)

    def test_a_second_start_names_the_first(self):
        with offhook.Phone("--demo", "--audio=null", home=self.home) as phone:
            phone.ready()
            r = run(self.home, "--headless", "--demo")
            self.assertEqual(r.returncode, 1)
            self.assertIn(str(phone.process.pid), r.stderr)

    def test_a_port_that_the_user_named_is_taken(self):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]
            rc = self.home.write("rc", "set sip-listen 127.0.0.1:%d\n" % port)
            r = run(self.home, "--headless", "-c", rc, "--audio=null")
            self.assertEqual(r.returncode, 1)
            self.assertIn(str(port), r.stderr)

    def test_wrong_lines_are_told_and_the_rest_works(self):
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\nfrobnicate\nset max-calls none\n"
                                   "set tone-seconds 3\nbind calls <C- quit\n")
        with offhook.Phone("-c", rc, "--audio=null", home=self.home) as phone:
            phone.ready()
            texts = [e["text"] for e in phone.any("notice")]
            for line, word in ((2, "frobnicate"), (3, "max-calls"), (5, "<C-")):
                self.assertTrue([t for t in texts if "rc:%d" % line in t and word in t], (line, texts))
            self.assertEqual(len(texts), 3, texts)
            self.assertIn("3", phone.command("set tone-seconds")["text"])

    def test_passwords_stay_where_they_are(self):
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\n")
        log = self.home.file("log")
        with offhook.Phone("-c", rc, "--audio=null", "-v", "--log=" + log, home=self.home) as phone:
            phone.ready()
            phone.command("account add work sip:alice@127.0.0.1:9 register=no password=tops3cret")
            phone.command("account add work sip:alice@127.0.0.1:9 password=tops3cret", ok=False)
            phone.command("account add bad alice password=tops3cret", ok=False)
            phone.command("account edit work password=tops3cret2 nonsense=1", ok=False)
            phone.command("help account")
            text = b"".join(phone.raw)
            self.assertNotIn(b"tops3cret", text)
            with open(log) as f:
                self.assertNotIn("tops3cret", f.read())
            self.assertEqual(stat.S_IMODE(os.stat(log).st_mode), 0o600)
            path = self.home.file("state/offhook/accounts")
            self.assertEqual(stat.S_IMODE(os.stat(path).st_mode), 0o600)
            with open(path) as f:
                self.assertIn("tops3cret", f.read())
        with offhook.Phone("-c", rc, "--audio=null", home=self.home) as phone:
            self.assertEqual(phone.ready()["accounts"], ["work"])


class Exchange(unittest.TestCase):
    def test_off_takes_only_its_own_account(self):
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("account add demo sip:me@127.0.0.1:9 register=no")
            phone.command("exchange off")
            phone.command("account default demo")


class End(unittest.TestCase):
    def test_quit_gives_its_status(self):
        with offhook.Phone("--demo", "--audio=null", "-e", "quit 42") as phone:
            self.assertEqual(phone.exit_status(), 42)

    def test_a_failing_command_drops_the_rest_of_exec(self):
        for script in (["nonsense ; quit 9"], ["nonsense", "quit 9"], ["echo a", "sleep 10ms", "nonsense", "quit 9"]):
            with offhook.Phone("--demo", "--audio=null", *[a for s in script for a in ("-e", s)]) as phone:
                phone.process.stdin.close()
                self.assertEqual(phone.exit_status(), 2, script)

    def test_a_signal_ends_calls_and_registrations(self):
        for sig in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT):
            with offhook.Phone("--demo", "--audio=null") as phone:
                phone.ready()
                phone.command("dial echo")
                phone.wait("call", state="established")
                phone.process.send_signal(sig)
                self.assertEqual(phone.exit_status(3), 128 + sig)
                self.assertTrue(phone.any("call", state="closed", ended_by="us"))
                self.assertTrue(phone.any("registration", state="unregistered"))

    def test_the_other_end_sees_the_bye(self):
        with offhook.Peer() as peer, offhook.Phone("--audio=null", peer.uri()) as phone:
            invite = peer.receive("INVITE")
            peer.reply(invite, 200, "OK", body=peer.sdp())
            peer.receive("ACK")
            phone.wait("call", state="established")
            phone.process.send_signal(signal.SIGTERM)
            bye = peer.receive("BYE")
            peer.reply(bye, 200, "OK")
            self.assertEqual(phone.exit_status(3), 143)

    def test_a_terminal_that_goes_hangs_up_more_than_once(self):
        # the kernel, the shell and the terminal itself each say so; what is on its way still gets its time
        with offhook.Peer() as peer, offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("account add work " + peer.uri("me"))
            ok = ("Contact: <sip:me@127.0.0.1>;expires=600",)
            peer.reply(peer.receive("REGISTER"), 200, "OK", ok)
            phone.wait("registration", state="registered")
            phone.process.send_signal(signal.SIGHUP)
            peer.receive("REGISTER")
            phone.process.send_signal(signal.SIGHUP)
            peer.reply(peer.receive("REGISTER"), 200, "OK")
            self.assertEqual(phone.exit_status(3), 128 + signal.SIGHUP)
            self.assertTrue(phone.any("registration", state="unregistered"))

    def test_nobody_who_is_silent_is_waited_for(self):
        # in a call and registered; registering; registered until the last refresh failed: within 2 s, whatever comes
        for state in ("registered", "registering", "failed"):
            with self.subTest(state), offhook.Peer() as peer, offhook.Phone("--audio=null") as phone:
                phone.ready()
                phone.command("account add work %s transport=udp" % peer.uri("me"))
                register = peer.receive("REGISTER")
                if state != "registering":
                    seconds = 600 if state == "registered" else 4
                    peer.reply(register, 200, "OK", ("Contact: %s;expires=%d" % (register.get("Contact"), seconds),))
                    phone.wait("registration", state="registered")
                if state == "registered":
                    phone.command("dial " + peer.uri())
                    peer.reply(peer.receive("INVITE"), 200, "OK", body=peer.sdp())
                    peer.receive("ACK")
                    phone.wait("call", state="established")
                if state == "failed":
                    peer.reply(peer.receive("REGISTER"), 500, "Broken")
                    phone.wait("registration", state="failed")
                phone.process.send_signal(signal.SIGTERM)
                self.assertEqual(phone.exit_status(2), 143)
                while peer.receive("REGISTER").get("Expires") != "0":
                    pass

    def test_asked_twice_it_goes_at_once(self):
        with offhook.Peer() as peer, offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("account add work " + peer.uri("me"))
            peer.reply(peer.receive("REGISTER"), 200, "OK", ("Contact: <sip:me@127.0.0.1>;expires=600",))
            phone.wait("registration", state="registered")
            phone.process.send_signal(signal.SIGTERM)
            peer.receive("REGISTER")
            phone.process.send_signal(signal.SIGTERM)
            self.assertEqual(phone.exit_status(1), 128 + signal.SIGTERM)

    def test_the_end_of_input_ends_nothing_but_reading(self):
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.send("dial slow")
            phone.process.stdin.close()
            phone.wait("call", state="established")

    def test_commands_from_a_regular_file(self):
        home = offhook.Home()
        try:
            path = home.write("commands", "dial echo\nwait established\nhangup\nwait closed\nquit 5\n")
            with open(path) as f:
                r = subprocess.run([offhook.PROGRAM, "--headless", "--demo", "--audio=null"], stdin=f, env=home.env,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=offhook.DEADLINE)
            self.assertEqual(r.returncode, 5, r.stderr)
        finally:
            home.remove()


class Terminal(unittest.TestCase):
    def test_a_terminal_that_cannot(self):
        home = offhook.Home()
        master, slave = pty.openpty()
        try:
            env = dict(home.env, TERM="dumb")
            r = subprocess.run([offhook.PROGRAM, "-c", "none"], env=env, stdin=slave, stdout=slave,
                               stderr=subprocess.PIPE, text=True, timeout=offhook.DEADLINE)
            self.assertEqual(r.returncode, 2)
            self.assertIn("dumb", r.stderr)
            self.assertIn("--headless", r.stderr)
        finally:
            os.close(master)
            os.close(slave)
            home.remove()


if __name__ == "__main__":
    unittest.main(verbosity=2)
