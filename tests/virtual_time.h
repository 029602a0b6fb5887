/* virtual_time.h - base/loop.h with timers of a time that passes only when the test says so. */
#ifndef OFFHOOK_TESTS_VIRTUAL_TIME_H
#define OFFHOOK_TESTS_VIRTUAL_TIME_H

#include <stdint.h>

/* Lets MS pass: what falls due is run in order. The clock of command_fakes.h goes with it. */
void pass(uint64_t ms);
/* How many timers there are, running or not. */
unsigned timers(void);

#endif
