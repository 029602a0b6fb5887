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
#include "phone/settings.h"

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

/* What is heard in each country: frequencies, and ms of sound and silence in turn. Hz below 100 modulate the first. */
static const struct expected {
	const char *country;
	enum tone tone;
	double hz[2];
	unsigned ms[6];
} expected[] = {
	{"etsi", TONE_RINGBACK, {425}, {1000, 4000}},
	{"au", TONE_RINGBACK, {425, 25}, {400, 200, 400, 2000}},
	{"de", TONE_RINGBACK, {425}, {1000, 4000}},
	{"es", TONE_RINGBACK, {425}, {1500, 3000}},
	{"fr", TONE_RINGBACK, {440}, {1500, 3500}},
	{"gb", TONE_RINGBACK, {400, 450}, {400, 200, 400, 2000}},
	{"it", TONE_RINGBACK, {425}, {1000, 4000}},
	{"jp", TONE_RINGBACK, {400, 16}, {1000, 2000}},
	{"uk", TONE_RINGBACK, {400, 450}, {400, 200, 400, 2000}},
	{"us", TONE_RINGBACK, {440, 480}, {2000, 4000}},
	{"etsi", TONE_BUSY, {425}, {500, 500}},
	{"au", TONE_BUSY, {425}, {375, 375}},
	{"de", TONE_BUSY, {425}, {480, 480}},
	{"es", TONE_BUSY, {425}, {200, 200}},
	{"fr", TONE_BUSY, {440}, {500, 500}},
	{"gb", TONE_BUSY, {400}, {375, 375}},
	{"it", TONE_BUSY, {425}, {500, 500}},
	{"jp", TONE_BUSY, {400}, {500, 500}},
	{"uk", TONE_BUSY, {400}, {375, 375}},
	{"us", TONE_BUSY, {480, 620}, {500, 500}},
	{"etsi", TONE_REORDER, {425}, {200, 200}},
	{"au", TONE_REORDER, {425}, {375, 375}},
	{"de", TONE_REORDER, {425}, {240, 240}},
	{"es", TONE_REORDER, {425}, {200, 200, 200, 200, 200, 600}},
	{"fr", TONE_REORDER, {440}, {250, 250}},
	{"gb", TONE_REORDER, {400}, {400, 350, 225, 525}},
	{"it", TONE_REORDER, {425}, {200, 200}},
	{"jp", TONE_REORDER, {400}, {500, 500}},
	{"uk", TONE_REORDER, {400}, {400, 350, 225, 525}},
	{"us", TONE_REORDER, {480, 620}, {250, 250}},
	{"etsi", TONE_CALL_WAITING, {425}, {200, 600, 200, 3000}},
	{"au", TONE_CALL_WAITING, {425}, {200, 200, 200, 4400}},
	{"de", TONE_CALL_WAITING, {425}, {200, 200, 200, 5000}},
	{"es", TONE_CALL_WAITING, {425}, {175, 175, 175, 3500}},
	{"fr", TONE_CALL_WAITING, {440}, {300, 10000}},
	{"gb", TONE_CALL_WAITING, {400}, {100, 3000}},
	{"it", TONE_CALL_WAITING, {425}, {400, 100, 250, 100, 150, 14000}},
	{"jp", TONE_CALL_WAITING, {400, 16}, {500, 4000}},
	{"uk", TONE_CALL_WAITING, {400}, {100, 3000}},
	{"us", TONE_CALL_WAITING, {440}, {300, 10000}},
};

static int16_t buffer[48 * 31000];

/* The length of the run that begins at sample I: of silence, or of sound without 20 ms of silence in it. */
static unsigned run_length(unsigned i, unsigned end, bool sound)
{
	unsigned k, quiet = 0;

	for (k = i; k < end; k++) {
		quiet = buffer[k] ? 0 : quiet + 1;
		if (!sound && buffer[k])
			return k - i;
		if (sound && quiet == 20 * 48)
			return k + 1 - quiet - i;
	}
	return end - i;
}

/* The power of what E says in N samples from I on, as a share of all. A modulation puts it beside the carrier too. */
static double share_of(const struct expected *e, unsigned i, unsigned n)
{
	double share = share_at(buffer + i, n, e->hz[0]);

	if (e->hz[1] >= 100)
		return share + share_at(buffer + i, n, e->hz[1]);
	if (e->hz[1] > 0) {
		double beside = share_at(buffer + i, n, e->hz[0] - e->hz[1]) + share_at(buffer + i, n, e->hz[0] + e->hz[1]);

		assert_true(beside > 0.2 && beside < 0.33);
		share += beside;
	}
	return share;
}

