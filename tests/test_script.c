/* Scripts over a fake phone, in virtual time. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/loop.h"
#include "command/handlers.h"
#include "command/macro.h"
#include "command_fakes.h"
#include "virtual_time.h"

/* ---- what scripts say ---- */

static struct settings settings;
static struct command_env env;
static struct script *script;
static char answer[256]; /* what the last line said */
static char told[8192]; /* "line=ok" or "line=error" for each answer, then "idle" */
static int last_status, quit_status;
static bool free_in_result, free_in_idle;

static void result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	size_t len = strlen(told);

	(void)arg;
	last_status = r->status;
	text_copy(answer, sizeof(answer), r->text.s ? r->text.s : "");
	snprintf(told + len, sizeof(told) - len, "%s=%s%s\n", line, r->ok ? "ok" : "error ",
		 r->ok ? "" : r->error.s);
	if (free_in_result) {
		script_free(s);
		script = NULL;
	}
}

static void idle_h(struct script *s, void *arg)
{
	size_t len = strlen(told);

	(void)arg;
	snprintf(told + len, sizeof(told) - len, "idle\n");
	if (free_in_idle) {
		script_free(s);
		script = NULL;
	}
}

static void quit_h(int status, void *arg)
{
	(void)arg;
	quit_status = status;
}

static char viewed[64];
static int view_h(const char *name, void *arg)
{
	(void)arg;
	text_copy(viewed, sizeof(viewed), name);
	return 0;
}

static int keys_h(const char *keys, void *arg)
{
	(void)arg;
	text_copy(viewed, sizeof(viewed), keys);
	return strcmp(keys, "wrong") ? 0 : EINVAL;
}

static char folder[] = "/tmp/test_script_XXXXXX";

static int setup(void **state)
{
	(void)state;
	fake_reset();
	options_defaults(&settings);
	memset(&env, 0, sizeof(env));
	env.settings = &settings;
	env.quit_h = quit_h;
	keymap_new(&env.keymap);
	told[0] = '\0';
	free_in_result = free_in_idle = false;
	return script_new(&script, &env, SCRIPT_INPUT, false, result_h, idle_h, NULL);
}

static int teardown(void **state)
{
	(void)state;
	script_free(script);
	keymap_free(env.keymap);
	assert_int_equal(timers(), 0);
	assert_int_equal(fake.listeners, 0);
	return 0;
}

/* Runs LINE to its end or first wait; what was told since the last time. */
static const char *run(const char *line)
{
	told[0] = '\0';
	assert_int_equal(script_add(script, line, NULL), 0);
	return told;
}

static const char *after(uint64_t ms)
{
	told[0] = '\0';
	pass(ms);
	return told;
}

static const char *path(const char *name)
{
	static char p[4][200];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(p[i], sizeof(p[i]), "%s/%s", folder, name);
	return p[i];
}

static void write_file(const char *name, mode_t mode, const char *content)
{
	FILE *f = fopen(path(name), "w");

	assert_non_null(f);
	fputs(content, f);
	fclose(f);
	assert_int_equal(chmod(path(name), mode), 0);
}

/* ---- running ---- */

static void one_after_the_other(void **state)
{
	(void)state;
	assert_string_equal(run("echo a ; echo b"), "echo a=ok\necho b=ok\nidle\n");
	assert_string_equal(run("  # nothing"), "idle\n");
	assert_string_equal(run("hangpu ; echo b"),
			    "hangpu=error unknown command \"hangpu\"; did you mean \"hangup\"?\necho b=ok\nidle\n");
	assert_int_equal(script_status(script), 2);
	assert_string_equal(run("echo a ; echo 'b"),
			    "echo a ; echo 'b=error a quotation mark ' is not closed\nidle\n");
	assert_string_equal(run("hangup 1 2"), "hangup 1 2=error usage: hangup [CALL]\nidle\n");
	assert_string_equal(run("ans"), "ans=error no call is ringing\nidle\n");
	assert_string_equal(run("h"), "h=error \"h\" could be several commands: hangup, help, history, hold, hook\nidle\n");
	assert_string_equal(run("hang"), "hang=ok\nidle\n");
	assert_string_equal(run("zzzzzz"), "zzzzzz=error unknown command \"zzzzzz\"\nidle\n");
	assert_string_equal(run("quit 9"), "quit 9=ok\nidle\n");
	assert_int_equal(quit_status, 9);
	assert_non_null(strstr(run("quit 256"), "0 to 255"));
}

static void sleeping(void **state)
{
	(void)state;
	assert_string_equal(run("sleep 500ms ; echo a ; sleep 2s ; echo b"), "");
	assert_true(script_busy(script));
	assert_string_equal(run("echo c"), "");
	assert_string_equal(after(499), "");
	assert_string_equal(after(1), "sleep 500ms=ok\necho a=ok\n");
	assert_string_equal(after(1999), "");
	assert_string_equal(after(1), "sleep 2s=ok\necho b=ok\necho c=ok\nidle\n");
	assert_false(script_busy(script));
	assert_string_equal(run("sleep 1.25 ; echo x"), "");
	assert_string_equal(after(1249), "");
	assert_string_equal(after(1), "sleep 1.25=ok\necho x=ok\nidle\n");
	assert_non_null(strstr(run("sleep soon"), "no duration"));
	assert_non_null(strstr(run("sleep 25000m"), "no duration"));
	assert_non_null(strstr(run("sleep -1"), "no duration"));
}

