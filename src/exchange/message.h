/* message.h - the exchange's own reader and writer of SIP messages (RFC 3261 §7, §25).
 *
 * A message is read in place: every xtext points into the caller's datagram, which must outlive
 * the xmessage. The reader is strict; what it refuses it names, so that it can be answered.
 */
#ifndef OFFHOOK_EXCHANGE_MESSAGE_H
#define OFFHOOK_EXCHANGE_MESSAGE_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/text.h"
#include "exchange/text.h"

enum {
	XMESSAGE_SIZE = 65535,    /* bytes of a datagram */
	XMESSAGE_HEADERS = 128,   /* header fields read; more: 400 */
	XMESSAGE_URI = 1024,      /* bytes of a Request-URI; more: 414 */
	XMESSAGE_WORD = 256,      /* bytes of a branch, tag or Call-ID; more: 400 */
};

struct xheader {
	struct xtext name;   /* the long form, also when the short one came */
	struct xtext value;  /* trimmed, unfolded */
};

struct xmessage {
	char *data;          /* the datagram, caller's */
	size_t len;
	bool request;
	struct xtext method; /* of a request */
	struct xtext uri;
	unsigned status;     /* of a response */
	struct xtext reason;

	struct xtext via;    /* the top value */
	struct xtext via_host, branch;
	uint16_t via_port;   /* 0: none given */
	bool rport;          /* asked for, RFC 3581 */
	struct xtext call_id, from, to, from_tag, to_tag, cseq_method;
	uint32_t cseq;
	bool length_long;    /* Content-Length came, in its long form */
	struct xtext body;

	size_t count;
	struct xheader header[XMESSAGE_HEADERS];

	/* A request that can be answered but not served: with which status and words (else 0). */
	unsigned fault;
	const char *fault_reason;
};

/* Reads LEN bytes of DATA, which it changes where header lines were folded. 0; EBADMSG when there
 * is nothing that could be answered (no start line, no usable Via, a bad response). A request may
 * return 0 and have M->fault. */
int xmessage_read(struct xmessage *m, char *data, size_t len);

/* A copy that owns its bytes. ENOMEM. Pair: xmessage_free(). */
int xmessage_copy(struct xmessage **mp, const struct xmessage *m);
void xmessage_free(struct xmessage *m);

/* The N-th header field of that (long) name, from 0; NULL when there is none. */
const struct xheader *xmessage_header(const struct xmessage *m, const char *name, size_t n);

/* Begins an answer to M: status line, Via (received and rport from SRC, RFC 3581), From, To (with
 * TAG when M has none; TAG may be NULL), Call-ID, CSeq, Timestamp and Record-Route. */
void xmessage_answer(struct buf *b, const struct xmessage *m, const struct sockaddr_in *src,
                     unsigned status, const char *reason, const char *tag);
/* Ends any message: Content-Type and Content-Length, blank line, body (TYPE and BODY may be NULL). */
void xmessage_end(struct buf *b, const char *type, const char *body);

#endif
