/* What signalling and sound report of a call. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

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

bool incoming_withheld(const struct incoming *in)
{
	char user[TARGET_MAX], host[TARGET_MAX];
	unsigned port;

	if (in->withheld)
		return true;
	/* RFC 3323 section 4.1.1.3 */
	return !target_uri_parts(in->from_uri, user, sizeof(user), host, sizeof(host), &port) &&
	       (!strcasecmp(user, "anonymous") || !strcasecmp(host, "anonymous.invalid"));
}

/* The account whose Contact was called, or whose user part was. */
static const struct account *account_called(const struct phone *p, const struct incoming *in)
{
	unsigned i;

	if (in->account)
		return phone_account(p, in->account);
	for (i = 0; i < p->accounts; i++) {
		if (!strcmp(in->request_user, p->account[i].user))
			return &p->account[i];
	}
	return NULL;
}

void call_came_from(struct call *c, const struct incoming *in)
{
	const struct account *a = account_called(c->phone, in);

	text_show_str(c->uri, sizeof(c->uri), in->from_uri);
	text_show_str(c->name, sizeof(c->name), in->from_name);
	c->withheld = incoming_withheld(in);
	c->ring = alert_tone(in->alert);
	if (a)
		text_copy(c->account, sizeof(c->account), a->name);
}

/* RFC 3891: C is answered at once in the place of OLD, which ends when that went well; one that was on hold stays so. */
static void take_place(struct call *c, struct call *old)
{
	struct phone *p = c->phone;
	char who[SNAPSHOT_TEXT], before[SNAPSHOT_TEXT];

	call_who(c, who);
	call_who(old, before);
	c->answering = true;
	c->expires_ms = NEVER;
	c->ring_wanted = false;
	c->hold_wanted = old->held_by_us;
	if (port_sip_answer(c->number, c->codec, c->codecs)) {
		call_finish(c, ENDED_BY_NETWORK, 0, "");
		return;
	}
	if (p->selected == old->number)
		p->selected = c->number;
	call_hang_up(old);
	/* TRANSLATORS: somebody's call has gone over to somebody else: who it is now, who it was */
	phone_notice_printf(p, SEVERITY_INFO, NULL, _("%1$s has taken over the call with %2$s."), who, before);
}

unsigned phone_sip_incoming(struct phone *p, const struct incoming *in, unsigned *call)
{
	unsigned seconds = p->settings->ring_timeout;
	const char *text = NULL;
	struct call *c, *old = in->replaces ? call_find(p, in->replaces) : NULL;
	unsigned code;

	*call = 0;
	if (in->replaces && (!old || !call_is_active(old)))
		return 481;
	if (!old && !is_ours(p, in))
		return 404;
	code = old && !p->shutting_down ? 0 : refusal_of(p, in, &text);
	if (code) {
		if (text)
			refusal_tell(p, in, code, text);
		return code;
	}
	c = call_new(p);
	if (!c)
		return 486;
	c->incoming = true;
	c->flood = in->flood;
	c->state = CALL_RINGING;
	c->was_ringing = true;
	call_came_from(c, in);
	c->codecs = call_choose_codecs(c->codec, p->settings->codecs);
	if (in->expires && in->expires < seconds)
		seconds = in->expires;
	c->expires_ms = c->began_ms + (uint64_t)seconds * 1000;
	c->ring_wanted = true;
	if (!p->selected || !call_find(p, p->selected) || !call_is_active(call_find(p, p->selected)))
		p->selected = c->number;
	*call = p->last_call = c->number;
	call_emit_state(c);
	if (old)
		take_place(c, old);
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
	c->no_port = err != 0;
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
		call_set_tone(c, TONE_NONE);
		call_start_media(c, media);
		if (c->state != CALL_EARLY) {
			c->state = CALL_EARLY;
			call_emit_state(c);
		}
	}
	else if (code == 180 && c->state == CALL_CALLING) {
		c->state = CALL_RINGING;
		c->was_ringing = true;
		if (!call_other_up(c))
			call_set_tone(c, TONE_RINGBACK);
		call_emit_state(c);
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
		call_emit_state(c);
}

