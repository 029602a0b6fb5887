/* trace.h - the messages of calls, for those who want to see what was really said. Implements the port_trace_ functions
 * of phone/ports.h.
 *
 * A message belongs to the calls that have its Call-ID; call 0 has those of none: registrations, OPTIONS. Digest
 * responses are made unreadable before anything is kept. Of all messages together TRACE_TOTAL bytes are kept at most,
 * those of older calls go first. */
#ifndef OFFHOOK_SIP_TRACE_H
#define OFFHOOK_SIP_TRACE_H

#include <re.h>

#define TRACE_CALLS   64
#define TRACE_MESSAGES 256          /* of a call */
#define TRACE_FIRST   64            /* of those, the first ones stay */
#define TRACE_BYTES   8192          /* of a message */
#define TRACE_TOTAL   (16u << 20)

/* From now on, and for what call 0 has of it, messages with CALL_ID are of call number CALL. */
void trace_begin(unsigned call, const char *call_id);
/* A message went (SENT) or came. Of an endpoint's trace handler. */
void trace_packet(bool sent, enum sip_transp tp, const struct sa *src, const struct sa *dst, const uint8_t *packet,
		  size_t len);
/* Forgets everything. */
void trace_close(void);

#endif
