/* The playout buffer in virtual time: packets are put at chosen moments, 10 ms are taken out at a time. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <math.h>
#include <cmocka.h>

#include "media/playout.h"
#include "media/timescale.h"

#define FRAME   480
#define PACKET  960     /* 20 ms */
#define START   1000000ull
#define MS_US   1000ull

/* A listener: pulls 10 ms each 10 ms, follows advice, and notes what it got. */
struct rig {
	struct playout *p;
	uint64_t now;
	unsigned pending;
	unsigned played[70000];    /* how often the packet of that number was played */
	int last;                  /* number of the newest that was played */
	bool disorder;
	unsigned lost, dry, nothing, silence, redundant; /* samples; redundant: packets */
	unsigned lengthened, shortened;
};

static struct rig rig;

static int begin(void **state)
{
	(void)state;
	memset(&rig, 0, sizeof(rig));
	rig.now = START;
	rig.last = -1;
	return playout_new(&rig.p);
}

static int end(void **state)
{
	(void)state;
	playout_free(rig.p);
	return 0;
}

/* Packet N as a peer with these starts sends it, of 20 ms at 8 kHz; its content is its number. */
static enum playout_result put_at(unsigned n, uint16_t first_seq, uint32_t first_ts, uint64_t arrival)
{
	uint32_t content = n;
	struct playout_packet k = {
		.seq = (uint16_t)(first_seq + n), .timestamp = first_ts + n * 160, .clock_rate = 8000, .format = 1,
		.data = (const uint8_t *)&content, .len = sizeof(content), .arrival_us = arrival
	};

	return playout_put(rig.p, &k);
}

static enum playout_result put(unsigned n)
{
	return put_at(n, 100, 5000, rig.now);
}

static void pull(void)
{
	while (rig.pending < FRAME) {
		struct playout_item item;
		uint32_t n;
		int advice;

		playout_get(rig.p, &item, rig.pending, rig.now);
		switch (item.kind) {
		case PLAYOUT_PACKET:
			assert_int_equal(item.len, sizeof(n));
			memcpy(&n, item.data, sizeof(n));
			assert_true(n < 70000);
			rig.played[n]++;
			rig.disorder |= (int)n <= rig.last;
			rig.last = (int)n;
			playout_played(rig.p, PACKET);
			advice = playout_advice(rig.p, rig.pending + PACKET, false, rig.now);
			rig.lengthened += advice > 0;
			rig.shortened += advice < 0;
			rig.pending += (unsigned)(PACKET + advice * 240);
			continue;
		case PLAYOUT_LOST:
			rig.lost += item.samples;
			rig.redundant += item.data != NULL;
			break;
		case PLAYOUT_DRY:
			rig.dry += item.samples;
			break;
		case PLAYOUT_NOTHING:
			rig.nothing += item.samples;
			break;
		case PLAYOUT_SILENCE:
			rig.silence += item.samples;
			break;
		}
		assert_in_range(item.samples, 1, PLAYOUT_RATE / 1000 * 120);
		rig.pending += item.samples;
	}
	rig.pending -= FRAME;
}

static void run_ms(unsigned ms)
{
	for (; ms; ms -= 10) {
		rig.now += 10 * MS_US;
		pull();
	}
}

static unsigned delay_ms(void)
{
	return playout_delay(rig.p, rig.pending, rig.now) * 1000 / PLAYOUT_RATE;
}

/* Sends packets FROM to TO, each delayed by DELAY_OF() ms, and pulls all the while. */
static void talk(unsigned from, unsigned to, unsigned (*delay_of)(unsigned n))
{
	uint64_t begun = rig.now;
	unsigned ms, n;

	for (ms = 0; ms < (to - from) * 20 + 600; ms++) {
		for (n = from; n < to; n++) {
			if ((n - from) * 20 + delay_of(n) == ms)
				put(n);
		}
		rig.now = begun + (ms + 1) * MS_US;
		if (ms % 10 == 9)
			pull();
	}
}

