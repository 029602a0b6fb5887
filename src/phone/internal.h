/* internal.h - what the files of phone/ share. Nobody else includes it. */
#ifndef OFFHOOK_PHONE_INTERNAL_H
#define OFFHOOK_PHONE_INTERNAL_H

#include "phone/phone.h"
#include "phone/redial.h"
#include "phone/snapshot.h"
#include "phone/target.h"

#define LISTENERS_MAX   96      /* every script that waits is one, and each connection of the control socket has a script */
#define CLOSED_KEPT     64
#define NOTICES_MAX     SNAPSHOT_NOTICES
#define DIGITS_KEPT     64
#define NEVER           UINT64_MAX
#define NOTICE_KEY_MAX  96
#define TOLD_MAX        20      /* calls refused by the phone itself that are told in a minute */
#define TOLD_MS         60000

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
	bool hold_wanted;                /* another call took its place while it could not be held */
	bool media_open;
	bool no_port;                    /* none for sound could be opened */
	bool early;                      /* early media is heard */
	bool withheld;                   /* incoming: the caller does not say who it is */
	bool missed_quietly;             /* answered elsewhere: no missed call */
	char uri[TARGET_MAX];
	char name[TARGET_MAX];
	char account[ACCOUNT_NAME_MAX];
	const struct codec *codec[CODEC_COUNT]; /* to offer or accept, in order */
	unsigned codecs;
	uint64_t began_ms, established_ms;
	uint64_t expires_ms;             /* when ringing has taken too long */
	uint64_t auto_ms;                /* incoming: when it is answered by itself */
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

	/* what can be done about a failure */
	struct {
		bool known;              /* it had a Retry-After that can be read */
		bool offered;            /* a redial at that time is offered */
		bool far;                /* too far away for that */
		uint64_t boot_ms;        /* when */
		int64_t wall_ms;
		int64_t until_wall_ms;   /* reachable until; 0 = not known */
		char comment[RESPONSE_TEXT];
	} retry;
	unsigned told_repair;            /* code of the answer that a notice of a repair is about; 0 = none */
	unsigned contacts;               /* that may be called instead */
	struct contact contact[CONTACTS_MAX];

	/* a call that an armed redial made */
	unsigned in_row;                 /* how many of them in a row, this one counted; 0: a person made it */
	uint64_t redialed_boot_ms;       /* when */
	unsigned redialed_as;            /* of a failed one: the number of the call that its redial made */
};

/* A call that is to be made again. */
struct redial {
	struct redial_record record;
	unsigned call;                   /* the failed call with its line, or the one that is being tried by hand */
	enum redial_state state;         /* waiting, armed, due, dialing */
	uint64_t due_boot_ms;
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
	unsigned last_number;            /* given to a line */
	unsigned last_call;              /* the newest that is a call, and no stored redial's line */
	unsigned selected, focus;
	bool muted;
	bool dnd;
	char forward[TARGET_MAX];        /* where calls are sent on to; "" = nowhere */
	uint64_t told_since_ms;          /* refusals of the phone's own: the minute they are counted in */
	unsigned told;
	bool started;                    /* signalling is there: accounts may register */
	bool shutting_down;

	struct account account[ACCOUNTS_MAX];
	unsigned accounts;

	struct notice notice[NOTICES_MAX]; /* newest first */
	unsigned notices;
	unsigned last_notice, selected_notice;

	struct redial redial[REDIALS_MAX]; /* oldest first */
	unsigned redials;

	char audio_driver[32];
	char audio_trouble[SNAPSHOT_TEXT];
	struct {
		bool known;
		enum device_state state;
	} sound_input, sound_output;
	double rx_level, tx_level;
	char why[SNAPSHOT_TEXT * 2];     /* the sentence of the last refusal */
};

/* refusal.c */
/* The code that a call is refused with before it rings, 0: it may. NULL *TEXT: nobody is told. */
unsigned refusal_of(const struct phone *p, const struct incoming *in, const char **text);
/* Tells of a call that was refused with CODE: `closed` and a notice of TEXT, whose %s is who it was. */
void refusal_tell(struct phone *p, const struct incoming *in, unsigned code, const char *text);
unsigned refusal_code(const char *setting, unsigned fallback); /* of an option that is a code */

/* phone.c */
void phone_changed(struct phone *p);
void phone_schedule(struct phone *p);          /* tells port_wake_at() the next deadline */

/* call.c: the only file that changes a call's state, together with call_asked.c and call_reported.c, which do it
 * through these */
