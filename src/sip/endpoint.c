#include <errno.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "sip/connections.h"
#include "sip/endpoint.h"
#include "sip/guard.h"
#include "sip/interfaces.h"
#include "sip/trace.h"

#define GONE_KEPT_MS 120000 /* longer than any transaction lasts, and any call without a way */
#define PORT_TRIES  100  /* ports after a taken one, or draws of a free one */
#define TABLE_SIZE  64   /* buckets of libre's transaction and connection tables */

static struct endpoint endpoint[ENDPOINTS_MAX];  /* .sip NULL: a free place */
static const uint8_t *last_packet;
static size_t last_len;

/* What was asked for, and what the last look found. */
static struct {
	bool any;                        /* "*" */
	struct sa address;               /* else */
	uint16_t port;                   /* the same for all; 0: not drawn yet */
	const char *software;
	sip_msg_h *request_h, *response_h;
	struct sa seen[INTERFACES_MAX + 2]; /* the usable addresses, and which of them the default routes use */
	unsigned seen_count;
	bool outside;                    /* one of them leads out of this machine */
} own;

struct endpoint *endpoint_at(unsigned i)
{
	unsigned k, pass;

	for (pass = 0; pass < 2; pass++) {
		for (k = 0; k < ENDPOINTS_MAX; k++) {
			struct endpoint *e = &endpoint[k];

			if (e->sip && e->present && sa_is_loopback(&e->address) == (pass == 1) && !i--)
				return e;
		}
	}
	return NULL;
}

static void trace_h(bool tx, enum sip_transp tp, const struct sa *src, const struct sa *dst,
		    const uint8_t *pkt, size_t len, void *arg)
{
	(void)arg;
	/* what is read as something else is shown as it came */
	if (!tx && guard_original(&pkt, &len))
		log_debug("a message was put right before it was read");
	if (tx || !guard_is_knock(pkt, len))
		trace_packet(tx, tp, src, dst, pkt, len);
	if (!tx) {
		if (tp == SIP_TRANSP_UDP)
			guard_datagram();
		else
			connections_heard(src);
		last_packet = pkt;
		last_len = len;
	}
}

void endpoint_last_received(const uint8_t **packet, size_t *len)
{
	*packet = last_packet;
	*len = last_len;
}

static int read_listen(const char *listen, uint16_t *port)
{
	const char *colon = strrchr(listen, ':');
	struct sa sa;
	char *end;
	long n;

	if (!colon || !colon[1])
		return EINVAL;
	n = strtol(colon + 1, &end, 10);
	if (*end || n < 0 || n > 65535)
		return EINVAL;
	*port = (uint16_t)n;
	own.any = colon - listen == 1 && listen[0] == '*';
	if (own.any)
		return 0;
	if (sa_decode(&sa, listen, strlen(listen)) && n)
		return EINVAL;
	if (!n) {
		/* libre does not read port 0 */
		struct pl host = {listen, (size_t)(colon - listen)};

		if (host.l > 2 && host.p[0] == '[' && host.p[host.l - 1] == ']') {
			host.p++;
			host.l -= 2;
		}
		if (sa_set(&sa, &host, 0))
			return EINVAL;
	}
	own.address = sa;
	return 0;
}

static void shut(struct endpoint *e)
{
	e->requests = mem_deref(e->requests);
	e->responses = mem_deref(e->responses);
	if (e->sip)
		sip_close(e->sip, true);
	e->sip = mem_deref(e->sip);
}

void endpoints_close(void)
{
	unsigned i;

	for (i = 0; i < ENDPOINTS_MAX; i++)
		shut(&endpoint[i]);
}

/* A free place, or that of an address which has been gone for so long that nothing is under way from it. */
static struct endpoint *find_place(void)
{
	struct endpoint *oldest = NULL;
	unsigned i;

	for (i = 0; i < ENDPOINTS_MAX; i++) {
		struct endpoint *e = &endpoint[i];

		if (!e->sip)
			return e;
		if (!e->present && tmr_jiffies() - e->gone_ms >= GONE_KEPT_MS && (!oldest || e->gone_ms < oldest->gone_ms))
			oldest = e;
	}
	if (oldest)
		shut(oldest);
	return oldest;
}

static int add_transports(struct endpoint *e, const struct sa *address)
{
	int err = sip_transp_add(e->sip, SIP_TRANSP_UDP, address);

	if (!err)
		err = sip_transp_laddr(e->sip, &e->address, SIP_TRANSP_UDP, address);
	if (!err)
		err = sip_transp_add(e->sip, SIP_TRANSP_TCP, &e->address);
	return err;
}

