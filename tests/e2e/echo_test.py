"""The main job: the echo line of the built-in exchange, real SIP, real RTP, one codec after the other."""

import os
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

TALK = "4s"


class Echo(unittest.TestCase):
    def call(self, home, script, seconds=8):
        spoken, heard = home.file("in.wav"), home.file("out.wav")
        offhook.make_speech(spoken, seconds)
        with offhook.Phone("--demo", "--audio=file:%s,%s" % (spoken, heard), "-e", script, home=home) as phone:
            phone.process.stdin.close()
            self.assertEqual(phone.exit_status(60), 0, phone.stderr())
            events = phone.events
        return offhook.loudness(spoken), offhook.loudness(heard), events

    def echo_of(self, codec, delay=(200, 600)):
        home = offhook.Home()
        try:
            spoken, heard, events = self.call(
                home, "dial echo codecs=%s ; wait established ; sleep %s ; hangup ; wait closed" % (codec, TALK))
        finally:
            home.remove()
        media = [e for e in events if e["event"] == "media"]
        self.assertTrue(media, "no media events")
        self.assertEqual({e["codec"] for e in media}, {codec})
        self.assertTrue(any(e["rx_level"] > -50 for e in media), media)
        # the part while the call was up: both files begin when the device opens
        likeness, lag = offhook.best_likeness(heard[:450], spoken[:450], *delay)
        self.assertGreater(likeness, 0.8, "what came back is not what was said (lag %d ms)" % lag)
        return likeness, lag

    def test_opus(self):
        self.echo_of("opus")

    def test_pcmu(self):
        self.echo_of("PCMU")

    def test_pcma(self):
        self.echo_of("PCMA")

    def test_mute_makes_a_hole(self):
        home = offhook.Home()
        try:
            spoken, heard, _ = self.call(
                home, "dial echo codecs=PCMU ; wait established ; sleep 1500ms ; mute on ; sleep 1500ms ; "
                      "mute off ; sleep 1500ms ; hangup ; wait closed")
        finally:
            home.remove()
        # somewhere a second without a sound, where the speaker went on talking; sound before and after it
        quiet, best, end = 0, 0, 0
        for i, level in enumerate(heard[:520]):
            quiet = quiet + 1 if level < 40 else 0
            if quiet > best:
                best, end = quiet, i
        self.assertGreater(best, 120, "no hole")
        self.assertGreater(max(heard[max(0, end - best - 60):end - best]), 500)
        self.assertGreater(max(heard[end + 1:end + 100]), 500)


if __name__ == "__main__":
    unittest.main(verbosity=2)
