/* What a failed call is told as: the `outcome` event and the notice, from the response and its row. */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

#define ITEMS_MAX 16

const char call_no_port[] = N_("No port for sound is free; hang up a call, or set rtp-ports to a wider range.");

struct failure failure_of(const struct call *c, const struct response *r, bool credentials_refused)
{
	struct failure f = {.known = true};
	const char *warning = NULL;

	f.row = r->code ? outcome_find(r->code, &f.known) : outcome_local(r->error);
	f.sentence = credentials_refused && f.row->refused ? f.row->refused : f.row->sentence;
	if (f.row->repair == REPAIR_OFFER)
		warning = outcome_warning(attempt_warn_code(r->warning));
	if (warning)
		f.sentence = warning;
	if (c->no_port && !r->code && r->error == LOCAL_NO_AUDIO)
		f.sentence = call_no_port;
	return f;
}

/* --- what it offers ----------------------------------------------------------------------- */

static void keep_retry(struct call *c, const struct failure *f, const struct response *r)
{
	struct retry_after after;

	retry_after_read(&after, r->retry_after);
	if (!after.valid)
		return;
	c->retry.known = true;
	c->retry.boot_ms = port_boot_ms() + (uint64_t)after.seconds * 1000;
	c->retry.wall_ms = port_wall_ms() + (int64_t)after.seconds * 1000;
	if (after.has_duration)
		c->retry.until_wall_ms = c->retry.wall_ms + (int64_t)after.duration * 1000;
	text_copy(c->retry.comment, sizeof(c->retry.comment), after.comment);
	c->retry.far = after.seconds > REDIAL_FAR_S;
	c->retry.offered = f->known && f->row->flags & OUTCOME_MAY_RETRY && !c->retry.far;
}

/* Whom else could be called. A SIP address alone: what else a Contact may be (mailto:, http:) is shown only. */
static void keep_contacts(struct call *c, const struct response *r)
{
	char user[TARGET_MAX], host[TARGET_MAX];
	unsigned i, port;

	if (r->code / 100 != 3 && r->code != 485)
		return;
	if (r->code != 485 && !strcmp(c->phone->settings->redirect, "never"))
		return;
	for (i = 0; i < r->contacts && i < CONTACTS_MAX; i++) {
		if (!target_uri_parts(r->contact[i].uri, user, sizeof(user), host, sizeof(host), &port))
			c->contact[c->contacts++] = r->contact[i];
	}
}

void failure_keep(struct call *c, const struct failure *f, const struct response *r)
{
	keep_retry(c, f, r);
	keep_contacts(c, r);
}

/* --- the server's words --------------------------------------------------------------------- */

/* Cuts VALUE, a list of a header, at its commas: not those in quotes, angle brackets or comments. */
static unsigned split(char *value, const char **item, unsigned max)
{
	unsigned n = 0, depth = 0;
	bool quoted = false;
	char *p = value;

	while (n < max) {
		p += strspn(p, " \t,");
		if (!*p)
			break;
		item[n++] = p;
		for (; *p && (quoted || depth || *p != ','); p++) {
			if (*p == '\\' && quoted && p[1])
				p++;
			else if (*p == '"')
				quoted = !quoted;
			else if (!quoted && strchr("<(", *p))
				depth++;
			else if (!quoted && depth && strchr(">)", *p))
				depth--;
		}
		if (*p)
			*p++ = '\0';
	}
	return n;
}

/* What stands in the quotes of a Warning: 305 host "Incompatible media format". */
static void add_warning(struct buf *b, const char *warning)
{
	const char *open = strchr(warning, '"'), *p;
	unsigned code = attempt_warn_code(warning);

	if (!code || !open) {
		buf_printf(b, "Warning %.150s", warning);
		return;
	}
	buf_printf(b, "Warning %u ", code);
	for (p = open + 1; *p && *p != '"' && p - open < 150; p++) {
		if (*p == '\\' && p[1])
			p++;
		buf_add(b, p, 1);
	}
}

