"""Names: a server that is silent, dead or far from complete, and what a domain and /etc/hosts say. In a network and a
mount namespace of its own, so that resolv.conf, hosts and port 53 are the test's."""

import os
import select
import shutil
import socket
import struct
import subprocess
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

INSIDE = "OFFHOOK_TEST_NAMESPACE"
A, SRV, NAPTR = 1, 33, 35
LOCAL = socket.inet_aton("127.0.0.1")


def enter():
    """This program again, in the namespaces."""
    unshare = offhook.need("unshare")
    offhook.need("ip")
    command = [unshare, "-n", "-m"] if os.geteuid() == 0 else [unshare, "-r", "-n", "-m"]
    try_it = "ip link set lo up && mount --bind /etc/hosts /etc/hosts && mount --bind /etc/resolv.conf /etc/resolv.conf"
    if subprocess.run(command + ["sh", "-c", try_it], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL).returncode:
        offhook.skip("no namespaces here")
    os.environ[INSIDE] = "1"
    os.execv(command[0], command + [sys.executable, os.path.abspath(__file__)] + sys.argv[1:])


def name(text):
    return b"".join(bytes([len(x)]) + x.encode() for x in text.split(".") if x) + b"\0"


def srv(priority, port, target):
    return struct.pack(">HHH", priority, 10, port) + name(target)


def naptr(order, service, replacement):
    return struct.pack(">HH", order, 1) + b"".join(bytes([len(x)]) + x.encode() for x in ("s", service, "")) + \
        name(replacement)


class NameServer:
    """RECORDS: {(name, type): [rdata, ...]}; None instead of all: never a word."""

    def __init__(self, records):
        self.records = records
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.end, self.told = socket.socketpair()
        self.thread = threading.Thread(target=self.run, daemon=True)
        self.thread.start()

    def run(self):
        while self.told not in select.select([self.socket, self.told], [], [])[0]:
            data, source = self.socket.recvfrom(4096)
            labels, at = [], 12
            while data[at]:
                labels.append(data[at + 1:at + 1 + data[at]].decode())
                at += 1 + data[at]
            kind = struct.unpack(">H", data[at + 1:at + 3])[0]
            self.asked.append((".".join(labels), kind))
            if self.records is None:
                continue
            answers = self.records.get(self.asked[-1], [])
            out = data[:2] + struct.pack(">HHHHH", 0x8180, 1, len(answers), 0, 0) + data[12:at + 5]
            for rdata in answers:
                out += b"\xc0\x0c" + struct.pack(">HHIH", kind, 1, 600, len(rdata)) + rdata
            self.socket.sendto(out, source)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.end.send(b"x")
        self.thread.join()
        for s in (self.socket, self.end, self.told):
            s.close()


def options(peer, number):
    """Asks the phone whether it lives; seconds until it said so."""
    began = time.monotonic()
    peer.send("\r\n".join([
        "OPTIONS sip:me@127.0.0.1 SIP/2.0", "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bK-%d;rport" % (peer.port, number),
        "Max-Forwards: 70", "From: <sip:peer@127.0.0.1>;tag=x", "To: <sip:me@127.0.0.1>", "Call-ID: o%d" % number,
        "CSeq: 1 OPTIONS", "Content-Length: 0", "", ""]))
    peer.receive("SIP/2.0 200", deadline=5)
    return time.monotonic() - began


