/* snapshot.h - a plain copy of what the phone shows, for the screen and other faces.
 * Every string in it is already harmless (text_show()). */
#ifndef OFFHOOK_PHONE_SNAPSHOT_H
#define OFFHOOK_PHONE_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>

#include "phone/account.h"
#include "phone/outcome.h"
#include "phone/phone.h"
#include "phone/redial.h"

#define SNAPSHOT_CALLS   PHONE_CALLS_MAX
#define SNAPSHOT_NOTICES 50
#define SNAPSHOT_TEXT    256
#define SNAPSHOT_ACTIONS 12

struct snapshot_call {
	unsigned number;
	bool incoming, selected, focused;
	bool held_by_us, held_by_them;
	enum call_state state;
	char name[SNAPSHOT_TEXT];        /* what to call the other side: display name, or as typed */
	char peer[SNAPSHOT_TEXT];        /* URI */
	char account[ACCOUNT_NAME_MAX];
	uint64_t since_ms;               /* monotonic: when it was established, else when it began */
	unsigned code;                   /* of a failure; 0 = local or none */
	char failure[SNAPSHOT_TEXT];     /* its code, or the title of a local failure, translated */
	enum tone tone;                  /* heard now */
	enum redial_state redial;        /* of a failed call */
	uint64_t retry_boot_ms;          /* when its redial is due, with .redial */
	const struct codec *codec;       /* NULL until media runs */
	bool encrypted;
	char dtmf_sent[65];              /* newest last */
	char dtmf_received[65];
	bool has_stats;
	struct media_stats stats;        /* valid when has_stats */
};

struct snapshot_notice {
	unsigned id;
	enum severity severity;
	bool selected;
	unsigned call;                   /* the failed call it belongs to, 0 = none */
	int64_t wall_ms;                 /* when it came */
	char title[SNAPSHOT_TEXT];       /* "413 Request Entity Too Large · WHO", or the whole text */
	char sentence[SNAPSHOT_TEXT * 2];/* what it means for the user, "" = none */
	char server[SNAPSHOT_TEXT * 2];  /* what the server itself said, "" = nothing more */

	enum redial_state redial;        /* REDIAL_NONE: no Retry-After, or none that offers a redial */
	bool retry_known;                /* a Retry-After is to be shown: the fields below */
	uint64_t retry_boot_ms;          /* when, on port_boot_ms() */
	int64_t retry_wall_ms;           /* the same as clock time */
	int64_t until_wall_ms;           /* reachable until; 0 = not known */
	char retry_comment[SNAPSHOT_TEXT]; /* the server's words */

	/* What can be done, each a command line; the first ones matter most. */
	unsigned actions;
	struct {
		char command[SNAPSHOT_TEXT];
		const char *label;           /* translated: "redial now" */
		char what[SNAPSHOT_TEXT];    /* what it is about: a contact's name and address; "" = nothing to add */
	} action[SNAPSHOT_ACTIONS];
};

struct snapshot_account {
	char name[ACCOUNT_NAME_MAX];
	char address[SNAPSHOT_TEXT];     /* user@host */
	bool is_default;
	enum registration_state state;
	unsigned code;
	char reason[SNAPSHOT_TEXT];      /* why it failed, translated where local */
	char server[SNAPSHOT_TEXT];      /* where it registers, as configured */
	int64_t until_ms, retry_ms;      /* wall time: see account.h */
};

struct snapshot {
	uint64_t now_ms;                 /* monotonic, when this was taken */
	uint64_t boot_ms;                /* the same on port_boot_ms() */
	unsigned calls;                  /* lines, in order of their numbers */
	struct snapshot_call call[SNAPSHOT_CALLS];
	unsigned active_calls;           /* lines that are calls (not failed) */
	unsigned selected;               /* call number, 0 = none */
	unsigned notices;                /* newest first */
	struct snapshot_notice notice[SNAPSHOT_NOTICES];
	unsigned accounts;
	struct snapshot_account account[ACCOUNTS_MAX];
	unsigned redials;                /* waiting or armed ones */
	uint64_t next_redial_boot_ms;    /* the nearest of them */
	bool redial_due;                 /* a prompt is open: the one of notice .due_notice */
	unsigned due_notice;
	bool muted;
	unsigned messages;               /* new ones that wait, of all accounts */
	bool dnd;                        /* do not disturb */
	char forward[SNAPSHOT_TEXT];     /* where calls are sent on to, "" = nowhere */
	unsigned volume;
	char audio_driver[32];           /* "portaudio", "null", "file" */
	char audio_trouble[SNAPSHOT_TEXT]; /* why there is no sound, translated; "" = there is */
	double rx_level, tx_level;       /* dBFS, -127 = silence or none */
};

/* Fills S. Cheap: a copy. */
void phone_snapshot(const struct phone *p, struct snapshot *s);

#endif
