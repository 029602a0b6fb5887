#include <string.h>

#include "sip/hops.h"

#define DEAD_MAX 32

static struct {
	struct hop hop;
	uint64_t until;                  /* 0: the place is free */
} dead[DEAD_MAX];

/* The place of HOP, or -1. */
static int find(const struct hop *hop)
{
	int i;

	for (i = 0; i < DEAD_MAX; i++) {
		if (dead[i].until && dead[i].hop.tp == hop->tp && sa_cmp(&dead[i].hop.address, &hop->address, SA_ALL))
			return i;
	}
	return -1;
}

void hop_failed(const struct hop *hop)
{
	int i = find(hop), k;

	/* a free place, or that of the oldest failure */
	if (i < 0) {
		for (i = 0, k = 1; k < DEAD_MAX; k++) {
			if (dead[k].until < dead[i].until)
				i = k;
		}
	}
	dead[i].hop = *hop;
	dead[i].until = tmr_jiffies() + HOP_DEAD_MS;
}

void hop_answered(const struct hop *hop)
{
	int i = find(hop);

	if (i >= 0)
		dead[i].until = 0;
}

bool hop_is_dead(const struct hop *hop)
{
	int i = find(hop);

	return i >= 0 && tmr_jiffies() < dead[i].until;
}

void hops_order(struct hop *hop, unsigned n)
{
	unsigned i = 0, left;

	for (left = n; left > 0; left--) {
		struct hop h = hop[i];

		if (!hop_is_dead(&h)) {
			i++;
			continue;
		}
		memmove(&hop[i], &hop[i + 1], (n - i - 1) * sizeof(h));
		hop[n - 1] = h;
	}
}

void hops_forget(void)
{
	memset(dead, 0, sizeof(dead));
}
