"""Runs the phone as a user would, and waits for what it says. Standard library only.

Nothing here sleeps: every wait is for an event, with a deadline.
"""

import array
import json
import math
import os
import random
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import threading
import time
import wave

BUILD = os.environ.get("abs_top_builddir", os.getcwd())
SOURCE = os.environ.get("abs_top_srcdir", os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__)))))
PROGRAM = os.path.join(BUILD, "offhook")
DEADLINE = float(os.environ.get("OFFHOOK_TEST_DEADLINE", "20"))


def skip(why):
    """Ends the program as a test that could not be run here."""
    print("SKIP:", why)
    sys.exit(77)


def need(program):
    path = shutil.which(program)
    if not path:
        skip(program + " is not installed")
    return path


class Home:
    """Folders of the test's own, so that no user's files are read or written."""

    def __init__(self):
        self.path = tempfile.mkdtemp(prefix="offhook-test-")
        self.env = dict(os.environ)
        for name in ("config", "state", "runtime", "data"):
            os.mkdir(self.file(name), 0o700)
        self.env.update(
            HOME=self.path,
            XDG_CONFIG_HOME=self.file("config"),
            XDG_STATE_HOME=self.file("state"),
            XDG_RUNTIME_DIR=self.file("runtime"),
            XDG_DATA_HOME=self.file("data"),
            OFFHOOK_KEEP_STDERR="1",
        )
        self.env.setdefault("LC_ALL", "C.UTF-8")

    def file(self, name):
        return os.path.join(self.path, name)

    def write(self, name, text, mode=0o600):
        path = self.file(name)
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, "w") as f:
            f.write(text)
        os.chmod(path, mode)
        return path

    def remove(self):
        shutil.rmtree(self.path, ignore_errors=True)


