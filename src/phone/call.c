/* A call from dialling or ringing to its end: its states, tones, deadlines and ends. */
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
/* How long a call beeps before it is answered by itself, so that nobody is heard unawares. */
#define AUTO_ANSWER_MS 2000

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

bool call_has_line(const struct call *c)
{
	return c->state != CALL_CLOSED;
}

/* Up: answered, held or not. */
bool call_is_up(const struct call *c)
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
	return p->last_call;
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

struct call *call_new(struct phone *p)
{
	struct call *c, **end = &p->calls;
	unsigned lines = 0;

	trim_closed(p);
	/* failed calls keep their line only while there is room for live ones */
	for (c = p->calls; c; c = c->next)
		lines += call_has_line(c);
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
	c->expires_ms = c->refuse_ms = c->auto_ms = c->tone_end_ms = NEVER;
	while (*end)
		end = &(*end)->next;
	*end = c;
	return c;
}

void call_emit_state(struct call *c)
{
	struct event e;

	event_begin(&e, "call");
	event_integer(&e, "call", c->number);
	event_string(&e, "direction", c->incoming ? "in" : "out");
	event_string(&e, "peer", c->uri);
	event_string(&e, "name", c->name);
	if (c->withheld)
		event_boolean(&e, "withheld", true);
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
		if (c->untold)
			event_boolean(&e, "untold", true);
	}
	phone_emit(c->phone, &e);
}

void call_set_tone(struct call *c, enum tone tone)
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
void calls_refocus(struct phone *p)
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
	if (p->selected && c && call_has_line(c))
		return;
	for (c = p->calls; c; c = c->next) {
		if (call_has_line(c) && (!best || call_is_active(c) || !call_is_active(best)))
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
	calls_refocus(c->phone);
}

void call_who(const struct call *c, char *who)
{
	char name[SNAPSHOT_TEXT];

	text_show_str(name, sizeof(name), c->name[0] ? c->name : c->uri);
	if (!c->withheld)
		text_copy(who, SNAPSHOT_TEXT, name);
	else if (!c->name[0])
		/* TRANSLATORS: who called, when the caller does not say */
		text_copy(who, SNAPSHOT_TEXT, _("a withheld number"));
	else
		/* TRANSLATORS: %.160s is the name that a caller gives who does not say from which number */
		snprintf(who, SNAPSHOT_TEXT, _("%.160s (number withheld)"), name);
}

void call_start_media(struct call *c, const struct media_params *params)
{
	char who[SNAPSHOT_TEXT], key[NOTICE_KEY_MAX];
	int err;

	if (!params)
		return;
	c->media = *params;
	err = port_media_start(c->number, params);
	if (err && !c->media_running) {
		call_who(c, who);
		snprintf(key, sizeof(key), "media %u", c->number);
		phone_notice_printf(c->phone, SEVERITY_ERROR, key,
				    /* TRANSLATORS: who, and the system's word for what went wrong */
				    _("The call with %1$s has no sound: %2$s. Hang up and call again."), who, strerror(err));
	}
	if (!err)
		c->media_running = true;
	calls_refocus(c->phone);
}

/* Another call is up, so that no tone may disturb it. */
bool call_other_up(const struct call *c)
{
	const struct call *o;

	for (o = c->phone->calls; o; o = o->next) {
		if (o != c && call_is_up(o) && !o->held_by_us)
			return true;
	}
	return false;
}

/* Puts every other call that is spoken to on hold. */
void calls_hold_others(struct phone *p, unsigned but)
{
	struct call *c;

	for (c = p->calls; c; c = c->next) {
		if (c->number != but && call_is_up(c) && !c->held_by_us)
			c->hold_wanted = phone_hold(p, c->number) == EBUSY;
	}
}

