/* Keys: notation, bindings, what runs in which context. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "command/handlers.h"
#include "command_fakes.h"

static const struct { const char *notation, *keys; } notations[] = {
	{"a", "a,"}, {"gg", "g,g,"}, {"<CR>", "<CR>,"}, {"<cr>", "<CR>,"}, {"<Enter>x", "<CR>,x,"},
	{"<C-X>", "<C-x>,"}, {"<c-x>", "<C-x>,"}, {"<C-m>", "<CR>,"}, {"<C-[>", "<Esc>,"}, {"<C-Space>", "<C-Space>,"},
	{"<M-x>", "<M-x>,"}, {"<M-X>", "<M-X>,"}, {"<M-\xc3\xa4>", "<M-\xc3\xa4>,"}, {"<M->>", "<M->>,"}, {"<M-lt>", "<M-lt>,"},
	{"<lt>", "<lt>,"}, {"<lt>CR>", "<lt>,C,R,>,"}, {">", ">,"}, {" ", "<Space>,"}, {"<space>", "<Space>,"},
	{"<F12>", "<F12>,"}, {"<pgup>", "<PageUp>,"}, {"\xe2\x82\xac", "\xe2\x82\xac,"}, {"q#*", "q,#,*,"},
	{"", NULL}, {"<", NULL}, {"<>", NULL}, {"<Entr>", NULL}, {"<F13>", NULL}, {"<C-xx>", NULL}, {"<C-1>", NULL},
	{"a<", NULL}, {"<M->", NULL}, {"<M-ab>", NULL}, {"\x1b", NULL}, {"\xff", NULL}, {"aaaaaaaaa", NULL},
	{"<XXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXXX>", NULL},
};

static void notation(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 0; i < sizeof(notations) / sizeof(notations[0]); i++) {
		char key[8][16], all[200] = "";
		struct buf error = {0};
		unsigned n = keymap_split(key, 8, notations[i].notation, &error);

		for (j = 0; j < n; j++) {
			strcat(all, key[j]);
			strcat(all, ",");
		}
		if (notations[i].keys)
			assert_string_equal(all, notations[i].keys);
		else {
			assert_int_equal(n, 0);
			assert_true(error.len > 0);
		}
		buf_free(&error);
	}
}

/* Every default is in normal notation and runs a command that is there. */
static void default_bindings(void **state)
{
	const char *keys, *command;
	enum key_context c;
	struct keymap *k;
	unsigned i;

	(void)state;
	assert_int_equal(keymap_new(&k), 0);
	for (i = 0; keymap_at(k, i, &c, &keys, &command); i++) {
		struct buf error = {0};
		char key[8][16], all[200] = "";
		unsigned j, n = keymap_split(key, 8, keys, &error);

		for (j = 0; j < n; j++)
			strcat(all, key[j]);
		assert_string_equal(all, keys);
		assert_int_equal(keymap_bind(k, key_context_name(c), keys, command, &error), 0);
	}
	assert_int_equal(i, 59);
	keymap_free(k);
}

static void contexts(void **state)
{
	const enum key_context idle[] = {KEYS_CALLS, KEYS_GLOBAL}, talking[] = {KEYS_CALLS, KEYS_TALKING, KEYS_GLOBAL},
		second[] = {KEYS_CALLS, KEYS_TALKING, KEYS_RINGING, KEYS_GLOBAL}, notices[] = {KEYS_CALLS, KEYS_NOTICES, KEYS_GLOBAL},
		help[] = {KEYS_HELP, KEYS_GLOBAL};
	struct keymap *k;
	bool longer;

	(void)state;
	assert_int_equal(keymap_new(&k), 0);
	assert_string_equal(keymap_find(k, idle, 2, "d", &longer), "view dial");
	assert_false(longer);
	assert_string_equal(keymap_find(k, idle, 2, "5", &longer), "view dial 5");
	assert_string_equal(keymap_find(k, talking, 3, "5", &longer), "dtmf 5");
	assert_string_equal(keymap_find(k, talking, 3, "#", &longer), "dtmf #");
	assert_null(keymap_find(k, idle, 2, "#", &longer));
	assert_string_equal(keymap_find(k, talking, 3, "<CR>", &longer), "notice open");
	assert_string_equal(keymap_find(k, second, 4, "<CR>", &longer), "answer");
	assert_string_equal(keymap_find(k, idle, 2, "j", &longer), "select next");
	assert_string_equal(keymap_find(k, notices, 3, "j", &longer), "select next");
	assert_string_equal(keymap_find(k, idle, 2, "n", &longer), "notice next");
	assert_null(keymap_find(k, help, 2, "n", &longer));
	keymap_free(k);
}

