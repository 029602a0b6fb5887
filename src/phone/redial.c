/* Calls that are to be made again: offered with a Retry-After, counted down, then prompted for or, armed, made. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

#define KEY_REDIALING "redialing" /* of the notice that one goes by itself */

/* While the machine sleeps the timers of the loop stand still and boot time runs on: so it is looked at this often. */
#define LOOK_MS 2000u

static const char *const state_name[] = {"", "waiting", "armed", "due", "dialing", "cancelled"};

/* --- the list ------------------------------------------------------------------------------ */

struct redial *redial_of_call(const struct phone *p, unsigned call)
{
	unsigned i;

	for (i = 0; call && i < p->redials; i++) {
		if (p->redial[i].call == call)
			return (struct redial *)&p->redial[i];
	}
	return NULL;
}

static struct redial *of_uri(struct phone *p, const char *uri)
{
	unsigned i;

	for (i = 0; i < p->redials; i++) {
		if (!strcmp(p->redial[i].record.uri, uri))
			return &p->redial[i];
	}
	return NULL;
}

/* Those of an account that does not outlive the program would come back as direct calls. */
static bool is_kept(const struct phone *p, const struct redial *r)
{
	const struct account *a = phone_account(p, r->record.account);

	return !(a && a->volatile_only);
}

static void keep(const struct phone *p, const struct redial *r)
{
	if (is_kept(p, r))
		port_store_redial(&r->record);
}

static void unlist(struct phone *p, struct redial *r)
{
	size_t i = (size_t)(r - p->redial);

	memmove(r, r + 1, (p->redials - i - 1) * sizeof(*r));
	p->redials--;
}

static void take_out(struct phone *p, struct redial *r)
{
	if (is_kept(p, r))
		port_store_redial_drop(r->record.uri, r->record.account);
	unlist(p, r);
}

static void emit(struct phone *p, const struct redial *r)
{
	uint64_t now = port_boot_ms();
	/* what writing it down took is nobody's business */
	uint64_t tenths = r->due_boot_ms > now ? (r->due_boot_ms - now + 50) / 100 : 0;
	struct event e;

	event_begin(&e, "redial");
	event_integer(&e, "call", r->call);
	event_string(&e, "peer", r->record.uri);
	event_string(&e, "state", state_name[r->state]);
	if (r->state == REDIAL_WAITING || r->state == REDIAL_ARMED)
		event_real(&e, "in", (double)tenths / 10.0);
	phone_emit(p, &e);
}

/* R leaves the list, as STATE says. */
static void end(struct phone *p, struct redial *r, enum redial_state state)
{
	struct redial last = *r;

	take_out(p, r);
	last.state = state;
	emit(p, &last);
	/* only its redial has kept a line whose notice was crowded out */
	if (state == REDIAL_CANCELLED && !notice_of_call(p, last.call))
		call_notice_gone(p, last.call);
	phone_schedule(p);
}

static struct redial *add(struct phone *p)
{
	struct redial *r;

	if (p->redials == REDIALS_MAX)
		end(p, &p->redial[0], REDIAL_CANCELLED);
	r = &p->redial[p->redials++];
	memset(r, 0, sizeof(*r));
	return r;
}

/* --- what becomes of one ---------------------------------------------------------------------- */

/* From one redial that goes by itself to the next some time passes, whatever the server says. */
static void arm(struct phone *p, struct redial *r)
{
	const struct call *c = call_find(p, r->call);
	uint64_t least = c && c->redialed_boot_ms ? c->redialed_boot_ms + REDIAL_GAP_MS : 0;

	r->state = REDIAL_ARMED;
	r->record.armed = true;
	if (least > r->due_boot_ms) {
		r->record.due_wall_ms += (int64_t)(least - r->due_boot_ms);
		r->due_boot_ms = least;
	}
}

/* A redial at the time that C's failure named, instead of another one of its target; neither stored nor told yet. */
static struct redial *from_call(struct call *c)
{
	struct redial *r = of_uri(c->phone, c->uri);

