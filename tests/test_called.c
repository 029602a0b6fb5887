/* What others may ask of the called phone besides an answer: to ring in some way, to take a call over, to tell of
 * messages. Seen from its ports and its listeners, in virtual time. */
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
#include "phone/internal.h"

static struct settings settings;
static struct phone *phone;
static struct snapshot snap;

static void note_event(const struct event *e, void *arg)
{
	const struct event_field *withheld = event_find(e, "withheld");

	(void)arg;
	if (!strcmp(e->name, "call"))
		fake_note("event call %d %s%s", (int)event_find_integer(e, "call", 0), event_find_string(e, "state"),
			  withheld ? withheld->v.boolean ? " withheld" : " not withheld" : "");
	else if (!strcmp(e->name, "mwi"))
		fake_note("event mwi %s %d %d", event_find_string(e, "account"), (int)event_find_integer(e, "new", -1),
			  (int)event_find_integer(e, "old", -1));
}

static int setup(void **state)
{
	(void)state;
	memset(&settings, 0, sizeof(settings));
	strcpy(settings.codecs, "opus,PCMU,PCMA");
	strcpy(settings.local_user, "me");
	settings.ring_timeout = settings.dial_timeout = 180;
	settings.tone_seconds = 5;
	settings.max_calls = 2;
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

static unsigned comes(const char *name, const char *alert, unsigned replaces)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:bob@127.0.0.1", .from_name = name, .alert = alert,
			      .replaces = replaces};
	unsigned call;

	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	return call;
}

static void up(unsigned call)
{
	struct media_params m = {.remote_address = "127.0.0.1", .remote_port = 5000, .direction = MEDIA_BOTH};

	m.codec = codec_get(CODEC_PCMU);
	phone_sip_established(phone, call, &m);
}

static const struct snapshot_notice *newest(void)
{
	phone_snapshot(phone, &snap);
	assert_true(snap.notices > 0);
	return &snap.notice[0];
}

/* The newest line's tone. */
static enum tone rings(const char *alert)
{
	unsigned call = comes("Bob", alert, 0);
	enum tone tone;

	fake_pass(phone, 0);
	phone_snapshot(phone, &snap);
	tone = snap.call[snap.calls - 1].tone;
	phone_reject(phone, call, 486);
	return tone;
}

/* RFC 7462, and what was said before it; what is not known, and an address, rings as always. */
static void it_rings_as_it_is_asked_to(void **state)
{
	static const struct { const char *alert; enum tone tone; } want[] = {
		{NULL, TONE_RING}, {"", TONE_RING}, {"<http://example.org/sound.wav>", TONE_RING},
		{"<urn:alert:source:internal>", TONE_RING_INTERNAL}, {"<URN:Alert:Source:Internal>", TONE_RING_INTERNAL},
		{"<urn:alert:source:internal:vip@example>", TONE_RING_INTERNAL}, {"<urn:alert:source:external>", TONE_RING},
		{"<urn:alert:source:internals>", TONE_RING}, {"<urn:alert:source:internal-x>", TONE_RING},
		{"<urn:alert:source:internal>, <urn:alert:priority:high>", TONE_RING_URGENT},
		{"<urn:alert:priority:low>", TONE_RING_SHORT}, {"<urn:alert:duration:short>", TONE_RING_SHORT},
		{"<http://127.0.0.1>;info=alert-internal;x-line-id=0", TONE_RING_INTERNAL},
		{"<http://127.0.0.1>;info=alert-external", TONE_RING}, {"<http://127.0.0.1/Bellcore-dr3>", TONE_RING_URGENT},
		{"info=bellcore-dr1", TONE_RING}, {"Bellcore-dr5", TONE_RING_SHORT}, {"xBellcore-dr5", TONE_RING},
		{"Bellcore-dr55", TONE_RING},
	};
	unsigned i, call;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++) {
		if (rings(want[i].alert) != want[i].tone)
			fail_msg("“%s” does not ring as it should", want[i].alert);
	}
	/* while somebody is spoken to it is the short beep, whatever was asked for; also for one that rings by then */
	call = comes("Bob", "<urn:alert:source:internal>", 0);
	fake_pass(phone, 0);
	up(comes("Eve", NULL, 0));
	phone_snapshot(phone, &snap);
	assert_int_equal(snap.call[0].number, call);
	assert_int_equal(snap.call[0].tone, TONE_CALL_WAITING);
	phone_hangup(phone, call);
	assert_int_equal(rings("<urn:alert:priority:high>"), TONE_CALL_WAITING);
}

/* The new one is answered without ringing, then the old one ends, though all lines are taken and nobody may disturb. */
static void a_call_is_taken_over(void **state)
{
	unsigned other = comes("Dan", NULL, 0), old = comes("Bob", NULL, 0), call;

	(void)state;
	fake_pass(phone, 0);
	up(old);
	phone_set_dnd(phone, true);
	phone_select(phone, old);
	fake_taken();
	call = comes("Eve", NULL, old);
	fake_pass(phone, 0);
	assert_string_equal(fake_taken(), "event call 3 ringing\n200 3 with 3 codecs\nhangup 2\nfocus 0\nrelease 2\n"
					  "event call 2 closed\n");
	assert_string_equal(newest()->title, "Eve has taken over the call with Bob.");
	assert_int_equal(snap.selected, call);
	up(call);
	fake_taken();
	fake_pass(phone, 170000);
	assert_string_equal(fake_taken(), "");
	assert_int_equal(phone_hangup(phone, other), 0);
}

