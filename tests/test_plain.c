/* What --plain says of events. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>

#include "command_fakes.h"
#include "control/plain.h"

static struct event e;
static struct snapshot now;

static void says(const char *expected)
{
	struct buf b = {0};

	plain_event(&b, &e, &now);
	assert_string_equal(b.s ? b.s : "", expected);
	buf_free(&b);
}

static void call(const char *direction, const char *state)
{
	event_begin(&e, "call");
	event_integer(&e, "call", 3);
	event_string(&e, "direction", direction);
	event_string(&e, "peer", "sip:bob@h");
	event_string(&e, "name", "Bob");
	event_string(&e, "state", state);
}

static void calls(void **state)
{
	(void)state;
	call("out", "calling");
	says("Calling Bob <sip:bob@h>, call 3.\n");
	call("out", "ringing");
	says("It rings at Bob <sip:bob@h>, call 3.\n");
	call("in", "ringing");
	says("Call from Bob <sip:bob@h>, call 3. Type answer, or reject.\n");
	call("in", "established");
	says("Talking with Bob <sip:bob@h>, call 3.\n");
	call("in", "ringing");
	event_boolean(&e, "withheld", true);
	says("Call from Bob <sip:bob@h> (number withheld), call 3. Type answer, or reject.\n");
	call("out", "held");
	event_string(&e, "by", "them");
	says("Bob <sip:bob@h> has put you on hold, call 3.\n");
	call("out", "closed");
	event_string(&e, "ended_by", "them");
	event_real(&e, "duration", 62.2);
	says("Bob <sip:bob@h>, call 3, has ended, by the other side, after 1:02.\n");
	/* why it failed has been said by its notice */
	call("out", "closed");
	event_string(&e, "ended_by", "them");
	event_integer(&e, "code", 486);
	event_real(&e, "duration", 0);
	says("Bob <sip:bob@h>, call 3, has ended.\n");
}

/* A name that only repeats the address is said once. */
static void names(void **state)
{
	(void)state;
	event_begin(&e, "call");
	event_integer(&e, "call", 1);
	event_string(&e, "direction", "out");
	event_string(&e, "peer", "sip:bob@h");
	event_string(&e, "name", "sip:bob@h");
	event_string(&e, "state", "calling");
	says("Calling sip:bob@h, call 1.\n");
}

static void action(const char *command, const char *label)
{
	unsigned i = now.notice[1].actions++;

	text_copy(now.notice[1].action[i].command, sizeof(now.notice[1].action[i].command), command);
	now.notice[1].action[i].label = label;
}

static void a_notice(void **state)
{
	(void)state;
	setenv("TZ", "UTC", 1);
	tzset();
	memset(&now, 0, sizeof(now));
	now.notices = 2;
	now.notice[0].id = 8;
	now.notice[1].id = 7;
	text_copy(now.notice[1].server, sizeof(now.notice[1].server), "“go away”");
	now.boot_ms = 1000;
	now.notice[1].retry_known = true;
	now.notice[1].retry_boot_ms = 28000;
	now.notice[1].retry_wall_ms = 1700000027000;
	text_copy(now.notice[1].retry_comment, sizeof(now.notice[1].retry_comment), "maintenance");
	action("redial now notice", "redial now");
	action("notice open", "details"); /* needs a screen */
	action("view dial bob", "change the address");
	action("view prompt dial sip:bob@h codecs=", "other codecs"); /* can be typed without its prompt */
	action("notice dismiss", "dismiss");
	event_begin(&e, "notice");
	e.time_ms = 1700000000000;
	event_integer(&e, "id", 7);
	event_string(&e, "text", "413 Request Entity Too Large · Bob: Too large.");
	says("413 Request Entity Too Large · Bob: Too large.\n"
	     "Server: “go away”\n"
	     "Reachable again in 0:27, at 22:13:47. The server says: “maintenance”.\n"
	     "You can type: redial now notice (redial now), dial sip:bob@h codecs= (other codecs), notice dismiss (dismiss).\n");
	/* gone in between: its text is still said */
	event_begin(&e, "notice");
	event_integer(&e, "id", 9);
	event_string(&e, "text", "Gone.");
	says("Gone.\n");
}

static void the_rest(void **state)
{
	(void)state;
	event_begin(&e, "registration");
	event_string(&e, "account", "work");
	event_string(&e, "state", "failed");
	event_integer(&e, "code", 403);
	event_string(&e, "reason", "Forbidden");
	event_integer(&e, "retry_in", 30);
	says("Account work could not be registered: 403 Forbidden; tried again in 30 s\n");
	event_begin(&e, "redial");
	event_integer(&e, "call", 2);
	event_string(&e, "peer", "sip:bob@h");
	event_string(&e, "state", "due");
	says("\aCall sip:bob@h again now? Type redial now 2, or redial cancel 2.\n");
	event_begin(&e, "macro");
	event_string(&e, "name", "a");
	event_string(&e, "state", "failed");
	event_string(&e, "error", "step 2 of 4: 486 Busy Here");
	says("Macro a failed: step 2 of 4: 486 Busy Here\n");
	event_begin(&e, "media");
	says("");
	event_begin(&e, "tone");
	says("");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(calls), cmocka_unit_test(names), cmocka_unit_test(a_notice), cmocka_unit_test(the_rest),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
