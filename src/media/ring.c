#include <stdatomic.h>
#include <stddef.h>
#include <string.h>

#include "media/ring.h"

struct ring_memory {
	_Alignas(64) _Atomic uint32_t written; /* by the writer only */
	_Alignas(64) _Atomic uint32_t read;    /* by the reader only */
	_Alignas(64) int16_t sample[];
};

_Static_assert(offsetof(struct ring_memory, sample) == RING_BYTES(0), "RING_BYTES() counts the indices");
_Static_assert(ATOMIC_INT_LOCK_FREE == 2, "an index is read and written without a lock");

void ring_attach(struct ring *r, void *memory, uint32_t samples)
{
	r->memory = memory;
	r->size = samples;
	r->index = 0;
	r->broken = false;
}

uint32_t ring_room(struct ring *r)
{
	uint32_t used = r->index - atomic_load_explicit(&r->memory->read, memory_order_acquire);

	if (used > r->size)
		r->broken = true;
	return r->broken ? 0 : r->size - used;
}

uint32_t ring_waiting(struct ring *r)
{
	uint32_t n = atomic_load_explicit(&r->memory->written, memory_order_acquire) - r->index;

	if (n > r->size)
		r->broken = true;
	return r->broken ? 0 : n;
}

uint32_t ring_put(struct ring *r, const int16_t *samples, uint32_t n)
{
	uint32_t room = ring_room(r), at = r->index & (r->size - 1), first;

	if (n > room)
		n = room;
	first = n < r->size - at ? n : r->size - at;
	memcpy(r->memory->sample + at, samples, first * sizeof(*samples));
	memcpy(r->memory->sample, samples + first, (n - first) * sizeof(*samples));
	r->index += n;
	atomic_store_explicit(&r->memory->written, r->index, memory_order_release);
	return n;
}

uint32_t ring_get(struct ring *r, int16_t *samples, uint32_t n)
{
	uint32_t waiting = ring_waiting(r), at = r->index & (r->size - 1), first;

	if (n > waiting)
		n = waiting;
	first = n < r->size - at ? n : r->size - at;
	memcpy(samples, r->memory->sample + at, first * sizeof(*samples));
	memcpy(samples + first, r->memory->sample, (n - first) * sizeof(*samples));
	return ring_skip(r, n);
}

uint32_t ring_skip(struct ring *r, uint32_t n)
{
	uint32_t waiting = ring_waiting(r);

	if (n > waiting)
		n = waiting;
	r->index += n;
	atomic_store_explicit(&r->memory->read, r->index, memory_order_release);
	return n;
}