static unsigned no_delay(unsigned n)
{
	(void)n;
	return 0;
}

static unsigned all_played(unsigned from, unsigned to)
{
	unsigned n, count = 0;

	for (n = from; n < to; n++)
		count += rig.played[n] == 1;
	return count;
}

static void smooth(void **state)
{
	(void)state;
	talk(0, 500, no_delay);
	assert_int_equal(all_played(0, 500), 500);
	assert_false(rig.disorder);
	assert_int_equal(rig.lost, 0);
	/* a way without jitter needs little delay */
	assert_in_range(playout_target(rig.p), PLAYOUT_MIN, PLAYOUT_RATE / 1000 * 15);
}

static void settles(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 500; n++) {
		put(n);
		run_ms(20);
	}
	assert_int_equal(rig.dry, 0);
	assert_in_range(delay_ms(), 5, 45);
}

/* 200 ms that were sent before anybody listened are heard, and the delay they caused goes away. */
static void first_words(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 10; n++)
		put_at(n, 100, 5000, rig.now - (200 - n * 20) * MS_US);
	for (; n < 1000; n++) {
		put(n);
		run_ms(20);
	}
	assert_int_equal(all_played(0, 990), 990);
	assert_int_equal(rig.dry, 0);
	assert_in_range(delay_ms(), 5, 50);
}

static void reorder(void **state)
{
	unsigned n;

	(void)state;
	/* the very first two are swapped, then every fifth pair */
	put(1);
	put(0);
	run_ms(40);
	for (n = 2; n < 200; n += 2) {
		if (n % 10 == 0) {
			put(n + 1);
			put(n);
		}
		else {
			put(n);
			put(n + 1);
		}
		run_ms(40);
	}
	assert_int_equal(all_played(0, 198), 198);
	assert_false(rig.disorder);
}

static void duplicates(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 50; n++) {
		assert_int_equal(put(n), PLAYOUT_KEPT);
		assert_int_equal(put(n), PLAYOUT_DUPLICATE);
		run_ms(20);
	}
	run_ms(200);
	assert_int_equal(all_played(0, 50), 50);
	/* one that was played long ago is late, not played again */
	assert_int_equal(put(10), PLAYOUT_LATE);
	assert_int_equal(playout_counts(rig.p)->duplicate, 50);
	assert_int_equal(playout_counts(rig.p)->late, 1);
}

static void loss(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 400; n++) {
		if (n % 20 != 7)
			put(n);
		run_ms(20);
	}
	assert_in_range(all_played(0, 400), 376, 380);
	/* each was replaced by as much invented sound, with the next packet's redundancy at hand */
	assert_in_range(rig.lost + rig.dry, 19 * PACKET, 20 * PACKET);
	assert_true(rig.lost > 0);
	assert_in_range(rig.redundant, 15, 20);
	assert_false(rig.disorder);
}

static unsigned jitter60(unsigned n)
{
	return n * 7919 % 61;
}

static void jitter(void **state)
{
	unsigned ms60 = PLAYOUT_RATE / 1000 * 60;

	(void)state;
	talk(0, 1000, jitter60);
	assert_in_range(playout_target(rig.p), ms60 - PACKET / 2, ms60 + PACKET);
	/* once it is known, next to nothing is too late */
	assert_true(all_played(200, 1000) >= 795);
	assert_false(rig.disorder);
}

/* The device runs 4 % too fast: the sound is stretched before it runs dry. */
static void stretches(void **state)
{
	uint64_t begun;
	unsigned n, pulls;

	(void)state;
	talk(0, 300, jitter60);
	begun = rig.now;
	rig.dry = 0;
	for (n = 300, pulls = 0; n < 900; pulls++) {
		rig.now = begun + pulls * 9600ull;
		for (; n < 900 && begun + (n - 300) * 20000ull + (n % 2) * 60000ull <= rig.now; n++)
			put(n);
		pull();
	}
	assert_in_range(rig.lengthened, 10, 200);
}

