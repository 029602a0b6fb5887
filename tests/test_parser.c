/* From lines to words and back. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "command/command.h"

/* Commands end in "/", words in "|"; an error is "!". */
static const struct { const char *line, *words; } table[] = {
	{"", ""}, {"   ", ""}, {"# hangup", ""}, {"  \t# a ; b", ""}, {"\r", ""},
	{"hangup", "hangup|/"}, {"  hangup\t 3 \r", "hangup|3|/"},
	{"dial sip:bob@h;transport=tcp ; wait established ; dtmf 1234#",
	 "dial|sip:bob@h;transport=tcp|/wait|established|/dtmf|1234#|/"},
	{"; ;; ;", ";;|/"}, {"a ;", "a|/"}, {"; a", "a|/"}, {"a;b", "a;b|/"}, {"a; b", "a;|b|/"},
	{"a ;b", "a|;b|/"}, {"a ';' b", "a|;|b|/"}, {"a \";\" b", "a|;|b|/"}, {"a \\; b", "a|;|b|/"},
	{"echo # not a comment", "echo|#|not|a|comment|/"}, {"a ; # b", "a|/#|b|/"},
	{"''", "|/"}, {"a \"\" b", "a||b|/"}, {"a''b", "ab|/"},
	{"'a b' \"c d\"", "a b|c d|/"}, {"header='X: y z'", "header=X: y z|/"},
	{"'a\\n\"b'", "a\\n\"b|/"}, {"\"a\\\"b\\\\c\"", "a\"b\\c|/"}, {"a\\ b", "a b|/"}, {"\\a", "a|/"},
	{"100%", "100%|/"}, {"${1}", "${1}|/"}, {"it\\'s", "it's|/"}, {"\xc3\xa4 \xf0\x9f\x98\x80", "\xc3\xa4|\xf0\x9f\x98\x80|/"},
	{"'a", "!"}, {"\"a", "!"}, {"a\\", "!"}, {"\"a\\", "!"}, {"ok ; 'a", "ok|/!"},
};

static void flatten(struct buf *out, const char *line)
{
	const char *why = NULL;
	struct words w;
	size_t pos = 0;
	unsigned i;
	int err;

	buf_str(out, "");
	while (!(err = parser_next(&w, line, &pos, &why))) {
		assert_true(w.n > 0);
		for (i = 0; i < w.n; i++)
			buf_printf(out, "%s|", w.word[i]);
		buf_str(out, "/");
		assert_true(w.rest[w.n] > w.rest[w.n - 1]);
	}
	if (err == EINVAL) {
		buf_str(out, "!");
		assert_non_null(why);
	}
	assert_int_equal(pos, strlen(line));
	assert_int_equal(parser_next(&w, line, &pos, &why) == 0, 0);
}

static void lines(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct buf b = {0};

		flatten(&b, table[i].line);
		assert_string_equal(b.s, table[i].words);
		buf_free(&b);
	}
}

static void where_words_are(void **state)
{
	const char *line = "a  'b c'  ; d ", *why;
	struct words w;
	size_t pos = 0;

	(void)state;
	assert_int_equal(parser_next(&w, line, &pos, &why), 0);
	assert_int_equal(w.rest[0] - line, 0);
	assert_int_equal(w.rest[1] - line, 3);
	assert_int_equal(w.rest[2] - line, 8);
	assert_int_equal(parser_next(&w, line, &pos, &why), 0);
	assert_int_equal(w.rest[0] - line, 12);
	assert_int_equal(w.rest[1] - line, 13);
}

static void bounds(void **state)
{
	char line[LINE_MAX_BYTES + 1];
	const char *why = NULL;
	struct words w;
	size_t pos = 0;
	unsigned i;

	(void)state;
	memset(line, 'a', sizeof(line));
	line[LINE_MAX_BYTES - 1] = '\0';
	assert_int_equal(parser_next(&w, line, &pos, &why), 0);
	assert_int_equal(strlen(w.word[0]), LINE_MAX_BYTES - 1);
	pos = 0;
	line[LINE_MAX_BYTES - 1] = 'a';
	line[LINE_MAX_BYTES] = '\0';
	assert_int_equal(parser_next(&w, line, &pos, &why), EINVAL);
	for (i = 0; i < WORDS_MAX; i++)
		memcpy(line + 2 * i, "x ", 3);
	pos = 0;
	assert_int_equal(parser_next(&w, line, &pos, &why), 0);
	assert_int_equal(w.n, WORDS_MAX);
	strcat(line, "x");
	pos = 0;
	assert_int_equal(parser_next(&w, line, &pos, &why), EINVAL);
}

