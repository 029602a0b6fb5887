#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <time.h>

#include "media/coder.h"
#include "media/digits.h"
#include "media/level.h"
#include "media/playout.h"
#include "media/report.h"
#include "media/source.h"
#include "media/stream.h"
#include "media/timescale.h"

#define FRAMES_PER_SECOND 100
#define PACKET_FRAMES_MAX 6           /* 60 ms */
#define TURNS_MAX         32          /* steps to fill one frame */
#define PCM_MAX           (STREAM_FRAME + CODER_SAMPLES_MAX + TIMESCALE_STEP)
#define OWN_WINDOW        1000        /* packets of ours that an echo may bring back */
#define NTP_SECONDS       2208988800u /* from 1900 to 1970 */
#define CALM_REPORTS      3           /* reports without loss until redundancy is given up */

/* What we send. */
struct sender {
	uint32_t ssrc, timestamp_base;
	uint16_t seq;                 /* of the next packet */
	uint64_t frames;              /* of 10 ms, since the beginning */
	bool marker;                  /* the next packet follows a pause */
	unsigned packet_frames;
	int16_t pcm[PACKET_FRAMES_MAX * STREAM_FRAME];
	unsigned gathered;            /* frames in it */
	uint32_t packets, octets;
	uint32_t packets_reported;
	uint64_t packets_ever;        /* whatever SSRC they had */
	unsigned calm;                /* reports without loss, one after the other */
	unsigned loss;                /* percent, as told to the coder */
};

struct stream {
	struct stream_handlers h;
	struct sa local;
	struct media_params params;
	bool set;

	struct source source;
	struct sa rtcp;               /* where reports go */
	struct coder *coder[CODEC_COUNT];
	struct playout *playout;
	bool hearing;                 /* .reception has a source */
	struct reception reception;
	struct digits_receiver digits_in;
	struct digits_sender digits_out;
	struct sender out;

	/* another SSRC from the right address: believed when it goes on */
	bool other;
	uint32_t other_ssrc;
	uint16_t other_seq;

	int16_t pcm[PCM_MAX];         /* decoded, not played yet */
	unsigned pending;
	struct coder *last_coder;     /* of the last packet; NULL: none yet */
	unsigned last_samples;        /* in it */

	char cname[REPORT_CNAME_MAX + 1];
	uint64_t epoch_us;            /* added to monotonic time, it is NTP's */
	uint64_t report_us;           /* when the next one is due */
	double round_trip;

	uint64_t heard_ever;          /* packets, whoever sent them */
	struct level rx, tx;
	uint64_t expected_before, received_before, late_before;
};

static uint32_t random32(void)
{
	struct timespec t;
	uint32_t v = 0;

	if (getrandom(&v, sizeof(v), 0) == (ssize_t)sizeof(v))
		return v;
	/* a kernel without it; what the peer gets must not tell where our memory is */
	clock_gettime(CLOCK_REALTIME, &t);
	return (uint32_t)t.tv_sec * 1000003 ^ (uint32_t)t.tv_nsec;
}

/* Microseconds from the first second of NTP to that of the monotonic clock. */
static uint64_t epoch_us(uint64_t now_us)
{
	struct timespec t;

	clock_gettime(CLOCK_REALTIME, &t);
	return ((uint64_t)t.tv_sec + NTP_SECONDS) * 1000000 + (uint64_t)t.tv_nsec / 1000 - now_us;
}

/* The wall clock (RFC 3550 section 4), but one that does not step while the stream lives. */
static uint64_t ntp_of(const struct stream *s, uint64_t now_us)
{
	uint64_t us = s->epoch_us + now_us;

	return (us / 1000000) << 32 | ((us % 1000000) << 32) / 1000000;
}

/* 0.5 to 1.5 times the interval, so that parties do not fall into step. */
static void schedule_report(struct stream *s, uint64_t now_us, unsigned ms)
{
	s->report_us = now_us + (uint64_t)ms * 500 + (uint64_t)(random32() % 1000) * ms;
}

int stream_new(struct stream **sp, const struct sa *local, const struct stream_handlers *handlers, uint64_t now_us)
{
	static const char hex[] = "0123456789abcdef";
	struct stream *s = calloc(1, sizeof(*s));
	unsigned i;
	int err;

	if (!s)
		return ENOMEM;
	err = playout_new(&s->playout);
	if (err) {
		free(s);
		return err;
	}
	s->h = *handlers;
	s->local = *local;
	s->out.ssrc = random32();
	s->out.timestamp_base = random32();
	s->out.seq = (uint16_t)random32();
	s->out.marker = true;
	s->round_trip = -1;
	s->epoch_us = epoch_us(now_us);
	/* RFC 7022: a name that tells nothing about who or where we are */
	for (i = 0; i < 16; i++)
		s->cname[i] = hex[random32() % 16];
	schedule_report(s, now_us, REPORT_INTERVAL_MS / 2);
	*sp = s;
	return 0;
}

