/* The first view: a line a call, what the selected one sounds like, the keys that matter now, the notices. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/codec.h"
#include "ui/view.h"

#define METER_CELLS 20
#define FLOOR_DB    60.0
#define STATE_COLS  14
#define TIME_COLS   8
#define CODEC_COLS  10
#define QUALITY_COLS 14

const struct snapshot_call *picture_selected(const struct snapshot *s)
{
	unsigned i;

	for (i = 0; i < s->calls; i++) {
		if (s->call[i].selected)
			return &s->call[i];
	}
	return NULL;
}

const struct snapshot_call *picture_call(const struct snapshot *s, unsigned number)
{
	unsigned i;

	for (i = 0; i < s->calls; i++) {
		if (s->call[i].number == number)
			return &s->call[i];
	}
	return NULL;
}

void picture_duration(char *out, size_t size, uint64_t ms)
{
	unsigned long long s = ms / 1000;

	if (s >= 3600)
		snprintf(out, size, "%llu:%02llu:%02llu", s / 3600, s / 60 % 60, s % 60);
	else
		snprintf(out, size, "%llu:%02llu", s / 60, s % 60);
}

/* ---- a call's line ---- */

static const struct { const char *words; enum role role; } states[] = {
	/* TRANSLATORS: states of a call; at most 14 columns each */
	[CALL_CALLING]     = { N_("calling"), ROLE_ACCENT },
	[CALL_RINGING]     = { N_("ringing"), ROLE_ACCENT },
	[CALL_EARLY]       = { N_("announcement"), ROLE_ACCENT },
	[CALL_ESTABLISHED] = { N_("talking"), ROLE_OK },
	[CALL_HELD]        = { N_("on hold"), ROLE_WARNING },
	[CALL_FAILED]      = { N_("failed"), ROLE_ERROR },
	[CALL_CLOSED]      = { N_("ended"), ROLE_DIM },
};

static const char *state_words(const struct snapshot_call *c)
{
	if (c->state == CALL_HELD && c->held_by_them && !c->held_by_us)
		/* TRANSLATORS: the other side has put us on hold; at most 14 columns */
		return _("held by them");
	if (c->state == CALL_HELD && c->held_by_them)
		/* TRANSLATORS: each side has put the other on hold; at most 14 columns */
		return _("held by both");
	return _(states[c->state].words);
}

static bool rings_here(const struct snapshot_call *c)
{
	return c->incoming && c->state == CALL_RINGING;
}

static uint64_t age(const struct picture *p, const struct snapshot_call *c)
{
	return p->s->now_ms > c->since_ms ? p->s->now_ms - c->since_ms : 0;
}

static unsigned number_cols(const struct snapshot *s)
{
	unsigned n = s->calls ? s->call[s->calls - 1].number : 0, cols = 1;

	for (; n >= 10; n /= 10)
		cols++;
	return cols;
}

/* "[a] answer", or "" when no key does. */
static void answer_hint(const struct picture *p, char *out, size_t size)
{
	enum key_context contexts[HINT_CONTEXTS_MAX];
	unsigned n = hint_contexts(p->s, KEYS_CALLS, contexts);
	const char *key = hint_key(p->keymap, contexts, n, "answer");
	char name[64];

	out[0] = '\0';
	if (key[0])
		snprintf(out, size, "[%s] %s", hint_name(key, name, sizeof(name)), _("answer"));
}

/* Marker, number, direction; returns the column of the name. */
static unsigned draw_head(const struct picture *p, unsigned y, const struct snapshot_call *c)
{
	unsigned x = p->narrow ? 0 : 1, w = number_cols(p->s);
	enum role role = c->selected ? ROLE_SELECTED : ROLE_PLAIN;

	if (c->selected)
		screen_put(y, x, 1, ROLE_SELECTED, screen_glyph(GLYPH_MARKER));
	x++;
	screen_putf(y, x, w, role, "%*u", (int)w, c->number);
	x += w + 1;
	x += screen_put(y, x, 2, rings_here(c) ? ROLE_ACCENT : role, screen_glyph(c->incoming ? GLYPH_IN : GLYPH_OUT));
	return x + 1;
}

/* The name, and the address behind it when there is room for all of it; true when it was shown. */
static bool draw_name(unsigned y, unsigned x, unsigned cols, const struct snapshot_call *c)
{
	enum role role = c->selected ? ROLE_SELECTED : ROLE_PLAIN;
	const char *name = c->name[0] ? c->name : c->peer;
	unsigned used = screen_put(y, x, cols, role, name);

	if (strcmp(name, c->peer) == 0 || !c->peer[0])
		return used < cols;
	if (used + 2 + screen_width(c->peer) > cols)
		return false;
	screen_put(y, x + used + 2, cols - used - 2, ROLE_DIM, c->peer);
	return true;
}

