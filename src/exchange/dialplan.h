/* dialplan.h - who can be called here, and what they do: two tables. */
#ifndef OFFHOOK_EXCHANGE_DIALPLAN_H
#define OFFHOOK_EXCHANGE_DIALPLAN_H

#include "exchange/message.h"
#include "exchange/voice.h"

#define XDIALPLAN_ALLOW "INVITE, ACK, CANCEL, BYE, OPTIONS, INFO, REGISTER"

/* What a line does with an INVITE. */
struct xline {
	const char *name;
	unsigned progress;        /* 180, 183 (with sound), or 0 */
	unsigned wait;            /* ms before the final answer */
	unsigned status;          /* 0: answers with 200; else refuses with this */
	const char *reason;
	enum xvoice_sound sound;
	bool calls_back;
};

/* The line USER, or NULL. */
const struct xline *xdialplan_line(struct xtext user);
/* USER as a number from 300 to 699, or 0. */
unsigned xdialplan_code(struct xtext user);
/* The registered phrase of STATUS; that of its class when there is none. */
const char *xdialplan_phrase(unsigned status);
/* Has M, an INVITE to the line STATUS, what it takes (the password, the length, what the refusal before asked for)?
 * Then it is not refused. */
bool xdialplan_repaired(const struct xmessage *m, unsigned status);
/* Adds to B the header fields that belong to a refusal of M with STATUS. */
void xdialplan_refusal(struct buf *b, const struct xmessage *m, unsigned status);
/* Does M require only what the exchange knows? Else it is refused with 420 (RFC 3261 §8.2.2.3). */
bool xdialplan_knows(const struct xmessage *m);

#endif
