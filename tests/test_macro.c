/* Macros: which there are, how they are kept, how they play; over a fake phone, in virtual time. */
#include <errno.h>
#include <limits.h>
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

#include "command/handlers.h"
#include "command/hook.h"
#include "command/player.h"
#include "command/recorder.h"
#include "command_fakes.h"
#include "virtual_time.h"

static struct settings settings;
static struct command_env env;
static struct script *script;
static char told[65536]; /* "line=ok text" or "line=error (status) ..." for each answer */
static char folder[] = "/tmp/test_macro_XXXXXX";
static char file[PATH_MAX];

static void result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	size_t len = strlen(told);

	(void)s;
	(void)arg;
	if (r->ok)
		snprintf(told + len, sizeof(told) - len, "%s=ok%s%s\n", line, r->text.s ? " " : "", r->text.s ? r->text.s : "");
	else
		snprintf(told + len, sizeof(told) - len, "%s=error (%d) %s\n", line, r->status, r->error.s);
}

static int edit_h(const char *label, const char *text, const char *command, void *arg)
{
	(void)arg;
	snprintf(told, sizeof(told), "%s: %s -> %s", label, text, command);
	return 0;
}

static int keys_h(const char *keys, void *arg)
{
	(void)keys;
	(void)arg;
	return 0;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	pass(0);
	options_defaults(&settings);
	memset(&env, 0, sizeof(env));
	env.settings = &settings;
	told[0] = '\0';
	remove(file);
	assert_int_equal(keymap_new(&env.keymap), 0);
	macros_start();
	assert_int_equal(macros_read(&env), 0);
	return script_new(&script, &env, SCRIPT_INPUT, false, result_h, NULL, NULL);
}

static int teardown(void **state)
{
	(void)state;
	script_free(script);
	player_close();
	recorder_close();
	macros_stop();
	keymap_free(env.keymap);
	assert_int_equal(timers(), 0);
	assert_int_equal(fake.listeners, 0);
	return 0;
}

/* Runs LINE and lets what it began run until it waits. */
static const char *run(const char *line)
{
	told[0] = fake.macro[0] = '\0';
	assert_int_equal(script_add(script, line, NULL), 0);
	pass(0);
	return told;
}

/* The same of another script. */
static struct script *apart(const char *line)
{
	struct script *s;

	assert_int_equal(script_new(&s, &env, SCRIPT_INPUT, false, result_h, NULL, NULL), 0);
	assert_int_equal(script_add(s, line, NULL), 0);
	pass(0);
	return s;
}

static const char *after(uint64_t ms)
{
	told[0] = '\0';
	pass(ms);
	return told;
}

static void answers(unsigned n)
{
	fake.call[n].was_ringing = fake.call[n].was_established = true;
	fake.call[n].state = CALL_ESTABLISHED;
	fake_event("call", n, "established");
	pass(0);
}

static void fails(unsigned n, unsigned code)
{
	fake.call[n].failed = fake.call[n].over = true;
	fake.call[n].code = code;
	fake.call[n].state = CALL_FAILED;
	fake_event("outcome", n, NULL);
	pass(0);
}

#define see(a, b) assert_non_null(strstr(a, b))
#define see_not(a, b) assert_null(strstr(a, b))

/* ---- playing ---- */

static void plays(void **state)
{
	(void)state;
	run("macro define conf 'dial ${1} ; wait established ; dtmf 1234# ; sleep 2.0s ; hangup' 'the conference'");
	assert_string_equal(told, "macro define conf 'dial ${1} ; wait established ; dtmf 1234# ; sleep 2.0s ; hangup' "
			    "'the conference'=ok\n");
	assert_string_equal(run("macro play conf echo ; echo then"), "");
	assert_string_equal(fake.did, "dial echo account= codecs= headers=0");
	assert_string_equal(fake.macro, "conf 1/5 running\nconf 2/5 running\nconf 2/5 waiting\n");
	assert_string_equal(after(7000), "");
	answers(1);
	assert_string_equal(fake.did, "dtmf 1 1234#");
	assert_string_equal(after(799), "");
	see_not(fake.macro, "4/5");
	after(1);
	see(fake.macro, "conf 3/5 running\nconf 3/5 waiting\nconf 4/5 running\nconf 4/5 waiting\n");
	assert_string_equal(after(1999), "");
	assert_string_equal(after(1), "macro play conf echo=ok\necho then=ok then\n");
	assert_string_equal(fake.did, "hangup 1");
	see(fake.macro, "conf 5/5 running\nconf 5/5 done\n");
	assert_int_equal(script_own_call(script), 1);
}

