#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/flow.h"
#include "sip/resolve.h"

struct flow {
	struct flow **fp;                /* the owner's pointer */
	char *method, *uri, *next_hop;
	bool stateless;
	flow_write_h *write_h;
	flow_sent_h *sent_h;
	flow_response_h *response_h;
	void *arg;
	struct resolve *resolve;
	struct tmr tmr;                  /* a result that is told from the loop */
	struct sip_request *request;
	struct hop hop[HOPS_MAX];
	unsigned hops, next, tries;
	struct path path;
	bool provisional, cancelled;
	struct flow_failure failure;
};

static void flow_free(void *arg)
{
	struct flow *f = arg;

	tmr_cancel(&f->tmr);
	if (f->fp)
		*f->fp = NULL;
	mem_deref(f->resolve);
	mem_deref(f->request);
	mem_deref(f->method);
	mem_deref(f->uri);
	mem_deref(f->next_hop);
}

/* The last thing a flow does. */
static void finish(struct flow *f, const struct sip_msg *msg)
{
	*f->fp = NULL;
	f->fp = NULL;
	f->response_h(msg ? NULL : &f->failure, msg, f->arg);
	mem_deref(f);
}

static void failed_h(void *arg)
{
	finish(arg, NULL);
}

static void fail(struct flow *f, int err, enum local_error error)
{
	f->failure.err = err;
	f->failure.error = error;
}

/* A failure of libre's or the system's, in the phone's words. */
static enum local_error error_of(int err)
{
	switch (err) {
	case ETIMEDOUT:
		return LOCAL_TIMEOUT;
	case ECONNREFUSED:
		return LOCAL_REFUSED;
	default:
		return LOCAL_TRANSPORT;
	}
}

static void response_h(int err, const struct sip_msg *msg, void *arg);

/* Sends to the first hop that takes it, from the next one on. An errno when none does. */
static int try_hops(struct flow *f)
{
	struct mbuf *mb = NULL;
	struct uri route;
	struct pl pl;
	char text[128];
	int err = EHOSTUNREACH;

	while (f->next < f->hops) {
		const struct hop *h = &f->hop[f->next++];

		f->path.tp = h->tp;
		f->path.peer = h->address;
		re_snprintf(f->failure.detail, sizeof(f->failure.detail), "%J", &h->address);
		err = endpoint_towards(&f->path.endpoint, &h->address);
		if (err)
			continue;
		mem_deref(mb);
		mb = mbuf_alloc(2048);
		if (!mb)
			return ENOMEM;
		err = f->write_h(mb, &f->path, f->arg);
		if (err) {
			/* nothing is wrong with the address */
			text_copy(f->failure.detail, sizeof(f->failure.detail), strerror(err));
			break;
		}
		mb->pos = 0;
		if (f->stateless) {
			err = flow_send(&f->path, f->method, f->uri, mb);
			if (!err)
				break;
			continue;
		}
		re_snprintf(text, sizeof(text), "sip:%J;transport=%s", &h->address,
			    h->tp == SIP_TRANSP_TCP ? "tcp" : "udp");
		pl_set_str(&pl, text);
		err = uri_decode(&route, &pl);
		if (err)
			break;
		f->provisional = false;
		err = sip_request(&f->request, f->path.endpoint->sip, true, f->method, -1, f->uri, -1, &route, mb, 0,
				  NULL, response_h, f);
		if (!err) {
			if (f->tries && !--f->tries)
				f->hops = f->next;
			if (f->sent_h)
				f->sent_h(f->arg);
			break;
		}
		log_info("%s to %s: %s", f->method, f->failure.detail, strerror(err));
	}
	mem_deref(mb);
	return err;
}

static void response_h(int err, const struct sip_msg *msg, void *arg)
{
	struct flow *f = arg;

	if (msg && msg->scode < 200) {
		if (!f->provisional) {
			f->provisional = true;
			if (f->cancelled)
				sip_request_cancel(f->request);
		}
		f->response_h(NULL, msg, f->arg);
		return;
	}
	/* RFC 3263 section 4.3: a dead or overloaded server, and there is another */
	if ((!msg || msg->scode == 503) && !f->cancelled && f->next < f->hops) {
		int next_err = try_hops(f);

		if (!next_err)
			return;
		err = msg ? err : next_err;
	}
	if (!msg)
		fail(f, err, error_of(err));
	finish(f, msg);
}

