"""A terminal for the phone: a pty whose reader can be stopped, with libvterm behind it to say what a person sees."""

import ctypes
import fcntl
import os
import pty
import re
import select
import struct
import subprocess
import termios
import threading
import time

import offhook

try:
    VTERM = ctypes.CDLL("libvterm.so.0")
except OSError:
    offhook.skip("libvterm is not installed")


class Rect(ctypes.Structure):
    _fields_ = [(n, ctypes.c_int) for n in ("start_row", "end_row", "start_col", "end_col")]


class Pos(ctypes.Structure):
    _fields_ = [("row", ctypes.c_int), ("col", ctypes.c_int)]


VTERM.vterm_new.restype = ctypes.c_void_p
VTERM.vterm_obtain_screen.restype = ctypes.c_void_p
VTERM.vterm_obtain_state.restype = ctypes.c_void_p
VTERM.vterm_screen_get_text.restype = ctypes.c_size_t


class Emulator:
    """What bytes look like on a screen."""

    def __init__(self, rows, cols):
        self.rows, self.cols = rows, cols
        self.vt = ctypes.c_void_p(VTERM.vterm_new(rows, cols))
        VTERM.vterm_set_utf8(self.vt, 1)
        self.screen = ctypes.c_void_p(VTERM.vterm_obtain_screen(self.vt))
        VTERM.vterm_screen_enable_altscreen(self.screen, 1)
        VTERM.vterm_screen_reset(self.screen, 1)

    def feed(self, data):
        VTERM.vterm_input_write(self.vt, data, ctypes.c_size_t(len(data)))

    def resize(self, rows, cols):
        self.rows, self.cols = rows, cols
        VTERM.vterm_set_size(self.vt, rows, cols)

    def text(self):
        buf = ctypes.create_string_buffer(self.cols * 24 + 1)
        lines = []
        for y in range(self.rows):
            n = VTERM.vterm_screen_get_text(self.screen, buf, ctypes.c_size_t(len(buf)), Rect(y, y + 1, 0, self.cols))
            lines.append(buf.raw[:n].decode("utf-8", "replace").replace("\0", " ").rstrip())
        return "\n".join(lines)

    def cursor(self):
        pos = Pos()
        VTERM.vterm_state_get_cursorpos(ctypes.c_void_p(VTERM.vterm_obtain_state(self.vt)), ctypes.byref(pos))
        return pos.row, pos.col

    def __del__(self):
        VTERM.vterm_free(self.vt)


def mask(text):
    """TEXT without what moves by itself: clock, durations, figures of the line."""
    return re.sub(r"\b\d{1,3}(:\d\d)+\b", "0:00", re.sub(r"(mic|far) .*|jitter .*|round trip .*", "", text))


class Terminal:
    """Runs COMMAND in a new session on a pty of SIZE (rows, columns)."""

    def __init__(self, command, size=(24, 80), env=None, home=None):
        self.home = home or offhook.Home()
        self.own_home = home is None
        environment = dict(self.home.env, TERM="xterm-256color")
        for name in ("OFFHOOK_KEEP_STDERR", "NO_COLOR", "LINES", "COLUMNS", "TMUX"):
            environment.pop(name, None)
        # the terminal is the screen's: a sanitizer tells what it found elsewhere
        for name in ("ASAN_OPTIONS", "UBSAN_OPTIONS", "TSAN_OPTIONS"):
            environment[name] = "handle_segv=0:handle_abort=0:handle_sigbus=0:handle_sigfpe=0:log_path=" + \
                self.home.file("sanitizer")
        environment.update(env or {})
        self.master, self.slave = pty.openpty()
        self.condition = threading.Condition()
        self.emulator = Emulator(24, 80)
        self.set_size(*size)
        self.found = self.attributes()
        self.bytes = b""
        self.reading = threading.Event()
        self.reading.set()
        self.wake = os.pipe()
        self.process = subprocess.Popen(command, env=environment, cwd=self.home.path, stdin=self.slave,
                                        stdout=self.slave, stderr=self.slave, start_new_session=True,
                                        preexec_fn=lambda: fcntl.ioctl(0, termios.TIOCSCTTY, 0))
        self.thread = threading.Thread(target=self._read, daemon=True)
        self.thread.start()

    def _read(self):
        while True:
            select.select([self.wake[0]] + ([self.master] if self.reading.is_set() else []), [], [])
            if select.select([self.wake[0]], [], [], 0)[0]:
                if os.read(self.wake[0], 1) == b"q":
                    return
                continue
            if not self.reading.is_set():
                continue
            try:
                data = os.read(self.master, 65536)
            except OSError:
                return
            with self.condition:
                self.bytes += data
                self.emulator.feed(data)
                self.condition.notify_all()

    # --- the person ---

    def type(self, keys):
        os.write(self.master, keys.encode())

    def text(self):
        with self.condition:
            return self.emulator.text()

    def see(self, *words, deadline=None):
        """The screen, once all WORDS are on it."""
        return self.until(lambda text: all(w in text for w in words), words, deadline)

    def until(self, true, what="", deadline=None):
        end = time.monotonic() + (deadline or offhook.DEADLINE)
        with self.condition:
            while True:
                text = self.emulator.text()
                if true(text):
                    return text
                left = end - time.monotonic()
                if left <= 0:
                    raise AssertionError("%s is not to be seen:\n%s" % (what, text))
                self.condition.wait(left)

    def quiet(self, seconds=0.2):
        """Waits until nothing has come for so long; the screen then."""
        with self.condition:
            while self.condition.wait(seconds):
                pass
            return self.emulator.text()

    def set_size(self, rows, cols):
        """0 x 0: the terminal does not know. The eye sees at most 500 x 500 of it."""
        if rows and cols:
            with self.condition:
                self.emulator.resize(min(rows, 500), min(cols, 500))
        fcntl.ioctl(self.slave, termios.TIOCSWINSZ, struct.pack("HHHH", rows, cols, 0, 0))

    # --- the line ---

    def stop_reading(self):
        self.reading.clear()
        os.write(self.wake[1], b"w")

    def go_on_reading(self):
        self.reading.set()
        os.write(self.wake[1], b"w")

    def hang_up(self):
        """The terminal goes away."""
        os.write(self.wake[1], b"q")
        self.thread.join()
        os.close(self.slave)
        os.close(self.master)
        self.master = self.slave = -1

    def attributes(self):
        return termios.tcgetattr(self.slave)

    def mode(self, number):
        """Whether the private mode NUMBER was switched on last; None: never touched."""
        with self.condition:
            found = re.findall(rb"\033\[\?%d([hl])" % number, self.bytes)
        return found[-1] == b"h" if found else None

    def ended(self, deadline=None):
        """The exit status, with all that was written read."""
        status = self.process.wait(deadline or offhook.DEADLINE)
        if self.master >= 0 and self.reading.is_set():
            self.quiet(0.1)
        return status

    def cpu(self):
        """Seconds of processor time so far."""
        with open("/proc/%d/stat" % self.process.pid) as f:
            fields = f.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        if self.master >= 0:
            self.hang_up()
        for fd in self.wake:
            os.close(fd)
        found = ""
        for name in os.listdir(self.home.path):
            if name.startswith("sanitizer"):
                with open(self.home.file(name)) as f:
                    found += f.read()
        if self.own_home:
            self.home.remove()
        assert not found, found
