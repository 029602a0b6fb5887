/* What a peer's SDP is before libre's parser gets it. */
#include <ctype.h>
#include <errno.h>
#include <string.h>

#include "sip/negotiation.h"

#define LINES_MAX   400
#define LONG_MAX_   512 /* bytes of a line: the time that libre's patterns take grows with its square */
#define FORMATS_MAX 64  /* payload types of one m= line that are looked at */

static bool all_digits(const char *p, size_t l)
{
	while (l && isdigit((unsigned char)*p)) {
		p++;
		l--;
	}
	return !l;
}

/* "rtpmap:96 opus/48000/2" and the like: is there a number, a name and a rate? */
static bool rtpmap_good(const char *p, size_t l)
{
	const char *blank = memchr(p, ' ', l), *slash, *end = p + l;
	size_t rate = 0;

	if (!blank || blank == p || !all_digits(p, (size_t)(blank - p)))
		return false;
	slash = memchr(blank, '/', (size_t)(end - blank));
	if (!slash || slash == blank + 1)
		return false;
	for (slash++; slash + rate < end && isdigit((unsigned char)slash[rate]); rate++)
		;
	return rate > 0 && rate < 8 && (slash + rate == end || slash[rate] == '/' || slash[rate] == ' ');
}

static bool attribute_is(const char *p, size_t l, const char *name)
{
	size_t n = strlen(name);

	return l > n && !strncmp(p, name, n) && p[n] == ':';
}

/* Would libre refuse the whole text over this a= or b= line, which says nothing that we need, or take long for it? */
static bool harmful(char type, const char *p, size_t l)
{
	const char *blank, *colon;

	if (l > LONG_MAX_ && (type == 'a' || type == 'b'))
		return true;
	if (type == 'b') {
		colon = memchr(p, ':', l);
		return !colon || colon == p || colon + 1 == p + l || !isdigit((unsigned char)colon[1]);
	}
	if (type != 'a')
		return false;
	if (attribute_is(p, l, "rtpmap"))
		return !rtpmap_good(p + 7, l - 7);
	if (attribute_is(p, l, "rtcp"))
		return l == 5 || !isdigit((unsigned char)p[5]);
	if (attribute_is(p, l, "fmtp")) {
		blank = memchr(p, ' ', l);
		return !blank || blank == p + 5 || blank + 1 == p + l;
	}
	return !l || *p == ':';
}

/* "audio 49170/2 RTP/AVP 0 8 ...": the number of ports goes, and formats beyond FORMATS_MAX. */
static int write_media_line(struct mbuf *mb, const char *p, size_t l)
{
	struct pl name, port, proto, formats, rest;
	const char *slash;
	unsigned words = 0;
	size_t i;

	/* as many formats as are looked at fit into that */
	if (l > LONG_MAX_) {
		for (l = LONG_MAX_; l && p[l] != ' '; l--)
			;
	}
	if (re_regex(p, l, "[a-z]+ [^ ]+ [^ ]+[^]*", &name, &port, &proto, &formats) || name.p != p)
		return EBADMSG;
	slash = pl_strchr(&port, '/');
	if (slash)
		port.l = (size_t)(slash - port.p);
	if (!port.l || port.l > 5 || !all_digits(port.p, port.l) || pl_u32(&port) > 65535)
		return EBADMSG;
	rest = formats;
	for (i = 0; i < formats.l; i++) {
		if (formats.p[i] == ' ' && ++words > FORMATS_MAX) {
			rest.l = i;
			break;
		}
	}
	return mbuf_printf(mb, "m=%r %r %r%r\r\n", &name, &port, &proto, &rest);
}

/* "IN IP4 224.2.1.1/127": what follows a slash is for multicast. */
static int write_connection_line(struct mbuf *mb, const char *p, size_t l)
{
	const char *slash = memchr(p, '/', l);

	if (l > LONG_MAX_)
		return EBADMSG;
	return mbuf_printf(mb, "c=%b\r\n", p, slash ? (size_t)(slash - p) : l);
}

int negotiation_repair(struct mbuf **out, const void *sdp, size_t len)
{
	const char *p = sdp, *end = p + len;
	unsigned lines = 0, streams = 0;
	struct mbuf *mb;
	int err = 0;

	if (len > NEGOTIATION_SDP_MAX)
		return EBADMSG;
	mb = mbuf_alloc(len + 64);
	if (!mb)
		return ENOMEM;
	while (p < end && !err) {
		const char *stop = p;
		size_t l;

		while (stop < end && *stop != '\r' && *stop != '\n' && *stop)
			stop++;
		l = (size_t)(stop - p);
		if (l > 2 && p[1] == '=' && islower((unsigned char)p[0])) {
			if (++lines > LINES_MAX || (p[0] == 'm' && ++streams > NEGOTIATION_STREAMS_MAX))
				err = EBADMSG;
			else if (p[0] == 'm')
				err = write_media_line(mb, p + 2, l - 2);
			else if (p[0] == 'c')
				err = write_connection_line(mb, p + 2, l - 2);
			else if (!harmful(p[0], p + 2, l - 2))
				err = mbuf_printf(mb, "%b\r\n", p, l);
		}
		p = stop < end ? stop + 1 : end;
	}
	if (!err && (!streams || mb->end < 5 || memcmp(mb->buf, "v=0\r\n", 5)))
		err = EBADMSG;
	mb->pos = 0;
	if (err)
		mem_deref(mb);
	else
		*out = mb;
	return err;
}
