#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/playout.h"

#define MS(n)           ((int64_t)(n) * (PLAYOUT_RATE / 1000))
#define FRAME           MS(10)
#define TRANSITS        256         /* packets whose transit times are remembered: 5 s of 20 ms */
#define IGNORED_PERCENT 3           /* that share of the slowest packets does not move the target */
#define FIRST_TARGET    MS(40)      /* until enough is known of the way */
#define ENOUGH          16
#define SEQ_AHEAD       500         /* further ahead or behind, a packet must have a follower */
#define SEQ_BEHIND      100
#define TIME_JUMP       MS(2000)    /* the same in time */
#define SLACK           MS(2)       /* a timestamp that is this much off is no gap */
#define PACKET_MAX      MS(120)
#define CLOCK_JUMP      MS(1000)    /* transit times do not change by so much: the sender's clock did */
#define STEP            (MS(5) / 2) /* decoders invent multiples of 2.5 ms */
#define LOSS_MEMORY     5000000     /* us: so long after a loss the sound waits for the packet after it */
#define CORRECT_EVERY   100000      /* us between two corrections in speech ... */
#define CORRECT_HURRY   40000       /* ... and when the delay is far too long */

struct slot {
	bool used;
	int64_t seq;                /* extended */
	int64_t time;               /* of its first sample, 48 kHz, extended */
	int format;
	size_t len;
	uint8_t data[PLAYOUT_BYTES];
};

struct playout {
	struct slot slot[PLAYOUT_SLOTS];
	struct slot *out;           /* handed out by the last get */

	bool started;               /* a first packet has come */
	bool playing;               /* the point of play moves */
	uint64_t begin_us;          /* when it shall begin to */
	uint32_t clock_rate;

	int64_t high_seq;           /* the newest packet ... */
	int64_t order_time;         /* ... and its time, estimated when it has no sound */
	int64_t high_time;          /* the newest one with sound: its time, and that on the wire */
	uint32_t high_timestamp;

	bool suspect;               /* a packet from far away came; it is believed when its follower comes */
	uint16_t suspect_seq;
	uint32_t suspect_timestamp;

	int64_t next_seq;           /* the first one that was not played */
	int64_t point;              /* where decoding stands, in the sender's time */
	int64_t dry;                /* invented since then because nothing was there */
	int64_t last_samples;       /* length of the last packet */

	int64_t transit[TRANSITS];  /* arrival minus timestamp, 48 kHz */
	unsigned transits;          /* how many are valid */
	unsigned transit_next;
	int64_t fastest;            /* the smallest of them */
	int64_t target;
	int64_t delay;              /* smoothed */
	uint64_t corrected_us;
	bool lossy;                 /* packets are missing now and then ... */
	uint64_t lost_us;           /* ... the last time then */

	struct playout_counts counts;
};

int playout_new(struct playout **pp)
{
	struct playout *p = calloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;
	p->target = FIRST_TARGET;
	*pp = p;
	return 0;
}

void playout_free(struct playout *p)
{
	free(p);
}

static void forget_packets(struct playout *p)
{
	unsigned i;

	for (i = 0; i < PLAYOUT_SLOTS; i++)
		p->slot[i].used = false;
	p->out = NULL;
}

void playout_reset(struct playout *p)
{
	forget_packets(p);
	p->started = p->playing = p->suspect = p->lossy = false;
	p->transits = p->transit_next = 0;
	p->target = FIRST_TARGET;
	p->delay = 0;
}

static int64_t samples_of(uint64_t us)
{
	return (int64_t)(us * (PLAYOUT_RATE / 1000) / 1000);
}

/* The first packet, or the first after a jump: everything is counted from it. Extended numbers begin
 * far from zero, so that what is a little older can still be told. */
