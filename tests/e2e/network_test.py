"""Networks come and go: in namespaces of the test's own, seen by a peer on the other side of a wire.

Nothing here sleeps: what must not happen is waited for, too, with a deadline.
"""

import ctypes
import os
import re
import select
import socket
import subprocess
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
sys.path.insert(0, os.path.join(offhook.SOURCE, "tests"))
import sip_agent  # noqa: E402

CLONE_NEWNET = 0x40000000
libc = ctypes.CDLL(None, use_errno=True)


def ip(*args):
    subprocess.run(["ip", *args], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE)


class Net:
    """Two machines: the phone's and the others'. Wire N joins w<N> of the phone's with v<N> of theirs."""

    count = 0

    def __init__(self, wires=1):
        Net.count += 1
        self.phone = "offhook-p%d-%d" % (os.getpid(), Net.count)
        self.others = "offhook-o%d-%d" % (os.getpid(), Net.count)
        self.made = []
        try:
            for name in (self.phone, self.others):
                ip("netns", "add", name)
                self.made.append(name)
                # else an IPv6 address is of no use for its first second
                for which in ("all", "default"):
                    ip("netns", "exec", name, "sh", "-c", "echo 0 > /proc/sys/net/ipv6/conf/%s/accept_dad" % which)
                ip("-n", name, "link", "set", "lo", "up")
            for n in range(1, wires + 1):
                ip("-n", self.phone, "link", "add", "w%d" % n, "type", "veth", "peer", "name", "v%d" % n,
                   "netns", self.others)
                ip("-n", self.others, "link", "set", "v%d" % n, "up")
        except (OSError, subprocess.CalledProcessError) as e:
            self.close()
            offhook.skip("no network namespaces here: %s" % e)

    def ours(self, *args):
        ip("-n", self.phone, *args)

    def theirs(self, *args):
        ip("-n", self.others, *args)

    def address(self, what, address, wire=1):
        self.ours("addr", what, address, "dev", "w%d" % wire, *(("nodad",) if ":" in address and what == "add" else ()))

    def peer(self, address):
        """A peer on the other side: its sockets are made there, and stay there."""
        with open("/proc/self/ns/net") as home, open("/run/netns/" + self.others) as there:
            assert libc.setns(there.fileno(), CLONE_NEWNET) == 0, os.strerror(ctypes.get_errno())
            try:
                return offhook.Peer(address)
            finally:
                assert libc.setns(home.fileno(), CLONE_NEWNET) == 0

    def start(self, home, *lines, listen="*:5060"):
        rc = home.write("rc", "set sip-listen %s\n" % listen + "".join(line + "\n" for line in lines))
        return offhook.Phone("-c", rc, "--audio=null", home=home, under=("ip", "netns", "exec", self.phone))

    def close(self):
        for name in self.made:
            subprocess.run(["ip", "netns", "del", name], check=False)


def contact(message):
    return re.search(r"@\[?([^]>;]*?)\]?:\d+[>;]", message.get("Contact")).group(1)


def sound(message):
    """(address, port) that the SDP names."""
    return (re.search(r"^c=IN IP\d (\S+)", message.body, re.M).group(1),
            int(re.search(r"^m=audio (\d+)", message.body, re.M).group(1)))


def via(message):
    return re.search(r"/UDP \[?([^];]*?)\]?:\d+[;\s]", message.get("Via")).group(1)