static void start_h(void *arg)
{
	struct flow *f = arg;
	int err;

	if (f->cancelled)
		err = ECANCELED;
	else
		err = try_hops(f);
	if (err) {
		fail(f, err, error_of(err));
		finish(f, NULL);
	}
	else if (f->stateless)
		mem_deref(f);
}

static void resolved_h(enum local_error error, const struct hop *hop, unsigned hops, void *arg)
{
	struct flow *f = arg;
	struct uri uri;
	struct pl pl;

	f->resolve = NULL;
	if (error) {
		/* the name is what the user can do something about */
		pl_set_str(&pl, f->next_hop);
		if (!uri_decode(&uri, &pl))
			text_copyn(f->failure.detail, sizeof(f->failure.detail), uri.host.p, uri.host.l);
		fail(f, error == LOCAL_TLS ? EPROTONOSUPPORT : ENOENT, error);
		finish(f, NULL);
		return;
	}
	memcpy(f->hop, hop, hops * sizeof(*hop));
	f->hops = hops;
	start_h(f);
}

static int start(struct flow **fp, const struct flow_request *request, bool stateless)
{
	struct flow *f = mem_zalloc(sizeof(*f), flow_free);
	int err;

	if (!f)
		return ENOMEM;
	tmr_init(&f->tmr);
	f->stateless = stateless;
	f->tries = request->tries;
	f->write_h = request->write_h;
	f->sent_h = request->sent_h;
	f->response_h = request->response_h;
	f->arg = request->arg;
	err = str_dup(&f->method, request->method);
	err |= str_dup(&f->uri, request->uri);
	err |= str_dup(&f->next_hop, request->next_hop);
	if (err) {
		err = ENOMEM;
		goto out;
	}
	if (request->path) {
		f->hop[0].address = request->path->peer;
		f->hop[0].tp = request->path->tp;
		f->hops = 1;
		tmr_start(&f->tmr, 0, start_h, f);
	}
	else
		err = resolve_start(&f->resolve, f->next_hop, request->transport, resolved_h, f);
 out:
	if (err)
		mem_deref(f);
	else {
		f->fp = fp;
		*fp = f;
	}
	return err;
}

int flow_start(struct flow **fp, const struct flow_request *request)
{
	return start(fp, request, false);
}

int flow_start_ack(struct flow **fp, const struct flow_request *request)
{
	return start(fp, request, true);
}

void flow_cancel(struct flow *f)
{
	if (f->cancelled)
		return;
	f->cancelled = true;
	if (f->request && f->provisional)
		sip_request_cancel(f->request);
	else if (!f->request) {
		f->resolve = mem_deref(f->resolve);
		fail(f, ECANCELED, LOCAL_TRANSPORT);
		tmr_start(&f->tmr, 0, failed_h, f);
	}
}

int flow_send(const struct path *path, const char *method, const char *uri, struct mbuf *mb)
{
	struct uri route;
	struct pl pl;
	char text[128];
	int err;

	re_snprintf(text, sizeof(text), "sip:%J;transport=%s", &path->peer,
		    path->tp == SIP_TRANSP_TCP ? "tcp" : "udp");
	pl_set_str(&pl, text);
	err = uri_decode(&route, &pl);
	if (err)
		return err;
	mb->pos = 0;
	return sip_request(NULL, path->endpoint->sip, false, method, -1, uri, -1, &route, mb, 0, NULL, NULL, NULL);
}

int flow_write_contact(struct mbuf *mb, const struct path *path, const char *user)
{
	return mbuf_printf(mb, "Contact: <sip:%s@%J%s>\r\n", user, &path->endpoint->address,
			   path->tp == SIP_TRANSP_TCP ? ";transport=tcp" : "");
}