static unsigned stall(unsigned n)
{
	/* packets 200 to 215 all come when 215 does */
	return n >= 200 && n < 215 ? (215 - n) * 20 : 0;
}

/* The network stops for 300 ms and then brings everything: nothing is thrown away, the delay goes back. */
static void burst(void **state)
{
	(void)state;
	talk(0, 1500, stall);
	assert_int_equal(all_played(0, 1500), 1500);
	assert_false(rig.disorder);
	assert_in_range(playout_target(rig.p), PLAYOUT_MIN, PLAYOUT_RATE / 1000 * 20);
}

static void sequence_wraps(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 300; n++) {
		assert_int_equal(put_at(n, 65400, UINT32_MAX - 20000, rig.now), PLAYOUT_KEPT);
		run_ms(20);
	}
	run_ms(100);
	assert_int_equal(all_played(0, 300), 300);
	assert_false(rig.disorder);
}

/* One forged packet with any timestamp does nothing; a real jump costs one packet. */
static void forged_timestamps(void **state)
{
	static const uint32_t jumps[] = {0x7fffffff, 0x80000000, 0x80000001, 0xffff0000, 16001, 1u << 30, 48000 * 60};
	unsigned n = 0, i;

	(void)state;
	for (; n < 100; n++) {
		put(n);
		run_ms(20);
	}
	for (i = 0; i < sizeof(jumps) / sizeof(jumps[0]); i++, n++) {
		uint8_t noise = 1;
		struct playout_packet k = {
			.seq = (uint16_t)(100 + n + 1), .timestamp = 5000 + n * 160 + jumps[i], .clock_rate = 8000,
			.data = &noise, .len = 1, .arrival_us = rig.now
		};

		assert_int_equal(playout_put(rig.p, &k), PLAYOUT_REFUSED);
		put(n);
		run_ms(20);
	}
	for (; n < 200; n++) {
		put(n);
		run_ms(20);
	}
	assert_int_equal(all_played(0, 195), 195);
	assert_int_equal(playout_counts(rig.p)->restarted, 0);
	/* the sender's clock really jumps */
	assert_int_equal(put_at(200, 100, 5000 + 0x60000000, rig.now), PLAYOUT_REFUSED);
	run_ms(20);
	for (n = 201; n < 300; n++) {
		assert_int_not_equal(put_at(n, 100, 5000 + 0x60000000, rig.now), PLAYOUT_REFUSED);
		run_ms(20);
	}
	run_ms(200);
	assert_int_equal(all_played(201, 300), 99);
	assert_int_equal(playout_counts(rig.p)->restarted, 1);
	assert_in_range(delay_ms(), 0, 300);
}

static void sequence_jumps(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 100; n++) {
		put(n);
		run_ms(20);
	}
	/* one forged number does nothing */
	assert_int_equal(put_at(100, 5000, 5000, rig.now), PLAYOUT_REFUSED);
	assert_int_equal(put_at(100, (uint16_t)-5000, 5000, rig.now), PLAYOUT_REFUSED);
	put(100);
	run_ms(20);
	assert_int_equal(playout_counts(rig.p)->refused, 2);
	assert_int_equal(all_played(0, 98), 98);
	put_at(100, 30000, 5000, rig.now);
	for (n = 101; n < 150; n++) {
		put_at(n, 30000, 5000, rig.now);
		run_ms(20);
	}
	run_ms(100);
	assert_int_equal(all_played(101, 150), 49);
}

/* The peer pauses for ten minutes; its clock goes on or stands still. */
static void long_pause(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 100; n++) {
		put(n);
		run_ms(20);
	}
	run_ms(600000);
	for (n = 100; n < 200; n++) {
		put(n);
		run_ms(20);
	}
	run_ms(100);
	assert_int_equal(all_played(100, 200), 100);
	assert_in_range(playout_target(rig.p), PLAYOUT_MIN, PLAYOUT_RATE / 1000 * 50);
	run_ms(600000);
	for (n = 30200; n < 30400; n++) {
		put_at(n, (uint16_t)(100 - 30000), 5000, rig.now);
		run_ms(20);
	}
	run_ms(100);
	assert_true(all_played(30200, 30400) >= 199);
	assert_in_range(delay_ms(), 0, 3000);
}

