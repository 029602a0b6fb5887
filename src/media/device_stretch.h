/* device_stretch.h - one frame made a little longer or shorter, so that two clocks stay together. */
#ifndef OFFHOOK_MEDIA_DEVICE_STRETCH_H
#define OFFHOOK_MEDIA_DEVICE_STRETCH_H

#include <stdint.h>

#define STRETCH_SAMPLES 120  /* 2.5 ms, put in or left out at once */

enum device_stretch { STRETCH_LESS = -1, STRETCH_NONE = 0, STRETCH_MORE = 1 };

/* Copies FRAME (DEVICE_FRAME samples) to DST (room for DEVICE_FRAME + STRETCH_SAMPLES) with STRETCH_SAMPLES left
 * out or repeated, faded across so that nothing clicks; its first and last samples stay. Returns the samples in DST. */
uint32_t device_stretch(int16_t *dst, const int16_t *frame, enum device_stretch how);

#endif
