#include <string.h>

#include "base/loop.h"
#include "exchange/dialplan.h"
#include "exchange/digest.h"
#include "exchange/exchange.h"
#include "exchange/registrar.h"

struct binding {
	bool used;
	char uri[XMESSAGE_WORD + 1], call_id[XMESSAGE_WORD + 1];
	uint32_t cseq;
	uint64_t ends, renewed;     /* ms on the loop's clock */
	struct sockaddr_in source;  /* where the REGISTER came from */
};

static struct binding bindings[XREGISTRAR_CONTACTS];

/* One Contact of a REGISTER. */
struct wish {
	struct xtext uri;
	uint32_t expires;
};

static void refuse(struct xtransaction *t, unsigned status, const char *reason, const char *field)
{
	struct buf b = {0};
	char tag[XTAG_SIZE];

	exchange_random_word(tag);
	xmessage_answer(&b, xtransaction_request(t), xtransaction_source(t), status, reason, tag);
	if (field)
		buf_str(&b, field);
	xmessage_end(&b, NULL, NULL);
	xtransaction_answer(t, &b, status);
}

static void drop_expired(void)
{
	struct binding *b;

	for (b = bindings; b < bindings + XREGISTRAR_CONTACTS; b++)
		if (b->used && b->ends <= loop_now_ms())
			b->used = false;
}

static struct binding *find(struct xtext uri)
{
	struct binding *b;

	for (b = bindings; b < bindings + XREGISTRAR_CONTACTS; b++)
		if (b->used && xtext_same(uri, xtext_of(b->uri)))
			return b;
	return NULL;
}

static struct binding *find_free(void)
{
	struct binding *b;

	for (b = bindings; b < bindings + XREGISTRAR_CONTACTS; b++)
		if (!b->used)
			return b;
	return NULL;
}

/* The Contacts of M and the times that they ask for. Returns 0 or the status to refuse with. */
static unsigned read_wishes(const struct xmessage *m, struct wish *wish, size_t *count, bool *all)
{
	const struct xheader *h = xmessage_header(m, "Expires", 0);
	uint32_t general = XREGISTRAR_LONGEST;
	struct xtext rest, item, parameters, value;
	struct xuri u;
	size_t n;

	*count = 0;
	*all = false;
	/* §20.19: malformed is as good as 3600 */
	if (h && !xtext_number(h->value, &general))
		general = XREGISTRAR_LONGEST;
	for (n = 0; (h = xmessage_header(m, "Contact", n)) != NULL; n++) {
		for (rest = h->value; xtext_next(&rest, ',', &item);) {
			struct wish *w = &wish[*count];

			if (*all)
				return 400;
			if (xtext_is(item, "*")) {
				/* §10.2.2: stands alone, with an Expires of zero */
				if (*count || general || !xmessage_header(m, "Expires", 0))
					return 400;
				*all = true;
				continue;
			}
			if (*count == XREGISTRAR_CONTACTS)
				return 403;
			if (!xtext_address(item, &w->uri, &parameters) || !xuri_read(&u, w->uri) ||
			    w->uri.len > XMESSAGE_WORD)
				return 400;
			w->expires = general;
			if (xtext_parameter(parameters, "expires", &value) && !xtext_number(value, &w->expires))
				w->expires = XREGISTRAR_LONGEST;
			if (w->expires > XREGISTRAR_LONGEST)
				w->expires = XREGISTRAR_LONGEST;
			if (w->expires && w->expires < XREGISTRAR_SHORTEST)
				return 423;
			++*count;
		}
	}
	return 0;
}

/* §10.3 step 7: all of it or nothing, and nothing that is older than what we have. */
static unsigned check_wishes(const struct xmessage *m, const struct wish *wish, size_t count, bool all)
{
	struct binding *b;
	size_t i, room = 0;

	for (b = bindings; b < bindings + XREGISTRAR_CONTACTS; b++) {
		bool meant = all;

		for (i = 0; i < count; i++)
			meant = meant || xtext_same(wish[i].uri, xtext_of(b->uri));
		if (b->used && meant && xtext_same(m->call_id, xtext_of(b->call_id)) && m->cseq <= b->cseq)
			return 500;
		room += !b->used;
	}
	for (i = 0; i < count; i++) {
		if (!wish[i].expires || find(wish[i].uri))
			continue;
		if (!room--)
			return 403;
	}
	return 0;
}

