#include "base/slept.h"

uint64_t slept_since(struct slept *s, uint64_t boot_ms, uint64_t monotonic_ms)
{
	uint64_t apart = boot_ms - monotonic_ms;
	uint64_t slept = s->known && apart > s->apart ? apart - s->apart : 0;

	if (s->known && slept < SLEPT_LEAST_MS)
		return 0;
	s->known = true;
	s->apart = apart;
	return slept;
}
