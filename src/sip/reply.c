#include <errno.h>

#include "sip/field.h"
#include "sip/reply.h"
#include "sip/session.h"

#define EMPTY "Content-Length: 0\r\n\r\n"

void reply_options(struct endpoint *ep, const struct sip_msg *msg)
{
	sip_treplyf(NULL, NULL, ep->sip, msg, false, 200, "OK",
		    "Contact: <sip:%J%s>\r\nAllow: %s\r\nAccept: application/sdp\r\nSupported: timer\r\n" EMPTY,
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
			sip_treplyf(NULL, NULL, ep->sip, msg, false, 405, "Method Not Allowed", "Allow: %s\r\n" EMPTY,
				    SESSION_ALLOW);
			return;
		}
	}
	sip_treplyf(NULL, NULL, ep->sip, msg, false, 501, "Not Implemented", "Allow: %s\r\n" EMPTY, SESSION_ALLOW);
}

void reply_unsupported_media(struct endpoint *ep, const struct sip_msg *msg)
{
	sip_treplyf(NULL, NULL, ep->sip, msg, false, 415, "Unsupported Media Type",
		    "Accept: application/sdp\r\nAccept-Encoding: identity\r\n" EMPTY);
}

void reply_interval_too_small(struct endpoint *ep, const struct sip_msg *msg)
{
	sip_treplyf(NULL, NULL, ep->sip, msg, false, 422, "Session Interval Too Small", "Min-SE: %u\r\n" EMPTY,
		    SESSION_INTERVAL_MIN);
}

void reply_later(struct endpoint *ep, const struct sip_msg *msg, unsigned seconds)
{
	sip_treplyf(NULL, NULL, ep->sip, msg, false, 500, "Server Internal Error", "Retry-After: %u\r\n" EMPTY,
		    seconds);
}

static bool require_h(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	struct mbuf *mb = arg;

	(void)msg;
	if (!pl_strcasecmp(&hdr->val, "timer"))
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
		sip_treplyf(NULL, NULL, ep->sip, msg, false, 420, "Bad Extension", "Unsupported: %b\r\n" EMPTY, mb->buf,
			    mb->end);
	mem_deref(mb);
	return bad;
}

void reply_not_acceptable(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, int err)
{
	/* 305: incompatible media format; 399: anything else */
	sip_treplyf(st, NULL, ep->sip, msg, false, 488, "Not Acceptable Here",
		    "Warning: %u %J \"%s\"\r\n" EMPTY, err == ENOTSUP ? 305 : 399, &ep->address,
		    err == ENOTSUP ? "No sound format in common" : "The session description cannot be read");
}