static void a_call_on_hold_stays_so(void **state)
{
	unsigned old = comes("Bob", NULL, 0), call;

	(void)state;
	up(old);
	phone_hold(phone, old);
	call = comes("Eve", NULL, old);
	fake_taken();
	up(call);
	assert_non_null(strstr(fake_taken(), "reoffer 2 sendonly\n"));
	phone_snapshot(phone, &snap);
	assert_int_equal(snap.calls, 1);
	assert_true(snap.call[0].held_by_us);
	assert_false(snap.call[0].focused);
}

/* One that rings elsewhere may be picked up by somebody else there. */
static void a_call_on_its_way_is_taken_over(void **state)
{
	struct dial d = {.target = "sip:bob@127.0.0.1"};
	const char *why;
	unsigned old;

	(void)state;
	assert_int_equal(phone_dial(phone, &d, &old, &why), 0);
	phone_sip_progress(phone, old, 180, "Ringing", NULL);
	fake_taken();
	up(comes("Eve", NULL, old));
	assert_non_null(strstr(fake_taken(), "200 2 with 3 codecs\nhangup 1\n"));
	assert_string_equal(newest()->title, "Eve has taken over the call with sip:bob@127.0.0.1.");
	assert_int_equal(snap.calls, 1);
	assert_int_equal(snap.call[0].state, CALL_ESTABLISHED);
}

static void what_cannot_be_answered_takes_over_nothing(void **state)
{
	struct incoming in = {.request_user = "nobody", .from_uri = "sip:bob@127.0.0.1", .from_name = "Eve"};
	unsigned old = comes("Bob", NULL, 0), call;

	(void)state;
	up(old);
	fake_answer_error = EADDRINUSE;
	comes("Eve", NULL, old);
	fake_answer_error = 0;
	assert_null(strstr(fake_taken(), "hangup"));
	phone_snapshot(phone, &snap);
	assert_int_equal(snap.calls, 1);
	assert_int_equal(snap.call[0].number, old);
	assert_int_equal(snap.call[0].state, CALL_ESTABLISHED);
	assert_int_equal(snap.selected, old);

	in.replaces = 77;
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 481);
	phone_hangup(phone, old);
	in.replaces = old;
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 481);
	/* who replaces a call was told of it by its other side: the name that is called does not matter */
	old = comes("Bob", NULL, 0);
	up(old);
	in.replaces = old;
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
}

/* S408-3: also between the end of ringing and the 408, which leaves room for a CANCEL sent at the same instant. */
static void the_caller_gives_up_as_time_runs_out(void **state)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:bob@127.0.0.1", .from_name = "Bob", .expires = 10};
	unsigned call;

	(void)state;
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	fake_pass(phone, 11999);
	fake_taken();
	phone_sip_closed(phone, call, ENDED_BY_THEM, 0, "");
	fake_pass(phone, 400000);
	assert_string_equal(fake_taken(), "release 1\nevent call 1 closed\n");
	assert_string_equal(newest()->title, "Missed call from Bob");
	assert_int_equal(snap.notices, 1);
}

/* Not in the words of any language: scripts read it. */
static void withheld_is_told(void **state)
{
	struct incoming in = {.request_user = "me", .from_uri = "sip:anonymous@anonymous.invalid", .from_name = "Anonymous"};
	unsigned call;

	(void)state;
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	assert_string_equal(fake_taken(), "event call 1 ringing withheld\n");
	phone_sip_closed(phone, call, ENDED_BY_THEM, 0, "");
	assert_string_equal(newest()->title, "Missed call from Anonymous (number withheld)");
	comes("Bob", NULL, 0);
	assert_non_null(strstr(fake_taken(), "event call 2 ringing\n"));
}

static void messages_wait(void **state)
{
	struct account a;
	const char *why;

	(void)state;
	assert_int_equal(account_init(&a, "work", "sip:me@h", &why), 0);
	assert_int_equal(account_set(&a, "register", "no", &why), 0);
	assert_int_equal(phone_account_add(phone, &a), 0);
	fake_taken();
	phone_sip_messages(phone, "work", 1, 3);
	assert_string_equal(fake_taken(), "event mwi work 1 3\n");
	assert_string_equal(newest()->title, "1 new message for work.");
	phone_sip_messages(phone, "work", 1, 3); /* told again and again by some servers */
	assert_string_equal(fake_taken(), "");
	phone_sip_messages(phone, "work", 2, 3);
	assert_string_equal(newest()->title, "2 new messages for work.");
	assert_int_equal(snap.notices, 1);
	assert_int_equal(snap.messages, 2);
	phone_sip_messages(phone, "work", 0, 5);
	phone_snapshot(phone, &snap);
	assert_int_equal(snap.notices + snap.messages, 0);
	phone_sip_messages(phone, "home", 1, 0);
	assert_string_equal(fake_taken(), "event mwi work 2 3\nevent mwi work 0 5\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(it_rings_as_it_is_asked_to, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_is_taken_over, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_on_hold_stays_so, setup, teardown),
		cmocka_unit_test_setup_teardown(a_call_on_its_way_is_taken_over, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_answered_takes_over_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(the_caller_gives_up_as_time_runs_out, setup, teardown),
		cmocka_unit_test_setup_teardown(withheld_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(messages_wait, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
