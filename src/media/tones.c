#include <math.h>
#include <string.h>

#include "media/tones.h"

#define SINE_LEVEL      0.16    /* of full scale, each of two sines: about -16 dBFS */
#define SOLO_LEVEL      0.22    /* a sine alone */
#define MILLIWATT_LEVEL 0.70    /* 0 dBm0 in G.711 is 3.14 dB below the loudest sine */
#define DIGIT_LEVEL     0.10
#define RAMP            (TONES_RATE / 1000 * 4)   /* 4 ms in and out: no clicks */
#define STEPS_MAX       24

#define MODULATION      0.85    /* depth */

/* A piece of a cadence; no Hz = silence; 0 ms = for ever. */
struct tones_step {
	double hz[TONES_SINES];
	unsigned ms;
	double by;       /* Hz of a sine that modulates it; 0 = none */
	double down;     /* dB below its usual level */
};

#define ON1(a, ms)          {{a, 0}, ms, 0, 0}
#define ON2(a, b, ms)       {{a, b}, ms, 0, 0}
#define MODULATED(a, m, ms) {{a, 0}, ms, m, 0}
#define SOFT(a, d, ms)      {{a, 0}, ms, 0, d}
#define OFF(ms)             {{0, 0}, ms, 0, 0}
/* a bell: two notes in turn, 40 ms each */
#define BELL                ON2(660, 1320, 40), ON2(880, 1760, 40)
#define BELL5               BELL, BELL, BELL, BELL, BELL

/* The cadences of each country: supplement 2 to ITU-T E.180; ETSI's: TR 101 041. Where a country has none of its own
 * there are ETSI's; the special information tone is that of E.180 everywhere. */
static const struct row {
	enum tone tone;
	struct tones_step step[TONES_PLANS][STEPS_MAX];
} table[] = {
	{TONE_RINGBACK, {
		[TONES_ETSI] = {ON1(425, 1000), OFF(4000)},
		[TONES_AU] = {MODULATED(425, 25, 400), OFF(200), MODULATED(425, 25, 400), OFF(2000)},
		[TONES_ES] = {ON1(425, 1500), OFF(3000)},
		[TONES_FR] = {ON1(440, 1500), OFF(3500)},
		[TONES_GB] = {ON2(400, 450, 400), OFF(200), ON2(400, 450, 400), OFF(2000)},
		[TONES_JP] = {MODULATED(400, 16, 1000), OFF(2000)},
		[TONES_US] = {ON2(440, 480, 2000), OFF(4000)}}},
	{TONE_BUSY, {
		[TONES_ETSI] = {ON1(425, 500), OFF(500)},
		[TONES_AU] = {ON1(425, 375), OFF(375)},
		[TONES_DE] = {ON1(425, 480), OFF(480)},
		[TONES_ES] = {ON1(425, 200), OFF(200)},
		[TONES_FR] = {ON1(440, 500), OFF(500)},
		[TONES_GB] = {ON1(400, 375), OFF(375)},
		[TONES_JP] = {ON1(400, 500), OFF(500)},
		[TONES_US] = {ON2(480, 620, 500), OFF(500)}}},
	{TONE_REORDER, {
		[TONES_ETSI] = {ON1(425, 200), OFF(200)},
		[TONES_AU] = {ON1(425, 375), OFF(375), SOFT(425, 10, 375), OFF(375)},
		[TONES_DE] = {ON1(425, 240), OFF(240)},
		[TONES_ES] = {ON1(425, 200), OFF(200), ON1(425, 200), OFF(200), ON1(425, 200), OFF(600)},
		[TONES_FR] = {ON1(440, 250), OFF(250)},
		[TONES_GB] = {ON1(400, 400), OFF(350), ON1(400, 225), OFF(525)},
		[TONES_JP] = {ON1(400, 500), OFF(500)}, /* the same as busy there */
		[TONES_US] = {ON2(480, 620, 250), OFF(250)}}},
	{TONE_SIT, {
		[TONES_ETSI] = {ON1(950, 330), ON1(1400, 330), ON1(1800, 330), OFF(1000)}}},
	{TONE_CALL_WAITING, {
		[TONES_ETSI] = {ON1(425, 200), OFF(600), ON1(425, 200), OFF(3000)},
		[TONES_AU] = {ON1(425, 200), OFF(200), ON1(425, 200), OFF(4400)},
		[TONES_DE] = {ON1(425, 200), OFF(200), ON1(425, 200), OFF(5000)},
		[TONES_ES] = {ON1(425, 175), OFF(175), ON1(425, 175), OFF(3500)},
		[TONES_FR] = {ON1(440, 300), OFF(10000)},
		[TONES_GB] = {ON1(400, 100), OFF(3000)},
		[TONES_IT] = {ON1(425, 400), OFF(100), ON1(425, 250), OFF(100), ON1(425, 150), OFF(14000)},
		[TONES_JP] = {MODULATED(400, 16, 500), OFF(4000)},
		[TONES_US] = {ON1(440, 300), OFF(10000)}}},
	{TONE_RING, {
		[TONES_ETSI] = {BELL5, BELL5, OFF(4000)}}},
	{TONE_RING_INTERNAL, {
		[TONES_ETSI] = {BELL5, OFF(200), BELL5, OFF(4000)}}},
	{TONE_RING_URGENT, {
		[TONES_ETSI] = {BELL5, OFF(200), BELL5, OFF(1000)}}},
	{TONE_RING_SHORT, {
		[TONES_ETSI] = {BELL5, OFF(5000)}}},
	{TONE_MILLIWATT, {
		[TONES_ETSI] = {ON1(1004, 0)}}},
};

