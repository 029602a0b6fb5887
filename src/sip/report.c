#include <stddef.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sip/field.h"
#include "sip/report.h"

#define MESSAGES_MAX  99999  /* more are shown as so many */
#define ASSERTED_MAX  512 /* bytes of an identity: libre tries an odd one anew from each of them; the guard does not know it */
#define CONTACTS_READ 64  /* of one response; the rest is not looked at */

/* Whose the URI is: its maddr, if it has one, is where a request for it really goes. */
static void host_of(char *dst, size_t size, const char *text)
{
	struct pl pl, host;
	struct uri uri;

	dst[0] = '\0';
	pl_set_str(&pl, text);
	if (uri_decode(&uri, &pl))
		return;
	if (!field_param(&host, &uri.params, "maddr") || !host.l)
		host = uri.host;
	text_copyn(dst, size, host.p, host.l);
}

/* The end of the list member that begins at P: a comma outside quotes and angle brackets, or END. libre's own cutting
 * looks neither at brackets nor at escaped quotes, so whole lines are cut here. */
static const char *member_end(const char *p, const char *end)
{
	bool quoted = false, bracket = false;

	for (; p < end; p++) {
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"' && !bracket)
			quoted = !quoted;
		else if (!quoted && *p == '<')
			bracket = true;
		else if (!quoted && *p == '>')
			bracket = false;
		else if (!quoted && !bracket && *p == ',')
			return p;
	}
	return end;
}

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The next member of REST, blanks around it taken off. False at the end. */
static bool next_member(struct pl *member, struct pl *rest)
{
	const char *end = rest->p + rest->l, *stop;

	if (!rest->p || !rest->l)
		return false;
	stop = member_end(rest->p, end);
	member->p = rest->p;
	while (member->p < stop && is_space(*member->p))
		member->p++;
	member->l = (size_t)(stop - member->p);
	while (member->l && is_space(member->p[member->l - 1]))
		member->l--;
	rest->p = stop < end ? stop + 1 : end;
	rest->l = (size_t)(end - rest->p);
	return true;
}

void report_text(char *dst, size_t size, const struct sip_msg *msg, enum sip_hdrid id)
{
	struct le *le;
	size_t n = 0, i;

	LIST_FOREACH(&msg->hdrl, le) {
		const struct sip_hdr *h = le->data;

		if (h->id != id || !h->val.p || !h->val.l)
			continue;
		for (i = 0; n && i < 2 && n + 1 < size; i++)
			dst[n++] = ", "[i];
		for (i = 0; i < h->val.l && n + 1 < size; i++) {
			if (h->val.p[i] == '\r')
				continue;
			dst[n++] = h->val.p[i] == '\n' ? ' ' : h->val.p[i];
		}
	}
	dst[n] = '\0';
}

/* Option tags with blanks between; what is no token is left out, and what does not fit. */
static void header_tags(char *dst, size_t size, const struct sip_msg *msg, enum sip_hdrid id)
{
	struct pl rest, tag;
	struct le *le;
	size_t n = 0;

	dst[0] = '\0';
	LIST_FOREACH(&msg->hdrl, le) {
		const struct sip_hdr *h = le->data;

		if (h->id != id)
			continue;
		rest = h->val;
		while (next_member(&tag, &rest)) {
			if (!field_is_token(&tag) || n + tag.l + 2 > size)
				continue;
			if (n)
				dst[n++] = ' ';
			memcpy(dst + n, tag.p, tag.l);
			n += tag.l;
			dst[n] = '\0';
		}
	}
}

/* --- contacts --------------------------------------------------------------------------------- */

/* "0.75" as thousandths; what is no qvalue counts as none: RFC 3261 section 20.10. */
static unsigned read_q(const struct pl *q)
{
	unsigned n = 0, weight = 100;
	size_t i = 1;

	if (!q->l || (q->p[0] != '0' && q->p[0] != '1'))
		return 1000;
	if (q->p[0] == '1' || q->l == 1)
		return q->p[0] == '1' ? 1000 : 0;
	if (q->p[i++] != '.')
		return 1000;
	for (; i < q->l && weight; i++, weight /= 10) {
		if (q->p[i] < '0' || q->p[i] > '9')
			return 1000;
		n += (unsigned)(q->p[i] - '0') * weight;
	}
	return n;
}

/* What a Request-URI must not carry goes: header fields and the parameter method (RFC 3261 section 19.1.5). False when
 * it does not fit, or cannot be written into a request. */
