/* The response table: complete, in order, and what it says can be shown. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "phone/outcome.h"

/* Every registered final code from 300 on, with 409 and 411; written by hand, apart from the table. */
static const struct { unsigned code; const char *phrase; } expected[] = {
	{300, "Multiple Choices"}, {301, "Moved Permanently"}, {302, "Moved Temporarily"}, {305, "Use Proxy"},
	{380, "Alternative Service"},
	{400, "Bad Request"}, {401, "Unauthorized"}, {402, "Payment Required"}, {403, "Forbidden"},
	{404, "Not Found"}, {405, "Method Not Allowed"}, {406, "Not Acceptable"},
	{407, "Proxy Authentication Required"}, {408, "Request Timeout"}, {409, "Conflict"}, {410, "Gone"},
	{411, "Length Required"}, {412, "Conditional Request Failed"}, {413, "Request Entity Too Large"},
	{414, "Request-URI Too Long"}, {415, "Unsupported Media Type"}, {416, "Unsupported URI Scheme"},
	{417, "Unknown Resource-Priority"}, {420, "Bad Extension"}, {421, "Extension Required"},
	{422, "Session Interval Too Small"}, {423, "Interval Too Brief"}, {424, "Bad Location Information"},
	{425, "Bad Alert Message"}, {428, "Use Identity Header"}, {429, "Provide Referrer Identity"},
	{430, "Flow Failed"}, {433, "Anonymity Disallowed"}, {436, "Bad Identity Info"},
	{437, "Unsupported Credential"}, {438, "Invalid Identity Header"},
	{439, "First Hop Lacks Outbound Support"}, {440, "Max-Breadth Exceeded"}, {469, "Bad Info Package"},
	{470, "Consent Needed"}, {480, "Temporarily Unavailable"}, {481, "Call/Transaction Does Not Exist"},
	{482, "Loop Detected"}, {483, "Too Many Hops"}, {484, "Address Incomplete"}, {485, "Ambiguous"},
	{486, "Busy Here"}, {487, "Request Terminated"}, {488, "Not Acceptable Here"}, {489, "Bad Event"},
	{491, "Request Pending"}, {493, "Undecipherable"}, {494, "Security Agreement Required"},
	{500, "Server Internal Error"}, {501, "Not Implemented"}, {502, "Bad Gateway"},
	{503, "Service Unavailable"}, {504, "Server Time-out"}, {505, "Version Not Supported"},
	{513, "Message Too Large"}, {555, "Push Notification Service Not Supported"},
	{580, "Precondition Failure"},
	{600, "Busy Everywhere"}, {603, "Decline"}, {604, "Does Not Exist Anywhere"}, {606, "Not Acceptable"},
	{607, "Unwanted"}, {608, "Rejected"},
};
#define EXPECTED (sizeof(expected) / sizeof(expected[0]))

static void is_sentence(const char *s)
{
	size_t len, i;

	assert_non_null(s);
	len = strlen(s);
	assert_in_range(len, 20, 120); /* two lines of a small screen */
	assert_in_range(s[0], 'A', 'Z');
	assert_int_equal(s[len - 1], '.');
	for (i = 0; i < len; i++)
		assert_in_range(s[i], 0x20, 0x7e);
}

static void the_table_is_sorted_and_complete(void **state)
{
	const struct outcome *t;
	unsigned count, i;

	(void)state;
	t = outcome_table(&count);
	assert_int_equal(count, EXPECTED + LOCAL_ERRORS - 1);
	for (i = 0; i < EXPECTED; i++) {
		assert_int_equal(t[i].code, expected[i].code);
		assert_string_equal(t[i].phrase, expected[i].phrase);
		assert_int_equal(t[i].error, LOCAL_NONE);
		if (i > 0)
			assert_true(t[i].code > t[i - 1].code);
	}
	for (; i < count; i++) {
		assert_int_equal(t[i].code, 0);
		assert_int_equal(t[i].error, LOCAL_NONE + 1 + i - EXPECTED);
	}
}

static void every_row_says_something(void **state)
{
	const struct outcome *t;
	unsigned count, i;

	(void)state;
	t = outcome_table(&count);
	for (i = 0; i < count; i++) {
		is_sentence(t[i].sentence);
		if (t[i].registration)
			is_sentence(t[i].registration);
		if (t[i].refused)
			is_sentence(t[i].refused);
		assert_true(*t[i].phrase);
		assert_true(t[i].kind > OUTCOME_SUCCESS && t[i].kind < OUTCOME_KINDS);
		assert_true((t[i].kind == OUTCOME_LOCAL) == (t[i].code == 0));
		assert_true((t[i].kind == OUTCOME_REDIRECT) == (t[i].code / 100 == 3));
	}
}

/* S402-2 S406-2 S406-3 S408-1 S408-4 S409-2 S410-2 S411-2 S413-5 S414-1, and the reading 3.2: busy only where it
 * is true */
