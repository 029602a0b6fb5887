/* What a call does from dialling to its end, seen from its ports and its listeners, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>

#include "base/text.h"
#include "fake_ports.h"
#include "phone/snapshot.h"

static struct settings settings;
static struct phone *phone;
static struct snapshot snap;

/* Events join the record, so that their order among the ports is seen. */
static void note_event(const struct event *e, void *arg)
{
	const char *s = event_find_string(e, "state"), *tone = event_find_string(e, "tone");
	const struct event_field *on = event_find(e, "on");

	(void)arg;
	if (!strcmp(e->name, "call"))
		fake_note("event call %s", s);
	else if (!strcmp(e->name, "outcome"))
		fake_note("event outcome %d %s", (int)event_find_integer(e, "code", -1), event_find_string(e, "kind"));
	else if (!strcmp(e->name, "tone"))
		fake_note("event tone %s %s", tone, on->v.boolean ? "on" : "off");
	else if (!strcmp(e->name, "registration"))
		fake_note("event registration %s", s);
}

static int setup(void **state)
{
	(void)state;
	memset(&settings, 0, sizeof(settings));
	strcpy(settings.codecs, "opus,PCMU,PCMA");
	strcpy(settings.local_user, "me");
	settings.ring_timeout = settings.dial_timeout = 180;
	settings.tone_seconds = 5;
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
	return call;
}

static struct media_params agreed(enum media_direction direction)
{
	struct media_params m = {.remote_address = "127.0.0.1", .remote_port = 5000, .direction = direction};

	m.codec = codec_get(CODEC_PCMU);
	return m;
}

static unsigned established(const char *target)
{
	struct media_params m = agreed(MEDIA_BOTH);
	unsigned call = dial(target);
	uint16_t port;

	phone_sip_sent(phone, call);
	phone_sip_media_address(phone, call, "127.0.0.1", &port);
	phone_sip_established(phone, call, &m);
	fake_taken();
	return call;
}

static unsigned ringing_in(const char *user)
{
	struct incoming in = {.request_user = user, .from_uri = "sip:bob@127.0.0.1", .from_name = "Bob"};
	unsigned call;

	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	fake_pass(phone, 0);
	return call;
}

static struct response answer(unsigned code, const char *reason)
{
	struct response r = {.code = code};

	text_copy(r.reason, sizeof(r.reason), reason);
	return r;
}

static void take_snapshot(void)
{
	phone_snapshot(phone, &snap);
}

/* The main job: dialled, ringing, answered, hung up. */
static void a_call_is_made_and_ended(void **state)
{
	struct media_params m = agreed(MEDIA_BOTH);
	struct call_info info;
	uint16_t port;
	unsigned c;

	(void)state;
	c = dial("sip:bob@127.0.0.1");
	assert_string_equal(fake_taken(), "event call calling\ninvite 1 sip:bob@127.0.0.1 as -\n");
	phone_sip_sent(phone, c);
	assert_int_equal(phone_sip_media_address(phone, c, "127.0.0.1", &port), 0);
	phone_sip_progress(phone, c, 180, "Ringing", NULL);
	assert_string_equal(fake_taken(), "media open 1 on 127.0.0.1\ntone 1 ringback\nevent tone ringback on\n"
					  "event call ringing\n");
	phone_sip_established(phone, c, &m);
	assert_string_equal(fake_taken(), "tone 1 none\nevent tone ringback off\nmedia start 1 PCMU\nfocus 1\n"
					  "event call established\n");
	assert_int_equal(phone_call_info(phone, c, &info), 0);
	assert_true(info.was_established);
	assert_false(info.over);
	assert_int_equal(phone_hangup(phone, c), 0);
	assert_string_equal(fake_taken(), "hangup 1\nmedia close 1\nfocus 0\nrelease 1\nevent call closed\n");
	take_snapshot();
	assert_int_equal(snap.calls, 0);
	assert_int_equal(snap.notices, 0);
}

/* S406-2, S408-1: media stopped, tone, and only then the call is cleared; S403-1: the notice has the code. */
static void a_failed_call_tells_outcome_tone_closed(void **state)
{
	struct response r = answer(403, "Go away");
	struct call_info info;
	unsigned c = dial("sip:bob@127.0.0.1");
	uint16_t port;

	(void)state;
	phone_sip_media_address(phone, c, "127.0.0.1", &port);
	fake_taken();
	phone_sip_response(phone, c, &r);
	assert_string_equal(fake_taken(), "media close 1\nrelease 1\nevent outcome 403 not-allowed\n"
					  "tone 1 reorder\nevent tone reorder on\n");
	assert_int_equal(phone_call_info(phone, c, &info), 0);
	assert_true(info.failed && info.over && !info.closed);
	assert_int_equal(info.code, 403);

	fake_pass(phone, 4999);
	assert_string_equal(fake_taken(), "");
	fake_pass(phone, 1);
	assert_string_equal(fake_taken(), "tone 1 none\nevent tone reorder off\nevent call closed\n");

	take_snapshot();
	assert_int_equal(snap.calls, 1);
	assert_int_equal(snap.active_calls, 0);
	assert_string_equal(snap.call[0].failure, "403");
	assert_int_equal(snap.notices, 1);
	assert_string_equal(snap.notice[0].title, "403 Forbidden · sip:bob@127.0.0.1");
	assert_string_equal(snap.notice[0].server, "“Go away”");
	assert_true(strlen(snap.notice[0].sentence) > 10);

	/* the line stays as long as its notice */
	assert_int_equal(phone_notice_dismiss(phone, 0), 0);
	take_snapshot();
	assert_int_equal(snap.calls + snap.notices, 0);
}

static void a_tone_is_cut_by_hanging_up_or_dismissing(void **state)
{
	struct response r = answer(486, "Busy Here");
	unsigned c = dial("sip:bob@127.0.0.1");

	(void)state;
	phone_sip_response(phone, c, &r);
	fake_taken();
	assert_int_equal(phone_hangup(phone, c), 0);
	assert_string_equal(fake_taken(), "tone 1 none\nevent tone busy off\nevent call closed\n");

	c = dial("sip:eve@127.0.0.1");
	phone_sip_response(phone, c, &r);
	fake_taken();
	assert_int_equal(phone_notice_dismiss(phone, 0), 0);
	assert_string_equal(fake_taken(), "tone 2 none\nevent tone busy off\nevent call closed\n");
	fake_pass(phone, 10000);
	assert_string_equal(fake_taken(), "");
}

