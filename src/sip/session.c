#include <errno.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "sip/endpoint.h"
#include "sip/field.h"
#include "sip/form.h"
#include "sip/news.h"
#include "sip/reply.h"
#include "sip/report.h"
#include "sip/session.h"
#include "sip/stack.h"

static struct list sessions = LIST_INIT;
/* The phone hears of an incoming call and may ask for something before it has told its number. */
static struct session *arriving;

struct list *session_list(void)
{
	return &sessions;
}

static void session_free(void *arg)
{
	struct session *s = arg;

	list_unlink(&s->le);
	tmr_cancel(&s->glare);
	tmr_cancel(&s->again);
	tmr_cancel(&s->timer.tmr);
	tmr_cancel(&s->answer_again);
	tmr_cancel(&s->answer_end);
	tmr_cancel(&s->tell_established);
	tmr_cancel(&s->tell_closed);
	tmr_cancel(&s->move_again);
	tmr_cancel(&s->move_end);
	mem_deref(s->invite);
	mem_deref(s->st);
	mem_deref(s->msg);
	mem_deref(s->answer);
	mem_deref(s->half);
	mem_deref(s->dialog);
	mem_deref(s->sdp);
	mem_deref(s->headers);
	mem_deref(s->credentials);
	digest_reset(&s->digest);
	if (s->account)
		explicit_bzero(s->account, sizeof(*s->account));
	mem_deref(s->account);
}

int session_new(struct session **sp, unsigned call, bool incoming, const struct account *account)
{
	struct session *s = mem_zalloc(sizeof(*s), session_free);
	const char *user = account ? account->user : stack_local_user();
	int err;

	if (!s)
		return ENOMEM;
	s->call = call;
	s->incoming = incoming;
	s->direction = MEDIA_BOTH;
	tmr_init(&s->glare);
	tmr_init(&s->again);
	tmr_init(&s->timer.tmr);
	tmr_init(&s->answer_again);
	tmr_init(&s->answer_end);
	tmr_init(&s->tell_established);
	tmr_init(&s->tell_closed);
	tmr_init(&s->move_again);
	tmr_init(&s->move_end);
	err = negotiation_new(&s->sdp);
	if (!err)
		err = field_escape_user(s->user, sizeof(s->user), user);
	if (!err && account) {
		s->account = mem_alloc(sizeof(*s->account), NULL);
		if (s->account)
			*s->account = *account;
		else
			err = ENOMEM;
	}
	if (err) {
		mem_deref(s);
		return err;
	}
	list_append(&sessions, &s->le, s);
	*sp = s;
	return 0;
}

struct session *session_find(unsigned call)
{
	struct le *le;

	if (!call)
		return NULL;
	LIST_FOREACH(&sessions, le) {
		struct session *s = le->data;

		if (s->call == call)
			return s;
	}
	if (arriving && !arriving->call) {
		arriving->call = call;
		return arriving;
	}
	return NULL;
}

void session_arriving(struct session *s)
{
	arriving = s;
}

void session_settle(struct session *s)
{
	if (s->call || s->state != SESSION_OVER || s->invite || s->st || s->answer || s->requests || !s->le.list)
		return;
	list_unlink(&s->le);
	mem_deref(s);
}

/* Nothing is to be done any more when its time comes. */
static void over(struct session *s)
{
	if (s->state == SESSION_UP)
		session_replaces_ended(s->dialog);
	s->state = SESSION_OVER;
	session_moved(s);
	tmr_cancel(&s->tell_established);
	tmr_cancel(&s->glare);
	tmr_cancel(&s->again);
	session_timer_stop(s);
}

void session_closed(struct session *s, enum ended_by by, unsigned code, const char *reason)
{
	over(s);
	tmr_cancel(&s->tell_closed);
	if (s->closed_told || !s->call)
		return;
	s->closed_told = true;
	phone_sip_closed(stack_phone(), s->call, by, code, reason);
}

static void tell_closed_h(void *arg)
{
	struct session *s = mem_ref(arg);

	session_closed(s, ENDED_BY_US, 0, "");
	session_settle(s);
	mem_deref(s);
}

void session_closed_soon(struct session *s)
{
	over(s);
	if (s->call && !s->closed_told)
		tmr_start(&s->tell_closed, 0, tell_closed_h, s);
}

