"""Terminals: one that stalls, goes, is resized, is suspended, or cannot; and what is left of it after an end or a
crash. A pty is the terminal, libvterm the eye, a scripted peer the other end of the call."""

import ctypes
import os
import re
import select
import signal
import socket
import struct
import sys
import termios
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from terminal import Emulator, Terminal, mask  # noqa: E402

STALL = float(os.environ.get("OFFHOOK_TEST_STALL", "4"))  # seconds
GONE = 2.0                                                # seconds, from a signal to the end of the process
SO_TIMESTAMPNS = 35
PICTURES = "\f\033OP\f\033OQ"  # keys: everything anew, help, everything anew, calls
CRASHES = (signal.SIGSEGV, signal.SIGABRT, signal.SIGBUS, signal.SIGFPE)


class Ear(threading.Thread):
    """Listens to a peer's media socket: when the kernel got each packet, and its sequence number."""

    def __init__(self, peer):
        super().__init__(daemon=True)
        self.socket = peer.media
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.settimeout(0.2)
        self.packets = []
        self.over = False
        self.start()

    def run(self):
        while not self.over:
            try:
                data, extra, _, _ = self.socket.recvmsg(2048, 128)
            except socket.timeout:
                continue
            seconds, nanoseconds = struct.unpack("qq", extra[0][2][:16])
            self.packets.append((seconds + nanoseconds / 1e9, struct.unpack("!H", data[2:4])[0]))

    def stop(self):
        self.over = True
        self.join()

    def between(self, begin, end):
        return [p for p in self.packets if begin <= p[0] <= end]


class Phone:
    """The phone on a terminal, in a call with a scripted peer, and registered there if asked."""

    def __init__(self, size=(24, 80), register=False, call=True, rc="", args=(), **kw):
        self.peer = offhook.Peer()
        self.home = offhook.Home()
        lines = "set sip-listen 127.0.0.1:0\n" + rc
        if register:
            lines += "account add work %s\n" % self.peer.uri("me")
        path = self.home.write("rc", lines)
        self.t = Terminal([offhook.PROGRAM, "-c", path, "--audio=null", *args, *([self.peer.uri()] if call else [])],
                          size, home=self.home, **kw)
        if register:
            self.peer.reply(self.peer.receive("REGISTER"), 200, "OK", ("Contact: <sip:me@127.0.0.1>;expires=600",))
        if call:
            self.invite = self.peer.receive("INVITE")
            self.peer.reply(self.invite, 200, "OK", body=self.peer.sdp())
            self.peer.receive("ACK")
            self.t.see("talking")
        else:
            self.t.see("No calls")

    def request(self, method, cseq, body=""):
        """Sends METHOD within the call."""
        lines = ["%s sip:x@127.0.0.1 SIP/2.0" % method,
                 "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKpeer%d%s;rport" % (self.peer.port, cseq, method),
                 "Max-Forwards: 70", "From: %s;tag=peertag" % self.invite.get("To"),
                 "To: " + self.invite.get("From"), "Call-ID: " + self.invite.get("Call-ID"),
                 "CSeq: %d %s" % (cseq, method), "Contact: <%s>" % self.peer.uri()]
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append("Content-Length: %d" % len(body))
        self.peer.send("\r\n".join(lines) + "\r\n\r\n" + body)

    def answers_reinvite(self, cseq, deadline=2):
        self.request("INVITE", cseq, self.peer.sdp().replace("o=- 1 1", "o=- 1 %d" % cseq))
        answer = self.peer.receive("SIP/2.0 200", deadline)
        assert answer.get("CSeq") == "%d INVITE" % cseq, answer.text
        self.request("ACK", cseq)

    def stall(self):
        """The line takes nothing any more, and many pictures are due."""
        termios.tcflow(self.t.slave, termios.TCOOFF)
        for _ in range(20):
            self.t.type(PICTURES)

    def fill(self):
        """Nobody reads any more, and the line is full."""
        self.t.stop_reading()
        end = time.monotonic() + offhook.DEADLINE
        full = 0
        while full < 10:  # once may be just a write in progress
            assert time.monotonic() < end, "the line does not fill"
            full = 0 if select.select([], [self.t.slave], [], 0.01)[1] else full + 1
            self.t.type(PICTURES)

    def goodbye(self, answered=True):
        """What the peer is told at the end: the methods, each once."""
        seen = []
        while set(seen) != {"BYE", "REGISTER"}:
            request = self.peer.receive(deadline=GONE)
            method = request.start.split()[0]
            if method == "REGISTER" and "expires=0" not in request.text and request.get("Expires") != "0":
                continue
            if method in ("BYE", "REGISTER"):
                seen.append(method)
                if answered:
                    self.peer.reply(request, 200, "OK")
        return seen

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            self.t.__exit__(*error)
        finally:
            self.peer.close()
            self.home.remove()