static void tone_seconds_0_means_no_tone(void **state)
{
	struct response r = answer(404, "Not Found");
	unsigned c = dial("sip:bob@127.0.0.1");

	(void)state;
	settings.tone_seconds = 0;
	fake_taken();
	phone_sip_response(phone, c, &r);
	assert_string_equal(fake_taken(), "release 1\nevent outcome 404 not-found\nevent call closed\n");
}

/* Calling the same target again takes the place of its failure. */
static void a_new_call_removes_the_notice_of_the_last(void **state)
{
	struct response r = answer(480, "Away");
	unsigned c = dial("sip:bob@127.0.0.1");

	(void)state;
	phone_sip_response(phone, c, &r);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	dial("sip:bob@127.0.0.1");
	take_snapshot();
	assert_int_equal(snap.notices, 0);
	assert_int_equal(snap.calls, 1);
	assert_int_equal(snap.call[0].number, 2);
}

/* S408-4, S408-5: nobody answers within dial-timeout: CANCEL, and a local timeout, not a 408. */
static void nobody_answers(void **state)
{
	unsigned c;

	(void)state;
	settings.dial_timeout = 30;
	c = dial("sip:bob@127.0.0.1");
	phone_sip_progress(phone, c, 180, "Ringing", NULL);
	fake_taken();
	fake_pass(phone, 29999);
	assert_string_equal(fake_taken(), "");
	fake_pass(phone, 1);
	assert_string_equal(fake_taken(), "hangup 1\ntone 1 none\nevent tone ringback off\nrelease 1\n"
					  "event outcome 0 local\ntone 1 reorder\nevent tone reorder on\n");
}