/* Silence that the sender does not send: no packet is missing, the time is kept. */
static void suppressed_silence(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 50; n++) {
		put(n);
		run_ms(20);
	}
	run_ms(400);
	for (n = 70; n < 150; n++) {
		put_at(n, 80, 5000, rig.now);
		run_ms(20);
	}
	assert_int_equal(rig.lost, 0);
	assert_true(all_played(70, 150) >= 77);
	assert_in_range(delay_ms(), 5, 60);
}

/* More packets than there are slots, all at once. */
static void flood(void **state)
{
	unsigned n;

	(void)state;
	for (n = 0; n < 1000; n++)
		put(n);
	run_ms(1000);
	assert_true(all_played(0, 1000) <= PLAYOUT_SLOTS);
	assert_int_equal(rig.played[999], 1);
	for (; n < 1200; n++) {
		put(n);
		run_ms(20);
	}
	assert_true(all_played(1100, 1195) >= 90);
}

static void too_long(void **state)
{
	static const uint8_t big[PLAYOUT_BYTES + 1];
	struct playout_packet k = {.seq = 1, .clock_rate = 8000, .data = big, .len = sizeof(big), .arrival_us = START};

	(void)state;
	assert_int_equal(playout_put(rig.p, &k), PLAYOUT_REFUSED);
	k.len = 10;
	k.clock_rate = 0;
	assert_int_equal(playout_put(rig.p, &k), PLAYOUT_REFUSED);
	k.clock_rate = 44100;
	assert_int_equal(playout_put(rig.p, &k), PLAYOUT_REFUSED);
	k.clock_rate = 48000;
	k.len = PLAYOUT_BYTES;
	assert_int_equal(playout_put(rig.p, &k), PLAYOUT_KEPT);
}

/* Telephone-events take sequence numbers: they are no loss, and their old timestamps hold nothing back. */
static void events(void **state)
{
	unsigned n, i;

	(void)state;
	for (n = 0; n < 100; n++) {
		put(n);
		run_ms(20);
	}
	for (i = 0; i < 50; i++, n++) {
		struct playout_packet k = {
			.seq = (uint16_t)(100 + n), .timestamp = 5000 + 100 * 160, .clock_rate = 8000,
			.arrival_us = rig.now
		};

		assert_int_equal(playout_put(rig.p, &k), PLAYOUT_KEPT);
		run_ms(20);
	}
	assert_in_range(delay_ms(), 0, 80);
	for (; n < 300; n++) {
		put(n);
		run_ms(20);
	}
	run_ms(100);
	assert_int_equal(all_played(0, 100), 100);
	assert_int_equal(all_played(150, 300), 150);
	assert_int_equal(rig.lost, 0);
	assert_in_range(delay_ms(), 0, 60);
}

/* One that claims to be a second ahead has no sound either: it is never handed out to be decoded (pull() asserts that). */
static void far_event(void **state)
{
	struct playout_packet k = {.timestamp = 5000, .clock_rate = 8000, .format = -1};
	unsigned n;

	(void)state;
	for (n = 0; n < 50; n++) {
		put(n);
		run_ms(20);
	}
	k.seq = (uint16_t)(100 + n + 50);
	k.arrival_us = rig.now;
	assert_int_equal(playout_put(rig.p, &k), PLAYOUT_KEPT);
	run_ms(100);
	assert_int_equal(all_played(0, 50), 50);
	for (n = 101; n < 150; n++) {
		put(n);
		run_ms(20);
	}
	run_ms(100);
	assert_int_equal(all_played(101, 150), 49);
}

