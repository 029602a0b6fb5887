"""A failed call on the screen: its countdown, the question at its end, its keys, details, and the messages, in a real
terminal with the built-in exchange."""

import os
import re
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from screen_test import Screen  # noqa: E402

DEMO = ("--demo", "--audio=null")


def dial(s, target):
    s.keys("d")
    s.keys(target, "Enter")


def wait_for(s, pattern):
    """What PATTERN finds on the screen, once it does."""
    text = s.text()
    while not re.search(pattern, text):
        text = s.wait_other(text)
    return re.search(pattern, text)


class Countdown(unittest.TestCase):
    def test_counts_asks_and_calls_again(self):
        with Screen(*DEMO) as s:
            s.wait("registered")
            dial(s, "413")
            text = s.wait("413 Request Entity Too Large", "[r] redial now", "[A] redial automatically", "[x] dismiss",
                          "1 redial waiting, next in 0:0")
            # on the call's line, in the notice with its clock time, on the status bar
            self.assertEqual(len(re.findall(r"in 0:0\d", text)), 3, text)
            self.assertRegex(text, r"redial in 0:0\d \(\d\d:\d\d:\d\d\)")
            before = int(wait_for(s, r"next in 0:(\d\d)").group(1))
            s.wait("next in 0:%02d" % (before - 2))
            # what is being typed is not disturbed by the question
            s.keys("d")
            s.keys("ec")
            s.wait("redial due")
            self.assertIn("Dial: ec", s.text())
            self.assertNotIn("Redial 413 now?", s.text())
            s.keys("C-c")
            s.wait("Redial 413 now?", "[Enter] yes", "[x] no")
            s.keys("x")
            s.wait_gone("Redial 413 now?")
            self.assertIn("413 Request Entity Too Large", s.text())
            self.assertNotIn("redial due", s.text())

    def test_enter_calls_again(self):
        with Screen(*DEMO) as s:
            s.wait("registered")
            s.keys(":")
            s.keys("set tone-seconds 0", "Enter")
            dial(s, "413")
            s.wait("Redial 413 now?")
            # an Enter right away is not taken; one that comes later is
            while "Redial 413 now?" in s.text():
                s.keys("Enter")
            # one that was pressed before the question was seen to be gone has opened the new notice: back from there
            s.keys("F2")
            wait_for(s, r"2 → 413 +failed")
            s.wait("next in 0:0")

    def test_armed(self):
        with Screen(*DEMO) as s:
            s.wait("registered")
            s.keys(":")
            s.keys("set tone-seconds 0", "Enter")
            dial(s, "413")
            s.wait("redial in")
            s.keys("A")
            s.wait("redials in", "[A] do not redial automatically")
            s.keys("A")
            s.wait("redial in", "[A] redial automatically")
            s.keys("A")
            # it went out by itself, and that it does is said no longer than it does
            s.wait("2 → 413", "redial in")
            self.assertNotIn("Redialing", s.text())

    def test_several_and_narrow(self):
        with Screen(*DEMO, size=(40, 10)) as s:
            s.wait("demo")
            dial(s, "413")
            text = s.wait("failed 413", "1 redial 0:", "[r] [A]", "[x]")
            self.assertRegex(text, r"redial in 0:\d\d  \[r\] \[A\]")
            dial(s, "480")
            s.wait("failed 480", "2 redials 0:0", "out for coffee")


class Actions(unittest.TestCase):
    def test_contacts(self):
        with Screen(*DEMO) as s:
            s.wait("registered")
            dial(s, "300")
            text = s.wait("1  ", "<sip:echo@", "2  ", "<sip:milliwatt@", "[c] call one of these")
            # each of them once
            self.assertEqual((text.count("sip:echo@"), text.count("sip:milliwatt@")), (1, 1), text)
            s.keys("c")
            s.wait(":notice contact")  # and a blank, which tmux does not tell
            s.keys("1", "Enter")
            s.wait("talking")
            s.keys("h")
            s.wait_gone("talking")
            dial(s, "302")
            text = s.wait("302 Moved Temporarily", "[c] call this address")
            self.assertEqual(text.count("sip:echo@"), 1, text)
            # who calls it from the details sees the call
            s.keys("Enter")
            s.wait("What can be done")
            s.keys("c")
            self.assertNotRegex(s.wait("talking"), r"(?m)^ call \d")

    def test_other_address_and_key_of_ones_own(self):
        with Screen(*DEMO) as s:
            s.wait("registered")
            dial(s, "404")
            s.wait("[e] change the address")
            s.keys("e")
            s.wait("Dial: 404")
            s.keys("C-u")
            s.keys("486", "Enter")
            s.wait("486 Busy Here", "[r] redial now")
            s.keys(":")
            s.keys("bind notices z 'redial now notice'", "Enter")
            s.keys(":")
            s.keys("unbind global r", "Enter")
            s.wait("[z] redial now")

    def test_password(self):
        with Screen("-c", "none", "--audio=null") as s:
            s.wait("No calls")
            s.keys(":")
            s.keys("echo before", "Enter")
            s.wait("\n before\n")
            s.keys(":")
            # nobody listens there: what counts is what stands on the screen
            s.keys("account add work sip:me@127.0.0.1:9 register=no password=geheim", "Enter")
            s.wait_gone(":account")
            s.keys(":")
            s.keys("account edit work password=", "geheim")
            s.wait("password=******")
            self.assertNotIn("geheim", s.text())
            s.keys("C-c")
            s.keys(":")
            # a line with a password does not come back
            s.keys("Up")
            s.wait(":echo before")


class Messages(unittest.TestCase):
    def test_details_and_trace(self):
        with Screen(*DEMO) as s:
            s.wait("registered")
            dial(s, "413")
            s.wait("[Enter] details")
            s.keys("Enter")
            s.wait("What can be done", "The response as it came", "SIP/2.0 413 Request Entity Too Large")
            s.keys("G")
            s.wait("Messages", "INVITE (sdp", "ACK")
            s.keys("F7")
            s.wait("Trace  call 1", "3 messages", "me ──── INVITE", "me ◂─── 413 Request Entity Too Large")
            s.keys("j")
            s.wait("Retry-After: 10")
            s.keys("Enter")
            s.wait("message 2 of 3", "CSeq:")
            s.keys("Enter")
            s.wait("3 messages")
            s.keys("/")
            s.keys("ACK", "Enter")
            s.keys("Enter")
            s.wait("message 3 of 3")
            file = s.home.file("ladder.txt")
            s.keys("s")
            s.wait(":trace save 1")
            s.keys(file, "Enter")
            s.wait("messages written to ")
            # who dials from here sees what becomes of it
            dial(s, "404")
            s.wait("404 Not Found", "[e] change the address")
            with open(file) as f:
                self.assertIn("413 Request Entity Too Large", f.read())


if __name__ == "__main__":
    unittest.main(verbosity=2)
