"""The called phone. What it answers by itself, asked for by sipp over UDP and TCP: status, phrase, header fields; the
statements S402-1 ... are those of the table of 4xx responses that this phone owes its users. Then what is seen and heard
of calls that come: call waiting, answering by itself, withheld numbers, taking over."""

import os
import re
import socket
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
import sipp_test  # noqa: E402

HEAD = """Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=z9hG4bK-[pid]-%(branch)s
Max-Forwards: 70
From: "Bob" <sip:bob@example.org>;tag=[pid]SIPpTag00[call_number]
To: <sip:me@[remote_ip]>%(to_tag)s
Call-ID: [call_id]
CSeq: %(cseq)s %(method)s
Contact: <sip:bob@[local_ip]:[local_port];transport=[transport]>
"""
URI = "sip:me@[remote_ip]:[remote_port]"
LENGTH = "Content-Length: [len]\n"
SDP = "Content-Type: application/sdp\n"


def request(method, cseq=1, uri=URI, headers="", body="", length=LENGTH, branch=None, to_tag="", version="SIP/2.0",
            head=HEAD):
    """A message for sipp to send."""
    if body is sipp_test.SDP:
        headers += SDP
    fields = head % {"branch": branch or "%s%s" % (method, cseq), "to_tag": to_tag, "cseq": cseq, "method": method}
    return "<send><![CDATA[\n%s %s %s\n%s%s%s\n%s]]></send>" % (method, uri, version, fields, headers, length, body)


def invite(**more):
    return request("INVITE", **{"body": sipp_test.SDP, **more})


def response(code, *wanted):
    """One that must come and have WANTED in it, regular expressions: its start, then lines from their start."""
    checks = "".join('<ereg regexp="%s" search_in="msg" check_it="true" assign_to="%d"/>' % (
        w if w[0] == "^" else "[[:cntrl:]]" + w, i + 1) for i, w in enumerate(wanted))
    return '<recv response="%d"><action>%s</action></recv>%s' % (
        code, checks, "".join('<Reference variables="%d"/>' % (i + 1) for i in range(len(wanted)))) if wanted else \
        '<recv response="%d"/>' % code


MAYBE = '<recv response="100" optional="true"/><recv response="180" optional="true"/>'
RINGS = '<recv response="100" optional="true"/><recv response="180"/>'
TAGGED = "[peer_tag_param]"


def ack(cseq=1, branch=None):
    return request("ACK", cseq, to_tag=TAGGED, branch=branch or "INVITE%s" % cseq)


def refused(code, phrase, *wanted, closed=False, **more):
    """An INVITE that gets CODE; CLOSED: its connection is closed then."""
    return invite(**more) + MAYBE + response(code, "^SIP/2.0 %d %s[[:cntrl:]]" % (code, phrase), *wanted) + (
        "" if closed else ack(more.get("cseq", 1)))


def answered(method, code, phrase, *wanted, **more):
    """Another request that gets CODE."""
    return request(method, **more) + response(code, "^SIP/2.0 %d %s[[:cntrl:]]" % (code, phrase), *wanted)


def cancelled(cseq=1):
    """The end of an INVITE that rings."""
    return request("CANCEL", cseq, branch="INVITE%s" % cseq) + response(200) + response(
        487, "^SIP/2.0 487 Request Terminated[[:cntrl:]]") + ack(cseq)


def up():
    return invite(cseq=5) + MAYBE + '<recv response="200"/>' + ack(5, branch="ack")


def bye(cseq):
    return request("BYE", cseq, to_tag=TAGGED) + response(200)


ALLOW = "Allow: INVITE, ACK, CANCEL, BYE, OPTIONS"
UNKNOWN = ";tag=unknown"