int session_open_media(struct session *s, const struct path *path)
{
	char address[ADDRESS_MAX];
	uint16_t port = 0;
	int err;

	if (!s->call)
		return ECANCELED;
	re_snprintf(address, sizeof(address), "%j", &path->endpoint->address);
	err = phone_sip_media_address(stack_phone(), s->call, address, &port);
	if (!err)
		err = negotiation_local(s->sdp, address, port, s->codec, s->codecs);
	return err;
}

int session_write_common(const struct session *s, struct mbuf *mb)
{
	int err = flow_write_contact(mb, &s->path, s->user);

	return err | mbuf_printf(mb, "Allow: %s\r\n", SESSION_ALLOW);
}

int session_write_body(struct mbuf *mb, const struct mbuf *sdp)
{
	int err;

	if (!sdp)
		return mbuf_write_str(mb, "Content-Length: 0\r\n\r\n");
	err = mbuf_printf(mb, "Content-Type: application/sdp\r\nContent-Length: %zu\r\n\r\n", sdp->end);
	return err | mbuf_write_mem(mb, sdp->buf, sdp->end);
}

void session_shorten(const struct session *s, struct mbuf *mb)
{
	if (stack_compact() && !s->form.long_names)
		form_shorten(mb);
}

int session_write_credentials(struct session *s, struct mbuf *mb, const char *method, const char *uri,
			      const struct mbuf *body)
{
	if (!s->account || !s->digest.takings)
		return 0;
	return digest_write(&s->digest, mb, s->account->auth_user[0] ? s->account->auth_user : s->account->user,
			    s->account->password, method, uri, body ? body->buf : NULL, body ? body->end : 0);
}

int session_take_challenges(struct session *s, const struct sip_msg *msg, const struct dialog *d)
{
	bool answer[CHALLENGES_MAX] = {false};
	struct response r;
	unsigned i;

	if (!s->account)
		return EACCES;
	report_response(&r, msg, NULL, dialog_request_uri(d), dialog_next_hop(d));
	digest_note(&s->digest, msg, &r);
	for (i = 0; i < r.challenges; i++) {
		const struct challenge *c = &r.challenge[i];

		/* who could ask at the beginning of the call may ask again: it recorded its address perhaps, where
		 * the account has its name; the realm alone could be anybody's */
		bool again = digest_knows(&s->digest, c->proxy, c->realm) &&
			     !strcmp(c->proxy ? r.hop_host : r.ruri_host, s->challenger);

		/* nor does a name that a redirect brought tell whose it is */
		answer[i] = c->supported && (again || account_may_answer(s->account, c->proxy,
									 s->redirected ? "" : r.ruri_host,
									 s->redirected ? "" : r.hop_host, c->realm));
	}
	return digest_take(&s->digest, answer);
}

/* --- requests within a dialog ------------------------------------------------------------------- */

static void bye_in(struct session *s, struct endpoint *ep, const struct sip_msg *msg)
{
	char text[RESPONSE_TEXT];
	unsigned code;

	report_reason(&code, text, sizeof(text), msg);
	reply_plain(NULL, ep, msg, 200, "OK");
	if (s->st)
		reply_plain(&s->st, s->path.endpoint, s->msg, 487, "Request Terminated");
	session_in_stop_answer(s);
	s->invite = mem_deref(s->invite);
	session_closed(s, ENDED_BY_THEM, code, text);
}

static void options_in(struct session *s, struct endpoint *ep, const struct sip_msg *msg)
{
	(void)s;
	reply_options(ep, msg);
}

static void news_in_dialog(struct session *s, struct endpoint *ep, const struct sip_msg *msg)
{
	(void)s;
	news_in(ep, msg);
}

static const struct {
	const char *method;
	void (*h)(struct session *s, struct endpoint *ep, const struct sip_msg *msg);
} methods[] = {
	{"BYE", bye_in},
	{"INVITE", session_in_reinvite},
	{"NOTIFY", news_in_dialog},
	{"OPTIONS", options_in},
	{"SUBSCRIBE", news_in_dialog},
};

/* An end is always heard; one that ends nothing is a request as any other. */
static bool is_end(const struct session *s, const struct sip_msg *msg)
{
	return !pl_strcmp(&msg->met, "BYE") && s->state != SESSION_OVER && !sip_msg_hdr(msg, SIP_HDR_REQUIRE) &&
	       !(s->dialog->remote_cseq_known && msg->cseq.num <= s->dialog->remote_cseq);
}

