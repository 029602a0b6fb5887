/* The connection is over only from the loop: its commands and events may find that out, but never free it. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "command/command.h"
#include "control/client.h"
#include "control/json.h"
#include "control/outbox.h"
#include "control/reply.h"
#include "control/request.h"
#include "phone/event.h"

#define IN_MAX       (16u << 10) /* a command of LINE_MAX_BYTES, each of its characters escaped */
#define WAITING_MAX  (1u << 20)
#define PAUSE_BYTES  (64u << 10) /* of answers that nobody reads: no more commands are taken */
#define LINES_A_TURN 16          /* then others have their turn */
#define STALLED_MS   30000

struct client {
	struct command_env *env;
	client_end_h *end_h;
	void *arg;
	int fd;
	struct outbox out;
	struct script *script;
	struct loop_timer *turn;     /* to go on, or to end */
	struct loop_timer *stalled;
	uint64_t sent;               /* when .stalled was started */
	uint32_t events;             /* asked for, as in struct request */

	char in[IN_MAX];
	size_t len;                  /* bytes in it */
	bool skipping;               /* to the end of a line that is too long */
	bool reading, ended;         /* is read; nothing more comes */
	bool gone, told;

	/* the line in hand */
	bool running, working;
	bool json;
	char id[REQUEST_ID_MAX];
	struct result result;        /* of all its commands together */
};

static void work(struct client *c);

/* ---- out ---- */

static void end(struct client *c)
{
	c->gone = true;
	loop_timer_start(c->turn, 0);
}

static void stalled_h(void *arg)
{
	struct client *c = arg;

	if (!outbox_waiting(&c->out))
		return;
	if (c->out.sent == c->sent) {
		end(c);
		return;
	}
	c->sent = c->out.sent;
	loop_timer_start(c->stalled, STALLED_MS);
}

static void put(struct client *c, const struct buf *line)
{
	if (c->gone)
		return;
	if (!outbox_add(&c->out, line))
		end(c);
	else if (outbox_waiting(&c->out) && !loop_timer_running(c->stalled)) {
		c->sent = c->out.sent;
		loop_timer_start(c->stalled, STALLED_MS);
	}
}

static void moved_h(void *arg)
{
	work(arg);
}

static void gone_h(void *arg)
{
	struct client *c = arg;

	/* what it had asked for before is still done, as far as nothing has to be waited for */
	loop_timer_start(c->turn, 0);
}

bool client_wants(const struct client *c, const struct event *event)
{
	const char *const *names;
	unsigned count, i;

	names = event_names(&count);
	for (i = 0; c->events && i < count; i++) {
		if (!strcmp(names[i], event->name))
			return c->events & 1u << i;
	}
	return false;
}

void client_tell(struct client *c, const struct buf *line)
{
	put(c, line);
}

/* ---- answers ---- */

/* One line, whatever is in it. */
static void add_escaped(struct buf *b, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_str(b, "\\n");
		else if (*text == '\\')
			buf_str(b, "\\\\");
		else
			buf_add(b, text, 1);
	}
}

static void answer_plain(struct buf *b, bool ok, const char *shown)
{
	buf_str(b, ok ? "ok" : "error:");
	if (*shown)
		buf_str(b, " ");
	add_escaped(b, shown);
	buf_str(b, "\n");
}

static void answer_json(struct buf *b, const char *id, const struct result *r, const char *text, const char *error)
{
	buf_str(b, "{");
	if (*id)
		buf_printf(b, "\"id\": %s, ", id);
	buf_printf(b, "\"ok\": %s", r->ok ? "true" : "false");
	if (*text)
		jsonl_string(b, "text", text);
	if (!r->ok)
		jsonl_string(b, "error", error);
	jsonl_integer(b, "status", r->status);
	jsonl_end(b);
}

