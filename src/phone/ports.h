/* ports.h - what the phone needs from the world: plain functions, implemented in sip/,
 * media/ and main.c; tests link fakes. All are called on the main thread, none blocks. */
#ifndef OFFHOOK_PHONE_PORTS_H
#define OFFHOOK_PHONE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "phone/account.h"
#include "phone/attempt.h"
#include "phone/codec.h"
#include "phone/outcome.h"

#define ADDRESS_MAX      64   /* a numeric IPv4 or IPv6 address, zone included */
#define MEDIA_FORMATS    8

enum media_direction { MEDIA_INACTIVE = 0, MEDIA_SEND = 1, MEDIA_RECEIVE = 2, MEDIA_BOTH = 3 };

/* What offer and answer agreed on for a call's one sound stream (RFC 3264). */
struct media_params {
	char remote_address[ADDRESS_MAX];     /* where to send RTP; "" or 0.0.0.0: nowhere */
	uint16_t remote_port;
	char remote_rtcp_address[ADDRESS_MAX];
	uint16_t remote_rtcp_port;            /* RFC 3605; default port + 1 */
	enum media_direction direction;       /* as seen from us */
	const struct codec *codec;            /* to send with */
	int payload_type;                     /* to send with, 0-127 */
	unsigned formats;                     /* that may arrive: .format[] */
	struct { int payload_type; const struct codec *codec; } format[MEDIA_FORMATS];
	int event_payload_type;               /* to send telephone-event with (RFC 4733), -1 = none */
	uint32_t event_clock_rate;            /* Hz */
	int event_receive_type;               /* that may arrive, -1 = none */
	unsigned ptime;                       /* ms per packet that the peer asked for, 20 if it did not */
	bool opus_fec;                        /* useinbandfec=1 from the peer */
};

/* Clock. */
uint64_t port_now_ms(void);     /* monotonic, ms: stands still while the machine sleeps */
uint64_t port_boot_ms(void);    /* monotonic, ms: runs on while it sleeps */
int64_t port_wall_ms(void);     /* ms since 1970 */
/* phone_tick() is wanted at that monotonic time; UINT64_MAX: not at all. Replaces the last wish. */
void port_wake_at(uint64_t ms);

/* Signalling (sip/). CALL is the phone's number for the call. */
struct invite {
	unsigned call;
	const struct account *account;        /* NULL: a direct call */
	const char *uri;                      /* Request-URI and To */
	const struct codec *codec[CODEC_COUNT]; /* to offer, in order */
	unsigned codecs;
	unsigned expires;                     /* seconds, Expires of the INVITE */
	const char *const *header;            /* further header lines "Name: value", checked for CR and LF */
	unsigned headers;
	unsigned requests_left;               /* that may be sent for it, hops tried in turn included */
};
/* Starts an outgoing call; what happens is told by phone_sip_...(). 0 or an errno. */
int port_sip_invite(const struct invite *invite);
/* Sends the INVITE again as DECISION says (not ATTEMPT_GIVE_UP): CSeq one higher, a new branch, the same Call-ID, From
 * and To. Each goes out told by phone_sip_sent(). 0 or an errno: then the last response stands. */
int port_sip_resend(unsigned call, const struct attempt_decision *decision);
/* Ends it in the way its state asks for: CANCEL, BYE, or nothing. Told by phone_sip_closed(). */
void port_sip_hangup(unsigned call);
/* Answers an incoming call: 180; 200 with the answer; a final refusal. */
int port_sip_ring(unsigned call);
int port_sip_answer(unsigned call, const struct codec *const *codec, unsigned codecs);
int port_sip_reject(unsigned call, unsigned code);
/* Offers a new direction by re-INVITE: MEDIA_SEND (hold) or MEDIA_BOTH (resume); RFC 3264 section 8.4.
 * Glare (491) is repaired inside. EBUSY while an offer is pending, but for a refresh of the session: that is waited for. */
int port_sip_reoffer(unsigned call, enum media_direction direction);
/* The phone has no more use for the call's signalling; frees it when its BYE is through. */
void port_sip_release(unsigned call);
int port_sip_register(const struct account *account);
/* Takes back what the registrar may have; REGISTRATION_UNREGISTERED is told from the loop within a second or so, at once
 * when there is nothing to take back. */
void port_sip_unregister(const struct account *account);
/* Forgets the account (it is going away); no more reports about it. */
void port_sip_account_removed(const char *name);

/* Sound (media/). */
/* Reserves RTP and RTCP sockets on ADDRESS (numeric); *PORT is the RTP port. 0 or an errno
 * (EADDRINUSE: the whole range is taken). Again for the same call: the same port on the same ADDRESS; on another one
 * new sockets, a stream that runs goes on with them, and the old ones are closed. */
