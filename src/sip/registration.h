/* registration.h - REGISTER (RFC 3261 section 10): sent, renewed in time, and taken back. Implements
 * port_sip_register(), port_sip_unregister() and port_sip_account_removed(). */
#ifndef OFFHOOK_SIP_REGISTRATION_H
#define OFFHOOK_SIP_REGISTRATION_H

#include <re.h>

#include "phone/account.h"

/* Whose Contact does the request call? By the user of its Request-URI, and by the To's host when several
 * accounts have that user. NULL: no registered account's. Valid until accounts change. */
const struct account *registration_account(const struct sip_msg *msg);
/* Does a last REGISTER wait for its answer? */
bool registration_busy(void);
/* The machine's addresses have changed, or it has slept: every account whose registration is not given up for good
 * registers again at once, from the address that is right now. */
void registration_renew(void);
void registration_close(void);

#endif
