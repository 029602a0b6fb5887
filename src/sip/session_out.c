/* Our INVITEs: the first one of a call, and later ones that renew the offer. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/field.h"
#include "sip/form.h"
#include "sip/registration.h"
#include "sip/report.h"
#include "sip/session.h"
#include "sip/stack.h"
#include "sip/trace.h"

#define GLARES_MAX 5

static int send_invite(struct session *s, const struct path *path);

/* The dialog that the INVITE belongs to. */
static struct dialog *dialog_of(const struct session *s)
{
	return s->reinvite ? s->dialog : s->half;
}

/* Who we are: the account, or the login name at the address that the peer will see. */
static int make_half(struct session *s, const char *uri)
{
	char name[2 * ACCOUNT_TEXT_MAX + 3], from[3 * ACCOUNT_TEXT_MAX + 16], to[DIALOG_URI_MAX + 2];
	const char *own = s->account ? s->account->uri : "sip:offhook@localhost.invalid";
	int err;

	if (re_snprintf(to, sizeof(to), "<%s>", uri) < 0)
		return EINVAL;
	if (s->account && s->account->display_name[0]) {
		err = field_quote(name, sizeof(name), s->account->display_name);
		if (err)
			return err;
		re_snprintf(from, sizeof(from), "%s <%s>", name, own);
	}
	else
		re_snprintf(from, sizeof(from), "<%s>", own);
	err = dialog_new(&s->half, uri, from, to);
	if (!err && s->account)
		err = registration_add_routes(s->half, s->account);
	return err;
}

/* A direct call: the From is known only with the way. */
static int name_ourselves(struct session *s)
{
	char *local = NULL;
	int err;

	if (s->account || s->reinvite)
		return 0;
	err = re_sdprintf(&local, "<sip:%s@%j>;tag=%s", s->user, &s->path.endpoint->address, s->half->local_tag);
	if (err)
		return err;
	/* an IPv6 address stands in brackets in a URI */
	if (sa_af(&s->path.endpoint->address) == AF_INET6) {
		local = mem_deref(local);
		err = re_sdprintf(&local, "<sip:%s@[%j]>;tag=%s", s->user, &s->path.endpoint->address,
				  s->half->local_tag);
		if (err)
			return err;
	}
	mem_deref(s->half->local);
	s->half->local = local;
	return 0;
}

/* What the INVITE offers; nothing when the other side is to. */
static int write_offer(struct session *s, struct mbuf **sdp)
{
	int err = ENOENT;

	if (!s->reinvite) {
		/* after a challenge, or at the next server, an announcement's formats bind nobody */
		negotiation_restart(s->sdp);
		negotiation_small(s->sdp, s->form.body == ATTEMPT_BODY_SMALL);
		if (s->form.body == ATTEMPT_BODY_NONE)
			return 0;
	}
	else if (s->timer.refreshing)
		err = negotiation_repeat(s->sdp, sdp);
	return err == ENOENT ? negotiation_offer(s->sdp, sdp) : err;
}

static int write_h(struct mbuf *mb, const struct path *path, void *arg)
{
	struct session *s = arg;
	struct dialog *d = dialog_of(s);
	struct mbuf *sdp = NULL;
	size_t begin;
	int err;

	s->path = *path;
	err = name_ourselves(s);
	if (!err)
		err = session_open_media(s, path);
	if (!err)
		err = write_offer(s, &sdp);
	if (err)
		return err;
	err = dialog_write(d, mb, "INVITE", s->invite_cseq);
	err |= session_write_common(s, mb);
	begin = mb->pos;
	err |= session_write_credentials(s, mb, "INVITE", dialog_request_uri(d), sdp);
	s->credentials = mem_deref(s->credentials);
	if (!err && mb->pos > begin) {
		s->credentials = mbuf_alloc(mb->pos - begin);
		err = s->credentials ? mbuf_write_mem(s->credentials, mb->buf + begin, mb->pos - begin) : ENOMEM;
	}
	err |= mbuf_printf(mb, "User-Agent: %s\r\n", stack_software());
	err |= form_write_options(mb, &s->form);
	err |= session_timer_write(s, mb);
	if (!s->reinvite) {
		if (s->expires)
			err |= mbuf_printf(mb, "Expires: %u\r\n", s->expires);
		if (s->headers)
			err |= form_write_lines(mb, s->headers, s->form.without);
	}
	err |= session_write_body(mb, sdp);
	session_shorten(s, mb);
	mem_deref(sdp);
	return err;
}

