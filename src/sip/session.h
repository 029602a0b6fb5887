/* session.h - one call's signalling: what the files session*.c share. Nobody else but stack.c includes it. */
#ifndef OFFHOOK_SIP_SESSION_H
#define OFFHOOK_SIP_SESSION_H

#include <stdbool.h>
#include <stdint.h>

#include <re.h>

#include "phone/phone.h"
#include "sip/dialog.h"
#include "sip/digest.h"
#include "sip/flow.h"
#include "sip/negotiation.h"
#include "sip/source.h"

#define SESSION_ALLOW     "INVITE, ACK, CANCEL, BYE, OPTIONS, NOTIFY"
#define SESSION_SUPPORTED "timer, replaces"  /* RFC 4028, RFC 3891 */
#define SESSION_USER_MAX  (3 * ACCOUNT_TEXT_MAX)
#define SESSION_INTERVAL_MIN 90  /* seconds; RFC 4028 section 5 */
#define SESSIONS_IN_MAX   32  /* unanswered incoming calls at a time */
#define SESSION_BRANCHES_MAX 4  /* that ring for one INVITE and can be told apart */

enum session_state {
	SESSION_CALLING,  /* out: no final response yet */
	SESSION_REPAIR,   /* out: a final response was told, the phone decides what comes next */
	SESSION_RINGING,  /* in: not answered yet */
	SESSION_UP,
	SESSION_OVER      /* for the phone; perhaps something is still to be cleaned up */
};

struct session {
	struct le le;
	unsigned call;                   /* the phone's number, 0 = the phone has released it */
	enum session_state state;
	bool incoming;
	bool closed_told;
	struct account *account;         /* a copy; NULL: a direct call */
	char user[SESSION_USER_MAX];     /* of our Contact, escaped */
	struct path path;                /* by which the INVITE went or came */
	struct dialog *half;             /* out: of the INVITE, before it is answered */
	struct dialog *dialog;
	struct negotiation *sdp;
	enum media_direction direction;  /* that we wish */
	const struct codec *codec[CODEC_COUNT];
	unsigned codecs;
	struct digest digest;
	char challenger[ADDRESS_MAX];    /* whom the INVITE went to that was challenged last */
	unsigned requests;               /* BYEs of it that are under way */
	struct source_bucket asked;      /* by the peer, within the dialog */

	/* our INVITE, first or later: session_out.c */
	struct flow *invite;
	uint32_t invite_cseq;
	bool reinvite;
	char *headers;                   /* the user's own lines, each with CR LF */
	struct attempt_form form;        /* how the INVITE is written */
	unsigned requests_left;          /* that may be sent for the next one, hops tried in turn included */
	bool redirected;                 /* where it goes was said by the network */
	struct tmr again;                /* a resend that waits */
	unsigned expires;
	struct mbuf *credentials;        /* the lines that the INVITE carried, for its ACK */
	struct response response;        /* the last final one */
	bool has_early;
	struct media_params early;       /* of an SDP answer in a provisional response */
	char early_tag[128];             /* and its To tag */
	char branch[SESSION_BRANCHES_MAX][64]; /* To tags of those that have answered provisionally */
	unsigned branches;
	enum media_direction direction_before;
	unsigned tries;                  /* of a re-INVITE: credentials */
	unsigned glares;
	struct tmr glare;
	bool reoffer_waits;              /* for the end of a refresh */
	enum media_direction waiting;    /* its direction */

	/* RFC 4028: session_timer.c */
	struct {
		unsigned interval;       /* seconds, 0 = the session does not expire */
		bool ours;               /* we refresh it */
		bool refreshing;         /* our re-INVITE is for that alone */
		unsigned raises;         /* 422s to it */
		struct tmr tmr;
	} timer;

	/* their INVITE, first or later: session_in.c */
	struct sip_msg *msg;
	struct sip_strans *st;           /* of an INVITE without a final response */
	struct mbuf *answer;             /* our 2xx, until its ACK */
	uint32_t answer_cseq;
	bool acknowledged;               /* the first 2xx of the call was */
	bool answer_offers;              /* it carried the offer; the ACK answers */
	unsigned answer_count;
	struct tmr answer_again, answer_end;

	/* the way to the peer is lost, or perhaps another now: session_move.c */
	bool moving;
	struct sa agreed;                /* our address that the peer knew when that began */
	struct tmr move_again, move_end;

	/* told from the loop, because the phone is in the middle of asking */
	struct tmr tell_established, tell_closed;
	struct media_params media;
	bool has_media;
};

/* --- session.c ------------------------------------------------------------------------------ */

/* The sessions, newest last. */
struct list *session_list(void);
int session_new(struct session **sp, unsigned call, bool incoming, const struct account *account);
struct session *session_find(unsigned call);
/* S is being told to the phone, which may ask for something before it has given it a number: the first
 * unknown one is taken for it. NULL ends that. */
void session_arriving(struct session *s);
/* Forgets S when nothing holds it any more: call it last in each handler. */
void session_settle(struct session *s);
/* The call is over; the phone is told once, at once or from the loop. */
void session_closed(struct session *s, enum ended_by by, unsigned code, const char *reason);
void session_closed_soon(struct session *s);
/* Asks the phone for the call's RTP port on PATH's local address and prepares S->sdp with it. */
int session_open_media(struct session *s, const struct path *path);
/* Writes Contact and Allow. */
int session_write_common(const struct session *s, struct mbuf *mb);
/* Writes Content-Type and Content-Length, the empty line and the body; SDP may be NULL. */
int session_write_body(struct mbuf *mb, const struct mbuf *sdp);
/* What is written has short header names, if the user wants that: the last thing done to a request. */
void session_shorten(const struct session *s, struct mbuf *mb);
/* Writes credentials for the challenges taken so far, if there are any. */
int session_write_credentials(struct session *s, struct mbuf *mb, const char *method, const char *uri,
			      const struct mbuf *body);
