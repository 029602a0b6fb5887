/* The phone's accounts: which there are, and what their registrations have come to. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

#define NOTICE_FAILURES 3 /* of attempts that go on by themselves: sooner the status bar says enough */

static struct account *find(const struct phone *p, const char *name)
{
	unsigned i;

	for (i = 0; name && i < p->accounts; i++) {
		if (!strcmp(p->account[i].name, name))
			return (struct account *)&p->account[i];
	}
	return NULL;
}

static void emit_registration(struct phone *p, const struct account *a, unsigned expires, unsigned retry_in)
{
	struct event e;

	event_begin(&e, "registration");
	event_string(&e, "account", a->name);
	event_string(&e, "state", registration_state_name(a->state));
	if (a->code)
		event_integer(&e, "code", a->code);
	event_string(&e, "reason", a->reason);
	if (expires)
		event_integer(&e, "expires", expires);
	if (retry_in)
		event_integer(&e, "retry_in", retry_in);
	phone_emit(p, &e);
}

static void drop_notice(struct phone *p, const struct account *a)
{
	char key[NOTICE_KEY_MAX];

	snprintf(key, sizeof(key), "account %s", a->name);
	notice_drop_key(p, key);
}

/* What is known of STATE, and nothing of the one before. */
static void set_state(struct account *a, enum registration_state state, unsigned expires, unsigned retry_in)
{
	a->state = state;
	a->code = 0;
	a->error = LOCAL_NONE;
	a->reason[0] = '\0';
	a->until_ms = state == REGISTRATION_REGISTERED ? port_wall_ms() + (int64_t)expires * 1000 : 0;
	a->retry_ms = retry_in ? port_wall_ms() + (int64_t)retry_in * 1000 : 0;
}

static void start_registration(struct phone *p, struct account *a)
{
	struct response r;
	int err;

	if (!p->started)
		return;
	set_state(a, REGISTRATION_REGISTERING, 0, 0);
	a->failures = 0;
	drop_notice(p, a);
	err = port_sip_register(a);
	if (err) {
		memset(&r, 0, sizeof(r));
		r.error = LOCAL_TRANSPORT;
		text_copy(r.detail, sizeof(r.detail), strerror(err));
		phone_sip_registration(p, a->name, REGISTRATION_FAILED, &r, 0, 0);
	}
	phone_changed(p);
}

void phone_start(struct phone *p)
{
	unsigned i;

	p->started = true;
	for (i = 0; i < p->accounts; i++) {
		if (p->account[i].registers)
			start_registration(p, &p->account[i]);
	}
	phone_schedule(p);
}

int phone_account_add(struct phone *p, const struct account *a)
{
	struct account *mine;

	if (find(p, a->name))
		return EEXIST;
	if (p->accounts == ACCOUNTS_MAX)
		return ENOSPC;
	mine = &p->account[p->accounts++];
	*mine = *a;
	set_state(mine, REGISTRATION_NONE, 0, 0);
	mine->failures = 0;
	mine->is_default = p->accounts == 1;
	if (mine->registers)
		start_registration(p, mine);
	phone_changed(p);
	return 0;
}

bool account_may_be_registered(const struct account *a)
{
	return a->state != REGISTRATION_NONE && a->state != REGISTRATION_UNREGISTERED;
}

/* Would nothing take the place of the registration that A has, if OTHER stood for it? */
static bool leaves_registration(const struct account *a, const struct account *other)
{
	return account_may_be_registered(a) &&
	       (!other->registers || strcmp(a->uri, other->uri) || strcmp(a->registrar, other->registrar));
}

int phone_account_replace(struct phone *p, const struct account *a)
{
	struct account *mine = find(p, a->name);
	bool was_default;

	if (!mine)
		return ENOENT;
	was_default = mine->is_default;
	if (leaves_registration(mine, a))
		port_sip_unregister(mine);
	port_sip_account_removed(mine->name);
	*mine = *a;
	mine->is_default = was_default;
	set_state(mine, REGISTRATION_NONE, 0, 0);
	mine->failures = 0;
	if (mine->registers)
		start_registration(p, mine);
	phone_changed(p);
	return 0;
}

int phone_account_remove(struct phone *p, const char *name)
{
	struct account *a = find(p, name);
	bool was_default;
	unsigned i;

	if (!a)
		return ENOENT;
	if (account_may_be_registered(a))
		port_sip_unregister(a);
	port_sip_account_removed(a->name);
	drop_notice(p, a);
	was_default = a->is_default;
	explicit_bzero(a->password, sizeof(a->password));
	i = (unsigned)(a - p->account);
	memmove(a, a + 1, (p->accounts - i - 1) * sizeof(*a));
	p->accounts--;
	if (was_default && p->accounts)
		p->account[0].is_default = true;
	phone_changed(p);
	return 0;
}

int phone_account_default(struct phone *p, const char *name)
{
	struct account *a = find(p, name);
	unsigned i;

	if (!a)
		return ENOENT;
	for (i = 0; i < p->accounts; i++)
		p->account[i].is_default = &p->account[i] == a;
	phone_changed(p);
	return 0;
}

