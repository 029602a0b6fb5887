"""The first minutes in a real terminal: tmux runs the phone, its keys are typed, its screen is read."""

import os
import select
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

TMUX = offhook.need("tmux")


class Screen:
    def __init__(self, *args, size=(80, 24), env=None):
        self.home = offhook.Home()
        self.server = ["tmux", "-f", "/dev/null", "-S", self.home.file("tmux")]
        environment = dict(self.home.env, **(env or {}))
        environment.pop("TMUX", None)
        environment.pop("OFFHOOK_KEEP_STDERR")
        # a sanitizer has no other place to tell what it found: the terminal is the screen's
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            environment[name] = "log_path=" + self.home.file("sanitizer")
        command = [offhook.PROGRAM, *args]
        # the shell stays, so that what the phone leaves on the terminal can be read
        line = " ".join("'%s'" % c for c in command) + "; echo STATUS $?; stty -a | grep -o -- '-\\?icanon'; exec cat"
        subprocess.run([*self.server, "new-session", "-d", "-x", str(size[0]), "-y", str(size[1]), line],
                       env=environment, check=True)

    def keys(self, *keys):
        subprocess.run([*self.server, "send-keys", *keys], check=True)

    def text(self):
        return subprocess.run([*self.server, "capture-pane", "-p"], check=True, stdout=subprocess.PIPE,
                              text=True).stdout

    def title(self):
        """Of the terminal's window, which nobody but a stray sequence would set."""
        return subprocess.run([*self.server, "display-message", "-p", "#{pane_title}"], check=True,
                              stdout=subprocess.PIPE, text=True).stdout

    def wait(self, *words, deadline=None):
        """The screen, once all WORDS are on it. tmux tells nobody that a screen changed: it is asked again."""
        end = time.monotonic() + (deadline or offhook.DEADLINE)
        while True:
            text = self.text()
            if all(w in text for w in words):
                return text
            if time.monotonic() > end:
                raise AssertionError("%r not on the screen:\n%s" % (words, text))
            select.select([], [], [], 0.05)

    def wait_other(self, before):
        """The screen, once it is no longer as BEFORE."""
        end = time.monotonic() + offhook.DEADLINE
        while True:
            text = self.text()
            if text != before:
                return text
            if time.monotonic() > end:
                raise AssertionError("the screen stays as it is:\n%s" % text)
            select.select([], [], [], 0.05)

    def wait_gone(self, word):
        end = time.monotonic() + offhook.DEADLINE
        while word in self.text():
            if time.monotonic() > end:
                raise AssertionError("%r stays on the screen:\n%s" % (word, self.text()))
            select.select([], [], [], 0.05)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run([*self.server, "kill-server"])
        found = ""
        for name in os.listdir(self.home.path):
            if name.startswith("sanitizer"):
                with open(self.home.file(name)) as f:
                    found += f.read()
        self.home.remove()
        assert not found, found


class FirstMinutes(unittest.TestCase):
    def test_the_demo(self):
        with Screen("--demo", "--audio=null") as s:
            s.wait("No calls", "echo", "registered", "demo@localhost")
            s.keys("d")
            s.keys("echo", "Enter")
            s.wait("talking", "echo", "0:01")
            s.keys("4", "7", "#")
            s.wait("4 7 #")
            s.keys("h")
            s.wait("No calls")
            s.keys("d")
            s.keys("413", "Enter")
            s.wait("413 Request Entity Too Large", "[x] dismiss")
            s.keys("x")
            s.wait_gone("413 Request")
            s.keys(":")
            s.keys("frobnicate", "Enter")
            s.wait("frobnicate")
            s.keys("?")
            s.wait("The next notice")
            s.keys("/")
            s.keys("DTMF", "Enter")
            s.wait("dtmf # * 0-9")
            s.keys("Escape")
            s.wait("No calls")
            s.keys("Q")
            s.wait("STATUS 0", "icanon")
            self.assertNotIn("-icanon", s.text())

    def test_letter_of_a_macro(self):
        """While a key waits for its letter the screen says so, and that letter is nobody else's."""
        with Screen("--demo", "--audio=null") as s:
            s.wait("registered")
            s.keys("q")
            s.wait("Record as: a to z")
            s.keys("Escape")
            s.wait_gone("Record as")
            s.keys("q")
            s.wait("Record as: a to z")
            s.keys("a")
            s.wait("recording a")
            self.assertNotIn("Record as", s.text())
            s.keys("q")
            s.wait_gone("recording a")
            s.keys(":")
            s.keys("macro define slow 'sleep 60s ; echo never'", "Enter")
            s.keys(":")
            s.keys("macro play slow", "Enter")
            s.wait("macro slow 1/2")
            s.keys("@")
            s.wait("Play: a to z")
            # Escape leaves that, and not the macro; the next one stops it
            s.keys("Escape")
            s.wait_gone("Play: a to z")
            self.assertIn("macro slow 1/2", s.text())
            s.keys("Escape")
            s.wait_gone("macro slow 1/2")
            # a question waits until the letter has come
            s.keys(":")
            s.keys("set tone-seconds 0", "Enter")
            s.keys("d")
            s.keys("413", "Enter")
            s.wait("redial in 0:")
            s.keys("@")
            s.wait("Play: a to z")
            s.wait("redial due")
            self.assertIn("Play: a to z", s.text())
            s.keys("x")
            s.wait_gone("Play: a to z")
            s.keys("Escape")
            s.wait("Redial 413 now?")

    def test_password_of_a_key(self):
        with Screen("--demo", "--audio=null") as s:
            s.wait("registered")
            s.keys(":")
            s.keys("bind global z 'account edit demo password=geheim'", "Enter")
            s.keys("?")
            s.keys("/")
            s.keys("account edit", "Enter")
            s.wait("account edit demo password=")
            self.assertNotIn("geheim", s.text())

    def test_narrow(self):
        with Screen("--demo", "--audio=null", size=(40, 10)) as s:
            s.wait("demo")
            s.keys("d")
            s.keys("404", "Enter")
            s.wait("404")
            s.keys("x")
            s.keys("d")
            s.keys("echo", "Enter")
            s.wait("talking")
            s.keys("h")
            s.wait_gone("talking")

    def test_keys_of_the_command_line(self):
        with Screen("--demo", "--audio=null", "-k", "decho<CR>") as s:
            s.wait("talking")

    def test_a_port_that_is_taken(self):
        home = offhook.Home()
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            rc = home.write("rc", "set sip-listen 127.0.0.1:%d\naccount add work sip:a@127.0.0.1:9\n" % port)
            with Screen("-c", rc, "--audio=null") as s:
                s.wait("127.0.0.1:%d" % port)
                s.keys("d")
                s.keys("sip:bob@127.0.0.1", "Enter")
                s.wait("failed", "[x] dismiss")
                s.keys("Q")
                s.wait("STATUS 0")
        home.remove()

    def test_a_wrong_rc_line_is_on_the_screen(self):
        home = offhook.Home()
        try:
            rc = home.write("rc", "set sip-listen 127.0.0.1:0\nfrobnicate\n")
            with Screen("-c", rc, "--audio=null") as s:
                s.wait("rc:2", "frobnicate")
        finally:
            home.remove()


if __name__ == "__main__":
    unittest.main(verbosity=2)