/* S407-2, S407-4, S407-6: a resend, no tone; a second refusal of the same realm is the outcome. */
static void a_challenge_is_answered_once(void **state)
{
	struct response r = answer(407, "Proxy Authentication Required");
	struct account a;
	const char *why;
	unsigned c;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:alice@example.com", &why), 0);
	assert_int_equal(account_set(&a, "password", "secret", &why), 0);
	assert_int_equal(account_set(&a, "register", "no", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	c = dial("bob");
	phone_sip_sent(phone, c);
	strcpy(r.hop_host, "example.com");
	strcpy(r.ruri_host, "example.com");
	r.challenges = 1;
	strcpy(r.challenge[0].realm, "example.com");
	r.challenge[0].proxy = r.challenge[0].supported = true;
	fake_taken();
	phone_sip_response(phone, c, &r);
	assert_string_equal(fake_taken(), "resend 1\n");
	phone_sip_sent(phone, c);
	phone_sip_response(phone, c, &r);
	assert_non_null(strstr(fake_taken(), "event outcome 407"));
}

static void early_media_is_heard_instead_of_ringback(void **state)
{
	struct media_params m = agreed(MEDIA_BOTH);
	unsigned c = dial("sip:bob@127.0.0.1");

	(void)state;
	phone_sip_progress(phone, c, 180, "Ringing", NULL);
	fake_taken();
	phone_sip_progress(phone, c, 183, "Session Progress", &m);
	assert_string_equal(fake_taken(), "tone 1 none\nevent tone ringback off\nmedia start 1 PCMU\nfocus 1\n"
					  "event call early\n");
}

static void an_invite_that_cannot_go_out_is_an_outcome(void **state)
{
	(void)state;
	fake_invite_error = ENETUNREACH;
	dial("sip:bob@127.0.0.1");
	assert_non_null(strstr(fake_taken(), "event outcome 0 local"));
	/* the cause is ours: no server has said it */
	take_snapshot();
	assert_string_equal(snap.notice[0].server, "");
	assert_non_null(strstr(snap.notice[0].sentence, strerror(ENETUNREACH)));
}

static void a_registration_that_fails_here_names_the_cause(void **state)
{
	struct response r = answer(0, "");
	struct account a;
	const char *why;

	(void)state;
	r.error = LOCAL_DNS;
	text_copy(r.detail, sizeof(r.detail), "nowhere.invalid");
	assert_int_equal(account_init(&a, "far", "sip:alice@nowhere.invalid", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	phone_sip_registration(phone, "far", REGISTRATION_FAILED, &r, 0, 0);
	take_snapshot();
	assert_string_equal(snap.notice[0].server, "");
	assert_non_null(strstr(snap.notice[0].sentence, "(nowhere.invalid)"));
}

/* No port for SIP: what needs one says so; nothing below is asked. */
static void without_signalling_a_call_fails_plainly(void **state)
{
	struct phone *mute;
	struct account a;
	struct dial d = {.target = "sip:bob@127.0.0.1"};
	struct call_info info;
	const char *why;
	unsigned call;

	(void)state;
	assert_int_equal(phone_new(&mute, &settings), 0);
	assert_int_equal(account_init(&a, "work", "sip:alice@example.com", &why), 0);
	assert_int_equal(phone_account_add(mute, &a), 0);
	assert_int_equal(phone_account_register(mute, "work", true), ENETDOWN);
	assert_int_equal(phone_dial(mute, &d, &call, &why), 0);
	assert_null(strstr(fake_taken(), "invite"));
	assert_int_equal(phone_call_info(mute, call, &info), 0);
	assert_true(info.failed);
	assert_int_equal(info.error, LOCAL_TRANSPORT);
	phone_free(mute);
}

/* The network is blamed for nothing that is not its fault. */
static void without_a_port_for_sound_that_is_said(void **state)
{
	struct response r = {.error = LOCAL_TRANSPORT, .detail = "Address already in use"};
	struct call_info info;
	unsigned c;
	uint16_t port;

	(void)state;
	c = dial("sip:bob@127.0.0.1");
	fake_media_error = EADDRINUSE;
	assert_int_equal(phone_sip_media_address(phone, c, "127.0.0.1", &port), EADDRINUSE);
	phone_sip_response(phone, c, &r);
	assert_int_equal(phone_call_info(phone, c, &info), 0);
	assert_int_equal(info.error, LOCAL_NO_AUDIO);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_non_null(strstr(snap.notice[0].sentence, "rtp-ports"));
	/* and where the call came in */
	c = ringing_in("me");
	assert_int_equal(phone_sip_media_address(phone, c, "127.0.0.1", &port), EADDRINUSE);
	fake_answer_error = EADDRINUSE;
	assert_int_equal(phone_answer(phone, c), EADDRINUSE);
	take_snapshot();
	assert_int_equal(snap.notices, 2);
}

static void holding_and_resuming(void **state)
{
	struct media_params m = agreed(MEDIA_SEND);
	unsigned c = established("sip:bob@127.0.0.1");

	(void)state;
	assert_int_equal(phone_hold(phone, c), 0);
	assert_string_equal(fake_taken(), "reoffer 1 sendonly\nfocus 0\n");
	assert_int_equal(phone_resume(phone, c), EBUSY);
	phone_sip_media(phone, c, &m);
	assert_string_equal(fake_taken(), "media start 1 PCMU\nevent call held\n");
	take_snapshot();
	assert_true(snap.call[0].held_by_us && !snap.call[0].held_by_them);
	assert_int_equal(phone_resume(phone, c), 0);
	m.direction = MEDIA_BOTH;
	phone_sip_media(phone, c, &m);
	assert_string_equal(fake_taken(), "reoffer 1 sendrecv\nfocus 1\nmedia start 1 PCMU\nevent call established\n");
}

/* Who cannot be resumed yet does not cost us the call that is spoken to. */
static void a_resume_that_has_to_wait_holds_nobody(void **state)
{
	unsigned one = established("sip:bob@127.0.0.1"), two;

	(void)state;
	two = established("sip:eve@127.0.0.1");
	take_snapshot();
	assert_int_equal(snap.selected, two);
	/* the first one's hold is still under way */
	assert_int_equal(phone_resume(phone, one), EBUSY);
	assert_string_equal(fake_taken(), "");
	take_snapshot();
	assert_int_equal(snap.selected, two);
	assert_true(snap.call[1].focused);
}

static void a_refused_hold_leaves_the_call_as_it_was(void **state)
{
	unsigned c = established("sip:bob@127.0.0.1");

	(void)state;
	phone_hold(phone, c);
	phone_sip_reoffer_failed(phone, c, 488, "Not here");
	take_snapshot();
	assert_int_equal(snap.call[0].state, CALL_ESTABLISHED);
	assert_true(snap.call[0].focused);
	assert_int_equal(snap.notices, 1);
	assert_non_null(strstr(snap.notice[0].title, "488"));
}

/* A re-INVITE that nobody asked for, as after a change of the network, holds nothing and resumes nothing. */
static void a_refusal_of_what_was_not_asked(void **state)
{
	unsigned c = established("sip:bob@127.0.0.1");

	(void)state;
	phone_sip_reoffer_failed(phone, c, 500, "Not now");
	take_snapshot();
	assert_int_equal(snap.call[0].state, CALL_ESTABLISHED);
	assert_true(snap.call[0].focused);
	assert_int_equal(snap.notices, 0);
}

static void the_network_is_lost_and_back(void **state)
{
	(void)state;
	phone_sip_network(phone, false);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_non_null(strstr(snap.notice[0].title, "Network lost"));
	/* one notice, with what is true now */
	phone_sip_network(phone, true);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_string_equal(snap.notice[0].title, "Network back.");
}

static void they_hold_us(void **state)
{
	struct media_params m = agreed(MEDIA_RECEIVE);
	unsigned c = established("sip:bob@127.0.0.1");

	(void)state;
	phone_sip_media(phone, c, &m);
	assert_string_equal(fake_taken(), "media start 1 PCMU\nevent call held\n");
	take_snapshot();
	assert_true(snap.call[0].held_by_them && !snap.call[0].held_by_us);
}

/* Dialling and answering hold the call that is up. */
static void one_conversation_at_a_time(void **state)
{
	unsigned first = established("sip:bob@127.0.0.1"), second;

	(void)state;
	dial("sip:eve@127.0.0.1");
	assert_string_equal(fake_taken(), "reoffer 1 sendonly\nfocus 0\nevent call calling\n"
					  "invite 2 sip:eve@127.0.0.1 as -\n");
	second = ringing_in("me");
	assert_int_equal(phone_answer(phone, 0), 0);
	assert_int_equal(phone_selected(phone), second);
	assert_int_not_equal(first, second);
}

static void an_incoming_call_rings_and_is_answered(void **state)
{
	struct media_params m = agreed(MEDIA_BOTH);
	unsigned c = ringing_in("me");

	(void)state;
	assert_string_equal(fake_taken(), "event call ringing\n180 1\ntone 1 ring\nevent tone ring on\n");
	assert_int_equal(phone_answer(phone, 0), 0);
	assert_string_equal(fake_taken(), "tone 1 none\nevent tone ring off\n200 1 with 3 codecs\n");
	assert_int_equal(phone_answer(phone, c), 0); /* the key pressed twice harms nothing */
	assert_string_equal(fake_taken(), "");
	phone_sip_established(phone, c, &m);
	assert_string_equal(fake_taken(), "media start 1 PCMU\nfocus 1\nevent call established\n");
}

/* S404-1, S404-3: nobody here by that name: 404, no ring, no line, no notice. */
static void a_stranger_is_not_found(void **state)
{
	struct incoming in = {.request_user = "nobody", .from_uri = "sip:bob@127.0.0.1", .from_name = ""};
	unsigned call;

	(void)state;
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 404);
	fake_pass(phone, 1000);
	assert_string_equal(fake_taken(), "");
	take_snapshot();
	assert_int_equal(snap.calls + snap.notices, 0);
	settings.answer_unknown_users = true;
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
}

/* A call is refused before it rings: nothing is heard, but it is told as missed, once. */
static void refused_before_it_rings(unsigned code, const char *title)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:bob@127.0.0.1", .from_name = "Bob"};
	unsigned call = 1;

	assert_int_equal(phone_sip_incoming(phone, &in, &call), code);
	assert_int_equal(call, 0);
	fake_pass(phone, 1000);
	assert_string_equal(fake_taken(), "event call closed\n");
	take_snapshot();
	assert_int_equal(snap.calls, 0);
	assert_string_equal(snap.notice[0].title, title);
}

static void nobody_is_disturbed(void **state)
{
	static const struct { const char *setting; unsigned code; } want[] = {
		{"", 480}, {"480", 480}, {"486", 486}, {"603", 603},
	};
	unsigned i;

	(void)state;
	phone_set_dnd(phone, true);
	take_snapshot();
	assert_true(snap.dnd);
	for (i = 0; i < 4; i++) {
		strcpy(settings.dnd_response, want[i].setting);
		refused_before_it_rings(want[i].code, "Missed call from Bob: you did not want to be disturbed.");
	}
	phone_set_dnd(phone, false);
	ringing_in("me");
}

/* Whether a number is withheld is what the caller says; it may be a reason to refuse. */
static void a_withheld_number(void **state)
{
	static const struct { const char *from, *name; bool asked; const char *who; } caller[] = {
		{"sip:anonymous@anonymous.invalid", "", false, "a withheld number"},
		{"sip:Anonymous@h", "Anonymous", false, "Anonymous (number withheld)"},
		{"sip:bob@h", "Bob", true, "Bob (number withheld)"},
		{"sip:bob@h", "Bob", false, "Bob"},
	};
	struct incoming in = {.request_user = "me"};
	unsigned i, call;

	(void)state;
	for (i = 0; i < 4; i++) {
		in.from_uri = caller[i].from;
		in.from_name = caller[i].name;
		in.withheld = caller[i].asked;
		settings.block_anonymous = false;
		assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
		take_snapshot();
		assert_string_equal(snap.call[0].name, caller[i].who);
		phone_reject(phone, call, 486);
		fake_taken();
		settings.block_anonymous = true;
		assert_int_equal(phone_sip_incoming(phone, &in, &call), i < 3 ? 433 : 0);
		if (i < 3)
			assert_string_equal(fake_taken(), "event call closed\n");
	}
	take_snapshot();
	assert_string_equal(snap.notice[0].title, "A call from Bob (number withheld) was refused.");
}

static unsigned ringing_for(const char *account)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:bob@127.0.0.1", .from_name = "Bob", .account = account};
	unsigned call;

	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	fake_pass(phone, 0);
	return call;
}

/* It beeps first, then it says so; and nobody is put on hold for it. */
static void a_call_is_answered_by_itself(void **state)
{
	struct media_params m = agreed(MEDIA_BOTH);
	struct account a;
	const char *why;
	unsigned c;

	(void)state;
	assert_int_equal(account_init(&a, "door", "sip:door@h", &why), 0);
	assert_int_equal(account_set(&a, "register", "no", &why), 0);
	assert_int_equal(account_set(&a, "answer-mode", "auto", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	fake_taken();
	c = ringing_for("door");
	assert_string_equal(fake_taken(), "event call ringing\n180 1\ntone 1 call-waiting\nevent tone call-waiting on\n");
	fake_pass(phone, 1999);
	assert_string_equal(fake_taken(), "");
	fake_pass(phone, 1);
	assert_string_equal(fake_taken(), "tone 1 none\nevent tone call-waiting off\n200 1 with 3 codecs\n");
	take_snapshot();
	assert_string_equal(snap.notice[0].title, "The call from Bob was answered by itself: you can be heard.");
	phone_sip_established(phone, c, &m);
	fake_taken();

	/* call waiting: a person decides */
	c = ringing_for("door");
	fake_pass(phone, 10000);
	assert_null(strstr(fake_taken(), "200 2"));
	phone_reject(phone, c, 486);

	/* by its user part, too */
	phone_hangup(phone, 1);
	c = ringing_in("door");
	fake_taken();
	fake_pass(phone, 2000);
	assert_non_null(strstr(fake_taken(), "200 3"));
	phone_hangup(phone, c);

	/* who hangs up first is not answered; nor is another account's call */
	c = ringing_for("door");
	phone_sip_closed(phone, c, ENDED_BY_THEM, 0, "");
	c = ringing_for(NULL);
	fake_taken();
	fake_pass(phone, 10000);
	assert_string_equal(fake_taken(), "");
}

/* What makes no sound is not answered either: nobody would know. */
static void a_flood_is_not_answered_by_itself(void **state)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:bob@127.0.0.1", .from_name = "Bob", .account = "door",
			      .flood = true};
	struct account a;
	const char *why;
	unsigned call;

	(void)state;
	assert_int_equal(account_init(&a, "door", "sip:door@h", &why), 0);
	assert_int_equal(account_set(&a, "register", "no", &why), 0);
	assert_int_equal(account_set(&a, "answer-mode", "auto", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	fake_taken();
	fake_pass(phone, 0);
	fake_pass(phone, 10000);
	assert_string_equal(fake_taken(), "180 1\n");
}

/* S404-1 comes first: who is not ours is neither told nor sent on. */
static void calls_are_sent_on(void **state)
{
	struct incoming in = {.request_user = "nobody", .from_uri = "sip:bob@127.0.0.1", .from_name = ""};
	const char *why = NULL;
	unsigned call;

	(void)state;
	assert_int_equal(phone_set_forward(phone, "no place", &why), EINVAL);
	assert_non_null(why);
	assert_string_equal(phone_forward(phone), "");
	assert_int_equal(phone_set_forward(phone, "eve@127.0.0.1", &why), 0);
	assert_string_equal(phone_forward(phone), "sip:eve@127.0.0.1");
	take_snapshot();
	assert_string_equal(snap.forward, "sip:eve@127.0.0.1");
	phone_set_dnd(phone, true);
	refused_before_it_rings(302, "A call from Bob was forwarded.");
	phone_set_dnd(phone, false);
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 404);
	assert_string_equal(fake_taken(), "");
	assert_int_equal(phone_set_forward(phone, NULL, &why), 0);
	ringing_in("me");
}

/* A caller who tries again and again fills neither the notices nor the history. */
static void refusals_are_told_in_measure(void **state)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:bob@127.0.0.1", .from_name = "Bob"};
	unsigned i, call, told = 0;
	const char *s;

	(void)state;
	phone_set_dnd(phone, true);
	for (i = 0; i < 1000; i++) {
		assert_int_equal(phone_sip_incoming(phone, &in, &call), 480);
		if (i % 500 == 499)
			fake_pass(phone, 60000);
	}
	for (s = fake_taken(); (s = strstr(s, "event call closed")) != NULL; s++)
		told++;
	assert_int_equal(told, 40);
}

static void above_max_calls_it_is_busy(void **state)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:bob@127.0.0.1", .from_name = ""};
	struct dial d = {.target = "sip:x@127.0.0.1"};
	const char *why = NULL;
	unsigned i, call;

	(void)state;
	for (i = 0; i < settings.max_calls; i++)
		assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 486);
	assert_int_equal(phone_dial(phone, &d, &call, &why), EUSERS);
	assert_non_null(why);
}

