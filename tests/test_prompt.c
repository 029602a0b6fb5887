/* Editing a line: positions, marks, wide characters, history, scrolling. */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "ui/prompt.h"

static struct prompt p;

static int begin(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	prompt_open(&p, PROMPT_COMMAND, NULL);
	return 0;
}

static int finish(void **state)
{
	(void)state;
	prompt_free(&p);
	return 0;
}

/* Keys separated by blanks. */
static enum prompt_state press(const char *keys)
{
	enum prompt_state s = PROMPT_OPEN;
	char key[32];

	while (*keys) {
		size_t n = strcspn(keys, " ");

		memcpy(key, keys, n);
		key[n] = '\0';
		s = prompt_key(&p, key);
		keys += n;
		if (*keys == ' ')
			keys++;
	}
	return s;
}

static void edits(void **state)
{
	static const struct { const char *keys, *text; size_t cursor; } table[] = {
		{ "a b c", "abc", 3 },
		{ "a <Space> <lt>", "a <", 3 },
		{ "a b <Left> x", "axb", 2 },
		{ "a b <Home> x <End> y", "xaby", 4 },
		{ "a b <BS>", "a", 1 },
		{ "a b <Left> <Left> <BS> <Del>", "b", 0 },
		{ "a b c <Left> <C-u>", "c", 0 },
		{ "a b c <Left> <C-k>", "ab", 2 },
		{ "a b <Space> c d <Space> <Space> <C-w>", "ab ", 3 },
		{ "a b <Space> c d <C-w> <C-w>", "", 0 },
		{ "ü 日 <Left> <BS>", "日", 0 },
		{ "ü 日 <Home> <Right> <Del>", "ü", 2 },
		{ "e \xcc\x81 x <Left> <Left> <Del>", "x", 0 },
		{ "a <F5> <C-x> <M-a> b", "ab", 2 },
		{ "<Left> <Del> <C-w> <C-u> a <Right> <Del>", "a", 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		begin(state);
		assert_int_equal(press(table[i].keys), PROMPT_OPEN);
		assert_string_equal(p.text, table[i].text);
		assert_int_equal(p.cursor, table[i].cursor);
		assert_int_equal(p.len, strlen(table[i].text));
	}
}

static void ends(void **state)
{
	(void)state;
	assert_int_equal(press("a <CR>"), PROMPT_ENTERED);
	assert_string_equal(p.text, "a");
	assert_int_equal(press("<Esc>"), PROMPT_CANCELLED);
	assert_int_equal(press("<C-c>"), PROMPT_CANCELLED);
	prompt_open(&p, PROMPT_COMMAND, "x");
	assert_int_equal(press("<BS>"), PROMPT_OPEN);
	assert_int_equal(press("<BS>"), PROMPT_CANCELLED);
}

static void history(void **state)
{
	unsigned i;
	char line[16];

	(void)state;
	prompt_remember(&p, "one");
	prompt_remember(&p, "two");
	prompt_remember(&p, "two");
	prompt_remember(&p, "");
	press("n e w <Up>");
	assert_string_equal(p.text, "two");
	press("<Up> <Up> <Up>");
	assert_string_equal(p.text, "one");
	press("<Down> <Down>");
	assert_string_equal(p.text, "new");
	press("<Down>");
	assert_string_equal(p.text, "new");

	/* Each kind of line has its own. */
	prompt_open(&p, PROMPT_DIAL, NULL);
	press("<Up>");
	assert_string_equal(p.text, "");
	for (i = 0; i < PROMPT_HISTORY + 20; i++) {
		snprintf(line, sizeof(line), "%u", i);
		prompt_remember(&p, line);
	}
	assert_int_equal(p.history[PROMPT_DIAL].n, PROMPT_HISTORY);
	assert_string_equal(p.history[PROMPT_DIAL].line[0], "20");
}

static void never_too_long(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < PROMPT_BYTES; i++)
		press("日");
	assert_int_equal(p.len, (PROMPT_BYTES - 1) / 3 * 3);
	assert_int_equal(strlen(p.text), p.len);
}

