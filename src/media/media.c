/* The main thread's side of sound: the port_media_ functions and what the engine reports. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/text.h"
#include "media/device.h"
#include "media/digits.h"
#include "media/engine.h"
#include "media/media.h"
#include "media/tones.h"

/* A call's sockets, as the main thread remembers them. */
struct line {
	unsigned call;           /* 0 = free */
	char address[ADDRESS_MAX]; /* and where */
	uint16_t port;
	bool started, events;    /* has a stream; the peer takes telephone-events */
	unsigned queued, consumed; /* digits, ever */
};

static struct {
	struct phone *phone;
	const struct settings *settings;
	char driver[SETTING_TEXT_MAX * 2];
	struct line line[PHONE_CALLS_MAX];
	bool input, output;      /* a device is there */
} media;

static struct line *find(unsigned call)
{
	unsigned i;

	for (i = 0; i < PHONE_CALLS_MAX; i++) {
		if (media.line[i].call == call)
			return &media.line[i];
	}
	return NULL;
}

/* The driver's kind: what stands before ':'. */
const char *media_driver(void)
{
	return !strncmp(media.driver, "file:", 5) ? "file" : media.driver;
}

/* --- reports, on the main thread ------------------------------------------------------ */

static void device_reported(const struct engine_report *r)
{
	enum device_state state = r->v.device.state;
	bool there = state == DEVICE_OPEN || state == DEVICE_BACK;
	bool before = media.input || media.output;

	if (!strcmp(r->v.device.role, "input"))
		media.input = there;
	else if (!strcmp(r->v.device.role, "output"))
		media.output = there;
	phone_media_device(media.phone, r->v.device.role, r->v.device.name, state, r->v.device.error);
	/* lost devices are expected back; with none at all it is the null device that sound goes to */
	if (state == DEVICE_NONE && !media.input && !media.output)
		phone_media_driver(media.phone, "null");
	else if (there && !before)
		phone_media_driver(media.phone, media_driver());
}

static void report_h(const struct engine_report *r)
{
	struct line *l = r->call ? find(r->call) : NULL;

	/* what was under way when a call was closed is of no interest any more */
	if (r->call && !l)
		return;
	switch (r->news) {
	case NEWS_STATS:
		phone_media_stats(media.phone, r->call, &r->v.stats);
		break;
	case NEWS_LEVELS:
		phone_media_levels(media.phone, r->v.levels.rx, r->v.levels.tx);
		break;
	case NEWS_DTMF:
		phone_media_dtmf(media.phone, r->call, r->v.digit);
		break;
	case NEWS_SENT:
		if (l)
			l->consumed = r->v.consumed;
		break;
	case NEWS_DEVICE:
		device_reported(r);
		break;
	}
}

/* --- life ------------------------------------------------------------------------------ */

static void fill_devices(struct engine_devices *d)
{
	memset(d, 0, sizeof(*d));
	text_copy(d->driver, sizeof(d->driver), media.driver);
	text_copy(d->input, sizeof(d->input), media.settings->audio_input);
	text_copy(d->output, sizeof(d->output), media.settings->audio_output);
}

static void order(enum engine_order what, unsigned call, unsigned number)
{
	struct engine_message m = {.call = call, .v.number = number};
	int err = engine_order(what, &m);

	if (err && err != ENOTCONN)
		log_error("media: an order was lost: %s", strerror(err));
}

int media_start(struct phone *phone, const struct settings *settings, const char *driver, const char **why)
{
	struct engine_devices devices;
	int err;

	*why = NULL;
	err = device_check(driver, why);
	if (err)
		return err;
	memset(&media, 0, sizeof(media));
	media.phone = phone;
	media.settings = settings;
	if (!text_copy(media.driver, sizeof(media.driver), driver)) {
		*why = _("The names of the sound files are too long.");
		return ENAMETOOLONG;
	}
	fill_devices(&devices);
	err = engine_start(&devices, report_h);
	if (err) {
		*why = _("The sound thread could not be started.");
		return err;
	}
	phone_media_driver(phone, media_driver());
	media_tones_changed();
	return 0;
}

void media_stop(void)
{
	engine_stop();
	if (engine_dropped())
		log_warning("media: %u messages were dropped", engine_dropped());
	memset(&media, 0, sizeof(media));
}

