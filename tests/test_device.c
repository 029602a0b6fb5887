/* The devices without PortAudio: the clock, files in and out, and what is said about files that do not serve. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <errno.h>
#include <math.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "device_rig.h"
#include "media/device_stretch.h"

#define PI 3.14159265358979

static uint32_t le32(const unsigned char *p)
{
	return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

static int16_t sample(const unsigned char *p, size_t i)
{
	return (int16_t)(p[2 * i] | p[2 * i + 1] << 8);
}

/* Sound that no shift, gap or repetition leaves unchanged. */
static int16_t noise(unsigned seed, uint32_t i)
{
	uint32_t x = (i + 1) * 2654435761u + seed * 40503u;

	x ^= x >> 13;
	x *= 0x5bd1e995;
	return (int16_t)(x >> 15);
}

static size_t wav(unsigned char *to, unsigned channels, unsigned rate, unsigned bits, unsigned format, size_t bytes)
{
	const uint32_t v[] = {(uint32_t)(36 + bytes), 16, format | channels << 16, rate, rate * channels * bits / 8,
			      channels * bits / 8 | bits << 16, (uint32_t)bytes};
	static const unsigned at[] = {4, 16, 20, 24, 28, 32, 40};
	unsigned i, k;

	memcpy(to, "RIFF....WAVEfmt ....................data", 40);
	for (i = 0; i < 7; i++) {
		for (k = 0; k < 4; k++)
			to[at[i] + k] = (unsigned char)(v[i] >> (8 * k));
	}
	return 44 + bytes;
}

static void write_noise(const char *name, unsigned seed, uint32_t n)
{
	unsigned char *f = malloc(44 + 2 * n);
	uint32_t i;

	assert_non_null(f);
	wav(f, 1, 48000, 16, 1, 2 * n);
	for (i = 0; i < n; i++) {
		f[44 + 2 * i] = (unsigned char)noise(seed, i);
		f[45 + 2 * i] = (unsigned char)((uint16_t)noise(seed, i) >> 8);
	}
	rig_write(name, f, 44 + 2 * n);
	free(f);
}

static char *file_driver(const char *in, const char *out)
{
	static char spec[1200];

	snprintf(spec, sizeof(spec), "file:%s,%s", in ? rig_path(in) : "", out ? rig_path(out) : "");
	return spec;
}

/* --- the clock --------------------------------------------------------------------------- */

static void check_silence(struct rig *r, const int16_t *captured, int16_t *play)
{
	unsigned i;

	(void)r;
	for (i = 0; i < DEVICE_FRAME; i++) {
		assert_int_equal(captured[i], 0);
		assert_int_equal(play[i], 0);
		play[i] = 1;
	}
}

static void test_null_paces(void **state)
{
	struct rig r = {.on_frame = check_silence};
	unsigned n;

	(void)state;
	rig_open(&r, "null", "default", "default");
	rig_for(&r, 50);
	assert_int_equal(r.frames, 0); /* nothing runs yet */
	device_run(r.device, true);
	rig_for(&r, 500);
	assert_in_range(r.frames, 30, 52);
	device_run(r.device, false);
	n = r.frames;
	rig_for(&r, 60);
	assert_int_equal(r.frames, n);
	device_run(r.device, true);
	r.goal = n + 5;
	assert_true(rig_wait(&r, rig_frames, 5000));
	assert_int_equal(r.news, 0);
	rig_close(&r);
}

static void stall_once(struct rig *r, const int16_t *captured, int16_t *play)
{
	(void)captured;
	(void)play;
	if (r->frames == 5)
		poll(NULL, 0, 150); /* the machine is busy with something else */
}

static void test_late_frames_are_made_up(void **state)
{
	struct rig r = {.on_frame = stall_once, .goal = 40};

	(void)state;
	rig_open(&r, "null", NULL, NULL);
	device_run(r.device, true);
	assert_true(rig_wait(&r, rig_frames, 5000));
	assert_true(r.gap_ms >= 150);
	/* 39 intervals of 10 ms: not 150 ms more */
	assert_in_range(r.last_ms - r.first_ms, 380, 480);
	rig_close(&r);
}

static void stall_long(struct rig *r, const int16_t *captured, int16_t *play)
{
	(void)captured;
	(void)play;
	if (r->frames == 5)
		poll(NULL, 0, 3000); /* stopped and continued: nobody wants to hear all of that in one go */
}

