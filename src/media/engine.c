#include <errno.h>
#include <pthread.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/log.h"
#include "base/text.h"
#include "media/device.h"
#include "media/engine.h"
#include "media/pipeline.h"
#include "media/stream.h"

#define FDS_MAX      1024   /* fd_listen() counts descriptors of the whole process */
#define READS_MAX    32     /* packets of one socket in one turn of the loop */
#define REPORTS      256    /* that may be under way */
#define ORDERS       1024   /* that may wait; the queue takes more, which is kept for the ends of calls */
#define LINES        PHONE_CALLS_MAX

/* A report under way: the media thread takes a free one, the main thread gives it back. */
struct slot {
	atomic_bool busy;
	struct engine_report report;
};

struct line {
	unsigned call;           /* 0 = free */
	struct sockets sockets;
	struct stream *stream;
	unsigned consumed;       /* digits, as reported */
};

/* What belongs to the media thread. Made, used and freed there. */
static struct {
	struct mqueue *orders;
	struct pipeline *pipeline;
	struct device *device;
	struct line line[LINES];
	struct tmr rest;
	bool device_runs;
	unsigned next_slot;
	int err;
} own;

/* What both see: the queue for reports is made by the main thread, written to by the media thread. */
static struct slot slots[REPORTS];
static struct mqueue *reports;
static atomic_uint dropped;
static atomic_uint waiting;   /* orders */

static pthread_t thread;
static sem_t ready;
static bool running;
static engine_report_h *report_h;

static uint64_t now_us(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000 + (uint64_t)t.tv_nsec / 1000;
}

/* --- the media thread: reports ------------------------------------------------ */

static struct slot *take_slot(enum engine_news news, unsigned call)
{
	unsigned i;

	for (i = 0; i < REPORTS; i++) {
		struct slot *s = &slots[own.next_slot];

		own.next_slot = (own.next_slot + 1) % REPORTS;
		if (atomic_load_explicit(&s->busy, memory_order_acquire))
			continue;
		memset(&s->report, 0, sizeof(s->report));
		s->report.news = news;
		s->report.call = call;
		return s;
	}
	atomic_fetch_add(&dropped, 1);
	return NULL;
}

static void push(struct slot *s)
{
	atomic_store_explicit(&s->busy, true, memory_order_release);
	if (mqueue_push(reports, 0, s)) {
		atomic_store_explicit(&s->busy, false, memory_order_release);
		atomic_fetch_add(&dropped, 1);
	}
}

static void stats_h(unsigned call, const struct media_stats *stats, void *arg)
{
	struct slot *s = take_slot(NEWS_STATS, call);

	(void)arg;
	if (!s)
		return;
	s->report.v.stats = *stats;
	push(s);
}

static void levels_h(double rx, double tx, void *arg)
{
	struct slot *s = take_slot(NEWS_LEVELS, 0);

	(void)arg;
	if (!s)
		return;
	s->report.v.levels.rx = rx;
	s->report.v.levels.tx = tx;
	push(s);
}

static void received_h(char digit, void *arg)
{
	const struct line *l = arg;
	struct slot *s = take_slot(NEWS_DTMF, l->call);

	if (!s)
		return;
	s->report.v.digit = digit;
	push(s);
}

static void sending_h(char digit, void *arg)
{
	(void)arg;
	pipeline_digit(own.pipeline, digit);
}

static void device_h(const char *role, const char *name, enum device_state state, const char *error, void *arg)
{
	struct slot *s = take_slot(NEWS_DEVICE, 0);

	(void)arg;
	if (!s)
		return;
	text_copy(s->report.v.device.role, sizeof(s->report.v.device.role), role);
	text_copy(s->report.v.device.name, sizeof(s->report.v.device.name), name);
	text_copy(s->report.v.device.error, sizeof(s->report.v.device.error), error);
	s->report.v.device.state = state;
	push(s);
}

/* --- the media thread: packets and frames -------------------------------------- */