void media_devices_changed(void)
{
	struct engine_message m = {0};

	/* the others have no device with a name; to open files anew would empty what was recorded */
	if (!media.settings || strcmp(media.driver, "portaudio"))
		return;
	fill_devices(&m.v.devices);
	engine_order(ORDER_DEVICES, &m);
}

void media_tones_changed(void)
{
	if (media.settings)
		order(ORDER_PLAN, 0, tones_plan_of(media.settings->tone_country));
}

void media_meters(bool on)
{
	order(ORDER_METERS, 0, on);
}

/* --- ports ------------------------------------------------------------------------------ */

int port_media_open(unsigned call, const char *address, uint16_t *port)
{
	struct engine_message m = {.call = call};
	struct line *l = find(call);
	int err;

	if (!call)
		return EINVAL;
	if (!media.settings)
		return ENOTCONN;
	if (l && !strcmp(l->address, address)) {
		*port = l->port;
		return 0;
	}
	if (!l)
		l = find(0);
	if (!l)
		return ENOSPC;
	err = sockets_open(&m.v.sockets, address, media.settings->rtp_first, media.settings->rtp_last);
	if (err)
		return err;
	err = engine_order(ORDER_OPEN, &m);
	if (err) {
		sockets_close(&m.v.sockets);
		return err;
	}
	if (l->call != call) {
		memset(l, 0, sizeof(*l));
		l->call = call;
	}
	text_copy(l->address, sizeof(l->address), address);
	l->port = *port = sa_port(&m.v.sockets.local);
	return 0;
}

/* An address to send to; unset when there is none (RFC 3264 section 8.4 knows 0.0.0.0 as "nowhere"). */
static int read_address(struct sa *sa, const char *address, uint16_t port)
{
	int err;

	sa_init(sa, AF_UNSPEC);
	if (!*address || !port)
		return 0;
	err = sockets_address(sa, address, port);
	if (!err && sa_is_any(sa))
		sa_init(sa, AF_UNSPEC);
	return err;
}

int port_media_start(unsigned call, const struct media_params *params)
{
	struct engine_message m = {.call = call};
	struct line *l = call ? find(call) : NULL;
	const char *rtcp_address = params->remote_rtcp_address;
	uint16_t rtcp_port = params->remote_rtcp_port;
	unsigned i;
	int err;

	if (!l)
		return ENOTCONN;
	if (!params->codec || params->formats > MEDIA_FORMATS)
		return EINVAL;
	for (i = 0; i < params->formats; i++) {
		if (!params->format[i].codec)
			return EINVAL;
	}
	if (!*rtcp_address)
		rtcp_address = params->remote_address;
	if (!rtcp_port && params->remote_port && params->remote_port < UINT16_MAX)
		rtcp_port = (uint16_t)(params->remote_port + 1);
	m.v.stream.params = *params;
	err = read_address(&m.v.stream.rtp, params->remote_address, params->remote_port);
	if (!err)
		err = read_address(&m.v.stream.rtcp, rtcp_address, rtcp_port);
	if (!err)
		err = engine_order(ORDER_STREAM, &m);
	if (err)
		return err;
	l->started = true;
	l->events = params->event_payload_type >= 0;
	return 0;
}

void port_media_close(unsigned call)
{
	struct line *l = call ? find(call) : NULL;

	if (l)
		memset(l, 0, sizeof(*l));
	if (call)
		order(ORDER_CLOSE, call, 0);
}

void port_media_focus(unsigned call)
{
	order(ORDER_FOCUS, call, 0);
}

void port_media_tone(unsigned call, enum tone tone)
{
	order(ORDER_TONE, call, tone);
}

void port_media_mute(bool on)
{
	order(ORDER_MUTE, 0, on);
}

void port_media_volume(unsigned percent)
{
	order(ORDER_VOLUME, 0, percent);
}

int port_media_dtmf(unsigned call, const char *digits)
{
	struct engine_message m = {.call = call};
	struct line *l = call ? find(call) : NULL;
	size_t n = strlen(digits);
	int err;

	if (!l || !l->started)
		return ENOTCONN;
	if (!l->events)
		return ENOTSUP;
	if (!digits_valid(digits))
		return EINVAL;
	if (n > DIGITS_WAITING - (l->queued - l->consumed))
		return ENOSPC;
	text_copy(m.v.digits, sizeof(m.v.digits), digits);
	err = engine_order(ORDER_DTMF, &m);
	if (!err)
		l->queued += (unsigned)n;
	return err;
}
