/* Commands in, events out, through real descriptors and the real loop. */
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
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/loop.h"
#include "command_fakes.h"
#include "control/headless.h"

#define DEADLINE_MS 10000

static struct settings settings;
static struct command_env env = {.settings = &settings};
static struct headless *headless;
static struct loop_timer *deadline;
static int in[2], out[2];
static char got[1 << 22];
static size_t got_len;
static bool ended, late;

static void deadline_h(void *arg)
{
	(void)arg;
	late = true;
	loop_quit();
}

static void end_h(void *arg)
{
	(void)arg;
	ended = true;
	loop_quit();
}

static enum headless_face face;

static int setup(void **state)
{
	(void)state;
	fake_reset();
	options_defaults(&settings);
	assert_int_equal(pipe(in), 0);
	assert_int_equal(pipe(out), 0);
	assert_int_equal(fcntl(out[0], F_SETFL, O_NONBLOCK), 0);
	ended = late = false;
	face = FACE_JSON;
	got_len = 0;
	assert_int_equal(loop_timer_new(&deadline, deadline_h, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_timer_free(deadline);
	assert_int_equal(fake.listeners, 0);
	close(in[0]);
	if (in[1] >= 0)
		close(in[1]);
	close(out[0]);
	close(out[1]);
	return 0;
}

static void collect(void)
{
	ssize_t n;

	while ((n = read(out[0], got + got_len, sizeof(got) - got_len - 1)) > 0)
		got_len += (size_t)n;
	got[got_len] = '\0';
}

static void feed(const char *s)
{
	assert_int_equal(write(in[1], s, strlen(s)), strlen(s));
}

static int terminal;

static void feed_terminal(const char *s)
{
	assert_int_equal(write(terminal, s, strlen(s)), strlen(s));
}

static void end_input(void)
{
	close(in[1]);
	in[1] = -1;
}

static void start(int in_fd, int out_fd)
{
	assert_int_equal(headless_start(&headless, &env, face, in_fd, out_fd, end_h, NULL), 0);
}

/* Runs until the end of the input was told. */
static void run(void)
{
	loop_timer_start(deadline, DEADLINE_MS);
	assert_int_equal(loop_run(), 0);
	assert_false(late);
	assert_true(ended);
	assert_true(headless_input_ended(headless));
}

static unsigned count(const char *what)
{
	const char *p = got;
	unsigned n = 0;

	while ((p = strstr(p, what)) != NULL) {
		n++;
		p += strlen(what);
	}
	return n;
}

static void replies(void **state)
{
	(void)state;
	feed("echo a\r\n\n# note\nhangpu\nhelp hangup ; echo '\xc3\xa4'\nwait idle ; account add w sip:a@h password=hunter2\n"
	     "echo b\\\r\nsleep 20ms\necho c\nsleep 20ms ; echo last");
	end_input();
	start(in[0], out[1]);
	assert_false(headless_input_ended(headless));
	run();
	headless_stop(headless);
	collect();
	assert_int_equal(count("{\"event\": \"reply\", \"time\": "), 11);
	assert_non_null(strstr(got, "\"line\": \"echo a\", \"ok\": true, \"text\": \"a\", \"status\": 0}\n"));
	assert_non_null(strstr(got, "\"line\": \"hangpu\", \"ok\": false, \"error\": "
		"\"unknown command \\\"hangpu\\\"; did you mean \\\"hangup\\\"?\", \"status\": 2}\n"));
	assert_non_null(strstr(got, "hangup [CALL]\\nEnds the call"));
	assert_non_null(strstr(got, "\"text\": \"\\u00e4\""));
	assert_non_null(strstr(got, "\"line\": \"echo b***\", \"ok\": false"));
	assert_null(strstr(got, "^M"));
	assert_non_null(strstr(got, "password=***"));
	assert_null(strstr(got, "hunter2"));
	assert_non_null(strstr(got, "\"line\": \"echo last\", \"ok\": true, \"text\": \"last\", \"status\": 0}\n"));
	assert_string_equal(got + got_len - 2, "}\n");
}

static void events(void **state)
{
	(void)state;
	start(-1, out[1]);
	fake_event("call", 7, "calling");
	collect();
	assert_string_equal(got, "{\"event\": \"call\", \"time\": 1700000000.123, \"call\": 7, \"state\": \"calling\"}\n");
	run();
	headless_stop(headless);
}

static void long_and_odd_lines(void **state)
{
	char line[3 * LINE_MAX_BYTES];

	(void)state;
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\0';
	feed(line);
	feed("\necho after\n");
	assert_int_equal(write(in[1], "echo a\0b\n", 9), 9);
	feed("echo end\n");
	end_input();
	start(in[0], out[1]);
	run();
	headless_stop(headless);
	collect();
	assert_int_equal(count("\"reply\""), 4);
	assert_int_equal(count("the line is too long"), 1);
	assert_int_equal(count("NUL"), 1);
	assert_int_equal(count("\"text\": \"after\""), 1);
	assert_int_equal(count("\"text\": \"end\""), 1);
}

/* A reader that stops reading holds up nothing; what is too much is counted. */
static void stuck_reader(void **state)
{
	unsigned i, lost;
	char *p;

	(void)state;
	start(-1, out[1]);
	for (i = 0; i < 40000; i++)
		fake_event("dtmf", i, "a state that makes the line a little longer");
	/* it wakes up */
	collect();
	ended = false;
	loop_timer_start(deadline, DEADLINE_MS);
	run();
	while (!strstr(got, "were lost")) {
		struct loop_timer *turn;

		/* the loop writes what waits, a pipe at a time */
		assert_int_equal(loop_timer_new(&turn, end_h, NULL), 0);
		loop_timer_start(turn, 1);
		assert_int_equal(loop_run(), 0);
		loop_timer_free(turn);
		collect();
		assert_false(late);
		fake_event("dtmf", 1, NULL);
		collect();
	}
	p = strstr(got, "\"text\": \"");
	lost = (unsigned)strtoul(p + strlen("\"text\": \""), NULL, 10);
	*strstr(got, "{\"event\": \"notice\"") = '\0';
	/* no line was torn, none is unaccounted for */
	assert_true(lost > 20000);
	assert_true(count("{\"event\": \"dtmf\", \"time\": 1700000000.123, \"call\": ") == count("}\n"));
	assert_true(count("}\n") + lost >= 40000);
	headless_stop(headless);
}

static void reader_gone(void **state)
{
	(void)state;
	signal(SIGPIPE, SIG_DFL);
	start(-1, out[1]);
	close(out[0]);
	fake_event("dtmf", 1, NULL);
	fake_event("dtmf", 2, NULL);
	run();
	headless_stop(headless);
	out[0] = open("/dev/null", O_RDONLY);
}

/* What epoll refuses, and what is not even open. */
static void other_inputs(void **state)
{
	int null = open("/dev/null", O_RDWR), file;
	char name[] = "/tmp/test_headless_XXXXXX";

	(void)state;
	start(null, out[1]);
	run();
	headless_stop(headless);
	close(null);

	ended = false;
	file = mkstemp(name);
	assert_int_equal(write(file, "echo from a file\n", 17), 17);
	lseek(file, 0, SEEK_SET);
	start(file, out[1]);
	run();
	headless_stop(headless);
	collect();
	assert_int_equal(count("from a file\", \"status\": 0"), 1);

	/* written behind what is there, as with >> */
	ended = false;
	start(-1, file);
	fake_event("dtmf", 1, NULL);
	run();
	headless_stop(headless);
	lseek(file, 0, SEEK_SET);
	got_len = (size_t)read(file, got, 100);
	got[got_len] = '\0';
	assert_int_equal(strncmp(got, "echo from a file\n{\"event\": \"dtmf\"", 33), 0);
	close(file);
	unlink(name);

	ended = false;
	start(500, out[1]); /* closed */
	run();
	headless_stop(headless);
}

/* The descriptor is shared with others: theirs must go on blocking. */
static void leaves_descriptors_alone(void **state)
{
	int pair[2];

	(void)state;
	start(-1, out[1]);
	assert_false(fcntl(out[1], F_GETFL) & O_NONBLOCK);
	headless_stop(headless);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	start(pair[0], pair[0]);
	assert_false(fcntl(pair[0], F_GETFL) & O_NONBLOCK);
	assert_int_equal(write(pair[1], "echo x\n", 7), 7);
	shutdown(pair[1], SHUT_WR);
	run();
	headless_stop(headless);
	got_len = (size_t)read(pair[1], got, 1000);
	got[got_len] = '\0';
	assert_int_equal(count("\"text\": \"x\""), 1);
	close(pair[0]);
	close(pair[1]);
}

/* --plain: sentences. */
static void plainly(void **state)
{
	(void)state;
	face = FACE_PLAIN;
	feed("echo a\nhangup 1\nmute\nhangpu\necho '\x1b[31m'\n");
	end_input();
	start(in[0], out[1]);
	fake_event("media", 1, NULL);
	fake_event("tone", 1, NULL);
	run();
	headless_stop(headless);
	collect();
	assert_string_equal(got, "a\nok\nmuted\nError: unknown command \"hangpu\"; did you mean \"hangup\"?\n^[[31m\n");
}

static unsigned quits;

static void quit_h(int status, void *arg)
{
	(void)arg;
	assert_int_equal(status, 0);
	quits++;
	loop_quit();
}

static void late_ctrl_d_h(void *arg)
{
	(void)arg;
	fake.active = 0;
	feed_terminal("\004");
}

/* The end of a terminal's input: it can be typed again. */
static void ctrl_d(void **state)
{
	struct loop_timer *second;
	int slave;

	(void)state;
	face = FACE_PLAIN;
	terminal = posix_openpt(O_RDWR | O_NOCTTY);
	assert_true(terminal >= 0 && !grantpt(terminal) && !unlockpt(terminal));
	slave = open(ptsname(terminal), O_RDWR | O_NOCTTY);
	assert_true(slave >= 0);
	env.quit_h = quit_h;
	quits = 0;
	fake.active = 1;
	start(slave, out[1]);
	feed_terminal("\004");
	assert_int_equal(loop_timer_new(&second, late_ctrl_d_h, NULL), 0);
	loop_timer_start(second, 50);
	loop_timer_start(deadline, DEADLINE_MS);
	assert_int_equal(loop_run(), 0);
	loop_timer_free(second);
	headless_stop(headless);
	env.quit_h = NULL;
	assert_false(late);
	assert_int_equal(quits, 1);
	collect();
	assert_string_equal(got, "A call is up. Type hangup to end it, or quit to end all.\n");
	close(slave);
	close(terminal);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(replies), T(events), T(long_and_odd_lines), T(stuck_reader), T(reader_gone), T(other_inputs),
		T(leaves_descriptors_alone), T(plainly), T(ctrl_d),
	};
	int failed;

	if (loop_init())
		return 1;
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	loop_close();
	return failed;
}
