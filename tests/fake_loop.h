/* The loop of base/loop.h in virtual time: descriptors are real, timers are not. Linked in the place of loop.c. */
#ifndef OFFHOOK_TESTS_FAKE_LOOP_H
#define OFFHOOK_TESTS_FAKE_LOOP_H

#include <stdbool.h>
#include <stdint.h>

/* Lets MS pass: runs what is due and what is ready, without waiting for anything. */
void fake_loop_pass(uint64_t ms);
/* Waits, for ten real seconds at most, until DONE; no virtual time passes but for timers that are due at once. False:
 * it was not. */
bool fake_loop_until(bool (*done)(void));
/* Descriptors that are watched. */
unsigned fake_loop_watched(void);

#endif
