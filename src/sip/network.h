/* network.h - tells when the machine's addresses may have changed, or when it has slept. No polling: the kernel
 * says so (rtnetlink(7); timerfd_create(2), TFD_TIMER_CANCEL_ON_SET). */
#ifndef OFFHOOK_SIP_NETWORK_H
#define OFFHOOK_SIP_NETWORK_H

#include <stdint.h>

/* SLEPT_MS: how long the machine was asleep; 0: it was not, but interfaces, addresses or routes have moved. */
typedef void network_h(uint64_t slept_ms, void *arg);

/* Calls H from the loop, once for a burst of news: when it has been quiet for 300 ms, at the latest after 2 s.
 * 0 or an errno: what cannot be watched is not, the rest is. */
int network_watch(network_h *h, void *arg);
void network_unwatch(void);
/* The wall clock was set, or the machine has woken: compares the clocks. Called by itself; a test does it too. */
void network_woken(void);
/* For tests: other clocks than the system's, in ms. NULL: those again. */
void network_clocks(uint64_t (*boot_ms)(void), uint64_t (*monotonic_ms)(void));

#endif
