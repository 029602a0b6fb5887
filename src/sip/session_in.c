/* Their INVITEs: the first one of a call, and later ones that renew the offer. */
#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "phone/target.h"
#include "sip/field.h"
#include "sip/registration.h"
#include "sip/reply.h"
#include "sip/report.h"
#include "sip/session.h"
#include "sip/stack.h"
#include "sip/trace.h"

#define OVERLAP_MAX 10  /* seconds; RFC 3261 section 14.2 */
#define ALERT_MAX   512 /* bytes of Alert-Info that are looked at */

/* --- replies ----------------------------------------------------------------------------------- */

/* A reply to S->msg with our Contact, and SDP when there is some. *MBP gets the whole text. */
static int reply(struct session *s, struct mbuf **mbp, unsigned code, const char *phrase, const struct mbuf *sdp)
{
	struct mbuf *mb = mbuf_alloc(1024);
	int err;

	if (!mb)
		return ENOMEM;
	err = session_write_common(s, mb);
	if (code == 200)
		err |= mbuf_write_str(mb, "Supported: " SESSION_SUPPORTED "\r\n") | session_timer_accept(s, mb);
	err |= session_write_body(mb, sdp);
	if (!err)
		err = reply_dialog(&s->st, mbp, s->path.endpoint, s->msg, code, phrase, "%b", mb->buf, mb->end);
	mem_deref(mb);
	return err;
}

static void again_h(void *arg)
{
	struct session *s = arg;
	const struct sip_msg *msg = s->msg;
	struct sa dst;
	struct pl value;

	sip_reply_addr(&dst, msg, field_param(&value, &msg->via.params, "rport"));
	sip_send(s->path.endpoint->sip, msg->sock, msg->tp, &dst, s->answer);
	s->answer_count++;
	tmr_start(&s->answer_again, s->answer_count < 4 ? (uint64_t)SIP_T1 << s->answer_count : SIP_T2, again_h, s);
}

void session_in_stop_answer(struct session *s)
{
	tmr_cancel(&s->answer_again);
	tmr_cancel(&s->answer_end);
	s->answer = mem_deref(s->answer);
}

/* RFC 3261 section 13.3.1.4: the ACK never came. */
static void unacknowledged_h(void *arg)
{
	struct session *s = mem_ref(arg);

	session_in_stop_answer(s);
	negotiation_withdraw(s->sdp);
	session_bye(s, s->dialog, "Reason: SIP;cause=408;text=\"No ACK\"");
	session_closed(s, ENDED_BY_NETWORK, 408, "No ACK");
	session_settle(s);
	mem_deref(s);
}

/* The 200 that ends an INVITE's waiting, repeated until its ACK. */
static int accept_invite(struct session *s, const struct mbuf *sdp, bool offers)
{
	struct mbuf *mb = NULL;
	int err;

	err = reply(s, &mb, 200, "OK", sdp);
	if (err)
		return err;
	s->answer = mb;
	s->answer_cseq = s->msg->cseq.num;
	s->answer_offers = offers;
	s->answer_count = 0;
	tmr_start(&s->answer_again, SIP_T1, again_h, s);
	tmr_start(&s->answer_end, 64 * SIP_T1, unacknowledged_h, s);
	return 0;
}

void session_in_ack(struct session *s, const struct sip_msg *msg)
{
	struct media_params params;
	const char *sdp;
	unsigned refusal;
	size_t len;
	bool over = s->state == SESSION_OVER;

	if (!s->answer || msg->cseq.num != s->answer_cseq)
		return;
	session_in_stop_answer(s);
	s->acknowledged = true;
	if (over) {
		/* the hang-up has waited for this */
		session_bye(s, s->dialog, NULL);
		return;
	}
	if (tmr_isrunning(&s->glare))
		session_out_reinvite_soon(s);
	if (!s->answer_offers)
		return;
	if (!report_sdp(msg, &sdp, &len, &refusal) || negotiation_answered(s->sdp, sdp, len, &params)) {
		negotiation_withdraw(s->sdp);
		session_bye(s, s->dialog, "Reason: SIP;cause=488;text=\"Not Acceptable Here\"");
		session_closed(s, ENDED_BY_NETWORK, 488, "Not Acceptable Here");
		return;
	}
	negotiation_withdraw(s->sdp);
	/* the 200 may not have been told yet: then it is told with what was agreed now */
	if (tmr_isrunning(&s->tell_established)) {
		s->media = params;
		s->has_media = true;
	}
	else
		phone_sip_media(stack_phone(), s->call, &params);
}

