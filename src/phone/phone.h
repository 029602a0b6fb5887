/* phone.h - the phone: its calls, accounts and notices, what a user may ask of it and what
 * signalling and sound report to it.
 *
 * No I/O and no clock but ports.h. Only this room changes a call's state; everybody else asks
 * by a function here and learns by an event. Functions that take CALL accept 0 for the
 * selected call (phone_answer(): the oldest ringing one). They return 0 or an errno:
 *   ENOENT    no such call          ENOTCONN  it is not in a state for that
 *   EBUSY     a change is pending   others come from the ports
 */
#ifndef OFFHOOK_PHONE_PHONE_H
#define OFFHOOK_PHONE_PHONE_H

#include <stdbool.h>
#include <stdint.h>

#include "phone/account.h"
#include "phone/attempt.h"
#include "phone/event.h"
#include "phone/ports.h"
#include "phone/settings.h"

#define PHONE_CALLS_MAX 96 /* with failed ones that still have their line: all redials, and the most that max-calls allows */

struct phone;
struct snapshot;

enum call_state {
	CALL_CALLING,     /* INVITE sent, nothing but 100 came */
	CALL_RINGING,     /* 180 came; incoming: we ring */
	CALL_EARLY,       /* early media is heard */
	CALL_ESTABLISHED,
	CALL_HELD,
	CALL_FAILED,      /* over for good, its outcome still shown; not counted as a call */
	CALL_CLOSED       /* over; kept only for scripts that still ask */
};

enum severity { SEVERITY_INFO, SEVERITY_WARNING, SEVERITY_ERROR };

typedef void phone_event_h(const struct event *event, void *arg);
typedef void phone_change_h(void *arg);

/* SETTINGS stays the caller's and is read whenever it matters. ENOMEM. */
int phone_new(struct phone **pp, const struct settings *settings);
void phone_free(struct phone *p);

/* Signalling is up: accounts that register do so from now on. Before, no port_sip_ function is asked for anything;
 * a call that is dialled fails as a local transport failure. */
void phone_start(struct phone *p);

/* H gets every event, in order, at once. At most 96 listeners; ENOSPC. */
int phone_listen(struct phone *p, phone_event_h *h, void *arg);
void phone_unlisten(struct phone *p, phone_event_h *h, void *arg);
/* H is told that something that a snapshot shows has changed (not what). One handler. */
void phone_on_change(struct phone *p, phone_change_h *h, void *arg);
/* Sends EVENT to all listeners; for rooms that have news of their own. */
void phone_emit(struct phone *p, const struct event *event);

/* Runs what is due; the time it next wants is told by port_wake_at(). */
void phone_tick(struct phone *p);

/* --- asked by commands --------------------------------------------------------------- */

struct dial {
	const char *target;              /* as typed */
	const char *account;             /* name, or NULL */
	const char *codecs;              /* list, or NULL: the option's */
	const char *const *header;       /* "Name: value" lines */
	unsigned headers;
};
/* Calls. *CALL gets its number. On failure *WHY gets a translated sentence (may be static or
 * kept until the next call): EINVAL what was typed is wrong, ENOENT no such account, EUSERS
 * too many calls. A failure that only shows later becomes the call's outcome. The active
 * call is held first. */
int phone_dial(struct phone *p, const struct dial *dial, unsigned *call, const char **why);
int phone_answer(struct phone *p, unsigned call);
/* CODE 300-699 without 402, 406, 421 and 483 (EINVAL). */
int phone_reject(struct phone *p, unsigned call, unsigned code);
/* Hangs up, cancels, or rejects; on a failed call: cuts its tone. */
int phone_hangup(struct phone *p, unsigned call);
int phone_hold(struct phone *p, unsigned call);
int phone_resume(struct phone *p, unsigned call);
int phone_select(struct phone *p, unsigned call);
/* +1 next, -1 previous line. ENOENT when there is none. */
int phone_select_step(struct phone *p, int step);
int phone_dtmf(struct phone *p, unsigned call, const char *digits);
void phone_mute(struct phone *p, bool on);
bool phone_muted(const struct phone *p);
/* Do not disturb: calls that come are refused with dnd-response, told as missed, and ring nobody. */
void phone_set_dnd(struct phone *p, bool on);
bool phone_dnd(const struct phone *p);
/* Calls that come are sent on to TARGET (302), as typed; NULL: no longer. EINVAL with *WHY a translated sentence. */
int phone_set_forward(struct phone *p, const char *target, const char **why);
/* Where to: a SIP URI; "" = nowhere. */
const char *phone_forward(const struct phone *p);
/* Settings have changed: volume, and what else is pushed rather than read. */
void phone_settings_changed(struct phone *p);
/* Ends all calls (BYE, CANCEL, 480) and removes registrations; phone_idle() tells when done. */
void phone_shutdown(struct phone *p);
bool phone_idle(const struct phone *p);

