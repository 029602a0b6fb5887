"""Calls to and from Debian's baresip, opus and PCMU: speech and digits both ways."""

import json
import os
import socket
import subprocess
import sys
import time
import unittest
import wave

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

BARESIP = offhook.need("baresip")
MODULES = "/usr/lib/baresip/modules"
CODECS = {"opus": ("opus/48000/2", 48000, 2), "PCMU": ("pcmu", 8000, 1)}


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as s:
        s.bind(("127.0.0.1", 0))
        return s.getsockname()[1]


class Baresip:
    """A baresip that answers by itself, plays a file, records what it hears, and is told what to do over TCP."""

    def __init__(self, home, codec):
        self.codec, rate, channels = CODECS[codec]
        self.home = home
        self.port = free_port(socket.SOCK_DGRAM)
        self.control = free_port(socket.SOCK_STREAM)
        self.console = free_port(socket.SOCK_DGRAM)
        self.speech = home.file("bob.wav")
        offhook.make_speech(self.speech, 8, seed=7)
        self.spoken = offhook.loudness(self.speech)
        self._convert(rate, channels)
        os.mkdir(home.file("rec"))
        home.write("bob/contacts", "")
        home.write("bob/accounts", "<sip:bob@127.0.0.1:%d;transport=udp>;regint=0;answermode=auto;audio_codecs=%s\n" % (
            self.port, self.codec))
        home.write("bob/config", "\n".join([
            "poll_method epoll", "sip_listen 127.0.0.1:%d" % self.port, "net_interface 127.0.0.1",
            "audio_source aufile,%s" % self.speech, "audio_player aubridge,nil", "audio_alert aubridge,nil",
            "module_path " + MODULES,
            *("module %s.so" % m for m in ("aufile", "aubridge", "sndfile", "g711", "opus", "account", "menu",
                                           "ctrl_tcp", "cons")),
            "ctrl_tcp_listen 127.0.0.1:%d" % self.control, "cons_listen 127.0.0.1:%d" % self.console,
            "snd_path " + home.file("rec"), "rtp_ports 21000-29000", ""]))
        self.log = open(home.file("bob.log"), "wb")
        self.process = subprocess.Popen([BARESIP, "-f", home.file("bob")], cwd=home.path, stdin=subprocess.DEVNULL,
                                        stdout=self.log, stderr=self.log)
        self.buffer = b""
        self.socket = self._connect()

    def _convert(self, rate, channels):
        """Its file source takes the rate and the channels of the codec only."""
        step = offhook.RATE // rate
        with wave.open(self.speech, "rb") as w:
            data = w.readframes(w.getnframes())
        with wave.open(self.speech, "wb") as w:
            w.setnchannels(channels)
            w.setsampwidth(2)
            w.setframerate(rate)
            w.writeframes(b"".join(data[i:i + 2] * channels for i in range(0, len(data), 2 * step)))

    def _connect(self):
        end = time.monotonic() + offhook.DEADLINE
        while True:
            try:
                return socket.create_connection(("127.0.0.1", self.control))
            except ConnectionRefusedError:
                if time.monotonic() > end or self.process.poll() is not None:
                    raise

    def command(self, name, parameters=""):
        j = json.dumps({"command": name, "params": parameters, "token": "t"}).encode()
        self.socket.sendall(b"%d:%s," % (len(j), j))

    def key(self, key):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
            s.sendto(key.encode(), ("127.0.0.1", self.console))

    def wait(self, **fields):
        """The next JSON message (a netstring) with those fields."""
        end = time.monotonic() + offhook.DEADLINE
        while True:
            head, colon, rest = self.buffer.partition(b":")
            if colon and len(rest) > int(head):
                message, self.buffer = json.loads(rest[:int(head)]), rest[int(head) + 1:]
                if all(message.get(k) == v for k, v in fields.items()):
                    return message
                continue
            self.socket.settimeout(max(0.01, end - time.monotonic()))
            data = self.socket.recv(65536)
            assert data, "baresip is gone"
            self.buffer += data

    def recorded(self):
        """Loudness of what it heard."""
        names = [n for n in os.listdir(self.home.file("rec")) if n.endswith("-dec.wav")]
        assert len(names) == 1, names
        path = os.path.join(self.home.file("rec"), names[0])
        with wave.open(path, "rb") as w:
            rate, channels = w.getframerate(), w.getnchannels()
            data = w.readframes(w.getnframes())
        import array
        import math
        samples = array.array("h", data)[::channels]
        n = rate // 100
        return [math.sqrt(sum(s * s for s in samples[i:i + n]) / n) for i in range(0, len(samples) - n + 1, n)]

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait(10)
        self.log.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


class Calls(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()

    def tearDown(self):
        self.home.remove()

    def conversation(self, codec, incoming):
        spoken, heard = self.home.file("in.wav"), self.home.file("out.wav")
        offhook.make_speech(spoken, 10)
        bob_home = offhook.Home()
        try:
            with Baresip(bob_home, codec) as bob, \
                    offhook.Phone("--audio=file:%s,%s" % (spoken, heard), home=self.home) as phone:
                phone.ready()
                if incoming:
                    phone.command("set answer-unknown-users yes")
                    bob.command("dial", "sip:phone@%s:%d" % phone.address())
                    phone.wait("call", direction="in", state="ringing")
                    phone.command("answer")
                else:
                    phone.command("dial sip:bob@127.0.0.1:%d codecs=%s" % (bob.port, codec))
                phone.wait("call", state="established")
                bob.wait(event=True, type="CALL_ESTABLISHED")
                for _ in range(4):
                    phone.wait("media", codec=codec)
                phone.command("dtmf 7")
                self.assertEqual(bob.wait(event=True, type="CALL_DTMF_START")["param"], "7")
                bob.key("5")
                self.assertEqual(phone.wait("dtmf")["digit"], "5")
                bob.command("hangup")
                phone.wait("call", state="closed", ended_by="them")
            bob_heard = bob.recorded() # written out when it has ended
            speech = bob.spoken
        finally:
            bob_home.remove()
        mine = offhook.loudness(spoken)
        # our first seconds, in what it recorded: its recording begins with the call, ours with the device
        likeness = max(offhook.likeness(mine[lag:lag + 250], bob_heard[:300], 0) if lag >= 0 else
                       offhook.likeness(mine[:250], bob_heard[:300], -lag) for lag in range(-40, 60))
        self.assertGreater(likeness, 0.7, "baresip did not hear what we said")
        self.assertGreater(max(offhook.loudness(heard)), 500, "we heard nothing")
        likeness = max(offhook.likeness(speech[:250], offhook.loudness(heard), lag) for lag in range(0, 150))
        self.assertGreater(likeness, 0.7, "we did not hear what baresip said")

    def test_to_opus(self):
        self.conversation("opus", False)

    def test_to_pcmu(self):
        self.conversation("PCMU", False)

    def test_from_opus(self):
        self.conversation("opus", True)

    def test_from_pcmu(self):
        self.conversation("PCMU", True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
