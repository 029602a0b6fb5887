/* engine.h - the media thread: a libre loop of its own with the streams, the device and the pipeline.
 *
 * Messages both ways are plain structs of fixed size; no lock is shared. Functions here are for the main
 * thread; the handler of reports is called on the main thread, too.
 */
#ifndef OFFHOOK_MEDIA_ENGINE_H
#define OFFHOOK_MEDIA_ENGINE_H

#include <stdbool.h>
#include <stdint.h>

#include "media/digits.h"
#include "media/sockets.h"
#include "phone/phone.h"

#define ENGINE_NAME_MAX 256

struct engine_devices {
	char driver[SETTING_TEXT_MAX * 2];
	char input[SETTING_TEXT_MAX], output[SETTING_TEXT_MAX];
};

enum engine_order {
	ORDER_OPEN,      /* .sockets: the thread owns them from now on; those that the call had are closed */
	ORDER_STREAM,    /* .stream: start or change */
	ORDER_CLOSE,
	ORDER_FOCUS,
	ORDER_TONE,      /* .number */
	ORDER_PLAN,      /* .number: enum tones_plan */
	ORDER_MUTE,      /* .number */
	ORDER_VOLUME,    /* .number */
	ORDER_DTMF,      /* .digits */
	ORDER_METERS,    /* .number */
	ORDER_DEVICES,   /* .devices */
	ORDER_QUIT
};

/* From the main thread to the media thread. */
struct engine_message {
	unsigned call;
	union {
		struct sockets sockets;
		struct {
			struct media_params params;
			struct sa rtp, rtcp;
		} stream;
		unsigned number;
		char digits[DIGITS_WAITING + 1];
		struct engine_devices devices;
	} v;
};

enum engine_news { NEWS_STATS, NEWS_LEVELS, NEWS_DTMF, NEWS_SENT, NEWS_DEVICE };

/* From the media thread to the main thread. */
struct engine_report {
	enum engine_news news;
	unsigned call;
	union {
		struct media_stats stats;
		struct { double rx, tx; } levels;
		char digit;
		unsigned consumed;      /* digits that are through, ever */
		struct {
			char role[16], name[ENGINE_NAME_MAX], error[ENGINE_NAME_MAX];
			enum device_state state;
		} device;
	} v;
};

typedef void engine_report_h(const struct engine_report *report);

/* Starts the thread; when it returns 0 the thread listens. */
int engine_start(const struct engine_devices *devices, engine_report_h *h);
/* Ends and joins it. Reports that are still under way are dropped. */
void engine_stop(void);
/* Sends MESSAGE (copied). 0; ENOMEM; EAGAIN: the thread does not keep up, the order was dropped.
 * That does not happen to ORDER_CLOSE: there is room for it when others are refused. */
int engine_order(enum engine_order order, const struct engine_message *message);
/* Orders and reports that were dropped, ever. */
unsigned engine_dropped(void);

#endif