static void separate(struct buf *b)
{
	if (b->len)
		buf_str(b, "  ");
}

static void add_header(struct buf *b, const char *name, const char *value)
{
	if (!*value)
		return;
	separate(b);
	buf_printf(b, "%s %.150s", name, value);
}

/* Names of header fields are those of the protocol, for who asks a provider about them. */
static void add_headers(struct buf *b, const struct response *r)
{
	bool form = r->code == 406 || r->code == 415 || r->code == 488 || r->code == 606;

	add_header(b, "Error-Info", r->error_info);
	add_header(b, "Reason", r->reason_header);
	if (r->code == 405 || r->code == 501)
		add_header(b, "Allow", r->allow);
	if (form) {
		add_header(b, "Accept", r->accept);
		add_header(b, "Accept-Encoding", r->accept_encoding);
		add_header(b, "Accept-Language", r->accept_language);
	}
	if (r->code == 420)
		add_header(b, "Unsupported", r->unsupported);
	if (r->code == 421)
		add_header(b, "Require", r->require);
	if (r->code == 422 && r->min_se) {
		separate(b);
		buf_printf(b, "Min-SE %u", r->min_se);
	}
}

/* S407-5: who asks for the password */
static void add_realms(struct buf *b, const struct response *r)
{
	unsigned i, j;

	for (i = 0; i < r->challenges && i < CHALLENGES_MAX; i++) {
		for (j = 0; j < i && strcmp(r->challenge[j].realm, r->challenge[i].realm); j++)
			;
		if (j < i)
			continue;
		separate(b);
		/* TRANSLATORS: the realm is the name of what a password is for, in the words of the server */
		buf_printf(b, _("realm “%.100s”"), r->challenge[i].realm);
	}
}

static bool is_offered(const struct call *offering, const char *uri)
{
	unsigned i;

	for (i = 0; offering && i < offering->contacts; i++) {
		if (!strcmp(offering->contact[i].uri, uri))
			return true;
	}
	return false;
}

static void add_contacts(struct buf *b, const struct response *r, const struct call *offering)
{
	unsigned i;

	for (i = 0; i < r->contacts && i < CONTACTS_MAX; i++) {
		if (is_offered(offering, r->contact[i].uri))
			continue;
		separate(b);
		if (r->contact[i].name[0])
			buf_printf(b, "Contact %.80s <%.150s>", r->contact[i].name, r->contact[i].uri);
		else
			buf_printf(b, "Contact %.150s", r->contact[i].uri);
	}
}

/* All that the server said beyond its code, but for the addresses that OFFERING (NULL: none) offers to call, as they
 * are said there. Raw. */
static void server_words(struct buf *b, const struct failure *f, const struct response *r, const struct call *offering)
{
	char warnings[RESPONSE_TEXT];
	const char *item[ITEMS_MAX];
	unsigned i, n;

	if (!r->code)
		return;
	if (r->reason[0] && (!f->known || strcasecmp(r->reason, f->row->phrase)))
		/* TRANSLATORS: the words of the server, in quotation marks of your language */
		buf_printf(b, _("“%.200s”"), r->reason);
	add_realms(b, r);
	text_copy(warnings, sizeof(warnings), r->warning);
	n = split(warnings, item, ITEMS_MAX);
	for (i = 0; i < n && i < 3; i++) {
		separate(b);
		add_warning(b, item[i]);
	}
	add_headers(b, r);
	if (r->code / 100 == 3 || r->code == 485)
		add_contacts(b, r, offering);
}

/* --- telling ----------------------------------------------------------------------------------- */

static void add_list(struct event *e, const char *name, const char *value)
{
	char copy[RESPONSE_TEXT];
	const char *item[ITEMS_MAX];

	text_copy(copy, sizeof(copy), value);
	event_list(e, name, item, split(copy, item, ITEMS_MAX));
}

