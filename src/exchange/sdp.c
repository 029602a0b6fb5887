#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "exchange/sdp.h"

/* What is known by name; the static payload types of RFC 3551 by number. */
static const struct known {
	const char *name;
	uint32_t rate;       /* 0: any */
	int payload;         /* static, or in our offer */
	enum xcodec codec;
	const char *rtpmap;
} known[] = {
	{"PCMU", 8000, 0, XCODEC_PCMU, "PCMU/8000"},
	{"PCMA", 8000, 8, XCODEC_PCMA, "PCMA/8000"},
	{"opus", 48000, 96, XCODEC_OPUS, "opus/48000/2"},
	{"telephone-event", 0, 101, XCODEC_EVENT, "telephone-event"},
};
#define KNOWN (sizeof(known) / sizeof(known[0]))

static bool starts(struct xtext t, const char *s)
{
	return t.len >= strlen(s) && memcmp(t.p, s, strlen(s)) == 0;
}

static struct xtext from(struct xtext t, size_t n)
{
	t.p += n;
	t.len -= n;
	return t;
}

/* Takes a line; it ends in CRLF, and a bare LF is taken too (RFC 8866 §5). */
static bool take_line(struct xtext *rest, struct xtext *line)
{
	const char *end;

	if (!rest->len)
		return false;
	end = memchr(rest->p, '\n', rest->len);
	*line = *rest;
	line->len = end ? (size_t)(end - rest->p) : rest->len;
	*rest = from(*rest, line->len + (end ? 1 : 0));
	if (line->len && line->p[line->len - 1] == '\r')
		line->len--;
	return true;
}

/* "IN IP4 192.0.2.1[/ttl]" */
static bool read_connection(struct in_addr *a, struct xtext t)
{
	char text[INET_ADDRSTRLEN];
	struct xtext address;

	if (!starts(t, "IN IP4 "))
		return false;
	t = from(t, 7);
	return xtext_next(&t, '/', &address) && text_copyn(text, sizeof(text), address.p, address.len) &&
	       inet_pton(AF_INET, text, a) == 1;
}

static void add_format(struct xsdp *s, struct xtext item)
{
	struct xformat *f = &s->format[s->formats];
	uint32_t payload;
	size_t i;

	if (s->formats == XSDP_FORMATS || !xtext_number(item, &payload) || payload > 127)
		return;
	memset(f, 0, sizeof(*f));
	f->payload = (uint8_t)payload;
	for (i = 0; i < KNOWN; i++) {
		if (known[i].payload == (int)payload && payload < 96) {
			f->codec = known[i].codec;
			f->rate = known[i].rate;
		}
	}
	s->formats++;
}

/* "audio 4000 RTP/AVP 0 8 101" */
static int read_media(struct xsdp *s, struct xtext t)
{
	struct xtext kind, port_text, protocol, item;
	size_t n = s->streams;
	uint32_t port;

	if (n == XSDP_STREAMS)
		return ENOTSUP;
	if (!xtext_next(&t, ' ', &kind) || !xtext_next(&t, ' ', &port_text) || !xtext_next(&t, ' ', &protocol) ||
	    !xtext_next(&t, ' ', &item))
		return EBADMSG;
	if (!text_copyn(s->stream[n].kind, sizeof(s->stream[n].kind), kind.p, kind.len) ||
	    !text_copyn(s->stream[n].protocol, sizeof(s->stream[n].protocol), protocol.p, protocol.len) ||
	    !text_copyn(s->stream[n].payload, sizeof(s->stream[n].payload), item.p, item.len))
		return ENOTSUP;
	/* "4000/2", several ports for one stream, is not for telephones */
	if (!xtext_number(port_text, &port) || port > 65535)
		return EBADMSG;
	s->streams++;
	if (s->audio < XSDP_STREAMS || !port || !xtext_is(kind, "audio") || !xtext_is(protocol, "RTP/AVP"))
		return 0;
	s->audio = n;
	s->rtp.sin_port = htons((uint16_t)port);
	do
		add_format(s, item);
	while (xtext_next(&t, ' ', &item));
	return 0;
}

/* "96 opus/48000/2" */
static void read_rtpmap(struct xsdp *s, struct xtext t)
{
	struct xtext payload_text, name, rate_text;
	uint32_t payload, rate;
	size_t i, k;

	if (!xtext_next(&t, ' ', &payload_text) || !xtext_number(payload_text, &payload) ||
	    !xtext_next(&t, '/', &name) || !xtext_next(&t, '/', &rate_text) || !xtext_number(rate_text, &rate))
		return;
	for (i = 0; i < s->formats; i++) {
		struct xformat *f = &s->format[i];

		if (f->payload != payload)
			continue;
		f->codec = XCODEC_NONE;
		for (k = 0; k < KNOWN; k++) {
			if (xtext_is(name, known[k].name) && (!known[k].rate || known[k].rate == rate)) {
				f->codec = known[k].codec;
				f->rate = rate;
			}
		}
	}
}

