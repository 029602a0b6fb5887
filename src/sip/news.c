/* NOTIFY and SUBSCRIBE: the one kind of news that the phone takes is that messages wait (RFC 3842), which servers send
 * without being asked; it gives none. */
#include <string.h>

#include "phone/phone.h"
#include "sip/field.h"
#include "sip/news.h"
#include "sip/registration.h"
#include "sip/reply.h"
#include "sip/report.h"
#include "sip/session.h"

#define PACKAGE "message-summary"

/* The package that the request is about, in *NAME: what stands before the parameters. False without one. */
static bool read_event(struct pl *name, const struct sip_msg *msg)
{
	const struct sip_hdr *h = sip_msg_hdr(msg, SIP_HDR_EVENT);
	const char *semicolon;

	if (!h)
		return false;
	*name = h->val;
	semicolon = pl_strchr(name, ';');
	if (semicolon)
		name->l = (size_t)(semicolon - name->p);
	while (name->l && strchr(" \t\r\n", name->p[name->l - 1]))
		name->l--;
	return field_is_token(name);
}

static void take_summary(struct endpoint *ep, const struct sip_msg *msg)
{
	const struct account *a = registration_account(msg);
	unsigned fresh, old;
	size_t len = mbuf_get_left(msg->mb);

	/* nobody else was asked for news, or knows any */
	if (!a || !registration_is_proxy(a->name, msg)) {
		reply_plain(NULL, ep, msg, 481, "Call/Transaction Does Not Exist");
		return;
	}
	if (pl_isset(&msg->clen))
		len = field_number(&msg->clen, (uint32_t)len, 0);
	/* none at all says nothing new (section 5.5 of RFC 6665) */
	if (len && !report_summary((const char *)mbuf_buf(msg->mb), len, &fresh, &old)) {
		reply_plain(NULL, ep, msg, 400, "Bad Message Summary");
		return;
	}
	reply_plain(NULL, ep, msg, 200, "OK");
	if (len)
		phone_sip_messages(stack_phone(), a->name, fresh, old);
}

void news_in(struct endpoint *ep, const struct sip_msg *msg)
{
	struct pl name;

	if (!read_event(&name, msg))
		reply_plain(NULL, ep, msg, 400, "Missing or Bad Event");
	else if (pl_strcasecmp(&name, PACKAGE))
		reply_bad_event(ep, msg, PACKAGE);
	else if (!pl_strcmp(&msg->met, "SUBSCRIBE"))
		reply_plain(NULL, ep, msg, 403, "Forbidden");
	else
		take_summary(ep, msg);
}
