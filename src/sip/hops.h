/* hops.h - numeric next hops, and which of them were found dead a moment ago (RFC 3263 section 4.3): those are
 * tried last, so that one request after another does not wait for the same silence. */
#ifndef OFFHOOK_SIP_HOPS_H
#define OFFHOOK_SIP_HOPS_H

#include <re.h>

#define HOPS_MAX     8
#define HOP_DEAD_MS  30000      /* how long a failure is remembered */

struct hop {
	struct sa address;
	enum sip_transp tp;
};

/* A request to HOP timed out, was refused or answered with 503. */
void hop_failed(const struct hop *hop);
/* HOP has answered: what was held against it is forgotten. */
void hop_answered(const struct hop *hop);
bool hop_is_dead(const struct hop *hop);
/* Puts the dead ones of the N hops last; the order is otherwise kept. */
void hops_order(struct hop *hop, unsigned n);
/* Forgets all: the network is another one. */
void hops_forget(void);

#endif