static void read_direction(struct xsdp *s, struct xtext t)
{
	static const struct {
		const char *name;
		bool sends, receives;
	} direction[] = {
		{"sendrecv", true, true}, {"sendonly", true, false},
		{"recvonly", false, true}, {"inactive", false, false},
	};
	size_t i;

	for (i = 0; i < 4; i++) {
		if (xtext_is(t, direction[i].name)) {
			s->sends = direction[i].sends;
			s->receives = direction[i].receives;
		}
	}
}

int xsdp_read(struct xsdp *s, struct xtext text)
{
	bool connected = false, in_audio = false, in_media = false;
	struct xtext line;
	int err;

	memset(s, 0, sizeof(*s));
	s->audio = XSDP_STREAMS;
	s->sends = s->receives = true;
	s->rtp.sin_family = AF_INET;
	if (text.len > XSDP_SIZE)
		return ENOTSUP;
	if (!starts(text, "v=0"))
		return EBADMSG;
	while (take_line(&text, &line)) {
		if (!line.len)
			continue;
		if (line.len < 2 || line.p[1] != '=')
			return EBADMSG;
		if (starts(line, "m=")) {
			size_t before = s->audio;

			err = read_media(s, from(line, 2));
			if (err)
				return err;
			in_media = true;
			in_audio = s->audio != before;
		}
		else if (in_media && !in_audio)
			continue;
		else if (starts(line, "c="))
			connected = read_connection(&s->rtp.sin_addr, from(line, 2));
		else if (starts(line, "a=rtpmap:"))
			read_rtpmap(s, from(line, 9));
		else if (starts(line, "a="))
			read_direction(s, from(line, 2));
	}
	if (s->audio == XSDP_STREAMS || !connected)
		return ENOTSUP;
	/* hold as RFC 2543 did it */
	if (!s->rtp.sin_addr.s_addr)
		s->receives = false;
	return 0;
}

static bool usable(const struct xformat *f, bool g711)
{
	return f->codec == XCODEC_PCMU || f->codec == XCODEC_PCMA || (!g711 && f->codec == XCODEC_OPUS);
}

int xsdp_choose(struct xchoice *c, const struct xsdp *peer, bool prefer_g711)
{
	const struct xformat *event = NULL;
	size_t i;
	int pass;

	memset(c, 0, sizeof(*c));
	for (pass = prefer_g711 ? 1 : 0; pass >= 0 && !c->audio.codec; pass--)
		for (i = 0; i < peer->formats && !c->audio.codec; i++)
			if (usable(&peer->format[i], pass == 1))
				c->audio = peer->format[i];
	if (!c->audio.codec)
		return ENOTSUP;
	/* the one on the audio's clock if there is one (RFC 4733 §2.1) */
	for (i = 0; i < peer->formats; i++) {
		const struct xformat *f = &peer->format[i];

		if (f->codec == XCODEC_EVENT && (!event || f->rate == c->audio.rate))
			event = f;
	}
	if (event)
		c->event = *event;
	return 0;
}

static void write_format(struct buf *b, const struct xformat *f)
{
	size_t k;

	for (k = 0; k < KNOWN; k++) {
		if (known[k].codec != f->codec)
			continue;
		buf_printf(b, "a=rtpmap:%u %s", f->payload, known[k].rtpmap);
		if (f->codec == XCODEC_EVENT)
			buf_printf(b, "/%u\r\na=fmtp:%u 0-15", f->rate, f->payload);
		buf_str(b, "\r\n");
	}
}

void xsdp_write(struct buf *b, const struct xsdp *peer, const struct xchoice *choice, uint16_t port,
                bool sends, bool receives, uint32_t id, uint32_t version)
{
	static const char *const direction[] = {"inactive", "sendonly", "recvonly", "sendrecv"};
	static const struct xformat offered[] = {
		{XCODEC_PCMU, 0, 8000}, {XCODEC_PCMA, 8, 8000}, {XCODEC_OPUS, 96, 48000}, {XCODEC_EVENT, 101, 8000},
	};
	struct xformat format[4];
	size_t formats = 0, i, k;

	if (peer) {
		format[formats++] = choice->audio;
		if (choice->event.codec)
			format[formats++] = choice->event;
	}
	else
		for (; formats < 4; formats++)
			format[formats] = offered[formats];

	buf_printf(b, "v=0\r\no=exchange %u %u IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n", id,
	           version);
	for (i = 0; i < (peer ? peer->streams : 1); i++) {
		if (peer && i != peer->audio) {
			buf_printf(b, "m=%s 0 %s %s\r\n", peer->stream[i].kind, peer->stream[i].protocol,
			           peer->stream[i].payload);
			continue;
		}
		buf_printf(b, "m=audio %u RTP/AVP", port);
		for (k = 0; k < formats; k++)
			buf_printf(b, " %u", format[k].payload);
		buf_str(b, "\r\n");
		for (k = 0; k < formats; k++)
			write_format(b, &format[k]);
		buf_printf(b, "a=ptime:20\r\na=%s\r\n", direction[(receives ? 2 : 0) + (sends ? 1 : 0)]);
	}
}
