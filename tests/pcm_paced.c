/* ALSA external I/O plugin "paced": a sound card made of two files and a clock.
 *
 * It behaves like hardware: a ring buffer, a pointer that moves with CLOCK_MONOTONIC, and a
 * "DMA" that moves samples between ring and file as the pointer passes them.
 *   playback: what the pointer passed is appended to `play`   (s16 host endian, raw)
 *   capture:  what the pointer passes is read from `rec`      (s16 host endian, raw; zeros after its end)
 * Without `rec` the card has no microphone, without `play` no loudspeaker.
 * Time lost in an underrun/overrun is kept: zeros are written, or input is skipped, so frame n of a
 * file always belongs to wall time t0 + n/rate; t0 (CLOCK_MONOTONIC ns) is left in FILE.t0.
 * With `keep 1` a device opened again goes on along the time line of an existing FILE.t0 (remove FILE and
 * FILE.t0 before a test); without it each open starts again at frame 0.
 * If the file `gone` exists the device is lost: every call fails with -ENODEV. An empty file: as when a
 * sound server goes away (poll_descriptors_revents fails; PortAudio ends the stream). A file with content:
 * as when a USB card is pulled (POLLERR; PortAudio 19.6/19.7 then loops for ever, issue #1037, and
 * Pa_StopStream hangs).
 *
 * cc -shared -fPIC -O2 -o libasound_module_pcm_paced.so pcm_paced.c -lasound
 */
#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#define PIC 1 /* or SND_PCM_PLUGIN_SYMBOL does not define the version symbol */
#include <alsa/asoundlib.h>
#include <alsa/pcm_external.h>
#include <sys/timerfd.h>
#include <sys/stat.h>
#include <fcntl.h>
#include <unistd.h>
#include <time.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct paced {
	snd_pcm_ioplug_t io;
	int tfd, fd, running, loop, keep, started;
	char *play, *rec, *gone;
	long long t0;	       /* wall time of pointer position 0 of this run, ns */
	long long fstart;      /* wall time of frame 0 of the file, ns */
	long long fpos;	       /* next frame of the file */
	unsigned long long hw; /* frames since the last prepare */
};