static void begin(struct playout *p, const struct playout_packet *k)
{
	forget_packets(p);
	p->started = true;
	p->playing = p->suspect = false;
	p->clock_rate = k->clock_rate;
	p->high_seq = ((int64_t)1 << 32) + k->seq;
	p->high_timestamp = k->timestamp;
	p->high_time = p->order_time = (int64_t)1 << 40;
	p->next_seq = p->high_seq;
	p->point = p->high_time;
	p->dry = 0;
	p->last_samples = 2 * FRAME;
	p->transits = p->transit_next = 0;
	p->delay = p->target;
	p->begin_us = k->arrival_us + (uint64_t)(p->target * 1000 / (PLAYOUT_RATE / 1000));
}

static int64_t extend_time(const struct playout *p, uint32_t timestamp)
{
	int32_t d = (int32_t)(timestamp - p->high_timestamp);

	return p->high_time + (int64_t)d * (PLAYOUT_RATE / p->clock_rate);
}

/* How long sound has to wait so that all but the slowest few percent arrive in time. */
static void measure(struct playout *p, int64_t transit)
{
	unsigned ignored, i, n = 0;
	int64_t slow[TRANSITS * IGNORED_PERCENT / 100 + 1] = {0}; /* the slowest, slowest first */
	int64_t wanted;

	if (p->transits && llabs(transit - p->fastest) > CLOCK_JUMP)
		p->transits = p->transit_next = 0;
	p->transit[p->transit_next] = transit;
	p->transit_next = (p->transit_next + 1) % TRANSITS;
	if (p->transits < TRANSITS)
		p->transits++;

	ignored = p->transits * IGNORED_PERCENT / 100;
	p->fastest = p->transit[0];
	for (i = 0; i < p->transits; i++) {
		int64_t t = p->transit[i];
		unsigned at;

		if (t < p->fastest)
			p->fastest = t;
		if (n > ignored && t <= slow[ignored])
			continue;
		at = n <= ignored ? n++ : ignored;
		for (; at > 0 && slow[at - 1] < t; at--)
			slow[at] = slow[at - 1];
		slow[at] = t;
	}
	wanted = slow[ignored] - p->fastest + FRAME;
	if (p->transits < ENOUGH && wanted < FIRST_TARGET)
		wanted = FIRST_TARGET;
	/* what a missing packet said may stand in the one after it */
	if (p->lossy && wanted < p->last_samples + FRAME)
		wanted = p->last_samples + FRAME;
	/* up at once, down by 1 ms a packet */
	if (wanted < p->target - MS(1))
		wanted = p->target - MS(1);
	if (wanted < PLAYOUT_MIN)
		wanted = PLAYOUT_MIN;
	if (wanted > PLAYOUT_MAX)
		wanted = PLAYOUT_MAX;
	p->target = wanted;
}

static struct slot *free_slot(struct playout *p)
{
	struct slot *oldest = NULL;
	unsigned i;

	for (i = 0; i < PLAYOUT_SLOTS; i++) {
		struct slot *s = &p->slot[i];

		if (!s->used)
			return s;
		if (!oldest || s->seq < oldest->seq)
			oldest = s;
	}
	p->counts.skipped++;
	return oldest;
}

enum playout_result playout_put(struct playout *p, const struct playout_packet *k)
{
	enum playout_result result = PLAYOUT_KEPT;
	int64_t seq, time;
	int16_t d;
	struct slot *s;
	unsigned i;

