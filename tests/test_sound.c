/* The real PortAudio in its helper process, on a sound card made of two files and a clock: sound goes both ways, and
 * frames go on whatever happens to the helper or the card. Exit 77 (skipped) when the card cannot be had.
 * This program is its own helper, as offhook is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <fcntl.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "device_rig.h"
#include "media/media.h"

#define PI    3.14159265358979
#define GAP   250   /* ms: the longest that frames may stay away, here where other tests load the machine too */
#define LIMIT 10000 /* ms: for whatever must come at all */

static char plugin[4096];
static int printed = -1, saved_out = -1, saved_err = -1;
static unsigned fds_before;

static unsigned open_fds(void)
{
	DIR *d = opendir("/proc/self/fd");
	unsigned n = 0;

	assert_non_null(d);
	while (readdir(d))
		n++;
	closedir(d);
	return n;
}

/* The helper's process, 0 = there is none. */
static pid_t helper(void)
{
	char path[64], text[64] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/children", (long)syscall(SYS_gettid));
	f = fopen(path, "r");
	assert_non_null(f);
	if (!fgets(text, sizeof(text), f))
		text[0] = '\0';
	fclose(f);
	return (pid_t)strtol(text, NULL, 10);
}

static void card(const char *kind)
{
	char command[9000];

	snprintf(command, sizeof(command), "sh '%s/sound_card.sh' '%s' '%s' %s", TEST_SOURCES, rig_folder(), plugin, kind);
	assert_int_equal(system(command), 0);
	setenv("ALSA_CONFIG_PATH", rig_path("asound.conf"), 1);
}

/* From here to quiet_end() nothing may be printed by this process, nor by its helper onto our descriptors. */
static int quiet_begin(void **state)
{
	(void)state;
	unlink(rig_path("speaker.raw"));
	unlink(rig_path("speaker.raw.t0"));
	unlink(rig_path("microphone.raw"));
	unlink(rig_path("microphone.raw.t0"));
	unlink(rig_path("gone"));
	fds_before = open_fds();
	fflush(NULL);
	printed = memfd_create("printed", MFD_CLOEXEC);
	saved_out = fcntl(1, F_DUPFD_CLOEXEC, 3);
	saved_err = fcntl(2, F_DUPFD_CLOEXEC, 3);
	return printed < 0 || dup2(printed, 1) < 0 || dup2(printed, 2) < 0;
}

static int quiet_end(void **state)
{
	off_t size;

	(void)state;
	rig_abandon();
	fflush(NULL);
	dup2(saved_out, 1);
	dup2(saved_err, 2);
	close(saved_out);
	close(saved_err);
	size = lseek(printed, 0, SEEK_END);
	close(printed);
	if (size)
		print_error("%ld bytes were printed\n", (long)size);
	if (open_fds() != fds_before)
		print_error("%u descriptors were open, now %u\n", fds_before, open_fds());
	if (helper())
		print_error("process %ld is left\n", (long)helper());
	return size != 0 || open_fds() != fds_before || helper() != 0;
}

/* --- what is waited for --------------------------------------------------------------------- */

static bool both_open(const struct rig *r)
{
	return rig_told(r, "input", DEVICE_OPEN) && rig_told(r, "output", DEVICE_OPEN);
}

static bool both_lost(const struct rig *r)
{
	return rig_told(r, "input", DEVICE_LOST) && rig_told(r, "output", DEVICE_LOST);
}

static bool both_back(const struct rig *r)
{
	return rig_told(r, "input", DEVICE_BACK) && rig_told(r, "output", DEVICE_BACK);
}

static bool both_none(const struct rig *r)
{
	return rig_told(r, "input", DEVICE_NONE) && rig_told(r, "output", DEVICE_NONE);
}

static void more_frames(struct rig *r, unsigned n)
{
	r->goal = r->frames + n;
	assert_true(rig_wait(r, rig_frames, LIMIT));
}

/* --- sound ---------------------------------------------------------------------------------- */

#define RATE 48000

