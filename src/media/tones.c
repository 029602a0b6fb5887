#include <math.h>
#include <string.h>

#include "media/tones.h"

#define SINE_LEVEL      0.16    /* of full scale, each of two sines: about -16 dBFS */
#define SOLO_LEVEL      0.22    /* a sine alone */
#define MILLIWATT_LEVEL 0.70    /* 0 dBm0 in G.711 is 3.14 dB below the loudest sine */
#define DIGIT_LEVEL     0.10
#define RAMP            (TONES_RATE / 1000 * 4)   /* 4 ms in and out: no clicks */
#define STEPS_MAX       24

/* A piece of a cadence; no Hz = silence; 0 ms = for ever. */
struct tones_step {
	double hz[TONES_SINES];
	unsigned ms;
};

#define ON1(a, ms)     {{a, 0}, ms}
#define ON2(a, b, ms)  {{a, b}, ms}
#define OFF(ms)        {{0, 0}, ms}
/* a bell: two notes in turn, 40 ms each */
#define BELL           ON2(660, 1320, 40), ON2(880, 1760, 40)
#define BELL5          BELL, BELL, BELL, BELL, BELL

static const struct row {
	enum tone tone;
	struct tones_step step[TONES_PLANS][STEPS_MAX];
} table[] = {
	{TONE_RINGBACK, {
		[TONES_ETSI] = {ON1(425, 1000), OFF(4000)},
		[TONES_US] = {ON2(440, 480, 2000), OFF(4000)}}},
	{TONE_BUSY, {
		[TONES_ETSI] = {ON1(425, 500), OFF(500)},
		[TONES_US] = {ON2(480, 620, 500), OFF(500)}}},
	{TONE_REORDER, {
		[TONES_ETSI] = {ON1(425, 250), OFF(250)},
		[TONES_US] = {ON2(480, 620, 250), OFF(250)}}},
	{TONE_SIT, {
		[TONES_ETSI] = {ON1(950, 330), ON1(1400, 330), ON1(1800, 330), OFF(1000)},
		[TONES_US] = {ON1(950, 330), ON1(1400, 330), ON1(1800, 330), OFF(1000)}}},
	{TONE_CALL_WAITING, {
		[TONES_ETSI] = {ON1(425, 200), OFF(600), ON1(425, 200), OFF(3000)},
		[TONES_US] = {ON1(440, 300), OFF(9700)}}},
	{TONE_RING, {
		[TONES_ETSI] = {BELL5, BELL5, OFF(4000)},
		[TONES_US] = {BELL5, BELL5, OFF(4000)}}},
	{TONE_MILLIWATT, {
		[TONES_ETSI] = {ON1(1004, 0)},
		[TONES_US] = {ON1(1004, 0)}}},
};

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
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		if (table[i].tone != tone)
			continue;
		t->step = table[i].step[plan];
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
