"""Idle is idle: a registered phone wakes for its refresh and, on a screen, for the minute; nothing else is written.

What is counted is the cause: how often each thread of the phone and of its helpers went to sleep again, which is
how often it was woken (voluntary_ctxt_switches of /proc). A test of idleness has to let time pass; it does so by
waiting for what must not come.
"""

import glob
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

SETTLE = 7      # a final response to REGISTER is waited on for 5 s more: timer K of RFC 3261
WINDOW = 10     # at least; the minute of the clock is always in it
SPARE = 1       # wake-ups that nothing explains: none is wanted, one may be the kernel's
MINUTE_BYTES = 80
REFRESH = 10    # seconds that one of the registrations is granted


def family(pid):
    """The process and all its descendants."""
    found = [pid]
    for children in glob.glob("/proc/%d/task/*/children" % pid):
        try:
            with open(children) as f:
                found += [p for child in f.read().split() for p in family(int(child))]
        except OSError:
            pass
    return found


def wakings(pid):
    """By thread: how often it went to sleep."""
    found = {}
    for process in family(pid):
        for path in glob.glob("/proc/%d/task/*/status" % process):
            try:
                with open(path) as f:
                    text = f.read()
            except OSError:
                continue
            found[path] = int(re.search(r"^voluntary_ctxt_switches:\s*(\d+)", text, re.M).group(1))
    return found


