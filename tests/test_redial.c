/* What a failed call tells and offers, and the redials that come of it, in virtual time. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "base/text.h"
#include "command/command.h"
#include "fake_ports.h"
#include "phone/snapshot.h"

#define BOB "sip:bob@127.0.0.1"

static struct settings settings;
static struct phone *phone;
static struct snapshot snap;
static struct event outcome; /* the last one */

static void keep_outcome(const struct event *e)
{
	unsigned i;

	outcome = *e;
	/* its strings lie in itself */
	for (i = 0; i < e->n; i++) {
		if (e->field[i].type == EVENT_STRING)
			outcome.field[i].v.string = outcome.pool + (e->field[i].v.string - e->pool);
		else if (e->field[i].type == EVENT_LIST)
			outcome.field[i].v.list.first = outcome.pool + (e->field[i].v.list.first - e->pool);
	}
}

static void note_event(const struct event *e, void *arg)
{
	const char *state = event_find_string(e, "state");
	const struct event_field *in = event_find(e, "in");
	int call = (int)event_find_integer(e, "call", -1);

	(void)arg;
	if (!strcmp(e->name, "outcome")) {
		keep_outcome(e);
		fake_note("outcome %d", (int)event_find_integer(e, "code", -1));
	}
	else if (!strcmp(e->name, "redial") && in)
		fake_note("redial %d %s in %g", call, state, in->v.real);
	else if (!strcmp(e->name, "redial"))
		fake_note("redial %d %s", call, state);
	else if (!strcmp(e->name, "call"))
		fake_note("call %d %s", call, state);
}

static int setup(void **state)
{
	(void)state;
	memset(&settings, 0, sizeof(settings));
	strcpy(settings.codecs, "opus,PCMU,PCMA");
	strcpy(settings.local_user, "me");
	strcpy(settings.redial, "ask");
	strcpy(settings.redirect, "ask");
	strcpy(settings.tone_not_found, "reorder");
	settings.ring_timeout = settings.dial_timeout = 180;
	settings.max_calls = 3;
	settings.volume = 100;
	fake_reset();
	if (phone_new(&phone, &settings))
		return -1;
	phone_start(phone);
	return phone_listen(phone, note_event, NULL);
}

static int teardown(void **state)
{
	(void)state;
	phone_free(phone);
	return 0;
}

static unsigned dial(const char *target)
{
	struct dial d = {.target = target};
	const char *why = "";
	unsigned call = 0;

	assert_int_equal(phone_dial(phone, &d, &call, &why), 0);
	phone_sip_sent(phone, call);
	return call;
}

static struct response response(unsigned code, const char *retry_after)
{
	struct response r = {.code = code};

	text_copy(r.reason, sizeof(r.reason), outcome_find(code, NULL)->phrase);
	text_copy(r.retry_after, sizeof(r.retry_after), retry_after);
	return r;
}

static void fails(unsigned call, unsigned code, const char *retry_after)
{
	struct response r = response(code, retry_after);
	struct call_info info;

	do { /* what is mended first fails again */
		phone_sip_response(phone, call, &r);
		assert_int_equal(phone_call_info(phone, call, &info), 0);
	} while (!info.failed);
}

/* A call to BOB that has failed with 480; the record is empty afterwards. */
static unsigned failed(const char *retry_after)
{
	unsigned call = dial(BOB);

	fails(call, 480, retry_after);
	fake_taken();
	return call;
}

static void take_snapshot(void)
{
	phone_snapshot(phone, &snap);
}

static bool has(const char *name, const char *item)
{
	const struct event_field *f = event_find(&outcome, name);
	const char *s;
	unsigned i;

	if (!f || f->type != EVENT_LIST)
		return false;
	for (i = 0, s = f->v.list.first; i < f->v.list.count; i++, s += strlen(s) + 1) {
		if (!strcmp(s, item))
			return true;
	}
	return false;
}

/* --- what is told ------------------------------------------------------------------------------- */

/* S413-1, S413-2: time, comment and duration are read, shown and told, and a redial is offered; it is on disk before
 * anybody hears of the outcome. */
static void a_redial_is_offered(void **state)
{
	struct response r = response(413, "27 (overnight \x1b maintenance);duration=3600");
	unsigned call = dial(BOB);
	int64_t wall = port_wall_ms();

	(void)state;
	fake_taken();
	phone_sip_response(phone, call, &r);
	assert_string_equal(fake_taken(), "release 1\nstore " BOB " waiting\noutcome 413\nredial 1 waiting in 27\ncall 1 closed\n");
	assert_int_equal(event_find_integer(&outcome, "retry_after", -1), 27);
	assert_int_equal(event_find_integer(&outcome, "retry_duration", -1), 3600);
	assert_string_equal(event_find_string(&outcome, "retry_comment"), "overnight ^[ maintenance");
	assert_true(event_find(&outcome, "retry_at")->v.real == (double)(wall + 27000) / 1000);
	assert_true(has("actions", "redial") && has("actions", "redial-at-retry-after") && has("actions", "details") &&
		    has("actions", "dismiss"));
	assert_int_equal(fake_stored_count, 1);
	assert_int_equal(fake_stored[0].code, 413);
	assert_int_equal(fake_stored[0].due_wall_ms, wall + 27000);
	assert_int_equal(fake_stored[0].until_wall_ms, wall + 3627000);

	fake_pass(phone, 7000);
	take_snapshot();
	assert_int_equal(snap.redials, 1);
	assert_int_equal(snap.next_redial_boot_ms - snap.boot_ms, 20000);
	assert_int_equal(snap.call[0].redial, REDIAL_WAITING);
	assert_int_equal(snap.call[0].retry_boot_ms - snap.boot_ms, 20000);
	assert_int_equal(snap.notice[0].redial, REDIAL_WAITING);
	assert_true(snap.notice[0].retry_known);
	assert_int_equal(snap.notice[0].retry_wall_ms, wall + 27000);
	assert_int_equal(snap.notice[0].until_wall_ms, wall + 3627000);
	assert_string_equal(snap.notice[0].retry_comment, "overnight ^[ maintenance");
	assert_false(snap.redial_due);
}

