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

/* Whom P-Asserted-Identity names (RFC 3325 section 9.1), over what FROM and NAME hold; those stay when it is not there,
 * cannot be read or has more than 512 bytes, NAME also when it has none. Whether its sender may say so is the caller's to know. */
void report_asserted(char *from, size_t from_size, char *name, size_t name_size, const struct sip_msg *msg);

/* A Replaces field (RFC 3891 section 6.1), parts of VALUE. */
struct report_replaces {
	struct pl call_id, ours, theirs; /* none is empty: Call-ID, to-tag, from-tag */
	bool early_only;
};
bool report_replaces(struct report_replaces *r, const struct pl *value);

/* Reads a message summary (RFC 3842 section 5.2): new and old voice messages, at most 99999 of each; 1 or 0 new ones where
 * only that is said. False when it is none. */
bool report_summary(const char *body, size_t len, unsigned *fresh, unsigned *old);

#endif