/* Another call took this one's place while a change of it was under way; or it took that of one on hold. */
static void hold_if_wanted(struct call *c)
{
	if (c->hold_wanted && !c->held_by_us)
		phone_hold(c->phone, c->number);
	c->hold_wanted = false;
}

void phone_sip_established(struct phone *p, unsigned call, const struct media_params *media)
{
	struct call *c = call ? call_find(p, call) : NULL;

	if (!c || !call_is_active(c) || call_is_up(c))
		return;
	call_set_tone(c, TONE_NONE);
	c->expires_ms = c->refuse_ms = NEVER;
	c->was_established = true;
	c->established_ms = port_now_ms();
	if (!c->incoming)
		redial_succeeded(p, c->uri);
	calls_hush_others(p, call);
	redial_arrived(c);
	call_start_media(c, media);
	note_direction(c, media, true);
	hold_if_wanted(c);
	phone_schedule(p);
}

void phone_sip_media(struct phone *p, unsigned call, const struct media_params *media)
{
	struct call *c = call ? call_find(p, call) : NULL;

	if (!c || !call_is_up(c))
		return;
	call_start_media(c, media);
	note_direction(c, media, false);
	c->reoffering = false;
	hold_if_wanted(c);
	calls_refocus(p);
	phone_changed(p);
}

void phone_sip_reoffer_failed(struct phone *p, unsigned call, unsigned code, const char *reason)
{
	struct call *c = call ? call_find(p, call) : NULL;
	char shown[SNAPSHOT_TEXT], who[SNAPSHOT_TEXT];

	if (!c || !call_is_up(c) || !c->reoffering)
		return;
	c->reoffering = false;
	c->held_by_us = !c->held_by_us;
	calls_refocus(p);
	text_show_str(shown, sizeof(shown), reason);
	text_show_str(who, sizeof(who), c->name[0] ? c->name : c->uri);
	phone_notice_printf(p, SEVERITY_WARNING, "reoffer",
			    c->held_by_us
			    /* TRANSLATORS: %s is who; then code and phrase of the refusal */
			    ? _("The call with %s could not be resumed (%u %s).")
			    : _("The call with %s could not be put on hold (%u %s)."), who, code, shown);
	hold_if_wanted(c);
}

static void repair_key(char key[NOTICE_KEY_MAX], const struct call *c)
{
	snprintf(key, NOTICE_KEY_MAX, "repair %u", c->number);
}

/* What the user should know of a repair. */
static void tell_repair(struct call *c, const struct response *r, const char *text)
{
	struct failure f = failure_of(c, r, false);
	char key[NOTICE_KEY_MAX], who[SNAPSHOT_TEXT];
	struct notice *n;

	c->told_repair = r->code;
	repair_key(key, c);
	n = notice_new(c->phone, SEVERITY_INFO, key);
	call_who(c, who);
	failure_title(n->title, &f, r, who);
	text_copy(n->sentence, sizeof(n->sentence), text);
	notice_emit(c->phone, n);
}

/* The answer to it was the same again: that is told by the outcome. */
static void untell_repair(const struct call *c, const struct response *r)
{
	char key[NOTICE_KEY_MAX];

	repair_key(key, c);
	if (r->code && r->code == c->told_repair)
		notice_drop_key(c->phone, key);
}

/* The INVITE goes out again: nobody rings now (S407-6). */
static void back_to_calling(struct call *c)
{
	call_set_tone(c, TONE_NONE);
	if (c->state == CALL_CALLING)
		return;
	c->state = CALL_CALLING;
	call_emit_state(c);
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
	if (d.step == ATTEMPT_GIVE_UP || port_sip_resend(call, &d)) {
		untell_repair(c, response);
		call_fail(c, response, d.credentials_refused);
		return;
	}
	back_to_calling(c);
	if (d.tell)
		tell_repair(c, response, _(d.tell));
}

