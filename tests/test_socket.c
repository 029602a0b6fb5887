/* A connection of the control socket, in virtual time, and the reading of its requests. */
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

#include "command_fakes.h"
#include "control/client.h"
#include "control/json.h"
#include "control/reader.h"
#include "control/request.h"
#include "fake_loop.h"
#include "phone/event.h"

static struct settings settings;
static struct command_env env = {.settings = &settings};
static struct client *client;
static int far;             /* the other side's end */
static bool ended;
static char got[1 << 21];

static void end_h(struct client *c, void *arg)
{
	(void)arg;
	ended = true;
	client_free(c, 0);
	client = NULL;
}

static int setup(void **state)
{
	int pair[2];

	(void)state;
	fake_reset();
	options_defaults(&settings);
	ended = false;
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair), 0);
	far = pair[1];
	assert_int_equal(client_new(&client, &env, pair[0], end_h, NULL), 0);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	if (far >= 0)
		close(far);
	far = -1;
	fake_loop_pass(0);
	assert_true(ended);
	assert_null(client);
	assert_int_equal(fake.listeners, 0);
	assert_int_equal(fake_loop_watched(), 0);
	return 0;
}

static void feed(const void *bytes, size_t len)
{
	assert_int_equal(write(far, bytes, len), len);
}

static void say(const char *s)
{
	feed(s, strlen(s));
	fake_loop_pass(0);
}

/* All that has come. */
static const char *hear(void)
{
	size_t len = 0;
	ssize_t n;

	while ((n = read(far, got + len, sizeof(got) - len - 1)) > 0) {
		len += (size_t)n;
		fake_loop_pass(0);
	}
	got[len] = '\0';
	return got;
}

static void lines(void **state)
{
	(void)state;
	say("echo a\r\n\n#\necho b ; echo c\nnonsense ; echo d\n");
	assert_string_equal(hear(), "ok a\nok\nok\nok b\\nc\nerror: unknown command \"nonsense\"\n");
	/* what comes behind a failing command is not run, what comes in the next line is */
	say("nonsense ; mute on\n{\"command\": \"nonsense ; mute on\"}\nset volume 7\n");
	hear();
	assert_false(fake.muted);
	assert_int_equal(settings.volume, 7);
	say("{\"id\": 7, \"command\": \"echo a ; nonsense\"}\n");
	assert_string_equal(hear(), "{\"id\": 7, \"ok\": false, \"text\": \"a\", \"error\": "
			    "\"unknown command \\\"nonsense\\\"\", \"status\": 2}\n");
	/* byte by byte */
	{
		const char *p;

		for (p = "echo x\necho y"; *p; p++) {
			feed(p, 1);
			fake_loop_pass(0);
		}
	}
	assert_string_equal(hear(), "ok x\n");
	shutdown(far, SHUT_WR);
	fake_loop_pass(0);
	assert_string_equal(hear(), "error: the last line has no end; it was not run\n");
	assert_true(ended);
}

/* What is waited for holds up the lines behind it, which stay in order. */
static void waiting(void **state)
{
	(void)state;
	say("sleep 2s\necho after\nwait incoming 5s\necho end\n");
	assert_string_equal(hear(), "");
	fake_loop_pass(1999);
	assert_string_equal(hear(), "");
	fake_loop_pass(1);
	assert_string_equal(hear(), "ok\nok after\n");
	fake_loop_pass(5000);
	assert_string_equal(hear(), "error: wait incoming 5s: not within 5 s\nok end\n");
}

/* Who closes at once has asked for something all the same; only what takes time is dropped. */
static void gone(void **state)
{
	(void)state;
	feed("set volume 10\nmute on\nsleep 1s\nset volume 20\n", 46);
	close(far);
	far = -1;
	fake_loop_pass(0);
	assert_true(ended);
	assert_int_equal(settings.volume, 10);
	assert_true(fake.muted);
	fake_loop_pass(5000);
	assert_int_equal(settings.volume, 10);
}

