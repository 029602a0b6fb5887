#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/ip.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "media/sockets.h"

#define QUEUED_MAX_US 5000000   /* a packet is not believed to have waited longer in the kernel */
#define DSCP_EF       0xb8      /* expedited forwarding, RFC 3246: as telephones mark voice */

int sockets_address(struct sa *sa, const char *address, uint16_t port)
{
	struct addrinfo hints = {.ai_flags = AI_NUMERICHOST, .ai_socktype = SOCK_DGRAM}, *found = NULL;
	int err = EINVAL;

	if (getaddrinfo(address, NULL, &hints, &found))
		return EINVAL;
	if (found->ai_addrlen <= sizeof(sa->u)) {
		sa_init(sa, found->ai_family);
		memcpy(&sa->u, found->ai_addr, found->ai_addrlen);
		sa->len = found->ai_addrlen;
		sa_set_port(sa, port);
		err = 0;
	}
	freeaddrinfo(found);
	return err;
}

static int bind_one(int *fdp, const struct sa *at)
{
	int on = 1, tos = DSCP_EF, family = sa_af(at);
	int fd = socket(family, SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	int err;

	if (fd < 0)
		return errno;
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
	if (bind(fd, &at->u.sa, at->len)) {
		err = errno;
		close(fd);
		return err;
	}
	/* helps, but nothing depends on them */
	setsockopt(fd, SOL_SOCKET, SO_TIMESTAMPNS, &on, sizeof(on));
	if (family == AF_INET6)
		setsockopt(fd, IPPROTO_IPV6, IPV6_TCLASS, &tos, sizeof(tos));
	else
		setsockopt(fd, IPPROTO_IP, IP_TOS, &tos, sizeof(tos));
	*fdp = fd;
	return 0;
}

int sockets_open(struct sockets *k, const char *address, unsigned first, unsigned last)
{
	uint32_t start = 0;
	unsigned pairs, i;
	struct sa sa;
	int err;

	k->rtp = k->rtcp = -1;
	first += first & 1;
	if (first < 2 || last > 65535 || last < first + 1)
		return EINVAL;
	err = sockets_address(&sa, address, 0);
	if (err)
		return err;
	pairs = (last - first + 1) / 2;
	if (getrandom(&start, sizeof(start), 0) != (ssize_t)sizeof(start))
		start = (uint32_t)getpid();
	for (i = 0; i < pairs; i++) {
		uint16_t port = (uint16_t)(first + 2 * ((start + i) % pairs));

		sa_set_port(&sa, port);
		err = bind_one(&k->rtp, &sa);
		if (!err) {
			k->local = sa;
			sa_set_port(&sa, (uint16_t)(port + 1));
			err = bind_one(&k->rtcp, &sa);
			if (!err)
				return 0;
			close(k->rtp);
			k->rtp = -1;
		}
		if (err != EADDRINUSE && err != EACCES)
			return err;
	}
	return EADDRINUSE;
}

void sockets_close(struct sockets *k)
{
	if (k->rtp >= 0)
		close(k->rtp);
	if (k->rtcp >= 0)
		close(k->rtcp);
	k->rtp = k->rtcp = -1;
}

/* How long ago the kernel got the message, us. Its stamp is of the wall clock, which may step. */
static uint64_t age_of(struct msghdr *m)
{
	struct timespec got, now;
	struct cmsghdr *c;
	int64_t us;

	for (c = CMSG_FIRSTHDR(m); c; c = CMSG_NXTHDR(m, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_TIMESTAMPNS)
			continue;
		memcpy(&got, CMSG_DATA(c), sizeof(got));
		clock_gettime(CLOCK_REALTIME, &now);
		us = (int64_t)(now.tv_sec - got.tv_sec) * 1000000 + (now.tv_nsec - got.tv_nsec) / 1000;
		return us > 0 && us <= QUEUED_MAX_US ? (uint64_t)us : 0;
	}
	return 0;
}

ssize_t sockets_read(int fd, uint8_t *buf, size_t size, struct sa *from, uint64_t *arrival_us, uint64_t now_us)
{
	union {
		char space[CMSG_SPACE(sizeof(struct timespec))];
		struct cmsghdr align;
	} control;
	struct iovec part = {.iov_base = buf, .iov_len = size};
	struct msghdr m = {
		.msg_name = &from->u, .msg_namelen = sizeof(from->u), .msg_iov = &part, .msg_iovlen = 1,
		.msg_control = &control, .msg_controllen = sizeof(control)
	};
	ssize_t n = recvmsg(fd, &m, 0);

	if (n < 0)
		return -1;
	from->len = m.msg_namelen;
	*arrival_us = now_us - age_of(&m);
	return n;
}

void sockets_send(int fd, const uint8_t *data, size_t len, const struct sa *to)
{
	/* an error here is often the report of an earlier packet's ICMP; a second try sends this one */
	if (sendto(fd, data, len, MSG_DONTWAIT, &to->u.sa, to->len) < 0 && errno == ECONNREFUSED)
		(void)!sendto(fd, data, len, MSG_DONTWAIT, &to->u.sa, to->len);
}