class Names(unittest.TestCase):
    def dial_and_decline(self, phone, peer, uri):
        """The INVITE of a call to URI, which PEER got."""
        phone.command("dial " + uri)
        invite = peer.receive("INVITE ")
        peer.reply(invite, 603, "Decline")
        peer.receive("ACK ")
        self.assertEqual(phone.wait("outcome")["code"], 603)
        return invite

    def test_a_silent_name_server(self):
        with NameServer(None) as ns, offhook.Peer() as peer, offhook.Phone("--audio=null") as phone:
            phone.ready()
            peer.source = phone.address()
            began = time.monotonic()
            phone.command("dial sip:bob@silent.test")
            slowest, number, outcome = 0, 0, None
            while not outcome and time.monotonic() - began < 15:
                number += 1
                slowest = max(slowest, options(peer, number))
                try:
                    outcome = phone.wait("outcome", deadline=0.1)
                except AssertionError:
                    pass
            passed = time.monotonic() - began
            self.assertTrue(outcome, "no outcome")
            self.assertEqual((outcome["code"], outcome["error"]), (0, "dns"))
            self.assertIn("silent.test", outcome["server_text"])
            self.assertGreater(passed, 9.5)
            self.assertLess(passed, 11.5)
            self.assertGreater(number, 40)
            self.assertLess(slowest, 0.5)
            self.assertIn(("silent.test", A), ns.asked)

    def test_the_first_server_of_a_domain_is_dead(self):
        with offhook.Peer() as dead, offhook.Peer() as peer, NameServer({
                ("_sip._udp.x.test", SRV): [srv(1, dead.port, "one.test"), srv(2, peer.port, "one.test")],
                ("one.test", A): [LOCAL]}), offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("account add work sip:alice@x.test")
            register = peer.receive("REGISTER ")
            self.assertEqual(register.start, "REGISTER sip:x.test SIP/2.0")
            self.assertEqual(dead.receive("REGISTER ").get("Call-ID"), register.get("Call-ID"))
            peer.reply(register, 200, "OK", headers=["Expires: 600"])
            phone.wait("registration", state="registered")
            # what is known to be dead is not waited for again
            began = time.monotonic()
            phone.command("dial sip:bob@x.test")
            invite = peer.receive("INVITE ")
            self.assertLess(time.monotonic() - began, 2)
            peer.reply(invite, 200, "OK", body=peer.sdp())
            peer.receive("ACK ")
            phone.wait("call", state="established")
            phone.command("hangup")
            peer.reply(peer.receive("BYE "), 200, "OK")
            phone.wait("call", state="closed", ended_by="us")
            phone.command("account remove work")
            peer.reply(peer.receive("REGISTER "), 200, "OK")

    def test_a_call_by_the_second_server(self):
        with offhook.Peer() as dead, offhook.Peer() as peer, NameServer({
                ("_sip._udp.x.test", SRV): [srv(1, dead.port, "one.test"), srv(2, peer.port, "one.test")],
                ("one.test", A): [LOCAL]}), offhook.Phone("--audio=null") as phone:
            phone.ready()
            began = time.monotonic()
            self.dial_and_decline(phone, peer, "sip:bob@x.test")
            self.assertLess(time.monotonic() - began, 10)
            dead.receive("INVITE ")

    def test_a_domain_that_prefers_tcp(self):
        with socket.socket() as listener, offhook.Peer() as peer:
            listener.bind(("127.0.0.1", 0))
            listener.listen()
            listener.settimeout(offhook.DEADLINE)
            with NameServer({
                    ("x.test", NAPTR): [naptr(20, "SIP+D2U", "_sip._udp.x.test"), naptr(10, "SIP+D2T", "_sip._tcp.x.test")],
                    ("_sip._udp.x.test", SRV): [srv(1, peer.port, "one.test")],
                    ("_sip._tcp.x.test", SRV): [srv(1, listener.getsockname()[1], "one.test")],
                    ("one.test", A): [LOCAL]}), offhook.Phone("--audio=null", "sip:bob@x.test") as phone:
                stream, _ = listener.accept()
                stream.settimeout(offhook.DEADLINE)
                text = b""
                while b"\r\n\r\n" not in text:
                    text += stream.recv(65536)
                invite = offhook.Message(text.decode())
                self.assertEqual(invite.start, "INVITE sip:bob@x.test SIP/2.0")
                self.assertTrue(invite.get("Via").startswith("SIP/2.0/TCP "))
                # TCP is gone: the domain's other transport
                stream.close()
                listener.close()
                peer.reply(peer.receive("INVITE "), 603, "Decline")
                self.assertEqual(phone.wait("outcome")["code"], 603)

    def test_the_hosts_file_comes_first(self):
        with offhook.Peer() as peer, NameServer({("desk", A): [socket.inet_aton("127.0.0.9")]}) as ns, \
                offhook.Phone("--audio=null") as phone:
            phone.ready()
            self.dial_and_decline(phone, peer, "sip:bob@Desk:%d" % peer.port)
            self.assertEqual(ns.asked, [])


def main():
    home = offhook.Home()
    for path, text in (("hosts", "127.0.0.1 localhost desk\n"), ("resolv.conf", "nameserver 127.0.0.1\n")):
        subprocess.run(["mount", "--bind", home.write(path, text, 0o644), "/etc/" + path], check=True)
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    try:
        unittest.main(verbosity=2)
    finally:
        shutil.rmtree(home.path, ignore_errors=True)


if __name__ == "__main__":
    if INSIDE not in os.environ:
        enter()
    main()