static void stop_on_error(void **state)
{
	(void)state;
	script_free(script);
	assert_int_equal(script_new(&script, &env, SCRIPT_EXEC, true, result_h, idle_h, NULL), 0);
	assert_string_equal(run("echo a ; hangup x ; echo b"),
			    "echo a=ok\nhangup x=error unknown call \"x\"\nidle\n");
	assert_int_equal(script_status(script), 2);
	fake.err = ENOENT;
	run("hangup");
	assert_int_equal(script_status(script), 2); /* that of the first */
}

static void freed_by_its_handlers(void **state)
{
	(void)state;
	free_in_result = true;
	assert_string_equal(run("echo a ; echo b"), "echo a=ok\n");
	assert_null(script);
	free_in_result = false;
	free_in_idle = true;
	assert_int_equal(script_new(&script, &env, SCRIPT_INPUT, false, result_h, idle_h, NULL), 0);
	run("sleep 1s");
	assert_string_equal(after(1000), "sleep 1s=ok\nidle\n");
	assert_null(script);
	free_in_idle = false;
	assert_int_equal(script_new(&script, &env, SCRIPT_INPUT, false, result_h, idle_h, NULL), 0);
	run("wait established ; echo a"); /* and freed while it waits */
}

static void too_many(void **state)
{
	unsigned i;

	(void)state;
	run("sleep 1s");
	for (i = 0; i < 5000; i++)
		assert_int_equal(script_add(script, "mute on ; mute off", NULL), 0);
	assert_int_equal(script_add(script, "echo x", NULL), ENOSPC);
	/* of a line either all commands or none */
	pass(1000);
	run("sleep 1s");
	for (i = 0; i < 9999; i++)
		assert_int_equal(script_add(script, "mute off", NULL), 0);
	assert_int_equal(script_add(script, "mute on ; mute on", NULL), ENOSPC);
	pass(1000);
	assert_false(fake.muted);
	run("sleep 1s ; mute on");
	free_in_result = true;
	pass(1000);
}

/* ---- wait ---- */

static void set_outcome(unsigned call, unsigned code, enum local_error error)
{
	fake.call[call].state = CALL_FAILED;
	fake.call[call].over = fake.call[call].failed = true;
	fake.call[call].code = code;
	fake.call[call].error = error;
	fake.active--;
	fake_event("outcome", call, NULL);
}

static void set_established(unsigned call)
{
	fake.call[call].state = CALL_ESTABLISHED;
	fake.call[call].was_ringing = fake.call[call].was_established = true;
	fake_event("call", call, "established");
}

static void set_closed(unsigned call)
{
	if (!fake.call[call].over)
		fake.active--;
	fake.call[call].state = CALL_CLOSED;
	fake.call[call].over = fake.call[call].closed = true;
	fake_event("call", call, "closed");
}

static void a_call_that_is_answered(void **state)
{
	(void)state;
	assert_string_equal(run("dial echo ; wait ringing ; wait established ; wait dtmf 12# ; hangup ; wait closed ; wait idle"),
			    "dial echo=ok\n");
	assert_int_equal(script_call(script), 1);
	fake_event("call", 1, "calling");
	assert_string_equal(after(1000), "");
	/* somebody else's call is not the script's */
	fake_call(false, CALL_CALLING);
	set_established(2);
	set_closed(2);
	assert_string_equal(after(1000), "");
	assert_int_equal(script_call(script), 1);
	set_established(1);
	/* not from within the phone: in the next turn of the loop */
	assert_string_equal(told, "");
	assert_string_equal(after(0), "wait ringing=ok\nwait established=ok\n");
	strcpy(fake.call[1].received_dtmf, "912");
	fake_event("dtmf", 1, NULL);
	assert_string_equal(after(0), "");
	strcpy(fake.call[1].received_dtmf, "912#");
	fake_event("dtmf", 1, NULL);
	assert_string_equal(after(0), "wait dtmf 12#=ok\nhangup=ok\n");
	assert_string_equal(fake.did, "hangup 0");
	set_closed(1);
	assert_string_equal(after(0), "wait closed=ok\nwait idle=ok\nidle\n");
	assert_int_equal(script_status(script), 0);
	/* passed already */
	assert_string_equal(run("wait ringing ; wait established ; wait dtmf 9 ; wait closed"),
			    "wait ringing=ok\nwait established=ok\nwait dtmf 9=ok\nwait closed=ok\nidle\n");
	assert_string_equal(run("wait dtmf 7"), "wait dtmf 7=error wait dtmf 7: the call has ended\nidle\n");
	assert_string_equal(run("wait outcome"), "wait outcome=error wait outcome: the call has ended\nidle\n");
	assert_int_equal(last_status, 1);
}

