/* Tones and pipeline: frequencies by Goertzel, cadences by listening, and what each call hears. */
#include <errno.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "media/level.h"
#include "media/pipeline.h"
#include "media/tones.h"

#define FRAME 480

/* Power at HZ, as a share of all power. */
static double share_at(const int16_t *pcm, unsigned n, double hz)
{
	double c = 2 * cos(2 * M_PI * hz / TONES_RATE), s1 = 0, s2 = 0, all = 1;
	unsigned i;

	for (i = 0; i < n; i++) {
		double s = pcm[i] + c * s1 - s2;

		s2 = s1;
		s1 = s;
		all += (double)pcm[i] * pcm[i];
	}
	return 2 * (s1 * s1 + s2 * s2 - c * s1 * s2) / n / all;
}

static void make(struct tones *t, int16_t *pcm, unsigned ms)
{
	memset(pcm, 0, ms * 48 * sizeof(*pcm));
	for (; ms >= 10; ms -= 10, pcm += FRAME)
		tones_add(t, pcm, FRAME);
}

static const struct expected {
	enum tone tone;
	enum tones_plan plan;
	double hz[2];
	unsigned on, off;          /* ms of the first beat and the pause after it */
} expected[] = {
	{TONE_RINGBACK, TONES_ETSI, {425, 0}, 1000, 4000},
	{TONE_RINGBACK, TONES_US, {440, 480}, 2000, 4000},
	{TONE_BUSY, TONES_ETSI, {425, 0}, 500, 500},
	{TONE_BUSY, TONES_US, {480, 620}, 500, 500},
	{TONE_REORDER, TONES_ETSI, {425, 0}, 250, 250},
	{TONE_REORDER, TONES_US, {480, 620}, 250, 250},
	{TONE_CALL_WAITING, TONES_ETSI, {425, 0}, 200, 600},
	{TONE_CALL_WAITING, TONES_US, {440, 0}, 300, 9700},
};

static int16_t buffer[48 * 12000];

static void cadences(void **state)
{
	unsigned i, k;

	(void)state;
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct expected *e = &expected[i];
		unsigned period = e->on + e->off, loud = 0;
		struct tones t = {0};
		double share;

		tones_start(&t, e->tone, e->plan);
		assert_true(tones_active(&t));
		make(&t, buffer, period + 100);
		share = share_at(buffer, e->on * 48, e->hz[0]);
		if (e->hz[1] > 0)
			share += share_at(buffer, e->on * 48, e->hz[1]);
		assert_true(share > 0.95);
		for (k = 0; k < period; k++) {
			struct level l = {0};

			level_add(&l, buffer + k * 48, 48);
			loud += level_take(&l) > -45;
		}
		/* soft edges and beats between two frequencies take a little */
		assert_in_range(loud, e->on * 85 / 100, e->on);
		/* nothing in the pause, and it begins again */
		for (k = e->on * 48; k < period * 48; k++)
			assert_int_equal(buffer[k], 0);
		assert_true(share_at(buffer + period * 48, 100 * 48, e->hz[0]) > 0.4);
	}
}

static void sit(void **state)
{
	static const double hz[] = {950, 1400, 1800};
	struct tones t = {0};
	unsigned i;

	(void)state;
	tones_start(&t, TONE_SIT, TONES_ETSI);
	make(&t, buffer, 2000);
	for (i = 0; i < 3; i++)
		assert_true(share_at(buffer + i * 330 * 48, 330 * 48, hz[i]) > 0.95);
	for (i = 990 * 48; i < 1990 * 48; i++)
		assert_int_equal(buffer[i], 0);
}

static void milliwatt(void **state)
{
	struct tones t = {0};
	struct level l = {0};
	double db;

	(void)state;
	tones_start(&t, TONE_MILLIWATT, TONES_ETSI);
	make(&t, buffer, 1000);
	assert_true(share_at(buffer, 48000, 1004) > 0.98);
	level_add(&l, buffer + 4800, 4800);
	db = level_take(&l);
	/* 0 dBm0: 3.14 dB under the loudest sine, which is at -3.01 dBFS */
	assert_true(db > -6.3 && db < -6.0);
	tones_start(&t, TONE_NONE, TONES_ETSI);
	assert_false(tones_active(&t));
}

static void ring(void **state)
{
	struct tones t = {0};
	struct level l = {0};

	(void)state;
	tones_start(&t, TONE_RING, TONES_ETSI);
	make(&t, buffer, 4800);
	level_add(&l, buffer, 800 * 48);
	assert_true(level_take(&l) > -22);
	level_add(&l, buffer + 810 * 48, 3900 * 48);
	assert_true(level_take(&l) < -120);
}

static void keypad(void **state)
{
	struct tones t = {0};

	(void)state;
	tones_digit(&t, '6', 100);
	make(&t, buffer, 200);
	assert_true(share_at(buffer, 4800, 770) > 0.4);
	assert_true(share_at(buffer, 4800, 1477) > 0.4);
	assert_int_equal(buffer[5000], 0);
	assert_false(tones_active(&t));
	tones_digit(&t, 'x', 100);
	assert_false(tones_active(&t));
}

