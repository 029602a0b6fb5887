/* BYE: sent once, with credentials if asked for them, and nobody waits for it. */
#include <errno.h>

#include "base/log.h"
#include "sip/session.h"
#include "sip/stack.h"

struct bye {
	struct le le;
	struct session *session;
	struct dialog *dialog;
	struct flow *flow;
	char *reason;
	uint32_t cseq;
	bool credentials_sent;
};

static struct list byes = LIST_INIT;

static void bye_free(void *arg)
{
	struct bye *b = arg;

	list_unlink(&b->le);
	mem_deref(b->flow);
	mem_deref(b->dialog);
	mem_deref(b->reason);
	mem_deref(b->session);
}

static int write_h(struct mbuf *mb, const struct path *path, void *arg)
{
	struct bye *b = arg;
	int err;

	(void)path;
	err = dialog_write(b->dialog, mb, "BYE", b->cseq);
	err |= session_write_credentials(b->session, mb, "BYE", dialog_request_uri(b->dialog), NULL);
	err |= mbuf_printf(mb, "User-Agent: %s\r\n", stack_software());
	if (b->reason)
		err |= mbuf_printf(mb, "%s\r\n", b->reason);
	err |= session_write_body(mb, NULL);
	session_shorten(b->session, mb);
	return err;
}

static int send_bye(struct bye *b);

static void response_h(const struct flow_failure *failure, const struct sip_msg *msg, void *arg)
{
	struct bye *b = arg;
	struct session *s = b->session;

	if (msg && msg->scode < 200)
		return;
	if (msg && (msg->scode == 401 || msg->scode == 407) && !b->credentials_sent &&
	    !session_take_challenges(s, msg, b->dialog)) {
		b->credentials_sent = true;
		if (!send_bye(b))
			return;
	}
	if (failure)
		log_info("BYE without an answer: %s", failure->detail);
	s->requests--;
	mem_ref(s);
	mem_deref(b);
	session_settle(s);
	mem_deref(s);
}

static int send_bye(struct bye *b)
{
	struct flow_request r = {
		.method = "BYE",
		.uri = dialog_request_uri(b->dialog),
		.next_hop = dialog_next_hop(b->dialog),
		.transport = b->session->account ? b->session->account->transport : TRANSPORT_ANY,
		.write_h = write_h,
		.response_h = response_h,
		.arg = b,
	};

	b->cseq = ++b->dialog->local_cseq;
	return flow_start(&b->flow, &r);
}

int session_bye(struct session *s, struct dialog *d, const char *reason)
{
	struct bye *b = mem_zalloc(sizeof(*b), bye_free);
	int err = 0;

	if (!b)
		return ENOMEM;
	b->session = mem_ref(s);
	b->dialog = mem_ref(d);
	if (reason)
		err = str_dup(&b->reason, reason);
	if (!err)
		err = send_bye(b);
	if (err) {
		mem_deref(b);
		return err;
	}
	list_append(&byes, &b->le, b);
	s->requests++;
	return 0;
}

void session_bye_close(void)
{
	list_flush(&byes);
}