static void a_call_that_fails(void **state)
{
	(void)state;
	run("dial bob ; wait established ; wait outcome ; wait outcome 4xx ; wait outcome 486 ; wait outcome 5xx ; wait closed");
	set_outcome(1, 486, LOCAL_NONE);
	assert_string_equal(after(0),
			    "wait established=error wait established: the call failed: 486 Busy Here\n"
			    "wait outcome=ok\nwait outcome 4xx=ok\nwait outcome 486=ok\n"
			    "wait outcome 5xx=error wait outcome 5xx: the call failed: 486 Busy Here\n");
	assert_int_equal(script_status(script), 4);
	/* the busy tone sounds; then it closes */
	assert_string_equal(after(5000), "");
	fake.call[1].closed = true;
	fake_event("call", 1, "closed");
	assert_string_equal(after(0), "wait closed=ok\nidle\n");
	run("dial bob ; wait ringing");
	set_outcome(2, 499, LOCAL_NONE);
	assert_string_equal(after(0), "wait ringing=error wait ringing: the call failed: "
			    "499 (unknown, treated as 400 Bad Request)\nidle\n");
	run("dial bob ; wait ringing");
	set_outcome(3, 0, LOCAL_TIMEOUT);
	assert_string_equal(after(0), "wait ringing=error wait ringing: the call failed: Address not found\nidle\n");
	assert_int_equal(last_status, 7);
	run("dial bob ; wait outcome");
	set_established(4);
	assert_string_equal(after(0), "wait outcome=error wait outcome: the call was answered\nidle\n");
}

static void time_limits(void **state)
{
	(void)state;
	run("dial bob ; wait established");
	assert_string_equal(after(59999), "");
	assert_string_equal(after(1), "wait established=error wait established: not within 60 s; the call is calling\nidle\n");
	assert_int_equal(last_status, 7);
	run("wait established 2s");
	assert_string_equal(after(1999), "");
	assert_string_equal(after(1), "wait established 2s=error wait established 2s: not within 2 s; the call is calling\nidle\n");
	run("wait idle 100ms");
	assert_string_equal(after(100), "wait idle 100ms=error wait idle 100ms: not within 0.1 s\nidle\n");
	assert_int_equal(script_status(script), 7);
	run("wait dtmf 1 1s ; wait outcome 486 1s ; wait outcome 1s");
	assert_non_null(strstr(after(3000), "wait outcome 1s=error"));
}

static void wrong_waits(void **state)
{
	(void)state;
	assert_non_null(strstr(run("wait establishd"), "unknown condition \"establishd\"; did you mean \"established\"?"));
	assert_non_null(strstr(run("wait outcome 299"), "") );
	assert_true(script_busy(script)); /* 299 is a time */
	after(299000);
	assert_non_null(strstr(run("wait outcome abc"), "no outcome"));
	assert_non_null(strstr(run("wait outcome 2xx"), "no outcome"));
	assert_non_null(strstr(run("wait dtmf"), "needs the digits"));
	assert_non_null(strstr(run("wait dtmf x"), "needs the digits"));
	assert_non_null(strstr(run("wait idle 1s 2s"), "one word too many"));
	assert_non_null(strstr(run("wait idle x"), "no duration"));
}

static void incoming(void **state)
{
	(void)state;
	run("dial callback ; wait outcome 480 ; wait incoming ; answer ; wait established ; wait incoming");
	set_outcome(1, 480, LOCAL_NONE);
	assert_string_equal(after(100), "wait outcome 480=ok\n");
	fake_call(true, CALL_RINGING);
	fake_event("call", 2, "ringing");
	assert_string_equal(after(0), "wait incoming=ok\nanswer=ok\n");
	assert_string_equal(fake.did, "answer 2");
	assert_int_equal(script_call(script), 2);
	set_established(2);
	assert_string_equal(after(0), "wait established=ok\n");
	fake_call(true, CALL_RINGING);
	fake_event("call", 3, "ringing");
	assert_string_equal(after(0), "wait incoming=ok\nidle\n");
	assert_int_equal(script_call(script), 3);
}

static void registered(void **state)
{
	(void)state;
	assert_string_equal(run("wait registered"), "wait registered=error wait registered: no account registers\nidle\n");
	run("account add a sip:a@h");
	fake.account[0].state = REGISTRATION_REGISTERING;
	assert_string_equal(run("wait registered"), "");
	fake.account[0].state = REGISTRATION_FAILED;
	fake.account[0].code = 503;
	fake.account[0].retry_ms = 1;
	fake_event("registration", 0, "failed");
	assert_string_equal(after(0), ""); /* it is tried again */
	fake.account[0].state = REGISTRATION_REGISTERED;
	fake_event("registration", 0, "registered");
	assert_string_equal(after(0), "wait registered=ok\nidle\n");
	fake.account[0].state = REGISTRATION_FAILED;
	fake.account[0].code = 486;
	fake.account[0].retry_ms = 0;
	assert_string_equal(run("wait registered"),
			    "wait registered=error wait registered: the registration of a failed: 486 Busy Here\nidle\n");
	assert_int_equal(last_status, 4);
}

