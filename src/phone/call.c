/* A call from dialling or ringing to its end. This is the only file that changes a call's state. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

/* Between the end of ringing and our 408, so that a CANCEL sent at the same instant wins (4 x T1). */
#define REFUSE_GRACE_MS 2000

static void finish(struct call *c, enum ended_by by, unsigned code, const char *reason);
static void fail(struct call *c, const struct response *r, bool credentials_refused);

/* --- small tools -------------------------------------------------------------------- */

const char *call_state_name(enum call_state state)
{
	static const char *const name[] = {
		"calling", "ringing", "early", "established", "held", "closed", "closed"
	};

	return name[state];
}

struct call *call_find(const struct phone *p, unsigned number)
{
	struct call *c;

	if (!number)
		number = p->selected;
	for (c = p->calls; c; c = c->next) {
		if (c->number == number)
			return c;
	}
	return NULL;
}

bool call_is_active(const struct call *c)
{
	return c->state < CALL_FAILED;
}

struct call *call_after(const struct phone *p, unsigned number)
{
	struct call *c;

	for (c = p->calls; c && c->number <= number; c = c->next)
		;
	return c;
}

static bool has_line(const struct call *c)
{
	return c->state != CALL_CLOSED;
}

/* Up: answered, held or not. */
static bool is_up(const struct call *c)
{
	return c->state == CALL_ESTABLISHED || c->state == CALL_HELD;
}

unsigned phone_active_calls(const struct phone *p)
{
	const struct call *c;
	unsigned n = 0;

	for (c = p->calls; c; c = c->next)
		n += call_is_active(c);
	return n;
}

unsigned phone_last_call(const struct phone *p)
{
	return p->last_number;
}

unsigned phone_selected(const struct phone *p)
{
	return p->selected;
}

/* Forgets the oldest closed calls above what scripts may still ask for. */
static void trim_closed(struct phone *p)
{
	struct call **cp = &p->calls, *c;
	unsigned closed = 0;

	for (c = p->calls; c; c = c->next)
		closed += c->state == CALL_CLOSED;
	while (closed > CLOSED_KEPT && (c = *cp) != NULL) {
		if (c->state == CALL_CLOSED) {
			*cp = c->next;
			free(c);
			closed--;
		}
		else
			cp = &c->next;
	}
}

void calls_free(struct phone *p)
{
	struct call *c, *next;

	for (c = p->calls; c; c = next) {
		next = c->next;
		free(c);
	}
	p->calls = NULL;
}

static struct call *call_new(struct phone *p)
{
	struct call *c, **end = &p->calls;
	unsigned lines = 0;

	trim_closed(p);
	/* failed calls keep their line only while there is room for live ones */
	for (c = p->calls; c; c = c->next)
		lines += has_line(c);
	for (c = p->calls; c && lines >= PHONE_CALLS_MAX; c = c->next) {
		if (c->state == CALL_FAILED) {
			notice_drop_call(p, c->number);
			lines--;
		}
	}
	if (lines >= PHONE_CALLS_MAX)
		return NULL;

	c = calloc(1, sizeof(*c));
	if (!c)
		return NULL;
	c->phone = p;
	c->number = ++p->last_number;
	c->began_ms = port_now_ms();
	c->expires_ms = c->refuse_ms = c->tone_end_ms = NEVER;
	while (*end)
		end = &(*end)->next;
	*end = c;
	return c;
}

static void emit_state(struct call *c)
{
	struct event e;

	event_begin(&e, "call");
	event_integer(&e, "call", c->number);
	event_string(&e, "direction", c->incoming ? "in" : "out");
	event_string(&e, "peer", c->uri);
	event_string(&e, "name", c->name);
	event_string(&e, "account", c->account);
	event_string(&e, "state", call_state_name(c->state));
	if (c->state == CALL_HELD)
		event_string(&e, "by", c->held_by_us && c->held_by_them ? "both" : c->held_by_us ? "us" : "them");
	if (c->state == CALL_CLOSED) {
		static const char *const by[] = {"us", "them", "network"};

		event_real(&e, "duration",
			   c->was_established ? (double)(port_now_ms() - c->established_ms) / 1000.0 : 0.0);
		event_string(&e, "ended_by", by[c->ended_by]);
		if (c->code)
			event_integer(&e, "code", c->code);
		event_string(&e, "reason", c->reason);
	}
	phone_emit(c->phone, &e);
}

