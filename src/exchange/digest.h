/* digest.h - the exchange as the one who asks for a password (RFC 2617, RFC 3261 §22): MD5, qop=auth. */
#ifndef OFFHOOK_EXCHANGE_DIGEST_H
#define OFFHOOK_EXCHANGE_DIGEST_H

#include "exchange/message.h"

enum {
	XDIGEST_LIFE = 300 * 1000, /* ms that a nonce is good for; after that it is stale */
};

enum xdigest {
	XDIGEST_ABSENT,  /* no credentials for our realm */
	XDIGEST_STALE,   /* right, but for a nonce that is too old */
	XDIGEST_WRONG,
	XDIGEST_RIGHT,
};

/* Looks at the credentials for our realm in the fields NAME ("Authorization" or "Proxy-Authorization"). */
enum xdigest xdigest_check(const struct xmessage *m, const char *name);
/* Adds the challenge NAME ("WWW-Authenticate" or "Proxy-Authenticate") with a fresh nonce. */
void xdigest_challenge(struct buf *b, const char *name, bool stale);

#endif