static uint32_t rtp_time(const struct stream *s, uint64_t frames, uint32_t clock_rate)
{
	return s->out.timestamp_base + (uint32_t)(frames * (clock_rate / FRAMES_PER_SECOND));
}

static void send_report(struct stream *s, bool bye, uint64_t now_us)
{
	uint8_t buf[REPORT_BYTES_MAX];
	struct report_own own;
	size_t n;

	if (!s->set || !sa_isset(&s->rtcp, SA_ALL))
		return;
	memset(&own, 0, sizeof(own));
	own.ssrc = s->out.ssrc;
	own.sent = s->out.packets != s->out.packets_reported;
	own.bye = bye;
	own.ntp = ntp_of(s, now_us);
	own.timestamp = rtp_time(s, s->out.frames, s->params.codec->clock_rate);
	own.packets = s->out.packets;
	own.octets = s->out.octets;
	own.cname = s->cname;
	s->out.packets_reported = s->out.packets;
	n = report_write(buf, sizeof(buf), &own, &s->reception, now_us);
	if (n)
		s->h.send(true, buf, n, &s->rtcp, s->h.arg);
}

void stream_moved(struct stream *s, const struct sa *local)
{
	s->local = *local;
}

void stream_free(struct stream *s, uint64_t now_us)
{
	unsigned i;

	if (!s)
		return;
	send_report(s, true, now_us);
	for (i = 0; i < CODEC_COUNT; i++)
		coder_free(s->coder[i]);
	playout_free(s->playout);
	free(s);
}

static int need_coder(struct stream *s, const struct codec *codec)
{
	return s->coder[codec->id] ? 0 : coder_new(&s->coder[codec->id], codec);
}

int stream_set(struct stream *s, const struct media_params *params, const struct sa *rtp, const struct sa *rtcp,
	       uint64_t now_us)
{
	bool codec_changed, paused;
	unsigned i;
	int err;

	if (!params->codec || params->formats > MEDIA_FORMATS)
		return EINVAL;
	err = need_coder(s, params->codec);
	for (i = 0; i < params->formats && !err; i++)
		err = need_coder(s, params->format[i].codec);
	if (err)
		return err;

	codec_changed = s->set && s->params.codec != params->codec;
	paused = s->set && !(s->params.direction & MEDIA_SEND);
	if (codec_changed || paused)
		s->out.marker = true;
	if (!(params->direction & MEDIA_SEND) || codec_changed)
		s->out.gathered = 0;
	if (params->event_payload_type < 0)
		digits_cancel(&s->digits_out);
	s->params = *params;
	s->out.packet_frames = coder_ptime(params->codec, params->ptime) / 10;
	if (s->out.gathered >= s->out.packet_frames)
		s->out.gathered = 0;
	source_set(&s->source, rtp);
	s->rtcp = *rtcp;
	if (!s->set)
		schedule_report(s, now_us, REPORT_INTERVAL_MS / 2);
	s->set = true;
	return 0;
}

/* --- sending ---------------------------------------------------------------- */

static void send_rtp(struct stream *s, int payload_type, bool marker, uint32_t timestamp, const uint8_t *payload,
		     size_t len)
{
	const struct sa *to = source_destination(&s->source);
	uint8_t buf[RTP_HEADER_SIZE + CODER_BYTES_MAX];
	struct mbuf mb = {.buf = buf, .size = sizeof(buf)};
	struct rtp_header head;

	memset(&head, 0, sizeof(head));
	head.ver = RTP_VERSION;
	head.m = marker;
	head.pt = (uint8_t)payload_type;
	head.seq = s->out.seq++;
	head.ts = timestamp;
	head.ssrc = s->out.ssrc;
	if (rtp_hdr_encode(&mb, &head) || mbuf_write_mem(&mb, payload, len))
		return;
	s->out.packets++;
	s->out.octets += (uint32_t)len;
	if (!to)
		return;
	s->out.packets_ever++;
	s->h.send(false, buf, mb.end, to, s->h.arg);
}

