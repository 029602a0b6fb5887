/* Sources: ECMA-48 section 5.4 (control sequences), xterm's ctlseqs (function keys, bracketed paste), the
 * linux console and rxvt for their own function keys. */
#include "config.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/input.h"

#define ESC        0x1b
#define ESCAPE_MS  30   /* longer than this between the bytes of one key is a key of its own */
#define PASTE_MS   2000 /* a paste whose end was lost */

/* ESC [ NUMBER ~ */
static const struct { unsigned n; const char *name; } tildes[] = {
	{ 1, "Home" }, { 2, "Ins" }, { 3, "Del" }, { 4, "End" }, { 5, "PageUp" }, { 6, "PageDown" },
	{ 7, "Home" }, { 8, "End" }, { 11, "F1" }, { 12, "F2" }, { 13, "F3" }, { 14, "F4" }, { 15, "F5" },
	{ 17, "F6" }, { 18, "F7" }, { 19, "F8" }, { 20, "F9" }, { 21, "F10" }, { 23, "F11" }, { 24, "F12" },
};

/* ESC [ LETTER and ESC O LETTER */
static const struct { char letter; const char *name; } letters[] = {
	{ 'A', "Up" }, { 'B', "Down" }, { 'C', "Right" }, { 'D', "Left" }, { 'F', "End" }, { 'H', "Home" },
	{ 'P', "F1" }, { 'Q', "F2" }, { 'R', "F3" }, { 'S', "F4" },
};

/* ESC O LETTER: the keypad of a vt100 in its application mode. */
static const char keypad_from[] = "jklmnopqrstuvwxyM";
static const char keypad_to[]   = "*+,-./0123456789\r";

/* ESC [ [ LETTER: the linux console. */
static const char *const console[] = { "F1", "F2", "F3", "F4", "F5" };

struct out {
	input_key_h *h;
	void *arg;
	bool pasted;
};

static void emit(const struct out *o, const char *key)
{
	o->h(key, o->pasted, o->arg);
}

/* A named key with xterm's modifier parameter (1 + shift 1, alt 2, control 4). */
static void emit_named(const struct out *o, const char *name, unsigned modifier)
{
	unsigned bits = modifier ? modifier - 1 : 0;
	char key[KEY_BYTES + 8];

	snprintf(key, sizeof(key), "<%s%s%s%.8s>", bits & 4 ? "C-" : "", bits & 2 ? "M-" : "",
		 bits & 1 ? "S-" : "", name);
	emit(o, key);
}

/* One byte below 0x80, or DEL. */
static void emit_ascii(const struct out *o, unsigned char c, bool meta)
{
	const char *m = meta ? "M-" : "";
	char key[KEY_BYTES];

	if (c == '\r')
		snprintf(key, sizeof(key), "<%sCR>", m);
	else if (c == '\t')
		snprintf(key, sizeof(key), "<%sTab>", m);
	else if (c == 0x7f || c == '\b')
		snprintf(key, sizeof(key), "<%sBS>", m);
	else if (c == ESC)
		snprintf(key, sizeof(key), "<%sEsc>", m);
	else if (c == ' ')
		snprintf(key, sizeof(key), "<%sSpace>", m);
	else if (c == '<')
		snprintf(key, sizeof(key), meta ? "<M-lt>" : "<lt>");
	else if (c == 0)
		snprintf(key, sizeof(key), "<C-%sSpace>", m);
	else if (c < 0x20)
		snprintf(key, sizeof(key), "<C-%s%c>", m, c < 0x1b ? c + 0x60 : c + 0x40);
	else
		snprintf(key, sizeof(key), meta ? "<M-%c>" : "%c", c);
	emit(o, key);
}

/* ESC [ PARAMETERS FINAL, complete in S (LEN bytes). */
static void control_sequence(struct input *in, struct out *o, const char *s, size_t len)
{
	char final = s[len - 1];
	unsigned first = 0, second = 0;
	size_t i;

	if (s[2] == '[' && len == 4) {
		if (final >= 'A' && final <= 'E')
			emit_named(o, console[final - 'A'], 0);
		return;
	}
	if (s[2] == '<' || s[2] == '?' || s[2] == '>')
		return; /* a report that nobody asked for */
	first = (unsigned)strtoul(s + 2, NULL, 10);
	for (i = 2; i < len - 1; i++) {
		if (s[i] == ';') {
			second = (unsigned)strtoul(s + i + 1, NULL, 10);
			break;
		}
	}
	if (second > 8)
		return;
	if (final == '~' && (first == 200 || first == 201)) {
		in->paste = first == 200;
		return;
	}
	if (final == 'Z') {
		emit_named(o, "Tab", 2);
		return;
	}
	for (i = 0; final == '~' && i < sizeof(tildes) / sizeof(tildes[0]); i++) {
		if (tildes[i].n == first) {
			emit_named(o, tildes[i].name, second);
			return;
		}
	}
	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].letter == final) {
			emit_named(o, letters[i].name, second);
			return;
		}
	}
}