class Case(unittest.TestCase):
    def assert_given_back(self, t, alternate=True):
        """As a person finds the terminal after the phone: lines, echo, no paste marks, the first screen."""
        self.assertEqual(t.attributes(), t.found)
        self.assertEqual(t.mode(1049), False if alternate else None)
        self.assertIs(t.mode(2004), False)
        self.assertIsNot(t.mode(25), False)

    def at_once(self, one, cases):
        """Calls ONE for each of CASES, side by side."""
        failed = []

        def run(case):
            try:
                one(*case)
            except Exception as e:  # told below
                failed.append((case, e))

        threads = [threading.Thread(target=run, args=(case,)) for case in cases]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for case, e in failed:
            with self.subTest(case):
                raise e

    def assert_taken(self, t):
        self.assertFalse(t.attributes()[3] & (termios.ECHO | termios.ICANON | termios.ISIG))
        self.assertIs(t.mode(1049), True)
        self.assertIs(t.mode(2004), True)

    def assert_as_redrawn(self, t):
        """What was drawn piece by piece is what a terminal shows that sees a whole picture only."""
        seen = t.quiet()
        with t.condition:
            at = len(t.bytes)
        t.type("\f")
        t.quiet()
        fresh = Emulator(t.emulator.rows, t.emulator.cols)
        fresh.feed(t.bytes[at:])
        self.assertGreater(len(fresh.text().strip()), 100)
        self.assertEqual(mask(seen), mask(fresh.text()))


class Stall(Case):
    def test_a_call_goes_on(self):
        # both ways to stall: the line takes nothing (Ctrl-S), and nobody reads what it took
        for stop in ("line", "reader"):
            with self.subTest(stop), Phone((60, 200)) as p:
                ear = Ear(p.peer)
                if stop == "line":
                    p.stall()
                else:
                    p.fill()
                begin, cpu = time.time(), p.t.cpu()
                cseq = 1
                while time.time() < begin + STALL:
                    for _ in range(10):
                        p.t.type("\f")
                        select.select([], [], [], STALL / 50)
                    p.answers_reinvite(cseq)
                    cseq += 1
                end, cpu = time.time(), p.t.cpu() - cpu
                if stop == "line":
                    p.request("BYE", cseq)
                    self.assertEqual(p.peer.receive("SIP/2.0 200", 2).get("CSeq"), "%d BYE" % cseq)
                    termios.tcflow(p.t.slave, termios.TCOON)
                    p.t.see("No calls")
                else:
                    p.t.go_on_reading()
                    p.t.see("talking")
                self.assert_as_redrawn(p.t)
                ear.stop()
                heard = ear.between(begin, end)
                gaps = [b[0] - a[0] for a, b in zip(heard, heard[1:])]
                if os.environ.get("OFFHOOK_TEST_STALL"):
                    print("%s stalled %.0f s: %d packets, largest gap %.1f ms, CPU %.2f s" % (
                        stop, end - begin, len(heard), max(gaps) * 1e3, cpu))
                # 60 ms on a machine that has nothing else to do; here nothing may be lost or wait for the screen
                self.assertEqual(sum((b[1] - a[1]) % 65536 != 1 for a, b in zip(heard, heard[1:])), 0)
                self.assertGreater(len(heard), 50 * (end - begin) - 15)
                self.assertLess(max(gaps), 0.3)
                self.assertLess(cpu, 0.3 * (end - begin))

    def test_keys_are_taken_meanwhile(self):
        with Phone() as p:
            p.stall()
            p.t.type("h")
            p.peer.reply(p.peer.receive("BYE"), 200, "OK")
            termios.tcflow(p.t.slave, termios.TCOON)
            p.t.see("No calls")