/* S408-2: Expires runs out: ringing stops then, 408 after a grace; a missed call is told. */
static void ringing_has_an_end(void **state)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:bob@127.0.0.1", .from_name = "Bob", .expires = 10};
	unsigned call;

	(void)state;
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	fake_pass(phone, 9999);
	fake_taken();
	fake_pass(phone, 1);
	assert_string_equal(fake_taken(), "tone 1 none\nevent tone ring off\n");
	fake_pass(phone, 1999);
	assert_string_equal(fake_taken(), "");
	fake_pass(phone, 1);
	assert_string_equal(fake_taken(), "408 1\nrelease 1\nevent call closed\n");
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_non_null(strstr(snap.notice[0].title, "Bob"));

	/* or 487, as RFC 3261 section 13.3.1 has it */
	strcpy(settings.expired_response, "487");
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	fake_pass(phone, 10000);
	fake_taken();
	fake_pass(phone, 2000);
	assert_string_equal(fake_taken(), "487 2\nrelease 2\nevent call closed\n");
}

/* S408-3: the CANCEL came first: no 408. Answered elsewhere is no missed call. */
static void the_caller_gives_up(void **state)
{
	unsigned c = ringing_in("me");

	(void)state;
	fake_taken();
	phone_sip_closed(phone, c, ENDED_BY_THEM, 0, "");
	fake_pass(phone, 400000);
	assert_string_equal(fake_taken(), "tone 1 none\nevent tone ring off\nrelease 1\nevent call closed\n");
	take_snapshot();
	assert_int_equal(snap.notices, 1);

	/* answered elsewhere is not missed */
	c = ringing_in("me");
	phone_sip_closed(phone, c, ENDED_BY_THEM, 200, "Call completed elsewhere");
	take_snapshot();
	assert_int_equal(snap.notices, 2);
	assert_string_equal(snap.notice[0].title, "The call from Bob was answered elsewhere.");

	/* Reason of a CANCEL, and of a BYE */
	c = ringing_in("me");
	phone_sip_closed(phone, c, ENDED_BY_THEM, 600, "Busy\x1b Everywhere");
	take_snapshot();
	assert_string_equal(snap.notice[0].title, "Missed call from Bob: “Busy^[ Everywhere”");
	c = established("sip:bob@127.0.0.1");
	phone_sip_closed(phone, c, ENDED_BY_THEM, 31, "Preempted");
	take_snapshot();
	assert_string_equal(snap.notice[0].title, "The call with sip:bob@127.0.0.1 was ended: “Preempted”");
	c = established("sip:bob@127.0.0.1");
	phone_sip_closed(phone, c, ENDED_BY_THEM, 16, "Normal Clearing");
	take_snapshot();
	assert_int_equal(snap.notices, 4);
}

