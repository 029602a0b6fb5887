/* The driver "portaudio", as the media thread sees it: frames to and from the sound helper's rings, and a watch on
 * the helper, which is killed and started anew when sound stops. Frames are clocked by the device while it plays, by
 * a timer whenever it does not: nobody who makes them has to care. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <re.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/text.h"
#include "media/device_child.h"
#include "media/device_driver.h"
#include "media/device_stretch.h"

/* milliseconds */
#define WATCH_EACH     100
#define SILENT_MAX     300    /* no callback for so long: the device is lost */
#define START_MAX      3000   /* PortAudio may take so long to open */
#define REST_MAX       5000   /* the helper outlives the last use by so long */
#define QUIT_MAX       200    /* it may take so long to end when asked */
#define KILL_MAX       100    /* ... and to be reaped when killed */
#define END_EACH       10     /* looks for its end */
#define BACKOFF_MIN    50
#define BACKOFF_MAX    1000
#define BACKOFF_NONE   30000  /* until the next look, when there never was a device */
#define HEALTHY_AFTER  5000
#define BRIDGE_AFTER   50     /* the clock takes over when the device is late by so long */

/* samples */
#define FILL_DUPLEX    DEVICE_FRAME        /* kept in the play ring: one frame, played while the next is made */
#define FILL_SPARE     (DEVICE_FRAME / 2)  /* what may be left of it then: the phone may come late by so much */
#define FILL_SPLIT     (2 * DEVICE_FRAME)  /* two clocks, whose callbacks come in any order */
#define FILL_EXCESS    (2 * DEVICE_FRAME)  /* above that, frames are thrown away */
#define FILL_FLOOR     STRETCH_SAMPLES     /* least that two clocks should leave */
#define JUDGE_FRAMES   50                  /* the least fill of so many frames counts */

enum phase {
	RESTING,   /* no helper, none wanted */
	STARTING,  /* started, its report has not come */
	RUNNING,   /* it has devices */
	ENDING,    /* asked to end, or killed, and not yet reaped */
	WAITING    /* none, until the next try */
};

struct role {
	const char *word;             /* "input", "output" */
	bool told;                    /* STATE was reported */
	enum device_state state;
	bool open;                    /* the helper of now has it */
	char name[128];               /* the device it is, or was */
	char found[128];              /* the device that the helper of now has opened */
	char note[512];               /* ... and why it is not the wanted one, "" = it is; or why there is none */
	unsigned latency_ms;
	uint32_t calls;               /* the helper's counter when last seen */
	uint64_t progress_ms;         /* ... and when it last moved */
};

struct sound {
	struct device *device;
	char wanted_input[128], wanted_output[128];
	enum phase phase;
	uint64_t phase_ms;            /* since when */
	uint64_t rest_ms;             /* since when the device rests */
	struct tmr tmr;
	struct device_clock *clock;
	struct device_child child;
	bool ended_well;              /* we asked for its end */
	bool had_device;              /* ever */
	unsigned backoff_ms;
	struct role input, output;
	bool announced;
	/* the rings */
	struct ring capture, play;
	bool split;
	uint32_t frames_seen;         /* of the output's counter, when that is the clock */
	unsigned bridged;             /* frames made by the clock while the device was late */
	uint32_t least_fill;
	unsigned judged;              /* frames since least_fill began */
};

static void watch_h(void *arg);

/* --- what is reported ------------------------------------------------------------------ */

static void tell(struct sound *s, struct role *r, enum device_state state, const char *error)
{
	r->told = true;
	r->state = state;
	if (error[0])
		log_warning("sound %s \"%s\": %s", r->word, r->name, error);
	else
		log_info("sound %s \"%s\" is open", r->word, r->name);
	device_report(s->device, r->word, r->name, state, error);
}

/* Only changes are told: a device that stays away is not news each second. */
static void role_down(struct sound *s, struct role *r, const char *error)
{
	r->open = false;
	if (!r->told)
		tell(s, r, DEVICE_NONE, error);
	else if (r->state == DEVICE_OPEN || r->state == DEVICE_BACK)
		tell(s, r, DEVICE_LOST, error);
}

static void role_up(struct sound *s, struct role *r)
{
	bool same = strcmp(r->name, r->found) == 0;

	if (!r->open)
		return;
	text_copy(r->name, sizeof(r->name), r->found);
	if (r->told && r->state == DEVICE_LOST)
		tell(s, r, DEVICE_BACK, r->note);
	else if (!r->told || r->state == DEVICE_NONE || !same)
		tell(s, r, DEVICE_OPEN, r->note);
}

/* --- the helper's life ----------------------------------------------------------------- */

