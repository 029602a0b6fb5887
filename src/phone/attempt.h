/* attempt.h - what comes next after a response to an INVITE: one pure decision.
 *
 * sip/ reports what arrived, attempt_next() decides, sip/ executes. */
#ifndef OFFHOOK_PHONE_ATTEMPT_H
#define OFFHOOK_PHONE_ATTEMPT_H

#include <stdbool.h>

#include "phone/account.h"
#include "phone/outcome.h"

#define CHALLENGES_MAX  8
#define RESPONSE_TEXT   512
#define ATTEMPT_BUDGET  8   /* requests for one dialled call, whatever the mix of repairs */
#define ATTEMPT_REALMS  8

/* One challenge of a 401 or 407, as far as the decision needs it. */
struct challenge {
	char realm[ACCOUNT_TEXT_MAX];
	bool proxy;       /* Proxy-Authenticate */
	bool stale;
	bool supported;   /* an algorithm and qop that sip/digest can compute */
	unsigned strength; /* of the algorithm: more is stronger */
};

/* A final response to our INVITE or REGISTER, or a local failure. Strings are raw: as received. */
struct response {
	unsigned code;                 /* 0: a local failure */
	enum local_error error;
	char reason[RESPONSE_TEXT];
	char warning[RESPONSE_TEXT];   /* first Warning header, raw, "" = none */
	char retry_after[RESPONSE_TEXT]; /* Retry-After, raw, "" = none */
	char ruri_host[ACCOUNT_TEXT_MAX]; /* of the request that was answered */
	char hop_host[ACCOUNT_TEXT_MAX];  /* where it was sent, as configured (not as resolved) */
	unsigned challenges;
	struct challenge challenge[CHALLENGES_MAX];
	char detail[RESPONSE_TEXT];    /* local failure: what exactly (a host name, an address) */
};

/* The story of one dialled call so far. Zero-initialised at dialling. */
struct attempt {
	unsigned requests;             /* INVITEs sent so far; the caller counts */
	unsigned digest_tries;
	unsigned realms;               /* answered so far */
	char realm[ATTEMPT_REALMS][ACCOUNT_TEXT_MAX];
};

enum attempt_step {
	ATTEMPT_GIVE_UP,               /* the response is the call's outcome */
	ATTEMPT_DIGEST,                /* send again with credentials for .answer */
};

struct attempt_decision {
	enum attempt_step step;
	bool answer[CHALLENGES_MAX];   /* which challenges of the response to answer */
	bool credentials_refused;      /* the password was sent once and was not taken */
};

/* Decides, and notes in A what will now be tried. ACCOUNT may be NULL (direct call: no
 * credentials). Never the same credentials twice to a realm unless the challenge is stale;
 * at most three digest resends; at most ATTEMPT_BUDGET requests (S407-4). */
struct attempt_decision attempt_next(struct attempt *a, const struct response *r,
				     const struct account *account);

#endif
