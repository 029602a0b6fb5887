#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/loop.h"
#include "control/outbox.h"

static int own_descriptor(int fd, bool *is_socket)
{
	char name[40];
	struct stat st;
	int own = -1;

	if (fstat(fd, &st))
		return -1;
	*is_socket = S_ISSOCK(st.st_mode);
	if (S_ISFIFO(st.st_mode) || S_ISCHR(st.st_mode)) {
		snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
		own = open(name, O_WRONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	}
	if (own < 0) {
		own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
		if (own >= 0 && !*is_socket && !S_ISREG(st.st_mode))
			fcntl(own, F_SETFL, fcntl(own, F_GETFL) | O_NONBLOCK);
	}
	return own;
}

static void out_h(unsigned flags, void *arg);

static void watch(struct outbox *o, bool on)
{
	if (on == o->watching)
		return;
	if (!on)
		loop_unwatch(o->fd);
	else if (loop_watch(o->fd, LOOP_WRITE, out_h, o))
		return; /* the next line tries again */
	o->watching = on;
}

static void drop(struct outbox *o)
{
	watch(o, false);
	close(o->fd);
	o->fd = -1;
	buf_free(&o->backlog);
	o->written = 0;
}

/* Writes what can be written now. */
static void flush(struct outbox *o)
{
	while (o->fd >= 0 && o->written < o->backlog.len) {
		const char *p = o->backlog.s + o->written;
		size_t len = o->backlog.len - o->written;
		ssize_t n = o->is_socket ? send(o->fd, p, len, MSG_DONTWAIT | MSG_NOSIGNAL) : write(o->fd, p, len);

		if (n >= 0) {
			o->written += (size_t)n;
			o->sent += (uint64_t)n;
		}
		else if (errno == EAGAIN || errno == EWOULDBLOCK)
			break;
		else if (errno != EINTR) {
			drop(o);
			if (o->gone_h)
				o->gone_h(o->arg);
		}
	}
	if (o->fd < 0)
		return;
	watch(o, o->written < o->backlog.len);
	if (o->written == o->backlog.len)
		buf_free(&o->backlog);
	else if (o->written < o->limit / 2)
		return;
	else {
		o->backlog.len -= o->written;
		memmove(o->backlog.s, o->backlog.s + o->written, o->backlog.len + 1);
	}
	o->written = 0;
}

static void out_h(unsigned flags, void *arg)
{
	struct outbox *o = arg;

	(void)flags;
	flush(o);
	if (o->fd >= 0 && o->moved_h)
		o->moved_h(o->arg);
}

bool outbox_add(struct outbox *o, const struct buf *line)
{
	if (o->fd < 0)
		return true;
	if (line->failed || outbox_waiting(o) + line->len > o->limit)
		return false;
	buf_add(&o->backlog, line->s, line->len);
	if (o->backlog.failed) {
		/* what is in it already is whole */
		o->backlog.failed = false;
		return false;
	}
	/* behind what waits already, the loop writes it */
	if (!o->watching)
		flush(o);
	return true;
}

size_t outbox_waiting(const struct outbox *o)
{
	return o->backlog.len - o->written;
}

bool outbox_gone(const struct outbox *o)
{
	return o->fd < 0;
}

int outbox_open(struct outbox *o, int fd, size_t limit, outbox_h *moved_h, outbox_h *gone_h, void *arg)
{
	memset(o, 0, sizeof(*o));
	o->limit = limit;
	o->moved_h = moved_h;
	o->gone_h = gone_h;
	o->arg = arg;
	o->fd = own_descriptor(fd, &o->is_socket);
	return o->fd < 0 ? errno : 0;
}

void outbox_close(struct outbox *o, unsigned wait_ms)
{
	uint64_t end = loop_now_ms() + wait_ms, now;

	if (!o->limit || o->fd < 0)
		return;
	o->gone_h = NULL;
	flush(o);
	while (o->fd >= 0 && outbox_waiting(o) && (now = loop_now_ms()) < end) {
		struct pollfd p = {.fd = o->fd, .events = POLLOUT};

		if (poll(&p, 1, (int)(end - now)) > 0)
			flush(o);
	}
	if (o->fd >= 0)
		drop(o);
}
