/* dialog.h - what both sides of a call know of each other (RFC 3261 §12). */
#ifndef OFFHOOK_EXCHANGE_DIALOG_H
#define OFFHOOK_EXCHANGE_DIALOG_H

#include "exchange/message.h"
#include "exchange/room.h"

/* Zero-initialised, with a local tag, is one that has not begun. */
struct xdialog {
	char *call_id, *local, *remote, *target; /* local and remote: From and To as this side writes them */
	char local_tag[XTAG_SIZE];
	struct buf remote_tag, route;
	struct sockaddr_in source;               /* where the other side was last heard */
	struct sockaddr_in dst;                  /* where our requests go */
	uint32_t local_cseq, remote_cseq;
};

/* From the INVITE M that came. 0; EBADMSG without a good Contact; ENOMEM. D is to be freed in any case. */
int xdialog_from_invite(struct xdialog *d, const struct xmessage *m);
/* For an INVITE of ours to TARGET (in place, like dst) from the line NAME. ENOMEM. */
int xdialog_begin(struct xdialog *d, const char *name);
/* Completes it with the 2xx M of our INVITE. ENOMEM. */
int xdialog_confirm(struct xdialog *d, const struct xmessage *m);
void xdialog_free(struct xdialog *d);

/* Does the request M belong to D? */
bool xdialog_owns(const struct xdialog *d, const struct xmessage *m);
/* The remote target becomes the Contact of M; it stays when there is no good one. */
void xdialog_target(struct xdialog *d, const struct xmessage *m);
/* Begins a request within D: request line to CSeq, with a branch of its own. */
void xdialog_request(struct buf *b, const struct xdialog *d, const char *method, uint32_t cseq);

#endif
