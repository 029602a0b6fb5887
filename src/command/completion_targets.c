/* Whom to call: contacts, then the numbers of the history, the newest first. */
#include <stdio.h>
#include <string.h>

#include "base/fold.h"
#include "command/completing.h"
#include "phone/ports.h"
#include "phone/target.h"

/* Would NAME, dialled, be taken for this contact and not for an address or one of dial's keys? */
static bool means_contact(const struct completing *g, const char *name)
{
	return *name && !target_is_address(name) &&
	       (!g->place || (strncmp(name, "account=", 8) != 0 && strncmp(name, "codecs=", 7) != 0 &&
			      strncmp(name, "header=", 7) != 0 && strcmp(name, "off") != 0));
}

static void contact(const struct contact_entry *e, void *arg)
{
	struct completing *g = arg;
	bool address = target_is_address(g->typed);
	char note[COMPLETION_MAX_BYTES] = "";

	if (address || !(means_contact(g, e->name) || means_contact(g, e->nick))) {
		completing_add(g, e->uri, e->name);
		return;
	}
	if (g->c->n < COMPLETIONS_MAX)
		snprintf(note, sizeof(note), "%s%s%s", e->nick, *e->nick ? " " : "", e->uri);
	completing_add(g, means_contact(g, e->name) ? e->name : e->nick, note);
}

static void number(const char *uri, const char *name, void *arg)
{
	completing_add(arg, uri, name);
}

void completing_targets(struct completing *g)
{
	g->fits_words = true;
	port_contacts(g->typed, contact, g);
	port_store_numbers(g->typed, number, g);
}

void completing_hint_target(const char *text, struct buf *out)
{
	struct contact_entry e;

	text += strspn(text, " \t");
	if (*text && !target_is_address(text) && port_contact_find(text, &e))
		buf_printf(out, "%s <%s>", e.name, e.uri);
}
