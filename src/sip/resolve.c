#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/field.h"
#include "sip/resolve.h"

#define NAME_SIZE     256
#define HOSTS_SIZE    (256 * 1024)  /* of the hosts file that is looked at */
#define SERVICES_MAX  8             /* SRV records that are followed */
#define QUERIES_MAX   (2 * SERVICES_MAX + 2)
#define SERVERS_MAX   8

struct service {
	char target[NAME_SIZE];
	uint16_t port;
	enum sip_transp tp;
	uint16_t priority;
	uint16_t weight;
	struct sa address[HOPS_MAX];
	unsigned addresses;
};

struct query {
	struct resolve *r;
	struct dns_query *q;
	unsigned service;                /* whose addresses are asked for */
	enum sip_transp tp;              /* of an SRV question */
};

struct resolve {
	struct tmr tmr;                  /* tells the result, or that time is up */
	char name[NAME_SIZE];
	uint16_t port;                   /* 0: the URI has none */
	enum sip_transp tp;              /* NONE: neither URI nor caller ask for one */
	struct service service[SERVICES_MAX];
	unsigned services;
	struct query query[QUERIES_MAX];
	unsigned queries, pending;
	enum local_error error;
	resolve_h *h;
	void *arg;
};

static struct dnsc *client;

static void resolve_free(void *arg)
{
	struct resolve *r = arg;
	unsigned i;

	tmr_cancel(&r->tmr);
	for (i = 0; i < r->queries; i++)
		mem_deref(r->query[i].q);
}

void resolve_close(void)
{
	client = mem_deref(client);
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
	r->h(r->error, hop, hops, r->arg);
	mem_deref(r);
}