static void binding(void **state)
{
	const enum key_context global[] = {KEYS_GLOBAL};
	struct buf error = {0};
	struct keymap *k;
	bool longer;

	(void)state;
	assert_int_equal(keymap_new(&k), 0);
	assert_int_equal(keymap_bind(k, "global", "gg", "select 1", &error), 0);
	assert_int_equal(keymap_bind(k, "global", "<c-G>x", "hangup ; echo 'a ; b'", &error), 0);
	assert_null(keymap_find(k, global, 1, "g", &longer));
	assert_true(longer);
	assert_string_equal(keymap_find(k, global, 1, "gg", &longer), "select 1");
	assert_false(longer);
	assert_null(keymap_find(k, global, 1, "<C-g>", &longer));
	assert_true(longer);
	assert_string_equal(keymap_find(k, global, 1, "<C-g>x", &longer), "hangup ; echo 'a ; b'");
	assert_int_equal(keymap_bind(k, "global", "gg", "select 2", &error), 0);
	assert_string_equal(keymap_find(k, global, 1, "gg", &longer), "select 2");
	assert_int_equal(keymap_unbind(k, "global", "gg", &error), 0);
	assert_null(keymap_find(k, global, 1, "g", &longer));
	assert_false(longer);

	assert_int_equal(keymap_unbind(k, "global", "gg", &error), EINVAL);
	assert_string_equal(error.s, "gg is not bound in global");
	buf_free(&error);
	assert_int_equal(keymap_bind(k, "globl", "g", "hangup", &error), EINVAL);
	assert_string_equal(error.s, "unknown key context \"globl\"; did you mean \"global\"?");
	buf_free(&error);
	assert_int_equal(keymap_bind(k, "global", "<Entr>", "hangup", &error), EINVAL);
	assert_string_equal(error.s, "\"<Entr>\" is no key; <lt> stands for <");
	buf_free(&error);
	assert_int_equal(keymap_bind(k, "global", "g", "hangup ; hangpu", &error), EINVAL);
	assert_string_equal(error.s, "unknown command \"hangpu\"; did you mean \"hangup\"?");
	buf_free(&error);
	assert_int_equal(keymap_bind(k, "global", "g", "echo 'a", &error), EINVAL);
	buf_free(&error);
	assert_int_equal(keymap_bind(k, "global", "g", " ", &error), EINVAL);
	buf_free(&error);
	assert_null(keymap_find(k, global, 1, "g", &longer));
	keymap_free(k);
}

/* What `bind` says when KEYS in CONTEXT have been bound. */
static void shadows(struct keymap *k, const char *context, const char *keys, bool covered, const char *wanted)
{
	struct buf out = {0}, error = {0};

	assert_int_equal(keymap_bind(k, context, keys, "echo x", &error), 0);
	keymap_shadows(k, context, keys, covered, &out);
	assert_string_equal(out.s ? out.s : "", wanted);
	assert_int_equal(keymap_unbind(k, context, keys, &error), 0);
	buf_free(&out);
}

static void shadowing(void **state)
{
	struct buf error = {0};
	struct keymap *k;

	(void)state;
	assert_int_equal(keymap_new(&k), 0);
	shadows(k, "global", "z", true, "");
	shadows(k, "calls", "h", true, "In calls, h now goes before that of global: hangup.");
	shadows(k, "calls", "h", false, "");
	shadows(k, "trace", "<cr>", false, "");
	shadows(k, "talking", "hh", true, "What begins hh now waits a second for the rest: h (global).");
	shadows(k, "talking", "zz", true, "");
	shadows(k, "global", "nn", true, "What begins nn now waits a second for the rest: n (calls).");
	/* views are never open together, and while something is typed nothing else counts */
	shadows(k, "help", "nn", true, "");
	shadows(k, "accounts", "s", true, "");
	shadows(k, "prompt", "h", true, "");
	shadows(k, "notices", "n", true, "In calls, n still runs: notice next.");
	/* a call talks or has failed, but another may ring */
	shadows(k, "failed", "5", true, "In failed, 5 now goes before that of global: view dial 5.");
	shadows(k, "talking", "<CR>", true, "In talking, <CR> now goes before that of ringing: answer. "
					    "In talking, <CR> now goes before that of global: notice open.");
	assert_int_equal(keymap_bind(k, "global", "y", "account edit a password=geheim", &error), 0);
	shadows(k, "calls", "y", true, "In calls, y now goes before that of global: account edit a password=***.");
	assert_int_equal(keymap_unbind(k, "global", "y", &error), 0);
	assert_int_equal(keymap_bind(k, "global", "z1", "echo 1", &error), 0);
	assert_int_equal(keymap_bind(k, "talking", "z22", "echo 2", &error), 0);
	shadows(k, "global", "z", true, "z waits a second for more, as it begins z22 (talking), z1 (global).");
	shadows(k, "calls", "z2", true, "z2 waits a second for more, as it begins z22 (talking).");
	assert_int_equal(keymap_bind(k, "global", "z3", "echo", &error), 0);
	assert_int_equal(keymap_bind(k, "global", "z4", "echo", &error), 0);
	assert_int_equal(keymap_bind(k, "global", "z5", "echo", &error), 0);
	assert_int_equal(keymap_bind(k, "global", "z6", "echo", &error), 0);
	shadows(k, "global", "z", true, "z waits a second for more, as it begins z22 (talking), z1 (global), z3 (global), "
					"z4 (global), z5 (global), ....");
	keymap_free(k);
}