/* What was agreed and cannot be played is said; a call that could not be held is held as soon as it can. */
static void a_call_without_its_sound_says_so(void **state)
{
	struct media_params m = agreed(MEDIA_BOTH);
	unsigned c = dial("sip:bob@127.0.0.1");

	(void)state;
	fake_start_error = EACCES;
	phone_sip_established(phone, c, &m);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_non_null(strstr(snap.notice[0].title, "has no sound"));
	assert_non_null(strstr(snap.notice[0].title, strerror(EACCES)));
}

static void a_hold_that_has_to_wait_comes_later(void **state)
{
	struct media_params m = agreed(MEDIA_SEND);
	unsigned one = established("sip:bob@127.0.0.1"), two;

	(void)state;
	phone_hold(phone, one);
	phone_sip_media(phone, one, &m);
	phone_resume(phone, one);
	fake_taken();
	two = ringing_in("me");
	assert_int_equal(phone_answer(phone, two), 0);
	assert_null(strstr(fake_taken(), "sendonly")); /* the resume is still under way */
	m.direction = MEDIA_BOTH;
	phone_sip_media(phone, one, &m);
	assert_non_null(strstr(fake_taken(), "reoffer 1 sendonly"));
	/* a refusal is not asked about again */
	phone_sip_reoffer_failed(phone, one, 488, "No");
	assert_null(strstr(fake_taken(), "reoffer"));

	/* it was never taken off hold: nothing is owed */
	phone_hold(phone, one);
	m.direction = MEDIA_SEND;
	phone_sip_media(phone, one, &m);
	phone_resume(phone, one);
	two = ringing_in("me");
	assert_int_equal(phone_answer(phone, two), 0);
	phone_sip_reoffer_failed(phone, one, 488, "No");
	phone_resume(phone, one);
	fake_taken();
	m.direction = MEDIA_BOTH;
	phone_sip_media(phone, one, &m);
	assert_null(strstr(fake_taken(), "sendonly"));
}