/* From the loop, so that the caller has its pointer before it hears. */
static void done_soon(struct resolve *r)
{
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

/* --- the hosts file --------------------------------------------------------------------- */

unsigned resolve_hosts(const char *text, const char *name, uint16_t port, struct sa *address, unsigned max)
{
	static const char blanks[] = " \t\r\v\f";
	unsigned n = 0;
	const char *line, *next;

	for (line = text; *line && n < max; line = next) {
		size_t len = strcspn(line, "\n"), stop, word;
		char number[64];
		const char *p = line;

		next = line + len + (line[len] == '\n');
		stop = strcspn(line, "#\n");
		p += strspn(p, blanks);
		word = strcspn(p, " \t\r\v\f#\n");
		if (!word || !text_copyn(number, sizeof(number), p, word))
			continue;
		for (p += word; p < line + stop; p += word) {
			p += strspn(p, blanks);
			word = strcspn(p, " \t\r\v\f#\n");
			if (!word)
				break;
			if (strlen(name) == word && !strncasecmp(p, name, word)) {
				if (!sa_set_str(&address[n], number, port))
					n++;
				break;
			}
		}
	}
	return n;
}

/* A small local file: read at once, but no more of it than is bounded here. */
static char *read_hosts(void)
{
	int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = malloc(HOSTS_SIZE);
	while (text && len + 1 < HOSTS_SIZE && (n = read(fd, text + len, HOSTS_SIZE - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (text)
		text[len] = '\0';
	return text;
}

/* Addresses that need no name server. */
static unsigned local_addresses(const char *name, uint16_t port, struct sa *address, unsigned max)
{
	unsigned n = 0;
	char *text;

	if (!sa_set_str(&address[0], name, port))
		return 1;
	text = read_hosts();
	if (text)
		n = resolve_hosts(text, name, port, address, max);
	free(text);
	if (!n && !strcasecmp(name, "localhost")) {
		sa_set_str(&address[n++], "127.0.0.1", port);
		if (max > 1)
			sa_set_str(&address[n++], "::1", port);
	}
	return n;
}

/* --- name servers --------------------------------------------------------------------------- */

static int client_open(void)
{
	struct sa server[SERVERS_MAX];
	uint32_t n = SERVERS_MAX;
	char domain[64];
	int err;

	/* asked anew each time: a laptop changes networks */
	err = dns_srv_get(domain, sizeof(domain), server, &n);
	if (err || !n)
		return err ? err : ENOENT;
	if (client)
		return dnsc_srv_set(client, server, n);
	return dnsc_alloc(&client, NULL, server, n);
}

static void ask_addresses(struct resolve *r);

static bool address_h(struct dnsrr *rr, void *arg)
{
	struct service *s = arg;

	if (s->addresses == HOPS_MAX)
		return true;
	if (rr->type == DNS_TYPE_A)
		sa_set_in(&s->address[s->addresses++], rr->rdata.a.addr, s->port);
	else if (rr->type == DNS_TYPE_AAAA)
		sa_set_in6(&s->address[s->addresses++], rr->rdata.aaaa.addr, s->port);
	return false;
}

static void addresses_h(int err, const struct dnshdr *hdr, struct list *ansl, struct list *authl,
			struct list *addl, void *arg)
{
	struct query *q = arg;
	struct resolve *r = q->r;

	(void)hdr;
	(void)authl;
	(void)addl;
	if (!err)
		dns_rrlist_apply2(ansl, NULL, DNS_TYPE_A, DNS_TYPE_AAAA, DNS_CLASS_IN, false, address_h,
				  &r->service[q->service]);
	if (--r->pending == 0)
		done_soon(r);
}

static bool srv_h(struct dnsrr *rr, void *arg)
{
	struct query *q = arg;
	struct service *s;

	/* "." : decidedly not here (RFC 2782) */
	if (!rr->rdata.srv.target || !rr->rdata.srv.target[0] || !strcmp(rr->rdata.srv.target, "."))
		return false;
	s = service_add(q->r, rr->rdata.srv.target, rr->rdata.srv.port, q->tp);
	if (!s)
		return true;
	s->priority = rr->rdata.srv.pri;
	s->weight = rr->rdata.srv.weight;
	return false;
}

/* By priority; within one, at random but scaled by the weight, which is near enough to the draw of RFC
 * 2782. */
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

			/* UDP stays before TCP: the transports were asked for in that order */
			if (a->tp < b->tp || (a->tp == b->tp && (a->priority < b->priority ||
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

static void services_h(int err, const struct dnshdr *hdr, struct list *ansl, struct list *authl,
		       struct list *addl, void *arg)
{
	struct query *q = arg;
	struct resolve *r = q->r;

	(void)hdr;
	(void)authl;
	(void)addl;
	if (!err)
		dns_rrlist_apply(ansl, NULL, DNS_TYPE_SRV, DNS_CLASS_IN, false, srv_h, q);
	if (--r->pending == 0) {
		sort_services(r);
		ask_addresses(r);
	}
}

static int ask(struct resolve *r, const char *name, uint16_t type, unsigned service, enum sip_transp tp,
	       dns_query_h *h)
{
	struct query *q;
	int err;

	if (r->queries == QUERIES_MAX)
		return ENOSPC;
	q = &r->query[r->queries];
	q->r = r;
	q->service = service;
	q->tp = tp;
	err = dnsc_query(&q->q, client, name, type, DNS_CLASS_IN, true, h, q);
	if (!err) {
		r->queries++;
		r->pending++;
	}
	return err;
}

/* All addresses of all services at once; the answers keep the services' order. */
static void ask_addresses(struct resolve *r)
{
	unsigned i;

	if (!r->services)
		service_add(r, r->name, r->port, r->tp);
	for (i = 0; i < r->services; i++) {
		struct service *s = &r->service[i];

		s->addresses = local_addresses(s->target, s->port, s->address, HOPS_MAX);
		if (s->addresses)
			continue;
		ask(r, s->target, DNS_TYPE_A, i, s->tp, addresses_h);
		ask(r, s->target, DNS_TYPE_AAAA, i, s->tp, addresses_h);
	}
	if (!r->pending)
		done_soon(r);
}

static void ask_services(struct resolve *r)
{
	static const struct {
		const char *prefix;
		enum sip_transp tp;
	} kind[] = {
		{"_sip._udp.", SIP_TRANSP_UDP},
		{"_sip._tcp.", SIP_TRANSP_TCP},
	};
	char name[NAME_SIZE + 16];
	unsigned i;

	for (i = 0; i < sizeof(kind) / sizeof(kind[0]); i++) {
		if (r->tp != SIP_TRANSP_NONE && r->tp != kind[i].tp)
			continue;
		snprintf(name, sizeof(name), "%s%s", kind[i].prefix, r->name);
		ask(r, name, DNS_TYPE_SRV, 0, kind[i].tp, services_h);
	}
	if (!r->pending)
		ask_addresses(r);
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
	r->h = h;
	r->arg = arg;
	r->error = read_uri(r, uri, transport);
	*rp = r;
	if (r->error) {
		done_soon(r);
		return 0;
	}
	s = service_add(r, r->name, r->port, r->tp);
	s->addresses = local_addresses(r->name, s->port, s->address, HOPS_MAX);
	if (s->addresses) {
		done_soon(r);
		return 0;
	}
	r->services = 0;
	if (client_open()) {
		r->error = LOCAL_DNS;
		done_soon(r);
		return 0;
	}
	tmr_start(&r->tmr, RESOLVE_TIME_MS, done_h, r);
	if (r->port)
		ask_addresses(r);
	else
		ask_services(r);
	return 0;
}
