#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "exchange/call.h"
#include "exchange/dialog.h"
#include "exchange/dialplan.h"
#include "exchange/registrar.h"
#include "exchange/sdp.h"
#include "exchange/voice.h"

enum state {
	RINGING,    /* an INVITE came; it has no final answer yet */
	WAITING,    /* will call back */
	CALLING,    /* our INVITE is out */
	GIVING_UP,  /* our INVITE is out and not wanted any more */
	UP,
};

struct xcall {
	bool used, ours;              /* we sent the INVITE */
	bool rang;                    /* and it had a 1xx, so it can be cancelled (§9.1) */
	enum state state;
	const struct xline *line;
	struct xtransaction *invite;  /* while it matters, or NULL */
	struct loop_timer *timer;
	uint64_t due, expires, ring;  /* ms: final answer; Expires of the INVITE (0: none); next 180 */

	struct xdialog dialog;
	uint32_t invite_cseq;         /* of the last INVITE that came */
	struct buf ack;               /* of the 2xx that we got, for when it comes again */

	struct xvoice *voice;
	struct xsdp peer;
	struct xchoice choice;
	bool agreed;                  /* peer and choice are valid */
	bool offered;                 /* our offer waits for its answer in the ACK */
	uint32_t sdp_id, sdp_version;
};

static struct xcall calls[XCALL_MAX];

static void timer_h(void *arg);
static void invite_h(struct xtransaction *t, const struct xmessage *response, void *arg);

/* --- the table ----------------------------------------------------------- */

static struct xcall *open_call(const struct xline *line)
{
	struct xcall *c;

	for (c = calls; c < calls + XCALL_MAX && c->used; c++)
		;
	if (c == calls + XCALL_MAX || loop_timer_new(&c->timer, timer_h, c))
		return NULL;
	c->used = true;
	c->line = line;
	c->sdp_id = exchange_random() & 0x7fffffff;
	exchange_random_word(c->dialog.local_tag);
	return c;
}

static void close_call(struct xcall *c)
{
	/* a 2xx that still waits for its ACK has no call to answer for any more */
	if (c->invite && c->state == UP && !c->ours)
		xtransaction_acknowledged(c->invite);
	xtransaction_leave(c->invite);
	loop_timer_free(c->timer);
	xvoice_free(c->voice);
	xdialog_free(&c->dialog);
	buf_free(&c->ack);
	memset(c, 0, sizeof(*c));
}

static struct xcall *find_dialog(const struct xmessage *m)
{
	struct xcall *c;

	for (c = calls; c < calls + XCALL_MAX; c++)
		if (c->used && xdialog_owns(&c->dialog, m))
			return c;
	return NULL;
}

/* --- requests of ours ---------------------------------------------------- */

static void send_bye(struct xcall *c)
{
	struct xtransaction *t;
	struct buf b = {0};

	xdialog_request(&b, &c->dialog, "BYE", ++c->dialog.local_cseq);
	xmessage_end(&b, NULL, NULL);
	xtransaction_send(&t, &b, &c->dialog.dst, NULL, NULL);
	buf_free(&b);
}

/* §9.1: the INVITE's own Request-URI, Via, Route, To and number */
static void send_cancel(struct xcall *c)
{
	static const char *const copied[] = {"Via", "Route", "Max-Forwards", "From", "To", "Call-ID"};
	const struct xmessage *m = xtransaction_request(c->invite);
	const struct xheader *h;
	struct xtransaction *t;
	struct buf b = {0};
	size_t i;

	buf_printf(&b, "CANCEL %.*s SIP/2.0\r\n", (int)m->uri.len, m->uri.p);
	for (i = 0; i < sizeof(copied) / sizeof(copied[0]); i++) {
		h = xmessage_header(m, copied[i], 0);
		if (h)
			buf_printf(&b, "%s: %.*s\r\n", copied[i], (int)h->value.len, h->value.p);
	}
	buf_printf(&b, "CSeq: %u CANCEL\r\n", m->cseq);
	xmessage_end(&b, NULL, NULL);
	xtransaction_send(&t, &b, &c->dialog.dst, NULL, NULL);
	buf_free(&b);
}