static void set_tone(struct call *c, enum tone tone)
{
	struct event e;
	enum tone before = c->tone;

	if (before == tone)
		return;
	c->tone = tone;
	port_media_tone(c->number, tone);
	if (before != TONE_NONE) {
		event_begin(&e, "tone");
		event_integer(&e, "call", c->number);
		event_string(&e, "tone", tone_name(before));
		event_boolean(&e, "on", false);
		phone_emit(c->phone, &e);
	}
	if (tone != TONE_NONE) {
		event_begin(&e, "tone");
		event_integer(&e, "call", c->number);
		event_string(&e, "tone", tone_name(tone));
		event_boolean(&e, "on", true);
		phone_emit(c->phone, &e);
	}
}

/* The call that is heard and spoken to: the selected one if it can be, else the only one that can. */
static void refocus(struct phone *p)
{
	struct call *c, *best = NULL;

	for (c = p->calls; c; c = c->next) {
		if (!c->media_running || c->held_by_us || !call_is_active(c))
			continue;
		if (!best || c->number == p->selected)
			best = c;
	}
	if ((best ? best->number : 0) != p->focus) {
		p->focus = best ? best->number : 0;
		port_media_focus(p->focus);
	}
}

static void select_some(struct phone *p)
{
	struct call *c, *best = NULL;

	c = call_find(p, p->selected);
	if (p->selected && c && has_line(c))
		return;
	for (c = p->calls; c; c = c->next) {
		if (has_line(c) && (!best || call_is_active(c) || !call_is_active(best)))
			best = c;
	}
	p->selected = best ? best->number : 0;
}

static void stop_media(struct call *c)
{
	if (c->media_open) {
		port_media_close(c->number);
		c->media_open = false;
	}
	c->media_running = false;
	c->has_stats = false;
	refocus(c->phone);
}

static void start_media(struct call *c, const struct media_params *params)
{
	if (!params)
		return;
	c->media = *params;
	if (port_media_start(c->number, params) == 0)
		c->media_running = true;
	refocus(c->phone);
}

/* Another call is up, so that no tone may disturb it. */
static bool other_call_up(const struct call *c)
{
	const struct call *o;

	for (o = c->phone->calls; o; o = o->next) {
		if (o != c && is_up(o) && !o->held_by_us)
			return true;
	}
	return false;
}

/* Puts every other call that is spoken to on hold. */
static void hold_others(struct phone *p, unsigned but)
{
	struct call *c;

	for (c = p->calls; c; c = c->next) {
		if (c->number != but && is_up(c) && !c->held_by_us)
			phone_hold(p, c->number);
	}
}

/* --- deadlines ---------------------------------------------------------------------- */

static uint64_t earliest(uint64_t a, uint64_t b)
{
	return a < b ? a : b;
}

uint64_t call_deadline(const struct call *c)
{
	if (c->state == CALL_CLOSED)
		return NEVER;
	if (c->ring_wanted)
		return 0;
	return earliest(c->tone_end_ms, earliest(c->expires_ms, c->refuse_ms));
}

static void missed(struct call *c)
{
	char key[NOTICE_KEY_MAX];

	if (c->phone->shutting_down || c->missed_quietly)
		return;
	snprintf(key, sizeof(key), "missed %u", c->number);
	/* TRANSLATORS: %s is who called */
	phone_notice_printf(c->phone, SEVERITY_INFO, key, _("Missed call from %s"), c->name[0] ? c->name : c->uri);
}