/* Takes those challenges of a 401 or 407 within the dialog that the account may answer. An errno when
 * there are none. */
int session_take_challenges(struct session *s, const struct sip_msg *msg, const struct dialog *d);

/* What stack.c found out to be for a session. */
bool session_request_in_dialog(struct endpoint *ep, const struct sip_msg *msg);
bool session_is_merged(const struct sip_msg *msg);
/* Whose dialog the request is in, NULL: of none. */
struct session *session_of_request(const struct sip_msg *msg);
/* Is a call up whose signalling comes from exactly there? */
bool session_is_with(const struct sa *src);
/* Stops everything at once. */
void session_close_all(void);
/* Is something that the phone has released still under way? */
bool session_busy(void);

/* --- stack.c -------------------------------------------------------------------------------- */

struct phone *stack_phone(void);
const char *stack_local_user(void);  /* who we are without an account */
/* The sound formats of the settings, in order; room for CODEC_COUNT. Returns how many, at least one. */
unsigned stack_codecs(const struct codec **out);
const char *stack_software(void);    /* "offhook/VERSION" */
bool stack_compact(void);            /* short header names are wished for */
/* Is it exactly the address of a server that an account is registered at, or of the peer of a call? */
bool stack_knows(const struct sa *src);
/* Logs that, a few times a minute. */
void stack_tell_flood(const char *what);

/* --- session_out.c -------------------------------------------------------------------------- */

void session_out_hangup(struct session *s);
/* Sends a re-INVITE again after credentials or a glare. */
int session_out_reinvite(struct session *s);
/* The same from the loop, and not while theirs is unsettled. */
void session_out_reinvite_soon(struct session *s);

/* --- session_move.c -------------------------------------------------------------------------- */

/* The addresses have changed; ALL: every call is asked whether it is still there, else only those whose own address
 * is concerned. */
void session_network_changed(bool all);
/* The re-INVITE of a call that moves has failed: MSG is the response, or NULL and ERR an errno. True: that is
 * settled, else the call is lost. */
bool session_move_failed(struct session *s, int err, const struct sip_msg *msg);
/* The peer has answered at the call's address of now. */
void session_moved(struct session *s);

/* --- session_in.c --------------------------------------------------------------------------- */

void session_in_invite(struct endpoint *ep, const struct sip_msg *msg);
void session_in_reinvite(struct session *s, struct endpoint *ep, const struct sip_msg *msg);
void session_in_ack(struct session *s, const struct sip_msg *msg);
/* Forgets our unacknowledged 2xx. */
void session_in_stop_answer(struct session *s);

/* --- session_replaces.c --------------------------------------------------------------------- */

/* What the request's Replaces asks for: 0 and the number of the call that is to be replaced, 0 when there is no such field,
 * or the code to refuse it with: 400 with *REASON, else NULL for the code's own phrase; 481 no such call (nor one that
 * rings here), 603 it has ended, 486 it has been answered and the field says early-only (RFC 3891 section 3). Whoever
 * names Call-ID and both tags has them from one of its two sides. */
unsigned session_replaces(const struct sip_msg *msg, unsigned *call, const char **reason);
/* A provisional response to S's INVITE had that To tag. */
void session_replaces_note(struct session *s, const struct pl *tag);
/* The dialog of a call has ended; the last few of them are kept. */
void session_replaces_ended(struct dialog *d);
void session_replaces_close(void);

/* --- session_ack.c -------------------------------------------------------------------------- */

/* Acknowledges a 2xx to our INVITE of number CSEQ in D, and its repetitions from then on. FIRST: it was the
 * call's first INVITE, which may be answered by others too. ANSWER, when the 2xx had the offer: our SDP; else NULL. */
int session_ack(struct session *s, struct dialog *d, uint32_t cseq, bool first, struct mbuf *answer);
/* A 2xx that no transaction waits for: repeated, or of another branch. */
void session_ack_again(const struct sip_msg *msg);
void session_ack_close(void);

/* --- session_timer.c ------------------------------------------------------------------------ */

/* Writes Session-Expires and Min-SE into our INVITE. */
int session_timer_write(const struct session *s, struct mbuf *mb);
/* What a 2xx to our INVITE says of it holds from now on. */
void session_timer_answered(struct session *s, const struct sip_msg *msg);
/* A 422 to our later INVITE: may it be sent again, for longer? */
bool session_timer_raise(struct session *s, const struct sip_msg *msg);
/* Is their INVITE for a session that expires sooner than we would have it? Then it gets a 422. */
bool session_timer_too_small(const struct sip_msg *msg);
/* Writes what our 200 to S->msg says of it, which holds from now on. */
int session_timer_accept(struct session *s, struct mbuf *mb);
void session_timer_stop(struct session *s);

/* --- session_request.c ---------------------------------------------------------------------- */

/* Sends a BYE in D (the session's, or of another branch); nobody waits for it. REASON is a whole header line
 * without its end, or NULL. */
int session_bye(struct session *s, struct dialog *d, const char *reason);
void session_bye_close(void);

#endif
