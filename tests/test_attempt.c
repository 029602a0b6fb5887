/* What comes next after a response: credentials at most once a realm, and never for ever. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "phone/attempt.h"

static struct account account;
static struct attempt attempt;
static struct response response;

static int setup(void **state)
{
	const char *why = "";

	(void)state;
	memset(&attempt, 0, sizeof(attempt));
	memset(&response, 0, sizeof(response));
	if (account_init(&account, "a", "sip:alice@example.com", &why) ||
	    account_set(&account, "password", "secret", &why))
		return -1;
	text_copy(response.ruri_host, sizeof(response.ruri_host), "example.com");
	text_copy(response.hop_host, sizeof(response.hop_host), "example.com");
	return 0;
}

/* A response CODE with the challenges added since. */
static struct attempt_decision next(unsigned code)
{
	struct attempt_decision d;

	response.code = code;
	attempt.requests++;
	d = attempt_next(&attempt, &response, &account);
	response.challenges = 0;
	return d;
}

static struct challenge *challenge(const char *realm, bool proxy)
{
	struct challenge *c = &response.challenge[response.challenges++];

	memset(c, 0, sizeof(*c));
	text_copy(c->realm, sizeof(c->realm), realm);
	c->proxy = proxy;
	c->supported = true;
	return c;
}

/* S402-3 S403-2 S408-4 and all that has no repair yet */
static void other_responses_end_it(void **state)
{
	static const unsigned code[] = {0, 302, 400, 402, 403, 404, 408, 413, 480, 486, 500, 503, 600, 603};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
		challenge("r", code[i] % 2);
		assert_int_equal(next(code[i]).step, ATTEMPT_GIVE_UP);
	}
	assert_int_equal(attempt.digest_tries, 0);
}

/* S407-2 */
static void a_challenge_is_answered(void **state)
{
	struct attempt_decision d;

	(void)state;
	challenge("example.com", true);
	d = next(407);
	assert_int_equal(d.step, ATTEMPT_DIGEST);
	assert_true(d.answer[0]);
	assert_false(d.credentials_refused);
	assert_int_equal(attempt.digest_tries, 1);
}

/* S407-4: the same credentials are not sent twice */
static void the_second_time_is_a_refusal(void **state)
{
	struct attempt_decision d;

	(void)state;
	challenge("r", true);
	next(407);
	challenge("r", true);
	d = next(407);
	assert_int_equal(d.step, ATTEMPT_GIVE_UP);
	assert_true(d.credentials_refused);
	assert_false(d.answer[0]);
	assert_int_equal(attempt.digest_tries, 1);
}

/* S407-4: unless stale=true; at most three resends */
static void stale_is_answered_three_times(void **state)
{
	struct attempt_decision d;
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		challenge("r", false)->stale = i > 0;
		assert_int_equal(next(401).step, ATTEMPT_DIGEST);
	}
	challenge("r", false)->stale = true;
	d = next(401);
	assert_int_equal(d.step, ATTEMPT_GIVE_UP);
	assert_false(d.credentials_refused);
	assert_int_equal(attempt.requests, 4);
}

/* S407-4 against a server that invents a realm each time */
static void new_realms_do_not_go_on_for_ever(void **state)
{
	unsigned resends = 0;
	char realm[16];

	(void)state;
	do {
		snprintf(realm, sizeof(realm), "r%u", resends);
		challenge(realm, true);
	} while (next(407).step == ATTEMPT_DIGEST && ++resends < 100);
	assert_int_equal(resends, 3);
}

/* S407-2: every realm for which there are credentials, in one resend */
static void all_realms_in_one_go(void **state)
{
	struct attempt_decision d;

	(void)state;
	text_copy(response.hop_host, sizeof(response.hop_host), "proxy.example.net"); /* a stranger */
	account_set(&account, "realm", "theirs", &(const char *){NULL});
	challenge("not ours", true);
	challenge("theirs", true);
	challenge("example.com", false);
	d = next(407);
	assert_int_equal(d.step, ATTEMPT_DIGEST);
	assert_false(d.answer[0]);
	assert_true(d.answer[1]);
	assert_true(d.answer[2]);
	assert_int_equal(attempt.digest_tries, 1);
	assert_int_equal(attempt.realms, 2);
}

static void a_second_proxy_on_the_way(void **state)
{
	(void)state;
	challenge("first", true);
	assert_int_equal(next(407).step, ATTEMPT_DIGEST);
	challenge("second", true);
	assert_int_equal(next(407).step, ATTEMPT_DIGEST);
	challenge("first", true);
	assert_int_equal(next(407).step, ATTEMPT_GIVE_UP);
}