static void hang_up(struct xcall *c)
{
	log_debug("exchange: hanging up %s", c->line->name);
	send_bye(c);
	close_call(c);
}

/* --- offers and answers -------------------------------------------------- */

static bool sends(const struct xcall *c)
{
	return c->peer.receives;
}

static bool receives(const struct xcall *c)
{
	return c->peer.sends;
}

/* Takes the other side's description, offer or answer. 0, or an errno and nothing has changed. */
static int take_description(struct xcall *c, struct xtext body)
{
	struct xsdp peer;
	struct xchoice choice;
	int err = xsdp_read(&peer, body);

	if (!err)
		err = xsdp_choose(&choice, &peer, c->line->sound == XVOICE_MILLIWATT);
	if (err)
		return err;
	c->peer = peer;
	c->choice = choice;
	c->agreed = true;
	xvoice_agree(c->voice, &choice, &peer.rtp, sends(c), receives(c));
	return 0;
}

/* Is the body of M, if any, a description that can be read? */
static bool readable_body(const struct xmessage *m)
{
	const struct xheader *type = xmessage_header(m, "Content-Type", 0);
	const struct xheader *coding = xmessage_header(m, "Content-Encoding", 0);
	struct xtext rest, kind;

	if (!m->body.len)
		return true;
	if (!type || (coding && !xtext_is(coding->value, "identity")))
		return false;
	rest = type->value;
	return xtext_next(&rest, ';', &kind) && xtext_is(kind, "application/sdp");
}

/* --- answers to an INVITE ------------------------------------------------ */

/* STATUS with Contact and Allow, and a description when DESCRIBE. */
static void answer(struct xcall *c, unsigned status, const char *reason, bool describe)
{
	struct xtransaction *t = c->invite;
	struct buf b = {0}, sdp = {0};

	xmessage_answer(&b, xtransaction_request(t), xtransaction_source(t), status, reason, c->dialog.local_tag);
	buf_printf(&b, "Contact: <sip:%s@127.0.0.1:%u>\r\nAllow: %s\r\n", c->line->name, exchange_port(),
	           XDIALPLAN_ALLOW);
	if (describe && c->offered)
		xsdp_write(&sdp, NULL, NULL, xvoice_port(c->voice), true, true, c->sdp_id, ++c->sdp_version);
	else if (describe)
		xsdp_write(&sdp, &c->peer, &c->choice, xvoice_port(c->voice), sends(c), receives(c), c->sdp_id,
		           ++c->sdp_version);
	xmessage_end(&b, sdp.s ? "application/sdp" : NULL, sdp.s);
	buf_free(&sdp);
	xtransaction_answer(t, &b, status);
}

/* A refusal that is no call, or ends one; FIELDS may be NULL. */
static void refuse(struct xtransaction *t, unsigned status, const char *reason, const char *fields, const char *tag)
{
	struct buf b = {0};
	char fresh[XTAG_SIZE];

	if (!tag) {
		exchange_random_word(fresh);
		tag = fresh;
	}
	xmessage_answer(&b, xtransaction_request(t), xtransaction_source(t), status, reason, tag);
	if (fields)
		buf_str(&b, fields);
	xmessage_end(&b, NULL, NULL);
	xtransaction_answer(t, &b, status);
}

/* With the header fields that the table has for STATUS. */
static void refuse_by_table(struct xtransaction *t, unsigned status)
{
	struct buf fields = {0};

	xdialplan_refusal(&fields, xtransaction_request(t), status);
	refuse(t, status, xdialplan_phrase(status), fields.s, NULL);
	buf_free(&fields);
}

static void end_ringing(struct xcall *c, unsigned status, const char *reason)
{
	struct xtransaction *t = c->invite;

	c->invite = NULL;
	xtransaction_leave(t);
	refuse(t, status, reason, NULL, c->dialog.local_tag);
	close_call(c);
}

