/* sdp.h - offers and answers of the exchange (RFC 8866, RFC 3264): one audio stream of plain RTP. */
#ifndef OFFHOOK_EXCHANGE_SDP_H
#define OFFHOOK_EXCHANGE_SDP_H

#include <netinet/in.h>
#include <stdbool.h>
#include <stdint.h>

#include "exchange/message.h"

enum xcodec { XCODEC_NONE, XCODEC_OPUS, XCODEC_PCMU, XCODEC_PCMA, XCODEC_EVENT };

enum {
	XSDP_SIZE = 16384,   /* bytes of a description; more: refused */
	XSDP_FORMATS = 32,   /* of the audio stream; those after it are passed over */
	XSDP_STREAMS = 8,    /* m lines; more: refused */
};

struct xformat {
	enum xcodec codec;   /* XCODEC_NONE: of no use here */
	uint8_t payload;
	uint32_t rate;       /* Hz of the RTP clock */
};

struct xsdp {
	struct sockaddr_in rtp;   /* where the peer wants its packets */
	bool sends, receives;     /* what the peer does */
	size_t formats;
	struct xformat format[XSDP_FORMATS]; /* in the peer's order */
	/* the m lines as they came, for those that are refused */
	size_t streams, audio;
	struct {
		char kind[16], protocol[32], payload[16];
	} stream[XSDP_STREAMS];
};

/* What both sides use. */
struct xchoice {
	struct xformat audio;
	struct xformat event;     /* .codec XCODEC_NONE: no telephone-event */
};

/* Reads TEXT. EBADMSG when malformed; ENOTSUP when there is no audio over RTP/AVP to IPv4. */
int xsdp_read(struct xsdp *s, struct xtext text);

/* The first of the peer's formats that is one of opus, PCMU, PCMA; G.711 first with PREFER_G711.
 * ENOTSUP when there is none. */
int xsdp_choose(struct xchoice *c, const struct xsdp *peer, bool prefer_g711);

/* Writes our description: an answer to PEER with CHOICE, or an offer when PEER is NULL. SENDS and
 * RECEIVES is what we do. ID and VERSION are those of the o line. */
void xsdp_write(struct buf *b, const struct xsdp *peer, const struct xchoice *choice, uint16_t port,
                bool sends, bool receives, uint32_t id, uint32_t version);

#endif