static void cadences(void **state)
{
	unsigned i, k;

	(void)state;
	for (i = 0; i < sizeof(expected) / sizeof(expected[0]); i++) {
		const struct expected *e = &expected[i];
		unsigned at = 0, period = 0, end, steps = 0;
		struct tones t = {0};

		for (; steps < 6 && e->ms[steps]; steps++)
			period += e->ms[steps];
		end = 2 * period * 48;
		tones_start(&t, e->tone, tones_plan_of(e->country));
		assert_true(tones_active(&t));
		make(&t, buffer, 2 * period / 10 * 10);
		/* twice through */
		for (k = 0; k < 2 * steps; k++) {
			unsigned wanted = e->ms[k % steps] * 48, got = run_length(at, end, k % 2 == 0);

			/* it comes from zero and goes there; 2 ms of it are too soft for a sample to be one */
			if (got + 96 < wanted || got > wanted + 96)
				fail_msg("%s, %s: step %u takes %u samples, not %u", e->country, tone_name(e->tone), k, got, wanted);
			if (k % 2 == 0 && share_of(e, at, got) < 0.94)
				fail_msg("%s, %s: step %u is not %g Hz, %g Hz but %g of it", e->country, tone_name(e->tone), k, e->hz[0],
					 e->hz[1], share_of(e, at, got));
			at += got;
		}
	}
}

/* Every country that the option has is in the table above with all its tones, and all but one have a plan of their own. */
static void countries(void **state)
{
	static const char *const names[] = {TONE_COUNTRIES};
	unsigned i, k, n;

	(void)state;
	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		for (k = n = 0; k < sizeof(expected) / sizeof(expected[0]); k++)
			n += !strcmp(expected[k].country, names[i]);
		assert_int_equal(n, 4);
		assert_int_equal(tones_plan_of(names[i]) == TONES_ETSI, !strcmp(names[i], "etsi"));
	}
	assert_int_equal(tones_plan_of("xx"), TONES_ETSI);
	assert_int_equal(tones_plan_of(""), TONES_ETSI);
	assert_int_equal(tones_plan_of("uk"), tones_plan_of("gb"));
}

/* Australia's congestion differs from its busy tone by being softer every second time. */
static void softer_every_second_time(void **state)
{
	struct level loud = {0}, soft = {0};
	struct tones t = {0};
	double difference;

	(void)state;
	tones_start(&t, TONE_REORDER, TONES_AU);
	make(&t, buffer, 1500);
	level_add(&loud, buffer, 375 * 48);
	level_add(&soft, buffer + 750 * 48, 375 * 48);
	difference = level_take(&loud) - level_take(&soft);
	assert_true(fabs(difference - 10) < 0.1);
}

static void sit(void **state)
{
	static const double hz[] = {950, 1400, 1800};
	struct tones t = {0};
	unsigned i;

	(void)state;
	tones_start(&t, TONE_SIT, tones_plan_of("jp"));
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

/* The plan is that of the tone's beginning. */
static void plan(void **state)
{
	struct pipeline *p = new_pipeline();
	int16_t play[FRAME], captured[FRAME] = {0};
	unsigned i, k;

	(void)state;
	for (i = 0; i < 2; i++) {
		pipeline_tone(p, 1, TONE_BUSY);
		pipeline_plan(p, TONES_FR);
		for (k = 0; k < 40; k++) {
			pipeline_frame(p, captured, play, 0, 1000000);
			memcpy(buffer + k * FRAME, play, sizeof(play));
		}
		assert_true(share_at(buffer, 40 * FRAME, i ? 440 : 425) > 0.95);
		pipeline_tone(p, 1, TONE_NONE);
	}
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
		cmocka_unit_test(cadences), cmocka_unit_test(countries),
		cmocka_unit_test(softer_every_second_time), cmocka_unit_test(plan), cmocka_unit_test(sit), cmocka_unit_test(milliwatt), cmocka_unit_test(ring),
		cmocka_unit_test(keypad), cmocka_unit_test(no_clicks), cmocka_unit_test(newest_tone),
		cmocka_unit_test(volume), cmocka_unit_test(meters),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
