/* flow.h - one request on its way: its next hops found, tried in turn, handed to libre's transaction. */
#ifndef OFFHOOK_SIP_FLOW_H
#define OFFHOOK_SIP_FLOW_H

#include <re.h>

#include "phone/attempt.h"
#include "sip/endpoint.h"

/* By which way a request goes: chosen before it is written, because Contact and SDP depend on it. */
struct path {
	struct endpoint *endpoint;
	enum sip_transp tp;
	struct sa peer;
};

/* Why no response came. */
struct flow_failure {
	int err;                         /* errno */
	enum local_error error;
	char detail[RESPONSE_TEXT];      /* the name that was not found, or the address:port */
};

struct flow;

/* Writes all of the request after the Via line, body included. Called again for each hop that is tried, and
 * for one by both transports when the request turns out to be large; the last PATH is that of the answer. An errno gives
 * the request up. */
typedef int flow_write_h(struct mbuf *mb, const struct path *path, void *arg);
/* Each provisional response, then one final response, or FAILURE with MSG NULL. At the last call the
 * flow is gone and its owner's pointer NULL. */
typedef void flow_response_h(const struct flow_failure *failure, const struct sip_msg *msg, void *arg);
/* The request has been given to a transport. */
typedef void flow_sent_h(void *arg);

struct flow_request {
	const char *method;
	const char *uri;                 /* Request-URI */
	const char *next_hop;            /* URI of it; copied */
	enum transport transport;        /* when the URI of the next hop names none */
	unsigned tries;                  /* that may be sent for it in all, by another hop or transport; 0 = as many as there are */
	const struct path *path;         /* not NULL: go this way and look nothing up */
	flow_write_h *write_h;
	flow_sent_h *sent_h;             /* may be NULL */
	flow_response_h *response_h;
	void *arg;
};

/* Starts a request with a transaction. Hops are tried in turn (RFC 3263 section 4.3): after a failure or a 503,
 * or when one has said nothing for five seconds and there is another; those that have just failed come last. A
 * request above 1300 bytes goes by TCP, also where UDP is asked for or PATH says so, and by UDP if that fails
 * (RFC 3261 section 18.1.1). Handlers run from the loop, never before this returns. ENOMEM.
 * mem_deref() of the flow silences it; libre then ends the transaction by itself (with a CANCEL if it is
 * an INVITE that had a provisional response). */
int flow_start(struct flow **fp, const struct flow_request *request);
/* The same for a request without a transaction, an ACK: only failures are told. */
int flow_start_ack(struct flow **fp, const struct flow_request *request);
/* Asks for a CANCEL as soon as one may be sent; the final response still comes. Before the request has
 * gone out it fails with ECANCELED. */
void flow_cancel(struct flow *f);

/* Writes a request without transaction, whose text after the Via line is MB, down PATH. */
int flow_send(const struct path *path, const char *method, const char *uri, struct mbuf *mb);

/* " Contact: <sip:USER@ADDRESS;transport=...>" line for requests and responses that go down PATH. USER is
 * escaped already. */
int flow_write_contact(struct mbuf *mb, const struct path *path, const char *user);

#endif
