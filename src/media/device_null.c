/* The driver for a machine without sound: a clock, silence in, nothing out. */
#include "media/device_driver.h"

static void null_tick_h(void *arg)
{
	int16_t play[DEVICE_FRAME];

	device_frame(arg, NULL, play);
}

static int null_open(struct device *d, const char *in, const char *out)
{
	struct device_clock *c = NULL;
	int err = device_clock_new(&c, null_tick_h, d);

	(void)in;
	(void)out;
	d->state = c;
	return err;
}

static void null_run(struct device *d)
{
	if (d->on)
		device_clock_start(d->state, 10);
	else
		device_clock_stop(d->state);
}

static void null_close(struct device *d)
{
	device_clock_free(d->state);
}

const struct device_driver device_null = {
	.name = "null",
	.open = null_open,
	.run = null_run,
	.close = null_close,
};
