"""What a peer may send: names of any kind, broken messages. Nothing of it reaches a reader raw, none ends a call."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402


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


def rtp(payload_type, sequence, timestamp, ssrc, payload):
    return (bytes([0x80, payload_type]) + sequence.to_bytes(2, "big") + timestamp.to_bytes(4, "big") +
            ssrc.to_bytes(4, "big") + payload)


if __name__ == "__main__":
    unittest.main(verbosity=2)