struct call *call_new(struct phone *p);        /* with the next number; NULL: no room */
bool call_has_line(const struct call *c);      /* is it on the screen? */
bool call_is_up(const struct call *c);         /* answered, held or not */
bool call_other_up(const struct call *c);      /* another one is spoken to: no tone may disturb it */
bool incoming_withheld(const struct incoming *in);
void call_came_from(struct call *c, const struct incoming *in); /* who calls, and whom of us */
void calls_hold_others(struct phone *p, unsigned but);
/* A call is spoken to now: what would disturb it falls silent; the ring of another becomes the short beep. */
void calls_hush_others(struct phone *p, unsigned but);
void calls_refocus(struct phone *p);           /* chooses anew which call is heard */
void call_emit_state(struct call *c);
void call_set_tone(struct call *c, enum tone tone);
void call_start_media(struct call *c, const struct media_params *params);
unsigned call_choose_codecs(const struct codec **out, const char *list);
void call_keep_digit(char *kept, char digit);  /* KEPT: DIGITS_KEPT + 1 bytes */
void call_missed(struct call *c, const char *reason); /* tells of a missed call; REASON as it came, or "" */
/* Over for everybody: `closed` is told. A failed call keeps its line until its notice goes. */
void call_finish(struct call *c, enum ended_by by, unsigned code, const char *reason);
/* Whom it is with, harmless, for sentences: SNAPSHOT_TEXT bytes. */
void call_who(const struct call *c, char *who);
/* Calls as DIAL says, by the hand of nobody in particular: NAME (NULL: as typed) is shown; FOLLOW_PROXY: the user has agreed
 * to a 305. */
int call_dial(struct phone *p, const struct dial *dial, const char *name, bool follow_proxy, unsigned *call,
	      const char **why);
/* Calls TARGET with the account and the codecs of C. */
int call_dial_like(struct phone *p, const struct call *c, const char *target, const char *name, bool follow_proxy,
		   unsigned *call, const char **why);
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

/* failure.c: what a failure is told as */
struct failure {
	const struct outcome *row;
	bool known;                      /* the code is a registered one */
	const char *sentence;            /* not translated yet */
};
struct failure failure_of(const struct call *c, const struct response *r, bool credentials_refused);
/* Keeps of R what the call can offer: when to call again, whom else. */
void failure_keep(struct call *c, const struct failure *f, const struct response *r);
void failure_emit(const struct call *c, const struct failure *f, const struct response *r);
void failure_notice(struct call *c, const struct failure *f, const struct response *r);
/* "413 Request Entity Too Large · WHO", harmless: SNAPSHOT_TEXT bytes. */
void failure_title(char *dst, const struct failure *f, const struct response *r, const char *who);

/* action.c: what can be done about a failed call, and the words for it */
struct action_line {
	enum action action;
	char command[SNAPSHOT_TEXT];     /* harmless */
	const char *label;               /* translated */
	char what[SNAPSHOT_TEXT];        /* harmless */
};
/* At most MAX, the best first. C is NULL for a notice of another kind. */
unsigned actions_of(const struct call *c, struct action_line *line, unsigned max);
/* Their words for an event, each once; returns how many. */
unsigned action_names(const struct call *c, const char **name, unsigned max);

/* redial.c */
struct redial *redial_of_call(const struct phone *p, unsigned call); /* NULL: none */
/* C has failed and offers a redial: it is stored. Told by redial_tell(). */
void redial_offer(struct call *c);
void redial_tell(struct phone *p, unsigned call);
void redial_follow(struct phone *p, const char *uri, unsigned call); /* CALL is another try at URI */
void redial_succeeded(struct phone *p, const char *uri);
void redial_arrived(const struct call *c);      /* if C is a redial, it is said no longer that it goes out */
void redial_call_over(struct call *c);         /* neither failed nor answered: its redial needs a line again */
void redial_drop_call(struct phone *p, unsigned call); /* nobody wants it: cancelled */
void redials_tick(struct phone *p);
uint64_t redials_deadline(const struct phone *p); /* on port_now_ms() */

/* accounts.c: may the registrar have something of A's? A refresh that has failed leaves what was there before. */
bool account_may_be_registered(const struct account *a);

/* notice.c */
struct notice *notice_find(struct phone *p, unsigned id); /* 0: the selected one; NULL: none */
struct notice *notice_of_call(struct phone *p, unsigned call);
struct notice *notice_new(struct phone *p, enum severity severity, const char *key);
void notice_emit(struct phone *p, const struct notice *n);
void notice_drop_key(struct phone *p, const char *key);
void notice_drop_call(struct phone *p, unsigned call);

#endif
