/* guard.h - the guard before libre's parser: this room's sip_msg_decode() takes the place of libre's, for whatever
 * transport a message comes by. */
#ifndef OFFHOOK_SIP_GUARD_H
#define OFFHOOK_SIP_GUARD_H

#include <re.h>

/* What the message that a listener has just got is to be refused with: 400, 411, 414 or 505 and *REASON, a static
 * reason phrase. 0: nothing is wrong with it. *CLOSE: its connection is of no use afterwards. Works without the
 * guard's place before the parser too, for what the parser lets through. To be asked at a listener's entry. */
unsigned guard_fault(const struct sip_msg *msg, const char **reason, bool *close);

/* The end of the message's body where Content-Length says so (RFC 3261 section 18.3); to be called when a datagram has
 * been read and nobody has been asked yet whose it is. */
void guard_datagram(void);

/* The bytes that the message came as, when the guard put others in their place before it was parsed. False: it did
 * not. Valid until the next message. */
bool guard_original(const uint8_t **packet, size_t *len);

/* Ends the connection that MSG came by, after what has been sent. */
void guard_hang_up(const struct sip_msg *msg);

/* Lets go of what was kept of the last message. */
void guard_close(void);
/* How many messages have come by the guard. */
unsigned guard_count(void);

#endif
