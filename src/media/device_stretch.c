#include <string.h>

#include "media/device.h"
#include "media/device_stretch.h"

uint32_t device_stretch(int16_t *dst, const int16_t *frame, enum device_stretch how)
{
	const int n = STRETCH_SAMPLES;
	/* The fade goes from the samples at FROM to those at TO, in N steps. */
	int from = how == STRETCH_LESS ? (DEVICE_FRAME - 2 * n) / 2 : (DEVICE_FRAME + n) / 2;
	int to = from - how * n, i;

	if (how == STRETCH_NONE) {
		memcpy(dst, frame, DEVICE_FRAME * sizeof(*dst));
		return DEVICE_FRAME;
	}
	memcpy(dst, frame, (size_t)from * sizeof(*dst));
	for (i = 0; i < n; i++)
		dst[from + i] = (int16_t)((frame[from + i] * (n - i) + frame[to + i] * i) / n);
	memcpy(dst + from + n, frame + to + n, (size_t)(DEVICE_FRAME - to - n) * sizeof(*dst));
	return (uint32_t)(DEVICE_FRAME + how * n);
}
