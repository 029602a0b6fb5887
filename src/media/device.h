/* device.h - where sound comes from and goes to, as the media thread sees it.
 *
 * 48 kHz, mono, signed 16 bit, frames of 10 ms. Whatever the driver, the frame handler is called
 * on the media thread's loop once for each 10 ms of device time. When a sound device dies, frames go on
 * from a timer (silence in, sound thrown away) until a device is back: RTP never stops for it.
 */
#ifndef OFFHOOK_MEDIA_DEVICE_H
#define OFFHOOK_MEDIA_DEVICE_H

#include <stdbool.h>
#include <stdint.h>

#include "phone/phone.h"

#define DEVICE_RATE   48000
#define DEVICE_FRAME  480   /* samples in one frame: 10 ms */

struct device;

/* One frame: CAPTURED is what was heard by the microphone, PLAY is to be filled (it comes zeroed).
 * DEVICE_FRAME samples each. */
typedef void device_frame_h(const int16_t *captured, int16_t *play, void *arg);
/* News of a device, on the media thread; strings live during the call. Arguments as phone_media_device(). */
typedef void device_report_h(const char *role, const char *name, enum device_state state, const char *error, void *arg);

/* DRIVER "portaudio", "null" or "file:IN,OUT". Must be called, used and freed on the media thread, inside
 * its libre loop. Nothing runs yet. INPUT and OUTPUT are device names or "default" (portaudio only).
 * 0, EINVAL, ENOMEM; a file's errno. */
int device_new(struct device **dp, const char *driver, const char *input, const char *output,
	       device_frame_h *frame_h, device_report_h *report_h, void *arg);
/* Checks DRIVER without opening a device: 0; EINVAL; for file: the errno of a file that cannot be read or
 * written, or EILSEQ for a WAV it cannot take, with *WHY a translated sentence naming the file. Any thread. */
int device_check(const char *driver, const char **why);
/* Runs or rests. The file driver's clock begins at the first start and then goes on until device_free(). */
void device_run(struct device *d, bool on);
/* Closes, completes OUT. The helper process is ended (SIGKILL after 200 ms at the latest). */
void device_free(struct device *d);
/* Milliseconds that sound waits in the device's own rings, both ways added, for the delay figure. */
unsigned device_delay_ms(const struct device *d);

#endif