static void accept_call(struct xcall *c)
{
	c->state = UP;
	answer(c, 200, "OK", true);
	/* early media may have been another sound; the line's own begins now */
	xvoice_say(c->voice, c->line->sound);
	loop_timer_start(c->timer, XCALL_LONGEST);
}

static void go_on_ringing(struct xcall *c)
{
	uint64_t now = loop_now_ms(), next = c->due;

	if (now >= c->due) {
		if (c->line->status)
			end_ringing(c, c->line->status, c->line->reason);
		else
			accept_call(c);
		return;
	}
	if (c->expires && now >= c->expires) {
		/* §13.3.1 */
		end_ringing(c, 487, xdialplan_phrase(487));
		return;
	}
	if (now >= c->ring) {
		bool early = c->line->progress == 183 && c->agreed;

		answer(c, c->line->progress, c->line->progress == 183 ? "Session Progress" : "Ringing", early);
		if (early && c->sdp_version == 1)
			xvoice_say(c->voice, c->line->sound);
		c->ring = now + XCALL_RING_AGAIN;
	}
	if (c->expires && c->expires < next)
		next = c->expires;
	if (c->ring < next)
		next = c->ring;
	loop_timer_start(c->timer, next - now);
}

/* --- an INVITE comes ----------------------------------------------------- */

static bool plan_call_back(const struct xline *line, struct xtransaction *t)
{
	const struct xmessage *m = xtransaction_request(t);
	struct sockaddr_in dst;
	const char *uri;
	struct xcall *c = open_call(line);

	if (!c)
		return false;
	c->ours = true;
	c->state = WAITING;
	c->dialog.source = *xtransaction_source(t);
	if (xregistrar_contact(&uri, &dst, &c->dialog.source)) {
		c->dialog.target = strdup(uri);
		c->dialog.dst = dst;
	}
	else
		xdialog_target(&c->dialog, m);
	if (!c->dialog.target) {
		close_call(c);
		return false;
	}
	loop_timer_start(c->timer, XCALL_CALLBACK);
	return true;
}

static void begin(struct xtransaction *t, const struct xline *line)
{
	const struct xmessage *m = xtransaction_request(t);
	const struct xheader *h = xmessage_header(m, "Expires", 0);
	struct xcall *c = open_call(line);
	uint64_t now = loop_now_ms();
	uint32_t seconds;

	if (!c) {
		refuse(t, 486, "All Lines Busy", NULL, NULL);
		return;
	}
	c->dialog.source = *xtransaction_source(t);
	if (xdialog_from_invite(&c->dialog, m)) {
		refuse(t, 400, "Missing or Bad Contact", NULL, NULL);
		close_call(c);
		return;
	}
	if (xvoice_new(&c->voice)) {
		refuse(t, 500, xdialplan_phrase(500), NULL, NULL);
		close_call(c);
		return;
	}
	if (m->body.len && take_description(c, m->body)) {
		refuse_by_table(t, 488);
		close_call(c);
		return;
	}
	c->offered = !m->body.len;
	c->invite_cseq = m->cseq;
	c->invite = t;
	xtransaction_listen(t, invite_h, c);
	c->state = RINGING;
	c->ring = now;
	c->due = now + line->wait;
	if (h && xtext_number(h->value, &seconds) && seconds)
		c->expires = now + (uint64_t)seconds * 1000;
	xtransaction_answer_plain(t, 100, "Trying", NULL);
	/* one 180 also for who answers at once, as telephones do */
	if (!line->wait)
		answer(c, line->progress, "Ringing", false);
	go_on_ringing(c);
}