void calls_hush_others(struct phone *p, unsigned but)
{
	struct call *c;
	unsigned n;

	for (n = 0; (c = call_after(p, n)) != NULL;) {
		n = c->number;
		if (n == but)
			continue;
		if (c->tone_end_ms != NEVER)
			call_finish(c, c->ended_by, c->code, c->reason);
		else if (c->incoming && c->tone == c->ring)
			call_set_tone(c, TONE_CALL_WAITING);
		else if (c->tone == TONE_RINGBACK)
			call_set_tone(c, TONE_NONE);
	}
}

unsigned call_choose_codecs(const struct codec **out, const char *list)
{
	const char *bad;

	return codec_parse_list(out, CODEC_COUNT, list, &bad);
}

/* Keeps the last DIGITS_KEPT digits. */
void call_keep_digit(char *kept, char digit)
{
	size_t n = strlen(kept);

	if (n == DIGITS_KEPT) {
		memmove(kept, kept + 1, n);
		n--;
	}
	kept[n] = digit;
	kept[n + 1] = '\0';
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
	return earliest(earliest(c->tone_end_ms, c->auto_ms), earliest(c->expires_ms, c->refuse_ms));
}

void call_missed(struct call *c, const char *reason)
{
	char key[NOTICE_KEY_MAX], who[SNAPSHOT_TEXT], said[SNAPSHOT_TEXT];

	if (c->phone->shutting_down || c->missed_quietly)
		return;
	c->untold = c->flood && !refusal_may_tell(c->phone);
	if (c->untold)
		return;
	snprintf(key, sizeof(key), "missed %u", c->number);
	call_who(c, who);
	text_show_str(said, sizeof(said), reason);
	if (said[0])
		/* TRANSLATORS: who called, and why the call ended in the words of the network */
		phone_notice_printf(c->phone, SEVERITY_INFO, key, _("Missed call from %1$s: “%2$s”"), who, said);
	else
		/* TRANSLATORS: %s is who called */
		phone_notice_printf(c->phone, SEVERITY_INFO, key, _("Missed call from %s"), who);
}

/* May C be answered without anybody's doing? Not while somebody else is spoken to, who would be put on hold; nor one of a
 * flood, which makes no sound: nobody would know. */
static bool answers_itself(const struct call *c)
{
	const struct account *a = phone_account(c->phone, c->account);

	return a && a->auto_answer && !c->flood && !call_other_up(c) && !c->answering;
}

static void answer_itself(struct call *c)
{
	char who[SNAPSHOT_TEXT], key[NOTICE_KEY_MAX];

	call_who(c, who);
	snprintf(key, sizeof(key), "auto %u", c->number);
	if (!phone_answer(c->phone, c->number))
		/* TRANSLATORS: %s is who called */
		phone_notice_printf(c->phone, SEVERITY_WARNING, key,
				    _("The call from %s was answered by itself: you can be heard."), who);
}

void call_tick(struct call *c, uint64_t now)
{
	struct response r;
	unsigned code;

	if (c->ring_wanted) {
		c->ring_wanted = false;
		port_sip_ring(c->number);
		/* the ring tone would drown the call that is up: there it is a short beep */
		if (answers_itself(c))
			c->auto_ms = now + AUTO_ANSWER_MS;
		if (!c->flood)
			call_set_tone(c, c->auto_ms != NEVER || call_other_up(c) ? TONE_CALL_WAITING : c->ring);
	}
	if (now >= c->tone_end_ms) {
		c->tone_end_ms = NEVER;
		call_set_tone(c, TONE_NONE);
		if (c->failed && c->state == CALL_FAILED)
			call_finish(c, c->ended_by, c->code, c->reason);
	}
	if (now >= c->expires_ms) {
		c->expires_ms = NEVER;
		if (c->incoming) {
			c->auto_ms = NEVER;
			call_set_tone(c, TONE_NONE);
			c->refuse_ms = now + REFUSE_GRACE_MS;
		}
		else {
			port_sip_hangup(c->number);
			memset(&r, 0, sizeof(r));
			r.error = LOCAL_TIMEOUT;
			call_fail(c, &r, false);
			return;
		}
	}
	if (now >= c->auto_ms) {
		c->auto_ms = NEVER;
		if (answers_itself(c)) {
			answer_itself(c);
			return;
		}
	}
	if (now >= c->refuse_ms) {
		c->refuse_ms = NEVER;
		code = refusal_code(c->phone->settings->expired_response, 408);
		port_sip_reject(c->number, code);
		call_missed(c, "");
		call_finish(c, ENDED_BY_US, code, "");
	}
}