/* ---- commands ---- */

static void dialling(void **state)
{
	(void)state;
	run("dial Bob  Meier");
	assert_string_equal(fake.did, "dial Bob Meier account= codecs= headers=0");
	run("dial sip:bob@h;transport=tcp codecs=PCMU header='X-A: b c' header=\"X-B:d\"");
	assert_string_equal(fake.did, "dial sip:bob@h;transport=tcp account= codecs=PCMU headers=2");
	assert_string_equal(fake.header, "X-A: b c");
	fake.did[0] = '\0';
	assert_non_null(strstr(run("dial bob account=work"), "unknown account \"work\""));
	assert_non_null(strstr(run("dial bob codecs=PCMU,opsu"), "unknown codec \"opsu\"; did you mean \"opus\"?"));
	assert_non_null(strstr(run("dial bob codecs=opus x"), "stands behind the target"));
	assert_non_null(strstr(run("dial bob header=x"), "no header field"));
	assert_non_null(strstr(run("dial bob header='x: a\rb'"), "no header field"));
	assert_non_null(strstr(run("dial codecs=opus"), "dial needs"));
	assert_string_equal(fake.did, "");
	fake.err = EINVAL;
	assert_string_equal(run("dial x"), "dial x=error the fake refuses\nidle\n");
	assert_int_equal(last_status, 2);
}

static const struct { const char *line, *did; } asked[] = {
	{"answer", "answer 2"}, {"answer 2", "answer 2"}, {"answer last", "answer 3"}, {"answer selected", "answer 1"},
	{"hangup", "hangup 0"}, {"hangup last", "hangup 3"}, {"reject", "reject 0 486"}, {"reject 603", "reject 0 603"},
	{"notice contact", "contact 1"}, {"notice contact 2", "contact 2"},
	{"redial", "redial 0"}, {"redial now", "redial 0"}, {"redial 3", "redial 3"}, {"redial now last", "redial 3"},
	{"redial now notice", "redial 1"}, {"redial notice", "redial 1"}, {"redial auto 2", "arm 2"},
	{"redial toggle notice", "disarm 1"}, {"redial toggle notice", "arm 1"}, {"redial cancel", "cancel 0"},
	{"trace save x.pcap", "trace 4 x.pcap"}, {"trace save 2 x.txt", "trace 2 x.txt"},
	{"trace save notice x", "trace 1 x"},
	{"reject 2", "reject 2 486"}, {"reject 2 480", "reject 2 480"}, {"hold", "hold 0"}, {"resume", "resume 0"},
	{"hold 3", "hold 3"}, {"resume last", "resume 3"},
	{"hold toggle", "hold 0"}, {"select 3", "select 3"}, {"select next", "step 1"}, {"select prev", "step -1"},
	{"select last", "select 3"}, {"dtmf 12ab*#,", "dtmf 0 12AB*#,"}, {"notice next", "notice 1"},
	{"notice prev", "notice -1"}, {"notice dismiss", "dismiss 0"},
	{"history export /tmp/x.csv", "export /tmp/x.csv"},
};
static const struct { const char *line, *error; } refused[] = {
	{"answer 0", "unknown call"}, {"answer lats", "did you mean \"last\"?"}, {"reject 700", "no code"}, {"reject 2 3", "no code"},
	{"redial nwo", "did you mean \"now\"?"}, {"redial now lats", "last"}, {"redial 3 4", "one word too many"},
	{"notice next 3", "one word too many"}, {"notice contact x", "no number"}, {"trace svae x", "save"},
	{"reject 486 487", "no code"}, {"reject 486 2", "no code"}, {"hold togle", "toggle"}, {"mute offf", "off"},
	{"select nxt", "next"}, {"dtmf 12x", "no DTMF digits"}, {"dtmf ''", "no DTMF digits"},
	{"notice nexxt", "next"}, {"notice open", "no screen"}, {"view calls", "no screen"}, {"exchange on", "not available"},
	{"exchange up", "unknown word"}, {"source /nonexistent", "cannot be read"}, {"help hangpu", "hangup"},
	{"history exprot x.csv", "export"}, {"history export", "usage: history"},
	{"bind global g", "usage: bind"}, {"account ad x y", "add"}, {"account add x", "usage: account add"},
};

static void history_is_exported(void **state)
{
	(void)state;
	assert_string_equal(run("history export a.csv"), "history export a.csv=ok\nidle\n");
	fake.err = EINVAL;
	assert_non_null(strstr(run("history export a.txt"), "let it end in .csv or .json"));
	assert_int_equal(last_status, 2);
	fake.err = ENOTCONN;
	assert_non_null(strstr(run("history export a.csv"), "no history"));
	assert_int_equal(last_status, 1);
	fake.err = ENOSPC;
	assert_non_null(strstr(run("history export a.csv"), "cannot be written to a.csv: No space"));
}