/* What a script asks of a call. */
struct call_info {
	unsigned number;
	enum call_state state;
	bool incoming;
	bool held_by_us;
	bool was_ringing;        /* has been ringing (or beyond) */
	bool was_established;
	bool over;               /* failed or closed */
	bool closed;             /* its `closed` event has been told */
	unsigned code;           /* of its outcome: 0 when none or local */
	enum local_error error;
	bool failed;             /* had an outcome */
	char received_dtmf[65];  /* the last digits that came, newest last */
	char peer[512];
};
/* CALL 0: the selected one. ENOENT. A closed call is known until 64 later ones have closed. */
int phone_call_info(const struct phone *p, unsigned call, struct call_info *info);
/* The newest call of either direction, 0 when there was none. */
unsigned phone_last_call(const struct phone *p);
/* The selected line, 0 = none. */
unsigned phone_selected(const struct phone *p);
/* Calls that are up or on their way (not failed, not closed). */
unsigned phone_active_calls(const struct phone *p);

/* --- notices -------------------------------------------------------------------------- */

/* Adds a notice (text already translated; made harmless here) and emits `notice`. KEY (a literal
 * or short string, may be NULL): a newer notice of the same key replaces the older one. Returns its id. */
unsigned phone_notice(struct phone *p, enum severity severity, const char *key, const char *text);
unsigned phone_notice_printf(struct phone *p, enum severity severity, const char *key, const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));
/* ENOENT when there is none. */
int phone_notice_step(struct phone *p, int step);
int phone_notice_dismiss(struct phone *p, unsigned id); /* 0 = the selected one */

/* For the selected notice's failed call (ID 0), or notice ID's: calls contact N of its response, counted from 1 (3xx,
 * 485). The new call's number in *CALL. ENOENT: no such contact; otherwise as phone_dial(). */
int phone_notice_contact(struct phone *p, unsigned id, unsigned n, unsigned *call, const char **why);
/* The call that notice ID (0: the selected one) is about, 0 = none. */
unsigned phone_notice_call(const struct phone *p, unsigned id);

/* --- redials (redial.h) ----------------------------------------------------------------- */

/* CALL 0: the newest failed call. A due or waiting redial's number is that of the failed call. Now: calls the same
 * target again, whatever was offered; *NEW gets the number. Auto: arms it, for its time; ENOTSUP when no Retry-After
 * allows it, with *WHY a sentence. Cancel: it is forgotten. ENOENT when CALL is no failed call. */
int phone_redial_now(struct phone *p, unsigned call, unsigned *new_call, const char **why);
int phone_redial_auto(struct phone *p, unsigned call, const char **why);
/* Armed becomes waiting again. ENOTCONN when it was not armed. */
int phone_redial_disarm(struct phone *p, unsigned call);
int phone_redial_cancel(struct phone *p, unsigned call);
/* A redial that was stored by an earlier run: gets a line and a notice of its own with a new call number, is told by a
 * `redial` event and never dials by itself when it fell due meanwhile. Before phone_start(). */
struct redial_record;
void phone_redial_restore(struct phone *p, const struct redial_record *record);
/* Does a call, its tone, or a redial of it that is armed, still go on? (for a headless run's end) */
bool phone_call_pending(const struct phone *p, unsigned call);
/* The newest call that redials have made of CALL, one after the other; CALL itself when none has. */
unsigned phone_call_latest(const struct phone *p, unsigned call);

/* --- accounts ------------------------------------------------------------------------- */

/* Adds a copy of A; registers it if it does. EEXIST, ENOSPC. The first is the default. */
int phone_account_add(struct phone *p, const struct account *a);
/* Puts A in the place of the account of that name; registers anew. ENOENT. */
int phone_account_replace(struct phone *p, const struct account *a);
int phone_account_remove(struct phone *p, const char *name);
int phone_account_default(struct phone *p, const char *name);
int phone_account_register(struct phone *p, const char *name, bool on);
/* The account, valid until accounts change; NULL: none. */
const struct account *phone_account(const struct phone *p, const char *name);
const struct account *phone_account_at(const struct phone *p, unsigned index);
unsigned phone_accounts(const struct phone *p);
/* True when no account that registers is still undecided. */
bool phone_accounts_settled(const struct phone *p);

