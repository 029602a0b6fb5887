/* registrar.h - where the demo account can be reached (RFC 3261 §10.3). */
#ifndef OFFHOOK_EXCHANGE_REGISTRAR_H
#define OFFHOOK_EXCHANGE_REGISTRAR_H

#include "exchange/transaction.h"

enum {
	XREGISTRAR_CONTACTS = 8,  /* more: 403 */
	XREGISTRAR_LONGEST = 3600, /* s granted at most, and when nothing is asked for */
	XREGISTRAR_SHORTEST = 10, /* s; less: 423 */
};

/* Answers the REGISTER of T. */
void xregistrar_register(struct xtransaction *t);
/* The newest contact, one registered from FROM before others. *URI points into the registrar until the next
 * REGISTER; *DST is where it is reached. False when there is none. */
bool xregistrar_contact(const char **uri, struct sockaddr_in *dst, const struct sockaddr_in *from);
void xregistrar_clear(void);

#endif