# name: (scenario, commands before it, what the phone does when it rings, commands after it)
CASES = {
    "302 while calls are forwarded": (refused(302, "Moved Temporarily", "Contact: &lt;sip:eve@127.0.0.1:9&gt;"),
                                      ["forward sip:eve@127.0.0.1:9"], None, ["forward off"]),
    "400 no length": (refused(400, "Bad Content-Length", length="Content-Length: x\n", closed=True), [], None, []),
    "400 two lengths": (refused(400, "More Than One Content-Length", length="Content-Length: 5\nContent-Length: 5\n",
                                closed=True), [], None, []),
    "400 no contact": (refused(400, "Bad or Missing Contact", head=re.sub("Contact:.*\n", "", HEAD)), [], None, []),
    "400 no From": (refused(400, "Missing From", head=re.sub("From:.*\n", "", HEAD)), [], None, []),
    "400 no event": (answered("SUBSCRIBE", 400, "Missing or Bad Event"), [], None, []),
    "400 bad Replaces": (refused(400, "Bad Replaces", headers="Replaces: x\n"), [], None, []),
    "404 not one of our lines, S404-1": (refused(404, "Not Found", uri="sip:nobody@[remote_ip]:[remote_port]"),
                                         [], None, []),
    "405 S405-3": (answered("MESSAGE", 405, "Method Not Allowed", ALLOW), [], None, []),
    "405 REGISTER": (answered("REGISTER", 405, "Method Not Allowed", ALLOW), [], None, []),
    "408 Expires has run out, S408-2": (refused(408, "Request Timeout", headers="Expires: 1\n"), [], "wait", []),
    "408 ring-timeout": (refused(408, "Request Timeout"), ["set ring-timeout 1"], "wait", ["set ring-timeout 180"]),
    "414": (refused(414, "Request-URI Too Long", uri="sip:me@[remote_ip]:[remote_port];x=" + 2100 * "a"), [], None, []),
    "415": (refused(415, "Unsupported Media Type", "Accept: application/sdp", "Accept-Encoding: identity",
                    headers="Content-Type: text/plain\n", body="Hello"), [], None, []),
    "415 packed": (refused(415, "Unsupported Media Type", "Accept-Encoding: identity",
                           headers="Content-Encoding: gzip\n"), [], None, []),
    "416": (refused(416, "Unsupported URI Scheme", uri="tel:+4930901820"), [], None, []),
    "416 what libre cannot read": (refused(416, "Unsupported URI Scheme", uri="http://192.0.2.1/a/b?c"), [], None, []),
    "416 what libre is slow on": (refused(416, "Unsupported URI Scheme", uri="http://192.0.2.1/" + 200 * "a"), [], None, []),
    "420": (refused(420, "Bad Extension", "Unsupported: 100rel, magic", headers="Require: 100rel, timer, magic\n"),
            [], None, []),
    "422": (refused(422, "Session Interval Too Small", "Min-SE: 90",
                    headers="Session-Expires: 60\nSupported: timer\n"), [], None, []),
    "433 hidden, block-anonymous": (refused(433, "Anonymity Disallowed", headers="Privacy: id\n"),
                                    ["set block-anonymous yes"], None, ["set block-anonymous no"]),
    "480 do not disturb": (refused(480, "Temporarily Unavailable"), ["dnd on"], None, ["dnd off"]),
    "480 do not disturb, as 603": (refused(603, "Decline"), ["set dnd-response 603", "dnd on"], None,
                                   ["dnd off", "set dnd-response 480"]),
    "480 do not disturb, as 486": (refused(486, "Busy Here"), ["set dnd-response 486", "dnd on"], None,
                                   ["dnd off", "set dnd-response 480"]),
    "481 no such call": (answered("BYE", 481, "Call/Transaction Does Not Exist", to_tag=UNKNOWN), [], None, []),
    "481 no such INVITE": (answered("CANCEL", 481, "Call/Transaction Does Not Exist"), [], None, []),
    "481 no such dialog": (refused(481, "Call/Transaction Does Not Exist", to_tag=UNKNOWN), [], None, []),
    "481 nothing to replace": (refused(481, "Call/Transaction Does Not Exist", headers="Require: replaces\n"
                                       "Replaces: no@such;to-tag=a;from-tag=b\n"), [], None, []),
    "482 merged": (invite() + RINGS + invite(uri="sip:other@[remote_ip]:[remote_port]", branch="another") +
                   response(482, "^SIP/2.0 482 Loop Detected[[:cntrl:]]") + ack(branch="another") +
                   cancelled(), [], "wait", []),
    "486 rejected": (refused(486, "Busy Here"), [], "reject", []),
    "486 rejected, as 603": (refused(603, "Decline"), [], "reject 603", []),
    "486 all lines taken": (invite() + RINGS + refused(486, "Busy Here", cseq=2, head=HEAD.replace(
        "[call_id]", "2///[call_id]").replace("SIPpTag00", "SIPpTag01")) + cancelled(), ["set max-calls 1"], "wait",
        ["set max-calls 8"]),
    "487 the CANCEL came first, S408-3": (invite(headers="Expires: 2\n") + RINGS + cancelled(), [], "wait", []),
    "487 by setting": (refused(487, "Request Terminated", headers="Expires: 1\n"), ["set expired-response 487"], "wait",
                       ["set expired-response 408"]),
    "488": (refused(488, "Not Acceptable Here", "Warning: 305 127.0.0.1:[0-9]* .No sound format in common",
                    body=sipp_test.SDP.replace("RTP/AVP 0 101", "RTP/AVP 18"), headers=SDP), [], None, []),
    "488 no SDP": (refused(488, "Not Acceptable Here", "Warning: 399 127.0.0.1:[0-9]* .The session", body="x",
                           headers=SDP), [], None, []),
    "489 SUBSCRIBE": (answered("SUBSCRIBE", 489, "Bad Event", "Allow-Events: message-summary",
                               headers="Event: presence\n"), [], None, []),
    "489 NOTIFY": (answered("NOTIFY", 489, "Bad Event", "Allow-Events: message-summary", headers="Event: dialog\n"),
                   [], None, []),
    "491": (up() + '<recv request="INVITE"><action><ereg regexp="[0-9]+" search_in="hdr" header="CSeq:" assign_to="9"/>'
            '<ereg regexp="SIP.*" search_in="hdr" header="Via:" assign_to="8"/></action></recv><Reference variables="8,9"/>' +
            invite(cseq=6, to_tag=TAGGED) + response(491, "^SIP/2.0 491 Request Pending[[:cntrl:]]") + ack(6) +
            "<send><![CDATA[\nSIP/2.0 488 Not Acceptable Here\nVia: [$8]\nFrom: <sip:me@[remote_ip]>[peer_tag_param]\n"
            "To: \"Bob\" <sip:bob@example.org>;tag=[pid]SIPpTag00[call_number]\nCall-ID: [call_id]\n"
            "CSeq: [$9] INVITE\nContent-Length: 0\n\n]]></send>"
            '<recv request="ACK"/>' + bye(7), [], "answer ; wait established ; hold", []),
    "500 a second INVITE before the first is answered": (
        invite() + RINGS + invite(cseq=2, to_tag=TAGGED) +
        response(500, "^SIP/2.0 500 Server Internal Error[[:cntrl:]]", "Retry-After: ([0-9]|10)[[:cntrl:]]") + ack(2) +
        cancelled(), [], "wait", []),
    "501": (answered("FANCY", 501, "Not Implemented", ALLOW), [], None, []),
    "505": (refused(505, "Version Not Supported", version="SIP/7.0"), [], None, []),
    "200 to OPTIONS": (answered("OPTIONS", 200, "OK", ALLOW, "Accept: application/sdp", "Supported: timer, replaces"),
                       [], None, []),
}
TOO_LONG = "Content-Length: 20000\n"
OVER_TCP = {
    "411 S411-4": (refused(411, "Length Required", length="", closed=True), [], None, []),
    "413": (refused(413, "Request Entity Too Large", length=TOO_LONG, closed=True), [], None, []),
}
OVER_UDP = {
    "411 strict, S411-4": (refused(411, "Length Required", length=""), ["set strict-content-length yes"], None,
                           ["set strict-content-length no"]),
    "180 without a length, S411-4": (invite(length="") + RINGS + cancelled(), [], "wait", []),
    "413": (refused(413, "Request Entity Too Large", length=TOO_LONG), [], None, []),
}