static void answer(struct client *c, const struct result *r)
{
	struct buf text = {0}, error = {0}, line = {0};

	buf_str(&text, "");
	buf_str(&error, "");
	if (r->text.s)
		reply_show(&text, r->text.s);
	if (r->error.s)
		reply_show(&error, r->error.s);
	if (text.failed || error.failed)
		end(c);
	else if (c->json)
		answer_json(&line, c->id, r, text.s, error.s);
	else
		answer_plain(&line, r->ok, r->ok ? text.s : error.s);
	put(c, &line);
	buf_free(&text);
	buf_free(&error);
	buf_free(&line);
}

static void refuse(struct client *c, const char *why)
{
	struct result r = {.status = 2};

	buf_str(&r.error, why);
	answer(c, &r);
	buf_free(&r.error);
}

/* ---- commands ---- */

static void result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	struct client *c = arg;

	(void)s;
	(void)line;
	if (r->ok && r->text.s)
		buf_printf(&c->result.text, "%s%s", c->result.text.len ? "\n" : "", r->text.s);
	if (!r->ok && c->result.ok) {
		c->result.ok = false;
		c->result.status = r->status;
		buf_str(&c->result.error, r->error.s ? r->error.s : "");
	}
}

/* The line in hand is done. */
static void finish(struct client *c)
{
	c->running = false;
	answer(c, &c->result);
	buf_free(&c->result.text);
	buf_free(&c->result.error);
	if (!c->working)
		loop_timer_start(c->turn, 0);
}

static void idle_h(struct script *s, void *arg)
{
	struct client *c = arg;

	(void)s;
	if (c->running)
		finish(c);
}

static void run(struct client *c, const char *line)
{
	int err;

	c->running = true;
	c->result.ok = true;
	c->result.status = 0;
	err = script_add(c->script, line, NULL);
	/* nothing was added, so nothing tells its end */
	if (err && c->running) {
		c->result.ok = false;
		c->result.status = 1;
		buf_str(&c->result.error, strerror(err));
		finish(c);
	}
}

static void take_request(struct client *c, const char *line)
{
	struct result r = {.ok = true};
	struct request q;

	c->json = true;
	r.ok = !request_read(&q, line, &r.error);
	memcpy(c->id, q.id, sizeof(c->id));
	if (r.ok && q.kind == REQUEST_COMMAND)
		run(c, q.command);
	else {
		if (q.kind == REQUEST_SUBSCRIBE && r.ok)
			c->events |= q.events;
		else if (r.ok)
			c->events &= ~q.events;
		r.status = r.ok ? 0 : 2;
		answer(c, &r);
	}
	buf_free(&r.error);
	/* there may have been a password in it */
	explicit_bzero(&q, sizeof(q));
}

static bool is_utf8(const char *s, size_t len)
{
	uint32_t cp;
	size_t n;

	for (; len; s += n, len -= n) {
		n = text_decode(&cp, s, len);
		if (!n)
			return false;
	}
	return true;
}

/* LINE without its end, LEN bytes and a NUL. */
static void take_line(struct client *c, char *line, size_t len)
{
	if (len && line[len - 1] == '\r')
		line[--len] = '\0';
	c->json = line[strspn(line, " \t")] == '{';
	c->id[0] = '\0';
	if (strlen(line) != len)
		refuse(c, _("the line has a NUL character in it"));
	else if (!is_utf8(line, len))
		refuse(c, _("the line is not UTF-8"));
	else if (c->json)
		take_request(c, line);
	else
		run(c, line);
}

/* ---- in ---- */

static void watch(struct client *c);

static void in_h(unsigned flags, void *arg)
{
	struct client *c = arg;
	ssize_t n = -1;

	if (c->gone)
		return;
	if (c->reading && c->len < sizeof(c->in))
		n = recv(c->fd, c->in + c->len, sizeof(c->in) - c->len, MSG_DONTWAIT);
	else
		errno = EAGAIN;
	if (n > 0)
		c->len += (size_t)n;
	else if (!n)
		c->ended = true;
	if ((n < 0 && errno != EAGAIN && errno != EINTR) || (flags & LOOP_EXCEPT && n <= 0)) {
		c->ended = true;
		outbox_close(&c->out, 0);
	}
	work(c);
}

