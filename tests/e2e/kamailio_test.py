"""Registered with kamailio: over UDP and TCP, refreshed, removed; called through it; killed and started again."""

import glob
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

KAMAILIO = offhook.need("kamailio")
BARESIP, LINPHONE = shutil.which("baresip"), shutil.which("linphonec")
MODULES = glob.glob("/usr/lib/*/kamailio/modules/registrar.so") + glob.glob("/usr/lib*/kamailio/modules/registrar.so")
if not MODULES:
    offhook.skip("kamailio's modules are not installed")


def own_network():
    """Runs this program again in a network of its own, with a default route, which linphonec wants. Where that is not
    allowed everything is on the loopback, without linphonec."""
    if "OFFHOOK_TEST_NETWORK" in os.environ:
        return os.environ["OFFHOOK_TEST_NETWORK"]
    setup = ("ip link set lo up && ip link add test0 type veth peer name test1 && ip address add 192.0.2.10/24 dev test0 && "
             "ip link set test0 up && ip link set test1 up && ip route add default via 192.0.2.1")
    for how in (["unshare", "-n"], ["unshare", "-rn"]):
        try:
            able = subprocess.run([*how, "sh", "-c", setup], capture_output=True).returncode == 0
        except FileNotFoundError:
            able = False
        if able:
            os.environ["OFFHOOK_TEST_NETWORK"] = "192.0.2.10"
            os.execvp("unshare", [*how, "sh", "-c", setup + ' && exec "$@"', "sh", sys.executable, *sys.argv])
    return "127.0.0.1"


def free_port():
    """A port that is free for both transports."""
    while True:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as u, socket.socket() as t:
            u.bind((ADDRESS, 0))
            try:
                t.bind(u.getsockname())
                return u.getsockname()[1]
            except OSError:
                pass


