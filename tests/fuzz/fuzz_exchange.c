/* The exchange's own reading of SIP, SDP and credentials. */
#include "exchange/dialog.h"
#include "exchange/digest.h"
#include "exchange/message.h"
#include "exchange/sdp.h"
#include "exchange/text.h"
#include "fuzz.h"

static void describe(struct xtext body)
{
	struct xchoice choice;
	struct buf b = {0};
	struct xsdp sdp;

	if (xsdp_read(&sdp, body))
		return;
	FUZZ_CHECK(sdp.formats <= XSDP_FORMATS && sdp.streams <= XSDP_STREAMS && sdp.audio < sdp.streams);
	if (!xsdp_choose(&choice, &sdp, false) && !xsdp_choose(&choice, &sdp, true))
		xsdp_write(&b, &sdp, &choice, 5000, true, true, 1, 1);
	buf_free(&b);
}

/* All of M lies within its bytes. */
static void within(const struct xmessage *m, struct xtext t)
{
	FUZZ_CHECK(!t.len || (t.p >= m->data && t.p + t.len <= m->data + m->len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct xmessage m;
	char *bytes = malloc(size ? size : 1);
	struct sockaddr_in src = {.sin_family = AF_INET, .sin_port = htons(5060)}, sin;
	struct xtext whole = {(const char *)data, size}, uri, parameters, value;
	struct xmessage *copy = NULL;
	struct xdialog d = {0};
	struct buf b = {0};
	struct xuri u;
	size_t i;

	FUZZ_CHECK(bytes);
	if (size)
		memcpy(bytes, data, size);
	/* each reader has its go also at what is no message */
	describe(whole);
	if (xuri_read(&u, whole))
		xuri_socket(&sin, &u);
	if (xtext_address(whole, &uri, &parameters))
		xtext_parameter(parameters, "tag", &value);
	if (xmessage_read(&m, bytes, size))
		goto out;
	FUZZ_CHECK(m.count <= XMESSAGE_HEADERS);
	within(&m, m.via);
	within(&m, m.body);
	within(&m, m.to_tag);
	within(&m, m.call_id);
	for (i = 0; i < m.count; i++)
		within(&m, m.header[i].value);
	xmessage_answer(&b, &m, &src, 200, "OK", "t1");
	xmessage_end(&b, NULL, NULL);
	buf_free(&b);
	xdigest_check(&m, "Authorization");
	xdigest_check(&m, "Proxy-Authorization");
	describe(m.body);
	if (!m.fault) {
		strcpy(d.local_tag, "t1");
		if (m.request && !xdialog_from_invite(&d, &m)) {
			xdialog_owns(&d, &m);
			xdialog_target(&d, &m);
			xdialog_request(&b, &d, "BYE", 2);
		}
		xdialog_free(&d);
		buf_free(&b);
	}
	if (!xmessage_copy(&copy, &m))
		xmessage_free(copy);
out:
	free(bytes);
	return 0;
}
