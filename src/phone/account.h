/* account.h - one identity: where it lives, how it registers, what it may prove. */
#ifndef OFFHOOK_PHONE_ACCOUNT_H
#define OFFHOOK_PHONE_ACCOUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "phone/outcome.h"

#define ACCOUNTS_MAX     16
#define ACCOUNT_NAME_MAX 64
#define ACCOUNT_TEXT_MAX 256

enum transport { TRANSPORT_ANY, TRANSPORT_UDP, TRANSPORT_TCP };

enum registration_state {
	REGISTRATION_NONE,        /* the account does not register */
	REGISTRATION_REGISTERING, REGISTRATION_REGISTERED, REGISTRATION_FAILED,
	REGISTRATION_UNREGISTERED
};

struct account {
	char name[ACCOUNT_NAME_MAX];
	char uri[ACCOUNT_TEXT_MAX];           /* address of record: sip:USER@HOST[:PORT] */
	char user[ACCOUNT_TEXT_MAX];          /* parts of it; host without brackets or port */
	char host[ACCOUNT_TEXT_MAX];
	unsigned port;                        /* 0 when the URI has none */
	char password[ACCOUNT_TEXT_MAX];      /* never shown, logged, recorded or listed */
	char auth_user[ACCOUNT_TEXT_MAX];     /* "" = user */
	char realm[ACCOUNT_TEXT_MAX];         /* a further realm that may get the password */
	char display_name[ACCOUNT_TEXT_MAX];
	char registrar[ACCOUNT_TEXT_MAX];     /* "" = the URI's host */
	char outbound[ACCOUNT_TEXT_MAX];      /* "" = none; else a SIP URI every request goes to */
	enum transport transport;
	bool registers;                       /* register=yes|no, default yes */
	bool auto_answer;                     /* answer-mode=manual|auto, default manual */
	unsigned expires;                     /* seconds asked for, default 3600 */

	bool is_default;
	bool from_rc;                         /* defined by the rc file: not to be edited */
	char source[ACCOUNT_TEXT_MAX];        /* FILE:LINE that defined it, for that refusal */
	bool volatile_only;                   /* the exchange's: never saved */

	enum registration_state state;
	unsigned code;                        /* of the last final response to REGISTER, 0 = none */
	enum local_error error;               /* why it failed, when no response came */
	char reason[ACCOUNT_TEXT_MAX];
	unsigned failures;                    /* in a row, since the user last asked for it or it was registered */
	int64_t until_ms;                     /* wall time: what was granted ends then; 0 = not registered */
	unsigned messages_new, messages_old;  /* that wait for it, as its server has said last */
	int64_t retry_ms;                     /* wall time: tried again then by itself; 0 = not at all, or under way */
};

/* Fills A with the defaults and the given name and address. EINVAL with *WHY a sentence
 * (translated, static) when NAME is not 1-63 of letters, digits, '-', '_', '.', or URI is no
 * sip: address with a user and a host. */
int account_init(struct account *a, const char *name, const char *uri, const char **why);

/* Sets KEY (as in interface: "password", "auth-user", "register" ...) to VALUE. EINVAL with *WHY
 * a sentence when the key is unknown or the value wrong; A is then unchanged. */
int account_set(struct account *a, const char *key, const char *value, const char **why);

/* The keys of account_set(), NULL-terminated, for completion and for the nearest word. */
const char *const *account_keys(void);

/* May the password answer this challenge? PROXY: a 407, from HOP_HOST (where the request was
 * sent); else a 401 to a request for RURI_HOST. Hosts are compared without port and case. */
bool account_may_answer(const struct account *a, bool proxy, const char *ruri_host,
			const char *hop_host, const char *realm);

const char *registration_state_name(enum registration_state state);

#endif