static void enter(struct sound *s, enum phase phase, uint64_t look_after_ms)
{
	s->phase = phase;
	s->phase_ms = loop_now_ms();
	if (look_after_ms)
		tmr_start(&s->tmr, look_after_ms, watch_h, s);
	else
		tmr_cancel(&s->tmr);
}

static void end_helper(struct sound *s, bool well)
{
	fd_close(s->child.wake);
	fd_close(s->child.socket);
	s->ended_well = well;
	if (well)
		device_child_quit(&s->child);
	else
		device_child_kill(&s->child);
	enter(s, ENDING, END_EACH);
	if (s->device->on)
		device_clock_start(s->clock, 10);
}

static void fail(struct sound *s, const char *error)
{
	end_helper(s, false);
	role_down(s, &s->input, error);
	role_down(s, &s->output, error);
}

static void wait_for_next_try(struct sound *s)
{
	unsigned ms = BACKOFF_NONE;

	if (s->had_device) {
		ms = s->backoff_ms;
		s->backoff_ms = s->backoff_ms * 2 > BACKOFF_MAX ? BACKOFF_MAX : s->backoff_ms * 2;
	}
	enter(s, WAITING, ms);
}

/* --- frames ---------------------------------------------------------------------------- */

static uint32_t play_fill(const struct sound *s)
{
	struct ring r = s->play; /* looking must not mark it as broken */

	return r.size - ring_room(&r);
}

/* Keeps the play ring between running dry and lagging behind: STRETCH_SAMPLES at a time when the clocks of input
 * and output part or when a late burst has left too much. */
static enum device_stretch judge(struct sound *s, uint32_t fill)
{
	enum device_stretch how = STRETCH_NONE;
	uint32_t most = (s->split ? FILL_SPLIT - FILL_SPARE : FILL_SPARE) + STRETCH_SAMPLES;

	if (fill < s->least_fill)
		s->least_fill = fill;
	if (++s->judged < JUDGE_FRAMES)
		return how;
	if (s->least_fill > most)
		how = STRETCH_LESS;
	else if (s->split && s->least_fill < FILL_FLOOR)
		how = STRETCH_MORE;
	s->judged = 0;
	s->least_fill = UINT32_MAX;
	return how;
}

static void put_play(struct sound *s, const int16_t *frame)
{
	int16_t fitted[DEVICE_FRAME + STRETCH_SAMPLES];
	uint32_t fill = play_fill(s);

	if (fill > (s->split ? FILL_SPLIT : FILL_DUPLEX) + FILL_EXCESS)
		return;
	ring_put(&s->play, fitted, device_stretch(fitted, frame, judge(s, fill)));
}

static void make_frame(struct sound *s, const int16_t *captured)
{
	int16_t play[DEVICE_FRAME];

	device_frame(s->device, captured, play);
	if (s->phase == RUNNING && s->output.open)
		put_play(s, play);
}

/* The clock: the device is not there, or late. */
static void clock_h(void *arg)
{
	struct sound *s = arg;

	if (s->phase == RUNNING)
		s->bridged++;
	make_frame(s, NULL);
}

/* Begins with nothing old to hear and just enough silence to play. */
static void settle_rings(struct sound *s)
{
	static const int16_t zeros[FILL_SPLIT];
	uint32_t want = s->split ? FILL_SPLIT : FILL_DUPLEX, fill = play_fill(s);

	ring_skip(&s->capture, HELPER_RING);
	if (fill < want)
		ring_put(&s->play, zeros, want - fill);
	s->frames_seen = atomic_load_explicit(&s->child.memory->out_calls, memory_order_acquire);
	s->bridged = 0;
	s->judged = 0;
	s->least_fill = UINT32_MAX;
}

/* Frames that the device has moved on since the last look. */
static unsigned frames_due(struct sound *s)
{
	uint32_t calls, due;

	if (s->input.open)
		return ring_waiting(&s->capture) / DEVICE_FRAME;
	calls = atomic_load_explicit(&s->child.memory->out_calls, memory_order_acquire);
	due = calls - s->frames_seen;
	s->frames_seen = calls;
	return due < HELPER_RING / DEVICE_FRAME ? due : HELPER_RING / DEVICE_FRAME;
}

