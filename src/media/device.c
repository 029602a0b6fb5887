/* The table of sound drivers, and what is the same for all of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/text.h"
#include "media/device_driver.h"
#include "media/device_wav.h"

#define PATH_SIZE 4096

static const struct device_driver *const driver_table[] = {&device_sound, &device_null, &device_file};

static const int16_t silence[DEVICE_FRAME];

void device_frame(struct device *d, const int16_t *captured, int16_t *play)
{
	memset(play, 0, DEVICE_FRAME * sizeof(*play));
	if (d->on)
		d->frame_h(captured ? captured : silence, play, d->arg);
}

void device_report(struct device *d, const char *role, const char *name, enum device_state state, const char *error)
{
	if (d->report_h)
		d->report_h(role, name, state, error, d->arg);
}

/* The row of NAME or NAME:IN,OUT; the files go to IN and OUT (PATH_SIZE each). NULL: there is none such. */
static const struct device_driver *driver_find(const char *spec, char *in, char *out)
{
	size_t len = strcspn(spec, ":"), i;
	const char *comma;

	for (i = 0; i < sizeof(driver_table) / sizeof(driver_table[0]); i++) {
		const struct device_driver *dr = driver_table[i];

		if (strlen(dr->name) != len || strncmp(dr->name, spec, len) != 0)
			continue;
		if (!dr->takes_files)
			return spec[len] ? NULL : dr;
		comma = spec[len] ? strchr(spec + len, ',') : NULL;
		if (!comma || !text_copyn(in, PATH_SIZE, spec + len + 1, (size_t)(comma - spec) - len - 1) ||
		    !text_copy(out, PATH_SIZE, comma + 1))
			return NULL;
		return dr;
	}
	return NULL;
}

/* Whether FILE can be written; it is made when it is not there, and keeps what it has. */
static int can_write(const char *file)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);

	if (fd < 0)
		return errno;
	close(fd);
	return 0;
}

int device_check(const char *driver, const char **why)
{
	static _Thread_local char sentence[PATH_SIZE + 256];
	char in[PATH_SIZE] = "", out[PATH_SIZE] = "", shown[PATH_SIZE], reason[256];
	const struct device_driver *dr = driver_find(driver, in, out);
	int err = 0;

	*why = sentence;
	sentence[0] = '\0';
	if (!dr) {
		text_show_str(shown, sizeof(shown), driver);
		snprintf(sentence, sizeof(sentence),
			 /* TRANSLATORS: portaudio, null, file:IN.wav,OUT.wav are typed literally */
			 _("\"%s\" is no sound driver: use portaudio, null or file:IN.wav,OUT.wav."), shown);
		return EINVAL;
	}
	if (in[0]) {
		err = device_wav_check(in, reason, sizeof(reason));
		if (err) {
			text_show_str(shown, sizeof(shown), in);
			/* TRANSLATORS: a file name, then the reason, such as "No such file or directory" */
			snprintf(sentence, sizeof(sentence), _("The sound file %s cannot be read: %s."), shown, reason);
			return err;
		}
	}
	if (out[0]) {
		err = can_write(out);
		if (err) {
			text_show_str(shown, sizeof(shown), out);
			snprintf(sentence, sizeof(sentence), _("The sound file %s cannot be written: %s."), shown,
				 strerror(err));
		}
	}
	return err;
}

int device_new(struct device **dp, const char *driver, const char *input, const char *output,
	       device_frame_h *frame_h, device_report_h *report_h, void *arg)
{
	char in[PATH_SIZE] = "", out[PATH_SIZE] = "";
	const struct device_driver *dr = driver_find(driver, in, out);
	struct device *d;
	int err;

	if (!dr || !frame_h)
		return EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return ENOMEM;
	d->driver = dr;
	d->frame_h = frame_h;
	d->report_h = report_h;
	d->arg = arg;
	err = dr->takes_files ? dr->open(d, in, out) : dr->open(d, input, output);
	if (err) {
		free(d);
		return err;
	}
	*dp = d;
	return 0;
}

void device_run(struct device *d, bool on)
{
	if (d->on == on)
		return;
	d->on = on;
	d->driver->run(d);
}

void device_free(struct device *d)
{
	if (!d)
		return;
	d->driver->close(d);
	free(d);
}

unsigned device_delay_ms(const struct device *d)
{
	return d->driver->delay_ms ? d->driver->delay_ms(d) : 0;
}
