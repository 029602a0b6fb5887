/* coder.h - one sound format at work: encoder and decoder behind the same six functions.
 *
 * Sound is 48 kHz mono, 16 bit. Everything is allocated by coder_new(); nothing after it.
 */
#ifndef OFFHOOK_MEDIA_CODER_H
#define OFFHOOK_MEDIA_CODER_H

#include <stddef.h>
#include <stdint.h>

#include "phone/codec.h"

#define CODER_RATE        48000
#define CODER_BYTES_MAX   1400            /* one encoded packet */
#define CODER_SAMPLES_MAX (CODER_RATE / 1000 * 120) /* the longest packet that is decoded: 120 ms */

struct coder;

/* What one format does; samples are counted at 48 kHz. */
struct coder_ops {
	size_t size;              /* bytes of its state */
	int (*open)(void *state, enum codec_id id);
	void (*close)(void *state);
	size_t (*encode)(void *state, uint8_t *dst, size_t size, const int16_t *pcm, unsigned samples);
	unsigned (*decode)(void *state, int16_t *pcm, unsigned max, const uint8_t *data, size_t len);
	void (*conceal)(void *state, int16_t *pcm, unsigned samples, const uint8_t *next, size_t next_len);
	void (*loss)(void *state, unsigned percent, int fec);
};

extern const struct coder_ops coder_opus;
extern const struct coder_ops coder_g711;

/* 0, ENOMEM, or EINVAL for a format that is not known. Pair: coder_free(), NULL is fine. */
int coder_new(struct coder **cp, const struct codec *codec);
void coder_free(struct coder *c);

/* How many ms a packet sent shall hold when the peer asked for PTIME. */
unsigned coder_ptime(const struct codec *codec, unsigned ptime);
/* Encodes SAMPLES (10, 20, 30, 40 or 60 ms; Opus: not 30). Returns the bytes written to DST, 0 = failed. */
size_t coder_encode(struct coder *c, uint8_t *dst, size_t size, const int16_t *pcm, unsigned samples);
/* Decodes one packet into PCM (room for MAX). Returns the samples, 0: not a packet of this format, or
 * longer than MAX or 120 ms. */
unsigned coder_decode(struct coder *c, int16_t *pcm, unsigned max, const uint8_t *data, size_t len);
/* Invents SAMPLES (a multiple of 2.5 ms, at most 120 ms) in the place of what did not come. NEXT: the packet
 * right after the gap, when it is there already, else NULL; it is still decoded afterwards. Never fails. */
void coder_conceal(struct coder *c, int16_t *pcm, unsigned samples, const uint8_t *next, size_t next_len);
/* PERCENT of our packets are lost on the way; FEC: the peer can use redundancy. */
void coder_loss(struct coder *c, unsigned percent, int fec);

#endif
