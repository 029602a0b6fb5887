/* What is safe to show, and how wide it is. */
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"

#define ELLIPSIS "\xe2\x80\xa6"
#define REPLACED "\xef\xbf\xbd"

static void shows(const char *src, const char *want)
{
	char dst[256];

	assert_int_equal(text_show_str(dst, sizeof(dst), src), strlen(want));
	assert_string_equal(dst, want);
}

static void plain_text_stays(void **state)
{
	(void)state;
	shows("", "");
	shows(NULL, "");
	shows("Request Entity Too Large", "Request Entity Too Large");
	shows("J\xc3\xbcrgen \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80", "J\xc3\xbcrgen \xe6\x97\xa5\xe6\x9c\xac \xf0\x9f\x98\x80");
	shows("e\xcc\x81", "e\xcc\x81");
	shows("^[ <9B>", "^[ <9B>");
}

static void controls_are_made_visible(void **state)
{
	char dst[16];

	(void)state;
	shows("a\x1b[31mb", "a^[[31mb");
	shows("a\r\nb\tc\x7f", "a^M^Jb^Ic^?");
	shows("\x1f\x01", "^_^A");
	shows("\xc2\x9b" "31m\xc2\x80\xc2\x9f", "<9B>31m<80><9F>");
	assert_int_equal(text_show(dst, sizeof(dst), "a\0b", 3), 4);
	assert_string_equal(dst, "a^@b");
}

static void hidden_characters_are_dropped(void **state)
{
	(void)state;
	shows("a\xe2\x80\xae" "b\xe2\x80\xac", "ab");           /* U+202E U+202C */
	shows("\xe2\x81\xa6x\xe2\x81\xa9", "x");                /* U+2066 U+2069 */
	shows("\xe2\x80\x8e\xe2\x80\x8f\xd8\x9cx", "x");        /* U+200E U+200F U+061C */
	shows("a\xe2\x80\xa8" "b\xe2\x80\xa9", "ab");           /* U+2028 U+2029 */
	shows("a\xf3\xa0\x81\x81" "b", "ab");                   /* U+E0041, a tag */
	shows("\xef\xbb\xbfx\xe2\x80\x8by", "xy");              /* U+FEFF U+200B */
	shows("x\xef\xbf\xbey", "xy");                          /* U+FFFE */
}

static void invalid_utf8_is_replaced(void **state)
{
	(void)state;
	shows("\xff", REPLACED);
	shows("a\x9b" "31m", "a" REPLACED "31m");               /* a C1 byte of Latin-1 */
	shows("\xc0\x80", REPLACED REPLACED);                   /* overlong NUL */
	shows("\xe0\x9f\xbf", REPLACED REPLACED REPLACED);      /* overlong */
	shows("\xf0\x8f\xbf\xbf", REPLACED REPLACED REPLACED REPLACED);
	shows("\xed\xa0\x80", REPLACED REPLACED REPLACED);      /* a surrogate */
	shows("\xf4\x90\x80\x80", REPLACED REPLACED REPLACED REPLACED); /* above U+10FFFF */
	shows("\xe6\x97", REPLACED REPLACED);                   /* cut short */
	shows("\xc3(", REPLACED "(");
}

static void marks_do_not_pile_up(void **state)
{
	(void)state;
	shows("e\xcc\x81\xcc\x82\xcc\x83\xcc\x84\xcc\x85\xcc\x86x\xcc\x81", "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84x\xcc\x81");
	/* dropped characters between them do not start a new count */
	shows("e\xcc\x81\xcc\x82\xe2\x80\xae\xcc\x83\xcc\x84\xcc\x85", "e\xcc\x81\xcc\x82\xcc\x83\xcc\x84");
}

static void a_cut_is_marked_and_whole(void **state)
{
	char dst[16];
	size_t n;

	(void)state;
	memset(dst, 'z', sizeof(dst));
	assert_int_equal(text_show_str(dst, 8, "abcdefg"), 7); /* just fits */
	assert_string_equal(dst, "abcdefg");
	assert_int_equal(text_show_str(dst, 8, "abcdefgh"), 7);
	assert_string_equal(dst, "abcd" ELLIPSIS);
	assert_int_equal(text_show_str(dst, 8, "abc\xc3\xbc" "def"), 6); /* not inside a character */
	assert_string_equal(dst, "abc" ELLIPSIS);
	assert_int_equal(text_show_str(dst, 8, "abc\x1b\x1b\x1b"), 6); /* nor inside its notation */
	assert_string_equal(dst, "abc" ELLIPSIS);
	assert_int_equal(text_show_str(dst, 4, "abcd"), 3);
	assert_string_equal(dst, ELLIPSIS);
	for (n = 1; n < 4; n++) {
		memset(dst, 'z', sizeof(dst));
		text_show_str(dst, n, "abcdefg");
		assert_true(strlen(dst) < n);
		assert_int_equal(dst[n], 'z');
	}
	dst[0] = 'z';
	assert_int_equal(text_show_str(dst, 0, "abc"), 0);
	assert_int_equal(dst[0], 'z');
}