int port_media_open(unsigned call, const char *address, uint16_t *port);
/* Starts or changes the stream of a call. */
int port_media_start(unsigned call, const struct media_params *params);
/* Stops and frees the call's stream and sockets; its tone too. No stream: nothing. */
void port_media_close(unsigned call);
/* Which call is heard and spoken to (0 = none). */
void port_media_focus(unsigned call);
/* Plays TONE on the loudspeaker for the call until TONE_NONE. */
void port_media_tone(unsigned call, enum tone tone);
void port_media_mute(bool on);
void port_media_volume(unsigned percent);
/* Sends digits (0-9*#A-D, ',' = a pause of 1 s) as telephone-events, one after the other, after those
 * still under way. ENOTSUP when the peer did not take telephone-event, ENOTCONN without a stream, ENOSPC
 * above 64 waiting. */
int port_media_dtmf(unsigned call, const char *digits);

/* What must outlive the program (store/). Committed when the function returns; a store that cannot be written has
 * told so itself. */
struct redial_record;
/* Puts RECORD in the place of the one with its uri and account, or adds it. At most REDIALS_MAX are kept. */
void port_store_redial(const struct redial_record *record);
/* Forgets it; none: nothing. */
void port_store_redial_drop(const char *uri, const char *account);
/* Writes every call of the history, the oldest first, to FILE (replaced as a whole, mode 0600): as CSV or JSON when its
 * name ends in .csv or .json. *ROWS calls were written. 0; EINVAL: another ending; ENOTCONN: there is no history; or an
 * errno. */
int port_store_export(const char *file, unsigned *rows);

/* What was typed at a prompt and what macros hold (store/): kept across runs. KIND is the prompt's name ("command",
 * "dial"); its last 500 different lines are kept, each at most LINE_MAX_BYTES, without secrets: the caller's duty. */
void port_store_prompt(const char *kind, const char *line);
typedef void store_line_h(const char *line, void *arg);
/* Calls H for each, the oldest first. */
void port_store_prompts(const char *kind, store_line_h *h, void *arg);
/* Puts LINES (command lines, one a line; "" = nothing) into register NAME, a-z. Committed when it returns. */
void port_store_register(char name, const char *lines);
typedef void store_register_h(char name, const char *lines, void *arg);
void port_store_registers(store_register_h *h, void *arg);

/* A contact of the user's (store/). Its strings are the store's and good until another contact is asked for. */
struct contact_entry {
	const char *name;               /* never "" */
	const char *nick;               /* "" = none */
	const char *uri;                /* an address with a scheme or an @ */
	const char *account;            /* that calls it, "" = none named */
	const char *dialled;            /* what calls it when it is typed: the name, else the nick, else the address */
};
/* The contact whose name or nick TEXT is, whatever the case of its letters: true and *ENTRY. WAIT: when the file has
 * changed it is read to its end first (for 50,000 contacts a fifth of a second); else what was read before may stand. */
bool port_contact_find(const char *text, bool wait, struct contact_entry *entry);
typedef void contact_entry_h(const struct contact_entry *entry, void *arg);
/* Calls H for each contact, in the order of their names, that has words (of name and nick) which begin with those of
 * TYPED, or whose address begins so; "" = for all. Takes a few ms for 50,000 of them. */
void port_contacts(const char *typed, contact_entry_h *h, void *arg);
/* Calls H for each address among the newest calls of the history that begins with TYPED, with or without its sip: - the
 * newest first, each once; NAME is who it was then, "" = not known. Addresses that could not be called are left out. */
typedef void store_number_h(const char *uri, const char *name, void *arg);
void port_store_numbers(const char *typed, store_number_h *h, void *arg);

/* The messages of calls (sip/): what `view trace`, `notice open` and `trace save` show. A call's messages are kept
 * until 64 later calls have begun, at most 256 a call (the first 64 and the last 192) of 8 KiB each. */
struct trace_line {
	int64_t wall_ms;
	bool sent;                      /* by us */
	char peer[ADDRESS_MAX + 16];    /* transport:address:port */
	char summary[128];              /* raw: "INVITE", "407 Proxy Authentication Required", what is in it in brackets */
	char note[256];                 /* raw: a header worth seeing at once ("Retry-After: 27 (overnight)"), "" = none */
	unsigned size;                  /* bytes of the whole message */
	unsigned code;                  /* of a response, else 0 */
};
unsigned port_trace_lines(unsigned call);
bool port_trace_line(unsigned call, unsigned index, struct trace_line *line);
/* The whole message as it went, NUL-terminated, raw but for secrets: the digest's response is left out. malloc()ed, the
 * caller frees it; NULL when there is none. */
char *port_trace_message(unsigned call, unsigned index);
/* Writes the call's ladder to FILE: pcap when its name ends in .pcap, else text. 0, ENOENT (no such call), or an errno. */
int port_trace_save(unsigned call, const char *file);

#endif
