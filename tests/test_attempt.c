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
	assert_int_equal(attempt.used[REPAIR_DIGEST], 0);
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
	assert_int_equal(attempt.used[REPAIR_DIGEST], 1);
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
	assert_int_equal(attempt.used[REPAIR_DIGEST], 1);
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
	assert_int_equal(attempt.used[REPAIR_DIGEST], 1);
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

/* --- the other repairs -------------------------------------------------------------------- */

static void contact(const char *uri)
{
	struct contact *c = &response.contact[response.contacts++];

	memset(c, 0, sizeof(*c));
	text_copy(c->uri, sizeof(c->uri), uri);
}

/* The seed's codes that are never mended here, whatever stands in them: S402-3 S403-2 S409-2 S410-2 */
static void some_are_never_sent_again(void **state)
{
	unsigned code;

	(void)state;
	attempt.compact = attempt.can_shrink = attempt.follow_redirects = true;
	text_copy(attempt.tags, sizeof(attempt.tags), "x");
	text_copy(response.accept, sizeof(response.accept), "application/sdp");
	text_copy(response.unsupported, sizeof(response.unsupported), "x");
	text_copy(response.require, sizeof(response.require), "timer");
	text_copy(response.warning, sizeof(response.warning), "305 h \"x\"");
	response.min_se = 90;
	contact("sip:other@example.com");
	for (code = 300; code < 700; code++) {
		static const unsigned mended[] = {300, 301, 302, 305, 401, 407, 411, 413, 415, 420, 421, 422, 488, 491, 513, 606};
		bool may = code < 400 && code != 380; /* an unknown 3xx goes by 300 */
		unsigned i;

		for (i = 0; i < sizeof(mended) / sizeof(mended[0]); i++)
			may = may || mended[i] == code;
		if (!may)
			assert_int_equal(next(code).step, ATTEMPT_GIVE_UP);
		attempt.requests = 0;
	}
}

/* S411-1, S411-2: once, and only when the refused one had the short name */
static void length_required(void **state)
{
	struct attempt_decision d;

	(void)state;
	assert_int_equal(next(411).step, ATTEMPT_GIVE_UP); /* ours was long already */
	attempt.compact = true;
	d = next(411);
	assert_int_equal(d.step, ATTEMPT_RESEND);
	assert_true(d.form.long_names);
	assert_int_equal(d.requests_left, ATTEMPT_BUDGET - 2);
	assert_int_equal(next(411).step, ATTEMPT_GIVE_UP);
}

/* S413-3, S413-4, S413-5 */
static void too_large(void **state)
{
	(void)state;
	assert_int_equal(next(413).step, ATTEMPT_GIVE_UP); /* nothing to shrink */
	attempt.can_shrink = true;
	text_copy(response.retry_after, sizeof(response.retry_after), "10");
	assert_int_equal(next(413).step, ATTEMPT_GIVE_UP);
	text_copy(response.retry_after, sizeof(response.retry_after), "Thu, 01 Jan 2026 00:00:00 GMT");
	assert_int_equal(next(413).step, ATTEMPT_GIVE_UP);
	response.retry_after[0] = '\0';
	assert_int_equal(next(413).form.body, ATTEMPT_BODY_SMALL);
	assert_int_equal(next(413).step, ATTEMPT_GIVE_UP);
	assert_int_equal(next(513).step, ATTEMPT_GIVE_UP);
	/* it is small already */
	text_copy(response.accept, sizeof(response.accept), "application/sdp");
	assert_int_equal(next(415).step, ATTEMPT_GIVE_UP);
}

/* S415-2: once, if plain SDP gets through; and it is told */
static void unsupported_media_type(void **state)
{
	static const struct { const char *accept, *coding; bool resend; } want[] = {
		{"application/sdp", "", true}, {"text/plain, application/SDP;level=1", "", true}, {"*/*", "", true},
		{"application/*;q=0.5", "gzip, identity", true}, {"application/sdp", "gzip;q=1, *", true},
		{"", "", false}, {"text/plain", "", false}, {"application/sdpng", "", false}, {"application/sdp", "gzip", false},
		{", ,;", "", false},
	};
	struct attempt_decision d;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		memset(&attempt, 0, sizeof(attempt));
		attempt.can_shrink = true;
		text_copy(response.accept, sizeof(response.accept), want[i].accept);
		text_copy(response.accept_encoding, sizeof(response.accept_encoding), want[i].coding);
		d = next(415);
		assert_int_equal(d.step, want[i].resend ? ATTEMPT_RESEND : ATTEMPT_GIVE_UP);
		assert_true((d.tell != NULL) == want[i].resend);
		assert_int_equal(next(415).step, ATTEMPT_GIVE_UP);
	}
	/* what was sent is the plainest already */
	memset(&attempt, 0, sizeof(attempt));
	text_copy(response.accept, sizeof(response.accept), "application/sdp");
	response.accept_encoding[0] = '\0';
	assert_int_equal(next(415).step, ATTEMPT_GIVE_UP);
}

