/* What can be done about a failed call: the actions of its row that make sense now, as command lines. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

/* WORD so that a command line reads it back as one word. */
static void add_word(struct buf *b, const char *word)
{
	for (; *word; word++) {
		if (strchr("\\'\" \t", *word))
			buf_str(b, "\\");
		buf_add(b, word, 1);
	}
}

static void add_place(struct buf *b, const struct call *c, const char *name, size_t len, unsigned n)
{
	if (!strncmp(name, "call", len))
		buf_printf(b, "%u", c->number);
	else if (!strncmp(name, "n", len))
		buf_printf(b, "%u", n);
	else if (!strncmp(name, "account", len))
		add_word(b, c->account);
	else if (!strncmp(name, "uri", len))
		add_word(b, c->uri);
	else if (!strncmp(name, "target", len))
		add_word(b, c->name[0] ? c->name : c->uri);
}

/* The command of ACTION with what stands in its braces filled in. */
static void fill(char *dst, size_t size, enum action action, const struct call *c, unsigned n)
{
	const char *p = outcome_action_command(action);
	struct buf b = {0};

	while (*p) {
		size_t len = strcspn(p, "{");

		buf_add(&b, p, len);
		p += len;
		if (*p != '{')
			break;
		len = strcspn(++p, "}");
		add_place(&b, c, p, len, n);
		p += len + 1;
	}
	text_show_str(dst, size, b.s);
	buf_free(&b);
}

static bool makes_sense(const struct call *c, enum action action)
{
	const struct redial *r;

	switch (action) {
	case ACTION_REDIAL_AT:
		r = redial_of_call(c->phone, c->number);
		return r && (r->state == REDIAL_WAITING || r->state == REDIAL_ARMED);
	case ACTION_GIVE_CREDENTIALS:
	case ACTION_CHECK_ACCOUNT:
	case ACTION_REREGISTER:
		return c->account[0] && phone_account(c->phone, c->account);
	default:
		return true;
	}
}

#define CONTACT_NAME_COLS 24

/* Whom the server names there, not so long that it hides the address, and the address. */
static void say_contact(char *dst, size_t size, const struct contact *contact)
{
	char raw[TARGET_MAX * 2], shown[SNAPSHOT_TEXT], name[SNAPSHOT_TEXT];

	text_show_str(shown, sizeof(shown), contact->name);
	text_fit(name, sizeof(name), shown, CONTACT_NAME_COLS);
	if (name[0])
		snprintf(raw, sizeof(raw), "%s <%s>", name, contact->uri);
	else
		snprintf(raw, sizeof(raw), "%s", contact->uri);
	text_show_str(dst, size, raw);
}

static void put(struct action_line *line, enum action action, const struct call *c, unsigned contact)
{
	const struct redial *r = c ? redial_of_call(c->phone, c->number) : NULL;

	memset(line, 0, sizeof(*line));
	line->action = action;
	line->label = _(outcome_action_label(action));
	if (action == ACTION_REDIAL_AT && r && r->state == REDIAL_ARMED)
		/* TRANSLATORS: behind the key that stops an automatic redial */
		line->label = _("do not redial automatically");
	if (c)
		fill(line->command, sizeof(line->command), action, c, contact);
	else
		text_copy(line->command, sizeof(line->command), outcome_action_command(action));
	if (contact)
		say_contact(line->what, sizeof(line->what), &c->contact[contact - 1]);
}

/* An action for each contact. */
static unsigned put_all(struct action_line *line, unsigned max, enum action action, const struct call *c)
{
	bool contact = action == ACTION_CHOOSE_CONTACT || action == ACTION_CALL_CONTACT;
	unsigned i, n = contact ? c->contacts : 1;

	for (i = 0; i < n && i < max; i++)
		put(&line[i], action, c, contact ? i + 1 : 0);
	return i;
}

static const struct outcome *row_of(const struct call *c)
{
	return c->code ? outcome_find(c->code, NULL) : outcome_local(c->error);
}

unsigned actions_of(const struct call *c, struct action_line *line, unsigned max)
{
	unsigned n = 0, i;

	if (c && c->failed) {
		const enum action *a = row_of(c)->action;

		/* two places are kept for the last ones */
		for (i = 0; i < OUTCOME_ACTIONS && a[i] != ACTION_NONE && n + 2 < max; i++) {
			if (makes_sense(c, a[i]))
				n += put_all(line + n, max - 2 - n, a[i], c);
		}
		put(&line[n++], ACTION_DETAILS, c, 0);
	}
	put(&line[n++], ACTION_DISMISS, c, 0);
	return n;
}

unsigned action_names(const struct call *c, const char **name, unsigned max)
{
	struct action_line line[SNAPSHOT_ACTIONS];
	unsigned n = actions_of(c, line, max < SNAPSHOT_ACTIONS ? max : SNAPSHOT_ACTIONS), i, count = 0;

	for (i = 0; i < n; i++) {
		if (!i || line[i].action != line[i - 1].action)
			name[count++] = outcome_action_name(line[i].action);
	}
	return count;
}