class Network(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()
        self.net = None

    def tearDown(self):
        if self.net:
            self.net.close()
        self.home.remove()

    def wire(self, address="10.77.1.2/24", peer="10.77.1.1/24"):
        self.net = Net()
        self.net.theirs("addr", "add", peer, "dev", "v1")
        self.net.ours("link", "set", "w1", "up")
        if address:
            self.net.address("add", address)

    def call(self, phone, peer):
        """An established call: (number, INVITE, where its sound is sent to)."""
        phone.command("dial " + peer.uri())
        invite = peer.receive("INVITE")
        peer.reply(invite, 200, "OK", body=peer.sdp())
        peer.receive("ACK")
        number = phone.wait("call", state="established")["call"]
        self.rtp(peer, sound(invite))
        return number, invite

    def drain(self, peer):
        while select.select([peer.media], [], [], 0)[0]:
            peer.media.recv(2048)

    def rtp(self, peer, source):
        """A packet from SOURCE must come; others may be under way still."""
        end = time.monotonic() + offhook.DEADLINE
        while time.monotonic() < end:
            peer.media.settimeout(max(0.01, end - time.monotonic()))
            data, came = peer.media.recvfrom(2048)
            if came[:2] == source and data[0] >> 6 == 2:
                return
        self.fail("no sound from %s" % (source,))

    def reinvite(self, peer, first):
        again = peer.receive("INVITE")
        self.assertEqual(again.get("Call-ID"), first.get("Call-ID"))
        self.assertIn("tag=peertag", again.get("To"))
        self.assertEqual(again.get("From"), first.get("From"))
        return again

    def hang_up(self, phone, peer, call, source):
        phone.command("hangup")
        bye = peer.receive("BYE")
        self.assertEqual(peer.source[0], source)
        self.assertEqual(via(bye), source)
        peer.reply(bye, 200, "OK")
        phone.wait("call", state="closed", call=call, ended_by="us")

    def none_of(self, phone, name, seconds, **fields):
        try:
            event = phone.wait(name, deadline=seconds, **fields)
        except AssertionError:
            self.assertFalse(phone.ended, phone.stderr())
            return
        self.fail("unexpected: %s" % event)

    def registered(self, phone, peer):
        """Answers one REGISTER; returns it."""
        register = peer.receive("REGISTER")
        peer.reply(register, 200, "OK", headers=("Contact: %s;expires=600" % register.get("Contact"),))
        phone.wait("registration", state="registered")
        return register

    # --- tests

    def test_start_without_network(self):
        self.net = Net()
        self.net.theirs("addr", "add", "10.77.1.1/24", "dev", "v1")
        with self.net.peer("10.77.1.1") as peer, \
                self.net.start(self.home, "account add work sip:alice@10.77.1.1:%d" % peer.port) as phone:
            phone.wait("registration", state="failed")
            self.assertIn("udp:127.0.0.1:5060", phone.ready()["sip"])
            self.net.address("add", "10.77.1.2/24")
            self.net.ours("link", "set", "w1", "up")
            register = peer.receive("REGISTER")
            self.assertEqual((peer.source, via(register), contact(register)),
                             (("10.77.1.2", 5060), "10.77.1.2", "10.77.1.2"))
            peer.reply(register, 200, "OK", headers=("Contact: %s;expires=600" % register.get("Contact"),))
            phone.wait("registration", state="registered")
            self.assertEqual(len(phone.any("notice", text=lambda t: t.startswith("Network back"))), 1)
            phone.send("quit")
            register = peer.receive("REGISTER")
            peer.reply(register, 200, "OK")
            self.assertEqual(phone.exit_status(), 0)

    def test_an_ipv6_address_takes_its_time(self):
        self.net = Net()
        self.net.theirs("addr", "add", "fd77:1::1/64", "dev", "v1", "nodad")
        # others are asked whether they have it: until then nothing can be sent from it
        ip("netns", "exec", self.net.phone, "sh", "-c", "echo 1 > /proc/sys/net/ipv6/conf/all/accept_dad;"
           "echo 1 > /proc/sys/net/ipv6/conf/w1/accept_dad; echo 1 > /proc/sys/net/ipv6/conf/w1/dad_transmits")
        with self.net.peer("fd77:1::1") as peer, \
                self.net.start(self.home, "account add work sip:alice@[fd77:1::1]:%d" % peer.port) as phone:
            phone.wait("registration", state="failed")
            self.net.ours("link", "set", "w1", "up")
            self.net.ours("addr", "add", "fd77:1::2/64", "dev", "w1")
            register = peer.receive("REGISTER")
            self.assertEqual((peer.source[0], contact(register)), ("fd77:1::2",) * 2)
            peer.reply(register, 200, "OK", headers=("Contact: %s;expires=600" % register.get("Contact"),))
            phone.wait("registration", state="registered")
            phone.send("quit")
            peer.reply(peer.receive("REGISTER"), 200, "OK")

    def test_without_any_interface(self):
        self.net = Net()
        self.net.ours("addr", "flush", "dev", "lo")
        with self.net.start(self.home) as phone:
            self.assertEqual(phone.ready().get("sip", []), [])

    def test_more_addresses_than_places(self):
        self.wire()
        for n in range(3, 23):
            self.net.address("add", "10.77.1.%d/24" % n)
        with self.net.start(self.home) as phone, self.net.peer("10.77.1.1") as peer:
            phone.ready()
            phone.command("dial " + peer.uri())
            self.assertEqual(contact(peer.receive("INVITE")), "10.77.1.2")

    def test_link_down_in_a_call(self):
        self.wire()
        with self.net.peer("10.77.1.1") as peer, self.net.start(self.home) as phone:
            phone.ready()
            call, invite = self.call(phone, peer)
            self.net.theirs("link", "set", "v1", "down")
            phone.wait("notice", text=lambda t: t.startswith("Network lost"))
            self.drain(peer)
            self.none_of(phone, "call", 10, state="closed")
            self.assertEqual(select.select([peer.media, peer.socket], [], [], 0)[0], [])
            self.net.theirs("link", "set", "v1", "up")
            phone.wait("notice", text=lambda t: t.startswith("Network back"))
            again = self.reinvite(peer, invite)
            self.assertEqual(sound(again), sound(invite))
            peer.reply(again, 200, "OK", body=peer.sdp())
            peer.receive("ACK")
            self.rtp(peer, sound(again))
            self.hang_up(phone, peer, call, "10.77.1.2")

    def test_address_changed_in_a_call(self):
        self.wire()
        with self.net.peer("10.77.1.1") as peer, self.net.start(self.home) as phone:
            phone.ready()
            call, invite = self.call(phone, peer)
            self.assertEqual((via(invite), contact(invite), sound(invite)[0]), ("10.77.1.2",) * 3)
            self.net.address("del", "10.77.1.2/24")
            self.net.address("add", "10.77.1.3/24")
            again = self.reinvite(peer, invite)
            self.assertEqual(peer.source, ("10.77.1.3", 5060))
            self.assertEqual((via(again), contact(again), sound(again)[0]), ("10.77.1.3",) * 3)
            peer.reply(again, 200, "OK", body=peer.sdp())
            peer.receive("ACK")
            self.rtp(peer, sound(again))
            # and back: the endpoint that was laid aside is there again
            self.net.address("del", "10.77.1.3/24")
            self.net.address("add", "10.77.1.2/24")
            again = self.reinvite(peer, invite)
            self.assertEqual((peer.source, contact(again)), (("10.77.1.2", 5060), "10.77.1.2"))
            peer.reply(again, 200, "OK", body=peer.sdp())
            peer.receive("ACK")
            self.rtp(peer, sound(again))
            self.hang_up(phone, peer, call, "10.77.1.2")

    def test_address_gone_for_a_while(self):
        self.wire()
        with self.net.peer("10.77.1.1") as peer, self.net.start(self.home) as phone:
            phone.ready()
            call, invite = self.call(phone, peer)
            self.net.address("del", "10.77.1.2/24")
            phone.wait("notice", text=lambda t: t.startswith("Network lost"))
            # what cannot be sent ends nothing
            phone.command("hold")
            self.none_of(phone, "call", 3, state="closed")
            self.net.address("add", "10.77.1.4/24")
            again = self.reinvite(peer, invite)
            self.assertEqual((contact(again), sound(again)[0]), ("10.77.1.4",) * 2)
            self.assertIn("a=sendonly", again.body)
            peer.reply(again, 200, "OK", body=peer.sdp(more=("a=recvonly",)))
            peer.receive("ACK")
            phone.wait("call", state="held", call=call)
            self.hang_up(phone, peer, call, "10.77.1.4")

    def test_a_call_that_the_peer_has_forgotten(self):
        self.wire()
        with self.net.peer("10.77.1.1") as peer, self.net.start(self.home) as phone:
            phone.ready()
            call, invite = self.call(phone, peer)
            self.net.address("del", "10.77.1.2/24")
            self.net.address("add", "10.77.1.3/24")
            peer.reply(self.reinvite(peer, invite), 481, "Call/Transaction Does Not Exist")
            phone.wait("call", state="closed", call=call, ended_by="network")
            self.assertEqual(len(phone.any("notice", text=lambda t: "was lost" in t)), 1)

    def test_address_gone_while_it_rings(self):
        self.wire()
        with self.net.peer("10.77.1.1") as peer, self.net.start(self.home) as phone:
            phone.ready()
            phone.command("dial " + peer.uri())
            invite = peer.receive("INVITE")
            peer.reply(invite, 180, "Ringing")
            phone.wait("call", state="ringing")
            self.net.address("del", "10.77.1.2/24")
            self.net.address("add", "10.77.1.3/24")
            phone.wait("outcome", error="transport")
            phone.wait("notice", severity="error")

    def test_address_changed_while_registered(self):
        self.wire()
        with self.net.peer("10.77.1.1") as peer, \
                self.net.start(self.home, "account add work sip:alice@10.77.1.1:%d" % peer.port) as phone:
            first = self.registered(phone, peer)
            self.assertEqual(contact(first), "10.77.1.2")
            phone.ready()
            self.net.address("del", "10.77.1.2/24")
            self.net.address("add", "10.77.1.3/24")
            again = self.registered(phone, peer)
            self.assertEqual(contact(again), "10.77.1.3")
            self.assertEqual(again.get("Call-ID"), first.get("Call-ID"))
            phone.send("quit")
            peer.reply(peer.receive("REGISTER"), 200, "OK")

    def test_a_named_address_that_comes_back(self):
        self.wire()
        with self.net.peer("10.77.1.1") as peer, \
                self.net.start(self.home, "account add work sip:alice@10.77.1.1:%d" % peer.port,
                               listen="10.77.1.2:5062") as phone:
            self.registered(phone, peer)
            # of no interest: it is not asked for
            self.net.address("add", "10.77.9.9/24")
            self.net.address("del", "10.77.1.2/24")
            phone.wait("notice", text=lambda t: t.startswith("Network lost"))
            self.assertEqual(phone.any("registration", state="failed"), [])
            self.net.address("add", "10.77.1.2/24")
            self.assertEqual(contact(self.registered(phone, peer)), "10.77.1.2")
            self.assertEqual(peer.source, ("10.77.1.2", 5062))
            phone.send("quit")
            peer.reply(peer.receive("REGISTER"), 200, "OK")

    def test_address_gone_while_they_call(self):
        self.wire()
        with self.net.peer("10.77.1.1") as peer, \
                self.net.start(self.home, "set answer-unknown-users yes") as phone:
            phone.ready()
            body = peer.sdp()
            peer.send("\r\n".join((
                "INVITE sip:me@10.77.1.2:5060 SIP/2.0", "Via: SIP/2.0/UDP 10.77.1.1:%d;branch=z9hG4bKtwo" % peer.port,
                "Max-Forwards: 70", "From: <%s>;tag=one" % peer.uri(), "To: <sip:me@10.77.1.2>", "Call-ID: two",
                "CSeq: 1 INVITE", "Contact: <%s>" % peer.uri(), "Content-Type: application/sdp",
                "Content-Length: %d" % len(body), "", body)), ("10.77.1.2", 5060))
            call = phone.wait("call", state="ringing")["call"]
            self.net.address("del", "10.77.1.2/24")
            phone.wait("call", state="closed", call=call)

    def test_the_right_address(self):
        self.net = Net(wires=2)
        sides = (("10.77.1.1", "10.77.1.2", 24, 1), ("10.77.2.1", "10.77.2.2", 24, 2),
                 ("fd77:1::1", "fd77:1::2", 64, 1), ("fd77:2::1", "fd77:2::2", 64, 2))
        for n in (1, 2):
            self.net.ours("link", "set", "w%d" % n, "up")
        for theirs, ours, bits, n in sides:
            self.net.theirs("addr", "add", "%s/%d" % (theirs, bits), "dev", "v%d" % n,
                            *(("nodad",) if ":" in theirs else ()))
            self.net.address("add", "%s/%d" % (ours, bits), n)
        with self.net.start(self.home) as phone:
            sip = phone.ready()["sip"]
            for _, ours, _, _ in sides:
                self.assertIn("udp:%s:5060" % ("[%s]" % ours if ":" in ours else ours), sip)
            for theirs, ours, _, _ in sides:
                with self.net.peer(theirs) as peer:
                    call, invite = self.call(phone, peer)
                    self.assertEqual(peer.source[:2], (ours, 5060))
                    self.assertEqual((via(invite), contact(invite), sound(invite)[0]), (ours,) * 3)
                    self.assertIn("c=IN IP%d " % (6 if ":" in ours else 4), invite.body)
                    self.hang_up(phone, peer, call, ours)

    def test_an_incoming_call_at_the_second_address(self):
        self.net = Net(wires=2)
        for n in (1, 2):
            self.net.ours("link", "set", "w%d" % n, "up")
            self.net.theirs("addr", "add", "10.77.%d.1/24" % n, "dev", "v%d" % n)
            self.net.address("add", "10.77.%d.2/24" % n, n)
        with self.net.start(self.home, "set answer-unknown-users yes") as phone, self.net.peer("10.77.2.1") as peer:
            phone.ready()
            body = peer.sdp()
            peer.send("\r\n".join((
                "INVITE sip:me@10.77.2.2:5060 SIP/2.0", "Via: SIP/2.0/UDP 10.77.2.1:%d;branch=z9hG4bKone" % peer.port,
                "Max-Forwards: 70", "From: <%s>;tag=one" % peer.uri(), "To: <sip:me@10.77.2.2>", "Call-ID: one",
                "CSeq: 1 INVITE", "Contact: <%s>" % peer.uri(), "Content-Type: application/sdp",
                "Content-Length: %d" % len(body), "", body)), ("10.77.2.2", 5060))
            phone.wait("call", state="ringing")
            phone.command("answer")
            answer = peer.receive("SIP/2.0 200")
            self.assertEqual((peer.source[0], contact(answer), sound(answer)[0]), ("10.77.2.2",) * 3)

    def test_nothing_wakes_it(self):
        self.wire()
        with self.net.start(self.home) as phone:
            phone.ready()

            def switches():
                total = 0
                for task in os.listdir("/proc/%d/task" % phone.process.pid):
                    with open("/proc/%d/task/%s/status" % (phone.process.pid, task)) as f:
                        total += int(re.search(r"^voluntary_ctxt_switches:\s+(\d+)", f.read(), re.M).group(1))
                return total

            # a first look at the network may be under way
            self.none_of(phone, "notice", 1)
            before = switches()
            self.none_of(phone, "notice", 4)
            self.assertLessEqual(switches() - before, 2)
            # what is of no interest: another address's life time
            self.net.address("change", "10.77.1.2/24")
            self.none_of(phone, "notice", 1)

    # with a clock that can be put forward: the user agent alone, and the kernel's news by command

    def agent(self):
        program = os.path.join(offhook.BUILD, "tests", "sip_agent")
        if not os.path.exists(program):
            self.skipTest("tests/sip_agent is not built")
        return sip_agent.Agent("*:0", program, ("ip", "netns", "exec", self.net.phone))

    def agent_call(self, agent, peer):
        agent.do("invite 1 %s -" % peer.uri())
        invite = peer.receive("INVITE")
        peer.reply(invite, 200, "OK", body=peer.sdp())
        peer.receive("ACK")
        agent.expect("established 1")
        return invite

    def test_a_call_without_a_way_ends(self):
        self.wire()
        agent = self.agent()
        with self.net.peer("10.77.1.1") as peer:
            self.agent_call(agent, peer)
            self.net.address("del", "10.77.1.2/24")
            agent.do("network 0")
            agent.expect("network 0")
            agent.advance(58000)
            agent.none("closed 1")
            agent.advance(3000)
            self.assertIn("network", agent.expect("closed 1"))
        agent.close()

    def test_a_call_that_loses_its_way_asleep(self):
        self.wire()
        agent = self.agent()
        with self.net.peer("10.77.1.1") as peer:
            self.agent_call(agent, peer)
            self.net.address("del", "10.77.1.2/24")
            agent.do("network 7200000")
            agent.expect("network 0")
            agent.advance(200)
            agent.none("closed 1")
            agent.advance(61000)
            self.assertIn("network", agent.expect("closed 1"))
        agent.close()

    def test_a_call_after_sleep(self):
        self.wire()
        agent = self.agent()
        with self.net.peer("10.77.1.1") as peer:
            invite = self.agent_call(agent, peer)
            agent.do("network 7200000")
            again = self.reinvite(peer, invite)
            peer.reply(again, 200, "OK", body=peer.sdp())
            peer.receive("ACK")
            agent.do("network 7200000")
            peer.reply(self.reinvite(peer, invite), 500, "Not Now")
            peer.receive("ACK")
            # it is there, and knows our address: no more is asked for
            agent.advance(62000)
            agent.none("closed 1")
            # nobody there
            agent.do("network 7200000")
            self.reinvite(peer, invite)
            agent.advance(33000)
            self.assertIn("network", agent.expect("closed 1"))
        agent.close()

    def test_an_address_that_the_peer_refuses(self):
        self.wire()
        agent = self.agent()
        with self.net.peer("10.77.1.1") as peer:
            invite = self.agent_call(agent, peer)
            self.net.address("del", "10.77.1.2/24")
            self.net.address("add", "10.77.1.3/24")
            agent.do("network 0")
            for _ in range(3):
                peer.reply(self.reinvite(peer, invite), 500, "Not Now")
                peer.receive("ACK")
                agent.advance(2100)
            agent.advance(60000)
            self.assertIn("network", agent.expect("closed 1"))
        agent.close()

    def test_what_cannot_be_sent_ends_nothing(self):
        self.wire()
        agent = self.agent()
        with self.net.peer("10.77.1.1") as peer:
            self.agent_call(agent, peer)
            # before the kernel's news are through
            self.net.address("del", "10.77.1.2/24")
            agent.do("reoffer 1 hold")
            agent.expect("reoffer_failed 1")
            agent.none("closed 1")
        agent.close()

    def test_many_addresses_one_after_the_other(self):
        self.wire()
        agent = self.agent()
        with self.net.peer("10.77.1.1") as peer:
            for n in range(3, 30):
                old, new = "10.77.1.%d" % (n - 1), "10.77.1.%d" % n
                self.net.address("del", old + "/24")
                self.net.address("add", new + "/24")
                agent.advance(121000)
                agent.do("network 0")
                peer.send("\r\n".join((
                    "OPTIONS sip:me@%s SIP/2.0" % new, "Via: SIP/2.0/UDP 10.77.1.1:%d;branch=z9hG4bK%d" % (peer.port, n),
                    "Max-Forwards: 70", "From: <%s>;tag=one" % peer.uri(), "To: <sip:me@%s>" % new, "Call-ID: %d" % n,
                    "CSeq: 1 OPTIONS", "Content-Length: 0", "", "")), (new, agent.port))
                peer.receive("SIP/2.0 200")
                self.assertEqual(peer.source, (new, agent.port))
        agent.close()


if __name__ == "__main__":
    unittest.main(verbosity=2)
