/* The loop is libre's; this file is the only one of base/ that says so. */
#include <errno.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include <re.h>
#define DEBUG_MODULE "offhook"
#define DEBUG_LEVEL 4
#include <re_dbg.h>

#include "base/log.h"
#include "base/loop.h"

#define DESCRIPTORS_MAX 1024 /* that can be watched; libre's own bound of 128 is little for many clients */
#define LIBRE_LINES 60 /* of the log, a minute */

struct loop_timer {
	struct tmr tmr;
	loop_timer_h *h;
	void *arg;
};

/* A watched descriptor. epoll refuses regular files and some devices; those are served from a timer. */
struct watch {
	struct le le;
	int fd;
	unsigned flags;
	loop_fd_h *h;
	void *arg;
	struct loop_timer *always; /* not for epoll: readable at every turn */
};

struct deferred {
	struct le le;
	struct tmr tmr;
	loop_timer_h *h;
	void *arg;
};

static struct list watches = LIST_INIT;
static struct list deferrals = LIST_INIT;

static uint64_t clock_ms(clockid_t id)
{
	struct timespec t;

	clock_gettime(id, &t);
	return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

/* libre's clock, interposed: that of 1.1.0 follows the wall clock and stops its timers when
 * the wall clock steps back. */
uint64_t tmr_jiffies(void);
__attribute__((visibility("default"))) uint64_t tmr_jiffies(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t loop_now_ms(void)
{
	return clock_ms(CLOCK_MONOTONIC);
}

uint64_t loop_boot_ms(void)
{
	return clock_ms(CLOCK_BOOTTIME);
}

int64_t loop_wall_ms(void)
{
	return (int64_t)clock_ms(CLOCK_REALTIME);
}

/* What libre would print on stderr goes to the log; so much of it that strangers cannot fill a disk by it. */
static void debug_h(int level, const char *p, size_t len, void *arg)
{
	static uint64_t since_ms;
	static unsigned lines;
	uint64_t now = clock_ms(CLOCK_MONOTONIC);

	(void)arg;
	if (now - since_ms >= 60000) {
		since_ms = now;
		lines = 0;
	}
	if (lines++ >= LIBRE_LINES)
		return;
	if (level <= DBG_WARNING)
		log_warning("libre: %.*s", (int)len, p);
	else
		log_debug("libre: %.*s", (int)len, p);
}

int loop_init(void)
{
	int err;

	dbg_init(DBG_WARNING, DBG_NONE);
	dbg_handler_set(debug_h, NULL);
	err = libre_init();
	if (!err)
		err = fd_setsize(DESCRIPTORS_MAX);
	return err;
}

void loop_close(void)
{
	struct le *le;

	while ((le = watches.head) != NULL) {
		struct watch *w = le->data;

		loop_unwatch(w->fd);
	}
	while ((le = deferrals.head) != NULL) {
		struct deferred *d = le->data;

		list_unlink(&d->le);
		tmr_cancel(&d->tmr);
		free(d);
	}
	libre_close();
}

int loop_run(void)
{
	return re_main(NULL);
}

void loop_quit(void)
{
	re_cancel();
}

int loop_timer_new(struct loop_timer **tp, loop_timer_h *h, void *arg)
{
	struct loop_timer *t = calloc(1, sizeof(*t));

	if (!t)
		return ENOMEM;
	tmr_init(&t->tmr);
	t->h = h;
	t->arg = arg;
	*tp = t;
	return 0;
}

static void timer_h(void *arg)
{
	struct loop_timer *t = arg;

	t->h(t->arg);
}

void loop_timer_start(struct loop_timer *t, uint64_t delay_ms)
{
	tmr_start(&t->tmr, delay_ms, timer_h, t);
}

void loop_timer_stop(struct loop_timer *t)
{
	tmr_cancel(&t->tmr);
}

bool loop_timer_running(const struct loop_timer *t)
{
	return tmr_isrunning(&t->tmr);
}

void loop_timer_free(struct loop_timer *t)
{
	if (!t)
		return;
	tmr_cancel(&t->tmr);
	free(t);
}

static struct watch *watch_find(int fd)
{
	struct le *le;

	for (le = watches.head; le; le = le->next) {
		struct watch *w = le->data;

		if (w->fd == fd)
			return w;
	}
	return NULL;
}

static void fd_ready_h(int flags, void *arg)
{
	struct watch *w = arg;
	unsigned f = 0;

	if (flags & FD_READ)
		f |= LOOP_READ;
	if (flags & FD_WRITE)
		f |= LOOP_WRITE;
	if (flags & FD_EXCEPT)
		f |= LOOP_EXCEPT;
	w->h(f, w->arg);
}

static void always_h(void *arg)
{
	struct watch *w = arg;

	loop_timer_start(w->always, 0);
	w->h(LOOP_READ, w->arg);
}

/* Would epoll take FD? Asked of one of our own, since libre's prints a warning for each refusal. */
static bool is_pollable(int fd)
{
	struct epoll_event event = {0};
	int epoll = epoll_create1(EPOLL_CLOEXEC);
	bool refused = epoll >= 0 && epoll_ctl(epoll, EPOLL_CTL_ADD, fd, &event) && errno == EPERM;

	if (epoll >= 0)
		close(epoll);
	return !refused;
}

int loop_watch(int fd, unsigned flags, loop_fd_h *h, void *arg)
{
	struct watch *w = watch_find(fd);
	int err, f = FD_EXCEPT; /* without any flag libre would not watch at all */

	if (w)
		loop_unwatch(fd);
	w = calloc(1, sizeof(*w));
	if (!w)
		return ENOMEM;
	w->fd = fd;
	w->flags = flags;
	w->h = h;
	w->arg = arg;

	if (!is_pollable(fd)) {
		err = loop_timer_new(&w->always, always_h, w);
		if (!err)
			loop_timer_start(w->always, 0);
	}
	else {
		if (flags & LOOP_READ)
			f |= FD_READ;
		if (flags & LOOP_WRITE)
			f |= FD_WRITE;
		err = fd_listen(fd, f, fd_ready_h, w);
	}
	if (err) {
		free(w);
		return err;
	}
	list_append(&watches, &w->le, w);
	return 0;
}

void loop_unwatch(int fd)
{
	struct watch *w = watch_find(fd);

	if (!w)
		return;
	if (w->always)
		loop_timer_free(w->always);
	else
		fd_close(fd);
	list_unlink(&w->le);
	free(w);
}

static void deferred_h(void *arg)
{
	struct deferred *d = arg;
	loop_timer_h *h = d->h;
	void *h_arg = d->arg;

	list_unlink(&d->le);
	free(d);
	h(h_arg);
}

int loop_defer(loop_timer_h *h, void *arg)
{
	struct deferred *d = calloc(1, sizeof(*d));

	if (!d)
		return ENOMEM;
	d->h = h;
	d->arg = arg;
	list_append(&deferrals, &d->le, d);
	tmr_init(&d->tmr);
	tmr_start(&d->tmr, 0, deferred_h, d);
	return 0;
}
