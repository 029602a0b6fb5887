#include <errno.h>
#include <stdlib.h>

#include "base/loop.h"
#include "command_fakes.h"
#include "virtual_time.h"

struct loop_timer {
	struct loop_timer *next;
	uint64_t at;
	bool on;
	loop_timer_h *h;
	void *arg;
};
static struct loop_timer *all;
static uint64_t now;

int loop_timer_new(struct loop_timer **tp, loop_timer_h *h, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	t->h = h;
	t->arg = arg;
	t->next = all;
	*tp = all = t;
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
	for (p = &all; *p != t; p = &(*p)->next)
		;
	*p = t->next;
	free(t);
}

/* No hook is started here. */
int loop_watch(int fd, unsigned flags, loop_fd_h *h, void *arg)
{
	(void)fd;
	(void)flags;
	(void)h;
	(void)arg;
	return EBADF;
}

void loop_unwatch(int fd) { (void)fd; }

void pass(uint64_t ms)
{
	uint64_t end = now + ms;

	for (;;) {
		struct loop_timer *t, *first = NULL;

		for (t = all; t; t = t->next) {
			if (t->on && t->at <= end && (!first || t->at < first->at))
				first = t;
		}
		if (!first)
			break;
		if (first->at > now)
			now = first->at;
		fake.now_ms = now;
		first->on = false;
		first->h(first->arg);
	}
	now = end;
	fake.now_ms = now;
}

unsigned timers(void)
{
	const struct loop_timer *t;
	unsigned n = 0;

	for (t = all; t; t = t->next)
		n++;
	return n;
}