/* True when voice must be kept back. */
static bool send_digits(struct stream *s)
{
	struct digits_frame f;
	uint32_t rate = s->params.event_clock_rate;

	if (s->params.event_payload_type < 0 || !rate)
		return false;
	digits_send_frame(&s->digits_out, rtp_time(s, s->out.frames, rate), rate, &f);
	if (f.begun)
		s->h.sending(f.begun, s->h.arg);
	if (f.send)
		send_rtp(s, s->params.event_payload_type, f.packet.marker, f.packet.timestamp, f.packet.payload,
			 sizeof(f.packet.payload));
	return f.keep_voice;
}

static void send_voice(struct stream *s, const int16_t *pcm)
{
	struct sender *o = &s->out;
	uint8_t buf[CODER_BYTES_MAX];
	uint64_t first;
	size_t n;

	memcpy(o->pcm + (size_t)o->gathered * STREAM_FRAME, pcm, STREAM_FRAME * sizeof(*pcm));
	if (++o->gathered < o->packet_frames)
		return;
	first = o->frames + 1 - o->gathered;
	n = coder_encode(s->coder[s->params.codec->id], buf, sizeof(buf), o->pcm, o->gathered * STREAM_FRAME);
	o->gathered = 0;
	if (!n)
		return;
	send_rtp(s, s->params.payload_type, o->marker, rtp_time(s, first, s->params.codec->clock_rate), buf, n);
	o->marker = false;
}

void stream_capture(struct stream *s, const int16_t pcm[STREAM_FRAME], uint64_t now_us)
{
	if (!s->set)
		return;
	level_add(&s->tx, pcm, STREAM_FRAME);
	if (!(s->params.direction & MEDIA_SEND)) {
		s->out.gathered = 0;
		s->out.marker = true;
	}
	else if (send_digits(s)) {
		s->out.gathered = 0;
		s->out.marker = true;
	}
	else {
		send_voice(s, pcm);
	}
	/* time goes on whether or not something is sent */
	s->out.frames++;
	if (now_us >= s->report_us) {
		schedule_report(s, now_us, REPORT_INTERVAL_MS);
		send_report(s, false, now_us);
	}
}

int stream_dtmf(struct stream *s, const char *digits)
{
	if (!s->set || s->params.event_payload_type < 0)
		return ENOTSUP;
	return digits_queue(&s->digits_out, digits);
}

unsigned stream_digits_consumed(const struct stream *s)
{
	return s->digits_out.consumed;
}

/* --- receiving -------------------------------------------------------------- */

static void heard_loss(struct stream *s, unsigned fraction)
{
	unsigned percent = (fraction * 100 + 255) / 256;

	if (percent)
		s->out.calm = 0;
	else if (++s->out.calm < CALM_REPORTS)
		return;
	if (percent == s->out.loss)
		return;
	s->out.loss = percent;
	coder_loss(s->coder[s->params.codec->id], percent, s->params.opus_fec);
}

static void receive_rtcp(struct stream *s, const uint8_t *data, size_t len, const struct sa *from, uint64_t now_us)
{
	const struct sa *peer = source_destination(&s->source);
	struct report_news news;
	double seconds;

	if (!sa_cmp(from, &s->rtcp, SA_ALL) && !(peer && sa_cmp(from, peer, SA_ADDR)))
		return;
	if (!report_read(&news, s->out.ssrc, data, len) || news.ssrc == s->out.ssrc)
		return;
	s->rtcp = *from;
	if (news.has_sr && s->hearing && news.ssrc == s->reception.ssrc) {
		s->reception.last_sr = (uint32_t)(news.sr_ntp >> 16);
		s->reception.last_sr_us = now_us;
	}
	if (news.has_block) {
		heard_loss(s, news.fraction);
		seconds = report_round_trip(&news, ntp_of(s, now_us));
		if (seconds >= 0)
			s->round_trip = seconds;
	}
}

static const struct codec *find_format(const struct stream *s, unsigned payload_type)
{
	unsigned i;

	for (i = 0; i < s->params.formats; i++) {
		if (s->params.format[i].payload_type == (int)payload_type)
			return s->params.format[i].codec;
	}
	return NULL;
}

/* Another sender, or the same one with a new identity. */
static void new_sender(struct stream *s, uint32_t ssrc)
{
	playout_reset(s->playout);
	memset(&s->digits_in, 0, sizeof(s->digits_in));
	reception_start(&s->reception, ssrc);
	s->hearing = true;
	s->expected_before = s->received_before = 0;
	s->other = false;
}

/* Somebody else uses our SSRC (RFC 3550 section 8.2): we say goodbye and take another one. */
static void collision(struct stream *s, uint64_t now_us)
{
	send_report(s, true, now_us);
	s->out.ssrc = random32();
	s->out.packets = s->out.octets = s->out.packets_reported = 0;
	s->out.marker = true;
}