/* State and time, or what went wrong, as few words as can be. */
static void draw_narrow(const struct picture *p, unsigned y, const struct snapshot_call *c)
{
	unsigned x = draw_head(p, y, c), cols = screen_cols(), right, name;
	char words[SNAPSHOT_TEXT + 64], time[32];
	const char *label = c->name[0] ? c->name : c->peer;

	if (c->state == CALL_FAILED && c->code) {
		snprintf(words, sizeof(words), "%s %u", state_words(c), c->code);
	}
	else if (c->state == CALL_FAILED) {
		snprintf(words, sizeof(words), "%s", c->failure[0] ? c->failure : state_words(c));
	}
	else {
		picture_duration(time, sizeof(time), age(p, c));
		snprintf(words, sizeof(words), "%s %s", state_words(c), time);
	}
	/* A short name leaves the state beside it; a long one pushes it to the edge. */
	right = cols > x + 8 ? (cols - x) * 2 / 3 : 0;
	if (screen_width(words) < right)
		right = screen_width(words);
	name = cols > x + right + 2 ? cols - x - right - 2 : 0;
	if (screen_width(label) < name)
		name = screen_width(label);
	screen_put(y, x, name, c->selected ? ROLE_SELECTED : ROLE_PLAIN, label);
	screen_put(y, x + name + 2, right, states[c->state].role, words);
}

/* Code and phrase; a phrase that tells the code itself tells it once. */
static void failure_words(const struct snapshot_call *c, char *out, size_t size)
{
	char code[16];

	snprintf(code, sizeof(code), "%u", c->code);
	if (c->code && strncmp(c->failure, code, strlen(code)) != 0)
		snprintf(out, size, "%s %s", code, c->failure);
	else
		snprintf(out, size, "%s", c->failure);
}

static bool draw_wide(const struct picture *p, unsigned y, const struct snapshot_call *c)
{
	unsigned x = draw_head(p, y, c), cols = screen_cols();
	unsigned quality = cols - QUALITY_COLS, codec = quality - CODEC_COLS - 4, time = codec - TIME_COLS - 2;
	unsigned state = time - STATE_COLS - 1;
	char words[SNAPSHOT_TEXT + 64];
	bool address = draw_name(y, x, state - x - 1, c);

	screen_put(y, state, STATE_COLS, states[c->state].role, state_words(c));
	if (c->state == CALL_FAILED) {
		char again[64] = "";
		unsigned end = cols;

		if (c->redial != REDIAL_NONE)
			countdown_words(p, c->redial, c->retry_boot_ms, 0, again, sizeof(again));
		if (again[0])
			end = screen_put_right(y, cols - 1, cols - time, ROLE_WARNING, again) - 1;
		failure_words(c, words, sizeof(words));
		screen_put(y, time, end - time, ROLE_ERROR, words);
		return address;
	}
	picture_duration(words, sizeof(words), age(p, c));
	screen_put_right(y, time + TIME_COLS, TIME_COLS, ROLE_PLAIN, words);
	if (rings_here(c)) {
		answer_hint(p, words, sizeof(words));
		screen_put_right(y, cols - 1, cols - codec, ROLE_ACCENT, words);
		return address;
	}
	if (c->codec)
		screen_put(y, codec, CODEC_COLS, ROLE_PLAIN, c->codec->label);
	if (c->encrypted)
		screen_put(y, codec + CODEC_COLS + 1, 2, ROLE_OK, screen_glyph(GLYPH_LOCK));
	if (c->has_stats && c->stats.mos >= 0)
		/* TRANSLATORS: how good the call sounds, from 1 to 4.5; at most 13 columns */
		screen_putf(y, quality, QUALITY_COLS, c->stats.mos < 3 ? ROLE_WARNING : ROLE_PLAIN, _("quality %.1f"),
			    c->stats.mos);
	return address;
}

/* ---- the selected call in detail ---- */

static double share(double level)
{
	return level <= -FLOOR_DB ? 0 : level >= 0 ? 1 : (level + FLOOR_DB) / FLOOR_DB;
}

