/* Editing a line: positions, marks, wide characters, kills, undo, history, search, scrolling. */
#include "config.h"

#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "command/command.h"
#include "ui/prompt.h"

/* What the language masks is its affair; here that is a mistyped key. */
bool parser_has_secret(const char *line)
{
	return strstr(line, "pasword=") != NULL;
}

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
		/* moves */
		{ "a b c <C-a> x <C-e> y", "xabcy", 5 },
		{ "a b c <C-b> <C-b> x <C-f> y", "axbyc", 4 },
		{ "a b - c d <M-b> x <M-b> y", "ab-yxcd", 4 },
		{ "a b - c d <C-Left> <C-Left> <C-Left> x", "xab-cd", 1 },
		{ "a b - c <C-a> <M-f> x <C-Right> y", "abx-cy", 6 },
		{ "ü 日 . x <M-b> <M-b> y <M-f> z", "yü日z.x", 7 },
		/* erasing */
		{ "a b c <C-h> <C-b> <C-d>", "a", 1 },
		{ "a b . c <M-BS> <M-BS>", "", 0 },
		{ "a . b . <Space> c <C-w>", "a.b. ", 5 },
		{ "a . b <C-a> <M-d>", ".b", 0 },
		{ "a . b <C-a> <M-d> <M-d>", "", 0 },
		/* kills: one after the other become one, in the order of the line */
		{ "a b <Space> c d <C-w> <C-w> x <C-y>", "xab cd", 6 },
		{ "a b <Space> c <C-a> <M-d> <M-d> x <C-y>", "xab c", 5 },
		{ "a b c d <Left> <Left> <C-k> <C-u> <C-y>", "abcd", 4 },
		{ "a b <C-u> c d <C-u> <C-y> <M-y>", "ab", 2 },
		{ "a b <C-u> c d <C-u> <C-y> <M-y> <M-y> e", "cde", 3 },
		{ "a b <C-u> c <M-y> <C-y>", "cab", 3 },
		{ "a <C-k> <C-y>", "a", 1 },
		{ "日 e\xcc\x81 <C-u> x <Left> <C-y> <C-y>", "日e\xcc\x81日e\xcc\x81x", 12 },
		/* changing places */
		{ "a b c <C-t>", "acb", 3 },
		{ "a b c <Left> <Left> <C-t> x", "baxc", 3 },
		{ "a b <C-a> <C-t>", "ab", 0 },
		{ "a <C-t>", "a", 1 },
		{ "日 e\xcc\x81 <C-t>", "e\xcc\x81日", 6 },
		/* undo: words, kills, places */
		{ "a b <Space> c d <C-_>", "ab", 2 },
		{ "a b <Space> c d <C-x> <C-u> <C-_>", "", 0 },
		{ "a b <Space> c d <C-u> <C-_>", "ab cd", 5 },
		{ "a b c <Left> <C-t> <C-_> x", "abxc", 3 },
		{ "a b <BS> <BS> <C-_> <C-_> <C-_> <C-_> <C-_> c", "c", 1 },
		{ "a b <C-u> <C-y> <C-_> <C-_>", "ab", 2 },
		/* what is of one piece is one step */
		{ "👩\xe2\x80\x8d💻 x <Left> <BS>", "x", 0 },
		{ "x 👩 \xe2\x80\x8d 💻 <BS>", "x", 1 },
		{ "👍 🏽 x <C-a> <C-f> y", "👍🏽yx", 9 },
		{ "👩\xe2\x80\x8d💻 x <C-t> <C-b> <C-d>", "x", 1 },
		{ "👩 💻 <Left> \xe2\x80\x8d x", "👩\xe2\x80\x8d💻x", 12 },
		{ "x <C-a> \xcc\x81 y", "\xcc\x81yx", 3 },
		{ "<Left> <Del> <C-w> <C-u> a <Right> <Del>", "a", 1 },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		finish(state);
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
	prompt_open(&p, PROMPT_COMMAND, "x");
	assert_int_equal(press("<C-d>"), PROMPT_OPEN);
	assert_int_equal(press("<BS> <C-d>"), PROMPT_CANCELLED);
}