/* --- a new call ------------------------------------------------------------------------------------ */

static void cancel_h(void *arg)
{
	struct session *s = mem_ref(arg);
	char text[RESPONSE_TEXT] = "";
	struct sip_msg *cancel = NULL;
	const uint8_t *packet;
	struct mbuf *mb;
	unsigned code = 0;
	size_t len;

	/* libre hands over no message: the packet that it has just read is looked at again */
	endpoint_last_received(&packet, &len);
	mb = mbuf_alloc(len + 1);
	if (mb && !mbuf_write_mem(mb, packet, len)) {
		mb->pos = 0;
		if (!sip_msg_decode(&cancel, mb) && !pl_strcmp(&cancel->met, "CANCEL"))
			report_reason(&code, text, sizeof(text), cancel);
		mem_deref(cancel);
	}
	mem_deref(mb);
	reply_plain(&s->st, s->path.endpoint, s->msg, 487, "Request Terminated");
	session_closed(s, ENDED_BY_THEM, code, text);
	session_settle(s);
	mem_deref(s);
}

static unsigned unanswered(void)
{
	struct le *le;
	unsigned n = 0;

	LIST_FOREACH(session_list(), le) {
		const struct session *s = le->data;

		n += s->incoming && s->st != NULL;
	}
	return n;
}

/* Can the offer be answered at all? A call that never could should not ring. */
static int offer_usable(const char *sdp, size_t len)
{
	const struct codec *codec[CODEC_COUNT];
	struct negotiation *n;
	struct media_params params;
	struct mbuf *answer = NULL;
	unsigned codecs = stack_codecs(codec);
	int err;

	err = negotiation_new(&n);
	if (err)
		return err;
	err = negotiation_local(n, "127.0.0.1", 9, codec, codecs);
	if (!err)
		err = negotiation_answer(n, sdp, len, &answer, &params);
	mem_deref(answer);
	mem_deref(n);
	return err;
}

/* RFC 3323 section 4.2; RFC 3325 section 9.3. */
static bool asks_for_privacy(const struct sip_msg *msg)
{
	const struct sip_hdr *h = sip_msg_xhdr(msg, "Privacy");
	struct pl rest, word;

	if (!h)
		return false;
	rest = h->val;
	while (rest.l && !re_regex(rest.p, rest.l, "[a-z0-9\\-]+", &word)) {
		if (!pl_strcasecmp(&word, "id") || !pl_strcasecmp(&word, "user"))
			return true;
		pl_advance(&rest, word.p + word.l - rest.p);
	}
	return false;
}

