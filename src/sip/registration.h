/* registration.h - REGISTER (RFC 3261 section 10): sent, renewed in time, and taken back. Implements
 * port_sip_register(), port_sip_unregister() and port_sip_account_removed().
 *
 * Renewed before the end of what was granted: by our Contact's expires of the response, else its Expires, else what was
 * asked for. A refresh goes the way of the last one, then, if nobody answers there, wherever the names lead to now. The
 * Service-Route of the last 200 (RFC 3608) is the way of the account's calls. A TCP connection's loss is noticed
 * (keepalive.h) and answered by registering again at once, twice within two minutes by the back-off.
 *
 * What a failure means:
 *   refused      A password that was not taken (RFC 7616 section 3.3: a new nonce without stale), and every code but those
 *                below. Not sent again until the user says so: accounts get locked by that.
 *   unreachable  No answer at all, no such name, no network, a broken connection; 408, 413, 430, 480, 486, 491, 5xx
 *                without 501, 505, 513, 555 and 580; 404, 600 and 603 with a Retry-After. Sent again after the back-off of
 *                RFC 5626 section 4.5: half to all of 30 s times 2 to the number of failures in a row, at most 1800 s;
 *                not before a Retry-After, of which at most a day counts. After the third failure in a row no more, if
 *                the account has not been registered since the user asked for it; one that has been goes on for as long
 *                as it takes. */
#ifndef OFFHOOK_SIP_REGISTRATION_H
#define OFFHOOK_SIP_REGISTRATION_H

#include <re.h>

#include "phone/account.h"
#include "sip/dialog.h"

/* Whose Contact does the request call? By the user of its Request-URI, and by the To's host when several
 * accounts have that user. NULL: no registered account's. Valid until accounts change. */
const struct account *registration_account(const struct sip_msg *msg);
/* Did MSG come from the server that the account ACCOUNT is registered at? By its address: over UDP that can be forged, and
 * no more is asked of it than whom it takes a caller for, and news of waiting messages. */
bool registration_is_proxy(const char *account, const struct sip_msg *msg);
/* Puts the routes of the account's requests before those of the half dialog D: its outbound, then the Service-Route of
 * its registration. EINVAL when outbound is no URI, ENOMEM, ENOSPC. */
int registration_add_routes(struct dialog *d, const struct account *account);
/* Is an account registered at exactly that address, or being registered again? */
bool registration_is_at(const struct sa *server);
/* Does a last REGISTER wait for its answer? */
bool registration_busy(void);
/* The machine's addresses have changed, or it has slept: every account that was not refused registers again at once, from
 * the address that is right now, also one that was given up as unreachable. */
void registration_renew(void);
void registration_close(void);

#endif
