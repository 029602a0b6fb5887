/* report.h - RTCP as two parties need it (RFC 3550 section 6): what was received, told to the sender, and
 * what the other side tells about us. Pure. */
#ifndef OFFHOOK_MEDIA_REPORT_H
#define OFFHOOK_MEDIA_REPORT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define REPORT_INTERVAL_MS 5000
#define REPORT_BYTES_MAX   256
#define REPORT_CNAME_MAX   64

/* Reception of one source: RFC 3550 appendix A.3 and A.8. */
struct reception {
	bool started;
	uint32_t ssrc;
	uint32_t clock_rate;
	int64_t base, highest;         /* extended sequence numbers */
	uint64_t received;
	uint64_t gone;                 /* expected and received before the order began anew */
	uint64_t gone_received;
	uint64_t expected_before, received_before;   /* at the last report */
	double transit, jitter;        /* in units of the clock */
	bool has_transit;
	/* their last sender report */
	uint32_t last_sr;              /* middle 32 bits of its NTP time, 0 = none */
	uint64_t last_sr_us;           /* when it came */
};

void reception_start(struct reception *r, uint32_t ssrc);
/* The order of sequence numbers begins anew with the next packet; totals go on. */
void reception_restart(struct reception *r);
/* A packet came. TIMED: its timestamp says when it was sent (not of a telephone-event). */
void reception_packet(struct reception *r, uint16_t seq, uint32_t timestamp, uint32_t clock_rate, bool timed,
		      uint64_t arrival_us);
uint64_t reception_expected(const struct reception *r);
uint64_t reception_received(const struct reception *r);
/* Seconds. */
double reception_jitter(const struct reception *r);

/* What goes out. */
struct report_own {
	uint32_t ssrc;
	bool sent;                     /* packets went out since the last report: SR rather than RR */
	bool bye;
	uint64_t ntp;                  /* now, 32.32 */
	uint32_t timestamp;            /* now, in RTP time */
	uint32_t packets, octets;
	const char *cname;
};

/* Writes a compound packet (SR or RR, SDES, BYE). R may be one that has not started. Returns its length. */
size_t report_write(uint8_t *dst, size_t size, const struct report_own *own, struct reception *r, uint64_t now_us);

/* What came in. */
struct report_news {
	uint32_t ssrc;                 /* of the sender */
	bool has_sr;
	uint64_t sr_ntp;
	bool has_block;                /* a report about OWN_SSRC */
	unsigned fraction;             /* lost of what we sent, in 1/256 */
	uint32_t jitter;               /* units of our clock */
	uint32_t lsr, dlsr;
	bool bye;
};

/* Reads a compound packet; bounds are checked, unknown parts stepped over. False: not RTCP. */
bool report_read(struct report_news *news, uint32_t own_ssrc, const uint8_t *p, size_t len);

/* Seconds from our report to its answer; < 0: it cannot be known. NTP: now, 32.32. RFC 3550 section 6.4.1. */
double report_round_trip(const struct report_news *news, uint64_t ntp);

/* E-model (ITU-T G.107, simplified): 1 to 4.5. LOSS 0-1 of what should have been played, DELAY one way in
 * seconds. WIDE: Opus, else G.711. */
double report_mos(bool wide, double loss, double delay);

#endif