static unsigned tell_incoming(struct session *s, bool offer, unsigned replaces, unsigned *call)
{
	const struct sip_msg *msg = s->msg;
	/* longer than what the phone keeps of a name, so that it sees that there was more */
	char user[ACCOUNT_TEXT_MAX], from[DIALOG_URI_MAX], name[2 * TARGET_MAX], alert[ALERT_MAX];
	struct incoming in = {
		.request_user = user,
		.from_uri = from,
		.from_name = name,
		.account = s->account ? s->account->name : NULL,
		.alert = alert,
		.offer = offer,
		.withheld = asks_for_privacy(msg),
		.replaces = replaces,
		.flood = !source_may_ring(&msg->src, stack_knows(&msg->src), tmr_jiffies()),
		.expires = field_number(&msg->expires, UINT32_MAX, 0),
	};
	unsigned code;

	field_unescape(user, sizeof(user), &msg->uri.user);
	text_copyn(from, sizeof(from), msg->from.auri.p, msg->from.auri.l);
	field_display_name(name, sizeof(name), &msg->from.dname);
	if (!in.withheld && s->account && registration_is_proxy(s->account->name, msg))
		report_asserted(from, sizeof(from), name, sizeof(name), msg);
	report_text(alert, sizeof(alert), msg, SIP_HDR_ALERT_INFO);
	session_arriving(s);
	code = phone_sip_incoming(stack_phone(), &in, call);
	session_arriving(NULL);
	return code;
}

void session_in_invite(struct endpoint *ep, const struct sip_msg *msg)
{
	const struct outcome *row;
	struct session *s = NULL;
	const char *sdp;
	const char *reason;
	unsigned refusal, call = 0, replaces, code;
	size_t len;
	bool offer;
	int err;

	offer = report_sdp(msg, &sdp, &len, &refusal);
	if (refusal) {
		reply_unsupported_media(ep, msg);
		return;
	}
	if (session_timer_too_small(msg)) {
		reply_interval_too_small(ep, msg);
		return;
	}
	err = offer ? offer_usable(sdp, len) : 0;
	if (err == EBADMSG || err == ENOTSUP) {
		reply_not_acceptable(NULL, ep, msg, err);
		return;
	}
	code = session_replaces(msg, &replaces, &reason);
	if (code) {
		reply_plain(NULL, ep, msg, code, reason ? reason : outcome_find(code, NULL)->phrase);
		return;
	}
	if (!err && unanswered() >= SESSIONS_IN_MAX)
		err = ENOSPC;
	if (!err)
		err = session_new(&s, 0, true, registration_account(msg));
	if (err) {
		reply_later(ep, msg, OVERLAP_MAX);
		return;
	}
	s->state = SESSION_RINGING;
	s->path.endpoint = ep;
	s->path.tp = msg->tp;
	s->path.peer = msg->src;
	s->msg = mem_ref((void *)msg);
	err = dialog_from_request(&s->dialog, msg);
	if (err) {
		reply_plain(NULL, ep, msg, 400, err == EBADMSG ? "Bad or Missing Contact" : "Bad Request");
		mem_deref(s);
		return;
	}
	err = sip_strans_alloc(&s->st, ep->sip, msg, cancel_h, s);
	if (!err)
		err = reply_plain(&s->st, ep, msg, 100, "Trying");
	if (err) {
		log_debug("INVITE not taken: %s", strerror(err));
		mem_deref(s);
		return;
	}
	mem_ref(s);
	code = tell_incoming(s, offer, replaces, &call);
	if (code == 404 && source_probed(&msg->src, stack_knows(&msg->src), tmr_jiffies()))
		stack_tell_flood("a source has asked for too many users that do not exist: it is silenced");
	if (code) {
		row = outcome_find(code, NULL);
		s->call = 0;
		s->state = SESSION_OVER;
		if (s->st && code == 302)
			reply_elsewhere(&s->st, ep, msg, phone_forward(stack_phone()));
		else if (s->st)
			reply_plain(&s->st, ep, msg, code, row->phrase);
	}
	else {
		source_rang(&msg->src, stack_knows(&msg->src), tmr_jiffies());
		if (s->state != SESSION_OVER)
			s->call = call;
		trace_begin(call, s->dialog->call_id);
	}
	session_settle(s);
	mem_deref(s);
}

int port_sip_ring(unsigned call)
{
	struct session *s = session_find(call);

	if (!s || s->state != SESSION_RINGING || !s->st)
		return ENOTCONN;
	return reply(s, NULL, 180, "Ringing", NULL);
}

