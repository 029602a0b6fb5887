/* Retry-After: what is good in it is read, the rest never hides that. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "phone/redial.h"

#define MAX 4294967295u

/* S413-1 */
static void values(void **state)
{
	static const struct { const char *value; bool valid; uint32_t seconds; const char *comment; int64_t duration; } want[] = {
		{"0", true, 0, "", -1}, {"10", true, 10, "", -1}, {"  18000  ", true, 18000, "", -1}, {"007", true, 7, "", -1},
		{"4294967295", true, MAX, "", -1}, {"00000000000000000004294967295", true, MAX, "", -1},
		{"4294967296", false, 0, "", -1}, {"99999999999999999999999999", false, 0, "", -1},
		{"18446744073709551617", false, 0, "", -1}, {"4294967297;duration=5", false, 0, "", -1},
		{"", false, 0, "", -1}, {"   ", false, 0, "", -1}, {"-1", false, 0, "", -1}, {"+1", false, 0, "", -1},
		{"(5)", false, 0, "", -1}, {";duration=5", false, 0, "", -1}, {"x", false, 0, "", -1},
		{"Thu, 01 Jan 2026 00:00:00 GMT", false, 0, "", -1},
		{"18000;duration=3600", true, 18000, "", 3600}, {"120 (I'm in a meeting)", true, 120, "I'm in a meeting", -1},
		{"27 (overnight maintenance);duration=3600", true, 27, "overnight maintenance", 3600},
		{"27(tight);duration=3600", true, 27, "tight", 3600}, {"5 (a (b (c)) d) ; Duration = 60", true, 5, "a (b (c)) d", 60},
		{"5 (a \\) \\( \\\\ b);x=y;duration=1", true, 5, "a ) ( \\ b", 1}, {"5 ()", true, 5, "", -1},
		{"5 (\\\"q\\\")", true, 5, "\"q\"", -1},
		/* good digits stay good */
		{"5 (never closed", true, 5, "", -1}, {"5 (never closed;duration=7", true, 5, "", -1}, {"5 (a\\", true, 5, "", -1},
		{"5 (a))b", true, 5, "a", -1}, {"5, 10", true, 5, "", -1}, {"5 garbage", true, 5, "", -1},
		{"5;duration", true, 5, "", -1}, {"5;duration=", true, 5, "", -1}, {"5;duration=x", true, 5, "", -1},
		{"5;duration=4294967296", true, 5, "", -1}, {"5;duration=4294967295", true, 5, "", MAX},
		{"5;durations=3", true, 5, "", -1}, {"5;x=\"a;duration=9\";duration=3", true, 5, "", 3},
		{"5;x=\"a\\\";duration=9\";duration=3", true, 5, "", 3}, {"5;x=\"open;duration=3", true, 5, "", -1},
		{"5;duration=3;duration=4", true, 5, "", 3}, {"5;;;;duration=3", true, 5, "", 3}, {"5;=;duration=3", true, 5, "", 3},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		struct retry_after r;

		memset(&r, 0xff, sizeof(r));
		retry_after_read(&r, want[i].value);
		assert_int_equal(r.valid, want[i].valid);
		assert_int_equal(r.seconds, want[i].seconds);
		assert_string_equal(r.comment, want[i].comment);
		assert_int_equal(r.has_duration, want[i].duration >= 0);
		if (r.has_duration)
			assert_int_equal(r.duration, want[i].duration);
	}
}

/* Longer than there is room for, deeper than anybody nests, and every short string of the characters that matter. */
static void hostile(void **state)
{
	static const char alphabet[] = "1(\\);=\" d";
	char text[100000];
	struct retry_after r;
	unsigned i, n;

	(void)state;
	memset(text, 'x', sizeof(text));
	memcpy(text, "7 (", 3);
	strcpy(text + sizeof(text) - 14, ");duration=8");
	retry_after_read(&r, text);
	assert_true(r.valid && r.has_duration);
	assert_int_equal(r.duration, 8);
	assert_int_equal(strlen(r.comment), sizeof(r.comment) - 1);
	memset(text + 2, '(', sizeof(text) - 3);
	text[sizeof(text) - 1] = '\0';
	retry_after_read(&r, text);
	assert_true(r.valid);
	assert_string_equal(r.comment, "");
	for (n = 0; n < 10000000; n += 7) {
		/* in memory of its own size, so that a step too far is seen */
		char *s = malloc(9);
		unsigned digits = n;

		s[0] = '5';
		for (i = 1; i < 8; i++, digits /= 10)
			s[i] = alphabet[digits % (sizeof(alphabet) - 1)];
		s[8] = '\0';
		retry_after_read(&r, s);
		assert_true(r.valid);
		free(s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(values), cmocka_unit_test(hostile)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