/* What was killed comes back in another line too, unless it may have been a secret. */
static void kills_outlive_the_line(void **state)
{
	(void)state;
	press("a b <C-u>");
	prompt_open(&p, PROMPT_DIAL, NULL);
	press("<C-y>");
	assert_string_equal(p.text, "ab");
	prompt_open(&p, PROMPT_COMMAND, "account edit work password=geheim");
	press("<M-BS>");
	assert_string_equal(p.text, "account edit work password=");
	press("<C-y>");
	assert_string_equal(p.text, "account edit work password=geheim");
	prompt_open(&p, PROMPT_DIAL, NULL);
	press("<C-y> x");
	assert_string_equal(p.text, "x");
	/* and so is what came before the line: there is no undo into another one */
	press("<C-_> <C-_>");
	assert_string_equal(p.text, "");
}

static void many_kills(void **state)
{
	char key[2] = "a";
	unsigned i;

	(void)state;
	for (i = 0; i < PROMPT_KILLS + 3; i++) {
		key[0] = (char)('a' + i);
		press(key);
		press("<C-u> x <BS>");
	}
	assert_int_equal(p.kills, PROMPT_KILLS);
	press("<C-y>");
	for (i = 1; i < PROMPT_KILLS; i++)
		press("<M-y>");
	assert_string_equal(p.text, "d");
	press("<M-y>");
	assert_string_equal(p.text, "s");
}

static void much_undo(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < PROMPT_UNDO + 10; i++)
		press("a <Left> <Right>");
	assert_int_equal(p.len, PROMPT_UNDO + 10);
	for (i = 0; i < PROMPT_UNDO + 10; i++)
		press("<C-_>");
	assert_int_equal(p.len, 10);
}

static void replaces(void **state)
{
	(void)state;
	prompt_open(&p, PROMPT_COMMAND, "set co x");
	assert_true(prompt_replace(&p, 4, 6, "codecs"));
	assert_string_equal(p.text, "set codecs x");
	assert_int_equal(p.cursor, 10);
	assert_true(prompt_replace(&p, 4, 10, "country"));
	assert_string_equal(p.text, "set country x");
	press("<C-_>");
	assert_string_equal(p.text, "set co x");
}

static void history(void **state)
{
	unsigned i;
	char line[16];

	(void)state;
	assert_true(prompt_remember(&p, PROMPT_COMMAND, "two"));
	assert_true(prompt_remember(&p, PROMPT_COMMAND, "one"));
	assert_true(prompt_remember(&p, PROMPT_COMMAND, "two"));
	assert_false(prompt_remember(&p, PROMPT_COMMAND, ""));
	assert_false(prompt_remember(&p, PROMPT_COMMAND, "a\nb"));
	assert_false(prompt_remember(&p, PROMPT_COMMAND, "a\x80"));
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
		prompt_remember(&p, PROMPT_DIAL, line);
	}
	assert_int_equal(p.history[PROMPT_DIAL].n, PROMPT_HISTORY);
	assert_string_equal(p.history[PROMPT_DIAL].line[0], "20");
}

/* A line with a password does not come back: neither as it was nor masked, which would be run as it stands. */
static void keeps_no_password(void **state)
{
	static const char *const lines[] = {
		"account edit work password=geheim", "account add w sip:a@b PASSWORD=x register=yes", "echo a password geheim", "account edit work pasword=geheim",
		"account edit work pass'word'=geheim", "account edit work 'password=geh", "bind calls x 'account edit w password=a'",
		"account edit w pass\\word=x",
	};
	size_t i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_false(prompt_remember(&p, PROMPT_COMMAND, lines[i]));
	assert_true(prompt_remember(&p, PROMPT_COMMAND, "notice password"));
	assert_true(prompt_remember(&p, PROMPT_COMMAND, "account edit work password-command='pass work'"));
	press("<Up> <Up> <Up>");
	assert_string_equal(p.text, "notice password");
}

static void last_word(void **state)
{
	(void)state;
	prompt_remember(&p, PROMPT_COMMAND, "echo one two");
	prompt_remember(&p, PROMPT_COMMAND, "dial sip:a@b");
	press("x <Space> <M-.>");
	assert_string_equal(p.text, "x sip:a@b");
	press("<M-.> y");
	assert_string_equal(p.text, "x twoy");
	press("<M-.> <M-.> <M-.> z");
	assert_string_equal(p.text, "x twoytwoz");
}

