#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/loop.h"
#include "exchange/transaction.h"

enum state {
	TRYING,      /* server: no final answer yet; client: no final response yet */
	REPEATING,   /* server INVITE: a final answer waits for its ACK */
	DONE,        /* kept to absorb what comes late */
};

struct xtransaction {
	bool used, client, invite;
	enum state state;
	unsigned status;             /* of the last answer */
	struct xmessage *request;
	struct buf wire;             /* server: the last answer; client: the request */
	struct buf ack;              /* client: for a non-2xx */
	struct sockaddr_in peer;
	xtransaction_h *h;
	void *arg;
	struct loop_timer *timer;
	uint64_t started, interval, next, deadline; /* ms; next and deadline 0: none */
};

static struct xtransaction table[XTRANSACTION_MAX];

static void timer_h(void *arg);

static void close_one(struct xtransaction *t)
{
	loop_timer_free(t->timer);
	xmessage_free(t->request);
	buf_free(&t->wire);
	buf_free(&t->ack);
	memset(t, 0, sizeof(*t));
}

static int open_one(struct xtransaction **tp)
{
	struct xtransaction *free_one = NULL, *oldest = NULL, *t;
	int err;

	for (t = table; t < table + XTRANSACTION_MAX; t++) {
		if (!t->used)
			free_one = t;
		else if (t->state == DONE && !t->h && (!oldest || t->started < oldest->started))
			oldest = t;
	}
	if (!free_one && oldest) {
		close_one(oldest);
		free_one = oldest;
	}
	if (!free_one)
		return ENOBUFS;
	t = free_one;
	err = loop_timer_new(&t->timer, timer_h, t);
	if (err)
		return err;
	t->used = true;
	t->started = loop_now_ms();
	*tp = t;
	return 0;
}

/* Starts the timer for whichever comes first. */
static void arm(struct xtransaction *t)
{
	uint64_t now = loop_now_ms(), due = t->next;

	if (!due || (t->deadline && t->deadline < due))
		due = t->deadline;
	if (due)
		loop_timer_start(t->timer, due > now ? due - now : 0);
	else
		loop_timer_stop(t->timer);
}

static void repeat_from_now(struct xtransaction *t)
{
	uint64_t now = loop_now_ms();

	t->interval = XTIME_T1;
	t->next = now + t->interval;
	t->deadline = now + XTIME_GIVE_UP;
	arm(t);
}

static void finish(struct xtransaction *t)
{
	t->state = DONE;
	t->next = 0;
	t->deadline = loop_now_ms() + XTIME_GIVE_UP;
	arm(t);
}

static void timer_h(void *arg)
{
	struct xtransaction *t = arg;
	uint64_t now = loop_now_ms();

	if (t->deadline && now >= t->deadline) {
		xtransaction_h *h = t->h;
		void *h_arg = t->arg;

		/* close first: the owner may want the place for a request of its own */
		close_one(t);
		if (h)
			h(t, NULL, h_arg);
		return;
	}
	if (t->next && now >= t->next) {
		exchange_send(&t->peer, &t->wire);
		t->interval *= 2;
		/* a client's INVITE has no upper bound (timer A), all else has T2 */
		if (t->interval > XTIME_T2 && !(t->client && t->invite))
			t->interval = XTIME_T2;
		t->next = now + t->interval;
	}
	arm(t);
}

/* --- server -------------------------------------------------------------- */

/* §17.2.3. A branch without the magic cookie is unique enough together with Call-ID and CSeq. */
static struct xtransaction *find(const struct xmessage *m, const char *method)
{
	struct xtransaction *t;

	for (t = table; t < table + XTRANSACTION_MAX; t++) {
		const struct xmessage *r = t->request;

		if (!t->used || t->client || !xtext_is(r->method, method) || r->cseq != m->cseq)
			continue;
		if (xtext_same(r->branch, m->branch) && xtext_same(r->via_host, m->via_host) &&
		    r->via_port == m->via_port && xtext_same(r->call_id, m->call_id) &&
		    xtext_same(r->from_tag, m->from_tag))
			return t;
	}
	return NULL;
}

struct xtransaction *xtransaction_find(const struct xmessage *m)
{
	char method[40];

	text_copyn(method, sizeof(method), m->method.p, m->method.len);
	return find(m, strcmp(method, "ACK") == 0 ? "INVITE" : method);
}

struct xtransaction *xtransaction_cancelled(const struct xmessage *m)
{
	return find(m, "INVITE");
}

bool xtransaction_merged(const struct xmessage *m)
{
	struct xtransaction *t;

	for (t = table; t < table + XTRANSACTION_MAX; t++) {
		const struct xmessage *r = t->request;

		if (t->used && !t->client && t->state != DONE && !m->to_tag.len && r->cseq == m->cseq &&
		    xtext_same(r->method, m->method) && xtext_same(r->call_id, m->call_id) &&
		    xtext_same(r->from_tag, m->from_tag))
			return true;
	}
	return false;
}

int xtransaction_open(struct xtransaction **tp, const struct xmessage *m, const struct sockaddr_in *src)
{
	struct xtransaction *t;
	int err = open_one(&t);

	if (err)
		return err;
	err = xmessage_copy(&t->request, m);
	if (err) {
		close_one(t);
		return err;
	}
	t->invite = xtext_is(m->method, "INVITE");
	t->peer = *src;
	/* §18.2.2: without rport the answer goes to the port of the Via */
	if (!m->rport)
		t->peer.sin_port = htons(m->via_port ? m->via_port : 5060);
	*tp = t;
	return 0;
}