/* A callback of the helper's: the device's clock has moved on. */
static void wake_h(int flags, void *arg)
{
	struct sound *s = arg;
	int16_t captured[DEVICE_FRAME];
	unsigned due, made;
	uint64_t count;

	(void)flags;
	if (read(s->child.wake, &count, sizeof(count)) != sizeof(count) || s->phase != RUNNING)
		return;
	if (!s->announced) {
		s->announced = s->had_device = true;
		role_up(s, &s->input);
		role_up(s, &s->output);
		/* now it is known that the other one works */
		if (!s->input.open)
			role_down(s, &s->input, s->input.note);
		if (!s->output.open)
			role_down(s, &s->output, s->output.note);
	}
	if (!s->device->on) {
		ring_skip(&s->capture, HELPER_RING);
		return;
	}
	due = frames_due(s);
	/* what the clock made meanwhile is not made again; the newest frame always is */
	for (made = 0; made < s->bridged && due > 1; made++, due--)
		ring_skip(&s->capture, DEVICE_FRAME);
	s->bridged = 0;
	for (; due && s->phase == RUNNING && s->device->on; due--) {
		bool heard = s->input.open && ring_get(&s->capture, captured, DEVICE_FRAME) == DEVICE_FRAME;

		make_frame(s, heard ? captured : NULL);
	}
	if (s->phase == RUNNING && s->device->on)
		device_clock_start(s->clock, BRIDGE_AFTER);
}

/* --- the helper's report --------------------------------------------------------------- */

static const char *side_error(const struct helper_side *side, bool input)
{
	switch (side->state) {
	case HELPER_NO_DEVICE:
		return input ? _("No sound input was found.") : _("No sound output was found.");
	case HELPER_NO_SUCH:
		return input ? _("No sound input has this name.") : _("No sound output has this name.");
	}
	return side->error[0] ? side->error : _("The sound device was refused.");
}

/* Takes over one half of the report; role_up() waits for the first callback. */
static void take_side(struct role *r, struct helper_side *side, const char *wanted, bool input)
{
	char shown[128];

	side->name[sizeof(side->name) - 1] = '\0';
	side->error[sizeof(side->error) - 1] = '\0';
	r->open = side->state == HELPER_OPEN;
	r->latency_ms = r->open && side->latency_ms < 1000 ? side->latency_ms : 0;
	r->calls = 0;
	r->progress_ms = loop_now_ms();
	text_copy(r->found, sizeof(r->found), side->name);
	r->note[0] = '\0';
	text_show_str(shown, sizeof(shown), wanted);
	if (!r->open)
		text_copy(r->note, sizeof(r->note), side_error(side, input));
	else if (side->substitute)
		snprintf(r->note, sizeof(r->note),
			 /* TRANSLATORS: %s is the name of a device */
			 input ? _("No sound input is called %s; the default one is used.")
			       /* TRANSLATORS: %s is the name of a device */
			       : _("No sound output is called %s; the default one is used."), shown);
}

static void socket_h(int flags, void *arg)
{
	struct sound *s = arg;
	struct helper_report report;
	ssize_t n = recv(s->child.socket, &report, sizeof(report), MSG_DONTWAIT);

	(void)flags;
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n != (ssize_t)sizeof(report) || s->phase != STARTING) {
		fail(s, _("The sound system failed."));
		return;
	}
	take_side(&s->input, &report.input, s->wanted_input, true);
	take_side(&s->output, &report.output, s->wanted_output, false);
	s->split = report.split != 0;
	s->announced = false;
	if (s->input.open || s->output.open) {
		enter(s, RUNNING, WATCH_EACH);
		settle_rings(s);
		/* from here on the device makes the frames: one of the clock's would lie in the ring for ever */
		if (s->device->on)
			device_clock_start(s->clock, BRIDGE_AFTER);
		return;
	}
	end_helper(s, true);
	role_down(s, &s->input, s->input.note);
	role_down(s, &s->output, s->output.note);
}

static void start_helper(struct sound *s)
{
	int err = device_child_start(&s->child, s->wanted_input, s->wanted_output);

	if (!err) {
		ring_attach(&s->capture, s->child.memory->capture, HELPER_RING);
		ring_attach(&s->play, s->child.memory->play, HELPER_RING);
		err = fd_listen(s->child.wake, FD_READ, wake_h, s);
		if (!err)
			err = fd_listen(s->child.socket, FD_READ, socket_h, s);
		if (!err)
			enter(s, STARTING, WATCH_EACH);
		else
			end_helper(s, false);
	}
	else
		wait_for_next_try(s);
	if (err) {
		role_down(s, &s->input, strerror(err));
		role_down(s, &s->output, strerror(err));
	}
}

/* --- the watch ------------------------------------------------------------------------- */

/* Whether the callbacks of R still come. */
static bool alive(struct role *r, const _Atomic uint32_t *counter, uint64_t now)
{
	uint32_t calls = atomic_load_explicit(counter, memory_order_acquire);

	if (calls != r->calls) {
		r->calls = calls;
		r->progress_ms = now;
	}
	return !r->open || now - r->progress_ms <= SILENT_MAX;
}

