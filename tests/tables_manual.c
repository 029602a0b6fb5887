/* The tables in the manual pages, in roff. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "command/command.h"
#include "phone/account.h"
#include "tests/tables.h"

static void add_char(struct buf *b, char c)
{
	switch (c) {
	case '\\': buf_str(b, "\\e"); break;
	case '-': buf_str(b, "\\-"); break;
	case '\'': buf_str(b, "\\(aq"); break;
	case '"': buf_str(b, "\\(dq"); break;
	case '~': buf_str(b, "\\(ti"); break;
	case '^': buf_str(b, "\\(ha"); break;
	case '`': buf_str(b, "\\(ga"); break;
	default: buf_add(b, &c, 1);
	}
}

static void literal(struct buf *b, const char *s)
{
	while (*s)
		add_char(b, *s++);
}

/* Text that is filled: its hyphens stay hyphens. Begins a line. */
static void text(struct buf *b, const char *s)
{
	if (*s == '.' || *s == '\'')
		buf_str(b, "\\&");
	for (; *s; s++) {
		if (*s == '-' && isalpha((unsigned char)s[1]))
			buf_str(b, "-");
		else
			add_char(b, *s);
	}
	buf_str(b, "\n");
}

static void bold(struct buf *b, const char *s)
{
	buf_str(b, "\\fB");
	literal(b, s);
	buf_str(b, "\\fR");
}

/* What stands for something else is written in capitals. */
static bool is_placeholder(const char *s, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++) {
		if (!isupper((unsigned char)s[i]) && s[i] != '-')
			return false;
	}
	return n > 0 && s[0] != '-';
}

/* "[now|auto] [CALL]": what is typed as it is bold, what stands for something else italic. */
static void usage(struct buf *b, const char *s)
{
	while (*s) {
		size_t n = 0;

		while (isalnum((unsigned char)s[n]) || (s[n] && strchr("-+*#:;/=%", s[n]))) {
			if (s[n++] == '=' || (n == 1 && (*s == '+' || *s == '-') && isupper((unsigned char)s[1])))
				break;
		}
		if (!n) {
			add_char(b, *s++);
			continue;
		}
		buf_str(b, is_placeholder(s, s[n - 1] == '=' ? n - 1 : n) ? "\\fI" : "\\fB");
		for (; n; n--)
			add_char(b, *s++);
		buf_str(b, "\\fR");
	}
}

void tables_cli(struct cli_words *w, const char *option)
{
	const char *name = strstr(option, "--");
	size_t n = strcspn(name, "= ");

	w->letter[0] = '\0';
	if (*option == '-')
		text_copyn(w->letter, sizeof(w->letter), option, 2);
	text_copyn(w->name, sizeof(w->name), name, n);
	text_copy(w->argument, sizeof(w->argument), name[n] ? name + n + 1 : "");
}

/* ---- offhook(1) ---- */

static void sentence(struct buf *b, const char *s)
{
	struct buf whole = {0};
	size_t n = strlen(s);

	buf_printf(&whole, "%c%s%s", toupper((unsigned char)*s), s + 1, n && s[n - 1] == '.' ? "" : ".");
	text(b, whole.s ? whole.s : "");
	buf_free(&whole);
}

static void program_options(struct buf *b)
{
	const struct cli_option *row;
	unsigned count, i;

	row = cli_options(&count);
	for (i = 0; i < count; i++) {
		struct cli_words w;

		tables_cli(&w, row[i].option);
		buf_str(b, ".TP\n");
		if (w.letter[0]) {
			bold(b, w.letter);
			buf_str(b, ", ");
		}
		bold(b, w.name);
		if (w.argument[0]) {
			buf_str(b, strchr(w.argument, '.') ? " " : "=");
			usage(b, w.argument);
		}
		buf_str(b, "\n");
		sentence(b, row[i].meaning);
	}
}