void xtransaction_listen(struct xtransaction *t, xtransaction_h *h, void *arg)
{
	t->h = h;
	t->arg = arg;
}

const struct xmessage *xtransaction_request(const struct xtransaction *t)
{
	return t->request;
}

const struct sockaddr_in *xtransaction_source(const struct xtransaction *t)
{
	return &t->peer;
}

bool xtransaction_answered(const struct xtransaction *t)
{
	return t->status >= 200;
}

bool xtransaction_accepted(const struct xtransaction *t)
{
	return t->status >= 200 && t->status < 300;
}

void xtransaction_answer(struct xtransaction *t, struct buf *b, unsigned status)
{
	buf_free(&t->wire);
	t->wire = *b;
	memset(b, 0, sizeof(*b));
	t->status = status;
	exchange_send(&t->peer, &t->wire);
	if (status < 200)
		return;
	if (t->invite) {
		t->state = REPEATING;
		repeat_from_now(t);
	}
	else
		finish(t);
}

void xtransaction_answer_plain(struct xtransaction *t, unsigned status, const char *reason, const char *tag)
{
	struct buf b = {0};

	xmessage_answer(&b, t->request, &t->peer, status, reason, tag);
	xmessage_end(&b, NULL, NULL);
	xtransaction_answer(t, &b, status);
}

void xtransaction_again(struct xtransaction *t)
{
	/* once the ACK is here nothing more is said */
	if (t->status && !(t->invite && t->state == DONE))
		exchange_send(&t->peer, &t->wire);
}

void xtransaction_acknowledged(struct xtransaction *t)
{
	if (t->state == REPEATING)
		finish(t);
}

/* --- client -------------------------------------------------------------- */

int xtransaction_send(struct xtransaction **tp, struct buf *b, const struct sockaddr_in *dst, xtransaction_h *h,
                      void *arg)
{
	struct xtransaction *t;
	struct xmessage m;
	int err;

	*tp = NULL;
	if (b->failed)
		return ENOMEM;
	err = open_one(&t);
	if (err)
		return err;
	t->client = true;
	t->peer = *dst;
	t->h = h;
	t->arg = arg;
	err = xmessage_read(&m, b->s, b->len);
	if (!err)
		err = xmessage_copy(&t->request, &m);
	if (err) {
		close_one(t);
		return err;
	}
	t->invite = xtext_is(m.method, "INVITE");
	t->wire = *b;
	memset(b, 0, sizeof(*b));
	exchange_send(&t->peer, &t->wire);
	repeat_from_now(t);
	*tp = t;
	return 0;
}

static void copy_header(struct buf *b, const struct xmessage *m, const char *name)
{
	const struct xheader *h;
	size_t n;

	for (n = 0; (h = xmessage_header(m, name, n)) != NULL; n++)
		buf_printf(b, "%s: %.*s\r\n", name, (int)h->value.len, h->value.p);
}

/* §17.1.1.3: with the request's own Via and Route, the response's To */
static void acknowledge(struct xtransaction *t, const struct xmessage *response)
{
	const struct xmessage *r = t->request;
	struct buf *b = &t->ack;

	if (!b->len) {
		buf_printf(b, "ACK %.*s SIP/2.0\r\n", (int)r->uri.len, r->uri.p);
		copy_header(b, r, "Via");
		copy_header(b, r, "Route");
		copy_header(b, r, "Max-Forwards");
		copy_header(b, r, "From");
		buf_printf(b, "To: %.*s\r\n", (int)response->to.len, response->to.p);
		copy_header(b, r, "Call-ID");
		buf_printf(b, "CSeq: %u ACK\r\n", r->cseq);
		xmessage_end(b, NULL, NULL);
	}
	exchange_send(&t->peer, b);
}

bool xtransaction_response(const struct xmessage *m)
{
	struct xtransaction *t;
	bool first;

	for (t = table; t < table + XTRANSACTION_MAX; t++)
		if (t->used && t->client && xtext_same(t->request->branch, m->branch) &&
		    xtext_same(t->request->method, m->cseq_method) && t->request->cseq == m->cseq)
			break;
	if (t == table + XTRANSACTION_MAX)
		return false;

	first = t->state == TRYING;
	if (m->status < 200) {
		if (!first)
			return true;
		if (t->invite) {
			/* from here the owner's patience counts */
			t->next = t->deadline = 0;
			arm(t);
		}
	}
	else {
		t->status = m->status;
		if (first)
			finish(t);
		if (t->invite && m->status >= 300)
			acknowledge(t, m);
		/* a 2xx that comes again wants its ACK again, so the owner hears of it */
		if (!first && !(t->invite && m->status < 300))
			return true;
	}
	if (t->h)
		t->h(t, m, t->arg);
	return true;
}

/* --- both ---------------------------------------------------------------- */

void xtransaction_leave(struct xtransaction *t)
{
	if (!t)
		return;
	t->h = NULL;
	t->arg = NULL;
	/* a client's INVITE that rings has no end of its own */
	if (t->client && t->state == TRYING && !t->deadline) {
		t->deadline = loop_now_ms() + XTIME_GIVE_UP;
		arm(t);
	}
}

void xtransaction_close_all(void)
{
	struct xtransaction *t;

	for (t = table; t < table + XTRANSACTION_MAX; t++)
		if (t->used)
			close_one(t);
}

unsigned xtransaction_count(void)
{
	unsigned n = 0;
	struct xtransaction *t;

	for (t = table; t < table + XTRANSACTION_MAX; t++)
		n += t->used;
	return n;
}