static void search(void **state)
{
	static const struct { const char *keys, *text; size_t cursor; bool searching, missed; enum prompt_state end; } table[] = {
		{ "<C-r>", "typed", 5, true, false, PROMPT_OPEN },
		{ "<C-r> e c", "echo Zoë two", 0, true, false, PROMPT_OPEN },
		{ "<C-r> E C H O <C-r>", "echo one", 0, true, false, PROMPT_OPEN },
		{ "<C-r> e c h <C-r> <C-r>", "echo one", 0, true, true, PROMPT_OPEN },
		{ "<C-r> e c h <C-r> <C-r> <C-s>", "echo Zoë two", 0, true, false, PROMPT_OPEN },
		{ "<C-r> e c h <C-s>", "echo Zoë two", 0, true, true, PROMPT_OPEN },
		{ "<C-r> o n e", "echo one", 5, true, false, PROMPT_OPEN },
		{ "<C-r> ë", "echo Zoë two", 7, true, false, PROMPT_OPEN },
		{ "<C-r> o n e <BS> <BS> <BS>", "typed", 2, true, false, PROMPT_OPEN },
		{ "<C-r> o n e <BS> <BS>", "echo Zoë two", 3, true, false, PROMPT_OPEN },
		{ "<C-r> n o n e", "dial nobody", 5, true, true, PROMPT_OPEN },
		{ "<C-r> o n e <CR>", "echo one", 5, false, false, PROMPT_ENTERED },
		/* what was not found is not run */
		{ "<C-r> q q <CR>", "typed", 2, false, true, PROMPT_OPEN },
		{ "<C-r> o n e <Esc>", "typed", 2, false, false, PROMPT_OPEN },
		{ "<C-r> o n e <C-g> <CR>", "typed", 2, false, false, PROMPT_ENTERED },
		{ "<C-r> o n e <C-c>", "echo one", 5, true, false, PROMPT_CANCELLED },
		{ "<C-r> o n e <C-e> x", "echo onex", 9, false, false, PROMPT_OPEN },
		{ "<C-r> o n e <Up>", "dial sip:old@example.com", 24, false, false, PROMPT_OPEN },
		{ "<C-r> o n e <Down> <Down> <Down>", "typed", 5, false, false, PROMPT_OPEN },
		{ "<C-r> o n e <Down> <C-r> t w o <Esc>", "dial nobody", 11, false, false, PROMPT_OPEN },
		{ "<C-r> o n e <Left> <C-a> <C-k> <C-r> <C-r>", "echo one", 5, true, false, PROMPT_OPEN },
		{ "<C-r> o n e <C-e> <C-_>", "typed", 2, false, false, PROMPT_OPEN },
	};
	size_t i;

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		finish(state);
		begin(state);
		prompt_remember(&p, PROMPT_COMMAND, "dial sip:old@example.com");
		prompt_remember(&p, PROMPT_COMMAND, "echo one");
		prompt_remember(&p, PROMPT_COMMAND, "dial nobody");
		prompt_remember(&p, PROMPT_COMMAND, "echo Zoë two");
		press(i ? "t y p e d <C-b> <C-b> <C-b>" : "t y p e d");
		assert_int_equal(press(table[i].keys), table[i].end);
		assert_string_equal(p.text, table[i].text);
		assert_int_equal(p.cursor, table[i].cursor);
		assert_int_equal(p.searching, table[i].searching);
		assert_int_equal(p.missed, table[i].missed);
	}
}

static void long_needle(void **state)
{
	unsigned i;

	(void)state;
	press("<C-r>");
	for (i = 0; i < PROMPT_NEEDLE; i++)
		prompt_paste(&p, "日");
	assert_int_equal(strlen(p.needle), (PROMPT_NEEDLE - 1) / 3 * 3);
	press("<BS>");
	assert_int_equal(strlen(p.needle), (PROMPT_NEEDLE - 1) / 3 * 3 - 3);
	assert_int_equal(p.len, 0);
}

/* What always holds, whatever was typed. */
static void assert_whole(void)
{
	size_t at = 0, n;
	uint32_t cp;

	assert_true(p.len < sizeof(p.text));
	assert_int_equal(strlen(p.text), p.len);
	for (; at < p.len; at += n) {
		n = text_decode(&cp, p.text + at, p.len - at);
		assert_true(n > 0);
	}
	for (at = 0; at < p.cursor; at = prompt_next(&p, at))
		;
	assert_int_equal(at, p.cursor);
	for (at = p.len; at; at = n) {
		n = prompt_previous(&p, at);
		assert_true(n < at);
		assert_int_equal(prompt_next(&p, n), at);
	}
	assert_true(p.undos <= PROMPT_UNDO && p.kills <= PROMPT_KILLS && p.back <= p.history[p.kind].n);
}