static void tell_established_h(void *arg)
{
	struct session *s = mem_ref(arg);

	source_answered(&s->msg->src);
	phone_sip_established(stack_phone(), s->call, s->has_media ? &s->media : NULL);
	session_settle(s);
	mem_deref(s);
}

int port_sip_answer(unsigned call, const struct codec *const *codec, unsigned codecs)
{
	struct session *s = session_find(call);
	struct mbuf *out = NULL;
	const char *sdp;
	unsigned refusal, i;
	size_t len;
	bool offer;
	int err;

	if (!s || s->state != SESSION_RINGING || !s->st)
		return ENOTCONN;
	s->codecs = codecs < CODEC_COUNT ? codecs : CODEC_COUNT;
	for (i = 0; i < s->codecs; i++)
		s->codec[i] = codec[i];
	offer = report_sdp(s->msg, &sdp, &len, &refusal);
	err = session_open_media(s, &s->path);
	if (err) {
		reply_plain(&s->st, s->path.endpoint, s->msg, 500, "Server Internal Error");
		goto out;
	}
	if (offer)
		err = negotiation_answer(s->sdp, sdp, len, &out, &s->media);
	else
		err = negotiation_offer(s->sdp, &out);
	if (err) {
		reply_not_acceptable(&s->st, s->path.endpoint, s->msg, err);
		goto out;
	}
	s->has_media = offer;
	err = accept_invite(s, out, !offer);
 out:
	mem_deref(out);
	if (err) {
		s->st = mem_deref(s->st);
		session_closed_soon(s);
		return err;
	}
	s->state = SESSION_UP;
	tmr_start(&s->tell_established, 0, tell_established_h, s);
	return 0;
}

int port_sip_reject(unsigned call, unsigned code)
{
	struct session *s = session_find(call);
	int err;

	if (!s || s->state != SESSION_RINGING || !s->st)
		return ENOTCONN;
	err = reply_plain(&s->st, s->path.endpoint, s->msg, code, outcome_find(code, NULL)->phrase);
	session_closed_soon(s);
	return err;
}

/* --- a later INVITE ---------------------------------------------------------------------------------- */

void session_in_reinvite(struct session *s, struct endpoint *ep, const struct sip_msg *msg)
{
	struct media_params params;
	struct mbuf *out = NULL;
	struct path path;
	const char *sdp;
	unsigned refusal;
	size_t len;
	bool offer;
	int err;

	if (s->state == SESSION_OVER) {
		reply_plain(NULL, ep, msg, 481, "Call/Transaction Does Not Exist");
		return;
	}
	/* RFC 3261 section 14.2: ours is under way; or theirs */
	if (s->invite) {
		reply_plain(NULL, ep, msg, 491, "Request Pending");
		return;
	}
	if (s->st || s->answer) {
		reply_later(ep, msg, rand_u16() % (OVERLAP_MAX + 1));
		return;
	}
	offer = report_sdp(msg, &sdp, &len, &refusal);
	if (refusal) {
		reply_unsupported_media(ep, msg);
		return;
	}
	if (session_timer_too_small(msg)) {
		reply_interval_too_small(ep, msg);
		return;
	}
	path = s->path;
	if (!path.endpoint->present)
		path.endpoint = ep;
	err = session_open_media(s, &path);
	if (!err)
		err = offer ? negotiation_answer(s->sdp, sdp, len, &out, &params) : negotiation_offer(s->sdp, &out);
	if (err) {
		reply_not_acceptable(NULL, ep, msg, err);
		return;
	}
	dialog_refresh_target(s->dialog, msg);
	mem_deref(s->msg);
	s->msg = mem_ref((void *)msg);
	s->path.endpoint = ep;
	s->path.tp = msg->tp;
	s->path.peer = msg->src;
	err = accept_invite(s, out, !offer);
	mem_deref(out);
	if (err)
		log_warning("re-INVITE not answered: %s", strerror(err));
	else if (offer)
		phone_sip_media(stack_phone(), s->call, &params);
}
