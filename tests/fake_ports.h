/* fake_ports.h - the world of a phone under test: a clock that stands until it is moved, and a
 * record of what the phone asked of its ports, one line each. */
#ifndef OFFHOOK_TESTS_FAKE_PORTS_H
#define OFFHOOK_TESTS_FAKE_PORTS_H

#include <stdbool.h>
#include <stdint.h>

#include "phone/phone.h"
#include "phone/redial.h"

extern uint64_t fake_now;          /* ms */
extern uint64_t fake_wake;         /* what port_wake_at() last wished */
extern int fake_invite_error;      /* errno for port_sip_invite() */
extern int fake_dtmf_error;
extern int fake_reoffer_error;
extern int fake_answer_error;
extern uint64_t fake_asleep;       /* ms that boot and wall time are ahead of fake_now */
extern int fake_resend_error;      /* for port_sip_resend() */
extern int fake_start_error;       /* for port_media_start() */
extern struct attempt_decision fake_decision;             /* of the last port_sip_resend() */
extern struct redial_record fake_stored[REDIALS_MAX];     /* what is in the store */
extern unsigned fake_stored_count;
extern struct phone *fake_store_fails; /* whom a store that cannot be written tells so */
extern int fake_media_error;       /* for port_media_open() */

/* Forgets the record and goes back to the start of time. */
void fake_reset(void);
/* The record so far, lines ending in \n; reading it empties it. */
const char *fake_taken(void);
/* Adds a line to the record (tests put events there too, to see the order). */
void fake_note(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Moves the clock by MS, ticking P at each time it wished for. */
void fake_pass(struct phone *p, uint64_t ms);

#endif
