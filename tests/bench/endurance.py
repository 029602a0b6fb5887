"""What the phone stands: floods while a call is up, and thousands of calls one after the other: `make endurance`.

Prints a table; with --check it ends with 1 when a floor is not held. OFFHOOK_BENCH_FLOOD (30) is the seconds of each
flood, OFFHOOK_BENCH_MANY (10000) the calls. It takes about twelve minutes."""

import os
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "e2e"))
import calls_test  # noqa: E402
import flooding  # noqa: E402
import offhook  # noqa: E402

FLOOD = float(os.environ.get("OFFHOOK_BENCH_FLOOD", "30"))
MANY = int(os.environ.get("OFFHOOK_BENCH_MANY", "10000"))
FLOODS = [
    ("INVITEs to nobody, one source", {}),
    ("INVITEs to nobody, 240 sources", {"sources": 240}),
    ("INVITEs to the user, one source", {"user": "me"}),
    ("INVITEs to the user, 240 sources", {"user": "me", "sources": 240}),
    ("INVITEs to nobody, 60 sources, TCP", {"sources": 60, "tcp": True}),
    ("INVITEs to the user, 60 sources, TCP", {"user": "me", "sources": 60, "tcp": True}),
    ("OPTIONS, 240 sources", {"sources": 240, "method": "OPTIONS"}),
    ("BYE, 240 sources", {"sources": 240, "method": "BYE"}),
]
broken = 0


def row(figure, unit, value, floor):
    global broken
    holds = value <= floor
    broken += not holds
    print("| %-56s | %-8s | %8.1f | %6.0f | %s |" % (figure, unit, value, floor, "holds" if holds else "DOES NOT HOLD"))
    sys.stdout.flush()


def floods():
    for name, options in FLOODS:
        phone, peer = calls_test.start()
        with phone:
            f = flooding.flooded_call(phone, seconds=FLOOD, **options)
            name = "%s: %d in %.0f s" % (name, f["sent"], FLOOD)
            row(name, "ms", f["gap"], 60)
            row("the same: more memory at most", "MB", f["grown_peak"], 10)
        peer.close()
        phone.home.remove()


def calls(tcp):
    """What the first fifth takes (transactions of 32 s, a full store of messages) is there from then on. What is allocated
    does not grow at all after that (tests/e2e/calls_test.py); what is resident does a little, in holes between blocks."""
    phone, peer = calls_test.start(tcp)
    figures = []

    def report(n):
        if n in (MANY // 5, MANY):
            figures.append((flooding.descriptors(phone), flooding.resident(phone)))

    began = time.monotonic()
    with phone:
        calls_test.one_after_the_other(peer, MANY, report)
        (fds, memory), (fds_after, memory_after) = figures
        name = "%d calls over %s in %.0f s" % (MANY, "TCP" if tcp else "UDP", time.monotonic() - began)
        row(name + ": descriptors more", "", fds_after - fds, 0)
        row("the same: memory more, after the first fifth", "MB", memory_after - memory, 5)
        peer.close()
    phone.home.remove()


def main():
    print("| %-56s | %-8s | %8s | %6s | %s |" % ("figure", "unit", "offhook", "floor", "verdict"))
    print("| --- | --- | --- | --- | --- |")
    wanted = [a for a in sys.argv[1:] if a != "--check"]
    if not wanted or "floods" in wanted:
        floods()
    if not wanted or "calls" in wanted:
        calls(False)
        calls(True)
    return 1 if broken and "--check" in sys.argv[1:] else 0


if __name__ == "__main__":
    sys.exit(main())