def said(path):
    with open(path, errors="replace") as f:
        return f.read()[:3000]


class Answers(unittest.TestCase):
    """Each request in turn, to one phone, which is as it was before after each of them; and never says 402, 406, 421 or
    483 (S402-1, S406-1)."""

    def one(self, phone, name, case, transport):
        scenario, before, ringing, after = case
        address, port = phone.address(transport)
        for line in before:
            phone.command(line)
        seen = len(phone.any("call", state="ringing")), len(phone.any("notice"))
        home = offhook.Home()
        try:
            text = '<?xml version="1.0" encoding="ISO-8859-1"?>\n<scenario name="called">%s</scenario>' % scenario
            kind = socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM
            with sipp_test.Sipp(home, text, "-p", str(sipp_test.free_port(kind)), "-t", transport[0] + "1",
                                "-trace_err", "%s:%d" % (address, port)) as sipp:
                if ringing:
                    phone.wait("call", direction="in", state="ringing")
                    if ringing != "wait":
                        for command in ringing.split(" ; "):
                            phone.command(command)
                if sipp.status() != 0:
                    errors = [f for f in os.listdir(home.path) if f.endswith("errors.log")]
                    self.fail("\n".join([name] + [said(home.file(f)) for f in errors]))
        finally:
            home.remove()
        for line in after:
            phone.command(line)
        calls = phone.any("call", state="ringing")[seen[0]:]
        self.assertEqual(len(calls), 1 if ringing else 0, name)
        for call in calls:
            closed = phone.wait("call", call=call["call"], state="closed")
            if name.startswith("408"):  # S408-2: ringing ends at one second, the answer leaves two for a CANCEL
                silent = phone.any("tone", call=call["call"], on=False)[0]
                self.assertTrue(0.9 < silent["time"] - call["time"] < 1.9, name)
                self.assertTrue(2.7 < closed["time"] - call["time"] < 4, name)
        if name.startswith("404"):  # S404-3
            self.assertEqual(len(phone.any("notice")), seen[1], name)
        if name.startswith(("408", "487")):
            self.assertEqual(phone.any("notice")[-1]["text"], "Missed call from Bob")
        self.assertEqual(self.ringing_now(phone), 0, name)

    @staticmethod
    def ringing_now(phone):
        return len(phone.any("tone", tone="ring", on=True)) - len(phone.any("tone", tone="ring", on=False))

    def all(self, transport, more):
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("account add x sip:me@127.0.0.1 register=no")
            for name, case in {**CASES, **more}.items():
                with self.subTest(transport=transport, name=name):
                    self.one(phone, name, case, transport)

    def test_over_udp(self):
        self.all("udp", OVER_UDP)

    def test_over_tcp(self):
        self.all("tcp", OVER_TCP)


