/* Which bindings get in each other's way. */
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"

#define KEYS_SHOWN 5 /* of those that begin alike */

static bool is_view(enum key_context c)
{
	return c > KEYS_PROMPT && c < KEYS_RINGING && c != KEYS_NOTICES;
}

/* The lower is asked first. */
static unsigned rank(enum key_context c)
{
	if (c == KEYS_PROMPT)
		return 0;
	if (c < KEYS_RINGING)
		return c == KEYS_NOTICES ? 2 : 1;
	/* another call may ring while one is selected */
	return c == KEYS_GLOBAL ? 5 : c == KEYS_RINGING ? 4 : 3;
}

/* Can both be asked for the same key? */
static bool meet(enum key_context a, enum key_context b)
{
	if (a == b)
		return true;
	if (a == KEYS_PROMPT || b == KEYS_PROMPT)
		return false;
	if (a == KEYS_NOTICES || b == KEYS_NOTICES) {
		enum key_context other = a == KEYS_NOTICES ? b : a;

		return !is_view(other) || other == KEYS_CALLS;
	}
	/* one view is open, and a call talks or has failed */
	return rank(a) != rank(b);
}

static void begin(struct buf *out)
{
	if (out->len)
		buf_str(out, " ");
}

/* The keys that KEYS begins (LONGER), or that begin KEYS. */
static void waits(const struct keymap *k, enum key_context context, const char *keys, bool longer, struct buf *out)
{
	const char *other, *command;
	size_t len = strlen(keys);
	struct buf list = {0};
	enum key_context c;
	unsigned i, n = 0;

	for (i = 0; keymap_at(k, i, &c, &other, &command); i++) {
		size_t other_len = strlen(other);

		if (!meet(c, context) || other_len == len || (other_len > len) != longer ||
		    strncmp(keys, other, longer ? len : other_len) != 0)
			continue;
		if (n < KEYS_SHOWN)
			buf_printf(&list, "%s%s (%s)", n ? ", " : "", other, key_context_name(c));
		else if (n == KEYS_SHOWN)
			buf_str(&list, ", ...");
		n++;
	}
	if (n) {
		begin(out);
		buf_printf(out, longer ?
			   /* TRANSLATORS: %1$s is what was typed for a key, %2$s longer ones that begin with it: gg (global) */
			   _("%1$s waits a second for more, as it begins %2$s.") :
			   /* TRANSLATORS: the other way round: %1$s is "gg", %2$s is what begins it: g (global) */
			   _("What begins %1$s now waits a second for the rest: %2$s."), keys, list.s ? list.s : "");
	}
	buf_free(&list);
}

void keymap_shadows(const struct keymap *k, const char *context, const char *notation, bool covered, struct buf *out)
{
	const char *other, *command;
	enum key_context c, mine;
	struct buf error = {0};
	char key[8][16], keys[128] = "";
	unsigned i, n = keymap_split(key, 8, notation, &error);

	buf_free(&error);
	for (mine = 0; mine < KEYS_CONTEXTS && strcmp(key_context_name(mine), context) != 0; mine++)
		;
	for (i = 0; i < n; i++)
		strcat(keys, key[i]);
	for (i = 0; keymap_at(k, i, &c, &other, &command); i++) {
		struct buf masked = {0};

		if (c == mine || !meet(c, mine) || strcmp(other, keys) != 0)
			continue;
		parser_mask(&masked, command);
		command = masked.s ? masked.s : "";
		if (rank(c) < rank(mine)) {
			begin(out);
			/* TRANSLATORS: %1$s is a key context such as talking, %2$s a key, %3$s a command */
			buf_printf(out, _("In %1$s, %2$s still runs: %3$s."), key_context_name(c), keys, command);
		}
		else if (covered) {
			begin(out);
			/* TRANSLATORS: %1$s is a key context such as calls, %2$s a key, %3$s a more general context, %4$s a command */
			buf_printf(out, _("In %1$s, %2$s now goes before that of %3$s: %4$s."), context, keys, key_context_name(c), command);
		}
		buf_free(&masked);
	}
	waits(k, mine, keys, true, out);
	waits(k, mine, keys, false, out);
}