static void pastes(void **state)
{
	(void)state;
	prompt_paste(&p, "a");
	prompt_paste(&p, "<CR>");
	prompt_paste(&p, "<lt>");
	prompt_paste(&p, "<Up>");
	assert_string_equal(p.text, "a <");
}

static void scrolls(void **state)
{
	static const struct { const char *text; unsigned left, cols; const char *shown; unsigned cursor; } table[] = {
		{ "abc", 0, 10, "abc", 3 },
		{ "abcdef", 0, 4, "def", 3 },
		{ "abcdef", 2, 10, "abcdef", 4 },
		{ "abcdefgh", 8, 4, "abcd", 0 },
		{ "日本語", 0, 5, "本語", 4 },
		{ "日本語", 0, 4, "語", 2 },
		{ "日本語", 3, 5, "日本", 0 },
		{ "ae\xcc\x81x", 0, 3, "e\xcc\x81x", 2 },
		{ "abc", 0, 1, "", 0 },
	};
	char shown[64];
	size_t i;
	unsigned j;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		prompt_open(&p, PROMPT_COMMAND, table[i].text);
		for (j = 0; j < table[i].left; j++)
			press("<Left>");
		assert_int_equal(prompt_window(&p, shown, sizeof(shown), table[i].cols), table[i].cursor);
		assert_string_equal(shown, table[i].shown);
	}
	assert_int_equal(prompt_window(&p, shown, sizeof(shown), 0), 0);
	assert_string_equal(shown, "");
}

/* What is typed as a password is never shown: an asterisk a character, to the end of the word. */
static void hides_passwords(void **state)
{
	static const struct { const char *text, *shown; } table[] = {
		{ "account edit work password=geheim", "account edit work password=******" },
		{ "account edit work password=a b", "account edit work password=* b" },
		{ "PASSWORD=ab realm=x", "PASSWORD=** realm=x" },
		{ "password='a b' c", "password=***** c" },
		{ "password=\"a b", "password=****" },
		{ "password=a\\ b c", "password=**** c" },
		{ "'password=a b' c", "'password=**** c" },
		{ "bind calls x 'account edit w password=a b' c", "bind calls x 'account edit w password=**** c" },
		{ "a password  geheim b", "a password  ****** b" },
		{ "password=e\xcc\x81日", "password=**" },
		{ "password=a password=b", "password=* password=*" },
		{ "password= x", "password= x" },
		{ "passwords are long", "passwords are long" },
		{ "the password", "the password" },
	};
	char shown[64];
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		prompt_open(&p, i % 2 ? PROMPT_COMMAND : PROMPT_DIAL, table[i].text);
		prompt_window(&p, shown, sizeof(shown), 60);
		assert_string_equal(shown, table[i].shown);
	}
	/* the cursor stands on the asterisk of its character */
	prompt_open(&p, PROMPT_COMMAND, "password=日本 x");
	press("<Left> <Left> <Left>");
	assert_int_equal(prompt_window(&p, shown, sizeof(shown), 60), 10);
	/* and what is shown of a long line is hidden as well */
	prompt_open(&p, PROMPT_COMMAND, "password=abcdefghij");
	prompt_window(&p, shown, sizeof(shown), 5);
	assert_string_equal(shown, "****");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(edits, begin, finish),
		cmocka_unit_test_setup_teardown(ends, begin, finish),
		cmocka_unit_test_setup_teardown(history, begin, finish),
		cmocka_unit_test_setup_teardown(never_too_long, begin, finish),
		cmocka_unit_test_setup_teardown(pastes, begin, finish),
		cmocka_unit_test_setup_teardown(scrolls, begin, finish),
		cmocka_unit_test_setup_teardown(hides_passwords, begin, finish),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