static bool request_uri(char *dst, size_t size, const struct pl *auri, bool sip)
{
	const char *p = auri->p, *end = p + auri->l, *at;
	size_t n = 0;

	at = sip ? memchr(p, '@', auri->l) : NULL;
	/* a user part may have both ? and ; */
	while (p < end) {
		const char *stop;

		if (sip && (!at || p > at) && *p == '?')
			break;
		if (sip && (!at || p > at) && *p == ';') {
			for (stop = p + 1; stop < end && *stop != ';' && *stop != '?'; stop++)
				;
			if (stop - p > 7 && !strncasecmp(p, ";method=", 8)) {
				p = stop;
				continue;
			}
		}
		else
			stop = p + 1;
		for (; p < stop; p++) {
			if ((unsigned char)*p <= ' ' || *p == 0x7f || strchr("<>\"", *p) || n + 1 >= size)
				return false;
			dst[n++] = *p;
		}
	}
	dst[n] = '\0';
	return n > 0;
}

/* By hand: libre would refuse the URIs of most other schemes. */
static bool read_contact(struct contact *c, const struct pl *value)
{
	const char *p = value->p, *end = p + value->l, *open = NULL, *close;
	struct pl name = {p, 0}, auri = *value, params, q;
	bool quoted = false, sip;
	struct uri uri;

	memset(c, 0, sizeof(*c));
	for (; p < end && !open; p++) {
		if (quoted && *p == '\\' && p + 1 < end)
			p++;
		else if (*p == '"')
			quoted = !quoted;
		else if (*p == '<' && !quoted)
			open = p;
	}
	if (open) {
		close = memchr(open, '>', (size_t)(end - open));
		if (!close)
			return false;
		name.l = (size_t)(open - name.p);
		auri.p = open + 1;
		auri.l = (size_t)(close - auri.p);
		params.p = close + 1;
	}
	else {
		params.p = memchr(auri.p, ';', auri.l);
		if (!params.p)
			params.p = end;
		auri.l = (size_t)(params.p - auri.p);
	}
	params.l = (size_t)(end - params.p);
	if (!memchr(auri.p, ':', auri.l))
		return false;
	sip = auri.l >= 5 && (!strncasecmp(auri.p, "sip:", 4) || !strncasecmp(auri.p, "sips:", 5));
	if ((sip && (uri_decode(&uri, &auri) || !uri.host.l)) || auri.p[auri.l - 1] == ':' ||
	    !request_uri(c->uri, sizeof(c->uri), &auri, sip))
		return false;
	field_display_name(c->name, sizeof(c->name), &name);
	c->q = field_param(&q, &params, "q") ? read_q(&q) : 1000;
	return true;
}

/* Those with the highest q, the first of equal ones first. */
static void read_contacts(struct response *r, const struct sip_msg *msg)
{
	unsigned looked_at = 0, i;
	struct contact c;
	struct pl rest, value;
	struct le *le;

	LIST_FOREACH(&msg->hdrl, le) {
		const struct sip_hdr *h = le->data;

		if (h->id != SIP_HDR_CONTACT)
			continue;
		rest = h->val;
		while (looked_at < CONTACTS_READ && next_member(&value, &rest)) {
			looked_at++;
			if (!read_contact(&c, &value))
				continue;
			for (i = 0; i < r->contacts && r->contact[i].q >= c.q; i++)
				;
			if (i == CONTACTS_MAX)
				continue;
			if (r->contacts < CONTACTS_MAX)
				r->contacts++;
			memmove(&r->contact[i + 1], &r->contact[i], (r->contacts - 1 - i) * sizeof(c));
			r->contact[i] = c;
		}
	}
}

/* --- responses -------------------------------------------------------------------------------- */

/* What is taken over as text. */
static const struct {
	enum sip_hdrid id;
	size_t offset;
} texts[] = {
	{SIP_HDR_WARNING, offsetof(struct response, warning)},
	{SIP_HDR_RETRY_AFTER, offsetof(struct response, retry_after)},
	{SIP_HDR_ERROR_INFO, offsetof(struct response, error_info)},
	{SIP_HDR_REASON, offsetof(struct response, reason_header)},
	{SIP_HDR_ALLOW, offsetof(struct response, allow)},
	{SIP_HDR_ACCEPT, offsetof(struct response, accept)},
	{SIP_HDR_ACCEPT_ENCODING, offsetof(struct response, accept_encoding)},
	{SIP_HDR_ACCEPT_LANGUAGE, offsetof(struct response, accept_language)},
};

