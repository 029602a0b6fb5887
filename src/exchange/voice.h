/* voice.h - one stream of RTP of the exchange (RFC 3550): echo, or tones. */
#ifndef OFFHOOK_EXCHANGE_VOICE_H
#define OFFHOOK_EXCHANGE_VOICE_H

#include "exchange/sdp.h"

enum {
	XVOICE_DELAY = 200,      /* ms from hearing to echo */
	XVOICE_PACKETS = 64,     /* that wait for their time; more: dropped */
	XVOICE_PAYLOAD = 1400,   /* bytes of a payload; more: dropped */
};

enum xvoice_sound { XVOICE_SILENCE, XVOICE_ECHO, XVOICE_MILLIWATT, XVOICE_ANNOUNCEMENT };

struct xvoice;

/* Opens an even port for RTP and the odd one after it for RTCP on 127.0.0.1. 0 or an errno. */
int xvoice_new(struct xvoice **vp);
/* Ends the stream and frees it; NULL is fine. */
void xvoice_free(struct xvoice *v);
uint16_t xvoice_port(const struct xvoice *v);

/* What was agreed. PEER is where packets go until the peer's own come from elsewhere (symmetric RTP,
 * RFC 4961). SENDS and RECEIVES is what we do; an echo needs both. Safe to call again (re-INVITE). */
void xvoice_agree(struct xvoice *v, const struct xchoice *choice, const struct sockaddr_in *peer, bool sends,
                  bool receives);
/* What is said from now on. */
void xvoice_say(struct xvoice *v, enum xvoice_sound sound);

#endif