static void watch_helper(struct sound *s, uint64_t now)
{
	bool in = true, out = true;

	device_child_drain(&s->child);
	if (device_child_ended(&s->child, 0)) {
		fail(s, _("The sound system failed."));
		return;
	}
	if (s->phase == RUNNING) {
		in = alive(&s->input, &s->child.memory->in_calls, now);
		out = alive(&s->output, &s->child.memory->out_calls, now);
	}
	if (!in || !out)
		fail(s, _("The sound device has stopped."));
	else if (s->capture.broken || s->play.broken)
		fail(s, _("The sound system failed."));
	else if (s->phase == STARTING && now - s->phase_ms > START_MAX)
		fail(s, _("The sound device did not start."));
	else if (!s->device->on && now - s->rest_ms >= REST_MAX)
		end_helper(s, true);
	else {
		if (s->phase == RUNNING && now - s->phase_ms > HEALTHY_AFTER)
			s->backoff_ms = BACKOFF_MIN;
		tmr_start(&s->tmr, WATCH_EACH, watch_h, s);
	}
}

static void watch_end(struct sound *s, uint64_t now)
{
	device_child_drain(&s->child);
	if (!device_child_ended(&s->child, 0)) {
		if (now - s->phase_ms > QUIT_MAX)
			device_child_kill(&s->child);
		tmr_start(&s->tmr, END_EACH, watch_h, s);
		return;
	}
	device_child_close(&s->child);
	if (!s->device->on)
		enter(s, RESTING, 0);
	else if (s->ended_well && s->announced)
		start_helper(s); /* it was to rest, and is wanted again meanwhile */
	else
		wait_for_next_try(s);
}

static void watch_h(void *arg)
{
	struct sound *s = arg;
	uint64_t now = loop_now_ms();

	switch (s->phase) {
	case STARTING:
	case RUNNING:
		watch_helper(s, now);
		break;
	case ENDING:
		watch_end(s, now);
		break;
	case WAITING:
		start_helper(s);
		break;
	case RESTING:
		break;
	}
}

/* --- the driver ------------------------------------------------------------------------ */

static int sound_open(struct device *d, const char *in, const char *out)
{
	struct sound *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return ENOMEM;
	s->device = d;
	s->input.word = "input";
	s->output.word = "output";
	s->backoff_ms = BACKOFF_MIN;
	text_copy(s->wanted_input, sizeof(s->wanted_input), in && in[0] ? in : HELPER_DEFAULT);
	text_copy(s->wanted_output, sizeof(s->wanted_output), out && out[0] ? out : HELPER_DEFAULT);
	text_copy(s->input.name, sizeof(s->input.name), s->wanted_input);
	text_copy(s->output.name, sizeof(s->output.name), s->wanted_output);
	tmr_init(&s->tmr);
	err = device_clock_new(&s->clock, clock_h, s);
	if (err)
		free(s);
	else
		d->state = s;
	return err;
}

static void sound_run(struct device *d)
{
	struct sound *s = d->state;

	if (!d->on) {
		s->rest_ms = loop_now_ms();
		device_clock_stop(s->clock);
		if (s->phase == WAITING)
			enter(s, RESTING, 0);
		return;
	}
	device_clock_start(s->clock, s->phase == RUNNING ? BRIDGE_AFTER : 10);
	if (s->phase == RUNNING)
		settle_rings(s);
	else if (s->phase == RESTING)
		start_helper(s);
}

static void sound_close(struct device *d)
{
	struct sound *s = d->state;

	tmr_cancel(&s->tmr);
	device_clock_free(s->clock);
	if (s->phase == STARTING || s->phase == RUNNING) {
		fd_close(s->child.wake);
		fd_close(s->child.socket);
		device_child_quit(&s->child);
	}
	if (!device_child_ended(&s->child, QUIT_MAX)) {
		device_child_kill(&s->child);
		device_child_ended(&s->child, KILL_MAX);
	}
	device_child_close(&s->child);
	free(s);
}

static unsigned sound_delay_ms(const struct device *d)
{
	const struct sound *s = d->state;
	struct ring capture = s->capture;
	uint32_t samples = 0;

	if (s->phase != RUNNING)
		return 0;
	if (s->input.open)
		samples += ring_waiting(&capture);
	if (s->output.open)
		samples += play_fill(s);
	return samples / (DEVICE_RATE / 1000) + s->input.latency_ms + s->output.latency_ms;
}

const struct device_driver device_sound = {
	.name = "portaudio",
	.open = sound_open,
	.run = sound_run,
	.close = sound_close,
	.delay_ms = sound_delay_ms,
};
