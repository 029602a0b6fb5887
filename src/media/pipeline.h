/* pipeline.h - what happens to each 10 ms of sound between the device and the streams. It has no clock and no
 * device of its own. All calls' streams and tones are known here. */
#ifndef OFFHOOK_MEDIA_PIPELINE_H
#define OFFHOOK_MEDIA_PIPELINE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/stream.h"
#include "media/tones.h"
#include "phone/outcome.h"

#define PIPELINE_FRAME STREAM_FRAME

struct pipeline;

struct pipeline_handlers {
	void (*stats)(unsigned call, const struct media_stats *stats, void *arg);   /* once a second */
	void (*levels)(double rx, double tx, void *arg);                            /* five a second, when wanted */
	void *arg;
};

/* ENOMEM. Streams are not freed by pipeline_free(). */
int pipeline_new(struct pipeline **pp, const struct pipeline_handlers *handlers);
void pipeline_free(struct pipeline *p);

/* The stream of CALL; NULL: it has none any more. ENOSPC. */
int pipeline_stream(struct pipeline *p, unsigned call, struct stream *s);
void pipeline_focus(struct pipeline *p, unsigned call);
/* Whose tones those are that begin from now on; TONES_ETSI at first. */
void pipeline_plan(struct pipeline *p, enum tones_plan plan);
/* CALL's tone. The one begun last is heard. TONE_NONE ends it. ENOSPC. */
int pipeline_tone(struct pipeline *p, unsigned call, enum tone tone);
/* Lets a digit that is sent be heard. */
void pipeline_digit(struct pipeline *p, char digit);
void pipeline_mute(struct pipeline *p, bool on);
void pipeline_volume(struct pipeline *p, unsigned percent);
void pipeline_meters(struct pipeline *p, bool on);

/* True while there is anything to send, to receive or to be heard. */
bool pipeline_active(const struct pipeline *p);
/* One frame. DEVICE_MS: delay inside the device, for the figures. */
void pipeline_frame(struct pipeline *p, const int16_t *captured, int16_t *play, unsigned device_ms, uint64_t now_us);

#endif