/* True when the packet is of the sender that is being heard. */
static bool right_sender(struct stream *s, const struct rtp_header *head, const struct sa *from, uint64_t now_us)
{
	enum source_verdict verdict;
	bool follows;

	/* our own packets, come back to where they started */
	if (sa_cmp(from, &s->local, SA_ALL))
		return false;
	verdict = source_check(&s->source, from, head->ssrc, head->seq, now_us);
	if (verdict == SOURCE_REFUSED)
		return false;
	/* our SSRC from elsewhere: a peer that simply mirrors our packets is heard, any other is a collision */
	if (head->ssrc == s->out.ssrc && (uint16_t)(s->out.seq - 1 - head->seq) >= OWN_WINDOW)
		collision(s, now_us);
	if (verdict == SOURCE_NEW || !s->hearing) {
		new_sender(s, head->ssrc);
		return true;
	}
	if (head->ssrc == s->reception.ssrc) {
		s->other = false;
		return true;
	}
	follows = s->other && s->other_ssrc == head->ssrc && head->seq == (uint16_t)(s->other_seq + 1);
	s->other = true;
	s->other_ssrc = head->ssrc;
	s->other_seq = head->seq;
	if (follows)
		new_sender(s, head->ssrc);
	return follows;
}

static void receive_sound(struct stream *s, const struct rtp_header *head, const struct codec *codec, bool event,
			  const uint8_t *payload, size_t len, uint64_t arrival_us)
{
	struct playout_packet k = {
		.seq = head->seq, .timestamp = head->ts, .arrival_us = arrival_us,
		.data = payload, .len = event ? 0 : len,
		.clock_rate = event ? s->params.event_clock_rate : codec->clock_rate,
		.format = event ? -1 : (int)codec->id,
	};
	enum playout_result result;

	/* an event has its place in the order only; its clock must not restart the sound's */
	if (event)
		k.clock_rate = s->reception.clock_rate ? s->reception.clock_rate : k.clock_rate;
	result = playout_put(s->playout, &k);
	if (result == PLAYOUT_REFUSED || result == PLAYOUT_DUPLICATE)
		return;
	s->heard_ever++;
	if (result == PLAYOUT_RESTARTED)
		reception_restart(&s->reception);
	reception_packet(&s->reception, head->seq, head->ts, k.clock_rate, !event, arrival_us);
}

static void receive_rtp(struct stream *s, const uint8_t *data, size_t len, const struct sa *from, uint64_t arrival_us)
{
	struct mbuf mb = {.size = len, .end = len};
	const struct codec *codec;
	struct rtp_header head;
	const uint8_t *payload;
	bool event;
	char digit;

	/* libre only reads in it */
	mb.buf = (uint8_t *)data;
	if (rtp_hdr_decode(&head, &mb) || head.ver != RTP_VERSION)
		return;
	len = mbuf_get_left(&mb);
	payload = data + mb.pos;
	if (head.pad) {
		if (!len || !payload[len - 1] || payload[len - 1] > len)
			return;
		len -= payload[len - 1];
	}
	codec = find_format(s, head.pt);
	event = !codec && (int)head.pt == s->params.event_receive_type;
	if ((!codec && !event) || !len)
		return;
	if (!right_sender(s, &head, from, arrival_us) || !(s->params.direction & MEDIA_RECEIVE))
		return;
	receive_sound(s, &head, codec, event, payload, len, arrival_us);
	digit = event ? digits_receive(&s->digits_in, head.ts, payload, len) : 0;
	if (digit)
		s->h.received(digit, s->h.arg);
}

void stream_receive(struct stream *s, bool rtcp, const uint8_t *data, size_t len, const struct sa *from,
		    uint64_t arrival_us)
{
	if (!s->set || len < 8 || len > STREAM_BYTES_MAX)
		return;
	/* both may come on one port (RFC 5761 section 4) */
	if (rtcp || (data[1] >= 192 && data[1] <= 223))
		receive_rtcp(s, data, len, from, arrival_us);
	else
		receive_rtp(s, data, len, from, arrival_us);
}

/* --- playing ---------------------------------------------------------------- */

static unsigned decode(struct stream *s, const struct playout_item *item, int16_t *pcm, uint64_t now_us)
{
	struct coder *c = s->coder[item->format];
	unsigned n = coder_decode(c, pcm, CODER_SAMPLES_MAX, item->data, item->len);
	bool quiet;
	int advice;

	if (!n) {
		/* damaged */
		n = s->last_samples ? s->last_samples : 2 * STREAM_FRAME;
		coder_conceal(c, pcm, n, NULL, 0);
	}
	s->last_coder = c;
	s->last_samples = n;
	playout_played(s->playout, n);
	quiet = timescale_quiet(pcm, n);
	advice = playout_advice(s->playout, s->pending + n, quiet, now_us);
	if (advice < 0)
		n = timescale_shorten(pcm, n);
	else if (advice > 0)
		n = timescale_lengthen(pcm, n);
	return n;
}