/* Who plays it goes on with its call, whose tone still sounds. */
static void its_call_closes(void **state)
{
	(void)state;
	run("macro define busy 'dial 486 ; wait outcome'");
	run("macro play busy ; wait closed");
	fails(1, 486);
	see(told, "macro play busy=ok");
	see_not(told, "wait closed");
	fake.call[1].closed = true;
	fake_event("call", 1, "closed");
	pass(0);
	see(told, "wait closed=ok");
}

static void stops_where_it_fails(void **state)
{
	(void)state;
	run("macro define a 'dial 486 ; wait established ; dtmf 1'");
	run("macro play a ; echo then");
	fails(1, 486);
	assert_string_equal(told, "macro play a=error (4) macro a, step 2 of 3, wait established: the call failed: 486 Busy Here\n"
			    "echo then=ok then\n");
	see(fake.macro, "a 2/3 failed step 2 of 3, wait established: the call failed: 486 Busy Here\n");
	see_not(fake.did, "dtmf");
	run("macro define a 'mute on ; hangup 7 x ; mute off'");
	see(run("macro play a"), "(2) macro a, step 2 of 3, hangup 7 x: usage: hangup [CALL]");
	assert_true(fake.muted);
	run("macro define a 'echo one ; echo two'");
	see(run("macro play a"), "=ok one\ntwo\n");
}

/* One word stays one word, whatever is in it; and in '...' nothing is a value. */
static void values(void **state)
{
	(void)state;
	run("macro define a 'dial ${call.peer}'");
	see(run("macro play a"), "no call yet");
	fake_call(false, CALL_ESTABLISHED);
	text_copy(fake.call[1].peer, sizeof(fake.call[1].peer), "x ; quit \"' ${1} # account=y");
	fake.call[1].code = 486;
	env.quit_h = NULL; /* it would say so */
	run("macro play a 'dial me'");
	assert_string_equal(fake.did, "dial x ; quit \"' ${1} # account=y account= codecs= headers=0");
	run("macro define a 'echo \"<${1}>\" ${2}${2} ${*} \\${1} ; echo ${call.code} ${call.number} ${call.state}'");
	see(run("macro play a 'b  c' 'd\\' ''"), "=ok <b  c> d\\d\\ b  c d\\  ${1}\n0 2 calling\n");
	run("macro define a \"echo '${1}' ; echo \\${1}\"");
	see(run("macro play a 1"), "=ok ${1}\n1\n");
	run("macro define a 'mute on ; echo ${2}'");
	see(run("macro play a 1"), "step 2 of 2, echo ${2}: the macro needs more arguments");
	run("macro define a 'echo ${call.name}'");
	see(run("macro play a"), "a call has no such value");
	run("macro define a 'echo ${HOME}'");
	see(run("macro play a"), "needs a name");
	run("macro define a 'echo ${home}'");
	see(run("macro play a"), "there is no such value");
	run("macro define a 'echo ${1'");
	see(run("macro play a x"), "needs a name");
	/* they are macros' alone */
	see(run("echo ${1}"), "=ok ${1}");
}

/* The other side chooses its address: it is no part of a program. */
static void no_values_for_the_shell(void **state)
{
	(void)state;
	assert_int_equal(hooks_new(&env.hooks, NULL), 0);
	run("dial echo");
	run("macro define tell 'hook outcome \"echo ${call.peer}\"'");
	see(run("macro play tell"), "no ${} is put into a command of the shell");
	run("macro define tell 'hook outcome echo ${1}'");
	see(run("macro play tell x"), "no ${} is put into a command of the shell");
	run("macro define tell 'hook outcome \"echo \\$OFFHOOK_PEER\"'");
	see(run("macro play tell"), "=ok");
	hooks_free(env.hooks);
}

