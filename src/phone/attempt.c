#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/attempt.h"

#define INTERVAL_MAX  86400u /* s: who asks for more would have a dead call counted as alive for days */
#define GLARE_MIN_MS  2100u  /* RFC 3261 section 14.1: 2.1 to 4 s in steps of 10 ms */
#define GLARE_STEPS   191u
#define GLARE_STEP_MS 10u

/* The option tags that this phone can do when a server insists on them (RFC 4028). */
static const char *const can_do[] = {"timer", "replaces"};

/* --- option tags ---------------------------------------------------------------------- */

#define TAG_ENDS " ,\t"

/* The next tag of a list at *P, its length in *LEN; NULL at the end. */
static const char *next_tag(const char **p, size_t *len)
{
	const char *tag = *p + strspn(*p, TAG_ENDS);

	*len = strcspn(tag, TAG_ENDS);
	*p = tag + *len;
	return *len ? tag : NULL;
}

static bool has_tag(const char *list, const char *tag, size_t len)
{
	const char *t;
	size_t n;

	while ((t = next_tag(&list, &n)) != NULL) {
		if (n == len && !strncasecmp(t, tag, len))
			return true;
	}
	return false;
}

bool attempt_has_tag(const char *list, const char *tag)
{
	return has_tag(list, tag, strlen(tag));
}

static bool add_tag(char *list, size_t size, const char *tag, size_t len)
{
	size_t used = strlen(list);

	if (used + len + 2 > size)
		return false;
	if (used)
		list[used++] = ' ';
	return text_copyn(list + used, size - used, tag, len);
}

void attempt_add_tags(char *list, size_t size, const char *more)
{
	const char *tag;
	size_t len;

	while ((tag = next_tag(&more, &len)) != NULL) {
		if (!has_tag(list, tag, len))
			add_tag(list, size, tag, len);
	}
}

/* --- 401, 407 -------------------------------------------------------------------------- */

static bool was_answered(const struct attempt *a, const char *realm)
{
	unsigned i;

	for (i = 0; i < a->realms; i++) {
		if (!strcmp(a->realm[i], realm))
			return true;
	}
	return false;
}

/* Is there a better challenge than number N for the same realm and header? A stronger algorithm is, whatever the
 * order: somebody on the way may have changed that. Of equals the first, as the server prefers (RFC 8760 section 2.4). */
static bool is_outdone(const struct response *r, unsigned n)
{
	const struct challenge *c = &r->challenge[n];
	unsigned i;

	for (i = 0; i < r->challenges && i < CHALLENGES_MAX; i++) {
		const struct challenge *o = &r->challenge[i];

		if (o->supported && o->proxy == c->proxy && !strcmp(o->realm, c->realm) &&
		    (o->strength > c->strength || (o->strength == c->strength && i < n)))
			return true;
	}
	return false;
}

/* A realm names the protection space (RFC 3261 section 22.1), so one that has seen the password and asks again
 * has refused it, unless only its nonce was too old. */
static bool is_refusal(const struct attempt *a, const struct response *r)
{
	unsigned i;

	for (i = 0; i < r->challenges && i < CHALLENGES_MAX; i++) {
		const struct challenge *c = &r->challenge[i];

		if (c->supported && !c->stale && was_answered(a, c->realm))
			return true;
	}
	return false;
}

/* Along a redirect the asker proves nothing by its name: whoever sent us there has chosen it. */
static bool may_answer(const struct attempt *a, const struct response *r, const struct challenge *c,
		       const struct account *account)
{
	if (a->redirected)
		return account->password[0] && account->realm[0] && !strcmp(account->realm, c->realm);
	return account_may_answer(account, c->proxy, r->ruri_host, r->hop_host, c->realm);
}

static void note_realm(struct attempt *a, const char *realm)
{
	if (!was_answered(a, realm) && a->realms < ATTEMPT_REALMS)
		text_copy(a->realm[a->realms++], sizeof(a->realm[0]), realm);
}

static bool digest(struct attempt *a, const struct response *r, const struct account *account,
		   struct attempt_decision *d)
{
	bool any = false;
	unsigned i;

	if (is_refusal(a, r) || !account)
		return false;
	for (i = 0; i < r->challenges && i < CHALLENGES_MAX; i++) {
		const struct challenge *c = &r->challenge[i];

		if (!c->supported || is_outdone(r, i) || !may_answer(a, r, c, account))
			continue;
		/* a realm that cannot be remembered could be answered for ever */
		if (!was_answered(a, c->realm) && a->realms == ATTEMPT_REALMS)
			continue;
		note_realm(a, c->realm);
		d->answer[i] = any = true;
	}
	d->step = ATTEMPT_DIGEST;
	return any;
}

/* --- 3xx -------------------------------------------------------------------------------- */

