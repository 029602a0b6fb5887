#include <math.h>
#include <string.h>

#include "media/report.h"

enum { TYPE_SR = 200, TYPE_RR = 201, TYPE_SDES = 202, TYPE_BYE = 203 };
enum { HEAD = 4, SENDER = 20, BLOCK = 24, CNAME = 1 };

#define LOST_MAX 0x7fffff

/* numbers are counted from here, so that what is a little older than the first can still be told */
#define FIRST_CYCLE ((int64_t)1 << 16)

void reception_start(struct reception *r, uint32_t ssrc)
{
	memset(r, 0, sizeof(*r));
	r->ssrc = ssrc;
}

uint64_t reception_expected(const struct reception *r)
{
	return r->gone + (r->started ? (uint64_t)(r->highest - r->base + 1) : 0);
}

uint64_t reception_received(const struct reception *r)
{
	return r->gone_received + r->received;
}

void reception_restart(struct reception *r)
{
	r->gone = reception_expected(r);
	r->gone_received += r->received;
	r->received = 0;
	r->started = false;
	r->has_transit = false;
}

double reception_jitter(const struct reception *r)
{
	return r->clock_rate ? r->jitter / r->clock_rate : 0;
}

void reception_packet(struct reception *r, uint16_t seq, uint32_t timestamp, uint32_t clock_rate, bool timed,
		      uint64_t arrival_us)
{
	int64_t extended;

	if (!r->started) {
		r->started = true;
		r->base = r->highest = FIRST_CYCLE + seq;
	}
	extended = r->highest + (int16_t)(seq - (uint16_t)r->highest);
	if (extended > r->highest)
		r->highest = extended;
	if (extended < r->base)
		r->base = extended;
	r->received++;

	if (timed) {
		double arrival = fmod((double)arrival_us * clock_rate / 1e6, 4294967296.0);
		double transit = arrival - timestamp;

		if (r->clock_rate != clock_rate)
			r->has_transit = false;
		r->clock_rate = clock_rate;
		if (r->has_transit) {
			double d = remainder(transit - r->transit, 4294967296.0);

			/* further apart than a second, it is another clock, not jitter */
			if (fabs(d) < clock_rate)
				r->jitter += (fabs(d) - r->jitter) / 16;
		}
		r->transit = transit;
		r->has_transit = true;
	}
}

