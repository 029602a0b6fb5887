/* Two streams that talk over a network of paper: packets are structs in a queue, time is a variable. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <cmocka.h>
#include <re.h>

#include "media/digits.h"
#include "media/report.h"
#include "media/source.h"
#include "media/stream.h"

#define QUEUE   128
#define SECOND  100      /* frames */
#define HEARD   (48000 * 4)

struct packet {
	bool used, rtcp;
	uint64_t due;
	struct sa from, to;
	size_t len;
	uint8_t data[STREAM_BYTES_MAX];
};

struct side {
	struct stream *s;
	struct sa rtp, rtcp;        /* its own, as SDP says */
	struct sa nat;              /* what its packets seem to come from, if set */
	struct media_params params;
	unsigned sent, reports, voices, voices_marked, byes;
	uint32_t ntp;               /* seconds in its last sender report */
	uint32_t reported;          /* SSRC that its last report is about */
	uint8_t last[STREAM_BYTES_MAX]; /* its last RTP packet */
	size_t last_len;
	uint32_t ssrc;
	uint32_t timestamp;         /* of the last packet of sound */
	char digits[64];
	char begun[64];
	int16_t heard[HEARD];       /* the newest 4 s, as a ring */
	unsigned at;                /* where the next sample goes */
	uint64_t phase;
	double amplitude, hz;       /* of what it says */
};

static struct side a, b;
static struct packet queue[QUEUE];
static uint64_t now;
static unsigned (*delay_of)(unsigned n);   /* ms of the n-th RTP packet of a; NULL: 1 */
static bool (*lost)(unsigned n);

/* --- the network ---------------------------------------------------------------------- */

static uint32_t be32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void enqueue(bool rtcp, const uint8_t *data, size_t len, const struct sa *from, const struct sa *to, uint64_t due)
{
	unsigned i;

	for (i = 0; i < QUEUE && queue[i].used; i++)
		;
	assert_true(i < QUEUE);
	queue[i] = (struct packet){.used = true, .rtcp = rtcp, .due = due, .from = *from, .to = *to, .len = len};
	assert_true(len <= sizeof(queue[i].data));
	memcpy(queue[i].data, data, len);
}

static void send_h(bool rtcp, const uint8_t *data, size_t len, const struct sa *to, void *arg)
{
	struct side *x = arg;
	struct sa from = rtcp ? x->rtcp : x->rtp;
	unsigned ms = 1, n = x->sent;

	if (rtcp) {
		x->reports++;
		if (data[1] == 200 && len >= 12)
			x->ntp = be32(data + 8);
		if (data[1] == 200 && (data[0] & 0x1f) && len >= 32)
			x->reported = be32(data + 28);
		/* the last part of the compound packet */
		x->byes += len >= 8 && data[len - 7] == 203;
	}
	else {
		if (sa_isset(&x->nat, SA_ALL))
			from = x->nat;
		x->sent++;
		x->ssrc = be32(data + 8);
		if ((data[1] & 0x7f) != 101) {
			x->voices++;
			x->voices_marked += data[1] >> 7;
			x->timestamp = be32(data + 4);
		}
		memcpy(x->last, data, len);
		x->last_len = len;
		if (x == &a && lost && lost(n))
			return;
		if (x == &a && delay_of)
			ms = delay_of(n);
	}
	enqueue(rtcp, data, len, &from, to, now + ms * 1000ull);
}

static void deliver(void)
{
	unsigned i;

	for (i = 0; i < QUEUE; i++) {
		struct packet *k = &queue[i];
		struct side *x = &b;

		if (!k->used || k->due > now)
			continue;
		k->used = false;
		/* behind a NAT only the binding is reached */
		if (sa_isset(&a.nat, SA_ALL) && sa_cmp(&k->to, &a.rtp, SA_ALL))
			continue;
		if (sa_cmp(&k->to, &a.rtp, SA_ALL) || sa_cmp(&k->to, &a.nat, SA_ALL) || sa_cmp(&k->to, &a.rtcp, SA_ALL))
			x = &a;
		if (x->s)
			stream_receive(x->s, k->rtcp, k->data, k->len, &k->from, k->due);
	}
}

static void received_h(char digit, void *arg)
{
	struct side *x = arg;

	x->digits[strlen(x->digits)] = digit;
}

static void sending_h(char digit, void *arg)
{
	struct side *x = arg;

	x->begun[strlen(x->begun)] = digit;
}

/* --- the two sides ---------------------------------------------------------------------- */

