"""The subjects of RFC 4475 in messages of our own, over UDP and TCP, each with its verdict, an honest request after each;
and a program in whose link the guard was left out."""

import os
import re
import socket
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

SDP = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\nm=audio 9 RTP/AVP 0 12\r\n"
SILENCE = "nothing"       # no answer, and the connection of TCP may be closed
WAITS = "waits"           # a stream: more is waited for
NORMAL = "normal"         # well-formed: answered, but by none of 400, 411, 500, 505
UNKNOWN = "405 or 501"


def message(method="OPTIONS", start=None, body="", without=(), more=(), **fields):
    """One message as bytes. {tp}, {port} and {n} are put in when it is sent. Names with _ for -; a list is several
    lines."""
    values = {"Via": "SIP/2.0/{tp} 127.0.0.1:{port};branch=z9hG4bK{n};rport", "Max-Forwards": "70",
              "From": "<sip:asker@127.0.0.1>;tag=f{n}", "To": "<sip:somebody@127.0.0.1>", "Call-ID": "torture-{n}",
              "CSeq": "17 " + method}
    if method in ("INVITE", "REGISTER"):
        values["Contact"] = "<sip:asker@127.0.0.1:{port}>"
    if method == "INVITE" and not body:
        body = SDP
    if method == "INVITE":
        values["Content-Type"] = "application/sdp"
    values["Content-Length"] = str(len(body.encode("utf-8", "surrogateescape")))
    values.update({k.replace("_", "-"): v for k, v in fields.items()})
    lines = [start or "%s sip:somebody@127.0.0.1 SIP/2.0" % method]
    for name, value in values.items():
        if name not in without:
            lines += ["%s: %s" % (name, v) for v in ([value] if isinstance(value, str) else value)]
    return "\r\n".join(lines + list(more)) + "\r\n\r\n" + body


def status(line, **fields):
    return message("OPTIONS", start=line, **fields)


WORD = "a%sb" % ("long" * 30)

