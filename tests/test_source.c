/* What strangers may ask of the phone: each limit, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "sip/source.h"

#define MESSAGE 700 /* bytes */

static uint64_t now = 1000000;

static struct sa address(const char *text)
{
	struct sa sa;

	assert_int_equal(sa_set_str(&sa, text, 5060), 0);
	return sa;
}

static struct sa number(unsigned n)
{
	struct sa sa;

	sa_set_in(&sa, 0x0a000000u + n, (uint16_t)(1024 + n % 5000));
	return sa;
}

static int setup(void **state)
{
	(void)state;
	source_forget();
	now += 3600000;
	return 0;
}

/* How many of COUNT requests are let in, MS apart. */
static unsigned admitted(const struct sa *src, bool known, unsigned count, unsigned ms, size_t bytes)
{
	unsigned i, n = 0;

	for (i = 0; i < count; i++, now += ms)
		n += source_request(src, known, bytes, now) == SOURCE_ADMITTED;
	return n;
}

static void test_what_a_source_is(void **state)
{
	struct sa a = address("192.0.2.1"), b = address("192.0.2.2"), six = address("2001:db8:1:2::1"),
		  same = address("2001:db8:1:2:ffff::9"), other = address("2001:db8:1:3::1"),
		  mapped = address("::ffff:192.0.2.1"), low = address("::1");

	(void)state;
	assert_true(source_key(&a) != source_key(&b));
	assert_true(source_key(&six) == source_key(&same));
	assert_true(source_key(&six) != source_key(&other));
	assert_true(source_key(&mapped) == source_key(&a));
	assert_true(source_key(&low) != source_key(&a));
	sa_set_port(&b, 9);
	a = address("192.0.2.2");
	assert_true(source_key(&a) == source_key(&b));
}

static void test_one_source(void **state)
{
	struct sa a = number(1), b = number(2);

	(void)state;
	assert_int_equal(admitted(&a, false, 1000, 0, MESSAGE), SOURCE_BURST);
	/* another one is not concerned */
	assert_int_equal(admitted(&b, false, 10, 0, MESSAGE), 10);
	now += 1000;
	assert_int_equal(admitted(&a, false, 1000, 0, MESSAGE), SOURCE_RATE);
	/* at the pace of an honest one all are let in */
	now += 10000;
	assert_int_equal(admitted(&a, false, 1000, 1000 / SOURCE_RATE, MESSAGE), 1000);
}

static void test_long_ones_count_more(void **state)
{
	struct sa a = number(1);

	(void)state;
	assert_int_equal(admitted(&a, false, 100, 0, 8191), SOURCE_BURST / 4);
	now += 10000;
	/* whatever length is claimed, one goes */
	assert_int_equal(admitted(&a, false, 1, 0, SIZE_MAX), 1);
}

/* From ever new addresses: the limit for all holds, and what one has used up another does not pay for. */
static void test_all_sources(void **state)
{
	unsigned i, n = 0;
	struct sa a;

	(void)state;
	for (i = 0; i < 30000; i++) {
		a = number(i);
		n += source_request(&a, false, MESSAGE, now) == SOURCE_ADMITTED;
		now++;
	}
	/* 30 s at 1000 a second */
	assert_in_range(n, 30 * SOURCE_ALL_RATE, 30 * SOURCE_ALL_RATE + SOURCE_ALL_BURST + 1);
	source_forget();
	a = number(1);
	admitted(&a, false, 100000, 0, MESSAGE);
	a = number(2);
	assert_int_equal(admitted(&a, false, SOURCE_ALL_BURST, 0, MESSAGE), SOURCE_ALL_BURST - SOURCE_BURST);
}

