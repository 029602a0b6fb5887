/* The bindings as people read them: what does the same, or the same with each key, in one row. */
#include <stdio.h>
#include <string.h>

#include "command/command.h"

/* A row in the making. A set is made of bindings that differ in one character only, which ends keys and command. */
struct making {
	const char *keys, *command;  /* of the first */
	char set[96];                /* those characters, in order; "" = no set */
	unsigned n;
};

/* The place of the character in which KEYS and COMMAND end alike, or 0 when they do not. */
static bool ends_alike(const char *keys, const char *command)
{
	size_t k = strlen(keys), c = strlen(command);

	return k && c > 1 && keys[k - 1] == command[c - 1] && command[c - 2] == ' ' && keys[k - 1] > ' ' &&
	       keys[k - 1] != '>' && keys[k - 1] < 0x7f;
}

static bool same_but_last(const char *a, const char *b)
{
	size_t n = strlen(a);

	return n == strlen(b) && !strncmp(a, b, n - 1);
}

static bool joins(struct making *m, const char *keys, const char *command)
{
	size_t n = strlen(m->set);

	if (!m->set[0] || n + 1 == sizeof(m->set) || !ends_alike(keys, command) || !same_but_last(m->keys, keys) ||
	    !same_but_last(m->command, command))
		return false;
	m->set[n] = keys[strlen(keys) - 1];
	m->set[n + 1] = '\0';
	m->n++;
	return true;
}

/* "# * 0-9" */
static void write_set(const char *set, char *out, size_t size)
{
	size_t len = 0;

	out[0] = '\0';
	while (*set && len + 8 < size) {
		size_t run = 1;

		while (set[run] && set[run] == set[run - 1] + 1)
			run++;
		if (run < 3)
			run = 1;
		len += (size_t)snprintf(out + len, size - len, run > 1 ? "%s%c-%c" : "%s%c", len ? " " : "", set[0], set[run - 1]);
		set += run;
	}
}

static void write_row(struct key_row *row, const struct making *m)
{
	char set[KEY_ROW_TEXT / 2];
	int keys = (int)strlen(m->keys) - 1, command = (int)strlen(m->command) - 1;

	if (m->n < 2 || !m->set[0]) {
		text_copy(row->keys, sizeof(row->keys), m->keys);
		text_copy(row->command, sizeof(row->command), m->command);
		return;
	}
	write_set(m->set, set, sizeof(set));
	if (keys)
		snprintf(row->keys, sizeof(row->keys), "%.*s{%s}", keys < 40 ? keys : 40, m->keys, set);
	else
		text_copy(row->keys, sizeof(row->keys), set);
	snprintf(row->command, sizeof(row->command), "%.*s%s", command < 80 ? command : 80, m->command, set);
}

unsigned keymap_rows(const struct keymap *k, enum key_context context, const enum key_context *here, unsigned n,
		     struct key_row *row, unsigned max)
{
	const char *keys, *command;
	struct making m[KEY_ROWS_MAX];
	unsigned count = 0, i, j;
	enum key_context c;
	bool longer;

	if (max > KEY_ROWS_MAX)
		max = KEY_ROWS_MAX;
	for (i = 0; keymap_at(k, i, &c, &keys, &command); i++) {
		if (c != context || (n && keymap_find(k, here, n, keys, &longer) != command))
			continue;
		for (j = 0; j < count && !joins(&m[j], keys, command); j++)
			;
		if (j < count || count == max)
			continue;
		m[count] = (struct making){keys, command, "", 1};
		if (ends_alike(keys, command))
			m[count].set[0] = keys[strlen(keys) - 1];
		count++;
	}
	/* several keys for one command */
	for (i = 0, j = 0; i < count; i++) {
		unsigned same;

		if (!m[i].n)
			continue;
		write_row(&row[j], &m[i]);
		for (same = i + 1; m[i].n == 1 && same < count; same++) {
			size_t len = strlen(row[j].keys);

			if (m[same].n != 1 || strcmp(m[same].command, m[i].command) != 0 ||
			    len + strlen(m[same].keys) + 2 > sizeof(row[j].keys))
				continue;
			snprintf(row[j].keys + len, sizeof(row[j].keys) - len, " %s", m[same].keys);
			m[same].n = 0;
		}
		j++;
	}
	return j;
}