class End(Case):
    """Each way to end, with answers or without, with a terminal that takes what comes or not."""

    def leave(self, p, how, stalled=False, answered=True):
        if stalled:
            p.stall()
        begin = time.monotonic()
        if how == "closed":
            p.t.hang_up()
        else:
            p.t.process.send_signal(how)
        p.goodbye(answered)
        status = p.t.ended()
        took = time.monotonic() - begin
        self.assertLess(took, GONE)
        self.assertEqual(status, 128 + (signal.SIGHUP if how == "closed" else how))
        return took

    def test_answered(self):
        for how in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, "closed"):
            with self.subTest(how), Phone(register=True) as p:
                self.leave(p, how)
                if how != "closed":
                    self.assert_given_back(p.t)

    def test_stalled(self):
        for how in (signal.SIGTERM, signal.SIGHUP, signal.SIGINT, "closed"):
            with self.subTest(how), Phone(register=True) as p:
                self.leave(p, how, stalled=True)
                if how != "closed":
                    self.assertEqual(p.t.attributes(), p.t.found)

    def test_stalled_by_a_reader(self):
        with Phone((100, 300), register=True) as p:
            p.fill()
            self.leave(p, signal.SIGTERM)
            p.t.go_on_reading()
            p.t.quiet()
            self.assert_given_back(p.t)

    def test_nobody_answers(self):
        def one(how, stalled):
            with Phone(register=True) as p:
                self.leave(p, how, stalled, answered=False)

        self.at_once(one, ((signal.SIGTERM, False), (signal.SIGINT, True), ("closed", False)))

    def test_a_closed_terminal_costs_nothing(self):
        # no answers, so the phone stays as long as it may: it must not spin meanwhile
        with Phone(register=True) as p:
            p.t.hang_up()
            p.goodbye(answered=False)
            cpu = p.t.cpu()
            begin = time.monotonic()
            while time.monotonic() < begin + 0.8:
                select.select([], [], [], 0.1)
            self.assertIsNone(p.t.process.poll())
            self.assertLess(p.t.cpu() - cpu, 0.3)
            p.t.ended()


class Crash(Case):
    def kill(self, t, sig, thread):
        pid = t.process.pid
        if thread:
            # it starts after the first picture
            end = time.monotonic() + offhook.DEADLINE
            tids = []
            while not tids:
                self.assertLess(time.monotonic(), end)
                select.select([], [], [], 0.01)
                tids = [int(n) for n in os.listdir("/proc/%d/task" % pid) if int(n) != pid]
            self.assertEqual(ctypes.CDLL(None).tgkill(pid, tids[0], int(sig)), 0)
        else:
            os.kill(pid, sig)

    def test_the_terminal_comes_back(self):
        for sig in CRASHES + (signal.SIGQUIT,):
            for thread in (False, True):
                with self.subTest(sig=sig, thread=thread), Phone(call=False) as p:
                    self.assert_taken(p.t)
                    self.kill(p.t, sig, thread)
                    self.assertEqual(p.t.ended(), -sig)
                    self.assert_given_back(p.t)

    def test_of_a_stalled_one_too(self):
        with Phone((100, 300)) as p:
            p.fill()
            self.kill(p.t, signal.SIGSEGV, True)
            self.assertEqual(p.t.ended(5), -signal.SIGSEGV)
            p.t.go_on_reading()
            p.t.quiet()
            self.assert_given_back(p.t)

    def test_of_a_suspended_one_nothing_is_touched(self):
        with Shell() as s:
            s.suspend()
            at = len(s.t.bytes)
            os.kill(s.pid(), signal.SIGSEGV)
            os.kill(s.pid(), signal.SIGCONT)
            s.t.type("\n")
            s.t.see("STATUS")
            # the other thread may have gone on for a moment: then it was taken again first; never given back twice
            after = bytes(s.t.bytes[at:])
            given = after.find(b"\033[?1049l")
            if given >= 0:
                self.assertIn(b"\033[?1049h", after[:given])
            self.assert_given_back(s.t)


