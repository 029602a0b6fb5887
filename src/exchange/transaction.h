/* transaction.h - client and server transactions over UDP (RFC 3261 §17, RFC 6026).
 *
 * The table is bounded; when it is full, the oldest that has done its work makes room.
 */
#ifndef OFFHOOK_EXCHANGE_TRANSACTION_H
#define OFFHOOK_EXCHANGE_TRANSACTION_H

#include "exchange/message.h"
#include "exchange/room.h"

enum { XTRANSACTION_MAX = 64 };

struct xtransaction;

/* RESPONSE to a client transaction. NULL: the transaction is over (T only tells which one it was): no ACK
 * of the answer came (server), no final response came, or a 2xx came long ago (client). */
typedef void xtransaction_h(struct xtransaction *t, const struct xmessage *response, void *arg);

/* --- server */

/* The transaction of request M (for an ACK: of its INVITE), or NULL. */
struct xtransaction *xtransaction_find(const struct xmessage *m);
/* That of the INVITE which the CANCEL M is for, or NULL. */
struct xtransaction *xtransaction_cancelled(const struct xmessage *m);
/* The same request came here by another way (§8.2.2.2). */
bool xtransaction_merged(const struct xmessage *m);
/* Begins one for request M from SRC. ENOBUFS when the table is full, ENOMEM. */
int xtransaction_open(struct xtransaction **tp, const struct xmessage *m, const struct sockaddr_in *src);
/* Who hears of it; NULL for none. */
void xtransaction_listen(struct xtransaction *t, xtransaction_h *h, void *arg);
const struct xmessage *xtransaction_request(const struct xtransaction *t);
const struct sockaddr_in *xtransaction_source(const struct xtransaction *t);
/* Has a final answer been sent? */
bool xtransaction_answered(const struct xtransaction *t);
/* Was it a 2xx? */
bool xtransaction_accepted(const struct xtransaction *t);

/* Sends the whole answer B (which is taken and emptied) of STATUS and keeps it for retransmissions. A
 * final answer to an INVITE is repeated until its ACK. */
void xtransaction_answer(struct xtransaction *t, struct buf *b, unsigned status);
/* A whole answer without header fields of its own: xmessage_answer() and xmessage_end(). */
void xtransaction_answer_plain(struct xtransaction *t, unsigned status, const char *reason, const char *tag);
/* The same request came again: the stored answer goes out. */
void xtransaction_again(struct xtransaction *t);
/* The ACK is here. */
void xtransaction_acknowledged(struct xtransaction *t);

/* --- client */

/* Sends the whole request B (taken and emptied) to DST and repeats it. ENOBUFS, ENOMEM. B must
 * be readable by xmessage_read(). */
int xtransaction_send(struct xtransaction **tp, struct buf *b, const struct sockaddr_in *dst, xtransaction_h *h,
                      void *arg);
/* A response from the network; true when it belonged to one of ours. */
bool xtransaction_response(const struct xmessage *m);

/* --- both */

/* H is not called any more; the transaction ends by itself. NULL is fine. */
void xtransaction_leave(struct xtransaction *t);
/* All of them, at once. */
void xtransaction_close_all(void);
/* How many there are. */
unsigned xtransaction_count(void);

#endif
