"""Every final response that refuses a call, from a scripted peer, with a phrase that nobody could expect and nothing
else: what the phone makes of it, how often it asks, with which status it ends. Statements S402-1 ... are those of the
table of 4xx responses that this phone owes its users; S403-2, S402-3 (never sent again) hold for all but a few."""

import os
import random
import sys
import threading
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402

REORDER, BUSY, NONE = "reorder", "busy", "none"

# code: the registered phrase, what it is for the user, the tone
CODES = {
    300: ("Multiple Choices", "redirect", NONE),
    301: ("Moved Permanently", "redirect", NONE),
    302: ("Moved Temporarily", "redirect", NONE),
    305: ("Use Proxy", "redirect", NONE),
    380: ("Alternative Service", "redirect", REORDER),
    400: ("Bad Request", "protocol-trouble", REORDER),
    401: ("Unauthorized", "retry-auto", REORDER),
    402: ("Payment Required", "not-allowed", REORDER),  # S402-2, S402-3
    403: ("Forbidden", "not-allowed", REORDER),  # S403-1, S403-2
    404: ("Not Found", "not-found", REORDER),  # S404-2
    405: ("Method Not Allowed", "not-allowed", REORDER),  # S405-1
    406: ("Not Acceptable", "protocol-trouble", REORDER),  # S406-4
    407: ("Proxy Authentication Required", "retry-auto", REORDER),
    408: ("Request Timeout", "unreachable", REORDER),  # S408-1
    409: ("Conflict", "protocol-trouble", REORDER),  # S409-1, S409-2
    410: ("Gone", "not-found", REORDER),  # S410-1, S410-2
    411: ("Length Required", "retry-auto", REORDER),  # S411-2: our length was long already
    412: ("Conditional Request Failed", "retry-auto", REORDER),
    413: ("Request Entity Too Large", "retry-after", REORDER),  # S413-4, S413-5
    414: ("Request-URI Too Long", "fix-and-redial", REORDER),  # S414-1
    415: ("Unsupported Media Type", "fix-and-redial", REORDER),  # S415-1
    416: ("Unsupported URI Scheme", "fix-and-redial", REORDER),
    417: ("Unknown Resource-Priority", "fix-and-redial", REORDER),
    420: ("Bad Extension", "retry-auto", REORDER),
    421: ("Extension Required", "retry-auto", REORDER),
    422: ("Session Interval Too Small", "retry-auto", REORDER),
    423: ("Interval Too Brief", "retry-auto", REORDER),
    424: ("Bad Location Information", "fix-and-redial", REORDER),
    425: ("Bad Alert Message", "protocol-trouble", REORDER),
    428: ("Use Identity Header", "not-allowed", REORDER),
    429: ("Provide Referrer Identity", "not-allowed", REORDER),
    430: ("Flow Failed", "server-trouble", REORDER),
    433: ("Anonymity Disallowed", "fix-and-redial", REORDER),
    436: ("Bad Identity Info", "protocol-trouble", REORDER),
    437: ("Unsupported Credential", "protocol-trouble", REORDER),
    438: ("Invalid Identity Header", "protocol-trouble", REORDER),
    439: ("First Hop Lacks Outbound Support", "retry-auto", REORDER),
    440: ("Max-Breadth Exceeded", "server-trouble", REORDER),
    469: ("Bad Info Package", "not-allowed", REORDER),
    470: ("Consent Needed", "not-allowed", REORDER),
    480: ("Temporarily Unavailable", "unreachable", REORDER),
    481: ("Call/Transaction Does Not Exist", "protocol-trouble", REORDER),
    482: ("Loop Detected", "server-trouble", REORDER),
    483: ("Too Many Hops", "server-trouble", REORDER),
    484: ("Address Incomplete", "fix-and-redial", REORDER),
    485: ("Ambiguous", "fix-and-redial", REORDER),
    486: ("Busy Here", "busy", BUSY),
    487: ("Request Terminated", "declined", NONE),
    488: ("Not Acceptable Here", "fix-and-redial", REORDER),
    489: ("Bad Event", "not-allowed", REORDER),
    491: ("Request Pending", "retry-auto", NONE),
    493: ("Undecipherable", "fix-and-redial", REORDER),
    494: ("Security Agreement Required", "protocol-trouble", REORDER),
    500: ("Server Internal Error", "server-trouble", REORDER),
    501: ("Not Implemented", "not-allowed", REORDER),
    502: ("Bad Gateway", "server-trouble", REORDER),
    503: ("Service Unavailable", "server-trouble", REORDER),
    504: ("Server Time-out", "server-trouble", REORDER),
    505: ("Version Not Supported", "protocol-trouble", REORDER),
    513: ("Message Too Large", "protocol-trouble", REORDER),
    555: ("Push Notification Service Not Supported", "retry-auto", REORDER),
    580: ("Precondition Failure", "fix-and-redial", REORDER),
    600: ("Busy Everywhere", "busy", BUSY),
    603: ("Decline", "declined", REORDER),
    604: ("Does Not Exist Anywhere", "not-found", REORDER),
    606: ("Not Acceptable", "fix-and-redial", REORDER),
    607: ("Unwanted", "declined", REORDER),
    608: ("Rejected", "declined", REORDER),
    # nobody registered these: as the first of their class, but nobody is busy everywhere
    399: (None, "redirect", NONE),
    499: (None, "protocol-trouble", REORDER),
    599: (None, "server-trouble", REORDER),
    699: (None, "declined", REORDER),
}