/* --- the first INVITE -------------------------------------------------------------------------- */

static void tell_response(struct session *s)
{
	s->state = SESSION_REPAIR;
	if (s->call)
		phone_sip_response(stack_phone(), s->call, &s->response);
}

/* The provisional answer of one branch: it may bring early media. */
static void progress(struct session *s, const struct sip_msg *msg)
{
	char reason[RESPONSE_TEXT] = "";
	struct media_params params;
	const char *sdp;
	unsigned refusal;
	size_t len;
	bool early;

	if (msg->scode == 100 || s->state != SESSION_CALLING || !s->call)
		return;
	session_replaces_note(s, &msg->to.tag);
	early = pl_isset(&msg->to.tag) && report_sdp(msg, &sdp, &len, &refusal) &&
		!negotiation_answered(s->sdp, sdp, len, &params);
	if (early) {
		s->early = params;
		s->has_early = !pl_strcpy(&msg->to.tag, s->early_tag, sizeof(s->early_tag));
	}
	if (msg->reason.p)
		text_copyn(reason, sizeof(reason), msg->reason.p, msg->reason.l);
	phone_sip_progress(stack_phone(), s->call, msg->scode, reason, early ? &params : NULL);
}

/* The 2xx has the offer, because our INVITE had none: *ANSWER goes into the ACK. A valid one there must be even when
 * the offer does not do, or comes too late (RFC 3261 section 13.2.2.4). */
static int answer_in_ack(struct session *s, const struct sip_msg *msg, struct mbuf **answer,
			 struct media_params *params)
{
	const char *sdp;
	unsigned refusal;
	size_t len;
	int err = ECANCELED;

	if (!report_sdp(msg, &sdp, &len, &refusal))
		return EBADMSG;
	if (s->state != SESSION_OVER)
		err = negotiation_answer(s->sdp, sdp, len, answer, params);
	if (err)
		negotiation_refuse(s->sdp, sdp, len, answer);
	return err;
}

/* What was agreed on, when the INVITE had the offer. */
static int read_answer(struct session *s, const struct sip_msg *msg, struct media_params *params)
{
	const char *sdp;
	unsigned refusal;
	size_t len;

	if (report_sdp(msg, &sdp, &len, &refusal))
		return negotiation_answered(s->sdp, sdp, len, params);
	if (!s->has_early || pl_strcmp(&msg->to.tag, s->early_tag))
		return EBADMSG;
	*params = s->early;
	return 0;
}

static void answered(struct session *s, const struct sip_msg *msg)
{
	bool offerless = s->form.body == ATTEMPT_BODY_NONE;
	struct media_params params;
	struct mbuf *answer = NULL;
	struct dialog *d = NULL;
	int err, media_err = 0;

	if (offerless)
		media_err = answer_in_ack(s, msg, &answer, &params);
	err = dialog_from_response(&d, s->half, msg);
	if (!err)
		err = session_ack(s, d, s->invite_cseq, true, answer);
	mem_deref(answer);
	if (err) {
		mem_deref(d);
		if (s->state == SESSION_OVER)
			return;
		report_local(&s->response, LOCAL_TRANSPORT, strerror(err));
		tell_response(s);
		return;
	}
	/* it crossed our CANCEL */
	if (s->state == SESSION_OVER) {
		session_bye(s, d, NULL);
		mem_deref(d);
		return;
	}
	if (!offerless)
		media_err = read_answer(s, msg, &params);
	if (media_err) {
		session_bye(s, d, "Reason: SIP;cause=488;text=\"Not Acceptable Here\"");
		mem_deref(d);
		report_local(&s->response, LOCAL_NO_CODEC, "");
		tell_response(s);
		return;
	}
	negotiation_withdraw(s->sdp);
	s->dialog = d;
	s->state = SESSION_UP;
	session_timer_answered(s, msg);
	phone_sip_established(stack_phone(), s->call, &params);
}

