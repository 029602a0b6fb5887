/* guard.h - the guard before libre's parser: this room's sip_msg_decode() takes the place of libre's, for whatever
 * transport a message comes by; and it stands at each UDP socket before libre does. */
#ifndef OFFHOOK_SIP_GUARD_H
#define OFFHOOK_SIP_GUARD_H

#include <re.h>

/* What the message that a listener has just got is to be refused with: 400, 411, 413, 414, 416, 505 or 513 and *REASON, a
 * static reason phrase. 0: nothing is wrong with it. *CLOSE: its connection is of no use afterwards. Works without the
 * guard's place before the parser too, for what the parser lets through. STRICT: a datagram with a body, too, needs a
 * Content-Length (S411-4). To be asked at a listener's entry. */
unsigned guard_fault(const struct sip_msg *msg, bool strict, const char **reason, bool *close);

/* The end of the message's body where Content-Length says so (RFC 3261 section 18.3); to be called when a datagram has
 * been read and nobody has been asked yet whose it is. */
void guard_datagram(void);

/* The bytes that the message came as, when the guard changed them before they were parsed. False: it did not. Valid
 * until the next message. */
bool guard_original(const uint8_t **packet, size_t *len);

/* Is it a message of RFC 2543, whose top Via has no branch, or none with the magic cookie? */
bool guard_is_old(const struct sip_msg *msg);

/* Ends the connection that MSG came by, after what has been sent; what else has come by it is not read. */
void guard_hang_up(const struct sip_msg *msg);

/* Lets go of what was kept of the last message. */
void guard_close(void);

/* Is it in its place? A packet of the phone's own, sent to each of its UDP addresses when it is opened, tells: how the
 * program or libre was linked may have left the guard out, and nothing else would show that for certain. */
void guard_knock(const struct sa *address);
/* Is it the text of such a packet? */
bool guard_is_knock(const uint8_t *packet, size_t len);
/* Takes note of a request: at the socket of a datagram the guard stands from now on. When it has not come by the
 * parser's place, no more connections of TCP are accepted. True: it was a knock, and nobody is to be answered. */
bool guard_listen(const struct sip_msg *msg);
/* Is the parser's place not the guard's? As the program is linked, or as a message has shown. */
bool guard_is_left_out(void);

#endif