class Shell:
    """The phone under a shell with job control, that waits for Return whenever the phone lets it go on."""

    def __init__(self, *args):
        self.home = offhook.Home()
        path = self.home.write("rc", "set sip-listen 127.0.0.1:0\n")
        script = ("set -m; %s -c %s --audio=null %s; echo STOPPED; read x; fg >/dev/null; echo STATUS $?; read x" % (
            offhook.PROGRAM, path, " ".join(args)))
        self.t = Terminal(["sh", "-c", script], home=self.home)
        if not args:
            self.t.see("No calls", "─")

    def pid(self):
        """The phone's process."""
        with open("/proc/%d/task/%d/children" % ((self.t.process.pid,) * 2)) as f:
            return int(f.read().split()[0])

    def stopped(self):
        with open("/proc/%d/stat" % self.pid()) as f:
            return f.read().rsplit(")", 1)[1].split()[0] == "T"

    def suspend(self):
        self.t.type("\x1a")
        self.t.see("STOPPED")

    def __enter__(self):
        return self

    def __exit__(self, *error):
        try:
            if self.t.process.poll() is None:
                try:
                    os.kill(self.pid(), signal.SIGKILL)
                except (IndexError, ProcessLookupError, FileNotFoundError):
                    pass
            self.t.__exit__(*error)
        finally:
            self.home.remove()


class Suspend(Case):
    def stop_and_go(self, s, stop):
        before = mask(s.t.quiet())
        stop()
        s.t.see("STOPPED")
        self.assertTrue(s.stopped())
        attributes = s.t.attributes()
        self.assertEqual(attributes, s.t.found)
        self.assertIs(s.t.mode(1049), False)
        self.assertIs(s.t.mode(2004), False)
        s.t.type("\n")
        s.t.see("No calls", "─")
        self.assert_taken(s.t)
        self.assert_as_redrawn(s.t)
        self.assertEqual(mask(s.t.text()), before)
        s.t.type("Q")
        s.t.see("STATUS 0")
        self.assertEqual(s.t.attributes(), s.t.found)

    def test_by_its_key(self):
        with Shell() as s:
            self.stop_and_go(s, s.suspend)

    def test_from_outside(self):
        with Shell() as s:
            self.stop_and_go(s, lambda: os.kill(s.pid(), signal.SIGTSTP))

    def test_stopped_without_being_asked(self):
        # SIGSTOP cannot be seen: what the shell does to the terminal meanwhile has to be undone at SIGCONT
        with Phone(call=False) as p:
            before = mask(p.t.quiet())
            os.kill(p.t.process.pid, signal.SIGSTOP)
            termios.tcsetattr(p.t.slave, termios.TCSANOW, p.t.found)
            os.write(p.t.slave, b"\033[?1049l\033[?2004l\033[H\033[2Jelse\n")
            p.t.see("else")
            os.kill(p.t.process.pid, signal.SIGCONT)
            p.t.see("No calls", "─")
            self.assert_taken(p.t)
            self.assertEqual(mask(p.t.quiet()), before)

    def test_a_size_that_changed_meanwhile(self):
        with Shell() as s:
            s.suspend()
            s.t.set_size(30, 100)
            s.t.type("\n")
            s.t.until(lambda text: "─" * 100 in text, "a line of 100 columns")
            self.assert_as_redrawn(s.t)

    def test_not_in_a_call(self):
        with Phone() as p:
            p.t.type("\x1a")
            p.t.see("Not while a call is up")
            p.t.type("\033")
            p.t.until(lambda text: "Not while" not in text)
            os.kill(p.t.process.pid, signal.SIGTSTP)
            p.t.see("Not while a call is up")
            self.assert_taken(p.t)
            p.answers_reinvite(1)

    def test_without_a_screen(self):
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("dial echo")
            phone.wait("call", state="established")
            phone.process.send_signal(signal.SIGTSTP)
            phone.command("hangup")
            phone.wait("call", state="closed")
            phone.process.send_signal(signal.SIGTSTP)
            end = time.monotonic() + offhook.DEADLINE
            stopped = (0, 0)
            while not stopped[0]:
                self.assertLess(time.monotonic(), end)
                stopped = os.waitpid(phone.process.pid, os.WUNTRACED | os.WNOHANG)
                select.select([], [], [], 0.02)
            self.assertTrue(os.WIFSTOPPED(stopped[1]))
            phone.process.send_signal(signal.SIGCONT)
            phone.command("dial echo")
            phone.wait("call", state="established")

    def test_where_nobody_could_go_on(self):
        # the leader of a session: the kernel does not stop it, and the screen has to be there all the same
        with Phone(call=False) as p:
            before = mask(p.t.quiet())
            p.t.type("\x1a")
            self.assertEqual(mask(p.t.quiet()), before)
            self.assert_taken(p.t)


