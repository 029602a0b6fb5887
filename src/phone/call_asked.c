/* What a user may ask of a call: dial, answer, hold, send digits. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

/* A redial of the same target takes the place of what its last failure left. */
static void drop_failed(struct phone *p, const char *uri)
{
	struct call *c;
	unsigned n;

	for (n = 0; (c = call_after(p, n)) != NULL;) {
		n = c->number;
		if (c->state != CALL_FAILED || strcmp(c->uri, uri))
			continue;
		notice_drop_call(p, n);
		call_notice_gone(p, n); /* it may have been crowded out, and only its redial kept the line */
	}
}

/* The option tags that the user's own lines name: what a 420 may be about. */
static void collect_tags(char *tags, size_t size, const struct dial *dial)
{
	static const char *const field[] = {"Require", "Proxy-Require", "Supported", "k"};
	unsigned i, j;

	for (i = 0; i < dial->headers; i++) {
		size_t name = strcspn(dial->header[i], ": \t");
		const char *colon = strchr(dial->header[i], ':');

		for (j = 0; colon && j < sizeof(field) / sizeof(field[0]); j++) {
			if (strlen(field[j]) == name && !strncasecmp(dial->header[i], field[j], name))
				attempt_add_tags(tags, size, colon + 1);
		}
	}
}

static void begin_attempt(struct call *c, const struct dial *dial, bool follow_proxy)
{
	const struct settings *settings = c->phone->settings;
	struct attempt *a = &c->attempt;

	a->follow_redirects = !strcmp(settings->redirect, "follow");
	a->follow_proxy = follow_proxy;
	a->compact = settings->compact_headers;
	a->can_shrink = c->codecs > 1;
	text_copy(a->target, sizeof(a->target), c->uri);
	text_copy(a->tags, sizeof(a->tags), "timer replaces"); /* in Supported, of each INVITE */
	collect_tags(a->tags, sizeof(a->tags), dial);
}

static void send_invite(struct call *c, const struct dial *dial, const struct account *account)
{
	struct phone *p = c->phone;
	struct invite invite;
	struct response r;
	int err;

	memset(&invite, 0, sizeof(invite));
	invite.call = c->number;
	invite.account = account;
	invite.uri = c->uri;
	memcpy(invite.codec, c->codec, sizeof(c->codec[0]) * c->codecs);
	invite.codecs = c->codecs;
	invite.expires = p->settings->dial_timeout;
	invite.header = dial->header;
	invite.headers = dial->headers;
	invite.requests_left = ATTEMPT_BUDGET;
	err = p->started ? port_sip_invite(&invite) : ENETDOWN;
	if (err && c->state == CALL_CALLING) {
		memset(&r, 0, sizeof(r));
		r.error = err == ECONNREFUSED ? LOCAL_REFUSED : LOCAL_TRANSPORT;
		text_copy(r.detail, sizeof(r.detail), p->started ? strerror(err) : _("no port for SIP is open"));
		call_fail(c, &r, false);
	}
}

int call_dial(struct phone *p, const struct dial *dial, const char *name, bool follow_proxy, unsigned *call,
	      const char **why)
{
	const struct account *given = NULL;
	const struct codec *codec[CODEC_COUNT];
	struct target target;
	struct call *c;
	unsigned codecs;
	int err;

	*call = 0;
	if (dial->account && !(given = phone_account(p, dial->account)))
		return phone_no_account(p, dial->account, why);
	err = phone_read_target(p, &target, dial->target, given, why);
	if (err)
		return err;
	codecs = call_choose_codecs(codec, dial->codecs ? dial->codecs : p->settings->codecs);
	if (!codecs) {
		/* TRANSLATORS: %s is the list that was typed */
		snprintf(p->why, sizeof(p->why), _("“%.64s” is no list of sound formats; try opus,PCMU,PCMA."),
			 dial->codecs ? dial->codecs : p->settings->codecs);
		*why = p->why;
		return EINVAL;
	}
	c = phone_active_calls(p) >= p->settings->max_calls || p->shutting_down ? NULL : call_new(p);
	if (!c) {
		*why = _("There are too many calls already; hang one up first.");
		return EUSERS;
	}
	/* before its old line goes, so that what waits for this target is not given up with it */
	redial_follow(p, target.uri, c->number);
	drop_failed(p, target.uri);
	calls_hold_others(p, c->number);
	c->state = CALL_CALLING;
	text_copy(c->uri, sizeof(c->uri), target.uri);
	text_copy(c->name, sizeof(c->name), name && *name ? name : target.name);
	if (target.account)
		text_copy(c->account, sizeof(c->account), target.account->name);
	memcpy(c->codec, codec, sizeof(codec[0]) * codecs);
	c->codecs = codecs;
	c->expires_ms = c->began_ms + (uint64_t)p->settings->dial_timeout * 1000;
	begin_attempt(c, dial, follow_proxy);
	p->selected = p->last_call = c->number;
	*call = c->number;
	call_emit_state(c);
	send_invite(c, dial, target.account);
	phone_schedule(p);
	return 0;
}

