#include <errno.h>
#include <string.h>

#include "base/text.h"
#include "sip/field.h"
#include "sip/hosts.h"
#include "sip/names.h"
#include "sip/resolve.h"

#define PREFIXES_MAX  4             /* names with SRV records that are asked for */
#define SERVICES_MAX  8             /* SRV records that are followed */
#define QUERIES_MAX   (1 + PREFIXES_MAX + 2 * SERVICES_MAX)

/* What is waited for in one step. Servers that answer do so in less than a second; there are routers, though,
 * that never answer what they do not know, such as NAPTR. */
#define STEP_MS   3000              /* for NAPTR or SRV records: then it is taken that there are none */
#define GRACE_MS  2000              /* for the other answers when one has brought something */
#define STALE_MS  1800              /* then an old answer does (RFC 8767 section 5) */

/* How a transport is called: in a NAPTR record, and before a name that has SRV records. UDP first where the
 * domain has no wish. */
static const struct {
	const char *naptr, *prefix;
	enum sip_transp tp;
} kinds[] = {
	{"SIP+D2U", "_sip._udp.", SIP_TRANSP_UDP},
	{"SIP+D2T", "_sip._tcp.", SIP_TRANSP_TCP},
};

struct service {
	char target[NAME_SIZE];
	uint16_t port;
	enum sip_transp tp;
	unsigned rank;                   /* place of its SRV question in the order of transports */
	uint16_t priority;
	uint16_t weight;
	struct sa address[HOPS_MAX];
	unsigned addresses;
};

/* A name with SRV records. */
struct prefix {
	char name[NAME_SIZE + 16];
	enum sip_transp tp;
	uint32_t order;                  /* what the domain prefers has the least */
};

struct query;
/* The records that came; none: there are none. */
typedef void take_h(struct query *q, const struct list *records);
struct resolve;
typedef void step_h(struct resolve *r);

struct query {
	struct resolve *r;
	struct question question;
	bool pending;
	take_h *take;
	unsigned index;                  /* which service's addresses, or the rank of an SRV question */
	enum sip_transp tp;              /* of an SRV question */
};

struct resolve {
	struct tmr tmr;                  /* tells the result, or that time is up */
	struct tmr step, stale;
	char name[NAME_SIZE];
	uint16_t port;                   /* 0: the URI has none */
	enum sip_transp tp;              /* NONE: neither URI nor caller ask for one */
	struct prefix prefix[PREFIXES_MAX];
	unsigned prefixes;
	struct service service[SERVICES_MAX];
	unsigned services;
	bool nowhere;                    /* an SRV record says that the service is not there */
	struct query query[QUERIES_MAX];
	unsigned queries, pending;
	unsigned first;                  /* query of the step that is on */
	step_h *next;                    /* the step after it; NULL: the result */
	bool useful;                     /* the step has brought something */
	bool opened, heard, old;         /* servers read; one has answered; old answers are used */
	enum local_error error;
	resolve_h *h;
	void *arg;
};

static void resolve_free(void *arg)
{
	struct resolve *r = arg;
	unsigned i;

	tmr_cancel(&r->tmr);
	tmr_cancel(&r->step);
	tmr_cancel(&r->stale);
	for (i = 0; i < r->queries; i++)
		names_drop(&r->query[i].question);
}

void resolve_close(void)
{
	names_close();
	hops_forget();
}

void resolve_flush(void)
{
	names_flush();
	hops_forget();
}

/* A whole kind of question may be dropped on the way by a server that answers others. */
static void note_mute(struct resolve *r)
{
	unsigned i;

	for (i = 0; i < r->queries; i++) {
		const struct query *q = &r->query[i];

		if (q->pending && q->question.type != DNS_TYPE_A)
			names_mute(q->question.name, q->question.type);
	}
}

/* Tells the result and forgets the lookup. */
static void done_h(void *arg)
{
	struct resolve *r = arg;
	struct hop hop[HOPS_MAX];
	unsigned hops = 0, i, k;

	for (i = 0; i < r->services; i++) {
		for (k = 0; k < r->service[i].addresses && hops < HOPS_MAX; k++) {
			hop[hops].address = r->service[i].address[k];
			hop[hops++].tp = r->service[i].tp;
		}
	}
	if (!hops && !r->error)
		r->error = LOCAL_DNS;
	if (hops && r->heard)
		note_mute(r);
	r->h(r->error, hop, hops, r->arg);
	mem_deref(r);
}

