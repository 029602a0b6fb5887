/* text.h - pieces of SIP text: lists, parameters, addresses, URIs (RFC 3261 §25.1). Nothing is copied. */
#ifndef OFFHOOK_EXCHANGE_TEXT_H
#define OFFHOOK_EXCHANGE_TEXT_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bytes of somebody else's; not terminated. */
struct xtext {
	const char *p;
	size_t len;
};

struct xtext xtext_of(const char *s);
bool xtext_is(struct xtext t, const char *s);              /* letters of either case */
bool xtext_same(struct xtext a, struct xtext b);           /* byte for byte */
bool xtext_number(struct xtext t, uint32_t *n);            /* digits only, no overflow */
struct xtext xtext_trim(struct xtext t);
struct xtext xtext_first(struct xtext t, size_t n);        /* the first N bytes */
struct xtext xtext_after(struct xtext t, size_t n);        /* what follows them */
bool xtext_blank(char c);                                  /* space or tab */
bool xtext_token(struct xtext t);                          /* RFC 3261 §25.1 token */
/* Bytes before SEPARATOR, quoted strings and <...> passed over; all when there is none. */
size_t xtext_until(struct xtext t, char separator);
/* Takes the next piece up to SEPARATOR off *REST, passing over quoted strings and <...>; trimmed.
 * false when nothing is left. */
bool xtext_next(struct xtext *rest, char separator, struct xtext *item);
/* The parameter NAME of ";a;b=c": true when there; *VALUE is empty, at the end of the name, when it has
 * none. A quoted value comes without its quotes, escapes as they are. */
bool xtext_parameter(struct xtext parameters, const char *name, struct xtext *value);
/* NAME-ADDR or ADDR-SPEC: the URI and the parameters behind it. False when malformed. */
bool xtext_address(struct xtext value, struct xtext *uri, struct xtext *parameters);

/* sip:user@host:port;parameters?headers */
struct xuri {
	struct xtext scheme, user, host, parameters;
	uint16_t port; /* 0: none given */
};
bool xuri_read(struct xuri *u, struct xtext t);
/* The numeric IPv4 address and port (5060 by default) that U names; false when it is a name. */
bool xuri_socket(struct sockaddr_in *sin, const struct xuri *u);

#endif
