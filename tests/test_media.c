/* The media thread as a whole, over real sockets on the loopback: two calls of one engine talk to each other. */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>
#include <cmocka.h>

#include "base/loop.h"
#include "fake_device.h"
#include "media/media.h"
#include "phone/ports.h"

#define DEADLINE_MS 8000
#define SPOKEN_DBFS (-13.3)

/* --- a fake phone ------------------------------------------------------------------ */

static struct media_stats stats[3];
static unsigned stats_count[3];
static char digits[32];
static char driver_name[32];
static unsigned level_count, none_count;
static double level_rx, level_tx;

void phone_media_stats(struct phone *p, unsigned call, const struct media_stats *s)
{
	(void)p;
	assert_in_range(call, 1, 2);
	stats[call] = *s;
	stats_count[call]++;
}

void phone_media_levels(struct phone *p, double rx, double tx)
{
	(void)p;
	level_count++;
	level_rx = rx;
	level_tx = tx;
}

void phone_media_dtmf(struct phone *p, unsigned call, char digit)
{
	size_t n = strlen(digits);

	(void)p;
	assert_int_equal(call, 2);
	if (n + 1 < sizeof(digits))
		digits[n] = digit;
}

void phone_media_device(struct phone *p, const char *role, const char *name, enum device_state state, const char *error)
{
	(void)p;
	(void)role;
	assert_string_equal(name, "default");
	assert_string_equal(error, "no device");
	none_count += state == DEVICE_NONE;
}

void phone_media_driver(struct phone *p, const char *driver)
{
	(void)p;
	snprintf(driver_name, sizeof(driver_name), "%s", driver);
}

/* --- waiting ----------------------------------------------------------------------- */

typedef bool done_h(void);

static struct loop_timer *timer;
static done_h *done;
static uint64_t deadline;
static bool came;

static void check_h(void *arg)
{
	(void)arg;
	came = done();
	if (came || loop_now_ms() > deadline)
		loop_quit();
	else
		loop_timer_start(timer, 5);
}

/* Runs the main loop until H holds; false when it never does. */
static bool wait_for(done_h *h)
{
	done = h;
	deadline = loop_now_ms() + DEADLINE_MS;
	loop_timer_start(timer, 0);
	loop_run();
	return came;
}

/* --- set-up -------------------------------------------------------------------------- */

static struct settings settings = {.rtp_first = 21000, .rtp_last = 21999};

static int begin(const char *driver)
{
	const char *why;

	memset(stats, 0, sizeof(stats));
	memset(stats_count, 0, sizeof(stats_count));
	memset(digits, 0, sizeof(digits));
	level_count = none_count = 0;
	return media_start(NULL, &settings, driver, &why);
}

static int set_up(void **state)
{
	sigset_t all;

	(void)state;
	sigfillset(&all);
	sigprocmask(SIG_BLOCK, &all, NULL);
	return loop_init() || loop_timer_new(&timer, check_h, NULL);
}

static int tear_down(void **state)
{
	(void)state;
	loop_timer_free(timer);
	loop_close();
	return 0;
}

static struct media_params params_to(const char *address, uint16_t port, enum codec_id id)
{
	struct media_params p = {.remote_port = port, .direction = MEDIA_BOTH, .codec = codec_get(id), .formats = 1,
		.event_payload_type = 101, .event_receive_type = 101, .ptime = 20};

	snprintf(p.remote_address, sizeof(p.remote_address), "%s", address);
	p.payload_type = p.codec->payload_type;
	p.event_clock_rate = p.codec->clock_rate;
	p.format[0].payload_type = p.payload_type;
	p.format[0].codec = p.codec;
	return p;
}

/* Joins calls 1 and 2. */
static void join(const char *address, enum codec_id id)
{
	struct media_params p;
	uint16_t one = 0, two = 0, again = 0;

	assert_int_equal(port_media_open(1, address, &one), 0);
	assert_int_equal(port_media_open(2, address, &two), 0);
	assert_int_equal(one % 2, 0);
	assert_in_range(one, 21000, 21998);
	assert_int_not_equal(one, two);
	assert_int_equal(port_media_open(1, address, &again), 0);
	assert_int_equal(one, again);
	p = params_to(address, two, id);
	assert_int_equal(port_media_start(1, &p), 0);
	p = params_to(address, one, id);
	assert_int_equal(port_media_start(2, &p), 0);
}

