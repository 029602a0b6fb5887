/* guard_mend.h - makes of a message that libre cannot read, or would read wrongly, one that it can. What is changed is
 * changed where it stands: behind a message of a stream the next one follows. MB stands at the message, LOOK is what
 * guard_look() has found there; after a change its offsets are no longer right. 0 or an errno. */
#ifndef OFFHOOK_SIP_GUARD_MEND_H
#define OFFHOOK_SIP_GUARD_MEND_H

#include <re.h>

#include "sip/guard_text.h"

/* Has the top Via of a request none? RFC 2543 knew no branches, and libre reads no Via without one. */
bool guard_lacks_branch(const struct mbuf *mb, const struct guard_look *look);
/* Is there anything for guard_mend()? */
bool guard_needs_mending(const struct mbuf *mb, const struct guard_look *look);
/* Small things: another version's number, names that libre takes for others, a Via of RFC 2543 without a branch, "486"
 * without a blank. */
int guard_mend(struct mbuf *mb, const struct guard_look *look);
/* In the place of the header of a request: another one, which can be answered as this one would have to be. EBADMSG:
 * there can be none. */
int guard_substitute(struct mbuf *mb, const struct guard_look *look);

#endif
