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
	bool present;                    /* the machine has the address */
	bool usable;                     /* and its interface is up and has a carrier */
	uint64_t gone_ms;                /* since when it is not present */
};

/* What a second look at the machine's addresses found. */
enum endpoints_change {
	ENDPOINTS_SAME,
	ENDPOINTS_CHANGED,
	ENDPOINTS_LOST,                  /* nothing but this machine itself can be reached any more */
	ENDPOINTS_BACK                   /* after that: something can */
};

/* Opens LISTEN ("*:5060", "127.0.0.1:0", "[::1]:5070"; "*": each local address of both families but
 * link-local ones, ENDPOINTS_MAX at most, those of the loopback last; none at all is no error, endpoints_refresh()
 * opens those that come). A taken port: the next free one, unless NAMED. The handlers get the endpoint as their
 * argument. EINVAL, EADDRINUSE, EADDRNOTAVAIL or another errno with *WHY a translated sentence. */
int endpoints_open(const char *listen, bool named, const char *software, sip_msg_h *request_h,
		   sip_msg_h *response_h, const char **why);
void endpoints_close(void);
/* Looks at the machine's addresses again: opens those that have come, lays aside those that have gone. An endpoint
 * that is laid aside stays what it is, sockets and memory, for minutes: whoever still points to it may send,
 * which fails; when its address comes back so does it. */
enum endpoints_change endpoints_refresh(void);
/* Is there a way out of this machine, as far as it was asked for? */
bool endpoints_outside(void);
/* Shuts all connections of TCP: after a sleep the other ends may have forgotten them. They are made again when
 * something is sent. */
void endpoints_hang_up(void);
/* The endpoint number I of those present, those of the loopback last; NULL past the last. */
struct endpoint *endpoint_at(unsigned i);
/* The endpoint from which DST is reached: that of the address which the system would send from, else the
 * first of DST's family (of the loopback only if that was asked for). EAFNOSUPPORT when there is none, or the errno
 * of a missing route. */
int endpoint_towards(struct endpoint **ep, const struct sa *dst);
/* The message that was received last, valid while a listener or a transaction's handler runs. */
void endpoint_last_received(const uint8_t **packet, size_t *len);

#endif
