#include <errno.h>
#include <string.h>

#include "sip/guard_mend.h"

#define NOBODY  "<sip:nobody@invalid>"
#define VERSION_2 "SIP/2.0"

static struct pl part(const struct mbuf *mb, const struct guard_part *p)
{
	struct pl pl = {(const char *)mbuf_buf(mb) + p->at, p->len};

	return pl;
}

/* TEXT in the place of REMOVED bytes, AT bytes after where MB stands. */
static int splice(struct mbuf *mb, size_t at, size_t removed, const char *text, size_t len)
{
	size_t after = mb->pos + at + removed;
	int err = 0;

	if (len > removed && mb->end + len - removed > mb->size)
		err = mbuf_resize(mb, mb->end + len - removed);
	if (err)
		return err;
	memmove(mb->buf + after - removed + len, mb->buf + after, mb->end - after);
	memcpy(mb->buf + mb->pos + at, text, len);
	mb->end = mb->end - removed + len;
	return 0;
}

/* The same for all requests of a transaction, as RFC 2543 tells them (RFC 3261 section 17.2.3). */
static uint32_t hash_of(const struct mbuf *mb, const struct guard_look *look)
{
	struct pl via = part(mb, &look->via), id = part(mb, &look->call_id), cseq = part(mb, &look->cseq);
	size_t digits;

	for (digits = 0; digits < cseq.l && cseq.p[digits] >= '0' && cseq.p[digits] <= '9'; digits++)
		;
	return hash_joaat((const uint8_t *)via.p, via.l) ^ hash_joaat((const uint8_t *)id.p, id.l) ^
	       hash_joaat((const uint8_t *)cseq.p, digits);
}

/* The first value of the top Via. */
static struct pl first_via(const struct mbuf *mb, const struct guard_look *look)
{
	struct pl via = part(mb, &look->via);
	bool quoted = false;
	size_t i;

	for (i = 0; i < via.l && (quoted || via.p[i] != ','); i++) {
		if (via.p[i] == '"')
			quoted = !quoted;
	}
	via.l = i;
	return via;
}

/* --- what can be put right where it stands ------------------------------------------------------- */

bool guard_lacks_branch(const struct mbuf *mb, const struct guard_look *look)
{
	struct pl via = first_via(mb, look), branch;

	return look->request && via.l && msg_param_decode(&via, "branch", &branch);
}

static bool is_other_version(const struct mbuf *mb, const struct guard_look *look)
{
	struct pl version = part(mb, &look->version);

	return look->request && (version.l != strlen(VERSION_2) || pl_strcmp(&version, VERSION_2));
}

bool guard_needs_mending(const struct mbuf *mb, const struct guard_look *look)
{
	return look->aliases || look->short_status || guard_lacks_branch(mb, look) || is_other_version(mb, look);
}

int guard_mend(struct mbuf *mb, const struct guard_look *look)
{
	char *text = (char *)mbuf_buf(mb), branch[32];
	struct pl via;
	unsigned i;
	int err = 0, n;

	/* changes of length last, and from the back to the front */
	for (i = 0; i < look->aliases; i++)
		memcpy(text + look->alias[i].at, "X-", 2);
	if (guard_lacks_branch(mb, look)) {
		via = first_via(mb, look);
		n = re_snprintf(branch, sizeof(branch), ";branch=z9hG4bK-%08x", hash_of(mb, look));
		err = n < 0 ? ENOMEM : splice(mb, look->via.at + via.l, 0, branch, (size_t)n);
	}
	if (!err && is_other_version(mb, look))
		err = splice(mb, look->version.at, look->version.len, VERSION_2, strlen(VERSION_2));
	if (!err && look->short_status)
		err = splice(mb, look->start + strlen(VERSION_2 " 486"), 0, " ", 1);
	return err;
}

/* --- a substitute for what cannot be read -------------------------------------------------------- */

/* The top Via: as it came when libre can read it or its version was all that was wrong, else with its host and a
 * branch. An answer goes to where the request came from, and that is known by either. */
static int print_via(struct mbuf *out, const struct mbuf *mb, const struct guard_look *look)
{
	struct pl value = first_via(mb, look), protocol, host, params;
	char *own = NULL;
	struct sip_via via;
	struct pl pl;
	int err;

	if (!sip_via_decode(&via, &value))
		return mbuf_printf(out, "Via: %r\r\n", &value);
	if (re_regex(value.p, value.l, "/[A-Z]+[ \t\r\n]+[^; \t\r\n]+[^]*", &protocol, NULL, &host, &params))
		return EBADMSG;
	err = re_sdprintf(&own, VERSION_2 "/%r %r%r", &protocol, &host, &params);
	if (err)
		return err;
	pl_set_str(&pl, own);
	if (sip_via_decode(&via, &pl))
		err = mbuf_printf(out, "Via: " VERSION_2 "/%r %r;branch=z9hG4bK-%08x;rport\r\n", &protocol, &host,
				  hash_of(mb, look));
	else
		err = mbuf_printf(out, "Via: %r\r\n", &pl);
	mem_deref(own);
	return err;
}

static int print_address(struct mbuf *out, const char *name, const struct pl *value)
{
	struct sip_addr addr;

	if (value->l && !sip_addr_decode(&addr, value))
		return mbuf_printf(out, "%s: %r\r\n", name, value);
	return mbuf_printf(out, "%s: " NOBODY "\r\n", name);
}

/* A request that can be answered as the one in MB would have to be. */
static int print_substitute(struct mbuf *out, const struct mbuf *mb, const struct guard_look *look)
{
	struct pl method = part(mb, &look->method), id = part(mb, &look->call_id), cseq = part(mb, &look->cseq),
		  from = part(mb, &look->from), to = part(mb, &look->to);
	struct sip_cseq decoded;
	int err;

	err = mbuf_printf(out, "%r sip:nobody@invalid " VERSION_2 "\r\n", &method);
	if (!err)
		err = print_via(out, mb, look);
	if (!err)
		err = print_address(out, "From", &from);
	if (!err)
		err = print_address(out, "To", &to);
	if (!err && pl_isset(&id))
		err = mbuf_printf(out, "Call-ID: %r\r\n", &id);
	else if (!err)
		err = mbuf_printf(out, "Call-ID: none\r\n");
	if (!err && pl_isset(&cseq) && cseq.l <= GUARD_TANGLED_MAX && !sip_cseq_decode(&decoded, &cseq))
		err = mbuf_printf(out, "CSeq: %r\r\n", &cseq);
	else if (!err)
		err = mbuf_printf(out, "CSeq: 0 %r\r\n", &method);
	if (!err)
		err = mbuf_printf(out, "Content-Length: %zu\r\n\r\n", look->bad_length ? 0 : look->content_length);
	return err;
}

int guard_substitute(struct mbuf *mb, const struct guard_look *look)
{
	struct mbuf *out = mbuf_alloc(512);
	int err;

	if (!out)
		return ENOMEM;
	err = print_substitute(out, mb, look);
	if (!err)
		err = splice(mb, look->start, look->body - look->start, (char *)out->buf, out->end);
	mem_deref(out);
	return err;
}