void report_response(struct response *r, const struct sip_msg *msg, const struct flow_failure *failure,
		     const char *ruri, const char *hop)
{
	const struct sip_hdr *min_se;
	unsigned i;

	memset(r, 0, sizeof(*r));
	host_of(r->ruri_host, sizeof(r->ruri_host), ruri);
	host_of(r->hop_host, sizeof(r->hop_host), hop);
	if (!msg) {
		r->error = failure->error;
		text_copy(r->detail, sizeof(r->detail), failure->detail);
		return;
	}
	r->code = msg->scode;
	if (msg->reason.p)
		text_copyn(r->reason, sizeof(r->reason), msg->reason.p, msg->reason.l);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		report_text((char *)r + texts[i].offset, RESPONSE_TEXT, msg, texts[i].id);
	header_tags(r->unsupported, sizeof(r->unsupported), msg, SIP_HDR_UNSUPPORTED);
	header_tags(r->require, sizeof(r->require), msg, SIP_HDR_REQUIRE);
	min_se = sip_msg_hdr(msg, SIP_HDR_MIN_SE);
	if (min_se)
		r->min_se = field_number(&min_se->val, UINT32_MAX, 0);
	if (msg->scode >= 300)
		read_contacts(r, msg);
}

void report_local(struct response *r, enum local_error error, const char *detail)
{
	memset(r, 0, sizeof(*r));
	r->error = error;
	text_copy(r->detail, sizeof(r->detail), detail);
}

struct reason {
	unsigned code;
	char *text;
	size_t size;
};

static bool reason_h(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	struct reason *r = arg;
	struct pl params, value;
	const char *semicolon;

	(void)msg;
	semicolon = pl_strchr(&hdr->val, ';');
	if (hdr->val.l < 4 || strncasecmp(hdr->val.p, "SIP", 3) || !semicolon || !strchr("; \t", hdr->val.p[3]))
		return false;
	params.p = semicolon;
	params.l = (size_t)(hdr->val.p + hdr->val.l - semicolon);
	if (field_param(&value, &params, "cause"))
		r->code = field_number(&value, 999, 0);
	if (field_param(&value, &params, "text"))
		field_display_name(r->text, r->size, &value);
	return true;
}

void report_reason(unsigned *code, char *text, size_t size, const struct sip_msg *msg)
{
	struct reason r = {0, text, size};

	text[0] = '\0';
	sip_msg_hdr_apply(msg, true, SIP_HDR_REASON, reason_h, &r);
	*code = r.code;
}

bool report_sdp(const struct sip_msg *msg, const char **sdp, size_t *len, unsigned *refusal)
{
	const struct sip_hdr *encoding = sip_msg_hdr(msg, SIP_HDR_CONTENT_ENCODING);
	size_t left = mbuf_get_left(msg->mb);

	*refusal = 0;
	*len = left;
	if (pl_isset(&msg->clen))
		*len = field_number(&msg->clen, (uint32_t)left, 0);
	if (!*len)
		return false;
	if (!msg_ctype_cmp(&msg->ctyp, "application", "sdp") ||
	    (encoding && pl_strcasecmp(&encoding->val, "identity"))) {
		*refusal = 415;
		return false;
	}
	*sdp = (const char *)mbuf_buf(msg->mb);
	return true;
}

/* --- of requests -------------------------------------------------------------------------------- */

void report_asserted(char *from, size_t from_size, char *name, size_t name_size, const struct sip_msg *msg)
{
	const struct sip_hdr *h = sip_msg_hdr(msg, SIP_HDR_P_ASSERTED_IDENTITY);
	struct sip_addr a;

	if (!h || h->val.l > ASSERTED_MAX || sip_addr_decode(&a, &h->val) || !pl_isset(&a.auri))
		return;
	text_copyn(from, from_size, a.auri.p, a.auri.l);
	if (pl_isset(&a.dname))
		field_display_name(name, name_size, &a.dname);
}

bool report_replaces(struct report_replaces *r, const struct pl *value)
{
	const char *semicolon = pl_strchr(value, ';');
	struct pl params, none;

	if (!semicolon)
		return false;
	r->call_id.p = value->p;
	r->call_id.l = (size_t)(semicolon - value->p);
	while (r->call_id.l && strchr(" \t\r\n", r->call_id.p[r->call_id.l - 1]))
		r->call_id.l--;
	params.p = semicolon;
	params.l = (size_t)(value->p + value->l - semicolon);
	r->early_only = field_param(&none, &params, "early-only");
	return r->call_id.l && field_param(&r->ours, &params, "to-tag") && field_param(&r->theirs, &params, "from-tag") &&
	       r->ours.l && r->theirs.l;
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

bool report_summary(const char *body, size_t len, unsigned *fresh, unsigned *old)
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
