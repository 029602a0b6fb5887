/* What the terminal is sent for a note on the desktop, byte by byte. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "ui/notify.h"

static char got[NOTIFY_MAX];

static const char *sequence(const char *how, const char *text, bool utf8)
{
	size_t len = notify_sequence(got, how, text, utf8);

	got[len] = '\0';
	assert_true(len < NOTIFY_MAX && strlen(got) == len);
	return got;
}

static void forms(void **state)
{
	(void)state;
	assert_string_equal(sequence("osc9", "a; b", true), "\033]9;offhook: a; b\033\\");
	assert_string_equal(sequence("osc777", "a; b", true), "\033]777;notify;offhook;a, b\033\\");
	assert_string_equal(sequence("bell", "a", true), "");
	assert_string_equal(sequence("none", "a", true), "");
	assert_string_equal(sequence("osc9", "4;1;50", true), "\033]9;offhook: 4;1;50\033\\");
}

/* Nothing in it ends the sequence, begins another or turns the text around. */
static void hostile(void **state)
{
	(void)state;
	assert_string_equal(sequence("osc9", "a\033\\b\a\033]0;x\033\\\x9c\xc2\x9c\r\n\x7f\xe2\x80\xae.", true),
			    "\033]9;offhook: a^[\\b^G^[]0;x^[\\\xef\xbf\xbd<9C>^M^J^?.\033\\");
	assert_string_equal(sequence("osc777", "\xc3\xa4\xf0\x9f\x98\x80 z", false), "\033]777;notify;offhook;?? z\033\\");
}

static void bounds(void **state)
{
	char text[2000];
	unsigned i;

	(void)state;
	for (i = 0; i + 3 < sizeof(text); i += 3)
		memcpy(text + i, "\xe2\x82\xac", 3);
	text[i] = '\0';
	sequence("osc777", text, true);
	assert_true(strlen(got) < 240);
	/* cut between characters, and its end is there */
	assert_string_equal(got + strlen(got) - 8, "\xe2\x82\xac\xe2\x80\xa6\033\\");
	sequence("osc9", text, false);
	assert_true(strlen(got) < 240);
	assert_string_equal(got + strlen(got) - 4, "??\033\\");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(forms), cmocka_unit_test(hostile), cmocka_unit_test(bounds),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
