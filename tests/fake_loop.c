#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/loop.h"
#include "fake_loop.h"

#define WATCHES_MAX 256
#define REAL_MS     10000
#define TURNS_MAX   1000000 /* of what is ready at one instant: more is a loop that never rests */

struct loop_timer {
	struct loop_timer *next;
	uint64_t at;
	bool on;
	loop_timer_h *h;
	void *arg;
};

static struct { int fd; unsigned flags; loop_fd_h *h; void *arg; } watched[WATCHES_MAX];
static unsigned watches;
static struct loop_timer *timers;
static uint64_t now = 1000;

uint64_t loop_now_ms(void) { return now; }
uint64_t loop_boot_ms(void) { return now; }
int64_t loop_wall_ms(void) { return 1700000000123 + (int64_t)now; }

int loop_timer_new(struct loop_timer **tp, loop_timer_h *h, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return ENOMEM;
	t->h = h;
	t->arg = arg;
	t->next = timers;
	*tp = timers = t;
	return 0;
}

void loop_timer_start(struct loop_timer *t, uint64_t delay_ms)
{
	t->at = now + delay_ms;
	t->on = true;
}

void loop_timer_stop(struct loop_timer *t) { t->on = false; }
bool loop_timer_running(const struct loop_timer *t) { return t->on; }

void loop_timer_free(struct loop_timer *t)
{
	struct loop_timer **p;

	if (!t)
		return;
	for (p = &timers; *p != t; p = &(*p)->next)
		;
	*p = t->next;
	free(t);
}

static unsigned place(int fd)
{
	unsigned i;

	for (i = 0; i < watches && watched[i].fd != fd; i++)
		;
	return i;
}

int loop_watch(int fd, unsigned flags, loop_fd_h *h, void *arg)
{
	unsigned i = place(fd);

	if (i == WATCHES_MAX)
		return EMFILE;
	watched[i].fd = fd;
	watched[i].flags = flags;
	watched[i].h = h;
	watched[i].arg = arg;
	if (i == watches)
		watches++;
	return 0;
}

void loop_unwatch(int fd)
{
	unsigned i = place(fd);

	if (i < watches)
		watched[i] = watched[--watches];
}

unsigned fake_loop_watched(void)
{
	return watches;
}

/* The first timer that is due by UNTIL. */
static struct loop_timer *due(uint64_t until)
{
	struct loop_timer *t, *first = NULL;

	for (t = timers; t; t = t->next) {
		if (t->on && t->at <= until && (!first || t->at < first->at))
			first = t;
	}
	return first;
}

/* Tells one descriptor that is ready; waits at most MS real milliseconds for one. */
static bool serve(int ms)
{
	struct pollfd p[WATCHES_MAX];
	unsigned i, flags = 0, n = watches;

	for (i = 0; i < n; i++) {
		p[i].fd = watched[i].fd;
		p[i].events = (short)((watched[i].flags & LOOP_READ ? POLLIN : 0) | (watched[i].flags & LOOP_WRITE ? POLLOUT : 0));
	}
	if (poll(p, n, ms) <= 0)
		return false;
	for (i = 0; i < n && !p[i].revents; i++)
		;
	if (i == n)
		return false;
	flags |= p[i].revents & POLLIN ? LOOP_READ : 0u;
	flags |= p[i].revents & POLLOUT ? LOOP_WRITE : 0u;
	flags |= p[i].revents & (POLLERR | POLLHUP) ? LOOP_EXCEPT : 0u;
	watched[i].h(flags, watched[i].arg);
	return true;
}

static void fire(struct loop_timer *t)
{
	t->on = false;
	if (t->at > now)
		now = t->at;
	t->h(t->arg);
}

void fake_loop_pass(uint64_t ms)
{
	uint64_t end = now + ms;
	struct loop_timer *t;
	unsigned turns = 0;

	for (;;) {
		if (++turns > TURNS_MAX)
			abort();
		t = due(now);
		if (t)
			fire(t);
		else if (serve(0))
			;
		else if ((t = due(end)) != NULL)
			fire(t);
		else
			break;
	}
	now = end;
}

static uint64_t real_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

bool fake_loop_until(bool (*done)(void))
{
	uint64_t end = real_ms() + REAL_MS;

	while (!done() && real_ms() < end) {
		struct loop_timer *t = due(now);

		if (t)
			fire(t);
		else
			serve(20);
	}
	return done();
}
