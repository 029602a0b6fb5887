/* What each type of argument offers. A new type gets its row in the table at the end. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "command/completing.h"
#include "command/macro.h"
#include "phone/codec.h"
#include "phone/event.h"

#define CALLS_BACK PHONE_CALLS_MAX

static void accounts(struct completing *g)
{
	unsigned i, n = phone_accounts(g->env->phone);

	g->sorted = true;
	for (i = 0; i < n; i++) {
		const struct account *a = phone_account_at(g->env->phone, i);

		completing_offer(g, a->name, a->uri);
	}
}

/* The newest first: those are asked for. */
static void calls(struct completing *g)
{
	unsigned n, last = phone_last_call(g->env->phone), selected = phone_selected(g->env->phone);
	struct call_info info;
	char number[16];

	if (selected && !phone_call_info(g->env->phone, selected, &info))
		completing_offer(g, "selected", info.peer);
	if (last && !phone_call_info(g->env->phone, last, &info))
		completing_offer(g, "last", info.peer);
	for (n = last; n && last - n < CALLS_BACK; n--) {
		if (phone_call_info(g->env->phone, n, &info) || (info.over && !info.failed))
			continue;
		snprintf(number, sizeof(number), "%u", n);
		completing_offer(g, number, info.peer);
	}
}

static void codes(struct completing *g)
{
	const struct outcome *o;
	char code[8];
	unsigned i;
	bool known;

	for (i = 300; i < 700; i++) {
		o = outcome_find(i, &known);
		snprintf(code, sizeof(code), "%u", i);
		if (known)
			completing_offer(g, code, o->phrase);
	}
}

/* A list with commas: what is in it already is not offered again. */
static void codecs(struct completing *g)
{
	const char *comma = strrchr(g->typed, ',');
	char list[SETTING_TEXT_MAX];
	size_t kept = comma ? (size_t)(comma + 1 - g->typed) : 0;
	const char *p, *typed = g->typed;
	unsigned i;

	for (i = 0; i < CODEC_COUNT; i++) {
		const struct codec *c = codec_get((enum codec_id)i);
		bool there = false;

		for (p = typed; p < typed + kept; p += strcspn(p, ",") + 1)
			there = there || codec_find(p, strcspn(p, ",")) == c;
		if (!there && text_copyn(list, sizeof(list), typed, kept) &&
		    text_copy(list + kept, sizeof(list) - kept, c->name))
			completing_offer(g, list, c->label);
	}
}

static void commands(struct completing *g)
{
	unsigned i, n;
	const struct command *row = command_table(&n);

	for (i = 0; i < n; i++)
		completing_offer(g, row[i].name, _(row[i].sentence));
}

static void contexts(struct completing *g)
{
	unsigned i;

	g->sorted = true;
	for (i = 0; i < KEYS_CONTEXTS; i++)
		completing_offer(g, key_context_name((enum key_context)i), "");
}

/* Keys that are bound in the context in front of them. */
static void keys(struct completing *g)
{
	const char *context = g->place->words.word[g->place->at - 1], *bound, *command;
	enum key_context c;
	unsigned i;

	for (i = 0; g->env->keymap && keymap_at(g->env->keymap, i, &c, &bound, &command); i++) {
		struct buf masked = {0};

		if (strcmp(key_context_name(c), context) != 0)
			continue;
		parser_mask(&masked, command);
		completing_offer(g, bound, masked.s ? masked.s : "");
		buf_free(&masked);
	}
}

/* Of their values none is told: one of them is a password. */
static void account_keys_of(struct completing *g)
{
	const char *const *key = account_keys();
	char text[64];

	g->sorted = true;
	for (; *key; key++) {
		snprintf(text, sizeof(text), "%s=", *key);
		g->begins = true;
		if (strcmp(text, g->typed) != 0)
			completing_offer(g, text, "");
	}
}

static void options(struct completing *g)
{
	unsigned i, n;
	const struct option_row *row = options_table(&n);

	for (i = 0; i < n; i++)
		completing_offer(g, row[i].name, _(row[i].sentence));
}

static void values(struct completing *g)
{
	struct buf error = {0}, now = {0};
	const struct option_row *row = option_find(g->place->words.word[g->place->at - 1], &error);
	unsigned i;

	buf_free(&error);
	if (!row)
		return;
	if (row->type == OPTION_BOOL) {
		completing_offer(g, "no", "");
		completing_offer(g, "yes", "");
	}
	else if (row->type == OPTION_CODECS)
		codecs(g);
	for (i = 0; row->choices && row->choices[i]; i++)
		completing_offer(g, row->choices[i], "");
	if (row->type == OPTION_BOOL || row->type == OPTION_CODECS || row->choices)
		return;
	option_print(g->env->settings, row, &now);
	if (now.s)
		completing_offer(g, now.s, _("as it is"));
	completing_offer(g, row->fallback, _("the default"));
	buf_free(&now);
}

static void views(struct completing *g)
{
	unsigned i;

	for (i = 0; g->env->views && g->env->views[i]; i++)
		completing_offer(g, g->env->views[i], "");
}

static void events(struct completing *g)
{
	unsigned i, n;
	const char *const *name = event_names(&n);

	for (i = 0; i < n; i++)
		completing_offer(g, name[i], "");
}

/* Registers (a-z), or the macros that have a name. */
static void macros(struct completing *g, bool registers)
{
	const struct macro *m;
	struct buf line = {0};
	unsigned i;

	g->sorted = true;
	for (i = 0; (m = macro_at(i)) != NULL; i++) {
		if (registers != !m->name[1])
			continue;
		macro_line(&line, m);
		completing_offer(g, m->name, *m->description ? m->description : line.s ? line.s : "");
		buf_free(&line);
	}
}

static void registers_of(struct completing *g)
{
	macros(g, true);
}

static void macros_of(struct completing *g)
{
	macros(g, false);
}

static const struct {
	const char *type;            /* as in usages; with its '=' what follows a key */
	completing_h *h;             /* NULL: nobody can tell */
} types[] = {
	{"\"COMMANDS\"", NULL},
	{"\"DESCRIPTION\"", NULL},
	{"+N", NULL},
	{"-N", NULL},
	{"ACCOUNT", accounts},
	{"ARG", NULL},
	{"CALL", calls},
	{"CODE", codes},
	{"COMMAND", commands},
	{"CONTEXT", contexts},
	{"DIGITS", NULL},
	{"DURATION", NULL},
	{"EVENT", events},
	{"FILE", completing_files},
	{"KEY=VALUE", account_keys_of},
	{"KEYS", keys},
	{"MACRO", macros_of},
	{"N", NULL},
	{"NAME", NULL},
	{"OPTION", options},
	{"REGISTER", registers_of},
	{"SHELL-COMMAND", NULL},
	{"SIP-URI", NULL},
	{"STATUS", NULL},
	{"TARGET", completing_targets},
	{"TEXT", NULL},
	{"TIMEOUT", NULL},
	{"VALUE", values},
	{"VIEW", views},
	{"account=", accounts},
	{"codecs=", codecs},
	{"header=", NULL},
};

completing_h *completing_type(const char *type, size_t len, bool *known)
{
	unsigned i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		*known = strlen(types[i].type) == len && !strncmp(types[i].type, type, len);
		if (*known)
			return types[i].h;
	}
	return NULL;
}
