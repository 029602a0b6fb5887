"""Figures of the whole phone beside those of Debian's baresip, in one run: `make bench`.

doc/performance.md tells what each figure means. Prints a table; with --check it ends with 1 when a floor is not held.
OFFHOOK_BENCH_RUNS (starts, 21), OFFHOOK_BENCH_CALLS (40) and OFFHOOK_BENCH_SECONDS (idle 30, a call half of that)
make it shorter or longer. On a busy machine times grow: the spread is shown.
"""

import glob
import os
import pty
import re
import select
import shutil
import socket
import statistics
import subprocess
import sys
import threading
import time
import wave

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import offhook  # noqa: E402
from control import talk_during_a_call  # noqa: E402

RUNS = int(os.environ.get("OFFHOOK_BENCH_RUNS", "21"))
CALLS = int(os.environ.get("OFFHOOK_BENCH_CALLS", "40"))
IDLE = int(os.environ.get("OFFHOOK_BENCH_SECONDS", "30"))
TALK = max(2, IDLE // 2)
BARESIP = shutil.which("baresip")
MODULES = next(iter(glob.glob("/usr/lib/baresip/modules") + glob.glob("/usr/lib/*/baresip/modules")), "")
CODECS = {"opus": ("opus/48000/2", 48000, 2), "PCMU": ("pcmu", 8000, 1)}


# --- looking at a process ------------------------------------------------------------------


def family(pid):
    """The process and all its descendants: helpers count."""
    found = [pid]
    for path in glob.glob("/proc/%d/task/*/children" % pid):
        with open(path) as f:
            found += [p for child in f.read().split() for p in family(int(child))]
    return found


def read_number(path, key):
    with open(path) as f:
        return int(re.search(r"^%s:\s*(\d+)" % key, f.read(), re.M).group(1))


def woken(pid):
    return sum(read_number(path, "voluntary_ctxt_switches")
               for p in family(pid) for path in glob.glob("/proc/%d/task/*/status" % p))


def cpu(pid):
    total = 0
    for p in family(pid):
        with open("/proc/%d/stat" % p) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        total += int(fields[11]) + int(fields[12])
    return total / os.sysconf("SC_CLK_TCK")


def memory(pid, key):
    return sum(read_number("/proc/%d/smaps_rollup" % p, key) for p in family(pid)) / 1024


class Console:
    """A program in a terminal of 80 x 24 that is read at once."""

    def __init__(self, command, env, cwd):
        self.fd, slave = pty.openpty()
        subprocess.run(["stty", "rows", "24", "cols", "80"], stdin=slave, check=True)
        env = dict(env, TERM="xterm-256color")
        env.pop("OFFHOOK_KEEP_STDERR", None)
        self.began = time.monotonic()
        self.process = subprocess.Popen(command, env=env, cwd=cwd, stdin=slave, stdout=slave, stderr=slave,
                                        start_new_session=True)
        os.close(slave)
        self.pid = self.process.pid
        self.shown = b""
        self.condition = threading.Condition()
        threading.Thread(target=self._read, daemon=True).start()

    def _read(self):
        while True:
            try:
                data = os.read(self.fd, 65536)
            except OSError:
                return
            with self.condition:
                self.shown += data
                self.last = time.monotonic()
                self.condition.notify_all()

    def wait(self, *patterns):
        """Milliseconds from the start until all PATTERNS have been written."""
        end = time.monotonic() + offhook.DEADLINE
        with self.condition:
            while not all(re.search(p, self.shown) for p in patterns):
                left = end - time.monotonic()
                assert left > 0, "%r did not come: %r" % (patterns, self.shown[-3000:])
                self.condition.wait(left)
            return (self.last - self.began) * 1000

    def forget(self):
        with self.condition:
            self.shown = b""

    def count(self, seconds):
        """Bytes that come in that time."""
        end = time.monotonic() + seconds
        with self.condition:
            before = len(self.shown)
            while end > time.monotonic():
                self.condition.wait(end - time.monotonic())
            return len(self.shown) - before

    def type(self, text):
        os.write(self.fd, text.encode())

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()


# --- the two phones ---------------------------------------------------------------------------


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Offhook(Console):
    name = "offhook"

    def __init__(self, speech=None, codec=None, meters=True, home=None):
        self.home = home or offhook.Home()
        self.port = free_port()
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:%d\nset meters %s\naccount add work sip:me@127.0.0.1 "
                                   "register=no\n" % (self.port, "yes" if meters else "no"))
        audio = ["--audio=file:%s," % speech[48000, 1]] if speech else ["--audio=null"]
        self.codec = codec
        super().__init__([offhook.PROGRAM, "-c", rc, *audio], self.home.env, self.home.path)

    def ready(self):
        """Status bar with account, driver and clock (a terminal's very last cell is written with wrapping off)."""
        return self.wait(rb"me@127", rb"sound: \w+", rb"\d\d:\d(\x1b\[\?7l)?\d")

    def dial(self, uri):
        self.type(":dial %s codecs=%s\r" % (uri, self.codec))
        self.wait(rb"talking")

    def close(self, remove=True):
        super().close()
        if remove:
            self.home.remove()