/* The share of the tone of HZ in the power of N samples: 1 = nothing else. */
static double purity(const int16_t *s, unsigned n, double hz)
{
	double re = 0, im = 0, power = 0;
	unsigned i;

	for (i = 0; i < n; i++) {
		re += s[i] * cos(2 * PI * hz * i / RATE);
		im += s[i] * sin(2 * PI * hz * i / RATE);
		power += (double)s[i] * s[i];
	}
	return power > 0 ? 2 * (re * re + im * im) / n / power : 0;
}

struct tones {
	int16_t heard[100 * DEVICE_FRAME];
	unsigned played, best_pure;
};

static void tone_both(struct rig *r, const int16_t *captured, int16_t *play)
{
	struct tones *t = r->extra;
	unsigned i;

	for (i = 0; i < DEVICE_FRAME; i++, t->played++)
		play[i] = (int16_t)(10000 * sin(2 * PI * 1000 * t->played / RATE));
	if (purity(captured, DEVICE_FRAME, 700) > 0.98)
		t->best_pure++;
}

/* The longest stretch of the raw file that is nothing but HZ, in blocks of 10 ms. */
static unsigned pure_blocks(const char *name, double hz)
{
	unsigned run = 0, best = 0;
	size_t len = 0, i;
	unsigned char *f = rig_read(name, &len);
	int16_t block[DEVICE_FRAME];

	for (i = 0; f && i + sizeof(block) <= len; i += sizeof(block)) {
		memcpy(block, f + i, sizeof(block));
		run = purity(block, DEVICE_FRAME, hz) > 0.98 ? run + 1 : 0;
		if (run > best)
			best = run;
	}
	free(f);
	return best;
}

static void write_microphone(double hz, unsigned seconds)
{
	int16_t *s = malloc(2 * RATE * seconds);
	unsigned i;

	assert_non_null(s);
	for (i = 0; i < RATE * seconds; i++)
		s[i] = (int16_t)(8000 * sin(2 * PI * hz * i / RATE));
	rig_write("microphone.raw", s, 2 * RATE * seconds);
	free(s);
}

static void test_sound_both_ways(void **state)
{
	static struct tones t;
	struct rig r = {.on_frame = tone_both, .extra = &t};
	uint64_t begun, took = 0;
	bool followed = false;
	unsigned i, n = 0;

	(void)state;
	card("both");
	write_microphone(700, 30);
	rig_open(&r, "portaudio", "default", "default");
	assert_int_equal(helper(), 0); /* nothing runs yet */
	device_run(r.device, true);
	assert_true(rig_wait(&r, both_open, LIMIT));
	assert_string_equal(r.told[0].name, "default");
	assert_string_equal(r.told[0].error, "");
	/* the frames follow the device's clock; two seconds in which the machine had no time for us tell nothing of that */
	for (i = 0; i < 4 && !followed; i++) {
		begun = loop_now_ms();
		n = r.frames;
		r.gap_ms = 0;
		more_frames(&r, 200);
		took = loop_now_ms() - begun;
		followed = took + 100 >= (r.frames - n) * 10 && took <= (r.frames - n) * 10 + 300 && r.gap_ms < GAP;
	}
	if (!followed)
		print_error("%u frames took %u ms, the longest gap %u ms\n", r.frames - n, (unsigned)took, (unsigned)r.gap_ms);
	assert_true(followed);
	/* rings of at most 50 ms, and what PortAudio says of the card */
	assert_in_range(device_delay_ms(r.device), 10, 150);
	assert_int_equal(r.news, 2);
	rig_close(&r);
	assert_true(t.best_pure > 150);
	/* a ring that gives its spare back leaves a mark each half second */
	assert_true(pure_blocks("speaker.raw", 1000) > 40);
}

static void stall_once(struct rig *r, const int16_t *captured, int16_t *play)
{
	(void)captured;
	(void)play;
	if (r->frames == 30)
		poll(NULL, 0, 60); /* the machine is busy with something else */
}