	/* in the store the new one replaces its like: killed in between, one of both is there */
	if (r && !strcmp(r->record.account, c->account))
		unlist(c->phone, r);
	else if (r)
		take_out(c->phone, r);
	r = add(c->phone);
	text_copy(r->record.uri, sizeof(r->record.uri), c->uri);
	text_copy(r->record.name, sizeof(r->record.name), c->name);
	text_copy(r->record.account, sizeof(r->record.account), c->account);
	text_copy(r->record.comment, sizeof(r->record.comment), c->retry.comment);
	r->record.code = c->code;
	r->record.due_wall_ms = c->retry.wall_ms;
	r->record.until_wall_ms = c->retry.until_wall_ms;
	r->record.in_row = c->in_row;
	r->call = c->number;
	r->state = REDIAL_WAITING;
	r->due_boot_ms = c->retry.boot_ms;
	return r;
}

void redial_offer(struct call *c)
{
	struct phone *p = c->phone;
	struct redial *r;

	if (!c->retry.offered || !strcmp(p->settings->redial, "never"))
		return; /* one that waits already goes on waiting */
	r = from_call(c);
	if (!strcmp(p->settings->redial, "auto") && c->in_row < REDIAL_IN_ROW_MAX)
		arm(p, r);
	keep(p, r);
}

void redial_tell(struct phone *p, unsigned call)
{
	const struct redial *r = redial_of_call(p, call);

	if (r)
		emit(p, r);
	phone_schedule(p);
}

void redial_follow(struct phone *p, const char *uri, unsigned call)
{
	struct redial *r = of_uri(p, uri);

	if (!r)
		return;
	/* the question whether to call has its answer */
	if (r->state == REDIAL_DUE)
		end(p, r, REDIAL_DIALING);
	else {
		r->call = call;
		if (r->record.in_row) { /* a person calls: the row is broken */
			r->record.in_row = 0;
			keep(p, r);
		}
	}
}

void redial_succeeded(struct phone *p, const char *uri)
{
	struct redial *r = of_uri(p, uri);

	if (r)
		end(p, r, REDIAL_CANCELLED);
}

void redial_arrived(const struct call *c)
{
	if (c->redialed_boot_ms)
		notice_drop_key(c->phone, KEY_REDIALING);
}

void redial_drop_call(struct phone *p, unsigned call)
{
	struct redial *r = redial_of_call(p, call);

	if (r)
		end(p, r, REDIAL_CANCELLED);
}

/* --- lines of their own -------------------------------------------------------------------------- */

static void tell_failure(struct call *c, const struct redial *r)
{
	struct response response = {.code = r->record.code};
	struct failure f = failure_of(c, &response, false);

	failure_notice(c, &f, &response);
}

/* R gets a line and a notice, as if its call had just failed. */
static void show(struct phone *p, struct redial *r)
{
	char uri[TARGET_MAX];
	struct call *c;

	text_copy(uri, sizeof(uri), r->record.uri);
	c = call_new(p);
	r = of_uri(p, uri); /* the list may have moved */
	if (!c || !r)
		return;
	text_copy(c->uri, sizeof(c->uri), r->record.uri);
	text_copy(c->name, sizeof(c->name), r->record.name);
	text_copy(c->account, sizeof(c->account), r->record.account);
	c->state = CALL_FAILED;
	c->failed = true;
	c->code = r->record.code;
	c->ended_by = ENDED_BY_THEM;
	c->in_row = r->record.in_row;
	c->retry.known = c->retry.offered = true;
	c->retry.boot_ms = r->due_boot_ms;
	c->retry.wall_ms = r->record.due_wall_ms;
	c->retry.until_wall_ms = r->record.until_wall_ms;
	text_copy(c->retry.comment, sizeof(c->retry.comment), r->record.comment);
	r->call = c->number;
	tell_failure(c, r);
	emit(p, r);
}

void redial_call_over(struct call *c)
{
	struct redial *r = c->phone->shutting_down ? NULL : redial_of_call(c->phone, c->number);

	if (r)
		show(c->phone, r);
}