static void test_no_flood_after_a_stop(void **state)
{
	struct rig r = {.on_frame = stall_long, .goal = 255};

	(void)state;
	rig_open(&r, "null", NULL, NULL);
	device_run(r.device, true);
	assert_true(rig_wait(&r, rig_frames, 9000));
	/* 2 s are made up; the last 50 frames come in their own time */
	assert_in_range(r.last_ms - r.first_ms, 3300, 4500);
	rig_close(&r);
}

/* --- files -------------------------------------------------------------------------------- */

struct sounds {
	uint32_t in_samples;
	unsigned in_seed, out_seed;
	unsigned header_seen;    /* looks at OUT while it was being written */
};

static void noise_both(struct rig *r, const int16_t *captured, int16_t *play)
{
	struct sounds *s = r->extra;
	uint32_t i, at = r->frames * DEVICE_FRAME;

	for (i = 0; i < DEVICE_FRAME; i++) {
		assert_int_equal(captured[i], at + i < s->in_samples ? noise(s->in_seed, at + i) : 0);
		play[i] = noise(s->out_seed, at + i);
	}
}

static void check_out(const char *name, unsigned seed, uint32_t exact, uint32_t least)
{
	size_t len;
	unsigned char *f = rig_read(name, &len);
	uint32_t n, i;

	assert_non_null(f);
	assert_true(len >= 44);
	assert_memory_equal(f, "RIFF", 4);
	assert_memory_equal(f + 8, "WAVEfmt ", 8);
	assert_int_equal(f[20], 1);
	assert_int_equal(f[22], 1);
	assert_int_equal(le32(f + 24), 48000);
	assert_int_equal(f[34], 16);
	n = le32(f + 40) / 2;
	assert_int_equal(le32(f + 4), 36 + 2 * n);
	assert_true(44 + 2 * n <= len);
	if (exact) {
		assert_int_equal(n, exact);
		assert_int_equal(len, 44 + 2 * n);
	}
	assert_true(n >= least);
	for (i = 0; i < n; i++)
		assert_int_equal(sample(f + 44, i), noise(seed, i));
	free(f);
}

static void test_file_sample_exact(void **state)
{
	struct sounds s = {.in_samples = 20 * DEVICE_FRAME + 77, .in_seed = 1, .out_seed = 2};
	struct rig r = {.on_frame = noise_both, .extra = &s, .goal = 60};

	(void)state;
	write_noise("in.wav", s.in_seed, s.in_samples);
	rig_write("out.wav", "what was there before", 21);
	rig_open(&r, file_driver("in.wav", "out.wav"), NULL, NULL);
	device_run(r.device, true);
	assert_true(rig_wait(&r, rig_frames, 5000));
	rig_close(&r);
	check_out("out.wav", s.out_seed, r.frames * DEVICE_FRAME, 0);
}

/* OUT is a right WAV at every moment: a phone that is killed leaves all but the last half second. */
static bool out_has_sound(const struct rig *r)
{
	struct stat st;

	(void)r;
	return stat(rig_path("live.wav"), &st) == 0 && st.st_size > 44 + 2 * 20 * DEVICE_FRAME;
}

static void test_file_right_while_written(void **state)
{
	struct sounds s = {.out_seed = 3};
	struct rig r = {.on_frame = noise_both, .extra = &s};

	(void)state;
	rig_open(&r, file_driver(NULL, "live.wav"), NULL, NULL);
	device_run(r.device, true);
	assert_true(rig_wait(&r, out_has_sound, 5000));
	check_out("live.wav", s.out_seed, 0, 19 * DEVICE_FRAME);
	rig_close(&r);
}

static void test_file_clock_goes_on(void **state)
{
	struct sounds s = {.in_samples = 200 * DEVICE_FRAME, .in_seed = 4};
	struct rig r = {.extra = &s, .goal = 10};
	size_t len;
	unsigned char *f;
	uint64_t begun;
	uint32_t n;

	(void)state;
	write_noise("in.wav", s.in_seed, s.in_samples);
	rig_open(&r, file_driver("in.wav", "rest.wav"), NULL, NULL);
	begun = loop_now_ms();
	device_run(r.device, true);
	assert_true(rig_wait(&r, rig_frames, 5000));
	device_run(r.device, false);
	n = r.frames;
	rig_for(&r, 200);
	assert_int_equal(r.frames, n); /* at rest nobody is asked for frames */
	rig_close(&r);
	f = rig_read("rest.wav", &len);
	assert_non_null(f);
	n = le32(f + 40) / 2 / DEVICE_FRAME;
	assert_in_range(n, 28, (loop_now_ms() - begun) / 10 + 1);
	free(f);
}

