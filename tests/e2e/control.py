"""A client of the control socket."""

import json
import os
import socket
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402


class Client:
    """One connection to the socket at PATH."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.settimeout(offhook.DEADLINE)
        self.socket.connect(path)
        self.rest = b""
        self.events = []
        self.id = 0

    def send(self, data):
        self.socket.sendall(data if isinstance(data, bytes) else data.encode())

    def line(self):
        """The next line; None at the end."""
        while b"\n" not in self.rest:
            data = self.socket.recv(65536)
            if not data:
                assert not self.rest, self.rest
                return None
            self.rest += data
        line, self.rest = self.rest.split(b"\n", 1)
        return line.decode()

    def answer(self):
        """The next line that is no event; events are kept."""
        while True:
            line = self.line()
            if line is None or not line.startswith('{"event"'):
                return line
            self.events.append(json.loads(line))

    def plain(self, line):
        self.send(line + "\n")
        return self.answer()

    def ask(self, **request):
        """A request as JSON; its answer must have its id."""
        self.id += 1
        self.send(json.dumps(dict(request, id=self.id)) + "\n")
        answer = json.loads(self.answer())
        assert answer.pop("id") == self.id, answer
        return answer

    def command(self, command):
        return self.ask(command=command)

    def event(self, name, **fields):
        """The next event of that name with those fields."""
        end = time.monotonic() + offhook.DEADLINE
        while True:
            while self.events:
                e = self.events.pop(0)
                if e["event"] == name and all(e.get(k) == v for k, v in fields.items()):
                    return e
            assert time.monotonic() < end, (name, fields)
            line = self.line()
            assert line is not None, (name, fields)
            self.events.append(json.loads(line))

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def talk_during_a_call(path, peer, clients=20, each=50, seconds=3):
    """CLIENTS connections to PATH each send EACH commands a second while PEER is in a call with the phone. Returns how long
    it took until all answers were there (each must be the right one), and the seconds between the packets of RTP that
    the peer got meanwhile."""
    arrivals, failures = [], []
    over = threading.Event()
    peer.media.settimeout(offhook.DEADLINE)
    peer.media.recv(2000)

    def listen():
        while not over.is_set():
            peer.media.recv(2000)
            arrivals.append(time.monotonic())

    def talk(n):
        try:
            with Client(path) as c:
                began = time.monotonic()
                for i in range(each * seconds):
                    # each at its time, however long the one before took
                    delay = began + i / each - time.monotonic()
                    if delay > 0:
                        over.wait(delay)
                    c.send("echo %d.%d\n" % (n, i))
                for i in range(each * seconds):
                    line = c.answer()
                    if line != "ok %d.%d" % (n, i):
                        failures.append((n, i, line))
        except Exception as e:
            failures.append((n, repr(e)))

    threads = [threading.Thread(target=talk, args=(n,)) for n in range(clients)]
    listener = threading.Thread(target=listen)
    listener.start()
    began = time.monotonic()
    for t in threads:
        t.start()
    for t in threads:
        t.join()
    taken = time.monotonic() - began
    over.set()
    listener.join()
    assert not failures, failures
    inside = [a for a in arrivals if began <= a <= began + taken]
    return taken, [b - a for a, b in zip(inside, inside[1:])]


def remote(home, *words, profile=("-p", "demo"), **kw):
    return subprocess.run([offhook.PROGRAM, *profile, "-r", *words], env=home.env, cwd=home.path,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=offhook.DEADLINE, **kw)