static void apply(struct side *x, const struct side *peer)
{
	assert_int_equal(stream_set(x->s, &x->params, &peer->rtp, &peer->rtcp, now), 0);
}

static void make_side(struct side *x, const char *address, enum codec_id id)
{
	const struct stream_handlers h = {send_h, received_h, sending_h, x};
	struct media_params *p = &x->params;

	sa_set_str(&x->rtp, address, 4000);
	sa_set_str(&x->rtcp, address, 4001);
	assert_int_equal(stream_new(&x->s, &x->rtp, &h, now), 0);
	p->direction = MEDIA_BOTH;
	p->codec = codec_get(id);
	p->payload_type = p->codec->payload_type;
	p->formats = 2;
	p->format[0].codec = p->codec;
	p->format[0].payload_type = p->payload_type;
	p->format[1].codec = codec_get(id == CODEC_PCMU ? CODEC_PCMA : CODEC_PCMU);
	p->format[1].payload_type = p->format[1].codec->payload_type;
	p->event_payload_type = p->event_receive_type = 101;
	p->event_clock_rate = p->codec->clock_rate;
	p->ptime = 20;
	p->opus_fec = true;
	x->hz = 500;
}

static void begin(enum codec_id id)
{
	memset(&a, 0, sizeof(a));
	memset(&b, 0, sizeof(b));
	memset(queue, 0, sizeof(queue));
	delay_of = NULL;
	lost = NULL;
	now = 5000000;
	make_side(&a, "10.0.0.1", id);
	make_side(&b, "10.0.0.2", id);
	a.amplitude = 8000;
	apply(&a, &b);
	apply(&b, &a);
}

static void end(void)
{
	stream_free(a.s, now);
	stream_free(b.s, now);
	a.s = b.s = NULL;
}

static void frame(struct side *x)
{
	int16_t pcm[STREAM_FRAME];
	unsigned i;

	if (!x->s)
		return;
	stream_play(x->s, pcm, now);
	memcpy(x->heard + x->at, pcm, sizeof(pcm));
	x->at = (x->at + STREAM_FRAME) % HEARD;
	for (i = 0; i < STREAM_FRAME; i++)
		pcm[i] = (int16_t)(x->amplitude * sin(2 * M_PI * x->hz * (double)x->phase++ / 48000));
	stream_capture(x->s, pcm, now);
}

static void run(unsigned frames)
{
	unsigned ms;

	for (; frames; frames--) {
		for (ms = 0; ms < 10; ms++) {
			now += 1000;
			deliver();
		}
		frame(&a);
		frame(&b);
	}
}

/* Sample I of the newest N. */
static int newest(const struct side *x, unsigned n, unsigned i)
{
	return x->heard[(x->at + HEARD - n + i) % HEARD];
}

/* The sine of HZ in the newest N samples heard: its amplitude; *SNR in dB against all the rest. */
static double sine_in(const struct side *x, unsigned n, double hz, double *snr)
{
	double re = 0, im = 0, all = 0, tone;
	unsigned i;

	for (i = 0; i < n; i++) {
		double v = newest(x, n, i);

		re += v * cos(2 * M_PI * hz * i / 48000);
		im += v * sin(2 * M_PI * hz * i / 48000);
		all += v * v;
	}
	tone = 2 * (re * re + im * im) / n;
	*snr = 10 * log10(tone / (all - tone > 1 ? all - tone : 1));
	return 2 * sqrt(re * re + im * im) / n;
}

static unsigned quiet_ms(const struct side *x, unsigned n)
{
	unsigned i, k, count = 0;

	for (i = 0; i + 48 <= n; i += 48) {
		int peak = 0;

		for (k = 0; k < 48; k++)
			peak = abs(newest(x, n, i + k)) > peak ? abs(newest(x, n, i + k)) : peak;
		count += peak < 200;
	}
	return count;
}

/* --- sound -------------------------------------------------------------------------------- */