class Subject:
    def __init__(self, name, registrar, *args, screen=False, env=None):
        self.name, self.screen = name, screen
        self.home = offhook.Home()
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\naccount add work %s\n" % registrar.uri(name))
        environment = dict(self.home.env, **(env or {}))
        command = [offhook.PROGRAM, "-c", rc, *args]
        if screen:
            environment["TERM"] = "xterm-256color"
            environment.pop("OFFHOOK_KEEP_STDERR")
            self.fd, slave = pty.openpty()
            subprocess.run(["stty", "rows", "24", "cols", "80"], stdin=slave, check=True)
            self.process = subprocess.Popen(command, env=environment, stdin=slave, stdout=slave, stderr=slave,
                                            start_new_session=True)
            os.close(slave)
        else:
            self.process = subprocess.Popen(command + ["--headless"], env=environment, stdin=subprocess.PIPE,
                                            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
            self.fd = self.process.stdout.fileno()
        self.output, self.registers = b"", 0

    def begin(self):
        self.output, self.registers, self.before = b"", 0, wakings(self.process.pid)

    def end(self):
        after = wakings(self.process.pid)
        self.woken = sum(n - self.before.get(thread, 0) for thread, n in after.items())

    def close(self):
        self.process.terminate()
        end = time.monotonic() + 5
        while self.process.poll() is None and time.monotonic() < end:
            if select.select([self.fd], [], [], 0.05)[0]:
                try:
                    if not os.read(self.fd, 65536):
                        break
                except OSError:
                    break
        self.process.wait(5)
        if self.screen:
            os.close(self.fd)
        else:
            self.process.stdin.close()
            self.process.stdout.close()
        self.home.remove()


class Idle(unittest.TestCase):
    def answer(self, request):
        method = request.start.split()[0]
        user = re.search(r"sip:(\w+)@", request.get("From")).group(1)
        if method == "REGISTER":
            subject = next(s for s in self.subjects if s.name == user)
            subject.registers += 1
            contact = request.get("Contact").split(";expires")[0]
            gone = "0" in (request.get("Expires"), (re.findall(r"expires=(\d+)", request.get("Contact")) + [""])[0])
            self.peer.reply(request, 200, "OK", [] if gone else [
                "Contact: %s;expires=%d" % (contact, REFRESH if user == "refreshing" else 3600)])
        elif method == "INVITE":
            self.peer.reply(request, 200, "OK", body=self.peer.sdp())
        elif method in ("BYE", "OPTIONS"):
            self.ended = True
            self.peer.reply(request, 200, "OK")

    def watch(self, until, limit):
        """Reads what comes, and answers it, until UNTIL() or the time LIMIT."""
        fds = {s.fd: s for s in self.subjects}
        while not until() and time.monotonic() < limit:
            for fd in select.select([*fds, self.peer.socket], [], [], max(0, limit - time.monotonic()))[0]:
                if fd is self.peer.socket:
                    self.answer(self.peer.receive())
                    continue
                data = os.read(fd, 65536)
                self.assertTrue(data, fds[fd].name + " is gone")
                fds[fd].output += data
                fds[fd].times = getattr(fds[fd], "times", []) + [(time.time(), len(data))]

    def card(self):
        """The environment of a phone with a sound card, if the tests have one to give."""
        plugin = os.path.join(offhook.BUILD, "tests", "libasound_module_pcm_paced.so")
        if not os.path.exists(plugin):
            return {}
        self.card_home = offhook.Home()
        subprocess.run(["sh", os.path.join(offhook.SOURCE, "tests", "sound_card.sh"), self.card_home.path, plugin], check=True)
        return {"ALSA_CONFIG_PATH": self.card_home.file("asound.conf")}

    def test_nothing_wakes_it(self):
        self.ended = False
        self.card_home = None
        card = self.card()
        self.peer = offhook.Peer()
        self.subjects = []
        try:
            for name, args, screen, env in (
                    ("quiet", ["--audio=null"], False, None),
                    ("refreshing", ["--audio=null"], False, None),
                    ("device", [], False, card),
                    ("called", ["-e", "dial %s ; wait established ; hangup" % self.peer.uri("bob")], False, card),
                    ("screen", ["--audio=null"], True, None),
                    ("meters", [], True, card)):
                self.subjects.append(Subject(name, self.peer, *args, screen=screen, env=env))
            self.watch(lambda: self.ended and all(s.registers for s in self.subjects), time.monotonic() + offhook.DEADLINE)
            self.assertTrue(self.ended, "the call was not made: " + repr(self.subjects[3].output))
            self.watch(lambda: False, time.monotonic() + SETTLE)
            for s in self.subjects:
                self.assertEqual(s.registers >= 1, True, s.name)
                s.begin()
                s.times = []
            began = time.time()
            minute = began - began % 60 + 60
            length = max(WINDOW, minute - began + 2)
            self.watch(lambda: False, time.monotonic() + length)
            for s in self.subjects:
                s.end()
            for s in self.subjects:
                print("%-12s woken %2d times in %2d s, registered %d times, %d bytes" % (
                    s.name, s.woken, length, s.registers, len(s.output)))
            for s in self.subjects:
                with self.subTest(s.name):
                    self.judge(s, minute, length)
        finally:
            for s in self.subjects:
                self.watch_out(s)
            self.peer.close()
            if self.card_home:
                self.card_home.remove()

    def watch_out(self, subject):
        """Ends it, with its registration taken back."""
        subject.process.terminate()
        end = time.monotonic() + 3
        while subject.process.poll() is None and time.monotonic() < end:
            ready = select.select([subject.fd, self.peer.socket], [], [], 0.05)[0]
            if self.peer.socket in ready:
                self.answer(self.peer.receive())
            if subject.fd in ready:
                try:
                    os.read(subject.fd, 65536)
                except OSError:
                    pass
        subject.close()

    def judge(self, s, minute, length):
        if s.name == "refreshing":
            # each is sent, is answered, and is forgotten after 5 s; the event is written by the same wakings
            self.assertGreaterEqual(s.registers, 1)
            self.assertLessEqual(s.registers, length / (REFRESH / 2) + 1)
            self.assertLessEqual(s.woken, 4 * s.registers + SPARE)
            return
        self.assertEqual(s.registers, 0)
        if not s.screen:
            self.assertEqual(s.output, b"")
            # a call is forgotten 32 s later
            self.assertLessEqual(s.woken, SPARE + (s.name == "called"))
            return
        self.assertTrue(s.output, "the clock stands still")
        self.assertLessEqual(len(s.output), MINUTE_BYTES, s.output)
        for at, n in s.times:
            self.assertTrue(minute - 0.1 <= at <= minute + 1.5, "%d bytes %.1f s before the minute" % (n, minute - at))
        # the timer, and the terminal that takes the bytes
        self.assertLessEqual(s.woken, 2 + SPARE)


if __name__ == "__main__":
    if not os.path.exists("/proc/self/task/%d/children" % os.getpid()):
        offhook.skip("/proc does not tell of threads and children here")
    unittest.main(verbosity=2)