static void command_names(struct buf *b)
{
	const struct command *t;
	unsigned count, i;
	char what[256];

	t = command_table(&count);
	buf_str(b, ".PD 0\n");
	for (i = 0; i < count; i++) {
		command_meaning(t[i].name, what, sizeof(what));
		buf_str(b, ".TP 16\n");
		bold(b, t[i].name);
		buf_str(b, "\n");
		sentence(b, what);
	}
	buf_str(b, ".PD\n");
}

static void keys(struct buf *b)
{
	static struct key_row row[KEY_ROWS_MAX];
	struct keymap *k = NULL;
	enum key_context c;
	unsigned n, i;

	if (keymap_new(&k)) {
		b->failed = true;
		return;
	}
	for (c = 0; c < KEYS_CONTEXTS; c++) {
		n = keymap_rows(k, c, NULL, 0, row, KEY_ROWS_MAX);
		if (!n)
			continue;
		buf_str(b, ".SS \"");
		literal(b, key_context_title(c));
		buf_printf(b, " (%s)\"\n.PD 0\n", key_context_name(c));
		for (i = 0; i < n; i++) {
			char what[256];

			command_meaning(row[i].command, what, sizeof(what));
			buf_str(b, ".TP 14\n");
			bold(b, row[i].keys);
			buf_str(b, "\n");
			bold(b, row[i].command);
			buf_str(b, ":\n");
			sentence(b, what);
		}
		buf_str(b, ".PD\n");
	}
	keymap_free(k);
}

/* ---- offhookrc(5) ---- */

static void commands(struct buf *b)
{
	const struct command *t;
	unsigned count, i;

	t = command_table(&count);
	for (i = 0; i < count; i++) {
		const char *form = t[i].usage, *next;

		buf_str(b, ".TP\n");
		for (;;) {
			char one[512];

			next = strstr(form, " | ");
			text_copyn(one, sizeof(one), form, next ? (size_t)(next - form) : strlen(form));
			bold(b, t[i].name);
			buf_str(b, *one ? " " : "");
			usage(b, one);
			buf_str(b, "\n");
			if (!next)
				break;
			form = next + 3;
			buf_str(b, ".TQ\n");
		}
		text(b, t[i].sentence);
	}
}

static void settings(struct buf *b)
{
	const struct option_row *t;
	unsigned count, i;

	t = options_table(&count);
	for (i = 0; i < count; i++) {
		struct buf range = {0}, line = {0};

		option_print_range(&t[i], &range);
		buf_str(b, ".TP\n");
		bold(b, t[i].name);
		buf_str(b, "\n");
		sentence(b, t[i].sentence);
		buf_printf(&line, "Value: %s; default %s%s%s.", range.s, t[i].fallback, *t[i].unit ? " " : "", t[i].unit);
		buf_str(b, ".br\n");
		text(b, line.s ? line.s : "");
		buf_free(&range);
		buf_free(&line);
	}
}

static void conditions(struct buf *b)
{
	const char *name, *what = "";
	unsigned i;

	buf_str(b, ".PD 0\n");
	for (i = 0; (name = wait_condition(i, &what)); i++) {
		buf_str(b, ".TP 14\n");
		bold(b, name);
		buf_str(b, "\n");
		sentence(b, what);
	}
	buf_str(b, ".PD\n");
}

static void contexts(struct buf *b)
{
	enum key_context c;

	buf_str(b, ".PD 0\n");
	for (c = 0; c < KEYS_CONTEXTS; c++) {
		buf_str(b, ".TP 14\n");
		bold(b, key_context_name(c));
		buf_str(b, "\n");
		sentence(b, key_context_title(c));
	}
	buf_str(b, ".PD\n");
}

const struct table_block manual_blocks[] = {
	{"program-options", program_options}, {"command-names", command_names}, {"keys", keys}, {"commands", commands},
	{"options", settings}, {"conditions", conditions}, {"contexts", contexts}, {NULL, NULL}
};
