#include <math.h>

#include "media/level.h"

void level_add(struct level *l, const int16_t *pcm, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		l->sum += (double)pcm[i] * pcm[i];
	l->n += n;
}

double level_take(struct level *l)
{
	double mean = l->n ? l->sum / l->n / (32768.0 * 32768.0) : 0;
	double db = mean > 0 ? 10 * log10(mean) : LEVEL_SILENCE;

	l->sum = 0;
	l->n = 0;
	return db < LEVEL_SILENCE ? LEVEL_SILENCE : db;
}