static bool two_hears(void)
{
	return stats_count[2] >= 2 && stats[2].rx_level > SPOKEN_DBFS - 1.5 && stats[2].rx_level < SPOKEN_DBFS + 1.5;
}

static bool two_hears_nothing(void)
{
	return stats_count[2] >= 2 && stats[2].rx_level < -70;
}

static bool digits_came(void)
{
	return !strcmp(digits, "12#D");
}

static bool room_for_63(void)
{
	char many[64];

	memset(many, '1', 63);
	many[63] = '\0';
	return !port_media_dtmf(1, many);
}

static bool rests(void)
{
	return !atomic_load(&fake_device_running);
}

static bool runs(void)
{
	return atomic_load(&fake_device_running);
}

static bool loud(void)
{
	return atomic_load(&fake_device_played) > -30;
}

static bool levels_came(void)
{
	return level_count >= 3 && level_tx > SPOKEN_DBFS - 1 && level_tx < SPOKEN_DBFS + 1;
}

static bool reported_none(void)
{
	return none_count == 2 && !strcmp(driver_name, "null");
}

/* --- tests ------------------------------------------------------------------------------- */

static void talk(const char *address, enum codec_id id)
{
	assert_int_equal(begin("null"), 0);
	assert_string_equal(driver_name, "null");
	join(address, id);
	port_media_focus(1);
	assert_true(wait_for(two_hears));
	assert_ptr_equal(stats[2].codec, codec_get(id));
	assert_true(stats[2].loss < 0.02);
	assert_true(stats[2].mos > 3.5);
	assert_true(stats[2].delay < 0.2);
	/* nobody speaks to call 2, so call 1 hears nothing */
	assert_true(stats[1].rx_level < -60);
	media_stop();
	media_stop();
}

static void speech_opus(void **state)
{
	(void)state;
	talk("127.0.0.1", CODEC_OPUS);
}

static void speech_pcmu(void **state)
{
	(void)state;
	talk("127.0.0.1", CODEC_PCMU);
}

static void speech_pcma_ipv6(void **state)
{
	int fd = socket(AF_INET6, SOCK_DGRAM, 0);
	uint16_t port;

	(void)state;
	if (fd < 0)
		skip();
	close(fd);
	assert_int_equal(begin("null"), 0);
	if (port_media_open(9, "::1", &port)) {
		media_stop();
		skip();
	}
	media_stop();
	talk("::1", CODEC_PCMA);
}

static void mute_and_focus(void **state)
{
	(void)state;
	assert_int_equal(begin("null"), 0);
	join("127.0.0.1", CODEC_PCMU);
	port_media_focus(1);
	assert_true(wait_for(two_hears));
	port_media_mute(true);
	stats_count[2] = 0;
	assert_true(wait_for(two_hears_nothing));
	/* packets go on while muted */
	assert_true(stats[2].mos > 1);
	port_media_mute(false);
	assert_true(wait_for(two_hears));
	port_media_focus(0);
	stats_count[2] = 0;
	assert_true(wait_for(two_hears_nothing));
	media_stop();
}

static void dtmf(void **state)
{
	char many[66];

	(void)state;
	assert_int_equal(begin("null"), 0);
	assert_int_equal(port_media_dtmf(1, "1"), ENOTCONN);
	join("127.0.0.1", CODEC_OPUS);
	assert_int_equal(port_media_dtmf(1, "12"), 0);
	assert_int_equal(port_media_dtmf(1, "#d"), 0);
	assert_int_equal(port_media_dtmf(1, "x"), EINVAL);
	memset(many, '1', sizeof(many));
	many[65] = '\0';
	assert_int_equal(port_media_dtmf(1, many), ENOSPC);
	many[61] = '\0';
	assert_int_equal(port_media_dtmf(1, many), ENOSPC);
	assert_true(wait_for(digits_came));
	/* what was sent makes room */
	assert_true(wait_for(room_for_63));
	media_stop();
}