void call_tick(struct call *c, uint64_t now)
{
	struct response r;

	if (c->ring_wanted) {
		c->ring_wanted = false;
		port_sip_ring(c->number);
		/* the ring tone would drown the call that is up: there it is a short beep */
		set_tone(c, other_call_up(c) ? TONE_CALL_WAITING : TONE_RING);
	}
	if (now >= c->tone_end_ms) {
		c->tone_end_ms = NEVER;
		set_tone(c, TONE_NONE);
		if (c->failed && c->state == CALL_FAILED)
			finish(c, c->ended_by, c->code, c->reason);
	}
	if (now >= c->expires_ms) {
		c->expires_ms = NEVER;
		if (c->incoming) {
			set_tone(c, TONE_NONE);
			c->refuse_ms = now + REFUSE_GRACE_MS;
		}
		else {
			port_sip_hangup(c->number);
			memset(&r, 0, sizeof(r));
			r.error = LOCAL_TIMEOUT;
			fail(c, &r, false);
			return;
		}
	}
	if (now >= c->refuse_ms) {
		c->refuse_ms = NEVER;
		port_sip_reject(c->number, 408);
		missed(c);
		finish(c, ENDED_BY_US, 408, "");
	}
}

/* --- ends ---------------------------------------------------------------------------- */

/* The call is over for everybody: `closed` is told. A failed call keeps its line until its notice goes. */
static void finish(struct call *c, enum ended_by by, unsigned code, const char *reason)
{
	struct phone *p = c->phone;
	bool keep_line = c->failed;
	enum call_state shown = c->state;

	if (c->state == CALL_CLOSED)
		return;
	stop_media(c);
	set_tone(c, TONE_NONE);
	c->expires_ms = c->refuse_ms = c->tone_end_ms = NEVER;
	c->ring_wanted = false;
	c->ended_by = by;
	if (!c->failed) {
		c->code = code;
		text_copy(c->reason, sizeof(c->reason), reason);
		port_sip_release(c->number);
	}
	c->state = CALL_CLOSED;
	if (!keep_line)
		select_some(p);
	emit_state(c);
	if (keep_line && shown == CALL_FAILED)
		c->state = CALL_FAILED;
	refocus(p);
	phone_changed(p);
	phone_schedule(p);
}

void call_notice_gone(struct phone *p, unsigned number)
{
	struct call *c = call_find(p, number);

	if (!number || !c || c->state != CALL_FAILED)
		return;
	if (c->tone_end_ms != NEVER)
		finish(c, c->ended_by, c->code, c->reason);
	c->state = CALL_CLOSED;
	select_some(p);
	phone_changed(p);
}

static void emit_outcome(struct call *c, const struct response *r, const struct outcome *row, bool known,
			 const char *text)
{
	static const char *const actions[] = {"dismiss"};
	const char *warnings[] = {r->warning};
	struct event e;
	char *end;
	unsigned long long seconds;

	event_begin(&e, "outcome");
	event_integer(&e, "call", c->number);
	event_string(&e, "peer", c->uri);
	event_integer(&e, "code", r->code);
	event_string(&e, "reason", r->reason);
	if (r->code && known)
		event_string(&e, "standard_reason", row->phrase);
	event_string(&e, "kind", outcome_kind_name(row->kind));
	event_string(&e, "text", text);
	event_string(&e, "tone", tone_name(row->tone));
	event_list(&e, "actions", actions, 1);
	if (isdigit((unsigned char)r->retry_after[0])) {
		seconds = strtoull(r->retry_after, &end, 10);
		if (end - r->retry_after <= 10 && seconds <= UINT32_MAX)
			event_integer(&e, "retry_after", (int64_t)seconds);
	}
	if (r->warning[0])
		event_list(&e, "warning", warnings, 1);
	if (!r->code) {
		event_string(&e, "error", local_error_name(r->error));
		event_string(&e, "server_text", r->detail);
	}
	phone_emit(c->phone, &e);
}