/* From the loop, so that the caller has its pointer before it hears. */
static void done_soon(struct resolve *r)
{
	tmr_cancel(&r->step);
	tmr_cancel(&r->stale);
	tmr_start(&r->tmr, 0, done_h, r);
}

static struct service *service_add(struct resolve *r, const char *target, uint16_t port, enum sip_transp tp)
{
	struct service *s;

	if (r->services == SERVICES_MAX)
		return NULL;
	s = &r->service[r->services++];
	memset(s, 0, sizeof(*s));
	text_copy(s->target, sizeof(s->target), target);
	s->tp = tp == SIP_TRANSP_NONE ? SIP_TRANSP_UDP : tp;
	s->port = port ? port : SIP_PORT;
	return s;
}

/* --- steps: some questions at once, and what to do with what came of them ------------------- */

/* A step is over: with all answers, or with those that have come in time. */
static void step_over(struct resolve *r)
{
	tmr_cancel(&r->step);
	tmr_cancel(&r->stale);
	r->pending = 0;
	r->first = r->queries;
	if (r->next)
		r->next(r);
	else
		done_soon(r);
}

static void step_time_h(void *arg)
{
	step_over(arg);
}

/* No more than MS from now on. */
static void step_limit(struct resolve *r, uint64_t ms)
{
	if (!tmr_isrunning(&r->step) || tmr_get_expire(&r->step) > ms)
		tmr_start(&r->step, ms, step_time_h, r);
}

static void take(struct query *q, const struct list *records)
{
	struct resolve *r = q->r;

	q->pending = false;
	r->pending--;
	if (!list_count(records))
		return;
	q->take(q, records);
	if (!r->useful)
		step_limit(r, GRACE_MS);
	r->useful = true;
}

static void answer_h(const struct list *records, void *arg)
{
	struct query *q = arg;
	struct resolve *r = q->r;

	r->heard |= records != NULL;
	if (q < &r->query[r->first]) {
		/* too late for this lookup: its step is over */
		q->pending = false;
		return;
	}
	if (!records)
		records = names_known(q->question.name, q->question.type, true);
	take(q, records);
	if (!r->pending)
		step_over(r);
}

/* The servers take long: what they said before is better than nothing. */
static void stale_h(void *arg)
{
	struct resolve *r = arg;
	unsigned i;

	for (i = r->first; i < r->queries; i++) {
		struct query *q = &r->query[i];
		const struct list *records = q->pending ? names_known(q->question.name, q->question.type, true) : NULL;

		if (!records)
			continue;
		names_drop(&q->question);
		r->old = true;
		take(q, records);
	}
	if (!r->pending)
		step_over(r);
}

static void step_begin(struct resolve *r, step_h *next)
{
	r->first = r->queries;
	r->pending = 0;
	r->next = next;
	r->useful = false;
}

static void ask(struct resolve *r, const char *name, uint16_t type, unsigned index, enum sip_transp tp, take_h *h)
{
	struct query *q;
	const struct list *records;

	if (r->queries == QUERIES_MAX)
		return;
	if (!r->opened) {
		/* anew for each lookup: a laptop changes networks */
		r->opened = true;
		names_open();
	}
	q = &r->query[r->queries++];
	q->r = r;
	q->take = h;
	q->index = index;
	q->tp = tp;
	records = names_known(name, type, r->old);
	if (!records) {
		q->pending = !names_ask(&q->question, name, type, answer_h, q);
		r->pending += q->pending;
		if (!q->pending)
			records = names_known(name, type, true);
	}
	if (list_count(records)) {
		r->useful = true;
		h(q, records);
	}
}

/* All questions of the step have been asked. */
static void step_wait(struct resolve *r)
{
	if (!r->pending) {
		step_over(r);
		return;
	}
	tmr_start(&r->stale, STALE_MS, stale_h, r);
	/* the last step has all the time that is left, unless an address is there */
	if (r->useful)
		step_limit(r, GRACE_MS);
	else if (r->next)
		step_limit(r, STEP_MS);
}

