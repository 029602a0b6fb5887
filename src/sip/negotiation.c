#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sip/field.h"
#include "sip/negotiation.h"

#define EVENT_NAME    "telephone-event"
#define EVENT_8000    101        /* our payload types for it */
#define EVENT_48000   102
#define EVENT_DIGITS  "0-15"
#define PTIME_DEFAULT 20
#define PTIME_MIN     10
#define PTIME_MAX     120

struct negotiation {
	struct sa address;               /* with the RTP port */
	const struct codec *codec[CODEC_COUNT];
	unsigned codecs;
	bool small;                      /* the offer has one format and nothing optional */
	enum media_direction wish;
	uint32_t id, version;            /* of the o= line */
	struct mbuf *remote;             /* the peer's last SDP that was agreed on, mended */
	struct mbuf *offered;            /* our last offer */
	struct mbuf *agreed;             /* our last SDP that was agreed on */
	struct sa agreed_address;        /* and the address in it */
	unsigned refused;                /* sound streams in it before the one that is used */
	struct sdp_session *open;        /* our offer that waits for an answer */
	struct sdp_media *open_media;    /* its stream, which it owns */
};

static enum sdp_dir to_libre(enum media_direction d)
{
	static const enum sdp_dir dir[] = {
		[MEDIA_INACTIVE] = SDP_INACTIVE, [MEDIA_SEND] = SDP_SENDONLY, [MEDIA_RECEIVE] = SDP_RECVONLY,
		[MEDIA_BOTH] = SDP_SENDRECV,
	};

	return dir[d];
}

static enum media_direction from_libre(enum sdp_dir d)
{
	static const enum media_direction direction[] = {
		[SDP_INACTIVE] = MEDIA_INACTIVE, [SDP_RECVONLY] = MEDIA_RECEIVE, [SDP_SENDONLY] = MEDIA_SEND,
		[SDP_SENDRECV] = MEDIA_BOTH,
	};

	return direction[d];
}

static void negotiation_free(void *arg)
{
	struct negotiation *n = arg;

	mem_deref(n->remote);
	mem_deref(n->offered);
	mem_deref(n->agreed);
	mem_deref(n->open);
}

int negotiation_new(struct negotiation **np)
{
	struct negotiation *n = mem_zalloc(sizeof(*n), negotiation_free);

	if (!n)
		return ENOMEM;
	n->wish = MEDIA_BOTH;
	n->id = rand_u32() >> 1;
	n->version = rand_u16();
	sa_init(&n->address, AF_INET);
	*np = n;
	return 0;
}

int negotiation_local(struct negotiation *n, const char *address, uint16_t port,
		      const struct codec *const *codec, unsigned codecs)
{
	unsigned i;

	if (sa_set_str(&n->address, address, port))
		return EINVAL;
	n->codecs = codecs < CODEC_COUNT ? codecs : CODEC_COUNT;
	for (i = 0; i < n->codecs; i++)
		n->codec[i] = codec[i];
	return 0;
}

void negotiation_direction(struct negotiation *n, enum media_direction wish)
{
	n->wish = wish;
}

void negotiation_small(struct negotiation *n, bool small)
{
	n->small = small;
}

bool negotiation_open(const struct negotiation *n)
{
	return n->open != NULL;
}

void negotiation_withdraw(struct negotiation *n)
{
	n->open_media = NULL;
	n->open = mem_deref(n->open);
}

void negotiation_restart(struct negotiation *n)
{
	negotiation_withdraw(n);
	n->remote = mem_deref(n->remote);
	n->agreed = mem_deref(n->agreed);
}

/* --- describing ourselves --------------------------------------------------------------------- */

static int add_event(struct sdp_media *m, int payload_type, uint32_t rate)
{
	char id[8];

	snprintf(id, sizeof(id), "%d", payload_type);
	return sdp_format_add(NULL, m, false, id, EVENT_NAME, rate, 1, NULL, NULL, NULL, false, EVENT_DIGITS);
}

