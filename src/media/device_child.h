/* device_child.h - the sound helper as a process: starting, ending, and what it prints. */
#ifndef OFFHOOK_MEDIA_DEVICE_CHILD_H
#define OFFHOOK_MEDIA_DEVICE_CHILD_H

#include <stdbool.h>
#include <sys/types.h>

#include "media/helper.h"

/* Zeroed: there is none. Each start has memory and descriptors of its own, so that a helper that will not die
 * cannot be taken for its successor. */
struct device_child {
	pid_t pid;                     /* 0: ended and reaped */
	int wake, socket, log;         /* eventfd; socket; what it prints. None blocks */
	struct helper_memory *memory;
	unsigned generation;           /* for the log */
};

/* Starts a helper for the devices INPUT and OUTPUT. The calling thread must live as long as the helper may. 0 or an
 * errno; then there is none. Pair: device_child_close(). */
int device_child_start(struct device_child *c, const char *input, const char *output);
/* Asks it to end, or ends it. */
void device_child_quit(struct device_child *c);
void device_child_kill(struct device_child *c);
/* Whether it has ended; reaps it then. Waits up to MS milliseconds for that. */
bool device_child_ended(struct device_child *c, unsigned ms);
/* Reads what it printed, a bounded amount a call, into the log. */
void device_child_drain(struct device_child *c);
/* Closes and unmaps all; a helper that lives is killed, not waited for. */
void device_child_close(struct device_child *c);

#endif