/* For the eight codes that may carry it; elsewhere the value is shown. */
static void for_which_codes(void **state)
{
	static const unsigned offered[] = {404, 413, 480, 486, 500, 503, 600, 603};
	unsigned code, i;

	(void)state;
	for (code = 300; code < 700; code++) {
		bool want = false;

		for (i = 0; i < sizeof(offered) / sizeof(offered[0]); i++)
			want = want || offered[i] == code;
		fails(dial(BOB), code, "10");
		take_snapshot();
		assert_int_equal(snap.redials, want);
		assert_true(snap.notice[0].retry_known);
		assert_int_equal(has("actions", "redial-at-retry-after"), want);
		assert_int_equal(event_find_integer(&outcome, "retry_after", -1), 10);
		phone_notice_dismiss(phone, 0);
		fake_taken();
	}
	assert_int_equal(fake_stored_count, 0);
}

/* Absurd values never hide the outcome; above 30 days they are shown only. */
static void absurd_values(void **state)
{
	const char *why;

	(void)state;
	fails(dial(BOB), 480, "99999999999999999999 (soon");
	assert_null(event_find(&outcome, "retry_after"));
	assert_int_equal(event_find_integer(&outcome, "code", -1), 480);
	fails(dial(BOB), 480, "4294967295");
	assert_int_equal(event_find_integer(&outcome, "retry_after", -1), 4294967295);
	take_snapshot();
	assert_true(snap.notice[0].retry_known && !snap.redials);
	assert_int_equal(phone_redial_auto(phone, 0, &why), ENOTSUP);
	assert_non_null(strstr(why, "30 days"));
	fails(dial(BOB), 480, "2592000");
	take_snapshot();
	assert_int_equal(snap.redials, 1);
	assert_int_equal(phone_redial_auto(phone, 0, &why), 0);
	fails(dial("sip:eve@127.0.0.1"), 480, "2592001");
	take_snapshot();
	assert_int_equal(snap.redials, 1);
}

/* All that a server said is told, marked as its words and bounded. S405-1 S406-4 S415-1 S407-5 S414-1 */
static void the_words_of_the_server(void **state)
{
	struct response r = response(415, "");
	const char *server;

	(void)state;
	memset(r.reason, 'R', sizeof(r.reason) - 1);
	text_copy(r.accept, sizeof(r.accept), "text/plain, application/x;q=\"a,b\"");
	text_copy(r.accept_encoding, sizeof(r.accept_encoding), "gzip");
	text_copy(r.accept_language, sizeof(r.accept_language), "de");
	text_copy(r.warning, sizeof(r.warning), "399 host \"Say \\\"please\\\"\", 305 h \"Other, format\"");
	text_copy(r.error_info, sizeof(r.error_info), "<sip:announcement@example.com>");
	text_copy(r.reason_header, sizeof(r.reason_header), "Q.850;cause=65");
	text_copy(r.allow, sizeof(r.allow), "INVITE, ACK");
	phone_sip_response(phone, dial(BOB), &r);
	take_snapshot();
	server = snap.notice[0].server;
	assert_non_null(strstr(server, "“RRR"));
	assert_non_null(strstr(server, "  Accept text/plain, application/x;q=\"a,b\""));
	assert_non_null(strstr(server, "Accept-Encoding gzip"));
	assert_non_null(strstr(server, "Warning 399 Say \"please\""));
	assert_non_null(strstr(server, "Warning 305 Other, format"));
	assert_non_null(strstr(server, "Reason Q.850;cause=65"));
	assert_non_null(strstr(event_find_string(&outcome, "server_text"), "Error-Info <sip:announcement@example.com>"));
	assert_true(has("allow", "INVITE") && has("allow", "ACK") && has("accept", "application/x;q=\"a,b\""));
	assert_true(has("warning", "305 h \"Other, format\""));
	assert_string_equal(event_find_string(&outcome, "standard_reason"), "Unsupported Media Type");

	r = response(401, "");
	r.challenges = 3;
	text_copy(r.challenge[0].realm, sizeof(r.challenge[0].realm), "the\nrealm");
	text_copy(r.challenge[1].realm, sizeof(r.challenge[1].realm), "the\nrealm");
	text_copy(r.challenge[2].realm, sizeof(r.challenge[2].realm), "other");
	phone_sip_response(phone, dial(BOB), &r);
	take_snapshot();
	assert_string_equal(snap.notice[0].server, "realm “the^Jrealm”  realm “other”");

	r = response(405, "");
	text_copy(r.allow, sizeof(r.allow), "OPTIONS");
	phone_sip_response(phone, dial(BOB), &r);
	take_snapshot();
	assert_string_equal(snap.notice[0].server, "Allow OPTIONS");
}

/* The sentence names what the Warning says (and S415: what it does not say is not made up). */
static void sentences_by_warning(void **state)
{
	struct response r = response(488, "");

	(void)state;
	phone_sip_response(phone, dial(BOB), &r);
	assert_string_equal(event_find_string(&outcome, "text"), outcome_find(488, NULL)->sentence);
	text_copy(r.warning, sizeof(r.warning), "304 h \"x\"");
	phone_sip_response(phone, dial(BOB), &r);
	assert_string_equal(event_find_string(&outcome, "text"), outcome_warning(304));
	assert_null(outcome_warning(399));
}

/* S405-2: a function that fails within a call leaves the call up, and says which. */
static void a_405_within_a_call(void **state)
{
	struct media_params m = {.direction = MEDIA_BOTH, .codec = codec_get(CODEC_PCMU)};
	unsigned call = dial(BOB);

	(void)state;
	phone_sip_established(phone, call, &m);
	assert_int_equal(phone_hold(phone, call), 0);
	phone_sip_reoffer_failed(phone, call, 405, "Method Not Allowed");
	take_snapshot();
	assert_int_equal(snap.call[0].state, CALL_ESTABLISHED);
	assert_non_null(strstr(snap.notice[0].title, "put on hold"));
	assert_non_null(strstr(snap.notice[0].title, "405"));
}