/* A value can be as long as a line, not longer. */
static void long_values(void **state)
{
	char line[LINE_MAX_BYTES], many[2100];

	(void)state;
	memset(many, 'v', 2000);
	many[2000] = '\0';
	run("macro define a 'echo ${1}'");
	snprintf(line, sizeof(line), "macro play a %s", many);
	see(run(line), "vvvv\n");
	run("macro define a 'echo ${1} ${1} ${1}'");
	see(run(line), "the line is too long");
	run("macro define a 'echo ${1}vvvvvvvvvvvvvvvvvv${1}x${1}'");
	see(run(line), "the line is too long");
}

static const char *any_value(const char *name, struct buf *value, void *arg)
{
	unsigned i, n = (unsigned)rand() % 8 ? (unsigned)rand() % 5 : (unsigned)rand() % 5000;

	(void)arg;
	for (i = 0; i < n; i++)
		buf_str(value, ";");
	return strcmp(name, "1.") ? NULL : "none";
}

/* Whatever a line has and its values are: each word is where words are kept. */
static void any_bytes(void **state)
{
	static const char *const parts[] = {"${1}", "${", "}", "$", "'", "\"", "\\", " ", ";", " ; ", "#", "a", "${*}", "${1.}", "\xff"};
	static struct words w;
	const char *why = NULL;
	unsigned i, j, n;

	(void)state;
	srand(7);
	for (i = 0; i < 20000; i++) {
		char line[LINE_MAX_BYTES + 200] = "";
		size_t pos = 0, len = 0;

		n = i % 100 ? (unsigned)rand() % 30 : (unsigned)rand() % 1500;
		for (j = 0; j < n && len < LINE_MAX_BYTES; j++)
			len += (size_t)snprintf(line + len, sizeof(line) - len, "%s", parts[(unsigned)rand() % 15]);
		while (!parser_expand(&w, line, &pos, any_value, NULL, &why)) {
			assert_true(w.n > 0 && w.n <= WORDS_MAX);
			for (j = 0; j < w.n; j++)
				assert_true(w.word[j] >= w.store && w.word[j] + strlen(w.word[j]) < w.store + sizeof(w.store));
		}
		assert_true(pos <= strlen(line));
	}
}

/* ---- its call ---- */

static void a_stranger_calls(void **state)
{
	(void)state;
	run("macro define a 'dial echo ; wait established ; dtmf 1 ; sleep 1s ; hold last ; hangup ; wait closed'");
	run("macro play a");
	fake_call(true, CALL_RINGING);
	fake.selected = 2;
	fake_event("call", 2, "ringing");
	answers(2);
	assert_string_equal(fake.did, "dial echo account= codecs= headers=0");
	answers(1);
	assert_string_equal(fake.did, "dtmf 1 1");
	after(160);
	fake.err = EBUSY;
	after(1000);
	assert_string_equal(fake.did, "hold 1");
	see(told, "step 5 of 7, hold last: ");
	fake.err = 0;
	run("macro define a 'dial echo ; hangup'");
	run("macro play a");
	assert_string_equal(fake.did, "hangup 3");
	/* without a call of its own it is the selected one, and a wait is about the newest from before */
	run("macro define a 'hangup ; hold ; dtmf 1'");
	run("macro play a");
	assert_string_equal(fake.did, "dtmf 0 1");
	after(500);
	run("macro define a 'wait established'");
	run("macro play a");
	fake_call(true, CALL_RINGING);
	answers(4);
	assert_string_equal(told, "");
	answers(3);
	see(told, "=ok");
	/* what it selects is its own */
	fake.selected = 2;
	run("macro define a 'dial x ; select 2 ; hangup'");
	run("macro play a");
	assert_string_equal(fake.did, "hangup 2");
}

static void nested(void **state)
{
	(void)state;
	run("macro define in 'dial ${1}'");
	run("macro define out 'macro play in echo ; wait established ; echo ok'");
	run("macro play out");
	answers(1);
	see(told, "macro play out=ok ok\n");
	run("macro play out");
	fails(2, 486);
	see(told, "=error (4) macro out, step 2 of 3, wait established: the call failed: 486");
	run("macro define in 'dial ${1} ; wait established'");
	run("macro play out");
	see(fake.macro, "out 1/3 waiting\nin 1/2 running\nin 2/2 running\nin 2/2 waiting\n");
	fails(3, 486);
	see(told, "(4) macro out, step 1 of 3, macro play in echo: macro in, step 2 of 2, wait established: the call failed");
}

/* ---- bounds ---- */