void xcall_invited(struct xtransaction *t)
{
	const struct xmessage *m = xtransaction_request(t);
	const struct xline *line;
	struct xuri u;
	unsigned code;

	if (!xuri_read(&u, m->uri)) {
		refuse(t, 400, "Bad Request-URI", NULL, NULL);
		return;
	}
	if (!m->from_tag.len) {
		refuse(t, 400, "From Without Tag", NULL, NULL);
		return;
	}
	if (!readable_body(m)) {
		refuse_by_table(t, 415);
		return;
	}
	line = xdialplan_line(u.user);
	code = xdialplan_code(u.user);
	if (code && !xdialplan_repaired(m, code)) {
		refuse_by_table(t, code);
		return;
	}
	if (code)
		line = xdialplan_line(xtext_of("echo"));
	if (!line) {
		refuse(t, 404, xdialplan_phrase(404), NULL, NULL);
		return;
	}
	if (line->calls_back) {
		if (plan_call_back(line, t))
			refuse(t, line->status, line->reason, NULL, NULL);
		else
			refuse(t, 486, "All Lines Busy", NULL, NULL);
		return;
	}
	begin(t, line);
}

/* --- a request within a call --------------------------------------------- */

static void reinvited(struct xcall *c, struct xtransaction *t)
{
	const struct xmessage *m = xtransaction_request(t);
	char field[40];

	if (c->ours && c->invite) {
		/* who sends this has our ACK; the 2xx does not come again */
		xtransaction_leave(c->invite);
		c->invite = NULL;
	}
	if (c->invite) {
		/* §14.2: one at a time */
		snprintf(field, sizeof(field), "Retry-After: %u\r\n", exchange_random() % 11);
		refuse(t, 500, xdialplan_phrase(500), field, NULL);
		return;
	}
	if (!readable_body(m)) {
		refuse_by_table(t, 415);
		return;
	}
	if (m->body.len && take_description(c, m->body)) {
		refuse_by_table(t, 488);
		return;
	}
	c->offered = !m->body.len;
	xdialog_target(&c->dialog, m);
	c->ours = false;
	c->invite = t;
	c->invite_cseq = m->cseq;
	xtransaction_listen(t, invite_h, c);
	answer(c, 200, "OK", true);
}

static void said_bye(struct xcall *c, struct xtransaction *t)
{
	refuse(t, 200, "OK", NULL, NULL);
	if (c->state == RINGING)
		end_ringing(c, 487, xdialplan_phrase(487));
	else
		close_call(c);
}

void xcall_request(struct xtransaction *t)
{
	const struct xmessage *m = xtransaction_request(t);
	struct xcall *c = find_dialog(m);

	if (!c) {
		refuse(t, 481, xdialplan_phrase(481), NULL, NULL);
		return;
	}
	/* §12.2.2 */
	if (m->cseq <= c->dialog.remote_cseq && c->dialog.remote_cseq) {
		refuse(t, 500, "CSeq Out of Order", NULL, NULL);
		return;
	}
	c->dialog.remote_cseq = m->cseq;
	if (xtext_is(m->method, "INVITE"))
		reinvited(c, t);
	else if (xtext_is(m->method, "BYE"))
		said_bye(c, t);
	else if (xtext_is(m->method, "OPTIONS") || xtext_is(m->method, "INFO"))
		refuse(t, 200, "OK", "Allow: " XDIALPLAN_ALLOW "\r\nAccept: application/sdp\r\n", NULL);
	else
		refuse_by_table(t, 405);
}

void xcall_acknowledged(const struct xmessage *ack)
{
	struct xcall *c = find_dialog(ack);
	bool was_offered;

	if (!c || c->state != UP || c->ours || !c->invite || ack->cseq != c->invite_cseq)
		return;
	was_offered = c->offered;
	xtransaction_acknowledged(c->invite);
	xtransaction_leave(c->invite);
	c->invite = NULL;
	c->offered = false;
	/* our offer in the 200 has its answer here, or the call has no sound */
	if (was_offered && (!readable_body(ack) || take_description(c, ack->body)))
		hang_up(c);
}

void xcall_cancelled(struct xtransaction *t)
{
	struct xcall *c;

	for (c = calls; c < calls + XCALL_MAX; c++) {
		if (c->used && c->state == RINGING && c->invite == t) {
			end_ringing(c, 487, xdialplan_phrase(487));
			return;
		}
	}
}

/* --- calls of ours ------------------------------------------------------- */

