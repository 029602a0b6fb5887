/* What is written down of what keys and prompts do, in virtual time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

#include "command/handlers.h"
#include "command/macro.h"
#include "command/recorder.h"
#include "command_fakes.h"
#include "virtual_time.h"

static struct settings settings;
static struct command_env env;
static char answer[512];

static void result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	(void)s;
	(void)line;
	(void)arg;
	text_copy(answer, sizeof(answer), r->ok ? r->text.s : r->error.s);
}

/* Each key and each prompt is a script of its own. */
static void run(enum script_kind kind, const char *line)
{
	struct script *s;

	answer[0] = '\0';
	assert_int_equal(script_new(&s, &env, kind, true, result_h, NULL, NULL), 0);
	script_add(s, line, NULL);
	script_free(s);
}

static void key(const char *command)
{
	run(SCRIPT_KEY, command);
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	pass(0);
	options_defaults(&settings);
	memset(&env, 0, sizeof(env));
	env.settings = &settings;
	return keymap_new(&env.keymap);
}

static int teardown(void **state)
{
	(void)state;
	recorder_close();
	macros_stop();
	keymap_free(env.keymap);
	assert_int_equal(timers(), 0);
	assert_int_equal(fake.listeners, 0);
	return 0;
}

static const char *in_register(const char *name)
{
	const struct macro *m = macro_find(name);

	return m ? m->text : "";
}

/* What happens to a call. */
static void rings(unsigned n) { fake.call[n].was_ringing = true; fake.call[n].state = CALL_RINGING; }

static void answers(unsigned n)
{
	fake.call[n].was_ringing = fake.call[n].was_established = true;
	fake.call[n].state = CALL_ESTABLISHED;
}

static void ends(unsigned n)
{
	fake.call[n].over = fake.call[n].closed = true;
	fake.call[n].state = CALL_CLOSED;
}

static void fails(unsigned n, unsigned code)
{
	fake.call[n].failed = fake.call[n].over = true;
	fake.call[n].code = code;
	fake.call[n].state = CALL_FAILED;
}

/* ---- what a person does ---- */

static void the_example(void **state)
{
	(void)state;
	key("macro record a");
	assert_int_equal(recorder_register(), 'a');
	pass(4000);
	key("view dial");
	pass(1700);
	run(SCRIPT_PROMPT, "dial echo");
	fake.selected = 1;
	rings(1);
	answers(1);
	pass(1500);
	key("dtmf 1");
	pass(200);
	key("dtmf 2");
	pass(900);
	key("dtmf 3");
	key("dtmf 4");
	key("dtmf #");
	pass(2040);
	key("hangup");
	ends(1);
	key("macro stop");
	assert_int_equal(recorder_register(), 0);
	assert_string_equal(in_register("a"), "dial echo\nwait established\ndtmf 1234#\nsleep 2.0s\nhangup");
	assert_string_equal(answer, "5 commands recorded in register a");
	assert_int_equal(fake.stored_name, 'a');
	assert_string_equal(fake.stored, in_register("a"));
}

/* ---- waits and sleeps ---- */

static void what_is_waited_for(void **state)
{
	(void)state;
	key("macro record b");
	key("dial one");
	rings(1);
	pass(5000);
	key("mute on");
	answers(1);
	key("mute off");
	key("mute on");
	ends(1);
	pass(3000);
	key("dial two");
	fails(2, 486);
	key("dial three");
	fails(3, 0);
	key("mute off");
	pass(999);
	key("mute on");
	pass(1000);
	key("mute off");
	pass(61250);
	key("mute on");
	key("macro stop");
	assert_string_equal(in_register("b"), "dial one\nwait ringing\nmute on\nwait established\nmute off\nmute on\nwait closed\n"
			    "dial two\nwait outcome 486\ndial three\nwait outcome\nmute off\nmute on\nsleep 1.0s\nmute off\n"
			    "sleep 61.3s\nmute on");
}

/* There is no waiting for hold: it takes its time. */
static void hold_takes_time(void **state)
{
	(void)state;
	fake_call(false, CALL_ESTABLISHED);
	answers(1);
	fake.selected = 1;
	key("macro record b");
	key("hold toggle");
	fake.call[1].held_by_us = true;
	pass(420);
	key("hold toggle");
	fake.call[1].held_by_us = false;
	key("macro stop");
	assert_string_equal(in_register("b"), "hold toggle\nsleep 0.4s\nhold toggle");
}

/* Typed waits are what they are; nothing is added to them. */
static void typed_waits(void **state)
{
	struct script *s;

	(void)state;
	key("macro record b");
	assert_int_equal(script_new(&s, &env, SCRIPT_PROMPT, true, result_h, NULL, NULL), 0);
	script_add(s, "dial one ; wait established ; sleep 2s ; dtmf 1,2", NULL);
	pass(3000);
	answers(1);
	fake_event("call", 1, "established");
	pass(0);
	pass(2000);
	script_free(s);
	key("macro stop");
	assert_string_equal(in_register("b"), "dial one\nwait established\nsleep 2s\ndtmf 1,2");
}