static const struct {
	const char *country;
	enum tones_plan plan;
} countries[] = {
	{"au", TONES_AU}, {"de", TONES_DE}, {"es", TONES_ES}, {"fr", TONES_FR}, {"gb", TONES_GB}, {"uk", TONES_GB},
	{"it", TONES_IT}, {"jp", TONES_JP}, {"us", TONES_US},
};

enum tones_plan tones_plan_of(const char *country)
{
	unsigned i;

	for (i = 0; i < sizeof(countries) / sizeof(countries[0]); i++) {
		if (!strcmp(countries[i].country, country))
			return countries[i].plan;
	}
	return TONES_ETSI;
}

static bool is_end(const struct tones_step *s)
{
	return s->hz[0] <= 0 && !s->ms;
}

void tones_start(struct tones *t, enum tone tone, enum tones_plan plan)
{
	unsigned i;

	t->step = NULL;
	t->steps = t->at = t->sample = 0;
	memset(t->phase, 0, sizeof(t->phase));
	t->wave = 0;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].tone != tone)
			continue;
		t->step = table[i].step[plan];
		if (is_end(t->step))
			t->step = table[i].step[TONES_ETSI];
		while (t->steps < STEPS_MAX && !is_end(&t->step[t->steps]))
			t->steps++;
	}
}

/* Rows and columns of the keypad (ITU-T Q.23). */
static const char keypad[] = "123A456B789C*0#D";
static const double rows[4] = {697, 770, 852, 941}, columns[4] = {1209, 1336, 1477, 1633};

void tones_digit(struct tones *t, char digit, unsigned ms)
{
	if (!digit || !strchr(keypad, digit))
		return;
	t->digit = digit;
	t->digit_left = ms * (TONES_RATE / 1000);
	t->digit_phase[0] = t->digit_phase[1] = 0;
}

bool tones_active(const struct tones *t)
{
	return t->step || t->digit_left;
}

/* One sample of a sine, its phase moved on. */
static double sine(double *phase, double hz)
{
	double v = sin(*phase * 2 * M_PI);

	*phase += hz / TONES_RATE;
	if (*phase >= 1)
		*phase -= 1;
	return v;
}

static double edge(unsigned from_start, unsigned to_end)
{
	unsigned n = from_start < to_end ? from_start : to_end;
	unsigned ramp = RAMP;

	return n < ramp ? (double)n / ramp : 1;
}

static double cadence_sample(struct tones *t)
{
	const struct tones_step *s = &t->step[t->at];
	unsigned length = s->ms * (TONES_RATE / 1000);
	double level = s->hz[1] > 0 ? SINE_LEVEL : s->ms ? SOLO_LEVEL : MILLIWATT_LEVEL;
	double v = 0;
	unsigned i;

	for (i = 0; i < TONES_SINES; i++) {
		if (s->hz[i] > 0)
			v += level * sine(&t->phase[i], s->hz[i]);
	}
	if (s->by > 0)
		v *= (1 + MODULATION * sine(&t->wave, s->by)) / (1 + MODULATION);
	if (s->down > 0)
		v *= pow(10, -s->down / 20);
	if (!length) {
		t->sample += t->sample < RAMP;
		return v * edge(t->sample, RAMP);
	}
	v *= edge(t->sample, length - t->sample);
	if (++t->sample >= length) {
		t->sample = 0;
		t->at = (t->at + 1) % t->steps;
	}
	return v;
}

static double digit_sample(struct tones *t)
{
	unsigned key = (unsigned)(strchr(keypad, t->digit) - keypad);
	double v = DIGIT_LEVEL * (sine(&t->digit_phase[0], rows[key / 4]) + sine(&t->digit_phase[1], columns[key % 4]));

	v *= edge(RAMP, t->digit_left);
	t->digit_left--;
	return v;
}

void tones_add(struct tones *t, int16_t *pcm, unsigned n)
{
	unsigned i;

	if (!tones_active(t))
		return;
	for (i = 0; i < n; i++) {
		double v = pcm[i];

		if (t->step)
			v += 32767 * cadence_sample(t);
		if (t->digit_left)
			v += 32767 * digit_sample(t);
		pcm[i] = (int16_t)(v > 32767 ? 32767 : v < -32767 ? -32767 : v);
	}
}