static void round_trip(enum codec_id id, unsigned ptime, double least_snr)
{
	struct media_stats st;
	double snr, amplitude;

	begin(id);
	a.params.ptime = ptime;
	apply(&a, &b);
	run(3 * SECOND);
	amplitude = sine_in(&b, 48000, 500, &snr);
	if (snr < least_snr)
		print_error("%s ptime %u: amplitude %.0f, SNR %.1f dB\n", codec_get(id)->name, ptime, amplitude, snr);
	assert_true(snr >= least_snr);
	assert_in_range((int)amplitude, 7200, 8800);
	assert_int_equal(a.voices_marked, 1);
	if (ptime != 30 || id != CODEC_OPUS)
		assert_in_range(a.sent, 300 / (ptime / 10) - 1, 300 / (ptime / 10));
	stream_stats(b.s, &st, 0, now);
	assert_true(st.loss == 0 && st.late == 0);
	assert_true(st.mos > 4.0);
	assert_true(st.delay < 0.1);
	/* all that A sent was taken, but for one that may still be on its way */
	assert_in_range(st.rx_packets, a.sent - 1, a.sent);
	assert_int_equal(st.tx_packets, b.sent);
	stream_stats(a.s, &st, 0, now);
	assert_int_equal(st.tx_packets, a.sent);
	end();
}

static void opus(void **state)
{
	static const unsigned ptimes[] = {10, 20, 30, 40, 60};
	unsigned i;

	(void)state;
	for (i = 0; i < 5; i++)
		round_trip(CODEC_OPUS, ptimes[i], 20);
}

static void pcmu(void **state)
{
	static const unsigned ptimes[] = {10, 20, 30, 40, 60};
	unsigned i;

	(void)state;
	for (i = 0; i < 5; i++)
		round_trip(CODEC_PCMU, ptimes[i], 30);
}

static void pcma(void **state)
{
	(void)state;
	round_trip(CODEC_PCMA, 20, 30);
}

static bool lose_tenth(unsigned n)
{
	return n % 10 == 7;
}

static void lossy(enum codec_id id, double least_snr)
{
	struct media_stats st;
	double snr;

	begin(id);
	run(3 * SECOND);
	stream_stats(b.s, &st, 0, now);
	lost = lose_tenth;
	run(30 * SECOND);
	assert_true(sine_in(&b, HEARD, 500, &snr) > 4000);
	print_message("SNR with a tenth lost: %.1f dB\n", snr);
	if (snr < least_snr)
		print_error("SNR %.1f dB\n", snr);
	assert_true(snr >= least_snr);
	/* concealed: no holes */
	assert_in_range(quiet_ms(&b, HEARD), 0, 130);
	stream_stats(b.s, &st, 0, now);
	assert_true(st.loss > 0.08 && st.loss < 0.12);
	assert_true(st.mos > 1 && st.mos < 4);
	assert_true(a.reports >= 4 && b.reports >= 4);
	end();
}

static void lossy_opus(void **state)
{
	(void)state;
	lossy(CODEC_OPUS, 6);
}

static void lossy_pcmu(void **state)
{
	(void)state;
	lossy(CODEC_PCMU, 20);
}

static unsigned swap_some(unsigned n)
{
	return n % 5 == 0 ? 30 : 1;
}

static void reordered(void **state)
{
	struct media_stats st;
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	delay_of = swap_some;
	run(5 * SECOND);
	sine_in(&b, 48000, 500, &snr);
	assert_true(snr > 25);
	stream_stats(b.s, &st, 0, now);
	assert_true(st.loss < 0.01);
	assert_true(st.jitter > 0.003 && st.jitter < 0.03);
	end();
}

/* What is said in the first 500 ms is heard as a whole: 20 words of 10 ms in the first half second. */
static void first_words(void **state)
{
	unsigned i, loud = 0;

	(void)state;
	begin(CODEC_PCMU);
	a.amplitude = 8000;
	run(50);
	a.amplitude = 0;
	run(50);
	for (i = 0; i < 48000; i++)
		loud += abs(newest(&b, 48000, i)) > 1000;
	/* a sine is above an eighth of its peak for 92 % of the time */
	assert_in_range(loud, 48000 * 45 / 100, 48000 / 2);
	end();
}

static void hold_and_resume(void **state)
{
	struct media_stats st;
	unsigned before;
	uint32_t ts;
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	run(2 * SECOND);
	a.params.direction = MEDIA_RECEIVE;
	apply(&a, &b);
	before = a.sent;
	ts = a.timestamp;
	run(3 * SECOND);
	stream_stats(b.s, &st, 0, now);
	run(2 * SECOND);
	assert_int_equal(a.sent, before);
	stream_stats(b.s, &st, 0, now);
	assert_true(st.delay < 0.001); /* nothing comes, nothing waits */
	a.params.direction = MEDIA_BOTH;
	apply(&a, &b);
	run(2 * SECOND);
	assert_int_equal(a.voices_marked, 2);
	/* the clock went on while nothing was sent */
	assert_in_range(a.timestamp - ts, 7 * 8000 - 320, 7 * 8000 + 320);
	assert_true(sine_in(&b, 48000, 500, &snr) > 7000);
	b.params.direction = MEDIA_SEND;
	apply(&b, &a);
	run(1);
	assert_int_equal(quiet_ms(&b, STREAM_FRAME), 10);
	run(SECOND);
	assert_true(sine_in(&b, 24000, 500, &snr) < 10);
	end();
}