static void send_h(bool rtcp, const uint8_t *data, size_t len, const struct sa *to, void *arg)
{
	const struct line *l = arg;

	sockets_send(rtcp ? l->sockets.rtcp : l->sockets.rtp, data, len, to);
}

static void read_packets(struct line *l, bool rtcp)
{
	uint8_t buf[STREAM_BYTES_MAX + 1];
	unsigned i;

	for (i = 0; i < READS_MAX; i++) {
		uint64_t arrival_us;
		struct sa from;
		ssize_t n;

		memset(&from, 0, sizeof(from));
		n = sockets_read(rtcp ? l->sockets.rtcp : l->sockets.rtp, buf, sizeof(buf), &from, &arrival_us,
				 now_us());
		if (n < 0 && errno == ECONNREFUSED)
			continue; /* an ICMP error, not a packet */
		if (n < 0)
			return;
		stream_receive(l->stream, rtcp, buf, (size_t)n, &from, arrival_us);
	}
}

static void rtp_ready_h(int flags, void *arg)
{
	(void)flags;
	read_packets(arg, false);
}

static void rtcp_ready_h(int flags, void *arg)
{
	(void)flags;
	read_packets(arg, true);
}

static void tell_consumed(void)
{
	unsigned i;

	for (i = 0; i < LINES; i++) {
		struct line *l = &own.line[i];
		struct slot *s;

		if (!l->call || !l->stream || l->consumed == stream_digits_consumed(l->stream))
			continue;
		s = take_slot(NEWS_SENT, l->call);
		if (!s)
			return;
		l->consumed = s->report.v.consumed = stream_digits_consumed(l->stream);
		push(s);
	}
}

/* The device rests when nothing is to be heard, sent or received: then nothing wakes this thread. */
static void run_or_rest(void)
{
	bool run = pipeline_active(own.pipeline);

	if (!own.device || run == own.device_runs)
		return;
	own.device_runs = run;
	device_run(own.device, run);
}

static void rest_h(void *arg)
{
	(void)arg;
	run_or_rest();
}

static void frame_h(const int16_t *captured, int16_t *play, void *arg)
{
	(void)arg;
	pipeline_frame(own.pipeline, captured, play, own.device ? device_delay_ms(own.device) : 0, now_us());
	tell_consumed();
	/* the tone of a digit may have been the last sound; the device is not stopped from inside its handler */
	if (!pipeline_active(own.pipeline) && !tmr_isrunning(&own.rest))
		tmr_start(&own.rest, 0, rest_h, NULL);
}

/* --- the media thread: orders ---------------------------------------------------- */

static struct line *find(unsigned call)
{
	unsigned i;

	for (i = 0; i < LINES; i++) {
		if (own.line[i].call == call)
			return &own.line[i];
	}
	return NULL;
}

/* A call that goes on at another address: the stream stays, with all that it knows of its peer. */
static void move_line(struct line *l, const struct sockets *sockets)
{
	int err;

	if (l->stream) {
		fd_close(l->sockets.rtp);
		fd_close(l->sockets.rtcp);
	}
	sockets_close(&l->sockets);
	l->sockets = *sockets;
	if (!l->stream)
		return;
	stream_moved(l->stream, &l->sockets.local);
	err = fd_listen(l->sockets.rtp, FD_READ, rtp_ready_h, l);
	if (!err)
		err = fd_listen(l->sockets.rtcp, FD_READ, rtcp_ready_h, l);
	if (err)
		log_warning("media: call %u: nothing is heard at the new address: %s", l->call, strerror(err));
}

static void order_open(const struct engine_message *m)
{
	struct line *l = find(m->call);

	if (l) {
		move_line(l, &m->v.sockets);
		return;
	}
	l = find(0);
	if (!l) {
		struct sockets k = m->v.sockets;

		sockets_close(&k);
		atomic_fetch_add(&dropped, 1);
		return;
	}
	memset(l, 0, sizeof(*l));
	l->call = m->call;
	l->sockets = m->v.sockets;
}