static void failure_notice(struct call *c, const struct response *r, const struct outcome *row, bool known,
			   const char *sentence)
{
	struct notice *n = notice_new(c->phone, SEVERITY_ERROR, NULL);
	char raw[TARGET_MAX * 4], who[SNAPSHOT_TEXT];
	size_t len = 0;

	n->call = c->number;
	if (c->name[0] && strcmp(c->name, c->uri))
		snprintf(raw, sizeof(raw), "%s <%s>", c->name, c->uri);
	else
		snprintf(raw, sizeof(raw), "%s", c->uri);
	text_show_str(who, sizeof(who), raw);

	if (r->code && known)
		snprintf(raw, sizeof(raw), "%u %s · %s", r->code, row->phrase, who);
	else if (r->code)
		/* TRANSLATORS: a code that nobody registered: %1$u it, %2$u %3$s the code and phrase it is treated
		 * as, %4$s who was called */
		snprintf(raw, sizeof(raw), _("%1$u (unknown, treated as %2$u %3$s) · %4$s"), r->code, row->code,
			 row->phrase, who);
	else
		snprintf(raw, sizeof(raw), "%s · %s", _(row->phrase), who);
	text_show_str(n->title, sizeof(n->title), raw);

	text_copy(n->sentence, sizeof(n->sentence), _(sentence));

	raw[0] = '\0';
	if (r->code && r->reason[0] && (!known || strcasecmp(r->reason, row->phrase)))
		/* TRANSLATORS: the words of the server, in quotation marks of your language */
		len = (size_t)snprintf(raw, sizeof(raw), _("“%.400s”"), r->reason);
	if (r->warning[0] && len < sizeof(raw))
		snprintf(raw + len, sizeof(raw) - len, "%sWarning %.400s", len ? "  " : "", r->warning);
	if (!r->code && r->detail[0])
		snprintf(raw, sizeof(raw), "%.400s", r->detail);
	text_show_str(n->server, sizeof(n->server), raw);

	snprintf(raw, sizeof(raw), "%u", r->code);
	text_show_str(c->failure, sizeof(c->failure), r->code ? raw : _(row->phrase));
	notice_emit(c->phone, n);
}

/* The attempt has failed for good: outcome, tone, closed, in that order; media stopped before. */
static void fail(struct call *c, const struct response *r, bool credentials_refused)
{
	struct phone *p = c->phone;
	const struct outcome *row;
	const char *sentence;
	bool known = true;

	row = r->code ? outcome_find(r->code, &known) : outcome_local(r->error);
	stop_media(c);
	set_tone(c, TONE_NONE);
	c->expires_ms = NEVER;
	c->failed = true;
	c->state = CALL_FAILED;
	c->code = r->code;
	c->error = r->error;
	c->ended_by = r->code ? ENDED_BY_THEM : r->error == LOCAL_TIMEOUT ? ENDED_BY_US : ENDED_BY_NETWORK;
	text_copy(c->reason, sizeof(c->reason), r->reason);
	port_sip_release(c->number);

	sentence = credentials_refused && row->refused ? row->refused : row->sentence;
	emit_outcome(c, r, row, known, _(sentence));
	failure_notice(c, r, row, known, sentence);

	if (row->tone != TONE_NONE && p->settings->tone_seconds && !other_call_up(c) && !p->shutting_down) {
		set_tone(c, row->tone);
		c->tone_end_ms = port_now_ms() + (uint64_t)p->settings->tone_seconds * 1000;
		phone_schedule(p);
	}
	else
		finish(c, c->ended_by, c->code, c->reason);
}

void call_hang_up(struct call *c)
{
	switch (c->state) {
	case CALL_CLOSED:
		return;
	case CALL_FAILED:
		if (c->tone_end_ms != NEVER)
			finish(c, c->ended_by, c->code, c->reason);
		return;
	default:
		break;
	}
	if (c->incoming && !c->was_established)
		port_sip_reject(c->number, c->phone->shutting_down ? 480 : 486);
	else
		port_sip_hangup(c->number);
	finish(c, ENDED_BY_US, 0, "");
}

/* --- asked by commands ---------------------------------------------------------------- */

static unsigned choose_codecs(const struct codec **out, const char *list)
{
	const char *bad;

	return codec_parse_list(out, CODEC_COUNT, list, &bad);
}

/* A redial of the same target takes the place of what its last failure left. */
static void drop_failed(struct phone *p, const char *uri)
{
	struct call *c;
	unsigned n;

	for (n = 0; (c = call_after(p, n)) != NULL;) {
		n = c->number;
		if (c->state == CALL_FAILED && !strcmp(c->uri, uri))
			notice_drop_call(p, c->number);
	}
}