static int open_one(const struct sa *address)
{
	struct endpoint *e = find_place();
	int err;

	if (!e)
		return ENOSPC;
	memset(e, 0, sizeof(*e));
	err = sip_alloc(&e->sip, NULL, TABLE_SIZE, TABLE_SIZE, TABLE_SIZE, own.software, NULL, e);
	if (err)
		return err;
	sip_set_trace_handler(e->sip, trace_h);
	err = add_transports(e, address);
	if (!err)
		err = sip_listen(&e->requests, e->sip, true, own.request_h, e);
	if (!err)
		err = sip_listen(&e->responses, e->sip, false, own.response_h, e);
	if (err) {
		shut(e);
		return err;
	}
	e->present = true;
	if (!own.port)
		own.port = sa_port(&e->address);
	guard_knock(&e->address);
	return 0;
}

static struct endpoint *find_address(const struct sa *address)
{
	unsigned i;

	for (i = 0; i < ENDPOINTS_MAX; i++) {
		if (endpoint[i].sip && sa_cmp(&endpoint[i].address, address, SA_ADDR))
			return &endpoint[i];
	}
	return NULL;
}

/* The addresses that are asked for among those that the machine has. */
static unsigned read_addresses(struct interface_address *list)
{
	unsigned i, n = interfaces_read(list, INTERFACES_MAX);

	if (own.any)
		return n;
	for (i = 0; i < n; i++) {
		if (sa_cmp(&list[i].address, &own.address, SA_ADDR)) {
			list[0] = list[i];
			return 1;
		}
	}
	/* one that no interface names may be there all the same: 127.0.0.2, 0.0.0.0 */
	list[0].address = own.address;
	list[0].usable = sa_is_loopback(&own.address) || sa_is_any(&own.address) || sa_is_linklocal(&own.address);
	return list[0].usable ? 1 : 0;
}

/* Remembers what can be reached, and from where. Is it other than before? */
static bool look(const struct interface_address *list, unsigned n)
{
	static const char *const world[] = {"192.0.2.1", "2001:db8::1"};
	struct sa seen[ARRAY_SIZE(own.seen)], dst;
	const struct endpoint *e;
	unsigned i, count = 0;
	bool same;

	memset(seen, 0, sizeof(seen));
	own.outside = false;
	for (i = 0; i < n; i++) {
		e = find_address(&list[i].address);
		/* one that is not ours, or not ours yet: IPv6 looks for a while whether others have it */
		if (!list[i].usable || !e || !e->present)
			continue;
		seen[count++] = list[i].address;
		own.outside = own.outside || !own.any || !sa_is_loopback(&list[i].address);
	}
	/* by which of several interfaces the world is reached shows in where a packet to it would be sent from */
	for (i = 0; own.any && i < ARRAY_SIZE(world); i++) {
		if (!sa_set_str(&dst, world[i], SIP_PORT) && !interfaces_source(&seen[count], &dst))
			count++;
	}
	same = count == own.seen_count;
	for (i = 0; same && i < count; i++)
		same = sa_cmp(&seen[i], &own.seen[i], SA_ADDR);
	memcpy(own.seen, seen, sizeof(seen));
	own.seen_count = count;
	return !same;
}

/* Opens what is new among LIST, with the port that the others have or PORT. An address that has just gone, is not
 * ready yet, or is one too many, is left out; another error ends it when STRICT, with *FAILED. */
static int open_new(const struct interface_address *list, unsigned n, uint16_t port, bool strict, struct sa *failed)
{
	char shown[64];
	unsigned i;
	int err;

	for (i = 0; i < n; i++) {
		struct endpoint *e = find_address(&list[i].address);

		if (!e) {
			struct sa address = list[i].address;

			sa_set_port(&address, own.port ? own.port : port);
			err = open_one(&address);
			if (err && strict && (!own.any || (err != EADDRNOTAVAIL && err != ENOSPC))) {
				*failed = address;
				return err;
			}
			if (err) {
				re_snprintf(shown, sizeof(shown), "%j", &address);
				log_info("not listening on %s: %s", shown, strerror(err));
				continue;
			}
			e = find_address(&address);
		}
		e->present = true;
		e->usable = list[i].usable;
	}
	return 0;
}

enum endpoints_change endpoints_refresh(void)
{
	struct interface_address list[INTERFACES_MAX];
	bool outside = own.outside, changed;
	unsigned i, k, n = read_addresses(list);

	for (i = 0; i < ENDPOINTS_MAX; i++) {
		struct endpoint *e = &endpoint[i];

		if (!e->sip || !e->present)
			continue;
		for (k = 0; k < n && !sa_cmp(&e->address, &list[k].address, SA_ADDR); k++)
			;
		if (k < n)
			continue;
		e->present = e->usable = false;
		e->gone_ms = tmr_jiffies();
	}
	open_new(list, n, own.port, false, NULL);
	changed = look(list, n);
	if (own.outside != outside)
		return own.outside ? ENDPOINTS_BACK : ENDPOINTS_LOST;
	return changed ? ENDPOINTS_CHANGED : ENDPOINTS_SAME;
}

