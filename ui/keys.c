#include "config.h"

#include <string.h>

#include "base/text.h"
#include "ui/keys.h"

/* The command bound to the first N held keys, or NULL. */
static const char *find(const struct keys *k, const enum key_context *contexts, unsigned count, unsigned n,
			bool *longer)
{
	char notation[KEYS_SEQUENCE_MAX * KEY_BYTES] = "";
	unsigned i;
	size_t len = 0;

	for (i = 0; i < n; i++) {
		text_copy(notation + len, sizeof(notation) - len, k->held[i]);
		len += strlen(k->held[i]);
	}
	*longer = false;
	return keymap_find(k->map, contexts, count, notation, longer);
}

static void drop(struct keys *k, unsigned n)
{
	memmove(k->held, k->held + n, (k->n - n) * sizeof(k->held[0]));
	k->n -= n;
}

static bool is_letter(const char *key)
{
	return !key[1] && ((*key >= 'a' && *key <= 'z') || (*key >= 'A' && *key <= 'Z') || *key == '@');
}

/* The first held key belongs to the command before it. What is no letter leaves it as it is: it says itself what it needs. */
static void complete(struct keys *k)
{
	char command[sizeof(k->open) + KEY_BYTES], key[KEY_BYTES];

	text_copy(command, sizeof(command), k->open);
	text_copy(key, sizeof(key), k->held[0]);
	k->open[0] = '\0';
	drop(k, 1);
	if (is_letter(key)) {
		text_copy(command + strlen(command), 2, " ");
		text_copy(command + strlen(command), KEY_BYTES, key);
	}
	if (strcmp(key, "<Esc>") != 0 && strcmp(key, "<C-c>") != 0)
		k->h->bound_h(command, key);
}

/* Runs what can be decided. What is bound to the longest beginning wins; a key that begins nothing is handed on. */
static bool resolve(struct keys *k, bool all)
{
	while (k->n) {
		enum key_context contexts[KEYS_CONTEXTS + 1];
		unsigned count = k->h->contexts_h(contexts), n;
		char keys[KEYS_SEQUENCE_MAX * KEY_BYTES];
		const char *command;
		bool longer, unused;

		if (k->open[0]) {
			complete(k);
			continue;
		}
		if (!find(k, contexts, 1, 1, &longer) && !longer) {
			text_copy(keys, sizeof(keys), k->held[0]);
			if (k->h->plain_h(keys, true)) {
				drop(k, 1);
				continue;
			}
		}
		command = find(k, contexts, count, k->n, &longer);
		if (longer && !all && k->n < KEYS_SEQUENCE_MAX)
			return true;
		all = false;
		for (n = k->n; !command && n > 1; )
			command = find(k, contexts, count, --n, &unused);
		text_copy(keys, sizeof(keys), k->held[0]);
		drop(k, command ? n : 1);
		if (command && k->h->open_h && k->h->open_h(command))
			text_copy(k->open, sizeof(k->open), command);
		else if (command)
			k->h->bound_h(command, keys);
		else
			k->h->plain_h(keys, false);
	}
	return false;
}

bool keys_take(struct keys *k, const char *key)
{
	if (k->n == KEYS_SEQUENCE_MAX)
		drop(k, 1);
	text_copy(k->held[k->n++], KEY_BYTES, key);
	return resolve(k, false);
}

bool keys_timeout(struct keys *k)
{
	return resolve(k, true);
}