/* Anything at all, for a long time: bounds hold (asserted in pull()), no memory is touched that is not ours. */
static void anything(void **state)
{
	uint32_t x = 12345;
	unsigned i;

	(void)state;
	for (i = 0; i < 200000; i++) {
		uint32_t content = 0;
		struct playout_packet k = {.data = (const uint8_t *)&content, .clock_rate = 8000, .arrival_us = rig.now};

		x = x * 1664525 + 1013904223;
		k.seq = (uint16_t)(x >> 8);
		k.len = x & 0x80 ? sizeof(content) : 0;
		if (x & 0x40)
			k.seq = (uint16_t)(k.seq & 63);
		x = x * 1664525 + 1013904223;
		k.timestamp = x & 4 ? x : x % 5000;
		k.clock_rate = x & 0x300 ? 8000 : 48000;
		playout_put(rig.p, &k);
		if (i % 3 == 0)
			run_ms(10);
	}
	assert_in_range(playout_target(rig.p), PLAYOUT_MIN, PLAYOUT_MAX);
}

/* Shortening and lengthening a sine by whole periods leaves a sine. */
static void scaling(void **state)
{
	int16_t pcm[PACKET + TIMESCALE_STEP];
	unsigned n, i;
	double power;
	int jump = 0;

	(void)state;
	for (i = 0; i < PACKET; i++)
		pcm[i] = (int16_t)(10000 * sin(2 * M_PI * i / 240));
	n = timescale_lengthen(pcm, PACKET);
	assert_in_range(n, PACKET + 120, PACKET + TIMESCALE_STEP);
	for (i = 1; i < n; i++)
		jump = abs(pcm[i] - pcm[i - 1]) > jump ? abs(pcm[i] - pcm[i - 1]) : jump;
	assert_true(jump < 300);
	assert_in_range(abs(pcm[n - 1] - (int)(10000 * sin(2 * M_PI * (PACKET - 1) / 240))), 0, 1);
	n = timescale_shorten(pcm, n);
	for (jump = 0, i = 1; i < n; i++)
		jump = abs(pcm[i] - pcm[i - 1]) > jump ? abs(pcm[i] - pcm[i - 1]) : jump;
	assert_true(jump < 300);
	assert_true(n <= PACKET + TIMESCALE_STEP - 120);
	assert_int_equal(timescale_shorten(pcm, 100), 100);
	assert_int_equal(timescale_lengthen(pcm, 100), 100);
	/* the right period: a wrong one would cancel the sine where it is blended */
	for (i = 0; i < n; i++)
		pcm[i] = (int16_t)(10000 * sin(2 * M_PI * i / 150));
	n = timescale_shorten(pcm, PACKET);
	for (power = 0, i = 0; i < n; i++)
		power += (double)pcm[i] * pcm[i];
	assert_true(sqrt(power / n) > 6900);
	/* blended, also where nothing repeats */
	for (i = 0; i < PACKET; i++)
		pcm[i] = (int16_t)(8000 * sin(2 * M_PI * i * i / 200000.0));
	n = timescale_shorten(pcm, PACKET);
	for (jump = 0, i = 1; i < n; i++)
		jump = abs(pcm[i] - pcm[i - 1]) > jump ? abs(pcm[i] - pcm[i - 1]) : jump;
	assert_true(jump < 700);
	memset(pcm, 0, sizeof(pcm));
	assert_true(timescale_quiet(pcm, PACKET));
	assert_true(timescale_shorten(pcm, 480) < 480);
}

int main(void)
{
#define T(f) cmocka_unit_test_setup_teardown(f, begin, end)
	const struct CMUnitTest tests[] = {
		T(smooth), T(settles), T(first_words), T(reorder), T(duplicates), T(loss), T(jitter), T(stretches), T(burst),
		T(sequence_wraps), T(forged_timestamps), T(sequence_jumps), T(long_pause), T(suppressed_silence),
		T(flood), T(too_long), T(events), T(far_event), T(anything), cmocka_unit_test(scaling),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