static void in_dialog(struct session *s, struct endpoint *ep, const struct sip_msg *msg)
{
	unsigned i;

	if (!pl_strcmp(&msg->met, "ACK")) {
		session_in_ack(s, msg);
		return;
	}
	if (!is_end(s, msg) && !source_in_dialog(&s->asked, msg->mb->size, tmr_jiffies())) {
		stack_tell_flood("too many requests within a call: some get no answer");
		if (msg->tp != SIP_TRANSP_UDP)
			reply_overload(ep, msg, false);
		return;
	}
	if (s->dialog->remote_cseq_known && msg->cseq.num <= s->dialog->remote_cseq) {
		reply_plain(NULL, ep, msg, 500, "CSeq Out of Order");
		return;
	}
	s->dialog->remote_cseq = msg->cseq.num;
	s->dialog->remote_cseq_known = true;
	if (reply_bad_extension(ep, msg))
		return;
	for (i = 0; i < sizeof(methods) / sizeof(methods[0]); i++) {
		if (!pl_strcmp(&msg->met, methods[i].method)) {
			methods[i].h(s, ep, msg);
			return;
		}
	}
	reply_not_allowed(ep, msg);
}

struct session *session_of_request(const struct sip_msg *msg)
{
	struct le *le;

	if (!pl_isset(&msg->to.tag))
		return NULL;
	LIST_FOREACH(&sessions, le) {
		struct session *s = le->data;

		if (s->dialog && dialog_matches(s->dialog, msg))
			return s;
	}
	return NULL;
}

bool session_request_in_dialog(struct endpoint *ep, const struct sip_msg *msg)
{
	struct session *s = session_of_request(msg);

	if (!s)
		return false;
	mem_ref(s);
	in_dialog(s, ep, msg);
	session_settle(s);
	mem_deref(s);
	return true;
}

bool session_is_with(const struct sa *src)
{
	struct le *le;

	LIST_FOREACH(&sessions, le) {
		const struct session *s = le->data;

		if (s->state == SESSION_UP && sa_cmp(&s->path.peer, src, SA_ALL))
			return true;
	}
	return false;
}

/* RFC 3261 section 8.2.2.2: the same request by another way. libre sees it only when the Request-URI is the
 * same too. */
bool session_is_merged(const struct sip_msg *msg)
{
	struct le *le;

	LIST_FOREACH(&sessions, le) {
		const struct session *s = le->data;

		if (s->msg && (s->st || s->answer) && !pl_cmp(&s->msg->callid, &msg->callid) &&
		    !pl_cmp(&s->msg->from.tag, &msg->from.tag) && s->msg->cseq.num == msg->cseq.num)
			return true;
	}
	return false;
}

void session_close_all(void)
{
	session_ack_close();
	session_bye_close();
	session_replaces_close();
	list_flush(&sessions);
}

bool session_busy(void)
{
	struct le *le;

	LIST_FOREACH(&sessions, le) {
		const struct session *s = le->data;

		if (!s->call)
			return true;
	}
	return false;
}

/* --- the phone's ports --------------------------------------------------------------------------- */

void port_sip_hangup(unsigned call)
{
	struct session *s = session_find(call);

	if (!s || s->state == SESSION_OVER)
		return;
	if (s->incoming && s->state == SESSION_RINGING) {
		port_sip_reject(call, 486);
		return;
	}
	if (s->state == SESSION_UP) {
		tmr_cancel(&s->glare);
		s->invite = mem_deref(s->invite);
		/* RFC 3261 section 15: the callee waits for the ACK, session_in.c then sends it */
		if (!s->answer || s->acknowledged || !s->incoming) {
			session_in_stop_answer(s);
			session_bye(s, s->dialog, NULL);
		}
	}
	else
		session_out_hangup(s);
	session_closed_soon(s);
}

void port_sip_release(unsigned call)
{
	struct session *s = session_find(call);

	if (!s)
		return;
	mem_ref(s);
	port_sip_hangup(call);
	over(s);
	s->call = 0;
	tmr_cancel(&s->tell_closed);
	session_settle(s);
	mem_deref(s);
}