int phone_dial(struct phone *p, const struct dial *dial, unsigned *call, const char **why)
{
	const struct account *given = NULL, *list[ACCOUNTS_MAX];
	const struct codec *codec[CODEC_COUNT];
	struct invite invite;
	struct target target;
	struct response r;
	struct call *c;
	unsigned i, codecs;
	int err;

	*call = 0;
	if (dial->account && !(given = phone_account(p, dial->account))) {
		/* TRANSLATORS: %s is the name that was typed */
		snprintf(p->why, sizeof(p->why), _("There is no account called %.64s."), dial->account);
		*why = p->why;
		return ENOENT;
	}
	for (i = 0; i < p->accounts; i++)
		list[i] = &p->account[i];
	err = target_read(&target, dial->target, given, list, p->accounts, why);
	if (err)
		return err;
	codecs = choose_codecs(codec, dial->codecs ? dial->codecs : p->settings->codecs);
	if (!codecs) {
		/* TRANSLATORS: %s is the list that was typed */
		snprintf(p->why, sizeof(p->why), _("“%.64s” is no list of sound formats; try opus,PCMU,PCMA."),
			 dial->codecs ? dial->codecs : p->settings->codecs);
		*why = p->why;
		return EINVAL;
	}
	if (phone_active_calls(p) >= p->settings->max_calls || p->shutting_down) {
		*why = _("There are too many calls already; hang one up first.");
		return EUSERS;
	}
	drop_failed(p, target.uri);
	c = call_new(p);
	if (!c) {
		*why = _("There are too many calls already; hang one up first.");
		return EUSERS;
	}
	hold_others(p, c->number);
	c->state = CALL_CALLING;
	text_copy(c->uri, sizeof(c->uri), target.uri);
	text_copy(c->name, sizeof(c->name), target.name);
	if (target.account)
		text_copy(c->account, sizeof(c->account), target.account->name);
	memcpy(c->codec, codec, sizeof(codec[0]) * codecs);
	c->codecs = codecs;
	c->expires_ms = c->began_ms + (uint64_t)p->settings->dial_timeout * 1000;
	p->selected = c->number;
	*call = c->number;
	emit_state(c);

	memset(&invite, 0, sizeof(invite));
	invite.call = c->number;
	invite.account = target.account;
	invite.uri = c->uri;
	memcpy(invite.codec, codec, sizeof(codec[0]) * codecs);
	invite.codecs = codecs;
	invite.expires = p->settings->dial_timeout;
	invite.header = dial->header;
	invite.headers = dial->headers;
	err = p->started ? port_sip_invite(&invite) : ENETDOWN;
	if (err && c->state == CALL_CALLING) {
		memset(&r, 0, sizeof(r));
		r.error = err == ECONNREFUSED ? LOCAL_REFUSED : LOCAL_TRANSPORT;
		text_copy(r.detail, sizeof(r.detail), p->started ? strerror(err) : _("no port for SIP is open"));
		fail(c, &r, false);
	}
	phone_schedule(p);
	return 0;
}

int phone_answer(struct phone *p, unsigned call)
{
	struct call *c = NULL;
	int err;

	if (call)
		c = call_find(p, call);
	else {
		for (c = p->calls; c && !(c->incoming && c->state == CALL_RINGING); c = c->next)
			;
	}
	if (!c || c->state == CALL_CLOSED)
		return ENOENT;
	if (!c->incoming || c->state != CALL_RINGING)
		return ENOTCONN;
	if (c->answering)
		return 0;
	c->answering = true;
	hold_others(p, c->number);
	set_tone(c, TONE_NONE);
	c->ring_wanted = false;
	c->expires_ms = c->refuse_ms = NEVER;
	p->selected = c->number;
	err = port_sip_answer(c->number, c->codec, c->codecs);
	if (err)
		finish(c, ENDED_BY_NETWORK, 0, "");
	phone_schedule(p);
	return err;
}

