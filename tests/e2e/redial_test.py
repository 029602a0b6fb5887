"""Redials of the whole phone: offered, armed, over its end; contacts that are called. S413-1 S413-2 S413-3."""

import os
import signal
import sqlite3
import sys
import threading
import time
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402


class Callee(threading.Thread):
    """Gives the INVITEs that come their answers, one after the other: (code, header lines); the last one for ever."""

    def __init__(self, *answers):
        super().__init__(daemon=True)
        self.peer = offhook.Peer()
        self.answers = list(answers)
        self.times = []
        self.ended = False
        self.start()

    def run(self):
        while not self.ended:
            try:
                m = self.peer.receive(deadline=0.1)
            except AssertionError:
                continue
            if m.start.startswith("INVITE"):
                self.times.append(time.monotonic())
                code, headers = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
                self.peer.reply(m, code, "So be it", headers, self.peer.sdp() if code == 200 else "")
            elif m.start.startswith("BYE"):
                self.peer.reply(m, 200, "OK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        self.join()
        self.peer.close()


class Redial(unittest.TestCase):
    def test_armed_it_goes_at_its_time(self):
        with Callee((480, ["Retry-After: 2 (in a meeting);duration=60"]), (200, [])) as callee:
            with offhook.Phone("--audio=null") as phone:
                phone.ready()
                phone.command("set tone-seconds 0")
                phone.command("dial " + callee.peer.uri())
                outcome = phone.wait("outcome", code=480)
                self.assertEqual((outcome["retry_after"], outcome["retry_duration"]), (2, 60))
                self.assertEqual(outcome["retry_comment"], "in a meeting")
                self.assertAlmostEqual(outcome["retry_at"] - outcome["time"], 2, delta=0.1)
                self.assertIn("redial-at-retry-after", outcome["actions"])
                waiting = phone.wait("redial", state="waiting", call=outcome["call"])
                self.assertAlmostEqual(waiting["in"], 2, delta=0.5)
                phone.command("redial auto")
                phone.wait("redial", state="armed")
                phone.wait("redial", state="dialing", call=outcome["call"])
                phone.wait("call", state="established")
                self.assertGreaterEqual(callee.times[1] - callee.times[0], 2)
                self.assertLess(callee.times[1] - callee.times[0], 4)
                phone.command("hangup")
                phone.wait("call", state="closed", ended_by="us")

    def test_unarmed_it_only_asks(self):  # S413-3
        with Callee((413, ["Retry-After: 1"])) as callee, offhook.Phone("--audio=null") as phone:
            phone.ready()
            phone.command("set tone-seconds 0")
            phone.command("dial " + callee.peer.uri())
            call = phone.wait("outcome", code=413)["call"]
            phone.wait("redial", state="due", call=call)
            self.assertEqual(len(callee.times), 1)
            phone.command("redial now")
            phone.wait("redial", state="dialing", call=call)
            phone.wait("outcome", code=413)
            self.assertEqual(len(callee.times), 2)
            phone.command("redial cancel")
            phone.wait("redial", state="cancelled")
            phone.command("redial cancel", ok=False)

    def test_a_target_lasts_as_long_as_its_armed_redial(self):
        with Callee((480, ["Retry-After: 1"]), (486, [])) as callee:
            home = offhook.Home()
            rc = home.write("rc", "set sip-listen 127.0.0.1:0\nset redial auto\nset tone-seconds 0\n")
            with offhook.Phone("--audio=null", "-c", rc, callee.peer.uri(), home=home) as phone:
                phone.wait("redial", state="armed")
                phone.wait("redial", state="dialing")
                phone.wait("outcome", code=486)
                self.assertEqual(phone.exit_status(), 4)
            self.assertEqual(len(callee.times), 2)
            home.remove()

    def test_a_target_lasts_as_long_as_its_redial_by_hand(self):
        with Callee((480, ["Retry-After: 600"]), (200, [])) as callee:
            home = offhook.Home()
            rc = home.write("rc", "set sip-listen 127.0.0.1:0\nset redial auto\nset tone-seconds 0\n")
            with offhook.Phone("--audio=null", "-c", rc, callee.peer.uri(), home=home) as phone:
                phone.wait("redial", state="armed")
                phone.command("redial now")
                phone.wait("call", state="established")
                phone.command("hangup")
                self.assertEqual(phone.exit_status(), 0)
            home.remove()

    def test_killed_it_comes_back(self):
        home = offhook.Home()
        with Callee((480, ["Retry-After: 600 (later)"]), (200, [])) as callee:
            uri = callee.peer.uri()
            with offhook.Phone("--audio=null", home=home) as phone:
                phone.ready()
                phone.command("dial " + uri)
                phone.wait("outcome", code=480)
                phone.process.send_signal(signal.SIGKILL)
                phone.process.wait()
            with offhook.Phone("--audio=null", home=home) as phone:
                back = phone.wait("redial", state="waiting", peer=uri)
                self.assertTrue(580 < back["in"] <= 600, back)
                phone.ready()
                phone.command("wait outcome 1s", ok=False)  # no call of this run
                phone.command("redial now %d" % back["call"])
                phone.wait("redial", state="dialing", call=back["call"])
                phone.wait("call", state="established", peer=uri)
                phone.command("hangup")
            with offhook.Phone("--audio=null", home=home) as phone:
                phone.ready()
                self.assertEqual(phone.any("redial"), [])
        home.remove()

    def test_due_while_nobody_was_there_it_asks(self):
        home = offhook.Home()
        with Callee((480, ["Retry-After: 30"])) as callee:
            with offhook.Phone("--audio=null", home=home) as phone:
                phone.ready()
                phone.command("set redial auto")
                phone.command("set tone-seconds 30")
                phone.command("dial " + callee.peer.uri())
                phone.wait("outcome", code=480)
                phone.process.send_signal(signal.SIGKILL)
                phone.process.wait()
            # a minute passes: what is stored was due that much earlier
            db = sqlite3.connect(home.file("state/offhook/offhook.db"))
            with db:
                self.assertEqual(db.execute("UPDATE redial SET due_ms = due_ms - 60000").rowcount, 1)
            db.close()
            with offhook.Phone("--audio=null", home=home) as phone:
                phone.wait("redial", state="due")
                phone.ready()
                phone.command("echo still here")
                self.assertFalse(phone.any("redial", state="dialing"))
                self.assertEqual(len(callee.times), 1)
        home.remove()


class Contacts(unittest.TestCase):
    def test_a_contact_is_called(self):
        with Callee((200, [])) as other, Callee((302, ["Contact: \"Bob\" <%s>;q=0.7" % other.peer.uri("bob")])) as first:
            with offhook.Phone("--audio=null") as phone:
                phone.ready()
                phone.command("dial " + first.peer.uri())
                outcome = phone.wait("outcome", code=302)
                self.assertEqual(outcome["contacts"], [other.peer.uri("bob")])
                self.assertIn("call-contact-offered", outcome["actions"])
                phone.command("notice contact 1")
                phone.wait("call", state="established", peer=other.peer.uri("bob"))
                phone.command("hangup")


if __name__ == "__main__":
    unittest.main(verbosity=2)