int phone_dial(struct phone *p, const struct dial *dial, unsigned *call, const char **why)
{
	return call_dial(p, dial, NULL, false, call, why);
}

int call_dial_like(struct phone *p, const struct call *c, const char *target, const char *name, bool follow_proxy,
		   unsigned *call, const char **why)
{
	char codecs[SETTING_TEXT_MAX] = "";
	struct dial dial = {.target = target};
	size_t len = 0;
	unsigned i;

	for (i = 0; i < c->codecs; i++)
		len += (size_t)snprintf(codecs + len, sizeof(codecs) - len, "%s%s", i ? "," : "", c->codec[i]->name);
	if (*codecs)
		dial.codecs = codecs;
	/* an account that has gone since is not insisted on */
	if (c->account[0] && phone_account(p, c->account))
		dial.account = c->account;
	return call_dial(p, &dial, name, follow_proxy, call, why);
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
	calls_hold_others(p, c->number);
	call_set_tone(c, TONE_NONE);
	c->ring_wanted = false;
	c->expires_ms = c->refuse_ms = c->auto_ms = NEVER;
	p->selected = c->number;
	err = port_sip_answer(c->number, c->codec, c->codecs);
	if (err) {
		if (c->no_port)
			phone_notice(p, SEVERITY_ERROR, NULL, _(call_no_port));
		call_finish(c, ENDED_BY_NETWORK, 0, "");
	}
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
	if (!c || !call_has_line(c))
		return ENOENT;
	if (!c->incoming || c->state != CALL_RINGING)
		return ENOTCONN;
	port_sip_reject(c->number, code);
	call_finish(c, ENDED_BY_US, code, "");
	return 0;
}

int phone_hangup(struct phone *p, unsigned call)
{
	struct call *c = call_find(p, call);

	if (!c || !call_has_line(c))
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
	if (!hold)
		calls_hush_others(c->phone, c->number);
	calls_refocus(c->phone);
	return 0;
}

int phone_hold(struct phone *p, unsigned call)
{
	struct call *c = call_find(p, call);

	if (!c || !call_has_line(c))
		return ENOENT;
	if (!call_is_up(c))
		return ENOTCONN;
	return c->held_by_us ? 0 : reoffer(c, true);
}

int phone_resume(struct phone *p, unsigned call)
{
	struct call *c = call_find(p, call);

	if (!c || !call_has_line(c))
		return ENOENT;
	if (!call_is_up(c))
		return ENOTCONN;
	if (!c->held_by_us)
		return 0;
	if (c->reoffering)
		return EBUSY;
	calls_hold_others(p, c->number);
	p->selected = c->number;
	return reoffer(c, false);
}

int phone_select(struct phone *p, unsigned call)
{
	struct call *c = call ? call_find(p, call) : NULL;

	if (!c || !call_has_line(c))
		return ENOENT;
	p->selected = call;
	calls_refocus(p);
	phone_changed(p);
	return 0;
}

int phone_select_step(struct phone *p, int step)
{
	struct call *c, *before = NULL, *after = NULL;

	for (c = p->calls; c; c = c->next) {
		if (!call_has_line(c))
			continue;
		if (c->number < p->selected)
			before = c;
		else if (c->number > p->selected && !after)
			after = c;
	}
	c = step > 0 ? after : before;
	return c ? phone_select(p, c->number) : ENOENT;
}

int phone_dtmf(struct phone *p, unsigned call, const char *digits)
{
	struct call *c = call_find(p, call);
	int err;

	if (!c || !call_has_line(c))
		return ENOENT;
	if (!c->media_running || !call_is_active(c))
		return ENOTCONN;
	err = port_media_dtmf(c->number, digits);
	if (err)
		return err;
	for (; *digits; digits++) {
		if (*digits != ',')
			call_keep_digit(c->dtmf_sent, (char)toupper((unsigned char)*digits));
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
