/* Whom to call: contacts, then the numbers of the history, the newest first. */
#include <stdio.h>
#include <string.h>

#include "base/fold.h"
#include "command/completing.h"
#include "phone/ports.h"
#include "phone/target.h"

/* Would a command take it for something else than a target? */
static bool is_word_of_command(const char *name)
{
	static const char *const words[] = {"account=", "codecs=", "header=", "off"};
	unsigned i;

	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (*name == *words[i] && !strncmp(name, words[i], strlen(words[i])))
			return true;
	}
	return false;
}

static void contact(const struct contact_entry *e, void *arg)
{
	struct completing *g = arg;
	bool address = e->dialled == e->uri || g->address || (g->place && is_word_of_command(e->dialled));
	char note[COMPLETION_MAX_BYTES] = "";

	if (!address && g->c->n < COMPLETIONS_MAX)
		snprintf(note, sizeof(note), "%s%s%s", e->nick, *e->nick ? " " : "", e->uri);
	completing_add(g, address ? e->uri : e->dialled, address ? e->name : note);
}

static void number(const char *uri, const char *name, void *arg)
{
	completing_add(arg, uri, name);
}

void completing_targets(struct completing *g)
{
	g->fits_words = true;
	g->address = strpbrk(g->typed, "@:") != NULL;
	port_contacts(g->typed, contact, g);
	port_store_numbers(g->typed, number, g);
}

void completing_hint_target(const char *text, struct buf *out)
{
	struct contact_entry e;

	text += strspn(text, " \t");
	if (*text && !target_is_address(text) && port_contact_find(text, false, &e))
		buf_printf(out, "%s <%s>", e.name, e.uri);
}