# How often the phone may ask when the response says nothing but its code: once, and once more with less in it.
REQUESTS = {413: (1, 2), 513: (1, 2), 491: (1, 2, 3, 4, 5)}


def phrase():
    """Words that no table has."""
    words = ("Nein", "¿por qué?", "not today", "42", "キャンセル", "%s%n", "\\", '"', "SIP/2.0 200 OK", "Retry-After: 5")
    return " ".join(random.choice(words) for _ in range(random.randint(0, 5)))


class Refusing(threading.Thread):
    """Refuses every INVITE in the same way; counts requests and remembers what came."""

    def __init__(self, peer, code, reason):
        super().__init__(daemon=True)
        self.peer, self.code, self.reason = peer, code, reason
        self.invites, self.acks = {}, set()
        self.ended = False
        self.start()

    def run(self):
        while not self.ended:
            try:
                m = self.peer.receive(deadline=0.1)
            except AssertionError:
                continue
            if m.start.startswith("INVITE"):
                self.invites[m.get("Via")] = m
                self.peer.reply(m, self.code, self.reason)
            elif m.start.startswith("ACK"):
                self.acks.add(m.get("Via"))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.ended = True
        self.join()


class Codes(unittest.TestCase):
    def setUp(self):
        self.home = offhook.Home()
        self.rc = self.home.write("rc", "set sip-listen 127.0.0.1:0\nset tone-seconds 0\n")

    def tearDown(self):
        self.home.remove()

    def one(self, code, reason):
        standard, kind, tone = CODES[code]
        with offhook.Peer() as peer, Refusing(peer, code, reason) as refusing:
            with offhook.Phone("--audio=null", "-c", self.rc, peer.uri(), home=self.home) as phone:
                outcome = phone.wait("outcome")
                self.assertEqual((outcome["code"], outcome["kind"], outcome["tone"]), (code, kind, tone))
                self.assertEqual(outcome.get("reason", ""), reason)
                self.assertEqual(outcome.get("standard_reason"), standard)
                self.assertTrue(outcome["text"])
                notice = phone.wait("notice", text=lambda t: str(code) in t)
                self.assertIn(standard or "unknown", notice["text"])
                self.assertEqual(phone.wait("call", state="closed")["code"], code)
                self.assertEqual(phone.exit_status(), code // 100)
                self.assertEqual(len(phone.any("outcome")), 1)
            self.assertIn(len(refusing.invites), REQUESTS.get(code, (1,)))
            self.assertEqual(refusing.acks, set(refusing.invites))

    def test_every_code(self):
        codes = list(CODES)
        random.shuffle(codes)
        for code in codes:
            reason = phrase()
            with self.subTest(code=code, reason=reason):
                self.one(code, reason)


class Order(unittest.TestCase):
    """S406-2, S408-1: the ACK goes out at once, the tone comes after the outcome, and only when it has ended is the call
    over."""

    def test_the_ack_does_not_wait_for_the_tone(self):
        for code in (406, 408, 486):
            with self.subTest(code=code), offhook.Peer() as peer, \
                    offhook.Phone("--audio=null", peer.uri()) as phone:
                peer.reply(peer.receive("INVITE"), code, "No")
                peer.receive("ACK", deadline=2)
                phone.wait("outcome", code=code)
                phone.wait("tone", tone=CODES[code][2], on=True)
                self.assertEqual(phone.any("tone", on=False), [])
                self.assertEqual(phone.any("call", state="closed"), [])
                call = phone.any("outcome")[0]["call"]
                phone.command("hangup %d" % call)
                phone.wait("tone", on=False)
                phone.wait("call", state="closed")


def contains(*parts):
    return lambda v: v is not None and all(p in v for p in parts)


def first(part):
    return lambda v: bool(v) and part in v[0]


# What a line of the built-in exchange says besides its code.
LINES = {
    300: {"contacts": lambda v: len(v) == 2 and "sip:echo@" in v[0] and "sip:milliwatt@" in v[1]},
    301: {"contacts": first("sip:echo@")},
    302: {"contacts": first("sip:echo@")},
    305: {"contacts": first("sip:127.0.0.1:")},
    380: {"contacts": first("sip:echo@")},
    400: {"warning": first("399 ")},
    402: {"server_text": contains("sip:early@")},
    403: {"warning": first("399 ")},
    404: {"retry_after": 60, "retry_comment": "new numbers come at noon"},
    405: {"allow": contains("INVITE", "BYE")},
    406: {"accept": ["application/sdp"]},
    408: {"server_text": contains("cause=102")},
    410: {"server_text": contains("sip:early@")},
    413: {"retry_after": 10, "retry_comment": None},
    415: {"accept": ["application/sdp"]},
    420: {"server_text": contains("100rel")},
    480: {"retry_after": 30, "retry_comment": "out for coffee", "retry_duration": 600},
    484: {"server_text": contains("cause=28")},
    485: {"contacts": lambda v: len(v) == 2},
    486: {"retry_after": 15, "retry_comment": "on another line"},
    487: {"server_text": contains("cause=487")},
    488: {"warning": first("305 ")},
    500: {"retry_after": 5},
    501: {"allow": contains("INVITE", "BYE")},
    502: {"server_text": contains("cause=38")},
    503: {"retry_after": 20},
    504: {"server_text": contains("cause=41")},
    580: {"warning": first("399 ")},
    600: {"retry_after": 40, "retry_comment": "busy everywhere", "retry_duration": 120},
    603: {"retry_after": 45, "retry_comment": "in a meeting"},
    606: {"warning": first("304 ")},
    607: {"server_text": contains("cause=607")},
    608: {"server_text": contains("cause=608")},
}

# Lines that the phone gets through to by itself: it has the password, says the length.
REPAIRED = (401, 407, 411)


class Exchange(unittest.TestCase):
    def test_every_line(self):
        codes = list(CODES)
        random.shuffle(codes)
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("set tone-seconds 0")
            for code in codes:
                phone.command("dial %d" % code)
                with self.subTest(code=code):
                    if code in REPAIRED:
                        call = phone.wait("call", state="established")["call"]
                        phone.command("hangup %d" % call)
                        phone.wait("call", state="closed", call=call)
                        continue
                    outcome = phone.wait("outcome")
                    self.assertEqual((outcome["code"], outcome["kind"], outcome["tone"]), (code, *CODES[code][1:]))
                    for name, wanted in LINES.get(code, {}).items():
                        value = outcome.get(name)
                        self.assertTrue(wanted(value) if callable(wanted) else wanted == value, (name, value))

    def test_what_was_asked_for_is_left_out(self):
        with offhook.Phone("--demo", "--audio=null") as phone:
            phone.ready()
            phone.command("dial 420 header='Require: telepathy'")
            phone.wait("call", state="established")
            self.assertEqual(phone.any("outcome"), [])


class Country(unittest.TestCase):
    def test_the_tone_is_that_of_the_country(self):
        others = {400, 425, 440, 480, 620}
        for country, frequencies in (("fr", {440}), ("us", {480, 620}), ("uk", {400}), ("etsi", {425})):
            with self.subTest(country=country):
                home = offhook.Home()
                file = home.file("heard.wav")
                with offhook.Phone("--demo", "--audio=file:," + file, home=home) as phone:
                    phone.ready()
                    phone.command("set tone-country " + country)
                    phone.command("set tone-seconds 1")
                    begin = phone.any("ready")[0]["time"]
                    phone.command("dial 486")
                    on = phone.wait("tone", tone="busy", on=True)["time"]
                    phone.wait("call", state="closed")
                # somewhere in the first second, by the tenth, each is loud and the others are not
                levels = {f: max(offhook.tone_level(file, f, on - begin + t / 10, 0.2) for t in range(5)) for f in others}
                for f in others:
                    if f in frequencies:
                        self.assertGreater(levels[f], -25, levels)
                    else:
                        self.assertLess(levels[f], -30, levels)
                home.remove()


if __name__ == "__main__":
    unittest.main(verbosity=2)