static void extensions(void **state)
{
	struct attempt_decision d;

	(void)state;
	/* not what we had asked for */
	text_copy(response.unsupported, sizeof(response.unsupported), "100rel gruu");
	assert_int_equal(next(420).step, ATTEMPT_GIVE_UP);
	attempt_add_tags(attempt.tags, sizeof(attempt.tags), " foo,100REL, bar foo");
	assert_string_equal(attempt.tags, "foo 100REL bar");
	d = next(420);
	assert_int_equal(d.step, ATTEMPT_RESEND);
	assert_string_equal(d.form.without, "100rel");
	text_copy(response.unsupported, sizeof(response.unsupported), "foo");
	assert_int_equal(next(420).step, ATTEMPT_GIVE_UP); /* once */

	memset(&attempt, 0, sizeof(attempt));
	text_copy(response.require, sizeof(response.require), "timer sec-agree");
	assert_int_equal(next(421).step, ATTEMPT_GIVE_UP);
	response.require[0] = '\0';
	assert_int_equal(next(421).step, ATTEMPT_GIVE_UP);
	text_copy(response.require, sizeof(response.require), "Timer");
	d = next(421);
	assert_int_equal(d.step, ATTEMPT_RESEND);
	assert_true(attempt_has_tag(d.form.with, "timer"));
	assert_int_equal(next(421).step, ATTEMPT_GIVE_UP);
	/* they insist on it, and do not know it */
	text_copy(response.unsupported, sizeof(response.unsupported), "timer");
	assert_string_equal(next(420).form.without, "timer");
	assert_int_equal(next(421).step, ATTEMPT_GIVE_UP);
}

static void longer_session_intervals(void **state)
{
	(void)state;
	assert_int_equal(next(422).step, ATTEMPT_GIVE_UP);
	response.min_se = 86401;
	assert_int_equal(next(422).step, ATTEMPT_GIVE_UP);
	response.min_se = 3600;
	assert_int_equal(next(422).form.session_interval, 3600);
	assert_int_equal(next(422).step, ATTEMPT_GIVE_UP); /* no longer than it was */
	response.min_se = 7200;
	assert_int_equal(next(422).form.session_interval, 7200);
	response.min_se = 9000;
	assert_int_equal(next(422).step, ATTEMPT_GIVE_UP); /* twice */
}

static void another_offer(void **state)
{
	static const struct { const char *warning; unsigned code; bool resend; } want[] = {
		{"305 host \"Incompatible media format\"", 305, true}, {" 306 h \"x\", 305 h \"y\"", 306, true},
		{"304 host \"No sound\"", 304, false}, {"370 h \"\"", 370, false}, {"399 h \"\"", 399, false}, {"", 0, false},
		{"3050 h \"x\"", 0, false}, {"x 305", 0, false}, {"305", 305, true}, {"305;", 0, false},
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		memset(&attempt, 0, sizeof(attempt));
		attempt.can_shrink = true;
		text_copy(response.warning, sizeof(response.warning), want[i].warning);
		assert_int_equal(attempt_warn_code(response.warning), want[i].code);
		assert_int_equal(next(i % 2 ? 606 : 488).step, want[i].resend ? ATTEMPT_RESEND : ATTEMPT_GIVE_UP);
		assert_int_equal(next(488).step, ATTEMPT_GIVE_UP);
	}
}

/* RFC 3261 section 14.1 */
static void glare_waits(void **state)
{
	unsigned i, delay[2];

	(void)state;
	for (i = 0; i < 2; i++) {
		struct attempt_decision d = next(491);

		assert_int_equal(d.step, ATTEMPT_RESEND);
		assert_in_range(d.delay_ms, 2100, 4000);
		delay[i] = d.delay_ms;
	}
	assert_int_not_equal(delay[0], delay[1]);
	assert_int_equal(next(491).step, ATTEMPT_GIVE_UP);
}

/* --- redirects ------------------------------------------------------------------------------ */