static void calls(void **state)
{
	unsigned i;

	(void)state;
	fake_call(false, CALL_ESTABLISHED);
	fake_call(true, CALL_RINGING);
	fake_call(true, CALL_RINGING);
	fake.selected = fake.notice_call = 1;
	for (i = 0; i < sizeof(asked) / sizeof(asked[0]); i++) {
		fake.did[0] = '\0';
		assert_non_null(strstr(run(asked[i].line), "=ok\n"));
		assert_string_equal(fake.did, asked[i].did);
	}
	fake.did[0] = '\0';
	for (i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		assert_non_null(strstr(run(refused[i].line), refused[i].error));
		assert_non_null(strstr(told, "=error "));
	}
	assert_string_equal(fake.did, "");
	fake.call[1].state = CALL_HELD; /* by them: ours is still to come */
	run("hold toggle");
	assert_string_equal(fake.did, "hold 0");
	fake.call[1].held_by_us = true;
	run("hold toggle");
	assert_string_equal(fake.did, "resume 0");
	run("mute");
	assert_true(fake.muted);
	run("mute on");
	assert_true(fake.muted);
	run("mute toggle");
	assert_false(fake.muted);
	fake.err = ENOTCONN;
	assert_non_null(strstr(run("hold"), "not in a state for that"));
	fake.err = ENOENT;
	assert_non_null(strstr(run("hangup 7"), "there is no call 7"));
	/* at either end of a list there still is what is in it */
	assert_non_null(strstr(run("select next"), "no other call"));
	assert_non_null(strstr(run("notice prev"), "no other notice"));
	assert_non_null(strstr(run("notice dismiss"), "there is no notice"));
	assert_non_null(strstr(run("redial auto"), "no failed call"));
	assert_non_null(strstr(run("redial cancel"), "no redial"));
	assert_non_null(strstr(run("notice contact 9"), "the fake has no contact"));
	fake.err = ENOTSUP;
	assert_non_null(strstr(run("redial auto"), "the fake does not arm"));
	fake.notice_call = 0;
	assert_non_null(strstr(run("redial now notice"), "not about a failed call"));
}

/* What the screen does for the selected notice. */
static int notice_h(const char *word, void *arg)
{
	(void)arg;
	text_copy(viewed, sizeof(viewed), word);
	return strcmp(word, "save") ? 0 : ENOENT;
}

static void notices_and_traces(void **state)
{
	static const char *const views[] = {"calls", "trace", NULL};

	(void)state;
	assert_non_null(strstr(run("notice edit"), "no screen"));
	env.notice_h = notice_h;
	env.view_h = view_h;
	env.views = views;
	run("notice password");
	assert_string_equal(viewed, "password");
	run("notice contact");
	assert_string_equal(viewed, "contact");
	/* with its number the screen is not asked */
	run("notice contact 2");
	assert_string_equal(viewed, "contact");
	assert_string_equal(fake.did, "contact 2");
	assert_non_null(strstr(run("notice save"), "does not offer"));
	assert_non_null(strstr(run("notice edit it"), "one word too many"));
	assert_non_null(strstr(run("notice passwrod"), "did you mean \"password\"?"));

	run("view trace");
	assert_string_equal(viewed, "trace");
	run("view trace 3");
	assert_string_equal(viewed, "trace 3");
	run("view trace 0");
	assert_string_equal(viewed, "trace 0");
	run("trace save 0 x");
	assert_string_equal(answer, "messages written to x");
	assert_string_equal(fake.did, "trace 0 x");
	fake.notice_call = 7;
	run("view trace notice");
	assert_string_equal(viewed, "trace 7");
	run("view trace search");
	assert_string_equal(viewed, "trace search");
	assert_non_null(strstr(run("view trace lsat"), "did you mean \"last\"?"));
	assert_non_null(strstr(run("view trace 3 4"), "one word too many"));
	assert_string_equal(viewed, "trace search");
	env.notice_h = NULL;
}

static void views_and_keys(void **state)
{
	static const char *const views[] = {"calls", "help", NULL};
	const enum key_context global[] = {KEYS_GLOBAL};
	bool longer;

	(void)state;
	env.view_h = view_h;
	env.views = views;
	run("view dial 5");
	assert_string_equal(viewed, "dial 5");
	run("view prompt");
	assert_string_equal(viewed, "prompt");
	assert_non_null(strstr(run("view cals"), "did you mean \"calls\"?"));
	assert_non_null(strstr(run("view help me"), "one word too many"));
	assert_non_null(strstr(run("keys a"), "no screen"));
	env.keys_h = keys_h;
	run("keys decho<CR> <Space>");
	assert_string_equal(viewed, "decho<CR><Space>");
	assert_non_null(strstr(run("keys wrong"), "\"wrong\" are no keys"));
	run("bind global X 'dial echo ; wait established'");
	assert_string_equal(keymap_find(env.keymap, global, 1, "X", &longer), "dial echo ; wait established");
	run("bind global X echo 'a  b' ;");
	assert_string_equal(keymap_find(env.keymap, global, 1, "X", &longer), "echo 'a  b'");
	run("unbind global X");
	assert_null(keymap_find(env.keymap, global, 1, "X", &longer));
}

