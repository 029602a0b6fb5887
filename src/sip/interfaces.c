#include <errno.h>
#include <ifaddrs.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sip/interfaces.h"

/* The first address of a family is the one that is shown and tried when nothing fits. */
static int loopback_last(const void *a, const void *b)
{
	const struct interface_address *x = a, *y = b;

	return sa_is_loopback(&x->address) - sa_is_loopback(&y->address);
}

unsigned interfaces_read(struct interface_address *out, unsigned max)
{
	struct ifaddrs *all, *a;
	unsigned i, n = 0;
	struct sa sa;

	if (getifaddrs(&all))
		return 0;
	for (a = all; a && n < max; a = a->ifa_next) {
		if (!a->ifa_addr || sa_set_sa(&sa, a->ifa_addr) || sa_is_linklocal(&sa) || sa_is_any(&sa))
			continue;
		sa_set_port(&sa, 0);
		for (i = 0; i < n && !sa_cmp(&out[i].address, &sa, SA_ADDR); i++)
			;
		if (i == n) {
			out[n].address = sa;
			out[n++].usable = false;
		}
		if ((a->ifa_flags & (IFF_UP | IFF_RUNNING)) == (IFF_UP | IFF_RUNNING))
			out[i].usable = true;
	}
	freeifaddrs(all);
	qsort(out, n, sizeof(*out), loopback_last);
	return n;
}

int interfaces_source(struct sa *source, const struct sa *dst)
{
	int fd, err = 0;

	fd = socket(sa_af(dst), SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return errno;
	source->len = sizeof(source->u);
	if (connect(fd, &dst->u.sa, dst->len) < 0 || getsockname(fd, &source->u.sa, &source->len) < 0)
		err = errno;
	close(fd);
	return err;
}
