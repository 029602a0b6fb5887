/* Fills the marked parts of the manual pages, the completions of shells and the example of bindings from the program's
 * tables. Run as a test it compares; with GENERATE=1 (make update-tables) it writes the files. */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cli.h"
#include "command/command.h"
#include "media/media.h"
#include "sip/stack.h"
#include "tests/tables.h"

#define BEGIN "table "
#define MADE  ": made by make update-tables"
#define END   "end of table"

/* Each holds marked parts; OPTIONAL: may be missing. */
static const struct { const char *name; bool optional; } files[] = {
	{"doc/offhook.1", false}, {"doc/offhookrc.5", false}, {"doc/offhook-macros.7", true},
	{"completions/bash/offhook", false}, {"completions/zsh/_offhook", false}, {"completions/fish/offhook.fish", false},
};
#define EXAMPLE "doc/examples/default-bindings"

/* What --version asks for. */
const char *stack_version(void) { return ""; }
const char *stack_degraded(void) { return NULL; }
const char *sound_version(void) { return ""; }
const char *opus_version(void) { return ""; }

static bool used[64];

static const struct table_block *block_find(const char *name, size_t len, unsigned *index)
{
	const struct table_block *b;

	*index = 0;
	for (b = manual_blocks; b->name; b++, ++*index) {
		if (strlen(b->name) == len && !memcmp(b->name, name, len))
			return b;
	}
	for (b = shell_blocks; b->name; b++, ++*index) {
		if (strlen(b->name) == len && !memcmp(b->name, name, len))
			return b;
	}
	return NULL;
}

/* OLD with its marked parts written anew. False when a mark is wrong. */
static bool fill(struct buf *out, const char *file, const char *old)
{
	bool inside = false;
	unsigned number = 0;

	while (*old) {
		size_t len = strcspn(old, "\n");
		const char *begin = memmem(old, len, BEGIN, strlen(BEGIN)), *made = memmem(old, len, MADE, strlen(MADE));
		bool ends = memmem(old, len, END, strlen(END)) != NULL;

		number++;
		if (ends == !inside && (ends || (begin && made))) {
			fprintf(stderr, "FAIL: %s:%u: a table %s\n", file, number, inside ? "in a table" : "ends that did not begin");
			return false;
		}
		if (ends)
			inside = false;
		if (!inside) {
			buf_add(out, old, len);
			buf_str(out, "\n");
		}
		if (begin && made) {
			unsigned index;
			const struct table_block *b;

			begin += strlen(BEGIN);
			b = block_find(begin, (size_t)(made - begin), &index);
			if (!b) {
				fprintf(stderr, "FAIL: %s:%u: there is no table %.*s\n", file, number, (int)(made - begin), begin);
				return false;
			}
			used[index] = true;
			b->write(out);
			inside = true;
		}
		old += len + (old[len] == '\n');
	}
	if (inside)
		fprintf(stderr, "FAIL: %s: a table without an end\n", file);
	return !inside;
}

/* NULL and errno when it cannot be read. */
static char *read_all(const char *path)
{
	FILE *f = fopen(path, "r");
	struct buf b = {0};
	char bytes[4096];
	size_t n;

	if (!f)
		return NULL;
	while ((n = fread(bytes, 1, sizeof(bytes), f)) > 0)
		buf_add(&b, bytes, n);
	fclose(f);
	if (!b.s)
		buf_str(&b, "\n");
	return b.s;
}

/* 1 when FILE, whose text is OLD, is not NEW; with GENERATE it is written. */
static int renew(const char *path, const char *file, const char *old, const struct buf *new)
{
	FILE *f;

	if (old && !strcmp(old, new->s))
		return 0;
	if (!getenv("GENERATE")) {
		fprintf(stderr, "FAIL: %s is not what the tables say; make update-tables writes it anew\n", file);
		return 1;
	}
	f = fopen(path, "w");
	if (!f || fwrite(new->s, 1, new->len, f) != new->len || fclose(f)) {
		fprintf(stderr, "FAIL: %s: %s\n", path, strerror(errno));
		return 1;
	}
	printf("%s\n", file);
	return 0;
}

