#include <errno.h>
#include <stdarg.h>

#include "base/log.h"
#include "sip/field.h"
#include "sip/reply.h"
#include "sip/session.h"

#define EMPTY "Content-Length: 0\r\n\r\n"
#define OVERLOAD_S 10

/* CODE if this phone may say it. 402 and 406 are not its to say (S402-1, S406-1), 421 would ask for what it does not
 * need (RFC 3261 section 21.4.15), and 483 is a proxy's. A mistake here is still an answer to the other side. */
static unsigned sayable(unsigned code, const char **phrase)
{
	if (code != 402 && code != 406 && code != 421 && code != 483)
		return code;
	log_error("%u is never sent; the answer is 500", code);
	*phrase = "Server Internal Error";
	return 500;
}

static int send_h(struct sip_strans **st, struct mbuf **mbp, struct endpoint *ep, const struct sip_msg *msg, bool route,
		  unsigned code, const char *phrase, const char *fmt, va_list *ap)
{
	code = sayable(code, &phrase);
	return sip_treplyf(st, mbp, ep->sip, msg, route, (uint16_t)code, phrase, "%v", fmt, ap);
}

int reply_send(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, unsigned code, const char *phrase,
	       const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = send_h(st, NULL, ep, msg, false, code, phrase, fmt, &ap);
	va_end(ap);
	return err;
}

int reply_dialog(struct sip_strans **st, struct mbuf **mbp, struct endpoint *ep, const struct sip_msg *msg, unsigned code,
		 const char *phrase, const char *fmt, ...)
{
	va_list ap;
	int err;

	va_start(ap, fmt);
	err = send_h(st, mbp, ep, msg, true, code, phrase, fmt, &ap);
	va_end(ap);
	return err;
}

int reply_plain(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, unsigned code, const char *phrase)
{
	return reply_send(st, ep, msg, code, phrase, EMPTY);
}

void reply_broken(struct endpoint *ep, const struct sip_msg *msg, unsigned code, const char *phrase)
{
	code = sayable(code, &phrase);
	sip_reply(ep->sip, msg, (uint16_t)code, phrase);
}

void reply_overload(struct endpoint *ep, const struct sip_msg *msg, bool stranger)
{
	if (stranger)
		sip_replyf(ep->sip, msg, 503, "Service Unavailable", "Retry-After: %u\r\n" EMPTY, OVERLOAD_S);
	else
		sip_reply(ep->sip, msg, 503, "Service Unavailable");
}

int reply_elsewhere(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, const char *uri)
{
	return reply_send(st, ep, msg, 302, "Moved Temporarily", "Contact: <%s>\r\n" EMPTY, uri);
}

void reply_options(struct endpoint *ep, const struct sip_msg *msg)
{
	/* without a transaction (RFC 3261 section 8.2.7): it costs no memory, see source.h */
	sip_replyf(ep->sip, msg, 200, "OK",
		   "Contact: <sip:%J%s>\r\nAllow: %s\r\nAccept: application/sdp\r\nSupported: " SESSION_SUPPORTED
		   "\r\n" EMPTY,
		   &ep->address, msg->tp == SIP_TRANSP_TCP ? ";transport=tcp" : "", SESSION_ALLOW);
}

void reply_not_allowed(struct endpoint *ep, const struct sip_msg *msg)
{
	static const char *const known[] = {
		"ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER",
		"REGISTER", "SUBSCRIBE", "UPDATE",
	};
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(known); i++) {
		if (!pl_strcmp(&msg->met, known[i])) {
			reply_send(NULL, ep, msg, 405, "Method Not Allowed", "Allow: %s\r\n" EMPTY,
				    SESSION_ALLOW);
			return;
		}
	}
	reply_send(NULL, ep, msg, 501, "Not Implemented", "Allow: %s\r\n" EMPTY, SESSION_ALLOW);
}

void reply_unsupported_media(struct endpoint *ep, const struct sip_msg *msg)
{
	reply_send(NULL, ep, msg, 415, "Unsupported Media Type",
		    "Accept: application/sdp\r\nAccept-Encoding: identity\r\n" EMPTY);
}

void reply_bad_event(struct endpoint *ep, const struct sip_msg *msg, const char *package)
{
	reply_send(NULL, ep, msg, 489, "Bad Event", "Allow-Events: %s\r\n" EMPTY, package);
}

void reply_interval_too_small(struct endpoint *ep, const struct sip_msg *msg)
{
	reply_send(NULL, ep, msg, 422, "Session Interval Too Small", "Min-SE: %u\r\n" EMPTY,
		    SESSION_INTERVAL_MIN);
}

void reply_later(struct endpoint *ep, const struct sip_msg *msg, unsigned seconds)
{
	reply_send(NULL, ep, msg, 500, "Server Internal Error", "Retry-After: %u\r\n" EMPTY,
		    seconds);
}

static bool require_h(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	struct mbuf *mb = arg;

	(void)msg;
	if (!pl_strcasecmp(&hdr->val, "timer") || !pl_strcasecmp(&hdr->val, "replaces"))
		return false;
	/* a list longer than this is none that anybody reads */
	return mb->end > 1024 || mbuf_printf(mb, "%s%r", mb->end ? ", " : "", &hdr->val) != 0;
}

bool reply_bad_extension(struct endpoint *ep, const struct sip_msg *msg)
{
	struct mbuf *mb = mbuf_alloc(256);
	bool bad;

	if (!mb)
		return false;
	sip_msg_hdr_apply(msg, true, SIP_HDR_REQUIRE, require_h, mb);
	bad = mb->end > 0;
	if (bad)
		reply_send(NULL, ep, msg, 420, "Bad Extension", "Unsupported: %b\r\n" EMPTY, mb->buf,
			    mb->end);
	mem_deref(mb);
	return bad;
}

void reply_not_acceptable(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, int err)
{
	/* 305: incompatible media format; 399: anything else */
	reply_send(st, ep, msg, 488, "Not Acceptable Here",
		    "Warning: %u %J \"%s\"\r\n" EMPTY, err == ENOTSUP ? 305 : 399, &ep->address,
		    err == ENOTSUP ? "No sound format in common" : "The session description cannot be read");
}
