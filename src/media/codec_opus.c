/* Opus (RFC 6716, RFC 7587). */
#include <errno.h>
#include <string.h>

#include <opus/opus.h>

#include "media/coder.h"
#include "media/media.h"

/* Redundancy costs sound when nothing is lost: below 32 kbit/s more bits serve better than FEC, so the
 * rate goes up when it is switched on. */
#define BITRATE          48000
#define BITRATE_WITH_FEC 64000

struct opus_coder {
	OpusEncoder *enc;
	OpusDecoder *dec;
	unsigned concealed; /* samples invented since the last packet */
};

/* Opus fades its inventions by itself; what is longer than this is silence */
#define CONCEAL_MAX (CODER_RATE / 1000 * 120)

const char *opus_version(void)
{
	return opus_get_version_string();
}

static int opus_open(void *state, enum codec_id id)
{
	struct opus_coder *o = state;
	int e = OPUS_OK;

	(void)id;
	o->enc = opus_encoder_create(CODER_RATE, 1, OPUS_APPLICATION_VOIP, &e);
	if (!o->enc)
		return ENOMEM;
	o->dec = opus_decoder_create(CODER_RATE, 1, &e);
	if (!o->dec)
		return ENOMEM;
	opus_encoder_ctl(o->enc, OPUS_SET_BITRATE(BITRATE));
	opus_encoder_ctl(o->enc, OPUS_SET_SIGNAL(OPUS_SIGNAL_VOICE));
	/* silence is sent too: it keeps NAT bindings and the peer's buffer alive */
	opus_encoder_ctl(o->enc, OPUS_SET_DTX(0));
	/* a call has two ends and two cores are not many */
	opus_encoder_ctl(o->enc, OPUS_SET_COMPLEXITY(7));
	return 0;
}

static void opus_close(void *state)
{
	struct opus_coder *o = state;

	if (o->enc)
		opus_encoder_destroy(o->enc);
	if (o->dec)
		opus_decoder_destroy(o->dec);
}

static size_t opus_enc(void *state, uint8_t *dst, size_t size, const int16_t *pcm, unsigned samples)
{
	struct opus_coder *o = state;
	opus_int32 n = opus_encode(o->enc, pcm, (int)samples, dst, (opus_int32)size);

	return n > 0 ? (size_t)n : 0;
}

static unsigned opus_dec(void *state, int16_t *pcm, unsigned max, const uint8_t *data, size_t len)
{
	struct opus_coder *o = state;
	int n = opus_decode(o->dec, data, (opus_int32)len, pcm, (int)max, 0);

	if (n <= 0)
		return 0;
	o->concealed = 0;
	return (unsigned)n;
}

static void opus_conceal(void *state, int16_t *pcm, unsigned samples, const uint8_t *next, size_t next_len)
{
	struct opus_coder *o = state;
	int n = 0;

	if (o->concealed < CONCEAL_MAX) {
		if (next && next_len)
			n = opus_decode(o->dec, next, (opus_int32)next_len, pcm, (int)samples, 1);
		if (n <= 0)
			n = opus_decode(o->dec, NULL, 0, pcm, (int)samples, 0);
	}
	o->concealed += samples;
	if (n < 0)
		n = 0;
	if ((unsigned)n < samples)
		memset(pcm + n, 0, (samples - (unsigned)n) * sizeof(*pcm));
}

static void opus_loss(void *state, unsigned percent, int fec)
{
	struct opus_coder *o = state;
	int on = fec && percent > 0;

	opus_encoder_ctl(o->enc, OPUS_SET_INBAND_FEC(on));
	opus_encoder_ctl(o->enc, OPUS_SET_PACKET_LOSS_PERC(percent > 100 ? 100 : (int)percent));
	opus_encoder_ctl(o->enc, OPUS_SET_BITRATE(on ? BITRATE_WITH_FEC : BITRATE));
}

const struct coder_ops coder_opus = {
	.size = sizeof(struct opus_coder),
	.open = opus_open,
	.close = opus_close,
	.encode = opus_enc,
	.decode = opus_dec,
	.conceal = opus_conceal,
	.loss = opus_loss,
};