/* S402-1, S406-1: never sent, whoever asks. */
static void some_codes_are_never_sent(void **state)
{
	static const unsigned never[] = {402, 406, 421, 483, 200, 299, 700, 0};
	unsigned i;

	(void)state;
	ringing_in("me");
	fake_taken();
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++)
		assert_int_equal(phone_reject(phone, 0, never[i]), EINVAL);
	assert_string_equal(fake_taken(), "");
	assert_int_equal(phone_reject(phone, 0, 603), 0);
	assert_non_null(strstr(fake_taken(), "603 1\n"));
}

static void a_failure_tone_never_disturbs_a_call(void **state)
{
	struct response r = answer(404, "Not Found");
	unsigned first = established("sip:bob@127.0.0.1"), second;

	(void)state;
	second = dial("sip:eve@127.0.0.1");
	assert_int_equal(phone_resume(phone, first), EBUSY); /* its hold is still under way */
	phone_sip_media(phone, first, &(struct media_params){.direction = MEDIA_SEND, .codec = codec_get(CODEC_PCMU)});
	assert_int_equal(phone_resume(phone, first), 0);
	fake_taken();
	phone_sip_response(phone, second, &r);
	assert_null(strstr(fake_taken(), "tone"));
}

/* Nor does one that sounds already when a call is answered, a ring or a ringback. */
static void a_tone_gives_way_to_a_call(void **state)
{
	struct media_params m = agreed(MEDIA_BOTH);
	struct response r = answer(404, "Not Found");
	unsigned second;

	(void)state;
	phone_sip_response(phone, dial("sip:bob@127.0.0.1"), &r);
	phone_sip_progress(phone, dial("sip:carol@127.0.0.1"), 180, "Ringing", NULL);
	ringing_in("me");
	second = dial("sip:eve@127.0.0.1");
	fake_taken();
	phone_sip_established(phone, second, &m);
	assert_string_equal(fake_taken(),
		"tone 1 none\nevent tone reorder off\nevent call closed\n"
		"tone 2 none\nevent tone ringback off\n"
		"tone 3 call-waiting\nevent tone ring off\nevent tone call-waiting on\n"
		"media start 4 PCMU\nfocus 4\nevent call established\n");
}

/* Nor when it is taken off hold. */
static void a_tone_gives_way_to_a_call_resumed(void **state)
{
	struct response r = answer(404, "Not Found");
	unsigned first = established("sip:bob@127.0.0.1");

	(void)state;
	assert_int_equal(phone_hold(phone, first), 0);
	phone_sip_media(phone, first, &(struct media_params){.direction = MEDIA_SEND, .codec = codec_get(CODEC_PCMU)});
	phone_sip_response(phone, dial("sip:eve@127.0.0.1"), &r);
	assert_non_null(strstr(fake_taken(), "tone reorder on"));
	assert_int_equal(phone_resume(phone, first), 0);
	assert_non_null(strstr(fake_taken(), "tone reorder off"));
}

static void digits_are_sent_and_shown(void **state)
{
	unsigned c, i;

	(void)state;
	assert_int_equal(phone_dtmf(phone, 0, "1"), ENOENT);
	c = established("sip:bob@127.0.0.1");
	assert_int_equal(phone_dtmf(phone, c, "12,a#"), 0);
	assert_string_equal(fake_taken(), "dtmf 1 12,a#\n");
	phone_media_dtmf(phone, c, '7');
	take_snapshot();
	assert_string_equal(snap.call[0].dtmf_sent, "12A#");
	assert_string_equal(snap.call[0].dtmf_received, "7");
	for (i = 0; i < 100; i++)
		phone_media_dtmf(phone, c, i == 99 ? '9' : '1');
	take_snapshot();
	assert_int_equal(strlen(snap.call[0].dtmf_received), 64);
	assert_int_equal(snap.call[0].dtmf_received[63], '9');
	fake_dtmf_error = ENOTSUP;
	assert_int_equal(phone_dtmf(phone, c, "3"), ENOTSUP);
	take_snapshot();
	assert_string_equal(snap.call[0].dtmf_sent, "12A#");
}

static struct event media_event;

static void keep_media(const struct event *e, void *arg)
{
	unsigned i;

	(void)arg;
	if (strcmp(e->name, "media"))
		return;
	media_event = *e;
	/* its strings lie in itself */
	for (i = 0; i < e->n; i++) {
		if (e->field[i].type == EVENT_STRING)
			media_event.field[i].v.string = media_event.pool + (e->field[i].v.string - e->pool);
	}
}

static double real(const char *name)
{
	const struct event_field *f = event_find(&media_event, name);

	assert_non_null(f);
	assert_int_equal(f->type, EVENT_REAL);
	return f->v.real;
}

static void the_figures_of_sound_are_told(void **state)
{
	struct media_stats stats = {.codec = codec_get(CODEC_PCMU), .rate = 8000, .rx_packets = 5000000000, .tx_packets = 99,
		.rx_level = -30.26, .tx_level = -127, .jitter = 0.00123456, .loss = 0.33333, .late = 0.00004,
		.rtt = 0.0200499, .delay = 0.06, .mos = 4.3999};
	unsigned c;

	(void)state;
	assert_int_equal(phone_listen(phone, keep_media, NULL), 0);
	c = established("sip:bob@127.0.0.1");
	phone_media_stats(phone, c, &stats);
	assert_string_equal(event_find_string(&media_event, "codec"), "PCMU");
	assert_int_equal(event_find_integer(&media_event, "rx_packets", -1), 5000000000);
	assert_int_equal(event_find_integer(&media_event, "tx_packets", -1), 99);
	/* exactly the numbers that are written so */
	assert_true(real("rx_level") == -30.3 && real("tx_level") == -127);
	assert_true(real("jitter") == 0.0012 && real("rtt") == 0.02 && real("delay") == 0.06);
	assert_true(real("loss") == 0.3333 && real("late") == 0 && real("mos") == 4.4);
	stats.rtt = stats.mos = -1;
	stats.jitter = 1e300;
	phone_media_stats(phone, c, &stats);
	assert_null(event_find(&media_event, "rtt"));
	assert_null(event_find(&media_event, "mos"));
	assert_true(real("jitter") == 1e300);
	phone_unlisten(phone, keep_media, NULL);
}

