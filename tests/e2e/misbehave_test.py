"""Peers that do not keep to the rules, as caller and as callee, over UDP and TCP: the phone lives, each call of it ends,
and nothing is left of any."""

import os
import re
import select
import struct
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import flooding  # noqa: E402
import offhook  # noqa: E402
sys.path.insert(0, os.path.join(offhook.SOURCE, "tests"))
import sip_agent  # noqa: E402
from sip_agent import sdp  # noqa: E402

sip_agent.LIMIT = offhook.DEADLINE
DIALOG_BURST = 40  # requests within a dialog at once: src/sip/source.h
AGENT = os.path.join(offhook.BUILD, "tests", "sip_agent")
UNDER = os.environ.get("OFFHOOK_TEST_UNDER", "").split()
BROKEN = "v=0\r\no=x\r\nm=audio nonsense\r\nc=IN IP9 nowhere\r\n"


class Streams(sip_agent.Peer):
    """A peer that, over TCP, reads from its own connection and from those that the other side makes."""

    def connect(self):
        super().connect()
        self.rests[self.stream] = b""

    @property
    def rests(self):
        return self.__dict__.setdefault("_rests", {})

    def recv(self, limit=sip_agent.LIMIT):
        if not self.tcp:
            return super().recv(limit)
        end = time.monotonic() + limit
        while True:
            for stream, rest in self.rests.items():
                head, found, body = rest.partition(b"\r\n\r\n")
                length = int(re.search(rb"Content-Length: *(\d+)", head).group(1)) if found else 0
                if found and len(body) >= length:
                    self.rests[stream] = body[length:]
                    self.stream = stream
                    return sip_agent.Message(head + found + body[:length], None)
            ready = select.select([self.s, *self.rests], [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                return None
            for s in ready:
                if s is self.s:
                    self.rests[s.accept()[0]] = b""
                    continue
                data = s.recv(65536)
                self.rests[s] += data
                if not data:
                    del self.rests[s]

    def close(self):
        for stream in self.rests:
            stream.close()
        super().close()


class Fellow(Streams):
    """A scripted peer of the whole phone."""

    number = 0

    def __init__(self, phone, tcp):
        self.phone = phone
        self.udp_address, self.tcp_address = phone.address("udp"), phone.address("tcp")
        self.port = None
        super().__init__(self, tcp)

    @property
    def tcp_port(self):
        return self.tcp_address[1]

    def send(self, text):
        if self.tcp:
            if not self.stream:
                self.connect()
            self.stream.sendall(text.encode())
        else:
            self.s.sendto(text.encode(), self.udp_address)

    def do(self, *_):
        """What the phone has been told by now it has done: it has answered."""
        self.phone.command("echo done")

    # --- calls -------------------------------------------------------------------------

    def called(self, **answer):
        """A call of the phone, of which the INVITE has come."""
        self.phone.command("dial " + self.uri + (";transport=tcp" if self.tcp else ""))
        self.call = self.phone.wait("call", state="calling")["call"]
        invite = self.expect("INVITE")
        self.media = int(re.search(r"m=audio (\d+)", invite.body).group(1))
        return invite

    def up(self, tag="bob"):
        invite = self.called()
        self.reply(invite, 200, "OK", tag=tag, body=sdp())
        self.expect("ACK")
        self.phone.wait("call", state="established", call=self.call)
        return invite

    def calls(self, body=None, call_id=None, from_=None):
        """A call to the phone, which rings."""
        Fellow.number += 1
        self.id = call_id or "misbehaving-%d" % Fellow.number
        self.from_ = from_ or "<sip:bob@127.0.0.1>;tag=bob"
        self.branch_used = self.ask("INVITE", 1, body=sdp() if body is None else body)
        ringing = self.expect(180)
        self.to = ringing["To"]
        self.call = self.phone.wait("call", state="ringing", direction="in")["call"]

    def ask(self, method, cseq, to=None, **more):
        more.setdefault("uri", "sip:me@127.0.0.1:%d" % self.udp_address[1])
        return self.request(method, cseq, to=to or "<sip:me@127.0.0.1>", from_=self.from_, call_id=self.id, **more)

    def answered(self, **more):
        self.calls(**more)
        self.phone.command("answer %d" % self.call)
        ok = self.expect(200)
        self.phone.wait("call", state="established", call=self.call)
        return ok

    def closed(self, **how):
        return self.phone.wait("call", state="closed", call=self.call, **how)

    def bye(self, cseq):
        """Ends a call that the peer made."""
        self.ask("BYE", cseq, to=self.to)
        self.code_of(cseq, "BYE", 200)
        self.closed(ended_by="them")

    def code_of(self, cseq, method, *wanted):
        """The answer to that request; others are passed over."""
        end = time.monotonic() + offhook.DEADLINE
        while time.monotonic() < end:
            m = self.recv(max(0, end - time.monotonic()))
            if m and m.code > 100 and m["CSeq"] == "%d %s" % (cseq, method):
                assert m.code in wanted, (m.start, wanted)
                return m
        raise AssertionError("no answer to %d %s" % (cseq, method))

    def hang_up(self, tag="bob"):
        self.phone.command("hangup %d" % self.call)
        bye = self.expect("BYE")
        assert bye.tag("To") == tag
        self.reply(bye, 200, "OK")
        self.closed(ended_by="us")


# --- as callee --------------------------------------------------------------------------------


def out_200_twice(p):
    invite = p.up()
    p.reply(invite, 200, "OK", body=sdp())
    again = p.expect("ACK")
    assert again.tag("To") == "bob"
    p.hang_up()


def out_200_of_another(p):
    invite = p.up()
    for tag in ("eve", "eve", "mallory"):
        p.reply(invite, 200, "OK", tag=tag, body=sdp())
    acks, byes = [], []
    while len(acks) < 3 or len(set(byes)) < 2:
        m = p.recv()
        assert m, (acks, byes)
        {"ACK": acks, "BYE": byes}[m.method].append(m.tag("To"))
        if m.method == "BYE":
            p.reply(m, 200, "OK")
    assert sorted(acks) == ["eve", "eve", "mallory"] and set(byes) == {"eve", "mallory"}, (acks, byes)
    p.hang_up()


def out_final_twice(p):
    invite = p.called()
    p.reply(invite, 486, "Busy")
    p.expect("ACK")
    p.closed(code=486)
    p.reply(invite, 200, "OK", body=sdp())
    p.reply(invite, 603, "Decline")
    p.reply(invite, 486, "Busy")


def out_refusal_after_200(p):
    invite = p.up()
    p.reply(invite, 486, "Busy")
    p.reply(invite, 180, "Ringing")
    p.hang_up()


def out_many_early(p):
    invite = p.called()
    for i in range(200):
        if i % 20 == 0:
            p.do()  # no more than a socket holds
        p.reply(invite, 180 + i % 4, "Ringing", tag="t%d" % i, body=sdp(port=4000 + 2 * i) if i % 2 else "")
    p.reply(invite, 200, "OK", body=sdp())
    p.expect("ACK")
    p.hang_up()


def out_rtp_before_200(p):
    invite = p.called()
    with offhook.Peer() as media:
        for i in range(50):
            media.media.sendto(struct.pack("!BBHII", 0x80, 0, i, i * 160, 7) + b"\xff" * 160, ("127.0.0.1", p.media))
        p.reply(invite, 200, "OK", body=sdp(port=media.media_port))
        p.expect("ACK")
        p.phone.wait("call", state="established", call=p.call)
        p.hang_up()


def out_200_without_sdp(p):
    for body in ("", BROKEN):
        invite = p.called()
        p.reply(invite, 200, "OK", body=body)
        p.expect("ACK")
        p.reply(p.expect("BYE"), 200, "OK")
        p.closed()


def out_200_without_contact(p):
    invite = p.called()
    p.reply(invite, 200, "OK", body=sdp(), contact=False)
    p.phone.command("hangup %d" % p.call)
    p.closed()


def out_bye_before_200(p):
    invite = p.called()
    p.reply(invite, 180, "Ringing")
    p.phone.wait("call", state="ringing", call=p.call)
    p.within("BYE", 1, invite)
    p.code_of(1, "BYE", 200, 481)
    p.reply(invite, 487, "Gone")
    p.closed()


def out_bye_twice(p):
    invite = p.up()
    p.within("BYE", 1, invite)
    p.code_of(1, "BYE", 200)
    p.closed(ended_by="them")
    p.within("BYE", 2, invite)
    p.code_of(2, "BYE", 481)


def out_cseq_backwards(p):
    invite = p.up()
    p.within("OPTIONS", 50, invite)
    p.code_of(50, "OPTIONS", 200)
    p.within("BYE", 7, invite)
    p.code_of(7, "BYE", 500)
    p.within("INVITE", 50, invite, body=sdp())
    p.code_of(50, "INVITE", 500)
    p.within("BYE", 51, invite)
    p.code_of(51, "BYE", 200)
    p.closed(ended_by="them")


def storm(p, send, body):
    """Answers to 300 INVITEs within the call at once; the first CSeq that is free after them."""
    for i in range(300):
        send("INVITE", 100 + i, body)
    p.do()
    codes, seen = {}, set()
    while True:
        m = p.recv(0.3)
        if m is None:
            break
        if m.code > 100 and m["CSeq"].endswith("INVITE") and m["CSeq"] not in seen:
            seen.add(m["CSeq"])
            codes[m.code] = codes.get(m.code, 0) + 1
    assert set(codes) <= {200, 500, 491, 503}, codes
    assert codes.get(200, 0) == 1, codes  # the others come while its ACK is waited for
    assert sum(n for c, n in codes.items() if c != 503) <= DIALOG_BURST + 25, codes
    return 400


def out_storm(p):
    invite = p.up()
    cseq = storm(p, lambda method, n, body: p.within(method, n, invite, body=body), sdp())
    p.within("BYE", cseq, invite)
    p.code_of(cseq, "BYE", 200)
    p.closed(ended_by="them")


def out_unexpected(p):
    invite = p.up()
    for n, method in enumerate(("PRACK", "UPDATE", "SUBSCRIBE", "REGISTER", "FOO"), 1):
        p.within(method, n, invite, headers=["RAck: 1 1 INVITE"] if method == "PRACK" else ())
        # without an Event a subscription is to nothing
        p.code_of(n, method, *((400,) if method == "SUBSCRIBE" else (405, 501)))
    p.within("CANCEL", 9, invite)
    p.code_of(9, "CANCEL", 405, 481)
    p.hang_up()


def out_answers_to_nothing(p):
    invite = p.called()
    for i, code in enumerate((100, 180, 200, 302, 401, 486, 603)):
        for method in ("INVITE", "BYE", "CANCEL", "ACK", "FOO"):
            p.finish(["SIP/2.0 %d So" % code,
                      "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKnobody%d" % (p.udp_address[1], i),
                      "From: " + invite["From"], "To: " + invite["To"] + ";tag=x", "Call-ID: " + (
                          invite["Call-ID"] if i % 2 else "nobody"), "CSeq: %d %s" % (i, method),
                      "Contact: <%s>" % p.uri])
    p.reply(invite, 486, "Busy")
    p.expect("ACK")
    p.closed(code=486)


# --- as caller -----------------------------------------------------------------------------------


def in_cancel_after_200(p):
    ok = p.answered()
    p.ask("CANCEL", 1, branch=p.branch_used)
    p.code_of(1, "CANCEL", 200, 481)
    p.ask("ACK", 1, to=ok["To"])
    p.bye(2)


def in_cancel_twice(p):
    p.calls()
    for _ in range(2):
        p.ask("CANCEL", 1, branch=p.branch_used)
        p.code_of(1, "CANCEL", 200)
    p.closed(ended_by="them")
    p.ask("ACK", 1, to=p.to, branch=p.branch_used)


def in_cancel_of_nothing(p):
    p.id, p.from_ = "nothing", "<sip:bob@127.0.0.1>;tag=bob"
    p.ask("CANCEL", 1)
    p.code_of(1, "CANCEL", 481)
    p.ask("ACK", 1, to="<sip:me@127.0.0.1>;tag=nothing")
    p.ask("BYE", 2, to="<sip:me@127.0.0.1>;tag=nothing")
    p.code_of(2, "BYE", 481)


def in_bye_before_ack(p):
    ok = p.answered()
    p.bye(2)
    p.ask("ACK", 1, to=ok["To"])
    p.none(200)  # which is not repeated any more


def in_bye_while_ringing(p):
    p.calls()
    p.ask("BYE", 2, to=p.to)
    p.code_of(2, "BYE", 200)
    p.closed(ended_by="them")
    p.ask("ACK", 1, to=p.to, branch=p.branch_used)


def in_bye_twice(p):
    p.ask("ACK", 1, to=p.answered()["To"])
    p.bye(2)
    p.ask("BYE", 3, to=p.to)
    p.code_of(3, "BYE", 481)


def in_same_call_id(p):
    """Another From tag makes it another call."""
    p.calls(call_id="the-same")
    first, first_to, first_branch = p.call, p.to, p.branch_used
    p.calls(call_id="the-same", from_="<sip:bob@127.0.0.1>;tag=other")
    assert p.call != first
    p.ask("CANCEL", 1, branch=p.branch_used)
    p.closed(ended_by="them")
    p.ask("ACK", 1, to=p.to, branch=p.branch_used)
    p.call, p.from_ = first, "<sip:bob@127.0.0.1>;tag=bob"
    p.ask("CANCEL", 1, branch=first_branch)
    p.closed(ended_by="them")
    p.ask("ACK", 1, to=first_to, branch=first_branch)


def in_merged(p):
    """The same request by another way: one call, and it rings once."""
    p.calls()
    p.ask("INVITE", 1, body=sdp())
    p.code_of(1, "INVITE", 482)
    p.ask("INVITE", 1, body=sdp(), uri="sip:me@127.0.0.1:%d;by=another" % p.udp_address[1])
    p.code_of(1, "INVITE", 482)
    p.ask("CANCEL", 1, branch=p.branch_used)
    p.closed(ended_by="them")
    p.ask("ACK", 1, to=p.to, branch=p.branch_used)


def in_cseq_backwards(p):
    p.ask("ACK", 1, to=p.answered()["To"])
    p.ask("OPTIONS", 9, to=p.to)
    p.code_of(9, "OPTIONS", 200)
    p.ask("INVITE", 2, to=p.to, body=sdp())
    p.code_of(2, "INVITE", 500)
    p.bye(10)


def in_storm(p):
    p.ask("ACK", 1, to=p.answered()["To"])
    p.bye(storm(p, lambda method, n, body: p.ask(method, n, to=p.to, body=body), sdp()))


def in_reinvite_without_sdp(p):
    p.ask("ACK", 1, to=p.answered()["To"])
    p.ask("INVITE", 2, to=p.to)
    offer = p.code_of(2, "INVITE", 200)
    assert "m=audio" in offer.body
    p.ask("ACK", 2, to=p.to, body=sdp())
    p.bye(3)


def in_ack_with_broken_sdp(p):
    ok = p.answered(body="")
    p.ask("ACK", 1, to=ok["To"], body=BROKEN)
    p.reply(p.expect("BYE"), 200, "OK")
    p.closed()


def in_reinvite_ack_with_broken_sdp(p):
    p.ask("ACK", 1, to=p.answered()["To"])
    p.ask("INVITE", 2, to=p.to)
    p.code_of(2, "INVITE", 200)
    p.ask("ACK", 2, to=p.to, body=BROKEN)
    p.reply(p.expect("BYE"), 200, "OK")
    p.closed()


def in_unexpected(p):
    p.calls()
    for n, method in enumerate(("PRACK", "UPDATE", "INFO", "REFER", "FOO"), 2):
        p.ask(method, n, to=p.to)
        p.code_of(n, method, 405, 501)
    p.ask("INVITE", 8, to=p.to, body=sdp())  # before the first has its answer
    p.code_of(8, "INVITE", 500, 491)
    p.phone.command("reject")
    p.closed()
    p.ask("ACK", 1, to=p.to, branch=p.branch_used)


SCENARIOS = [(name, f) for name, f in list(globals().items()) if name.startswith(("out_", "in_"))]


class Misbehaving(unittest.TestCase):
    def run_all(self, tcp):
        home = offhook.Home()
        self.addCleanup(home.remove)
        rc = home.write("rc", "set sip-listen 127.0.0.1:0\nset tone-seconds 0\n"
                              "account add me sip:me@127.0.0.1:9 register=no\n")
        with offhook.Phone("-c", rc, "--audio=null", home=home, under=UNDER) as phone:
            phone.ready()
            # what is opened once is there
            for f in (out_200_twice, in_cancel_twice):
                self.one(phone, f, tcp)
            before = flooding.descriptors(phone)
            for name, f in SCENARIOS:
                with self.subTest(name):
                    self.one(phone, f, tcp)
            self.check_idle(phone, before)
            phone.send("quit")
            self.assertEqual(phone.exit_status(), 0)

    def one(self, phone, f, tcp):
        p = Fellow(phone, tcp)
        try:
            f(p)
            self.assertEqual(self.open_calls(phone), set())
        finally:
            for call in self.open_calls(phone):
                phone.command("hangup %d" % call)
            p.close()

    @staticmethod
    def open_calls(phone):
        last = {e["call"]: e["state"] for e in phone.any("call")}
        return {call for call, state in last.items() if state != "closed"}

    def check_idle(self, phone, before):
        """No call, no descriptor too many: connections that the other side has closed go at once."""
        self.assertEqual(self.open_calls(phone), set())
        end = time.monotonic() + offhook.DEADLINE
        while flooding.descriptors(phone) > before and time.monotonic() < end:
            phone.command("echo settled")
        self.assertLessEqual(flooding.descriptors(phone), before)
        # and it still does its work
        self.one(phone, out_200_twice, False)

    def test_over_udp(self):
        self.run_all(False)

    def test_over_tcp(self):
        self.run_all(True)


class Silent(unittest.TestCase):
    """What takes 32 seconds, on the user agent alone with a clock of its own."""

    def test_the_ack_never_comes(self):
        for tcp in (False, True):
            with self.subTest(tcp=tcp):
                a = sip_agent.Agent(program=AGENT)
                p = Streams(a, tcp)
                try:
                    if tcp:
                        p.connect()
                    p.request("INVITE", 1, body=sdp())
                    call = int(a.expect("incoming").split()[1])
                    a.do("answer %d" % call)
                    p.expect(200)
                    for _ in range(33):
                        a.advance(1000)
                    a.expect("closed %d network 408" % call)
                    bye = p.expect("BYE")
                    for _ in range(40):  # nor is that one answered
                        a.advance(1000)
                    self.assertIn("SIP;cause=408", bye["Reason"])
                    a.do("busy")
                    self.assertEqual(a.expect("busy"), "busy 0")
                    a.close()
                finally:
                    p.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