static void tones_are_true(void **state)
{
	const struct outcome *t;
	unsigned count, i;

	(void)state;
	t = outcome_table(&count);
	for (i = 0; i < count; i++) {
		enum tone want = TONE_REORDER;

		if (t[i].code == 486 || t[i].code == 600)
			want = TONE_BUSY;
		/* nobody has failed yet: another address is offered, or the call was ended on purpose */
		else if (t[i].code == 487 || t[i].code == 491 || (t[i].code >= 300 && t[i].code <= 305))
			want = TONE_NONE;
		assert_int_equal(t[i].tone, want);
	}
}

/* Each repair has its bound, small enough for the budget of a call; each offer of a redial a code that may carry
 * Retry-After (RFC 3261 section 20.33). S402-3 S403-2 S409-2 S410-2 S414-1: no repair */
static void repairs_and_offers(void **state)
{
	static const unsigned never[] = {402, 403, 404, 405, 406, 408, 409, 410, 414}, retry[] = {404, 413, 480, 486, 500, 503, 600, 603},
		sit[] = {404, 410, 484, 604};
	bool seen[REPAIRS] = {false};
	const struct outcome *t;
	unsigned count, i, j;

	(void)state;
	t = outcome_table(&count);
	for (i = 0; i < count; i++) {
		unsigned want = 0;

		seen[t[i].repair] = true;
		assert_true((t[i].repair == REPAIR_NONE) == (t[i].bound == 0));
		assert_in_range(t[i].bound, 0, 5);
		for (j = 0; j < sizeof(retry) / sizeof(retry[0]); j++)
			want |= t[i].code == retry[j] ? OUTCOME_MAY_RETRY : 0;
		for (j = 0; j < sizeof(sit) / sizeof(sit[0]); j++)
			want |= t[i].code == sit[j] ? OUTCOME_MAY_SIT : 0;
		assert_int_equal(t[i].flags, want);
	}
	for (i = 0; i < REPAIRS; i++)
		assert_true(seen[i]);
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_int_equal(outcome_find(never[i], NULL)->repair, REPAIR_NONE);
	assert_int_equal(outcome_find(407, NULL)->bound, 3); /* S407-4 */
	assert_int_equal(outcome_find(411, NULL)->bound, 1); /* S411-2 */
	assert_int_equal(outcome_find(415, NULL)->bound, 1); /* S415-2 */
}

static void warnings_have_sentences(void **state)
{
	unsigned code, n = 0;

	(void)state;
	for (code = 0; code < 1000; code++) {
		if (!outcome_warning(code))
			continue;
		is_sentence(outcome_warning(code));
		n++;
	}
	assert_int_equal(n, 11);
	assert_null(outcome_warning(399));
}

static void actions_have_words(void **state)
{
	unsigned i, j;

	(void)state;
	for (i = 1; i < ACTIONS; i++) {
		assert_true(*outcome_action_name(i) && *outcome_action_label(i) && *outcome_action_command(i));
		for (j = 1; j < i; j++)
			assert_string_not_equal(outcome_action_name(i), outcome_action_name(j));
	}
	assert_string_equal(outcome_action_name(ACTION_NONE), "none");
	assert_string_equal(outcome_action_name(ACTION_REDIAL_AT), "redial-at-retry-after");
}

static void known_codes_are_found(void **state)
{
	bool known = false;
	unsigned i;

	(void)state;
	for (i = 0; i < EXPECTED; i++) {
		assert_int_equal(outcome_find(expected[i].code, &known)->code, expected[i].code);
		assert_true(known);
	}
	assert_int_equal(outcome_find(413, NULL)->kind, OUTCOME_RETRY_AFTER);
	assert_int_equal(outcome_find(404, NULL)->kind, OUTCOME_NOT_FOUND);
	assert_int_equal(outcome_find(486, NULL)->kind, OUTCOME_BUSY);
	assert_int_equal(outcome_find(603, NULL)->kind, OUTCOME_DECLINED);
	assert_int_equal(outcome_find(503, NULL)->kind, OUTCOME_SERVER_TROUBLE);
	assert_int_equal(outcome_find(408, NULL)->kind, OUTCOME_UNREACHABLE);
}

/* RFC 3261 section 8.1.3.2: as x00 of the class. Every number there is, so that none is forgotten. */
static void unknown_codes_go_by_their_class(void **state)
{
	unsigned code, next = 0;

	(void)state;
	for (code = 300; code <= 699; code++) {
		bool known = true;
		const struct outcome *o = outcome_find(code, &known);

		if (next < EXPECTED && expected[next].code == code) {
			next++;
			continue;
		}
		assert_false(known);
		assert_int_equal(o->code, code / 100 * 100);
		if (code >= 600) {
			assert_int_equal(o->kind, OUTCOME_DECLINED);
			assert_int_equal(o->tone, TONE_REORDER);
			is_sentence(o->sentence);
			is_sentence(o->registration);
		}
		else
			assert_ptr_equal(o, outcome_find(o->code, NULL));
	}
	assert_int_equal(next, EXPECTED);
}