static void reaches_itself(void **state)
{
	char line[200];
	unsigned i;

	(void)state;
	run("macro define a 'mute on ; macro play a'");
	see(run("macro play a"), "macro a would play itself again");
	run("macro define a 'macro play bb' ; macro define bb 'macro play a'");
	see(run("macro play a"), "macro a would play itself again");
	for (i = 1; i <= PLAYER_DEPTH + 1; i++) {
		snprintf(line, sizeof(line), "macro define m%u '%s m%u'", i, i > PLAYER_DEPTH ? "mute off ; echo" : "macro play", i + 1);
		run(line);
	}
	fake.muted = true;
	see(run("macro play m1"), "at most 8 deep");
	assert_true(fake.muted);
	see(run("macro play m2"), "=ok");
	assert_false(fake.muted);
}

static void too_many_steps(void **state)
{
	char line[LINE_MAX_BYTES] = "macro define many '";
	unsigned i;

	(void)state;
	for (i = 0; i < 250; i++)
		strcat(line, "mute on ; ");
	strcat(line, "mute off'");
	run(line);
	strcpy(line, "macro define more '");
	for (i = 0; i < 41; i++)
		strcat(line, "macro play many ; ");
	strcat(line, "mute on'");
	run(line);
	for (i = 0; i < 60; i++)
		pass(1);
	fake.macro[0] = '\0';
	run("macro play more");
	see(told, "more than 10000 steps");
}

/* 30 calls a minute, and a notice; whoever plays it, and whatever it is that calls. */
static void too_many_calls(void **state)
{
	char line[400] = "macro define often 'dial x";
	unsigned i;

	(void)state;
	for (i = 0; i < 9; i++)
		strcat(line, " ; dial x");
	strcat(line, "'");
	run(line);
	assert_int_equal(fake.last, 0);
	see(run("macro play often"), "=ok");
	pass(10000);
	see(run("macro play often"), "=ok");
	see(run("macro play often"), "=ok");
	fake.notices = 0;
	see(run("macro play often"), "step 1 of 10, dial x: a macro makes at most 30 calls within a minute");
	assert_int_equal(fake.last, 30);
	assert_int_equal(fake.notices, 1);
	see(fake.notice, "Macro often was stopped");
	/* a macro that plays it has made none itself; but it cannot make it call */
	run("macro define other 'macro play often' ; macro define redials 'redial now'");
	see(run("macro play other"), "at most 30 calls");
	/* everybody else */
	see(run("dial x"), "=ok");
	see(run("macro play redials"), "=ok");
	pass(49999);
	see(run("macro play often"), "at most 30 calls");
	pass(1);
	see(run("macro play often"), "=ok");
	see(run("macro play often"), "at most 30 calls");
}

/* Whichever command makes them. */
static void all_ways_to_call(void **state)
{
	static const char *const ways[] = {"redial now", "redial now last", "redial", "notice contact", "notice contact 2", "dial x"};
	char line[100];
	unsigned i, n;

	(void)state;
	run("dial x");
	for (i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		snprintf(line, sizeof(line), "macro define way%u '%s'", i, ways[i]);
		run(line);
		snprintf(line, sizeof(line), "macro play way%u", i);
		for (n = 0; n < PLAYER_CALLS; n++)
			see(run(line), "=ok");
		see(run(line), "at most 30 calls");
	}
}

