/* The last line: accounts on the left, what is the matter with the sound and the time on the right. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "command/player.h"
#include "command/recorder.h"
#include "ui/view.h"

#define MINI_CELLS 8
#define FLOOR_DB   60.0

static const struct { enum glyph glyph; enum role role; const char *words; } states[] = {
	[REGISTRATION_NONE]         = { GLYPH_OFF, ROLE_DIM, "" },
	[REGISTRATION_REGISTERING]  = { GLYPH_BUSY, ROLE_ACCENT, N_("registering") },
	[REGISTRATION_REGISTERED]   = { GLYPH_ON, ROLE_OK, N_("registered") },
	[REGISTRATION_FAILED]       = { GLYPH_CROSS, ROLE_ERROR, N_("failed") },
	[REGISTRATION_UNREGISTERED] = { GLYPH_OFF, ROLE_DIM, N_("not registered") },
};

/* How much is said of each account: the most that fits. */
enum form {
	FORM_LONG,    /* with its address and state in words if it is alone; a failure with the server's words */
	FORM_PLAIN,   /* a failure with its code or cause */
	FORM_SHORT,   /* with its code alone */
	FORM_LEAST    /* names, the failed ones first, and how many there is no room for */
};

static const char *name_of(const struct snapshot_account *a, bool alone, enum form form)
{
	return alone && form == FORM_LONG && a->address[0] ? a->address : a->name;
}

static void words_of(char *out, size_t size, const struct snapshot_account *a, bool alone, enum form form)
{
	const char *state = states[a->state].words[0] ? _(states[a->state].words) : "";

	out[0] = '\0';
	if (a->state != REGISTRATION_FAILED)
		snprintf(out, size, "%s", alone && form < FORM_LEAST ? state : "");
	else if (a->code && form == FORM_LONG)
		snprintf(out, size, "%s %u%s%s", state, a->code, a->reason[0] ? " " : "", a->reason);
	else if (a->code && form == FORM_PLAIN)
		snprintf(out, size, "%s %u", state, a->code);
	else if (a->code)
		snprintf(out, size, "%u", a->code);
	else if (form < FORM_SHORT && a->reason[0])
		snprintf(out, size, "%s", a->reason);
	else if (form < FORM_LEAST)
		snprintf(out, size, "%s", state);
}

static unsigned account_width(const struct snapshot_account *a, bool alone, enum form form)
{
	char words[SNAPSHOT_TEXT + 64];
	unsigned width = 2 + text_width(name_of(a, alone, form));

	words_of(words, sizeof(words), a, alone, form);
	return width + (words[0] ? 2 + text_width(words) : 0);
}

/* Draws one account from column X on; the column behind it. */
static unsigned draw_account(unsigned y, unsigned x, unsigned right, const struct snapshot_account *a, bool alone,
			     enum form form)
{
	char words[SNAPSHOT_TEXT + 64];

	words_of(words, sizeof(words), a, alone, form);
	x += screen_put(y, x, right - x, states[a->state].role, screen_glyph(states[a->state].glyph));
	x++;
	if (x < right)
		x += screen_put(y, x, right - x, ROLE_PLAIN, name_of(a, alone, form));
	if (words[0] && x + 2 < right) {
		x += 2;
		x += screen_put(y, x, right - x, states[a->state].role, words);
	}
	return x;
}

/* The accounts from column X to RIGHT. */
static void draw_accounts(const struct snapshot *s, unsigned y, unsigned x, unsigned right)
{
	bool alone = s->accounts == 1;
	enum form form = FORM_LONG;
	unsigned i, pass, left = s->accounts;

	for (; form < FORM_LEAST; form++) {
		unsigned width = x;

		for (i = 0; i < s->accounts; i++)
			width += (i ? 2 : 0) + account_width(&s->account[i], alone, form);
		if (width <= right)
			break;
	}
	/* in order, or, where not all find room, in two passes: the failed ones first */
	for (pass = form < FORM_LEAST ? 1 : 0; pass < 2; pass++) {
		for (i = 0; i < s->accounts; i++) {
			const struct snapshot_account *a = &s->account[i];
			unsigned more = left > 10 ? 5 : left > 1 ? 4 : 0; /* of a count behind it */

			if (form == FORM_LEAST && (a->state == REGISTRATION_FAILED) != (pass == 0))
				continue;
			/* the first is cut rather than left out */
			if (left < s->accounts && x + account_width(a, alone, form) + more > right)
				continue;
			x = draw_account(y, x, right > more ? right - more : right, a, alone, form) + 2;
			left--;
		}
	}
	if (left && x < right) {
		char count[16];

		snprintf(count, sizeof(count), "+%u", left);
		screen_put(y, x, right - x, ROLE_DIM, count);
	}
}

static void mini_meter(unsigned y, unsigned x, double level)
{
	unsigned i, n = 0;

	if (level > -FLOOR_DB)
		n = (unsigned)((level + FLOOR_DB) / FLOOR_DB * MINI_CELLS + 0.5);
	for (i = 0; i < MINI_CELLS; i++)
		screen_put(y, x + i, 1, i < n ? ROLE_OK : ROLE_DIM,
			   screen_glyph(i < n ? GLYPH_MINI_FULL : GLYPH_MINI_EMPTY));
}