static void add_retry(struct event *e, const struct call *c, const struct response *r)
{
	struct retry_after after;

	retry_after_read(&after, r->retry_after);
	if (!after.valid)
		return;
	event_integer(e, "retry_after", after.seconds);
	event_string(e, "retry_comment", after.comment);
	if (after.has_duration)
		event_integer(e, "retry_duration", after.duration);
	event_real(e, "retry_at", (double)c->retry.wall_ms / 1000.0);
}

void failure_emit(const struct call *c, const struct failure *f, const struct response *r)
{
	const char *actions[SNAPSHOT_ACTIONS], *contact[CONTACTS_MAX];
	struct buf words = {0};
	struct event e;
	unsigned i;

	event_begin(&e, "outcome");
	event_integer(&e, "call", c->number);
	event_string(&e, "peer", c->uri);
	event_integer(&e, "code", r->code);
	event_string(&e, "reason", r->reason);
	if (r->code && f->known)
		event_string(&e, "standard_reason", f->row->phrase);
	event_string(&e, "kind", outcome_kind_name(f->row->kind));
	event_string(&e, "text", _(f->sentence));
	event_string(&e, "tone", tone_name(outcome_tone(f->row, c->phone->settings->tone_not_found)));
	event_list(&e, "actions", actions, action_names(c, actions, SNAPSHOT_ACTIONS));
	add_retry(&e, c, r);
	for (i = 0; i < r->contacts && i < CONTACTS_MAX; i++)
		contact[i] = r->contact[i].uri;
	event_list(&e, "contacts", contact, i);
	add_list(&e, "allow", r->allow);
	add_list(&e, "accept", r->accept);
	add_list(&e, "warning", r->warning);
	server_words(&words, f, r, NULL);
	event_string(&e, "server_text", r->code ? words.s : r->detail);
	if (!r->code)
		event_string(&e, "error", local_error_name(r->error));
	phone_emit(c->phone, &e);
	buf_free(&words);
}

void failure_title(char *dst, const struct failure *f, const struct response *r, const char *who)
{
	char raw[SNAPSHOT_TEXT * 2];

	if (r->code && f->known)
		snprintf(raw, sizeof(raw), "%u %s · %s", r->code, f->row->phrase, who);
	else if (r->code)
		/* TRANSLATORS: a code that nobody registered: %1$u it, %2$u %3$s the code and phrase it is treated
		 * as, %4$s who was called */
		snprintf(raw, sizeof(raw), _("%1$u (unknown, treated as %2$u %3$s) · %4$s"), r->code, f->row->code,
			 f->row->phrase, who);
	else
		snprintf(raw, sizeof(raw), "%s · %s", _(f->row->phrase), who);
	text_show_str(dst, SNAPSHOT_TEXT, raw);
}

void failure_notice(struct call *c, const struct failure *f, const struct response *r)
{
	struct notice *n = notice_new(c->phone, SEVERITY_ERROR, NULL);
	char raw[SNAPSHOT_TEXT * 4], who[SNAPSHOT_TEXT];
	struct buf words = {0};

	n->call = c->number;
	if (c->name[0] && strcmp(c->name, c->uri))
		snprintf(raw, sizeof(raw), "%.400s <%.500s>", c->name, c->uri);
	else
		snprintf(raw, sizeof(raw), "%s", c->uri);
	text_show_str(who, sizeof(who), raw);
	failure_title(n->title, f, r, who);

	text_copy(n->sentence, sizeof(n->sentence), _(f->sentence));
	/* no server has said that */
	if (!r->code && r->detail[0]) {
		snprintf(raw, sizeof(raw), "%s (%.400s)", _(f->sentence), r->detail);
		text_show_str(n->sentence, sizeof(n->sentence), raw);
	}
	server_words(&words, f, r, c);
	text_show_str(n->server, sizeof(n->server), words.s);
	buf_free(&words);

	snprintf(raw, sizeof(raw), "%u", r->code);
	text_show_str(c->failure, sizeof(c->failure), r->code ? raw : _(f->row->phrase));
	notice_emit(c->phone, n);
}
