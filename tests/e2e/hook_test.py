"""Hooks: what a program of the user is told at an event, what it cannot do to the phone; and the notes on the desktop."""

import os
import re
import sys
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from terminal import Terminal  # noqa: E402

DEMO = ("--demo", "--audio=null")


def read(path):
    with open(path, "rb") as f:
        return f.read().decode()


def wait_for_file(path, holds=""):
    end = time.monotonic() + offhook.DEADLINE
    while not os.path.exists(path) or holds not in read(path):
        assert time.monotonic() < end, path
    return read(path)


class Hooks(unittest.TestCase):
    def setUp(self):
        self.phone = offhook.Phone(*DEMO)
        self.addCleanup(self.phone.close)
        self.home = self.phone.home
        self.phone.ready()
        self.phone.command("set tone-seconds 0")

    def hook(self, event, command, **kw):
        return self.phone.command("hook %s %s" % (event, command), **kw)

    def test_fields_are_in_the_environment(self):
        self.home.write("one", "#!/bin/sh\nenv -0 >new.$OFFHOOK_EVENT\nmv new.$OFFHOOK_EVENT env.$OFFHOOK_EVENT\n", 0o700)
        self.hook("outcome", "./one")
        self.phone.command("dial 480")
        event = self.phone.wait("outcome")
        text = wait_for_file(self.home.file("env.outcome"))
        env = dict(v.split("=", 1) for v in text.split("\0") if v)
        told = {k: v for k, v in env.items() if k.startswith("OFFHOOK_")}
        self.assertEqual(told.pop("OFFHOOK_CONTROL"), self.phone.any("ready")[0]["control"])
        for name, value in event.items():
            if isinstance(value, bool):
                value = "true" if value else "false"
            elif isinstance(value, list):
                value = "\n".join(value)
            elif name == "time":
                value = "%.3f" % value
            self.assertEqual(told.pop("OFFHOOK_" + name.upper()), str(value), name)
        # nothing else: not what the test has set for the phone itself
        self.assertEqual(told, {})
        self.assertEqual(env["HOME"], self.home.path)

    def test_data_is_never_a_command(self):
        # the other side's words, unquoted where a careless hook has them
        with offhook.Peer() as peer, offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("""hook outcome 'printf "%s" "$OFFHOOK_REASON" >reason; echo $OFFHOOK_REASON >careless; echo end >>careless'""")
            phone.command("dial " + peer.uri())
            reason = "$(touch bad) `touch bad` ; touch bad \x1b]0;x\x07 \" ' \\ \x01\u202e"
            peer.reply(peer.receive("INVITE"), 486, reason)
            peer.receive("ACK")
            outcome = phone.wait("outcome", code=486)
            wait_for_file(phone.home.file("careless"), "end")
            text = read(phone.home.file("reason"))
            self.assertEqual(text, outcome["reason"])
            self.assertIn("$(touch bad) `touch bad` ; touch bad", text)
            self.assertEqual([c for c in text if c < " " or c == "\u202e"], [])
            self.assertNotIn("bad", os.listdir(phone.home.path))

    def test_as_typed(self):
        # several words are the shell's: its quotes are kept
        self.hook("outcome", """printf '<%s>' "a  b" '$HOME' "$OFFHOOK_CODE" >out.new && mv out.new out""")
        self.phone.command("dial 404")
        self.assertEqual(wait_for_file(self.home.file("out")), "<a  b><$HOME><404>")

    def test_what_it_inherits(self):
        # nothing but /dev/null three times, no blocked or ignored signal, a process group of its own
        self.hook("outcome", "'{ ls -l /proc/self/fd; grep Sig /proc/self/status; ps -o pgid= -p $$; echo $$; echo end; } >out'")
        self.phone.command("dial 404")
        text = wait_for_file(self.home.file("out"), "end")
        fds = re.findall(r" (\d+) -> (.*)", text)
        # of these 1 is the file, and one more is the folder that ls reads
        self.assertEqual([t for _, t in fds if t not in ("/dev/null", self.home.file("out")) and "/proc/" not in t], [])
        for name in ("SigBlk", "SigIgn"):
            self.assertEqual(int(re.search(name + r":\s*(\w+)", text).group(1), 16) & 0x7fffffff, 0, name)
        pgid, pid = text.split()[-3:-1]
        self.assertEqual(pgid, pid)

    def test_listed_and_removed(self):
        self.assertIn("no such hook", self.phone.command("hook")["text"])
        self.hook("call", "'echo \"$OFFHOOK_PEER\"'")
        self.hook("call", "true")
        self.hook("call", "true")
        self.hook("outcome", "true")
        self.assertEqual(self.phone.command("hook")["text"],
                         "hook call 'echo \"$OFFHOOK_PEER\"'\nhook call true\nhook outcome true")
        self.assertEqual(self.phone.command("hook call")["text"], "hook call 'echo \"$OFFHOOK_PEER\"'\nhook call true")
        self.phone.command("hook call off")
        self.assertEqual(self.phone.command("hook")["text"], "hook outcome true")
        self.phone.command("hook call off", ok=False)
        self.assertIn('did you mean "outcome"', self.hook("outcom", "true", ok=False)["error"])
        self.phone.command("hook call ''", ok=False)
        self.phone.command("hook call " + "x" * 3000, ok=False)
        for i in range(63):
            self.hook("call", "true%d" % i)
        self.hook("call", "one too many", ok=False)

    def test_one_that_fails_is_told_once(self):
        self.hook("outcome", "no-such-program-here")
        self.hook("outcome", "exit 3")
        # a notice of a hook is no reason to run one
        self.hook("notice", "'echo x >>ran; exit 4'")
        for _ in range(2):
            self.phone.command("dial 404")
            self.phone.wait("call", state="closed")
            self.phone.command("echo %d" % _)
        end = time.monotonic() + offhook.DEADLINE
        while len([n for n in self.phone.any("notice") if "hook of" in n["text"]]) < 3:
            self.assertLess(time.monotonic(), end)
        self.phone.command("sleep 300ms")
        texts = sorted(n["text"] for n in self.phone.any("notice") if "hook of" in n["text"])
        self.assertEqual(len(texts), 3, texts)
        self.assertEqual(read(self.home.file("ran")), "x\n" * (len(self.phone.any("notice")) - 3))
        self.assertTrue([t for t in texts if "outcome failed: no-such-program-here: there is no such program" in t], texts)
        self.assertTrue([t for t in texts if "outcome failed: exit 3: exit status 3" in t], texts)

    def test_history_is_written_before(self):
        # what a hook looks up is there
        self.hook("outcome", "'sleep 0; offhook() { %s -p demo -r \"$@\"; }; offhook history export out.csv'" % offhook.PROGRAM)
        self.phone.command("dial 404")
        self.assertIn("404", wait_for_file(self.home.file("out.csv")))

    def test_it_can_speak_to_the_phone(self):
        # even without its profile's name, and from a shell that knows nothing
        self.hook("outcome", "%s -r dial echo" % offhook.PROGRAM)
        self.phone.command("dial 404")
        self.phone.wait("call", state="established")


