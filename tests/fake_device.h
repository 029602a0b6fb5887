/* fake_device.h - a sound device for tests of the media thread: speaks a sine of 500 Hz, -13.3 dBFS, and measures
 * what it is given to play. Implements media/device.h. The driver "portaudio" reports that there is no device. */
#ifndef OFFHOOK_TESTS_FAKE_DEVICE_H
#define OFFHOOK_TESTS_FAKE_DEVICE_H

#include <stdatomic.h>
#include <stdbool.h>

extern atomic_bool fake_device_running;
extern atomic_uint fake_device_frames;        /* that were asked for, ever */
extern atomic_uint fake_device_made;          /* devices, ever */
extern atomic_bool fake_device_stuck;         /* a device that is being made waits for its end */
extern _Atomic double fake_device_played;     /* level of the last one, dBFS */

#endif