/* Until a stream is there packets wait in the kernel: they may be the first of the peer's words. */
static void order_stream(const struct engine_message *m)
{
	const struct stream_handlers handlers = {
		.send = send_h, .received = received_h, .sending = sending_h, .arg = find(m->call)
	};
	struct line *l = find(m->call);
	bool fresh;
	int err = 0;

	if (!l)
		return;
	fresh = !l->stream;
	if (fresh)
		err = stream_new(&l->stream, &l->sockets.local, &handlers, now_us());
	if (!err)
		err = stream_set(l->stream, &m->v.stream.params, &m->v.stream.rtp, &m->v.stream.rtcp, now_us());
	if (!err && fresh) {
		err = pipeline_stream(own.pipeline, l->call, l->stream);
		if (!err)
			err = fd_listen(l->sockets.rtp, FD_READ, rtp_ready_h, l);
		if (!err)
			err = fd_listen(l->sockets.rtcp, FD_READ, rtcp_ready_h, l);
	}
	if (err)
		log_warning("media: call %u: the sound stream cannot start: %s", m->call, strerror(err));
	if (err && fresh) {
		fd_close(l->sockets.rtp);
		fd_close(l->sockets.rtcp);
		pipeline_stream(own.pipeline, l->call, NULL);
		stream_free(l->stream, now_us());
		l->stream = NULL;
	}
}

static void close_line(struct line *l)
{
	if (l->stream) {
		fd_close(l->sockets.rtp);
		fd_close(l->sockets.rtcp);
		pipeline_stream(own.pipeline, l->call, NULL);
		stream_free(l->stream, now_us());
	}
	sockets_close(&l->sockets);
	memset(l, 0, sizeof(*l));
}

static void order_close(const struct engine_message *m)
{
	struct line *l = find(m->call);

	pipeline_tone(own.pipeline, m->call, TONE_NONE);
	if (l)
		close_line(l);
}

static void order_focus(const struct engine_message *m)
{
	pipeline_focus(own.pipeline, m->call);
}

static void order_tone(const struct engine_message *m)
{
	pipeline_tone(own.pipeline, m->call, (enum tone)m->v.number);
}

static void order_plan(const struct engine_message *m)
{
	if (m->v.number < TONES_PLANS)
		pipeline_plan(own.pipeline, (enum tones_plan)m->v.number);
}

static void order_mute(const struct engine_message *m)
{
	pipeline_mute(own.pipeline, m->v.number);
}

static void order_volume(const struct engine_message *m)
{
	pipeline_volume(own.pipeline, m->v.number);
}

static void order_meters(const struct engine_message *m)
{
	pipeline_meters(own.pipeline, m->v.number);
}

static void order_dtmf(const struct engine_message *m)
{
	struct line *l = find(m->call);

	if (l && l->stream)
		stream_dtmf(l->stream, m->v.digits);
}

static void order_devices(const struct engine_message *m)
{
	const struct engine_devices *d = &m->v.devices;
	int err;

	if (own.device)
		device_free(own.device);
	own.device = NULL;
	own.device_runs = false;
	err = device_new(&own.device, d->driver, d->input, d->output, frame_h, device_h, NULL);
	if (!err)
		return;
	/* calls must go on: silence in, sound thrown away */
	device_h("output", d->driver, DEVICE_NONE, strerror(err), NULL);
	device_h("input", d->driver, DEVICE_NONE, strerror(err), NULL);
	if (device_new(&own.device, "null", "", "", frame_h, device_h, NULL))
		own.device = NULL;
}

static void order_quit(const struct engine_message *m)
{
	(void)m;
	re_cancel();
}

typedef void order_h(const struct engine_message *m);

static order_h *const orders[] = {
	[ORDER_OPEN] = order_open,     [ORDER_STREAM] = order_stream, [ORDER_CLOSE] = order_close,
	[ORDER_FOCUS] = order_focus,   [ORDER_TONE] = order_tone,     [ORDER_MUTE] = order_mute,
	[ORDER_VOLUME] = order_volume, [ORDER_DTMF] = order_dtmf,     [ORDER_METERS] = order_meters,
	[ORDER_PLAN] = order_plan,     [ORDER_DEVICES] = order_devices, [ORDER_QUIT] = order_quit,
};

