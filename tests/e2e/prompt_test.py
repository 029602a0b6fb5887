"""Typing into a prompt in a real terminal, as a person does: nothing that happens meanwhile disturbs it; what was
entered comes back in the next run, but never a password."""

import glob
import os
import re
import sys
import unicodedata
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from terminal import Terminal  # noqa: E402

LEFT, UP, TAB, ESC = "\033[D", "\033[A", "\t", "\033"
A, E, K, R, U, W, Y = "\1", "\5", "\13", "\22", "\25", "\27", "\31"
SECRET = "geheim-4711"


class Phone:
    """The phone on a terminal, registered with a scripted peer."""

    def __init__(self, size=(24, 80), home=None):
        self.peer = offhook.Peer()
        self.home = home or offhook.Home()
        self.own_home = home is None
        rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\naccount add work %s\n" % self.peer.uri("me"))
        self.t = Terminal([offhook.PROGRAM, "-c", rc, "--audio=null"], size, home=self.home)
        register = self.peer.receive("REGISTER")
        self.contact = re.search(r"<(.*?)>", register.get("Contact")).group(1)
        self.peer.reply(register, 200, "OK", ("Contact: <sip:me@127.0.0.1>;expires=600",))
        self.t.see("No calls", "registered" if size[1] >= 80 else "work")

    def rings(self):
        """Somebody calls."""
        lines = ["INVITE %s SIP/2.0" % self.contact,
                 "Via: SIP/2.0/UDP 127.0.0.1:%d;branch=z9hG4bKin;rport" % self.peer.port, "Max-Forwards: 70",
                 'From: "Zoe" <sip:zoe@example.com>;tag=1', "To: <sip:me@127.0.0.1>", "Call-ID: in",
                 "CSeq: 1 INVITE", "Contact: <%s>" % self.peer.uri(), "Content-Type: application/sdp",
                 "Content-Length: %d" % len(self.peer.sdp())]
        self.peer.send("\r\n".join(lines) + "\r\n\r\n" + self.peer.sdp())

    def enter(self, line):
        self.t.type(":" + line + "\r")

    def line(self, text):
        """The prompt's line of the screen TEXT, with | where the cursor is; None if the cursor is not in it."""
        y, x = self.t.emulator.cursor()
        line = text.split("\n")[y]
        if line[:1] != ":":
            return None
        columns = [c for c in line if not unicodedata.combining(c)]
        columns = "".join(c + "\0" * (unicodedata.east_asian_width(c) in "WF") for c in columns).ljust(x)
        return (columns[1:x] + "|" + columns[x:]).replace("\0", "")

    def expect(self, line):
        """Waits until that is what the prompt shows."""
        self.t.until(lambda text: self.line(text) == line, line)

    def quit(self):
        self.t.type(":quit\r")
        self.t.ended()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.t.__exit__()
        self.peer.close()
        if self.own_home:
            self.home.remove()


