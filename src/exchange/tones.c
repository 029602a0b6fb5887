#include <math.h>

#include "exchange/tones.h"

/* A sine of full scale is +3.17 dBm0 in mu-law (+3.14 in A-law, which is not told apart). */
#define MILLIWATT_PEAK 22658.0
#define ANNOUNCEMENT_PEAK 5000.0

/* The announcement: 330 ms each of the special information tones (ITU-T E.180), then syllables of two
 * formants, a sound like somebody talking behind a door. */
static const struct {
	unsigned ms, low, high; /* Hz; 0: silence */
} syllable[] = {
	{330, 950, 0}, {330, 1400, 0}, {330, 1800, 0}, {200, 0, 0},
	{120, 300, 870}, {60, 0, 0}, {160, 530, 1840}, {80, 270, 2290}, {60, 0, 0}, {180, 730, 1090},
	{70, 0, 0}, {140, 390, 1990}, {100, 570, 840}, {340, 0, 0},
};

static double wave(uint64_t position, uint32_t rate, unsigned hz)
{
	return hz ? sin(2 * M_PI * (double)(position * hz % rate) / rate) : 0;
}

static double announce(uint64_t position, uint32_t rate)
{
	unsigned total = 0, ms;
	size_t i;

	for (i = 0; i < sizeof(syllable) / sizeof(syllable[0]); i++)
		total += syllable[i].ms;
	ms = (unsigned)(position * 1000 / rate % total);
	for (i = 0; ms >= syllable[i].ms; i++)
		ms -= syllable[i].ms;
	return wave(position, rate, syllable[i].low) + wave(position, rate, syllable[i].high) / 2;
}

void xtone_write(enum xtone tone, uint64_t position, uint32_t rate, int16_t *samples, size_t n)
{
	size_t i;

	for (i = 0; i < n; i++, position++) {
		double s = tone == XTONE_MILLIWATT ? MILLIWATT_PEAK * wave(position, rate, 1004)
		                                   : ANNOUNCEMENT_PEAK * announce(position, rate);

		samples[i] = (int16_t)lrint(s);
	}
}

/* Position of the highest bit that is set, from 0. */
static unsigned highest(unsigned value)
{
	unsigned bit = 0;

	while (value >>= 1)
		bit++;
	return bit;
}

uint8_t xtone_ulaw(int16_t sample)
{
	unsigned sign = sample < 0 ? 0x80 : 0, magnitude = (unsigned)(sign ? -(int)sample : sample), segment;

	/* 14 bits, the bias of 33 makes each segment begin at a power of two */
	magnitude = (magnitude >> 2) + 33;
	if (magnitude > 8191)
		magnitude = 8191;
	segment = highest(magnitude) - 5;
	return (uint8_t)~(sign | segment << 4 | ((magnitude >> (segment + 1)) & 15));
}

uint8_t xtone_alaw(int16_t sample)
{
	unsigned sign = sample < 0 ? 0 : 0x80, magnitude = (unsigned)(sign ? sample : -((int)sample + 1)), segment;

	/* 12 bits; the first two segments have steps of one size; every second bit is turned over */
	magnitude >>= 4;
	segment = magnitude < 32 ? magnitude >> 4 : highest(magnitude) - 3;
	if (magnitude >= 32)
		magnitude >>= segment - 1;
	return (uint8_t)((sign | segment << 4 | (magnitude & 15)) ^ 0x55);
}