/* The format of the shortest offer: everybody knows PCMU, unless the user will not have it. */
static unsigned small_format(const struct negotiation *n)
{
	unsigned i;

	for (i = 0; i < n->codecs; i++) {
		if (n->codec[i] == codec_get(CODEC_PCMU))
			return i;
	}
	return 0;
}

/* A description of libre's for the sound stream as we would have it, after REFUSED ones that take nothing. Made
 * anew for each offer and answer: a text that was refused half-way leaves nothing behind. */
static int describe(const struct negotiation *n, unsigned refused, struct sdp_session **sp, struct sdp_media **mp)
{
	struct sdp_session *s = NULL;
	struct sdp_media *m = NULL;
	unsigned first = n->small ? small_format(n) : 0, end = n->small ? first + 1 : n->codecs, i;
	bool wide = false;
	int err;

	err = sdp_session_alloc(&s, &n->address);
	/* libre gives the peer's first stream our first one: these stand in the way */
	for (i = 0; i < refused && !err; i++) {
		err = sdp_media_add(&m, s, "audio", 0, "RTP/AVP");
		if (!err)
			sdp_media_set_disabled(m, true);
	}
	if (!err)
		err = sdp_media_add(&m, s, "audio", sa_port(&n->address), "RTP/AVP");
	for (i = first; i < end && i < n->codecs && !err; i++) {
		const struct codec *c = n->codec[i];
		char id[8];

		snprintf(id, sizeof(id), "%d", c->payload_type);
		err = sdp_format_add(NULL, m, false, id, c->name, c->clock_rate, (uint8_t)c->channels, NULL, NULL,
				     (void *)c, false, c->fmtp && !n->small ? "%s" : NULL, c->fmtp);
		wide |= c->clock_rate == 48000;
	}
	if (!err && !n->small && wide)
		err = add_event(m, EVENT_48000, 48000);
	/* also with opus alone: many peers know no other rate */
	if (!err && !n->small)
		err = add_event(m, EVENT_8000, 8000);
	if (!err && !n->small)
		err = sdp_media_set_lattr(m, true, "ptime", "%u", PTIME_DEFAULT);
	if (err) {
		mem_deref(s);
		return err;
	}
	if (!n->small)
		sdp_media_set_lport_rtcp(m, (uint16_t)(sa_port(&n->address) + 1));
	sdp_media_set_ldir(m, to_libre(n->wish));
	*sp = s;
	*mp = m;
	return 0;
}

/* Libre draws a new o= line for each session; ours stays the same but for its version (RFC 3264
 * section 8). */
static int own_origin(struct negotiation *n, struct mbuf **mbp)
{
	struct mbuf *in = *mbp, *mb = mbuf_alloc(in->end + 64);
	struct pl before, origin, after;
	int err;

	if (!mb)
		return ENOMEM;
	err = re_regex((char *)in->buf, in->end, "v=0\r\no=[^\r]+", &origin);
	if (err)
		goto out;
	before.p = (char *)in->buf;
	before.l = (size_t)(origin.p - before.p);
	after.p = origin.p + origin.l;
	after.l = in->end - before.l - origin.l;
	err = mbuf_printf(mb, "%r- %u %u IN IP%d %j%r", &before, n->id, ++n->version,
			  sa_af(&n->address) == AF_INET6 ? 6 : 4, &n->address, &after);
	mb->pos = 0;
 out:
	if (err)
		mem_deref(mb);
	else {
		mem_deref(in);
		*mbp = mb;
	}
	return err;
}

/* What we said is what holds now. */
static void agree(struct negotiation *n, struct mbuf *ours)
{
	mem_deref(n->agreed);
	n->agreed = mem_ref(ours);
	n->agreed_address = n->address;
}

/* Prepares for the answer to an offer. */
static int open_offer(struct negotiation *n)
{
	int err;

	negotiation_withdraw(n);
	err = describe(n, n->refused, &n->open, &n->open_media);
	if (!err && n->remote) {
		/* as if the last agreement had been their offer: its streams, order and numbers stay */
		n->remote->pos = 0;
		err = sdp_decode(n->open, n->remote, true);
	}
	if (err)
		negotiation_withdraw(n);
	return err;
}