class Bounds(unittest.TestCase):
    def test_limits(self):
        home = offhook.Home()
        self.addCleanup(home.remove)
        go = home.file("go")
        os.mkfifo(go)
        rc = home.write("rc", "set sip-listen 127.0.0.1:0\nhook notice 'echo x >>%s; cat %s'\n" % (home.file("ran"), go) +
                        "".join("nonsense%d\n" % i for i in range(100)))
        with offhook.Phone("-c", rc, "--audio=null", home=home) as phone:
            phone.ready()
            # 100 and a summary: 8 run, 64 wait, 29 are left out
            wait_for_file(home.file("ran"), "x\n" * 8)
            self.assertTrue(phone.command("echo a")["ok"])
            self.assertEqual(read(home.file("ran")), "x\n" * 8)
            end = time.monotonic() + offhook.DEADLINE
            while read(home.file("ran")).count("x") < 72:
                self.assertLess(time.monotonic(), end)
                try:
                    fd = os.open(go, os.O_WRONLY | os.O_NONBLOCK)
                except OSError:
                    continue
                os.close(fd)
            self.assertTrue(phone.wait("notice", text=lambda t: "29 events were not told" in t))

    def test_one_that_calls_itself(self):
        with offhook.Phone(*DEMO) as phone:
            phone.ready()
            phone.command("set tone-seconds 0")
            phone.command("hook outcome '%s -r dial 404'" % offhook.PROGRAM)
            phone.command("dial 404")
            for _ in range(10):
                phone.wait("outcome")
            self.assertTrue(phone.command("echo a")["ok"])
            phone.command("hook outcome off")
            phone.command("wait idle")


class Desktop(unittest.TestCase):
    def run_with(self, option, *more):
        home = offhook.Home()
        self.addCleanup(home.remove)
        rc = home.write("config/offhook/demo/offhookrc", "set tone-seconds 0\n" + option)
        self.assertTrue(rc)
        t = Terminal([offhook.PROGRAM, *DEMO, *more], home=home)
        self.addCleanup(t.__exit__)
        t.see("registered")
        return t

    def written(self, t, pattern):
        end = time.monotonic() + offhook.DEADLINE
        while True:
            with t.condition:
                found = re.findall(pattern, t.bytes)
                if found:
                    return found
                self.assertTrue(t.condition.wait(max(0.01, end - time.monotonic())), pattern)

    def bells(self, t):
        # one may also end a sequence: the palette is reset so at the start
        return re.sub(rb"\x1b\][^\a\x1b]*\a", b"", t.bytes).count(b"\a")

    def notes(self, t):
        t.quiet()
        return re.findall(rb"\x1b\](?:9|777);.*?\x1b\\", t.bytes)

    def test_osc9(self):
        t = self.run_with("set notify osc9\n")
        t.type("d486\r")
        t.see("486 Busy Here")
        self.written(t, rb"\x1b\]9;")
        self.assertEqual(self.notes(t), ["\x1b]9;offhook: 486 Busy Here · 486 <sip:486@localhost>\x1b\\".encode()])
        t.type("dcallback\r")
        t.see("ringing", deadline=15)
        self.written(t, b"is calling")
        notes = self.notes(t)
        self.assertEqual(len(notes), 3, notes)
        self.assertIn(b"480 Temporarily Unavailable", notes[1])
        self.assertEqual(notes[2], b"\x1b]9;offhook: Exchange is calling\x1b\\")
        self.assertEqual(self.bells(t), 0)

    def test_osc777(self):
        t = self.run_with("set notify osc777\n")
        t.type("d486\r")
        t.see("486 Busy Here")
        self.written(t, rb"\x1b\]777;")
        self.assertEqual(self.notes(t), ["\x1b]777;notify;offhook;486 Busy Here · 486 <sip:486@localhost>\x1b\\".encode()])

    def test_bell_and_none(self):
        for option, bells in (("", 1), ("set notify bell\n", 1), ("set notify none\n", 0)):
            t = self.run_with(option)
            t.type("dcallback\r")
            t.see("ringing", deadline=15)
            self.assertEqual(self.notes(t), [])
            self.assertEqual(self.bells(t), bells, option)


if __name__ == "__main__":
    unittest.main(verbosity=2)