static void change_of_codec(void **state)
{
	double snr;

	(void)state;
	begin(CODEC_OPUS);
	run(2 * SECOND);
	a.params.codec = codec_get(CODEC_PCMU);
	a.params.payload_type = 0;
	apply(&a, &b);
	run(3 * SECOND);
	assert_true(sine_in(&b, 48000, 500, &snr) > 7000);
	assert_true(snr > 25);
	end();
}

/* --- who is heard ---------------------------------------------------------------------------- */

/* A stranger's packet: a copy of the last one of a, made different. */
static void forge(const char *address, uint16_t port, uint16_t seq_plus, uint32_t ts_plus, uint32_t ssrc_plus)
{
	uint8_t k[STREAM_BYTES_MAX];
	uint32_t v;
	struct sa from;

	sa_set_str(&from, address, port);
	memcpy(k, a.last, a.last_len);
	v = (uint32_t)(k[2] << 8 | k[3]) + seq_plus;
	k[2] = (uint8_t)(v >> 8);
	k[3] = (uint8_t)v;
	v = be32(k + 4) + ts_plus;
	k[4] = (uint8_t)(v >> 24);
	k[5] = (uint8_t)(v >> 16);
	k[6] = (uint8_t)(v >> 8);
	k[7] = (uint8_t)v;
	k[11] = (uint8_t)(k[11] + ssrc_plus);
	memset(k + 12, 0x13, a.last_len - 12);
	stream_receive(b.s, false, k, a.last_len, &from, now);
}

static void stranger(void **state)
{
	unsigned i, before;
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	run(SECOND);
	before = a.sent;
	for (i = 0; i < 2 * SECOND; i++) {
		run(1);
		forge("66.6.6.6", 6666, (uint16_t)(i + 1), i * 80, 0);
		forge("10.0.0.1", 6666, (uint16_t)(i + 1), i * 80, 3);
	}
	assert_true(sine_in(&b, 48000, 500, &snr) > 7500);
	assert_true(snr > 28);
	assert_true(a.sent > before);
	/* and b still sends to a */
	b.amplitude = 5000;
	run(SECOND);
	assert_true(sine_in(&a, 24000, 500, &snr) > 4500);
	end();
}

static void forged_from_the_right_place(void **state)
{
	unsigned i;
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	run(SECOND);
	for (i = 0; i < SECOND; i++) {
		run(1);
		forge("10.0.0.1", 4000, 1, 0x40000000u + i * 0x01000000u, 0);
	}
	run(2 * SECOND);
	assert_true(sine_in(&b, 48000, 500, &snr) > 7500);
	assert_true(snr > 28);
	end();
}

/* Arrival times go back a little now and then: that is no silence, and nobody loses his place by it. */
static void stranger_from_the_past(void **state)
{
	struct source s;
	struct sa none, nat, other;

	(void)state;
	memset(&s, 0, sizeof(s));
	sa_init(&none, AF_UNSPEC);
	sa_set_str(&nat, "20.0.0.1", 4000);
	sa_set_str(&other, "66.6.6.6", 6666);
	source_set(&s, &none);
	assert_int_equal(source_check(&s, &nat, 1, 1, 5000000), SOURCE_TAKEN);
	assert_int_equal(source_check(&s, &nat, 1, 2, 5020000), SOURCE_TAKEN);
	assert_int_equal(source_check(&s, &nat, 1, 3, 5040000), SOURCE_TAKEN);
	assert_int_equal(source_check(&s, &other, 2, 1, 5039000), SOURCE_REFUSED);
	assert_int_equal(source_check(&s, &other, 2, 1, 5040000 + SOURCE_SILENCE_MS * 1000 + 1), SOURCE_NEW);
}