/* S403-3: the password went out, then came the 403; S407-5: without one, realm and question are shown */
static void after_a_password(void **state)
{
	struct response r = response(407, "");
	struct account a;
	const char *why;
	unsigned call;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:alice@example.com", &why), 0);
	assert_int_equal(account_set(&a, "register", "no", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	r.challenges = 1;
	r.challenge[0].proxy = r.challenge[0].supported = true;
	text_copy(r.challenge[0].realm, ACCOUNT_TEXT_MAX, "Example");
	text_copy(r.hop_host, ACCOUNT_TEXT_MAX, "example.com");
	phone_sip_response(phone, dial("bob"), &r);
	take_snapshot();
	assert_string_equal(snap.notice[0].server, "realm “Example”");
	assert_string_equal(snap.notice[0].action[0].command, "view prompt account edit work password=");
	assert_string_equal(event_find_string(&outcome, "text"), outcome_find(407, NULL)->sentence);

	assert_int_equal(account_set(&a, "password", "secret", &why), 0);
	assert_int_equal(phone_account_replace(phone, &a), 0);
	call = dial("bob");
	phone_sip_response(phone, call, &r);
	assert_int_equal(fake_decision.step, ATTEMPT_DIGEST);
	fails(call, 403, "");
	assert_string_equal(event_find_string(&outcome, "text"), outcome_find(403, NULL)->refused);
	take_snapshot();
	assert_string_equal(snap.notice[0].sentence, outcome_find(403, NULL)->refused);
}

/* 404, 410, 484, 604, and no others */
static void the_tone_of_nobody(void **state)
{
	static const struct { unsigned code; const char *tone; } want[] = {
		{404, "sit"}, {410, "sit"}, {484, "sit"}, {604, "sit"}, {403, "reorder"}, {486, "busy"}, {480, "reorder"},
	};
	char played[32];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		strcpy(settings.tone_not_found, "sit");
		settings.tone_seconds = 1;
		fake_taken();
		fails(dial(BOB), want[i].code, "");
		snprintf(played, sizeof(played), "tone %u %s\n", phone_last_call(phone), want[i].tone);
		assert_non_null(strstr(fake_taken(), played));
		assert_string_equal(event_find_string(&outcome, "tone"), want[i].tone);
		strcpy(settings.tone_not_found, "reorder");
		fails(dial(BOB), want[i].code, "");
		assert_string_equal(event_find_string(&outcome, "tone"), want[i].code == 486 ? "busy" : "reorder");
	}
}

/* --- actions --------------------------------------------------------------------------------------- */

static void is_a_command(const char *line)
{
	struct buf error = {0};
	const struct command *c;
	const char *why = NULL;
	struct words w;
	size_t pos = 0;

	assert_int_equal(parser_next(&w, line, &pos, &why), 0);
	c = command_find(w.word[0], &error);
	assert_non_null(c);
	assert_string_equal(c->name, w.word[0]);
	assert_in_range(w.n - 1, c->min, c->max);
	assert_int_equal(parser_next(&w, line, &pos, &why), ENOENT); /* one, and no more */
}

/* Each action of each row is one command, with a label; each of the table is used. */
static void every_action_is_a_command(void **state)
{
	bool seen[ACTIONS] = {false};
	unsigned count, i, j, rows = 0;
	const struct outcome *t = outcome_table(&count);
	struct account a;
	const char *why;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:al'ice@example.com", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	for (i = 0; i < count; i++) {
		struct response r = t[i].code ? response(t[i].code, "10") : (struct response){.error = t[i].error};
		struct dial d = {.target = "sip:b'o\"b@127.0.0.1", .account = "work"};
		unsigned call;

		if (i % 2)
			d.target = "b'ob";
		else
			d.target = "sip:b'ob;x@127.0.0.1;y=z";
		r.contacts = 3;
		text_copy(r.contact[0].uri, TARGET_MAX, "sip:one@example.com");
		text_copy(r.contact[1].uri, TARGET_MAX, "mailto:two@example.com");
		text_copy(r.contact[2].uri, TARGET_MAX, "sip:three@example.com");
		assert_int_equal(phone_dial(phone, &d, &call, &why), 0);
		for (j = 0; j < 4; j++) /* 491 is mended first */
			phone_sip_response(phone, call, &r);
		take_snapshot();
		assert_in_range(snap.notice[0].actions, 2, SNAPSHOT_ACTIONS);
		for (j = 0; j < snap.notice[0].actions; j++) {
			is_a_command(snap.notice[0].action[j].command);
			assert_true(*snap.notice[0].action[j].label);
			assert_null(strpbrk(snap.notice[0].action[j].command, "{}"));
			rows++;
		}
		for (j = 0; j < OUTCOME_ACTIONS && t[i].action[j]; j++) {
			assert_true(has("actions", outcome_action_name(t[i].action[j])));
			seen[t[i].action[j]] = true;
		}
		phone_notice_dismiss(phone, 0);
		fake_taken();
	}
	for (i = ACTION_NONE + 1; i < ACTION_DETAILS; i++)
		assert_true(seen[i]);
	assert_true(rows > 3 * count);
}

/* Nothing is offered that cannot be done. */
static void only_what_can_be_done(void **state)
{
	(void)state;
	fails(dial(BOB), 407, ""); /* a direct call: no account to give a password to */
	assert_false(has("actions", "give-credentials") || has("actions", "check-account"));
	fails(dial(BOB), 302, ""); /* no contact */
	assert_false(has("actions", "call-contact-offered"));
	fails(dial(BOB), 480, "");
	assert_false(has("actions", "redial-at-retry-after"));
	strcpy(settings.redial, "never");
	fails(dial(BOB), 480, "10");
	assert_false(has("actions", "redial-at-retry-after"));
	assert_true(has("actions", "redial"));
	take_snapshot();
	assert_true(snap.notice[0].retry_known && !snap.redials);
}

