/* resolve.h - from a SIP URI to numeric next hops (RFC 3263): numbers, localhost, the hosts file, then NAPTR, SRV
 * and A/AAAA. Nothing here blocks; a name is given up after ten seconds in all, and a server that answers only
 * some of the questions costs a few of these. Answers are kept (names.h). */
#ifndef OFFHOOK_SIP_RESOLVE_H
#define OFFHOOK_SIP_RESOLVE_H

#include <re.h>

#include "phone/account.h"
#include "phone/outcome.h"
#include "sip/hops.h"

#define RESOLVE_TIME_MS 10000

struct resolve;

/* ERROR is LOCAL_NONE with HOPS > 0, in the order in which they are to be tried; or LOCAL_DNS; LOCAL_TLS
 * (a secure transport is asked for); LOCAL_TRANSPORT (the URI or its transport is none of ours). */
typedef void resolve_h(enum local_error error, const struct hop *hop, unsigned hops, void *arg);

/* Finds the hops for URI. TRANSPORT is used when the URI names none. H is called once, from the loop,
 * never before this returns; mem_deref(*RP) before that silences it. ENOMEM. */
int resolve_start(struct resolve **rp, const char *uri, enum transport transport, resolve_h *h, void *arg);

/* Ends what all lookups share (sockets of the name client, what is remembered). */
void resolve_close(void);
/* Forgets which addresses names have and which of them were found dead: on another network both may be
 * otherwise. Lookups under way go on. */
void resolve_flush(void);

#endif
