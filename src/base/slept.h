/* slept.h - did the machine sleep? One clock stands still meanwhile, the other goes on. No I/O. */
#ifndef OFFHOOK_BASE_SLEPT_H
#define OFFHOOK_BASE_SLEPT_H

#include <stdbool.h>
#include <stdint.h>

#define SLEPT_LEAST_MS 5000  /* less than this breaks nothing that is worth renewing */

/* All zero before the first reading. */
struct slept {
	bool known;
	uint64_t apart;          /* how far the clocks were from each other */
};

/* How long, in ms, the machine has slept since the last reading; 0: not for SLEPT_LEAST_MS, or it is the first.
 * BOOT_MS and MONOTONIC_MS: CLOCK_BOOTTIME and CLOCK_MONOTONIC, read together. Short sleeps add up. */
uint64_t slept_since(struct slept *s, uint64_t boot_ms, uint64_t monotonic_ms);

#endif
