/* NOTIFY and SUBSCRIBE: the one kind of news that the phone takes is that messages wait (RFC 3842), which servers send
 * without being asked; it gives none. */
#include <string.h>
#include <strings.h>

#include "phone/phone.h"
#include "sip/field.h"
#include "sip/news.h"
#include "sip/registration.h"
#include "sip/reply.h"
#include "sip/session.h"

#define PACKAGE      "message-summary"
#define MESSAGES_MAX 99999  /* more are shown as so many */

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

/* The value of the line NAME of a summary. */
static bool summary_line(struct pl *value, const char *body, size_t len, const char *name)
{
	const char *p = body, *end = body + len, *stop;
	size_t n = strlen(name);

	for (; p < end; p = stop + 1) {
		stop = memchr(p, '\n', (size_t)(end - p));
		if (!stop)
			stop = end;
		if ((size_t)(stop - p) <= n || strncasecmp(p, name, n) || p[n] != ':')
			continue;
		for (p += n + 1; p < stop && (*p == ' ' || *p == '\t'); p++)
			;
		value->p = p;
		value->l = (size_t)(stop - p);
		return true;
	}
	return false;
}

bool news_read_summary(const char *body, size_t len, unsigned *fresh, unsigned *old)
{
	struct pl value, rest;
	const char *slash;

	*fresh = *old = 0;
	if (summary_line(&value, body, len, "Voice-Message") && (slash = pl_strchr(&value, '/')) != NULL) {
		rest.p = slash + 1;
		rest.l = (size_t)(value.p + value.l - rest.p);
		*fresh = field_number(&value, MESSAGES_MAX, 0);
		*old = field_number(&rest, MESSAGES_MAX, 0);
		return true;
	}
	/* no more than that there are some */
	if (!summary_line(&value, body, len, "Messages-Waiting"))
		return false;
	*fresh = value.l >= 3 && !strncasecmp(value.p, "yes", 3);
	return true;
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
	if (len && !news_read_summary((const char *)mbuf_buf(msg->mb), len, &fresh, &old)) {
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
