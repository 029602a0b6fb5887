/* target.h - from what was typed to whom to call. Pure. */
#ifndef OFFHOOK_PHONE_TARGET_H
#define OFFHOOK_PHONE_TARGET_H

#include <stdbool.h>
#include <stddef.h>

#include "phone/account.h"

#define TARGET_MAX 512

struct target {
	char uri[TARGET_MAX];            /* the Request-URI */
	char name[TARGET_MAX];           /* what to call it on the screen: as typed */
	const struct account *account;   /* NULL: a direct call */
};

/* Reads TEXT, first match wins: something with a scheme (sip:; a tel: number becomes a user
 * part at the account's domain); with an '@' ("sip:" is put before it); digits with the usual
 * separators (stripped) at the account's domain; any other valid user part there.
 * ACCOUNTS (COUNT of them, const pointers) are the candidates; GIVEN is the account that the
 * user named or NULL. The account: the one given, the one whose domain matches, the default, the
 * first registered, the first. EINVAL with *WHY a translated sentence; nothing is guessed. */
int target_read(struct target *t, const char *text, const struct account *given,
		const struct account *const *accounts, unsigned count, const char **why);

/* Does TEXT have a scheme or an '@', so that it is no name or number? */
bool target_is_address(const char *text);

/* The parts of a sip: URI: user (may be ""), host without brackets, port (0 = none). 0, EINVAL,
 * or EOVERFLOW when a part does not fit. */
int target_uri_parts(const char *uri, char *user, size_t user_size, char *host, size_t host_size,
		     unsigned *port);

#endif
