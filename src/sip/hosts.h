/* hosts.h - names that need no name server. */
#ifndef OFFHOOK_SIP_HOSTS_H
#define OFFHOOK_SIP_HOSTS_H

#include <re.h>

/* The addresses of NAME, at most MAX (at least 1) with PORT: of a number, of /etc/hosts (hosts(5), read anew), of
 * localhost. Returns how many. */
unsigned hosts_addresses(const char *name, uint16_t port, struct sa *address, unsigned max);

/* The same out of TEXT, written as the hosts file is, alone. */
unsigned hosts_find(const char *text, const char *name, uint16_t port, struct sa *address, unsigned max);

#endif
