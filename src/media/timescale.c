#include <string.h>

#include "media/timescale.h"

#define PERIOD_MIN  120   /* 2.5 ms at 48 kHz: 400 Hz */
#define SEARCH_STEP 4     /* periods are tried, and compared, in steps of 12 kHz */
#define QUIET_MEAN  60    /* mean magnitude, about -55 dBFS */

bool timescale_quiet(const int16_t *pcm, unsigned n)
{
	uint64_t sum = 0;
	unsigned i;

	if (!n)
		return true;
	for (i = 0; i < n; i++)
		sum += (uint64_t)(pcm[i] < 0 ? -pcm[i] : pcm[i]);
	return sum / n < QUIET_MEAN;
}

/* The shift at which PCM is most like itself. */
static unsigned best_period(const int16_t *pcm, unsigned n)
{
	unsigned longest = n / 2 < TIMESCALE_STEP ? n / 2 : TIMESCALE_STEP;
	unsigned lag, i, best = longest;
	double best_score = -2;

	for (lag = PERIOD_MIN; lag <= longest; lag += SEARCH_STEP) {
		double cross = 0, here = 1, there = 1, score;

		for (i = 0; i + lag < n && i < longest; i += SEARCH_STEP) {
			double a = pcm[i], b = pcm[i + lag];

			cross += a * b;
			here += a * a;
			there += b * b;
		}
		score = cross > 0 ? cross * cross / (here * there) : 0;
		if (score > best_score) {
			best_score = score;
			best = lag;
		}
	}
	return best;
}

unsigned timescale_shorten(int16_t *pcm, unsigned n)
{
	unsigned period, i;

	if (n < TIMESCALE_STEP)
		return n;
	period = best_period(pcm, n);
	for (i = 0; i < period; i++) {
		int32_t from = pcm[i], to = pcm[i + period];

		pcm[i] = (int16_t)((from * (int32_t)(period - i) + to * (int32_t)i) / (int32_t)period);
	}
	memmove(pcm + period, pcm + 2 * period, (n - 2 * period) * sizeof(*pcm));
	return n - period;
}

unsigned timescale_lengthen(int16_t *pcm, unsigned n)
{
	int16_t first[TIMESCALE_STEP];
	unsigned period, i;

	if (n < TIMESCALE_STEP)
		return n;
	period = best_period(pcm, n);
	memcpy(first, pcm, period * sizeof(*pcm));
	memmove(pcm + period, pcm, n * sizeof(*pcm));
	/* the first period as it was; then the second one turns back into the first, and all goes on */
	for (i = 0; i < period; i++) {
		int32_t from = pcm[2 * period + i], to = first[i];

		pcm[period + i] = (int16_t)((from * (int32_t)(period - i) + to * (int32_t)i) / (int32_t)period);
		pcm[i] = first[i];
	}
	return n + period;
}
