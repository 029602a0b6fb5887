/* The tables in the completions of shells. */
#include <stdio.h>
#include <string.h>

#include "cli.h"
#include "command/command.h"
#include "phone/event.h"
#include "tests/tables.h"

/* ---- options ---- */

/* What an option's argument is, by the word for it in --help. */
static const struct { const char *argument, *kind, *zsh, *fish; } kinds[] = {
	{"FILE", "file", ":file:_files", " -r -F"},
	{"NAME", "profile", ":profile:_offhook_profiles", " -x -a '(__offhook_profiles)'"},
	{"COMMAND", "line", ":command:_offhook_line", " -x -a '(__offhook_line)'"},
	{"COMMAND...", "rest", ":*:::command:_offhook_rest", " -x -a '(__offhook_rest)'"},
	{"DRIVER", "driver", ":driver:_offhook_driver", " -x -a '(__offhook_drivers)'"},
};
#define KINDS (sizeof(kinds) / sizeof(kinds[0]))

static unsigned kind_of(const char *argument)
{
	unsigned i;

	for (i = 0; i < KINDS && strcmp(kinds[i].argument, argument) != 0; i++)
		;
	return i;
}

static void bash_options(struct buf *b)
{
	const struct cli_option *row;
	unsigned count, i;

	row = cli_options(&count);
	buf_str(b, "_offhook_options='");
	for (i = 0; i < count; i++) {
		struct cli_words w;

		tables_cli(&w, row[i].option);
		buf_printf(b, "%s%s%s%s%s", i ? " " : "", w.letter, w.letter[0] ? " " : "", w.name,
			   w.argument[0] && !strchr(w.argument, '.') ? "=" : "");
	}
	buf_str(b, "'\n\n# What the argument of option $1 is.\n_offhook_kind()\n{\n\tcase $1 in\n");
	for (i = 0; i < count; i++) {
		struct cli_words w;
		unsigned k;

		tables_cli(&w, row[i].option);
		k = kind_of(w.argument);
		if (w.argument[0])
			buf_printf(b, "\t%s%s%s) echo %s ;;\n", w.letter, w.letter[0] ? "|" : "", w.name,
				   k < KINDS ? kinds[k].kind : "nothing");
	}
	buf_str(b, "\tesac\n}\n");
}

/* S within '...', a backslash before what is in ESCAPE. */
static void quoted(struct buf *b, const char *s, const char *escape)
{
	for (; *s; s++) {
		if (*s == '\'')
			buf_str(b, "'\\''");
		else if (strchr(escape, *s))
			buf_printf(b, "\\%c", *s);
		else
			buf_add(b, s, 1);
	}
}

static void zsh_arguments(struct buf *b)
{
	const struct cli_option *row;
	unsigned count, i;

	row = cli_options(&count);
	for (i = 0; i < count; i++) {
		bool several = strstr(row[i].option, "exec") || strstr(row[i].option, "verbose");
		struct cli_words w;
		unsigned k;

		tables_cli(&w, row[i].option);
		k = kind_of(w.argument);
		buf_str(b, "\t\t");
		if (several)
			buf_str(b, "'*'");
		else if (w.letter[0])
			buf_printf(b, "'(%s %s)'", w.letter, w.name);
		if (w.letter[0])
			buf_printf(b, "{%s,%s%s}'[", w.letter, w.name, w.argument[0] && k != 3 ? "=" : "");
		else
			buf_printf(b, "'%s%s[", w.name, w.argument[0] ? "=" : "");
		quoted(b, row[i].meaning, "[]:");
		buf_printf(b, "]%s'\n", k < KINDS ? kinds[k].zsh : w.argument[0] ? ": : " : "");
	}
}

static void fish_options(struct buf *b)
{
	const struct cli_option *row;
	unsigned count, i;

	row = cli_options(&count);
	for (i = 0; i < count; i++) {
		struct cli_words w;
		unsigned k;

		tables_cli(&w, row[i].option);
		k = kind_of(w.argument);
		buf_str(b, "complete -c offhook -n 'not __offhook_in_rest'");
		if (w.letter[0])
			buf_printf(b, " -s %s", w.letter + 1);
		buf_printf(b, " -l %s%s -d '", w.name + 2, k < KINDS ? kinds[k].fish : w.argument[0] ? " -x" : "");
		for (const char *s = row[i].meaning; *s; s++)
			buf_printf(b, "%s%c", *s == '\'' || *s == '\\' ? "\\" : "", *s);
		buf_str(b, "'\n");
	}
}

/* ---- the words of commands ---- */