/* 484: the number comes back to be completed; with quotes in it, too */
static void the_number_comes_back(void **state)
{
	struct account a;
	const char *why;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:alice@example.com", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	fails(dial("+49 30 9018"), 484, "");
	take_snapshot();
	assert_string_equal(snap.notice[0].action[0].command, "view dial +49\\ 30\\ 9018");
}

/* --- contacts ----------------------------------------------------------------------------------------- */

static struct response offering(unsigned code)
{
	struct response r = response(code, "");

	r.contacts = 3;
	text_copy(r.contact[0].uri, TARGET_MAX, "mailto:x@example.com");
	text_copy(r.contact[1].uri, TARGET_MAX, "sip:one@example.com");
	text_copy(r.contact[1].name, RESPONSE_TEXT, "One");
	text_copy(r.contact[2].uri, TARGET_MAX, "sip:two@example.com");
	return r;
}

static void a_contact_is_called(void **state)
{
	static const unsigned code[] = {300, 301, 302, 380, 485};
	const char *why = NULL;
	struct call_info info;
	unsigned i, call;

	(void)state;
	for (i = 0; i < sizeof(code) / sizeof(code[0]); i++) {
		struct response r = offering(code[i]);

		phone_sip_response(phone, dial(BOB), &r);
		assert_true(has("contacts", "mailto:x@example.com") && has("contacts", "sip:two@example.com"));
		take_snapshot();
		/* what cannot be called is said by the server only, what can be is offered only */
		assert_non_null(strstr(snap.notice[0].server, "Contact mailto:x@example.com"));
		assert_null(strstr(snap.notice[0].server, "@example.com>"));
		assert_null(strstr(snap.notice[0].server, "sip:"));
		assert_string_equal(snap.notice[0].action[0].what, "One <sip:one@example.com>");
		assert_string_equal(snap.notice[0].action[1].command, "notice contact 2");
		assert_string_equal(snap.notice[0].action[1].what, "sip:two@example.com");
		assert_int_equal(phone_notice_contact(phone, 0, 3, &call, &why), ENOENT);
		assert_int_equal(phone_notice_contact(phone, 0, 0, &call, &why), ENOENT);
		assert_int_equal(phone_notice_contact(phone, 0, 2, &call, &why), 0);
		assert_int_equal(phone_call_info(phone, call, &info), 0);
		assert_string_equal(info.peer, "sip:two@example.com");
		phone_hangup(phone, call);
	}
	/* a long name does not push the address out of sight */
	struct response r = offering(302);
	memset(r.contact[1].name, 'n', 100);
	phone_sip_response(phone, dial(BOB), &r);
	take_snapshot();
	assert_true(strstr(snap.notice[0].action[0].what, " <sip:one@example.com>") - snap.notice[0].action[0].what <= 26);
	/* a Contact of other responses is who answered, and nothing to call */
	r = offering(486);
	phone_sip_response(phone, dial("sip:eve@127.0.0.1"), &r);
	assert_int_equal(phone_notice_contact(phone, 0, 1, &call, &why), ENOENT);
	strcpy(settings.redirect, "never");
	r = offering(302);
	phone_sip_response(phone, dial("sip:eve@127.0.0.1"), &r);
	assert_int_equal(phone_notice_contact(phone, 0, 1, &call, &why), ENOENT);
}

/* 305: the same target by way of the proxy that was agreed to */
static void a_proxy_is_agreed_to(void **state)
{
	struct response r = offering(305);
	const char *why = NULL;
	struct call_info info;
	unsigned call;

	(void)state;
	phone_sip_response(phone, dial(BOB), &r);
	assert_int_equal(phone_notice_contact(phone, 0, 1, &call, &why), 0);
	assert_int_equal(phone_call_info(phone, call, &info), 0);
	assert_string_equal(info.peer, BOB);
	phone_sip_sent(phone, call);
	phone_sip_response(phone, call, &r);
	assert_true(fake_decision.by_proxy);
	assert_string_equal(fake_decision.target, "sip:one@example.com");
}

/* A redirect that is followed is no outcome; the user is told. */
static void a_redirect_is_followed(void **state)
{
	struct response r = offering(302);
	unsigned call;

	(void)state;
	strcpy(settings.redirect, "follow");
	call = dial(BOB);
	phone_sip_progress(phone, call, 180, "Ringing", NULL);
	fake_taken();
	phone_sip_response(phone, call, &r);
	assert_string_equal(fake_taken(), "resend 1\ntone 1 none\ncall 1 calling\n");
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_string_equal(snap.notice[0].title, "302 Moved Temporarily · " BOB);
	assert_int_equal(snap.call[0].state, CALL_CALLING);
	/* what cannot be sent is the outcome after all */
	fake_resend_error = ENETUNREACH;
	text_copy(r.contact[1].uri, TARGET_MAX, "sip:three@example.com");
	phone_sip_response(phone, call, &r);
	assert_int_equal(event_find_integer(&outcome, "code", -1), 302);
}

/* A repair that came to the same answer again is told once: by the outcome. */
static void a_repair_in_vain_is_not_told_twice(void **state)
{
	struct response r = response(488, "");
	unsigned call = dial(BOB);

	(void)state;
	text_copy(r.warning, sizeof(r.warning), "305 h \"Incompatible media format\"");
	phone_sip_response(phone, call, &r);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_string_equal(snap.notice[0].title, "488 Not Acceptable Here · " BOB);
	assert_int_equal(snap.notice[0].severity, SEVERITY_INFO);
	phone_sip_response(phone, call, &r);
	assert_int_equal(event_find_integer(&outcome, "code", -1), 488);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_int_equal(snap.notice[0].severity, SEVERITY_ERROR);
	/* another answer is other news */
	call = dial("sip:eve@127.0.0.1");
	phone_sip_response(phone, call, &r);
	r = response(486, "");
	phone_sip_response(phone, call, &r);
	take_snapshot();
	assert_int_equal(snap.notices, 3);
}

/* --- time ------------------------------------------------------------------------------------------------ */