static void order_arrived_h(int id, void *data, void *arg)
{
	struct engine_message *m = data;

	(void)arg;
	atomic_fetch_sub(&waiting, 1);
	orders[id](m);
	free(m);
	run_or_rest();
}

/* --- the media thread: life -------------------------------------------------------- */

static int set_up(void)
{
	const struct pipeline_handlers handlers = {.stats = stats_h, .levels = levels_h};
	int err;

	tmr_init(&own.rest);
	err = fd_setsize(FDS_MAX);
	if (!err)
		err = mqueue_alloc(&own.orders, order_arrived_h, NULL);
	if (!err)
		err = pipeline_new(&own.pipeline, &handlers);
	return err;
}

static void clear_up(void)
{
	unsigned i;

	for (i = 0; i < LINES; i++) {
		if (own.line[i].call)
			close_line(&own.line[i]);
	}
	tmr_cancel(&own.rest);
	if (own.device)
		device_free(own.device);
	own.device = NULL;
	pipeline_free(own.pipeline);
	own.pipeline = NULL;
	mem_deref(own.orders);
	own.orders = NULL;
}

static void *thread_main(void *arg)
{
	bool listening;
	int err = re_thread_init();

	own.err = err;
	if (!err)
		own.err = set_up();
	listening = !own.err;
	if (listening)
		order_devices(arg);
	free(arg);
	sem_post(&ready);
	if (listening)
		re_main(NULL);
	if (!err) {
		clear_up();
		re_thread_close();
	}
	return NULL;
}

/* --- the main thread ------------------------------------------------------------------ */

static void report_arrived_h(int id, void *data, void *arg)
{
	struct slot *s = data;

	(void)id;
	(void)arg;
	report_h(&s->report);
	atomic_store_explicit(&s->busy, false, memory_order_release);
}

int engine_start(const struct engine_devices *devices, engine_report_h *h)
{
	struct engine_message *m;
	unsigned i;
	int err;

	if (running)
		return EALREADY;
	m = calloc(1, sizeof(*m));
	if (!m)
		return ENOMEM;
	m->v.devices = *devices;
	report_h = h;
	atomic_store(&waiting, 0);
	memset(&own, 0, sizeof(own));
	for (i = 0; i < REPORTS; i++)
		atomic_store(&slots[i].busy, false);
	err = mqueue_alloc(&reports, report_arrived_h, NULL);
	if (err)
		goto out;
	sem_init(&ready, 0, 0);
	err = pthread_create(&thread, NULL, thread_main, m);
	if (err)
		goto out;
	m = NULL;
	while (sem_wait(&ready) && errno == EINTR)
		;
	err = own.err;
	if (err)
		pthread_join(thread, NULL);
	else
		running = true;
out:
	if (err)
		reports = mem_deref(reports);
	free(m);
	return err;
}

int engine_order(enum engine_order order, const struct engine_message *message)
{
	bool last = order == ORDER_CLOSE || order == ORDER_QUIT;
	struct engine_message *m;
	int err = EAGAIN;

	if (!running)
		return ENOTCONN;
	m = malloc(sizeof(*m));
	if (!m)
		return ENOMEM;
	*m = *message;
	if (atomic_fetch_add(&waiting, 1) < ORDERS || last)
		err = mqueue_push(own.orders, order, m);
	if (err) {
		free(m);
		atomic_fetch_sub(&waiting, 1);
		atomic_fetch_add(&dropped, 1);
	}
	return err;
}

void engine_stop(void)
{
	static const struct engine_message none;
	const struct timespec pause = {.tv_nsec = 1000000};

	if (!running)
		return;
	/* a full queue empties itself: the thread never waits for this one */
	while (engine_order(ORDER_QUIT, &none) == EAGAIN)
		nanosleep(&pause, NULL);
	running = false;
	pthread_join(thread, NULL);
	reports = mem_deref(reports);
	sem_destroy(&ready);
}

unsigned engine_dropped(void)
{
	return atomic_load(&dropped);
}