static void what_callers_get(void **state)
{
	(void)state;
	run("dnd on");
	assert_true(fake.dnd);
	run("dnd toggle");
	assert_false(fake.dnd);
	run("forward  sip:eve@127.0.0.1");
	assert_string_equal(fake.forward, "sip:eve@127.0.0.1");
	run("forward off");
	assert_string_equal(fake.forward, "");
}

static int exchange_error;
static int exchange_h(bool on, void *arg)
{
	(void)on;
	(void)arg;
	return exchange_error;
}

static void the_exchange(void **state)
{
	(void)state;
	assert_non_null(strstr(run("exchange on"), "not available here"));
	env.exchange_h = exchange_h;
	exchange_error = 0;
	assert_non_null(strstr(run("exchange on"), "exchange on=ok"));
	exchange_error = EEXIST;
	assert_non_null(strstr(run("exchange on"), "you have one of that name"));
	exchange_error = EACCES;
	assert_non_null(strstr(run("exchange on"), "does not start: Permission denied"));
}

static void help_comes_from_the_table(void **state)
{
	static const char *const are[] = {
		"account", "answer", "bind", "dial", "dnd", "dtmf", "echo", "exchange", "forward", "hangup", "help", "history", "hold", "hook",
		"import", "keys", "list-commands", "macro", "mute", "notice", "quit", "redial", "reject", "resume", "select", "set", "sleep",
		"source", "toggle", "trace", "unbind", "view", "volume", "wait",
	};
	unsigned n, i;
	const struct command *t = command_table(&n);

	(void)state;
	assert_int_equal(n, sizeof(are) / sizeof(are[0]));
	for (i = 0; i < n; i++) {
		assert_string_equal(t[i].name, are[i]);
		assert_true(*t[i].sentence);
		assert_true(t[i].min <= t[i].max);
	}
	assert_string_equal(run("help hangup ; list-commands ; help"), "help hangup=ok\nlist-commands=ok\nhelp=ok\nidle\n");
}

/* A line a command, in order, each its name and perhaps arguments; `help` begins with the same line, and then a sentence. */
static void list_of_commands(void **state)
{
	char *line, *rest = NULL, last[40] = "";
	struct result list = {.ok = true};
	struct words w = {0};
	unsigned n, lines = 0;

	(void)state;
	command_list(NULL, NULL, &w, &list);
	assert_true(list.ok);
	for (line = strtok_r(list.text.s, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest), lines++) {
		size_t len = strcspn(line, " "), all = strlen(line);
		struct result one = {.ok = true};
		char help[64], name[40];
		const char *why = NULL;
		size_t pos = 0;

		assert_true(len > 1 && len < sizeof(name) && strspn(line, "abcdefghijklmnopqrstuvwxyz-") == len);
		assert_true(line[all - 1] != ' ' && (!line[len] || line[len + 1] != ' '));
		text_copyn(name, sizeof(name), line, len);
		assert_true(strcmp(last, name) < 0);
		text_copy(last, sizeof(last), name);
		snprintf(help, sizeof(help), "help %s", name);
		assert_int_equal(parser_next(&w, help, &pos, &why), 0);
		command_help(NULL, NULL, &w, &one);
		assert_true(one.ok);
		assert_true(!strncmp(one.text.s, line, all) && one.text.s[all] == '\n' && one.text.s[all + 1]);
		assert_null(strchr(one.text.s + all + 1, '\n'));
		result_free(&one);
	}
	command_table(&n);
	assert_int_equal(lines, n);
	result_free(&list);
}

static void nearest(void **state)
{
	static const char *const words[] = {"answer", "dial", "hangup", "wait"};
	char longer[200];

	(void)state;
	assert_string_equal(nearest_word("dail", words, 4), "dial");
	assert_string_equal(nearest_word("DIAL", words, 4), "dial");
	assert_string_equal(nearest_word("hnagpu", words, 4), "hangup");
	assert_string_equal(nearest_word("wat", words, 4), "wait");
	assert_null(nearest_word("xyz", words, 4));
	assert_null(nearest_word("", words, 4));
	memset(longer, 'a', sizeof(longer) - 1);
	longer[sizeof(longer) - 1] = '\0';
	assert_null(nearest_word(longer, words, 4));
}

/* ---- files ---- */

static void sourcing(void **state)
{
	char line[600], many[2000] = "";
	unsigned i;

	(void)state;
	write_file("b", 0600, "mute on\nhangpu\n");
	snprintf(line, sizeof(line), "echo 1\nsleep 1s\nsource %s\nhangup x\n# end\n\necho 2", path("b"));
	write_file("a", 0600, line);
	snprintf(line, sizeof(line), "source %s ; echo 3", path("a"));
	assert_string_equal(run(line), "");
	after(1000);
	snprintf(line, sizeof(line), "source %s=error %s:3: %s:2: unknown command \"hangpu\"; did you mean \"hangup\"? "
		 "(and 1 more)\necho 3=ok\nidle\n", path("a"), path("a"), path("b"));
	assert_string_equal(told, line);
	assert_true(fake.muted);

	snprintf(line, sizeof(line), "source %s", path("loop"));
	write_file("loop", 0600, line);
	assert_non_null(strstr(run(line), "too deeply"));
	/* twelve times itself, by other names too: answered at once, not after twelve to the power of eight */
	for (i = 0; i < 12; i++)
		snprintf(many + strlen(many), sizeof(many) - strlen(many), "source %s/./loop\n", folder);
	write_file("loop", 0600, many);
	assert_non_null(strstr(run(line), "too deeply"));

	snprintf(line, sizeof(line), "source %s", folder);
	assert_non_null(strstr(run(line), "cannot be read"));
	assert_int_equal(mkfifo(path("fifo"), 0600), 0);
	snprintf(line, sizeof(line), "source %s", path("fifo"));
	assert_non_null(strstr(run(line), "=")); /* an answer, whatever it is: it does not hang */
	assert_false(script_busy(script));
	unlink(path("fifo"));
}