/* ESC O LETTER */
static void shift_sequence(const struct out *o, char letter)
{
	const char *k = letter ? strchr(keypad_from, letter) : NULL;
	size_t i;

	for (i = 0; i < sizeof(letters) / sizeof(letters[0]); i++) {
		if (letters[i].letter == letter) {
			emit_named(o, letters[i].name, 0);
			return;
		}
	}
	if (k)
		emit_ascii(o, (unsigned char)keypad_to[k - keypad_from], false);
}

/* Length of the character that begins with C, 0 when none does. */
static size_t utf8_length(unsigned char c)
{
	return c < 0x80 ? 1 : c < 0xc2 ? 0 : c < 0xe0 ? 2 : c < 0xf0 ? 3 : c < 0xf5 ? 4 : 0;
}

/* Takes one key off S. Returns the bytes used, 0 when more must come first; ALL: none will. */
static size_t take(struct input *in, struct out *o, const char *s, size_t len, bool all)
{
	unsigned char c = (unsigned char)s[0];
	uint32_t cp;
	size_t n;

	if (c == ESC && in->paste) {
		/* Inside a paste only its end is a sequence; anything else was in the text. */
		static const char end[] = "\033[201~";
		size_t k = len < 6 ? len : 6;

		if (memcmp(s, end, k) != 0)
			return 1;
		if (k < 6)
			return all ? len : 0;
		in->paste = false;
		return 6;
	}
	if (c == ESC) {
		if (len == 1) {
			if (!all)
				return 0;
			emit_ascii(o, ESC, false);
			return 1;
		}
		if (s[1] == ESC) {
			emit_ascii(o, ESC, false);
			return 1;
		}
		if (s[1] == 'O' && len < 3 && !all)
			return 0;
		if (s[1] == 'O' && len >= 3) {
			shift_sequence(o, s[2]);
			return 3;
		}
		if (s[1] == '[') {
			n = 2;
			if (len > 3 && s[2] == '[') {
				control_sequence(in, o, s, 4);
				return 4;
			}
			if (len == 3 && s[2] == '[')
				return all ? len : 0;
			while (n < len && s[n] >= 0x20 && s[n] < 0x40)
				n++;
			if (n < len) {
				if (s[n] >= 0x40 && s[n] < 0x7f)
					control_sequence(in, o, s, n + 1);
				else
					n--; /* broken off: that byte is a key of its own */
				return n + 1;
			}
			if (!all)
				return 0;
			if (len > 2)
				return len; /* broken off */
		}
		n = utf8_length((unsigned char)s[1]);
		if (n == 1) {
			emit_ascii(o, (unsigned char)s[1], true);
			return 2;
		}
		emit_ascii(o, ESC, false);
		return 1;
	}
	if (c < 0x80) {
		emit_ascii(o, c, false);
		return 1;
	}
	n = utf8_length(c);
	if (!n)
		return 1;
	if (len < n && !all) {
		size_t i;

		for (i = 1; i < len; i++) {
			if (((unsigned char)s[i] & 0xc0) != 0x80)
				return 1;
		}
		return 0;
	}
	n = text_decode(&cp, s, len);
	if (!n)
		return 1;
	if (cp >= 0xa0) {
		char key[KEY_BYTES];

		text_copyn(key, sizeof(key), s, n);
		emit(o, key);
	}
	return n;
}

static void drain(struct input *in, const struct out *given, bool all)
{
	struct out o = *given;
	size_t used = 0;

	while (used < in->len) {
		size_t n;

		o.pasted = in->paste;
		n = take(in, &o, in->held + used, in->len - used, all);
		if (!n)
			break;
		used += n;
	}
	memmove(in->held, in->held + used, in->len - used);
	in->len -= used;
}

void input_feed(struct input *in, const char *bytes, size_t len, input_key_h *h, void *arg)
{
	struct out o = { h, arg, false };

	while (len) {
		size_t n = sizeof(in->held) - in->len;

		if (in->swallow) {
			in->swallow = *bytes < 0x40 || *bytes == 0x7f;
			bytes++;
			len--;
			continue;
		}
		if (n > len)
			n = len;
		memcpy(in->held + in->len, bytes, n);
		in->len += n;
		bytes += n;
		len -= n;
		drain(in, &o, false);
		/* No key is that long: the rest of it, to its final byte, is dropped too. */
		in->swallow = in->len == sizeof(in->held);
		if (in->swallow)
			in->len = 0;
	}
}

unsigned input_wait_ms(const struct input *in)
{
	return in->paste ? PASTE_MS : in->len ? ESCAPE_MS : 0;
}

void input_timeout(struct input *in, input_key_h *h, void *arg)
{
	struct out o = { h, arg, false };

	drain(in, &o, true);
	in->paste = false;
}
