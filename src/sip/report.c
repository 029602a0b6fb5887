#include <string.h>

#include "base/text.h"
#include "sip/field.h"
#include "sip/report.h"

/* Whose the URI is: its maddr, if it has one, is where a request for it really goes. */
static void host_of(char *dst, size_t size, const char *text)
{
	struct pl pl, host;
	struct uri uri;

	dst[0] = '\0';
	pl_set_str(&pl, text);
	if (uri_decode(&uri, &pl))
		return;
	if (!field_param(&host, &uri.params, "maddr") || !host.l)
		host = uri.host;
	text_copyn(dst, size, host.p, host.l);
}

static void header_text(char *dst, size_t size, const struct sip_msg *msg, enum sip_hdrid id)
{
	const struct sip_hdr *h = sip_msg_hdr(msg, id);

	if (h && h->val.p)
		text_copyn(dst, size, h->val.p, h->val.l);
}

void report_response(struct response *r, const struct sip_msg *msg, const struct flow_failure *failure,
		     const char *ruri, const char *hop)
{
	memset(r, 0, sizeof(*r));
	host_of(r->ruri_host, sizeof(r->ruri_host), ruri);
	host_of(r->hop_host, sizeof(r->hop_host), hop);
	if (!msg) {
		r->error = failure->error;
		text_copy(r->detail, sizeof(r->detail), failure->detail);
		return;
	}
	r->code = msg->scode;
	if (msg->reason.p)
		text_copyn(r->reason, sizeof(r->reason), msg->reason.p, msg->reason.l);
	header_text(r->warning, sizeof(r->warning), msg, SIP_HDR_WARNING);
	header_text(r->retry_after, sizeof(r->retry_after), msg, SIP_HDR_RETRY_AFTER);
}

void report_local(struct response *r, enum local_error error, const char *detail)
{
	memset(r, 0, sizeof(*r));
	r->error = error;
	text_copy(r->detail, sizeof(r->detail), detail);
}

struct reason {
	unsigned code;
	char *text;
	size_t size;
};

static bool reason_h(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	struct reason *r = arg;
	struct pl params, value;
	const char *semicolon;

	(void)msg;
	semicolon = pl_strchr(&hdr->val, ';');
	if (hdr->val.l < 4 || strncasecmp(hdr->val.p, "SIP", 3) || !semicolon || !strchr("; \t", hdr->val.p[3]))
		return false;
	params.p = semicolon;
	params.l = (size_t)(hdr->val.p + hdr->val.l - semicolon);
	if (field_param(&value, &params, "cause"))
		r->code = field_number(&value, 999, 0);
	if (field_param(&value, &params, "text"))
		field_display_name(r->text, r->size, &value);
	return true;
}

void report_reason(unsigned *code, char *text, size_t size, const struct sip_msg *msg)
{
	struct reason r = {0, text, size};

	text[0] = '\0';
	sip_msg_hdr_apply(msg, true, SIP_HDR_REASON, reason_h, &r);
	*code = r.code;
}

bool report_sdp(const struct sip_msg *msg, const char **sdp, size_t *len, unsigned *refusal)
{
	const struct sip_hdr *encoding = sip_msg_hdr(msg, SIP_HDR_CONTENT_ENCODING);
	size_t left = mbuf_get_left(msg->mb);

	*refusal = 0;
	*len = left;
	if (pl_isset(&msg->clen))
		*len = field_number(&msg->clen, (uint32_t)left, 0);
	if (!*len)
		return false;
	if (!msg_ctype_cmp(&msg->ctyp, "application", "sdp") ||
	    (encoding && pl_strcasecmp(&encoding->val, "identity"))) {
		*refusal = 415;
		return false;
	}
	*sdp = (const char *)mbuf_buf(msg->mb);
	return true;
}