static void behind_a_nat(void **state)
{
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	sa_set_str(&a.nat, "192.0.2.9", 31000);
	b.amplitude = 5000;
	run(2 * SECOND);
	assert_true(sine_in(&b, 48000, 500, &snr) > 7500);
	/* a hears, so b sends to where a's packets come from */
	assert_true(sine_in(&a, 24000, 500, &snr) > 4500);
	/* the binding moves: after a bounded time of silence the new one is taken */
	sa_set_str(&a.nat, "192.0.2.9", 32000);
	run(SECOND);
	assert_true(sine_in(&b, 24000, 500, &snr) < 10);
	run(SOURCE_SILENCE_MS / 10 + SECOND);
	assert_true(sine_in(&b, 24000, 500, &snr) > 7500);
	end();
}

static void stranger_first(void **state)
{
	unsigned i;
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	/* b hears a stranger before a, in SDP, says anything */
	a.params.direction = MEDIA_RECEIVE;
	apply(&a, &b);
	run(10);
	a.last_len = 172;
	memset(a.last, 0, sizeof(a.last));
	a.last[0] = 0x80;
	for (i = 0; i < 50; i++) {
		forge("66.6.6.6", 6666, (uint16_t)i, i * 160, 1);
		run(2);
	}
	a.params.direction = MEDIA_BOTH;
	apply(&a, &b);
	run(2 * SECOND);
	assert_true(sine_in(&b, 48000, 500, &snr) > 7500);
	assert_true(snr > 28);
	end();
}

static void new_ssrc(void **state)
{
	const struct stream_handlers h = {send_h, received_h, sending_h, &a};
	double snr;

	(void)state;
	begin(CODEC_OPUS);
	run(2 * SECOND);
	stream_free(a.s, now);
	assert_int_equal(a.byes, 1);
	assert_int_equal(stream_new(&a.s, &a.rtp, &h, now), 0);
	apply(&a, &b);
	run(2 * SECOND);
	assert_true(sine_in(&b, 48000, 500, &snr) > 7500);
	assert_true(snr > 15);
	/* and reports are about it */
	run(10 * SECOND);
	assert_int_equal(b.reported, a.ssrc);
	end();
}

/* A peer that mirrors our packets as they are is heard; packets that come from ourselves are not. */
static void mirror(void **state)
{
	unsigned i;
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	stream_free(b.s, now);
	b.s = NULL;
	for (i = 0; i < 200; i++) {
		run(1);
		if (i % 2)
			stream_receive(a.s, false, a.last, a.last_len, &b.rtp, now);
	}
	assert_true(sine_in(&a, 48000, 500, &snr) > 7500);
	end();
	begin(CODEC_PCMU);
	stream_free(b.s, now);
	b.s = NULL;
	for (i = 0; i < 200; i++) {
		run(1);
		stream_receive(a.s, false, a.last, a.last_len, &a.rtp, now);
	}
	assert_true(sine_in(&a, 48000, 500, &snr) < 10);
	end();
}

static void collision(void **state)
{
	uint32_t before;
	uint8_t k[172] = {0x80};

	(void)state;
	begin(CODEC_PCMU);
	run(10);
	before = a.ssrc;
	memcpy(k + 8, a.last + 8, 4);
	k[2] = (uint8_t)(a.last[2] + 0x40);
	stream_receive(a.s, false, k, sizeof(k), &b.rtp, now);
	run(10);
	assert_int_not_equal(a.ssrc, before);
	assert_int_equal(a.byes, 1);
	end();
}

/* --- the shape of packets ----------------------------------------------------------------------- */

/* A header with everything that RTP allows around the sound. */
static void rich_header(void **state)
{
	unsigned i;
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	for (i = 0; i < 100; i++) {
		uint8_t k[STREAM_BYTES_MAX] = {0};
		size_t n = 12;

		run(2);
		memcpy(k, a.last, 12);
		k[0] = 0x80 | 0x20 | 0x10 | 2;
		memset(k + 12, 7, 8);          /* two contributing sources */
		k[20] = 0xbe;
		k[21] = 0xde;
		k[23] = 1;                     /* an extension of one word */
		n += 8 + 8;
		memcpy(k + n, a.last + 12, a.last_len - 12);
		n += a.last_len - 12;
		k[n + 3] = 4;                  /* four bytes of padding */
		n += 4;
		/* in the place of the plain one */
		memset(queue, 0, sizeof(queue));
		stream_receive(b.s, false, k, n, &a.rtp, now);
	}
	assert_true(sine_in(&b, 24000, 500, &snr) > 7500);
	assert_true(snr > 25);
	end();
}

