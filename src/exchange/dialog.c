#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "exchange/dialog.h"

static char *text_dup(struct xtext t)
{
	return strndup(t.p, t.len);
}

/* What goes out in this dialog goes to the first route or the target; where that is a name, to where the
 * other side's last INVITE or registration came from. */
static void find_way(struct xdialog *d)
{
	struct xtext next = xtext_of(d->target), rest, item, parameters;
	struct xuri u;

	if (d->route.len) {
		rest = (struct xtext){d->route.s, d->route.len};
		if (xtext_next(&rest, ',', &item))
			xtext_address(item, &next, &parameters);
	}
	if (!xuri_read(&u, next) || !xuri_socket(&d->dst, &u))
		d->dst = d->source;
}

/* §12.1.1, §12.2.2 */
void xdialog_target(struct xdialog *d, const struct xmessage *m)
{
	const struct xheader *h = xmessage_header(m, "Contact", 0);
	struct xtext uri, parameters;
	struct xuri u;
	char *target;

	if (!h || !xtext_address(h->value, &uri, &parameters) || !xuri_read(&u, uri) || uri.len > XMESSAGE_URI)
		return;
	target = text_dup(uri);
	if (!target)
		return;
	free(d->target);
	d->target = target;
	find_way(d);
}

/* §12.1.1 */
int xdialog_from_invite(struct xdialog *d, const struct xmessage *m)
{
	const struct xheader *h;
	struct buf local = {0};
	size_t n;

	buf_add(&local, m->to.p, m->to.len);
	buf_printf(&local, ";tag=%s", d->local_tag);
	d->local = local.s;
	d->call_id = text_dup(m->call_id);
	d->remote = text_dup(m->from);
	buf_add(&d->remote_tag, m->from_tag.p, m->from_tag.len);
	for (n = 0; (h = xmessage_header(m, "Record-Route", n)) != NULL; n++) {
		buf_str(&d->route, n ? ", " : "");
		buf_add(&d->route, h->value.p, h->value.len);
	}
	d->remote_cseq = m->cseq;
	xdialog_target(d, m);
	if (local.failed || !d->call_id || !d->remote || d->remote_tag.failed || d->route.failed)
		return ENOMEM;
	return d->target ? 0 : EBADMSG;
}

int xdialog_begin(struct xdialog *d, const char *name)
{
	struct buf local = {0}, call_id = {0}, remote = {0};
	char word[XTAG_SIZE];

	exchange_random_word(word);
	buf_printf(&call_id, "%s@127.0.0.1", word);
	buf_printf(&local, "\"Exchange\" <sip:%s@127.0.0.1:%u>;tag=%s", name, exchange_port(), d->local_tag);
	buf_printf(&remote, "<%s>", d->target);
	d->call_id = call_id.s;
	d->local = local.s;
	d->remote = remote.s;
	d->local_cseq = 1;
	return call_id.failed || local.failed || remote.failed ? ENOMEM : 0;
}

/* §12.1.2 */
int xdialog_confirm(struct xdialog *d, const struct xmessage *m)
{
	const struct xheader *h;
	size_t n = 0;

	free(d->remote);
	d->remote = text_dup(m->to);
	buf_add(&d->remote_tag, m->to_tag.p, m->to_tag.len);
	/* the recorded route turned round; each proxy writes a line of its own */
	while (xmessage_header(m, "Record-Route", n))
		n++;
	while (n--) {
		h = xmessage_header(m, "Record-Route", n);
		buf_str(&d->route, d->route.len ? ", " : "");
		buf_add(&d->route, h->value.p, h->value.len);
	}
	xdialog_target(d, m);
	return !d->remote || d->remote_tag.failed || d->route.failed ? ENOMEM : 0;
}

void xdialog_free(struct xdialog *d)
{
	free(d->call_id);
	free(d->local);
	free(d->remote);
	free(d->target);
	buf_free(&d->remote_tag);
	buf_free(&d->route);
	memset(d, 0, sizeof(*d));
}

bool xdialog_owns(const struct xdialog *d, const struct xmessage *m)
{
	return d->call_id && xtext_same(m->call_id, xtext_of(d->call_id)) &&
	       xtext_same(m->to_tag, xtext_of(d->local_tag)) &&
	       xtext_same(m->from_tag, (struct xtext){d->remote_tag.s, d->remote_tag.len});
}

void xdialog_request(struct buf *b, const struct xdialog *d, const char *method, uint32_t cseq)
{
	char branch[XTAG_SIZE];

	exchange_random_word(branch);
	buf_printf(b, "%s %s SIP/2.0\r\n", method, d->target);
	buf_printf(b, "Via: SIP/2.0/UDP 127.0.0.1:%u;branch=z9hG4bK%s;rport\r\n", exchange_port(), branch);
	if (d->route.len)
		buf_printf(b, "Route: %s\r\n", d->route.s);
	buf_printf(b, "Max-Forwards: 70\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %u %s\r\n", d->local,
	           d->remote, d->call_id, cseq, method);
}