static uint64_t seed = 42;

static unsigned dice(unsigned sides)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(seed >> 33) % sides;
}

/* Any words, quoted, come back as they were; any bytes at all are read without harm. */
static void round_trip(void **state)
{
	static const char sample[] = "a b;#'\"\\$\t%{}x=\xc3\xa4";
	char word[8][16];
	unsigned turn, i, j;

	(void)state;
	for (turn = 0; turn < 20000; turn++) {
		unsigned n = 1 + dice(8);
		const char *why = NULL;
		struct buf line = {0};
		struct words w;
		size_t pos = 0;

		for (i = 0; i < n; i++) {
			unsigned len = dice(15);

			for (j = 0; j < len; j++)
				word[i][j] = sample[dice(sizeof(sample) - 1)];
			word[i][len] = '\0';
			if (i)
				buf_str(&line, " ");
			parser_quote(&line, word[i]);
		}
		assert_int_equal(parser_next(&w, line.s, &pos, &why), 0);
		assert_int_equal(w.n, n);
		for (i = 0; i < n; i++)
			assert_string_equal(w.word[i], word[i]);
		assert_int_equal(parser_next(&w, line.s, &pos, &why), ENOENT);
		buf_free(&line);
	}
	for (turn = 0; turn < 20000; turn++) {
		char raw[64];
		struct buf b = {0};
		unsigned len = dice(sizeof(raw));

		for (j = 0; j < len; j++)
			raw[j] = dice(3) ? sample[dice(sizeof(sample) - 1)] : (char)(1 + dice(255));
		raw[len] = '\0';
		flatten(&b, raw);
		buf_free(&b);
		parser_mask(&b, raw);
		buf_free(&b);
	}
}

static const struct { const char *line, *shown; } masks[] = {
	{"dial echo", "dial echo"}, {"", ""}, {"echo 'a  b'", "echo 'a  b'"},
	{"account add w sip:a@b password=secret expires=60", "account add w sip:a@b password=*** expires=60"},
	{"account edit w 'password=secret word' ; hangup", "account edit w password=*** ; hangup"},
	{"account edit w pass\"word\"=secret", "account edit w password=***"},
	{"account edit w PASSWORD=secret", "account edit w PASSWORD=***"},
	{"account edit w password=a password=secret", "account edit w password=*** password=***"},
	{"account edit w password secret", "account edit w password ***"},
	/* mistyped, it is a secret all the same */
	{"account edit w pasword=secret", "account edit w pasword=***"},
	{"account edit w 'passwort=secret word' expires=60", "account edit w passwort=*** expires=60"},
	{"account add w sip:a@b auth-user=a display-name=b", "account add w sip:a@b auth-user=a display-name=b"},
	{"bind global X 'account edit w password=secret'", "bind global X 'account edit w password=***'"},
	{"account edit w password='secret", "account edit w ***"},
	{"account edit w password=secret\\", "account edit w ***"},
	{"hangup ; account edit w password=secret ; echo 'x", "hangup ; account edit w password=*** ; echo ***"},
};

static void masking(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(masks) / sizeof(masks[0]); i++) {
		struct buf b = {0};

		buf_str(&b, "");
		parser_mask(&b, masks[i].line);
		assert_string_equal(b.s, masks[i].shown);
		assert_int_equal(parser_has_secret(masks[i].line), strcmp(masks[i].line, masks[i].shown) != 0);
		buf_free(&b);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines), cmocka_unit_test(where_words_are), cmocka_unit_test(bounds),
		cmocka_unit_test(round_trip), cmocka_unit_test(masking),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