class Baresip(Console):
    name = "baresip"

    def __init__(self, speech=None, codec=None, template=False, home=None):
        self.home = home or offhook.Home()
        folder = self.home.file("b")
        self.port = free_port()
        if home:
            with open(self.home.file("b/config")) as f:
                self.port = int((re.findall(r"(?m)^sip_listen\s+\S+:(\d+)", f.read()) + [0])[0])
        elif template: # what its first start writes, as its users have it
            first = Console([BARESIP, "-f", folder], self.home.env, self.home.path)
            first.wait(rb"is ready")
            first.close()
        else:
            name, rate, channels = CODECS[codec or "opus"]
            source = speech[rate, channels] if speech else "/dev/null"
            self.home.write("b/config", "\n".join([
                "poll_method epoll", "sip_listen 127.0.0.1:%d" % self.port, "net_interface 127.0.0.1",
                "audio_source aufile,%s" % source, "audio_player aubridge,nil", "audio_alert aubridge,nil",
                "module_path " + MODULES,
                *("module %s.so" % m for m in ("stdio", "aufile", "aubridge", "opus", "g711", "account", "menu")), ""]))
            self.home.write("b/contacts", "")
        self.home.write("b/accounts", "<sip:me@127.0.0.1>;regint=0;answermode=manual;audio_codecs=%s\n" % (
            CODECS[codec][0] if codec else "opus/48000/2,pcmu"))
        super().__init__([BARESIP, "-f", folder], self.home.env, self.home.path)

    def ready(self):
        return self.wait(rb"baresip is ready")

    def dial(self, uri):
        self.type("/dial %s\r" % uri)
        self.wait(rb"Call established")

    def close(self, remove=True):
        super().close()
        if remove:
            self.home.remove()


PHONES = [Offhook] + ([Baresip] if BARESIP and MODULES else [])


# --- figures ---------------------------------------------------------------------------------------

table = []


def row(figure, unit, values, floor=None, below=None):
    """VALUES by the phone's name, each a list. The floor: a number, or BELOW, another phone's median."""
    mine = statistics.median(values["offhook"])
    limit = floor if floor is not None else below
    verdict = "" if limit is None else "holds" if mine <= limit else "DOES NOT HOLD"
    table.append(verdict)

    def cell(name):
        v = values.get(name)
        if not v:
            return "-"
        spread = " (%.1f-%.1f)" % (min(v), max(v)) if len(v) > 1 else ""
        return "%.1f%s" % (statistics.median(v), spread)
    print("| %-44s | %-6s | %-20s | %-20s | %-10s | %s |" % (
        figure, unit, cell("offhook"), cell("baresip"),
        "" if limit is None else "%s%.0f" % ("" if floor is not None else "baresip ", limit), verdict))
    sys.stdout.flush()


def starts():
    times = {"offhook": [], "baresip": []}
    lean = {"baresip": []}
    kinds = [(Offhook, {}, times)]
    if len(PHONES) > 1:
        kinds += [(Baresip, {"template": True}, times), (Baresip, {}, lean)]
    firsts = []
    for phone, kwargs, where in kinds:
        # the very first start makes files: not one of those that count
        first = phone(**kwargs)
        first.ready()
        first.close(remove=False)
        firsts.append((phone, first.home, where))
    # one after the other, so that a machine that is busy for a while is so for each
    for _ in range(RUNS):
        for phone, home, where in firsts:
            p = phone(home=home)
            where[phone.name].append(p.ready())
            p.close(remove=False)
    for _, home, _ in firsts:
        home.remove()
    row("start to complete screen / to ready", "ms", times,
        below=statistics.median(times["baresip"]) if times["baresip"] else None)
    if lean["baresip"]:
        row("the same, baresip with seven modules only", "ms", {"offhook": times["offhook"], **lean})