	if (k->len > PLAYOUT_BYTES || !k->clock_rate || PLAYOUT_RATE % k->clock_rate) {
		p->counts.refused++;
		return PLAYOUT_REFUSED;
	}
	if (!p->started || p->clock_rate != k->clock_rate) {
		if (p->started) {
			p->counts.restarted++;
			result = PLAYOUT_RESTARTED;
		}
		begin(p, k);
	}
	d = (int16_t)(k->seq - (uint16_t)p->high_seq);
	seq = p->high_seq + d;
	/* the timestamp of a telephone-event is that of its beginning in all its packets */
	time = k->len ? extend_time(p, k->timestamp) : p->order_time + d * p->last_samples;
	if (d > SEQ_AHEAD || d < -SEQ_BEHIND || time > p->high_time + TIME_JUMP ||
	    time < p->high_time - TIME_JUMP) {
		int32_t after = (int32_t)(k->timestamp - p->suspect_timestamp);
		bool follows = p->suspect && k->seq == p->suspect_seq && after > 0 &&
			after <= (int32_t)(PACKET_MAX / (PLAYOUT_RATE / k->clock_rate));

		p->suspect = true;
		p->suspect_seq = (uint16_t)(k->seq + 1);
		p->suspect_timestamp = k->timestamp;
		if (!follows) {
			p->counts.refused++;
			return PLAYOUT_REFUSED;
		}
		begin(p, k);
		p->counts.restarted++;
		result = PLAYOUT_RESTARTED;
		seq = p->high_seq;
		time = p->high_time;
	}
	else {
		p->suspect = false;
	}

	for (i = 0; i < PLAYOUT_SLOTS; i++) {
		if (p->slot[i].used && p->slot[i].seq == seq) {
			p->counts.duplicate++;
			return PLAYOUT_DUPLICATE;
		}
	}
	if (!p->playing && seq < p->next_seq) {
		/* overtaken before anything was played */
		p->next_seq = seq;
		p->point = time;
	}
	if (k->len)
		measure(p, samples_of(k->arrival_us) - time);
	if (seq < p->next_seq) {
		p->counts.late++;
		return PLAYOUT_LATE;
	}
	if (seq > p->high_seq) {
		p->high_seq = seq;
		p->order_time = time;
		if (k->len) {
			p->high_time = time;
			p->high_timestamp = k->timestamp;
		}
	}
	s = free_slot(p);
	s->used = true;
	s->seq = seq;
	s->time = time;
	s->format = k->format;
	s->len = k->len;
	if (k->len)
		memcpy(s->data, k->data, k->len);
	p->counts.kept++;
	return result;
}

/* The two oldest packets held. */
static void oldest_two(struct playout *p, struct slot **first, struct slot **second)
{
	unsigned i;

	*first = *second = NULL;
	for (i = 0; i < PLAYOUT_SLOTS; i++) {
		struct slot *s = &p->slot[i];

		if (!s->used)
			continue;
		if (!*first || s->seq < (*first)->seq) {
			*second = *first;
			*first = s;
		}
		else if (!*second || s->seq < (*second)->seq) {
			*second = s;
		}
	}
}

static int64_t delay_now(const struct playout *p, unsigned pending, uint64_t now_us)
{
	int64_t d = samples_of(now_us) - p->fastest - (p->point + p->dry - (int64_t)pending);

	if (d < 0)
		return 0;
	return d < 4 * PLAYOUT_MAX ? d : 4 * PLAYOUT_MAX;
}

static unsigned up_to_a_frame(int64_t samples)
{
	return (unsigned)(samples < FRAME ? samples : FRAME);
}

/* Steps over what need not be played: packets whose time a later one has come to, and the oldest when
 * more is waiting than may be. Returns the packet that is next, or NULL. */
static struct slot *next_slot(struct playout *p)
{
	struct slot *first, *second;

	for (;;) {
		oldest_two(p, &first, &second);
		if (!first || !second)
			return first;
		if (p->high_time - first->time > PLAYOUT_MAX) {
			p->counts.skipped++;
			p->point = second->time;
		}
		else if (first->time + SLACK < p->point && second->time <= p->point) {
			p->counts.late++;
		}
		else {
			return first;
		}
		first->used = false;
		p->next_seq = first->seq + 1;
	}
}

