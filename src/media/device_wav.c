/* RIFF WAVE, Multimedia Programming Interface and Data Specifications 1.0 (IBM, Microsoft, 1991). */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <speex/speex_resampler.h>

#include "base/i18n.h"
#include "media/device.h"
#include "media/device_wav.h"

#define HEADER_SIZE     44
#define CHUNKS_MAX      64        /* before the sound */
#define FORMAT_PCM      1
#define FORMAT_EXTENDED 0xfffe    /* the real format is in the extension */
#define RESAMPLE_QUALITY 8

struct wav {
	int fd;
	unsigned channels;
	unsigned rate;      /* Hz */
	off_t data;         /* where the samples begin */
	size_t frames;      /* sample pairs, or samples when mono */
};

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static unsigned le16(const unsigned char *p)
{
	return p[0] | (unsigned)p[1] << 8;
}

static void put_le32(unsigned char *p, uint32_t v)
{
	p[0] = (unsigned char)v;
	p[1] = (unsigned char)(v >> 8);
	p[2] = (unsigned char)(v >> 16);
	p[3] = (unsigned char)(v >> 24);
}

/* Reads all LEN bytes at OFFSET: 0, an errno, or ENODATA when the file ends before. */
static int read_at(int fd, void *dst, size_t len, off_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pread(fd, (char *)dst + done, len - done, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (n == 0)
			return ENODATA;
		done += (size_t)n;
	}
	return 0;
}

/* Finds format and sound. The file stays open in W->fd when 0 is returned; *WHY is a literal or NULL (the
 * error is the system's). */
static int wav_open(struct wav *w, const char *file, const char **why)
{
	static const char pcm_guid[] = "\x00\x00\x00\x00\x10\x00\x80\x00\x00\xaa\x00\x38\x9b\x71";
	unsigned char head[12], chunk[8], fmt[40];
	bool have_format = false;
	struct stat st;
	unsigned n;
	off_t at;
	int err;

	*why = NULL;
	memset(w, 0, sizeof(*w));
	/* not blocking: FILE might be a pipe that nobody writes */
	w->fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (w->fd < 0) {
		err = errno;
		return err ? err : EIO;
	}
	if (fstat(w->fd, &st) != 0) {
		err = errno;
		goto out;
	}
	if (S_ISDIR(st.st_mode)) {
		err = EISDIR;
		goto out;
	}
	err = EILSEQ;
	*why = N_("it is not a WAV file");
	if (!S_ISREG(st.st_mode) || read_at(w->fd, head, sizeof(head), 0) != 0 ||
	    memcmp(head, "RIFF", 4) != 0 || memcmp(head + 8, "WAVE", 4) != 0)
		goto out;
	at = sizeof(head);
	for (n = 0; n < CHUNKS_MAX; n++) {
		uint32_t len;

		if (read_at(w->fd, chunk, sizeof(chunk), at) != 0)
			goto out;
		len = le32(chunk + 4);
		at += (off_t)sizeof(chunk);
		if (memcmp(chunk, "fmt ", 4) == 0) {
			uint32_t want = len < sizeof(fmt) ? len : sizeof(fmt);
			unsigned format;

			if (want < 16 || read_at(w->fd, fmt, want, at) != 0)
				goto out;
			format = le16(fmt);
			if (format == FORMAT_EXTENDED && want >= 40 && memcmp(fmt + 26, pcm_guid, 14) == 0)
				format = le16(fmt + 24);
			w->channels = le16(fmt + 2);
			w->rate = le32(fmt + 4);
			if (format != FORMAT_PCM || le16(fmt + 14) != 16 || w->channels < 1 || w->channels > 2 ||
			    w->rate < 8000 || w->rate > DEVICE_RATE) {
				*why = N_("only 16 bit PCM with 1 or 2 channels at 8 to 48 kHz is taken");
				goto out;
			}
			have_format = true;
		}
		else if (memcmp(chunk, "data", 4) == 0) {
			/* A program that writes to a pipe leaves a size that is too large: the file's end counts. */
			off_t there = st.st_size > at ? st.st_size - at : 0;

			if (!have_format)
				goto out;
			if ((off_t)len < there)
				there = len;
			w->data = at;
			w->frames = (size_t)there / (2 * w->channels);
			if (w->frames > (size_t)w->rate * WAV_SECONDS_MAX) {
				err = EFBIG;
				*why = N_("it is longer than 10 minutes");
				goto out;
			}
			*why = NULL;
			return 0;
		}
		at += (off_t)len + (len & 1);
	}
out:
	close(w->fd);
	w->fd = -1;
	return err;
}

int device_wav_check(const char *file, char *why, size_t size)
{
	const char *text;
	struct wav w;
	int err = wav_open(&w, file, &text);

	if (!err)
		close(w.fd);
	snprintf(why, size, "%s", text ? _(text) : err ? strerror(err) : "");
	return err;
}