/* What is needed of the descriptor now; that the other side has gone is always told. */
static void watch(struct client *c)
{
	bool reading = !c->ended && c->len < sizeof(c->in) && outbox_waiting(&c->out) < PAUSE_BYTES;

	if (reading == c->reading || c->gone)
		return;
	if (loop_watch(c->fd, reading ? LOOP_READ : 0, in_h, c))
		end(c);
	else
		c->reading = reading;
}

/* Takes the next line off what was read. False: there is none. */
static bool next_line(struct client *c, size_t *at)
{
	char *from = c->in + *at, *newline = memchr(from, '\n', c->len - *at);

	if (!newline)
		return false;
	*at += (size_t)(newline - from) + 1;
	*newline = '\0';
	if (c->skipping)
		c->skipping = false;
	else
		take_line(c, from, (size_t)(newline - from));
	return true;
}

/* What is left has no end. */
static void look_at_rest(struct client *c)
{
	const char *why = NULL;

	if (c->len == sizeof(c->in) && !c->skipping)
		why = _("the line is too long");
	else if (c->ended && c->len && !c->skipping)
		/* half a number is another number */
		why = _("the last line has no end; it was not run");
	if (why) {
		c->json = false;
		refuse(c, why);
		c->skipping = true;
	}
	if (c->skipping)
		c->len = 0;
}

static void work(struct client *c)
{
	size_t at = 0;
	unsigned n;
	bool more = true;

	if (c->working || c->gone)
		return;
	c->working = true;
	for (n = 0; n < LINES_A_TURN && more && !c->running && !c->gone && outbox_waiting(&c->out) < PAUSE_BYTES; n++)
		more = next_line(c, &at);
	c->working = false;
	if (c->gone)
		return;
	explicit_bzero(c->in, at);
	memmove(c->in, c->in + at, c->len - at);
	c->len -= at;
	if (!more)
		look_at_rest(c);
	else if (n == LINES_A_TURN)
		loop_timer_start(c->turn, 0);
	if (c->running ? outbox_gone(&c->out) : c->ended && !more && !outbox_waiting(&c->out))
		end(c);
	watch(c);
}

static void turn_h(void *arg)
{
	struct client *c = arg;

	if (!c->gone)
		work(c);
	if (c->gone && !c->told) {
		c->told = true;
		c->end_h(c, c->arg);
	}
}

/* ---- life ---- */

int client_new(struct client **cp, struct command_env *env, int fd, client_end_h *end_h, void *arg)
{
	struct client *c = calloc(1, sizeof(*c));
	int err;

	if (!c) {
		close(fd);
		return ENOMEM;
	}
	c->env = env;
	c->end_h = end_h;
	c->arg = arg;
	c->fd = fd;
	err = outbox_open(&c->out, fd, WAITING_MAX, moved_h, gone_h, c);
	if (!err)
		err = loop_timer_new(&c->turn, turn_h, c);
	if (!err)
		err = loop_timer_new(&c->stalled, stalled_h, c);
	if (!err)
		/* a line is a script of its own: what comes behind a failing command is not run */
		err = script_new(&c->script, env, SCRIPT_SOCKET, true, result_h, idle_h, c);
	if (!err)
		err = loop_watch(fd, LOOP_READ, in_h, c);
	if (err) {
		client_free(c, 0);
		return err;
	}
	c->reading = true;
	*cp = c;
	return 0;
}

void client_free(struct client *c, unsigned wait_ms)
{
	if (!c)
		return;
	c->gone = true;
	script_free(c->script);
	loop_unwatch(c->fd);
	outbox_close(&c->out, wait_ms);
	close(c->fd);
	loop_timer_free(c->turn);
	loop_timer_free(c->stalled);
	buf_free(&c->result.text);
	buf_free(&c->result.error);
	explicit_bzero(c->in, sizeof(c->in));
	free(c);
}