/* Nothing from the network reaches a face as it came. */
static void hostile_names_are_harmless(void **state)
{
	char name[4096];
	struct incoming in = {.request_user = "me", .from_uri = "sip:\x1b]0;x\x07@h", .from_name = name};
	unsigned call;
	const char *p;

	(void)state;
	memset(name, 'A', sizeof(name) - 1);
	name[sizeof(name) - 1] = '\0';
	memcpy(name, "\x1b[31mred\x9b\xe2\x80\xae", 12);
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	take_snapshot();
	for (p = snap.call[0].name; *p; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	for (p = snap.call[0].peer; *p; p++)
		assert_true((unsigned char)*p >= 0x20 && *p != 0x7f);
	assert_null(strstr(snap.call[0].name, "\xe2\x80\xae"));
	assert_true(strlen(snap.call[0].name) < SNAPSHOT_TEXT);
}

static void an_unknown_code_is_named_so(void **state)
{
	struct response r = answer(499, "Whatever");
	unsigned c = dial("sip:bob@127.0.0.1");

	(void)state;
	phone_sip_response(phone, c, &r);
	take_snapshot();
	assert_string_equal(snap.notice[0].title, "499 (unknown, treated as 400 Bad Request) · sip:bob@127.0.0.1");
}

static void an_account_that_moves_takes_its_registration_back(void **state)
{
	struct account a, other;
	const char *why;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:alice@example.com", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	phone_sip_registration(phone, "work", REGISTRATION_REGISTERED, NULL, 60, 0);
	fake_taken();
	/* the next REGISTER takes the place of the last: nothing to take back */
	assert_int_equal(account_set(&a, "expires", "120", &why), 0);
	assert_int_equal(phone_account_replace(phone, &a), 0);
	assert_string_equal(fake_taken(), "forget work\nregister work\n");
	phone_sip_registration(phone, "work", REGISTRATION_REGISTERED, NULL, 60, 0);
	fake_taken();
	assert_int_equal(account_init(&other, "work", "sip:alice@example.org", &why), 0);
	assert_int_equal(phone_account_replace(phone, &other), 0);
	assert_string_equal(fake_taken(), "unregister work\nforget work\nregister work\n");
	assert_int_equal(account_set(&other, "register", "no", &why), 0);
	assert_int_equal(phone_account_replace(phone, &other), 0);
	assert_string_equal(fake_taken(), "unregister work\nforget work\n");
	/* it is not registered any more */
	assert_int_equal(phone_account_replace(phone, &other), 0);
	assert_string_equal(fake_taken(), "forget work\n");
}

static void a_registration_is_told(void **state)
{
	struct response r = answer(403, "Forbidden");
	struct account a;
	const char *why;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:alice@example.com", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	assert_string_equal(fake_taken(), "register work\n");
	assert_false(phone_accounts_settled(phone));
	phone_sip_registration(phone, "work", REGISTRATION_FAILED, &r, 0, 0);
	assert_true(phone_accounts_settled(phone));
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_int_equal(snap.account[0].code, 403);
	phone_sip_registration(phone, "work", REGISTRATION_REGISTERED, NULL, 60, 0);
	take_snapshot();
	assert_int_equal(snap.notices, 0);
	fake_taken();
	phone_shutdown(phone);
	assert_string_equal(fake_taken(), "unregister work\n");
	assert_false(phone_idle(phone));
	phone_sip_registration(phone, "work", REGISTRATION_UNREGISTERED, NULL, 0, 0);
	assert_true(phone_idle(phone));
}

/* Who has given a password is not asked to give one. */
static void a_password_is_refused(void **state)
{
	struct response r = answer(401, "Unauthorized");
	struct account a;
	const char *why;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:alice@example.com", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	phone_sip_registration(phone, "work", REGISTRATION_FAILED, &r, 0, 0);
	take_snapshot();
	assert_non_null(strstr(snap.notice[0].sentence, "give them to the account"));
	r.credentials_refused = true;
	phone_sip_registration(phone, "work", REGISTRATION_FAILED, &r, 0, 0);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_non_null(strstr(snap.notice[0].sentence, "did not accept"));
}

/* What passes by itself is no news; what does not is told once, with what the user can do. */
static void a_registration_is_tried_again(void **state)
{
	struct response r = answer(503, "Gone Fishing");
	struct account a;
	const char *why;
	unsigned id, i;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:alice@example.com", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	for (i = 1; i <= 2; i++) {
		fake_taken();
		phone_sip_registration(phone, "work", REGISTRATION_FAILED, &r, 0, 40 * i);
		assert_non_null(strstr(fake_taken(), "event registration"));
		take_snapshot();
		assert_int_equal(snap.notices, 0);
		assert_int_equal(snap.account[0].code, 503);
		assert_string_equal(snap.account[0].reason, "Gone Fishing");
		assert_true(snap.account[0].retry_ms == port_wall_ms() + 40000 * (int64_t)i);
	}
	phone_sip_registration(phone, "work", REGISTRATION_FAILED, &r, 0, 0);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_string_equal(snap.notice[0].title, "Account work: not registered, 503 Service Unavailable");
	assert_non_null(strstr(snap.notice[0].sentence, "does not try again by itself; account register work does."));
	assert_string_equal(snap.notice[0].server, "Gone Fishing");
	assert_true(snap.account[0].retry_ms == 0);
	/* the user's word */
	assert_int_equal(phone_account_register(phone, "work", true), 0);
	take_snapshot();
	assert_int_equal(snap.notices, 0);
	assert_int_equal(snap.account[0].state, REGISTRATION_REGISTERING);
	phone_sip_registration(phone, "work", REGISTRATION_REGISTERED, NULL, 60, 0);
	take_snapshot();
	assert_true(snap.account[0].until_ms == port_wall_ms() + 60000);
	assert_string_equal(snap.account[0].server, "example.com");

	/* one that was up goes on: one notice, which stays dismissed */
	for (i = 1; i <= 3; i++)
		phone_sip_registration(phone, "work", REGISTRATION_FAILED, &r, 0, 100);
	take_snapshot();
	assert_int_equal(snap.notices, 1);
	assert_non_null(strstr(snap.notice[0].sentence, "keeps trying"));
	id = snap.notice[0].id;
	phone_sip_registration(phone, "work", REGISTRATION_FAILED, &r, 0, 100);
	take_snapshot();
	assert_int_equal(snap.notice[0].id, id);
	phone_notice_dismiss(phone, id);
	phone_sip_registration(phone, "work", REGISTRATION_FAILED, &r, 0, 100);
	phone_sip_registration(phone, "work", REGISTRATION_REGISTERING, NULL, 0, 0);
	take_snapshot();
	assert_int_equal(snap.notices, 0);
}

