/* G.711 (RFC 3551 section 4.5.14): mu-law and A-law at 8 kHz, resampled to and from 48 kHz. */
#include <errno.h>
#include <string.h>

#include <re.h>
#include <rem.h>
#include <speex/speex_resampler.h>

#include "media/coder.h"

#define NARROW_RATE  8000
#define FACTOR       (CODER_RATE / NARROW_RATE)
#define NARROW_MAX   (CODER_SAMPLES_MAX / FACTOR)
#define QUALITY      5

/* Concealment, in samples at 8 kHz */
#define HISTORY      320   /* 40 ms */
#define PITCH_MIN    32    /* 4 ms: 250 Hz */
#define PITCH_MAX    160   /* 20 ms: 50 Hz */
#define FADE_FROM    80    /* full level for 10 ms ... */
#define FADE_UNTIL   480   /* ... and silent after 60 ms */
#define MEND         32    /* the first 4 ms after a gap are blended in */

struct g711 {
	enum codec_id id;
	SpeexResamplerState *down, *up;
	int16_t history[HISTORY];  /* the last 40 ms that were decoded, newest last */
	unsigned pitch;            /* period that is being repeated, 0 = nothing is concealed */
	unsigned invented;         /* samples since the gap began */
};

static int g711_open(void *state, enum codec_id id)
{
	struct g711 *g = state;
	int e = 0;

	g->id = id;
	g->down = speex_resampler_init(1, CODER_RATE, NARROW_RATE, QUALITY, &e);
	g->up = speex_resampler_init(1, NARROW_RATE, CODER_RATE, QUALITY, &e);
	return g->down && g->up ? 0 : ENOMEM;
}

static void g711_close(void *state)
{
	struct g711 *g = state;

	if (g->down)
		speex_resampler_destroy(g->down);
	if (g->up)
		speex_resampler_destroy(g->up);
}

static size_t g711_encode(void *state, uint8_t *dst, size_t size, const int16_t *pcm, unsigned samples)
{
	struct g711 *g = state;
	int16_t narrow[NARROW_MAX];
	spx_uint32_t in = samples, out = samples / FACTOR, i;

	if (out > NARROW_MAX || out > size)
		return 0;
	speex_resampler_process_int(g->down, 0, pcm, &in, narrow, &out);
	for (i = 0; i < out; i++) {
		/* the tables cannot take the one value that has no positive counterpart */
		int16_t s = narrow[i] < -INT16_MAX ? -INT16_MAX : narrow[i];

		dst[i] = g->id == CODEC_PCMA ? g711_pcm2alaw(s) : g711_pcm2ulaw(s);
	}
	return out;
}

static void remember(struct g711 *g, const int16_t *s, unsigned n)
{
	if (n >= HISTORY) {
		memcpy(g->history, s + n - HISTORY, sizeof(g->history));
		return;
	}
	memmove(g->history, g->history + n, (HISTORY - n) * sizeof(*s));
	memcpy(g->history + HISTORY - n, s, n * sizeof(*s));
}

/* The period at which the last 20 ms repeat best. */
static unsigned find_pitch(const int16_t *history)
{
	const int16_t *last = history + HISTORY - PITCH_MAX;
	unsigned lag, i, best = PITCH_MAX;
	double best_score = 0;

	for (lag = PITCH_MIN; lag <= PITCH_MAX; lag++) {
		double cross = 0, energy = 1;

		for (i = 0; i < PITCH_MAX; i++) {
			double then = last[(int)i - (int)lag];

			cross += then * last[i];
			energy += then * then;
		}
		if (cross > 0 && cross * cross / energy > best_score) {
			best_score = cross * cross / energy;
			best = lag;
		}
	}
	return best;
}

/* The next N invented samples. The history stays as it was when the gap began. */
static void invent(struct g711 *g, int16_t *s, unsigned n)
{
	unsigned i;

	if (!g->pitch) {
		g->pitch = find_pitch(g->history);
		g->invented = 0;
	}
	for (i = 0; i < n; i++, g->invented++) {
		int32_t v = g->history[HISTORY - g->pitch + g->invented % g->pitch];

		if (g->invented >= FADE_UNTIL)
			v = 0;
		else if (g->invented > FADE_FROM)
			v = v * (int32_t)(FADE_UNTIL - g->invented) / (FADE_UNTIL - FADE_FROM);
		s[i] = (int16_t)v;
		if (g->invented >= FADE_UNTIL)
			g->invented = FADE_UNTIL + g->pitch; /* never wraps, however long the gap is */
	}
}

static unsigned g711_decode(void *state, int16_t *pcm, unsigned max, const uint8_t *data, size_t len)
{
	struct g711 *g = state;
	int16_t narrow[NARROW_MAX];
	spx_uint32_t in = (spx_uint32_t)len, out = (spx_uint32_t)len * FACTOR, i;

	if (len > NARROW_MAX || out > max)
		return 0;
	for (i = 0; i < in; i++)
		narrow[i] = g->id == CODEC_PCMA ? g711_alaw2pcm(data[i]) : g711_ulaw2pcm(data[i]);
	if (g->pitch) {
		int16_t tail[MEND];
		unsigned n = in < MEND ? in : MEND;

		invent(g, tail, n);
		for (i = 0; i < n; i++)
			narrow[i] = (int16_t)((tail[i] * (int)(n - i) + narrow[i] * (int)i) / (int)n);
		g->pitch = 0;
	}
	remember(g, narrow, in);
	speex_resampler_process_int(g->up, 0, narrow, &in, pcm, &out);
	return out;
}

static void g711_conceal(void *state, int16_t *pcm, unsigned samples, const uint8_t *next, size_t next_len)
{
	struct g711 *g = state;
	int16_t narrow[NARROW_MAX];
	spx_uint32_t in = samples / FACTOR, out = samples;

	(void)next;
	(void)next_len;
	if (in > NARROW_MAX)
		in = NARROW_MAX;
	invent(g, narrow, in);
	speex_resampler_process_int(g->up, 0, narrow, &in, pcm, &out);
	if (out < samples)
		memset(pcm + out, 0, (samples - out) * sizeof(*pcm));
}

static void g711_loss(void *state, unsigned percent, int fec)
{
	(void)state;
	(void)percent;
	(void)fec;
}

const struct coder_ops coder_g711 = {
	.size = sizeof(struct g711),
	.open = g711_open,
	.close = g711_close,
	.encode = g711_encode,
	.decode = g711_decode,
	.conceal = g711_conceal,
	.loss = g711_loss,
};