bool endpoints_outside(void)
{
	return own.outside;
}

/* libre shows its connections to nobody, and this program has no other ones of TCP: they are told by what the
 * system says of its descriptors. What is shut down here libre finds closed by the peer. */
void endpoints_hang_up(void)
{
	struct rlimit limit;
	int fd, last = 1024;

	if (!getrlimit(RLIMIT_NOFILE, &limit) && limit.rlim_cur < (rlim_t)last)
		last = (int)limit.rlim_cur;
	for (fd = 0; fd < last; fd++) {
		int listens = 0, protocol = 0;
		socklen_t len = sizeof(int);

		if (getsockopt(fd, SOL_SOCKET, SO_PROTOCOL, &protocol, &len) || protocol != IPPROTO_TCP)
			continue;
		len = sizeof(int);
		/* a listening one would be deaf after that */
		if (!getsockopt(fd, SOL_SOCKET, SO_ACCEPTCONN, &listens, &len) && !listens)
			shutdown(fd, SHUT_RDWR);
	}
}

/* All addresses with one port. */
static int open_all(uint16_t port, struct sa *failed)
{
	struct interface_address list[INTERFACES_MAX];
	unsigned n = read_addresses(list);
	int err;

	own.port = 0;
	/* whether there is a named one its socket must say */
	if (!own.any && !n) {
		list[0].address = own.address;
		list[0].usable = false;
		n = 1;
	}
	err = open_new(list, n, port, true, failed);
	if (err) {
		endpoints_close();
		return err;
	}
	look(list, n);
	if (!own.port)
		own.port = port;
	return 0;
}

int endpoints_open(const char *listen, bool named, const char *software, sip_msg_h *request_h,
		   sip_msg_h *response_h, const char **why)
{
	static char sentence[256];
	char shown[128];
	struct sa failed;
	uint16_t port;
	unsigned tries;
	int err;

	memset(&own, 0, sizeof(own));
	memset(&failed, 0, sizeof(failed));
	own.software = software;
	own.request_h = request_h;
	own.response_h = response_h;
	*why = sentence;
	err = read_listen(listen, &port);
	if (err == EINVAL) {
		text_show_str(shown, sizeof(shown), listen);
		snprintf(sentence, sizeof(sentence),
			 /* TRANSLATORS: %s is what was given; the form ADDRESS:PORT stays */
			 _("“%s” is no address to listen on; write ADDRESS:PORT, such as 127.0.0.1:5060 or *:5060."), shown);
		return err;
	}
	for (tries = 0; !err; tries++) {
		err = open_all(port, &failed);
		if (err != EADDRINUSE || (port && named) || tries == PORT_TRIES || port == 65535)
			break;
		/* a drawn port that is free for UDP may be taken for TCP: draw again */
		if (port)
			port++;
		err = 0;
	}
	if (!err)
		return 0;
	if (sa_isset(&failed, SA_ADDR))
		re_snprintf(shown, sizeof(shown), "%J", &failed);
	else
		text_show_str(shown, sizeof(shown), listen);
	if (err == EADDRINUSE)
		/* TRANSLATORS: %s is an address with its port */
		snprintf(sentence, sizeof(sentence),
			 _("Another program already listens on %s; choose another port with the option sip-listen."), shown);
	else if (err == EADDRNOTAVAIL)
		/* TRANSLATORS: %s is an address with its port */
		snprintf(sentence, sizeof(sentence), _("This machine has no address %s to listen on."), shown);
	else
		/* TRANSLATORS: %1$s is an address with its port, %2$s the system's words */
		snprintf(sentence, sizeof(sentence), _("Cannot listen on %1$s: %2$s."), shown, strerror(err));
	return err;
}

int endpoint_towards(struct endpoint **ep, const struct sa *dst)
{
	struct endpoint *first = NULL, *e;
	struct sa source;
	unsigned i;
	int err;

	err = interfaces_source(&source, dst);
	if (err)
		return err;
	for (i = 0; (e = endpoint_at(i)) != NULL; i++) {
		if (sa_cmp(&e->address, &source, SA_ADDR)) {
			*ep = e;
			return 0;
		}
		/* nobody outside could answer to a loopback address */
		if (!first && sa_af(&e->address) == sa_af(dst) && (!own.any || !sa_is_loopback(&e->address)))
			first = e;
	}
	*ep = first;
	return first ? 0 : EAFNOSUPPORT;
}
