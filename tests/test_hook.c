/* Hooks: real processes, in virtual time. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "command/hook.h"
#include "command_fakes.h"
#include "fake_loop.h"
#include "phone/event.h"

static char folder[] = "/tmp/test_hook_XXXXXX";
static struct hooks *hooks;
static char text[65536];

static const char *path(const char *name)
{
	static char p[4][64];
	static unsigned i;

	i = (i + 1) % 4;
	snprintf(p[i], sizeof(p[i]), "%s/%s", folder, name);
	return p[i];
}

static const char *content(const char *name)
{
	FILE *f = fopen(path(name), "r");
	size_t n = f ? fread(text, 1, sizeof(text) - 1, f) : 0;

	if (f)
		fclose(f);
	text[n] = '\0';
	return text;
}

static int setup(void **state)
{
	(void)state;
	fake_reset();
	assert_int_equal(hooks_new(&hooks, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	static const char *const files[] = {"out", "new", "pid", "go"};
	unsigned i;

	(void)state;
	hooks_free(hooks);
	assert_int_equal(fake.listeners, 0);
	assert_int_equal(fake_loop_watched(), 0);
	for (i = 0; i < 4; i++)
		unlink(path(files[i]));
	return 0;
}

static bool nothing_runs(void) { return !fake_loop_watched(); }
static bool out_is_there(void) { return !access(path("out"), F_OK); }
static bool told_so(void) { return fake.notices > 0; }

static void add(const char *event, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
static void add(const char *event, const char *fmt, ...)
{
	char command[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(command, sizeof(command), fmt, ap);
	va_end(ap);
	assert_int_equal(hook_add(hooks, event, command), 0);
}

static void fields(void **state)
{
	static const char *const list[] = {"a b", "c'\"$(d)"};
	static struct event e;

	(void)state;
	setenv("OFFHOOK_REASON", "of an outer one", 1);
	setenv("OFFHOOKER", "not ours", 1);
	hooks_set_control(hooks, "/run/x");
	add("outcome", "env -0 | tr '\\n\\0' '|\\n' >%s; mv %s %s", path("new"), path("new"), path("out"));
	event_begin(&e, "outcome");
	event_integer(&e, "call", 3);
	event_string(&e, "peer", "sip:\x1b]0;a\nb@h");
	event_real(&e, "rx_level", -12.5);
	event_boolean(&e, "on", true);
	event_list(&e, "allow", list, 2);
	phone_emit(NULL, &e);
	assert_true(fake_loop_until(nothing_runs));
	content("out");
	assert_non_null(strstr(text, "OFFHOOK_EVENT=outcome\n"));
	assert_non_null(strstr(text, "OFFHOOK_TIME=1700000000.123\n"));
	assert_non_null(strstr(text, "OFFHOOK_CALL=3\n"));
	assert_non_null(strstr(text, "OFFHOOK_PEER=sip:^[]0;a^Jb@h\n"));
	assert_non_null(strstr(text, "OFFHOOK_RX_LEVEL=-12.5\n"));
	assert_non_null(strstr(text, "OFFHOOK_ON=true\n"));
	assert_non_null(strstr(text, "OFFHOOK_ALLOW=a b|c'\"$(d)\n"));
	assert_non_null(strstr(text, "OFFHOOK_CONTROL=/run/x\n"));
	assert_non_null(strstr(text, "OFFHOOKER=not ours\n"));
	assert_null(strstr(text, "OFFHOOK_REASON"));
	unsetenv("OFFHOOK_REASON");
	unsetenv("OFFHOOKER");
}

/* What has the terminal could write over the screen, and take the keys. */
static void no_terminal(void **state)
{
	int pid, group, session, terminal;

	(void)state;
	add("outcome", "read -r _ _ _ _ group session terminal _ </proc/$$/stat; echo $$ $group $session $terminal >%s; mv %s %s",
	    path("new"), path("new"), path("out"));
	fake_event("outcome", 1, NULL);
	assert_true(fake_loop_until(nothing_runs));
	content("out");
	assert_int_equal(sscanf(text, "%d %d %d %d", &pid, &group, &session, &terminal), 4);
	assert_int_equal(group, pid);
	assert_int_equal(session, pid);
	assert_int_equal(terminal, 0);
}

static void only_its_event(void **state)
{
	(void)state;
	add("redial", "touch %s", path("out"));
	fake_event("call", 1, "ringing");
	assert_int_equal(fake_loop_watched(), 0);
	fake_event("redial", 1, "due");
	assert_int_equal(fake_loop_watched(), 1);
	assert_true(fake_loop_until(nothing_runs));
	assert_true(out_is_there());
	assert_int_equal(fake.notices, 0);
}

static bool is_gone(const char *name)
{
	long pid = strtol(content(name), NULL, 10);

	return pid > 0 && kill((pid_t)pid, 0) && errno == ESRCH;
}

static bool child_is_gone(void) { return is_gone("pid"); }
static bool pid_is_there(void) { return strchr(content("pid"), '\n') != NULL; }

