/* level.h - how loud sound is. Pure. */
#ifndef OFFHOOK_MEDIA_LEVEL_H
#define OFFHOOK_MEDIA_LEVEL_H

#include <stdint.h>

#define LEVEL_SILENCE (-127.0)

struct level {
	double sum;       /* of squares */
	unsigned n;
};

void level_add(struct level *l, const int16_t *pcm, unsigned n);
/* The mean power since the last call, dBFS (a sine of full scale is -3.01); LEVEL_SILENCE when there was
 * nothing. Begins anew. */
double level_take(struct level *l);

#endif
