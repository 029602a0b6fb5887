"""Messages that were right before a seeded generator damaged them, SIP and sound: the call that is up stays up.

OFFHOOK_MUTATIONS is how many of each kind are sent (2000 if not set), OFFHOOK_SEED another seed.
"""

import os
import random
import re
import socket
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

COUNT = int(os.environ.get("OFFHOOK_MUTATIONS", "2000"))
SEED = int(os.environ.get("OFFHOOK_SEED", "1"))
# As many are on their way before the phone has to show, with an answer, that it has read them: none is dropped.
AT_ONCE = 40

SDP = ("v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n"
       "m=audio 9 RTP/AVP 96 0 8 101\r\na=rtpmap:96 opus/48000/2\r\na=fmtp:96 useinbandfec=1\r\n"
       "a=rtpmap:101 telephone-event/8000\r\na=fmtp:101 0-15\r\na=ptime:20\r\na=sendrecv\r\n")
ODD_SDP = (
    "v=0\r\n", "m=audio\r\n", "m=audio 99999999999 RTP/AVP 0\r\n", "m=audio 9 RTP/AVP" + " 0" * 400 + "\r\n",
    "m=audio 9 RTP/AVP 255 -1 4294967296\r\n", "m=video 9 RTP/AVP 96\r\n" * 60, "a=rtpmap:96 opus/0/0\r\n",
    "a=rtpmap:0 PCMU/4294967295/65535\r\n", "a=ptime:0\r\n", "a=ptime:-5\r\n", "a=maxptime:99999999999\r\n",
    "c=IN IP4 0.0.0.0\r\n", "c=IN IP4 255.255.255.255\r\n", "c=IN IP6 ::1\r\n", "c=IN IP4 " + "1" * 900 + "\r\n",
    "a=inactive\r\na=sendonly\r\na=recvonly\r\n", "a=" + "x" * 2000 + "\r\n", "o=\r\n", "=\r\n", "\r\n", "\0\0\0",
    "a=fmtp:96 " + "a=1;" * 300 + "\r\n", "a=rtcp:70000 IN IP4 x\r\n", "a=rtcp-mux\r\n",
)
ODD_VALUES = ("", " ", "0", "-1", "4294967296", "99999999999999999999", "\"", "<", ">", "<sip:", "sip:@", ";;;=;",
              "%", "%00%ff", "\t\r\n folded", ",,,,", "a" * 1500, "\xff\xfe\x80", "sip:[::1", "sip:a@127.0.0.1:99999",
              "\"\\\"", "1 INVITE", "<sip:" + "%41b" * 500 + "@127.0.0.1>;tag=1",
              "\"" + "n" * 900 + "\" <sip:" + "u" * 900 + "@127.0.0.1>;tag=2", "SIP/2.0/UDP", "SIP/2.0/XXX a;branch=z9hG4bK", "*;expires=0")
# As good as any by the grammar, and no common sight: what the guard lets through.
STRANGE = ("\"" + "n" * 900 + "\" <sip:caller@127.0.0.1>;tag=s", "<sip:" + "%41b" * 500 + "@127.0.0.1>;tag=s",
           "\"a\\\"b\\\\\" <sip:caller@127.0.0.1;x=%s>;tag=s" % ("y" * 700), "sip:caller@127.0.0.1;tag=" + "t" * 1500,
           "\xff\x9b31m\x80 <sip:caller@[::1]:5060;transport=tcp;lr>;tag=s", "<tel:+49-30-1;phone-context=x>;tag=s",
           "<sip:anonymous@anonymous.invalid>;tag=s", "\"\" <sip:%00%0d%0a@127.0.0.1?Subject=x>;tag=s")
HEADERS = ("Via", "v", "From", "To", "Call-ID", "CSeq", "Contact", "Content-Length", "Content-Type", "Max-Forwards",
           "Expires", "Route", "Record-Route", "Require", "Supported", "Allow", "Replaces", "Authorization",
           "WWW-Authenticate", "Retry-After", "Warning", "Reason", "RSeq", "RAck", "Session-Expires", "Min-SE", "Event",
           "Subscription-State", "Refer-To", "Timestamp", "Accept", "User-Agent", "P-Asserted-Identity")