static void at_zero_it_asks(void **state)
{
	unsigned call = failed("10"), again;
	const char *why = NULL;

	(void)state;
	phone_notice(phone, SEVERITY_INFO, NULL, "something else");
	fake_pass(phone, 9999);
	assert_string_equal(fake_taken(), "");
	fake_pass(phone, 1);
	assert_string_equal(fake_taken(), "store " BOB " waiting\nredial 1 due\n");
	take_snapshot();
	assert_true(snap.redial_due);
	assert_int_equal(snap.due_notice, snap.notice[1].id);
	assert_true(snap.notice[1].selected); /* <CR> means it */
	assert_int_equal(snap.redials, 0);
	fake_pass(phone, 1000000);
	assert_string_equal(fake_taken(), ""); /* and never dials by itself */
	assert_int_equal(phone_redial_now(phone, call, &again, &why), 0);
	assert_string_equal(fake_taken(), "forget " BOB "\nredial 1 dialing\ncall 2 calling\ninvite 2 " BOB " as -\n");
	assert_int_equal(fake_stored_count, 0);
	take_snapshot();
	assert_int_equal(snap.calls, 1);
	assert_false(snap.redial_due);
}

static bool is_noticed(const char *title)
{
	unsigned i;

	take_snapshot();
	for (i = 0; i < snap.notices; i++) {
		if (!strcmp(snap.notice[i].title, title))
			return true;
	}
	return false;
}

static void armed_it_goes_by_itself(void **state)
{
	unsigned call = failed("10");
	const char *why = NULL;

	(void)state;
	assert_int_equal(phone_redial_auto(phone, 0, &why), 0);
	assert_string_equal(fake_taken(), "store " BOB " armed\nredial 1 armed in 10\n");
	assert_true(phone_call_pending(phone, call));
	assert_int_equal(phone_redial_auto(phone, call, &why), 0);
	assert_string_equal(fake_taken(), "");
	assert_int_equal(phone_redial_disarm(phone, call), 0);
	assert_string_equal(fake_taken(), "store " BOB " waiting\nredial 1 waiting in 10\n");
	assert_int_equal(phone_redial_disarm(phone, call), ENOTCONN);
	assert_false(phone_call_pending(phone, call));
	assert_int_equal(phone_redial_auto(phone, call, &why), 0);
	fake_taken();
	fake_pass(phone, 10000);
	assert_string_equal(fake_taken(), "forget " BOB "\nredial 1 dialing\ncall 2 calling\ninvite 2 " BOB " as -\n");
	take_snapshot();
	assert_string_equal(snap.notice[0].title, "Redialing " BOB " …");
	assert_int_equal(phone_call_latest(phone, call), 2);
	assert_true(phone_call_pending(phone, call));
	assert_true(is_noticed("Redialing " BOB " …"));
	/* `A` armed one, not the next */
	fails(2, 480, "10");
	/* and what was on its way is no more */
	assert_false(is_noticed("Redialing " BOB " …"));
	assert_non_null(strstr(fake_taken(), "redial 2 waiting in 10"));
	assert_false(phone_call_pending(phone, call));
}

/* A person was faster than the phone: for a headless run it is still the call that it was started for. */
static void armed_and_then_by_hand(void **state)
{
	unsigned call = failed("10"), again;
	const char *why = NULL;

	(void)state;
	assert_int_equal(phone_redial_auto(phone, call, &why), 0);
	assert_int_equal(phone_redial_now(phone, call, &again, &why), 0);
	assert_int_equal(phone_call_latest(phone, call), again);
	assert_true(phone_call_pending(phone, call));
	fails(again, 486, "");
	assert_false(phone_call_pending(phone, call));
}

/* The first at its time, then 30 s apart at least, five in a row at most. */
static void five_in_a_row(void **state)
{
	const char *why = NULL;
	unsigned i;

	(void)state;
	strcpy(settings.redial, "auto");
	fails(dial(BOB), 480, "0");
	fake_pass(phone, 0);
	assert_non_null(strstr(fake_taken(), "invite 2 "));
	for (i = 2; i <= 5; i++) {
		char want[32];

		snprintf(want, sizeof(want), "redial %u armed in 30\n", i);
		fails(i, 480, "3");
		assert_non_null(strstr(fake_taken(), want));
		fake_pass(phone, 29999);
		assert_null(strstr(fake_taken(), "invite"));
		fake_pass(phone, 1);
		snprintf(want, sizeof(want), "invite %u ", i + 1);
		assert_non_null(strstr(fake_taken(), want));
	}
	fails(6, 480, "3");
	assert_non_null(strstr(fake_taken(), "redial 6 waiting in 3"));
	assert_int_equal(phone_redial_auto(phone, 0, &why), ENOTSUP);
	assert_non_null(strstr(why, "five times"));
	fake_pass(phone, 100000);
	assert_string_equal(fake_taken(), "store " BOB " waiting\nredial 6 due\n");
	/* by hand it begins anew */
	fails(dial(BOB), 480, "3");
	assert_non_null(strstr(fake_taken(), "redial 7 armed in 3"));
	/* a longer wait than the gap is kept to */
	fake_pass(phone, 3000);
	fails(8, 480, "300");
	assert_non_null(strstr(fake_taken(), "redial 8 armed in 300"));
}

static void a_call_that_is_up_comes_first(void **state)
{
	struct media_params m = {.direction = MEDIA_BOTH, .codec = codec_get(CODEC_PCMU)};
	const char *why = NULL;
	unsigned eve;

	(void)state;
	failed("10");
	assert_int_equal(phone_redial_auto(phone, 0, &why), 0);
	eve = dial("sip:eve@127.0.0.1");
	phone_sip_established(phone, eve, &m);
	fake_taken();
	fake_pass(phone, 60000);
	assert_string_equal(fake_taken(), "");
	phone_hangup(phone, eve);
	fake_pass(phone, 0);
	assert_non_null(strstr(fake_taken(), "redial 1 dialing\ncall 3 calling\n"));
	/* so does a tone that still sounds */
	phone_hangup(phone, 3);
	settings.tone_seconds = 5;
	fails(dial("sip:eve@127.0.0.1"), 480, "1");
	assert_int_equal(phone_redial_auto(phone, 4, &why), 0);
	fake_taken();
	fake_pass(phone, 4999);
	assert_null(strstr(fake_taken(), "invite"));
	fake_pass(phone, 1);
	assert_non_null(strstr(fake_taken(), "invite 5"));
	/* and the end of the program */
	fails(5, 480, "31");
	assert_int_equal(phone_redial_auto(phone, 5, &why), 0);
	phone_shutdown(phone);
	fake_taken();
	fake_pass(phone, 100000);
	assert_null(strstr(fake_taken(), "redial"));
	assert_int_equal(fake_stored_count, 1);
}

