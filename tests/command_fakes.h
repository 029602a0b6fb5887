/* A phone made of variables: what commands ask of it is counted, what it says is set by the test. */
#ifndef OFFHOOK_TESTS_COMMAND_FAKES_H
#define OFFHOOK_TESTS_COMMAND_FAKES_H

#include <stdint.h>

#include "command/command.h"

#define FAKE_CALLS 100

struct fake {
	struct call_info call[FAKE_CALLS]; /* by number; number 0 = there is none */
	unsigned last, selected, active;
	unsigned notices;
	unsigned told;              /* notices that were told and not kept */
	char notice[1024];          /* the newest */
	enum severity severity;
	char did[256];              /* the newest thing that was asked: "dial echo", "hangup 3" ... */
	char header[256];           /* first header of the last dial */
	int err;                    /* what the functions about calls return */
	bool muted, dnd;
	char forward[128];
	bool armed;                 /* the redial */
	unsigned notice_call;       /* of the selected notice */
	unsigned settings_changed;
	unsigned listeners;
	struct account account[ACCOUNTS_MAX];
	unsigned accounts;
	char stored_name;           /* the newest register that was stored, and what */
	char stored[4096];
	unsigned stores;
	const char *registers[26];  /* what is in the store, or NULL */
	uint64_t now_ms;
	unsigned events;            /* of the name `macro` */
	char macro[4096];           /* all of them: "name step/of state error\n" */
};
extern struct fake fake;

/* An empty phone. */
void fake_reset(void);
/* A new call; its number. */
unsigned fake_call(bool incoming, enum call_state state);
/* Tells every listener. STATE may be NULL. */
void fake_event(const char *name, unsigned call, const char *state);

#endif