/* What a macro types is its doing. */
static void typed_by_a_macro(void **state)
{
	char line[100];
	unsigned i;

	(void)state;
	env.keys_h = keys_h;
	run("macro define a 'keys d'");
	see(run("macro play a"), "=ok");
	for (i = 0; i < PLAYER_CALLS; i++) {
		player_takes(true);
		script_free(apart("dial x"));
		player_takes(false);
	}
	assert_int_equal(fake.last, PLAYER_CALLS);
	player_takes(true);
	script_free(apart("dial x"));
	player_takes(false);
	assert_int_equal(fake.last, PLAYER_CALLS);
	see(fake.notice, "Macro a was stopped");
	script_free(apart("dial x")); /* by a person, in between */
	assert_int_equal(fake.last, PLAYER_CALLS + 1);
	player_takes(true);
	script_free(script);
	assert_int_equal(script_new(&script, &env, SCRIPT_KEY, false, result_h, NULL, NULL), 0);
	player_takes(false);
	see(run("macro play a"), "would play itself again");
	/* nor by way of another that types */
	run("macro define b 'keys d' ; macro play b");
	player_takes(true);
	script_free(script);
	assert_int_equal(script_new(&script, &env, SCRIPT_KEY, false, result_h, NULL, NULL), 0);
	player_takes(false);
	see(run("macro play a"), "macro a would play itself again");
	run("macro define c 'dial x' ; macro play c");
	see(told, "at most 30 calls");
	player_types(NULL);
	script_free(script);
	assert_int_equal(script_new(&script, &env, SCRIPT_KEY, false, result_h, NULL, NULL), 0);
	see(run("macro play c"), "=ok");
	/* nor for ever by way of many */
	for (i = 1; i < PLAYER_DEPTH + 2; i++) {
		snprintf(line, sizeof(line), "macro define m%u 'keys d' ; macro play m%u", i, i);
		run(line);
		if (i <= PLAYER_DEPTH)
			see_not(told, "error");
		else
			see(told, "at most 8 deep");
		player_takes(true);
		script_free(script);
		assert_int_equal(script_new(&script, &env, SCRIPT_KEY, false, result_h, NULL, NULL), 0);
		player_takes(false);
	}
	player_types(NULL);
	player_takes(true);
	assert_int_equal(player_hand().depth, 0);
	player_takes(false);
}

/* ---- stopping ---- */

static void stopping(void **state)
{
	struct player_status st;
	struct script *s;

	(void)state;
	assert_false(player_stop());
	assert_false(player_status(&st));
	see(run("macro stop"), "no macro is being recorded or played");
	run("macro define in 'dial x ; wait established' ; macro define out 'mute on ; macro play in'");
	run("macro play out");
	assert_true(player_status(&st));
	assert_string_equal(st.name, "out");
	assert_int_equal(st.step, 2);
	assert_int_equal(st.of, 2);
	assert_string_equal(st.waits, "in");
	assert_true(player_stop());
	assert_string_equal(told, "macro play out=error (1) macro out was stopped at step 2 of 2\n");
	see(fake.macro, "in 2/2 stopped\nout 2/2 stopped\n");
	assert_false(player_status(&st));

	/* of two the newest; the other plays on */
	s = apart("macro play in");
	player_status(&st);
	assert_string_equal(st.waits, "answered");
	run("macro define b 'sleep 5s' ; macro play b");
	player_status(&st);
	assert_string_equal(st.name, "b");
	assert_string_equal(st.waits, "5s");
	assert_true(player_stop());
	player_status(&st);
	assert_string_equal(st.name, "in");
	/* who asked for it has gone: it plays on, and what becomes of it is a notice */
	script_free(s);
	assert_true(player_status(&st));
	fake.notices = 0;
	fails(2, 486);
	assert_false(player_status(&st));
	assert_int_equal(fake.notices, 1);
	see(fake.notice, "macro in, step 2 of 2");
	/* one that stops itself */
	run("macro define b 'mute off ; macro stop ; mute on'");
	see(run("macro play b"), "macro b was stopped at step 2 of 3");
	assert_false(fake.muted);
	/* the end of the program */
	s = apart("macro play out");
	player_close();
	script_free(s);
}

static void again(void **state)
{
	(void)state;
	see(run("macro play @"), "no macro has been played yet");
	run("macro define show 'echo ${*}' ; macro define b 'macro play show inner' ; macro play show 1 '2 3'");
	see(run("macro play @"), "=ok 1 2 3");
	run("macro play b");
	see(run("macro play @"), "=ok inner");
	run("macro define b 'mute on'");
	see(run("macro play @"), "=ok muted\n");
}

/* ---- defining ---- */