/* The words that may come first behind a command: those that its usage has in small letters, where it begins. */
static void first_words(struct buf *b, const char *usage)
{
	const char *s = usage;

	for (;;) {
		int depth;
		size_t n;

		while (*s == '[' || *s == '|')
			s++;
		n = strcspn(s, "|] ");
		/* NAME and 4xx are no words; "+" and "-N" none either */
		if (n > 1 && strspn(s, "abcdefghijklmnopqrstuvwxyz-") == n)
			buf_printf(b, "%s%.*s", b->len ? " " : "", (int)n, s);
		s += n;
		/* what else may stand in this place, or the next form of the command */
		while (*s == ']')
			s++;
		if (*s == '|')
			continue;
		s += strspn(s, " ");
		/* its arguments, and then perhaps another: contact [N]|edit */
		for (depth = 0; *s && (*s != '|' || depth); s++)
			depth += *s == '[' ? 1 : *s == ']' ? -1 : 0;
		if (!*s)
			return;
		if (s[1] == ' ')
			s += 2;
	}
}

static void add_word(struct buf *b, const char *word)
{
	buf_printf(b, "%s%s", b->len ? " " : "", word);
}

/* Every word of TYPE. */
static void typed_words(struct buf *b, enum argument type)
{
	const struct option_row *option;
	const char *what, *name, *const *names;
	unsigned count, i;
	enum key_context c;

	if (type == ARG_OPTION) {
		option = options_table(&count);
		for (i = 0; i < count; i++)
			add_word(b, option[i].name);
	}
	for (c = 0; type == ARG_CONTEXT && c < KEYS_CONTEXTS; c++)
		add_word(b, key_context_name(c));
	/* a view has a context of its name */
	for (c = KEYS_CALLS; type == ARG_VIEW && c < KEYS_RINGING; c++) {
		if (c != KEYS_NOTICES)
			add_word(b, key_context_name(c));
	}
	for (i = 0, names = event_names(&count); type == ARG_EVENT && i < count; i++)
		add_word(b, names[i]);
	for (i = 0; type == ARG_CONDITION && (name = wait_condition(i, &what)); i++)
		add_word(b, name);
}

static bool has_word(const struct buf *b, const char *word)
{
	const char *s = b->s ? b->s : "";
	size_t n = strlen(word);

	for (s = strstr(s, word); s; s = strstr(s + 1, word)) {
		if ((s == b->s || s[-1] == ' ') && (!s[n] || s[n] == ' '))
			return true;
	}
	return false;
}

/* Calls H with each beginning of a command line and the words that may follow. */
static void each_words(void (*h)(struct buf *b, const char *before, const char *words), struct buf *b)
{
	const struct option_row *option;
	const struct command *t;
	struct buf words = {0};
	unsigned count, options, i, j;

	t = command_table(&count);
	for (i = 0; i < count; i++)
		add_word(&words, t[i].name);
	h(b, "", words.s);
	buf_free(&words);
	option = options_table(&options);
	for (i = 0; i < count; i++) {
		struct buf from_usage = {0};
		char *word, *rest = NULL;

		typed_words(&words, t[i].argument[0]);
		if (!strcmp(t[i].name, "help"))
			for (j = 0; j < count; j++)
				add_word(&words, t[j].name);
		if (t[i].argument[0] != ARG_CONDITION)
			first_words(&from_usage, t[i].usage);
		for (word = from_usage.s ? strtok_r(from_usage.s, " ", &rest) : NULL; word; word = strtok_r(NULL, " ", &rest)) {
			if (!has_word(&words, word))
				add_word(&words, word);
		}
		buf_free(&from_usage);
		if (words.len)
			h(b, t[i].name, words.s);
		buf_free(&words);
	}
	for (i = 0; i < options; i++) {
		char before[80];

		if (option[i].type == OPTION_BOOL)
			buf_str(&words, "yes no");
		for (j = 0; option[i].choices && option[i].choices[j]; j++)
			add_word(&words, option[i].choices[j]);
		snprintf(before, sizeof(before), "set %s", option[i].name);
		if (words.len)
			h(b, before, words.s);
		buf_free(&words);
	}
}

static void sh_row(struct buf *b, const char *before, const char *words)
{
	buf_printf(b, "\t'%s') echo '%s' ;;\n", before, words);
}

static void sh_words(struct buf *b)
{
	each_words(sh_row, b);
}

static void fish_row(struct buf *b, const char *before, const char *words)
{
	buf_printf(b, "\t\tcase '%s'\n\t\t\tstring split ' ' '%s'\n", before, words);
}

static void fish_words(struct buf *b)
{
	each_words(fish_row, b);
}

const struct table_block shell_blocks[] = {
	{"bash-options", bash_options}, {"zsh-arguments", zsh_arguments}, {"fish-options", fish_options}, {"sh-words", sh_words},
	{"fish-words", fish_words}, {NULL, NULL}
};