# section of RFC 4475, what it is about: the message, the verdict over UDP, that over TCP when it is another
TORTURE = {
    # 3.1.1: what may be said
    "3.1.1.1 every form of blank, fold, case and escape": (message(
        "INVITE", start="INVITE sip:somebody@127.0.0.1;unknown;other=%22x SIP/2.0",
        without=("Via", "From", "To", "CSeq", "Max-Forwards", "Content-Length", "Call-ID"), more=(
            "TO :\r\n sip:somebody@127.0.0.1   ", 'from   : "A \\\\ \\" B"       <sip:asker@127.0.0.1>\r\n  ;\r\n  tag\t= f{n}',
            "MaX-fOrWaRdS: 0068", "i: fold{n}@h", "cseq: 0009\r\n  INVITE", "V : SIP  / 2.0\r\n /{tp}\r\n    "
            "127.0.0.1:{port};branch=z9hG4bK{n};rport", "s :", "New: \"a\r\n \tb\" ;;,, ;;,;", "L: %d" % len(SDP))), NORMAL),
    "3.1.1.2 a method of all that a token may be": (message("!odd%Method0*_+`.~'Z"), 501),
    "3.1.1.3 escapes in the URI": (message("INVITE", start="INVITE sip:sips%3Asomebody%40h@127.0.0.1 SIP/2.0",
                                           To="sip:%75ser@127.0.0.1"), NORMAL),
    "3.1.1.4 an escaped zero": (message("REGISTER", start="REGISTER sip:null-%00-null@127.0.0.1 SIP/2.0",
                                        To="sip:null-%00-null@127.0.0.1"), NORMAL),
    "3.1.1.5 a method that looks escaped": (message("RE%47IST%45R"), 501),
    "3.1.1.6 no blank before the bracket": (message(From="asker<sip:asker@127.0.0.1>;tag=f{n}"), 200),
    "3.1.1.7 long values": (message(
        "INVITE", To='"%s"<sip:somebody@127.0.0.1;%s=%s;%s>' % (WORD * 3, WORD, WORD, WORD), without=("Via",),
        From="sip:%s@127.0.0.1;tag=%s{n};%s=%s" % (WORD * 4, WORD, WORD, WORD), Call_ID=WORD * 4 + "{n}",
        more=["Via: SIP/2.0/{tp} 127.0.0.1:{port};rport;branch=z9hG4bK{n}%s" % (WORD * 3)] +
        ["%s: SIP/2.0/TCP h%d.example" % (("v", "Via ", "VIA", "v  ")[i % 4], i) for i in range(33)] +
        ["Unknown-%s: %s;%s=x" % (WORD, WORD * 2, WORD)]), NORMAL),
    "3.1.1.8 more behind the message": (message("REGISTER") + "\r\n" + message("MESSAGE", Call_ID="second-{n}"), 405, [405, 405]),
    "3.1.1.9 a semicolon in the user": (message(start="OPTIONS sip:some;par=b%40h@127.0.0.1 SIP/2.0"), 200),
    "3.1.1.10 transports of all kinds": (message(more=["Via: SIP/2.0/%s h.example;branch=z9hG4bK%s" % (t, t)
                                                       for t in ("UDP", "SCTP", "TLS", "UNKNOWN", "TCP")]), 200),
    "3.1.1.11 a body of several parts, with zeros": (message(
        "MESSAGE", Content_Type="multipart/mixed;boundary=x", body="--x\r\nContent-Type: text/plain\r\n\r\nHello\0\udcff\udc80"
        "\r\n--x\r\nContent-Type: application/octet-stream\r\n\r\n\0\1\2\udcc3\r\n--x--\r\n"), 405),
    "3.1.1.12 a reason in other letters": (status("SIP/2.0 200 = 2**3 * 5**2 \u043d\u043e"), SILENCE),
    "3.1.1.13 a reason of no letters": (status("SIP/2.0 100 "), SILENCE),
    # 3.1.2: what may not
    "3.1.2.1 separators too many": (message("INVITE", Via="SIP/2.0/{tp} 127.0.0.1:{port};;,;,,", Contact='"A" <sip:a@h>;;;;'), 400),
    "3.1.2.2 a length beyond the end": (message("INVITE", Content_Length="9999"), 400, WAITS),
    "3.1.2.3 a length below nothing": (message("INVITE", Content_Length="-999"), 400),
    "3.1.2.4 numbers too large": (message("REGISTER", CSeq="36893488147419103232 REGISTER", Max_Forwards="300",
                                          Expires="10000000000"), 400),
    "3.1.2.5 a response with numbers too large": (status("SIP/2.0 503 No", CSeq="9292394834772304023312 OPTIONS",
                                                         Retry_After="949302838503028349304023988"), SILENCE),
    "3.1.2.6 an open quote": (message("INVITE", To='"Somebody <sip:somebody@127.0.0.1>'), 400),
    "3.1.2.7 brackets about the Request-URI": (message("INVITE", start="INVITE <sip:somebody@127.0.0.1> SIP/2.0"), 400),
    "3.1.2.8 a blank in the Request-URI": (message("INVITE", start="INVITE sip:somebody@127.0.0.1; lr SIP/2.0"), 400),
    "3.1.2.9 blanks in the start line": (message("INVITE", start="INVITE  sip:somebody@127.0.0.1  SIP/2.0"), 400),
    "3.1.2.10 a blank behind the start line": (message(start="OPTIONS sip:somebody@127.0.0.1 SIP/2.0  "), 400),
    "3.1.2.11 headers in the Request-URI": (message("INVITE", start="INVITE sip:somebody@127.0.0.1?Route=%3Csip:x%3E SIP/2.0"), 400),
    "3.1.2.12 a date of another zone": (message("INVITE", Date="Fri, 01 Jan 2010 16:00:00 EST"), NORMAL),
    "3.1.2.13 a Contact with headers and no brackets": (message("REGISTER", Contact="sip:a@h?Route=%3Csip:x%3E"), 405),
    "3.1.2.14 blanks within brackets": (message(To='"Some Body" < sip:somebody@127.0.0.1 >'), 400),
    "3.1.2.15 names that want quotes": (message(From="Bell, A <sip:asker@127.0.0.1>;tag=f{n}"), 400),
    "3.1.2.16 another version": (message(start="OPTIONS sip:somebody@127.0.0.1 SIP/7.0",
                                         Via="SIP/7.0/{tp} 127.0.0.1:{port};branch=z9hG4bK{n};rport"), 505),
    "3.1.2.17 methods that differ": (message(CSeq="8 INVITE"), 400),
    "3.1.2.18 an unknown method, and another": (message("NEWMETHOD", CSeq="8 INVITE"), 501),
    "3.1.2.19 a status code too large": (status("SIP/2.0 4294967301 better not break the receiver"), SILENCE),
    # 3.2: transactions
    "3.2.1 a branch of nothing but the cookie": (message(Via="SIP/2.0/{tp} 127.0.0.1:{port};rport;branch=z9hG4bK"), 200),
    # 3.3: what a user agent makes of it
    "3.3.1 fields that are missing": (message("INVITE", without=("From", "To", "Call-ID", "CSeq", "Contact", "Max-Forwards")), 400),
    "3.3.2 a scheme that nobody knows": (message(start="OPTIONS nobodyknowsthis:totallyopaque SIP/2.0"), 416),
    "3.3.3 a scheme that is not for calls": (message(start="OPTIONS soap.beep://192.0.2.103:3002 SIP/2.0"), 416),
    "3.3.4 other schemes in the fields": (message("REGISTER", To="isbn:2983792873", From="<http://www.example.com>;tag=f{n}",
                                                  Contact="<name:John_Smith>"), 400),
    "3.3.5 what is required and unknown": (message(Require="nothingwesupport, either", Proxy_Require="noproxiesthis"), 420),
    "3.3.6 a body of an unknown kind": (message("INVITE", Content_Type="application/unknownformat", body="<audio/>"), 415),
    "3.3.7 credentials of an unknown scheme": (message("REGISTER", Authorization="NoOneKnowsThisScheme opaque-data=here"), 405),
    "3.3.8 several values where one may be": (message(
        "INVITE", CSeq=["5 INVITE", "59 INVITE"], Call_ID=["one-{n}", "two-{n}"], Max_Forwards=["70", "5"],
        From=["<sip:asker@127.0.0.1>;tag=1", "<sip:other@127.0.0.1>;tag=2"], To=["<sip:a@127.0.0.1>", "<sip:b@127.0.0.1>"]), 400),
    "3.3.9 lengths that differ": (message(body="There is no one", Content_Length=["13", "0"]), 400),
    "3.3.10 a response that is not ours": (status("SIP/2.0 200 OK", Via=["SIP/2.0/UDP 192.0.2.198;branch=z9hG4bKone",
                                                                         "SIP/2.0/UDP 255.255.255.255;branch=z9hG4bKall"]), SILENCE),
    "3.3.11 no hops left, but it is ours": (message(Max_Forwards="0"), 200),
    "3.3.12 a Contact with an unknown parameter": (message("REGISTER", Contact="sip:a@h;unknownparam"), 405),
    "3.3.13 a Contact with an unknown URI parameter": (message("REGISTER", Contact="<sip:a@h;unknownparam>"), 405),
    "3.3.14 a Contact with headers": (message("REGISTER", Contact="<sip:a@h?Route=%3Csip:sip.example.com%3E>"), 405),
    "3.3.15 nothing that can be answered is accepted": (message("INVITE", Accept="text/nobodyKnowsThis"), NORMAL),
    # 3.4: the older RFC
    "3.4.1 a call of RFC 2543": (message("INVITE", Via="SIP/2.0/{tp} 127.0.0.1:{port}", From="<sip:asker@127.0.0.1;user=phone>",
                                         Record_Route="<sip:somebody@127.0.0.1;maddr=127.0.0.1>",
                                         without=("Max-Forwards", "Contact", "Content-Length")), NORMAL, 411),
}