/* --- addresses -------------------------------------------------------------------------------- */

static void take_addresses(struct query *q, const struct list *records)
{
	struct service *s = &q->r->service[q->index];
	struct le *le;

	LIST_FOREACH(records, le) {
		const struct dnsrr *rr = le->data;

		if (s->addresses == HOPS_MAX)
			return;
		if (rr->type == DNS_TYPE_A)
			sa_set_in(&s->address[s->addresses++], rr->rdata.a.addr, s->port);
		else
			sa_set_in6(&s->address[s->addresses++], rr->rdata.aaaa.addr, s->port);
	}
}

/* All addresses of all services at once; the answers keep the services' order. */
static void ask_addresses(struct resolve *r)
{
	unsigned i;

	if (!r->services && !r->nowhere)
		service_add(r, r->name, r->port, r->tp);
	step_begin(r, NULL);
	for (i = 0; i < r->services; i++) {
		struct service *s = &r->service[i];

		s->addresses = hosts_addresses(s->target, s->port, s->address, HOPS_MAX);
		if (s->addresses)
			continue;
		ask(r, s->target, DNS_TYPE_A, i, s->tp, take_addresses);
		ask(r, s->target, DNS_TYPE_AAAA, i, s->tp, take_addresses);
	}
	step_wait(r);
}

/* --- services (RFC 2782) ------------------------------------------------------------------------ */

static void take_services(struct query *q, const struct list *records)
{
	struct resolve *r = q->r;
	struct le *le;

	LIST_FOREACH(records, le) {
		const struct dnsrr *rr = le->data;
		const char *target = rr->rdata.srv.target;
		struct service *s;

		if (!target || !target[0] || !strcmp(target, ".")) {
			r->nowhere = true;
			continue;
		}
		s = service_add(r, target, rr->rdata.srv.port, q->tp);
		if (!s)
			return;
		s->rank = q->index;
		s->priority = rr->rdata.srv.pri;
		s->weight = rr->rdata.srv.weight;
	}
}

/* By transport, then priority; within one, at random but scaled by the weight, which is near enough to the draw
 * of RFC 2782. */
static void sort_services(struct resolve *r)
{
	double key[SERVICES_MAX];
	unsigned i, k;

	for (i = 0; i < r->services; i++)
		key[i] = (rand_u16() + 1.0) * (r->service[i].weight + 0.01);
	for (i = 1; i < r->services; i++) {
		for (k = i; k > 0; k--) {
			struct service *a = &r->service[k - 1], *b = &r->service[k], s;
			double d;

			if (a->rank < b->rank || (a->rank == b->rank && (a->priority < b->priority ||
			    (a->priority == b->priority && key[k - 1] >= key[k]))))
				break;
			s = *a;
			*a = *b;
			*b = s;
			d = key[k - 1];
			key[k - 1] = key[k];
			key[k] = d;
		}
	}
}

static void services_known(struct resolve *r)
{
	sort_services(r);
	ask_addresses(r);
}

static void ask_services(struct resolve *r)
{
	bool wishes = r->prefixes > 0;
	unsigned i;

	for (i = 0; !wishes && i < ARRAY_SIZE(kinds); i++) {
		struct prefix *p = &r->prefix[r->prefixes];

		if (r->tp != SIP_TRANSP_NONE && r->tp != kinds[i].tp)
			continue;
		re_snprintf(p->name, sizeof(p->name), "%s%s", kinds[i].prefix, r->name);
		p->tp = kinds[i].tp;
		r->prefixes++;
	}
	step_begin(r, services_known);
	for (i = 0; i < r->prefixes; i++)
		ask(r, r->prefix[i].name, DNS_TYPE_SRV, i, r->prefix[i].tp, take_services);
	step_wait(r);
}

/* --- the domain's transports (RFC 3263 section 4.1) ------------------------------------------------ */

/* The kind that RR leads to by an SRV record, or -1. */
static int kind_of(const struct dnsrr *rr)
{
	const char *replace = rr->rdata.naptr.replace;
	int i;

	if (!replace || !replace[0] || !strcmp(replace, ".") || str_casecmp(rr->rdata.naptr.flags, "s"))
		return -1;
	for (i = 0; i < (int)ARRAY_SIZE(kinds); i++) {
		if (!str_casecmp(rr->rdata.naptr.services, kinds[i].naptr))
			return i;
	}
	return -1;
}