void phone_redial_restore(struct phone *p, const struct redial_record *record)
{
	int64_t left = record->due_wall_ms - port_wall_ms();
	struct redial *r = of_uri(p, record->uri);

	if (r || !record->uri[0] || p->redials == REDIALS_MAX)
		return;
	r = add(p);
	r->record = *record;
	r->due_boot_ms = port_boot_ms() + (left > 0 ? (uint64_t)left : 0);
	r->state = left <= 0 ? REDIAL_DUE : record->armed ? REDIAL_ARMED : REDIAL_WAITING;
	/* nobody was there when it fell due: somebody has to say so now */
	if (left <= 0 && record->armed) {
		r->record.armed = false;
		keep(p, r);
	}
	show(p, r);
	phone_schedule(p);
}

/* --- time ----------------------------------------------------------------------------------------- */

/* No redial comes between: a call is up or on its way, or one that failed still sounds. */
static bool is_busy(const struct phone *p)
{
	const struct call *c;

	for (c = p->calls; c; c = c->next) {
		if (call_is_active(c) || c->tone_end_ms != NEVER)
			return true;
	}
	return p->shutting_down || !p->started;
}

static void prompt(struct phone *p, struct redial *r)
{
	const struct notice *n;
	struct call *c = call_find(p, r->call);

	if (c && !notice_of_call(p, r->call))
		tell_failure(c, r);
	r->state = REDIAL_DUE;
	r->record.armed = false;
	keep(p, r);
	n = notice_of_call(p, r->call); /* only now: trouble with the store is news, too */
	if (n)
		p->selected_notice = n->id;
	emit(p, r);
}

/* An armed one goes by itself, and says so. */
static void go(struct phone *p, struct redial *r)
{
	struct redial was = *r;
	struct call *c = call_find(p, r->call), like;
	unsigned number = 0;
	const char *why = "";
	char who[SNAPSHOT_TEXT];
	int err;

	if (!c) {
		prompt(p, r);
		return;
	}
	like = *c;
	end(p, r, REDIAL_DIALING);
	call_who(&like, who);
	/* TRANSLATORS: %s is who; the call goes out by itself now */
	phone_notice_printf(p, SEVERITY_INFO, KEY_REDIALING, _("Redialing %s …"), who);
	err = call_dial_like(p, &like, was.record.uri, was.record.name, false, &number, &why);
	if (err) {
		/* it waits for somebody who can see why */
		r = add(p);
		*r = was;
		phone_notice(p, SEVERITY_WARNING, KEY_REDIALING, why);
		prompt(p, r);
		return;
	}
	c = call_find(p, number);
	if (c) {
		c->in_row = was.record.in_row + 1;
		c->redialed_boot_ms = port_boot_ms();
	}
	c = call_find(p, was.call);
	if (c)
		c->redialed_as = number;
}

static struct redial *first_due(struct phone *p, uint64_t now)
{
	struct redial *first = NULL;
	unsigned i;

	for (i = 0; i < p->redials; i++) {
		struct redial *r = &p->redial[i];

		if ((r->state == REDIAL_WAITING || r->state == REDIAL_ARMED) && r->due_boot_ms <= now &&
		    (!first || r->due_boot_ms < first->due_boot_ms))
			first = r;
	}
	return first;
}

void redials_tick(struct phone *p)
{
	uint64_t now = port_boot_ms();
	struct redial *r;

	while (!is_busy(p) && (r = first_due(p, now)) != NULL) {
		if (r->state == REDIAL_ARMED)
			go(p, r);
		else
			prompt(p, r);
	}
}

uint64_t redials_deadline(const struct phone *p)
{
	uint64_t now = port_boot_ms(), at = NEVER;
	unsigned i;

	if (is_busy(p))
		return NEVER; /* the end of what is up comes with a look at the clock of its own */
	for (i = 0; i < p->redials; i++) {
		const struct redial *r = &p->redial[i];
		uint64_t left = r->due_boot_ms > now ? r->due_boot_ms - now : 0;

		if ((r->state == REDIAL_WAITING || r->state == REDIAL_ARMED) && left < at)
			at = left;
	}
	return at == NEVER ? NEVER : port_now_ms() + (at < LOOK_MS ? at : LOOK_MS);
}

