#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "media/level.h"
#include "media/pipeline.h"

#define LINES          PHONE_CALLS_MAX
#define STATS_FRAMES   100   /* once a second */
#define LEVELS_FRAMES  20    /* five a second: as many as can be followed, and half the bytes for the terminal */
#define DIGIT_MS       100
#define VOLUME_MAX     200
/* from here on the limiter bends the curve: at 200 % speech gets louder, not square */
#define KNEE           24576

struct line {
	unsigned call;          /* 0 = free */
	struct stream *stream;
	enum tone tone;
	unsigned order;         /* tones begun later are higher */
	unsigned frames;        /* of its stream */
};

struct pipeline {
	struct pipeline_handlers h;
	struct line line[LINES];
	unsigned focus;
	bool muted, meters;
	unsigned volume;
	struct tones tones;
	enum tones_plan plan;
	unsigned tone_order;
	unsigned tone_heard;    /* the order of the tone being played, 0 = none */
	struct level rx, tx;
	unsigned level_frames;
};

int pipeline_new(struct pipeline **pp, const struct pipeline_handlers *handlers)
{
	struct pipeline *p = calloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;
	p->h = *handlers;
	p->volume = 100;
	*pp = p;
	return 0;
}

void pipeline_free(struct pipeline *p)
{
	free(p);
}

static struct line *find(struct pipeline *p, unsigned call)
{
	unsigned i;

	for (i = 0; i < LINES; i++) {
		if (p->line[i].call == call)
			return &p->line[i];
	}
	return NULL;
}

static struct line *find_or_make(struct pipeline *p, unsigned call)
{
	struct line *l = find(p, call);

	if (l)
		return l;
	l = find(p, 0);
	if (l) {
		memset(l, 0, sizeof(*l));
		l->call = call;
	}
	return l;
}

static void drop_unused(struct line *l)
{
	if (!l->stream && l->tone == TONE_NONE)
		l->call = 0;
}

int pipeline_stream(struct pipeline *p, unsigned call, struct stream *s)
{
	struct line *l = s ? find_or_make(p, call) : find(p, call);

	if (!call)
		return EINVAL;
	if (!l)
		return s ? ENOSPC : 0;
	l->stream = s;
	l->frames = 0;
	drop_unused(l);
	return 0;
}

void pipeline_focus(struct pipeline *p, unsigned call)
{
	p->focus = call;
}

/* Plays the newest of the tones. One that goes on is not begun anew. */
static void choose_tone(struct pipeline *p)
{
	struct line *newest = NULL;
	unsigned i;

	for (i = 0; i < LINES; i++) {
		struct line *l = &p->line[i];

		if (l->call && l->tone != TONE_NONE && (!newest || l->order > newest->order))
			newest = l;
	}
	if (newest && p->tone_heard == newest->order)
		return;
	p->tone_heard = newest ? newest->order : 0;
	tones_start(&p->tones, newest ? newest->tone : TONE_NONE, p->plan);
}

void pipeline_plan(struct pipeline *p, enum tones_plan plan)
{
	p->plan = plan;
}

int pipeline_tone(struct pipeline *p, unsigned call, enum tone tone)
{
	struct line *l = tone != TONE_NONE ? find_or_make(p, call) : find(p, call);

	if (!call)
		return EINVAL;
	if (!l)
		return tone != TONE_NONE ? ENOSPC : 0;
	if (l->tone != tone) {
		l->tone = tone;
		l->order = ++p->tone_order;
	}
	drop_unused(l);
	choose_tone(p);
	return 0;
}

void pipeline_digit(struct pipeline *p, char digit)
{
	tones_digit(&p->tones, digit, DIGIT_MS);
}

void pipeline_mute(struct pipeline *p, bool on)
{
	p->muted = on;
}

void pipeline_volume(struct pipeline *p, unsigned percent)
{
	p->volume = percent < VOLUME_MAX ? percent : VOLUME_MAX;
}

void pipeline_meters(struct pipeline *p, bool on)
{
	p->meters = on;
	p->level_frames = 0;
	level_take(&p->rx);
	level_take(&p->tx);
}

bool pipeline_active(const struct pipeline *p)
{
	unsigned i;

	if (tones_active(&p->tones))
		return true;
	for (i = 0; i < LINES; i++) {
		if (p->line[i].call && p->line[i].stream)
			return true;
	}
	return false;
}

/* Above the knee, twice as much in is ever less more out; full scale is never reached. */
static int16_t limit(int32_t v)
{
	int32_t size = v < 0 ? -v : v, room = INT16_MAX - KNEE;

	if (size > KNEE)
		size = KNEE + (int32_t)((int64_t)room * (size - KNEE) / (size - KNEE + room));
	return (int16_t)(v < 0 ? -size : size);
}

static void apply_volume(struct pipeline *p, int16_t *pcm)
{
	unsigned i;

	if (p->volume == 100)
		return;
	for (i = 0; i < PIPELINE_FRAME; i++)
		pcm[i] = limit(pcm[i] * (int32_t)p->volume / 100);
}

static void meter(struct pipeline *p, const int16_t *rx, const int16_t *tx)
{
	level_add(&p->rx, rx, PIPELINE_FRAME);
	level_add(&p->tx, tx, PIPELINE_FRAME);
	if (++p->level_frames < LEVELS_FRAMES)
		return;
	p->level_frames = 0;
	p->h.levels(level_take(&p->rx), level_take(&p->tx), p->h.arg);
}

void pipeline_frame(struct pipeline *p, const int16_t *captured, int16_t *play, unsigned device_ms, uint64_t now_us)
{
	static const int16_t silence[PIPELINE_FRAME];
	int16_t unheard[PIPELINE_FRAME];
	unsigned i;

	memset(play, 0, PIPELINE_FRAME * sizeof(*play));
	for (i = 0; i < LINES; i++) {
		struct line *l = &p->line[i];
		bool focused = l->call == p->focus;

		if (!l->call || !l->stream)
			continue;
		/* others go on, unheard and with silence, so that their peers and NATs keep them */
		/* cppcheck-suppress legacyUninitvar ; written there */
		stream_play(l->stream, focused ? play : unheard, now_us);
		stream_capture(l->stream, focused && !p->muted ? captured : silence, now_us);
		if (++l->frames == STATS_FRAMES) {
			struct media_stats stats;

			l->frames = 0;
			stream_stats(l->stream, &stats, device_ms, now_us);
			p->h.stats(l->call, &stats, p->h.arg);
		}
	}
	tones_add(&p->tones, play, PIPELINE_FRAME);
	apply_volume(p, play);
	if (p->meters)
		meter(p, play, p->muted ? silence : captured);
}