class Size(Case):
    STORM = ((1, 1), (0, 0), (300, 500), (10, 40), (24, 3), (2, 200), (100, 300), (500, 1), (15, 69), (16, 70))

    def test_a_storm(self):
        for last in ((24, 80), (10, 40), (100, 300)):
            with self.subTest(last), Phone() as p:
                for i in range(300):
                    p.t.set_size(*self.STORM[i % len(self.STORM)])
                    os.kill(p.t.process.pid, signal.SIGWINCH)
                    if i % 50 == 0:
                        p.t.type("\f")
                p.t.set_size(*last)
                p.t.until(lambda text: "─" * last[1] in text and "talking" in text, last)
                self.assert_as_redrawn(p.t)
                self.assertEqual(len(p.t.text().splitlines()), last[0])

    def test_that_came_back(self):
        # smaller and as before again, faster than the phone looks: what was cut off has to be drawn
        with Phone(call=False) as p:
            before = mask(p.t.quiet())
            with p.t.condition:
                p.t.emulator.resize(5, 20)
                p.t.emulator.resize(24, 80)
            self.assertNotEqual(mask(p.t.text()), before)
            os.kill(p.t.process.pid, signal.SIGWINCH)
            p.t.until(lambda text: mask(text) == before, "the picture as before")

    def test_in_a_stall(self):
        with Phone() as p:
            p.stall()
            for size in self.STORM + ((30, 100),):
                p.t.set_size(*size)
                p.answers_reinvite(1 + self.STORM.index(size) if size in self.STORM else 50)
            termios.tcflow(p.t.slave, termios.TCOON)
            p.t.until(lambda text: "─" * 100 in text and "talking" in text)
            self.assert_as_redrawn(p.t)

    def test_from_the_start(self):
        for size in ((10, 40), (24, 80), (100, 300)):
            with self.subTest(size), Phone(size) as p:
                self.assert_as_redrawn(p.t)
                self.assertEqual(len(p.t.text().splitlines()), size[0])
                self.assertIn("─" * size[1], p.t.text())

    def test_no_size(self):
        with Phone((0, 0)) as p:
            self.assertIn("─" * 80, p.t.text())

    def test_absurd_sizes(self):
        # a terminal, or its variables, may say what they like: memory is bounded
        home = offhook.Home()
        rc = home.write("rc", "set sip-listen 127.0.0.1:0\n")
        big = {"LINES": "32000", "COLUMNS": "32000"}
        for size, env in (((65535, 200), {}), ((200, 65535), {}), ((0, 0), big)):
            with self.subTest(size), Terminal([offhook.PROGRAM, "-c", rc, "--audio=null"], size, env, home) as t:
                t.see("sound: null")
                with open("/proc/%d/status" % t.process.pid) as f:
                    peak = int(re.search(r"VmHWM:\s+(\d+)", f.read()).group(1))
                self.assertLess(peak, 200000)  # KiB
        home.remove()

    def test_a_call_by_hand_at_40_columns(self):
        with Phone((10, 40), call=False) as p:
            p.t.type("d")
            p.t.see("Dial")
            p.t.type(p.peer.uri("bob") + "\r")
            invite = p.peer.receive("INVITE")
            p.peer.reply(invite, 180, "Ringing")
            p.t.see("ringing")
            p.peer.reply(invite, 200, "OK", body=p.peer.sdp())
            p.peer.receive("ACK")
            p.t.see("talking", "0:0")
            self.assert_as_redrawn(p.t)
            p.t.type("h")
            p.peer.reply(p.peer.receive("BYE"), 200, "OK")
            p.t.until(lambda text: "talking" not in text)


def colours(data):
    """The colours that DATA switches to (ECMA-48 8.3.117 and the bright ones), without the default ones."""
    numbers = [int(n) for m in re.findall(rb"\033\[([0-9;]*)m", data) for n in m.split(b";") if n]
    return {n for n in numbers if n in range(30, 39) or n in range(40, 49) or n in range(90, 108)}