int phone_reject(struct phone *p, unsigned call, unsigned code)
{
	static const unsigned never[] = {402, 406, 421, 483};
	struct call *c = call_find(p, call);
	unsigned i;

	if (code < 300 || code > 699)
		return EINVAL;
	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (code == never[i])
			return EINVAL;
	}
	if (!c || !has_line(c))
		return ENOENT;
	if (!c->incoming || c->state != CALL_RINGING)
		return ENOTCONN;
	port_sip_reject(c->number, code);
	finish(c, ENDED_BY_US, code, "");
	return 0;
}

int phone_hangup(struct phone *p, unsigned call)
{
	struct call *c = call_find(p, call);

	if (!c || !has_line(c))
		return ENOENT;
	call_hang_up(c);
	return 0;
}

static int reoffer(struct call *c, bool hold)
{
	int err;

	if (c->reoffering)
		return EBUSY;
	err = port_sip_reoffer(c->number, hold ? MEDIA_SEND : MEDIA_BOTH);
	if (err)
		return err;
	c->reoffering = true;
	/* at once, whatever the peer will say: nobody on hold hears us */
	c->held_by_us = hold;
	refocus(c->phone);
	return 0;
}

int phone_hold(struct phone *p, unsigned call)
{
	struct call *c = call_find(p, call);

	if (!c || !has_line(c))
		return ENOENT;
	if (!is_up(c))
		return ENOTCONN;
	return c->held_by_us ? 0 : reoffer(c, true);
}

int phone_resume(struct phone *p, unsigned call)
{
	struct call *c = call_find(p, call);

	if (!c || !has_line(c))
		return ENOENT;
	if (!is_up(c))
		return ENOTCONN;
	if (!c->held_by_us)
		return 0;
	hold_others(p, c->number);
	p->selected = c->number;
	return reoffer(c, false);
}

int phone_select(struct phone *p, unsigned call)
{
	struct call *c = call ? call_find(p, call) : NULL;

	if (!c || !has_line(c))
		return ENOENT;
	p->selected = call;
	refocus(p);
	phone_changed(p);
	return 0;
}

int phone_select_step(struct phone *p, int step)
{
	struct call *c, *before = NULL, *after = NULL;

	for (c = p->calls; c; c = c->next) {
		if (!has_line(c))
			continue;
		if (c->number < p->selected)
			before = c;
		else if (c->number > p->selected && !after)
			after = c;
	}
	c = step > 0 ? after : before;
	return c ? phone_select(p, c->number) : ENOENT;
}

/* Keeps the last DIGITS_KEPT digits. */
static void keep_digit(char *kept, char digit)
{
	size_t n = strlen(kept);

	if (n == DIGITS_KEPT) {
		memmove(kept, kept + 1, n);
		n--;
	}
	kept[n] = digit;
	kept[n + 1] = '\0';
}

int phone_dtmf(struct phone *p, unsigned call, const char *digits)
{
	struct call *c = call_find(p, call);
	int err;

	if (!c || !has_line(c))
		return ENOENT;
	if (!c->media_running || !call_is_active(c))
		return ENOTCONN;
	err = port_media_dtmf(c->number, digits);
	if (err)
		return err;
	for (; *digits; digits++) {
		if (*digits != ',')
			keep_digit(c->dtmf_sent, (char)toupper((unsigned char)*digits));
	}
	phone_changed(p);
	return 0;
}

int phone_call_info(const struct phone *p, unsigned call, struct call_info *info)
{
	const struct call *c = call_find(p, call);

	if (!c)
		return ENOENT;
	memset(info, 0, sizeof(*info));
	info->number = c->number;
	info->state = c->state;
	info->incoming = c->incoming;
	info->held_by_us = c->held_by_us;
	info->was_ringing = c->was_ringing || c->was_established;
	info->was_established = c->was_established;
	info->over = !call_is_active(c);
	info->failed = c->failed;
	info->code = c->failed ? c->code : 0;
	info->error = c->error;
	info->closed = c->state == CALL_CLOSED || (c->state == CALL_FAILED && c->tone_end_ms == NEVER);
	text_copy(info->received_dtmf, sizeof(info->received_dtmf), c->dtmf_received);
	text_copy(info->peer, sizeof(info->peer), c->uri);
	return 0;
}

/* --- reported by sip/ ------------------------------------------------------------------- */