static bool was_tried(const struct attempt *a, const char *uri)
{
	unsigned i;

	if (!strcmp(a->target, uri))
		return true;
	for (i = 0; i < a->targets; i++) {
		if (!strcmp(a->tried[i], uri))
			return true;
	}
	return false;
}

/* A plain sip: address that was not called yet. One that was to be secure (sips:) goes nowhere less secure. */
static bool may_go_to(const struct attempt *a, const char *uri)
{
	char user[TARGET_MAX], host[TARGET_MAX];
	unsigned port;

	return strncasecmp(a->target, "sips:", 5) != 0 && !was_tried(a, uri) &&
	       !target_uri_parts(uri, user, sizeof(user), host, sizeof(host), &port);
}

static const struct contact *first_new(const struct attempt *a, const struct response *r)
{
	unsigned i;

	for (i = 0; i < r->contacts && i < CONTACTS_MAX; i++) {
		if (may_go_to(a, r->contact[i].uri))
			return &r->contact[i];
	}
	return NULL;
}

static void note_tried(struct attempt *a, const char *uri)
{
	if (a->targets < sizeof(a->tried) / sizeof(a->tried[0]))
		text_copy(a->tried[a->targets++], sizeof(a->tried[0]), uri);
}

static bool redirect(struct attempt *a, const struct response *r, const struct account *account,
		     struct attempt_decision *d)
{
	const struct contact *c = first_new(a, r);

	(void)account;
	/* between several places for one person, a person chooses */
	if (!a->follow_redirects || !c || (r->code != 301 && r->code != 302 && r->contacts > 1))
		return false;
	note_tried(a, a->target);
	text_copy(a->target, sizeof(a->target), c->uri);
	a->redirected = true;
	d->step = ATTEMPT_REDIRECT;
	text_copy(d->target, sizeof(d->target), c->uri);
	d->tell = N_("The call goes on to another address, as the server asked.");
	return true;
}

/* The Request-URI stays (RFC 3261 section 21.3.4); a proxy that the user has set is not left without a word. */
static bool proxy(struct attempt *a, const struct response *r, const struct account *account,
		  struct attempt_decision *d)
{
	const struct contact *c = first_new(a, r);

	if (!c || !(a->follow_proxy || (a->follow_redirects && !(account && account->outbound[0]))))
		return false;
	note_tried(a, c->uri);
	a->redirected = true;
	d->step = ATTEMPT_REDIRECT;
	d->by_proxy = true;
	text_copy(d->target, sizeof(d->target), c->uri);
	d->tell = N_("The call goes by way of another server, as they asked.");
	return true;
}

/* --- another form of the same request ----------------------------------------------------- */

/* S411-1: the refused one had the short name. */
static bool length(struct attempt *a, const struct response *r, const struct account *account,
		   struct attempt_decision *d)
{
	(void)r;
	(void)account;
	if (!a->compact || a->form.long_names)
		return false;
	a->form.long_names = true;
	d->step = ATTEMPT_RESEND;
	return true;
}

static bool shrink(struct attempt *a, struct attempt_decision *d)
{
	if (!a->can_shrink || a->form.body != ATTEMPT_BODY_FULL)
		return false;
	a->form.body = ATTEMPT_BODY_SMALL;
	d->step = ATTEMPT_RESEND;
	return true;
}

/* S413-3, S413-4: a Retry-After goes first, also one that cannot be read. */
static bool smaller(struct attempt *a, const struct response *r, const struct account *account,
		    struct attempt_decision *d)
{
	(void)account;
	return !r->retry_after[0] && shrink(a, d);
}

/* Does VALUE, a list with parameters, name one of WANTED (NULL-terminated)? */
static bool lists(const char *value, const char *const *wanted)
{
	for (; *value; value += *value == ',') {
		const char *word = value + strspn(value, " \t");
		size_t len = strcspn(word, ",; \t"), i;

		for (i = 0; wanted[i]; i++) {
			if (strlen(wanted[i]) == len && !strncasecmp(word, wanted[i], len))
				return true;
		}
		value += strcspn(value, ",");
	}
	return false;
}

/* S415-2: plain SDP gets through and what we sent was more than that. Our offer has no language. */
static bool plain(struct attempt *a, const struct response *r, const struct account *account,
		  struct attempt_decision *d)
{
	static const char *const type[] = {"application/sdp", "application/*", "*/*", NULL};
	static const char *const coding[] = {"identity", "*", NULL};

	(void)account;
	if (!lists(r->accept, type) || (r->accept_encoding[0] && !lists(r->accept_encoding, coding)) || !shrink(a, d))
		return false;
	d->tell = N_("They could not read what this phone offered; it was offered again in the plainest form.");
	return true;
}

/* Without what the other side does not know, if the INVITE had it. */
static bool without(struct attempt *a, const struct response *r, const struct account *account,
		    struct attempt_decision *d)
{
	const char *p = r->unsupported, *tag;
	bool any = false;
	size_t len;

