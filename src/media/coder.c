#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/coder.h"

struct coder {
	const struct coder_ops *ops;
	max_align_t state[];
};

static const struct coder_ops *const table[CODEC_COUNT] = {
	[CODEC_OPUS] = &coder_opus,
	[CODEC_PCMU] = &coder_g711,
	[CODEC_PCMA] = &coder_g711,
};

int coder_new(struct coder **cp, const struct codec *codec)
{
	const struct coder_ops *ops;
	struct coder *c;
	int err;

	if (!codec || codec->id >= CODEC_COUNT)
		return EINVAL;
	ops = table[codec->id];
	c = calloc(1, sizeof(*c) + ops->size);
	if (!c)
		return ENOMEM;
	c->ops = ops;
	err = ops->open(c->state, codec->id);
	if (err) {
		ops->close(c->state);
		free(c);
		return err;
	}
	*cp = c;
	return 0;
}

void coder_free(struct coder *c)
{
	if (!c)
		return;
	c->ops->close(c->state);
	free(c);
}

unsigned coder_ptime(const struct codec *codec, unsigned ptime)
{
	switch (ptime) {
	case 30:
		/* no frame of Opus is 30 ms long */
		return codec->id == CODEC_OPUS ? 20 : 30;
	case 10:
	case 40:
	case 60:
		return ptime;
	default:
		return 20;
	}
}

size_t coder_encode(struct coder *c, uint8_t *dst, size_t size, const int16_t *pcm, unsigned samples)
{
	return c->ops->encode(c->state, dst, size, pcm, samples);
}

unsigned coder_decode(struct coder *c, int16_t *pcm, unsigned max, const uint8_t *data, size_t len)
{
	if (!len || len > CODER_BYTES_MAX)
		return 0;
	return c->ops->decode(c->state, pcm, max < CODER_SAMPLES_MAX ? max : CODER_SAMPLES_MAX, data, len);
}

void coder_conceal(struct coder *c, int16_t *pcm, unsigned samples, const uint8_t *next, size_t next_len)
{
	c->ops->conceal(c->state, pcm, samples, next, next_len);
}

void coder_loss(struct coder *c, unsigned percent, int fec)
{
	c->ops->loss(c->state, percent, fec);
}