/* Any keys in any order. */
static void random_keys(void **state)
{
	static const char *const keys[] = {
		"a", "b", " ", "<Space>", "ü", "日", "\xcc\x81", "\xe2\x80\x8d", "👩", "💻", "🏽", "password=", ".", "<lt>", "'",
		"<BS>", "<Del>", "<Left>", "<Right>", "<Home>", "<End>", "<Up>", "<Down>", "<C-a>", "<C-e>", "<C-b>", "<C-f>",
		"<C-d>", "<C-h>", "<C-k>", "<C-u>", "<C-w>", "<C-y>", "<C-t>", "<C-_>", "<C-x>", "<C-p>", "<C-n>", "<C-r>",
		"<C-s>", "<C-g>", "<M-b>", "<M-f>", "<M-d>", "<M-BS>", "<M-y>", "<M-.>", "<C-Left>", "<C-Right>", "<F1>", "<Tab>",
	};
	uint32_t seed = 1;
	unsigned i;

	(void)state;
	for (i = 0; i < 60000; i++) {
		const char *key = keys[(seed >> 8) % (sizeof(keys) / sizeof(keys[0]))];
		char shown[PROMPT_BYTES];

		seed = seed * 1664525 + 1013904223;
		if (seed % 7 == 0)
			prompt_paste(&p, key);
		else if (prompt_key(&p, key) != PROMPT_OPEN || seed % 97 == 0)
			prompt_open(&p, seed >> 16 & 1 ? PROMPT_DIAL : PROMPT_COMMAND, seed >> 17 & 1 ? "a 日e\xcc\x81" : NULL);
		if (seed % 31 == 0)
			prompt_remember(&p, p.kind, p.text);
		if (seed % 43 == 0 && p.len) {
			size_t from = prompt_previous(&p, p.cursor);

			prompt_replace(&p, from, p.cursor, "wörd");
		}
		assert_whole();
		assert_in_range(prompt_window(&p, shown, sizeof(shown), seed % 20 + 1), 0, seed % 20);
	}
}

static void never_too_long(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < PROMPT_BYTES; i++)
		press("日");
	assert_int_equal(p.len, (PROMPT_BYTES - 1) / 3 * 3);
	assert_int_equal(strlen(p.text), p.len);
	assert_false(prompt_replace(&p, 0, 3, "日本"));
	assert_int_equal(p.len, (PROMPT_BYTES - 1) / 3 * 3);
}

/* What is too long to begin with is cut at a character. */
static void opens_too_long(void **state)
{
	char text[PROMPT_BYTES + 8];
	unsigned i;

	(void)state;
	for (i = 0; i + 4 < sizeof(text); i += 3)
		memcpy(text + i, "日", 4);
	prompt_open(&p, PROMPT_COMMAND, text);
	assert_int_equal(p.len, (PROMPT_BYTES - 1) / 3 * 3);
	assert_whole();
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
		/* what would turn the line around is not sent, and has no place */
		{ "a\xe2\x80\xae" "bc\xe2\x81\xa6", 0, 10, "abc", 3 },
		{ "a\xe2\x80\xae" "bc", 1, 10, "abc", 2 },
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
		cmocka_unit_test_setup_teardown(kills_outlive_the_line, begin, finish),
		cmocka_unit_test_setup_teardown(many_kills, begin, finish),
		cmocka_unit_test_setup_teardown(much_undo, begin, finish),
		cmocka_unit_test_setup_teardown(replaces, begin, finish),
		cmocka_unit_test_setup_teardown(keeps_no_password, begin, finish),
		cmocka_unit_test_setup_teardown(last_word, begin, finish),
		cmocka_unit_test_setup_teardown(search, begin, finish),
		cmocka_unit_test_setup_teardown(long_needle, begin, finish),
		cmocka_unit_test_setup_teardown(random_keys, begin, finish),
		cmocka_unit_test_setup_teardown(never_too_long, begin, finish),
		cmocka_unit_test_setup_teardown(opens_too_long, begin, finish),
		cmocka_unit_test_setup_teardown(pastes, begin, finish),
		cmocka_unit_test_setup_teardown(scrolls, begin, finish),
		cmocka_unit_test_setup_teardown(hides_passwords, begin, finish),
	};

	setlocale(LC_ALL, "C.UTF-8");
	return cmocka_run_group_tests(tests, NULL, NULL);
}