class Phone:
    """offhook --headless: its events, its answers, its exit status."""

    def __init__(self, *args, home=None, env=None, under=()):
        self.home = home or Home()
        self.own_home = home is None
        environment = dict(self.home.env)
        environment.update(env or {})
        if "--demo" not in args and "-c" not in args:
            # nothing of a test leaves the loopback
            args = ("-c", self.home.write("rc", "set sip-listen 127.0.0.1:0\n"), *args)
        self.events = []
        self.raw = []
        self.seen = 0
        self.condition = threading.Condition()
        self.ended = False
        self.errors = tempfile.TemporaryFile()
        self.process = subprocess.Popen(
            [*under, PROGRAM, "--headless", *args], env=environment, cwd=self.home.path,
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=self.errors)
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()

    def _read(self):
        for line in self.process.stdout:
            with self.condition:
                self.raw.append(line)
                try:
                    self.events.append(json.loads(line))
                except ValueError:
                    self.events.append({"event": "NOT JSON", "line": line.decode("latin-1")})
                self.condition.notify_all()
        with self.condition:
            self.ended = True
            self.condition.notify_all()

    @staticmethod
    def _matches(event, fields):
        return all(event.get(k) == v if not callable(v) else v(event.get(k)) for k, v in fields.items())

    def wait(self, name, deadline=None, **fields):
        """The next event of that name with those fields; all before it are passed over."""
        end = time.monotonic() + (deadline or DEADLINE)
        with self.condition:
            while True:
                for i in range(self.seen, len(self.events)):
                    if self.events[i].get("event") == name and self._matches(self.events[i], fields):
                        self.seen = i + 1
                        return self.events[i]
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    raise AssertionError("no event %s %s; there were, from %d on:\n%s\nstderr: %s" % (
                        name, fields, self.seen,
                        "\n".join(json.dumps(e) for e in self.events[-40:]), self.stderr()))
                self.condition.wait(left)

    def any(self, name, **fields):
        """All events so far of that name with those fields."""
        with self.condition:
            return [e for e in self.events if e.get("event") == name and self._matches(e, fields)]

    def send(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def command(self, line, ok=True):
        """Runs a command; its reply must be as expected. Does not pass over events."""
        with self.condition:
            before = len([e for e in self.events if e.get("event") == "reply"])
        self.send(line)
        end = time.monotonic() + 90
        with self.condition:
            while True:
                replies = [e for e in self.events if e.get("event") == "reply"]
                if len(replies) > before:
                    reply = replies[before]
                    assert reply["ok"] == ok, "%s: %s" % (line, reply)
                    return reply
                left = end - time.monotonic()
                if self.ended or left <= 0:
                    raise AssertionError("no reply to %r; stderr: %s" % (line, self.stderr()))
                self.condition.wait(left)

    def ready(self):
        return self.wait("ready")

    def address(self, transport="udp"):
        """(address, port) that the phone listens on, from its ready event."""
        for e in self.any("ready"):
            for a in e["sip"]:
                m = re.match(r"(\w+):(.*):(\d+)$", a)
                if m.group(1) == transport:
                    return m.group(2).strip("[]"), int(m.group(3))
        raise AssertionError("not listening on " + transport)

    def stderr(self):
        self.errors.seek(0)
        return self.errors.read().decode("utf-8", "replace")

    def exit_status(self, deadline=None):
        status = self.process.wait(deadline or DEADLINE)
        self.reader.join(DEADLINE)
        return status

    def close(self):
        """Ends the phone, if it has not ended; it must do so in time and cleanly."""
        if self.process.poll() is None:
            self.process.stdin.close()
            self.process.terminate()
            try:
                self.process.wait(5)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
                raise AssertionError("did not end within 5 s of SIGTERM")
        elif not self.process.stdin.closed:
            try:
                self.process.stdin.close()
            except BrokenPipeError:
                pass
        self.reader.join(DEADLINE)
        self.process.stdout.close()
        text = self.stderr()
        self.errors.close()
        if self.own_home:
            self.home.remove()
        for word in ("ERROR: AddressSanitizer", "runtime error:", "LeakSanitizer", "ThreadSanitizer"):
            assert word not in text, text

    def __enter__(self):
        return self

    def __exit__(self, kind, value, trace):
        if kind is None:
            self.close()
        else:
            try:
                self.close()
            except AssertionError:
                pass


# --- sound ------------------------------------------------------------------------------

RATE = 48000
FRAME = RATE // 100


def make_speech(path, seconds, seed=1):
    """A WAV file with something like speech: syllables of changing pitch, length and loudness, with pauses."""
    rng = random.Random(seed)
    samples = array.array("h", bytes(2 * int(seconds * RATE)))
    at = 0
    while at < len(samples):
        n = min(int(rng.uniform(0.08, 0.25) * RATE), len(samples) - at)
        if rng.random() < 0.7:
            f, loud = rng.uniform(250, 900), rng.uniform(2000, 9000)
            for i in range(n):
                t = i / RATE
                edge = min(1.0, i / 480, (n - i) / 480)
                samples[at + i] = int(loud * edge * (
                    math.sin(2 * math.pi * f * t) + 0.5 * math.sin(2 * math.pi * 2.1 * f * t)) / 1.5)
        at += n
    with wave.open(path, "wb") as w:
        w.setnchannels(1)
        w.setsampwidth(2)
        w.setframerate(RATE)
        w.writeframes(samples.tobytes())


def loudness(path):
    """RMS of each 10 ms of a 48 kHz mono file."""
    with wave.open(path, "rb") as w:
        assert (w.getframerate(), w.getnchannels(), w.getsampwidth()) == (RATE, 1, 2), path
        samples = array.array("h", w.readframes(w.getnframes()))
    out = []
    for i in range(0, len(samples) - FRAME + 1, FRAME):
        out.append(math.sqrt(sum(s * s for s in samples[i:i + FRAME]) / FRAME))
    return out


def likeness(a, b, lag):
    """Correlation (-1 to 1) of the loudness of A with that of B, LAG frames later."""
    n = min(len(a), len(b) - lag)
    x, y = a[:n], b[lag:lag + n]
    mx, my = sum(x) / n, sum(y) / n
    sx = math.sqrt(sum((v - mx) ** 2 for v in x))
    sy = math.sqrt(sum((v - my) ** 2 for v in y))
    if sx == 0 or sy == 0:
        return 0.0
    return sum((p - mx) * (q - my) for p, q in zip(x, y)) / (sx * sy)


def best_likeness(heard, spoken, least_lag, most_lag):
    """(correlation, lag in ms) of the lag at which HEARD is most like SPOKEN."""
    return max((likeness(spoken, heard, lag), lag * 10) for lag in range(least_lag // 10, most_lag // 10))


def tone_level(path, frequency, start, length):
    """Level (dBFS) of FREQUENCY in a 48 kHz mono file from START seconds on, for LENGTH seconds."""
    with wave.open(path, "rb") as w:
        w.setpos(int(start * RATE))
        samples = array.array("h", w.readframes(int(length * RATE)))
    re_, im = 0.0, 0.0
    for i, s in enumerate(samples):
        re_ += s * math.cos(2 * math.pi * frequency * i / RATE)
        im += s * math.sin(2 * math.pi * frequency * i / RATE)
    amplitude = 2 * math.hypot(re_, im) / max(1, len(samples)) / 32768
    return 20 * math.log10(max(amplitude, 1e-9))


# --- a scripted peer ------------------------------------------------------------------------


class Peer:
    """A SIP user agent of raw datagrams: says exactly what a test wants, right or wrong."""

    def __init__(self, address="127.0.0.1"):
        self.address = address
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_DGRAM)
        self.socket.bind((address, 0))
        self.port = self.socket.getsockname()[1]
        self.media = socket.socket(family, socket.SOCK_DGRAM)
        self.media.bind((address, 0))
        self.media_port = self.media.getsockname()[1]
        self.source = None

    def uri(self, user="peer"):
        return "sip:%s@%s:%d" % (user, "[%s]" % self.address if ":" in self.address else self.address, self.port)

    def receive(self, start=None, deadline=None):
        """The next message that begins with START; others are passed over."""
        end = time.monotonic() + (deadline or DEADLINE)
        while True:
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            try:
                data, self.source = self.socket.recvfrom(65536)
            except socket.timeout:
                raise AssertionError("no message %r came" % start)
            text = data.decode("utf-8", "replace")
            if start is None or text.startswith(start):
                return Message(text)

    def send(self, text, to=None):
        if isinstance(text, str):
            text = text.encode("utf-8", "surrogateescape")
        self.socket.sendto(text, to or self.source)

    def reply(self, request, code, reason="", headers=(), body="", tag="peertag"):
        lines = ["SIP/2.0 %s %s" % (code, reason)]
        for name, value in request.headers:
            low = name.lower()
            if low in ("via", "from", "call-id", "cseq", "record-route"):
                lines.append("%s: %s" % (name, value))
            elif low == "to":
                lines.append("To: %s" % (value if "tag=" in value or code == 100 else value + ";tag=" + tag))
        lines += list(headers)
        if code < 300 and code > 100:
            lines.append("Contact: <%s>" % self.uri())
        if body:
            lines.append("Content-Type: application/sdp")
        lines.append("Content-Length: %d" % len(body))
        self.send("\r\n".join(lines) + "\r\n\r\n" + body)

    def sdp(self, formats="0 101", more=("a=rtpmap:101 telephone-event/8000",)):
        where = "IN IP%d %s" % (6 if ":" in self.address else 4, self.address)
        lines = ["v=0", "o=- 1 1 " + where, "s=-", "c=" + where, "t=0 0",
                 "m=audio %d RTP/AVP %s" % (self.media_port, formats)]
        return "\r\n".join(lines + list(more)) + "\r\n"

    def close(self):
        self.socket.close()
        self.media.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Message:
    def __init__(self, text):
        head, _, self.body = text.partition("\r\n\r\n")
        lines = head.split("\r\n")
        self.start = lines[0]
        self.text = text
        self.headers = [tuple(p.strip() for p in line.split(":", 1)) for line in lines[1:] if ":" in line]

    def all(self, name):
        return [v for n, v in self.headers if n.lower() == name.lower()]

    def get(self, name):
        values = self.all(name)
        return values[0] if values else None