class Typing(unittest.TestCase):
    def test_nothing_disturbs_it(self):
        with Phone() as p:
            p.enter("dial " + p.peer.uri("bob"))
            invite = p.peer.receive("INVITE")
            p.t.type(":echo hlo world" + LEFT * 8)
            p.expect("echo h|lo world")
            # a call fails: a notice comes, with all that it says
            p.peer.reply(invite, 486, "Busy Here")
            p.t.see("486 Busy Here", "[x] dismiss")
            p.expect("echo h|lo world")
            p.t.type("e")
            # somebody rings
            p.expect("echo he|lo world")
            bells = p.t.bytes.count(b"\a")
            p.rings()
            p.t.see("ringing", "Zoe")
            p.expect("echo he|lo world")
            p.t.until(lambda _: p.t.bytes.count(b"\a") > bells, "the bell")
            p.t.set_size(10, 40)
            p.t.quiet()
            p.expect("echo he|lo world")
            p.t.type("l")
            p.expect("echo hel|lo world")
            p.t.set_size(24, 80)
            p.t.quiet()
            p.t.type("\f")  # everything anew
            p.expect("echo hel|lo world")
            p.t.type("\r")
            # the answer: the whole line ran, and nothing else, least of all an answer to the call
            p.t.see("\n hello world\n", "ringing")
            self.assertEqual(p.t.bytes.count(b"\a"), bells + 1)
            p.t.type("h")
            p.peer.receive("SIP/2.0 486")

    def test_an_answer_that_comes_late_can_be_read(self):
        with Phone() as p:
            p.enter("sleep 500ms ; frobnicate")
            p.t.type(":echo it")
            p.t.see('unknown command "frobnicate"', ":echo it")
            p.t.type(" stays")
            self.assertIn('unknown command "frobnicate"', p.t.see(":echo it stays"))
            p.expect("echo it stays|")
            p.t.type("\r")
            p.t.see("\n it stays\n")

    def test_editing(self):
        with Phone() as p:
            for keys, line in ((":echo one two", "echo one two|"), (A + "x", "x|echo one two"), ("\b" + E, "echo one two|"),
                               (W, "echo one |"), (Y + " " + Y, "echo one two two|"), ("\033b\033b", "echo one |two two"),
                               ("\033d", "echo one | two"), (K, "echo one |"), (LEFT + E, "echo one |"),
                               ("\033\x7f", "echo |"), (LEFT + E + U, "|"), (Y, "echo |"), ("\033y", "one |"),
                               ("\033y", "two two|"), ("\x1f\x1f", "echo |"), ("日e\u0301" + LEFT, "echo 日|e"), (E, "echo 日e|")):
                with self.subTest(keys):
                    p.t.type(keys)
                    p.expect(line)
            p.t.type("\r")
            p.t.see("日e\u0301")

    def test_completion_and_hint(self):
        with Phone() as p:
            p.t.type(":ech" + TAB)
            p.t.see("TEXT")
            p.expect("echo |")
            p.t.type(U + "re" + TAB)
            text = p.t.see("redial", "reject", "resume")
            p.expect("re|")
            p.t.type(TAB)
            first = re.search("▸(re\\w+)", p.t.see("▸re")).group(1)
            p.expect(first + "|")
            p.t.type(TAB)
            p.t.until(lambda text: "▸" + first not in text)
            p.t.type("\033[Z" + ESC)
            p.t.until(lambda text: "▸" not in text)
            p.expect(first + "|")
            p.t.type(ESC)
            p.t.until(lambda text: "\n:" not in text)

    def test_completion_at_40_columns(self):
        with Phone((10, 40)) as p:
            p.t.type(":re" + TAB)
            p.t.see("redial", "reject")
            p.t.type("j" + TAB)
            p.t.until(lambda text: "redial" not in text)
            p.expect("reject |")


class History(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()
        self.addCleanup(self.home.remove)

    def test_it_outlives_the_program(self):
        with Phone(home=self.home) as p:
            for line in ("echo Zoë 日本 first", "echo second", "echo \"it's\" third"):
                p.enter(line)
            p.t.see("it's third")
            p.t.type("d")
            p.t.type("sip:nobody@127.0.0.1:9\r")
            p.t.see("nobody")
            p.t.process.kill()
            p.t.process.wait()
        with Phone(home=self.home) as p:
            p.t.type(":" + UP)
            p.expect("echo \"it's\" third|")
            p.t.type(UP)
            p.expect("echo second|")
            p.t.type(U + "zzz" + R + "zo")
            p.t.see("(search) zo: echo Zoë 日本 first")
            p.t.type("\7")
            p.expect("zzz|")
            p.t.type(R + "first\r")
            p.t.see("\n Zoë 日本 first\n")
            # each prompt has its own
            p.t.type("d" + UP)
            p.t.see("Dial: sip:nobody@127.0.0.1:9")
            p.t.type("\3")
            p.quit()

    def test_a_password_does_not(self):
        lines = ("account edit work password=%s", "account edit work pass'word'=%s", "account edit work password='%s",
                 "echo password %s")
        with Phone(home=self.home) as p:
            p.enter("echo before")
            p.t.see("\n before\n")
            for line in lines:
                p.enter(line % SECRET)
            p.t.type(":" + UP)
            p.expect("echo before|")
            p.t.type(R + SECRET[:4])
            p.t.see("(not found)")
            p.t.type("\3")
            p.quit()
        for path in glob.glob(self.home.file("state") + "/**", recursive=True):
            if os.path.isfile(path):
                with open(path, "rb") as f:
                    self.assertFalse(SECRET.encode() in f.read(), path)
        with Phone(home=self.home) as p:
            p.t.type(":" + UP + UP + UP)
            p.expect("echo before|")
            p.t.type("\3")
            p.quit()


if __name__ == "__main__":
    unittest.main(verbosity=2)