/* several algorithms for one realm: the strongest that we can, of equals the first (RFC 8760 section 2.4) */
static void one_answer_a_realm(void **state)
{
	struct attempt_decision d;

	(void)state;
	challenge("r", false)->supported = false;
	challenge("r", false);
	challenge("r", false);
	d = next(401);
	assert_int_equal(d.step, ATTEMPT_DIGEST);
	assert_false(d.answer[0]);
	assert_true(d.answer[1]);
	assert_false(d.answer[2]);

	/* the unsupported one in front does not hide the refusal */
	challenge("r", false)->supported = false;
	challenge("r", false);
	assert_true(next(401).credentials_refused);

	/* another algorithm alone is not: that one has not had its answer */
	challenge("r", false)->supported = false;
	assert_false(next(401).credentials_refused);

	challenge("s", false);
	challenge("s", false)->strength = 1;
	challenge("s", false)->strength = 1;
	challenge("s", true);
	d = next(401);
	assert_false(d.answer[0]);
	assert_true(d.answer[1]);
	assert_false(d.answer[2]);
	assert_true(d.answer[3]);
}

/* a proxy and the server behind it may share a realm (RFC 3261 section 22.3) */
static void both_kinds_of_one_realm(void **state)
{
	struct attempt_decision d;

	(void)state;
	challenge("r", true);
	challenge("r", false);
	d = next(407);
	assert_true(d.answer[0]);
	assert_true(d.answer[1]);
}

static void what_cannot_be_computed_is_not_answered(void **state)
{
	struct attempt_decision d;

	(void)state;
	challenge("r", false)->supported = false;
	d = next(401);
	assert_int_equal(d.step, ATTEMPT_GIVE_UP);
	assert_false(d.credentials_refused);
	assert_int_equal(next(401).step, ATTEMPT_GIVE_UP); /* no challenge at all */
}

/* S407-5: nothing to send; nothing was refused either */
static void without_credentials(void **state)
{
	struct attempt_decision d;

	(void)state;
	account.password[0] = '\0';
	challenge("r", true);
	d = next(407);
	assert_int_equal(d.step, ATTEMPT_GIVE_UP);
	assert_false(d.credentials_refused);

	response.code = 401;
	challenge("r", false);
	d = attempt_next(&attempt, &response, NULL);
	assert_int_equal(d.step, ATTEMPT_GIVE_UP);
	assert_false(d.credentials_refused);
}

static void a_stranger_gets_no_answer(void **state)
{
	(void)state;
	text_copy(response.hop_host, sizeof(response.hop_host), "evil.example");
	challenge("example.com", true); /* the realm's name proves nothing */
	assert_int_equal(next(407).step, ATTEMPT_GIVE_UP);
	assert_int_equal(attempt.realms, 0);
}

static void the_budget_ends_it(void **state)
{
	(void)state;
	attempt.requests = ATTEMPT_BUDGET - 2;
	challenge("a", true);
	assert_int_equal(next(407).step, ATTEMPT_DIGEST);
	challenge("b", true);
	assert_int_equal(next(407).step, ATTEMPT_GIVE_UP);
}

/* S403-3, S403-2 */
static void forbidden_after_credentials(void **state)
{
	struct attempt_decision d;

	(void)state;
	assert_false(next(403).credentials_refused);
	challenge("r", true);
	next(407);
	d = next(403);
	assert_int_equal(d.step, ATTEMPT_GIVE_UP);
	assert_true(d.credentials_refused);
}

/* more realms than can be remembered: what is not remembered is not answered */
static void many_realms(void **state)
{
	struct attempt_decision d;
	unsigned i, answered = 0, round;
	char realm[16];

	(void)state;
	for (round = 0; round < 2; round++) {
		for (i = 0; i < CHALLENGES_MAX; i++) {
			snprintf(realm, sizeof(realm), "%u.%u", round, i / (2 - round));
			challenge(realm, true);
		}
		d = next(407);
		for (i = 0; i < CHALLENGES_MAX; i++)
			answered += d.answer[i];
	}
	assert_int_equal(answered, ATTEMPT_REALMS);
	assert_int_equal(attempt.realms, ATTEMPT_REALMS);

	/* a count that is too large is not believed */
	memset(&attempt, 0, sizeof(attempt));
	response.challenges = 1000;
	response.code = 407;
	d = attempt_next(&attempt, &response, &account);
	assert_int_equal(d.step, ATTEMPT_DIGEST);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(other_responses_end_it, setup),
		cmocka_unit_test_setup(a_challenge_is_answered, setup),
		cmocka_unit_test_setup(the_second_time_is_a_refusal, setup),
		cmocka_unit_test_setup(stale_is_answered_three_times, setup),
		cmocka_unit_test_setup(new_realms_do_not_go_on_for_ever, setup),
		cmocka_unit_test_setup(all_realms_in_one_go, setup),
		cmocka_unit_test_setup(a_second_proxy_on_the_way, setup),
		cmocka_unit_test_setup(one_answer_a_realm, setup),
		cmocka_unit_test_setup(both_kinds_of_one_realm, setup),
		cmocka_unit_test_setup(what_cannot_be_computed_is_not_answered, setup),
		cmocka_unit_test_setup(without_credentials, setup),
		cmocka_unit_test_setup(a_stranger_gets_no_answer, setup),
		cmocka_unit_test_setup(the_budget_ends_it, setup),
		cmocka_unit_test_setup(forbidden_after_credentials, setup),
		cmocka_unit_test_setup(many_realms, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
