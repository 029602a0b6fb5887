/* The last line: accounts on the left, what is the matter with the sound and the time on the right. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
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

/* One account: its address and state in words; several: names, and words only where it failed. */
static unsigned draw_account(unsigned y, unsigned x, unsigned right, const struct snapshot_account *a, bool alone)
{
	const char *name = alone && a->address[0] && right - x > 30 ? a->address : a->name;
	const char *words = states[a->state].words[0] ? _(states[a->state].words) : "";

	x += screen_put(y, x, right - x, states[a->state].role, screen_glyph(states[a->state].glyph));
	x++;
	if (x >= right)
		return right;
	x += screen_put(y, x, right - x, ROLE_PLAIN, name);
	if (words[0] && (alone || a->state == REGISTRATION_FAILED) && x + 2 < right) {
		char text[128];

		if (a->state == REGISTRATION_FAILED && a->code)
			snprintf(text, sizeof(text), "%s %u", words, a->code);
		else
			snprintf(text, sizeof(text), "%s", words);
		x += 2;
		x += screen_put(y, x, right - x, states[a->state].role, text);
	}
	return x + 2;
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

void statusbar_draw(struct picture *p, const char *clock)
{
	unsigned cols = screen_cols(), right = cols, x = 1, i;
	char words[SNAPSHOT_TEXT + 64];

	right = screen_put_right(p->y, right, cols, ROLE_PLAIN, clock);
	right = draw_redials(p, right);
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
	for (i = 0; i < p->s->accounts && x < right; i++)
		x = draw_account(p->y, x, right, &p->s->account[i], p->s->accounts == 1);
	if (!p->s->accounts && x < right)
		screen_put(p->y, x, right - x, ROLE_DIM, _("no account"));
}