static void run(struct command_env *env, const char *line, struct result *r)
{
	struct buf error = {0};
	const struct command *c;
	const char *why = NULL;
	struct words w;
	size_t pos = 0;

	memset(r, 0, sizeof(*r));
	r->ok = true;
	assert_int_equal(parser_next(&w, line, &pos, &why), 0);
	c = command_find(w.word[0], &error);
	assert_non_null(c);
	assert_true(w.n - 1 >= c->min && w.n - 1 <= c->max);
	c->run(env, NULL, &w, r);
}

/* `bind` tells once what a new binding gets in the way of, and nothing about one that was there. */
static void bind_tells(void **state)
{
	struct command_env env = {0};
	struct result r;

	(void)state;
	assert_int_equal(keymap_new(&env.keymap), 0);
	run(&env, "bind calls h 'echo x'", &r);
	assert_true(r.ok);
	assert_string_equal(r.text.s, "In calls, h now goes before that of global: hangup.");
	result_free(&r);
	run(&env, "bind calls h 'echo x'", &r);
	assert_true(r.ok);
	assert_null(r.text.s);
	result_free(&r);
	assert_string_equal(keymap_bound(env.keymap, "calls", "h"), "echo x");
	assert_null(keymap_bound(env.keymap, "calls", "<Entr>"));
	assert_null(keymap_bound(env.keymap, "nowhere", "h"));
	/* a default goes away like any other */
	run(&env, "unbind global <cr>", &r);
	assert_true(r.ok);
	result_free(&r);
	assert_null(keymap_bound(env.keymap, "global", "<CR>"));
	/* what does nothing covers what is more general */
	run(&env, "bind trace d echo", &r);
	assert_true(r.ok);
	result_free(&r);
	assert_string_equal(keymap_bound(env.keymap, "trace", "d"), "echo");
	keymap_free(env.keymap);
}

/* The example of the default bindings makes a map without any like a new one, and changes nothing in that. */
static void example(void **state)
{
	const char *keys, *command, *keys2, *command2, *top = getenv("abs_top_srcdir");
	struct command_env env = {0};
	enum key_context c, c2;
	char file[4096], line[512];
	struct keymap *fresh;
	unsigned i, lines = 0;
	FILE *f;

	(void)state;
	snprintf(file, sizeof(file), "%s/doc/examples/default-bindings", top ? top : ".");
	assert_int_equal(keymap_new(&fresh), 0);
	assert_int_equal(keymap_new(&env.keymap), 0);
	f = fopen(file, "r");
	assert_non_null(f);
	while (fgets(line, sizeof(line), f)) {
		struct result r;

		line[strcspn(line, "\n")] = '\0';
		if (!line[0] || line[0] == '#')
			continue;
		if (!lines++) {
			struct buf error = {0};

			while (keymap_at(env.keymap, 0, &c, &keys, &command)) {
				char copy[128];

				text_copy(copy, sizeof(copy), keys);
				assert_int_equal(keymap_unbind(env.keymap, key_context_name(c), copy, &error), 0);
			}
		}
		run(&env, line, &r);
		assert_true(r.ok);
		result_free(&r);
	}
	for (i = 0; keymap_at(fresh, i, &c, &keys, &command); i++) {
		assert_true(keymap_at(env.keymap, i, &c2, &keys2, &command2));
		assert_int_equal(c, c2);
		assert_string_equal(keys, keys2);
		assert_string_equal(command, command2);
	}
	assert_false(keymap_at(env.keymap, i, &c2, &keys2, &command2));
	assert_int_equal(lines, i);
	/* and again, all of it in silence */
	rewind(f);
	while (fgets(line, sizeof(line), f)) {
		struct result r;

		if (strncmp(line, "bind ", 5) != 0)
			continue;
		run(&env, line, &r);
		assert_true(r.ok && !r.text.len);
		result_free(&r);
	}
	fclose(f);
	keymap_free(fresh);
	keymap_free(env.keymap);
}