static void what_may_be_defined(void **state)
{
	static const struct { const char *line, *error; } wrong[] = {
		{"macro define x", "usage: macro define NAME"}, {"macro define 'a b' mute", "is no name of a macro"},
		{"macro define ä mute", "is no name of a macro"}, {"macro define 1 mute", "is no name of a macro"},
		{"macro define xy 'hangpu'", "did you mean \"hangup\""}, {"macro define xy \"echo 'a\"", "not closed"},
		{"macro define xy '# nothing'", "needs a command"}, {"macro define xy mute on off more", "one word"},
		{"macro define xy 'account add w sip:a@b password=geheim'", "no passwords"},
		{"macro define xy \"bind global Z 'echo password=geheim'\"", "no passwords"},
		{"macro define xy ''", "unknown macro \"xy\""}, {"macro ply", "did you mean \"play\""},
		{"macro play cnof", "unknown macro \"cnof\"; did you mean \"conf\"?"}, {"macro play z", "register z is empty"},
		{"macro edit z", "register z is empty"}, {"macro save z zz", "register z is empty"},
		{"macro save conf q", "at least two letters"}, {"macro edit conv", "did you mean \"conf\""},
		{"macro record conf", "no register"}, {"macro play", "usage: macro play REGISTER|MACRO [ARG]..."},
	};
	unsigned i;

	(void)state;
	run("macro define conf 'mute on'");
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		run(wrong[i].line);
		see(told, "=error (2)");
		if (!strstr(told, wrong[i].error))
			fail_msg("%s", told);
		see_not(strstr(told, "=error"), "geheim");
	}
	assert_null(macro_find("xy"));
}

/* In JSON a command can have any character. */
static void lines_in_one(void **state)
{
	(void)state;
	run("macro define two \"mute on\nmute off\" \"first\nsecond\"");
	run("macro define more 'mute on'");
	macros_stop();
	macros_start();
	fake.notices = 0;
	assert_int_equal(macros_read(&env), 0);
	assert_int_equal(fake.notices, 0);
	assert_string_equal(macro_find("two")->text, "mute on ; mute off");
	assert_string_equal(macro_find("two")->description, "first second");
}

/* The table's usage, which completion reads as grammar, says what each part says itself. */
static void one_usage(void **state)
{
	static const char *const parts[] = {"define", "record", "play", "edit", "save"};
	struct buf error = {0};
	const char *whole = command_find("macro", &error)->usage;
	char line[100], *own, *end;
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(line, sizeof(line), "macro %s", parts[i]);
		run(line);
		own = strstr(told, "usage: macro ");
		assert_non_null(own);
		end = strchr(own, '\n');
		*end = '\0';
		see(whole, own + strlen("usage: macro "));
	}
}

static void editing(void **state)
{
	(void)state;
	run("macro define x 'dial echo' ; macro define conf 'mute on ; mute off' 'a text'");
	see(run("macro edit conf"), "=ok mute on ; mute off\n");
	env.edit_h = edit_h;
	assert_string_equal(run("macro edit X") + 0, "macro x: dial echo -> macro define xmacro edit X=ok\n" + 0);
}

