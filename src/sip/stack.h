/* stack.h - the user agent's transports and its start and end. Implements the port_sip_ functions
 * of phone/ports.h in session.c and registration.c. */
#ifndef OFFHOOK_SIP_STACK_H
#define OFFHOOK_SIP_STACK_H

#include <stddef.h>

#include "phone/phone.h"

/* Opens UDP and TCP on LISTEN ("*:5060", "127.0.0.1:0", "[::1]:5070") and begins to listen. A port that
 * is taken: the next free one, unless NAMED. 0 or an errno (EADDRINUSE, EADDRNOTAVAIL, EINVAL) with *WHY a
 * translated sentence naming the address. */
int stack_start(struct phone *phone, const struct settings *settings, const char *listen, bool named,
		const char **why);
/* Closes everything at once; sessions still open are dropped. */
void stack_stop(void);
/* True while something released is still under way: a BYE or CANCEL without its answer, an unregistration. */
bool stack_busy(void);
/* The addresses listened on, "udp:127.0.0.1:5060" each (of TCP none when the guard is left out); the strings live until stack_stop(). Returns how many. */
unsigned stack_addresses(const char **out, unsigned max);
/* Version of libre, for --version; static string. */
const char *stack_version(void);
/* What is not as it should be on this system, for --version: a translated sentence; NULL: nothing. */
const char *stack_degraded(void);

#endif
