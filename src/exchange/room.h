/* room.h - what the files of this room share: the socket, the times, the limits. */
#ifndef OFFHOOK_EXCHANGE_ROOM_H
#define OFFHOOK_EXCHANGE_ROOM_H

#include <netinet/in.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"

/* RFC 3261 §17.1.1.1, table 4; ms */
enum {
	XTIME_T1 = 500,
	XTIME_T2 = 4000,
	XTIME_GIVE_UP = 64 * XTIME_T1, /* timers B, F, H, J and the wait for an ACK of a 2xx */
};

enum { XTAG_SIZE = 20 };

/* Sends B to DST; what cannot be sent is lost, as datagrams are. */
void exchange_send(const struct sockaddr_in *dst, const struct buf *b);
/* The port of the SIP socket. */
uint16_t exchange_port(void);
/* Sixteen hexadecimal digits that nobody can guess: tags, branches, nonces. */
void exchange_random_word(char word[XTAG_SIZE]);
uint32_t exchange_random(void);

#endif