void playout_get(struct playout *p, struct playout_item *item, unsigned pending, uint64_t now_us)
{
	struct slot *s;
	int64_t ahead;

	memset(item, 0, sizeof(*item));
	item->samples = FRAME;
	if (p->out) {
		p->out->used = false;
		p->out = NULL;
	}
	if (!p->started || (!p->playing && now_us < p->begin_us))
		return;
	p->playing = true;

	s = next_slot(p);
	if (s && s->seq > p->next_seq) {
		p->lossy = true;
		p->lost_us = now_us;
	}
	else if (p->lossy && now_us - p->lost_us > LOSS_MEMORY) {
		p->lossy = false;
	}
	p->delay += (delay_now(p, pending, now_us) - p->delay) / 8;
	if (!s) {
		item->kind = PLAYOUT_DRY;
		p->dry += FRAME;
		return;
	}
	ahead = s->time - p->point;
	if (p->dry) {
		/* what was invented took the place of what is missing. If nothing is missing, all was merely late:
		 * it is played, and the delay has grown. */
		int64_t credit = ahead < p->dry ? ahead : p->dry;

		p->dry = 0;
		if (credit > 0) {
			p->point += credit;
			ahead -= credit;
		}
	}
	if ((ahead <= SLACK || ahead > PLAYOUT_MAX) && !s->len) {
		/* it has no sound, also when it claims to be far ahead */
		s->used = false;
		p->next_seq = s->seq + 1;
		if (ahead > SLACK)
			p->point = s->time;
		p->point += FRAME;
		item->kind = PLAYOUT_SILENCE;
		return;
	}
	if (ahead <= SLACK || ahead > PLAYOUT_MAX) {
		/* due; or so far ahead that nobody would wait for it */
		p->point = s->time;
		p->next_seq = s->seq + 1;
		p->out = s;
		item->kind = PLAYOUT_PACKET;
		item->format = s->format;
		item->data = s->data;
		item->len = s->len;
		item->samples = 0;
		return;
	}
	item->samples = up_to_a_frame(ahead);
	if (s->seq == p->next_seq) {
		item->kind = PLAYOUT_SILENCE;
		p->point += item->samples;
		return;
	}
	item->kind = PLAYOUT_LOST;
	if (ahead <= p->last_samples && s->len) {
		/* one packet, or its end, is missing: redundancy may have it */
		item->samples = (unsigned)ahead;
		item->format = s->format;
		item->data = s->data;
		item->len = s->len;
	}
	item->samples = (item->samples + STEP - 1) / STEP * STEP;
	p->point += item->samples;
	p->counts.lost += item->samples;
}

void playout_played(struct playout *p, unsigned samples)
{
	if (samples > PACKET_MAX)
		samples = PACKET_MAX;
	p->point += samples;
	if (samples)
		p->last_samples = samples;
}

int playout_advice(struct playout *p, unsigned pending, bool quiet, uint64_t now_us)
{
	int64_t slack = p->target / 4 > FRAME ? p->target / 4 : FRAME;
	int64_t over = p->delay - p->target;
	uint64_t pause = over > MS(100) ? CORRECT_HURRY : CORRECT_EVERY;
	int advice = 0;

	if (!p->playing || p->transits < ENOUGH)
		return 0;
	/* the smoothed figure lags behind corrections: both must agree */
	if (over > slack && delay_now(p, pending, now_us) > p->target + slack / 2)
		advice = -1;
	else if (over < -FRAME && delay_now(p, pending, now_us) < p->target - FRAME)
		advice = 1;
	if (!advice || (!quiet && now_us - p->corrected_us < pause))
		return 0;
	p->corrected_us = now_us;
	return advice;
}

unsigned playout_delay(const struct playout *p, unsigned pending, uint64_t now_us)
{
	return p->playing ? (unsigned)delay_now(p, pending, now_us) : 0;
}

unsigned playout_target(const struct playout *p)
{
	return (unsigned)p->target;
}

const struct playout_counts *playout_counts(const struct playout *p)
{
	return &p->counts;
}