static void apply(const struct xmessage *m, const struct wish *w, const struct sockaddr_in *source)
{
	struct binding *b = find(w->uri);

	if (!w->expires) {
		if (b)
			b->used = false;
		return;
	}
	if (!b)
		b = find_free();
	if (!b)
		return;
	b->used = true;
	text_copyn(b->uri, sizeof(b->uri), w->uri.p, w->uri.len);
	text_copyn(b->call_id, sizeof(b->call_id), m->call_id.p, m->call_id.len);
	b->cseq = m->cseq;
	b->renewed = loop_now_ms();
	b->ends = b->renewed + (uint64_t)w->expires * 1000;
	b->source = *source;
}

static void confirm(struct xtransaction *t)
{
	struct binding *each;
	struct buf b = {0};
	char tag[XTAG_SIZE];

	exchange_random_word(tag);
	xmessage_answer(&b, xtransaction_request(t), xtransaction_source(t), 200, "OK", tag);
	for (each = bindings; each < bindings + XREGISTRAR_CONTACTS; each++)
		if (each->used)
			buf_printf(&b, "Contact: <%s>;expires=%llu\r\n", each->uri,
			           (unsigned long long)(each->ends - loop_now_ms() + 999) / 1000);
	xmessage_end(&b, NULL, NULL);
	xtransaction_answer(t, &b, 200);
}

void xregistrar_register(struct xtransaction *t)
{
	const struct xmessage *m = xtransaction_request(t);
	enum xdigest found = xdigest_check(m, "Authorization");
	struct wish wish[XREGISTRAR_CONTACTS + 1];
	struct xtext uri, parameters;
	struct buf b = {0};
	struct xuri to;
	size_t count, i;
	unsigned status;
	bool all;

	if (found != XDIGEST_RIGHT) {
		xdigest_challenge(&b, "WWW-Authenticate", found == XDIGEST_STALE);
		refuse(t, 401, xdialplan_phrase(401), b.s);
		buf_free(&b);
		return;
	}
	if (!xtext_address(m->to, &uri, &parameters) || !xuri_read(&to, uri) || !xtext_is(to.user, EXCHANGE_USER)) {
		refuse(t, 404, xdialplan_phrase(404), NULL);
		return;
	}
	drop_expired();
	status = read_wishes(m, wish, &count, &all);
	if (!status)
		status = check_wishes(m, wish, count, all);
	if (status == 423)
		buf_printf(&b, "Min-Expires: %d\r\n", XREGISTRAR_SHORTEST);
	if (status) {
		refuse(t, status, xdialplan_phrase(status), b.s);
		buf_free(&b);
		return;
	}
	if (all)
		xregistrar_clear();
	for (i = 0; i < count; i++)
		apply(m, &wish[i], xtransaction_source(t));
	confirm(t);
}

bool xregistrar_contact(const char **uri, struct sockaddr_in *dst, const struct sockaddr_in *from)
{
	struct binding *b, *best = NULL;
	bool best_near = false;
	struct xuri u;

	drop_expired();
	for (b = bindings; b < bindings + XREGISTRAR_CONTACTS; b++) {
		bool near = b->source.sin_port == from->sin_port &&
		            b->source.sin_addr.s_addr == from->sin_addr.s_addr;

		if (!b->used || (best && best_near && !near))
			continue;
		if (!best || near != best_near || b->renewed >= best->renewed) {
			best = b;
			best_near = near;
		}
	}
	if (!best)
		return false;
	*uri = best->uri;
	/* a name cannot be resolved here; the REGISTER came from somewhere, though */
	if (!xuri_read(&u, xtext_of(best->uri)) || !xuri_socket(dst, &u))
		*dst = best->source;
	return true;
}

void xregistrar_clear(void)
{
	memset(bindings, 0, sizeof(bindings));
}