	(void)account;
	while ((tag = next_tag(&p, &len)) != NULL) {
		if ((has_tag(a->tags, tag, len) || has_tag(a->form.with, tag, len)) &&
		    !has_tag(a->form.without, tag, len) &&
		    add_tag(a->form.without, sizeof(a->form.without), tag, len))
			any = true;
	}
	d->step = ATTEMPT_RESEND;
	return any;
}

/* With what the other side insists on, if this phone has all of it and had not said so. */
static bool with(struct attempt *a, const struct response *r, const struct account *account,
		 struct attempt_decision *d)
{
	const char *p = r->require, *tag;
	bool any = false;
	size_t len, i;

	(void)account;
	while ((tag = next_tag(&p, &len)) != NULL) {
		for (i = 0; i < sizeof(can_do) / sizeof(can_do[0]); i++) {
			if (strlen(can_do[i]) == len && !strncasecmp(can_do[i], tag, len))
				break;
		}
		if (i == sizeof(can_do) / sizeof(can_do[0]) || has_tag(a->form.without, tag, len))
			return false;
		any = any || !has_tag(a->form.with, tag, len);
	}
	if (any)
		attempt_add_tags(a->form.with, sizeof(a->form.with), r->require);
	d->step = ATTEMPT_RESEND;
	return any;
}

/* RFC 4028 section 7.3 */
static bool interval(struct attempt *a, const struct response *r, const struct account *account,
		     struct attempt_decision *d)
{
	(void)account;
	if (r->min_se <= a->form.session_interval || r->min_se > INTERVAL_MAX)
		return false;
	a->form.session_interval = r->min_se;
	d->step = ATTEMPT_RESEND;
	return true;
}

unsigned attempt_warn_code(const char *warning)
{
	size_t digits;

	warning += strspn(warning, " \t");
	digits = strspn(warning, "0123456789");
	return digits == 3 && (!warning[3] || strchr(" \t", warning[3])) ? (unsigned)atoi(warning) : 0;
}

/* The description was not understood, rather than what it asks for impossible (RFC 3261 section 20.43). */
static bool offer(struct attempt *a, const struct response *r, const struct account *account,
		  struct attempt_decision *d)
{
	unsigned code = attempt_warn_code(r->warning);

	(void)account;
	if ((code != 303 && (code < 305 || code > 307)) || !shrink(a, d))
		return false;
	d->tell = N_("They did not understand what this phone offered; it was offered again in the plainest form.");
	return true;
}

/* Both sides must not come back at the same moment: the wait follows from the address, which differs. */
static bool glare(struct attempt *a, const struct response *r, const struct account *account,
		  struct attempt_decision *d)
{
	uint32_t hash = 2166136261u + a->used[REPAIR_GLARE];
	const char *p;

	(void)r;
	(void)account;
	for (p = a->target; *p; p++)
		hash = (hash ^ (unsigned char)*p) * 16777619u;
	d->step = ATTEMPT_RESEND;
	d->delay_ms = GLARE_MIN_MS + hash % GLARE_STEPS * GLARE_STEP_MS;
	return true;
}

/* --- the decision --------------------------------------------------------------------------- */

typedef bool repair_h(struct attempt *a, const struct response *r, const struct account *account,
		      struct attempt_decision *d);

static repair_h *const repairs[REPAIRS] = {
	[REPAIR_DIGEST] = digest, [REPAIR_REDIRECT] = redirect, [REPAIR_PROXY] = proxy, [REPAIR_LENGTH] = length,
	[REPAIR_SMALLER] = smaller, [REPAIR_PLAIN] = plain, [REPAIR_WITHOUT] = without, [REPAIR_WITH] = with,
	[REPAIR_INTERVAL] = interval, [REPAIR_OFFER] = offer, [REPAIR_GLARE] = glare,
};

struct attempt_decision attempt_next(struct attempt *a, const struct response *r,
				     const struct account *account)
{
	struct attempt_decision d = {.step = ATTEMPT_GIVE_UP, .form = a->form, .requests_left = 1};
	const struct outcome *row = r->code ? outcome_find(r->code, NULL) : outcome_local(r->error);

	if (r->code == 403)
		d.credentials_refused = a->used[REPAIR_DIGEST] > 0;
	if (row->repair == REPAIR_DIGEST) /* a redirected request carried none */
		d.credentials_refused = !a->redirected && is_refusal(a, r);
	if (!repairs[row->repair] || a->used[row->repair] >= row->bound || a->requests >= ATTEMPT_BUDGET)
		return d;
	if (!repairs[row->repair](a, r, account, &d)) {
		d.step = ATTEMPT_GIVE_UP;
		return d;
	}
	a->used[row->repair]++;
	d.form = a->form;
	d.requests_left = ATTEMPT_BUDGET - a->requests;
	return d;
}