/* --- asked by commands -------------------------------------------------------------------------------- */

/* CALL, or the newest that has failed. */
static struct call *failed_call(const struct phone *p, unsigned call)
{
	struct call *c, *newest = NULL;

	for (c = p->calls; c; c = c->next) {
		if (c->failed && (!call || c->number == call))
			newest = c;
	}
	return newest;
}

int phone_redial_now(struct phone *p, unsigned call, unsigned *new_call, const char **why)
{
	struct call *c = failed_call(p, call), like;
	struct redial *r, was;
	int err;

	*new_call = 0;
	if (!c)
		return ENOENT;
	like = *c;
	r = redial_of_call(p, c->number);
	if (r) {
		was = *r;
		end(p, r, REDIAL_DIALING);
	}
	err = call_dial_like(p, &like, like.uri, like.name, false, new_call, why);
	c = err ? NULL : call_find(p, like.number);
	if (c)
		c->redialed_as = *new_call;
	if (err && r) {
		r = add(p);
		*r = was;
		keep(p, r);
		emit(p, r);
	}
	return err;
}

int phone_redial_auto(struct phone *p, unsigned call, const char **why)
{
	struct call *c = failed_call(p, call);
	struct redial *r;

	*why = NULL;
	if (!c)
		return ENOENT;
	r = redial_of_call(p, c->number);
	if (r && r->state == REDIAL_ARMED)
		return 0;
	if (c->retry.far)
		*why = _("That is more than 30 days away; call again by hand then.");
	else if (!r && !c->retry.known)
		*why = _("The other side did not say when to call again; redial by hand.");
	else if (!r && !c->retry.offered)
		*why = _("This answer offers no redial; call again by hand.");
	else if (!strcmp(p->settings->redial, "never"))
		*why = _("The option redial is set to never.");
	else if (c->in_row >= REDIAL_IN_ROW_MAX)
		*why = _("The phone has called five times in a row by itself; call again by hand.");
	if (*why)
		return ENOTSUP;
	if (!r)
		r = from_call(c);
	arm(p, r);
	keep(p, r);
	/* a line that was dismissed comes back: what waits is seen, and can be told to stop */
	if (c->state == CALL_CLOSED)
		show(p, r);
	else
		emit(p, r);
	phone_schedule(p);
	return 0;
}

int phone_redial_disarm(struct phone *p, unsigned call)
{
	const struct call *c = failed_call(p, call);
	struct redial *r = c ? redial_of_call(p, c->number) : NULL;

	if (!c)
		return ENOENT;
	if (!r || r->state != REDIAL_ARMED)
		return ENOTCONN;
	r->state = REDIAL_WAITING;
	r->record.armed = false;
	keep(p, r);
	redial_tell(p, r->call);
	return 0;
}

int phone_redial_cancel(struct phone *p, unsigned call)
{
	const struct call *c = failed_call(p, call);
	struct redial *r = c ? redial_of_call(p, c->number) : NULL;

	if (!r)
		return ENOENT;
	end(p, r, REDIAL_CANCELLED);
	return 0;
}

unsigned phone_call_latest(const struct phone *p, unsigned call)
{
	const struct call *c = call ? call_find(p, call) : NULL;

	while (c && c->redialed_as && call_find(p, c->redialed_as))
		c = call_find(p, c->redialed_as);
	return c ? c->number : call;
}

bool phone_call_pending(const struct phone *p, unsigned call)
{
	const struct call *c = call ? call_find(p, phone_call_latest(p, call)) : NULL;
	const struct redial *r;

	if (!c)
		return false;
	r = redial_of_call(p, c->number);
	return call_is_active(c) || c->tone_end_ms != NEVER || (r && r->state == REDIAL_ARMED);
}
