/* outbox.h - whole lines on their way to a descriptor whose reader may be slow, stuck or gone. */
#ifndef OFFHOOK_CONTROL_OUTBOX_H
#define OFFHOOK_CONTROL_OUTBOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

struct outbox;
typedef void outbox_h(void *arg);

struct outbox {
	int fd;                  /* ours: does not block; -1 = the reader is gone */
	bool is_socket, watching;
	struct buf backlog;
	size_t written;          /* of it */
	size_t limit;            /* of what waits */
	uint64_t sent;           /* bytes that have left, in all */
	outbox_h *moved_h, *gone_h;
	void *arg;
};

/* A descriptor to the same file as FD that does not block, without making that of others, who may share it (a shell,
 * stderr), not block. At most LIMIT bytes wait. MOVED_H (may be NULL) is told from the loop that some of what waited
 * has left; GONE_H (may be NULL) that nobody reads any more, also from within outbox_add(). Zero O is closed as
 * well. 0 or an errno. */
int outbox_open(struct outbox *o, int fd, size_t limit, outbox_h *moved_h, outbox_h *gone_h, void *arg);
/* Waits at most WAIT_MS for the reader to take what is left. */
void outbox_close(struct outbox *o, unsigned wait_ms);
bool outbox_gone(const struct outbox *o);

/* Sends LINE, now or once it can leave; never in part. False: there is no room for it. True when the reader is gone. */
bool outbox_add(struct outbox *o, const struct buf *line);
/* Bytes that have not left yet. */
size_t outbox_waiting(const struct outbox *o);

#endif
