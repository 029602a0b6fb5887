/* Calls whose way to the peer is lost or has changed: asked again, from the address that is right now. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "sip/report.h"
#include "sip/session.h"

#define AGAIN_MS 2000    /* after a try that failed */
#define LAST_MS  60000   /* a call without a way is given up */

static void again_h(void *arg);

/* Is there a way to the peer, from an address that is connected? */
static bool reachable(const struct session *s)
{
	struct endpoint *ep;

	return !endpoint_towards(&ep, &s->path.peer) && ep->usable;
}

static void try_now(struct session *s)
{
	tmr_cancel(&s->move_again);
	/* no news, no try: the next ones come when the network does */
	if (!reachable(s))
		return;
	if (s->invite && s->path.endpoint->present && s->path.endpoint->usable && s->path.tp == SIP_TRANSP_UDP)
		return; /* it is repeated until it arrives */
	s->invite = mem_deref(s->invite);
	negotiation_withdraw(s->sdp);
	s->tries = s->glares = 0;
	if (s->answer || s->st)
		session_out_reinvite_soon(s);
	else if (session_out_reinvite(s))
		tmr_start(&s->move_again, AGAIN_MS, again_h, s);
}

static void again_h(void *arg)
{
	try_now(arg);
}

static void end_h(void *arg)
{
	struct session *s = mem_ref(arg);

	log_warning("a call found no way to its peer");
	s->invite = mem_deref(s->invite);
	session_in_stop_answer(s);
	session_bye(s, s->dialog, NULL);
	session_closed(s, ENDED_BY_NETWORK, 0, "");
	session_settle(s);
	mem_deref(s);
}

void session_moved(struct session *s)
{
	s->moving = false;
	tmr_cancel(&s->move_again);
	tmr_cancel(&s->move_end);
}

bool session_move_failed(struct session *s, int err, const struct sip_msg *msg)
{
	if (msg && (msg->scode == 481 || msg->scode == 408))
		return false;
	/* the way was there and nobody answered for 32 s */
	if (!msg && err == ETIMEDOUT && reachable(s))
		return false;
	negotiation_withdraw(s->sdp);
	/* it is there, it only wants no offer now */
	if (msg && sa_cmp(&s->agreed, &s->path.endpoint->address, SA_ADDR)) {
		session_moved(s);
		return true;
	}
	tmr_start(&s->move_again, AGAIN_MS, again_h, s);
	return true;
}

/* Before there is an agreement there is nothing to move: the INVITE's own Contact leads nowhere any more. */
static void give_up(struct session *s)
{
	if (s->state == SESSION_RINGING) {
		s->st = mem_deref(s->st);
		session_closed(s, ENDED_BY_NETWORK, 0, "");
		return;
	}
	if (s->state != SESSION_CALLING || !s->invite)
		return;
	s->invite = mem_deref(s->invite);
	negotiation_withdraw(s->sdp);
	s->has_early = false;
	report_local(&s->response, LOCAL_TRANSPORT, strerror(ENETDOWN));
	s->state = SESSION_REPAIR;
	if (s->call)
		phone_sip_response(stack_phone(), s->call, &s->response);
}

static void changed(struct session *s, bool all)
{
	/* not sent yet: it goes from where it can */
	if (!s->path.endpoint)
		return;
	if (s->state != SESSION_UP) {
		if (!s->path.endpoint->present)
			give_up(s);
		return;
	}
	/* this machine itself cannot be lost */
	if (sa_is_loopback(&s->path.endpoint->address) || (!all && !s->moving && s->path.endpoint->usable))
		return;
	if (!s->moving)
		s->agreed = s->path.endpoint->address;
	s->moving = true;
	if (!tmr_isrunning(&s->move_end))
		tmr_start(&s->move_end, LAST_MS, end_h, s);
	try_now(s);
}

void session_network_changed(bool all)
{
	struct session *list[256];
	unsigned i, n = 0;
	struct le *le;

	/* what the phone is told may make it end calls, and these leave the list */
	LIST_FOREACH(session_list(), le) {
		if (n < ARRAY_SIZE(list))
			list[n++] = mem_ref(le->data);
	}
	for (i = 0; i < n; i++) {
		if (list[i]->state != SESSION_OVER)
			changed(list[i], all);
		session_settle(list[i]);
		mem_deref(list[i]);
	}
}