/* One meter and the words behind it. */
static void draw_meter(const struct picture *p, unsigned y, const char *label, double level, const char *words)
{
	unsigned x = 2, cols = screen_cols();

	if (p->meters) {
		screen_put(y, x, 6, ROLE_DIM, label);
		x += 6;
		screen_bar(y, x, METER_CELLS, share(level));
		x += METER_CELLS + 3;
		if (level > -100)
			screen_putf(y, x, 8, ROLE_PLAIN, "%3.0f dB", level);
		x += 12;
	}
	screen_put(y, x, cols, ROLE_PLAIN, words);
}

static bool has_media(const struct snapshot_call *c)
{
	return c && (c->state == CALL_ESTABLISHED || c->state == CALL_HELD || c->state == CALL_EARLY);
}

static void draw_meters(const struct picture *p, unsigned y, const struct snapshot_call *c)
{
	char first[128] = "", second[128] = "";
	const struct media_stats *m = &c->stats;

	if (c->has_stats) {
		/* TRANSLATORS: unevenness of arrival, packets lost on the way */
		snprintf(first, sizeof(first), _("jitter %3.0f ms   loss %4.1f %%"), m->jitter * 1000, m->loss * 100);
		if (m->rtt >= 0)
			/* TRANSLATORS: time there and back; time in our own buffers */
			snprintf(second, sizeof(second), _("round trip %.0f ms   delay %.0f ms"), m->rtt * 1000,
				 m->delay * 1000);
		else
			snprintf(second, sizeof(second), _("delay %.0f ms"), m->delay * 1000);
	}
	/* TRANSLATORS: level meters; at most 5 columns: the own microphone, the other side */
	draw_meter(p, y, _("mic"), p->s->tx_level, first);
	draw_meter(p, y + 1, _("far"), p->s->rx_level, second);
}

/* The newest digits, spaced out. */
static void draw_digits(unsigned y, const char *label, const char *digits)
{
	unsigned x = 2 + screen_put(y, 2, 24, ROLE_DIM, label) + 2;
	unsigned room = screen_cols() > x + 2 ? (screen_cols() - x) / 2 : 1;
	size_t n = strlen(digits);

	if (n > room)
		digits += n - room;
	for (; *digits; digits++, x += 2)
		screen_putf(y, x, 1, ROLE_PLAIN, "%c", *digits);
}

/* Draws from Y, at most ROWS lines; returns how many it took. */
static unsigned draw_details(const struct picture *p, unsigned y, unsigned rows, bool address_shown)
{
	const struct snapshot_call *c = picture_selected(p->s);
	unsigned used = 0;

	if (!c)
		return 0;
	if (rings_here(c) && c->peer[0] && p->s->calls == 1 && rows >= 1) {
		/* TRANSLATORS: under the name of who calls: an address that nobody has checked */
		screen_putf(y + used++, 6, screen_cols() - 7, ROLE_DIM, _("claims to be %s"), c->peer);
	}
	else if (!address_shown && c->peer[0] && p->s->calls == 1 && rows >= 1) {
		screen_put(y + used++, 6, screen_cols() - 7, ROLE_DIM, c->peer);
	}
	else if (!address_shown && c->peer[0] && rows >= 2) {
		/* Below the last of several lines it has to say whose it is. */
		used++;
		screen_putf(y + used++, 2, screen_cols() - 3, ROLE_DIM, "%u   %s", c->number, c->peer);
	}
	if (!has_media(c) || rows < used + 3)
		return used;
	used++;
	draw_meters(p, y + used, c);
	used += 2;
	if (c->dtmf_sent[0] && rows >= used + 2) {
		used++;
		/* TRANSLATORS: digits sent to the other side */
		draw_digits(y + used++, _("DTMF sent"), c->dtmf_sent);
	}
	if (c->dtmf_received[0] && rows >= used + 2) {
		if (!c->dtmf_sent[0])
			used++;
		/* TRANSLATORS: digits that came from the other side */
		draw_digits(y + used++, _("DTMF received"), c->dtmf_received);
	}
	return used;
}

/* ---- nothing going on ---- */

static bool has_demo(const struct snapshot *s)
{
	unsigned i;

	for (i = 0; i < s->accounts; i++) {
		if (strcmp(s->account[i].name, "demo") == 0)
			return true;
	}
	return false;
}