def wait_for_a_quiet_minute(seconds):
    """The clock moves with the minute: the wait that follows has none in it, if it is short enough."""
    left = 60 - time.time() % 60
    if left < seconds + 1 and seconds < 50:
        select.select([], [], [], left + 1)


def idle():
    figures = {k: {} for k in ("rss", "pss", "woken", "bytes")}
    phones = [P() for P in PHONES]
    for p in phones:
        p.ready()
    for p in phones:
        p.count(1)
    wait_for_a_quiet_minute(IDLE)
    before = [(woken(p.pid), len(p.shown)) for p in phones]
    phones[0].count(IDLE)
    for p, (w, n) in zip(phones, before):
        figures["woken"][p.name] = [woken(p.pid) - w]
        figures["bytes"][p.name] = [len(p.shown) - n]
        figures["rss"][p.name] = [memory(p.pid, "Rss")]
        figures["pss"][p.name] = [memory(p.pid, "Pss")]
    for p in phones:
        p.close()
    row("resident, idle, with helpers (RSS)", "MB", figures["rss"], floor=12)
    row("of that its own share (PSS)", "MB", figures["pss"])
    row("woken in %d s idle, all threads" % IDLE, "times", figures["woken"], floor=1)
    row("bytes to the terminal in %d s idle" % IDLE, "bytes", figures["bytes"], floor=0)


def invite_to_180(phone, peer, n):
    """Milliseconds from sending an INVITE to receiving its 180; the call is then cancelled."""
    to = ("127.0.0.1", phone.port)
    uri = "sip:me@127.0.0.1:%d" % phone.port
    head = ("Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKbench%d\r\nFrom: <%s>;tag=f%d\r\nTo: <%s>%s\r\n"
            "Call-ID: bench%d\r\nMax-Forwards: 70\r\n")
    plain = head % (peer.port, n, peer.uri(), n, uri, "", n)
    body = peer.sdp()
    phone.count(0.05) # what the last one left to do is done
    began = time.monotonic()
    peer.send("INVITE %s SIP/2.0\r\n%sCSeq: 1 INVITE\r\nContact: <%s>\r\nContent-Type: application/sdp\r\n"
              "Content-Length: %d\r\n\r\n%s" % (uri, plain, peer.uri(), len(body), body), to)
    answer = peer.receive("SIP/2.0 180")
    taken = (time.monotonic() - began) * 1000
    assert answer.get("Call-ID") == "bench%d" % n
    peer.send("CANCEL %s SIP/2.0\r\n%sCSeq: 1 CANCEL\r\nContent-Length: 0\r\n\r\n" % (uri, plain), to)
    final = peer.receive("SIP/2.0 487")
    peer.send("ACK %s SIP/2.0\r\n%sCSeq: 1 ACK\r\nContent-Length: 0\r\n\r\n" % (
        uri, plain.replace("To: <%s>" % uri, "To: " + final.get("To"))), to)
    return taken


def ringing():
    times = {}
    for phone in PHONES:
        p = phone()
        p.ready()
        with offhook.Peer() as peer:
            times[p.name] = [invite_to_180(p, peer, n) for n in range(CALLS)]
        p.close()
    row("INVITE to 180 on the loopback", "ms", times, floor=2)
    row("the slowest but one in twenty of these (p95)", "ms",
        {k: [sorted(v)[int(len(v) * 0.95)]] for k, v in times.items()})