static void redirects_are_asked_about(void **state)
{
	(void)state;
	text_copy(attempt.target, sizeof(attempt.target), "sip:bob@example.com");
	contact("sip:bob@example.org");
	assert_int_equal(next(302).step, ATTEMPT_GIVE_UP);
	attempt.follow_redirects = true;
	assert_int_equal(next(380).step, ATTEMPT_GIVE_UP); /* offered, never followed */
	assert_int_equal(next(485).step, ATTEMPT_GIVE_UP); /* a person chooses */
	contact("sip:bob@example.net");
	assert_int_equal(next(300).step, ATTEMPT_GIVE_UP);
	response.contacts = 1;
	assert_int_equal(next(300).step, ATTEMPT_REDIRECT);
}

static void redirects_are_followed(void **state)
{
	struct attempt_decision d;

	(void)state;
	attempt.follow_redirects = true;
	text_copy(attempt.target, sizeof(attempt.target), "sip:bob@example.com");
	contact("mailto:bob@example.com");
	contact("sips:bob@example.com");
	contact("sip:bob@example.com"); /* itself */
	contact("sip:bob@[bad");
	contact("sip:bob@example.org;transport=tcp");
	d = next(302);
	assert_int_equal(d.step, ATTEMPT_REDIRECT);
	assert_string_equal(d.target, "sip:bob@example.org;transport=tcp");
	assert_string_equal(attempt.target, d.target);
	assert_true(attempt.redirected && !d.by_proxy && d.tell);
	/* back to where it came from, and to itself */
	response.contacts = 0;
	contact("sip:bob@example.com");
	contact("sip:bob@example.org;transport=tcp");
	assert_int_equal(next(301).step, ATTEMPT_GIVE_UP);
	response.contacts = 0;
	assert_int_equal(next(302).step, ATTEMPT_GIVE_UP);
	/* nothing less secure */
	memset(&attempt, 0, sizeof(attempt));
	attempt.follow_redirects = true;
	text_copy(attempt.target, sizeof(attempt.target), "sips:bob@example.com");
	contact("sip:bob@example.org");
	assert_int_equal(next(302).step, ATTEMPT_GIVE_UP);
}

static void redirects_end(void **state)
{
	unsigned n = 0;
	char uri[64];

	(void)state;
	attempt.follow_redirects = true;
	text_copy(attempt.target, sizeof(attempt.target), "sip:bob@example.com");
	do {
		response.contacts = 0;
		snprintf(uri, sizeof(uri), "sip:%u@example.com", n);
		contact(uri);
	} while (next(302).step == ATTEMPT_REDIRECT && ++n < 100);
	assert_int_equal(n, ATTEMPT_TARGETS);
}

/* The password goes where the account's server is; a redirect has led elsewhere. */
static void no_password_along_a_redirect(void **state)
{
	(void)state;
	attempt.follow_redirects = true;
	contact("sip:bob@example.com;x");
	next(302);
	challenge("example.com", false);
	challenge("example.com", true);
	assert_int_equal(next(401).step, ATTEMPT_GIVE_UP);
	account_set(&account, "realm", "theirs", &(const char *){NULL});
	challenge("example.com", true);
	challenge("theirs", true);
	assert_true(next(407).answer[1]);
	assert_int_equal(attempt.realms, 1);
}

/* What is asked for again behind a redirect was not refused: it was not sent there. */
static void not_sent_is_not_refused(void **state)
{
	struct attempt_decision d;

	(void)state;
	attempt.follow_redirects = true;
	account_set(&account, "realm", "r", &(const char *){NULL});
	challenge("r", true);
	assert_int_equal(next(407).step, ATTEMPT_DIGEST);
	contact("sip:bob@example.org");
	assert_int_equal(next(302).step, ATTEMPT_REDIRECT);
	challenge("r", true);
	d = next(407);
	assert_int_equal(d.step, ATTEMPT_GIVE_UP);
	assert_false(d.credentials_refused);
}

static void by_way_of_a_proxy(void **state)
{
	struct attempt_decision d;

	(void)state;
	text_copy(attempt.target, sizeof(attempt.target), "sip:bob@example.com");
	contact("sip:proxy.example.org;lr");
	assert_int_equal(next(305).step, ATTEMPT_GIVE_UP);
	attempt.follow_redirects = true;
	account_set(&account, "outbound", "sip:mine.example.com", &(const char *){NULL});
	assert_int_equal(next(305).step, ATTEMPT_GIVE_UP); /* the user has set one */
	attempt.follow_proxy = true;                       /* and agrees to this one */
	d = next(305);
	assert_int_equal(d.step, ATTEMPT_REDIRECT);
	assert_true(d.by_proxy && attempt.redirected);
	assert_string_equal(d.target, "sip:proxy.example.org;lr");
	assert_string_equal(attempt.target, "sip:bob@example.com");
	response.contacts = 0;
	contact("sip:other.example.org");
	assert_int_equal(next(305).step, ATTEMPT_GIVE_UP); /* once */
}