int phone_account_register(struct phone *p, const char *name, bool on)
{
	struct account *a = find(p, name);

	if (!a)
		return ENOENT;
	if (!p->started)
		return ENETDOWN;
	if (on)
		start_registration(p, a);
	else
		port_sip_unregister(a);
	return 0;
}

const struct account *phone_account(const struct phone *p, const char *name)
{
	return find(p, name);
}

const struct account *phone_account_at(const struct phone *p, unsigned index)
{
	return index < p->accounts ? &p->account[index] : NULL;
}

unsigned phone_accounts(const struct phone *p)
{
	return p->accounts;
}

bool phone_accounts_settled(const struct phone *p)
{
	unsigned i;

	for (i = 0; i < p->accounts; i++) {
		if (p->account[i].registers && p->account[i].state == REGISTRATION_REGISTERING)
			return false;
	}
	return true;
}

/* Says what is wrong, and whether anything is done about it. */
static void tell_failure(struct phone *p, const struct account *a, const struct response *response)
{
	bool known = true;
	const struct outcome *row = a->code ? outcome_find(a->code, &known) : outcome_local(a->error);
	const char *sentence = row->registration ? row->registration : row->sentence;
	char key[NOTICE_KEY_MAX], raw[SNAPSHOT_TEXT * 2], next[SNAPSHOT_TEXT];
	struct notice *n;

	/* "give a password" to somebody who has given one would mislead; the sentence of a 403 names both causes */
	if (response->credentials_refused && a->code != 403 && row->refused)
		sentence = row->refused;
	sentence = _(sentence);
	snprintf(key, sizeof(key), "account %s", a->name);
	n = notice_new(p, SEVERITY_ERROR, key);
	if (a->code)
		/* TRANSLATORS: %s is the account's name; then status code and standard phrase */
		snprintf(n->title, sizeof(n->title), _("Account %s: not registered, %u %s"), a->name, a->code,
			 known ? row->phrase : "");
	else
		/* TRANSLATORS: %s is the account's name; then the cause in words */
		snprintf(n->title, sizeof(n->title), _("Account %s: not registered, %s"), a->name, _(row->phrase));
	if (a->retry_ms)
		/* TRANSLATORS: after three attempts to register; %s is the account's name, the words before it a command */
		snprintf(next, sizeof(next), _("The phone keeps trying; account register %s does so at once."), a->name);
	else
		/* TRANSLATORS: %s is the account's name, the words before it a command */
		snprintf(next, sizeof(next), _("The phone does not try again by itself; account register %s does."), a->name);
	if (!a->code && response->detail[0])
		snprintf(raw, sizeof(raw), "%s (%.100s) %s", sentence, response->detail, next);
	else
		snprintf(raw, sizeof(raw), "%s %s", sentence, next);
	text_show_str(n->sentence, sizeof(n->sentence), raw);
	if (a->code && strcasecmp(response->reason, row->phrase))
		text_show_str(n->server, sizeof(n->server), response->reason);
	notice_emit(p, n);
}

void phone_sip_network(struct phone *p, bool there)
{
	bool registers = false;
	unsigned i;

	for (i = 0; i < p->accounts; i++)
		registers = registers || p->account[i].registers;
	if (!there)
		phone_notice(p, SEVERITY_WARNING, "network",
			     _("Network lost: nobody can be reached until it is back."));
	else
		phone_notice(p, SEVERITY_INFO, "network",
			     registers ? _("Network back: registering again.") : _("Network back."));
}

void phone_sip_messages(struct phone *p, const char *account, unsigned fresh, unsigned old)
{
	struct account *a = find(p, account);
	char key[NOTICE_KEY_MAX];
	struct event e;

	if (!a || (a->messages_new == fresh && a->messages_old == old))
		return;
	event_begin(&e, "mwi");
	event_string(&e, "account", a->name);
	event_integer(&e, "new", fresh);
	event_integer(&e, "old", old);
	phone_emit(p, &e);
	snprintf(key, sizeof(key), "messages %s", a->name);
	if (fresh > a->messages_new)
		phone_notice_printf(p, SEVERITY_INFO, key,
				    /* TRANSLATORS: how many messages; %2$s is the account's name */
				    P_("%1$u new message for %2$s.", "%1$u new messages for %2$s.", fresh), fresh, a->name);
	else if (!fresh)
		notice_drop_key(p, key);
	a->messages_new = fresh;
	a->messages_old = old;
	phone_changed(p);
}

void phone_sip_registration(struct phone *p, const char *account, enum registration_state state,
			    const struct response *response, unsigned expires, unsigned retry_in)
{
	struct account *a = find(p, account);

	if (!a)
		return;
	set_state(a, state, expires, retry_in);
	if (state == REGISTRATION_REGISTERED || state == REGISTRATION_UNREGISTERED) {
		a->failures = 0;
		drop_notice(p, a);
	}
	if (state == REGISTRATION_FAILED && response) {
		a->code = response->code;
		a->error = response->error;
		text_show_str(a->reason, sizeof(a->reason),
			      a->code ? response->reason : _(outcome_local(a->error)->phrase));
		a->failures++;
		if (!retry_in || a->failures == NOTICE_FAILURES)
			tell_failure(p, a, response);
	}
	emit_registration(p, a, expires, retry_in);
	phone_changed(p);
}
