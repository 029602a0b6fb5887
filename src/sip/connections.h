/* connections.h - how many connections of TCP strangers may have open: this room's tcp_accept() takes the place of
 * libre's, in the way that the guard does (guard.h). Where it cannot, libre's own limits hold: 32 s for the first
 * message, 900 s without any.
 *
 * Counted are those that others made. One too many of a source (source.h) is closed at once; when all places are taken
 * that one goes which has had no message for longest. Closing means that no more is read: libre sees an end and forgets it. */
#ifndef OFFHOOK_SIP_CONNECTIONS_H
#define OFFHOOK_SIP_CONNECTIONS_H

#include <re.h>

#define CONNECTIONS_MAX      64
#define CONNECTIONS_SOURCE   16     /* of those, from one source */
#define CONNECTIONS_FIRST_MS 10000  /* so long may the first whole message take */

/* A whole message has come by the connection from PEER, be it one that libre keeps to itself. */
void connections_heard(const struct sa *peer);
/* Forgets all. */
void connections_close(void);

#endif
