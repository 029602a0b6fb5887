"""The whole phone under valgrind: calls by a script, and the screen in a terminal. make valgrind runs it."""

import os
import pty
import select
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "e2e"))
import offhook  # noqa: E402

CALLS = ("dial echo", "wait established", "dtmf 12", "sleep 1s", "hold", "sleep 500ms", "resume", "sleep 300ms",
         "hangup", "wait closed", "dial 413", "wait closed", "dial callback", "wait closed", "wait incoming 30s", "answer", "wait established",
         "sleep 1s", "hangup", "wait closed", "quit")
SCREEN = ("dial echo", "wait established", "view accounts", "view help", "sleep 1s", "view calls", "hangup",
          "wait closed", "dial 413", "wait closed", "sleep 500ms", "quit")


class Valgrind(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()
        self.addCleanup(self.home.remove)
        self.log = self.home.file("valgrind")
        self.command = [
            offhook.need("valgrind"), "-q", "--error-exitcode=99", "--log-file=" + self.log,
            "--leak-check=full", "--show-leak-kinds=definite,indirect", "--errors-for-leak-kinds=definite,indirect",
            "--suppressions=" + os.path.join(offhook.SOURCE, "tests", "valgrind.supp"),
            offhook.PROGRAM, "--demo", "--audio=null"]

    def assert_clean(self, status, output):
        with open(self.log) as f:
            log = f.read()
        self.assertEqual((status, log), (0, ""), log + output)

    def test_calls(self):
        script = [w for c in CALLS for w in ("-e", c)]
        done = subprocess.run([*self.command, "--headless", *script], env=self.home.env, cwd=self.home.path,
                              stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=90)
        self.assert_clean(done.returncode, done.stdout.decode("utf-8", "replace"))
        self.assertEqual(done.stdout.count(b'"state": "closed"'), 4, done.stdout)

    def test_screen(self):
        script = [w for c in SCREEN for w in ("-e", c)]
        master, slave = pty.openpty()
        process = subprocess.Popen([*self.command, *script], env=dict(self.home.env, TERM="xterm-256color"),
                                   cwd=self.home.path, stdin=slave, stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        output, end, typed = b"", time.monotonic() + 90, False
        while time.monotonic() < end:
            if not select.select([master], [], [], 1)[0]:
                continue
            try:
                data = os.read(master, 65536)
            except OSError:  # the other side has closed it
                break
            if not data:
                break
            output += data
            if not typed and b"help" in output:
                typed = os.write(master, b"?\x1b[6~:help dial\rd41\x7f\x15\x1b") > 0
        os.close(master)
        if process.poll() is None and time.monotonic() >= end:
            process.kill()
        self.assert_clean(process.wait(), output.decode("utf-8", "replace"))
        self.assertIn(b"413", output)


if __name__ == "__main__":
    unittest.main(verbosity=2)