static void the_rc_file(void **state)
{
	FILE *f;
	unsigned i;

	(void)state;
	write_file("rc", 0600, "set volume 50\nset volum 3\nwait idle\nsleep 1s\n  # note\nset meters no ; echo hi\r\n");
	assert_int_equal(rc_read(&env, path("rc")), 0);
	assert_int_equal(settings.volume, 50);
	assert_false(settings.meters);
	assert_int_equal(fake.notices, 4); /* three errors and "hi" */
	assert_string_equal(fake.notice, "hi");
	write_file("rc", 0600, "set volum 3\n");
	rc_read(&env, path("rc"));
	assert_non_null(strstr(fake.notice, "/rc:1: unknown option \"volum\"; did you mean \"volume\"?"));
	assert_int_equal(rc_read(&env, path("none")), ENOENT);

	/* nobody can be called yet; and it says so instead of failing as if the network did */
	write_file("rc", 0600, "dial echo\nredial\nmacro define conf 'dial echo'\nmacro play conf\n");
	fake.notices = 0;
	fake.did[0] = '\0';
	rc_read(&env, path("rc"));
	assert_int_equal(fake.notices, 3);
	assert_string_equal(fake.did, "");
	assert_non_null(strstr(fake.notice, "/rc:4: macro play does not work in the rc file"));
	macros_stop();

	/* a NUL and a line that is too long spoil only themselves */
	f = fopen(path("rc"), "w");
	fputs("mute on", f);
	fputc('\0', f);
	fputs("b\n", f);
	for (i = 0; i < LINE_MAX_BYTES; i++)
		fputc('x', f);
	fputs("\nset volume 60\n", f);
	fclose(f);
	fake.notices = 0;
	assert_int_equal(rc_read(&env, path("rc")), 0);
	assert_int_equal(fake.notices, 2);
	assert_false(fake.muted);
	assert_int_equal(settings.volume, 60);
}

/* Of very many wrong lines each is told, but those that would crowd out everything else are kept as one. */
static void rc_file_full_of_errors(void **state)
{
	FILE *f;
	unsigned i;

	(void)state;
	f = fopen(path("rc"), "w");
	for (i = 1; i <= 500; i++)
		fputs(i == 30 || i == 400 ? "set volume 70\n" : "nonsense\n", f);
	fclose(f);
	settings.volume = 1;
	assert_int_equal(rc_read(&env, path("rc")), 0);
	assert_int_equal(settings.volume, 70);
	assert_int_equal(fake.notices, 21);
	assert_int_equal(fake.told, 478);
	assert_non_null(strstr(fake.notice, "478 more wrong lines in "));
	assert_non_null(strstr(fake.notice, "/rc: 21-29, 31-399, 401-500 ("));
}

static const char *saved(void)
{
	static char text[4096];
	FILE *f = fopen(path("offhook/accounts"), "r");

	memset(text, 0, sizeof(text));
	if (f) {
		assert_true(fread(text, 1, sizeof(text) - 1, f) > 0);
		fclose(f);
	}
	return text;
}