/* No step between two samples is larger than the sines themselves make: no clicks. */
static void no_clicks(void **state)
{
	struct tones t = {0};
	unsigned i;

	(void)state;
	tones_start(&t, TONE_BUSY, TONES_US);
	make(&t, buffer, 2100);
	/* it comes softly: 1 ms from the start it is far from its full size */
	for (i = 0; i < 24; i++)
		assert_in_range(abs(buffer[i]), 0, 1500);
	for (i = 1; i < 2100 * 48; i++)
		assert_in_range(abs(buffer[i] - buffer[i - 1]), 0, 900);
}

/* --- pipeline ------------------------------------------------------------------------------------ */

static unsigned level_count;
static double rx_level, tx_level;

static void levels_h(double rx, double tx, void *arg)
{
	(void)arg;
	level_count++;
	rx_level = rx;
	tx_level = tx;
}

static void stats_h(unsigned call, const struct media_stats *stats, void *arg)
{
	(void)call;
	(void)stats;
	(void)arg;
	fail();
}

static struct pipeline *new_pipeline(void)
{
	static const struct pipeline_handlers h = {.stats = stats_h, .levels = levels_h};
	struct pipeline *p;

	level_count = 0;
	assert_int_equal(pipeline_new(&p, &h), 0);
	return p;
}

static double play_level(struct pipeline *p, unsigned frames)
{
	int16_t captured[FRAME], play[FRAME];
	struct level l = {0};
	unsigned i;

	for (i = 0; i < FRAME; i++)
		captured[i] = (int16_t)(i % 2 ? 3277 : -3277);
	for (; frames; frames--) {
		pipeline_frame(p, captured, play, 0, 1000000);
		level_add(&l, play, FRAME);
	}
	return level_take(&l);
}

static void newest_tone(void **state)
{
	struct pipeline *p = new_pipeline();
	unsigned i;

	(void)state;
	assert_false(pipeline_active(p));
	assert_true(play_level(p, 10) < -120);
	assert_int_equal(pipeline_tone(p, 0, TONE_BUSY), EINVAL);
	assert_int_equal(pipeline_tone(p, 1, TONE_MILLIWATT), 0);
	assert_true(pipeline_active(p));
	assert_true(play_level(p, 10) > -7);
	/* a newer one is heard instead, and then the older one again */
	assert_int_equal(pipeline_tone(p, 2, TONE_RINGBACK), 0);
	assert_true(play_level(p, 10) < -12);
	assert_int_equal(pipeline_tone(p, 2, TONE_NONE), 0);
	assert_true(play_level(p, 10) > -7);
	assert_int_equal(pipeline_tone(p, 1, TONE_NONE), 0);
	assert_false(pipeline_active(p));
	for (i = 1; i <= PHONE_CALLS_MAX; i++)
		assert_int_equal(pipeline_tone(p, i, TONE_BUSY), 0);
	assert_int_equal(pipeline_tone(p, i, TONE_BUSY), ENOSPC);
	assert_int_equal(pipeline_tone(p, i, TONE_NONE), 0);
	pipeline_free(p);
}

static void volume(void **state)
{
	static const int16_t silence[FRAME];
	struct pipeline *p = new_pipeline();
	int16_t play[FRAME];
	unsigned i;
	double at100, at50, at200;

	(void)state;
	pipeline_tone(p, 1, TONE_RINGBACK);
	at100 = play_level(p, 50);
	pipeline_tone(p, 1, TONE_NONE);
	pipeline_tone(p, 1, TONE_RINGBACK);
	pipeline_volume(p, 50);
	at50 = play_level(p, 50);
	pipeline_tone(p, 1, TONE_NONE);
	pipeline_tone(p, 1, TONE_RINGBACK);
	pipeline_volume(p, 300);
	at200 = play_level(p, 50);
	assert_true(fabs(at100 - at50 - 6.02) < 0.1);
	assert_true(fabs(at200 - at100 - 6.02) < 0.1);
	/* loud sound is bent, not cut: 200 % of a milliwatt stays below full scale */
	pipeline_tone(p, 1, TONE_MILLIWATT);
	assert_true(play_level(p, 50) < -2);
	pipeline_frame(p, silence, play, 0, 1000000);
	for (i = 1; i < FRAME; i++)
		assert_in_range(abs(play[i] - play[i - 1]), 0, 6600);
	pipeline_volume(p, 0);
	assert_true(play_level(p, 10) < -120);
	pipeline_free(p);
}

static void meters(void **state)
{
	struct pipeline *p = new_pipeline();

	(void)state;
	pipeline_tone(p, 1, TONE_MILLIWATT);
	play_level(p, 100);
	assert_int_equal(level_count, 0);
	pipeline_meters(p, true);
	play_level(p, 100);
	assert_int_equal(level_count, 5);
	assert_true(fabs(tx_level + 20) < 0.1);
	assert_true(rx_level > -6.3 && rx_level < -6);
	pipeline_mute(p, true);
	play_level(p, 20);
	assert_true(tx_level < -120);
	pipeline_free(p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cadences), cmocka_unit_test(sit), cmocka_unit_test(milliwatt), cmocka_unit_test(ring),
		cmocka_unit_test(keypad), cmocka_unit_test(no_clicks), cmocka_unit_test(newest_tone),
		cmocka_unit_test(volume), cmocka_unit_test(meters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