def calls(speech):
    exchange = subprocess.Popen([os.path.join(offhook.BUILD, "tests", "exchange_alone")], stdin=subprocess.PIPE,
                                stdout=subprocess.PIPE)
    echo = "sip:echo@127.0.0.1:%d" % int(exchange.stdout.readline())
    figures = {k: {} for k in ("rss", "pss", "opus", "PCMU", "hidden", "shown")}

    def call(p, measure):
        p.ready()
        p.dial(echo)
        p.count(2)
        measure(p)
        p.close()

    def hidden(p):
        figures["hidden"][p.name] = [p.count(TALK) / TALK]

    def everything(p):
        before = cpu(p.pid)
        n = p.count(TALK)
        figures[p.codec][p.name] = [(cpu(p.pid) - before) * 100 / TALK]
        if p.codec == "opus":
            figures["shown"][p.name] = [n / TALK]
            figures["rss"][p.name] = [memory(p.pid, "Rss")]
            figures["pss"][p.name] = [memory(p.pid, "Pss")]

    call(Offhook(speech, "opus", meters=False), hidden)
    for codec in CODECS:
        for phone in PHONES:
            p = phone(speech, codec)
            p.codec = codec
            call(p, everything)
    if "baresip" in figures["shown"]:
        figures["hidden"]["baresip"] = figures["shown"]["baresip"]
    exchange.stdin.close()
    exchange.wait(5)
    exchange.stdout.close()
    row("in a call: bytes a second, meters hidden", "bytes", figures["hidden"], floor=60)
    row("in a call: bytes a second, meters shown", "bytes", {"offhook": figures["shown"]["offhook"]}, floor=600)
    row("in a call: CPU, Opus 48 kHz", "%", figures["opus"])
    row("in a call: CPU, PCMU", "%", figures["PCMU"])
    row("in a call: resident, Opus (RSS)", "MB", figures["rss"])
    row("of that its own share (PSS)", "MB", figures["pss"])


def completion(home):
    """Milliseconds of the processor for each key, with 50,000 contacts and 5,000 calls in the history."""
    program = os.path.join(offhook.BUILD, "tests", "complete_alone")
    out = subprocess.run([program, home.path, "50000", "5000"], stdout=subprocess.PIPE, text=True, check=True).stdout
    times = {}
    for line in out.splitlines():
        what, value = line.split()
        times.setdefault(what, []).append(float(value))
    row("completion: a key, 50,000 contacts", "ms CPU", {"offhook": times["key"]})
    row("the slowest of these %d keys" % len(times["key"]), "ms CPU", {"offhook": [max(times["key"])]}, floor=10)
    row("reading them: the loop's longest wait", "ms CPU", {"offhook": times["step"]}, floor=50)


def control():
    gaps = []
    for _ in range(3):
        with offhook.Peer() as peer, offhook.Phone("--audio=null") as phone:
            path = phone.ready()["control"]
            phone.command("dial " + peer.uri())
            peer.reply(peer.receive("INVITE"), 200, "OK", body=peer.sdp())
            peer.receive("ACK")
            phone.wait("call", state="established")
            gaps.append(1000 * max(talk_during_a_call(path, peer)[1]))
    row("longest gap of RTP, 1,000 commands a second", "ms", {"offhook": gaps}, floor=60)


def make_speech(home):
    """The same words for both: by (rate, channels), as baresip's file source takes only what its codec has."""
    files = {}
    path = files[48000, 1] = home.file("speech.wav")
    offhook.make_speech(path, TALK + 10, seed=7)
    with wave.open(path, "rb") as w:
        data = w.readframes(w.getnframes())
    for rate, channels in ((48000, 2), (8000, 1)):
        files[rate, channels] = home.file("speech-%d.wav" % rate)
        step = 2 * (48000 // rate)
        with wave.open(files[rate, channels], "wb") as w:
            w.setnchannels(channels)
            w.setsampwidth(2)
            w.setframerate(rate)
            w.writeframes(b"".join(data[i:i + 2] * channels for i in range(0, len(data), step)))
    return files


def versions():
    text = subprocess.run([offhook.PROGRAM, "--version"], stdout=subprocess.PIPE, text=True).stdout.replace("\n", "; ")
    if len(PHONES) > 1:
        r = subprocess.run([BARESIP, "-h"], stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
        text += (re.findall(r"baresip v\S+", r.stdout) + ["baresip"])[0]
    else:
        text += "baresip is not installed: its column is empty"
    print(time.strftime("%Y-%m-%d: ") + text + "\n")


def main():
    home = offhook.Home()
    try:
        versions()
        print("| %-44s | %-6s | %-20s | %-20s | %-10s | %s |" % ("figure", "unit", "offhook", "baresip", "floor", "verdict"))
        print("| --- | --- | --- | --- | --- | --- |")
        starts()
        ringing()
        idle()
        calls(make_speech(home))
        completion(home)
        control()
    finally:
        home.remove()
    broken = sum(v == "DOES NOT HOLD" for v in table)
    print("\n%d of %d floors hold" % (sum(v == "holds" for v in table), sum(v != "" for v in table)))
    return 1 if broken and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
