"""The phone with a sound card: the real PortAudio in its helper, on a card made of two files and a clock."""

import array
import math
import os
import subprocess
import sys
import unittest
import wave

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
import screen_test  # noqa: E402

PLUGIN = os.path.join(offhook.BUILD, "tests", "libasound_module_pcm_paced.so")
if not os.path.exists(PLUGIN):
    offhook.skip("the sound card for tests was not built (it needs the development files of ALSA)")

HOP = offhook.RATE // 1000   # loudness is looked at each millisecond ...
WINDOW = offhook.FRAME       # ... over 10 ms
ECHO_MS = 200                # of the exchange's echo line
NOISE = """
pcm.torn { type "no_such_kind_of_device" hint { show on description "torn" } }
pcm.lost { type plug slave.pcm "nowhere" hint { show on description "lost" } }
"""


def loudness(samples):
    """RMS of WINDOW samples from each HOP on."""
    squares = [0]
    for i in range(0, len(samples) - HOP + 1, HOP):
        squares.append(squares[-1] + sum(s * s for s in samples[i:i + HOP]))
    n = WINDOW // HOP
    return [math.sqrt((squares[i + n] - squares[i]) / WINDOW) for i in range(len(squares) - n)]


def read_raw(path):
    samples = array.array("h")
    with open(path, "rb") as f:
        data = f.read()
    samples.frombytes(data[:len(data) // 2 * 2])
    return samples


class Card:
    """A home with a sound card in it; what its microphone hears is SPEECH."""

    speech = None
    speech_loudness = None

    def __init__(self, kind="both", more=""):
        self.home = offhook.Home()
        self.make(kind, more)
        self.home.env["ALSA_CONFIG_PATH"] = self.home.file("asound.conf")
        if Card.speech is None:
            offhook.make_speech(self.home.file("speech.wav"), 13)
            with wave.open(self.home.file("speech.wav"), "rb") as w:
                Card.speech = w.readframes(w.getnframes())
            samples = array.array("h")
            samples.frombytes(Card.speech)
            Card.speech_loudness = loudness(samples)
        with open(self.home.file("microphone.raw"), "wb") as f:
            f.write(Card.speech)

    def make(self, kind, more=""):
        subprocess.run(["sh", os.path.join(offhook.SOURCE, "tests", "sound_card.sh"), self.home.path, PLUGIN, kind],
                       check=True)
        with open(self.home.file("asound.conf"), "a") as f:
            f.write(more)

    def phone(self, *args, **more):
        return offhook.Phone("--demo", "--audio=portaudio", *args, home=self.home, **more)

    def run(self, script):
        """Runs SCRIPT; the events. The exit status must be 0."""
        with self.phone("-e", script) as phone:
            phone.process.stdin.close()
            assert phone.exit_status(60) == 0, phone.stderr()
            return phone.events

    def t0(self, name):
        with open(self.home.file(name + ".t0")) as f:
            return int(f.read()) / 1e6

    def heard(self):
        """(loudness of what was played, its first millisecond on the microphone's time line)"""
        return (loudness(read_raw(self.home.file("speaker.raw"))),
                self.t0("speaker.raw") - self.t0("microphone.raw"))

    def echo(self, start):
        """(likeness, delay in ms) of what was played with what was said, where they are most alike from START (ms) on:
        a machine with other work to do may spoil a part."""
        heard, offset = self.heard()
        assert len(heard) > start + 1000, "only %d ms were played" % len(heard)
        return max(self.echo_at(heard, at, offset) for at in range(start, len(heard) - 1000, 500))

    @staticmethod
    def echo_at(heard, start, offset, length=1000):
        part = heard[start:start + length]

        # first with a coarse comb, then each millisecond around the best
        def at(lag, step):
            said = Card.speech_loudness[start - lag:start - lag + length]
            return offhook.likeness(said[::step], part[::step], 0)
        _, coarse = max((at(lag, 5), lag) for lag in range(ECHO_MS, min(700, start), 5))
        likeness, lag = max((at(lag, 1), lag) for lag in range(coarse - 5, coarse + 6))
        return likeness, lag + offset

    def tone(self, frequencies, start, length):
        """The share (0 to 1) that FREQUENCIES have in the power played in LENGTH seconds from START on."""
        samples = read_raw(self.home.file("speaker.raw"))[int(start * offhook.RATE):int((start + length) * offhook.RATE)]
        power = sum(s * s for s in samples)
        if power < 100 * 100 * len(samples) or not samples:
            return 0.0
        share = 0.0
        for f in frequencies:
            w = 2 * math.pi * f / offhook.RATE
            re = sum(s * math.cos(w * i) for i, s in enumerate(samples))
            im = sum(s * math.sin(w * i) for i, s in enumerate(samples))
            share += 2 * (re * re + im * im) / len(samples) / power
        return share

    def steady(self, frequency, start):
        """How many of ten pieces of 50 ms from START on are that tone alone: a correction of the delay turns its phase."""
        return sum(self.tone([frequency], start + i * 0.05, 0.05) > 0.95 for i in range(10))

    def bursts(self):
        """(begin, end) in seconds of each sound, with silence of at least 60 ms around it"""
        loud = [level > 100 for level in self.heard()[0]]
        out, last = [], None
        for i, on in enumerate(loud):
            if on and (last is None or i - last > 60):
                out.append([i / 1000, i / 1000])
            if on:
                out[-1][1] = i / 1000
                last = i
        return out

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.home.remove()


def media(events):
    return [e for e in events if e["event"] == "media"]


class Calls(unittest.TestCase):
    def echo_of(self, codec, worst):
        with Card() as card:
            events = card.run("dial echo codecs=%s ; wait established ; sleep 5s ; hangup ; wait closed" % codec)
            self.assertEqual({e["codec"] for e in media(events)}, {codec})
            self.assertEqual([(e["role"], e["state"]) for e in events if e["event"] == "device"],
                             [("input", "open"), ("output", "open")])
            likeness, delay = card.echo(1500)
        print("%s: likeness %.3f, mouth to ear %.0f ms" % (codec, likeness, delay - ECHO_MS), flush=True)
        self.assertGreater(likeness, 0.8, "what came back is not what was said")
        # generous: other tests may load the machine
        self.assertLess(delay - ECHO_MS, worst)
        self.assertGreater(delay - ECHO_MS, 20, "faster than a packet lasts")

    def test_opus(self):
        self.echo_of("opus", 160)

    def test_pcmu(self):
        self.echo_of("PCMU", 160)

    def test_pcma(self):
        self.echo_of("PCMA", 160)

    def test_mute_makes_a_hole(self):
        with Card() as card:
            card.run("dial echo ; wait established ; sleep 1500ms ; mute on ; sleep 1500ms ; mute off ; sleep 1500ms ; "
                     "hangup ; wait closed")
            heard, _ = card.heard()
            said = Card.speech_loudness
        quiet, best, end = 0, 0, 0
        for i, level in enumerate(heard):
            quiet = quiet + 1 if level < 40 else 0
            if quiet > best:
                best, end = quiet, i
        self.assertGreater(best, 1200, "no hole")
        self.assertGreater(max(said[end - best - 200:end - 400]), 1000, "the speech has a hole of its own")
        self.assertGreater(max(heard[end - best - 600:end - best]), 500, "nothing before the hole")
        self.assertGreater(max(heard[end + 1:]), 500, "nothing after it")


class Quiet(unittest.TestCase):
    def test_nothing_is_printed(self):
        with Card(more=NOISE) as card:
            env = dict(card.home.env)
            env.pop("OFFHOOK_KEEP_STDERR")
            log = card.home.file("log")
            p = subprocess.run(
                [offhook.PROGRAM, "--headless", "-c", card.home.write("rc", "set sip-listen 127.0.0.1:0\n"), "--demo",
                 "--audio=portaudio", "-v", "--log=" + log, "-e",
                 "dial echo ; wait established ; sleep 500ms ; hangup ; wait closed"],
                env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, timeout=60)
            with open(log) as f:
                logged = f.read()
        self.assertEqual(p.returncode, 0, p.stderr)
        self.assertEqual(p.stderr, b"")
        for line in p.stdout.splitlines():
            self.assertTrue(line.startswith(b'{"event":'), line)
        # it did make noise, and the log has it
        self.assertIn("ALSA lib", logged)

    def test_the_screen_stays_whole(self):
        with Card("none", more=NOISE) as card:
            env = {"ALSA_CONFIG_PATH": card.home.file("asound.conf")}
            with screen_test.Screen("--demo", "--audio=portaudio", env=env) as s:
                s.wait("No calls", "registered")
                s.keys("d")
                s.keys("echo", "Enter")
                text = s.wait("talking", "no sound card (null)")
                self.assertIn("calls work, but silently", " ".join(text.split()))
                s.keys("h")
                s.wait("No calls")
                s.keys("Q")
                s.wait("STATUS 0")
                self.assertNotIn("ALSA", text + s.text())


class Trouble(unittest.TestCase):
    def test_no_card_at_all(self):
        with Card("none") as card:
            with card.phone() as phone:
                self.assertEqual(phone.ready()["audio"], "portaudio")
                phone.command("dial echo")
                for role in ("input", "output"):
                    phone.wait("device", role=role, state="none")
                phone.wait("media", rx_level=lambda level: level is None or level < -60)
                phone.command("hangup")
                phone.wait("call", state="closed")
                words = [e["text"] for e in phone.any("notice")]
            self.assertTrue(any("calls work, but silently" in w for w in words), words)
            events = card.run("dial echo ; wait established ; sleep 200ms ; hangup ; wait closed")
            self.assertTrue([e for e in events if e["event"] == "call" and e["state"] == "established"])

    def test_no_microphone(self):
        with Card("output") as card:
            events = card.run("dial milliwatt ; wait established ; sleep 1500ms ; hangup ; wait closed")
            words = [e["text"] for e in events if e["event"] == "notice"]
            self.assertEqual(len([w for w in words if w.startswith("The other side will not hear you")]), 1, words)
            self.assertGreaterEqual(card.steady(1004, 0.8), 5)

    def test_a_name_that_nobody_has(self):
        with Card() as card:
            with card.phone() as phone:
                phone.ready()
                phone.command("set audio-output nosuch")
                phone.command("dial milliwatt")
                words = "No sound output is called nosuch; the default one is used."
                phone.wait("notice", severity="warning", text=words)
                self.assertEqual(phone.wait("device", role="output", state="open", error=words)["name"], "default")
                phone.wait("media")
                phone.wait("media")
                phone.command("hangup")
                phone.wait("call", state="closed")
            self.assertGreaterEqual(card.steady(1004, 1.0), 5)

    def test_the_card_is_pulled_in_a_call(self):
        for how in ("pulled\n", ""):
            with self.subTest(how=how), Card() as card, card.phone() as phone:
                phone.ready()
                phone.command("dial echo")
                phone.wait("call", state="established")
                phone.wait("device", role="output", state="open")
                phone.wait("media")
                gone = card.home.write("gone", how)
                phone.wait("device", role="input", state="lost")
                phone.wait("notice", severity="warning", text=lambda t: t.startswith("The sound device is gone"))
                phone.wait("device", role="output", state="lost")
                # the call goes on meanwhile
                phone.wait("media")
                os.unlink(gone)
                phone.wait("device", role="input", state="back")
                phone.wait("notice", severity="info", text="Sound is back.")
                phone.wait("device", role="output", state="back")
                for _ in range(3):
                    phone.wait("media")
                phone.command("hangup")
                phone.wait("call", state="closed")
                heard, _ = card.heard()
                likeness, _ = card.echo(len(heard) - 1900)
                self.assertGreater(likeness, 0.8)


class Tones(unittest.TestCase):
    """The tones that a phone makes by itself, in the card's file; those of ETSI, wherever this runs."""

    def cadence(self, bursts, on, off, times):
        self.assertGreaterEqual(len(bursts), times, bursts)
        for i, (begin, end) in enumerate(bursts[:times]):
            if i < len(bursts) - 1:
                self.assertAlmostEqual(end - begin, on, delta=0.06, msg=bursts)
                self.assertAlmostEqual(bursts[i + 1][0] - end, off, delta=0.06, msg=bursts)

    def test_ringback(self):
        with Card() as card:
            with card.phone("-e", "set tone-country etsi ; dial slow") as phone:
                phone.ready()
                phone.wait("call", state="established")
                phone.command("hangup")
                phone.wait("call", state="closed")
            self.assertGreater(card.tone([425], 0.3, 0.5), 0.95)
            bursts = card.bursts()
            self.assertLess(bursts[0][1], 1.1)
            self.assertGreater(bursts[0][1], 0.8)

    def refused(self, code, on):
        with Card() as card:
            with card.phone() as phone:
                phone.ready()
                phone.command("set tone-country etsi")
                phone.command("dial %d" % code)
                phone.wait("device", role="output", state="open")
                phone.command("sleep 2500ms")
            bursts = card.bursts()
            self.cadence(bursts[1:], on, on, 1)
            self.assertGreater(card.tone([425], bursts[1][0] + 0.02, on - 0.04), 0.95)

    def test_busy(self):
        self.refused(486, 0.5)

    def test_reorder(self):
        self.refused(404, 0.2)

    def test_ring(self):
        with Card() as card:
            with card.phone() as phone:
                phone.ready()
                phone.command("set tone-seconds 1")  # it is over when the ringing begins
                phone.command("dial callback")
                phone.wait("call", direction="in", state="ringing")
                phone.command("sleep 1200ms")
            begin, end = card.bursts()[-1]
            self.assertAlmostEqual(end - begin, 0.8, delta=0.1)
            # two bells in turn, 40 ms each
            n = [0, 0]
            for i in range(40):
                for k, bell in enumerate(((660, 1320), (880, 1760))):
                    n[k] += card.tone(bell, begin + i * 0.02, 0.02) > 0.8
            self.assertGreaterEqual(min(n), 8, n)


if __name__ == "__main__":
    unittest.main(verbosity=2)
