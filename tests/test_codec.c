/* The codecs and the option that lists them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "phone/codec.h"

static const struct codec *list[CODEC_COUNT];
static const char *bad;

static unsigned parse(const char *text)
{
	bad = NULL;
	memset(list, 0, sizeof(list));
	return codec_parse_list(list, CODEC_COUNT, text, &bad);
}

static void facts(void **state)
{
	(void)state;
	assert_int_equal(codec_get(CODEC_OPUS)->clock_rate, 48000); /* RFC 7587 section 4.1 */
	assert_int_equal(codec_get(CODEC_OPUS)->channels, 2);
	assert_in_range(codec_get(CODEC_OPUS)->payload_type, 96, 127);
	assert_int_equal(codec_get(CODEC_PCMU)->payload_type, 0);   /* RFC 3551 table 4 */
	assert_int_equal(codec_get(CODEC_PCMU)->clock_rate, 8000);
	assert_int_equal(codec_get(CODEC_PCMA)->payload_type, 8);
	assert_int_equal(codec_get(CODEC_PCMA)->channels, 1);
	assert_null(codec_get(CODEC_COUNT));
}

static void finding(void **state)
{
	(void)state;
	assert_ptr_equal(codec_find("opus", 4), codec_get(CODEC_OPUS));
	assert_ptr_equal(codec_find("OPUS", 4), codec_get(CODEC_OPUS));
	assert_ptr_equal(codec_find("pcma/8000", 4), codec_get(CODEC_PCMA));
	assert_null(codec_find("pcm", 3));
	assert_null(codec_find("opus2", 5));
	assert_null(codec_find("", 0));
}

static void lists(void **state)
{
	(void)state;
	assert_int_equal(parse("opus,PCMU,PCMA"), 3);
	assert_int_equal(list[0]->id, CODEC_OPUS);
	assert_int_equal(list[1]->id, CODEC_PCMU);
	assert_int_equal(list[2]->id, CODEC_PCMA);
	assert_int_equal(parse(" pcma , opus\t"), 2);
	assert_int_equal(list[0]->id, CODEC_PCMA);
	assert_int_equal(list[1]->id, CODEC_OPUS);
	assert_int_equal(parse("opus,opus,PCMU,opus"), 2);
	assert_int_equal(list[1]->id, CODEC_PCMU);
}

static void wrong_lists(void **state)
{
	(void)state;
	assert_int_equal(parse(""), 0);
	assert_string_equal(bad, "");
	assert_int_equal(parse("opus,,PCMU"), 0);
	assert_string_equal(bad, ",PCMU");
	assert_int_equal(parse("opus,"), 0);
	assert_int_equal(parse("opus,G729,PCMU"), 0);
	assert_string_equal(bad, "G729,PCMU");
	assert_int_equal(parse("opus PCMU"), 0);
	assert_string_equal(bad, "PCMU");
}

static void no_more_than_fit(void **state)
{
	const struct codec *one[2] = {NULL, NULL};

	(void)state;
	assert_int_equal(codec_parse_list(one, 1, "PCMA,opus", &bad), 1);
	assert_int_equal(one[0]->id, CODEC_PCMA);
	assert_null(one[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(facts),
		cmocka_unit_test(finding),
		cmocka_unit_test(lists),
		cmocka_unit_test(wrong_lists),
		cmocka_unit_test(no_more_than_fit),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