static void call_now(struct xcall *c)
{
	struct buf b = {0}, sdp = {0};

	if (xdialog_begin(&c->dialog, c->line->name) || xvoice_new(&c->voice)) {
		close_call(c);
		return;
	}
	xdialog_request(&b, &c->dialog, "INVITE", c->dialog.local_cseq);
	buf_printf(&b, "Contact: <sip:%s@127.0.0.1:%u>\r\nAllow: %s\r\n", c->line->name, exchange_port(),
	           XDIALPLAN_ALLOW);
	xsdp_write(&sdp, NULL, NULL, xvoice_port(c->voice), true, true, c->sdp_id, ++c->sdp_version);
	xmessage_end(&b, "application/sdp", sdp.s);
	buf_free(&sdp);
	c->state = CALLING;
	if (xtransaction_send(&c->invite, &b, &c->dialog.dst, invite_h, c))
		close_call(c);
	else
		loop_timer_start(c->timer, XCALL_PATIENCE);
	buf_free(&b);
}

/* The 2xx of our INVITE: the dialog is complete (§12.1.2), the ACK goes out (§13.2.2.4). */
static void connected(struct xcall *c, const struct xmessage *m)
{
	bool wanted = c->state == CALLING;

	if (xdialog_confirm(&c->dialog, m)) {
		close_call(c);
		return;
	}
	c->state = UP;
	xdialog_request(&c->ack, &c->dialog, "ACK", c->dialog.local_cseq);
	xmessage_end(&c->ack, NULL, NULL);
	exchange_send(&c->dialog.dst, &c->ack);
	if (!wanted || !readable_body(m) || take_description(c, m->body)) {
		hang_up(c);
		return;
	}
	xvoice_say(c->voice, c->line->sound);
	loop_timer_start(c->timer, XCALL_LONGEST);
}

static void invite_h(struct xtransaction *t, const struct xmessage *response, void *arg)
{
	struct xcall *c = arg;

	if (c->invite != t)
		return;
	if (!response) {
		c->invite = NULL;
		if (c->ours && c->state == UP)
			return;           /* an old 2xx of ours is no longer waited for */
		if (c->state == UP)
			hang_up(c);       /* no ACK (§13.3.1.4) */
		else
			close_call(c);    /* no response */
		return;
	}
	if (response->status < 200) {
		c->rang = true;
		return;
	}
	if (response->status >= 300) {
		close_call(c);
		return;
	}
	if (c->state != UP)
		connected(c, response);
	else if (xtext_same(response->to_tag, (struct xtext){c->dialog.remote_tag.s, c->dialog.remote_tag.len}))
		exchange_send(&c->dialog.dst, &c->ack);
}

/* Nobody answers. */
static void give_up(struct xcall *c)
{
	c->state = GIVING_UP;
	if (c->rang)
		send_cancel(c);
	/* who does not answer a CANCEL either is gone */
	loop_timer_start(c->timer, XTIME_GIVE_UP);
}

static void timer_h(void *arg)
{
	struct xcall *c = arg;

	switch (c->state) {
	case RINGING:
		go_on_ringing(c);
		break;
	case WAITING:
		call_now(c);
		break;
	case CALLING:
		give_up(c);
		break;
	case GIVING_UP:
		close_call(c);
		break;
	case UP:
		hang_up(c);
		break;
	}
}

/* --- all of them --------------------------------------------------------- */

void xcall_close_all(void)
{
	struct xcall *c;

	for (c = calls; c < calls + XCALL_MAX; c++) {
		if (!c->used)
			continue;
		if (c->state == RINGING)
			end_ringing(c, 480, "The exchange is closing");
		else if (c->state == UP)
			hang_up(c);
		else {
			if (c->state == CALLING && c->rang)
				send_cancel(c);
			close_call(c);
		}
	}
}

unsigned xcall_count(void)
{
	struct xcall *c;
	unsigned n = 0;

	for (c = calls; c < calls + XCALL_MAX; c++)
		n += c->used;
	return n;
}