static long long now_ns(void)
{
	struct timespec t;
	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static int is_gone(struct paced *p)
{
	struct stat s;
	return *p->gone && stat(p->gone, &s) == 0;
}

/* PACED_LOG=FILE: one line for each underrun or overrun */
static void xrun(struct paced *p, unsigned long long want, unsigned long long appl)
{
	const char *l = getenv("PACED_LOG");
	FILE *f = l && *l ? fopen(l, "ae") : NULL;
	if (f) {
		fprintf(f, "%lld %s %s late %.1f ms period %lu buffer %lu\n", now_ns() / 1000000,
			p->io.stream == SND_PCM_STREAM_PLAYBACK ? p->play : p->rec,
			p->io.stream == SND_PCM_STREAM_PLAYBACK ? "underrun" : "overrun",
			((double)want - (double)appl -
			 (p->io.stream == SND_PCM_STREAM_PLAYBACK ? 0 : (double)p->io.buffer_size)) *
				1e3 / p->io.rate,
			(unsigned long)p->io.period_size, (unsigned long)p->io.buffer_size);
		fclose(f);
	}
}

static void timer(struct paced *p, int on)
{
	struct itimerspec it;
	memset(&it, 0, sizeof it);
	if (on) {
		long long per = ((long long)p->io.period_size * 1000000000LL + p->io.rate - 1) / p->io.rate;
		long long first = per + 50000; /* a little after the boundary, or one frame is missing */
		it.it_interval.tv_sec = per / 1000000000;
		it.it_interval.tv_nsec = per % 1000000000;
		it.it_value.tv_sec = first / 1000000000;
		it.it_value.tv_nsec = first % 1000000000;
	}
	timerfd_settime(p->tfd, 0, &it, NULL);
}

/* one run of contiguous frames between ring (byte pointer) and file */
static void dma(struct paced *p, char *ring, size_t frames)
{
	size_t fb = 2 * p->io.channels, len = frames * fb, k = 0;
	ssize_t r;
	if (p->fd >= 0) {
		off_t at = (off_t)(p->fpos * (long long)fb);
		if (p->io.stream == SND_PCM_STREAM_PLAYBACK) {
			while (k < len && (r = pwrite(p->fd, ring + k, len - k, at + k)) > 0)
				k += r;
		}
		else {
			struct stat s;
			if (p->loop && fstat(p->fd, &s) == 0 && s.st_size >= (off_t)fb)
				at %= s.st_size / fb * fb;
			while (k < len) {
				r = pread(p->fd, ring + k, len - k, at + k);
				if (r > 0) {
					k += r;
					continue;
				}
				if (r == 0 && p->loop && at + (off_t)k > 0) {
					at = -(off_t)k;
					continue;
				}
				break;
			}
		}
	}
	if (p->io.stream == SND_PCM_STREAM_CAPTURE && k < len)
		memset(ring + k, 0, len - k);
	p->fpos += frames;
}

static void advance(struct paced *p, unsigned long long to)
{
	const snd_pcm_channel_area_t *a = snd_pcm_ioplug_mmap_areas(&p->io);
	snd_pcm_uframes_t size = p->io.buffer_size;
	while (a && p->hw < to) {
		size_t off = p->hw % size, n = size - off;
		if (n > to - p->hw)
			n = to - p->hw;
		dma(p, (char *)a->addr + a->first / 8 + off * (a->step / 8), n);
		p->hw += n;
	}
}

static int p_start(snd_pcm_ioplug_t *io)
{
	struct paced *p = io->private_data;
	char path[4096];
	FILE *f;
	if (is_gone(p))
		return -ENODEV;
	p->t0 = now_ns();
	if (!p->started) {
		const char *file = io->stream == SND_PCM_STREAM_PLAYBACK ? p->play : p->rec;
		p->started = 1;
		p->fstart = p->t0;
		p->fpos = 0;
		if (*file && snprintf(path, sizeof path, "%s.t0", file) < (int)sizeof path) {
			long long old;
			if (p->keep && (f = fopen(path, "re"))) { /* opened again: go on along the same time line */
				if (fscanf(f, "%lld", &old) == 1 && old <= p->t0)
					p->fstart = old;
				fclose(f);
				p->fpos = (p->t0 - p->fstart) * (long long)io->rate / 1000000000LL;
			}
			else if ((f = fopen(path, "we"))) {
				fprintf(f, "%lld\n", p->t0);
				fclose(f);
			}
		}
	}
	else {
		long long want = (p->t0 - p->fstart) * (long long)io->rate / 1000000000LL;
		if (want > p->fpos)
			p->fpos = want; /* a hole in the file reads as zeros */
	}
	p->running = 1;
	timer(p, 1);
	return 0;
}

static int p_stop(snd_pcm_ioplug_t *io)
{
	struct paced *p = io->private_data;
	p->running = 0;
	timer(p, 0);
	return 0;
}

static int p_prepare(snd_pcm_ioplug_t *io)
{
	struct paced *p = io->private_data;
	p->running = 0;
	p->hw = 0;
	timer(p, 0);
	return is_gone(p) ? -ENODEV : 0;
}

static snd_pcm_sframes_t p_pointer(snd_pcm_ioplug_t *io)
{
	struct paced *p = io->private_data;
	if (is_gone(p))
		return -ENODEV;
	if (p->running) {
		unsigned long long want = (unsigned long long)((now_ns() - p->t0) * (long long)io->rate / 1000000000LL);
		want -= want % io->period_size; /* a card that reports whole periods (as USB cards do): PortAudio then
						   wakes every period */
		/* io->appl_ptr counts modulo the boundary, which a test never reaches (2^62 frames) */
		unsigned long long appl = io->appl_ptr;
		if (io->stream == SND_PCM_STREAM_PLAYBACK) {
			if (want > appl) {
				xrun(p, want, appl);
				advance(p, appl);
				return -EPIPE;
			}
		}
		else if (want > appl + io->buffer_size) {
			xrun(p, want, appl);
			advance(p, appl + io->buffer_size);
			return -EPIPE;
		}
		advance(p, want);
	}
	return p->hw; /* FLAG_BOUNDARY_WA: modulo the boundary, so a whole buffer of delay is not taken for none */
}

static int p_delay(snd_pcm_ioplug_t *io, snd_pcm_sframes_t *d)
{
	struct paced *p = io->private_data;
	snd_pcm_sframes_t r = p_pointer(io);
	if (r < 0)
		return r;
	*d = io->stream == SND_PCM_STREAM_PLAYBACK ? (snd_pcm_sframes_t)(io->appl_ptr - p->hw)
						   : (snd_pcm_sframes_t)(p->hw - io->appl_ptr);
	return 0;
}

static int p_revents(snd_pcm_ioplug_t *io, struct pollfd *f, unsigned nf, unsigned short *re)
{
	struct paced *p = io->private_data;
	unsigned long long x;
	unsigned short ready = io->stream == SND_PCM_STREAM_PLAYBACK ? POLLOUT : POLLIN;
	(void)nf;
	*re = 0;
	if (is_gone(p)) {
		struct stat s;
		if (stat(p->gone, &s) || s.st_size == 0)
			return -ENODEV;
		*re = POLLERR | ready;
		return 0;
	}
	if (f->revents & POLLIN && read(p->tfd, &x, 8) < 0)
		x = 0; /* nothing to take: another call has */
	snd_pcm_sframes_t av = snd_pcm_avail_update(io->pcm);
	if (av < 0)
		*re = POLLERR | ready;
	else if ((snd_pcm_uframes_t)av >= io->period_size)
		*re = ready;
	return 0;
}

static int p_close(snd_pcm_ioplug_t *io)
{
	struct paced *p = io->private_data;
	if (p->fd >= 0)
		close(p->fd);
	close(p->tfd);
	free(p->play);
	free(p->rec);
	free(p->gone);
	free(p);
	return 0;
}

static const snd_pcm_ioplug_callback_t callbacks = {
	.start = p_start,
	.stop = p_stop,
	.pointer = p_pointer,
	.close = p_close,
	.prepare = p_prepare,
	.poll_revents = p_revents,
	.delay = p_delay,
};

SND_PCM_PLUGIN_DEFINE_FUNC(paced)
{
	snd_config_iterator_t i, nx;
	const char *play = "", *rec = "", *gn = "";
	long rate = 48000, ch = 1, loop = 0, keep = 0, pmin = 32;
	(void)root;
	snd_config_for_each(i, nx, conf)
	{
		snd_config_t *n = snd_config_iterator_entry(i);
		const char *id;
		if (snd_config_get_id(n, &id) < 0 || !strcmp(id, "type") || !strcmp(id, "comment") ||
		    !strcmp(id, "hint"))
			continue;
		if (!strcmp(id, "play"))
			snd_config_get_string(n, &play);
		else if (!strcmp(id, "rec"))
			snd_config_get_string(n, &rec);
		else if (!strcmp(id, "gone"))
			snd_config_get_string(n, &gn);
		else if (!strcmp(id, "rate"))
			snd_config_get_integer(n, &rate);
		else if (!strcmp(id, "keep"))
			snd_config_get_integer(n, &keep);
		else if (!strcmp(id, "channels"))
			snd_config_get_integer(n, &ch);
		else if (!strcmp(id, "loop"))
			snd_config_get_integer(n, &loop);
		else if (!strcmp(id, "period_min"))
			snd_config_get_integer(n, &pmin);
		else {
			SNDERR("paced: unknown field %s", id);
			return -EINVAL;
		}
	}
	if (!*(stream == SND_PCM_STREAM_PLAYBACK ? play : rec))
		return -ENODEV;
	struct paced *p = calloc(1, sizeof *p);
	if (!p)
		return -ENOMEM;
	p->play = strdup(play);
	p->rec = strdup(rec);
	p->gone = strdup(gn);
	p->loop = loop;
	p->keep = keep;
	p->fd = -1;
	if (is_gone(p)) {
		free(p->play);
		free(p->rec);
		free(p->gone);
		free(p);
		return -ENODEV;
	}
	if (stream == SND_PCM_STREAM_PLAYBACK) {
		if (*play)
			p->fd = open(play, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
	}
	else if (*rec)
		p->fd = open(rec, O_RDONLY | O_CLOEXEC);
	p->tfd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK | TFD_CLOEXEC);
	p->io.version = SND_PCM_IOPLUG_VERSION;
	p->io.name = "paced file device";
	p->io.callback = &callbacks;
	p->io.private_data = p;
	p->io.poll_fd = p->tfd;
	p->io.poll_events = POLLIN;
	p->io.mmap_rw = 1;
	p->io.flags = SND_PCM_IOPLUG_FLAG_MONOTONIC | SND_PCM_IOPLUG_FLAG_BOUNDARY_WA;
	int e = snd_pcm_ioplug_create(&p->io, name, stream, mode);
	if (e < 0) {
		if (p->fd >= 0)
			close(p->fd);
		close(p->tfd);
		free(p->play);
		free(p->rec);
		free(p->gone);
		free(p);
		return e;
	}
	static const unsigned acc[] = {SND_PCM_ACCESS_RW_INTERLEAVED, SND_PCM_ACCESS_MMAP_INTERLEAVED},
			      fmt[] = {SND_PCM_FORMAT_S16};
	snd_pcm_ioplug_set_param_list(&p->io, SND_PCM_IOPLUG_HW_ACCESS, 2, acc);
	snd_pcm_ioplug_set_param_list(&p->io, SND_PCM_IOPLUG_HW_FORMAT, 1, fmt);
	snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_CHANNELS, ch, ch);
	snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_RATE, rate, rate);
	snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_PERIOD_BYTES, pmin * 2 * ch, 8192 * 2 * ch);
	snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_PERIODS, 2, 64);
	snd_pcm_ioplug_set_param_minmax(&p->io, SND_PCM_IOPLUG_HW_BUFFER_BYTES, 2 * pmin * 2 * ch, 65536 * 2 * ch);
	*pcmp = p->io.pcm;
	return 0;
}
SND_PCM_PLUGIN_SYMBOL(paced);