static int do_file(const char *top, const char *file, bool optional)
{
	struct buf new = {0};
	char path[4096], *old;
	int status = 1;

	snprintf(path, sizeof(path), "%s/%s", top, file);
	old = read_all(path);
	if (!old) {
		if (!optional)
			fprintf(stderr, "FAIL: %s: %s\n", path, strerror(errno));
		return !optional;
	}
	if (fill(&new, file, old) && !new.failed)
		status = renew(path, file, old, &new);
	buf_free(&new);
	free(old);
	return status;
}

/* The default bindings as a file of commands. */
static int do_example(const char *top)
{
	enum key_context c, before = KEYS_CONTEXTS;
	const char *keys, *command;
	struct buf b = {0};
	struct keymap *k;
	char path[4096], *old;
	unsigned i;
	int status;

	if (keymap_new(&k))
		return 99;
	buf_str(&b, "# The keys as offhook comes with them, for reading and for taking lines from: sourced as a whole it puts\n"
		   "# them back to what they were. offhookrc(5) tells how keys are written, and what contexts there are.\n"
		   "# Made by make update-tables.\n");
	for (i = 0; keymap_at(k, i, &c, &keys, &command); i++) {
		if (c != before)
			buf_printf(&b, "\n# %s\n", key_context_title(c));
		before = c;
		buf_printf(&b, "bind %s ", key_context_name(c));
		parser_quote(&b, keys);
		buf_str(&b, " ");
		parser_quote(&b, command);
		buf_str(&b, "\n");
	}
	keymap_free(k);
	if (b.failed)
		return 99;
	snprintf(path, sizeof(path), "%s/%s", top, EXAMPLE);
	old = read_all(path);
	status = renew(path, EXAMPLE, old, &b);
	free(old);
	buf_free(&b);
	return status;
}

/* Each option of --help is one that is taken, with an argument or without as its row says. */
static int do_options(void)
{
	const struct cli_option *row;
	unsigned count, i;
	int status = 0;

	row = cli_options(&count);
	for (i = 0; i < count; i++) {
		char program[] = "offhook", letter[8], name[64], value[] = "x", *argv[4] = {program, NULL, NULL, NULL};
		struct cli_words w;
		struct cli cli;
		int argc = 2, got;

		tables_cli(&w, row[i].option);
		snprintf(name, sizeof(name), "%s", w.name);
		snprintf(letter, sizeof(letter), "%s", w.letter);
		/* these two only print */
		if (!strcmp(name, "--help") || !strcmp(name, "--version"))
			continue;
		if (w.argument[0]) {
			argv[2] = value;
			argc = 3;
		}
		argv[1] = name;
		optind = 0;
		got = cli_read(&cli, argc, argv);
		if (got <= 0 && w.letter[0]) {
			argv[1] = letter;
			optind = 0;
			got = cli_read(&cli, argc, argv);
		}
		/* a word that the option does not take would be the TARGET */
		if (got > 0 || (got < 0 && cli.target)) {
			fprintf(stderr, "FAIL: --help tells of \"%s\", which is not taken so\n", row[i].option);
			status = 1;
		}
	}
	return status;
}

int main(void)
{
	const char *top = getenv("abs_top_srcdir");
	int status = do_options();
	unsigned i, n;

	if (!top)
		top = ".";
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		status |= do_file(top, files[i].name, files[i].optional);
	status |= do_example(top);
	n = 0;
	for (i = 0; manual_blocks[i].name; i++, n++) {
		if (!used[n]) {
			fprintf(stderr, "FAIL: the table %s is in no manual page\n", manual_blocks[i].name);
			status = 1;
		}
	}
	for (i = 0; shell_blocks[i].name; i++, n++) {
		if (!used[n]) {
			fprintf(stderr, "FAIL: the table %s is in no completion\n", shell_blocks[i].name);
			status = 1;
		}
	}
	return status;
}