static bool prompt(const struct rig *r)
{
	return r->frames > 40 && device_delay_ms(r->device) < 35;
}

/* Frames that came late and in a heap do not stay in the ring. */
static void test_delay_shrinks(void **state)
{
	struct rig r = {.on_frame = stall_once, .goal = 35};

	(void)state;
	card("both");
	rig_open(&r, "portaudio", "default", "default");
	device_run(r.device, true);
	assert_true(rig_wait(&r, both_open, LIMIT));
	assert_true(rig_wait(&r, rig_frames, LIMIT));
	assert_true(rig_wait(&r, prompt, LIMIT));
	rig_close(&r);
}

static void test_output_only(void **state)
{
	static struct tones t;
	struct rig r = {.on_frame = tone_both, .extra = &t};

	(void)state;
	card("output");
	rig_open(&r, "portaudio", "default", "default");
	device_run(r.device, true);
	r.goal = 50;
	assert_true(rig_wait(&r, rig_frames, LIMIT));
	more_frames(&r, 150);
	assert_int_equal(rig_told(&r, "input", DEVICE_NONE), 1);
	assert_int_equal(rig_told(&r, "output", DEVICE_OPEN), 1);
	assert_int_equal(r.news, 2);
	rig_close(&r);
	assert_true(pure_blocks("speaker.raw", 1000) > 40);
}

static void test_named_devices(void **state)
{
	struct rig r = {0};
	unsigned i;

	(void)state;
	card("both");
	rig_open(&r, "portaudio", "no such microphone", "CARD");
	device_run(r.device, true);
	while (r.news < 2 && r.frames < 1000)
		more_frames(&r, 5);
	assert_int_equal(r.news, 2);
	/* in place of one that nobody has, the default one, and a word about it */
	assert_int_equal(rig_told(&r, "input", DEVICE_OPEN), 1);
	assert_int_equal(rig_told(&r, "output", DEVICE_OPEN), 1);
	for (i = 0; i < r.news; i++) {
		if (strcmp(r.told[i].role, "input") == 0) {
			assert_string_equal(r.told[i].name, "default");
			assert_string_equal(r.told[i].error,
					    "No sound input is called no such microphone; the default one is used.");
		}
		else {
			assert_string_equal(r.told[i].name, "card");
			assert_string_equal(r.told[i].error, "");
		}
	}
	rig_close(&r);
}

/* --- trouble -------------------------------------------------------------------------------- */

static void trouble(int signal)
{
	struct rig r = {0};
	pid_t first;

	card("both");
	rig_open(&r, "portaudio", "default", "default");
	device_run(r.device, true);
	assert_true(rig_wait(&r, both_open, LIMIT));
	first = helper();
	assert_true(first > 0);
	r.gap_ms = 0;
	kill(first, signal);
	assert_true(rig_wait(&r, both_lost, LIMIT));
	assert_true(r.told[2].error[0] != '\0');
	assert_true(rig_wait(&r, both_back, LIMIT));
	more_frames(&r, 20);
	assert_true(r.gap_ms < GAP);
	assert_int_equal(r.news, 6);
	assert_true(helper() != first);
	rig_close(&r);
}

static void test_helper_killed(void **state)
{
	(void)state;
	trouble(SIGKILL);
}

/* As when the sound server hangs. */
static void test_helper_frozen(void **state)
{
	(void)state;
	trouble(SIGSTOP);
}

/* PortAudio loops for ever then and fills its stderr. */
static void test_card_pulled(void **state)
{
	struct rig r = {0};

	(void)state;
	card("both");
	rig_open(&r, "portaudio", "default", "default");
	device_run(r.device, true);
	assert_true(rig_wait(&r, both_open, LIMIT));
	r.gap_ms = 0;
	rig_write("gone", "pulled", 6);
	assert_true(rig_wait(&r, both_lost, LIMIT));
	more_frames(&r, 100);
	assert_int_equal(r.news, 4); /* that it stays away is no news */
	unlink(rig_path("gone"));
	assert_true(rig_wait(&r, both_back, LIMIT));
	assert_true(r.gap_ms < GAP);
	rig_close(&r);
}

