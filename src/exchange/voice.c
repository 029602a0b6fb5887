#include <arpa/inet.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <opus.h>

#include "base/loop.h"
#include "exchange/room.h"
#include "exchange/tones.h"
#include "exchange/voice.h"

enum {
	HEADER = 12,          /* bytes of an RTP header */
	FRAME = 20,           /* ms of sound in a packet of ours */
	LATE = 200,           /* ms behind before time is given up instead of caught up */
	JUMP = 3000,          /* packets between two numbers of one stream; more: a new stream */
	BATCH = 64,           /* datagrams read at one turn of the loop */
	PORT_TRIES = 32,
};

struct packet {
	uint64_t due;
	bool marker, event;
	uint16_t seq;
	uint32_t ts;
	uint32_t ssrc;
	uint16_t len;
	uint8_t payload[XVOICE_PAYLOAD];
};

struct xvoice {
	int rtp, rtcp;
	uint16_t port;
	struct xchoice choice;
	struct sockaddr_in peer, described; /* where packets go; where the description said */
	bool locked;                        /* the peer's own packets named the place */
	bool sends, receives;
	enum xvoice_sound sound;
	OpusEncoder *opus;
	struct loop_timer *timer;

	/* what we send */
	uint32_t ssrc, ts;                  /* of the next packet of a new run */
	uint16_t seq;
	bool begun;                         /* the next packet begins a talkspurt */
	uint64_t due, position;             /* tones: ms of the next packet; samples said */

	/* echo: packets that wait, and how their numbers become ours */
	size_t head, count;
	uint32_t heard_ssrc, ts_offset, last_ts;
	uint16_t seq_offset, last_seq;
	bool following;
	uint64_t last_sent;
	struct packet wait[XVOICE_PACKETS];
};

static void timer_h(void *arg);

/* --- sockets ------------------------------------------------------------- */

static int open_port(int *fd, uint16_t port, uint16_t *got)
{
	struct sockaddr_in sin = {.sin_family = AF_INET, .sin_port = htons(port)};
	socklen_t size = sizeof(sin);
	int err;

	sin.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	*fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (*fd < 0)
		return errno;
	if (bind(*fd, (struct sockaddr *)&sin, sizeof(sin)) == 0 &&
	    getsockname(*fd, (struct sockaddr *)&sin, &size) == 0) {
		*got = ntohs(sin.sin_port);
		return 0;
	}
	err = errno;
	close(*fd);
	*fd = -1;
	return err;
}

/* RTP on an even port, RTCP on the next (RFC 3550 §11). */
static int open_pair(struct xvoice *v)
{
	int i, err = EADDRINUSE;
	uint16_t odd;

	for (i = 0; i < PORT_TRIES; i++) {
		err = open_port(&v->rtp, 0, &v->port);
		if (err)
			return err;
		if (v->port % 2 == 0 && open_port(&v->rtcp, (uint16_t)(v->port + 1), &odd) == 0)
			return 0;
		close(v->rtp);
		v->rtp = -1;
		err = EADDRINUSE;
	}
	return err;
}

/* --- sending ------------------------------------------------------------- */

static void put16(uint8_t *p, uint16_t n)
{
	p[0] = (uint8_t)(n >> 8);
	p[1] = (uint8_t)n;
}

static void put32(uint8_t *p, uint32_t n)
{
	put16(p, (uint16_t)(n >> 16));
	put16(p + 2, (uint16_t)n);
}

static uint32_t get32(const uint8_t *p)
{
	return (uint32_t)p[0] << 24 | (uint32_t)p[1] << 16 | (uint32_t)p[2] << 8 | p[3];
}

static void send_packet(struct xvoice *v, uint8_t payload_type, bool marker, uint16_t seq, uint32_t ts,
                        const uint8_t *payload, size_t len)
{
	uint8_t packet[HEADER + XVOICE_PAYLOAD];
	ssize_t n;

	if (!v->sends || !v->peer.sin_port || !v->peer.sin_addr.s_addr)
		return;
	packet[0] = 0x80;
	packet[1] = (uint8_t)((marker ? 0x80 : 0) | payload_type);
	put16(packet + 2, seq);
	put32(packet + 4, ts);
	put32(packet + 8, v->ssrc);
	memcpy(packet + HEADER, payload, len);
	n = sendto(v->rtp, packet, HEADER + len, 0, (struct sockaddr *)&v->peer, sizeof(v->peer));
	(void)n; /* lost, as datagrams are; the next says so again */
}

static opus_int32 encode_opus(struct xvoice *v, const int16_t *samples, size_t n, uint8_t *payload)
{
	int err;

	if (!v->opus)
		v->opus = opus_encoder_create(48000, 1, OPUS_APPLICATION_AUDIO, &err);
	return v->opus ? opus_encode(v->opus, samples, (int)n, payload, XVOICE_PAYLOAD) : 0;
}