/* --- all of them together ------------------------------------------------------------------------ */

static uint32_t seed;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525u + 1013904223u;
	return (seed >> 8) % below;
}

/* A response of a server that means no good. */
static unsigned hostile(unsigned round)
{
	static const unsigned code[] = {300, 301, 302, 305, 401, 407, 411, 413, 415, 420, 421, 422, 488, 491, 503, 513, 606, 380};
	char text[64];
	unsigned i;

	memset(&response, 0, sizeof(response));
	text_copy(response.ruri_host, sizeof(response.ruri_host), "example.com");
	text_copy(response.hop_host, sizeof(response.hop_host), "example.com");
	for (i = draw(4); i > 0; i--) {
		snprintf(text, sizeof(text), "realm%u", draw(3) ? round : draw(4));
		challenge(text, draw(2))->stale = draw(2);
	}
	for (i = draw(4); i > 0; i--) {
		snprintf(text, sizeof(text), "sip:%u@example.com", draw(3) ? round : draw(4));
		contact(text);
	}
	text_copy(response.accept, sizeof(response.accept), draw(2) ? "application/sdp" : "");
	snprintf(text, sizeof(text), "t%u timer", draw(20));
	text_copy(response.unsupported, sizeof(response.unsupported), text);
	text_copy(response.require, sizeof(response.require), draw(2) ? "timer" : text);
	text_copy(response.warning, sizeof(response.warning), draw(2) ? "305 h \"x\"" : "");
	response.min_se = draw(2) ? draw(100000) : round * 100;
	return code[draw(sizeof(code) / sizeof(code[0]))];
}

/* S407-4 S411-2: loops of each kind and of all kinds end within eight requests. */
static void nothing_goes_on_for_ever(void **state)
{
	unsigned n, round, most = 0, i;

	(void)state;
	account_set(&account, "realm", "realm1", &(const char *){NULL});
	for (n = 0; n < 20000; n++) {
		bool same = n % 2;
		unsigned code = 0;

		seed = n;
		memset(&attempt, 0, sizeof(attempt));
		attempt.follow_redirects = attempt.compact = attempt.can_shrink = true;
		text_copy(attempt.target, sizeof(attempt.target), "sip:bob@example.com");
		for (i = 0; i < 20; i++) {
			char tag[8];

			snprintf(tag, sizeof(tag), "t%u", i);
			attempt_add_tags(attempt.tags, sizeof(attempt.tags), tag);
		}
		for (round = 0; round < 100; round++) {
			unsigned other = hostile(round);
			struct attempt_decision d;

			code = same && code ? code : other;
			attempt.requests += 1 + (draw(8) == 0); /* a hop that did not answer counts too */
			response.code = code;
			d = attempt_next(&attempt, &response, &account);
			if (d.step == ATTEMPT_GIVE_UP)
				break;
			assert_int_equal(d.requests_left, ATTEMPT_BUDGET - attempt.requests);
			assert_in_range(d.requests_left, 1, ATTEMPT_BUDGET);
		}
		assert_true(round < ATTEMPT_BUDGET);
		if (attempt.requests > most)
			most = attempt.requests;
	}
	/* the bound is met, and is what ends it */
	assert_in_range(most, ATTEMPT_BUDGET, ATTEMPT_BUDGET + 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(some_are_never_sent_again, setup),
		cmocka_unit_test_setup(length_required, setup),
		cmocka_unit_test_setup(too_large, setup),
		cmocka_unit_test_setup(unsupported_media_type, setup),
		cmocka_unit_test_setup(extensions, setup),
		cmocka_unit_test_setup(longer_session_intervals, setup),
		cmocka_unit_test_setup(another_offer, setup),
		cmocka_unit_test_setup(glare_waits, setup),
		cmocka_unit_test_setup(redirects_are_asked_about, setup),
		cmocka_unit_test_setup(redirects_are_followed, setup),
		cmocka_unit_test_setup(redirects_end, setup),
		cmocka_unit_test_setup(no_password_along_a_redirect, setup),
		cmocka_unit_test_setup(not_sent_is_not_refused, setup),
		cmocka_unit_test_setup(by_way_of_a_proxy, setup),
		cmocka_unit_test_setup(nothing_goes_on_for_ever, setup),
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
