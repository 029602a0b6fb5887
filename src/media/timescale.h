/* timescale.h - makes a piece of sound a little shorter or longer without changing its pitch. Pure. */
#ifndef OFFHOOK_MEDIA_TIMESCALE_H
#define OFFHOOK_MEDIA_TIMESCALE_H

#include <stdbool.h>
#include <stdint.h>

/* At most that much is added, in samples at 48 kHz (10 ms). */
#define TIMESCALE_STEP 480

/* True when PCM is so quiet that cutting in it is not heard. */
bool timescale_quiet(const int16_t *pcm, unsigned n);
/* Takes one period (2.5 to 10 ms) out of the N samples of PCM, in place. Returns how many are left: N when
 * it is too short to do that (under 10 ms). */
unsigned timescale_shorten(int16_t *pcm, unsigned n);
/* Adds one period. PCM must have room for N + TIMESCALE_STEP. Returns the new length. */
unsigned timescale_lengthen(int16_t *pcm, unsigned n);

#endif
