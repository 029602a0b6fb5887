/* reply.h - answers that need no session. */
#ifndef OFFHOOK_SIP_REPLY_H
#define OFFHOOK_SIP_REPLY_H

#include <re.h>

#include "sip/endpoint.h"

/* Each response of the phone goes through the first three; none is 402, 406, 421 or 483 (such a one leaves as 500).
 * ST may be NULL, or hold the transaction, which the final response ends. FMT is libre's, of whole header lines, the empty
 * line and the body. reply_dialog() copies Record-Route; *MBP, if not NULL, gets the whole text. */
int reply_send(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, unsigned code, const char *phrase,
	       const char *fmt, ...);
int reply_dialog(struct sip_strans **st, struct mbuf **mbp, struct endpoint *ep, const struct sip_msg *msg, unsigned code,
		 const char *phrase, const char *fmt, ...);
/* Without a transaction: to what is too broken to have one. */
void reply_broken(struct endpoint *ep, const struct sip_msg *msg, unsigned code, const char *phrase);
/* 503, without a transaction either; to a STRANGER with a Retry-After: a proxy would send nobody's requests for so long
 * (RFC 3261 section 21.5.4). */
void reply_overload(struct endpoint *ep, const struct sip_msg *msg, bool stranger);
/* No more than code and phrase. */
int reply_plain(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, unsigned code, const char *phrase);
/* 302: URI is where to call instead. */
int reply_elsewhere(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, const char *uri);
/* 200 to OPTIONS, with what we can do (RFC 3261 section 11.2). */
void reply_options(struct endpoint *ep, const struct sip_msg *msg);
/* 405 with Allow for a method that SIP knows, else 501. */
void reply_not_allowed(struct endpoint *ep, const struct sip_msg *msg);
/* 415 with what we accept. */
void reply_unsupported_media(struct endpoint *ep, const struct sip_msg *msg);
/* 489: the only PACKAGE of events that is known (RFC 6665 section 8.3.2). */
void reply_bad_event(struct endpoint *ep, const struct sip_msg *msg, const char *package);
/* 422: sessions must be longer than that (RFC 4028 section 9). */
void reply_interval_too_small(struct endpoint *ep, const struct sip_msg *msg);
/* 500 with a Retry-After of SECONDS. */
void reply_later(struct endpoint *ep, const struct sip_msg *msg, unsigned seconds);
/* 420 naming what the request requires; false when it requires nothing that we do not know. */
bool reply_bad_extension(struct endpoint *ep, const struct sip_msg *msg);
/* 488 with a Warning (RFC 3261 section 20.43) saying what in the SDP did not do; ERR as from
 * negotiation_answer(). */
void reply_not_acceptable(struct sip_strans **st, struct endpoint *ep, const struct sip_msg *msg, int err);

#endif