class Messages:
    """Valid messages of all kinds, none of them within the call that is up."""

    METHODS = ("INVITE", "INVITE", "INVITE", "ACK", "BYE", "CANCEL", "OPTIONS", "REGISTER", "INFO", "UPDATE", "NOTIFY",
               "SUBSCRIBE", "REFER", "PRACK", "MESSAGE", "NONSENSE")

    def __init__(self, rng, phone, port):
        self.rng, self.phone, self.port, self.n = rng, phone, port, 0

    def make(self):
        rng = self.rng
        self.n += 1
        # now and then a number that was there before, so that what follows meets what it belongs to
        n = self.n if rng.random() < 0.7 else max(1, self.n - rng.randrange(4))
        method = rng.choice(self.METHODS)
        if rng.random() < 0.2:
            code = rng.choice((100, 180, 183, 200, 202, 301, 302, 401, 404, 407, 415, 422, 486, 487, 491, 503, 600, 699))
            start = "SIP/2.0 %d Words" % code
        else:
            start = "%s sip:demo@%s:%d SIP/2.0" % (method, *self.phone)
        body = SDP if method in ("INVITE", "ACK", "UPDATE") or rng.random() < 0.1 else ""
        lines = [
            start,
            "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%d;rport" % (self.port, n),
            "Max-Forwards: 70",
            "From: \"A caller\" <sip:caller@127.0.0.1:%d>;tag=f%d" % (self.port, n),
            "To: <sip:demo@%s:%d>%s" % (*self.phone, rng.choice(("", ";tag=none"))),
            "Call-ID: mutant-%d" % n,
            "CSeq: %d %s" % (rng.choice((1, 1, 2)), method),
            "Contact: <sip:caller@127.0.0.1:%d>" % self.port,
            "Supported: 100rel, timer, replaces",
        ]
        if body:
            lines.append("Content-Type: application/sdp")
        return lines, body


def mutate_sdp(rng, body):
    lines = body.splitlines(True)
    for _ in range(rng.randrange(1, 4)):
        at = rng.randrange(len(lines) + 1)
        what = rng.randrange(4)
        if what == 0:
            lines.insert(at, rng.choice(ODD_SDP))
        elif what == 1 and at < len(lines):
            lines[at] = rng.choice(ODD_SDP)
        elif what == 2 and at < len(lines):
            del lines[at]
        else:
            rng.shuffle(lines)
    return "".join(lines)


def mutate_sip(rng, lines, body):
    lines = list(lines)
    if body and rng.random() < 0.5:
        body = mutate_sdp(rng, body)
    length = len(body.encode("latin-1"))
    lines.append("Content-Length: %s" % (length if rng.random() < 0.9 else rng.choice((0, 1, 65536, -1, 2 ** 32, ""))))
    for at, line in enumerate(lines):
        if line.startswith(("From:", "Contact:")) and rng.random() < 0.2:
            lines[at] = line.split(":")[0] + ": " + rng.choice(STRANGE)
    for _ in range(rng.randrange(0, 3)):
        at = rng.randrange(1, len(lines))
        what = rng.randrange(5)
        if what == 0:      # again
            lines.insert(at, lines[rng.randrange(1, len(lines))])
        elif what == 1:    # away
            del lines[at]
        elif what == 2:    # another value
            lines[at] = lines[at].split(":")[0] + ": " + rng.choice(ODD_VALUES)
        elif what == 3:    # one more of any kind
            lines.insert(at, "%s: %s" % (rng.choice(HEADERS), rng.choice(ODD_VALUES)))
        else:              # a great many of it
            lines[at:at] = [lines[at]] * rng.randrange(2, 100)
    data = ("\r\n".join(lines) + "\r\n\r\n" + body).encode("latin-1", "replace")
    return damage(rng, data) if rng.random() < 0.5 else data[:60000]


def damage(rng, data):
    data = bytearray(data)
    what = rng.random()
    if what < 0.4:
        for _ in range(rng.choice((1, 1, 2, 4, 16))):
            data[rng.randrange(len(data))] = rng.choice((rng.randrange(256), 0, 0x0d, 0x0a, 0xff))
    elif what < 0.55:
        del data[rng.randrange(len(data)):]
    elif what < 0.65:
        at = rng.randrange(len(data))
        data[at:at] = data[rng.randrange(len(data)):][:200]
    return bytes(data[:60000])


def mutate_rtp(rng, n, types):
    what = rng.random()
    if what < 0.6:
        kind = rng.choice((*types, *types, 0, 0, 8, 13, rng.randrange(128)))
        first = 0x80 | rng.choice((0, 0, 0, 0x10, 0x20, 0x0f, 0x3f))
        head = bytes([first, kind | rng.choice((0, 0x80))]) + ((n * rng.choice((1, 1, 1, 7919))) & 0xffff).to_bytes(2, "big")
        head += ((n * 960) & 0xffffffff).to_bytes(4, "big") + rng.choice((7, 7, 7, rng.getrandbits(32))).to_bytes(4, "big")
        data = head + rng.randbytes(rng.choice((0, 1, 3, 4, 20, 80, 160, 320, 1400)))
    else:
        data = b""
        for _ in range(rng.randrange(1, 4)):
            kind, count = rng.choice((200, 201, 202, 203, 204, 205, 206, 207)), rng.randrange(32)
            body = rng.randbytes(rng.choice((0, 4, 20, 24, 28, 52, 100)))
            words = len(body) // 4 if rng.random() < 0.8 else rng.randrange(65536)
            data += bytes([0x80 | count, kind]) + words.to_bytes(2, "big") + body
    return damage(rng, data)