class Caller(offhook.Peer):
    """Who calls: one call, every byte of it."""

    def __init__(self, phone, name="Bob"):
        super().__init__()
        self.source = phone.address()
        self.name = name
        self.ok = None

    def ask(self, method, cseq, headers=(), body="", to_tag="", branch=None):
        lines = ["%s sip:me@%s:%d SIP/2.0" % (method, *self.source),
                 "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%s%s%d;rport" % (
                     self.port, self.name, branch or method, cseq),
                 "Max-Forwards: 70", 'From: "%s" <sip:%s@example.org>;tag=t' % (self.name, self.name.lower()),
                 "To: <sip:me@example.org>" + to_tag, "Call-ID: %s%d" % (self.name, self.port), "CSeq: %d %s" % (cseq, method),
                 "Contact: <%s>" % self.uri()] + list(headers)
        if body:
            lines.append("Content-Type: application/sdp")
        self.send("\r\n".join(lines + ["Content-Length: %d" % len(body), "", body]), self.source)

    def invite(self, *headers):
        self.ask("INVITE", 1, headers, self.sdp())
        return self.receive("SIP/2.0 180")

    def answered(self):
        self.ok = self.receive("SIP/2.0 200")
        self.ask("ACK", 1, to_tag=self.tag(), branch="ACK")

    def tag(self):
        return ";tag=" + self.ok.get("To").split("tag=")[1]

    def accept_hold(self):
        m = self.receive("INVITE")
        assert "a=sendonly" in m.body, m.text
        self.reply(m, 200, "OK", body=self.sdp().replace("t=0 0", "t=0 0\r\na=recvonly"), tag="t")
        self.receive("ACK")

    def hang_up(self, cseq=9):
        self.ask("BYE", cseq, to_tag=self.tag())
        self.receive("SIP/2.0 200")