static void test_file_makes_up(void **state)
{
	struct rig r = {.on_frame = stall_once, .goal = 40};

	(void)state;
	rig_open(&r, file_driver(NULL, NULL), NULL, NULL);
	device_run(r.device, true);
	assert_true(rig_wait(&r, rig_frames, 5000));
	assert_in_range(r.last_ms - r.first_ms, 380, 480);
	rig_close(&r);
}

/* 8 kHz stereo: the mean of both, at 48 kHz, where it was. */
static void keep_captured(struct rig *r, const int16_t *captured, int16_t *play)
{
	(void)play;
	if (r->frames < r->goal)
		memcpy((int16_t *)r->extra + r->frames * DEVICE_FRAME, captured, DEVICE_FRAME * sizeof(*captured));
}

static void test_file_resampled(void **state)
{
	enum { RATE = 8000, N = RATE / 2 };
	static unsigned char f[44 + 4 * N];
	static int16_t heard[60 * DEVICE_FRAME];
	struct rig r = {.on_frame = keep_captured, .extra = heard, .goal = 60};
	unsigned i;
	double worst = 0;

	(void)state;
	wav(f, 2, RATE, 16, 1, 4 * N);
	for (i = 0; i < N; i++) {
		int v[2] = {(int)(12000 * sin(2 * PI * 440 * i / RATE)), (int)(4000 * sin(2 * PI * 440 * i / RATE))};
		unsigned k;

		for (k = 0; k < 4; k++)
			f[44 + 4 * i + k] = (unsigned char)((unsigned)v[k / 2] >> (8 * (k % 2)));
	}
	rig_write("8k.wav", f, sizeof(f));
	rig_open(&r, file_driver("8k.wav", NULL), NULL, NULL);
	device_run(r.device, true);
	assert_true(rig_wait(&r, rig_frames, 5000));
	rig_close(&r);
	for (i = 480; i < 23000; i++)
		worst = fmax(worst, fabs(heard[i] - 8000 * sin(2 * PI * 440 * i / 48000)));
	assert_true(worst < 200);
	for (i = 24000; i < 60 * DEVICE_FRAME; i++)
		assert_int_equal(heard[i], 0);
}

static void test_output_that_fails(void **state)
{
	struct rig r = {.goal = 40};

	(void)state;
	if (access("/dev/full", W_OK) != 0)
		skip();
	/* the first write is the header's */
	assert_int_equal(loop_init(), 0);
	assert_int_equal(device_new(&r.device, "file:,/dev/full", NULL, NULL, (device_frame_h *)abort, NULL, NULL), ENOSPC);
	loop_close();
}

/* --- what is refused ------------------------------------------------------------------------ */

static void refused(const char *driver, int err, const char *words)
{
	const char *why = NULL;
	struct device *d = NULL;

	assert_int_equal(device_check(driver, &why), err);
	assert_non_null(why);
	if (!strstr(why, words))
		fail_msg("\"%s\" lacks \"%s\"", why, words);
	if (!strstr(why, err == EINVAL ? driver : rig_folder()))
		fail_msg("\"%s\" does not name what is wrong", why);
	assert_int_equal(why[strlen(why) - 1], '.');
	assert_int_equal(loop_init(), 0);
	assert_int_equal(device_new(&d, driver, NULL, NULL, (device_frame_h *)abort, NULL, NULL), err);
	assert_null(d);
	loop_close();
}

