/* negotiation.h - the SDP of one call: offers and answers for one sound stream (RFC 3264, RFC 4566). */
#ifndef OFFHOOK_SIP_NEGOTIATION_H
#define OFFHOOK_SIP_NEGOTIATION_H

#include <stdbool.h>
#include <stddef.h>

#include <re.h>

#include "phone/ports.h"

#define NEGOTIATION_SDP_MAX     16384  /* bytes of SDP that are looked at */
#define NEGOTIATION_STREAMS_MAX 16     /* m= lines; with more it is no use */

struct negotiation;

/* ENOMEM. Reference-counted by libre: mem_deref(). */
int negotiation_new(struct negotiation **np);
/* Where we receive and with which codecs, in order; for all offers and answers from now on. EINVAL when
 * ADDRESS is no number. */
int negotiation_local(struct negotiation *n, const char *address, uint16_t port,
		      const struct codec *const *codec, unsigned codecs);
/* The direction that we wish: both, or send only (hold). */
void negotiation_direction(struct negotiation *n, enum media_direction wish);

/* Offers from now on are as short as they can be: one format, nothing optional. */
void negotiation_small(struct negotiation *n, bool small);

/* Makes an offer. In a call that is up it keeps to what was agreed: order of the streams, payload types. */
int negotiation_offer(struct negotiation *n, struct mbuf **offer);
/* Offers once more what was agreed last, word by word (RFC 4028 section 7.4). ENOENT when it would not do any more. */
int negotiation_repeat(struct negotiation *n, struct mbuf **offer);
/* Reads the answer to the last offer: *PARAMS is what was agreed. EBADMSG: it cannot be read; ENOTSUP:
 * nothing in common. The offer stays open: another branch of a forked call may answer too. */
int negotiation_answered(struct negotiation *n, const void *sdp, size_t len, struct media_params *params);
/* The offer was refused or taken back. */
void negotiation_withdraw(struct negotiation *n);
/* The same, and what early media was agreed on is void too: the next offer is as free as the first. */
void negotiation_restart(struct negotiation *n);
bool negotiation_open(const struct negotiation *n);

/* Reads an offer and makes the answer. The first sound stream that can be used is taken, all others are
 * refused. Errors as above; what was agreed before then still holds. */
int negotiation_answer(struct negotiation *n, const void *sdp, size_t len, struct mbuf **answer,
		       struct media_params *params);

/* An answer to that offer which takes nothing. EBADMSG, ENOMEM. */
int negotiation_refuse(struct negotiation *n, const void *sdp, size_t len, struct mbuf **answer);

/* The text libre's parser is given for SDP: lines that would make it refuse the whole are mended or left out.
 * EBADMSG when there is no use in it, ENOMEM. */
int negotiation_repair(struct mbuf **out, const void *sdp, size_t len);

#endif
