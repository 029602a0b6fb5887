"""A client of the control socket."""

import json
import os
import socket
import subprocess
import sys
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


def remote(home, *words, profile=("-p", "demo"), **kw):
    return subprocess.run([offhook.PROGRAM, *profile, "-r", *words], env=home.env, cwd=home.path,
                          stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
                          timeout=offhook.DEADLINE, **kw)