static void notices_are_bounded_and_selected(void **state)
{
	unsigned i, id = 0;

	(void)state;
	for (i = 0; i < 60; i++)
		id = phone_notice_printf(phone, SEVERITY_INFO, NULL, "number %u", i);
	take_snapshot();
	assert_int_equal(snap.notices, SNAPSHOT_NOTICES);
	assert_string_equal(snap.notice[0].title, "number 59");
	assert_true(snap.notice[0].selected && snap.notice[0].id == id);
	assert_int_equal(phone_notice_step(phone, -1), ENOENT);
	assert_int_equal(phone_notice_step(phone, 1), 0);
	assert_int_equal(phone_notice_dismiss(phone, 0), 0);
	take_snapshot();
	assert_string_equal(snap.notice[1].title, "number 57");
	assert_true(snap.notice[1].selected);
	phone_notice(phone, SEVERITY_INFO, "same", "one");
	phone_notice(phone, SEVERITY_INFO, "same", "two");
	take_snapshot();
	assert_string_equal(snap.notice[0].title, "two");
	assert_string_equal(snap.notice[1].title, "number 59");
}

/* Ten thousand calls leave nothing behind but what scripts may still ask for. */
static void many_calls_leave_nothing(void **state)
{
	struct call_info info;
	unsigned i, c = 0;

	(void)state;
	for (i = 0; i < 10000; i++) {
		c = dial("sip:bob@127.0.0.1");
		phone_hangup(phone, c);
		fake_taken();
	}
	assert_int_equal(phone_call_info(phone, c, &info), 0);
	assert_true(info.closed);
	assert_int_equal(phone_call_info(phone, c - 1000, &info), ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_call_is_made_and_ended, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_call_tells_outcome_tone_closed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tone_is_cut_by_hanging_up_or_dismissing, setup, teardown),
		cmocka_unit_test_setup_teardown(tone_seconds_0_means_no_tone, setup, teardown),
		cmocka_unit_test_setup_teardown(a_new_call_removes_the_notice_of_the_last, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_answers, setup, teardown),
		cmocka_unit_test_setup_teardown(a_challenge_is_answered_once, setup, teardown),
		cmocka_unit_test_setup_teardown(early_media_is_heard_instead_of_ringback, setup, teardown),
		cmocka_unit_test_setup_teardown(an_invite_that_cannot_go_out_is_an_outcome, setup, teardown),
		cmocka_unit_test_setup_teardown(without_signalling_a_call_fails_plainly, setup, teardown),
		cmocka_unit_test_setup_teardown(without_a_port_for_sound_that_is_said, setup, teardown),
		cmocka_unit_test_setup_teardown(holding_and_resuming, setup, teardown),
		cmocka_unit_test_setup_teardown(a_resume_that_has_to_wait_holds_nobody, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refused_hold_leaves_the_call_as_it_was, setup, teardown),
		cmocka_unit_test_setup_teardown(a_refusal_of_what_was_not_asked, setup, teardown),
		cmocka_unit_test_setup_teardown(the_network_is_lost_and_back, setup, teardown),
		cmocka_unit_test_setup_teardown(they_hold_us, setup, teardown),
		cmocka_unit_test_setup_teardown(one_conversation_at_a_time, setup, teardown),
		cmocka_unit_test_setup_teardown(an_incoming_call_rings_and_is_answered, setup, teardown),
		cmocka_unit_test_setup_teardown(a_stranger_is_not_found, setup, teardown),
		cmocka_unit_test_setup_teardown(nobody_is_disturbed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_withheld_number, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_is_answered_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(a_flood_is_not_answered_by_itself, setup, teardown),
		cmocka_unit_test_setup_teardown(calls_are_sent_on, setup, teardown),
		cmocka_unit_test_setup_teardown(refusals_are_told_in_measure, setup, teardown),
		cmocka_unit_test_setup_teardown(above_max_calls_it_is_busy, setup, teardown),
		cmocka_unit_test_setup_teardown(ringing_has_an_end, setup, teardown),
		cmocka_unit_test_setup_teardown(the_caller_gives_up, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_without_its_sound_says_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_hold_that_has_to_wait_comes_later, setup, teardown),
		cmocka_unit_test_setup_teardown(some_codes_are_never_sent, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failure_tone_never_disturbs_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tone_gives_way_to_a_call, setup, teardown),
		cmocka_unit_test_setup_teardown(a_tone_gives_way_to_a_call_resumed, setup, teardown),
		cmocka_unit_test_setup_teardown(digits_are_sent_and_shown, setup, teardown),
		cmocka_unit_test_setup_teardown(the_figures_of_sound_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(hostile_names_are_harmless, setup, teardown),
		cmocka_unit_test_setup_teardown(an_unknown_code_is_named_so, setup, teardown),
		cmocka_unit_test_setup_teardown(an_account_that_moves_takes_its_registration_back, setup, teardown),
		cmocka_unit_test_setup_teardown(a_registration_is_tried_again, setup, teardown),
		cmocka_unit_test_setup_teardown(a_registration_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(a_password_is_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(a_registration_that_fails_here_names_the_cause, setup, teardown),
		cmocka_unit_test_setup_teardown(notices_are_bounded_and_selected, setup, teardown),
		cmocka_unit_test_setup_teardown(many_calls_leave_nothing, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