/* --- reported by sip/ ------------------------------------------------------------------ */

struct incoming {
	const char *request_user;     /* user part of the Request-URI, unescaped */
	const char *from_uri;         /* raw */
	const char *from_name;        /* display name, raw, "" = none */
	const char *account;          /* whose Contact was called, or NULL: not known */
	bool offer;                   /* the INVITE had SDP */
	bool withheld;                /* the caller asks for privacy (RFC 3323) */
	unsigned expires;             /* seconds from Expires, 0 = none */
};
/* A new call came in. Returns 0 (it will be answered by port_sip_ring/answer/reject(); *CALL is
 * its number) or the code to refuse it with: a 302 has phone_forward() as its Contact. Of a call that was meant for us
 * the refusal is told (`closed`, a notice), the first TOLD_MAX a minute. */
unsigned phone_sip_incoming(struct phone *p, const struct incoming *in, unsigned *call);
/* Where the call's media can be received when the peer is reached from local ADDRESS. 0 or errno. */
int phone_sip_media_address(struct phone *p, unsigned call, const char *address, uint16_t *port);
/* An INVITE of the call went out (each resend too). */
void phone_sip_sent(struct phone *p, unsigned call);
/* 101-199 came; MEDIA is early media's agreement or NULL. */
void phone_sip_progress(struct phone *p, unsigned call, unsigned code, const char *reason,
			const struct media_params *media);
/* Answered, by them (200) or by us (200 sent; MEDIA may be NULL until the ACK brings the answer). */
void phone_sip_established(struct phone *p, unsigned call, const struct media_params *media);
/* Offer and answer were renewed in a call that is up (hold, resume, new address, codec). */
void phone_sip_media(struct phone *p, unsigned call, const struct media_params *media);
/* A port_sip_reoffer() was refused; the call stays as it was. */
void phone_sip_reoffer_failed(struct phone *p, unsigned call, unsigned code, const char *reason);
/* A final response (already ACKed) or a local failure ended the attempt, or asks for a repair. */
void phone_sip_response(struct phone *p, unsigned call, const struct response *response);
enum ended_by { ENDED_BY_US, ENDED_BY_THEM, ENDED_BY_NETWORK };
/* The call is over otherwise: BYE, CANCEL from the caller, no ACK. CODE and REASON from a Reason header
 * or 0 and "". */
void phone_sip_closed(struct phone *p, unsigned call, enum ended_by by, unsigned code, const char *reason);
/* An account's registration changed; RESPONSE is NULL when it succeeded or is under way. EXPIRES and
 * RETRY_IN in seconds, 0 = not known. */
void phone_sip_registration(struct phone *p, const char *account, enum registration_state state,
			    const struct response *response, unsigned expires, unsigned retry_in);

/* The machine's way to others is lost, or THERE again; a notice tells of it, the last one replaces the others. */
void phone_sip_network(struct phone *p, bool there);

/* --- reported by media/ ------------------------------------------------------------------ */

struct media_stats {
	const struct codec *codec;
	double rx_level, tx_level;    /* dBFS, -127 = silence */
	double jitter;                /* seconds, of arrivals (RFC 3550 section 6.4.1) */
	double loss;                  /* fraction lost on the way to us, last second */
	double late;                  /* fraction too late to play */
	double rtt;                   /* seconds, < 0 = not known */
	double delay;                 /* seconds in the playout buffer and device */
	double mos;                   /* 1-4.5, estimate (E-model); < 0 = not known */
	uint64_t rx_packets;          /* of RTP, since the call's sound began: those that were taken */
	uint64_t tx_packets;          /* and those that were sent */
	unsigned rate;                /* Hz, of the codec's sound */
	bool encrypted;
};
void phone_media_stats(struct phone *p, unsigned call, const struct media_stats *stats);
/* Levels alone, at most ten a second, of the focused call. */
void phone_media_levels(struct phone *p, double rx_level, double tx_level);
void phone_media_dtmf(struct phone *p, unsigned call, char digit);
enum device_state { DEVICE_OPEN, DEVICE_LOST, DEVICE_BACK, DEVICE_NONE };
/* ROLE "input", "output" or "ring"; NAME of the device; ERROR what went wrong, "" = nothing. A device that is open
 * or back with an ERROR is another one than the user asked for; ERROR is a translated sentence that says so. */
void phone_media_device(struct phone *p, const char *role, const char *name, enum device_state state,
			const char *error);
/* The driver that sound really uses: "portaudio", "null", "file". */
void phone_media_driver(struct phone *p, const char *driver);

const char *call_state_name(enum call_state state);

#endif
