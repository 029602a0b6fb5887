"""Strangers in great numbers: a process of its own that sends requests at a given rate, and tools to see what the phone
makes of it. Standard library only.

The sender is told what to do by its arguments (see main()); it ends by itself."""

import argparse
import glob
import os
import re
import select
import socket
import struct
import subprocess
import sys
import threading
import time

import offhook

SO_TIMESTAMPNS = 35
STEP = 0.005  # seconds between two bursts of the sender


def addresses(count, seed=0):
    """So many of 127.0.0.0/8, none of them 127.0.0.1."""
    return ["127.%d.%d.%d" % (1 + (seed + i) % 200, i // 250 % 250, 1 + i % 250) for i in range(count)]


# --- sending ----------------------------------------------------------------------------------


def request(method, user, to, number, address, port, transport="UDP", caller="100", body=True):
    sdp = ("v=0\r\no=- 1 1 IN IP4 %s\r\ns=-\r\nc=IN IP4 %s\r\nt=0 0\r\nm=audio 4000 RTP/AVP 0\r\n" % (
        address, address)) if body and method == "INVITE" else ""
    return ("%s sip:%s@%s:%d SIP/2.0\r\nVia: SIP/2.0/%s %s:%d;branch=z9hG4bKflood%s-%d;rport\r\nMax-Forwards: 70\r\n"
            "From: \"%s\" <sip:%s@%s>;tag=f%d\r\nTo: <sip:%s@%s>\r\nCall-ID: flood-%s-%s-%d\r\nCSeq: 1 %s\r\n"
            "Contact: <sip:%s@%s:%d>\r\nUser-Agent: friendly-scanner\r\n%sContent-Length: %d\r\n\r\n%s" % (
                method, user, *to, transport, address, port, address, number, caller, caller, address, number, user,
                to[0], address, port, number, method, caller, address, port,
                "Content-Type: application/sdp\r\n" if sdp else "", len(sdp), sdp)).encode()


def open_sources(options):
    names = addresses(options.sources, options.seed) if options.sources > 1 or options.seed else ["127.0.0.1"]
    sources = []
    for name in names:
        s = socket.socket(socket.AF_INET, socket.SOCK_STREAM if options.tcp else socket.SOCK_DGRAM)
        s.bind((name, 0))
        if options.tcp:
            s.connect(options.to)
            s.setblocking(False)
        sources.append(s)
    return sources


def send(s, options, data):
    """False: this one is of no use any more."""
    try:
        if options.tcp:
            while s.recv(65536):  # what was answered
                pass
            return False
        s.sendto(data, options.to)
    except BlockingIOError:
        try:
            s.send(data)
        except BlockingIOError:
            pass
        except OSError:
            return False
    except OSError:
        return not options.tcp
    return True


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--to", type=lambda t: (t.rsplit(":", 1)[0], int(t.rsplit(":", 1)[1])))
    parser.add_argument("--method", default="INVITE")
    parser.add_argument("--user", default="", help="called; none: one after the other, that nobody has")
    parser.add_argument("--rate", type=int, default=1000)
    parser.add_argument("--seconds", type=float, default=5)
    parser.add_argument("--sources", type=int, default=1)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--tcp", action="store_true")
    parser.add_argument("--metronome", type=int, help="port that gets a packet every 20 ms meanwhile")
    options = parser.parse_args()
    sources = open_sources(options)
    beat = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    nothing = select.poll()
    began = time.monotonic()
    sent = beats = 0
    while True:
        now = time.monotonic() - began
        if options.metronome and now >= beats * 0.02:
            beat.sendto(b"tick", ("127.0.0.1", options.metronome))
            beats = int(now / 0.02) + 1
        if now >= options.seconds:
            break
        while sent < now * options.rate:
            i = sent % len(sources)
            s = sources[i]
            address, port = s.getsockname()[:2] if s else ("127.0.0.1", 9)
            data = request(options.method, options.user or "nobody%d" % sent, options.to, sent, address, port,
                           "TCP" if options.tcp else "UDP", caller=str(100 + sent % 900))
            sent += 1
            if s is None or not send(s, options, data):
                # the phone has hung up: once more
                if s:
                    s.close()
                try:
                    s = socket.socket()
                    s.bind((address, 0))
                    s.connect(options.to)
                    s.setblocking(False)
                    sources[i] = s
                except OSError:
                    sources[i] = None
        nothing.poll(STEP * 1000)
    print(sent)
    return 0


class Flood:
    """The sender, running."""

    def __init__(self, phone, metronome=None, **options):
        arguments = ["--to", "%s:%d" % phone.address("tcp" if options.get("tcp") else "udp")]
        if metronome:
            arguments += ["--metronome", str(metronome.port)]
        for name, value in options.items():
            arguments += ["--" + name] + ([] if value is True else [str(value)])
        self.process = subprocess.Popen([sys.executable, os.path.abspath(__file__), *arguments], stdout=subprocess.PIPE)

    def running(self):
        return self.process.poll() is None

    def wait(self):
        """How many requests there were."""
        out, _ = self.process.communicate(timeout=120)
        assert self.process.returncode == 0, self.process.returncode
        return int(out)


# --- measuring --------------------------------------------------------------------------------


class Arrivals:
    """When the kernel got each packet of a socket, whenever it is that we read it."""

    def __init__(self, s=None):
        self.socket = s or socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        if not s:
            self.socket.bind(("127.0.0.1", 0))
        self.own = not s
        self.port = self.socket.getsockname()[1]
        self.socket.setsockopt(socket.SOL_SOCKET, SO_TIMESTAMPNS, 1)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
        self.times = []

    def read(self):
        while True:
            try:
                _, more, _, _ = self.socket.recvmsg(4096, 128, socket.MSG_DONTWAIT)
            except OSError:
                return
            for level, kind, data in more:
                if level == socket.SOL_SOCKET and kind == SO_TIMESTAMPNS:
                    self.times.append("%d.%09d" % struct.unpack("@qq", data[:16]))

    def gaps(self):
        """(milliseconds, from, to) of each pause between two packets."""
        times = [float(t) for t in self.times]
        return [((b - a) * 1000, a, b) for a, b in zip(times, times[1:])]

    def close(self):
        if self.own:
            self.socket.close()


class Waits:
    """Moments in which a thread of the phone was ready to run and the machine ran others: schedstat of proc(5)."""

    LIMIT = 15e6  # ns

    def __init__(self, phone):
        self.pid = phone.process.pid
        self.before, self.time, self.found = self.look(), time.time(), []

    def look(self):
        waited = {}
        for path in glob.glob("/proc/%d/task/*/schedstat" % self.pid):
            try:
                with open(path) as f:
                    waited[path] = int(f.read().split()[1])
            except (OSError, IndexError):
                pass
        return waited

    def sample(self):
        now, waited = time.time(), self.look()
        if any(ns - self.before.get(path, ns) > self.LIMIT for path, ns in waited.items()):
            self.found.append((self.time, now))
        self.before, self.time = waited, now


def worst_gap(media, metronome, waits, beat_limit=35):
    """The longest pause of MEDIA (ms), but for moments in which the machine was busy with others: a process that does
    nothing but send every 20 ms was not let run either, or the phone waited to be."""
    stalls = [(a, b) for ms, a, b in metronome.gaps() if ms > beat_limit] + waits.found
    return max((ms for ms, a, b in media.gaps() if not any(x < b and a < y for x, y in stalls)), default=0)


def status(pid, key):
    with open("/proc/%d/status" % pid) as f:
        return int(re.search(r"^%s:\s*(\d+)" % key, f.read(), re.M).group(1))


def resident(phone):
    """MB of the phone's own process."""
    return status(phone.process.pid, "VmRSS") / 1024


def forget_peak(phone):
    with open("/proc/%d/clear_refs" % phone.process.pid, "w") as f:
        f.write("5")


def peak(phone):
    return status(phone.process.pid, "VmHWM") / 1024


def descriptors(phone):
    return len(glob.glob("/proc/%d/fd/*" % phone.process.pid))


class TalkingPeer(offhook.Peer):
    """The other side of a call that is up: it sends sound, and takes the time of what comes."""

    def __init__(self):
        super().__init__()
        self.arrivals = Arrivals(self.media)
        self.sink = self.talker = None
        self.ending = threading.Event()

    def take_call(self, phone):
        phone.command("dial %s codecs=PCMU" % self.uri())
        self.invite = self.receive("INVITE")
        port = int(self.invite.body.split("m=audio ")[1].split(" ")[0])
        self.reply(self.invite, 200, "OK", body=self.sdp("0", ()))
        self.receive("ACK")
        phone.wait("call", state="established")
        self.sink = ("127.0.0.1", port)
        self.talker = threading.Thread(target=self._talk, daemon=True)
        self.talker.start()

    def _talk(self):
        n = 0
        while not self.ending.wait(0.02):
            try:
                self.media.sendto(bytes([0x80, 0]) + struct.pack("!HII", n & 0xffff, n * 160, 7) + b"\xff" * 160,
                                  self.sink)
            except OSError:  # closed meanwhile
                return
            n += 1

    def answer_bye(self, phone):
        bye = self.receive("BYE")
        self.reply(bye, 200, "OK")

    def close(self):
        self.ending.set()
        if self.talker:
            self.talker.join()
        super().close()


def flooded_call(phone, **options):
    """A call of the phone is up while the flood goes on. Returns figures."""
    metronome = Arrivals()
    with TalkingPeer() as peer:
        peer.take_call(phone)
        phone.wait("media")
        peer.arrivals.read()
        peer.arrivals.times.clear()
        before = resident(phone)
        forget_peak(phone)
        waits = Waits(phone)
        flood = Flood(phone, metronome, **options)
        while flood.running():
            select.select([peer.media], [], [], 0.05)
            waits.sample()
            peer.arrivals.read()
            metronome.read()
        peer.arrivals.read()
        sent = flood.wait()
        after = resident(phone)
        figures = {"sent": sent, "gap": worst_gap(peer.arrivals, metronome, waits), "waits": len(waits.found), "packets": len(peer.arrivals.times),
                   "raw": max(g[0] for g in peer.arrivals.gaps()),
                   "grown": after - before, "grown_peak": peak(phone) - before}
        metronome.close()
        phone.command("hangup")
        peer.answer_bye(phone)
        return figures


if __name__ == "__main__":
    sys.exit(main())