class Asker:
    """Sends messages from one port or one connection, and collects the answers."""

    def __init__(self, phone, tcp):
        self.tcp = tcp
        self.data = b""
        self.ended = False
        self.socket = socket.socket(type=socket.SOCK_STREAM if tcp else socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.socket.connect(phone.address("tcp" if tcp else "udp"))
        self.port = self.socket.getsockname()[1]

    def send(self, text, n):
        text = text.replace("{tp}", "TCP" if self.tcp else "UDP").replace("{port}", str(self.port)).replace("{n}", str(n))
        self.socket.send(text.encode("utf-8", "surrogateescape"))

    def more(self, limit):
        """Reads once; False when nothing came within LIMIT seconds, or there is no more to come."""
        self.socket.settimeout(limit)
        try:
            data = self.socket.recv(65536)
        except (socket.timeout, BlockingIOError):
            return False
        except ConnectionError:
            data = b""
        self.ended = self.ended or (self.tcp and not data)
        self.data += data
        return bool(data)

    def codes(self):
        """Of the final answers."""
        codes = [int(c) for c in re.findall(rb"^SIP/2\.0 (\d{3}) ", self.data, re.M)]
        return [c for c in codes if c >= 200]

    def wait(self, count):
        end = time.monotonic() + offhook.DEADLINE
        while len(self.codes()) < count and not self.ended and time.monotonic() < end:
            self.more(max(0.01, end - time.monotonic()))
        return self.codes()

    def alive(self, n):
        """The phone answers an honest question. What was sent before it has been looked at then."""
        end = time.monotonic() + offhook.DEADLINE
        self.send(message(Call_ID="honest-{n}"), n)
        while b"honest-%s" % str(n).encode() not in self.data:
            if time.monotonic() > end or self.ended:
                raise AssertionError("the phone does not answer any more")
            if not self.more(0.5) and not self.tcp:
                # a datagram may be lost, as T1 of RFC 3261 has it
                self.send(message(Call_ID="honest-{n}"), n)
        self.data = b""

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.socket.close()


def fits(codes, verdict):
    if verdict in (SILENCE, WAITS):
        return codes == []
    if isinstance(verdict, list):
        return codes == verdict
    if verdict == NORMAL:
        return len(codes) == 1 and codes[0] not in (400, 411, 500, 505)
    return codes == [verdict]


class Torture(unittest.TestCase):
    def all_of_them(self, tcp):
        n = 0
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            with Asker(phone, False) as honest:
                for name, (text, verdict, *tcp_verdict) in TORTURE.items():
                    n += 1
                    if tcp and tcp_verdict:
                        verdict = tcp_verdict[0]
                    with self.subTest(name), Asker(phone, tcp) as asker:
                        asker.send(text, n)
                        count = 0 if verdict in (SILENCE, WAITS) else len(verdict) if isinstance(verdict, list) else 1
                        asker.wait(count)
                        honest.alive(n)
                        while asker.more(0):
                            pass
                        self.assertTrue(fits(asker.codes(), verdict), (verdict, asker.data))
                        self.assertFalse(asker.ended and verdict == WAITS)
            self.assertEqual(phone.any("call"), [])
            self.assertNotIn("decode err", phone.stderr())
        self.assertEqual(n, 49)

    def test_udp(self):
        self.all_of_them(False)

    def test_tcp(self):
        self.all_of_them(True)

    def test_nothing_is_printed(self):
        """libre writes a line on stderr for each datagram that it cannot read."""
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            with Asker(phone, False) as asker:
                asker.alive(0)
                # STUN itself is answered
                asker.socket.send(b"\0\1\0\0\x21\x12\xa4\x42" + b"transaction!")
                while b"transaction!" not in asker.data and asker.more(offhook.DEADLINE):
                    pass
                self.assertIn(b"\1\1", asker.data)
                for i in range(100):
                    asker.send("junk %d\r\n\r\n" % i, i)
                    asker.send(status("SIP/2.0 9 ?"), i)
                    asker.send(message("ACK", without=("To",)), i)
                    asker.send("\0\1\0 no STUN", i)
                    # a good head (RFC 5389 section 6), then an attribute longer than the rest
                    asker.socket.send(b"\0\1\0\4\x21\x12\xa4\x42" + b"%12d" % i + b"\0\6\0\x99")
                asker.alive(1)
            self.assertEqual(phone.stderr(), "")


class LeftOut(unittest.TestCase):
    """The guard was not put in the place of libre's parser: that is told, and strangers are kept from it."""

    PROGRAM = os.path.join(offhook.BUILD, "tests", "offhook_left_out")

    def setUp(self):
        if not os.path.exists(self.PROGRAM):
            self.skipTest("tests/offhook_left_out is not built")
        self.real, offhook.PROGRAM = offhook.PROGRAM, self.PROGRAM
        self.addCleanup(setattr, offhook, "PROGRAM", self.real)

    def test_version(self):
        for program, words in ((self.PROGRAM, ["degraded"]), (self.real, [])):
            out = subprocess.run([program, "--version"], stdout=subprocess.PIPE, env=dict(os.environ, LC_ALL="C"),
                                 check=True).stdout.decode()
            self.assertEqual(re.findall("^(degraded): ", out, re.M), words, out)

    def test_log(self):
        home = offhook.Home()
        with offhook.Phone("--audio=null", "--log=" + home.file("log"), home=home) as phone:
            phone.ready()
            with Asker(phone, False) as asker:
                asker.alive(1)
            with open(home.file("log")) as f:
                self.assertIn("cannot be guarded", f.read())
        home.remove()

    def test_udp_is_guarded(self):
        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            with Asker(phone, False) as asker:
                asker.alive(0)
                for _ in range(10):
                    asker.send("a " * 4000, 0)
                    asker.send(message(From="a" * 7000 + " b <sip:a@h>"), 0)
                began = time.monotonic()
                asker.alive(1)
                took = time.monotonic() - began
                asker.send(message(start="OPTIONS sip:somebody@127.0.0.1 SIP/7.0"), 2)
                self.assertEqual(asker.wait(1), [505])
            print("   after twenty slow datagrams: %.1f ms" % (took * 1000))
            self.assertLess(took, 0.2)
            self.assertEqual(phone.stderr(), "")

    def test_tcp_is_refused(self):
        with offhook.Phone("--audio=null") as phone:
            ready = phone.ready()
            self.assertEqual([a for a in ready["sip"] if a.startswith("tcp")], [])
            with Asker(phone, False) as asker:
                asker.alive(1)
            with socket.socket() as s, self.assertRaises(ConnectionRefusedError):
                s.connect(phone.address())

    def test_calls_by_tcp_that_it_opens_itself(self):
        server = socket.socket()
        server.bind(("127.0.0.1", 0))
        server.listen()
        server.settimeout(offhook.DEADLINE)
        with offhook.Phone("--audio=null", "sip:a@127.0.0.1:%d;transport=tcp" % server.getsockname()[1]) as phone:
            phone.ready()
            s, _ = server.accept()
            s.settimeout(offhook.DEADLINE)
            text = b""
            while b"\r\n\r\n" not in text:
                text += s.recv(65536)
            head = offhook.Message(text.decode())
            self.assertTrue(head.start.startswith("INVITE "))
            s.sendall(("SIP/2.0 486 Busy Here\r\n" + "".join(
                "%s: %s\r\n" % (k, v + (";tag=x" if k == "To" else "")) for k, v in head.headers
                if k in ("Via", "From", "To", "Call-ID", "CSeq")) + "Content-Length: 0\r\n\r\n").encode())
            self.assertEqual(phone.wait("outcome")["code"], 486)
            s.close()
        server.close()


class Flood(unittest.TestCase):
    def test_answers_through_a_storm_of_junk(self):
        """Someone sends as fast as can be while another one asks."""
        stop = threading.Event()

        def storm(address):
            with socket.socket(type=socket.SOCK_DGRAM) as s:
                kinds = [(k * 8000)[:8000].encode() for k in ("a ", "SIP/2.0 200 ", "INVITE sip:a SIP/2.0\r\nTo: a" + "\r\n a")]
                while not stop.is_set():
                    for data in kinds:
                        s.sendto(data, address)

        with offhook.Phone("--audio=null") as phone:
            phone.ready()
            thread = threading.Thread(target=storm, args=(phone.address(),))
            thread.start()
            try:
                with Asker(phone, True) as asker:
                    for i in range(20):
                        asker.alive(i)
            finally:
                stop.set()
                thread.join()
            self.assertEqual(phone.stderr(), "")


if __name__ == "__main__":
    unittest.main(verbosity=2)