static unsigned draw_test_lines(unsigned y, unsigned rows)
{
	static const struct { const char *target, *does; } lines[] = {
		{ "echo", N_("hear yourself") },
		{ "milliwatt", N_("a steady 1004 Hz tone") },
		{ "callback", N_("calls you back in three seconds") },
		{ "404, 413, 486 …", N_("every answer a server can give") },
	};
	const unsigned n = sizeof(lines) / sizeof(lines[0]);
	unsigned i, x;

	if (rows < n + 1)
		return 0;
	screen_put(y, 2, screen_cols(), ROLE_SELECTED, _("Test lines here"));
	for (i = 0; i < n; i++) {
		x = screen_put(y + 1 + i, 4, screen_cols(), ROLE_ACCENT, lines[i].target);
		x = x < 9 ? 16 : x + 4 + 3;
		screen_put(y + 1 + i, x, screen_cols(), ROLE_PLAIN, _(lines[i].does));
	}
	return n + 1;
}

static unsigned draw_idle(struct picture *p, unsigned y, unsigned rows)
{
	enum key_context contexts[HINT_CONTEXTS_MAX];
	unsigned n = hint_contexts(p->s, KEYS_CALLS, contexts), used = 0;
	char name[64];

	if (!rows)
		return 0;
	screen_put(y, p->narrow ? 0 : 2, screen_cols(), ROLE_PLAIN, _("No calls."));
	p->cursor_y = y;
	p->cursor_x = p->narrow ? 0 : 2;
	used = 1;
	if (rows < 3)
		return used;
	hint_name(hint_key(p->keymap, contexts, n, "view dial"), name, sizeof(name));
	if (name[0]) {
		char text[256];

		/* TRANSLATORS: %s is a key */
		snprintf(text, sizeof(text), _("Press %s and type a name, a number or a SIP address."), name);
		screen_put(y + 2, p->narrow ? 0 : 2, screen_cols(), ROLE_PLAIN, text);
		used = 3;
	}
	if (!p->narrow && has_demo(p->s) && rows > used + 1) {
		unsigned lines = draw_test_lines(y + used + 1, rows - used - 1);

		used += lines ? lines + 1 : 0;
	}
	return used;
}

/* ---- the whole ---- */

/* Which call lines are shown when there are more than ROWS: the selected one is among them. */
static unsigned first_line(const struct snapshot *s, unsigned rows)
{
	unsigned i, selected = 0;

	for (i = 0; i < s->calls; i++) {
		if (s->call[i].selected)
			selected = i;
	}
	return selected >= rows ? selected - rows + 1 : 0;
}

static unsigned draw_lines(struct picture *p, unsigned rows, bool *address_shown)
{
	unsigned first = first_line(p->s, rows), i, y = p->y;

	for (i = first; i < p->s->calls && y < p->y + rows; i++, y++) {
		const struct snapshot_call *c = &p->s->call[i];
		bool shown = true;

		if (p->narrow)
			draw_narrow(p, y, c);
		else
			shown = draw_wide(p, y, c);
		if (c->selected) {
			*address_shown = shown;
			p->cursor_y = y;
			p->cursor_x = p->narrow ? 0 : 1;
		}
	}
	return y - p->y;
}

static void draw(struct picture *p)
{
	unsigned least = notices_least(p), most = notices_rows(p), calls, rest, y, want;
	struct picture below = *p;
	bool address_shown = true;

	if (!p->rows)
		return;
	/* One line a call comes first, then the selected notice, then all else. */
	want = p->s->calls ? p->s->calls : 1;
	if (least > p->rows - 1)
		least = p->rows - 1;
	calls = want + least <= p->rows ? want : p->rows - least;
	if (calls < want && calls < p->rows / 2)
		calls = p->rows / 2 ? p->rows / 2 : 1;
	if (p->s->calls)
		calls = draw_lines(p, calls, &address_shown);
	else
		calls = draw_idle(p, p->y, p->rows - least);
	y = p->y + calls;
	rest = p->rows - calls;

	below.rows = most < rest ? most : rest;
	if (!p->narrow && p->s->calls && rest > least) {
		unsigned room = rest - least, used = draw_details(p, y, room, address_shown);

		y += used;
		rest -= used;
	}
	if (!p->narrow && rest > least + 2) {
		hints_draw(p, y + 1);
		rest -= 2;
		y += 2;
	}
	/* A line of air between what goes on and the news. */
	if (!p->narrow && rest > least)
		rest--;
	below.rows = most < rest ? most : rest;
	below.y = p->y + p->rows - below.rows;
	/* Narrow: the news follow at once, as there is nothing between. */
	if (p->narrow)
		below.y = y;
	notices_draw(&below);
	if (p->s->notices && below.rows) {
		p->notice_y = below.cursor_y;
		p->notice_x = below.cursor_x;
		p->notice_shown = true;
	}
}

const struct view view_calls = { "calls", N_("Calls"), KEYS_CALLS, draw, NULL, NULL, NULL, NULL, NULL };