/* A generator of our own, so that a failure can be repeated anywhere. */
static uint32_t seed;
static uint32_t any(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* Bytes of the kind that break things, more often than chance would have it. */
static size_t nasty(char *dst, size_t max)
{
	static const char *const piece[] = {
		"\x1b[2J", "\xc2\x9b", "\xe2\x80\xae", "\xcc\x81", "\xf0\x9f\x98\x80", "\xed\xa0\x80", "\xf3\xa0\x80\x81",
		"\xc3", "\xe2\x80", "abc", "\r\n", "\xe6\x97\xa5", ELLIPSIS, REPLACED, "^", "<9B>"};
	size_t len = 0, want = any((uint32_t)max);

	while (len < want) {
		if (any(2)) {
			dst[len++] = (char)any(256);
		}
		else {
			const char *p = piece[any(sizeof(piece) / sizeof(piece[0]))];

			while (*p && len < want)
				dst[len++] = *p++;
		}
	}
	return len;
}

static void anything_becomes_harmless(void **state)
{
	unsigned round;

	(void)state;
	seed = 413;
	for (round = 0; round < 20000; round++) {
		char src[200], dst[202], again[202];
		size_t len = nasty(src, sizeof(src));
		size_t size = 1 + any(200);
		size_t n, i, step;

		memset(dst, 'z', sizeof(dst));
		n = text_show(dst, size, src, len);
		assert_true(n < size);
		assert_int_equal(dst[n], '\0');
		assert_int_equal(strlen(dst), n);
		assert_int_equal(dst[size], 'z');
		for (i = 0; i < n; i += step) {
			uint32_t c = 0;

			step = text_decode(&c, dst + i, n - i);
			assert_true(step > 0);
			assert_true(c >= 0x20 && c != 0x7f && !(c >= 0x80 && c < 0xa0));
			assert_true(c != 0x202e && c != 0x2028 && c >> 12 != 0xe0);
		}
		assert_int_equal(text_show(again, size, dst, n), n);
		assert_string_equal(again, dst);
	}
}

static void decoding(void **state)
{
	uint32_t c = 7;

	(void)state;
	assert_int_equal(text_decode(&c, "a", 1), 1);
	assert_int_equal(c, 'a');
	assert_int_equal(text_decode(&c, "\xf4\x8f\xbf\xbf", 4), 4);
	assert_int_equal(c, 0x10ffff);
	assert_int_equal(text_decode(&c, "\xed\x9f\xbf", 3), 3);
	assert_int_equal(c, 0xd7ff);
	assert_int_equal(text_decode(&c, "\xc3\xbc", 1), 0);
	assert_int_equal(text_decode(&c, "\xbc", 1), 0);
	assert_int_equal(text_decode(&c, "", 0), 0);
}

static int utf8_locale(void **state)
{
	(void)state;
	return setlocale(LC_CTYPE, "C.UTF-8") ? 0 : -1;
}

static int c_locale(void **state)
{
	(void)state;
	setlocale(LC_CTYPE, "C");
	return 0;
}

static void widths(void **state)
{
	(void)state;
	if (utf8_locale(state))
		skip();
	assert_int_equal(text_width(""), 0);
	assert_int_equal(text_width("abc"), 3);
	assert_int_equal(text_width("\xc3\xbc"), 1);
	assert_int_equal(text_width("\xe6\x97\xa5\xe6\x9c\xac"), 4);
	assert_int_equal(text_width("e\xcc\x81"), 1);
	assert_int_equal(text_width("\x01"), 0);
	assert_int_equal(text_width("\xff"), 1);
}

static void fits(const char *s, unsigned columns, size_t size, const char *want, unsigned used)
{
	char dst[64];

	memset(dst, 'z', sizeof(dst));
	assert_int_equal(text_fit(dst, size, s, columns), used);
	assert_string_equal(dst, want);
	assert_int_equal(text_width(dst), used);
}

static void fitting(void **state)
{
	char dst[4] = "zz";

	(void)state;
	if (utf8_locale(state))
		skip();
	fits("abc", 3, 64, "abc", 3);
	fits("abcd", 3, 64, "ab" ELLIPSIS, 3);
	fits("abcd", 1, 64, ELLIPSIS, 1);
	fits("abcd", 0, 64, "", 0);
	fits("", 0, 64, "", 0);
	fits("\xe6\x97\xa5\xe6\x9c\xac", 4, 64, "\xe6\x97\xa5\xe6\x9c\xac", 4);
	fits("\xe6\x97\xa5\xe6\x9c\xac", 3, 64, "\xe6\x97\xa5" ELLIPSIS, 3);
	fits("\xe6\x97\xa5\xe6\x9c\xac", 2, 64, ELLIPSIS, 1);
	fits("abe\xcc\x81", 3, 64, "abe\xcc\x81", 3);     /* a mark takes no room */
	fits("e\xcc\x81" "bcd", 3, 64, "e\xcc\x81" "b" ELLIPSIS, 3);
	fits("abcdefgh", 20, 8, "abcd" ELLIPSIS, 5);      /* the buffer is the limit */
	fits("abc", 20, 4, "abc", 3);
	fits("abcd", 20, 3, "", 0);
	assert_int_equal(text_fit(dst, 0, "abc", 3), 0);
	assert_int_equal(dst[0], 'z');
}

static void fitting_never_exceeds(void **state)
{
	unsigned round;

	(void)state;
	if (utf8_locale(state))
		skip();
	seed = 486;
	for (round = 0; round < 5000; round++) {
		char src[100], shown[300], dst[102];
		size_t size = 1 + any(100);
		unsigned columns = any(40), used;

		text_show(shown, sizeof(shown), src, nasty(src, sizeof(src)));
		memset(dst, 'z', sizeof(dst));
		used = text_fit(dst, size, shown, columns);
		assert_true(used <= columns);
		assert_true(strlen(dst) < size);
		assert_int_equal(dst[size], 'z');
		assert_int_equal(text_width(dst), used);
		if (text_width(shown) <= columns && strlen(shown) < size)
			assert_string_equal(dst, shown);
	}
}

static void copies(void **state)
{
	char dst[4];

	(void)state;
	assert_true(text_copy(dst, sizeof(dst), "abc"));
	assert_string_equal(dst, "abc");
	assert_false(text_copy(dst, sizeof(dst), "abcd"));
	assert_string_equal(dst, "abc");
	assert_true(text_copy(dst, sizeof(dst), NULL));
	assert_string_equal(dst, "");
	assert_true(text_copyn(dst, sizeof(dst), "abcd", 2));
	assert_string_equal(dst, "ab");
	assert_true(text_copyn(dst, sizeof(dst), NULL, 5));
	assert_string_equal(dst, "");
	assert_false(text_copy(dst, 0, ""));
}

static void buffers(void **state)
{
	struct buf b = {0};
	char big[1000];
	unsigned i;

	(void)state;
	assert_null(b.s);
	buf_add(&b, "", 0);
	assert_string_equal(b.s, "");
	for (i = 0; i < 100; i++)
		buf_str(&b, "0123456789");
	assert_int_equal(b.len, 1000);
	assert_int_equal(strlen(b.s), 1000);
	buf_printf(&b, "-%d-", 42);
	assert_string_equal(b.s + 1000, "-42-");
	memset(big, 'x', sizeof(big));
	big[999] = '\0';
	buf_printf(&b, "%s!", big);
	assert_int_equal(b.len, 1004 + 1000);
	assert_string_equal(b.s + 1004 + 998, "x!");
	buf_add(&b, "a\0b", 3);
	assert_int_equal(b.len, 2007);
	assert_memory_equal(b.s + 2004, "a\0b", 4);
	assert_false(b.failed);
	buf_free(&b);
	assert_null(b.s);
	assert_int_equal(b.len, 0);
	assert_int_equal(b.cap, 0);
	buf_add(&b, big, 64); /* the first block, to its last byte */
	assert_int_equal(strlen(b.s), 64);
	buf_free(&b);

	b.failed = true; /* after a failure nothing more is added */
	buf_str(&b, "x");
	buf_printf(&b, "%d", 1);
	assert_null(b.s);
	buf_free(&b);
	assert_false(b.failed);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(plain_text_stays),
		cmocka_unit_test(controls_are_made_visible),
		cmocka_unit_test(hidden_characters_are_dropped),
		cmocka_unit_test(invalid_utf8_is_replaced),
		cmocka_unit_test(marks_do_not_pile_up),
		cmocka_unit_test(a_cut_is_marked_and_whole),
		cmocka_unit_test(anything_becomes_harmless),
		cmocka_unit_test(decoding),
		cmocka_unit_test_teardown(widths, c_locale),
		cmocka_unit_test_teardown(fitting, c_locale),
		cmocka_unit_test_teardown(fitting_never_exceeds, c_locale),
		cmocka_unit_test(copies),
		cmocka_unit_test(buffers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
