/* tones.h - the sounds that the exchange makes itself, and the codecs to say them in. */
#ifndef OFFHOOK_EXCHANGE_TONES_H
#define OFFHOOK_EXCHANGE_TONES_H

#include <stddef.h>
#include <stdint.h>

enum xtone { XTONE_MILLIWATT, XTONE_ANNOUNCEMENT };

/* Writes N samples at RATE Hz, from sample POSITION of the sound on. The milliwatt is 1004 Hz at 0 dBm0, a peak
 * of 3.17 dB below full scale (ITU-T G.711, mu-law); the announcement is three rising tones and a murmur of two
 * formants, over and over. */
void xtone_write(enum xtone tone, uint64_t position, uint32_t rate, int16_t *samples, size_t n);

/* ITU-T G.711 */
uint8_t xtone_ulaw(int16_t sample);
uint8_t xtone_alaw(int16_t sample);

#endif
