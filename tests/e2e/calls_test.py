"""Calls one after the other, ended in every way: neither memory nor descriptors grow. tests/bench/endurance.py does the
same for long."""

import os
import select
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import flooding  # noqa: E402
import offhook  # noqa: E402
from misbehave_test import AGENT, UNDER, Fellow, Streams, sdp, sip_agent  # noqa: E402

CALLS = int(os.environ.get("OFFHOOK_TEST_CALLS", "140"))
GROWTH = 300  # bytes a call, of the user agent alone: what a call holds are kilobytes


# --- each way in which a call of the whole phone ends ----------------------------------------


def in_ended_by_them(p):
    p.ask("ACK", 1, to=p.answered()["To"])
    p.bye(2)


def in_ended_by_us(p):
    ok = p.answered()
    p.ask("ACK", 1, to=ok["To"])
    p.phone.command("hangup %d" % p.call)
    p.reply(p.expect("BYE"), 200, "OK")
    p.closed(ended_by="us")


def in_refused(p):
    p.calls()
    p.phone.command("reject")
    final = p.expect(486)
    p.ask("ACK", 1, to=final["To"], branch=p.branch_used)
    p.closed()


def in_cancelled(p):
    p.calls()
    p.ask("CANCEL", 1, branch=p.branch_used)
    final = p.expect(487)
    p.ask("ACK", 1, to=final["To"], branch=p.branch_used)
    p.closed(ended_by="them")


def out_ended_by_them(p):
    invite = p.up()
    p.within("BYE", 1, invite)
    p.code_of(1, "BYE", 200)
    p.closed(ended_by="them")


def out_ended_by_us(p):
    p.up()
    p.hang_up()


def out_refused(p):
    p.reply(p.called(), 486, "Busy")
    p.expect("ACK")
    p.closed(code=486)


def out_cancelled(p):
    invite = p.called()
    p.reply(invite, 180, "Ringing")
    p.phone.wait("call", state="ringing", call=p.call)
    p.phone.command("hangup %d" % p.call)
    cancel = p.expect("CANCEL")
    p.reply(cancel, 200, "OK")
    p.reply(invite, 487, "Gone")
    p.expect("ACK")
    p.closed(ended_by="us")


WAYS = [f for name, f in list(globals().items()) if name.startswith(("in_", "out_"))]


def start(tcp=False):
    home = offhook.Home()
    rc = home.write("rc", "set sip-listen 127.0.0.1:0\nset tone-seconds 0\n"
                          "account add me sip:me@127.0.0.1:9 register=no\n")
    phone = offhook.Phone("-c", rc, "--audio=null", home=home, under=UNDER)
    phone.ready()
    return phone, Fellow(phone, tcp)


def one_after_the_other(p, calls, report=None):
    """Makes so many with the fellow P. REPORT(n) is called after each."""
    phone = p.phone
    began = time.monotonic()
    pause = select.poll()
    for n in range(calls):
        # half of them come in, and a source may not call more often than 30 times a second (src/sip/source.h)
        pause.poll(max(0, (n / 50 - 2 - (time.monotonic() - began)) * 1000))
        try:
            WAYS[n % len(WAYS)](p)
        except AssertionError as e:
            raise AssertionError("call %d, %s: %s" % (n, WAYS[n % len(WAYS)].__name__, e))
        if report:
            report(n + 1)
        # what was said of it is not looked through again and again
        with phone.condition:
            phone.events.clear()
            phone.raw.clear()
            phone.seen = 0


class Whole(unittest.TestCase):
    """The phone, over both transports."""

    def run_calls(self, tcp):
        phone, p = start(tcp)
        self.addCleanup(phone.home.remove)
        with phone:
            one_after_the_other(p, 2 * len(WAYS))
            descriptors, memory = flooding.descriptors(phone), flooding.resident(phone)
            one_after_the_other(p, CALLS)
            self.assertEqual(flooding.descriptors(phone), descriptors)
            # transactions live for 32 s after the call; all of them together are little
            grown = flooding.resident(phone) - memory
            print("%d calls: %.1f MB" % (CALLS, grown))
            p.close()
            phone.send("quit")
            self.assertEqual(phone.exit_status(), 0)

    def test_over_udp(self):
        self.run_calls(False)

    def test_over_tcp(self):
        self.run_calls(True)


class Heap(unittest.TestCase):
    """The user agent alone, whose clock can be put forward to when all transactions have ended: what it has allocated is
    what it had."""

    def calls(self, a, p, first, count):
        for n in range(first, first + count):
            if n % 20 == 0:
                a.advance(1000)  # a source may not call more often (src/sip/source.h)
            # out: answered and ended by either, refused, cancelled
            a.do("invite 1 %s -" % p.uri)
            invite = p.expect("INVITE")
            if n % 4 == 0:
                p.reply(invite, 200, "OK", body=sdp())
                p.expect("ACK")
                a.expect("established 1")
                a.do("hangup 1")
                p.reply(p.expect("BYE"), 200)
            elif n % 4 == 1:
                p.reply(invite, 200, "OK", body=sdp())
                p.expect("ACK")
                a.expect("established 1")
                p.within("BYE", 1, invite)
                p.expect(200)
            elif n % 4 == 2:
                p.reply(invite, 486)
                p.expect("ACK")
                a.expect("response 1")
            else:
                p.reply(invite, 180)
                a.expect("progress 1")
                a.do("hangup 1")
                p.reply(p.expect("CANCEL"), 200)
                p.reply(invite, 487)
                p.expect("ACK")
            # in: the same
            name = "heap-%d" % n
            branch = p.request("INVITE", 1, body=sdp(), call_id=name)
            call = int(a.expect("incoming").split()[1])
            if n % 4 < 2:
                a.do("answer %d" % call)
                ok = p.expect(200)
                p.request("ACK", 1, to=ok["To"], call_id=name)
                a.expect("established %d" % call)
                p.request("INVITE", 2, body=sdp(), to=ok["To"], call_id=name)
                p.expect(200)
                p.request("ACK", 2, to=ok["To"], call_id=name)
                if n % 4:
                    a.do("hangup %d" % call)
                    p.reply(p.expect("BYE"), 200)
                else:
                    p.request("BYE", 3, to=ok["To"], call_id=name)
                    p.expect(200)
            elif n % 4 == 2:
                a.do("reject %d 486" % call)
                final = p.expect(486)
                p.request("ACK", 1, to=final["To"], call_id=name, branch=branch)
            else:
                p.request("CANCEL", 1, call_id=name, branch=branch)
                final = p.expect(487)
                p.request("ACK", 1, to=final["To"], call_id=name, branch=branch)
            a.expect("closed %d" % call) if n % 4 not in (1, 2) else None
            a.lines.clear()

    def heap(self, a):
        for _ in range(45):
            a.advance(1000)
        a.do("heap", None)
        return int(a.expect("heap").split()[1])

    def run_heap(self, tcp):
        a = sip_agent.Agent(program=AGENT)
        p = Streams(a, tcp)
        if tcp:
            p.connect()
            p.uri += ";transport=tcp"
        self.calls(a, p, 0, 160)  # so many that the store of messages is full
        before = self.heap(a)
        if before < 0:
            self.skipTest("the allocator tells nothing")
        self.calls(a, p, 160, CALLS)
        grown = (self.heap(a) - before) / CALLS
        print("%.1f bytes a call" % grown)
        self.assertLess(grown, GROWTH)
        p.close()
        a.close()

    def test_over_udp(self):
        self.run_heap(False)

    def test_over_tcp(self):
        self.run_heap(True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