/* --- ends ---------------------------------------------------------------------------- */

/* The call is over for everybody: `closed` is told. A failed call keeps its line until its notice goes. */
void call_finish(struct call *c, enum ended_by by, unsigned code, const char *reason)
{
	struct phone *p = c->phone;
	bool keep_line = c->failed;
	enum call_state shown = c->state;

	if (c->state == CALL_CLOSED)
		return;
	stop_media(c);
	call_set_tone(c, TONE_NONE);
	c->expires_ms = c->refuse_ms = c->auto_ms = c->tone_end_ms = NEVER;
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
	call_emit_state(c);
	if (keep_line && shown == CALL_FAILED)
		c->state = CALL_FAILED;
	redial_arrived(c);
	if (!keep_line && !c->was_established)
		redial_call_over(c);
	calls_refocus(p);
	phone_changed(p);
	phone_schedule(p);
}

void call_notice_gone(struct phone *p, unsigned number)
{
	struct call *c = call_find(p, number);

	if (!number || !c || c->state != CALL_FAILED)
		return;
	redial_drop_call(p, number);
	if (c->tone_end_ms != NEVER)
		call_finish(c, c->ended_by, c->code, c->reason);
	c->state = CALL_CLOSED;
	select_some(p);
	phone_changed(p);
}

/* The attempt has failed for good: outcome, tone, closed, in that order; media stopped before. */
void call_fail(struct call *c, const struct response *r, bool credentials_refused)
{
	struct phone *p = c->phone;
	struct response local;
	struct failure f;
	enum tone tone;

	/* signalling knows only that nothing could be sent */
	if (c->no_port && !r->code && r->error == LOCAL_TRANSPORT) {
		local = *r;
		local.error = LOCAL_NO_AUDIO;
		r = &local;
	}
	f = failure_of(c, r, credentials_refused);
	stop_media(c);
	call_set_tone(c, TONE_NONE);
	c->expires_ms = NEVER;
	c->failed = true;
	c->state = CALL_FAILED;
	c->code = r->code;
	c->error = r->error;
	c->ended_by = r->code ? ENDED_BY_THEM : r->error == LOCAL_TIMEOUT ? ENDED_BY_US : ENDED_BY_NETWORK;
	text_copy(c->reason, sizeof(c->reason), r->reason);
	port_sip_release(c->number);

	failure_keep(c, &f, r);
	redial_offer(c);
	failure_emit(c, &f, r);
	failure_notice(c, &f, r);
	redial_tell(p, c->number);
	redial_arrived(c);

	tone = outcome_tone(f.row, p->settings->tone_not_found);
	if (tone != TONE_NONE && p->settings->tone_seconds && !call_other_up(c) && !p->shutting_down) {
		call_set_tone(c, tone);
		c->tone_end_ms = port_now_ms() + (uint64_t)p->settings->tone_seconds * 1000;
		phone_schedule(p);
	}
	else
		call_finish(c, c->ended_by, c->code, c->reason);
}

void call_hang_up(struct call *c)
{
	switch (c->state) {
	case CALL_CLOSED:
		return;
	case CALL_FAILED:
		if (c->tone_end_ms != NEVER)
			call_finish(c, c->ended_by, c->code, c->reason);
		return;
	default:
		break;
	}
	if (c->incoming && !c->was_established)
		port_sip_reject(c->number, c->phone->shutting_down ? 480 : 486);
	else
		port_sip_hangup(c->number);
	call_finish(c, ENDED_BY_US, 0, "");
}