/* Is USER one of the phone's lines? */
static bool is_ours(const struct phone *p, const struct incoming *in)
{
	unsigned i;

	if (in->account || p->settings->answer_unknown_users || !in->request_user[0])
		return true;
	if (p->settings->local_user[0] && !strcmp(in->request_user, p->settings->local_user))
		return true;
	for (i = 0; i < p->accounts; i++) {
		if (!strcmp(in->request_user, p->account[i].user))
			return true;
	}
	return false;
}

unsigned phone_sip_incoming(struct phone *p, const struct incoming *in, unsigned *call)
{
	unsigned seconds = p->settings->ring_timeout;
	const struct account *a;
	struct call *c;

	*call = 0;
	if (!is_ours(p, in))
		return 404;
	if (p->shutting_down)
		return 480;
	if (phone_active_calls(p) >= p->settings->max_calls)
		return 486;
	c = call_new(p);
	if (!c)
		return 486;
	c->incoming = true;
	c->state = CALL_RINGING;
	c->was_ringing = true;
	text_show_str(c->uri, sizeof(c->uri), in->from_uri);
	text_show_str(c->name, sizeof(c->name), in->from_name);
	a = phone_account(p, in->account);
	if (a)
		text_copy(c->account, sizeof(c->account), a->name);
	c->codecs = choose_codecs(c->codec, p->settings->codecs);
	if (in->expires && in->expires < seconds)
		seconds = in->expires;
	c->expires_ms = c->began_ms + (uint64_t)seconds * 1000;
	c->ring_wanted = true;
	if (!p->selected || !call_find(p, p->selected) || !call_is_active(call_find(p, p->selected)))
		p->selected = c->number;
	*call = c->number;
	emit_state(c);
	phone_schedule(p);
	return 0;
}

int phone_sip_media_address(struct phone *p, unsigned call, const char *address, uint16_t *port)
{
	struct call *c = call ? call_find(p, call) : NULL;
	int err;

	if (!c || !call_is_active(c))
		return ENOENT;
	err = port_media_open(call, address, port);
	if (!err)
		c->media_open = true;
	return err;
}

void phone_sip_sent(struct phone *p, unsigned call)
{
	struct call *c = call ? call_find(p, call) : NULL;

	if (c)
		c->attempt.requests++;
}

void phone_sip_progress(struct phone *p, unsigned call, unsigned code, const char *reason,
			const struct media_params *media)
{
	struct call *c = call ? call_find(p, call) : NULL;

	(void)reason;
	if (!c || c->incoming || c->state > CALL_EARLY)
		return;
	if (media) {
		set_tone(c, TONE_NONE);
		start_media(c, media);
		if (c->state != CALL_EARLY) {
			c->state = CALL_EARLY;
			emit_state(c);
		}
	}
	else if (code == 180 && c->state == CALL_CALLING) {
		c->state = CALL_RINGING;
		c->was_ringing = true;
		if (!other_call_up(c))
			set_tone(c, TONE_RINGBACK);
		emit_state(c);
	}
	if (code == 180)
		c->was_ringing = true;
	phone_changed(p);
}

/* State and event after an agreement: who holds whom. */
static void note_direction(struct call *c, const struct media_params *media, bool first)
{
	enum call_state before = c->state;
	bool them = c->held_by_them;

	c->held_by_them = media && !(media->direction & MEDIA_SEND);
	c->state = c->held_by_us || c->held_by_them ? CALL_HELD : CALL_ESTABLISHED;
	if (first || c->state != before || c->held_by_them != them || (c->state == CALL_HELD && c->reoffering))
		emit_state(c);
}

void phone_sip_established(struct phone *p, unsigned call, const struct media_params *media)
{
	struct call *c = call ? call_find(p, call) : NULL;

	if (!c || !call_is_active(c) || is_up(c))
		return;
	set_tone(c, TONE_NONE);
	c->expires_ms = c->refuse_ms = NEVER;
	c->was_established = true;
	c->established_ms = port_now_ms();
	start_media(c, media);
	note_direction(c, media, true);
	phone_schedule(p);
}