/* One frame of tone, paced by the clock and not by the timer's delays. */
static void say_tone(struct xvoice *v, uint64_t now)
{
	uint32_t rate = v->choice.audio.rate;
	size_t n = rate * FRAME / 1000, i;
	enum xtone tone = v->sound == XVOICE_MILLIWATT ? XTONE_MILLIWATT : XTONE_ANNOUNCEMENT;
	int16_t samples[48000 * FRAME / 1000];
	uint8_t payload[XVOICE_PAYLOAD];
	opus_int32 len = (opus_int32)n;

	xtone_write(tone, v->position, rate, samples, n);
	if (v->choice.audio.codec == XCODEC_OPUS)
		len = encode_opus(v, samples, n, payload);
	else
		for (i = 0; i < n; i++)
			payload[i] = v->choice.audio.codec == XCODEC_PCMA ? xtone_alaw(samples[i])
			                                                   : xtone_ulaw(samples[i]);
	if (len > 0)
		send_packet(v, v->choice.audio.payload, !v->begun, v->seq, v->ts, payload, (size_t)len);
	v->begun = true;
	v->seq++;
	v->ts += (uint32_t)n;
	v->position += n;
	v->due += FRAME;
	if (now > v->due + LATE)
		v->due = now;
}

/* --- the echo ------------------------------------------------------------ */

/* Numbers and times keep the distances in which they came, so that loss and disorder come back as
 * they were; a new source goes on where the one before ended. */
static void return_packet(struct xvoice *v, const struct packet *p, uint64_t now)
{
	int16_t step = (int16_t)(uint16_t)(p->seq + v->seq_offset - v->last_seq);
	uint16_t seq;
	uint32_t ts;

	if (!v->following || p->ssrc != v->heard_ssrc || step > JUMP || step < -JUMP) {
		uint64_t gap = v->following ? now - v->last_sent : 0;

		if (gap > 3600 * 1000)
			gap = 3600 * 1000;
		v->heard_ssrc = p->ssrc;
		if (v->following) {
			v->seq = (uint16_t)(v->last_seq + 1);
			v->ts = v->last_ts + (uint32_t)(gap * v->choice.audio.rate / 1000);
		}
		v->seq_offset = (uint16_t)(v->seq - p->seq);
		v->ts_offset = v->ts - p->ts;
		v->following = true;
		step = 1;
	}
	seq = (uint16_t)(p->seq + v->seq_offset);
	ts = p->ts + v->ts_offset;
	send_packet(v, p->event ? v->choice.event.payload : v->choice.audio.payload, p->marker, seq, ts, p->payload,
	            p->len);
	if (step > 0) {
		v->last_seq = seq;
		v->last_ts = ts;
	}
	v->last_sent = now;
}

static void schedule(struct xvoice *v, uint64_t now)
{
	uint64_t due = 0;

	if (v->sound == XVOICE_ECHO && v->count)
		due = v->wait[v->head].due;
	else if ((v->sound == XVOICE_MILLIWATT || v->sound == XVOICE_ANNOUNCEMENT) && v->sends &&
	         v->choice.audio.codec)
		due = v->due;
	if (due)
		loop_timer_start(v->timer, due > now ? due - now : 0);
	else
		loop_timer_stop(v->timer);
}

static void timer_h(void *arg)
{
	struct xvoice *v = arg;
	uint64_t now = loop_now_ms();

	if (v->sound == XVOICE_ECHO) {
		while (v->count && v->wait[v->head].due <= now) {
			struct packet *p = &v->wait[v->head];

			v->head = (v->head + 1) % XVOICE_PACKETS;
			v->count--;
			return_packet(v, p, now);
		}
	}
	else
		say_tone(v, now);
	schedule(v, now);
}

/* --- receiving ----------------------------------------------------------- */

/* The payload of an RTP packet (RFC 3550 §5.1, §5.3.1); false when it is none. */
static bool find_payload(const uint8_t *data, size_t len, size_t *start, size_t *size)
{
	size_t at = HEADER;

	if (len < HEADER || data[0] >> 6 != 2)
		return false;
	at += (size_t)(data[0] & 15) * 4;
	if (data[0] & 0x10) {
		if (at + 4 > len)
			return false;
		at += 4 + ((size_t)data[at + 2] << 8 | data[at + 3]) * 4;
	}
	if (at > len)
		return false;
	if (data[0] & 0x20) {
		uint8_t padding = data[len - 1];

		if (!padding || padding > len - at)
			return false;
		len -= padding;
	}
	*start = at;
	*size = len - at;
	return *size > 0;
}

