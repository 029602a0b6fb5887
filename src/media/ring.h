/* ring.h - samples from one thread or process to another, without a lock.
 *
 * One writer, one reader. The memory may be shared with a process that is not trusted: each side keeps its
 * own index in memory of its own and never reads it back, and takes the other side's index only when it is
 * possible. Whatever stands in the shared memory, nothing outside of it is read or written.
 */
#ifndef OFFHOOK_MEDIA_RING_H
#define OFFHOOK_MEDIA_RING_H

#include <stdbool.h>
#include <stdint.h>

/* Bytes of memory for a ring of SAMPLES (a power of two). */
#define RING_BYTES(samples) (128 + 2 * (samples))

struct ring_memory;

/* One side's view of a ring. */
struct ring {
	struct ring_memory *memory;
	uint32_t size;  /* samples */
	uint32_t index; /* ours: samples written, or read, modulo 2^32 */
	bool broken;    /* the other side's index was impossible; nothing moves any more */
};

/* Looks at MEMORY (RING_BYTES(SAMPLES), zeroed before the first side came, aligned to 64 bytes) as a ring of
 * SAMPLES, a power of two of at most 2^24, whose end we are from now on. The memory stays the caller's. */
void ring_attach(struct ring *r, void *memory, uint32_t samples);

/* The writer's side: samples that fit now. */
uint32_t ring_room(struct ring *r);
/* Writes up to N samples; how many were taken. */
uint32_t ring_put(struct ring *r, const int16_t *samples, uint32_t n);

/* The reader's side: samples that wait. */
uint32_t ring_waiting(struct ring *r);
/* Reads up to N samples; how many came. */
uint32_t ring_get(struct ring *r, int16_t *samples, uint32_t n);
/* Forgets up to N samples that wait; how many went. */
uint32_t ring_skip(struct ring *r, uint32_t n);

#endif