static void several_at_once(void **state)
{
	const char *why = NULL;
	char target[32];
	unsigned i;

	(void)state;
	for (i = 0; i < 3; i++) {
		snprintf(target, sizeof(target), "sip:%u@127.0.0.1", i);
		fails(dial(target), 486, i == 1 ? "5" : "10");
		if (i < 2)
			assert_int_equal(phone_redial_auto(phone, 0, &why), 0);
	}
	take_snapshot();
	assert_int_equal(snap.redials, 3);
	assert_int_equal(snap.next_redial_boot_ms - snap.boot_ms, 5000);
	fake_taken();
	fake_pass(phone, 20000);
	/* the nearest went; the others wait until it has ended */
	assert_non_null(strstr(fake_taken(), "redial 2 dialing"));
	take_snapshot();
	assert_int_equal(snap.redials, 2);
	phone_hangup(phone, 4);
	fake_pass(phone, 0);
	assert_non_null(strstr(fake_taken(), "redial 1 dialing"));
	phone_hangup(phone, 5);
	fake_pass(phone, 0);
	assert_non_null(strstr(fake_taken(), "redial 3 due"));
}

/* A success by hand cancels it; a failure or a cancelled try does not. */
static void called_by_hand_meanwhile(void **state)
{
	struct media_params m = {.direction = MEDIA_BOTH, .codec = codec_get(CODEC_PCMU)};
	unsigned call;

	(void)state;
	failed("100");
	fails(dial(BOB), 486, "");
	take_snapshot();
	assert_int_equal(snap.calls, 1);
	assert_int_equal(snap.notices, 1);
	assert_int_equal(snap.call[0].number, 2);
	assert_int_equal(snap.call[0].redial, REDIAL_WAITING);
	assert_int_equal(fake_stored_count, 1);

	call = dial(BOB);
	fake_taken();
	phone_hangup(phone, call);
	assert_non_null(strstr(fake_taken(), "redial 4 waiting in 100"));
	take_snapshot();
	assert_int_equal(snap.calls, 1);
	assert_int_equal(snap.notice[0].call, 4);
	assert_string_equal(snap.notice[0].title, "480 Temporarily Unavailable · " BOB);
	assert_int_equal(phone_last_call(phone), 3); /* that line was never called */

	call = dial(BOB);
	fake_taken();
	phone_sip_established(phone, call, &m);
	assert_non_null(strstr(fake_taken(), "forget " BOB "\nredial 5 cancelled\n"));
	assert_int_equal(fake_stored_count, 0);
	phone_hangup(phone, call);
	fake_taken();
	fake_pass(phone, 200000);
	assert_string_equal(fake_taken(), "");
}

/* Killed in the middle, the phone has the old one or the new one, never none. */
static void a_newer_one_takes_its_place(void **state)
{
	const char *why = NULL;

	(void)state;
	failed("100");
	fails(dial(BOB), 480, "200");
	assert_null(strstr(fake_taken(), "forget"));
	assert_int_equal(fake_stored_count, 1);
	assert_int_equal(fake_stored[0].due_wall_ms - port_wall_ms(), 200000);
	take_snapshot();
	assert_int_equal(snap.redials, 1);
	assert_int_equal(phone_redial_auto(phone, 1, &why), 0); /* what the first one said, after all */
	assert_null(strstr(fake_taken(), "forget"));
	assert_int_equal(fake_stored_count, 1);
	assert_int_equal(fake_stored[0].due_wall_ms - port_wall_ms(), 100000);
}

/* Five armed ones, and then a person has called: the row is broken, also for what still waits. */
static void a_row_is_broken_by_hand(void **state)
{
	const char *why = NULL;
	unsigned i;

	(void)state;
	strcpy(settings.redial, "auto");
	fails(dial(BOB), 480, "0");
	for (i = 2; i <= 6; i++) {
		fake_pass(phone, 30000);
		fails(i, 480, "0");
	}
	strcpy(settings.redial, "ask");
	fails(dial(BOB), 480, "100");
	assert_int_equal(fake_stored[0].in_row, 0);
	/* five again, and this time the call by hand names no time of its own */
	strcpy(settings.redial, "auto");
	assert_int_equal(phone_redial_auto(phone, 0, &why), 0);
	fake_pass(phone, 100000);
	for (i = 8; i <= 11; i++) {
		fails(i, 480, "0");
		fake_pass(phone, 30000);
	}
	fails(12, 480, "100");
	assert_int_equal(fake_stored[0].in_row, REDIAL_IN_ROW_MAX);
	fails(dial(BOB), 486, "");
	assert_int_equal(phone_redial_auto(phone, 0, &why), 0);
	fake_taken();
	fake_pass(phone, 100000);
	assert_non_null(strstr(fake_taken(), "invite 14 "));
	fails(14, 480, "100");
	assert_int_equal(fake_stored_count, 1);
	assert_int_equal(fake_stored[0].in_row, 1);
}

/* Its line is gone, and what it had said is asked for after all: it gets another one. */
static void armed_after_it_was_dismissed(void **state)
{
	const char *why = NULL;

	(void)state;
	failed("10");
	assert_int_equal(phone_notice_dismiss(phone, 0), 0);
	fake_taken();
	assert_int_equal(phone_redial_auto(phone, 0, &why), 0);
	assert_string_equal(fake_taken(), "store " BOB " armed\nredial 2 armed in 10\n");
	take_snapshot();
	assert_int_equal(snap.calls, 1);
	assert_int_equal(snap.call[0].redial, REDIAL_ARMED);
	assert_int_equal(snap.notice[0].call, 2);
	/* and can be told to stop as any other */
	assert_int_equal(phone_notice_dismiss(phone, 0), 0);
	assert_non_null(strstr(fake_taken(), "redial 2 cancelled"));
}

