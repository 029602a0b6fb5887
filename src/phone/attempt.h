/* attempt.h - what comes next after a response to an INVITE: one pure decision.
 *
 * sip/ reports what arrived, attempt_next() decides, sip/ executes. */
#ifndef OFFHOOK_PHONE_ATTEMPT_H
#define OFFHOOK_PHONE_ATTEMPT_H

#include <stdbool.h>

#include "phone/account.h"
#include "phone/outcome.h"
#include "phone/target.h"

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

#define CONTACTS_MAX    8   /* of a 3xx or 485 that are kept */
#define TAGS_TEXT       256 /* option tags, separated by blanks */

/* One Contact of a response (RFC 3261 section 20.10). Raw. */
struct contact {
	char uri[TARGET_MAX];          /* sip: or sips: without what a Request-URI must not carry; another scheme as it came */
	char name[RESPONSE_TEXT];      /* display name, "" = none */
	unsigned q;                    /* 0-1000, 1000 when it has none */
};

/* A final response to our INVITE or REGISTER, or a local failure. Strings are raw: as received, "" = not there; of a
 * header that came several times all values, separated by ", ". */
struct response {
	unsigned code;                 /* 0: a local failure */
	enum local_error error;
	char reason[RESPONSE_TEXT];
	char warning[RESPONSE_TEXT];
	char retry_after[RESPONSE_TEXT];
	char error_info[RESPONSE_TEXT];
	char reason_header[RESPONSE_TEXT]; /* Reason (RFC 3326) */
	char allow[RESPONSE_TEXT];
	char accept[RESPONSE_TEXT];
	char accept_encoding[RESPONSE_TEXT];
	char accept_language[RESPONSE_TEXT];
	char unsupported[TAGS_TEXT];   /* of a 420: option tags, blanks between */
	char require[TAGS_TEXT];       /* of a 421 */
	unsigned min_se;               /* seconds, of a 422; 0 = not there */
	unsigned contacts;             /* in order of q, the highest first */
	struct contact contact[CONTACTS_MAX];
	char ruri_host[ACCOUNT_TEXT_MAX]; /* of the request that was answered */
	char hop_host[ACCOUNT_TEXT_MAX];  /* where it was sent, as configured (not as resolved) */
	unsigned challenges;
	struct challenge challenge[CHALLENGES_MAX];
	bool credentials_refused;      /* to a REGISTER that carried the account's password */
	char detail[RESPONSE_TEXT];    /* local failure: what exactly (a host name, an address) */
};

enum attempt_body {
	ATTEMPT_BODY_FULL,             /* the offer as the settings have it */
	ATTEMPT_BODY_SMALL,            /* the shortest offer: one format that everybody knows, no extra lines */
	ATTEMPT_BODY_NONE              /* no body: the other side offers in its 2xx (RFC 3261 section 13.2.1) */
};

/* How an INVITE is to be written: what the repairs so far have come to. Zero: as the settings have it. */
struct attempt_form {
	bool long_names;               /* 411: Content-Length in full, whatever compact-headers says */
	enum attempt_body body;        /* 413, 415, 488, 606 */
	unsigned session_interval;     /* 422: Session-Expires and Min-SE, seconds; 0 = the usual one */
	char without[TAGS_TEXT];       /* 420: option tags to be left out of Supported, Require and Proxy-Require, the
	                                * user's own lines too */
	char with[TAGS_TEXT];          /* 421: option tags to be put into Supported and Require */
};

#define ATTEMPT_TARGETS 5          /* redirects that one call follows */

/* The story of one dialled call so far. At dialling all is zero but what stands in front of .requests. */
struct attempt {
	bool follow_redirects;         /* 3xx: go there without asking (option redirect) */
	bool follow_proxy;             /* 305: the user has agreed to go by way of the proxy */
	bool compact;                  /* the requests have short header names (option compact-headers) */
	bool can_shrink;               /* the offer has more than its shortest form */
	char target[TARGET_MAX];       /* Request-URI now */
	char tags[TAGS_TEXT];          /* option tags that the INVITE named in Require, Proxy-Require or Supported */

	unsigned requests;             /* INVITEs sent so far; the caller counts */
	unsigned used[REPAIRS];        /* repairs so far, each against its bound in the outcome table */
	unsigned realms;               /* answered so far */
	char realm[ATTEMPT_REALMS][ACCOUNT_TEXT_MAX];
	bool redirected;               /* .target came from the network: it gets no credentials but by realm= */
	unsigned targets;              /* tried before */
	char tried[ATTEMPT_TARGETS + 1][TARGET_MAX];
	struct attempt_form form;
};

enum attempt_step {
	ATTEMPT_GIVE_UP,               /* the response is the call's outcome */
	ATTEMPT_DIGEST,                /* send again with credentials for .answer */
	ATTEMPT_RESEND,                /* send again in another .form, after .delay_ms */
	ATTEMPT_REDIRECT               /* send to .target (305: by way of it) */
};

struct attempt_decision {
	enum attempt_step step;
	bool answer[CHALLENGES_MAX];   /* which challenges of the response to answer */
	struct attempt_form form;      /* of the next INVITE, whatever the step */
	char target[TARGET_MAX];       /* redirect: the new Request-URI, or the proxy */
	bool by_proxy;                 /* 305: .target is the next hop, the Request-URI stays */
	unsigned delay_ms;             /* 491: wait so long first; 0 = at once */
	unsigned requests_left;        /* that may still be sent, hops that are tried in turn included; at least 1 */
	bool credentials_refused;      /* the password was sent once and was not taken */
	const char *tell;              /* what the user should know of a repair, to be passed through gettext; NULL */
};

/* Decides, and notes in A what will now be tried. ACCOUNT may be NULL (direct call: no
 * credentials). Never the same credentials twice to a realm unless the challenge is stale;
 * each repair as often as the outcome table says; at most ATTEMPT_BUDGET requests, whatever the mix (S407-4, S411-2). Where somebody has to be asked, it gives up: the question is the
 * failed call's notice, and the answer a new call. */
struct attempt_decision attempt_next(struct attempt *a, const struct response *r,
				     const struct account *account);

/* Is TAG among LIST, option tags with blanks or commas between? Without regard to case. */
bool attempt_has_tag(const char *list, const char *tag);
/* Adds the tags of MORE that LIST (SIZE bytes) has not yet; what does not fit is left out. */
void attempt_add_tags(char *list, size_t size, const char *more);
/* The warn-code of the first Warning in a header's value (RFC 3261 section 20.43), 0 = none that can be read. */
unsigned attempt_warn_code(const char *warning);

#endif
