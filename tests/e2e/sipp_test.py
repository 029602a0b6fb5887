"""Calls to and from sipp: a peer written by other people."""

import os
import socket
import subprocess
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

SIPP = offhook.need("sipp")

SDP = """v=0
o=user1 53655765 2353687637 IN IP[local_ip_type] [local_ip]
s=-
c=IN IP[media_ip_type] [media_ip]
t=0 0
m=audio [media_port] RTP/AVP 0 101
a=rtpmap:0 PCMU/8000
a=rtpmap:101 telephone-event/8000
a=fmtp:101 0-11,16
"""

ANSWERING = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="answers">
<recv request="INVITE" crlf="true"/>
<send><![CDATA[
SIP/2.0 180 Ringing
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag01[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>
Content-Length: 0

]]></send>
<send retrans="500"><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag01[call_number]
[last_Call-ID:]
[last_CSeq:]
Contact: <sip:[local_ip]:[local_port];transport=[transport]>
Content-Type: application/sdp
Content-Length: [len]

""" + SDP + """]]></send>
<recv request="ACK" crlf="true"/>
<recv request="BYE"/>
<send><![CDATA[
SIP/2.0 200 OK
[last_Via:]
[last_From:]
[last_To:]
[last_Call-ID:]
[last_CSeq:]
Content-Length: 0

]]></send>
</scenario>
"""

CALLING = """<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="calls">
<send retrans="500"><![CDATA[
INVITE sip:[service]@[remote_ip]:[remote_port] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>
Call-ID: [call_id]
CSeq: 1 INVITE
Contact: <sip:sipp@[local_ip]:[local_port];transport=[transport]>
Max-Forwards: 70
Content-Type: application/sdp
Content-Length: [len]

""" + SDP + """]]></send>
<recv response="100" optional="true"/>
<recv response="180" optional="true"/>
<recv response="200" rrs="true"/>
<send><![CDATA[
ACK [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 1 ACK
Max-Forwards: 70
Content-Length: 0

]]></send>
<nop><action><exec play_pcap_audio="PCAP_SPEECH"/></action></nop>
<pause milliseconds="2500"/>
<nop><action><exec play_pcap_audio="PCAP_DIGIT"/></action></nop>
<pause milliseconds="1000"/>
<send retrans="500"><![CDATA[
BYE [next_url] SIP/2.0
Via: SIP/2.0/[transport] [local_ip]:[local_port];branch=[branch]
From: sipp <sip:sipp@[local_ip]:[local_port]>;tag=[pid]SIPpTag00[call_number]
To: <sip:[service]@[remote_ip]:[remote_port]>[peer_tag_param]
Call-ID: [call_id]
CSeq: 2 BYE
Max-Forwards: 70
Content-Length: 0

]]></send>
<recv response="200"/>
</scenario>
"""


def free_port(kind=socket.SOCK_DGRAM):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Sipp:
    def __init__(self, home, scenario, *args):
        path = home.write("scenario.xml", scenario)
        self.log = open(home.file("sipp.log"), "wb")
        self.process = subprocess.Popen(
            [SIPP, "-sf", path, "-i", "127.0.0.1", "-mi", "127.0.0.1", "-m", "1", "-nostdin", "-timeout", "30s",
             *args], cwd=home.path, stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(10)
        self.log.close()

    def status(self):
        return self.process.wait(30)


RESPONSE = """
SIP/2.0 %s
[last_Via:]
[last_From:]
[last_To:];tag=[pid]SIPpTag01[call_number]
[last_Call-ID:]
[last_CSeq:]
%s
Content-Length: 0

"""


def checked(method, regexp):
    """Takes a request that has REGEXP somewhere; the scenario fails when it has not."""
    return ('<recv request="%s" crlf="true"><action><ereg regexp="%s" search_in="msg" check_it="true" assign_to="1"/>'
            '</action></recv><Reference variables="1"/>' % (method, regexp))


def refusing(line, header, check):
    """ANSWERING, after a refusal and its ACK. CHECK: what the INVITE that follows must have."""
    head, _, rest = ANSWERING.partition('<recv request="INVITE" crlf="true"/>')
    return (head + '<recv request="INVITE" crlf="true"/><send><![CDATA[' + RESPONSE % (line, header) +
            ']]></send><recv request="ACK" crlf="true"/>' + checked("INVITE", check) + rest)


class Calls(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()

    def tearDown(self):
        self.home.remove()

    def call_to(self, transport):
        spoken, heard = self.home.file("in.wav"), self.home.file("out.wav")
        offhook.make_speech(spoken, 6)
        port = free_port(socket.SOCK_STREAM if transport == "tcp" else socket.SOCK_DGRAM)
        with Sipp(self.home, ANSWERING, "-p", str(port), "-rtp_echo", "-mp", str(free_port()),
                  *(["-t", "t1"] if transport == "tcp" else [])) as sipp, \
                offhook.Phone("--audio=file:%s,%s" % (spoken, heard), home=self.home) as phone:
            phone.ready()
            if transport == "tcp":
                # listening is the only sign of life that sipp gives
                listening(port)
            phone.command("dial sip:service@127.0.0.1:%d;transport=%s" % (port, transport))
            phone.wait("call", state="established")
            for _ in range(3):
                phone.wait("media", codec="PCMU")
            phone.command("dtmf 159#")
            # sipp sends back what it gets, telephone-events too
            self.assertEqual("".join(phone.wait("dtmf")["digit"] for _ in range(4)), "159#")
            phone.command("hangup")
            phone.wait("call", state="closed", ended_by="us")
            self.assertEqual(sipp.status(), 0)
        likeness, _ = offhook.best_likeness(offhook.loudness(heard)[:280], offhook.loudness(spoken)[:280], 0, 400)
        self.assertGreater(likeness, 0.8)

    def test_to_over_udp(self):
        self.call_to("udp")

    def test_to_over_tcp(self):
        self.call_to("tcp")

    def repaired(self, line, header, check):
        """A call that goes through at the second try."""
        port = free_port()
        with Sipp(self.home, refusing(line, header.replace("PORT", str(port)), check), "-p", str(port)) as sipp, \
                offhook.Phone("--audio=null", home=self.home) as phone:
            phone.ready()
            phone.command("set redirect follow")
            phone.command("account add x sip:alice@127.0.0.1:%d register=no password=secret" % port)
            phone.command("dial sip:service@127.0.0.1:%d account=x" % port)
            phone.wait("call", state="established")
            self.assertEqual(phone.any("outcome"), [])
            phone.command("hangup")
            phone.wait("call", state="closed", ended_by="us")
            self.assertEqual(sipp.status(), 0)

    def test_302(self):
        self.repaired("302 Moved Temporarily", "Contact: <sip:other@127.0.0.1:PORT>", "INVITE sip:other@127")

    def test_407(self):
        self.repaired("407 Proxy Authentication Required",
                      'Proxy-Authenticate: Digest realm="r", nonce="n", qop="auth", algorithm=MD5',
                      "Proxy-Authorization: Digest .*response=")

    def test_422(self):
        self.repaired("422 Session Interval Too Small", "Min-SE: 4000", "Session-Expires: 4000")

    def timed(self, home, refresher, old, new):
        """A peer that sets the shortest timer there is. NEW stands for OLD in its scenario."""
        scenario = ANSWERING.replace("Content-Type: application/sdp", "Session-Expires: 90;refresher=%s\n"
                                     "Require: timer\nContent-Type: application/sdp" % refresher)
        assert scenario.count(old) == 1, old
        port = free_port()
        return Sipp(home, scenario.replace(old, new), "-p", str(port), "-timeout", "90s"), port

    def test_session_timers(self):
        """One peer has the phone refresh the session; one promises to do it and does not. Takes a minute, the shortest
        time that RFC 4028 knows."""
        ack = '<recv request="ACK" crlf="true"/>'
        ok = ANSWERING[ANSWERING.index('<send retrans'):ANSWERING.index(ack)]
        good, port = self.timed(self.home, "uac", ack, ack + checked("INVITE", "Session-Expires: 90;refresher=uac") +
                                ok.replace(";tag=[pid]SIPpTag01[call_number]", "") + ack)
        home = offhook.Home()
        bad, bad_port = self.timed(home, "uas", '<recv request="BYE"/>', checked("BYE", "Reason: SIP;cause=408"))
        with good, bad, offhook.Phone("--audio=null") as phone, offhook.Phone("--audio=null") as other:
            for p, at in ((phone, port), (other, bad_port)):
                p.ready()
                p.command("dial sip:service@127.0.0.1:%d" % at)
                p.wait("call", state="established")
            other.wait("call", state="closed", ended_by="network", code=408, deadline=75)
            self.assertEqual(bad.status(), 0)
            self.assertEqual(phone.any("call", state="closed"), [])
            self.assertEqual(phone.any("notice", severity="warning"), [])
            phone.command("hangup")
            self.assertEqual(good.status(), 0)
        home.remove()

    def call_from(self, transport):
        heard = self.home.file("out.wav")
        share = "/usr/share/sip-tester/"
        scenario = CALLING.replace("PCAP_SPEECH", share + "g711a.pcap").replace("PCAP_DIGIT", share + "dtmf_2833_5.pcap")
        if not os.path.exists(share + "g711a.pcap"):
            offhook.skip("sipp's recordings are not installed")
        # what it plays is a-law: it must be in the offer
        scenario = scenario.replace("RTP/AVP 0 101", "RTP/AVP 8 101").replace("a=rtpmap:0 PCMU", "a=rtpmap:8 PCMA")
        with offhook.Phone("--audio=file:," + heard, home=self.home) as phone:
            phone.ready()
            phone.command("set answer-unknown-users yes")
            address, port = phone.address(transport)
            with Sipp(self.home, scenario, "-p", str(free_port()), "-s", "phone", "-mp", str(free_port()),
                      *(["-t", "t1"] if transport == "tcp" else []), "%s:%d" % (address, port)) as sipp:
                phone.wait("call", direction="in", state="ringing")
                phone.command("answer")
                phone.wait("call", state="established")
                phone.wait("media", codec="PCMA", rx_level=lambda v: v > -40)
                self.assertEqual(phone.wait("dtmf")["digit"], "5")
                phone.wait("call", state="closed", ended_by="them")
                self.assertEqual(sipp.status(), 0)
        self.assertGreater(max(offhook.loudness(heard)), 500)

    def test_from_over_udp(self):
        self.call_from("udp")

    def test_from_over_tcp(self):
        self.call_from("tcp")


def listening(port):
    """Waits until something listens on TCP PORT; a refused connect is asked again until then."""
    import select
    import time
    end = time.monotonic() + offhook.DEADLINE
    while time.monotonic() < end:
        with open("/proc/net/tcp") as f:
            if any(l.split()[1].endswith(":%04X" % port) and l.split()[3] == "0A" for l in f.readlines()[1:]):
                return
        select.select([], [], [], 0.02)
    raise AssertionError("nothing listens on %d" % port)


if __name__ == "__main__":
    unittest.main(verbosity=2)