/* A store that cannot be written says so in a notice of its own: the question stays the one that <CR> means. */
static void at_zero_with_a_full_disk(void **state)
{
	(void)state;
	failed("10");
	fake_store_fails = phone;
	fake_pass(phone, 10000);
	fake_store_fails = NULL;
	take_snapshot();
	assert_int_equal(snap.notices, 2);
	assert_true(snap.redial_due);
	assert_int_equal(snap.notice[1].id, snap.due_notice);
	assert_true(snap.notice[1].selected);
}

static void dismissed_or_cancelled(void **state)
{
	unsigned call = failed("10");
	const char *why = NULL;

	(void)state;
	assert_int_equal(phone_notice_dismiss(phone, 0), 0);
	assert_string_equal(fake_taken(), "forget " BOB "\nredial 1 cancelled\n");
	assert_int_equal(phone_redial_cancel(phone, 0), ENOENT);
	call = failed("10");
	assert_int_equal(phone_redial_cancel(phone, call), 0);
	assert_string_equal(fake_taken(), "forget " BOB "\nredial 2 cancelled\n");
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	/* thought better of it */
	assert_int_equal(phone_redial_auto(phone, call, &why), 0);
	assert_string_equal(fake_taken(), "store " BOB " armed\nredial 2 armed in 10\n");
	phone_redial_cancel(phone, call);
	call = failed("");
	assert_int_equal(phone_redial_auto(phone, 0, &why), ENOTSUP);
	assert_int_equal(phone_redial_auto(phone, 77, &why), ENOENT);
	strcpy(settings.redial, "never");
	failed("10");
	assert_int_equal(phone_redial_auto(phone, 0, &why), ENOTSUP);
}

/* Sixty-four lines of failed calls and fifty notices: what waits is the last to go. */
static void what_waits_is_not_crowded_out(void **state)
{
	char target[32];
	unsigned i;

	(void)state;
	failed("86400");
	for (i = 0; i < 100; i++) {
		snprintf(target, sizeof(target), "sip:%u@127.0.0.1", i);
		fails(dial(target), 404, "");
		fake_taken();
	}
	take_snapshot();
	assert_int_equal(snap.redials, 1);
	assert_int_equal(snap.call[0].number, 1);
	assert_int_equal(snap.notice[snap.notices - 1].call, 1);
}

/* As many as are kept: each is heard of in its time, though there are fewer notices than that. */
static void as_many_as_are_kept(void **state)
{
	char target[32];
	unsigned i;

	(void)state;
	for (i = 0; i < REDIALS_MAX; i++) {
		snprintf(target, sizeof(target), "sip:%u@127.0.0.1", i);
		fails(dial(target), 480, "100");
		fake_taken();
	}
	take_snapshot();
	assert_int_equal(snap.redials, REDIALS_MAX);
	assert_int_equal(snap.calls, REDIALS_MAX);
	assert_int_equal(snap.notices, SNAPSHOT_NOTICES);
	phone_notice(phone, SEVERITY_INFO, NULL, "more news");
	assert_int_equal(phone_redial_cancel(phone, 1), 0); /* its notice is gone, and now its line */
	take_snapshot();
	assert_int_equal(snap.redials, REDIALS_MAX - 1);
	assert_int_equal(snap.calls, REDIALS_MAX - 1);
	fake_pass(phone, 100000);
	take_snapshot();
	assert_int_equal(snap.redials, 0);
	assert_true(snap.redial_due);
	assert_int_equal(fake_stored_count, REDIALS_MAX - 1);
	/* one more takes the place of the oldest */
	fails(dial(BOB), 480, "100");
	fake_taken();
	fails(dial("sip:eve@127.0.0.1"), 480, "100");
	assert_non_null(strstr(fake_taken(), "forget sip:1@127.0.0.1\nredial 2 cancelled\n"));
	assert_int_equal(fake_stored_count, REDIALS_MAX);
}

/* What was crowded out is told again when its time has come. */
static void crowded_out_and_due(void **state)
{
	char target[32];
	unsigned i;

	(void)state;
	failed("50");
	for (i = 0; i < SNAPSHOT_NOTICES; i++) {
		snprintf(target, sizeof(target), "sip:%u@127.0.0.1", i);
		fails(dial(target), 480, "100");
		fake_taken();
	}
	fake_pass(phone, 50000);
	take_snapshot();
	assert_true(snap.redial_due);
	assert_int_equal(snap.due_notice, snap.notice[0].id);
	assert_int_equal(snap.notice[0].call, 1);
	assert_true(snap.notice[0].selected);
}

/* The question that is open stays while there is another notice to let go. */
static void due_and_not_crowded_out(void **state)
{
	char target[32];
	unsigned i;

	(void)state;
	failed("1");
	fake_pass(phone, 1000);
	for (i = 0; i < SNAPSHOT_NOTICES; i++) {
		snprintf(target, sizeof(target), "sip:%u@127.0.0.1", i);
		fails(dial(target), 480, "1000");
		fake_taken();
	}
	take_snapshot();
	assert_true(snap.redial_due);
	assert_int_equal(snap.notice[SNAPSHOT_NOTICES - 1].call, 1);
	assert_int_equal(snap.redials, SNAPSHOT_NOTICES);
}

/* A line without a notice goes when its target is called again. */
static void crowded_out_and_called_by_hand(void **state)
{
	char target[32];
	unsigned i;

	(void)state;
	failed("1000");
	for (i = 0; i < SNAPSHOT_NOTICES; i++) {
		snprintf(target, sizeof(target), "sip:%u@127.0.0.1", i);
		fails(dial(target), 480, "1000");
		fake_taken();
	}
	take_snapshot();
	assert_int_equal(snap.call[0].number, 1);
	dial(BOB);
	take_snapshot();
	assert_int_equal(snap.call[0].number, 2);
	assert_int_equal(snap.redials, SNAPSHOT_NOTICES + 1);
}