/* Sixty seconds, then it is asked to end, with all that it started; two more, then it is not asked. */
static void limit(void **state)
{
	(void)state;
	add("call", "sh -c \"trap '' TERM; echo \\$\\$ >%s; while :; do sleep 1000; done\" & wait", path("pid"));
	fake_event("call", 1, "ringing");
	assert_true(fake_loop_until(pid_is_there));
	fake_loop_pass(59999);
	assert_int_equal(fake_loop_watched(), 1);
	fake_loop_pass(1);
	assert_true(fake_loop_until(nothing_runs));
	assert_true(fake_loop_until(child_is_gone));
	assert_non_null(strstr(fake.notice, "it was ended after 60 s"));
}

static void limit_of_the_stubborn(void **state)
{
	(void)state;
	add("call", "trap '' TERM; echo $$ >%s; while :; do sleep 1000; done", path("pid"));
	fake_event("call", 1, "ringing");
	assert_true(fake_loop_until(pid_is_there));
	fake_loop_pass(60000);
	fake_loop_pass(1999);
	assert_int_equal(fake_loop_watched(), 1);
	assert_false(is_gone("pid"));
	fake_loop_pass(1);
	assert_true(fake_loop_until(nothing_runs));
	assert_true(is_gone("pid"));
}

static bool eight_ran(void) { return strlen(content("out")) == 2 * HOOKS_AT_A_TIME; }
static bool some_left_out(void) { return strstr(fake.notice, "were not told") != NULL; }

static void many(void **state)
{
	unsigned i;
	int fd;

	(void)state;
	assert_int_equal(mkfifo(path("go"), 0600), 0);
	add("dtmf", "echo x >>%s; cat %s", path("out"), path("go"));
	for (i = 0; i < 100; i++)
		fake_event("dtmf", 1, NULL);
	assert_int_equal(fake_loop_watched(), HOOKS_AT_A_TIME);
	assert_true(fake_loop_until(eight_ran));
	/* a writer that stays lets all of them end */
	fd = open(path("go"), O_RDWR);
	assert_true(fd >= 0);
	assert_int_equal(fake.notices, 0);
	hook_remove(hooks, "dtmf");
	close(fd);
	while (fake_loop_watched()) {
		/* one that opens it later needs a writer of its own */
		fd = open(path("go"), O_WRONLY | O_NONBLOCK);
		if (fd >= 0)
			close(fd);
		fake_loop_pass(0);
	}
	assert_int_equal(strlen(content("out")), 2 * (HOOKS_AT_A_TIME + HOOKS_WAITING));
	assert_true(fake_loop_until(some_left_out));
	assert_non_null(strstr(fake.notice, "28 events"));
}

/* It fails, tells once, and its own notice makes it run no more. */
static void failing(void **state)
{
	(void)state;
	add("notice", "exit 3");
	add("call", "kill -9 $$");
	phone_notice(NULL, SEVERITY_INFO, NULL, "x");
	fake.notices = 0;
	fake_event("notice", 1, NULL);
	assert_true(fake_loop_until(told_so));
	assert_int_equal(fake.notices, 1);
	assert_string_equal(fake.notice, "The hook of notice failed: exit 3: exit status 3");
	assert_true(fake_loop_until(nothing_runs));
	fake_event("notice", 1, NULL);
	assert_true(fake_loop_until(nothing_runs));
	assert_int_equal(fake.notices, 1);
	fake_event("call", 1, NULL);
	assert_true(fake_loop_until(nothing_runs));
	assert_string_equal(fake.notice, "The hook of call failed: kill -9 $$: signal 9");
}

static void lists(void **state)
{
	const char *event, *command;
	char name[HOOK_COMMAND_MAX + 1];
	unsigned i;

	(void)state;
	assert_int_equal(hook_add(hooks, "no-event", "x"), ENOENT);
	memset(name, 'x', sizeof(name));
	name[sizeof(name) - 1] = '\0';
	assert_int_equal(hook_add(hooks, "call", name), E2BIG);
	for (i = 0; i < HOOKS_MAX; i++) {
		snprintf(name, sizeof(name), "%u", i);
		assert_int_equal(hook_add(hooks, i % 2 ? "call" : "tone", name), 0);
	}
	assert_int_equal(hook_add(hooks, "call", "63"), 0);
	assert_int_equal(hook_add(hooks, "call", "64"), ENOSPC);
	assert_int_equal(hook_remove(hooks, "call"), HOOKS_MAX / 2);
	assert_int_equal(hook_remove(hooks, "call"), 0);
	assert_true(hook_at(hooks, 31, &event, &command));
	assert_string_equal(event, "tone");
	assert_string_equal(command, "62");
	assert_false(hook_at(hooks, 32, &event, &command));
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(fields), T(no_terminal), T(only_its_event), T(limit), T(limit_of_the_stubborn), T(many), T(failing), T(lists),
	};
	int failed;

	if (!mkdtemp(folder))
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rmdir(folder);
	return failed;
}
