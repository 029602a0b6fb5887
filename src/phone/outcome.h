/* outcome.h - the response table: what every final response, and every local failure,
 * means for the person who dialled. Policy and words stand nowhere else. */
#ifndef OFFHOOK_PHONE_OUTCOME_H
#define OFFHOOK_PHONE_OUTCOME_H

#include <stdbool.h>

/* The classes of outcome, in the words of the `kind` field of events. */
enum outcome_kind {
	OUTCOME_PROGRESS, OUTCOME_SUCCESS, OUTCOME_REDIRECT, OUTCOME_RETRY_AUTO,
	OUTCOME_RETRY_AFTER, OUTCOME_FIX_AND_REDIAL, OUTCOME_BUSY, OUTCOME_DECLINED,
	OUTCOME_UNREACHABLE, OUTCOME_NOT_FOUND, OUTCOME_NOT_ALLOWED, OUTCOME_SERVER_TROUBLE,
	OUTCOME_PROTOCOL_TROUBLE, OUTCOME_LOCAL, OUTCOME_KINDS
};

enum tone {
	TONE_NONE, TONE_RINGBACK, TONE_BUSY, TONE_REORDER, TONE_SIT, TONE_CALL_WAITING,
	TONE_RING, TONE_DTMF, TONE_MILLIWATT,
	TONE_RING_INTERNAL, TONE_RING_URGENT, TONE_RING_SHORT, /* other ways to ring; for everybody they are "ring" */
	TONE_COUNT
};

/* What failed on this side, before or without a response. */
enum local_error {
	LOCAL_NONE, LOCAL_TIMEOUT, LOCAL_TRANSPORT, LOCAL_DNS, LOCAL_TLS, LOCAL_REFUSED,
	LOCAL_DEVICE, LOCAL_NO_CODEC, LOCAL_NO_AUDIO, LOCAL_ERRORS
};

/* How the phone mends a refused INVITE by itself; attempt_next() knows the conditions. */
enum repair {
	REPAIR_NONE,
	REPAIR_DIGEST,            /* send the credentials */
	REPAIR_REDIRECT,          /* go to a Contact */
	REPAIR_PROXY,             /* go by way of the Contact */
	REPAIR_LENGTH,            /* Content-Length by its long name */
	REPAIR_SMALLER,           /* the shortest offer */
	REPAIR_PLAIN,             /* the plainest offer */
	REPAIR_WITHOUT,           /* without some option tags */
	REPAIR_WITH,              /* with some option tags */
	REPAIR_INTERVAL,          /* a longer session interval */
	REPAIR_OFFER,             /* another offer, as its Warning allows */
	REPAIR_GLARE,             /* the same after a while */
	REPAIRS
};

/* What can be offered to somebody whose call has failed; in events by the names of outcome_action_name(). */
enum action {
	ACTION_NONE, ACTION_REDIAL, ACTION_REDIAL_AT, ACTION_EDIT_ADDRESS, ACTION_CHOOSE_CONTACT, ACTION_CALL_CONTACT,
	ACTION_CHANGE_CODECS, ACTION_GIVE_CREDENTIALS, ACTION_CHECK_ACCOUNT, ACTION_REREGISTER, ACTION_REPORT_FAULT,
	ACTION_DETAILS, ACTION_DISMISS, ACTIONS
};
#define OUTCOME_ACTIONS 5

enum outcome_flag {
	OUTCOME_MAY_RETRY = 1,    /* may carry Retry-After: a redial at its time is offered */
	OUTCOME_MAY_SIT   = 2     /* nobody by that number: tone-not-found chooses the tone */
};

struct outcome {
	unsigned code;            /* 300-699; 0 for a local failure */
	enum local_error error;   /* LOCAL_NONE for a response */
	const char *phrase;       /* a response: the standard phrase (never translated); a local
	                           * failure: the title, to be passed through gettext ("No answer") */
	enum outcome_kind kind;
	enum tone tone;           /* heard when it ends an outgoing call */
	const char *sentence;     /* what it means for the user; to be passed through gettext */
	const char *registration; /* the same for a REGISTER; NULL: the call's serves */
	const char *refused;      /* the call's sentence when a password had been sent before
	                           * (attempt_decision.credentials_refused); NULL: no other */
	enum repair repair;
	unsigned bound;           /* how often the repair is tried for one dialled call */
	enum action action[OUTCOME_ACTIONS]; /* worth offering, the best first, up to ACTION_NONE; details and dismiss
	                           * come besides */
	unsigned flags;           /* of enum outcome_flag */
};

/* The row of a response code. Unknown codes: the x00 row of their class (RFC 3261 section
 * 8.1.3.2), with *KNOWN false; an unknown 6xx is treated as 600 but with kind declined and the
 * reorder tone. CODE outside 300-699: the row of 500. Never NULL. KNOWN may be NULL. */
const struct outcome *outcome_find(unsigned code, bool *known);

/* The row of a local failure (not LOCAL_NONE). Never NULL. */
const struct outcome *outcome_local(enum local_error error);

/* The table itself, COUNT rows: responses by ascending code, then local failures. */
const struct outcome *outcome_table(unsigned *count);

/* What a Warning of a 488 or 606 means for the user: the sentence for warn-code CODE (RFC 3261 section 20.43), to be
 * passed through gettext; NULL when it says nothing better than the row does. */
const char *outcome_warning(unsigned code);

/* The tone of ROW under the option tone-not-found. */
enum tone outcome_tone(const struct outcome *row, const char *tone_not_found);

/* An action: its word in events ("redial-at-retry-after"), its label for people (to be passed through gettext), and
 * its command line, where {call}, {account}, {target} (as typed) and {uri} stand for those of the failed call and {n} for
 * the number of a contact. Never NULL; "" for ACTION_NONE. */
const char *outcome_action_name(enum action action);
const char *outcome_action_label(enum action action);
const char *outcome_action_command(enum action action);

/* Their words in events: "retry-after", "busy", "no-codec". Never NULL. */
const char *outcome_kind_name(enum outcome_kind kind);
const char *tone_name(enum tone tone);
const char *local_error_name(enum local_error error);

/* The exit status of a scripted call that ended so: 3-6 for the class of a response, 7 for
 * LOCAL_TIMEOUT, 1 for other local failures. */
int outcome_exit_status(unsigned code, enum local_error error);

#endif