static void test_known_ones(void **state)
{
	struct sa server = number(7), caller = number(8), a;
	unsigned i;

	(void)state;
	/* somebody whom a call is with does not keep the server's calls away */
	assert_int_equal(admitted(&caller, true, 1000, 0, MESSAGE), SOURCE_KNOWN_BURST);
	for (i = 0; i < 3000; i++) {
		a = number(100 + i);
		source_request(&a, false, MESSAGE, now);
	}
	/* the flood takes nothing from them, and they have an end too */
	assert_int_equal(admitted(&server, true, 1000, 0, MESSAGE), SOURCE_KNOWN_BURST);
	now += 1000;
	assert_int_equal(admitted(&server, true, 1000, 0, MESSAGE), SOURCE_KNOWN_RATE);
	/* nor are they silenced for what they relay */
	for (i = 0; i < 3 * SOURCE_PROBES; i++)
		assert_false(source_probed(&server, true, now));
	now += 1000;
	assert_int_equal(source_request(&server, true, MESSAGE, now), SOURCE_ADMITTED);
	/* the place of the one not heard of for longest goes, when there are more than there can be */
	admitted(&server, true, 1000, 0, MESSAGE);
	for (i = 1; i < SOURCE_KNOWN_MAX; i++) {
		a = number(100 + i);
		assert_int_equal(admitted(&a, true, 1, 1, MESSAGE), 1);
	}
	assert_int_equal(admitted(&server, true, 2, 0, MESSAGE), 1);
	for (i = 0; i < SOURCE_KNOWN_MAX; i++, now++) {
		a = number(1000 + i);
		assert_int_equal(admitted(&a, true, 1, 0, MESSAGE), 1);
	}
}

/* The request, and that its user does not exist. */
static bool probe(const struct sa *src)
{
	assert_int_equal(source_request(src, false, MESSAGE, now), SOURCE_ADMITTED);
	return source_probed(src, false, now);
}

static void test_probes(void **state)
{
	struct sa a = number(1), b = number(2);
	unsigned i;

	(void)state;
	/* a hundred a minute, for ten minutes: nothing */
	for (i = 0; i < 10 * SOURCE_PROBES; i++, now += SOURCE_PROBES_MS / SOURCE_PROBES)
		assert_false(probe(&a));
	now += SOURCE_PROBES_MS;
	for (i = 0; i < SOURCE_PROBES; i++, now += 100)
		assert_false(probe(&a));
	assert_true(probe(&a));
	assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_SILENT);
	assert_int_equal(source_request(&b, false, MESSAGE, now), SOURCE_ADMITTED);
	/* to itself as a known one it is not silent: by another port of that machine a registrar may be */
	assert_int_equal(source_request(&a, true, MESSAGE, now), SOURCE_ADMITTED);
	now += SOURCE_SILENCE_MS - 1;
	assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_SILENT);
	now++;
	assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_ADMITTED);
	/* and counts anew */
	for (i = 0; i < SOURCE_PROBES; i++, now += 100)
		assert_false(probe(&a));
	assert_true(probe(&a));
}

/* Thousands of others do not make the phone forget whom it has silenced, nor does asking prolong it. */
static void test_silence_outlives_a_flood(void **state)
{
	struct sa a = number(1), other;
	unsigned i;

	(void)state;
	for (i = 0; i <= SOURCE_PROBES; i++, now += 100)
		probe(&a);
	for (i = 0; i < 50000; i++, now++) {
		other = number(1000 + i);
		source_request(&other, false, MESSAGE, now);
		if (i % 100 == 0)
			assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_SILENT);
	}
	now += SOURCE_SILENCE_MS - 50000;
	assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_ADMITTED);
}

/* When all places are those of silenced ones a new source still gets one. */
static void test_all_places_silent(void **state)
{
	struct sa a, last;
	unsigned i, k;

	(void)state;
	for (i = 0; i < SOURCES_MAX; i++, now += 100) {
		a = number(1 + i);
		for (k = 0; k <= SOURCE_PROBES; k++) {
			if (!k)
				assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_ADMITTED);
			source_probed(&a, false, now);
		}
		assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_SILENT);
	}
	now += 1000;
	last = number(5000);
	assert_int_equal(source_request(&last, false, MESSAGE, now), SOURCE_ADMITTED);
	/* instead of the one whose silence is the oldest */
	assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_SILENT);
	a = number(1);
	assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_ADMITTED);
}