/* A call by hand answers the question. */
static void due_and_called_by_hand(void **state)
{
	(void)state;
	failed("1");
	fake_pass(phone, 1000);
	fake_taken();
	dial(BOB);
	assert_string_equal(fake_taken(), "forget " BOB "\nredial 1 dialing\ncall 2 calling\ninvite 2 " BOB " as -\n");
	fails(2, 486, "");
	take_snapshot();
	assert_false(snap.redial_due);
	assert_int_equal(fake_stored_count, 0);
}

/* --- over the end of the program --------------------------------------------------------------------------- */

static struct redial_record record(int64_t in_ms, bool armed)
{
	struct redial_record r = {.uri = BOB, .name = "Bob", .code = 413, .comment = "later", .armed = armed, .in_row = 2};

	r.due_wall_ms = port_wall_ms() + in_ms;
	return r;
}

static void stored_ones_come_back(void **state)
{
	struct redial_record r = record(20000, true);
	struct phone *later;
	struct call_info info;

	(void)state;
	phone_free(phone);
	assert_int_equal(phone_new(&later, &settings), 0);
	phone = later;
	phone_listen(phone, note_event, NULL);
	phone_redial_restore(phone, &r);
	assert_string_equal(fake_taken(), "redial 1 armed in 20\n");
	text_copy(r.uri, sizeof(r.uri), "sip:eve@127.0.0.1");
	r.due_wall_ms = port_wall_ms() - 1;
	phone_redial_restore(phone, &r);
	/* it fell due while nobody was there: it asks */
	assert_string_equal(fake_taken(), "store sip:eve@127.0.0.1 waiting\nredial 2 due\n");
	take_snapshot();
	assert_int_equal(snap.calls, 2);
	assert_int_equal(snap.active_calls, 0);
	assert_string_equal(snap.call[0].failure, "413");
	assert_string_equal(snap.notice[0].retry_comment, "later");
	assert_true(snap.redial_due);
	assert_int_equal(phone_last_call(phone), 0);
	assert_int_equal(phone_call_info(phone, 1, &info), 0);
	assert_true(info.failed && info.closed);
	/* without signalling nobody is called */
	fake_pass(phone, 20000);
	assert_string_equal(fake_taken(), "");
	phone_start(phone);
	fake_pass(phone, 0);
	assert_non_null(strstr(fake_taken(), "invite 3 " BOB));
	fails(3, 480, "1");
	assert_int_equal(fake_stored_count, 2);
	assert_string_equal(fake_stored[1].uri, BOB);
	assert_int_equal(fake_stored[1].in_row, 3);
}

/* Timers stand still while the machine sleeps; boot time does not. */
static void sleep_counts(void **state)
{
	(void)state;
	failed("3600");
	fake_pass(phone, 1000);
	fake_asleep += 3599 * 1000;
	take_snapshot();
	assert_int_equal(snap.next_redial_boot_ms, snap.boot_ms);
	fake_pass(phone, 2000);
	assert_non_null(strstr(fake_taken(), "redial 1 due"));
}

static void what_is_not_kept(void **state)
{
	struct account a;
	const char *why;

	(void)state;
	assert_int_equal(account_init(&a, "demo", "sip:demo@localhost", &why), 0);
	a.volatile_only = true;
	assert_int_equal(phone_account_add(phone, &a), 0);
	fails(dial("bob"), 480, "10");
	take_snapshot();
	assert_int_equal(snap.redials, 1);
	assert_int_equal(fake_stored_count, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_redial_is_offered, setup, teardown),
		cmocka_unit_test_setup_teardown(for_which_codes, setup, teardown),
		cmocka_unit_test_setup_teardown(absurd_values, setup, teardown),
		cmocka_unit_test_setup_teardown(the_words_of_the_server, setup, teardown),
		cmocka_unit_test_setup_teardown(sentences_by_warning, setup, teardown),
		cmocka_unit_test_setup_teardown(a_405_within_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(after_a_password, setup, teardown),
		cmocka_unit_test_setup_teardown(the_tone_of_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(every_action_is_a_command, setup, teardown),
		cmocka_unit_test_setup_teardown(only_what_can_be_done, setup, teardown),
		cmocka_unit_test_setup_teardown(the_number_comes_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_contact_is_called, setup, teardown),
		cmocka_unit_test_setup_teardown(a_proxy_is_agreed_to, setup, teardown),
		cmocka_unit_test_setup_teardown(a_redirect_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_repair_in_vain_is_not_told_twice, setup, teardown),
		cmocka_unit_test_setup_teardown(at_zero_it_asks, setup, teardown),
		cmocka_unit_test_setup_teardown(armed_it_goes_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(armed_and_then_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(five_in_a_row, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_that_is_up_comes_first, setup, teardown),
		cmocka_unit_test_setup_teardown(several_at_once, setup, teardown),
		cmocka_unit_test_setup_teardown(called_by_hand_meanwhile, setup, teardown),
		cmocka_unit_test_setup_teardown(a_newer_one_takes_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(a_row_is_broken_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(armed_after_it_was_dismissed, setup, teardown),
		cmocka_unit_test_setup_teardown(at_zero_with_a_full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(dismissed_or_cancelled, setup, teardown),
		cmocka_unit_test_setup_teardown(what_waits_is_not_crowded_out, setup, teardown),
		cmocka_unit_test_setup_teardown(as_many_as_are_kept, setup, teardown),
		cmocka_unit_test_setup_teardown(crowded_out_and_due, setup, teardown),
		cmocka_unit_test_setup_teardown(due_and_not_crowded_out, setup, teardown),
		cmocka_unit_test_setup_teardown(crowded_out_and_called_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(due_and_called_by_hand, setup, teardown),
		cmocka_unit_test_setup_teardown(stored_ones_come_back, setup, teardown),
		cmocka_unit_test_setup_teardown(sleep_counts, setup, teardown),
		cmocka_unit_test_setup_teardown(what_is_not_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
