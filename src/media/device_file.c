/* The driver "file:IN.wav,OUT.wav": IN is the microphone, OUT what the loudspeaker said, paced by a clock that
 * begins at the first start. The media thread touches no disk: IN is in memory before the clock starts, OUT has a
 * writer thread that a ring feeds. */
#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"
#include "media/device_driver.h"
#include "media/device_wav.h"
#include "media/ring.h"

#define RING_SAMPLES  (1u << 18)   /* 5.5 s: as long may the disk stall */
#define WAKE_FRAMES   20           /* the writer is woken each 200 ms */
#define WRITE_SAMPLES 8192u

struct file {
	struct device *device;
	struct device_clock *clock;
	bool begun;
	/* IN */
	int16_t *in;
	size_t in_samples;
	size_t in_at;
	/* OUT, the media thread's side */
	bool has_out;
	char out_name[1024];
	void *memory;              /* of the ring */
	struct ring to_writer;
	uint64_t silence;          /* samples that found no room, owed as silence so that the time line stays */
	unsigned frames;
	bool failure_told;
	/* OUT, the writer's side */
	pthread_t thread;
	int wake;                  /* eventfd */
	int fd;
	struct ring from_media;
	_Atomic bool ending;
	_Atomic int failure;       /* errno of the write that ended it, 0 = none */
};

static void *writer(void *arg)
{
	struct file *f = arg;
	int16_t part[WRITE_SAMPLES];
	uint64_t written = 0, count;
	bool last = false;
	uint32_t n;
	int err;

	while (!last) {
		if (read(f->wake, &count, sizeof(count)) < 0 && errno != EINTR)
			break;
		last = atomic_load(&f->ending); /* before the ring is emptied: nothing is put in after it is set */
		while ((n = ring_get(&f->from_media, part, WRITE_SAMPLES)) > 0) {
			if (atomic_load(&f->failure))
				continue;
			err = device_wav_append(f->fd, &written, part, n);
			if (err)
				atomic_store(&f->failure, err);
		}
	}
	return NULL;
}

static void wake_writer(struct file *f)
{
	uint64_t one = 1;

	while (write(f->wake, &one, sizeof(one)) < 0 && errno == EINTR)
		;
}

static void record(struct file *f, const int16_t *play)
{
	static const int16_t zeros[DEVICE_FRAME];
	int err;

	while (f->silence) {
		uint32_t n = f->silence < DEVICE_FRAME ? (uint32_t)f->silence : DEVICE_FRAME;

		n = ring_put(&f->to_writer, zeros, n);
		if (!n)
			break;
		f->silence -= n;
	}
	if (f->silence || ring_room(&f->to_writer) < DEVICE_FRAME)
		f->silence += DEVICE_FRAME;
	else
		ring_put(&f->to_writer, play, DEVICE_FRAME);
	if (++f->frames % WAKE_FRAMES == 0)
		wake_writer(f);
	err = atomic_load(&f->failure);
	if (err && !f->failure_told) {
		f->failure_told = true;
		log_error("%s: %s", f->out_name, strerror(err));
		device_report(f->device, "output", f->out_name, DEVICE_LOST, strerror(err));
	}
}

static void file_tick_h(void *arg)
{
	struct file *f = arg;
	int16_t captured[DEVICE_FRAME] = {0}, play[DEVICE_FRAME];
	size_t n = f->in_samples - f->in_at;

	if (n > DEVICE_FRAME)
		n = DEVICE_FRAME;
	if (n)
		memcpy(captured, f->in + f->in_at, n * sizeof(*captured));
	f->in_at += n;
	device_frame(f->device, captured, play);
	if (f->has_out)
		record(f, play);
}

static void file_close(struct device *d)
{
	struct file *f = d->state;

	device_clock_free(f->clock);
	if (f->has_out) {
		atomic_store(&f->ending, true);
		wake_writer(f);
		pthread_join(f->thread, NULL);
		close(f->fd);
	}
	if (f->wake >= 0)
		close(f->wake);
	free(f->memory);
	free(f->in);
	free(f);
}

static int start_writer(struct file *f, const char *out)
{
	int err;

	f->memory = aligned_alloc(64, RING_BYTES(RING_SAMPLES));
	if (!f->memory)
		return ENOMEM;
	memset(f->memory, 0, RING_BYTES(RING_SAMPLES));
	ring_attach(&f->to_writer, f->memory, RING_SAMPLES);
	ring_attach(&f->from_media, f->memory, RING_SAMPLES);
	f->wake = eventfd(0, EFD_CLOEXEC);
	if (f->wake < 0)
		return errno;
	err = device_wav_create(out, &f->fd);
	if (err)
		return err;
	err = pthread_create(&f->thread, NULL, writer, f);
	if (err)
		close(f->fd);
	else
		f->has_out = true;
	return err;
}

static int file_open(struct device *d, const char *in, const char *out)
{
	struct file *f = calloc(1, sizeof(*f));
	int err = 0;

	if (!f)
		return ENOMEM;
	f->device = d;
	f->wake = -1;
	f->fd = -1;
	d->state = f;
	text_copy(f->out_name, sizeof(f->out_name), out);
	if (in[0])
		err = device_wav_load(in, &f->in, &f->in_samples);
	if (!err)
		err = device_clock_new(&f->clock, file_tick_h, f);
	if (!err && out[0])
		err = start_writer(f, out);
	if (err)
		file_close(d);
	return err;
}

static void file_run(struct device *d)
{
	struct file *f = d->state;

	/* resting: the clock goes on, so that both files keep their second 0 */
	if (d->on && !f->begun) {
		f->begun = true;
		device_clock_start(f->clock, 10);
	}
}

const struct device_driver device_file = {
	.name = "file",
	.takes_files = true,
	.open = file_open,
	.run = file_run,
	.close = file_close,
};