class Seen(unittest.TestCase):
    def setUp(self):
        self.phone = offhook.Phone("--audio=null")
        self.phone.ready()
        self.phone.command("account add x sip:me@127.0.0.1 register=no")

    def tearDown(self):
        self.phone.close()

    def talk(self, caller):
        caller.invite()
        call = self.phone.wait("call", state="ringing", direction="in")["call"]
        self.phone.command("answer")
        caller.answered()
        self.phone.wait("call", call=call, state="established")
        return call

    def test_call_waiting(self):
        """A second call beeps softly; who answers it puts the first on hold. With a call that came and with one that was
        made."""
        for made in (False, True):
            with self.subTest(made=made), Caller(self.phone, "Ann") as ann, Caller(self.phone, "Bob") as bob:
                if made:
                    self.phone.command("dial " + ann.uri())
                    ann.reply(ann.receive("INVITE"), 200, "OK", body=ann.sdp(), tag="t")
                    ann.receive("ACK")
                    first = self.phone.wait("call", state="established")["call"]
                else:
                    first = self.talk(ann)
                bob.invite()
                second = self.phone.wait("call", state="ringing", direction="in")["call"]
                self.phone.wait("tone", call=second, tone="call-waiting", on=True)
                self.assertEqual(self.phone.any("tone", call=second, tone="ring"), [])
                self.assertEqual(self.phone.any("call", call=first, state="held"), [])
                self.phone.command("answer")
                self.phone.wait("tone", call=second, tone="call-waiting", on=False)
                bob.answered()
                ann.accept_hold()
                self.phone.wait("call", call=first, state="held", by="us")
                self.assertEqual(len(self.phone.any("call", call=second, state="established")), 1)
                # and back again
                self.phone.command("select %d" % first)
                self.phone.send("resume")
                bob.accept_hold()
                resumed = ann.receive("INVITE")
                self.assertNotIn("a=sendonly", resumed.body)
                ann.reply(resumed, 200, "OK", body=ann.sdp(), tag="t")
                ann.receive("ACK")
                self.phone.wait("call", call=first, state="established")
                for call in (first, second):
                    self.phone.command("hangup %d" % call)
                for peer in (ann, bob):
                    peer.reply(peer.receive("BYE"), 200, "OK")
                self.phone.wait("call", call=second, state="closed")

    def test_it_answers_by_itself(self):
        """It beeps first, and says so."""
        self.phone.command("account edit x answer-mode=auto")
        with Caller(self.phone) as bob:
            bob.invite("Call-Info: <sip:h>;answer-after=0")
            began = self.phone.wait("tone", tone="call-waiting", on=True)["time"]
            self.assertGreater(self.phone.wait("tone", tone="call-waiting", on=False)["time"] - began, 1.5)
            bob.answered()
            self.phone.wait("notice", severity="warning",
                            text="The call from Bob was answered by itself: you can be heard.")
            bob.hang_up()
            self.phone.wait("call", state="closed", ended_by="them")
        # nobody else decides that: what the caller asks for does not count
        self.phone.command("account edit x answer-mode=manual")
        with Caller(self.phone) as bob:
            bob.invite("Call-Info: <sip:h>;answer-after=0", "Alert-Info: <sip:h>;info=alert-autoanswer")
            self.phone.wait("tone", tone="ring", on=True)
            self.phone.command("reject")
            bob.receive("SIP/2.0 486")

    def test_who_calls(self):
        """What the caller says of itself, in events, notice and history; a 404 leaves nothing."""
        with Caller(self.phone, "Bob") as bob:
            bob.invite("Privacy: id")
            e = self.phone.wait("call", state="ringing")
            self.assertEqual((e["name"], e["peer"], e["withheld"]), ("Bob", "sip:bob@example.org", True))
            bob.ask("CANCEL", 1, branch="INVITE")
            self.phone.wait("call", state="closed")
            self.assertEqual(self.phone.any("notice")[-1]["text"], "Missed call from Bob (number withheld)")
        with Caller(self.phone, "Eve") as eve:
            eve.invite('P-Asserted-Identity: "The Queen" <sip:queen@example.org>')
            e = self.phone.wait("call", state="ringing")
            self.assertEqual((e["name"], e["peer"], e.get("withheld")), ("Eve", "sip:eve@example.org", None))
            eve.ask("CANCEL", 1, branch="INVITE")
            self.phone.wait("call", state="closed")
        with Caller(self.phone, "Zoe") as zoe:
            zoe.send("INVITE sip:nobody@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKz;rport\r\nMax-Forwards: 70\r\n"
                     "From: Zoe <sip:zoe@example.org>;tag=z\r\nTo: <sip:nobody@127.0.0.1>\r\nCall-ID: z\r\nCSeq: 1 INVITE\r\n"
                     "Contact: <%s>\r\nContent-Length: 0\r\n\r\n" % (zoe.port, zoe.uri()))
            zoe.receive("SIP/2.0 404")
        rows = self.phone.home.file("history.json")
        self.phone.command("history export " + rows)
        text = said(rows)
        self.assertEqual([n for n in ("bob@example.org", "eve@example.org", "queen", "zoe") if n in text],
                         ["bob@example.org", "eve@example.org"])
        self.assertEqual(len(self.phone.any("notice")), 2)

    def test_what_the_own_server_knows(self):
        """Whom it takes the caller for, and that messages wait."""
        with Caller(self.phone) as server:
            self.phone.command("account add w sip:me@127.0.0.1:%d" % server.port)
            server.reply(server.receive("REGISTER"), 200, "OK", ["Expires: 600"])
            self.phone.wait("registration", account="w", state="registered")
            server.invite('P-Asserted-Identity: "The Queen" <sip:queen@example.org>')
            e = self.phone.wait("call", state="ringing")
            self.assertEqual((e["name"], e["peer"]), ("The Queen", "sip:queen@example.org"))
            server.ask("CANCEL", 1, branch="INVITE")
            self.phone.wait("call", state="closed")
            server.name = "Mail"
            server.ask("NOTIFY", 1, ["Event: message-summary", "Content-Encoding: identity"],
                       "Messages-Waiting: yes\r\nVoice-Message: 2/8\r\n")
            self.phone.wait("mwi", account="w", new=2, old=8)
            self.phone.wait("notice", text="2 new messages for w.")

    def test_taken_over(self):
        """RFC 3891: an attended transfer, seen by the one who stays."""
        with Caller(self.phone, "Bob") as bob, Caller(self.phone, "Eve") as eve:
            first = self.talk(bob)
            eve.ask("INVITE", 1, ["Require: replaces", "Replaces: %s%s;from-tag=t" % (
                bob.ok.get("Call-ID"), bob.tag().replace(";", ";to-"))], eve.sdp())
            eve.answered()
            bob.reply(bob.receive("BYE"), 200, "OK")
            self.phone.wait("call", call=first, state="closed", ended_by="us")
            self.assertEqual(self.phone.wait("call", call=first + 1, state="established")["name"], "Eve")
            self.assertEqual(len(self.phone.any("notice", text="Eve has taken over the call with Bob.")), 1)
            self.assertEqual(self.phone.any("tone", call=first + 1), [])
            eve.hang_up()
            self.phone.wait("call", state="closed", ended_by="them")


if __name__ == "__main__":
    unittest.main(verbosity=2)