static void gone_while_it_waits(void **state)
{
	(void)state;
	say("sleep 60m\nset volume 20\n");
	assert_false(ended);
	close(far);
	far = -1;
	fake_loop_pass(0);
	assert_true(ended);
	assert_int_equal(settings.volume, 100);
}

/* The end of what it says is not the end of what it hears. */
static void half_closed(void **state)
{
	(void)state;
	feed("sleep 60s\necho a\n", 17);
	shutdown(far, SHUT_WR);
	fake_loop_pass(59999);
	assert_false(ended);
	assert_string_equal(hear(), "");
	fake_loop_pass(1);
	assert_string_equal(hear(), "ok\nok a\n");
	assert_true(ended);
}

static void odd_bytes(void **state)
{
	static char line[100000];

	(void)state;
	feed("echo \0x\n", 8);
	feed("echo \xff\n", 7);
	feed("\0", 1);
	feed("{\"id\": 1}\n", 10);
	say("{\"id\": 1, \"command\": \"echo a\"}\n");
	assert_string_equal(hear(), "error: the line has a NUL character in it\nerror: the line is not UTF-8\n"
			    "error: the line has a NUL character in it\n{\"id\": 1, \"ok\": true, \"text\": \"a\", \"status\": 0}\n");
	memset(line, 'x', sizeof(line));
	line[sizeof(line) - 1] = '\n';
	feed(line, sizeof(line));
	say("echo a\n");
	assert_string_equal(hear(), "error: the line is too long\nok a\n");
}

static void tell(const char *name, unsigned n)
{
	static struct event e;
	struct buf line = {0};
	char text[EVENT_STRING_MAX];

	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	event_begin(&e, name);
	event_integer(&e, "call", n);
	event_string(&e, "text", text);
	jsonl_event(&line, &e);
	if (client && client_wants(client, &e))
		client_tell(client, &line);
	buf_free(&line);
}

static void events(void **state)
{
	(void)state;
	tell("call", 1);
	assert_string_equal(hear(), "");
	say("{\"subscribe\": [\"call\", \"dtmf\"]}\n{\"unsubscribe\": \"dtmf\"}\n");
	assert_string_equal(hear(), "{\"ok\": true, \"status\": 0}\n{\"ok\": true, \"status\": 0}\n");
	tell("call", 2);
	tell("dtmf", 3);
	tell("media", 4);
	assert_non_null(strstr(hear(), "\"call\": 2"));
	assert_null(strstr(got, "\"call\": 3"));
	assert_null(strstr(got, "\"call\": 4"));
	say("{\"subscribe\": \"*\"}\n");
	hear();
	tell("media", 5);
	assert_non_null(strstr(hear(), "\"call\": 5"));
}

/* A mebibyte of events that nobody reads, and it is let go; what it got is whole lines. */
static void stuck(void **state)
{
	unsigned i;

	(void)state;
	say("{\"subscribe\": \"*\"}\n");
	for (i = 0; i < 5000 && !ended; i++) {
		tell("call", i);
		fake_loop_pass(0);
	}
	assert_true(ended);
	assert_true(i > 1000 && i < 2000);
}

/* Answers that nobody reads stop the reading of commands; after half a minute of that it is let go. */
static void answers_unread(void **state)
{
	unsigned sent = 0;
	ssize_t n;

	(void)state;
	while ((n = write(far, "help\n", 5)) == 5 && sent < 100000) {
		sent++;
		fake_loop_pass(0);
	}
	assert_true(sent < 100000);
	fake_loop_pass(29000);
	assert_false(ended);
	fake_loop_pass(1000);
	assert_true(ended);
}

/* A slow one is no stuck one. */
static void slow(void **state)
{
	unsigned i, answers = 0;
	static char chunk[200000];
	ssize_t n, j;

	(void)state;
	for (i = 0; i < 1000; i++)
		memcpy(chunk + 5 * (size_t)i, "help\n", 5);
	feed(chunk, 5000);
	for (i = 0; i < 2000 && answers < 1000; i++) {
		fake_loop_pass(20000);
		assert_false(ended);
		n = read(far, chunk, sizeof(chunk));
		for (j = 0; j < n; j++)
			answers += chunk[j] == '\n';
	}
	assert_int_equal(answers, 1000);
}

