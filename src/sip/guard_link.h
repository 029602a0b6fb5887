/* guard_link.h - is the guard in libre's way, as this program and libre were linked? */
#ifndef OFFHOOK_SIP_GUARD_LINK_H
#define OFFHOOK_SIP_GUARD_LINK_H

#include <stdbool.h>

/* Will libre's own calls of the function NAME come to the one at OWN? Asked of the dynamic linker and of libre's
 * relocations; nothing is called, no socket is needed. On a system of which this cannot be told: true, and the
 * guard's knock tells. */
bool guard_is_linked(const char *name, const void *own);

#endif