static void assert_row(const struct key_row *row, unsigned n, const char *keys, const char *command)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		if (!strcmp(row[i].keys, keys) && !strcmp(row[i].command, command))
			return;
	}
	fail_msg("no row: %s  %s", keys, command);
}

/* Bindings as they are read. */
static void rows(void **state)
{
	const enum key_context talking[] = {KEYS_CALLS, KEYS_TALKING, KEYS_GLOBAL};
	static struct key_row row[KEY_ROWS_MAX];
	struct buf error = {0};
	char keys[3] = "qa", command[20];
	struct keymap *k;
	unsigned n, all;

	(void)state;
	assert_int_equal(keymap_new(&k), 0);
	n = keymap_rows(k, KEYS_TALKING, NULL, 0, row, KEY_ROWS_MAX);
	assert_row(row, n, "# * 0-9", "dtmf # * 0-9");
	all = keymap_rows(k, KEYS_GLOBAL, NULL, 0, row, KEY_ROWS_MAX);
	assert_row(row, all, "+ 0-9", "view dial + 0-9");
	assert_row(row, all, "<F1> ?", "view help");
	assert_row(row, all, "a", "answer");
	/* only what runs there: the digits go to the other side */
	n = keymap_rows(k, KEYS_GLOBAL, talking, 3, row, KEY_ROWS_MAX);
	assert_int_equal(n, all);
	assert_row(row, n, "+", "view dial +");
	/* ranges behind the same keys; letters that only happen to be the same are none */
	for (; keys[1] <= 'z'; keys[1]++) {
		snprintf(command, sizeof(command), "echo x %c", keys[1]);
		assert_int_equal(keymap_bind(k, "help", keys, command, &error), 0);
	}
	assert_int_equal(keymap_bind(k, "help", "d", "hold", &error), 0);
	assert_int_equal(keymap_bind(k, "help", "x", "echo ax", &error), 0);
	assert_int_equal(keymap_bind(k, "help", "y", "echo ay", &error), 0);
	n = keymap_rows(k, KEYS_HELP, NULL, 0, row, KEY_ROWS_MAX);
	assert_int_equal(n, 5);
	assert_row(row, n, "x", "echo ax");
	assert_row(row, n, "q{a-z}", "echo x a-z");
	assert_row(row, n, "d", "hold");
	assert_int_equal(keymap_unbind(k, "help", "qm", &error), 0);
	n = keymap_rows(k, KEYS_HELP, NULL, 0, row, KEY_ROWS_MAX);
	assert_row(row, n, "q{a-l n-z}", "echo x a-l n-z");
	/* no more than there is room for */
	assert_int_equal(keymap_rows(k, KEYS_GLOBAL, NULL, 0, row, 2), 2);
	keymap_free(k);
}

static void meanings(void **state)
{
	static const struct { const char *line, *meaning; } table[] = {
		{"hangup", "Ends the call"}, {"dtmf 5", "Sends digits into the call"}, {"view help", "Keys and commands"},
		{"view help search", "Looks for a word"}, {"view dial + 0-9", "Dials a name, a number or an address"},
		{"notice prev", "The notice before"}, {"nonsense", ""},
		{"view somewhere", "Shows another part of the screen"}, {"import baresip",
		 "Takes the accounts of the phone baresip over, from ~/.baresip/accounts"},
	};
	char out[128];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		command_meaning(table[i].line, out, sizeof(out));
		assert_string_equal(out, table[i].meaning);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notation), cmocka_unit_test(default_bindings), cmocka_unit_test(contexts),
		cmocka_unit_test(binding), cmocka_unit_test(shadowing), cmocka_unit_test(bind_tells),
		cmocka_unit_test(example), cmocka_unit_test(rows), cmocka_unit_test(meanings),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
