/* A SIP message as it comes: what is read of it for the phone, for the dialog, for the password and for the trace. */
#include "fuzz.h"
#include "sip/dialog.h"
#include "sip/digest.h"
#include "sip/guard.h"
#include "sip/report.h"
#include "sip/trace.h"

static void written(const struct dialog *d)
{
	struct mbuf *mb = mbuf_alloc(256);

	FUZZ_CHECK(mb && d->routes <= DIALOG_ROUTES_MAX);
	FUZZ_CHECK(dialog_request_uri(d) && dialog_next_hop(d));
	if (!dialog_write(d, mb, "BYE", 9)) {
		size_t i;

		/* what the peer wrote must not begin a line of its own */
		for (i = 0; i < mb->end; i++) {
			if (mb->buf[i] == '\n')
				FUZZ_CHECK(i && mb->buf[i - 1] == '\r' && (i + 1 == mb->end || strchr("MRTFC", mb->buf[i + 1])));
		}
	}
	mem_deref(mb);
}

static void answer(const struct sip_msg *msg, struct response *r)
{
	static const bool all[CHALLENGES_MAX] = {true, true};
	struct mbuf *mb = mbuf_alloc(256);
	struct digest d;

	FUZZ_CHECK(mb);
	memset(&d, 0, sizeof(d));
	digest_note(&d, msg, r);
	FUZZ_CHECK(r->challenges <= CHALLENGES_MAX && d.offers <= CHALLENGES_MAX);
	if (!digest_take(&d, all))
		digest_write(&d, mb, "user", "secret", "INVITE", "sip:a@b", "body", 4);
	digest_reset(&d);
	mem_deref(mb);
}

static void response(const struct sip_msg *msg)
{
	struct dialog *half, *d;
	struct response r;
	unsigned i;

	report_response(&r, msg, NULL, "sip:a@h:5060;maddr=x", "sip:p;lr");
	FUZZ_CHECK(r.contacts <= CONTACTS_MAX && memchr(r.retry_after, 0, sizeof(r.retry_after)));
	for (i = 0; i < r.contacts; i++) {
		FUZZ_CHECK(r.contact[i].q <= 1000 && !strpbrk(r.contact[i].uri, " <>\"\r\n"));
		FUZZ_CHECK(!i || r.contact[i].q <= r.contact[i - 1].q);
	}
	answer(msg, &r);
	FUZZ_CHECK(!dialog_new(&half, "sip:c@d", "<sip:a@b>", "<sip:c@d>"));
	if (!dialog_from_response(&d, half, msg)) {
		dialog_matches(d, msg);
		dialog_refresh_target(d, msg);
		written(d);
		mem_deref(d);
	}
	mem_deref(half);
}

static void request(const struct sip_msg *msg)
{
	const char *reason;
	struct dialog *d;
	bool close;

	/* no dialog begins with what is refused at the door */
	if (guard_fault(msg, false, &reason, &close) || dialog_from_request(&d, msg))
		return;
	dialog_matches(d, msg);
	dialog_refresh_target(d, msg);
	written(d);
	mem_deref(d);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size ? size : 1);
	struct sip_msg *msg = NULL;
	char text[64];
	const char *sdp;
	unsigned code;
	struct sa sa;
	size_t len;

	FUZZ_CHECK(mb);
	mbuf_write_mem(mb, data, size);
	mb->pos = 0;
	sa_set_str(&sa, "127.0.0.1", 5060);
	trace_packet(false, SIP_TRANSP_UDP, &sa, &sa, data, size);
	trace_close();
	if (!sip_msg_decode(&msg, mb)) {
		report_reason(&code, text, sizeof(text), msg);
		FUZZ_CHECK(code <= 999 && memchr(text, 0, sizeof(text)));
		if (report_sdp(msg, &sdp, &len, &code))
			FUZZ_CHECK(len <= mbuf_get_left(msg->mb));
		/* libre lets neither pass to us without these (RFC 3261 section 8.1.1) */
		if (pl_isset(&msg->callid) && pl_isset(&msg->from.auri) && pl_isset(&msg->to.auri) && pl_isset(&msg->cseq.met))
			(msg->req ? request : response)(msg);
	}
	mem_deref(msg);
	mem_deref(mb);
	return 0;
}
