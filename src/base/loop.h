/* loop.h - the event loop of the main thread: timers, descriptors, deferred work.
 *
 * This is the one door through which rooms that do not know libre (phone, command,
 * ui) wait for things. Everything here belongs to the main thread, except
 * loop_now_ms(), which any thread may call.
 */
#ifndef OFFHOOK_BASE_LOOP_H
#define OFFHOOK_BASE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

enum {
	LOOP_READ   = 1 << 0,
	LOOP_WRITE  = 1 << 1,
	LOOP_EXCEPT = 1 << 2, /* hang-up or error; always reported, need not be asked for */
};

/* FLAGS is the set of LOOP_ values that hold now. */
typedef void loop_fd_h(unsigned flags, void *arg);
typedef void loop_timer_h(void *arg);

struct loop_timer;

/* Prepares libre and the loop. Returns 0 or an errno. Pair: loop_close(). */
int loop_init(void);
void loop_close(void);

/* Runs until loop_quit(). Returns 0 or an errno. */
int loop_run(void);
void loop_quit(void);

/* Milliseconds on CLOCK_MONOTONIC; never steps with the wall clock. */
uint64_t loop_now_ms(void);
/* Milliseconds on CLOCK_BOOTTIME: goes on while the machine sleeps. */
uint64_t loop_boot_ms(void);
/* Milliseconds since 1970 (CLOCK_REALTIME). */
int64_t loop_wall_ms(void);

/* A one-shot timer, not running yet. The caller owns it: loop_timer_free(). ENOMEM. */
int loop_timer_new(struct loop_timer **tp, loop_timer_h *h, void *arg);
/* (Re)starts the timer: HANDLER runs once, DELAY_MS from now. */
void loop_timer_start(struct loop_timer *t, uint64_t delay_ms);
void loop_timer_stop(struct loop_timer *t);
bool loop_timer_running(const struct loop_timer *t);
/* Stops and frees; NULL is fine. */
void loop_timer_free(struct loop_timer *t);

/* Calls H when FD is ready for any of FLAGS, until loop_unwatch(). Watching the same FD
 * again replaces flags and handler. What epoll refuses (a regular file, /dev/null) counts
 * as always readable. Returns 0 or an errno. */
int loop_watch(int fd, unsigned flags, loop_fd_h *h, void *arg);
void loop_unwatch(int fd);

/* Calls H(ARG) once from the loop, after the work in hand. ENOMEM. */
int loop_defer(loop_timer_h *h, void *arg);

#endif
