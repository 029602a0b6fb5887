#include <string.h>

#include "sip/source.h"

/* How often somebody has called without being answered. */
struct rings {
	unsigned count;
	uint64_t last_ms;
};

struct source {
	uint64_t key;
	bool used;
	uint64_t last_ms;                /* heard of; a walk through all is short enough at each request */
	struct source_bucket requests;
	unsigned probes;
	uint64_t probes_since_ms;
	uint64_t silent_until_ms;
	struct rings rings;
};

/* A server, or whom a call is with: by its whole address. */
struct known {
	struct sa address;
	uint64_t last_ms;                /* 0: a free place */
	struct source_bucket requests, light;
};

static struct {
	struct source source[SOURCES_MAX];
	struct known known[SOURCE_KNOWN_MAX];
	struct source_bucket strangers, light;
	struct rings rings;
} own;

uint64_t source_key(const struct sa *src)
{
	static const uint8_t mapped[12] = {[10] = 0xff, [11] = 0xff};
	const uint8_t *bytes;
	uint64_t key = 0;
	unsigned i;

	if (sa_af(src) == AF_INET)
		/* no prefix of IPv6 that anybody has looks like that */
		return UINT64_C(0xffff00000000) | sa_in(src);
	if (sa_af(src) != AF_INET6)
		return 0;
	bytes = src->u.in6.sin6_addr.s6_addr;
	if (!memcmp(bytes, mapped, sizeof(mapped)))
		return UINT64_C(0xffff00000000) | (uint64_t)bytes[12] << 24 | (uint64_t)bytes[13] << 16 |
		       (uint64_t)bytes[14] << 8 | bytes[15];
	for (i = 0; i < 8; i++)
		key = key << 8 | bytes[i];
	return key;
}

bool source_take(struct source_bucket *b, unsigned rate, unsigned burst, unsigned cost, uint64_t now_ms)
{
	uint64_t each = 1000000 / rate, now = now_ms * 1000, from = b->until_us > now ? b->until_us : now;

	if (from + cost * each > now + burst * each)
		return false;
	b->until_us = from + cost * each;
	return true;
}

static unsigned cost_of(size_t bytes)
{
	/* no message is longer */
	return 1 + (unsigned)((bytes < 65536 ? bytes : 65536) / SOURCE_COST_BYTES);
}

static struct source *find(uint64_t key)
{
	unsigned i;

	for (i = 0; i < SOURCES_MAX; i++) {
		if (own.source[i].used && own.source[i].key == key)
			return &own.source[i];
	}
	return NULL;
}

static bool is_silent(const struct source *s, uint64_t now_ms)
{
	return now_ms < s->silent_until_ms;
}

/* Has A less to be remembered for than B? */
static bool is_lesser(const struct source *a, const struct source *b, uint64_t now_ms)
{
	if (a->used != b->used)
		return !a->used;
	/* who is silenced stays so, whoever else comes */
	if (is_silent(a, now_ms) != is_silent(b, now_ms))
		return !is_silent(a, now_ms);
	return a->last_ms < b->last_ms;
}

static struct source *add(uint64_t key, uint64_t now_ms)
{
	struct source *s = &own.source[0];
	unsigned i;

	for (i = 1; i < SOURCES_MAX; i++) {
		if (is_lesser(&own.source[i], s, now_ms))
			s = &own.source[i];
	}
	memset(s, 0, sizeof(*s));
	s->used = true;
	s->key = key;
	return s;
}

static struct known *find_known(const struct sa *src)
{
	unsigned i;

	for (i = 0; i < SOURCE_KNOWN_MAX; i++) {
		if (own.known[i].last_ms && sa_cmp(&own.known[i].address, src, SA_ALL))
			return &own.known[i];
	}
	return NULL;
}

/* Its limits are its own: what one of them relays, or whom a call is with sends, takes nothing from the others. */
static struct known *known_one(const struct sa *src, uint64_t now_ms)
{
	struct known *k = find_known(src);
	unsigned i;

	if (!k) {
		k = &own.known[0];
		for (i = 1; i < SOURCE_KNOWN_MAX; i++) {
			if (own.known[i].last_ms < k->last_ms)
				k = &own.known[i];
		}
		memset(k, 0, sizeof(*k));
		k->address = *src;
	}
	k->last_ms = now_ms;
	return k;
}