static void first_response(struct session *s, const struct flow_failure *failure, const struct sip_msg *msg)
{
	if (msg && msg->scode < 200) {
		progress(s, msg);
		return;
	}
	if (msg && msg->scode < 300) {
		answered(s, msg);
		return;
	}
	negotiation_withdraw(s->sdp);
	s->has_early = false;
	s->branches = 0;
	if (s->state == SESSION_OVER) {
		session_closed(s, ENDED_BY_US, 0, "");
		return;
	}
	report_response(&s->response, msg, failure, dialog_request_uri(s->half), dialog_next_hop(s->half));
	if (msg && (msg->scode == 401 || msg->scode == 407)) {
		digest_note(&s->digest, msg, &s->response);
		re_snprintf(s->challenger, sizeof(s->challenger), "%j", &s->path.peer);
	}
	tell_response(s);
}

/* --- a later INVITE ---------------------------------------------------------------------------- */

static void reoffer_failed(struct session *s, unsigned code, const char *reason)
{
	negotiation_withdraw(s->sdp);
	s->direction = s->direction_before;
	negotiation_direction(s->sdp, s->direction);
	if (s->timer.refreshing)
		log_info("session not refreshed: %u", code);
	else if (s->call)
		phone_sip_reoffer_failed(stack_phone(), s->call, code, reason);
}

static int reoffer(struct session *s, enum media_direction direction);

/* A refresh is over, however it ended: what the phone has asked for meanwhile. */
static void reoffer_at_last(struct session *s)
{
	int err;

	if (!s->reoffer_waits || s->state != SESSION_UP || s->invite || tmr_isrunning(&s->glare))
		return;
	s->reoffer_waits = false;
	err = reoffer(s, s->waiting);
	if (err && s->call)
		phone_sip_reoffer_failed(stack_phone(), s->call, 0, strerror(err));
}

static void glare_h(void *arg)
{
	struct session *s = mem_ref(arg);

	/* theirs is being settled first; session_in_ack() shortens the waiting */
	if (s->answer || s->st)
		tmr_start(&s->glare, SIP_T2, glare_h, s);
	else if (session_out_reinvite(s)) {
		reoffer_failed(s, 0, "");
		reoffer_at_last(s);
	}
	mem_deref(s);
}

void session_out_reinvite_soon(struct session *s)
{
	tmr_start(&s->glare, 0, glare_h, s);
}

/* RFC 3261 section 14.1: who made the Call-ID waits longer. */
static void glare(struct session *s)
{
	uint64_t ms = s->dialog->caller ? 2100 + rand_u16() % 191 * 10 : rand_u16() % 201 * 10;

	negotiation_withdraw(s->sdp);
	tmr_start(&s->glare, ms, glare_h, s);
}

static void reinvite_answered(struct session *s, const struct sip_msg *msg)
{
	struct media_params params;
	const char *sdp;
	unsigned refusal;
	size_t len;

	dialog_refresh_target(s->dialog, msg);
	session_ack(s, s->dialog, s->invite_cseq, false, NULL);
	if (s->state != SESSION_UP)
		return;
	session_timer_answered(s, msg);
	if (!report_sdp(msg, &sdp, &len, &refusal) || negotiation_answered(s->sdp, sdp, len, &params)) {
		/* what was agreed before still holds for us; RFC 3261 section 14.1 */
		reoffer_failed(s, 488, "Not Acceptable Here");
		return;
	}
	negotiation_withdraw(s->sdp);
	session_moved(s);
	/* the phone would take it for the answer to an offer that has not been made yet, which brings it the same */
	if (!s->reoffer_waits)
		phone_sip_media(stack_phone(), s->call, &params);
}