static void offered(struct negotiation *n, struct mbuf *mb)
{
	mem_deref(n->offered);
	n->offered = mem_ref(mb);
}

int negotiation_offer(struct negotiation *n, struct mbuf **offer)
{
	struct mbuf *mb = NULL;
	int err;

	err = open_offer(n);
	if (!err)
		err = sdp_encode(&mb, n->open, true);
	if (!err)
		err = own_origin(n, &mb);
	if (err) {
		mem_deref(mb);
		negotiation_withdraw(n);
		return err;
	}
	offered(n, mb);
	*offer = mb;
	return 0;
}

int negotiation_repeat(struct negotiation *n, struct mbuf **offer)
{
	int err;

	if (!n->agreed || !sa_cmp(&n->agreed_address, &n->address, SA_ALL))
		return ENOENT;
	err = open_offer(n);
	if (err)
		return err;
	offered(n, n->agreed);
	*offer = mem_ref(n->agreed);
	return 0;
}

/* --- what was agreed ----------------------------------------------------------------------------- */

static bool is_event(const struct sdp_format *f)
{
	return f->name && !strcasecmp(f->name, EVENT_NAME);
}

/* The telephone-event format that goes with RATE, or any. */
static const struct sdp_format *find_event(const struct list *formats, uint32_t rate)
{
	const struct sdp_format *any = NULL;
	struct le *le;

	LIST_FOREACH(formats, le) {
		const struct sdp_format *f = le->data;

		if (!f->sup || !is_event(f))
			continue;
		if (f->srate == rate)
			return f;
		if (!any)
			any = f;
	}
	return any;
}

/* The codec to send with: the first that the other side lists among those that both have. */
static const struct sdp_format *find_codec(const struct list *formats)
{
	struct le *le;

	LIST_FOREACH(formats, le) {
		const struct sdp_format *f = le->data;

		if (f->sup && f->data && f->pt >= 0 && f->pt <= 127)
			return f;
	}
	return NULL;
}

static void address_text(char *dst, size_t size, const struct sa *sa)
{
	if (sa_isset(sa, SA_ADDR))
		re_snprintf(dst, size, "%j", sa);
	else
		dst[0] = '\0';
}

/* Fills PARAMS from M after its exchange. ENOTSUP: nothing in common, or the stream was refused. */
static int read_agreement(struct media_params *params, const struct sdp_media *m)
{
	const struct list *remote = sdp_media_format_lst(m, false), *local = sdp_media_format_lst(m, true);
	const struct sdp_format *f, *event;
	const struct sa *address = sdp_media_raddr(m);
	struct sa rtcp;
	struct pl value;
	const char *text;
	struct le *le;

	memset(params, 0, sizeof(*params));
	f = find_codec(remote);
	if (!f || !sa_port(address))
		return ENOTSUP;
	params->codec = f->data;
	params->payload_type = f->pt;
	params->opus_fec = f->params && strstr(f->params, "useinbandfec=1");

	address_text(params->remote_address, sizeof(params->remote_address), address);
	params->remote_port = sa_port(address);
	sdp_media_raddr_rtcp(m, &rtcp);
	address_text(params->remote_rtcp_address, sizeof(params->remote_rtcp_address), &rtcp);
	params->remote_rtcp_port = sa_port(&rtcp);

	LIST_FOREACH(local, le) {
		const struct sdp_format *l = le->data;

		if (l->sup && l->data && params->formats < MEDIA_FORMATS) {
			params->format[params->formats].payload_type = l->pt;
			params->format[params->formats++].codec = l->data;
		}
	}
	event = find_event(remote, params->codec->clock_rate);
	params->event_payload_type = event ? event->pt : -1;
	params->event_clock_rate = event ? event->srate : 0;
	event = find_event(local, params->codec->clock_rate);
	params->event_receive_type = event ? event->pt : -1;

	params->ptime = PTIME_DEFAULT;
	text = sdp_media_rattr(m, "ptime");
	if (text) {
		pl_set_str(&value, text);
		params->ptime = field_number(&value, PTIME_MAX + 1, PTIME_DEFAULT);
		if (params->ptime < PTIME_MIN || params->ptime > PTIME_MAX)
			params->ptime = PTIME_DEFAULT;
	}

	params->direction = from_libre(sdp_media_dir(m));
	/* RFC 3264 section 8.4: the old way to hold */
	if (!sa_isset(address, SA_ADDR) || sa_is_any(address))
		params->direction &= ~(unsigned)MEDIA_SEND;
	return 0;
}

