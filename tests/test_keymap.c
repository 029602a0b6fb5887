/* Keys: notation, bindings, what runs in which context. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
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
	assert_int_equal(i, 58);
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(notation), cmocka_unit_test(default_bindings), cmocka_unit_test(contexts),
		cmocka_unit_test(binding),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