def answered(s, address, n):
    """The phone has read all that was sent to it so far: it answers this, which comes last."""
    mark = "Call-ID: mark-%d\r\n" % n
    question = ("OPTIONS sip:demo@%s:%d SIP/2.0\r\nVia: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKmark%d;rport\r\n"
              "Max-Forwards: 70\r\nFrom: <sip:m@127.0.0.1>;tag=m\r\nTo: <sip:demo@127.0.0.1>\r\n%s"
                "CSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n" % (*address, s.getsockname()[1], n, mark)).encode()
    s.settimeout(0.5)
    for _ in range(40):
        s.sendto(question, address)
        try:
            while mark.encode() not in s.recv(65536):
                pass
            return
        except socket.timeout:
            pass  # where it was one too many: again, as every client does
    raise AssertionError("OPTIONS %d is not answered" % n)


class Mutations(unittest.TestCase):
    def stays_up(self, phone, call):
        self.assertIsNone(phone.process.poll())
        self.assertEqual(phone.any("call", call=call, state="closed"), [])

    def test_sip_of_a_stranger(self):
        rng = random.Random(SEED)
        with offhook.Phone("--demo", "--audio=null") as phone, \
                socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            phone.ready()
            phone.command("dial echo")
            call = phone.wait("call", state="established")["call"]
            address = phone.address()
            s.bind(("127.0.0.1", 0))
            messages = Messages(rng, address, s.getsockname()[1])
            rejected = set()
            for n in range(COUNT):
                s.sendto(mutate_sip(rng, *messages.make()), address)
                if n % AT_ONCE == AT_ONCE - 1:
                    answered(s, address, n)
                    # those that were good enough to ring make room for others
                    ringing = {e["call"] for e in phone.any("call", direction="in", state="ringing")} - rejected
                    rejected |= ringing
                    for other in ringing:
                        phone.send("reject %d" % other)
            answered(s, address, COUNT)
            self.stays_up(phone, call)
            self.assertTrue(rejected)
            # sound goes on, both ways
            with phone.condition:
                phone.seen = len(phone.events)
            for _ in range(2):
                phone.wait("media", call=call, mos=lambda v: v is not None and v > 3)
            phone.send("hangup %d" % call)
            phone.wait("call", call=call, state="closed", ended_by="us")

    def called(self, peer, phone):
        """Answers the call of PHONE: its INVITE, the answer's headers for more in its dialog, its number."""
        invite = peer.receive("INVITE")
        opus = re.search(r"a=rtpmap:(\d+) opus", invite.body).group(1)
        event = re.search(r"a=rtpmap:(\d+) telephone-event", invite.body).group(1)
        peer.reply(invite, 200, "OK", body=peer.sdp("%s 0 %s" % (opus, event), (
            "a=rtpmap:%s opus/48000/2" % opus, "a=rtpmap:%s telephone-event/8000" % event)))
        peer.receive("ACK")
        return invite, phone.wait("call", state="established")["call"], (int(opus), int(event))

    def test_sound_of_the_peer(self):
        rng = random.Random(SEED)
        with offhook.Peer() as peer, offhook.Phone("--audio=null", peer.uri()) as phone:
            invite, call, types = self.called(peer, phone)
            port = int(invite.body.split("m=audio ")[1].split(" ")[0])
            peer.media.settimeout(offhook.DEADLINE)
            for n in range(COUNT):
                if n % AT_ONCE == 0:
                    peer.media.recv(65536)  # the phone's own packets give the pace
                to = port + 1 if rng.random() < 0.3 else port
                peer.media.sendto(mutate_rtp(rng, n, types), ("127.0.0.1", to))
            phone.wait("media", call=call)
            phone.wait("media", call=call)
            self.stays_up(phone, call)
            phone.send("hangup")
            peer.reply(peer.receive("BYE"), 200, "OK")
            phone.wait("call", call=call, state="closed", ended_by="us")

    def test_sip_of_the_peer(self):
        """Within the dialog a peer may end its call, whatever it meant to say; only the phone must live."""
        rng = random.Random(SEED)
        with offhook.Peer() as peer, offhook.Phone("--audio=null", peer.uri()) as phone:
            invite, _, _ = self.called(peer, phone)
            address = phone.address()
            for n in range(COUNT):
                method = rng.choice(("INVITE", "INVITE", "ACK", "INFO", "UPDATE", "OPTIONS", "PRACK", "REFER", "NOTIFY"))
                lines = [
                    "%s sip:offhook@%s:%d SIP/2.0" % (method, *address),
                    "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK%d;rport" % (peer.port, n),
                    "Max-Forwards: 70",
                    "From: %s%s" % (invite.get("To"), ";tag=peertag"),
                    "To: " + invite.get("From"),
                    "Call-ID: " + invite.get("Call-ID"),
                    "CSeq: %d %s" % (n + 1, method),
                    "Contact: <%s>" % peer.uri(),
                    "Content-Type: application/sdp",
                ]
                peer.send(mutate_sip(rng, lines, SDP), address)
                if n % AT_ONCE == AT_ONCE - 1:
                    answered(peer.socket, address, n)
            answered(peer.socket, address, COUNT)
            self.assertIsNone(phone.process.poll())


if __name__ == "__main__":
    unittest.main(verbosity=2)
