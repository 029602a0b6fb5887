"""A scripted callee: each INVITE gets what the test says, and how the phone behaves about it is looked at. Standard
library only."""

import re
import threading

import offhook

BUDGET = 8  # requests that one dialled call may send, whatever goes wrong


class Answering(threading.Thread):
    """Answers at PEER. SCRIPT(n, invite) tells what the INVITE number N (from 0) gets: (code, header lines), and may
    be a list of such pairs, of which the last one goes on for ever. 200 gets an SDP answer.

    What S407-1, S407-2 and S411-1 demand of each repeated INVITE is checked on the way; the first fault is in .fault."""

    def __init__(self, peer, script):
        super().__init__(daemon=True)
        self.peer = peer
        self.script = script if callable(script) else lambda n, _: script[min(n, len(script) - 1)]
        self.invites = []
        self.byes = []
        self.fault = None
        self.stopping = False
        self.unacknowledged = None
        self.start()

    def run(self):
        self.peer.socket.settimeout(0.05)
        while True:
            last = self.stopping  # what had been sent by then is still looked at
            try:
                data, self.peer.source = self.peer.socket.recvfrom(65536)
            except OSError:
                if last:
                    return
                continue
            try:
                self.message(offhook.Message(data.decode()))
            except AssertionError as e:
                self.fault = self.fault or e

    def message(self, m):
        number = int(header(m, "CSeq").split()[0])
        if m.start.startswith("INVITE"):
            if any(int(header(i, "CSeq").split()[0]) == number for i in self.invites):
                return  # the same again
            self.check(m, number)
            self.invites.append(m)
            code, headers = self.script(len(self.invites) - 1, m)
            self.unacknowledged = m if code >= 300 else None
            body = self.peer.sdp() if code == 200 else ""
            self.peer.reply(long_names(m), code, "So be it", headers, body)
        elif m.start.startswith("ACK") and self.unacknowledged:
            assert branch(m) == branch(self.unacknowledged), "the ACK of a refusal is of its transaction"
            self.unacknowledged = None
        elif m.start.startswith("BYE"):
            self.byes.append(m)
            self.peer.reply(long_names(m), 200, "OK")

    def check(self, m, number):
        assert header(m, "Content-Length") == str(len(m.body.encode())), m.text  # S411-3
        if not self.invites:
            return
        last = self.invites[-1]
        assert self.unacknowledged is None, "S407-1: a new INVITE before the ACK"
        for name in ("Call-ID", "From", "To"):
            # within the call the other side has a tag
            assert header(m, name).split(";tag=peertag")[0] == header(last, name).split(";tag=peertag")[0], name
        assert number == int(header(last, "CSeq").split()[0]) + 1, "CSeq one higher"
        assert branch(m) not in [branch(i) for i in self.invites], "a branch of its own"

    def stop(self):
        self.stopping = True
        self.join()
        if self.fault:
            raise self.fault
        assert len(self.invites) <= BUDGET, len(self.invites)


NAMES = {"v": "Via", "t": "To", "f": "From", "i": "Call-ID", "m": "Contact", "c": "Content-Type", "l": "Content-Length",
         "k": "Supported", "s": "Subject", "x": "Session-Expires"}


def long_names(m):
    m.headers = [(NAMES.get(n.lower(), n), v) for n, v in m.headers]
    return m


def header(m, name):
    """The value by the name, however short that came."""
    for n, v in m.headers:
        if NAMES.get(n.lower(), n).lower() == name.lower():
            return v
    return None


def branch(m):
    return re.search("branch=([^;]+)", header(m, "Via")).group(1)


def challenge(realm, nonce, more="", proxy=True):
    return "%s-Authenticate: Digest realm=\"%s\", nonce=\"%s\"%s" % (
        "Proxy" if proxy else "WWW", realm, nonce, more)