static void heard(struct xvoice *v, const uint8_t *data, size_t len, const struct sockaddr_in *src)
{
	struct packet *p;
	size_t start, size;
	uint8_t type;
	bool event;

	if (!find_payload(data, len, &start, &size) || size > XVOICE_PAYLOAD)
		return;
	type = data[1] & 0x7f;
	event = v->choice.event.codec && type == v->choice.event.payload;
	if (!v->choice.audio.codec || (!event && type != v->choice.audio.payload))
		return;
	/* the first good packet tells where the peer really is; after that only that place counts */
	if (!v->locked) {
		v->peer = *src;
		v->locked = true;
	}
	else if (v->peer.sin_port != src->sin_port || v->peer.sin_addr.s_addr != src->sin_addr.s_addr)
		return;
	if (v->sound != XVOICE_ECHO || !v->receives || !v->sends || v->count == XVOICE_PACKETS)
		return;
	p = &v->wait[(v->head + v->count) % XVOICE_PACKETS];
	p->due = loop_now_ms() + XVOICE_DELAY;
	p->marker = data[1] & 0x80;
	p->event = event;
	p->seq = (uint16_t)(data[2] << 8 | data[3]);
	p->ts = get32(data + 4);
	p->ssrc = get32(data + 8);
	p->len = (uint16_t)size;
	memcpy(p->payload, data + start, size);
	if (!v->count++)
		schedule(v, loop_now_ms());
}

static void rtp_h(unsigned flags, void *arg)
{
	struct xvoice *v = arg;
	uint8_t data[2048];
	int i;

	(void)flags;
	for (i = 0; i < BATCH; i++) {
		struct sockaddr_in src = {0};
		socklen_t size = sizeof(src);
		ssize_t n = recvfrom(v->rtp, data, sizeof(data), MSG_TRUNC, (struct sockaddr *)&src, &size);

		if (n < 0)
			return;
		if ((size_t)n <= sizeof(data) && size == sizeof(src))
			heard(v, data, (size_t)n, &src);
	}
}

/* Reports are taken off the socket, so that the sender sees a port that is alive. */
static void rtcp_h(unsigned flags, void *arg)
{
	struct xvoice *v = arg;
	uint8_t data[2048];
	int i;

	(void)flags;
	for (i = 0; i < BATCH; i++)
		if (recv(v->rtcp, data, sizeof(data), 0) < 0)
			return;
}

/* --- the stream ---------------------------------------------------------- */

int xvoice_new(struct xvoice **vp)
{
	struct xvoice *v = calloc(1, sizeof(*v));
	int err;

	if (!v)
		return ENOMEM;
	v->rtp = v->rtcp = -1;
	v->ssrc = exchange_random();
	v->seq = (uint16_t)exchange_random();
	v->ts = exchange_random();
	err = open_pair(v);
	if (!err)
		err = loop_timer_new(&v->timer, timer_h, v);
	if (!err)
		err = loop_watch(v->rtp, LOOP_READ, rtp_h, v);
	if (!err)
		err = loop_watch(v->rtcp, LOOP_READ, rtcp_h, v);
	if (err) {
		xvoice_free(v);
		return err;
	}
	*vp = v;
	return 0;
}

static void close_fd(int fd)
{
	if (fd < 0)
		return;
	loop_unwatch(fd);
	close(fd);
}

void xvoice_free(struct xvoice *v)
{
	if (!v)
		return;
	loop_timer_free(v->timer);
	close_fd(v->rtp);
	close_fd(v->rtcp);
	if (v->opus)
		opus_encoder_destroy(v->opus);
	free(v);
}

uint16_t xvoice_port(const struct xvoice *v)
{
	return v->port;
}

void xvoice_agree(struct xvoice *v, const struct xchoice *choice, const struct sockaddr_in *peer, bool sends,
                  bool receives)
{
	bool moved = v->described.sin_port != peer->sin_port ||
	             (peer->sin_addr.s_addr && v->described.sin_addr.s_addr != peer->sin_addr.s_addr);

	v->choice = *choice;
	if (moved && peer->sin_addr.s_addr) {
		v->described = *peer;
		v->peer = *peer;
		v->locked = false;
	}
	v->sends = sends;
	v->receives = receives;
	/* what was said before the hold is not wanted after it */
	if (!sends || !receives)
		v->count = 0;
	v->due = loop_now_ms();
	schedule(v, loop_now_ms());
}

void xvoice_say(struct xvoice *v, enum xvoice_sound sound)
{
	v->sound = sound;
	v->count = 0;
	v->position = 0;
	v->due = loop_now_ms();
	schedule(v, v->due);
}
