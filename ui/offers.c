/* What can be done about a notice: the actions that the phone names, and the keys that run them. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/view.h"

/* An action with the failed call's own words in it has no key of its own: a key runs `notice WORD`, which looks for the
 * action that begins so. */
static const struct { const char *word, *begins, *command; } asked[] = {
	{ "contact", "notice contact ", "notice contact" },
	{ "edit", "view dial ", "notice edit" },
	{ "password", "view prompt account edit ", "notice password" },
	{ "codecs", "view prompt dial ", "notice codecs" },
	{ "save", "view prompt trace save ", "notice save" },
};
#define ASKED (sizeof(asked) / sizeof(asked[0]))

static bool begins(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool is_contact(const struct snapshot_notice *n, unsigned i)
{
	return begins(n->action[i].command, asked[0].begins);
}

const char *offer_contact(const struct snapshot_notice *n, unsigned i)
{
	unsigned k;

	for (k = 0; k < n->actions; k++) {
		if (is_contact(n, k) && i-- == 0)
			return n->action[k].what;
	}
	return NULL;
}

const char *offer_command(const struct snapshot_notice *n, const char *word)
{
	unsigned i, k;

	for (k = 0; k < ASKED && strcmp(asked[k].word, word) != 0; k++)
		;
	/* TEXT of the prompt ends in a blank, as it goes on with a number */
	if (k == 0 && offer_contact(n, 1))
		return "view prompt 'notice contact '";
	for (i = 0; k < ASKED && i < n->actions; i++) {
		if (begins(n->action[i].command, asked[k].begins))
			return n->action[i].command;
	}
	return NULL;
}

/* The command that a key would run for COMMAND. */
static const char *key_command(const char *command)
{
	unsigned k;

	for (k = 0; k < ASKED; k++) {
		if (begins(command, asked[k].begins))
			return asked[k].command;
	}
	return command;
}

unsigned offers_of(const struct picture *p, const struct snapshot_notice *n, const enum key_context *contexts,
		   unsigned context_count, struct offer *o, unsigned max)
{
	unsigned count = 0, i;
	bool several = offer_contact(n, 1) != NULL, had_contact = false;

	for (i = 0; i < n->actions && count < max; i++, count++) {
		const char *key;

		if (is_contact(n, i) && had_contact) {
			count--;
			continue;
		}
		o[count] = (struct offer){ .command = n->action[i].command, .label = n->action[i].label };
		if (is_contact(n, i)) {
			had_contact = true;
			if (several) {
				/* TRANSLATORS: behind a key; a numbered list of addresses stands above */
				o[count].label = _("call one of these");
				o[count].command = "notice contact N";
			}
		}
		key = hint_key(p->keymap, contexts, context_count, key_command(n->action[i].command));
		if (key[0])
			hint_name(key, o[count].key, sizeof(o[count].key));
	}
	return count;
}