static void later_response(struct session *s, const struct flow_failure *failure, const struct sip_msg *msg)
{
	char reason[RESPONSE_TEXT] = "";
	int err;

	if (msg && msg->scode < 200)
		return;
	if (msg && msg->scode < 300) {
		reinvite_answered(s, msg);
		return;
	}
	if (s->state != SESSION_UP)
		return;
	err = failure ? failure->err : 0;
	if (msg && msg->scode == 491 && s->glares++ < GLARES_MAX) {
		glare(s);
		return;
	}
	if (msg && (msg->scode == 401 || msg->scode == 407) && s->tries++ == 0 &&
	    !session_take_challenges(s, msg, s->dialog) && !session_out_reinvite(s))
		return;
	if (msg && msg->scode == 422 && session_timer_raise(s, msg) && !session_out_reinvite(s))
		return;
	if (msg && msg->reason.p)
		text_copyn(reason, sizeof(reason), msg->reason.p, msg->reason.l);
	if (s->moving && session_move_failed(s, err, msg))
		return;
	/* what could not even be sent says nothing about the peer */
	if (!s->moving && !msg && (err != ETIMEDOUT || !s->path.endpoint->usable)) {
		reoffer_failed(s, 0, strerror(err));
		return;
	}
	/* RFC 3261 section 12.2.1.2: the peer does not know the call any more */
	if (!msg || msg->scode == 481 || msg->scode == 408) {
		if (failure)
			log_warning("no answer within the call: %s", failure->detail);
		session_bye(s, s->dialog, NULL);
		session_closed(s, msg && msg->scode == 481 && !s->moving ? ENDED_BY_THEM : ENDED_BY_NETWORK, msg ? msg->scode : 0,
			       reason);
		return;
	}
	reoffer_failed(s, msg->scode, reason);
}

/* --- sending ---------------------------------------------------------------------------------------- */

static void response_h(const struct flow_failure *failure, const struct sip_msg *msg, void *arg)
{
	struct session *s = mem_ref(arg);

	if (s->reinvite) {
		later_response(s, failure, msg);
		reoffer_at_last(s);
	}
	else
		first_response(s, failure, msg);
	session_settle(s);
	mem_deref(s);
}

static void sent_h(void *arg)
{
	struct session *s = arg;

	if (!s->reinvite && s->call)
		phone_sip_sent(stack_phone(), s->call);
}

static int send_invite(struct session *s, const struct path *path)
{
	struct dialog *d = dialog_of(s);
	struct flow_request r = {
		.method = "INVITE",
		.uri = dialog_request_uri(d),
		.next_hop = dialog_next_hop(d),
		.transport = s->account ? s->account->transport : TRANSPORT_ANY,
		.tries = s->reinvite ? 0 : s->requests_left,
		.path = path,
		.write_h = write_h,
		.sent_h = sent_h,
		.response_h = response_h,
		.arg = s,
	};

	s->invite_cseq = ++d->local_cseq;
	return flow_start(&s->invite, &r);
}

int session_out_reinvite(struct session *s)
{
	s->reinvite = true;
	return send_invite(s, NULL);
}

void session_out_hangup(struct session *s)
{
	if (s->invite)
		flow_cancel(s->invite);
}

static int take_headers(struct session *s, const struct invite *invite)
{
	struct mbuf *mb;
	unsigned i;
	int err = 0;

	if (!invite->headers)
		return 0;
	mb = mbuf_alloc(256);
	if (!mb)
		return ENOMEM;
	for (i = 0; i < invite->headers && !err; i++) {
		if (field_line_allowed(invite->header[i]))
			err = mbuf_printf(mb, "%s\r\n", invite->header[i]);
		else
			err = EINVAL;
	}
	mb->pos = 0;
	if (!err)
		err = mbuf_strdup(mb, &s->headers, mb->end);
	mem_deref(mb);
	return err;
}

/* What cannot stand in a request line or between angle brackets is no URI. */
static bool uri_writable(const char *uri)
{
	for (; *uri; uri++) {
		if ((unsigned char)*uri <= ' ' || *uri == 0x7f || strchr("<>\"", *uri))
			return false;
	}
	return true;
}

int port_sip_invite(const struct invite *invite)
{
	struct session *s;
	unsigned i;
	int err;

	if (!uri_writable(invite->uri) || (invite->account && !uri_writable(invite->account->uri)))
		return EINVAL;
	err = session_new(&s, invite->call, false, invite->account);
	if (err)
		return err;
	s->expires = invite->expires;
	s->requests_left = invite->requests_left;
	s->codecs = invite->codecs < CODEC_COUNT ? invite->codecs : CODEC_COUNT;
	for (i = 0; i < s->codecs; i++)
		s->codec[i] = invite->codec[i];
	err = take_headers(s, invite);
	if (!err)
		err = make_half(s, invite->uri);
	if (!err)
		trace_begin(s->call, s->half->call_id);
	if (!err)
		err = send_invite(s, NULL);
	if (err)
		mem_deref(s);
	return err;
}