static void no_device(const char *kind, const char *error)
{
	struct rig r = {0};

	card(kind);
	rig_open(&r, "portaudio", "default", "default");
	device_run(r.device, true);
	assert_true(rig_wait(&r, both_none, LIMIT));
	assert_string_equal(r.told[0].role, "input");
	assert_string_equal(r.told[0].error, error);
	more_frames(&r, 50);
	assert_true(r.gap_ms < GAP);
	assert_int_equal(r.news, 2);
	device_run(r.device, false);
	rig_close(&r);
}

static void test_no_device(void **state)
{
	(void)state;
	no_device("none", "No sound input was found.");
}

/* ALSA ends the process that asks. */
static void test_broken_configuration(void **state)
{
	(void)state;
	no_device("broken", "The sound system failed.");
}

/* --- rest and end ---------------------------------------------------------------------------- */

static void test_rest(void **state)
{
	struct rig r = {0};
	pid_t first;
	unsigned n;

	(void)state;
	card("both");
	rig_open(&r, "portaudio", "default", "default");
	device_run(r.device, true);
	assert_true(rig_wait(&r, both_open, LIMIT));
	first = helper();
	device_run(r.device, false);
	n = r.frames;
	rig_for(&r, 200);
	assert_int_equal(r.frames, n);
	assert_int_equal(helper(), first); /* a call that comes soon finds it running */
	device_run(r.device, true);
	more_frames(&r, 20);
	device_run(r.device, false);
	rig_for(&r, 5600);
	assert_int_equal(helper(), 0);
	assert_int_equal(r.frames, n + 20);
	device_run(r.device, true);
	more_frames(&r, 100);
	assert_true(helper() > 0);
	assert_int_equal(r.news, 2); /* the same device as before: no news */
	rig_close(&r);
}

static void test_end_is_quick(void **state)
{
	uint64_t begun;
	unsigned turn;

	(void)state;
	for (turn = 0; turn < 3; turn++) {
		struct rig r = {0};

		card("both");
		rig_open(&r, "portaudio", "default", "default");
		device_run(r.device, true);
		if (turn) /* at once, open, frozen */
			assert_true(rig_wait(&r, both_open, LIMIT));
		if (turn == 2)
			kill(helper(), SIGSTOP);
		begun = loop_now_ms();
		rig_close(&r);
		assert_in_range(loop_now_ms() - begun, 0, 500);
		assert_int_equal(helper(), 0);
	}
}

int main(int argc, char **argv)
{
#define SOUND_TEST(f) cmocka_unit_test_setup_teardown(f, quiet_begin, quiet_end)
	const struct CMUnitTest tests[] = {
		SOUND_TEST(test_sound_both_ways),
		SOUND_TEST(test_delay_shrinks),
		SOUND_TEST(test_output_only),
		SOUND_TEST(test_named_devices),
		SOUND_TEST(test_helper_killed),
		SOUND_TEST(test_helper_frozen),
		SOUND_TEST(test_card_pulled),
		SOUND_TEST(test_no_device),
		SOUND_TEST(test_broken_configuration),
		SOUND_TEST(test_rest),
		SOUND_TEST(test_end_is_quick),
	};
	ssize_t n;
	char *slash;
	int failed;

	if (argc > 1 && strcmp(argv[1], "--sound-helper") == 0)
		return sound_helper_main(argc, argv);
	n = readlink("/proc/self/exe", plugin, sizeof(plugin) - 64);
	if (n <= 0)
		return 99;
	plugin[n] = '\0';
	slash = strrchr(plugin, '/');
	strcpy(slash + 1, "libasound_module_pcm_paced.so");
	if (access(plugin, R_OK) != 0) {
		printf("SKIP: there is no %s\n", plugin);
		return 77;
	}
	rig_folder();
	failed = cmocka_run_group_tests(tests, NULL, NULL);
	rig_remove();
	return failed;
}
