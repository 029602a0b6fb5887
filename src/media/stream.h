/* stream.h - one call's sound on the wire: RTP and RTCP (RFC 3550), both ways.
 *
 * It has no socket and no clock: what arrives is handed in, what is to be sent is handed out, and time is an
 * argument (monotonic microseconds); only the wall clock is looked at, once, for the reports. stream_play() and
 * stream_capture() are called once for each 10 ms. No allocation after stream_new() and stream_set().
 */
#ifndef OFFHOOK_MEDIA_STREAM_H
#define OFFHOOK_MEDIA_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <re.h>

#include "phone/phone.h"

#define STREAM_FRAME     480    /* samples of 10 ms at 48 kHz */
#define STREAM_BYTES_MAX 1500   /* the longest packet that is looked at */

struct stream;

struct stream_handlers {
	/* Sends a packet from the RTP or the RTCP socket. */
	void (*send)(bool rtcp, const uint8_t *data, size_t len, const struct sa *to, void *arg);
	/* The peer pressed DIGIT. */
	void (*received)(char digit, void *arg);
	/* Our DIGIT goes out now. */
	void (*sending)(char digit, void *arg);
	void *arg;
};

/* LOCAL: the address of its own RTP socket. 0 or ENOMEM. Pair: stream_free(). */
int stream_new(struct stream **sp, const struct sa *local, const struct stream_handlers *handlers, uint64_t now_us);
/* Its RTP socket has another address now. */
void stream_moved(struct stream *s, const struct sa *local);
/* Says BYE when it was running. NULL is fine. */
void stream_free(struct stream *s, uint64_t now_us);

/* Starts it, or changes it to what was negotiated anew. RTP, RTCP: the peer's addresses in PARAMS, read; not set
 * (sa_isset()): nowhere. ENOMEM, EINVAL (no format): it is as before. */
int stream_set(struct stream *s, const struct media_params *params, const struct sa *rtp, const struct sa *rtcp,
	       uint64_t now_us);

/* A packet came on the RTP or the RTCP socket. */
void stream_receive(struct stream *s, bool rtcp, const uint8_t *data, size_t len, const struct sa *from,
		    uint64_t arrival_us);
/* The next 10 ms to be heard. */
void stream_play(struct stream *s, int16_t pcm[STREAM_FRAME], uint64_t now_us);
/* The next 10 ms to be sent. */
void stream_capture(struct stream *s, const int16_t pcm[STREAM_FRAME], uint64_t now_us);

/* Sends DIGITS (valid ones) as telephone-events. ENOTSUP, ENOSPC. */
int stream_dtmf(struct stream *s, const char *digits);
/* Digits that went out or were given up, ever. */
unsigned stream_digits_consumed(const struct stream *s);

/* Figures since the last call; packets since the beginning. DEVICE_MS: what the device adds to the delay. */
void stream_stats(struct stream *s, struct media_stats *stats, unsigned device_ms, uint64_t now_us);

#endif