static enum source_verdict verdict(bool taken)
{
	return taken ? SOURCE_ADMITTED : SOURCE_BUSY;
}

enum source_verdict source_request(const struct sa *src, bool known, size_t bytes, uint64_t now_ms)
{
	uint64_t key = source_key(src);
	unsigned cost = cost_of(bytes);
	struct source *s;

	if (known)
		return verdict(source_take(&known_one(src, now_ms)->requests, SOURCE_KNOWN_RATE, SOURCE_KNOWN_BURST, cost,
					   now_ms));
	s = find(key);
	if (s && is_silent(s, now_ms))
		return SOURCE_SILENT;
	/* what one of them has no right to is not taken from all */
	if (s && !source_take(&s->requests, SOURCE_RATE, SOURCE_BURST, cost, now_ms))
		return SOURCE_BUSY;
	if (!source_take(&own.strangers, SOURCE_ALL_RATE, SOURCE_ALL_BURST, cost, now_ms))
		return SOURCE_BUSY;
	if (!s) {
		s = add(key, now_ms);
		source_take(&s->requests, SOURCE_RATE, SOURCE_BURST, cost, now_ms);
	}
	s->last_ms = now_ms;
	return SOURCE_ADMITTED;
}

enum source_verdict source_light(const struct sa *src, bool known, uint64_t now_ms)
{
	const struct source *s = known ? NULL : find(source_key(src));

	if (s && is_silent(s, now_ms))
		return SOURCE_SILENT;
	return verdict(source_take(known ? &known_one(src, now_ms)->light : &own.light, SOURCE_LIGHT_RATE,
				   SOURCE_LIGHT_BURST, 1, now_ms));
}

bool source_in_dialog(struct source_bucket *b, size_t bytes, uint64_t now_ms)
{
	return source_take(b, SOURCE_DIALOG_RATE, SOURCE_DIALOG_BURST, cost_of(bytes), now_ms);
}

bool source_probed(const struct sa *src, bool known, uint64_t now_ms)
{
	struct source *s = known ? NULL : find(source_key(src));

	if (!s)
		return false;
	if (!s->probes || now_ms - s->probes_since_ms >= SOURCE_PROBES_MS) {
		s->probes = 0;
		s->probes_since_ms = now_ms;
	}
	if (++s->probes <= SOURCE_PROBES)
		return false;
	s->probes = 0;
	s->silent_until_ms = now_ms + SOURCE_SILENCE_MS;
	return true;
}

static bool rings_on(struct rings *r, unsigned max, uint64_t now_ms)
{
	if (now_ms - r->last_ms >= SOURCE_RINGS_MS)
		r->count = 0;
	if (r->count < max)
		return false;
	/* it is the pause that makes good, whatever the attempts in between have come to */
	r->last_ms = now_ms;
	return true;
}

static void count_ring(struct rings *r, uint64_t now_ms)
{
	r->last_ms = now_ms;
	r->count++;
}

bool source_may_ring(const struct sa *src, bool known, uint64_t now_ms)
{
	struct source *s = known ? NULL : find(source_key(src));

	if (known || (s && rings_on(&s->rings, SOURCE_RINGS, now_ms)))
		return known;
	return !rings_on(&own.rings, SOURCE_ALL_RINGS, now_ms);
}

void source_rang(const struct sa *src, bool known, uint64_t now_ms)
{
	struct source *s = known ? NULL : find(source_key(src));

	/* one that is not heard takes nothing from the others */
	if (known || !source_may_ring(src, known, now_ms))
		return;
	if (s)
		count_ring(&s->rings, now_ms);
	count_ring(&own.rings, now_ms);
}

static void give_back(struct source_bucket *b, unsigned rate)
{
	uint64_t each = 1000000 / rate;

	b->until_us -= b->until_us > each ? each : b->until_us;
}

void source_answered(const struct sa *src)
{
	struct source *s = find(source_key(src));
	struct known *k = find_known(src);

	own.rings.count = 0;
	if (k)
		give_back(&k->requests, SOURCE_KNOWN_RATE);
	if (s) {
		s->rings.count = 0;
		give_back(&s->requests, SOURCE_RATE);
		give_back(&own.strangers, SOURCE_ALL_RATE);
	}
}

void source_forget(void)
{
	memset(&own, 0, sizeof(own));
}
