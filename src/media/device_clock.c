/* Frames by the clock: a timerfd, which is some five times more even than a loop timer. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <re.h>

#include "media/device_driver.h"

#define TICK_NS 10000000L

struct device_clock {
	int fd;
	bool running;
	uint64_t owed;  /* ticks that are late */
	device_clock_h *h;
	void *arg;
};

static void tick_h(int flags, void *arg)
{
	struct device_clock *c = arg;
	uint64_t ticks;
	unsigned n;

	(void)flags;
	if (read(c->fd, &ticks, sizeof(ticks)) != sizeof(ticks))
		return;
	c->owed = ticks < DEVICE_CLOCK_OWED - c->owed ? c->owed + ticks : DEVICE_CLOCK_OWED;
	for (n = 0; c->running && c->owed && n < DEVICE_CLOCK_BURST; n++) {
		c->owed--;
		c->h(c->arg);
	}
}

int device_clock_new(struct device_clock **cp, device_clock_h *h, void *arg)
{
	struct device_clock *c = calloc(1, sizeof(*c));
	int err;

	if (!c)
		return ENOMEM;
	c->h = h;
	c->arg = arg;
	c->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	if (c->fd < 0) {
		err = errno;
		free(c);
		return err;
	}
	err = fd_listen(c->fd, FD_READ, tick_h, c);
	if (err) {
		close(c->fd);
		free(c);
		return err;
	}
	*cp = c;
	return 0;
}

void device_clock_free(struct device_clock *c)
{
	if (!c)
		return;
	fd_close(c->fd);
	close(c->fd);
	free(c);
}

void device_clock_start(struct device_clock *c, unsigned delay_ms)
{
	struct itimerspec t = {.it_interval = {0, TICK_NS}};
	long ns;

	clock_gettime(CLOCK_MONOTONIC, &t.it_value);
	if (!delay_ms)
		delay_ms = 1;
	ns = t.it_value.tv_nsec + (long)(delay_ms % 1000) * 1000000L;
	t.it_value.tv_sec += delay_ms / 1000 + (ns >= 1000000000L);
	t.it_value.tv_nsec = ns % 1000000000L;
	c->running = true;
	c->owed = 0;
	timerfd_settime(c->fd, TFD_TIMER_ABSTIME, &t, NULL);
}

void device_clock_stop(struct device_clock *c)
{
	struct itimerspec t;

	memset(&t, 0, sizeof(t));
	c->running = false;
	c->owed = 0;
	timerfd_settime(c->fd, 0, &t, NULL);
}