static void garbage(void **state)
{
	uint32_t x = 1;
	unsigned i, k;

	(void)state;
	begin(CODEC_OPUS);
	run(20);
	for (i = 0; i < 20000; i++) {
		uint8_t d[STREAM_BYTES_MAX];
		size_t n;

		x = x * 1664525 + 1013904223;
		n = (x >> 8) % 80;
		for (k = 0; k < n; k++) {
			x = x * 1664525 + 1013904223;
			d[k] = (uint8_t)(x >> 24);
		}
		if (n > 12 && x & 0x10000) {
			/* nearly right */
			memcpy(d, a.last, 12);
			d[x % 12] ^= (uint8_t)(x >> 8);
		}
		/* from exactly sized memory, so that a checker sees any step beyond it */
		{
			uint8_t *exact = malloc(n ? n : 1);

			assert_non_null(exact);
			memcpy(exact, d, n);
			stream_receive(b.s, i & 1, exact, n, i & 1 ? &a.rtcp : &a.rtp, now);
			free(exact);
		}
		if (i % 50 == 0)
			run(1);
	}
	run(2 * SECOND);
	end();
}

/* --- digits ------------------------------------------------------------------------------------------ */

static void dtmf_with(enum codec_id id)
{
	double snr;

	begin(id);
	run(SECOND);
	assert_int_equal(stream_dtmf(a.s, "159"), 0);
	assert_int_equal(stream_dtmf(a.s, "D,*#0"), 0);
	assert_int_equal(stream_dtmf(b.s, "73"), 0);
	run(4 * SECOND);
	assert_string_equal(b.digits, "159D*#0");
	assert_string_equal(a.begun, "159D*#0");
	assert_string_equal(a.digits, "73");
	assert_int_equal(stream_digits_consumed(a.s), 8);
	/* and the voice is back */
	assert_true(sine_in(&b, 24000, 500, &snr) > 7000);
	a.params.event_payload_type = -1;
	apply(&a, &b);
	assert_int_equal(stream_dtmf(a.s, "1"), ENOTSUP);
	end();
}

static bool lose_most(unsigned n)
{
	return n % 3 != 0;
}

static void dtmf_or_voice(void **state)
{
	unsigned before;

	(void)state;
	begin(CODEC_PCMU);
	run(SECOND);
	assert_int_equal(stream_dtmf(a.s, "1"), 0);
	before = a.voices;
	run(14);
	assert_int_equal(a.voices, before);
	run(10);
	assert_true(a.voices > before);
	end();
}

static void wrong_padding(void **state)
{
	uint8_t k[16] = {0xa0, 101};

	(void)state;
	begin(CODEC_PCMU);
	run(SECOND);
	memcpy(k + 8, a.last + 8, 4);
	k[2] = a.last[2];
	k[3] = (uint8_t)(a.last[3] + 1);
	k[12] = 7;
	k[15] = 200;              /* more padding than there is packet */
	stream_receive(b.s, false, k, sizeof(k), &a.rtp, now);
	k[15] = 0;
	stream_receive(b.s, false, k, sizeof(k), &a.rtp, now);
	stream_receive(b.s, false, k, 12, &a.rtp, now);
	assert_string_equal(b.digits, "");
	k[0] = 0x80;
	stream_receive(b.s, false, k, sizeof(k), &a.rtp, now);
	assert_string_equal(b.digits, "7");
	end();
}

static unsigned slow_start(unsigned n)
{
	return n < 10 ? 200 - n * 20 : 1;
}

/* The delay that a slow start made goes away, and the sine stays one. */
static void delay_goes_down(void **state)
{
	struct media_stats st;
	double snr;

	(void)state;
	begin(CODEC_PCMU);
	delay_of = slow_start;
	run(30);
	stream_stats(b.s, &st, 0, now);
	assert_true(st.delay > 0.15);
	run(10 * SECOND);
	stream_stats(b.s, &st, 0, now);
	assert_true(st.delay < 0.07);
	assert_true(sine_in(&b, 48000, 500, &snr) > 7500);
	end();
}

static void dtmf(void **state)
{
	(void)state;
	dtmf_with(CODEC_PCMU);
	dtmf_with(CODEC_OPUS);
}

static void dtmf_lossy(void **state)
{
	(void)state;
	begin(CODEC_PCMU);
	run(SECOND);
	lost = lose_most;
	assert_int_equal(stream_dtmf(a.s, "1122334455"), 0);
	run(4 * SECOND);
	assert_string_equal(b.digits, "1122334455");
	end();
}

