/* digest.h - digest credentials for one registration or call (RFC 7616, RFC 8760, RFC 3261 section 22). */
#ifndef OFFHOOK_SIP_DIGEST_H
#define OFFHOOK_SIP_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <re.h>

#include "phone/attempt.h"

/* One algorithm: a row of the table in digest.c. */
struct digest_algorithm;

struct digest_challenge {
	char *realm, *nonce, *opaque;    /* quotes taken off, escapes left as they are */
	char *algorithm_text;            /* as it came, to be echoed; NULL = it came without */
	const struct digest_algorithm *algorithm; /* NULL: not one of ours */
	bool proxy, stale;
	bool qop, qop_auth, qop_auth_int;
	uint32_t count;                  /* nc of the last answer */
	char cnonce[17];                 /* of all answers; set with the first */
};

/* Zero-initialised is empty. */
struct digest {
	struct digest_challenge offered[CHALLENGES_MAX]; /* of the last response, in its order */
	unsigned offers;
	struct digest_challenge taken[CHALLENGES_MAX];   /* answered from now on */
	unsigned takings;
};

/* Notes the challenges of a 401 or 407, the first CHALLENGES_MAX of all its fields, and describes them in R. Replaces
 * those of the last response. */
void digest_note(struct digest *d, const struct sip_msg *response, struct response *r);
/* From now on answers the marked challenges of the last response; of several for the same realm the
 * strongest. ENOENT when none of them can be computed, ENOSPC. */
int digest_take(struct digest *d, const bool answer[CHALLENGES_MAX]);
/* Was a challenge of that realm answered before? */
bool digest_knows(const struct digest *d, bool proxy, const char *realm);
/* Writes an Authorization or Proxy-Authorization line for each challenge taken. */
int digest_write(struct digest *d, struct mbuf *mb, const char *user, const char *password,
		 const char *method, const char *uri, const void *body, size_t body_len);
void digest_reset(struct digest *d);

/* The computation alone, for its tests: RESULT gets the response in hex. Algorithms by name ("MD5",
 * "SHA-256-sess" ...); QOP NULL, "auth" or "auth-int". ENOTSUP, ENOSPC. */
int digest_compute(char *result, size_t size, const char *algorithm, const char *user, const char *realm,
		   const char *password, const char *method, const char *uri, const char *nonce,
		   uint32_t count, const char *cnonce, const char *qop, const void *body, size_t body_len);

#endif