int negotiation_answered(struct negotiation *n, const void *sdp, size_t len, struct media_params *params)
{
	struct mbuf *mb;
	int err;

	if (!n->open)
		return EBADMSG;
	err = negotiation_repair(&mb, sdp, len);
	if (err)
		return err;
	err = sdp_decode(n->open, mb, false);
	if (err)
		err = EBADMSG;
	else
		err = read_agreement(params, n->open_media);
	if (!err) {
		mem_deref(n->remote);
		n->remote = mem_ref(mb);
		agree(n, n->offered);
	}
	mem_deref(mb);
	return err;
}

/* Reads the offer OFFER with our stream in the place of its sound stream number REFUSED. *MATCHED: there is one. */
static int try_stream(struct negotiation *n, struct mbuf *offer, unsigned refused, struct mbuf **answer,
		      struct media_params *params, bool *matched)
{
	struct sdp_session *s = NULL;
	struct sdp_media *m = NULL;
	int err;

	*matched = false;
	err = describe(n, refused, &s, &m);
	if (err)
		return err;
	offer->pos = 0;
	err = sdp_decode(s, offer, true) ? EBADMSG : 0;
	if (!err) {
		*matched = !list_isempty(sdp_media_format_lst(m, false));
		err = read_agreement(params, m);
	}
	if (!err)
		err = sdp_encode(answer, s, false);
	mem_deref(s);
	return err;
}

int negotiation_answer(struct negotiation *n, const void *sdp, size_t len, struct mbuf **answer,
		       struct media_params *params)
{
	struct mbuf *mb = NULL, *out = NULL;
	unsigned refused = 0;
	bool matched;
	int err;

	err = negotiation_repair(&mb, sdp, len);
	if (err)
		return err;
	do
		err = try_stream(n, mb, refused++, &out, params, &matched);
	while (err == ENOTSUP && matched && refused < NEGOTIATION_STREAMS_MAX);
	if (!err)
		err = own_origin(n, &out);
	if (!err) {
		mem_deref(n->remote);
		n->remote = mem_ref(mb);
		n->refused = refused - 1;
		agree(n, out);
		*answer = out;
		out = NULL;
	}
	mem_deref(out);
	mem_deref(mb);
	return err;
}

int negotiation_refuse(struct negotiation *n, const void *sdp, size_t len, struct mbuf **answer)
{
	struct mbuf *mb = NULL, *out;
	const char *p, *stop, *end;
	int err, af = sa_af(&n->address) == AF_INET6 ? 6 : 4;

	err = negotiation_repair(&mb, sdp, len);
	if (err)
		return err;
	out = mbuf_alloc(256);
	err = out ? mbuf_printf(out, "v=0\r\no=- %u %u IN IP%d %j\r\ns=-\r\nc=IN IP%d %j\r\nt=0 0\r\n", n->id,
				++n->version, af, &n->address, af, &n->address)
		  : ENOMEM;
	/* each stream again, with port 0: RFC 3264 section 6 */
	for (p = (char *)mb->buf, end = p + mb->end; p < end && !err; p = stop + 1) {
		struct pl name, port, proto, formats;

		stop = memchr(p, '\n', (size_t)(end - p));
		if (p[0] == 'm' && !re_regex(p + 2, (size_t)(stop - p) - 3, "[a-z]+ [^ ]+ [^ ]+[^]*", &name, &port, &proto,
					     &formats))
			err = mbuf_printf(out, "m=%r 0 %r%r\r\n", &name, &proto, &formats);
	}
	mem_deref(mb);
	if (err) {
		mem_deref(out);
		return err;
	}
	out->pos = 0;
	*answer = out;
	return 0;
}