static void accounts(void **state)
{
	struct stat st;

	(void)state;
	setenv("XDG_STATE_HOME", folder, 1);
	/* nothing that was not read is overwritten */
	run("account add early sip:e@h password=secret");
	assert_string_equal(saved(), "");
	run("account remove early");
	assert_int_equal(accounts_read(&env), 0);

	run("account add work sip:a@h 'password=it is \"s\"' display-name=\"A'B\" register=no");
	run("account add home sip:b@h");
	run("account default home");
	assert_string_equal(saved(), "# written by offhook; change it with the account command\n"
		"account add work sip:a@h 'password=it is \"s\"' \"display-name=A'B\" register=no expires=3600\n"
		"account add home sip:b@h expires=3600\naccount default home\n");
	assert_int_equal(stat(path("offhook/accounts"), &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	run("account edit work expires=60");
	assert_int_equal(fake.account[0].expires, 60);

	/* and back */
	fake.accounts = 0;
	assert_int_equal(accounts_read(&env), 0);
	assert_int_equal(fake.accounts, 2);
	assert_string_equal(fake.account[0].password, "it is \"s\"");
	assert_string_equal(fake.account[0].display_name, "A'B");
	assert_int_equal(fake.account[0].expires, 60);
	assert_false(fake.account[0].registers);
	assert_true(fake.account[1].is_default);
	assert_int_equal(fake.notices, 0);

	run("account remove work");
	assert_null(strstr(saved(), "work"));
	assert_non_null(strstr(saved(), "home"));
	run("account unregister home");
	assert_string_equal(fake.did, "register home 0");

	assert_non_null(strstr(run("account add home sip:c@h"), "already"));
	assert_non_null(strstr(run("account edit hom expires=1"), "did you mean \"home\"?"));
	fake.account[0].volatile_only = true;
	run("account add third sip:3@h");
	assert_null(strstr(saved(), "home"));
	assert_non_null(strstr(saved(), "third"));

	/* a line that cannot be read is kept */
	write_file("offhook/accounts", 0600, "account add x sip:x@h futur=1\nhangup\n");
	fake.accounts = 0;
	fake.notices = 0;
	assert_int_equal(accounts_read(&env), 0);
	assert_int_equal(fake.notices, 2);
	run("account add y sip:y@h");
	assert_non_null(strstr(saved(), "account add x sip:x@h futur=1\nhangup\n"));
	assert_non_null(strstr(saved(), "account add y"));
	unlink(path("offhook/accounts"));
}

static void accounts_of_the_rc_file(void **state)
{
	(void)state;
	setenv("XDG_STATE_HOME", folder, 1);
	assert_int_equal(accounts_read(&env), 0);
	run("account add work sip:old@h ; account add mine sip:m@h");
	write_file("rc", 0644, "account add work sip:a@h password=secret\naccount add work sip:a@h\naccount edit mine expires=1\n");
	fake.notices = 0;
	assert_int_equal(rc_read(&env, path("rc")), 0);
	assert_int_equal(fake.notices, 3); /* others can read it; work twice; mine is not its own */
	assert_true(fake.account[0].from_rc);
	assert_string_equal(fake.account[0].uri, "sip:a@h");
	assert_int_equal(fake.account[1].expires, 3600);
	assert_non_null(strstr(run("account edit work expires=1"), "/rc:1; change it there"));
	assert_non_null(strstr(run("account remove work"), "/rc:1; change it there"));
	assert_non_null(strstr(run("account add work sip:a@h"), "/rc:1"));
	run("account edit mine expires=9");
	/* what the rc file has is its own; what was saved under that name is there when the rc file has it no longer */
	assert_null(strstr(saved(), "secret"));
	assert_non_null(strstr(saved(), "account add work sip:old@h expires=3600\n"));
	assert_null(strstr(strstr(saved(), "work") + 1, "work"));
	assert_non_null(strstr(saved(), "mine"));
	write_file("rc", 0644, "account add w2 sip:a@h password=secret\n");
	fake.notices = 0;
	rc_read(&env, path("rc"));
	assert_int_equal(fake.notices, 1);
	assert_non_null(strstr(fake.notice, "rc:1: others can read this password"));
	write_file("rc", 0600, "account add w3 sip:a@h password=secret\n");
	fake.notices = 0;
	rc_read(&env, path("rc"));
	assert_int_equal(fake.notices, 0);
	unlink(path("offhook/accounts"));
}

/* However the line goes wrong, the password is not in the answer. */
static void no_password_in_errors(void **state)
{
	static const char *const lines[] = {
		"account add w notsip password=hunter2", "account add w sip:a@h pasword=hunter2",
		"account add w sip:a@h password hunter2", "account edit password=hunter2 x=y", "account password=hunter2",
		"account add w sip:a@h 'password=hunter2", "account add w sip:a@h 'password=hunter2\x01'",
		"account ad w sip:a@h password=hunter2", "account remove w password=hunter2", "accuont add w sip:a@h password=hunter2",
		"account edit nobody password=hunter2", "account default password=hunter2", "password=hunter2 x",
		"set redial password=hunter2", "set redial 'password=a \" hunter2'", "volume password=hunter2", "wait ringing Password=hunter2",
		"view password=hunter2", "hook password=hunter2", "source /none/password=hunter2", "trace save 9 password=hunter2 x",
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		run(lines[i]);
		assert_non_null(strstr(told, "=error "));
		assert_null(strstr(strstr(told, "=error "), "hunter2"));
	}
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(one_after_the_other), T(sleeping), T(stop_on_error), T(freed_by_its_handlers), T(too_many),
		T(a_call_that_is_answered), T(a_call_that_fails), T(time_limits), T(wrong_waits), T(incoming),
		T(registered), T(dialling), T(calls), T(history_is_exported), T(views_and_keys), T(notices_and_traces), T(what_callers_get), T(the_exchange), T(help_comes_from_the_table), T(list_of_commands),
		T(nearest), T(sourcing),
		T(the_rc_file), T(rc_file_full_of_errors), T(accounts), T(accounts_of_the_rc_file), T(no_password_in_errors),
	};
	static const char *const files[] = {"a", "b", "loop", "rc", "offhook", ""};
	unsigned i;
	int failed;

	if (!mkdtemp(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	for (i = 0; i < sizeof(files) / sizeof(files[0]); i++)
		remove(path(files[i]));
	return failed;
}
