#include <errno.h>
#include <linux/netlink.h>
#include <linux/rtnetlink.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/slept.h"
#include "sip/network.h"

#define QUIET_MS   300       /* an address comes with its routes, one after the other */
#define WAIT_MS    2000      /* a machine whose routes never rest is looked at all the same */
#define READS_MAX  64        /* messages in one turn of the loop */
#define FAR_FUTURE 2000000000 /* seconds after now; the timer is there to be cancelled, not to expire */

static struct {
	network_h *h;
	void *arg;
	int netlink, wall;           /* -1 = none */
	struct loop_timer *quiet;
	uint64_t first_ms;           /* when the burst began */
	uint64_t slept_ms;           /* to be told with it */
	struct slept slept;
} watch = {.netlink = -1, .wall = -1};

static uint64_t (*boot_clock)(void) = loop_boot_ms;
static uint64_t (*monotonic_clock)(void) = loop_now_ms;

void network_clocks(uint64_t (*boot_ms)(void), uint64_t (*monotonic_ms)(void))
{
	boot_clock = boot_ms ? boot_ms : loop_boot_ms;
	monotonic_clock = monotonic_ms ? monotonic_ms : loop_now_ms;
}

static void quiet_h(void *arg)
{
	uint64_t slept_ms = watch.slept_ms;

	(void)arg;
	watch.slept_ms = 0;
	watch.h(slept_ms, watch.arg);
}

static void news(void)
{
	uint64_t now = loop_now_ms(), wait = QUIET_MS;

	if (!loop_timer_running(watch.quiet))
		watch.first_ms = now;
	else if (now - watch.first_ms + wait > WAIT_MS)
		wait = watch.first_ms + WAIT_MS > now ? watch.first_ms + WAIT_MS - now : 0;
	loop_timer_start(watch.quiet, wait);
}

static void netlink_h(unsigned flags, void *arg)
{
	char buf[8192];
	bool any = false;
	unsigned i;

	(void)flags;
	(void)arg;
	for (i = 0; i < READS_MAX; i++) {
		struct sockaddr_nl from = {0};
		socklen_t len = sizeof(from);
		ssize_t n = recvfrom(watch.netlink, buf, sizeof(buf), 0, (struct sockaddr *)&from, &len);

		/* what it says is not read: the addresses themselves are looked at. ENOBUFS: some news were lost. */
		if ((n > 0 && len >= sizeof(from) && !from.nl_pid) || (n < 0 && errno == ENOBUFS))
			any = true;
		else if (n < 0 && errno != EINTR)
			break;
	}
	if (any)
		news();
}

static int open_netlink(void)
{
	struct sockaddr_nl at = {
		.nl_family = AF_NETLINK,
		.nl_groups = RTMGRP_LINK | RTMGRP_IPV4_IFADDR | RTMGRP_IPV6_IFADDR | RTMGRP_IPV4_ROUTE | RTMGRP_IPV6_ROUTE,
	};

	watch.netlink = socket(AF_NETLINK, SOCK_RAW | SOCK_NONBLOCK | SOCK_CLOEXEC, NETLINK_ROUTE);
	if (watch.netlink < 0)
		return errno;
	if (bind(watch.netlink, (struct sockaddr *)&at, sizeof(at)))
		return errno;
	return loop_watch(watch.netlink, LOOP_READ, netlink_h, NULL);
}

/* Far away; a change of the wall clock, as after a sleep, cancels it. */
static int arm_wall(void)
{
	struct itimerspec when = {.it_value.tv_sec = time(NULL) + FAR_FUTURE};

	return timerfd_settime(watch.wall, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &when, NULL) ? errno : 0;
}

static void wall_h(unsigned flags, void *arg)
{
	uint64_t expired;

	(void)flags;
	(void)arg;
	/* ECANCELED is the news; after it the timer must be set again */
	if (read(watch.wall, &expired, sizeof(expired)) < 0 && errno == EAGAIN)
		return;
	if (arm_wall()) {
		loop_unwatch(watch.wall);
		return;
	}
	network_woken();
}

static int open_wall(void)
{
	int err;

	watch.wall = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
	if (watch.wall < 0)
		return errno;
	err = arm_wall();
	return err ? err : loop_watch(watch.wall, LOOP_READ, wall_h, NULL);
}

void network_woken(void)
{
	uint64_t slept_ms = slept_since(&watch.slept, boot_clock(), monotonic_clock());

	if (!watch.h || !slept_ms)
		return;
	watch.slept_ms += slept_ms;
	news();
}

int network_watch(network_h *h, void *arg)
{
	int err, err_wall;

	err = loop_timer_new(&watch.quiet, quiet_h, NULL);
	if (err)
		return err;
	watch.h = h;
	watch.arg = arg;
	memset(&watch.slept, 0, sizeof(watch.slept));
	slept_since(&watch.slept, boot_clock(), monotonic_clock());
	err = open_netlink();
	if (err)
		log_warning("the network's changes are not noticed: %s", strerror(err));
	err_wall = open_wall();
	if (err_wall)
		log_warning("the machine's sleep is not noticed: %s", strerror(err_wall));
	return err ? err : err_wall;
}

static void shut(int *fd)
{
	if (*fd < 0)
		return;
	loop_unwatch(*fd);
	close(*fd);
	*fd = -1;
}

void network_unwatch(void)
{
	shut(&watch.netlink);
	shut(&watch.wall);
	loop_timer_free(watch.quiet);
	watch.quiet = NULL;
	watch.h = NULL;
	watch.slept_ms = 0;
}
