"""What a peer may send: names of any kind, broken messages. Nothing of it reaches a reader raw, none ends a call."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from screen_test import Screen  # noqa: E402


def invite(peer, phone, user, name, branch="b1", call_id="c1", body=True, more=""):
    sdp = peer.sdp() if body else ""
    return ("INVITE sip:%s@%s:%d SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%s;rport\r\n"
            "Max-Forwards: 70\r\nFrom: %s <sip:caller@127.0.0.1:%d>;tag=f%s\r\nTo: <sip:%s@127.0.0.1>\r\n"
            "Call-ID: %s\r\nCSeq: 1 INVITE\r\nContact: <%s>\r\n%s%sContent-Length: %d\r\n\r\n%s" % (
                user, *phone.address(), peer.port, branch, name, peer.port, branch, user, call_id, peer.uri("caller"),
                more, "Content-Type: application/sdp\r\n" if body else "", len(sdp), sdp))


class Names(unittest.TestCase):
    def called_by(self, name):
        with offhook.Peer() as peer, offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            peer.send(invite(peer, phone, "demo", name), phone.address())
            event = phone.wait("call", direction="in", state="ringing")
            for line in phone.raw:
                self.assertTrue(all(0x20 <= b < 0x7f for b in line.rstrip(b"\n")), line)
            phone.command("reject")
            peer.receive("SIP/2.0 486")
            return event.get("name", "")

    def test_two_kilobytes(self):
        name = self.called_by('"%s"' % ("N" * 2048))
        self.assertLessEqual(len(name.encode()), 1024)
        self.assertTrue(name.startswith("NNNN") and name.endswith("\u2026"))

    def test_escapes(self):
        name = self.called_by('"\x1b[31mred\x1b]0;title\x07\x9b5m"')
        self.assertIn("red", name)
        self.assertFalse([c for c in name if ord(c) < 0x20 or 0x7f <= ord(c) < 0xa0])

    def test_bidirectional_override(self):
        name = self.called_by('"abc\u202edef"')
        self.assertEqual(name, "abcdef")

    def test_bytes_that_are_no_utf8(self):
        name = self.called_by('"a\udcff\udcfeb"')
        self.assertTrue(name.startswith("a") and name.endswith("b"))


class Messages(unittest.TestCase):
    """A bad message never ends a call that is up."""

    BAD = (
        b"", b"\r\n\r\n", b"\0" * 100, b"INVITE\r\n\r\n", b"SIP/2.0 200 OK\r\n\r\n", b"BYE sip:x SIP/2.0\r\n\r\n",
        b"INVITE sip:demo@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK1\r\n\r\n",
        b"BYE sip:demo@127.0.0.1 SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK2\r\nFrom: <sip:a@b>;tag=1\r\n"
        b"To: <sip:demo@127.0.0.1>;tag=2\r\nCall-ID: nobody\r\nCSeq: 1 BYE\r\n\r\n",
        b"OPTIONS sip:demo@127.0.0.1 SIP/2.0\r\n" + b"X: y\r\n" * 500 + b"\r\n",
        b"INVITE sip:demo@127.0.0.1 SIP/2.0\r\nContent-Length: 4294967296\r\n\r\n",
        b"SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP 127.0.0.1;branch=z9hG4bK9\r\nCSeq: 99999999999 INVITE\r\n\r\n",
        b"a " * 700,
    )

    def test_the_call_stays(self):
        with offhook.Peer() as stranger, offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("dial echo")
            call = phone.wait("call", state="established")["call"]
            for data in self.BAD:
                stranger.send(data, phone.address())
            phone.wait("media", call=call)
            phone.wait("media", call=call)
            self.assertEqual(phone.any("call", state="closed"), [])
            phone.command("hangup")
            phone.wait("call", state="closed", ended_by="us")

    def test_rtp_of_a_stranger_is_not_heard(self):
        with offhook.Peer() as peer, offhook.Peer() as stranger, \
                offhook.Phone("--audio=null", peer.uri()) as phone:
            invite_ = peer.receive("INVITE")
            port = int(invite_.body.split("m=audio ")[1].split(" ")[0])
            peer.reply(invite_, 200, "OK", body=peer.sdp())
            peer.receive("ACK")
            phone.wait("call", state="established")
            # the right source first, then a stranger with a loud sound and with events
            for i in range(20):
                peer.media.sendto(rtp(0, i, i * 160, 7, b"\xff" * 160), ("127.0.0.1", port))
            phone.wait("media")
            for i in range(50):
                stranger.media.sendto(rtp(0, 1000 + i, i * 160, 9, b"\x00\x80" * 80), ("127.0.0.1", port))
                stranger.media.sendto(rtp(101, 2000 + i, 5, 9, b"\x05\x8a\x03\x20"), ("127.0.0.1", port))
            levels = [phone.wait("media")["rx_level"] for _ in range(2)]
            self.assertLess(max(levels), -60)
            self.assertEqual(phone.any("dtmf"), [])


BAD = "\x1b[31m\x1b]0;stolen\x07\x9b5m\u202e\udcff\x01"  # what a terminal would obey, or what is no text at all


class Refusals(unittest.TestCase):
    """What comes with a refusal is shown, and does no harm: in the events, on the screen, in the details, the
    messages, the history."""

    # name: (status line from the code on, header lines, what must be there to see)
    RESPONSES = {
        "no phrase": ("486 ", (), "486 Busy Here"),
        "2 kB phrase": ("486 " + "P" * 2048, (), "PPPP"),
        "escapes in the phrase": ("486 red" + BAD + "green", (), "green"),
        "Warning": ("488 No", ('Warning: 399 x "red%sgreen"' % BAD, 'Warning: 370 y "%s"' % ("W" * 2048)), "green"),
        "comment": ("480 No", ("Retry-After: 20 (red%sgreen)" % BAD,), "green"),
        "long comment": ("480 No", ("Retry-After: 20 (%s);duration=9" % ("(" * 900 + "C" * 900),), "CCCC"),
        "Contact": ("300 Take", ('Contact: "red%sgreen" <sip:a@127.0.0.1:9>' % BAD,
                                 "Contact: <sip:%s@127.0.0.1:9>" % ("a" * 2000), "Contact: <sip:b%s@127.0.0.1:9>" % BAD,
                                 "Contact: \"", "Contact: <", "Contact:"), "green"),
        "Error-Info": ("404 No", ("Error-Info: <http://x/red%sgreen>" % BAD,), "green"),
        "Reason": ("486 No", ('Reason: Q.850;cause=17;text="red%sgreen"' % BAD,), "green"),
    }

    def refuse(self, peer, invite_, line, headers):
        own = [("%s: %s" % (n, v + (";tag=x" if n == "To" else "")))
               for n, v in invite_.headers if n in ("Via", "From", "To", "Call-ID", "CSeq")]
        peer.send("\r\n".join(["SIP/2.0 " + line, *own, *headers, "Content-Length: 0", "", ""]))
        peer.receive("ACK")

    def test_events(self):
        for name, (line, headers, _) in self.RESPONSES.items():
            with self.subTest(name), offhook.Peer() as peer, offhook.Phone("--audio=null") as phone:
                phone.ready()
                phone.command("set tone-seconds 0")
                phone.command("dial " + peer.uri())
                self.refuse(peer, peer.receive("INVITE"), line, headers)
                outcome = phone.wait("outcome")
                self.assertEqual(outcome["code"], int(line[:3]))
                self.assertTrue(outcome["text"])
                phone.wait("call", state="closed")
                file = phone.home.file("history.json")
                phone.command("history export " + file)
                phone.command("trace save 1 " + phone.home.file("trace.txt"))
                for written in (file, phone.home.file("trace.txt")):
                    with open(written, "rb") as f:
                        text = f.read()
                    self.assertEqual(set(text) & (set(range(32)) - {10} | {127}), set(), written)
                    text.decode()
                for raw in phone.raw:
                    self.assertTrue(all(0x20 <= b < 0x7f for b in raw.rstrip(b"\n")), raw)
                    self.assertLess(len(raw), 16384)

    def test_screen(self):
        rc = offhook.Home()
        line = rc.write("rc", "set sip-listen 127.0.0.1:0\nset tone-seconds 0\n")
        with offhook.Peer() as peer, Screen("-c", line, "--audio=null", size=(100, 50)) as s:
            s.wait("No calls")
            title = s.title()
            for n, (name, (line, headers, seen)) in enumerate(self.RESPONSES.items()):
                with self.subTest(name):
                    self.one_on_screen(s, peer, n + 1, line, headers, seen)
            self.assertEqual(s.title(), title)
        rc.remove()

    def one_on_screen(self, s, peer, call, line, headers, seen):
        s.keys("d")
        s.keys(peer.uri(), "Enter")
        self.refuse(peer, peer.receive("INVITE"), line, headers)
        s.wait("✗ " + line[:3], "[Enter] details")
        s.keys("Enter")
        s.wait("The response as it came", seen)
        s.keys("Escape")
        s.wait("[x] dismiss")
        s.keys(":")
        s.keys("view trace", "Enter")
        s.wait("Trace  call %d" % call, "3 messages")
        s.keys("j")
        s.keys("Enter")
        s.wait("message 2 of 3", "SIP/2.0 " + line[:3])
        s.keys("Escape")
        s.wait("[x] dismiss")
        s.keys("x")
        s.wait_gone("[x] dismiss")


def rtp(payload_type, sequence, timestamp, ssrc, payload):
    return (bytes([0x80, payload_type]) + sequence.to_bytes(2, "big") + timestamp.to_bytes(4, "big") +
            ssrc.to_bytes(4, "big") + payload)


if __name__ == "__main__":
    unittest.main(verbosity=2)