static void digits(void **state)
{
	char many[62];

	(void)state;
	memset(many, '7', 60);
	many[60] = '\0';
	fake_call(false, CALL_ESTABLISHED);
	answers(1);
	key("macro record c");
	key("dtmf 1");
	pass(1000);
	key("dtmf 2");
	key("mute on");
	key("dtmf 3");
	run(SCRIPT_PROMPT, "dtmf ,4");
	ends(1);
	key("dtmf 5");
	key("macro stop");
	assert_string_equal(in_register("c"), "dtmf 1\nsleep 1.0s\ndtmf 2\nmute on\ndtmf 3,4\nwait closed\ndtmf 5");
	key("macro record c");
	run(SCRIPT_PROMPT, "dtmf 777777777777777777777777777777777777777777777777777777777777");
	key("dtmf 8");
	key("macro stop");
	assert_int_equal(strlen(in_register("c")), 5 + 60 + 1 + 6);
}

/* ---- which commands ---- */

static void what_is_left_out(void **state)
{
	static const char *const lines[] = {
		"view dial", "view help", "help dial", "list-commands", "notice dismiss", "notice next", "macro edit x",
		"hangpu", "dial", "macro play nobody", "macro define door 'dial door'",
	};
	unsigned i;

	(void)state;
	key("macro record a");
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		run(SCRIPT_PROMPT, lines[i]);
	run(SCRIPT_INPUT, "mute on");
	run(SCRIPT_EXEC, "mute on");
	run(SCRIPT_SOCKET, "mute on");
	key("macro stop");
	assert_string_equal(answer, "nothing was recorded; register a is as it was");
	assert_int_equal(fake.stores, 0);
}

/* Who asks for it without a keyboard means what it does itself. */
static void without_keys(void **state)
{
	struct script *s;

	(void)state;
	assert_int_equal(script_new(&s, &env, SCRIPT_INPUT, false, result_h, NULL, NULL), 0);
	script_add(s, "macro record a ; mute on", NULL);
	run(SCRIPT_INPUT, "mute off");
	script_add(s, "dnd on", NULL);
	script_free(s);
	assert_int_equal(recorder_register(), 'a');
	run(SCRIPT_INPUT, "dnd off");
	key("macro stop");
	assert_string_equal(in_register("a"), "mute on\ndnd on");
}

static void raw_targets(void **state)
{
	static const char *const targets[] = {
		"echo", "Bob  Meier", "a ; quit", "it's", "say \"hi\"", "both ' and \"", "${1}", "it's ${1}", "#1", "x\\y",
		"sip:bob@h;transport=tcp", "account=x",
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		struct buf line = {0};
		struct words w;
		const char *why, *text;
		size_t pos = 0;

		buf_str(&line, "dial ");
		parser_quote(&line, targets[i]);
		key("macro record a");
		run(SCRIPT_PROMPT, line.s);
		if (!strncmp(targets[i], "account=", 8)) {
			/* that was no target */
			key("macro stop");
			buf_free(&line);
			continue;
		}
		key("macro stop");
		text = in_register("a");
		assert_int_equal(parser_next(&w, text, &pos, &why), 0);
		assert_int_equal(w.n, 2);
		assert_string_equal(w.word[1], targets[i]);
		assert_int_equal(text[pos], '\0');
		buf_free(&line);
	}
}

/* A file is one command, and the call that it makes is known. */
static void calls_of_a_file(void **state)
{
	char file[] = "/tmp/test_recorder_XXXXXX", line[64], expected[128];
	int fd = mkstemp(file);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "dial echo\n", 10), 10);
	close(fd);
	snprintf(line, sizeof(line), "source %s", file);
	key("macro record a");
	key(line);
	answers(1);
	key("dtmf 1");
	key("macro stop");
	unlink(file);
	snprintf(expected, sizeof(expected), "%s\nwait established\ndtmf 1", line);
	assert_string_equal(in_register("a"), expected);
}

static void full_words(void **state)
{
	(void)state;
	key("macro record a");
	run(SCRIPT_PROMPT, "  mu   on");
	run(SCRIPT_PROMPT, "set  volume \"5\"0");
	run(SCRIPT_PROMPT, "echo \"a  b\" ; echo c");
	key("macro stop");
	assert_string_equal(in_register("a"), "mute on\nset volume 50\necho 'a  b'\necho c");
}