static void test_within_a_dialog(void **state)
{
	struct source_bucket b = {0};
	unsigned i, n = 0;

	(void)state;
	for (i = 0; i < 1000; i++)
		n += source_in_dialog(&b, MESSAGE, now);
	assert_int_equal(n, SOURCE_DIALOG_BURST);
	now += 1000;
	for (i = n = 0; i < 1000; i++)
		n += source_in_dialog(&b, MESSAGE, now);
	assert_int_equal(n, SOURCE_DIALOG_RATE);
}

/* A call that would ring; does it? */
static bool rings(const struct sa *src)
{
	bool heard;

	source_request(src, false, MESSAGE, now);
	heard = source_may_ring(src, false, now);
	source_rang(src, false, now);
	return heard;
}

static void test_rings(void **state)
{
	struct sa a = number(1), b = number(2), c;
	unsigned i, n;

	(void)state;
	for (i = n = 0; i < 600; i++, now += 1000)
		n += rings(&a);
	/* ten minutes of it: the bell was heard at their beginning */
	assert_int_equal(n, SOURCE_RINGS);
	assert_true(rings(&b));
	now += SOURCE_RINGS_MS;
	assert_true(rings(&a));
	/* who is answered may call as often as he likes */
	for (i = 0; i < 600; i++, now += 1000) {
		assert_true(rings(&b));
		source_answered(&b);
	}
	now += SOURCE_RINGS_MS;
	/* each from another address */
	for (i = n = 0; i < 600; i++, now += 1000) {
		c = number(100 + i);
		n += rings(&c);
	}
	assert_int_equal(n, SOURCE_ALL_RINGS);
	for (i = 0; i < 600; i++)
		assert_true(source_may_ring(&a, true, now));
}

/* Who sends junk has not used up what a call needs, nor the other way round. */
static void test_light_ones(void **state)
{
	struct sa a = number(1), b = number(2);
	unsigned i;

	(void)state;
	for (i = 0; i < SOURCE_LIGHT_BURST; i++)
		assert_int_equal(source_light(&a, false, now), SOURCE_ADMITTED);
	assert_int_equal(source_light(&b, false, now), SOURCE_BUSY);
	/* a server that asks whether the phone is there gets its answer */
	assert_int_equal(source_light(&b, true, now), SOURCE_ADMITTED);
	assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_ADMITTED);
	now += 1000;
	for (i = 0; i < SOURCE_LIGHT_RATE; i++)
		assert_int_equal(source_light(&b, false, now), SOURCE_ADMITTED);
	assert_int_equal(source_light(&b, false, now), SOURCE_BUSY);
	now += 10000;
	for (i = 0; i <= SOURCE_PROBES; i++) {
		source_request(&a, false, MESSAGE, now);
		source_probed(&a, false, now);
		now += 100;
	}
	assert_int_equal(source_light(&a, false, now), SOURCE_SILENT);
	assert_int_equal(source_light(&b, false, now), SOURCE_ADMITTED);
}

/* Ten thousand calls one after the other, each answered at once, are no flood. */
static void test_answered_ones(void **state)
{
	struct sa a = number(1), server = number(2);
	unsigned i;

	(void)state;
	for (i = 0; i < 10000; i++, now += 5) {
		assert_int_equal(source_request(&a, false, MESSAGE, now), SOURCE_ADMITTED);
		source_answered(&a);
		assert_int_equal(source_request(&server, true, MESSAGE, now), SOURCE_ADMITTED);
		source_answered(&server);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_what_a_source_is, setup),
		cmocka_unit_test_setup(test_one_source, setup),
		cmocka_unit_test_setup(test_long_ones_count_more, setup),
		cmocka_unit_test_setup(test_all_sources, setup),
		cmocka_unit_test_setup(test_known_ones, setup),
		cmocka_unit_test_setup(test_probes, setup),
		cmocka_unit_test_setup(test_silence_outlives_a_flood, setup),
		cmocka_unit_test_setup(test_all_places_silent, setup),
		cmocka_unit_test_setup(test_within_a_dialog, setup),
		cmocka_unit_test_setup(test_rings, setup),
		cmocka_unit_test_setup(test_light_ones, setup),
		cmocka_unit_test_setup(test_answered_ones, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
