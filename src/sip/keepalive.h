/* keepalive.h - keeps the flow of a registration open where it needs that, and notices when it is gone (RFC 5626
 * section 4.4).
 *
 * TCP: a ping (double CRLF) every 96 to 120 s; the connection's end is told at once, whoever closed it, and so is a ping
 * without an answer for 10 s. UDP: nothing, unless the response shows a NAT on the way (received or rport of our Via
 * differ from our address) or has a Flow-Timer; then a double CRLF every 24 to 29 s, to hold the NAT's binding. It has
 * no answer, so the loss of a UDP flow shows at the next refresh. */
#ifndef OFFHOOK_SIP_KEEPALIVE_H
#define OFFHOOK_SIP_KEEPALIVE_H

#include <re.h>

#include "sip/flow.h"

struct keepalive;

/* The flow is gone; ERR is ETIMEDOUT when a ping had no answer. The keep-alive is freed, its owner's pointer NULL. */
typedef void keepalive_lost_h(int err, void *arg);

/* Begins with the flow by which MSG came, a 2xx to a request that was sent down PATH. The response's Flow-Timer shortens
 * the times above (10 s at least). PING false: a TCP connection is only watched, nothing is sent. *KP stays NULL when
 * the flow needs nothing; mem_deref() ends it. ENOMEM or another errno. */
int keepalive_start(struct keepalive **kp, const struct path *path, const struct sip_msg *msg, bool ping,
		    keepalive_lost_h *lost_h, void *arg);

#endif
