/* RTP and RTCP as they come, through playout and decoder to the ear. The input: a byte that names the format, then
 * packets, each with a byte for where it comes (bit 0: RTCP) and what passes before it (the other bits, in ms), and one
 * for its length. */
#include <re.h>

#include "fuzz.h"
#include "media/report.h"
#include "media/stream.h"

static void send_h(bool rtcp, const uint8_t *data, size_t len, const struct sa *to, void *arg)
{
	struct report_news news;

	(void)to;
	(void)arg;
	/* ours can be read */
	if (rtcp)
		FUZZ_CHECK(report_read(&news, 1, data, len));
	FUZZ_CHECK(len <= STREAM_BYTES_MAX);
}

static void digit_h(char digit, void *arg)
{
	(void)arg;
	FUZZ_CHECK(digit && strchr("0123456789*#ABCD", digit));
}

static void listen_to(struct stream *s, unsigned frames, uint64_t *now)
{
	int16_t pcm[STREAM_FRAME];

	while (frames--) {
		*now += 10000;
		stream_play(s, pcm, *now);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct stream_handlers h = {send_h, digit_h, digit_h, NULL};
	struct media_params p = {.direction = MEDIA_BOTH, .ptime = 20, .event_payload_type = 101,
		.event_receive_type = 101, .opus_fec = true, .formats = 3};
	uint64_t now = 5000000;
	struct media_stats stats;
	struct sa local, peer;
	struct stream *s;
	unsigned i, packets = 0;
	int16_t pcm[STREAM_FRAME] = {0};

	if (!size)
		return 0;
	p.codec = codec_get((enum codec_id)(data[0] % CODEC_COUNT));
	p.payload_type = p.codec->payload_type;
	p.event_clock_rate = p.codec->clock_rate;
	for (i = 0; i < 3; i++) {
		p.format[i].codec = codec_get((enum codec_id)i);
		p.format[i].payload_type = p.format[i].codec->payload_type;
	}
	sa_set_str(&local, "10.0.0.1", 4000);
	sa_set_str(&peer, "10.0.0.2", 4000);
	FUZZ_CHECK(!stream_new(&s, &local, &h, now));
	FUZZ_CHECK(!stream_set(s, &p, &peer, &peer, now));
	data++;
	size--;
	while (size >= 2 && packets++ < 64) {
		unsigned how = data[0];
		size_t len = data[1];
		uint8_t *packet;

		data += 2;
		size -= 2;
		len = len < size ? len : size;
		packet = malloc(len ? len : 1);
		FUZZ_CHECK(packet);
		if (len)
			memcpy(packet, data, len);
		stream_receive(s, how & 1, packet, len, &peer, now + (how >> 1) * 1000);
		free(packet);
		listen_to(s, how & 2 ? 3 : 2, &now);
		stream_capture(s, pcm, now);
		data += len;
		size -= len;
	}
	listen_to(s, 20, &now);
	stream_stats(s, &stats, 10, now);
	FUZZ_CHECK((stats.mos < 0 || (stats.mos >= 1 && stats.mos <= 4.5)) && stats.loss >= 0 && stats.loss <= 1);
	stream_free(s, now);
	return 0;
}
