/* playout.h - the playout buffer: packets in as the network brings them, out as the ear needs them.
 *
 * Pure: no clock of its own, no allocation after playout_new(), no I/O. It holds encoded packets in a
 * fixed number of slots and keeps one point of play in the sender's time, counted in samples at 48 kHz.
 * How long sound waits here follows the measured variation of transit times. Whoever decodes asks
 * playout_get() what comes next and playout_advice() whether the sound should run a little faster or slower.
 *
 * The network is hostile: every distance in time or sequence that a packet claims is compared with a bound.
 * A single packet from far away is dropped; two that follow each other move the point of play to them.
 */
#ifndef OFFHOOK_MEDIA_PLAYOUT_H
#define OFFHOOK_MEDIA_PLAYOUT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define PLAYOUT_RATE      48000
#define PLAYOUT_SLOTS     64
#define PLAYOUT_BYTES     1400
#define PLAYOUT_MIN       (PLAYOUT_RATE / 100)  /* shortest delay aimed at: 10 ms */
#define PLAYOUT_MAX       (PLAYOUT_RATE / 2)    /* longest: 500 ms */

struct playout;

struct playout_packet {
	uint16_t seq;
	uint32_t timestamp;      /* as in the packet */
	uint32_t clock_rate;     /* of the timestamp, Hz: divides 48000 */
	int format;              /* the caller's word for how DATA is encoded */
	const uint8_t *data;     /* copied */
	size_t len;              /* 0: keeps its place in the order, has no sound (a telephone-event) */
	uint64_t arrival_us;     /* monotonic */
};

enum playout_result {
	PLAYOUT_KEPT,
	PLAYOUT_DUPLICATE,
	PLAYOUT_LATE,            /* its moment is over */
	PLAYOUT_REFUSED,         /* from far away, too long, or of an impossible clock */
	PLAYOUT_RESTARTED        /* kept, and the order begins anew with it */
};

enum playout_kind {
	PLAYOUT_NOTHING,         /* nothing has come yet, or sound is still being gathered: silence */
	PLAYOUT_PACKET,          /* decode .data, then tell playout_played() */
	PLAYOUT_LOST,            /* invent .samples, the end of a packet; .data, if any, is the one right after */
	PLAYOUT_SILENCE,         /* the sender was silent for .samples */
	PLAYOUT_DRY              /* nothing is there that should be: invent .samples */
};

struct playout_item {
	enum playout_kind kind;
	unsigned samples;
	int format;
	const uint8_t *data;     /* valid until the next call */
	size_t len;
};

struct playout_counts {
	uint64_t kept, duplicate, late, refused, restarted;
	uint64_t lost;           /* samples invented for packets that never came */
	uint64_t skipped;        /* packets thrown away because too many were waiting */
};

/* ENOMEM. */
int playout_new(struct playout **pp);
void playout_free(struct playout *p);
/* Forgets all packets and measurements: another sender follows. Counts stay. */
void playout_reset(struct playout *p);

enum playout_result playout_put(struct playout *p, const struct playout_packet *packet);

/* What is to be played next. PENDING: samples that were decoded before and are not played yet.
 * .samples is 10 ms or less, for a lost packet 120 ms or less in steps of 2.5 ms, 0 for a packet. */
void playout_get(struct playout *p, struct playout_item *item, unsigned pending, uint64_t now_us);
/* The packet just got held that many samples. */
void playout_played(struct playout *p, unsigned samples);

/* -1: take something out of the sound, 1: lengthen it, 0: it is right. QUIET: the sound at hand is
 * silence, where every correction is inaudible. A yes counts as followed. */
int playout_advice(struct playout *p, unsigned pending, bool quiet, uint64_t now_us);

/* Samples that sound waits here now, and that it should. */
unsigned playout_delay(const struct playout *p, unsigned pending, uint64_t now_us);
unsigned playout_target(const struct playout *p);
const struct playout_counts *playout_counts(const struct playout *p);

#endif
