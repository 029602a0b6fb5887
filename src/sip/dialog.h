/* dialog.h - one SIP dialog (RFC 3261 section 12): who talks to whom, by which way, with which number.
 *
 * From and To are kept as they came, tags included: what the peer wrote is what it gets back, on one line. A dialog is
 * reference-counted by libre (mem_ref(), mem_deref()). It sends nothing. */
#ifndef OFFHOOK_SIP_DIALOG_H
#define OFFHOOK_SIP_DIALOG_H

#include <stdbool.h>
#include <stdint.h>

#include <re.h>

#define DIALOG_ROUTES_MAX 16
#define DIALOG_URI_MAX    1024

struct dialog {
	char *call_id;
	char *local_tag;
	char *remote_tag;                /* NULL before the peer's tag is known: half a dialog */
	char *local, *remote;            /* values of From and To of our requests */
	char *target;                    /* the peer's Contact URI, or the URI that was dialled */
	char *route[DIALOG_ROUTES_MAX];  /* in the order in which they are written */
	unsigned routes;
	uint32_t local_cseq;             /* of the last request we sent */
	uint32_t remote_cseq;            /* of the last request that came */
	bool remote_cseq_known;
	bool caller;                     /* we made the Call-ID */
};

/* Half a dialog for a request to URI: new Call-ID, tag and CSeq. LOCAL is the From value without tag
 * ("Name" <sip:...>), REMOTE the To value. ENOMEM. */
int dialog_new(struct dialog **dp, const char *uri, const char *local, const char *remote);
/* Puts ROUTE ("<sip:...;lr>") before a half dialog's requests. ENOSPC, ENOMEM. */
int dialog_add_route(struct dialog *d, const char *route);
/* Takes them away again. */
void dialog_clear_routes(struct dialog *d);
/* The dialog that RESPONSE (1xx with a tag, or 2xx) to a request of HALF makes: RFC 3261 section
 * 12.1.2. ENOMEM, ENOSPC (more than DIALOG_ROUTES_MAX routes). */
int dialog_from_response(struct dialog **dp, const struct dialog *half, const struct sip_msg *response);
/* The dialog that the INVITE makes when it is accepted: section 12.1.1. Its local tag is the one that
 * libre's replies carry. EBADMSG without a usable Contact, ENOSPC, ENOMEM. */
int dialog_from_request(struct dialog **dp, const struct sip_msg *invite);

/* A target refresh (section 12.2): takes the message's Contact. EBADMSG when there is none. */
int dialog_refresh_target(struct dialog *d, const struct sip_msg *msg);

/* Is MSG (a request from, or a response to us) of this dialog? dialog_matches_half() leaves out the
 * peer's tag. */
bool dialog_matches(const struct dialog *d, const struct sip_msg *msg);
bool dialog_matches_half(const struct dialog *d, const struct sip_msg *msg);

/* Request-URI of our next request, and the URI of its next hop: loose and strict routing (section
 * 12.2.1.1). The strings live as long as the dialog does not change. */
const char *dialog_request_uri(const struct dialog *d);
const char *dialog_next_hop(const struct dialog *d);
/* Writes Max-Forwards, Route, To, From, Call-ID, CSeq. */
int dialog_write(const struct dialog *d, struct mbuf *mb, const char *method, uint32_t cseq);

#endif