class Kind(Case):
    # Zoe with a combining mark, Japanese, Hebrew
    NAMES = "Zoe\u0308 日本語 שלום"

    def incoming(self, p):
        """Somebody with a name that is hard to count rings."""
        contact = re.search(r"<(.*?)>", p.contact).group(1)
        lines = ["INVITE %s SIP/2.0" % contact,
                 "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKname;rport" % p.peer.port, "Max-Forwards: 70",
                 'From: "%s" <sip:zoe@example.com>;tag=1' % self.NAMES, "To: <sip:me@127.0.0.1>", "Call-ID: name",
                 "CSeq: 1 INVITE", "Contact: <%s>" % p.peer.uri(), "Content-Type: application/sdp",
                 "Content-Length: %d" % len(p.peer.sdp())]
        p.peer.send("\r\n".join(lines) + "\r\n\r\n" + p.peer.sdp())

    def named(self, size=(24, 80), **kw):
        p = Phone(size, register=False, call=False, **kw)
        p.t.type(":account add work " + p.peer.uri("me") + "\r")
        register = p.peer.receive("REGISTER")
        p.contact = register.get("Contact")
        p.peer.reply(register, 200, "OK", ("Contact: <sip:me@127.0.0.1>;expires=600",))
        p.t.see("registered")
        self.incoming(p)
        p.t.see("ringing")
        return p

    def test_names(self):
        for size in ((24, 80), (10, 40)):
            with self.subTest(size), self.named(size) as p:
                text = p.t.see("日本語")
                self.assertIn("Zoe\u0308", text)
                self.assertIn("שלום", text)
                line = [row for row in text.splitlines() if "日本語" in row and "ringing" in row][0]
                # what follows stands in its column, though three characters take two cells and one takes none
                before = line[:line.index("ringing")]
                self.assertEqual(len(before) + 3 - before.count("\u0308"), 27 if size[1] == 80 else 22)
                self.assert_as_redrawn(p.t)

    def test_without_utf8(self):
        with self.named(env={"LC_ALL": "C", "LANG": "C", "TERM": "screen"}) as p:
            # (not xterm: this libvterm wraps a column early after the "repeat" of its terminfo)
            text = p.t.quiet()
            self.assertIn("-" * 80, text)
            self.assertIn("Zoe", text)
            self.assertEqual([b for b in p.t.bytes if b >= 0x80], [])
            self.assertNotIn(b"\016", p.t.bytes)  # nor another character set
            self.assert_as_redrawn(p.t)

    def test_terminals(self):
        def one(term, alternate, more):
            with self.named(env={"TERM": term, **more}, args=("-e", "nonsense")) as p:
                self.assertIn("─" * 80, p.t.see("ringing", "nonsense"))
                self.assert_as_redrawn(p.t)
                self.assertEqual(bool(colours(p.t.bytes)), term != "vt100" and not more)
                p.t.process.send_signal(signal.SIGTERM)
                self.assertEqual(p.t.ended(), 143)
                self.assert_given_back(p.t, alternate)

        self.at_once(one, [(term, alternate, more) for term, alternate in (
            ("linux", False), ("vt100", False), ("xterm-256color", True), ("tmux", True), ("screen", True))
            for more in ({}, {"NO_COLOR": "1"})])

    def test_terminals_that_cannot(self):
        home = offhook.Home()
        rc = home.write("rc", "")
        try:
            for term in ("dumb", "nonsense", ""):
                # curses leaks what it had of a terminal that it does not know
                env = {"TERM": term, "ASAN_OPTIONS": "detect_leaks=0"}
                with self.subTest(term), Terminal([offhook.PROGRAM, "-c", rc, "--audio=null"], env=env,
                                                  home=home) as t:
                    self.assertEqual(t.ended(), 2)
                    text = t.see("--headless")
                    self.assertIn("TERM=%s)" % term, text)
                    self.assertNotIn(b"\033", t.bytes)
                    self.assertEqual(t.attributes(), t.found)
        finally:
            home.remove()


class Idle(Case):
    def test_not_a_byte(self):
        with Phone(register=True, call=False) as p:
            p.t.see("registered")
            p.t.quiet()
            cpu, at, clock = p.t.cpu(), len(p.t.bytes), p.t.text()[-5:]
            p.t.quiet(3)
            if p.t.text()[-5:] == clock:
                self.assertEqual(p.t.bytes[at:], b"")
            else:
                self.assertLess(len(p.t.bytes) - at, 40)
            self.assertLess(p.t.cpu() - cpu, 0.1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