class Kamailio:
    def __init__(self, *options, expires=8):
        self.home = offhook.Home()
        self.port = free_port()
        self.options = options
        here = os.path.join(offhook.SOURCE, "tests", "e2e", "kamailio", "kamailio.cfg")
        with open(here) as f:
            text = f.read()
        for word, value in (("ADDRESS", ADDRESS), ("PORT", self.port), ("DIR", self.home.path), ("EXPIRES", expires),
                            ("MODULES", os.path.dirname(MODULES[0]))):
            text = text.replace("@%s@" % word, str(value))
        self.config = self.home.write("kamailio.cfg", text)
        self.starts = 0
        self.start()

    def start(self):
        self.starts += 1
        self.log = open(self.home.file("log"), "ab")
        self.process = subprocess.Popen(
            [KAMAILIO, "-f", self.config, "-P", self.home.file("pid"), "-Y", self.home.path, "-m", "64", "-M", "8",
             "-DD", "-E", *self.options], stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log,
            cwd=self.home.path, start_new_session=True)
        end = time.monotonic() + offhook.DEADLINE
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.bind((ADDRESS, 0))
            s.settimeout(0.1)
            while True:
                here = "%s:%d" % s.getsockname()
                s.sendto(("OPTIONS sip:%s:%d SIP/2.0\r\nVia: SIP/2.0/UDP %s;branch=z9hG4bK%f\r\nFrom: <sip:t@%s>;tag=1\r\n"
                          "To: <sip:%s>\r\nCall-ID: up%f\r\nCSeq: 1 OPTIONS\r\nContent-Length: 0\r\n\r\n" % (
                              ADDRESS, self.port, here, time.monotonic(), here, ADDRESS, time.monotonic())).encode(),
                         (ADDRESS, self.port))
                try:
                    if s.recv(4096).startswith(b"SIP/2.0 200"):
                        return
                except (socket.timeout, ConnectionRefusedError):
                    pass
                if time.monotonic() > end or self.process.poll() is not None:
                    raise AssertionError("kamailio does not answer:\n" + self.said())

    def said(self):
        with open(self.home.file("log"), errors="replace") as f:
            return f.read()

    def lines(self, *words):
        return [line for line in self.said().splitlines() if all(w in line for w in words)]

    def ask(self, method, *params):
        """The result of a remote procedure, or None."""
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as s:
            mine = tempfile.mktemp(dir=self.home.path)
            s.bind(mine)
            s.settimeout(offhook.DEADLINE)
            s.sendto(json.dumps({"jsonrpc": "2.0", "method": method, "params": params, "id": 1}).encode(),
                     self.home.file("rpc"))
            return json.loads(s.recv(65536)).get("result")

    def contacts(self, user):
        found = self.ask("ul.lookup", "location", user)
        return [c["Contact"]["Address"] for c in found["Contacts"]] if found else []

    def account(self, name, user, password, *more):
        return "account add %s sip:%s@%s:%d password=%s %s" % (name, user, ADDRESS, self.port, password, " ".join(more))

    def kill(self):
        """All of it, as the machine it runs on might."""
        os.killpg(self.process.pid, signal.SIGKILL)
        self.process.wait()
        self.log.close()

    def close(self):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            pass
        try:
            os.killpg(self.process.pid, signal.SIGKILL)
        except ProcessLookupError:
            pass
        self.process.wait()
        self.log.close()
        self.home.remove()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Baresip:
    """Registered as bob; told what to do over TCP."""

    MODULES = ("ausine", "aubridge", "opus", "account", "menu", "ctrl_tcp")

    def __init__(self, kamailio):
        self.home = offhook.Home()
        port, control = free_port(), free_port()
        self.home.write("bob/contacts", "")
        self.home.write("bob/accounts", "<sip:bob@%s:%d;transport=udp>;auth_user=bob;auth_pass=builder;regint=60\n" % (
            ADDRESS, kamailio.port))
        self.home.write("bob/config", "\n".join([
            "sip_listen %s:%d" % (ADDRESS, port), "net_interface %s" % ADDRESS, "audio_source ausine,440",
            "audio_player aubridge,nil", "audio_alert aubridge,nil", "module_path /usr/lib/baresip/modules",
            *("module %s.so" % m for m in self.MODULES), "ctrl_tcp_listen %s:%d" % (ADDRESS, control), ""]))
        self.log = open(self.home.file("log"), "wb")
        self.process = subprocess.Popen([BARESIP, "-f", self.home.file("bob")], cwd=self.home.path,
                                        stdin=subprocess.DEVNULL, stdout=self.log, stderr=self.log)
        end = time.monotonic() + offhook.DEADLINE
        while True:
            try:
                self.socket = socket.create_connection((ADDRESS, control))
                break
            except ConnectionRefusedError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise

    def said(self):
        with open(self.home.file("log"), errors="replace") as f:
            return f.read()

    def speak(self):
        """It sends a tone anyway."""

    def dial(self, uri):
        j = json.dumps({"command": "dial", "params": uri}).encode()
        self.socket.sendall(b"%d:%s," % (len(j), j))

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(10)
        self.log.close()
        self.home.remove()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Linphone:
    """Registered as carol; told what to do as a user would."""

    def __init__(self, kamailio):
        self.home = offhook.Home()
        rc = self.home.write("linphonerc", "\n".join([
            "[sip]", "sip_port=-1", "sip_tcp_port=0", "default_proxy=0", "verify_server_certs=0",
            "[net]", "enable_nat=0", "[proxy_0]", "reg_proxy=<sip:%s:%d;transport=udp>" % (ADDRESS, kamailio.port),
            "reg_identity=sip:carol@%s:%d" % (ADDRESS, kamailio.port), "reg_sendregister=1", "reg_expires=60",
            "[auth_info_0]", "username=carol", "passwd=carillon", "realm=lab.example", ""]))
        os.makedirs(self.home.file(".local/share/linphone"))
        self.log = open(self.home.file("log"), "wb")
        self.process = subprocess.Popen([LINPHONE, "-c", rc], env=self.home.env, cwd=self.home.path,
                                        stdin=subprocess.PIPE, stdout=self.log, stderr=self.log)
        self.say("soundcard use files")
        self.speech = self.home.file("speech.wav")
        offhook.make_speech(self.speech, 5)

    def said(self):
        with open(self.home.file("log"), errors="replace") as f:
            return f.read()

    def speak(self):
        self.say("play " + self.speech)

    def dial(self, uri):
        self.say("call " + uri)

    def say(self, line):
        self.process.stdin.write(line.encode() + b"\n")
        self.process.stdin.flush()

    def close(self):
        try:
            self.say("quit")
            self.process.wait(10)
        except (BrokenPipeError, subprocess.TimeoutExpired):
            self.process.kill()
            self.process.wait()
        self.process.stdin.close()
        self.log.close()
        self.home.remove()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Registered(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()

    def tearDown(self):
        self.home.remove()

    def phone(self, *lines):
        rc = self.home.write("rc", "\n".join(("set sip-listen %s:0" % ADDRESS,) + lines) + "\n")
        return offhook.Phone("--audio=null", "-c", rc, home=self.home)

    def test_registered_refreshed_removed(self):
        with Kamailio() as k:
            with self.phone(k.account("u", "alice", "wonder", "transport=udp"),
                            k.account("t", "alma", "land", "transport=tcp")) as phone:
                ready = phone.ready()
                self.assertEqual(ready["accounts"], ["u", "t"])
                for name in "u", "t":
                    e = phone.any("registration", account=name, state="registered")
                    self.assertEqual(e[0]["expires"], 8, "asked for 3600, granted 8")
                here = "%s:%d" % phone.address()
                self.assertEqual(k.contacts("alice"), ["sip:alice@" + here])
                self.assertEqual(k.contacts("alma"), ["sip:alma@%s;transport=tcp" % here])
                # renewed before the end, with the nonce that is there: no second challenge
                begin = time.monotonic()
                seen = {"u": 0, "t": 0}
                while min(seen.values()) < 2:
                    e = phone.wait("registration")
                    self.assertEqual(e["state"], "registered", e)
                    seen[e["account"]] += 1
                self.assertLess(time.monotonic() - begin, 12, "two of 8 s")
                self.assertEqual(k.contacts("alma"), ["sip:alma@%s;transport=tcp" % here])
                self.assertEqual(len(k.lines("REGISTER of alice", "[<null>] [<null>]")), 1)
                phone.send("quit")
                begin = time.monotonic()
                self.assertEqual(phone.exit_status(), 0)
                self.assertLess(time.monotonic() - begin, 2)
                self.assertEqual(len(phone.any("registration", state="unregistered")), 2)
            self.assertEqual(k.contacts("alice") + k.contacts("alma"), [])

    def test_sha256_and_a_wrong_password(self):
        with Kamailio("-A", "WITH_SHA256") as k:
            with self.phone(k.account("right", "alice", "wonder"), k.account("wrong", "alma", "sand")) as phone:
                phone.ready()
                self.assertTrue(phone.any("registration", account="right", state="registered"))
                failed = phone.any("registration", account="wrong", state="failed")
                self.assertEqual([(e["code"], e.get("retry_in")) for e in failed], [(401, None)])
                notice = phone.any("notice")
                self.assertEqual(len(notice), 1)
                self.assertIn("account register wrong", notice[0]["text"])
                self.assertIn("did not accept", notice[0]["text"])
                self.assertTrue(k.lines("REGISTER of alice", "algorithm=SHA-256"), k.said())
                # once without and once with credentials
                self.assertEqual(len(k.lines("REGISTER of alma")), 2)
                # on the user's word: once again
                phone.command("account register wrong")
                phone.wait("registration", account="wrong", state="failed")
                self.assertEqual(len(k.lines("REGISTER of alma")), 4)
                self.assertNotIn("sand", b"".join(phone.raw).decode())

    def test_killed_and_started_again(self):
        with Kamailio() as k:
            with self.phone(k.account("u", "alice", "wonder", "transport=udp"),
                            k.account("t", "alma", "land", "transport=tcp")) as phone:
                phone.ready()
                self.assertEqual(len(phone.any("registration", state="registered")), 2)
                phone.seen = len(phone.events)
                k.kill()
                # TCP: at once
                e = phone.wait("registration", account="t", state="failed", deadline=5)
                self.assertEqual(e["reason"], "Connection refused")
                self.assertTrue(30 <= e["retry_in"] <= 60, e)
                # UDP: when the refresh has had no answer
                e = phone.wait("registration", account="u", state="failed", deadline=45)
                self.assertEqual(e["reason"], "No answer")
                self.assertTrue(30 <= e["retry_in"] <= 60, e)
                # it has forgotten everybody; an account may be back before we have looked
                k.start()
                for name in "u", "t":
                    seen = phone.seen
                    phone.wait("registration", account=name, state="registered", deadline=125)
                    phone.seen = seen
                self.assertEqual(len(k.contacts("alice") + k.contacts("alma")), 2)
                self.assertFalse(phone.any("notice"))


    def called(self, peer, user, transport, back):
        with Kamailio(expires=3600) as k, peer(k) as other:
            with self.phone(k.account("work", "alice", "wonder", "transport=" + transport)) as phone:
                phone.wait("registration", state="registered")
                phone.ready()
                end = time.monotonic() + offhook.DEADLINE
                while not k.contacts(user):
                    with self.assertRaises(subprocess.TimeoutExpired, msg="it has ended: " + other.said()):
                        other.process.wait(0.1)
                    self.assertLess(time.monotonic(), end, "%s does not register: %s\n%s" % (user, k.said(), other.said()))
                # called through it
                other.dial("sip:alice@%s:%d" % (ADDRESS, k.port))
                call = phone.wait("call", direction="in", state="ringing")
                self.assertEqual(call["account"], "work")
                self.assertIn("sip:%s@" % user, call["peer"])
                phone.command("answer")
                phone.wait("call", state="established")
                other.speak()
                try:
                    phone.wait("media", rx_level=lambda v: v is not None and v > -60)
                except AssertionError:
                    raise AssertionError("nothing is heard: " + other.said())
                phone.command("hangup")
                phone.wait("call", state="closed", ended_by="us")
                # and through it to them, by the Service-Route
                if back:
                    phone.command("dial %s" % user)
                    phone.wait("call", direction="out", state="ringing")
                    self.assertTrue(k.lines("INVITE of alice", "lr;of=alice"), k.said())
                    phone.command("hangup")
                    phone.wait("call", state="closed")
                # gone at quit: nobody is called there any more
                phone.send("quit")
                self.assertEqual(phone.exit_status(), 0)
            self.assertEqual(k.contacts("alice"), [])

    @unittest.skipUnless(BARESIP, "baresip is not installed")
    def test_called_by_baresip(self):
        self.called(Baresip, "bob", "tcp", True)

    @unittest.skipUnless(LINPHONE, "linphonec is not installed")
    def test_called_by_linphone(self):
        if ADDRESS == "127.0.0.1":
            self.skipTest("no network of its own, which linphonec wants")
        # it takes one call at a time, and is not through with the first for a while: not back
        self.called(Linphone, "carol", "udp", False)


ADDRESS = own_network()

if __name__ == "__main__":
    unittest.main()
