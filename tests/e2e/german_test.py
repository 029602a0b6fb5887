"""The program in German: a locale and the catalogue in folders of the test's own, and what is then said and shown."""

import os
import re
import subprocess
import sys
import tempfile
import unittest

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import offhook  # noqa: E402
from screen_test import Screen  # noqa: E402

LOCALE = "de_DE.UTF-8"
CUT = "…"


def german_folder():
    """Environment of a German user. The locale is made here, as few machines have it."""
    localedef, msgfmt = offhook.need("localedef"), offhook.need("msgfmt")
    folder = tempfile.mkdtemp(prefix="offhook-german-")
    made = subprocess.run([localedef, "-i", "de_DE", "-f", "UTF-8", os.path.join(folder, LOCALE)],
                          stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
    if made.returncode > 1:  # 1: made, with warnings
        offhook.skip("the German locale cannot be made: " + made.stdout.decode("utf-8", "replace").strip())
    messages = os.path.join(folder, "locale", "de", "LC_MESSAGES")
    os.makedirs(messages)
    subprocess.run([msgfmt, "-o", os.path.join(messages, "offhook.mo"), os.path.join(offhook.SOURCE, "po", "de.po")],
                   check=True)
    return {"LOCPATH": folder, "LC_ALL": LOCALE, "LANGUAGE": "", "OFFHOOK_LOCALEDIR": os.path.join(folder, "locale")}


GERMAN = german_folder()


def lines(text):
    return text.rstrip("\n").split("\n")


def words(text):
    """The text without its line breaks and indents, as a sentence is looked for that was wrapped."""
    return re.sub(r"\s+", " ", text)


class Headless(unittest.TestCase):
    def test_sentences_are_german_and_names_are_not(self):
        with offhook.Phone("--demo", "--audio=null", env=GERMAN) as p:
            p.ready()
            p.command("dial 404")
            outcome = p.wait("outcome")
            self.assertIn("Dort ist niemand mit diesem Namen", outcome["text"])
            # what scripts read is the same in every language
            self.assertEqual((outcome["code"], outcome["kind"], outcome["standard_reason"]),
                             (404, "not-found", "Not Found"))
            notices = p.any("notice") or [p.wait("notice")]
            self.assertTrue(any("Dort ist niemand mit diesem Namen" in str(n) for n in notices), notices)

    def test_help(self):
        with offhook.Phone("--demo", "--audio=null", env=GERMAN) as p:
            p.ready()
            self.assertIn("Ruft einen Namen, eine Nummer oder SIP-Adresse an.", p.command("help dial")["text"])
            self.assertIn("Beendet alle Anrufe und das Programm.", p.command("help")["text"])
            self.assertIn("Befehl „dail“ ist unbekannt; gemeint: „dial“?", p.command("dail", ok=False)["error"])

    def test_options(self):
        out = subprocess.run([offhook.PROGRAM, "--help"], env=dict(os.environ, **GERMAN), stdout=subprocess.PIPE,
                             check=True).stdout.decode()
        self.assertIn("Aufruf: offhook", out)
        self.assertIn("ein Protokoll schreiben", out)

    def test_numbers_keep_the_point(self):
        with offhook.Phone("--demo", "--audio=null", env=GERMAN) as p:
            p.ready()
            p.command("dial echo")
            p.wait("call", state="established")
            media = p.wait("media")
            # with a comma it would not have been JSON; any one of them may be a whole number
            self.assertTrue(any(isinstance(media.get(n), float) for n in ("jitter", "delay", "mos")), media)
            self.assertEqual(p.any("NOT JSON"), [])


class OnScreen(unittest.TestCase):
    def german(self, size):
        return Screen("--demo", "--audio=null", size=size, env=GERMAN)

    def fits(self, text, size):
        self.assertNotIn("\ufffd", text)
        for line in lines(text):
            self.assertLessEqual(len(line), size[0], line)

    def test_wide(self):
        size = (80, 24)
        with self.german(size) as s:
            text = s.wait("Keine Anrufe.", "demo@localhost  angemeldet", "Q beenden", "Ton: null")
            self.fits(text, size)
            self.assertIn("Mit d wählen: Name, Nummer, SIP-Adresse", text)
            self.assertIn("  Tasten   d wählen   : Befehl   ? Hilfe   Q beenden", text)
            self.assertRegex(lines(text)[-1], r" ● demo@localhost  angemeldet .*Ton: null \d\d:\d\d$")
            s.keys("d")
            s.wait("Wählen:")
            s.keys("413", "Enter")
            text = s.wait("413 Request Entity Too Large", "[x] erledigt", "gescheitert")
            self.fits(text, size)
            self.assertIn("Die Anfrage war dem Server zu groß; bitte später wieder versuchen.", text)
            self.assertNotIn(CUT, text)
            s.keys("?")
            self.help_whole(s, size)

    def test_narrow(self):
        size = (40, 10)
        with self.german(size) as s:
            text = s.wait("Keine Anrufe.", "angemeldet", "Ton: null")
            self.fits(text, size)
            self.assertNotIn(CUT, text)
            self.assertIn("Mit d wählen: Name, Nummer, SIP-Adresse", text)
            self.assertRegex(lines(text)[-1], r" ● demo  angemeldet +Ton: null \d\d:\d\d$")
            s.keys("d")
            s.keys("413", "Enter")
            text = s.wait("gescheitert 413", "Wiederwahl in 0:0", "[r] [A]", "[x]", "1 Wiederw. 0:0")
            self.fits(text, size)
            self.assertIn("Die Anfrage war dem Server zu groß; bitte später wieder versuchen.", words(text))
            s.keys("d")
            s.keys("404", "Enter")
            text = s.wait("gescheitert 404", "[e]", "[x]")
            self.assertIn("Dort ist niemand mit diesem Namen oder dieser Nummer; Adresse prüfen.", words(text))
            s.keys("?")
            self.help_whole(s, size)

    def help_whole(self, s, size):
        """The help, page by page: no page has anything cut, and each sentence is there to its end."""
        text = s.wait("In der Ansicht der Anrufe")
        pages = [text]
        while "angegebene Zeit." not in text:
            s.keys("Space")
            text = s.wait_other(text)
            pages.append(text)
        for page in pages:
            self.fits(page, size)
            self.assertNotIn(CUT, page)
        self.assertIn("Hält das Skript an, bis das eingetreten ist, höchstens 60 s oder die angegebene Zeit.", words(text))

    def test_a_redial(self):
        size = (80, 24)
        with self.german(size) as s:
            s.wait("angemeldet")
            s.keys("d")
            s.keys("480", "Enter")
            text = s.wait("Wiederwahl in 0:", "1 Wiederwahl wartet, in 0:", "[r] jetzt noch einmal anrufen",
                          "[A] von selbst wieder anrufen")
            self.fits(text, size)
            self.assertRegex(words(text), r"Server: „out for coffee“, erreichbar bis \d\d:\d\d:\d\d")
            s.keys("A")
            s.wait("wählt wieder in 0:", "[A] nicht von selbst wiederholen")
            s.keys("x")
            s.wait_gone("480 Temporarily")
            s.keys("d")
            s.keys("413", "Enter")
            s.wait("[Enter] mehr")
            s.keys("Enter")
            self.fits(s.wait("Was sich tun lässt", "Die Antwort, wie sie kam"), size)
            s.keys("F7")
            text = s.wait("Nachrichten  Anruf 2", "3 Nachrichten", "ich ──── INVITE", "s speichern", "Esc zurück")
            self.fits(text, size)
            self.fits(s.wait("413 jetzt wieder anrufen?  [Enter] ja  [x] nein"), size)

    def test_a_call(self):
        size = (80, 24)
        with self.german(size) as s:
            s.wait("angemeldet")
            s.keys("d")
            s.keys("echo", "Enter")
            text = s.wait("im Gespräch", "Jitter", "Puffer", "h auflegen", "0-9*# Töne", "? Hilfe")
            self.fits(text, size)
            self.assertNotIn(CUT, text)
            self.assertRegex(text, r"Verlust +\d+\.\d %")  # numbers are written as scripts read them
            s.keys("m")
            s.wait("Mikro aus")
            s.keys("H")
            s.wait("gehalten", "H fortsetzen")
            s.keys("Q")
            self.fits(s.wait("Auflegen und beenden?  [Enter] ja  [x] nein"), size)
            s.keys("y")  # an Enter right after the question is not taken
            s.wait("STATUS 0")


def tearDownModule():
    offhook.shutil.rmtree(GERMAN["LOCPATH"], ignore_errors=True)


if __name__ == "__main__":
    unittest.main(verbosity=2)
