#include <errno.h>
#include <string.h>

#include "sip/dialog.h"
#include "sip/field.h"
#include "sip/guard.h"

static void dialog_free(void *arg)
{
	struct dialog *d = arg;
	unsigned i;

	mem_deref(d->call_id);
	mem_deref(d->local_tag);
	mem_deref(d->remote_tag);
	mem_deref(d->local);
	mem_deref(d->remote);
	mem_deref(d->target);
	for (i = 0; i < d->routes; i++)
		mem_deref(d->route[i]);
}

static struct dialog *dialog_alloc(void)
{
	struct dialog *d = mem_zalloc(sizeof(*d), dialog_free);

	if (d)
		d->local_cseq = rand_u16();
	return d;
}

/* A header's value on one line: where it was folded, or has some other control character, is a blank. */
static int dup_unfolded(char **dst, const struct pl *value)
{
	int err = pl_strdup(dst, value);
	char *p;

	for (p = err ? NULL : *dst; p && *p; p++) {
		if ((unsigned char)*p < ' ')
			*p = ' ';
	}
	return err;
}

/* What would end the request line, or the header, that it is written into. */
static bool has_blank(const struct pl *uri)
{
	size_t i;

	for (i = 0; i < uri->l; i++) {
		if ((unsigned char)uri->p[i] <= ' ')
			return true;
	}
	return false;
}

/* The URI inside a Route value; an empty one when it cannot be read. */
static struct pl route_uri(const char *route, bool *loose)
{
	struct sip_addr a;
	struct pl pl, value;

	pl_set_str(&pl, route);
	*loose = true;
	if (sip_addr_decode(&a, &pl) || has_blank(&a.auri))
		return pl_null;
	*loose = field_param(&value, &a.uri.params, "lr");
	return a.auri;
}

int dialog_new(struct dialog **dp, const char *uri, const char *local, const char *remote)
{
	struct dialog *d = dialog_alloc();
	int err;

	if (!d)
		return ENOMEM;
	d->caller = true;
	err = re_sdprintf(&d->call_id, "%016llx%08x", rand_u64(), rand_u32());
	err |= re_sdprintf(&d->local_tag, "%016llx", rand_u64());
	err |= str_dup(&d->target, uri);
	err |= str_dup(&d->remote, remote);
	if (!err)
		err = re_sdprintf(&d->local, "%s;tag=%s", local, d->local_tag);
	if (err) {
		mem_deref(d);
		return ENOMEM;
	}
	*dp = d;
	return 0;
}

int dialog_add_route(struct dialog *d, const char *route)
{
	int err;

	if (d->routes == DIALOG_ROUTES_MAX)
		return ENOSPC;
	err = str_dup(&d->route[d->routes], route);
	if (!err)
		d->routes++;
	return err;
}

void dialog_clear_routes(struct dialog *d)
{
	while (d->routes) {
		d->routes--;
		d->route[d->routes] = mem_deref(d->route[d->routes]);
	}
}

struct route_walk {
	struct dialog *d;
	int err;
};

static bool record_route_h(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	struct route_walk *w = arg;
	char *route = NULL;

	(void)msg;
	w->err = dup_unfolded(&route, &hdr->val);
	if (!w->err)
		w->err = dialog_add_route(w->d, route);
	mem_deref(route);
	return w->err != 0;
}

/* Record-Route: from the top for the callee, from the bottom for the caller. */
static int take_routes(struct dialog *d, const struct sip_msg *msg, bool from_top)
{
	struct route_walk w = {d, 0};

	sip_msg_hdr_apply(msg, from_top, SIP_HDR_RECORD_ROUTE, record_route_h, &w);
	return w.err;
}

static int take_target(struct dialog *d, const struct pl *auri, const struct pl *scheme)
{
	char *target;
	int err;

	if (auri->l >= DIALOG_URI_MAX || has_blank(auri))
		return EBADMSG;
	if (pl_strcasecmp(scheme, "sip") && pl_strcasecmp(scheme, "sips"))
		return EBADMSG;
	err = pl_strdup(&target, auri);
	if (err)
		return err;
	mem_deref(d->target);
	d->target = target;
	return 0;
}

int dialog_refresh_target(struct dialog *d, const struct sip_msg *msg)
{
	const struct sip_hdr *contact = sip_msg_hdr(msg, SIP_HDR_CONTACT);
	struct sip_addr a;

	return !contact || sip_addr_decode(&a, &contact->val) ? EBADMSG :
			take_target(d, &a.auri, &a.uri.scheme);
}

