/* Events: typed fields, harmless strings, bounded. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "phone/event.h"
#include "phone/ports.h"

int64_t port_wall_ms(void)
{
	return 1700000000123;
}

static struct event e;

static int setup(void **state)
{
	(void)state;
	memset(&e, 0xff, sizeof(e));
	event_begin(&e, "call");
	return 0;
}

static void a_new_event_is_empty(void **state)
{
	(void)state;
	assert_string_equal(e.name, "call");
	assert_int_equal(e.time_ms, 1700000000123);
	assert_int_equal(e.n, 0);
	assert_null(event_find(&e, "call"));
	assert_null(event_find_string(&e, "peer"));
	assert_int_equal(event_find_integer(&e, "code", -7), -7);
}

static void fields_keep_their_types(void **state)
{
	(void)state;
	event_string(&e, "peer", "sip:a@h");
	event_integer(&e, "code", 413);
	event_real(&e, "jitter", 0.25);
	event_boolean(&e, "on", true);
	assert_int_equal(e.n, 4);
	assert_string_equal(event_find_string(&e, "peer"), "sip:a@h");
	assert_int_equal(event_find_integer(&e, "code", 0), 413);
	assert_int_equal(event_find(&e, "jitter")->type, EVENT_REAL);
	assert_true(event_find(&e, "jitter")->v.real == 0.25);
	assert_int_equal(event_find(&e, "on")->type, EVENT_BOOLEAN);
	assert_true(event_find(&e, "on")->v.boolean);
	/* of another type is as if absent */
	assert_null(event_find_string(&e, "code"));
	assert_int_equal(event_find_integer(&e, "peer", -1), -1);
}

/* what is not known is absent */
static void nothing_is_left_out(void **state)
{
	(void)state;
	event_string(&e, "a", NULL);
	event_string(&e, "b", "");
	event_list(&e, "c", NULL, 0);
	event_list(&e, "d", (const char *const[]){"x"}, 0);
	assert_int_equal(e.n, 0);
	assert_int_equal(e.used, 0);
	event_integer(&e, "zero", 0);
	event_boolean(&e, "no", false);
	assert_int_equal(e.n, 2);
}

static void strings_are_harmless_copies(void **state)
{
	char s[] = "a\x1b[2J\xc2\x9b\xff";

	(void)state;
	event_string(&e, "name", s);
	s[0] = 'z';
	assert_string_equal(event_find_string(&e, "name"), "a^[[2J<9B>\xef\xbf\xbd");
}

static void strings_are_cut(void **state)
{
	char s[5000];
	const char *kept;

	(void)state;
	memset(s, 'x', sizeof(s));
	s[1024] = '\0';
	event_string(&e, "fits", s);
	s[1024] = 'x';
	s[4999] = '\0';
	event_string(&e, "cut", s);
	assert_int_equal(strlen(event_find_string(&e, "fits")), 1024);
	kept = event_find_string(&e, "cut");
	assert_int_equal(strlen(kept), 1024);
	assert_string_equal(kept + 1021, "\xe2\x80\xa6");
}

static void lists(void **state)
{
	static const char *const item[] = {"udp:127.0.0.1:5060", "tcp\n", "x"};
	const struct event_field *f;
	const char *p;

	(void)state;
	event_list(&e, "sip", item, 3);
	f = event_find(&e, "sip");
	assert_int_equal(f->type, EVENT_LIST);
	assert_int_equal(f->v.list.count, 3);
	p = f->v.list.first;
	assert_string_equal(p, "udp:127.0.0.1:5060");
	p += strlen(p) + 1;
	assert_string_equal(p, "tcp^J");
	p += strlen(p) + 1;
	assert_string_equal(p, "x");
}

static void what_does_not_fit_is_left_out(void **state)
{
	static char s[EVENT_STRING_MAX + 1];
	static char name[EVENT_FIELDS_MAX + 5][8];
	const char *item[20];
	const struct event_field *f;
	unsigned i;

	(void)state;
	memset(s, 'x', EVENT_STRING_MAX);
	for (i = 0; i < 20; i++)
		item[i] = s;
	event_list(&e, "many", item, 20);
	assert_true(e.used <= EVENT_POOL_SIZE);
	f = event_find(&e, "many");
	assert_in_range(f->v.list.count, 15, 16);
	for (i = 0; i < EVENT_FIELDS_MAX + 5; i++) {
		snprintf(name[i], sizeof(name[i]), "f%u", i);
		event_string(&e, name[i], s);
		event_integer(&e, name[i], i);
	}
	assert_int_equal(e.n, EVENT_FIELDS_MAX);
	assert_true(e.used <= EVENT_POOL_SIZE);
	assert_null(event_find(&e, name[EVENT_FIELDS_MAX + 4]));
	assert_int_equal(event_find_integer(&e, "f5", 0), 5);
	event_real(&e, "more", 1);
	event_boolean(&e, "more", true);
	event_list(&e, "more", item, 1);
	assert_null(event_find(&e, "more"));
	event_begin(&e, "next");
	assert_int_equal(e.n, 0);
	assert_int_equal(e.used, 0);
	for (i = 0; i < EVENT_FIELDS_MAX; i++)
		event_integer(&e, "i", i);
	event_string(&e, "s", "x"); /* there is room for the string, but not for the field */
	assert_int_equal(e.n, EVENT_FIELDS_MAX);
	assert_int_equal(e.used, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(a_new_event_is_empty, setup),
		cmocka_unit_test_setup(fields_keep_their_types, setup),
		cmocka_unit_test_setup(nothing_is_left_out, setup),
		cmocka_unit_test_setup(strings_are_harmless_copies, setup),
		cmocka_unit_test_setup(strings_are_cut, setup),
		cmocka_unit_test_setup(lists, setup),
		cmocka_unit_test_setup(what_does_not_fit_is_left_out, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