static void put32(uint8_t **p, uint32_t v)
{
	*(*p)++ = (uint8_t)(v >> 24);
	*(*p)++ = (uint8_t)(v >> 16);
	*(*p)++ = (uint8_t)(v >> 8);
	*(*p)++ = (uint8_t)v;
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void put_head(uint8_t **p, unsigned count, unsigned type, size_t bytes)
{
	put32(p, 2u << 30 | count << 24 | type << 16 | (uint32_t)(bytes / 4 - 1));
}

static void put_block(uint8_t **p, struct reception *r, uint64_t now_us)
{
	uint64_t expected = reception_expected(r), received = reception_received(r);
	int64_t lost = (int64_t)expected - (int64_t)received;
	int64_t expected_now = (int64_t)(expected - r->expected_before);
	int64_t lost_now = expected_now - (int64_t)(received - r->received_before);
	uint32_t fraction = 0, dlsr = 0;

	if (expected_now > 0 && lost_now > 0)
		fraction = lost_now >= expected_now ? 255 : (uint32_t)(lost_now * 256 / expected_now);
	r->expected_before = expected;
	r->received_before = received;
	if (lost > LOST_MAX)
		lost = LOST_MAX;
	if (lost < -LOST_MAX)
		lost = -LOST_MAX;
	if (r->last_sr)
		dlsr = (uint32_t)((now_us - r->last_sr_us) * 65536 / 1000000);
	put32(p, r->ssrc);
	put32(p, fraction << 24 | ((uint32_t)lost & 0xffffff));
	put32(p, (uint32_t)(r->highest - FIRST_CYCLE));
	put32(p, (uint32_t)r->jitter);
	put32(p, r->last_sr);
	put32(p, dlsr);
}

size_t report_write(uint8_t *dst, size_t size, const struct report_own *own, struct reception *r, uint64_t now_us)
{
	size_t cname = strlen(own->cname), chunk;
	unsigned blocks = r->started ? 1 : 0;
	uint8_t *p = dst, *end;

	if (size < REPORT_BYTES_MAX || cname > REPORT_CNAME_MAX)
		return 0;
	if (own->sent) {
		put_head(&p, blocks, TYPE_SR, HEAD + 4 + SENDER + blocks * BLOCK);
		put32(&p, own->ssrc);
		put32(&p, (uint32_t)(own->ntp >> 32));
		put32(&p, (uint32_t)own->ntp);
		put32(&p, own->timestamp);
		put32(&p, own->packets);
		put32(&p, own->octets);
	}
	else {
		put_head(&p, blocks, TYPE_RR, HEAD + 4 + blocks * BLOCK);
		put32(&p, own->ssrc);
	}
	if (blocks)
		put_block(&p, r, now_us);

	/* the chunk: SSRC, one item, and at least one zero up to a full word */
	chunk = (4 + 2 + cname + 1 + 3) / 4 * 4;
	put_head(&p, 1, TYPE_SDES, HEAD + chunk);
	end = p + chunk;
	put32(&p, own->ssrc);
	*p++ = CNAME;
	*p++ = (uint8_t)cname;
	memcpy(p, own->cname, cname);
	p += cname;
	while (p < end)
		*p++ = 0;

	if (own->bye) {
		put_head(&p, 1, TYPE_BYE, HEAD + 4);
		put32(&p, own->ssrc);
	}
	return (size_t)(p - dst);
}

static void read_blocks(struct report_news *news, uint32_t own_ssrc, const uint8_t *p, size_t len, unsigned count)
{
	for (; count && len >= BLOCK; count--, p += BLOCK, len -= BLOCK) {
		if (get32(p) != own_ssrc)
			continue;
		news->has_block = true;
		news->fraction = p[4];
		news->jitter = get32(p + 12);
		news->lsr = get32(p + 16);
		news->dlsr = get32(p + 20);
	}
}

bool report_read(struct report_news *news, uint32_t own_ssrc, const uint8_t *p, size_t len)
{
	bool first = true;

	memset(news, 0, sizeof(*news));
	while (len >= HEAD) {
		unsigned count = p[0] & 0x1f, type = p[1];
		size_t bytes = ((size_t)p[2] << 8 | p[3]) * 4 + HEAD;

		if (p[0] >> 6 != 2 || bytes > len)
			return false;
		if (first && type != TYPE_SR && type != TYPE_RR)
			return false;
		first = false;
		if (type == TYPE_SR && bytes >= HEAD + 4 + SENDER) {
			news->ssrc = get32(p + 4);
			news->has_sr = true;
			news->sr_ntp = (uint64_t)get32(p + 8) << 32 | get32(p + 12);
			read_blocks(news, own_ssrc, p + HEAD + 4 + SENDER, bytes - HEAD - 4 - SENDER, count);
		}
		else if (type == TYPE_RR && bytes >= HEAD + 4) {
			news->ssrc = get32(p + 4);
			read_blocks(news, own_ssrc, p + HEAD + 4, bytes - HEAD - 4, count);
		}
		else if (type == TYPE_BYE) {
			news->bye = true;
		}
		p += bytes;
		len -= bytes;
	}
	return !first && !len;
}

double report_round_trip(const struct report_news *news, uint64_t ntp)
{
	uint32_t now = (uint32_t)(ntp >> 16);
	uint32_t gone;

	if (!news->has_block || !news->lsr)
		return -1;
	gone = now - news->lsr - news->dlsr;
	/* a minute is no round trip but nonsense */
	if (gone > 60u << 16)
		return -1;
	return gone / 65536.0;
}

double report_mos(bool wide, double loss, double delay)
{
	/* impairment and robustness: G.711 with concealment (ITU-T G.113); Opus from listening figures */
	double robust = wide ? 20 : 25.1, percent = loss * 100, ms = delay * 1000;
	double r, mos;

	r = 93.2 - 95 * percent / (percent + robust);
	r -= 0.024 * ms;
	if (ms > 177.3)
		r -= 0.11 * (ms - 177.3);
	if (r <= 0)
		return 1;
	if (r > 100)
		r = 100;
	mos = 1 + 0.035 * r + r * (r - 60) * (100 - r) * 7e-6;
	return mos < 1 ? 1 : mos > 4.5 ? 4.5 : mos;
}
