/* The keys that matter now, found in the keymap itself: who binds another key sees that one. */
#include "config.h"

#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "command/player.h"
#include "command/recorder.h"
#include "ui/view.h"

enum situation { IDLE = 1, RINGS_HERE = 2, CALLING = 4, TALKING = 8, ON_HOLD = 16, FAILED = 32 };

static const struct { unsigned when; const char *command, *label; } hints[] = {
	{ RINGS_HERE, "answer", N_("answer") },
	/* TRANSLATORS: an incoming call: refuse it */
	{ RINGS_HERE, "hangup", N_("reject") },
	{ CALLING | TALKING | ON_HOLD, "hangup", N_("hang up") },
	{ TALKING, "hold", N_("hold") },
	{ ON_HOLD, "hold", N_("resume") },
	{ TALKING, "mute", N_("mute") },
	/* TRANSLATORS: the digits of the dial pad, sent to the other side */
	{ TALKING, "dtmf", N_("tones") },
	{ IDLE | FAILED | ON_HOLD, "view dial", N_("dial") },
	{ FAILED, "notice dismiss", N_("dismiss") },
	{ IDLE | FAILED, "view prompt", N_("command") },
	{ IDLE | RINGS_HERE | CALLING | TALKING | ON_HOLD | FAILED, "view help", N_("help") },
	{ IDLE | FAILED, "view quit", N_("quit") },
};

static enum situation situation_of(const struct snapshot *s)
{
	const struct snapshot_call *c = picture_selected(s);

	if (!c)
		return IDLE;
	switch (c->state) {
	case CALL_CALLING:
	case CALL_RINGING:
	case CALL_EARLY:
		return c->incoming ? RINGS_HERE : CALLING;
	case CALL_ESTABLISHED:
		return TALKING;
	case CALL_HELD:
		return ON_HOLD;
	default:
		return FAILED;
	}
}

unsigned hint_contexts(const struct snapshot *s, enum key_context view, enum key_context *contexts)
{
	unsigned n = 0, i;

	contexts[n++] = view;
	if (view == KEYS_CALLS && s->notices)
		contexts[n++] = KEYS_NOTICES;
	switch (situation_of(s)) {
	case RINGS_HERE:
		contexts[n++] = KEYS_RINGING;
		break;
	case TALKING:
	case ON_HOLD:
		contexts[n++] = KEYS_TALKING;
		break;
	case FAILED:
		contexts[n++] = KEYS_FAILED;
		break;
	case IDLE:
	case CALLING:
		break;
	}
	/* Another call rings: it can be answered from here. */
	for (i = 0; i < s->calls; i++) {
		if (s->call[i].incoming && s->call[i].state == CALL_RINGING && situation_of(s) != RINGS_HERE) {
			contexts[n++] = KEYS_RINGING;
			break;
		}
	}
	contexts[n++] = KEYS_GLOBAL;
	return n;
}

/* 2: BOUND is COMMAND, 1: it begins with it, 0: neither. */
static unsigned matches(const char *bound, const char *command)
{
	size_t n = strlen(command);

	if (strncmp(bound, command, n) != 0 || (bound[n] && bound[n] != ' '))
		return 0;
	return bound[n] ? 1 : 2;
}

const char *hint_key(const struct keymap *k, const enum key_context *contexts, unsigned n, const char *command)
{
	const char *best = "", *keys, *bound;
	unsigned best_match = 0, i, j;
	enum key_context c;

	for (i = 0; keymap_at(k, i, &c, &keys, &bound); i++) {
		unsigned m = matches(bound, command);
		bool longer;

		/* Of two keys that do the same the shorter one is named. */
		if (!m || m < best_match || (m == best_match && strlen(keys) >= strlen(best)))
			continue;
		for (j = 0; j < n && contexts[j] != c; j++)
			;
		/* A more special binding may hide this one. */
		if (j < n && keymap_find(k, contexts, n, keys, &longer) == bound) {
			best = keys;
			best_match = m;
		}
	}
	return best;
}

const char *hint_name(const char *key, char *out, size_t size)
{
	size_t n = strlen(key);

	if (strcmp(key, "<CR>") == 0)
		text_copy(out, size, _("Enter"));
	else if (n > 2 && key[0] == '<' && strchr(key, '>') == key + n - 1)
		text_copyn(out, size, key + 1, n - 2);
	else
		text_copy(out, size, key);
	return out;
}

bool hint_draw(const struct picture *p, unsigned y, unsigned *x, const enum key_context *contexts, unsigned n,
	       const char *command, const char *label)
{
	const char *key = hint_key(p->keymap, contexts, n, command);
	unsigned cols = screen_cols();
	char name[64];

	if (!key[0])
		return false;
	hint_name(key, name, sizeof(name));
	if (strcmp(command, "dtmf") == 0)
		text_copy(name, sizeof(name), "0-9*#");
	if (*x + screen_width(name) + 1 + screen_width(label) > cols)
		return false;
	*x += screen_put(y, *x, cols, ROLE_ACCENT, name) + 1;
	*x += screen_put(y, *x, cols, ROLE_PLAIN, label) + 3;
	return true;
}

void hints_draw(struct picture *p, unsigned y)
{
	enum key_context contexts[HINT_CONTEXTS_MAX];
	unsigned n = hint_contexts(p->s, KEYS_CALLS, contexts), x = 2, i;
	enum situation now = situation_of(p->s);
	struct player_status macro;
	char name[64];

	/* TRANSLATORS: before a line of keys and what they do */
	x += screen_put(y, x, screen_cols(), ROLE_DIM, _("Keys")) + 3;
	if (recorder_register())
		/* TRANSLATORS: what the keys do is being written down, for a macro */
		hint_draw(p, y, &x, contexts, n, "macro record", _("end recording"));
	if (player_status(&macro)) {
		x += screen_put(y, x, screen_cols() - x, ROLE_ACCENT, hint_name("<Esc>", name, sizeof(name))) + 1;
		x += screen_put(y, x, screen_cols() - x, ROLE_PLAIN, _("stop the macro")) + 3;
	}
	for (i = 0; i < sizeof(hints) / sizeof(hints[0]); i++) {
		if (hints[i].when & now)
			hint_draw(p, y, &x, contexts, n, hints[i].command, _(hints[i].label));
	}
}
