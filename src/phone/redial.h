/* redial.h - calls that are to be made again: offered with a Retry-After, counted down, prompted for or armed
 * (S413-1 to S413-3). Times run on boot time, so that sleep counts, and are stored as wall time. */
#ifndef OFFHOOK_PHONE_REDIAL_H
#define OFFHOOK_PHONE_REDIAL_H

#include <stdbool.h>
#include <stdint.h>

#include "phone/account.h"
#include "phone/attempt.h"
#include "phone/target.h"

#define REDIALS_MAX        64
#define REDIAL_IN_ROW_MAX  5                 /* armed redials to one target without a success */
#define REDIAL_GAP_MS      30000u            /* from one armed redial to the next, after the first */
#define REDIAL_FAR_S       (30u * 86400u)    /* above that: shown, never armed */

/* What is stored of one. */
struct redial_record {
	char uri[TARGET_MAX];          /* whom to call */
	char name[TARGET_MAX];         /* as shown */
	char account[ACCOUNT_NAME_MAX];/* "" = a direct call */
	unsigned code;                 /* that asked for it */
	int64_t due_wall_ms;
	int64_t until_wall_ms;         /* how long the party can be reached from then on; 0 = not known */
	char comment[RESPONSE_TEXT];   /* of the Retry-After, raw */
	bool armed;
	unsigned in_row;               /* armed redials made so far */
};

enum redial_state { REDIAL_NONE, REDIAL_WAITING, REDIAL_ARMED, REDIAL_DUE, REDIAL_DIALING, REDIAL_CANCELLED };

/* A Retry-After value (RFC 3261 section 20.33). */
struct retry_after {
	bool valid;                    /* digits up to 2^32-1 in front */
	uint32_t seconds;
	char comment[RESPONSE_TEXT];   /* within the outer parentheses, escapes taken off, nested ones kept; "" = none */
	bool has_duration;
	uint32_t duration;             /* seconds */
};
/* Reads VALUE. What follows good digits never makes them bad: a broken comment or parameter is left out. */
void retry_after_read(struct retry_after *r, const char *value);

#endif