static void again_h(void *arg)
{
	struct session *s = mem_ref(arg);
	int err = send_invite(s, &s->path);

	if (err) {
		report_local(&s->response, LOCAL_TRANSPORT, strerror(err));
		tell_response(s);
	}
	session_settle(s);
	mem_deref(s);
}

/* The way of the first INVITE leads by PROXY alone. */
static int go_by(struct session *s, const char *proxy, const struct uri *uri)
{
	char route[TARGET_MAX + 8];
	struct pl value;

	if (re_snprintf(route, sizeof(route), "<%s%s>", proxy, field_param(&value, &uri->params, "lr") ? "" : ";lr") < 0)
		return EINVAL;
	dialog_clear_routes(s->half);
	return dialog_add_route(s->half, route);
}

/* To the target of a redirect: whom the password is meant for has nothing to do with that. */
static int turn(struct session *s, const struct attempt_decision *decision)
{
	struct uri uri;
	struct pl pl;
	char *target;
	int err = 0;

	pl_set_str(&pl, decision->target);
	if (!uri_writable(decision->target) || uri_decode(&uri, &pl))
		return EINVAL;
	if (pl_strcasecmp(&uri.scheme, "sip") && pl_strcasecmp(&uri.scheme, "sips"))
		return ENOTSUP;
	if (decision->by_proxy)
		err = go_by(s, decision->target, &uri);
	else {
		err = str_dup(&target, decision->target);
		if (err)
			return err;
		mem_deref(s->half->target);
		s->half->target = target;
		/* a proxy that was meant for the other target only */
		dialog_clear_routes(s->half);
		if (s->account)
			err = registration_add_routes(s->half, s->account);
	}
	digest_reset(&s->digest);
	s->challenger[0] = '\0';
	s->redirected = true;
	return err;
}

int port_sip_resend(unsigned call, const struct attempt_decision *decision)
{
	struct session *s = session_find(call);
	int err = 0;

	if (!s || s->state != SESSION_REPAIR)
		return ENOTCONN;
	if (decision->step == ATTEMPT_DIGEST)
		err = s->account ? digest_take(&s->digest, decision->answer) : EACCES;
	else if (decision->step == ATTEMPT_REDIRECT)
		err = turn(s, decision);
	else if (decision->step != ATTEMPT_RESEND)
		err = ENOTSUP;
	if (err)
		return err;
	s->form = decision->form;
	s->requests_left = decision->requests_left ? decision->requests_left : 1;
	/* the same server, but for a redirect: neither names nor the choice among several are asked for again */
	if (decision->delay_ms)
		tmr_start(&s->again, decision->delay_ms, again_h, s);
	else
		err = send_invite(s, decision->step == ATTEMPT_REDIRECT ? NULL : &s->path);
	if (!err)
		s->state = SESSION_CALLING;
	return err;
}

static int reoffer(struct session *s, enum media_direction direction)
{
	int err;

	s->direction_before = s->direction;
	s->direction = direction;
	negotiation_direction(s->sdp, direction);
	s->tries = s->glares = s->timer.raises = 0;
	s->timer.refreshing = false;
	/* our 200 has not been acknowledged yet: right after that */
	if (s->answer) {
		session_out_reinvite_soon(s);
		return 0;
	}
	err = session_out_reinvite(s);
	if (err) {
		s->direction = s->direction_before;
		negotiation_direction(s->sdp, s->direction);
	}
	return err;
}

int port_sip_reoffer(unsigned call, enum media_direction direction)
{
	struct session *s = session_find(call);

	if (!s || s->state != SESSION_UP || !s->dialog)
		return ENOTCONN;
	if (!s->invite && !tmr_isrunning(&s->glare))
		return reoffer(s, direction);
	if (!s->timer.refreshing || s->reoffer_waits)
		return EBUSY;
	s->reoffer_waits = true;
	s->waiting = direction;
	return 0;
}
