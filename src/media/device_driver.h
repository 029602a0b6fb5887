/* device_driver.h - what a sound driver is to device.c; nobody else includes it. */
#ifndef OFFHOOK_MEDIA_DEVICE_DRIVER_H
#define OFFHOOK_MEDIA_DEVICE_DRIVER_H

#include "media/device.h"

struct device_driver {
	const char *name;
	bool takes_files;  /* NAME:IN,OUT rather than NAME alone */
	/* Makes the driver's own state; nothing runs yet. IN and OUT are device names or files. 0 or an errno. */
	int (*open)(struct device *d, const char *in, const char *out);
	/* The device was asked to run or to rest; d->on is set already. Not called twice with the same. */
	void (*run)(struct device *d);
	void (*close)(struct device *d);
	unsigned (*delay_ms)(const struct device *d);  /* NULL: none */
};

struct device {
	const struct device_driver *driver;
	void *state;       /* the driver's */
	bool on;
	device_frame_h *frame_h;
	device_report_h *report_h;
	void *arg;
};

extern const struct device_driver device_null;
extern const struct device_driver device_file;
extern const struct device_driver device_sound;

/* Has one frame made: PLAY is zeroed first. CAPTURED NULL means silence. Nothing is asked while resting. */
void device_frame(struct device *d, const int16_t *captured, int16_t *play);
void device_report(struct device *d, const char *role, const char *name, enum device_state state, const char *error);

/* --- a clock of 10 ms on the loop of this thread ----------------------------------------- */

struct device_clock;

/* Once for each 10 ms that went by. May stop or start the clock, not free it. */
typedef void device_clock_h(void *arg);

/* A clock that does not run yet. 0 or an errno. Pair: device_clock_free(), NULL is fine. */
int device_clock_new(struct device_clock **cp, device_clock_h *h, void *arg);
void device_clock_free(struct device_clock *c);
/* The first tick comes DELAY_MS from now (at least 1), the next ones 10 ms apart by CLOCK_MONOTONIC. A late
 * wake-up makes up for the ticks it missed, at most DEVICE_CLOCK_BURST a wake-up, so that the number of ticks
 * follows the time; of a longer stop than DEVICE_CLOCK_OWED ticks the rest is given up: a program that was stopped
 * for minutes does not flood its peers then. Starting a clock that runs sets it anew. */
#define DEVICE_CLOCK_BURST 50
#define DEVICE_CLOCK_OWED  200
void device_clock_start(struct device_clock *c, unsigned delay_ms);
void device_clock_stop(struct device_clock *c);

#endif
