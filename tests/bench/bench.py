"""Figures of the whole program: `make bench`. Nothing here passes or fails; a noisy machine shows in the spread.

Each figure is the median of its runs, with the least and the greatest.
"""

import os
import pty
import select
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import offhook  # noqa: E402

RUNS = int(os.environ.get("OFFHOOK_BENCH_RUNS", "5"))
SECONDS = int(os.environ.get("OFFHOOK_BENCH_SECONDS", "10"))


def show(name, unit, values):
    print("%-52s %10.1f %s   (%.1f - %.1f)" % (name, statistics.median(values), unit, min(values), max(values)))
    sys.stdout.flush()


def status(pid, key):
    """Sum over the threads of a number in /proc/PID/task/*/status."""
    total = 0
    for task in os.listdir("/proc/%d/task" % pid):
        with open("/proc/%d/task/%s/status" % (pid, task)) as f:
            for line in f:
                if line.startswith(key + ":"):
                    total += int(line.split()[1])
    return total


def cpu(pid):
    with open("/proc/%d/stat" % pid) as f:
        fields = f.read().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def memory(pid):
    with open("/proc/%d/status" % pid) as f:
        for line in f:
            if line.startswith("VmRSS:"):
                return int(line.split()[1]) / 1024


def start():
    ready, ring = [], []
    for _ in range(RUNS):
        began = time.monotonic()
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            ready.append((time.monotonic() - began) * 1000)
            phone.command("dial ring")
            calling = phone.wait("call", state="calling")["time"]
            ring.append((phone.wait("call", state="ringing")["time"] - calling) * 1000)
    show("start to ready, registered at the exchange", "ms", ready)
    show("INVITE to 180 on the loopback", "ms", ring)


def running():
    with offhook.Phone("--demo", "--audio=null") as phone:
        phone.ready()
        pid = phone.process.pid
        show("resident, idle", "MB", [memory(pid)])
        woken = status(pid, "voluntary_ctxt_switches")
        wait(SECONDS)
        show("woken in %d s, idle, all threads" % SECONDS, "times",
             [status(pid, "voluntary_ctxt_switches") - woken])
        for codec in ("opus", "PCMU"):
            phone.command("dial echo codecs=" + codec)
            phone.wait("call", state="established")
            before = cpu(pid)
            for _ in range(SECONDS):
                phone.wait("media")
            show("CPU in a call, %s, exchange included" % codec, "% of a core", [(cpu(pid) - before) * 100 / SECONDS])
            phone.command("hangup")
            phone.wait("call", state="closed")
        show("resident, after two calls", "MB", [memory(pid)])


def wait(seconds, fd=None):
    """Lets time pass; returns how many bytes came from FD meanwhile."""
    end, count = time.monotonic() + seconds, 0
    while True:
        left = end - time.monotonic()
        if left <= 0:
            return count
        if fd in select.select([fd] if fd is not None else [], [], [], left)[0]:
            count += len(os.read(fd, 65536))


def terminal():
    for meters in ("yes", "no"):
        home = offhook.Home()
        rc = home.write("config/offhook/demo/offhookrc", "set meters %s\n" % meters)
        assert rc
        master, slave = pty.openpty()
        subprocess.run(["stty", "rows", "24", "cols", "80"], stdin=slave, check=True)
        env = dict(home.env, TERM="xterm-256color")
        env.pop("OFFHOOK_KEEP_STDERR")
        began = time.monotonic()
        process = subprocess.Popen([offhook.PROGRAM, "--demo", "--audio=null"], env=env, stdin=slave, stdout=slave,
                                   stderr=slave, start_new_session=True)
        select.select([master], [], [], offhook.DEADLINE)
        first = (time.monotonic() - began) * 1000
        wait(2, master)
        if meters == "yes":
            show("start to the first bytes of the screen", "ms", [first])
            show("bytes to the terminal in %d s, idle" % SECONDS, "", [wait(SECONDS, master)])
        os.write(master, b"decho\r")
        wait(2, master)
        show("bytes a second to the terminal in a call, meters " + meters, "", [wait(SECONDS, master) / SECONDS])
        process.terminate()
        wait(1, master)
        process.wait(5)
        os.close(master)
        os.close(slave)
        home.remove()


if __name__ == "__main__":
    start()
    running()
    terminal()
