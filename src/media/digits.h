/* digits.h - telephone-events, sent and received (RFC 4733). Pure. */
#ifndef OFFHOOK_MEDIA_DIGITS_H
#define OFFHOOK_MEDIA_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGITS_WAITING  64
#define DIGITS_PAYLOAD  4
#define DIGITS_TONE_MS  100
#define DIGITS_GAP_MS   60
#define DIGITS_PAUSE_MS 1000     /* for a ',' */

/* True when all of DIGITS are 0-9 * # A-D (a-d) or ','. */
bool digits_valid(const char *digits);

struct digits_sender {
	char queue[DIGITS_WAITING];
	unsigned head, count;
	char now;                  /* under way; 0 = none */
	unsigned ms;               /* since it began */
	uint32_t timestamp;        /* when it began */
	uint32_t clock_rate;
	unsigned consumed;         /* digits that are through, ever */
};

struct digits_packet {
	uint8_t payload[DIGITS_PAYLOAD];
	uint32_t timestamp;
	bool marker;
};

/* What one frame of 10 ms brings. */
struct digits_frame {
	bool send;                 /* .packet is to be sent */
	bool keep_voice;           /* voice must not be sent now */
	char begun;                /* a digit begins, else 0 */
	struct digits_packet packet;
};

/* Adds DIGITS to those that wait. ENOSPC: all or nothing. */
int digits_queue(struct digits_sender *d, const char *digits);
/* Forgets what waits and what is under way. */
void digits_cancel(struct digits_sender *d);
/* One frame. TIMESTAMP: the RTP time of it in CLOCK_RATE, the negotiated clock of telephone-event. */
void digits_send_frame(struct digits_sender *d, uint32_t timestamp, uint32_t clock_rate, struct digits_frame *f);

#define DIGITS_REMEMBERED 4

struct digits_receiver {
	uint32_t seen[DIGITS_REMEMBERED]; /* timestamps of the last events */
	unsigned seen_count, seen_next;
	uint32_t last;             /* timestamp of the newest */
	bool open;                 /* it has not ended */
	uint8_t event;
	uint32_t follow;           /* where a further segment of it would begin */
};

/* Reads one packet. Returns the digit when an event begins (each event once, also when only its end came),
 * else 0. */
char digits_receive(struct digits_receiver *r, uint32_t timestamp, const uint8_t *payload, size_t len);

#endif
