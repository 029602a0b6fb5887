/* sockets.h - a pair of UDP sockets for RTP (even port) and RTCP (the next one), and what one reads from them. */
#ifndef OFFHOOK_MEDIA_SOCKETS_H
#define OFFHOOK_MEDIA_SOCKETS_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include <re.h>

struct sockets {
	int rtp, rtcp;       /* non-blocking, close-on-exec; -1 = none */
	struct sa local;     /* of .rtp */
};

/* Reads a numeric ADDRESS (IPv4 or IPv6, a zone may follow) into SA. Never asks a name server. EINVAL. */
int sockets_address(struct sa *sa, const char *address, uint16_t port);
/* Binds a pair on ADDRESS within the ports FIRST to LAST, beginning at a random place. 0; EINVAL: not an
 * address; EADDRINUSE: all are taken; another errno. */
int sockets_open(struct sockets *k, const char *address, unsigned first, unsigned last);
void sockets_close(struct sockets *k);
/* Reads one packet. ARRIVAL_US: when the kernel got it, on the monotonic clock; NOW_US: now on it. Returns
 * its length, or -1 with errno (EAGAIN: none is there). */
ssize_t sockets_read(int fd, uint8_t *buf, size_t size, struct sa *from, uint64_t *arrival_us, uint64_t now_us);
/* Sends one packet; what the network cannot take is lost, as packets are. */
void sockets_send(int fd, const uint8_t *data, size_t len, const struct sa *to);

#endif