static void rest_and_tone(void **state)
{
	(void)state;
	atomic_store(&fake_device_running, false);
	assert_int_equal(begin("null"), 0);
	port_media_focus(0);
	port_media_tone(7, TONE_BUSY);
	assert_true(wait_for(loud));
	port_media_tone(7, TONE_NONE);
	assert_true(wait_for(rests));
	join("127.0.0.1", CODEC_PCMU);
	assert_true(wait_for(runs));
	/* a closed call's tone still sounds */
	port_media_close(1);
	port_media_close(2);
	port_media_tone(1, TONE_REORDER);
	assert_true(wait_for(loud));
	port_media_close(1);
	assert_true(wait_for(rests));
	media_stop();
}

static void meters(void **state)
{
	(void)state;
	assert_int_equal(begin("null"), 0);
	join("127.0.0.1", CODEC_PCMU);
	port_media_focus(1);
	media_meters(true);
	assert_true(wait_for(levels_came));
	assert_true(level_rx < -60);
	media_stop();
}

static void drivers(void **state)
{
	(void)state;
	assert_int_equal(begin("wrong"), EINVAL);
	assert_int_equal(begin("portaudio"), 0);
	assert_string_equal(driver_name, "portaudio");
	assert_true(wait_for(reported_none));
	media_devices_changed();
	media_stop();
}

/* A file has no name of a device: to open it anew would empty what was recorded so far. */
static void files_stay_open(void **state)
{
	unsigned made;
	uint16_t port;

	(void)state;
	assert_int_equal(begin("file:,out.wav"), 0);
	made = atomic_load(&fake_device_made);
	media_devices_changed();
	assert_int_equal(port_media_open(1, "127.0.0.1", &port), 0);
	port_media_focus(0);
	port_media_tone(1, TONE_BUSY);
	assert_true(wait_for(loud)); /* all orders were read */
	assert_int_equal(atomic_load(&fake_device_made), made);
	media_stop();
}

/* When the thread does not keep up, orders are refused; but a call that is over is over. */
static void close_is_not_lost(void **state)
{
	unsigned i;

	(void)state;
	assert_int_equal(begin("portaudio"), 0);
	join("127.0.0.1", CODEC_PCMU);
	assert_true(wait_for(runs));
	atomic_store(&fake_device_stuck, true);
	media_devices_changed();
	for (i = 0; i < 6000; i++)
		port_media_volume(50 + i % 2);
	port_media_close(1);
	port_media_close(2);
	atomic_store(&fake_device_stuck, false);
	assert_true(wait_for(rests));
	media_stop();
}

static void ports_run_out(void **state)
{
	uint16_t port;

	(void)state;
	settings.rtp_first = 22001;
	settings.rtp_last = 22005;
	assert_int_equal(begin("null"), 0);
	assert_int_equal(port_media_open(1, "127.0.0.1", &port), 0);
	assert_int_equal(port % 2, 0);
	assert_int_equal(port_media_open(2, "127.0.0.1", &port), 0);
	assert_int_equal(port % 2, 0);
	assert_int_equal(port_media_open(3, "127.0.0.1", &port), EADDRINUSE);
	assert_int_equal(port_media_open(3, "localhost", &port), EINVAL);
	port_media_close(1);
	media_stop();
	settings.rtp_first = 21000;
	settings.rtp_last = 21999;
}

/* Also after a failure: the next test begins with a thread of its own. */
static int stop(void **state)
{
	(void)state;
	media_stop();
	return 0;
}

int main(void)
{
#define T(f) cmocka_unit_test_teardown(f, stop)
	const struct CMUnitTest tests[] = {
		T(speech_opus), T(speech_pcmu), T(speech_pcma_ipv6),
		T(mute_and_focus), T(dtmf), T(rest_and_tone),
		T(meters), T(drivers), T(files_stay_open), T(close_is_not_lost), T(ports_run_out),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