/* Trouble with the sound, or "". */
static void sound_words(const struct snapshot *s, char *out, size_t size)
{
	out[0] = '\0';
	if (s->audio_trouble[0] && s->audio_driver[0])
		snprintf(out, size, "%s (%s)", s->audio_trouble, s->audio_driver);
	else if (s->audio_trouble[0])
		snprintf(out, size, "%s", s->audio_trouble);
	else if (s->audio_driver[0] && strcmp(s->audio_driver, "portaudio") != 0)
		/* TRANSLATORS: the program plays no sound on a device; %s is the driver: null, file */
		snprintf(out, size, _("sound: %s"), s->audio_driver);
}

/* The redials that wait, ending before column RIGHT; returns where they begin. */
static unsigned draw_redials(const struct picture *p, unsigned right)
{
	char words[128];

	countdown_pending(p, words, sizeof(words));
	return words[0] && right > 3 ? screen_put_right(p->y, right - 2, right - 3, ROLE_WARNING, words) - 1 : right;
}

/* What keeps calls from ringing here, ending before column RIGHT; returns where it begins. Above the sound's words in
 * rank: who has forgotten it misses calls. */
static unsigned draw_called(const struct picture *p, unsigned right)
{
	const char *words = NULL;

	if (p->s->forward[0])
		/* TRANSLATORS: in the status bar: calls that come are sent on to somebody else */
		words = _("forwarding");
	else if (p->s->dnd)
		/* TRANSLATORS: in the status bar: do not disturb; as short as possible */
		words = _("do not disturb");
	return words && right > 20 ? screen_put_right(p->y, right - 2, right / 2, ROLE_WARNING, words) - 1 : right;
}

/* Messages that wait, ending before column RIGHT; returns where they begin. */
static unsigned draw_messages(const struct picture *p, unsigned right)
{
	char words[32];

	snprintf(words, sizeof(words), "%s %u", screen_glyph(GLYPH_MAIL), p->s->messages);
	return p->s->messages && right > 20 ? screen_put_right(p->y, right - 2, right / 2, ROLE_ACCENT, words) - 1 : right;
}

/* What is recorded, in the words that fit; returns where it begins. */
static unsigned draw_recording(const struct picture *p, unsigned right)
{
	char words[64];

	if (!recorder_register() || right < 4)
		return right;
	/* TRANSLATORS: in the status bar: what the keys do is being recorded, %c is the letter of the register */
	snprintf(words, sizeof(words), _("recording %c"), recorder_register());
	return screen_put_right(p->y, right - 2, right - 3, ROLE_WARNING, words) - 1;
}

/* The macro that plays, ending before column RIGHT; returns where it begins. It may take two thirds of the line, for what
 * is under way matters more than what stands: in fewer words where that is too little. */
static unsigned draw_macro(const struct picture *p, unsigned right)
{
	struct player_status m;
	char words[256];
	unsigned room = screen_cols() * 2 / 3;

	if (!player_status(&m) || right < 8)
		return right;
	if (room > right - 3)
		room = right - 3;
	if (m.waits[0])
		/* TRANSLATORS: in the status bar: a macro that plays, its step, how many it has, and what it waits for */
		snprintf(words, sizeof(words), _("macro %1$s %2$u/%3$u: waiting for %4$s"), m.name, m.step, m.of, m.waits);
	else
		/* TRANSLATORS: in the status bar: a macro that plays, its step, how many it has */
		snprintf(words, sizeof(words), _("macro %1$s %2$u/%3$u"), m.name, m.step, m.of);
	if (m.waits[0] && screen_width(words) > room)
		snprintf(words, sizeof(words), "%s %u/%u: %s", m.name, m.step, m.of, m.waits);
	return screen_put_right(p->y, right - 2, room, ROLE_ACCENT, words) - 1;
}

void statusbar_draw(struct picture *p, const char *clock)
{
	unsigned cols = screen_cols(), right = cols, x = 1;
	char words[SNAPSHOT_TEXT + 64];

	right = screen_put_right(p->y, right, cols, ROLE_PLAIN, clock);
	right = draw_macro(p, right);
	right = draw_recording(p, right);
	right = draw_redials(p, right);
	right = draw_called(p, right);
	right = draw_messages(p, right);
	sound_words(p->s, words, sizeof(words));
	if (words[0] && right > 20) {
		right = screen_put_right(p->y, right - 1, cols / 3, ROLE_WARNING, words);
		right--;
	}
	if (p->s->muted) {
		/* TRANSLATORS: in the status bar: the other side cannot hear you */
		right = screen_put_right(p->y, right - 1, right / 2, ROLE_WARNING, _("mic muted"));
	}
	else if (!p->narrow && p->meters) {
		/* TRANSLATORS: the microphone, before a level meter; as short as possible */
		const char *mic = _("mic");

		if (right > MINI_CELLS + 32) {
			mini_meter(p->y, right - MINI_CELLS - 1, p->s->tx_level);
			right = screen_put_right(p->y, right - MINI_CELLS - 2, 12, ROLE_DIM, mic);
		}
	}
	right = right > 2 ? right - 2 : 0;
	if (x >= right)
		return;
	if (p->s->accounts)
		draw_accounts(p->s, p->y, x, right);
	else
		screen_put(p->y, x, right - x, ROLE_DIM, _("no account"));
}
