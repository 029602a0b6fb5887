/* internal.h - what the files of phone/ share. Nobody else includes it. */
#ifndef OFFHOOK_PHONE_INTERNAL_H
#define OFFHOOK_PHONE_INTERNAL_H

#include "phone/phone.h"
#include "phone/snapshot.h"
#include "phone/target.h"

#define LISTENERS_MAX   8
#define CLOSED_KEPT     64
#define NOTICES_MAX     SNAPSHOT_NOTICES
#define DIGITS_KEPT     64
#define NEVER           UINT64_MAX
#define NOTICE_KEY_MAX  96

struct call {
	struct call *next;               /* by number, ascending */
	struct phone *phone;
	unsigned number;
	enum call_state state;
	bool incoming;
	bool was_ringing, was_established;
	bool held_by_us, held_by_them;
	bool reoffering;                 /* a port_sip_reoffer() is under way */
	bool answering;                  /* incoming: 200 is on its way */
	bool ring_wanted;                /* incoming: 180 is due at the next tick */
	bool media_open;
	bool no_port;                    /* none for sound could be opened */
	bool early;                      /* early media is heard */
	bool missed_quietly;             /* answered elsewhere: no missed call */
	char uri[TARGET_MAX];
	char name[TARGET_MAX];
	char account[ACCOUNT_NAME_MAX];
	const struct codec *codec[CODEC_COUNT]; /* to offer or accept, in order */
	unsigned codecs;
	uint64_t began_ms, established_ms;
	uint64_t expires_ms;             /* when ringing has taken too long */
	uint64_t refuse_ms;              /* incoming, expired: when 408 goes out */
	struct attempt attempt;
	enum tone tone;
	uint64_t tone_end_ms;            /* of a failure tone */
	struct media_params media;
	bool media_running;
	bool has_stats;
	struct media_stats stats;
	char dtmf_sent[DIGITS_KEPT + 1];
	char dtmf_received[DIGITS_KEPT + 1];

	/* how it ended */
	unsigned code;
	enum local_error error;
	bool failed;
	char failure[SNAPSHOT_TEXT];     /* shown on the line of a failed call */
	enum ended_by ended_by;
	char reason[RESPONSE_TEXT];
};

struct notice {
	unsigned id;                     /* 0: the place is free */
	enum severity severity;
	unsigned call;
	int64_t wall_ms;
	char key[NOTICE_KEY_MAX];        /* a newer one of the same key replaces it; "" = none */
	char title[SNAPSHOT_TEXT];
	char sentence[SNAPSHOT_TEXT * 2];
	char server[SNAPSHOT_TEXT * 2];
};

struct phone {
	const struct settings *settings;
	struct { phone_event_h *h; void *arg; } listener[LISTENERS_MAX];
	phone_change_h *change_h;
	void *change_arg;

	struct call *calls;
	unsigned last_number;
	unsigned selected, focus;
	bool muted;
	bool started;                    /* signalling is there: accounts may register */
	bool shutting_down;

	struct account account[ACCOUNTS_MAX];
	unsigned accounts;

	struct notice notice[NOTICES_MAX]; /* newest first */
	unsigned notices;
	unsigned last_notice, selected_notice;

	char audio_driver[32];
	char audio_trouble[SNAPSHOT_TEXT];
	struct {
		bool known;
		enum device_state state;
	} sound_input, sound_output;
	double rx_level, tx_level;
	char why[SNAPSHOT_TEXT * 2];     /* the sentence of the last refusal */
};

/* phone.c */
void phone_changed(struct phone *p);
void phone_schedule(struct phone *p);          /* tells port_wake_at() the next deadline */

/* call.c: the only file that changes a call's state, together with call_asked.c and call_reported.c, which do it
 * through these */
struct call *call_new(struct phone *p);        /* with the next number; NULL: no room */
bool call_has_line(const struct call *c);      /* is it on the screen? */
bool call_is_up(const struct call *c);         /* answered, held or not */
bool call_other_up(const struct call *c);      /* another one is spoken to: no tone may disturb it */
void calls_hold_others(struct phone *p, unsigned but);
void calls_refocus(struct phone *p);           /* chooses anew which call is heard */
void call_emit_state(struct call *c);
void call_set_tone(struct call *c, enum tone tone);
void call_start_media(struct call *c, const struct media_params *params);
unsigned call_choose_codecs(const struct codec **out, const char *list);
void call_keep_digit(char *kept, char digit);  /* KEPT: DIGITS_KEPT + 1 bytes */
void call_missed(struct call *c);              /* tells of a missed call */
/* Over for everybody: `closed` is told. A failed call keeps its line until its notice goes. */
void call_finish(struct call *c, enum ended_by by, unsigned code, const char *reason);
/* Failed for good: outcome, tone, closed, in that order; media stopped before. */
void call_fail(struct call *c, const struct response *r, bool credentials_refused);
extern const char call_no_port[];              /* what it means that no port for sound was free; not translated yet */
void call_tick(struct call *c, uint64_t now);
uint64_t call_deadline(const struct call *c);
bool call_is_active(const struct call *c);     /* up or on its way */
void call_hang_up(struct call *c);
void calls_free(struct phone *p);
struct call *call_find(const struct phone *p, unsigned number); /* 0: the selected one */
/* The first call above NUMBER, NULL past the last: a walk that survives what listeners do to the list. */
struct call *call_after(const struct phone *p, unsigned number);
/* The notice of a failed call is gone: its line goes too. */
void call_notice_gone(struct phone *p, unsigned number);

/* accounts.c: may the registrar have something of A's? A refresh that has failed leaves what was there before. */
bool account_may_be_registered(const struct account *a);

/* notice.c */
struct notice *notice_new(struct phone *p, enum severity severity, const char *key);
void notice_emit(struct phone *p, const struct notice *n);
void notice_drop_key(struct phone *p, const char *key);
void notice_drop_call(struct phone *p, unsigned call);

#endif