void phone_sip_media(struct phone *p, unsigned call, const struct media_params *media)
{
	struct call *c = call ? call_find(p, call) : NULL;

	if (!c || !is_up(c))
		return;
	start_media(c, media);
	note_direction(c, media, false);
	c->reoffering = false;
	refocus(p);
	phone_changed(p);
}

void phone_sip_reoffer_failed(struct phone *p, unsigned call, unsigned code, const char *reason)
{
	struct call *c = call ? call_find(p, call) : NULL;
	char shown[SNAPSHOT_TEXT], who[SNAPSHOT_TEXT];

	if (!c || !is_up(c))
		return;
	c->reoffering = false;
	c->held_by_us = !c->held_by_us;
	refocus(p);
	text_show_str(shown, sizeof(shown), reason);
	text_show_str(who, sizeof(who), c->name[0] ? c->name : c->uri);
	phone_notice_printf(p, SEVERITY_WARNING, "reoffer",
			    c->held_by_us
			    /* TRANSLATORS: %s is who; then code and phrase of the refusal */
			    ? _("The call with %s could not be resumed (%u %s).")
			    : _("The call with %s could not be put on hold (%u %s)."), who, code, shown);
}

void phone_sip_response(struct phone *p, unsigned call, const struct response *response)
{
	struct call *c = call ? call_find(p, call) : NULL;
	struct attempt_decision d;
	const struct account *a;

	if (!c || !call_is_active(c))
		return;
	a = c->account[0] ? phone_account(p, c->account) : NULL;
	d = attempt_next(&c->attempt, response, a);
	if (d.step == ATTEMPT_DIGEST && port_sip_resend_digest(call, d.answer) == 0)
		return;
	fail(c, response, d.credentials_refused);
}

void phone_sip_closed(struct phone *p, unsigned call, enum ended_by by, unsigned code, const char *reason)
{
	struct call *c = call ? call_find(p, call) : NULL;
	char who[SNAPSHOT_TEXT];

	if (!c || !call_is_active(c))
		return;
	if (c->incoming && !c->was_established) {
		c->missed_quietly = code == 200; /* Reason of a CANCEL: answered elsewhere (RFC 3326) */
		missed(c);
	}
	else if (by == ENDED_BY_NETWORK) {
		text_show_str(who, sizeof(who), c->name[0] ? c->name : c->uri);
		/* TRANSLATORS: %s is who */
		phone_notice_printf(p, SEVERITY_WARNING, NULL, _("The call with %s was lost."), who);
	}
	finish(c, by, code, reason ? reason : "");
}

/* --- reported by media/ -------------------------------------------------------------------- */

void phone_media_stats(struct phone *p, unsigned call, const struct media_stats *stats)
{
	struct call *c = call ? call_find(p, call) : NULL;
	struct event e;

	if (!c || !call_is_active(c))
		return;
	c->stats = *stats;
	c->has_stats = true;
	event_begin(&e, "media");
	event_integer(&e, "call", call);
	if (stats->codec)
		event_string(&e, "codec", stats->codec->name);
	event_integer(&e, "rate", stats->rate);
	event_boolean(&e, "encrypted", stats->encrypted);
	event_real(&e, "rx_level", stats->rx_level);
	event_real(&e, "tx_level", stats->tx_level);
	event_real(&e, "jitter", stats->jitter);
	event_real(&e, "loss", stats->loss);
	event_real(&e, "late", stats->late);
	if (stats->rtt >= 0)
		event_real(&e, "rtt", stats->rtt);
	event_real(&e, "delay", stats->delay);
	if (stats->mos >= 0)
		event_real(&e, "mos", stats->mos);
	phone_emit(p, &e);
}

void phone_media_dtmf(struct phone *p, unsigned call, char digit)
{
	struct call *c = call ? call_find(p, call) : NULL;
	const char text[2] = {digit, '\0'};
	struct event e;

	if (!c || !call_is_active(c))
		return;
	keep_digit(c->dtmf_received, digit);
	event_begin(&e, "dtmf");
	event_integer(&e, "call", call);
	event_string(&e, "digit", text);
	event_string(&e, "method", "rtp");
	phone_emit(p, &e);
}
