#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "sip/names.h"

#define SERVERS_MAX 8

struct answer {
	struct le le;
	char name[NAME_SIZE + 16];
	uint16_t type;
	uint64_t good, old;              /* until when; ms of libre's clock */
	struct list records;
};

static struct dnsc *client;
static struct sa server[SERVERS_MAX];
static uint32_t servers;
static struct list answers = LIST_INIT;  /* the one used last is the first */

/* --- what is known ------------------------------------------------------------------------ */

static void answer_free(void *arg)
{
	struct answer *a = arg;

	list_unlink(&a->le);
	list_flush(&a->records);
}

static struct answer *find(const char *name, uint16_t type)
{
	struct le *le;

	LIST_FOREACH(&answers, le) {
		struct answer *a = le->data;

		if (a->type == type && !strcasecmp(a->name, name))
			return a;
	}
	return NULL;
}

/* An empty answer that is good for TTL seconds, in the place of an earlier one. */
static struct answer *remember(const char *name, uint16_t type, int64_t ttl)
{
	struct answer *a = find(name, type);

	mem_deref(a);
	if (list_count(&answers) >= NAMES_MAX)
		mem_deref(list_ledata(list_tail(&answers)));
	a = mem_zalloc(sizeof(*a), answer_free);
	if (!a)
		return NULL;
	text_copy(a->name, sizeof(a->name), name);
	a->type = type;
	a->good = tmr_jiffies() + (uint64_t)ttl * 1000;
	a->old = a->good + NAME_OLD_MAX * (uint64_t)1000;
	list_prepend(&answers, &a->le, a);
	return a;
}

const struct list *names_known(const char *name, uint16_t type, bool stale)
{
	struct answer *a = find(name, type);
	uint64_t now = tmr_jiffies();

	if (!a)
		return NULL;
	if (now >= a->good) {
		if (now >= a->old) {
			mem_deref(a);
			return NULL;
		}
		if (!stale)
			return NULL;
		/* nobody waits for the silent servers again at once */
		a->good = now + NAME_TTL_STALE * 1000;
	}
	list_unlink(&a->le);
	list_prepend(&answers, &a->le, a);
	return &a->records;
}

void names_mute(const char *name, uint16_t type)
{
	remember(name, type, NAME_TTL_MUTE);
}

void names_flush(void)
{
	list_flush(&answers);
}

/* --- asking ---------------------------------------------------------------------------------- */

int names_open(void)
{
	char domain[64];
	int err;

	servers = SERVERS_MAX;
	err = dns_srv_get(domain, sizeof(domain), server, &servers);
	if (err || !servers) {
		servers = 0;
		return err ? err : ENOENT;
	}
	if (client)
		return dnsc_srv_set(client, server, servers);
	return dnsc_alloc(&client, NULL, server, servers);
}

void names_close(void)
{
	client = mem_deref(client);
	names_flush();
}

void names_drop(struct question *q)
{
	q->query = mem_deref(q->query);
}

static bool is_wanted(const struct dnsrr *rr, uint16_t type)
{
	return rr->type == type && rr->dnsclass == DNS_CLASS_IN;
}

/* How long the answer is good: no longer than the first of its records, aliases included. */
static int64_t ttl_of(const struct list *records, uint16_t type)
{
	int64_t ttl = NAME_TTL_MAX;
	bool some = false;
	struct le *le;

	LIST_FOREACH(records, le) {
		const struct dnsrr *rr = le->data;

		if (rr->ttl < ttl)
			ttl = rr->ttl;
		some |= is_wanted(rr, type);
	}
	if (!some)
		return NAME_TTL_NONE;
	return ttl < NAME_TTL_MIN ? NAME_TTL_MIN : ttl;
}

static void answer_h(int err, const struct dnshdr *hdr, struct list *ansl, struct list *authl, struct list *addl,
		     void *arg)
{
	struct question *q = arg;
	struct answer *a;
	struct le *le;
	unsigned n = 0;

	(void)authl;
	(void)addl;
	/* a failure of the server says nothing about the name */
	if (err || (hdr->rcode != DNS_RCODE_OK && hdr->rcode != DNS_RCODE_NAME_ERR)) {
		q->h(NULL, q->arg);
		return;
	}
	/* too long for a datagram, and nothing in what there was room for */
	if (hdr->tc && !q->by_tcp && !dns_rrlist_find(ansl, NULL, q->type, DNS_CLASS_IN, false)) {
		q->by_tcp = true;
		if (dnsc_query_srv(&q->query, client, q->name, q->type, DNS_CLASS_IN, IPPROTO_TCP, server, &servers, true,
				   answer_h, q))
			q->h(NULL, q->arg);
		return;
	}
	a = remember(q->name, q->type, ttl_of(ansl, q->type));
	if (!a) {
		q->h(NULL, q->arg);
		return;
	}
	LIST_FOREACH(ansl, le) {
		struct dnsrr *rr = le->data;

		if (is_wanted(rr, q->type) && n++ < NAME_RECORDS)
			list_append(&a->records, &rr->le, mem_ref(rr));
	}
	q->h(&a->records, q->arg);
}

int names_ask(struct question *q, const char *name, uint16_t type, names_h *h, void *arg)
{
	memset(q, 0, sizeof(*q));
	text_copy(q->name, sizeof(q->name), name);
	q->type = type;
	q->h = h;
	q->arg = arg;
	if (!client || !servers)
		return ENOENT;
	return dnsc_query(&q->query, client, name, type, DNS_CLASS_IN, true, answer_h, q);
}
