/* interfaces.h - the addresses that this machine has now. */
#ifndef OFFHOOK_SIP_INTERFACES_H
#define OFFHOOK_SIP_INTERFACES_H

#include <stdbool.h>

#include <re.h>

#define INTERFACES_MAX 32

struct interface_address {
	struct sa address;       /* the port is 0 */
	bool usable;             /* its interface is up and has a carrier */
};

/* Reads at most MAX addresses of both families, each once, but link-local ones; those of the loopback last.
 * An address stays when its cable is pulled: it is there, but not usable. Returns how many. */
unsigned interfaces_read(struct interface_address *out, unsigned max);
/* The address that the system would send to DST from. 0 or an errno: ENETUNREACH and its like. Sends nothing. */
int interfaces_source(struct sa *source, const struct sa *dst);

#endif
