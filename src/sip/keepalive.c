#include <errno.h>

#include "sip/endpoint.h"
#include "sip/field.h"
#include "sip/keepalive.h"

#define TCP_SECONDS   120u
#define UDP_SECONDS   29u
#define SECONDS_MIN   10u     /* whatever the server says */
#define NEVER_SECONDS 86400u  /* libre closes an idle connection long before */

struct keepalive {
	struct keepalive **kp;           /* the owner's pointer */
	struct sa peer;
	unsigned seconds;
	struct tmr tmr;                  /* UDP */
	struct sip_keepalive *tcp;
	keepalive_lost_h *lost_h;
	void *arg;
};

static void keepalive_free(void *arg)
{
	struct keepalive *k = arg;

	if (k->kp)
		*k->kp = NULL;
	tmr_cancel(&k->tmr);
	mem_deref(k->tcp);
}

static void lost_h(int err, void *arg)
{
	struct keepalive *k = arg;
	keepalive_lost_h *h = k->lost_h;
	void *owner = k->arg;

	mem_deref(k);
	h(err, owner);
}

static void ping_h(void *arg)
{
	struct keepalive *k = arg;
	struct endpoint *ep;
	struct mbuf *mb;

	/* 80 to 100 % of it, so that many phones do not beat in time */
	tmr_start(&k->tmr, (uint64_t)k->seconds * (800 + rand_u16() % 201), ping_h, k);
	if (endpoint_towards(&ep, &k->peer))
		return;
	mb = mbuf_alloc(4);
	if (mb && !mbuf_write_str(mb, "\r\n\r\n")) {
		mb->pos = 0;
		sip_send(ep->sip, NULL, SIP_TRANSP_UDP, &k->peer, mb);
	}
	mem_deref(mb);
}

/* Does somebody on the way give us another address? The server writes what it saw into our Via (RFC 3581). */
static bool behind_nat(const struct sip_msg *msg, const struct sa *local)
{
	struct pl value;
	struct sa seen;

	if (field_param(&value, &msg->via.params, "received") && value.l && !sa_set(&seen, &value, 0) &&
	    !sa_cmp(&seen, local, SA_ADDR))
		return true;
	return field_param(&value, &msg->via.params, "rport") && value.l &&
	       field_number(&value, 65535, sa_port(local)) != sa_port(local);
}

int keepalive_start(struct keepalive **kp, const struct path *path, const struct sip_msg *msg, bool ping,
		    keepalive_lost_h *h, void *arg)
{
	const struct sip_hdr *timer = sip_msg_xhdr(msg, "Flow-Timer");
	unsigned asked = timer ? field_number(&timer->val, UINT32_MAX, 0) : 0;
	unsigned most = path->tp == SIP_TRANSP_UDP ? UDP_SECONDS : TCP_SECONDS;
	struct keepalive *k;
	int err = 0;

	*kp = NULL;
	if (path->tp == SIP_TRANSP_UDP && !asked && !behind_nat(msg, &path->endpoint->address))
		return 0;
	k = mem_zalloc(sizeof(*k), keepalive_free);
	if (!k)
		return ENOMEM;
	tmr_init(&k->tmr);
	k->peer = path->peer;
	k->lost_h = h;
	k->arg = arg;
	k->seconds = !asked || asked > most ? most : asked < SECONDS_MIN ? SECONDS_MIN : asked;
	if (path->tp == SIP_TRANSP_UDP)
		tmr_start(&k->tmr, (uint64_t)k->seconds * 900, ping_h, k);
	else
		err = sip_keepalive_start(&k->tcp, path->endpoint->sip, msg, ping ? k->seconds : NEVER_SECONDS, lost_h, k);
	if (err) {
		mem_deref(k);
		return err;
	}
	k->kp = kp;
	*kp = k;
	return 0;
}