int dialog_from_response(struct dialog **dp, const struct dialog *half, const struct sip_msg *response)
{
	struct dialog *d = dialog_alloc();
	int err;

	if (!d)
		return ENOMEM;
	d->caller = true;
	d->call_id = mem_ref(half->call_id);
	d->local_tag = mem_ref(half->local_tag);
	d->local = mem_ref(half->local);
	d->local_cseq = half->local_cseq;
	err = dup_unfolded(&d->remote, &response->to.val);
	err |= pl_isset(&response->to.tag) ? pl_strdup(&d->remote_tag, &response->to.tag)
					   : str_dup(&d->remote_tag, "");
	if (!err && dialog_refresh_target(d, response) != 0)
		err = str_dup(&d->target, half->target);
	if (!err)
		err = take_routes(d, response, false);
	if (err) {
		mem_deref(d);
		return err;
	}
	*dp = d;
	return 0;
}

int dialog_from_request(struct dialog **dp, const struct sip_msg *invite)
{
	struct dialog *d = dialog_alloc();
	char *to = NULL;
	int err;

	if (!d)
		return ENOMEM;
	/* libre takes a field for Call-ID whose name only has its hash, which the guard cannot see */
	err = dup_unfolded(&d->call_id, &invite->callid);
	err |= re_sdprintf(&d->local_tag, "%016llx", invite->tag);
	err |= dup_unfolded(&d->remote, &invite->from.val);
	err |= pl_isset(&invite->from.tag) ? pl_strdup(&d->remote_tag, &invite->from.tag)
					   : str_dup(&d->remote_tag, "");
	if (!err)
		err = dup_unfolded(&to, &invite->to.val);
	if (!err)
		err = re_sdprintf(&d->local, "%s;tag=%s", to, d->local_tag);
	mem_deref(to);
	/* RFC 2543 let an INVITE come without a Contact; what follows goes to who called then */
	if (!err && guard_is_old(invite) && !sip_msg_hdr(invite, SIP_HDR_CONTACT))
		err = take_target(d, &invite->from.auri, &invite->from.uri.scheme);
	else if (!err)
		err = dialog_refresh_target(d, invite);
	if (!err)
		err = take_routes(d, invite, true);
	if (err) {
		mem_deref(d);
		return err;
	}
	d->remote_cseq = invite->cseq.num;
	d->remote_cseq_known = true;
	*dp = d;
	return 0;
}

bool dialog_matches_half(const struct dialog *d, const struct sip_msg *msg)
{
	return !pl_strcmp(&msg->callid, d->call_id) &&
	       !pl_strcmp(msg->req ? &msg->to.tag : &msg->from.tag, d->local_tag);
}

bool dialog_matches(const struct dialog *d, const struct sip_msg *msg)
{
	const struct pl *tag = msg->req ? &msg->from.tag : &msg->to.tag;

	if (!dialog_matches_half(d, msg) || !d->remote_tag)
		return false;
	/* peers of RFC 2543 have no tag */
	return pl_isset(tag) ? !pl_strcmp(tag, d->remote_tag) : !d->remote_tag[0];
}

const char *dialog_request_uri(const struct dialog *d)
{
	static char uri[DIALOG_URI_MAX];
	struct pl pl;
	bool loose;

	if (d->routes) {
		pl = route_uri(d->route[0], &loose);
		if (!loose && !pl_strcpy(&pl, uri, sizeof(uri)))
			return uri;
	}
	return d->target;
}

const char *dialog_next_hop(const struct dialog *d)
{
	static char uri[DIALOG_URI_MAX];
	struct pl pl;
	bool loose;

	if (d->routes) {
		pl = route_uri(d->route[0], &loose);
		if (pl.l && !pl_strcpy(&pl, uri, sizeof(uri)))
			return uri;
	}
	return d->target;
}

int dialog_write(const struct dialog *d, struct mbuf *mb, const char *method, uint32_t cseq)
{
	bool strict = d->routes && dialog_request_uri(d) != d->target;
	unsigned i;
	int err;

	err = mbuf_write_str(mb, "Max-Forwards: 70\r\n");
	/* a strict router finds itself in the Request-URI and the target at the end of the routes */
	for (i = strict ? 1 : 0; i < d->routes; i++)
		err |= mbuf_printf(mb, "Route: %s\r\n", d->route[i]);
	if (strict)
		err |= mbuf_printf(mb, "Route: <%s>\r\n", d->target);
	err |= mbuf_printf(mb, "To: %s\r\nFrom: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", d->remote, d->local,
			   d->call_id, cseq, method);
	return err;
}