/* Why it ended, if somebody said more than that it did (Reason of BYE and CANCEL, RFC 3326). */
static void tell_why(struct call *c, enum ended_by by, unsigned code, const char *reason)
{
	char who[SNAPSHOT_TEXT], key[NOTICE_KEY_MAX], said[SNAPSHOT_TEXT];

	if (c->phone->shutting_down)
		return;
	call_who(c, who);
	text_show_str(said, sizeof(said), reason);
	snprintf(key, sizeof(key), "ended %u", c->number);
	if (by == ENDED_BY_NETWORK && (c->was_established || !c->incoming))
		/* TRANSLATORS: %s is who */
		phone_notice_printf(c->phone, SEVERITY_WARNING, key, _("The call with %s was lost."), who);
	else if (c->missed_quietly)
		/* TRANSLATORS: %s is who; another of the user's phones took the call */
		phone_notice_printf(c->phone, SEVERITY_INFO, "elsewhere", _("The call from %s was answered elsewhere."), who);
	else if (by == ENDED_BY_THEM && c->was_established && said[0] && code != 16 && code != 200)
		/* TRANSLATORS: who, and the reason in the words of the other side */
		phone_notice_printf(c->phone, SEVERITY_INFO, key, _("The call with %1$s was ended: “%2$s”"), who, said);
}

void phone_sip_closed(struct phone *p, unsigned call, enum ended_by by, unsigned code, const char *reason)
{
	struct call *c = call ? call_find(p, call) : NULL;

	if (!c || !call_is_active(c))
		return;
	reason = reason ? reason : "";
	if (c->incoming && !c->was_established) {
		c->missed_quietly = code == 200; /* Reason of a CANCEL: answered elsewhere (RFC 3326) */
		call_missed(c, reason);
	}
	tell_why(c, by, code, reason);
	call_finish(c, by, code, reason);
}

/* --- reported by media/ -------------------------------------------------------------------- */

/* VALUE to the nearest 1/PARTS: no reader should have to look through digits that mean nothing. */
static double rounded(double value, double parts)
{
	double scaled = value * parts;

	/* neither too great for the conversion nor not a number */
	if (!(scaled > -1e15 && scaled < 1e15))
		return value;
	return (double)(int64_t)(scaled + (scaled < 0 ? -0.5 : 0.5)) / parts;
}

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
	event_integer(&e, "rx_packets", (int64_t)stats->rx_packets);
	event_integer(&e, "tx_packets", (int64_t)stats->tx_packets);
	event_real(&e, "rx_level", rounded(stats->rx_level, 10));
	event_real(&e, "tx_level", rounded(stats->tx_level, 10));
	event_real(&e, "jitter", rounded(stats->jitter, 10000));
	event_real(&e, "loss", rounded(stats->loss, 10000));
	event_real(&e, "late", rounded(stats->late, 10000));
	if (stats->rtt >= 0)
		event_real(&e, "rtt", rounded(stats->rtt, 10000));
	event_real(&e, "delay", rounded(stats->delay, 10000));
	if (stats->mos >= 0)
		event_real(&e, "mos", rounded(stats->mos, 100));
	phone_emit(p, &e);
}

void phone_media_dtmf(struct phone *p, unsigned call, char digit)
{
	struct call *c = call ? call_find(p, call) : NULL;
	const char text[2] = {digit, '\0'};
	struct event e;

	if (!c || !call_is_active(c))
		return;
	call_keep_digit(c->dtmf_received, digit);
	event_begin(&e, "dtmf");
	event_integer(&e, "call", call);
	event_string(&e, "digit", text);
	event_string(&e, "method", "rtp");
	phone_emit(p, &e);
}
