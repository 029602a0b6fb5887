/* report.h - from libre's messages to what the phone is told. */
#ifndef OFFHOOK_SIP_REPORT_H
#define OFFHOOK_SIP_REPORT_H

#include <re.h>

#include "phone/attempt.h"
#include "sip/flow.h"

#define SESSION_INTERVAL_MAX 86400  /* seconds: what a message says is taken for so much at most */

/* Fills R from a final response, or from FAILURE when MSG is NULL, to a request for the Request-URI RURI
 * sent to the URI HOP. Challenges are digest_note()'s to add. */
void report_response(struct response *r, const struct sip_msg *msg, const struct flow_failure *failure,
		     const char *ruri, const char *hop);
/* Fills R with a failure of our own. */
void report_local(struct response *r, enum local_error error, const char *detail);

/* Cause and text of the message's Reason header of protocol SIP (RFC 3326); 0 and "" when there is none. */
void report_reason(unsigned *code, char *text, size_t size, const struct sip_msg *msg);

/* The values of the header ID, one after the other with ", " between, as they came but for folding; what is longer than
 * SIZE is cut. */
void report_text(char *dst, size_t size, const struct sip_msg *msg, enum sip_hdrid id);

/* The message's SDP. False when it has none: *REFUSAL is then 0, or the code to refuse it with (415) when its body
 * is something else. LEN is bounded by the message. */
bool report_sdp(const struct sip_msg *msg, const char **sdp, size_t *len, unsigned *refusal);

#endif