static void take_kinds(struct query *q, const struct list *records)
{
	struct resolve *r = q->r;
	struct le *le;

	LIST_FOREACH(records, le) {
		const struct dnsrr *rr = le->data;
		uint32_t order = (uint32_t)rr->rdata.naptr.order << 16 | rr->rdata.naptr.pref;
		int kind = kind_of(rr);
		unsigned i = r->prefixes;

		if (kind < 0)
			continue;
		/* in its place among those before; the last ones fall off */
		for (; i > 0 && r->prefix[i - 1].order > order; i--) {
			if (i < PREFIXES_MAX)
				r->prefix[i] = r->prefix[i - 1];
		}
		if (i == PREFIXES_MAX)
			continue;
		text_copy(r->prefix[i].name, sizeof(r->prefix[i].name), rr->rdata.naptr.replace);
		r->prefix[i].tp = kinds[kind].tp;
		r->prefix[i].order = order;
		if (r->prefixes < PREFIXES_MAX)
			r->prefixes++;
	}
}

static void ask_kinds(struct resolve *r)
{
	step_begin(r, ask_services);
	ask(r, r->name, DNS_TYPE_NAPTR, 0, SIP_TRANSP_NONE, take_kinds);
	step_wait(r);
}

/* --- the entry ------------------------------------------------------------------------------- */

/* Reads host, port and transport out of URI. */
static enum local_error read_uri(struct resolve *r, const char *text, enum transport transport)
{
	static const enum sip_transp wanted[] = {
		[TRANSPORT_ANY] = SIP_TRANSP_NONE, [TRANSPORT_UDP] = SIP_TRANSP_UDP, [TRANSPORT_TCP] = SIP_TRANSP_TCP,
	};
	struct uri uri;
	struct pl pl, value;

	pl_set_str(&pl, text);
	if (uri_decode(&uri, &pl))
		return LOCAL_TRANSPORT;
	if (!pl_strcasecmp(&uri.scheme, "sips"))
		return LOCAL_TLS;
	if (pl_strcasecmp(&uri.scheme, "sip"))
		return LOCAL_TRANSPORT;
	r->tp = wanted[transport];
	if (field_param(&value, &uri.params, "transport")) {
		if (!pl_strcasecmp(&value, "udp"))
			r->tp = SIP_TRANSP_UDP;
		else if (!pl_strcasecmp(&value, "tcp"))
			r->tp = SIP_TRANSP_TCP;
		else
			return !pl_strcasecmp(&value, "tls") ? LOCAL_TLS : LOCAL_TRANSPORT;
	}
	if (!field_param(&value, &uri.params, "maddr") || !value.l)
		value = uri.host;
	if (!value.l || pl_strcpy(&value, r->name, sizeof(r->name)))
		return LOCAL_DNS;
	/* a final dot is DNS's way to say that nothing is missing */
	if (r->name[strlen(r->name) - 1] == '.')
		r->name[strlen(r->name) - 1] = '\0';
	r->port = uri.port;
	return r->name[0] ? LOCAL_NONE : LOCAL_DNS;
}

int resolve_start(struct resolve **rp, const char *uri, enum transport transport, resolve_h *h, void *arg)
{
	struct resolve *r = mem_zalloc(sizeof(*r), resolve_free);
	struct service *s;

	if (!r)
		return ENOMEM;
	tmr_init(&r->tmr);
	tmr_init(&r->step);
	tmr_init(&r->stale);
	r->h = h;
	r->arg = arg;
	r->error = read_uri(r, uri, transport);
	*rp = r;
	if (r->error) {
		done_soon(r);
		return 0;
	}
	s = service_add(r, r->name, r->port, r->tp);
	s->addresses = hosts_addresses(r->name, s->port, s->address, HOPS_MAX);
	if (s->addresses) {
		done_soon(r);
		return 0;
	}
	r->services = 0;
	tmr_start(&r->tmr, RESOLVE_TIME_MS, done_h, r);
	if (r->port)
		ask_addresses(r);
	else if (r->tp != SIP_TRANSP_NONE)
		ask_services(r);
	else
		ask_kinds(r);
	return 0;
}