/* The packets of one event: RFC 4733 section 2.5.1. */
static void dtmf_packets(void **state)
{
	struct digits_sender d = {0};
	struct digits_frame f;
	unsigned i, sent = 0, ends = 0, marked = 0, kept = 0, last = 0;

	(void)state;
	assert_int_equal(digits_queue(&d, "5"), 0);
	for (i = 0; i < 30; i++) {
		digits_send_frame(&d, 1000 + i * 80, 8000, &f);
		kept += f.keep_voice;
		if (!f.send)
			continue;
		assert_int_equal(f.packet.payload[0], 5);
		assert_int_equal(f.packet.timestamp, 1000);
		assert_true((unsigned)(f.packet.payload[2] << 8 | f.packet.payload[3]) >= last);
		last = (unsigned)(f.packet.payload[2] << 8 | f.packet.payload[3]);
		sent++;
		marked += f.packet.marker;
		ends += f.packet.payload[1] >> 7;
	}
	assert_int_equal(last, 800);
	assert_int_equal(ends, 3);
	assert_int_equal(sent, 7);
	assert_int_equal(marked, 1);
	assert_int_equal(kept, 14);
	assert_int_equal(d.consumed, 1);
	for (i = 0; i < DIGITS_WAITING / 4; i++)
		assert_int_equal(digits_queue(&d, "1234"), 0);
	assert_int_equal(digits_queue(&d, "1"), ENOSPC);
	digits_cancel(&d);
	assert_int_equal(d.consumed, 1 + DIGITS_WAITING);
	assert_false(digits_valid("12x"));
	assert_true(digits_valid("0123456789*#ABCDabcd,"));
}

static char receive_event(struct digits_receiver *r, uint32_t ts, uint8_t event, bool last, uint16_t duration)
{
	uint8_t k[4] = {event, (uint8_t)(last ? 0x8a : 0x0a), (uint8_t)(duration >> 8), (uint8_t)duration};

	return digits_receive(r, ts, k, sizeof(k));
}

static void dtmf_received(void **state)
{
	struct digits_receiver r = {0};
	uint8_t shorter[3] = {1, 0x80, 1};

	(void)state;
	/* only the end came, three times */
	assert_int_equal(receive_event(&r, 1000, 1, true, 800), '1');
	assert_int_equal(receive_event(&r, 1000, 1, true, 800), 0);
	/* the same key again */
	assert_int_equal(receive_event(&r, 3000, 1, false, 160), '1');
	/* a packet of the first one, overtaken */
	assert_int_equal(receive_event(&r, 1000, 1, false, 160), 0);
	assert_int_equal(receive_event(&r, 3000, 1, false, 0xffff), 0);
	/* it goes on in a second segment */
	assert_int_equal(receive_event(&r, 3000 + 0xffff, 1, false, 160), 0);
	assert_int_equal(receive_event(&r, 3000, 1, false, 0xffff), 0);
	assert_int_equal(receive_event(&r, 3000 + 0xffff, 1, true, 320), 0);
	assert_int_equal(receive_event(&r, 90000, 11, true, 320), '#');
	/* not a key */
	assert_int_equal(receive_event(&r, 95000, 16, true, 320), 0);
	assert_int_equal(receive_event(&r, 95000, 255, true, 320), 0);
	assert_int_equal(digits_receive(&r, 99000, shorter, sizeof(shorter)), 0);
}

/* --- reports ------------------------------------------------------------------------------------------ */

static unsigned far_away(unsigned n)
{
	(void)n;
	return 50;
}

static void round_trip_time(void **state)
{
	struct media_stats st;

	(void)state;
	begin(CODEC_PCMU);
	delay_of = far_away;
	run(30 * SECOND);
	stream_stats(a.s, &st, 0, now);
	/* reports travel 1 ms each way; delivery is looked at each ms */
	assert_true(st.rtt >= 0 && st.rtt < 0.02);
	assert_in_range(a.reports, 3, 13);
	/* the wall clock, as captures and recorders expect; here 30 s of it go by in an instant */
	assert_in_range(a.ntp, (uint32_t)time(NULL) + 2208988800u, (uint32_t)time(NULL) + 2208988800u + 31);
	end();
	assert_int_equal(a.byes, 1);
}

