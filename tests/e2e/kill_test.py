"""Killed with -9 at any moment after an `outcome` was told: its row in the history and its redial are there, and the
database is sound. OFFHOOK_KILLS is how often (200)."""

import json
import os
import random
import sqlite3
import subprocess
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

KILLS = int(os.environ.get("OFFHOOK_KILLS", "200"))
REDIALS = 40  # fewer than the phone keeps


class Refusing(threading.Thread):
    """A peer that refuses every call, for an hour."""

    def __init__(self, peer):
        super().__init__(daemon=True)
        self.peer = peer
        self.ended = False

    def run(self):
        while not self.ended:
            try:
                m = self.peer.receive(deadline=0.2)
            except AssertionError:
                continue
            if m.start.startswith("INVITE"):
                self.peer.reply(m, 480, "Gone fishing", ["Retry-After: 3600 (in an hour);duration=600"])

    def end(self):
        self.ended = True
        self.join()


class Kill(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()
        self.peer = offhook.Peer()
        self.refusing = Refusing(self.peer)
        self.refusing.start()

    def tearDown(self):
        self.refusing.end()
        self.peer.close()
        self.home.remove()

    def database(self):
        return sqlite3.connect(os.path.join(self.home.file("state"), "offhook", "offhook.db"))

    def call_and_kill(self, user):
        """Calls; the phone dies within 20 ms of the outcome. Returns that, and the addresses of the redials told at its
        start."""
        with offhook.Phone("--audio=null", self.peer.uri(user), home=self.home) as phone:
            outcome = phone.wait("outcome")
            self.assertEqual(outcome["code"], 480)
            try:
                phone.process.wait(random.uniform(0, 0.02))
                self.fail("the phone ended by itself: " + phone.stderr())
            except subprocess.TimeoutExpired:
                phone.process.kill()
            phone.process.wait()
            return outcome, [e["peer"] for e in phone.events[:phone.seen] if e["event"] == "redial" and e["state"] == "waiting"
                             and e["peer"] != outcome["peer"]]

    def test_nothing_is_lost(self):
        users = ["r%d" % i for i in range(KILLS)]
        outcomes = [self.call_and_kill(user)[0] for user in users]
        with offhook.Phone("--audio=null", home=self.home) as phone:
            phone.ready()
            file = self.home.file("x.json")
            reply = phone.command("history export " + file)
            self.assertIn(str(KILLS), reply["text"])
            with open(file) as f:
                rows = json.load(f)
        self.assertEqual([r["peer"] for r in rows], [self.peer.uri(u) for u in users])
        for r, o in zip(rows, outcomes):
            self.assertEqual(r["direction"], "out")
            for name in ("code", "reason", "standard_reason", "kind", "server_text", "retry_comment"):
                self.assertEqual(r.get(name), o.get(name), name)
            # events may give it in whole seconds
            self.assertAlmostEqual(r.get("retry_at_ms", 0), o.get("retry_at", 0) * 1000, delta=1000)
        with self.database() as db:
            self.assertEqual(db.execute("PRAGMA integrity_check").fetchall(), [("ok",)])

    def test_no_redial_is_lost(self):
        before = []
        with offhook.Phone("--audio=null", home=self.home) as phone:
            phone.ready()
            phone.send("help redial")
            if not phone.wait("reply")["ok"]:
                self.skipTest("this phone knows no redials")
        for i in range(KILLS):
            user = "s%d" % (i % REDIALS)  # the later ones take the place of the first
            _, told = self.call_and_kill(user)
            before = [uri for uri in before if uri != self.peer.uri(user)]
            self.assertEqual(sorted(told), sorted(before))
            before.append(self.peer.uri(user))
        with self.database() as db:
            rows = db.execute("SELECT uri, code, comment, until_ms - due_ms FROM redial ORDER BY id").fetchall()
        self.assertEqual(rows, [(uri, 480, "in an hour", 600000) for uri in before])


if __name__ == "__main__":
    unittest.main(verbosity=2)
