/* The loop: timers in their order, deferred work, descriptors of every kind. */
#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <re.h>

#include "base/loop.h"

#define DEADLINE_MS 10000

static struct loop_timer *deadline;
static bool late;
static char story[64]; /* a letter for each thing that happened */

static void note(char c)
{
	size_t n = strlen(story);

	assert_true(n < sizeof(story) - 1);
	story[n] = c;
	story[n + 1] = '\0';
}

static void deadline_h(void *arg)
{
	(void)arg;
	late = true;
	loop_quit();
}

static int setup(void **state)
{
	(void)state;
	story[0] = '\0';
	late = false;
	return loop_init() || loop_timer_new(&deadline, deadline_h, NULL) ? -1 : 0;
}

static int teardown(void **state)
{
	(void)state;
	loop_timer_free(deadline);
	loop_close();
	return 0;
}

/* Runs the loop until something quits it; not for ever. */
static void run(void)
{
	loop_timer_start(deadline, DEADLINE_MS);
	assert_int_equal(loop_run(), 0);
	loop_timer_stop(deadline);
	assert_false(late);
}

static void note_h(void *arg)
{
	note(*(const char *)arg);
}

static void quit_h(void *arg)
{
	note(*(const char *)arg);
	loop_quit();
}

static struct loop_timer *timer(loop_timer_h *h, const char *letter)
{
	struct loop_timer *t = NULL;

	assert_int_equal(loop_timer_new(&t, h, (void *)(uintptr_t)letter), 0);
	assert_false(loop_timer_running(t));
	return t;
}

static void timers_run_in_order(void **state)
{
	struct loop_timer *a = timer(note_h, "a"), *b = timer(note_h, "b"), *c = timer(quit_h, "c");
	uint64_t start = loop_now_ms();

	(void)state;
	loop_timer_start(c, 30);
	loop_timer_start(a, 10);
	loop_timer_start(b, 20);
	assert_true(loop_timer_running(a));
	run();
	assert_string_equal(story, "abc");
	assert_true(loop_now_ms() - start >= 30);
	assert_false(loop_timer_running(a));
	loop_timer_free(a);
	loop_timer_free(b);
	loop_timer_free(c);
	loop_timer_free(NULL);
}

static void stopped_and_restarted(void **state)
{
	struct loop_timer *a = timer(note_h, "a"), *b = timer(note_h, "b"), *c = timer(quit_h, "c");

	(void)state;
	loop_timer_start(a, 1);
	loop_timer_start(b, 1);
	loop_timer_start(c, 20);
	loop_timer_stop(a);
	assert_false(loop_timer_running(a));
	loop_timer_start(b, 10); /* once, at the new time */
	run();
	assert_string_equal(story, "bc");
	loop_timer_free(a);
	loop_timer_free(b);
	loop_timer_free(c);
}

static struct loop_timer *self;
static unsigned rounds;

static void again_h(void *arg)
{
	(void)arg;
	note('r');
	assert_false(loop_timer_running(self));
	if (++rounds < 3) {
		loop_timer_start(self, 1);
		return;
	}
	loop_timer_free(self); /* inside its own handler */
	self = NULL;
	loop_quit();
}

static void a_timer_restarts_and_frees_itself(void **state)
{
	(void)state;
	rounds = 0;
	assert_int_equal(loop_timer_new(&self, again_h, NULL), 0);
	loop_timer_start(self, 0);
	run();
	assert_string_equal(story, "rrr");
}

/* A libre that looks at the wall clock would give a time in another century. */
static void libre_uses_the_steady_clock(void **state)
{
	struct tmr t;

	(void)state;
	tmr_init(&t);
	tmr_start(&t, 60000, note_h, NULL);
	assert_in_range(t.jfs, loop_now_ms() + 50000, loop_now_ms() + 60000);
	tmr_cancel(&t);
}

static void clocks(void **state)
{
	uint64_t now = loop_now_ms();

	(void)state;
	assert_true(loop_boot_ms() + 1 >= now); /* it counts the sleep too */
	assert_true(loop_now_ms() >= now);
	assert_true(loop_wall_ms() > 1577836800000); /* 2020 */
}

static void defer_more_h(void *arg)
{
	note(*(const char *)arg);
	assert_int_equal(loop_defer(quit_h, (void *)(uintptr_t)"4"), 0);
	note('3');
}

static void deferred_work_comes_later_and_in_order(void **state)
{
	(void)state;
	assert_int_equal(loop_defer(note_h, (void *)(uintptr_t)"1"), 0);
	assert_int_equal(loop_defer(defer_more_h, (void *)(uintptr_t)"2"), 0);
	assert_string_equal(story, "");
	run();
	assert_string_equal(story, "1234");
}

/* What was never run is freed (the leak checker looks). */
static void closing_with_work_left(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(loop_defer(note_h, NULL), 0);
	assert_int_equal(loop_watch(p[0], LOOP_READ, NULL, NULL), 0);
	assert_int_equal(teardown(state), 0);
	assert_int_equal(setup(state), 0);
	close(p[0]);
	close(p[1]);
}

static void read_h(unsigned flags, void *arg)
{
	int fd = *(int *)arg;
	char c;

	if (flags & LOOP_READ && read(fd, &c, 1) == 1) {
		note(c);
		return;
	}
	note(flags & LOOP_EXCEPT ? 'X' : 'E');
	loop_unwatch(fd); /* inside its handler */
	loop_quit();
}

