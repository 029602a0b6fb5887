/* call.h - the calls of the exchange: dialogs, offers and answers, both directions (RFC 3261 §12 to §15). */
#ifndef OFFHOOK_EXCHANGE_CALL_H
#define OFFHOOK_EXCHANGE_CALL_H

#include "exchange/transaction.h"

enum {
	XCALL_MAX = 16,                 /* at a time, those that wait to call back included */
	XCALL_RING_AGAIN = 60 * 1000,   /* ms between two 180 (§13.3.1.1) */
	XCALL_CALLBACK = 3000,          /* ms from the refusal to our call */
	XCALL_PATIENCE = 60 * 1000,     /* ms that we let the other side ring */
	XCALL_LONGEST = 24 * 3600 * 1000, /* ms of a call */
};

/* An INVITE without a To tag: a new call. T is open and has no answer yet. */
void xcall_invited(struct xtransaction *t);
/* Any request with a To tag but ACK and CANCEL. */
void xcall_request(struct xtransaction *t);
/* An ACK that is not for a refusal. */
void xcall_acknowledged(const struct xmessage *ack);
/* The INVITE transaction T was cancelled; T may have been answered already. */
void xcall_cancelled(struct xtransaction *t);
/* Says good-bye on every call and frees them. */
void xcall_close_all(void);
unsigned xcall_count(void);

#endif
