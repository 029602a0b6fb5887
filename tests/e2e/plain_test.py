"""--plain: what a screen reader or a dumb terminal gets. Sentences, one after the other; nothing is redrawn."""

import os
import pty
import re
import select
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402


class Plain:
    """The phone on a terminal of which only lines are read."""

    def __init__(self, *args, env=None):
        self.home = offhook.Home()
        self.terminal, slave = pty.openpty()
        self.text = ""
        self.read = 0
        environment = dict(self.home.env, TERM="dumb")
        environment.update(env or {})
        self.process = subprocess.Popen([offhook.PROGRAM, "--plain", "--demo", "--audio=null", *args], env=environment,
                                        stdin=slave, stdout=slave, stderr=slave)
        os.close(slave)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        try:
            self.process.wait(5)
        finally:
            if self.process.poll() is None:
                self.process.kill()
            os.close(self.terminal)
            self.home.remove()

    def more(self, deadline):
        if not select.select([self.terminal], [], [], max(0, deadline - time.monotonic()))[0]:
            raise AssertionError("nothing more; so far:\n" + self.text)
        try:
            data = os.read(self.terminal, 4096)
        except OSError:
            data = b""
        self.text += data.decode("utf-8", "replace").replace("\r\n", "\n")
        return bool(data)

    def wait(self, pattern):
        """The match of PATTERN behind what was waited for before."""
        deadline = time.monotonic() + offhook.DEADLINE
        while True:
            found = re.compile(pattern).search(self.text, self.read)
            if found:
                self.read = found.end()
                return found
            if not self.more(deadline):
                raise AssertionError("it ended; so far:\n" + self.text)

    def type(self, text):
        os.write(self.terminal, text.encode())

    def end(self):
        deadline = time.monotonic() + offhook.DEADLINE
        while self.more(deadline):
            pass
        return self.process.wait(offhook.DEADLINE)


class PlainTest(unittest.TestCase):
    def test_a_call(self):
        with Plain() as p:
            p.wait(r"Account demo is registered\.\n")
            p.wait(r"offhook [0-9.]+ is ready, sound: null\.")
            p.type("dial echo\n")
            p.wait(r"Calling echo <sip:echo@localhost>, call 1\.\n")
            p.wait(r"Talking with echo <sip:echo@localhost>, call 1\.\n")
            p.type("dtmf 5\n")
            p.wait(r"Digit 5 from call 1\.\n")
            # a call is up: the end of the input ends nothing
            p.type("\x04")
            p.wait(r"A call is up\.")
            p.type("hangup\n")
            p.wait(r"call 1, has ended, by you, after 0:0\d\.\n")
            p.type("\x04")
            self.assertEqual(p.end(), 0)
            # no sequence that moves a cursor or colours anything
            self.assertNotIn("\x1b", p.text)

    def test_a_failure(self):
        with Plain("413") as p:
            p.wait(r"413 Request Entity Too Large · 413 <sip:413@localhost>: The request was too large")
            p.wait(r"Reachable again in 0:(10|09), at \d\d:\d\d:\d\d\.\n")
            typed = p.wait(r"You can type: (.*)\.\n").group(1)
            self.assertIn("redial now notice (redial now)", typed)
            # what needs a screen is not offered
            self.assertNotIn("notice open", typed)
            p.type("redial auto\n")
            p.wait(r"sip:413@localhost will be called again by itself\.\n")
            p.type("redial now\n")
            p.wait(r"Calling 413 <sip:413@localhost>, call \d\.\n")
            p.wait(r"413 Request Entity Too Large")
            p.type("hangpu\n")
            p.wait(r'Error: unknown command "hangpu"; did you mean "hangup"\?\n')
            p.type("quit\n")
            self.assertEqual(p.end(), 0)

    def test_the_question(self):
        with Plain("-e", "dial 413") as p:
            number = p.wait("\aCall sip:413@localhost again now\\? Type redial now (\\d+), or redial cancel \\1\\.\n").group(1)
            p.type("redial cancel %s\n" % number)
            p.wait(r"sip:413@localhost will not be called again\.\n")
            p.type("quit 3\n")
            self.assertEqual(p.end(), 3)

    def test_called(self):
        with Plain("-e", "dial callback") as p:
            number = p.wait(r"Call from .*, call (\d+)\. Type answer, or reject\.\n").group(1)
            p.type("answer\n")
            p.wait(r"Talking with .*, call %s\.\n" % number)
            p.process.send_signal(2)
            p.wait(r"has ended, by you")
            self.assertEqual(p.end(), 130)

    def test_without_a_terminal(self):
        home = offhook.Home()
        try:
            done = subprocess.run([offhook.PROGRAM, "--plain", "--demo", "--audio=null"], env=home.env, text=True,
                                  input="dial echo ; wait established ; hangup ; wait closed ; quit\n",
                                  capture_output=True, timeout=offhook.DEADLINE)
        finally:
            home.remove()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Talking with echo", done.stdout)
        both = subprocess.run([offhook.PROGRAM, "--plain", "--headless"], text=True, capture_output=True, timeout=offhook.DEADLINE)
        self.assertEqual(both.returncode, 2)
        self.assertIn("exclude each other", both.stderr)


if __name__ == "__main__":
    unittest.main()
