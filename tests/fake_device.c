#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include <re.h>

#include "fake_device.h"
#include "media/device.h"

atomic_bool fake_device_running;
atomic_uint fake_device_frames;
_Atomic double fake_device_played;
atomic_uint fake_device_made;
atomic_bool fake_device_stuck;

struct device {
	int fd;
	bool runs;
	unsigned frames;
	device_frame_h *frame_h;
	void *arg;
};

static void tick_h(int flags, void *arg)
{
	struct device *d = arg;
	uint64_t n = 0;

	(void)flags;
	if (read(d->fd, &n, sizeof(n)) != sizeof(n))
		return;
	for (; n && d->runs; n--) {
		int16_t in[DEVICE_FRAME], out[DEVICE_FRAME] = {0};
		double sum = 0;
		unsigned i;

		for (i = 0; i < DEVICE_FRAME; i++)
			in[i] = (int16_t)(10000 * sin(2 * M_PI * 500 * (d->frames * DEVICE_FRAME + i) / DEVICE_RATE));
		d->frames++;
		d->frame_h(in, out, d->arg);
		for (i = 0; i < DEVICE_FRAME; i++)
			sum += (double)out[i] * out[i];
		atomic_store(&fake_device_played, 10 * log10(sum / DEVICE_FRAME / 32768 / 32768 + 1e-13));
		atomic_fetch_add(&fake_device_frames, 1);
	}
}

int device_new(struct device **dp, const char *driver, const char *input, const char *output,
	       device_frame_h *frame_h, device_report_h *report_h, void *arg)
{
	struct device *d = calloc(1, sizeof(*d));

	(void)input;
	(void)output;
	if (!d)
		return ENOMEM;
	d->fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	d->frame_h = frame_h;
	d->arg = arg;
	if (d->fd < 0 || fd_listen(d->fd, FD_READ, tick_h, d)) {
		free(d);
		return EMFILE;
	}
	atomic_fetch_add(&fake_device_made, 1);
	while (atomic_load(&fake_device_stuck))
		poll(NULL, 0, 1);
	if (!strcmp(driver, "portaudio")) {
		report_h("input", "default", DEVICE_NONE, "no device", arg);
		report_h("output", "default", DEVICE_NONE, "no device", arg);
	}
	*dp = d;
	return 0;
}

int device_check(const char *driver, const char **why)
{
	(void)why;
	return strcmp(driver, "wrong") ? 0 : EINVAL;
}

void device_run(struct device *d, bool on)
{
	struct itimerspec t = {{0, on ? 10000000 : 0}, {0, on ? 10000000 : 0}};

	d->runs = on;
	timerfd_settime(d->fd, 0, &t, NULL);
	atomic_store(&fake_device_running, on);
}

void device_free(struct device *d)
{
	if (!d)
		return;
	fd_close(d->fd);
	close(d->fd);
	free(d);
}

unsigned device_delay_ms(const struct device *d)
{
	(void)d;
	return 10;
}