static void numbers_of_calls(void **state)
{
	(void)state;
	fake_call(false, CALL_ESTABLISHED);
	fake_call(false, CALL_ESTABLISHED);
	fake_call(false, CALL_ESTABLISHED);
	answers(1);
	answers(2);
	answers(3);
	fake.selected = 2;
	key("macro record a");
	key("hold 2");
	key("hold 3");
	key("hold 1");
	assert_non_null(strstr(fake.notice, "select it first"));
	key("reject 2 486");
	key("hold last");
	fake.selected = 3;
	key("select 3");
	key("trace save 3 x.txt");
	key("macro stop");
	assert_string_equal(in_register("a"), "hold selected\nhold last\nreject selected 486\nhold last\nselect last\n"
			    "trace save last x.txt");
}

/* The keys of a notice name it; the macro means its call. */
static void on_a_notice(void **state)
{
	(void)state;
	key("macro record a");
	key("dial 486");
	fails(1, 486);
	fake.notice_call = 1;
	key("redial now notice");
	fake.notice_call = 9;
	key("redial now notice");
	key("macro stop");
	assert_string_equal(in_register("a"), "dial 486\nwait outcome 486\nredial now last\nredial now notice");
}

/* Passwords, wherever they stand. */
static void no_secrets(void **state)
{
	(void)state;
	key("macro record a");
	run(SCRIPT_PROMPT, "account add work sip:a@b.example password=hunter2");
	assert_non_null(strstr(fake.notice, "Not recorded"));
	run(SCRIPT_PROMPT, "bind global Z \"account edit work 'password=hunter2'\"");
	run(SCRIPT_PROMPT, "echo password hunter2");
	run(SCRIPT_PROMPT, "mute on");
	key("macro stop");
	assert_string_equal(in_register("a"), "mute on");
	assert_null(strstr(fake.stored, "hunter2"));
}

/* ---- a call comes in ---- */

static void a_stranger_calls(void **state)
{
	(void)state;
	key("macro record a");
	key("dial echo");
	fake.selected = 1;
	answers(1);
	fake_call(true, CALL_RINGING);
	key("dtmf 1");
	key("reject 2");
	fake.selected = 2;
	key("reject");
	key("hangup");
	fake.selected = 1;
	ends(2);
	key("dtmf 2");
	key("macro stop");
	assert_string_equal(in_register("a"), "dial echo\nwait established\ndtmf 12");
}

static void answered_on_purpose(void **state)
{
	(void)state;
	key("macro record a");
	fake_call(true, CALL_RINGING);
	pass(3000);
	fake.selected = 1;
	key("answer 1");
	answers(1);
	pass(500);
	key("dtmf 9");
	key("hangup");
	key("macro stop");
	assert_string_equal(in_register("a"), "wait incoming\nanswer last\nwait established\ndtmf 9\nhangup");
	/* it rang already: who plays it sees it ring */
	fake_call(true, CALL_RINGING);
	key("macro record b");
	key("answer");
	key("macro stop");
	assert_string_equal(in_register("b"), "answer");
}

/* ---- registers ---- */

static void appending(void **state)
{
	(void)state;
	key("macro record a");
	key("dial echo");
	key("macro stop");
	answers(1);
	pass(5000);
	key("macro record A");
	assert_int_equal(recorder_register(), 'a');
	key("dtmf 1");
	key("macro stop");
	assert_string_equal(in_register("a"), "dial echo\nwait established\ndtmf 1");
	key("macro record Q");
	key("mute on");
	key("macro stop");
	assert_string_equal(in_register("q"), "mute on");
	key("macro record a");
	key("macro record b");
	assert_non_null(strstr(answer, "register a is being recorded"));
	key("macro play a");
	assert_non_null(strstr(answer, "would play itself"));
	key("macro stop");
	key("macro stop");
	assert_non_null(strstr(answer, "no macro is being recorded or played"));
	key("macro record 1");
	assert_non_null(strstr(answer, "no register"));
	/* what could not be kept is not recorded */
	macro_put(&env, "r", "mute on", NULL, "rc:1", &(struct result){.ok = true});
	key("macro record R");
	assert_non_null(strstr(answer, "rc:1; change it there"));
	assert_int_equal(recorder_register(), 0);
}

/* Nothing that a person can hold down fills the memory. */
static void too_long(void **state)
{
	unsigned i;

	(void)state;
	key("macro record a");
	for (i = 0; i < MACRO_STEPS && recorder_register(); i++)
		key(i % 2 ? "mute on" : "mute off");
	assert_int_equal(recorder_register(), 0);
	assert_non_null(strstr(fake.notice, "cannot be longer"));
	assert_true(strlen(in_register("a")) > 30000);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(the_example), T(what_is_waited_for), T(hold_takes_time), T(typed_waits), T(digits), T(what_is_left_out),
		T(without_keys), T(raw_targets), T(calls_of_a_file), T(full_words), T(numbers_of_calls), T(on_a_notice), T(no_secrets), T(a_stranger_calls),
		T(answered_on_purpose), T(appending), T(too_long),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
