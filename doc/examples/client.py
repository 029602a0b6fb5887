#!/usr/bin/env python3
"""client.py [TARGET] - speaks to a running offhook over its control socket.

Prints each call and each failure as they come; with TARGET it dials that first. Standard library only.
The socket is $XDG_RUNTIME_DIR/offhook/control, without that variable in the state folder; $OFFHOOK_CONTROL names another
(offhook sets it for hooks).
"""

import json
import os
import socket
import sys


def path():
    told = os.environ.get("OFFHOOK_CONTROL")
    folder = os.environ.get("XDG_RUNTIME_DIR") or os.environ.get("XDG_STATE_HOME") or os.path.expanduser("~/.local/state")
    return told or os.path.join(folder, "offhook", "control")


class Offhook:
    def __init__(self):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path())
        self.lines = self.socket.makefile("r", encoding="utf-8", newline="\n")
        self.id = 0
        self.events = []

    def read(self):
        line = self.lines.readline()
        if not line:
            raise EOFError("offhook has ended")
        return json.loads(line)

    def ask(self, **request):
        """Sends a request and waits for its answer; events that come before it are kept."""
        self.id += 1
        self.socket.sendall((json.dumps(dict(request, id=self.id)) + "\n").encode())
        while True:
            message = self.read()
            if "event" not in message:
                if not message["ok"]:
                    raise RuntimeError(message["error"])
                return message.get("text", "")
            self.events.append(message)

    def command(self, *words):
        """Each word stays a word: what is in it is never read as the language of commands."""
        return self.ask(command=" ".join('"' + w.replace("\\", "\\\\").replace('"', '\\"') + '"' for w in words))

    def event(self):
        return self.events.pop(0) if self.events else self.read()


def main():
    offhook = Offhook()
    offhook.ask(subscribe=["call", "outcome"])
    if len(sys.argv) > 1:
        print(offhook.command("dial", sys.argv[1]), flush=True)
    while True:
        e = offhook.event()
        if e["event"] == "outcome":
            print("%s: %s" % (e["peer"], e.get("text", e["code"])), flush=True)
        elif e["event"] == "call":
            print("call %d, %s: %s" % (e["call"], e["peer"], e["state"]), flush=True)


if __name__ == "__main__":
    try:
        main()
    except (EOFError, KeyboardInterrupt):
        pass
    except (OSError, RuntimeError) as e:
        sys.exit("client.py: %s" % e)