static void impossible_codes_are_500(void **state)
{
	static const unsigned code[] = {0, 1, 100, 183, 200, 299, 700, 999, 4000000000u};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
		bool known = true;

		assert_int_equal(outcome_find(code[i], &known)->code, 500);
		assert_false(known);
	}
}

static void local_failures_have_titles(void **state)
{
	static const struct { enum local_error error; const char *title, *name; } want[] = {
		{LOCAL_TIMEOUT, "No answer", "timeout"},
		{LOCAL_TRANSPORT, "Network not reachable", "transport"},
		{LOCAL_DNS, "Address not found", "dns"},
		{LOCAL_TLS, "No secure connection", "tls"},
		{LOCAL_REFUSED, "Connection refused", "refused"},
		{LOCAL_DEVICE, "Sound device not available", "device"},
		{LOCAL_NO_CODEC, "No common sound format", "no-codec"},
		{LOCAL_NO_AUDIO, "No sound in the call", "no-audio"},
	};
	unsigned i;

	(void)state;
	assert_int_equal(sizeof(want) / sizeof(want[0]), LOCAL_ERRORS - 1);
	for (i = 0; i < LOCAL_ERRORS - 1; i++) {
		const struct outcome *o = outcome_local(want[i].error);

		assert_int_equal(o->error, want[i].error);
		assert_string_equal(o->phrase, want[i].title);
		assert_string_equal(local_error_name(want[i].error), want[i].name);
	}
	assert_non_null(outcome_local(LOCAL_NONE));
}

/* S403-1: understood, but refused. S403-3: account or password are named when one had been sent. S410-1: for
 * good, no new address. */
static void the_seed_rows_say_what_they_must(void **state)
{
	(void)state;
	assert_non_null(strstr(outcome_find(403, NULL)->sentence, "understood"));
	assert_non_null(strstr(outcome_find(403, NULL)->sentence, "refuses"));
	assert_non_null(strstr(outcome_find(403, NULL)->refused, "account"));
	assert_non_null(strstr(outcome_find(403, NULL)->refused, "password"));
	assert_non_null(strstr(outcome_find(401, NULL)->refused, "password"));
	assert_non_null(strstr(outcome_find(407, NULL)->refused, "password"));
	assert_non_null(strstr(outcome_find(410, NULL)->sentence, "for good"));
	assert_non_null(strstr(outcome_find(410, NULL)->sentence, "no new one"));
	assert_non_null(strstr(outcome_find(409, NULL)->sentence, "clashes"));
}

static void words_of_events(void **state)
{
	static const char *const kind[] = {
		"progress", "success", "redirect", "retry-auto", "retry-after", "fix-and-redial", "busy", "declined",
		"unreachable", "not-found", "not-allowed", "server-trouble", "protocol-trouble", "local"};
	static const char *const tone[] = {"none", "ringback", "busy", "reorder", "sit", "call-waiting", "ring",
					   "dtmf", "milliwatt", "ring", "ring", "ring"};
	unsigned i;

	(void)state;
	assert_int_equal(sizeof(kind) / sizeof(kind[0]), OUTCOME_KINDS);
	for (i = 0; i < OUTCOME_KINDS; i++)
		assert_string_equal(outcome_kind_name(i), kind[i]);
	assert_int_equal(sizeof(tone) / sizeof(tone[0]), TONE_COUNT);
	for (i = 0; i < TONE_COUNT; i++)
		assert_string_equal(tone_name(i), tone[i]);
	assert_string_equal(outcome_kind_name(OUTCOME_KINDS), "");
	assert_string_equal(tone_name(TONE_COUNT), "");
	assert_string_equal(local_error_name(LOCAL_ERRORS), "");
}

static void exit_statuses(void **state)
{
	(void)state;
	assert_int_equal(outcome_exit_status(302, LOCAL_NONE), 3);
	assert_int_equal(outcome_exit_status(486, LOCAL_NONE), 4);
	assert_int_equal(outcome_exit_status(503, LOCAL_NONE), 5);
	assert_int_equal(outcome_exit_status(699, LOCAL_NONE), 6);
	assert_int_equal(outcome_exit_status(0, LOCAL_TIMEOUT), 7);
	assert_int_equal(outcome_exit_status(0, LOCAL_DNS), 1);
	assert_int_equal(outcome_exit_status(0, LOCAL_REFUSED), 1);
	assert_int_equal(outcome_exit_status(700, LOCAL_NONE), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_table_is_sorted_and_complete),
		cmocka_unit_test(every_row_says_something),
		cmocka_unit_test(tones_are_true),
		cmocka_unit_test(repairs_and_offers),
		cmocka_unit_test(warnings_have_sentences),
		cmocka_unit_test(actions_have_words),
		cmocka_unit_test(known_codes_are_found),
		cmocka_unit_test(unknown_codes_go_by_their_class),
		cmocka_unit_test(impossible_codes_are_500),
		cmocka_unit_test(local_failures_have_titles),
		cmocka_unit_test(the_seed_rows_say_what_they_must),
		cmocka_unit_test(words_of_events),
		cmocka_unit_test(exit_statuses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