static void report_words(void **state)
{
	struct reception r;
	struct report_own own = {.ssrc = 0x11223344, .sent = true, .bye = true, .ntp = 0x0102030405060708, .packets = 5,
		.cname = "abc"};
	struct report_news news;
	uint8_t buf[REPORT_BYTES_MAX];
	unsigned i;
	size_t n;

	(void)state;
	reception_start(&r, 0x55667788);
	for (i = 0; i < 100; i++) {
		if (i % 4)
			reception_packet(&r, (uint16_t)(65500 + i), i * 160, 8000, true, 1000000 + i * 20000);
	}
	r.last_sr = 0x03040506;
	r.last_sr_us = 3000000;
	n = report_write(buf, sizeof(buf), &own, &r, 3500000);
	assert_true(n > 0 && n % 4 == 0);
	assert_true(report_read(&news, 0x55667788, buf, n));
	assert_int_equal(news.ssrc, 0x11223344);
	assert_true(news.has_sr && news.bye && news.has_block);
	assert_int_equal(news.sr_ntp, 0x0102030405060708);
	/* 75 of 99 came */
	assert_in_range(news.fraction, 60, 64);
	assert_int_equal(news.lsr, 0x03040506);
	assert_int_equal(news.dlsr, 32768);
	assert_int_equal(news.jitter, 0);
	/* 65501 to 65599, so one cycle was completed: the first number is of cycle 0 */
	assert_int_equal(be32(buf + 28 + 8), 65599);
	/* half a second there and back, after half a second of waiting */
	assert_true(fabs(report_round_trip(&news, (uint64_t)(0x03040506 + 65536) << 16) - 0.5) < 0.001);
	assert_true(report_round_trip(&news, (uint64_t)0x03040506 << 16) < 0);
	/* every shorter one is refused or harmless */
	for (i = 0; i < n; i++) {
		uint8_t *exact = malloc(i ? i : 1);

		memcpy(exact, buf, i);
		report_read(&news, 0x55667788, exact, i);
		free(exact);
	}
	assert_false(report_read(&news, 1, buf, n - 1));
	assert_false(report_read(&news, 1, buf, 3));
	/* a compound packet begins with a report */
	i = (unsigned)(buf[2] << 8 | buf[3]) * 4 + 4;
	assert_false(report_read(&news, 1, buf + i, n - i));
	/* totals outlive a new beginning of the order */
	assert_int_equal(reception_expected(&r), 99);
	reception_restart(&r);
	reception_packet(&r, 7, 0, 8000, true, 9000000);
	assert_int_equal(reception_expected(&r), 100);
	assert_int_equal(reception_received(&r), 76);
	assert_true(report_mos(true, 0, 0.05) > 4.2);
	assert_true(report_mos(false, 0.05, 0.05) < report_mos(false, 0.01, 0.05));
	assert_true(report_mos(false, 0, 0.4) < report_mos(false, 0, 0.1));
	assert_true(report_mos(false, 1, 5) >= 1);
}

/* Lost packets that the peer reports switch redundancy on: packets get longer. */
static void redundancy(void **state)
{
	unsigned i;
	size_t plain = 0, redundant = 0;

	(void)state;
	begin(CODEC_OPUS);
	a.hz = 200;
	for (i = 0; i < 3 * SECOND; i++) {
		run(1);
		plain += a.last_len;
	}
	lost = lose_tenth;
	run(20 * SECOND);
	for (i = 0; i < 3 * SECOND; i++) {
		run(1);
		redundant += a.last_len;
	}
	assert_true(redundant > plain * 12 / 10);
	end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(opus), cmocka_unit_test(pcmu), cmocka_unit_test(pcma), cmocka_unit_test(lossy_opus),
		cmocka_unit_test(lossy_pcmu), cmocka_unit_test(reordered), cmocka_unit_test(first_words),
		cmocka_unit_test(hold_and_resume), cmocka_unit_test(change_of_codec), cmocka_unit_test(stranger),
		cmocka_unit_test(forged_from_the_right_place), cmocka_unit_test(behind_a_nat),
		cmocka_unit_test(stranger_from_the_past),
		cmocka_unit_test(stranger_first), cmocka_unit_test(new_ssrc), cmocka_unit_test(mirror),
		cmocka_unit_test(collision), cmocka_unit_test(rich_header), cmocka_unit_test(garbage),
		cmocka_unit_test(dtmf_or_voice), cmocka_unit_test(wrong_padding), cmocka_unit_test(delay_goes_down),
		cmocka_unit_test(dtmf), cmocka_unit_test(dtmf_lossy), cmocka_unit_test(dtmf_packets),
		cmocka_unit_test(dtmf_received), cmocka_unit_test(round_trip_time), cmocka_unit_test(report_words),
		cmocka_unit_test(redundancy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