static void a_pipe_is_read_to_its_end(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(loop_watch(p[0], LOOP_READ, read_h, &p[0]), 0);
	assert_int_equal(write(p[1], "abc", 3), 3);
	close(p[1]);
	run();
	assert_string_equal(story, "abcX");
	close(p[0]);
}

/* the end of the other side is told even to who did not ask for anything */
static void hang_up_is_always_told(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(loop_watch(p[0], 0, read_h, &p[0]), 0);
	close(p[1]);
	run();
	assert_string_equal(story, "X");
	close(p[0]);
}

static void write_h(unsigned flags, void *arg)
{
	int fd = *(int *)arg;

	assert_int_equal(flags, LOOP_WRITE);
	note('w');
	loop_unwatch(fd);
	assert_int_equal(write(fd, "q", 1), 1);
	close(fd);
}

static void writable(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(loop_watch(p[0], LOOP_READ, read_h, &p[0]), 0);
	assert_int_equal(loop_watch(p[1], LOOP_WRITE, write_h, &p[1]), 0);
	run();
	assert_string_equal(story, "wqX");
	close(p[0]);
}

static void a_regular_file_is_read_to_its_end(void **state)
{
	FILE *f = tmpfile();
	int fd;

	(void)state;
	assert_non_null(f);
	fd = fileno(f);
	assert_int_equal(write(fd, "abc", 3), 3);
	assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
	assert_int_equal(loop_watch(fd, LOOP_READ, read_h, &fd), 0);
	run();
	assert_string_equal(story, "abcE");
	fclose(f);
}

/* epoll refuses this device as well; a program started by another often has it as its input */
static void dev_null_is_at_its_end(void **state)
{
	int fd = open("/dev/null", O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(loop_watch(fd, LOOP_READ, read_h, &fd), 0);
	run();
	assert_string_equal(story, "E");
	close(fd);
}

static void other_h(unsigned flags, void *arg)
{
	note('o');
	read_h(flags, arg);
}

static void once_h(unsigned flags, void *arg)
{
	assert_int_equal(flags, LOOP_READ);
	note('1');
	loop_unwatch(*(int *)arg);
}

static void watching_again_replaces(void **state)
{
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(loop_watch(p[0], LOOP_READ, read_h, &p[0]), 0);
	assert_int_equal(loop_watch(p[0], LOOP_READ, other_h, &p[0]), 0);
	assert_int_equal(write(p[1], "a", 1), 1);
	close(p[1]);
	run();
	assert_string_equal(story, "oaoX");
	close(p[0]);
}

/* the same for what epoll refuses, where a timer stands for it */
static void watching_a_device_again_replaces(void **state)
{
	struct loop_timer *end = timer(quit_h, "q");
	int fd = open("/dev/zero", O_RDONLY);

	(void)state;
	assert_true(fd >= 0);
	assert_int_equal(loop_watch(fd, LOOP_READ, read_h, &fd), 0);
	assert_int_equal(loop_watch(fd, LOOP_READ, once_h, &fd), 0);
	loop_timer_start(end, 5);
	run();
	assert_string_equal(story, "1q");
	loop_timer_free(end);
	close(fd);
}

static int pair_a[2], pair_b[2];

/* Whichever is first takes the other away, whose event may already be waiting. */
static void rival_h(unsigned flags, void *arg)
{
	(void)flags;
	note('1');
	loop_unwatch(*(int *)arg);
	loop_unwatch(arg == &pair_a[0] ? pair_b[0] : pair_a[0]);
	loop_timer_start(self, 5);
}

static void unwatching_another_in_a_handler(void **state)
{
	(void)state;
	self = timer(quit_h, "q");
	assert_int_equal(pipe(pair_a), 0);
	assert_int_equal(pipe(pair_b), 0);
	assert_int_equal(write(pair_a[1], "x", 1), 1);
	assert_int_equal(write(pair_b[1], "x", 1), 1);
	assert_int_equal(loop_watch(pair_a[0], LOOP_READ, rival_h, &pair_a[0]), 0);
	assert_int_equal(loop_watch(pair_b[0], LOOP_READ, rival_h, &pair_b[0]), 0);
	run();
	assert_string_equal(story, "1q");
	loop_timer_free(self);
	close(pair_a[0]);
	close(pair_a[1]);
	close(pair_b[0]);
	close(pair_b[1]);
}

static void a_wrong_descriptor(void **state)
{
	int fd = 300; /* above all that are open */

	(void)state;
	assert_int_equal(fcntl(fd, F_GETFD), -1);
	assert_int_equal(loop_watch(fd, LOOP_READ, read_h, &fd), EBADF);
	assert_int_equal(loop_watch(-1, LOOP_READ, read_h, &fd), EBADF);
	loop_unwatch(fd);
	loop_unwatch(-1);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(timers_run_in_order),
		T(stopped_and_restarted),
		T(a_timer_restarts_and_frees_itself),
		T(libre_uses_the_steady_clock),
		T(clocks),
		T(deferred_work_comes_later_and_in_order),
		T(closing_with_work_left),
		T(a_pipe_is_read_to_its_end),
		T(hang_up_is_always_told),
		T(writable),
		T(a_regular_file_is_read_to_its_end),
		T(dev_null_is_at_its_end),
		T(watching_again_replaces),
		T(watching_a_device_again_replaces),
		T(unwatching_another_in_a_handler),
		T(a_wrong_descriptor),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
