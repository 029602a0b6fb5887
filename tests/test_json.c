/* Events as lines of JSON. */
#include <locale.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "command_fakes.h"
#include "control/json.h"

static struct event e;

static void an_event(void **state)
{
	static const char *const list[] = {"udp:127.0.0.1:5060", "a\"b"};
	struct buf b = {0};

	(void)state;
	event_begin(&e, "outcome");
	event_integer(&e, "call", 3);
	event_string(&e, "reason", "Busy \"Here\" \\ \xc3\xa4\xf0\x9f\x98\x80");
	event_string(&e, "absent", NULL);
	event_real(&e, "loss", 0.25);
	event_real(&e, "rtt", NAN);
	event_boolean(&e, "on", true);
	event_list(&e, "contacts", list, 2);
	jsonl_event(&b, &e);
	assert_string_equal(b.s, "{\"event\": \"outcome\", \"time\": 1700000000.123, \"call\": 3, "
		"\"reason\": \"Busy \\\"Here\\\" \\\\ \\u00e4\\ud83d\\ude00\", \"loss\": 0.25, \"on\": true, "
		"\"contacts\": [\"udp:127.0.0.1:5060\", \"a\\\"b\"]}\n");
	buf_free(&b);
}

static const struct { const char *s, *json; } strings[] = {
	{"", "\"\""}, {"a/b", "\"a/b\""}, {"\x01\x1f\x7f", "\"\\u0001\\u001f\\u007f\""}, {"a\nb", "\"a\\nb\""},
	{"\xff", "\"\\ufffd\""}, {"\xc3", "\"\\ufffd\""}, {"\xed\xa0\x80", "\"\\ufffd\\ufffd\\ufffd\""},
	{"\xef\xbf\xbf", "\"\\uffff\""}, {"\xf0\x90\x80\x80", "\"\\ud800\\udc00\""}, {"\xf4\x8f\xbf\xbf", "\"\\udbff\\udfff\""},
};

static void text(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(strings) / sizeof(strings[0]); i++) {
		struct buf b = {0};

		jsonl_string(&b, "k", strings[i].s);
		assert_string_equal(b.s + strlen(", \"k\": "), strings[i].json);
		buf_free(&b);
	}
}

static const struct { double value; const char *json; } numbers[] = {
	{1795400874.123, "1795400874.123"}, {4.4, "4.4"},
	{0, "0"}, {1, "1"}, {-0.5, "-0.5"}, {-127, "-127"}, {0.001, "0.001"}, {12345.678, "12345.678"},
	{1e-7, "1e-07"}, {1e20, "1e+20"},
};

static void reals(void)
{
	unsigned i;

	for (i = 0; i < sizeof(numbers) / sizeof(numbers[0]); i++) {
		struct buf b = {0};

		jsonl_real(&b, "k", numbers[i].value);
		assert_string_equal(b.s + strlen(", \"k\": "), numbers[i].json);
		buf_free(&b);
	}
}

static void real_numbers(void **state)
{
	struct buf b = {0};

	(void)state;
	reals();
	jsonl_real(&b, "k", INFINITY);
	jsonl_real(&b, "k", -INFINITY);
	assert_null(b.s);
}

/* A locale with a decimal comma changes nothing. It is made here, so that it is there on every machine. */
static void decimal_comma(void **state)
{
	char folder[] = "/tmp/test_json_XXXXXX", line[400];

	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(line, sizeof(line), "localedef -i de_DE -f UTF-8 %s/de_DE.UTF-8 >/dev/null 2>&1", folder);
	if (system(line)) {
		rmdir(folder);
		skip();
	}
	setenv("LOCPATH", folder, 1);
	assert_non_null(setlocale(LC_ALL, "de_DE.UTF-8"));
	assert_string_equal(localeconv()->decimal_point, ",");
	reals();
	setlocale(LC_ALL, "C");
	snprintf(line, sizeof(line), "rm -r %s", folder);
	assert_int_equal(system(line), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(an_event), cmocka_unit_test(text), cmocka_unit_test(real_numbers),
		cmocka_unit_test(decimal_comma),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
