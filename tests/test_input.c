/* Bytes of a terminal into keys: whole, in pieces, broken off, hostile. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "ui/input.h"

static struct input in;
static char got[4096];

static void key_h(const char *key, bool pasted, void *arg)
{
	size_t len = strlen(got);

	(void)arg;
	assert_true(key[0] && strlen(key) < KEY_BYTES);
	snprintf(got + len, sizeof(got) - len, "%s%s%s", len ? " " : "", pasted ? "=" : "", key);
}

static const char *feed(const char *bytes, size_t len)
{
	got[0] = '\0';
	input_feed(&in, bytes, len, key_h, NULL);
	return got;
}

#define FEED(s) feed(s, sizeof(s) - 1)

static const struct { const char *bytes, *keys; } table[] = {
	{ "a", "a" }, { "<", "<lt>" }, { " ", "<Space>" }, { "\r", "<CR>" }, { "\t", "<Tab>" }, { "\x7f", "<BS>" },
	{ "\b", "<BS>" }, { "\n", "<C-j>" }, { "\x01\x1a", "<C-a> <C-z>" }, { "\x1c", "<C-\\>" }, { "ü日👍", "ü 日 👍" },
	{ "\033[A\033OB\033[C\033OD", "<Up> <Down> <Right> <Left>" },
	{ "\033[H\033OF\033[1~\033[4~\033[7~\033[8~", "<Home> <End> <Home> <End> <Home> <End>" },
	{ "\033[3~\033[5~\033[6~\033[2~", "<Del> <PageUp> <PageDown> <Ins>" },
	{ "\033OP\033[12~\033[15~\033[24~\033[[A\033[[E", "<F1> <F2> <F5> <F12> <F1> <F5>" },
	{ "\033[1;5A\033[1;2B\033[1;3C\033[3;5~\033[1;6D", "<C-Up> <S-Down> <M-Right> <C-Del> <C-S-Left>" },
	{ "\033[Z", "<S-Tab>" }, { "\033x\033<\033\r", "<M-x> <M-lt> <M-CR>" }, { "\033\033[A", "<Esc> <Up>" },
	{ "\033Oj\033Ou\033OM", "* 5 <CR>" },
	/* A report that nobody asked for, an unknown function, one that is broken off. */
	{ "\033[?62;c" "a", "a" }, { "\033[99~a", "a" }, { "\033[1;99Ab", "b" }, { "\033[1\ra", "<CR> a" },
	/* Invalid, overlong, a surrogate, C1. */
	{ "\xff" "a\xc0\x80" "b\xed\xa0\x80" "c", "a b c" }, { "\xc2\x9b" "31m", "3 1 m" },
	{ "\033[200~hi\r\033[A;x\033[201~a", "=h =i =<CR> =[ =A =; =x a" },
};

static void whole(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		memset(&in, 0, sizeof(in));
		assert_string_equal(feed(table[i].bytes, strlen(table[i].bytes)), table[i].keys);
		assert_int_equal(input_wait_ms(&in), 0);
	}
}

/* The same keys, wherever the bytes are cut. */
static void in_pieces(void **state)
{
	size_t i, j, len;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		len = strlen(table[i].bytes);
		memset(&in, 0, sizeof(in));
		got[0] = '\0';
		for (j = 0; j < len; j++)
			input_feed(&in, table[i].bytes + j, 1, key_h, NULL);
		assert_string_equal(got, table[i].keys);
	}
}

static void waits(void **state)
{
	static const struct { const char *bytes, *keys; } held[] = {
		{ "\033", "<Esc>" }, { "\033[", "<M-[>" }, { "\033O", "<M-O>" }, { "\033[1;", "" }, { "\xe6\x97", "" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(held) / sizeof(held[0]); i++) {
		memset(&in, 0, sizeof(in));
		assert_string_equal(feed(held[i].bytes, strlen(held[i].bytes)), "");
		assert_int_equal(input_wait_ms(&in), 30);
		input_timeout(&in, key_h, NULL);
		assert_string_equal(got, held[i].keys);
		assert_int_equal(input_wait_ms(&in), 0);
		assert_string_equal(FEED("a"), "a");
	}
}

static void paste_without_end(void **state)
{
	(void)state;
	memset(&in, 0, sizeof(in));
	assert_string_equal(FEED("\033[200~a"), "=a");
	assert_int_equal(input_wait_ms(&in), 2000);
	input_timeout(&in, key_h, NULL);
	assert_string_equal(FEED("d"), "d");
}

static void endless_sequence(void **state)
{
	char bytes[1000];

	(void)state;
	memset(&in, 0, sizeof(in));
	memset(bytes, '1', sizeof(bytes));
	memcpy(bytes, "\033[", 2);
	assert_string_equal(feed(bytes, sizeof(bytes)), "");
	assert_string_equal(FEED("11mab"), "a b");
}

/* Whatever comes, keys are short, valid and the decoder stays usable. */
static void noise(void **state)
{
	char bytes[64];
	unsigned i, j;

	(void)state;
	srand(1);
	memset(&in, 0, sizeof(in));
	for (i = 0; i < 20000; i++) {
		for (j = 0; j < sizeof(bytes); j++)
			bytes[j] = (char)(rand() % 3 ? rand() % 256 : "\033[O;1~M<"[rand() % 8]);
		feed(bytes, (size_t)(rand() % 64));
		input_timeout(&in, key_h, NULL);
	}
	input_timeout(&in, key_h, NULL);
	FEED("m");
	assert_string_equal(FEED("a"), "a");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(whole), cmocka_unit_test(in_pieces), cmocka_unit_test(waits),
		cmocka_unit_test(paste_without_end), cmocka_unit_test(endless_sequence), cmocka_unit_test(noise),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
