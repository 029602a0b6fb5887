#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "sip/endpoint.h"
#include "sip/trace.h"

#define PORT_TRIES  100  /* ports after a taken one, or draws of a free one */
#define TABLE_SIZE  64   /* buckets of libre's transaction and connection tables */

static struct endpoint endpoint[ENDPOINTS_MAX];
static unsigned endpoints;
static const uint8_t *last_packet;
static size_t last_len;

/* What an opening is about. */
struct opening {
	struct sa address[ENDPOINTS_MAX];
	unsigned addresses;
	const char *software;
	sip_msg_h *request_h, *response_h;
};

struct endpoint *endpoint_at(unsigned i)
{
	return i < endpoints ? &endpoint[i] : NULL;
}

static void trace_h(bool tx, enum sip_transp tp, const struct sa *src, const struct sa *dst,
		    const uint8_t *pkt, size_t len, void *arg)
{
	(void)arg;
	trace_packet(tx, tp, src, dst, pkt, len);
	if (!tx) {
		last_packet = pkt;
		last_len = len;
	}
}

void endpoint_last_received(const uint8_t **packet, size_t *len)
{
	*packet = last_packet;
	*len = last_len;
}

static bool interface_h(const char *ifname, const struct sa *sa, void *arg)
{
	struct opening *o = arg;
	unsigned i;

	(void)ifname;
	if (sa_is_linklocal(sa) || sa_is_any(sa) || o->addresses == ENDPOINTS_MAX)
		return false;
	for (i = 0; i < o->addresses; i++) {
		if (sa_cmp(&o->address[i], sa, SA_ADDR))
			return false;
	}
	o->address[o->addresses++] = *sa;
	return false;
}

/* Loopback last: the first endpoint of a family is the one that is shown and tried when nothing fits. */
static int loopback_last(const void *a, const void *b)
{
	return sa_is_loopback(a) - sa_is_loopback(b);
}

static int read_listen(struct opening *o, const char *listen, uint16_t *port)
{
	const char *colon = strrchr(listen, ':');
	struct sa sa;
	unsigned i;
	char *end;
	long n;

	if (!colon || !colon[1])
		return EINVAL;
	n = strtol(colon + 1, &end, 10);
	if (*end || n < 0 || n > 65535)
		return EINVAL;
	*port = (uint16_t)n;
	if (colon - listen == 1 && listen[0] == '*') {
		net_if_apply(interface_h, o);
		qsort(o->address, o->addresses, sizeof(o->address[0]), loopback_last);
		for (i = 0; i < o->addresses; i++)
			sa_set_port(&o->address[i], *port);
		return o->addresses ? 0 : EADDRNOTAVAIL;
	}
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
	o->address[o->addresses++] = sa;
	return 0;
}

void endpoints_close(void)
{
	while (endpoints) {
		struct endpoint *e = &endpoint[--endpoints];

		e->requests = mem_deref(e->requests);
		e->responses = mem_deref(e->responses);
		sip_close(e->sip, true);
		e->sip = mem_deref(e->sip);
	}
}

static int open_one(const struct opening *o, const struct sa *address)
{
	struct endpoint *e = &endpoint[endpoints];
	int err;

	memset(e, 0, sizeof(*e));
	err = sip_alloc(&e->sip, NULL, TABLE_SIZE, TABLE_SIZE, TABLE_SIZE, o->software, NULL, e);
	if (err)
		return err;
	sip_set_trace_handler(e->sip, trace_h);
	err = sip_transp_add(e->sip, SIP_TRANSP_UDP, address);
	if (!err)
		err = sip_transp_laddr(e->sip, &e->address, SIP_TRANSP_UDP, address);
	if (!err)
		err = sip_transp_add(e->sip, SIP_TRANSP_TCP, &e->address);
	if (!err)
		err = sip_listen(&e->requests, e->sip, true, o->request_h, e);
	if (!err)
		err = sip_listen(&e->responses, e->sip, false, o->response_h, e);
	if (err) {
		e->requests = mem_deref(e->requests);
		e->responses = mem_deref(e->responses);
		e->sip = mem_deref(e->sip);
		return err;
	}
	endpoints++;
	return 0;
}

/* All addresses with one port; an address that has just gone, or is not ready yet, is left out. */
static int open_all(struct opening *o, uint16_t port, struct sa *failed)
{
	char shown[64];
	unsigned i;
	int err = EADDRNOTAVAIL;

	for (i = 0; i < o->addresses; i++) {
		struct sa address = o->address[i];

		sa_set_port(&address, endpoints ? sa_port(&endpoint[0].address) : port);
		err = open_one(o, &address);
		*failed = address;
		if (err && (err != EADDRNOTAVAIL || o->addresses == 1))
			break;
		if (err) {
			re_snprintf(shown, sizeof(shown), "%j", &address);
			log_info("not listening on %s: %s", shown, strerror(err));
		}
	}
	if (endpoints && (!err || err == EADDRNOTAVAIL))
		return 0;
	endpoints_close();
	return err;
}

int endpoints_open(const char *listen, bool named, const char *software, sip_msg_h *request_h,
		   sip_msg_h *response_h, const char **why)
{
	static char sentence[256];
	struct opening o;
	char shown[128];
	struct sa failed;
	uint16_t port;
	unsigned tries;
	int err;

	memset(&o, 0, sizeof(o));
	memset(&failed, 0, sizeof(failed));
	o.software = software;
	o.request_h = request_h;
	o.response_h = response_h;
	*why = sentence;
	err = read_listen(&o, listen, &port);
	if (err == EINVAL) {
		text_show_str(shown, sizeof(shown), listen);
		snprintf(sentence, sizeof(sentence),
			 /* TRANSLATORS: %s is what was given; the form ADDRESS:PORT stays */
			 _("“%s” is no address to listen on; write ADDRESS:PORT, such as 127.0.0.1:5060 or *:5060."), shown);
		return err;
	}
	for (tries = 0; !err; tries++) {
		err = open_all(&o, port, &failed);
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

/* The address that the system would send to DST from. */
static int source_address(struct sa *source, const struct sa *dst)
{
	int fd, err = 0;

	fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	source->len = sizeof(source->u);
	if (connect(fd, &dst->u.sa, dst->len) < 0 || getsockname(fd, &source->u.sa, &source->len) < 0)
		err = errno;
	close(fd);
	return err;
}

int endpoint_towards(struct endpoint **ep, const struct sa *dst)
{
	struct sa source;
	unsigned i;
	int err;

	err = source_address(&source, dst);
	if (err)
		return err;
	*ep = NULL;
	for (i = 0; i < endpoints; i++) {
		if (sa_cmp(&endpoint[i].address, &source, SA_ADDR)) {
			*ep = &endpoint[i];
			return 0;
		}
		if (!*ep && sa_af(&endpoint[i].address) == sa_af(dst))
			*ep = &endpoint[i];
	}
	return *ep ? 0 : EAFNOSUPPORT;
}