static void test_refusals(void **state)
{
	static unsigned char f[44 + 1000];
	const char *why;
	size_t n;

	(void)state;
	refused("oss", EINVAL, "no sound driver");
	refused("null:x", EINVAL, "no sound driver");
	refused("file:one.wav", EINVAL, "no sound driver");
	refused("file", EINVAL, "no sound driver");
	refused("", EINVAL, "no sound driver");
	refused(file_driver("not-there.wav", NULL), ENOENT, "No such file");
	refused(file_driver(".", NULL), EISDIR, "directory");
	refused(file_driver(NULL, "no/such/folder.wav"), ENOENT, "cannot be written");

	rig_write("empty.wav", "", 0);
	refused(file_driver("empty.wav", NULL), EILSEQ, "not a WAV");
	rig_write("text.wav", "This is text, not sound.", 24);
	refused(file_driver("text.wav", NULL), EILSEQ, "not a WAV");
	n = wav(f, 1, 48000, 16, 1, 1000);
	rig_write("cut.wav", f, 30);
	refused(file_driver("cut.wav", NULL), EILSEQ, "not a WAV");
	wav(f, 1, 48000, 24, 1, 1000);
	rig_write("24.wav", f, n);
	refused(file_driver("24.wav", NULL), EILSEQ, "16 bit PCM");
	wav(f, 3, 48000, 16, 1, 1000);
	rig_write("3.wav", f, n);
	refused(file_driver("3.wav", NULL), EILSEQ, "16 bit PCM");
	wav(f, 0, 48000, 16, 1, 1000);
	rig_write("0.wav", f, n);
	refused(file_driver("0.wav", NULL), EILSEQ, "16 bit PCM");
	wav(f, 1, 96000, 16, 1, 1000);
	rig_write("96.wav", f, n);
	refused(file_driver("96.wav", NULL), EILSEQ, "16 bit PCM");
	wav(f, 1, 48000, 16, 3, 1000);
	rig_write("float.wav", f, n);
	refused(file_driver("float.wav", NULL), EILSEQ, "16 bit PCM");

	/* a pipe that nobody writes does not stop the phone */
	assert_int_equal(mkfifo(rig_path("pipe.wav"), 0600), 0);
	refused(file_driver("pipe.wav", NULL), EILSEQ, "not a WAV");

	assert_int_equal(device_check("null", &why), 0);
	assert_int_equal(device_check("portaudio", &why), 0);
	assert_int_equal(device_check("file:,", &why), 0);
	/* sizes that a program writing to a pipe leaves behind: the file's end counts */
	wav(f, 1, 8000, 16, 1, 1000);
	memset(f + 40, 0xff, 4);
	rig_write("pipe-sizes.wav", f, n);
	assert_int_equal(device_check(file_driver("pipe-sizes.wav", NULL), &why), 0);
}

static void test_too_long(void **state)
{
	unsigned char f[44];
	const char *why;

	(void)state;
	wav(f, 1, 8000, 16, 1, 0x7ffffff0);
	rig_write("long.wav", f, 44);
	assert_int_equal(truncate(rig_path("long.wav"), 44 + 2 * 8000 * 600L), 0);
	assert_int_equal(device_check(file_driver("long.wav", NULL), &why), 0);
	assert_int_equal(truncate(rig_path("long.wav"), 44 + 2 * 8000 * 600L + 2), 0);
	refused(file_driver("long.wav", NULL), EFBIG, "10 minutes");
}

/* --- stretching -------------------------------------------------------------------------------- */

static void test_stretch(void **state)
{
	static const enum device_stretch how[] = {STRETCH_LESS, STRETCH_NONE, STRETCH_MORE};
	int16_t in[DEVICE_FRAME], out[DEVICE_FRAME + STRETCH_SAMPLES];
	unsigned i, k;

	(void)state;
	for (i = 0; i < DEVICE_FRAME; i++)
		in[i] = (int16_t)(30000 * sin(2 * PI * 200 * i / 48000));
	for (k = 0; k < 3; k++) {
		uint32_t n = device_stretch(out, in, how[k]);

		assert_int_equal(n, DEVICE_FRAME + (int)how[k] * STRETCH_SAMPLES);
		assert_int_equal(out[0], in[0]);
		assert_int_equal(out[n - 1], in[DEVICE_FRAME - 1]);
		/* the sound itself moves by at most 786 a sample, the fade adds at most 500 */
		for (i = 1; i < n; i++)
			assert_in_range(abs(out[i] - out[i - 1]), 0, 1300);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_null_paces),
		cmocka_unit_test(test_late_frames_are_made_up),
		cmocka_unit_test(test_no_flood_after_a_stop),
		cmocka_unit_test(test_file_sample_exact),
		cmocka_unit_test(test_file_right_while_written),
		cmocka_unit_test(test_file_clock_goes_on),
		cmocka_unit_test(test_file_makes_up),
		cmocka_unit_test(test_file_resampled),
		cmocka_unit_test(test_output_that_fails),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_too_long),
		cmocka_unit_test(test_stretch),
	};
	int failed;

	rig_folder();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_remove();
	return failed;
}