static void the_file(void **state)
{
	char content[2000] = "";
	FILE *f;

	(void)state;
	fake.registers[0] = NULL;
	run("macro define conf \"dial 'Bob Meier' ; dtmf \\${1}\" \"Bob's room\" ; macro define r 'dial echo' ; macro save r echo-it");
	f = fopen(file, "r");
	assert_non_null(f);
	content[fread(content, 1, sizeof(content) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(content, "# written by offhook; change it with the macro command\n"
			    "macro define conf \"dial 'Bob Meier' ; dtmf \\${1}\" \"Bob's room\"\n"
			    "macro define echo-it 'dial echo'\n");
	assert_int_equal(fake.stored_name, 'r');
	assert_string_equal(fake.stored, "dial echo");
	f = fopen(file, "a");
	fputs("frobnicate\nmacro define bad 'hangpu'\nmacro define a 'mute on'\n", f);
	fclose(f);
	macros_stop();
	fake.registers[2] = "dial x\nmute on";
	fake.registers[3] = "";
	macros_start();
	fake.notices = 0;
	assert_int_equal(macros_read(&env), 0);
	assert_int_equal(fake.notices, 3);
	see(fake.notice, "saved:6: only macro define with a name belongs here");
	assert_string_equal(macro_find("conf")->text, "dial 'Bob Meier' ; dtmf ${1}");
	assert_string_equal(macro_find("conf")->description, "Bob's room");
	assert_string_equal(macro_find("C")->text, "dial x\nmute on");
	assert_null(macro_find("d"));
	assert_null(macro_find("a"));
	assert_string_equal(macro_at(0)->name, "c");
	assert_string_equal(macro_at(1)->name, "conf");
	assert_null(macro_at(3));
	/* the description stays; the wrong lines, too */
	run("macro define conf 'mute on' ; macro define echo-it ''");
	assert_string_equal(told, "macro define conf 'mute on'=ok\nmacro define echo-it ''=ok\n");
	f = fopen(file, "r");
	content[fread(content, 1, sizeof(content) - 1, f)] = '\0';
	fclose(f);
	assert_string_equal(content, "# written by offhook; change it with the macro command\n"
			    "macro define conf 'mute on' \"Bob's room\"\n"
			    "frobnicate\nmacro define bad 'hangpu'\nmacro define a 'mute on'\n");
	macros_stop();
	see(run("macro define conf 'mute on'"), "for this run only");
}

/* What the rc file defines is changed there. */
static void the_rc_file(void **state)
{
	char rc[PATH_MAX];
	FILE *f;

	(void)state;
	snprintf(rc, sizeof(rc), "%s/rc", folder);
	f = fopen(rc, "w");
	fputs("macro define door 'mute on' opens\nmacro define k 'mute off'\nmacro define door2 'hangpu'\n", f);
	fclose(f);
	fake.notices = 0;
	assert_int_equal(rc_read(&env, rc), 0);
	assert_int_equal(fake.notices, 1);
	see(fake.notice, "rc:3: unknown command");
	assert_int_equal(fake.stores, 0);
	see(run("macro define door 'mute off'"), "rc:1; change it there");
	see(run("macro edit door"), "rc:1; change it there");
	see(run("macro define door ''"), "change it there");
	see(run("macro play door"), "=ok");
	run("macro define more 'mute on'");
	f = fopen(file, "r");
	rc[fread(rc, 1, sizeof(rc) - 1, f)] = '\0';
	fclose(f);
	see_not(rc, "door");
	see(rc, "more");
}

/* What the rc file says goes before what was saved; when it no longer says so, that is there again. */
static void the_rc_file_covers(void **state)
{
	char rc[PATH_MAX];
	FILE *f;

	(void)state;
	run("macro define door 'dtmf 1' 'the old one'");
	run("macro define gate 'dtmf 2'");
	snprintf(rc, sizeof(rc), "%s/rc", folder);
	f = fopen(rc, "w");
	fputs("macro define door 'mute on'\nmacro define gate ''\n", f);
	fclose(f);
	assert_int_equal(rc_read(&env, rc), 0);
	assert_string_equal(macro_find("door")->text, "mute on");
	assert_null(macro_find("gate"));
	run("macro define more 'mute on'");
	macros_stop();
	macros_start();
	assert_int_equal(macros_read(&env), 0);
	assert_string_equal(macro_find("door")->text, "dtmf 1");
	assert_string_equal(macro_find("door")->description, "the old one");
	assert_string_equal(macro_find("gate")->text, "dtmf 2");
	assert_string_equal(macro_find("more")->text, "mute on");
}

static void too_many_macros(void **state)
{
	char line[100];
	unsigned i;

	(void)state;
	macros_stop(); /* not each of them to be written */
	for (i = 0; i < MACROS_MAX; i++) {
		snprintf(line, sizeof(line), "macro define m%u 'mute on'", i);
		see(run(line), "=ok");
	}
	see(run("macro define more 'mute on'"), "there are 500 macros already");
	see(run("macro define z 'mute on'"), "=ok");
	see(run("macro define more 'mute on'"), "there are 500 macros already");
	see(run("macro define m7 'mute off'"), "=ok");
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(plays), T(its_call_closes), T(stops_where_it_fails), T(values), T(no_values_for_the_shell), T(long_values), T(any_bytes), T(a_stranger_calls), T(nested), T(reaches_itself),
		T(too_many_steps), T(too_many_calls), T(all_ways_to_call), T(typed_by_a_macro), T(stopping), T(again), T(what_may_be_defined), T(lines_in_one), T(one_usage), T(editing), T(the_file),
		T(the_rc_file), T(the_rc_file_covers), T(too_many_macros),
	};
	char rc[PATH_MAX];
	int failed;

	if (!mkdtemp(folder))
		return 1;
	setenv("XDG_STATE_HOME", folder, 1);
	snprintf(file, sizeof(file), "%s/offhook/saved", folder);
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	remove(file);
	snprintf(rc, sizeof(rc), "%s/rc", folder);
	remove(rc);
	snprintf(rc, sizeof(rc), "%s/offhook", folder);
	rmdir(rc);
	rmdir(folder);
	return failed;
}
