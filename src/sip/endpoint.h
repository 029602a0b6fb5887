/* endpoint.h - the local addresses at which the phone can be reached.
 *
 * Each address has a SIP stack of libre's of its own: libre sends from the first socket of a transport
 * and address family, whatever the destination, and writes that socket's address into Via. */
#ifndef OFFHOOK_SIP_ENDPOINT_H
#define OFFHOOK_SIP_ENDPOINT_H

#include <re.h>

#define ENDPOINTS_MAX 16

struct endpoint {
	struct sip *sip;
	struct sa address;               /* with the port, the same for UDP and TCP */
	struct sip_lsnr *requests, *responses;
};

/* Opens LISTEN ("*:5060", "127.0.0.1:0", "[::1]:5070"; "*": each local address of both families but
 * link-local ones). A taken port: the next free one, unless NAMED. The handlers get the endpoint as their
 * argument. EINVAL, EADDRINUSE, EADDRNOTAVAIL or another errno with *WHY a translated sentence. */
int endpoints_open(const char *listen, bool named, const char *software, sip_msg_h *request_h,
		   sip_msg_h *response_h, const char **why);
void endpoints_close(void);
/* The endpoint number I, NULL past the last. */
struct endpoint *endpoint_at(unsigned i);
/* The endpoint from which DST is reached: that of the address which the system would send from, else the
 * first of DST's family. EAFNOSUPPORT when there is none, or the errno of a missing route. */
int endpoint_towards(struct endpoint **ep, const struct sa *dst);
/* The message that was received last, valid while a listener or a transaction's handler runs. */
void endpoint_last_received(const uint8_t **packet, size_t *len);

#endif
