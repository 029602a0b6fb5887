#include <string.h>

#include "base/text.h"
#include "phone/attempt.h"

#define DIGEST_TRIES_MAX 3 /* resends with credentials in one attempt */

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

static void note_realm(struct attempt *a, const char *realm)
{
	if (!was_answered(a, realm) && a->realms < ATTEMPT_REALMS)
		text_copy(a->realm[a->realms++], sizeof(a->realm[0]), realm);
}

struct attempt_decision attempt_next(struct attempt *a, const struct response *r,
				     const struct account *account)
{
	struct attempt_decision d = {.step = ATTEMPT_GIVE_UP};
	bool any = false;
	unsigned i;

	if (r->code == 403) {
		d.credentials_refused = a->digest_tries > 0;
		return d;
	}
	if (r->code != 401 && r->code != 407)
		return d;
	if (is_refusal(a, r)) {
		d.credentials_refused = true;
		return d;
	}
	if (!account || a->digest_tries >= DIGEST_TRIES_MAX || a->requests >= ATTEMPT_BUDGET)
		return d;
	for (i = 0; i < r->challenges && i < CHALLENGES_MAX; i++) {
		const struct challenge *c = &r->challenge[i];

		if (!c->supported || is_outdone(r, i) ||
		    !account_may_answer(account, c->proxy, r->ruri_host, r->hop_host, c->realm))
			continue;
		/* a realm that cannot be remembered could be answered for ever */
		if (!was_answered(a, c->realm) && a->realms == ATTEMPT_REALMS)
			continue;
		note_realm(a, c->realm);
		d.answer[i] = any = true;
	}
	if (any) {
		d.step = ATTEMPT_DIGEST;
		a->digest_tries++;
	}
	return d;
}
