/* ACK of a 2xx: ours to send, and to send again for each repetition (RFC 3261 section 13.2.2.4). */
#include <errno.h>

#include "base/log.h"
#include "sip/report.h"
#include "sip/session.h"
#include "sip/stack.h"

#define ACKS_MAX     64  /* remembered at a time; older ones are forgotten first */
#define BRANCHES_MAX 8   /* of one call that are being ended at a time; more are left to themselves */

struct ack {
	struct le le;
	struct tmr tmr;
	struct session *session;
	struct dialog *half;             /* of a first INVITE: what other branches are made from; or NULL */
	struct dialog *dialog;
	uint32_t cseq;
	struct mbuf *credentials;
	struct mbuf *answer;             /* our SDP, when the 2xx had the offer; or NULL */
	struct flow *flow;
	struct mbuf *text;               /* as it was sent, after the Via line */
	struct path path;
};

static struct list acks = LIST_INIT;

static void ack_free(void *arg)
{
	struct ack *a = arg;

	list_unlink(&a->le);
	tmr_cancel(&a->tmr);
	mem_deref(a->flow);
	mem_deref(a->half);
	mem_deref(a->dialog);
	mem_deref(a->credentials);
	mem_deref(a->answer);
	mem_deref(a->text);
	mem_deref(a->session);
}

static void forget_h(void *arg)
{
	mem_deref(arg);
}

static int write_h(struct mbuf *mb, const struct path *path, void *arg)
{
	struct ack *a = arg;
	int err;

	err = dialog_write(a->dialog, mb, "ACK", a->cseq);
	/* the same credentials as the INVITE's, word by word */
	if (a->credentials)
		err |= mbuf_write_mem(mb, a->credentials->buf, a->credentials->end);
	err |= mbuf_printf(mb, "User-Agent: %s\r\n", stack_software());
	err |= session_write_body(mb, a->answer);
	session_shorten(a->session, mb);
	mem_deref(a->text);
	a->text = mem_ref(mb);
	a->path = *path;
	return err;
}

static void failed_h(const struct flow_failure *failure, const struct sip_msg *msg, void *arg)
{
	(void)msg;
	(void)arg;
	/* their repeated 2xx will ask again */
	log_warning("ACK not sent: %s", failure->detail);
}

static int send_ack(struct ack *a)
{
	struct flow_request r = {
		.method = "ACK",
		.uri = dialog_request_uri(a->dialog),
		.next_hop = dialog_next_hop(a->dialog),
		.transport = a->session->account ? a->session->account->transport : TRANSPORT_ANY,
		.write_h = write_h,
		.response_h = failed_h,
		.arg = a,
	};

	return flow_start_ack(&a->flow, &r);
}

int session_ack(struct session *s, struct dialog *d, uint32_t cseq, bool first, struct mbuf *answer)
{
	struct ack *a;
	int err;

	if (list_count(&acks) >= ACKS_MAX)
		mem_deref(list_ledata(list_head(&acks)));
	a = mem_zalloc(sizeof(*a), ack_free);
	if (!a)
		return ENOMEM;
	tmr_init(&a->tmr);
	a->session = mem_ref(s);
	a->half = first ? mem_ref(s->half) : NULL;
	a->dialog = mem_ref(d);
	a->credentials = mem_ref(s->credentials);
	a->answer = mem_ref(answer);
	a->cseq = cseq;
	err = send_ack(a);
	if (err) {
		mem_deref(a);
		return err;
	}
	list_append(&acks, &a->le, a);
	tmr_start(&a->tmr, 64 * SIP_T1, forget_h, a);
	return 0;
}

/* Another branch of a forked INVITE was answered too: one call is enough. */
static void end_branch(struct ack *known, const struct sip_msg *msg)
{
	struct session *s = mem_ref(known->session);
	struct mbuf *answer = NULL;
	struct dialog *d;
	const char *sdp;
	unsigned refusal;
	size_t len;

	if (s->requests < BRANCHES_MAX && !dialog_from_response(&d, known->half, msg)) {
		log_info("a further answer to one call: ended");
		/* an offer wants an answer even so (RFC 3261 section 13.2.2.4) */
		if (known->answer && report_sdp(msg, &sdp, &len, &refusal))
			negotiation_refuse(s->sdp, sdp, len, &answer);
		if (!session_ack(s, d, known->cseq, true, answer))
			session_bye(s, d, NULL);
		mem_deref(d);
		mem_deref(answer);
	}
	mem_deref(s);
}

void session_ack_again(const struct sip_msg *msg)
{
	struct ack *branch = NULL;
	struct le *le;

	LIST_FOREACH(&acks, le) {
		struct ack *a = le->data;

		if (a->cseq != msg->cseq.num || !dialog_matches_half(a->dialog, msg))
			continue;
		if (dialog_matches(a->dialog, msg)) {
			if (a->text)
				flow_send(&a->path, "ACK", dialog_request_uri(a->dialog), a->text);
			else if (!a->flow)
				send_ack(a);
			return;
		}
		if (a->half)
			branch = a;
	}
	if (branch)
		end_branch(branch, msg);
}

void session_ack_close(void)
{
	list_flush(&acks);
}