static void requests(void **state)
{
	static const char *const wrong[] = {
		"{", "{}", "{\"id\": 1}", "{\"command\": 1}", "{\"command\": \"a\"", "{\"command\": \"a\"} x", "{\"command\": \"a\",}",
		"{\"command\": \"a\" \"b\"}", "{\"command\" \"a\"}", "{,}", "{\"command\": \"a\\u0000\"}", "{\"command\": \"\\ud800\"}",
		"{\"command\": \"\\ud800\\u0041\"}", "{\"command\": \"\\udc00\"}", "{\"command\": \"\\u12\"}", "{\"command\": \"\\q\"}",
		"{\"command\": \"\x01\"}", "{\"command\": \"a", "{\"command\": \"a\\", "{\"id\": 01, \"command\": \"a\"}",
		"{\"id\": -, \"command\": \"a\"}", "{\"id\": 1., \"command\": \"a\"}", "{\"id\": 1e, \"command\": \"a\"}",
		"{\"id\": true, \"command\": \"a\"}", "{\"x\": truth, \"command\": \"a\"}", "{\"x\": [1 2], \"command\": \"a\"}",
		"{\"x\": [1,], \"command\": \"a\"}", "{\"x\": [,1], \"command\": \"a\"}", "{\"x\": [1}, \"command\": \"a\"}",
		"{\"x\": [[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]], \"command\": \"a\"}", "{\"subscribe\": [\"calls\"]}", "{\"subscribe\": \"\"}",
		"{\"subscribe\": [[]]}", "{\"command\": \"a\", \"subscribe\": \"*\"}", "[\"command\"]", "\"command\"", "{\"command\": null}",
	};
	static struct request q;
	struct buf error = {0};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		if (request_read(&q, wrong[i], &error) != EINVAL)
			fail_msg("taken: %s", wrong[i]);
		assert_true(error.len > 0);
		buf_free(&error);
	}
	assert_int_equal(request_read(&q, " { \"x\" : [ { \"y\" : [ null , true , false , -0.5e+3 , \"\\\"\" ] } , [ ] , { } ] , "
			 "\"id\" : \"\\u00e4\" , \"command\" : \"a\\n\\t\\/\\\\\\u00e4\\ud83d\\ude00\\u20ac\" } \t", &error), 0);
	assert_string_equal(q.id, "\"\\u00e4\"");
	assert_string_equal(q.command, "a\n\t/\\\xc3\xa4\xf0\x9f\x98\x80\xe2\x82\xac");
	assert_int_equal(q.kind, REQUEST_COMMAND);
	assert_int_equal(request_read(&q, "{\"id\":-12.5e3,\"unsubscribe\":[]}", &error), 0);
	assert_string_equal(q.id, "-12.5e3");
	assert_int_equal(q.kind, REQUEST_UNSUBSCRIBE);
	assert_int_equal(q.events, 0);
	/* the id of a request that is refused is known */
	assert_int_equal(request_read(&q, "{\"id\": 5, \"subscribe\": [\"tone\", \"cal\"]}", &error), EINVAL);
	assert_string_equal(q.id, "5");
	assert_string_equal(error.s, "unknown event \"cal\"; did you mean \"call\"?");
	buf_free(&error);
	/* wherever it stands */
	assert_int_equal(request_read(&q, "{\"subscribe\": [\"cal\"], \"id\": 6}", &error), EINVAL);
	assert_string_equal(q.id, "6");
	buf_free(&error);
	assert_int_equal(request_read(&q, "{\"command\": 1, \"id\": 7}", &error), EINVAL);
	assert_string_equal(q.id, "7");
	buf_free(&error);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)
	const struct CMUnitTest tests[] = {
		T(lines), T(waiting), T(gone), T(gone_while_it_waits), T(half_closed), T(odd_bytes), T(events), T(stuck),
		T(answers_unread), T(slow), cmocka_unit_test(requests),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