/* The end of a missing packet, from the redundancy in the next one: that has it only as a whole. */
static void conceal_end(struct stream *s, const struct playout_item *item, int16_t *pcm)
{
	unsigned whole = s->last_samples > item->samples ? s->last_samples : item->samples;

	coder_conceal(s->last_coder, pcm, whole, item->data, item->len);
	memmove(pcm, pcm + whole - item->samples, item->samples * sizeof(*pcm));
}

/* Adds to what is decoded; at least one sample. */
static void play_more(struct stream *s, uint64_t now_us)
{
	int16_t *pcm = s->pcm + s->pending;
	struct playout_item item;

	playout_get(s->playout, &item, s->pending, now_us);
	switch (item.kind) {
	case PLAYOUT_PACKET:
		s->pending += decode(s, &item, pcm, now_us);
		return;
	case PLAYOUT_LOST:
	case PLAYOUT_DRY:
		if (!s->last_coder)
			memset(pcm, 0, item.samples * sizeof(*pcm));
		else if (item.data && item.format == CODEC_OPUS && s->last_coder == s->coder[CODEC_OPUS])
			conceal_end(s, &item, pcm);
		else
			coder_conceal(s->last_coder, pcm, item.samples, NULL, 0);
		break;
	case PLAYOUT_NOTHING:
	case PLAYOUT_SILENCE:
		memset(pcm, 0, item.samples * sizeof(*pcm));
		break;
	}
	s->pending += item.samples;
}

void stream_play(struct stream *s, int16_t pcm[STREAM_FRAME], uint64_t now_us)
{
	unsigned turn;

	if (!s->set || !(s->params.direction & MEDIA_RECEIVE)) {
		memset(pcm, 0, STREAM_FRAME * sizeof(*pcm));
		return;
	}
	for (turn = 0; s->pending < STREAM_FRAME && turn < TURNS_MAX; turn++)
		play_more(s, now_us);
	if (s->pending < STREAM_FRAME) {
		memset(s->pcm + s->pending, 0, (STREAM_FRAME - s->pending) * sizeof(*pcm));
		s->pending = STREAM_FRAME;
	}
	memcpy(pcm, s->pcm, STREAM_FRAME * sizeof(*pcm));
	s->pending -= STREAM_FRAME;
	memmove(s->pcm, s->pcm + STREAM_FRAME, s->pending * sizeof(*pcm));
	level_add(&s->rx, pcm, STREAM_FRAME);
}

/* --- figures ---------------------------------------------------------------- */

static double share(uint64_t part, uint64_t whole)
{
	return whole ? part >= whole ? 1 : (double)part / (double)whole : 0;
}

void stream_stats(struct stream *s, struct media_stats *stats, unsigned device_ms, uint64_t now_us)
{
	uint64_t expected = reception_expected(&s->reception), received = reception_received(&s->reception);
	uint64_t late = playout_counts(s->playout)->late;
	uint64_t expected_now = expected - s->expected_before, received_now = received - s->received_before;
	double way;

	memset(stats, 0, sizeof(*stats));
	stats->codec = s->params.codec;
	stats->rx_level = level_take(&s->rx);
	stats->tx_level = level_take(&s->tx);
	stats->jitter = reception_jitter(&s->reception);
	stats->loss = expected_now > received_now ? share(expected_now - received_now, expected_now) : 0;
	stats->late = share(late - s->late_before, expected_now);
	stats->rtt = s->round_trip;
	/* nothing came, so nothing waits: what the buffer would say is the length of the silence */
	if (received_now)
		stats->delay = playout_delay(s->playout, s->pending, now_us) / (double)PLAYOUT_RATE + device_ms / 1000.0;
	stats->rate = s->params.codec ? s->params.codec->clock_rate : 0;
	way = s->round_trip > 0 ? s->round_trip / 2 : 0;
	stats->mos = -1;
	if (expected_now && s->params.codec)
		stats->mos = report_mos(s->params.codec->id == CODEC_OPUS, stats->loss + stats->late,
					way + stats->delay + s->out.packet_frames / 100.0);
	stats->rx_packets = s->heard_ever;
	stats->tx_packets = s->out.packets_ever;
	s->expected_before = expected;
	s->received_before = received;
	s->late_before = late;
}
