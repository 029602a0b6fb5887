#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/flow.h"
#include "sip/resolve.h"

/* A longer request would be cut into pieces on the way (RFC 3261 section 18.1.1). START is room for what
 * libre writes before ours, beside method and URI. */
#define LARGE      1300
#define START_ROOM 128
/* How long a hop may be silent when there is another one. Timer B and F would have a dead server cost half a
 * minute; who receives an INVITE says so within 200 ms, and by then the request has been sent four times. */
#define SILENCE_MS 5000

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
	struct tmr silence;
	struct sip_request *request[2];  /* the one under way, and that of the hop before while it is being left */
	unsigned on;                     /* which of them is under way */
	struct hop hop[HOPS_MAX];
	unsigned hops, next, tries;
	bool small_again;                /* by TCP because of its size only: by UDP if that fails */
	struct path path;
	bool provisional, cancelled;
	struct flow_failure failure;
};

static void flow_free(void *arg)
{
	struct flow *f = arg;

	tmr_cancel(&f->tmr);
	tmr_cancel(&f->silence);
	if (f->fp)
		*f->fp = NULL;
	mem_deref(f->resolve);
	mem_deref(f->request[0]);
	mem_deref(f->request[1]);
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
static void silence_h(void *arg);

/* A URI for libre that leaves nothing to look up. TEXT is its room. */
static int route_of(struct uri *route, char *text, size_t size, const struct path *path)
{
	struct pl pl;

	re_snprintf(text, size, "sip:%J;transport=%s", &path->peer, path->tp == SIP_TRANSP_TCP ? "tcp" : "udp");
	pl_set_str(&pl, text);
	return uri_decode(route, &pl);
}

static struct hop hop_of(const struct path *path)
{
	struct hop hop = {path->peer, path->tp};

	return hop;
}

static bool has_other(const struct flow *f)
{
	return f->small_again || f->next < f->hops;
}

/* What comes after the Via line, for F->path. */
static int write_request(struct flow *f, struct mbuf **mbp)
{
	struct mbuf *mb = mbuf_alloc(2048);
	int err;

	if (!mb)
		return ENOMEM;
	err = f->write_h(mb, &f->path, f->arg);
	if (err)
		mem_deref(mb);
	else
		*mbp = mb;
	return err;
}

/* RFC 3261 section 18.1.1. Not a second time where it has just failed. */
static bool wants_tcp(const struct flow *f, const struct mbuf *mb)
{
	struct hop hop = {f->path.peer, SIP_TRANSP_TCP};

	return !f->stateless && f->path.tp == SIP_TRANSP_UDP &&
		mb->end + strlen(f->method) + strlen(f->uri) + START_ROOM > LARGE && !hop_is_dead(&hop);
}

static int hand_over(struct flow *f, struct mbuf *mb)
{
	unsigned free_one = !f->on;
	struct uri route;
	char text[128];
	int err;

	mb->pos = 0;
	if (f->stateless)
		return flow_send(&f->path, f->method, f->uri, mb);
	err = route_of(&route, text, sizeof(text), &f->path);
	if (!err)
		err = sip_request(&f->request[free_one], f->path.endpoint->sip, true, f->method, -1, f->uri, -1, &route, mb,
				  0, NULL, response_h, f);
	if (err)
		return err;
	/* Who was asked before is not heard any more. libre cancels an INVITE there if that has a provisional
	 * response or gets one yet; a 200 is dealt with as a further branch's (session_ack.c). */
	f->request[f->on] = mem_deref(f->request[f->on]);
	f->on = free_one;
	f->provisional = false;
	return 0;
}

/* Sends to the first hop that takes it, from the next one on. An errno when none does. */
static int try_hops(struct flow *f)
{
	struct mbuf *mb = NULL;
	int err = EHOSTUNREACH;

	while (has_other(f)) {
		bool small = f->small_again;
		const struct hop *h = &f->hop[small ? f->next - 1 : f->next++];
		struct hop tried;

		f->small_again = false;
		f->path.tp = h->tp;
		f->path.peer = h->address;
		re_snprintf(f->failure.detail, sizeof(f->failure.detail), "%J", &h->address);
		err = endpoint_towards(&f->path.endpoint, &h->address);
		if (err)
			continue;
		mb = mem_deref(mb);
		err = write_request(f, &mb);
		if (!err && !small && wants_tcp(f, mb)) {
			f->small_again = true;
			f->path.tp = SIP_TRANSP_TCP;
			mb = mem_deref(mb);
			err = write_request(f, &mb);
		}
		if (err) {
			/* nothing is wrong with the address */
			f->small_again = false;
			f->next = f->hops;
			text_copy(f->failure.detail, sizeof(f->failure.detail), strerror(err));
			break;
		}
		err = hand_over(f, mb);
		if (!err) {
			if (f->tries && !--f->tries) {
				f->hops = f->next;
				f->small_again = false;
			}
			if (!f->stateless && has_other(f))
				tmr_start(&f->silence, SILENCE_MS, silence_h, f);
			if (!f->stateless && f->sent_h)
				f->sent_h(f->arg);
			break;
		}
		log_info("%s to %s: %s", f->method, f->failure.detail, strerror(err));
		tried = hop_of(&f->path);
		hop_failed(&tried);
	}
	mem_deref(mb);
	return err;
}

/* The hop says nothing and there is another one. */
static void silence_h(void *arg)
{
	struct flow *f = arg;
	const struct path path = f->path;
	const struct hop hop = hop_of(&path);
	char detail[RESPONSE_TEXT];
	struct mbuf *mb = NULL;

	text_copy(detail, sizeof(detail), f->failure.detail);
	log_info("%s to %s: no response", f->method, detail);
	hop_failed(&hop);
	if (try_hops(f)) {
		/* then it is waited for after all; by which way the owner knows from writing it */
		f->path = path;
		text_copy(f->failure.detail, sizeof(f->failure.detail), detail);
		write_request(f, &mb);
		mem_deref(mb);
	}
}

static void response_h(int err, const struct sip_msg *msg, void *arg)
{
	struct flow *f = arg;
	const struct hop hop = hop_of(&f->path);

	tmr_cancel(&f->silence);
	/* whatever it says: its TCP works */
	if (msg)
		f->small_again = false;
	if (msg && msg->scode != 503)
		hop_answered(&hop);
	else if (msg || err != ECONNABORTED)
		hop_failed(&hop);
	if (msg && msg->scode < 200) {
		if (!f->provisional) {
			f->provisional = true;
			if (f->cancelled)
				sip_request_cancel(f->request[f->on]);
		}
		f->response_h(NULL, msg, f->arg);
		return;
	}
	/* RFC 3263 section 4.3: a dead or overloaded server, and there is another */
	if ((!msg || msg->scode == 503) && !f->cancelled && has_other(f)) {
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
	hops_order(f->hop, hops);
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
	tmr_init(&f->silence);
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
	/* nobody else is to be rung */
	tmr_cancel(&f->silence);
	if (f->request[f->on] && f->provisional)
		sip_request_cancel(f->request[f->on]);
	else if (!f->request[f->on]) {
		f->resolve = mem_deref(f->resolve);
		fail(f, ECANCELED, LOCAL_TRANSPORT);
		tmr_start(&f->tmr, 0, failed_h, f);
	}
}

int flow_send(const struct path *path, const char *method, const char *uri, struct mbuf *mb)
{
	struct uri route;
	char text[128];
	int err;

	err = route_of(&route, text, sizeof(text), path);
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