/* To 48 kHz, so that sample 0 stays sample 0: the filter's delay is skipped at the start and flushed at the end. */
static int resample(int16_t **samples, size_t *n, unsigned rate)
{
	static const int16_t zeros[512];
	size_t want, done = 0, used = 0;
	SpeexResamplerState *st;
	int16_t *to;
	int err = 0;

	if (!rate)
		return EINVAL;
	want = (size_t)((uint64_t)*n * DEVICE_RATE / rate);
	st = speex_resampler_init(1, rate, DEVICE_RATE, RESAMPLE_QUALITY, &err);
	if (!st)
		return ENOMEM;
	speex_resampler_skip_zeros(st);
	to = malloc((want ? want : 1) * sizeof(*to));
	if (!to) {
		speex_resampler_destroy(st);
		return ENOMEM;
	}
	while (done < want) {
		const int16_t *from = used < *n ? *samples + used : zeros;
		size_t left = used < *n ? *n - used : sizeof(zeros) / sizeof(*zeros);
		spx_uint32_t in = left < 65536 ? (spx_uint32_t)left : 65536;
		spx_uint32_t out = want - done < 65536 ? (spx_uint32_t)(want - done) : 65536;

		speex_resampler_process_int(st, 0, from, &in, to + done, &out);
		if (used < *n)
			used += in;
		done += out;
		if (!in && !out)
			break;
	}
	speex_resampler_destroy(st);
	free(*samples);
	*samples = to;
	*n = done;
	return 0;
}

int device_wav_load(const char *file, int16_t **samples, size_t *n)
{
	unsigned char *raw = NULL;
	int16_t *s = NULL;
	const char *why;
	struct wav w;
	size_t i;
	int err;

	err = wav_open(&w, file, &why);
	if (err)
		return err;
	raw = malloc(w.frames * w.channels * 2 + 1);
	s = malloc((w.frames + 1) * sizeof(*s));
	if (!raw || !s) {
		err = ENOMEM;
		goto out;
	}
	err = read_at(w.fd, raw, w.frames * w.channels * 2, w.data);
	if (err)
		goto out;
	for (i = 0; i < w.frames; i++) {
		const unsigned char *p = raw + i * 2 * w.channels;
		int v = (int16_t)le16(p);

		if (w.channels == 2)
			v = (v + (int16_t)le16(p + 2)) / 2;
		s[i] = (int16_t)v;
	}
	*n = w.frames;
	if (w.rate != DEVICE_RATE) {
		err = resample(&s, n, w.rate);
		if (err)
			goto out;
	}
	*samples = s;
	s = NULL;
out:
	free(raw);
	free(s);
	close(w.fd);
	return err;
}

static int write_at(int fd, const void *src, size_t len, off_t offset)
{
	size_t done = 0;

	while (done < len) {
		ssize_t n = pwrite(fd, (const char *)src + done, len - done, offset + (off_t)done);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? errno : EIO;
		done += (size_t)n;
	}
	return 0;
}

static int write_header(int fd, uint32_t bytes)
{
	unsigned char h[HEADER_SIZE] = "RIFF\0\0\0\0WAVEfmt \x10\0\0\0\x01\0\x01\0";

	put_le32(h + 4, bytes + HEADER_SIZE - 8);
	put_le32(h + 24, DEVICE_RATE);
	put_le32(h + 28, DEVICE_RATE * 2);
	h[32] = 2;
	h[34] = 16;
	memcpy(h + 36, "data", 4);
	put_le32(h + 40, bytes);
	return write_at(fd, h, sizeof(h), 0);
}

int device_wav_create(const char *file, int *fd)
{
	int err;

	*fd = open(file, O_WRONLY | O_CREAT | O_TRUNC | O_NONBLOCK | O_NOCTTY | O_CLOEXEC, 0666);
	if (*fd < 0)
		return errno;
	err = write_header(*fd, 0);
	if (err)
		close(*fd);
	return err;
}

int device_wav_append(int fd, uint64_t *written, const int16_t *samples, size_t n)
{
	const uint64_t max = (UINT32_MAX - HEADER_SIZE) / 2;
	unsigned char raw[2 * 4096];
	size_t i, done = 0;
	int err;

	if (n > max - *written)
		n = (size_t)(max - *written);
	if (!n)
		return 0;
	while (done < n) {
		size_t part = n - done < sizeof(raw) / 2 ? n - done : sizeof(raw) / 2;

		for (i = 0; i < part; i++) {
			unsigned v = (uint16_t)samples[done + i];

			raw[2 * i] = (unsigned char)v;
			raw[2 * i + 1] = (unsigned char)(v >> 8);
		}
		err = write_at(fd, raw, part * 2, (off_t)(HEADER_SIZE + (*written + done) * 2));
		if (err)
			return err;
		done += part;
	}
	*written += n;
	return write_header(fd, (uint32_t)(*written * 2));
}
