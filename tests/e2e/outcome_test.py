"""What becomes of a call that does not go through: event, order, exit status. Statements S402-1 ... are those of
the table of 4xx responses that this phone owes its users."""

import os
import socket
import sys
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

# code: kind, tone, exit status of the exchange's line of that number
LINES = {
    "302": ("redirect", "none", 3),
    "402": ("not-allowed", "reorder", 4),   # S402-2
    "403": ("not-allowed", "reorder", 4),   # S403-1
    "404": ("not-found", "reorder", 4),     # S404-2
    "406": ("protocol-trouble", "reorder", 4),  # S406-2, S406-4
    "408": ("unreachable", "reorder", 4),   # S408-1
    "409": ("protocol-trouble", "reorder", 4),  # S409-1, S409-2
    "410": ("not-found", "reorder", 4),     # S410-2
    "413": ("retry-after", "reorder", 4),
    "414": ("fix-and-redial", "reorder", 4),  # S414-1
    "486": ("busy", "busy", 4),
    "503": ("server-trouble", "reorder", 5),
    "600": ("busy", "busy", 6),
    "603": ("declined", "reorder", 6),
}


class Outcome(unittest.TestCase):
    def test_each_line_of_the_exchange(self):
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("set tone-seconds 1")
            for code, (kind, tone, _) in LINES.items():
                phone.command("dial " + code)
                outcome = phone.wait("outcome")
                self.assertEqual(outcome["code"], int(code))
                self.assertEqual(outcome["kind"], kind, code)
                self.assertEqual(outcome["tone"], tone, code)
                self.assertTrue(outcome["text"])
                # S406-2: outcome, tone, and only then the call is cleared
                if tone != "none":
                    phone.wait("tone", tone=tone, on=True, call=outcome["call"])
                    phone.wait("tone", tone=tone, on=False, call=outcome["call"])
                phone.wait("call", state="closed", call=outcome["call"])

    def test_exit_status_of_a_target(self):
        for code in ("302", "404", "503", "603"):
            with offhook.Phone("--demo", "--audio=null", code) as phone:
                self.assertEqual(phone.exit_status(), LINES[code][2], code)

    def test_exit_status_of_a_script(self):
        with offhook.Phone("--demo", "--audio=null", "-e", "dial 486 ; wait established ; dtmf 1") as phone:
            phone.process.stdin.close()
            self.assertEqual(phone.exit_status(), 4)
            self.assertIn("486", phone.stderr())

    def test_413_says_when(self):
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("dial 413")
            self.assertEqual(phone.wait("outcome")["retry_after"], 10)  # S413-1
            notice = phone.wait("notice")
            self.assertIn("413 Request Entity Too Large", notice["text"])

    def test_407_is_repaired_without_a_word(self):  # S407-2, S407-6
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("dial 407")
            phone.wait("call", state="established")
            self.assertEqual(phone.any("outcome"), [])
            self.assertEqual(phone.any("tone", tone="reorder"), [])
            phone.command("hangup")
            phone.wait("call", state="closed", ended_by="us")

    def test_hanging_up_while_it_rings_is_no_failure(self):
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("dial ring")
            phone.wait("tone", tone="ringback", on=True)
            phone.command("hangup")
            phone.wait("call", state="closed", ended_by="us")
            self.assertEqual(phone.any("outcome"), [])

    def test_callback(self):
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("dial callback")
            self.assertEqual(phone.wait("outcome")["code"], 480)
            call = phone.wait("call", direction="in", state="ringing")
            phone.command("answer")
            phone.wait("call", state="established", call=call["call"])
            phone.wait("media", call=call["call"])
            phone.command("hangup")
            phone.wait("call", state="closed", call=call["call"])


class Local(unittest.TestCase):
    def test_connection_refused(self):
        with socket.socket() as s:
            s.bind(("127.0.0.1", 0))
            port = s.getsockname()[1]  # bound, not listening: refused
            with offhook.Phone("--audio=null",
                               "sip:bob@127.0.0.1:%d;transport=tcp" % port) as phone:
                outcome = phone.wait("outcome")
                self.assertEqual((outcome["code"], outcome["error"]), (0, "refused"))
                self.assertIn("127.0.0.1", outcome["server_text"])
                self.assertEqual(phone.exit_status(), 1)

    def test_a_name_that_does_not_resolve(self):
        with offhook.Phone("--audio=null", "sip:bob@no-such-host.invalid") as phone:
            outcome = phone.wait("outcome")
            self.assertEqual((outcome["code"], outcome["error"]), (0, "dns"))
            self.assertIn("no-such-host.invalid", outcome["server_text"])
            self.assertEqual(phone.exit_status(), 1)


if __name__ == "__main__":
    unittest.main(verbosity=2)
