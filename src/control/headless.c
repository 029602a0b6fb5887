#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "command/command.h"
#include "control/headless.h"
#include "control/json.h"
#include "control/outbox.h"
#include "control/plain.h"
#include "control/reply.h"

#define BACKLOG_MAX   (1u << 20)
#define LAST_WORDS_MS 1000

struct headless {
	struct command_env *env;
	struct script *script;
	headless_end_h *end_h;
	void *arg;
	enum headless_face face;
	struct snapshot *now;    /* of FACE_PLAIN */

	struct outbox out;
	unsigned lost;           /* events, since the last that was written */

	int in;                  /* -1 = at its end */
	bool reading, skipping, ended, listening;
	bool typed;              /* by a person: an end is not the last word */
	char line[LINE_MAX_BYTES];
	size_t len;
	bool by_turns;           /* it cannot be waited for (/dev/null): it is read at each turn of the loop */
	struct loop_timer *turn; /* for that, and to tell of the end */
};

/* ---- out ---- */

static void add_line(struct headless *h, const struct buf *line)
{
	if (!outbox_add(&h->out, line))
		h->lost++;
}

/* Takes LINE. */
static void put(struct headless *h, struct buf *line)
{
	struct buf notice = {0}, text = {0};

	if (h->lost && outbox_waiting(&h->out) < BACKLOG_MAX / 2) {
		buf_printf(&text, P_("%u event was lost: nobody read it in time", "%u events were lost: nobody read them in time",
				     h->lost), h->lost);
		if (h->face == FACE_PLAIN)
			buf_printf(&notice, "%s\n", text.s ? text.s : "");
		else {
			jsonl_begin(&notice, "notice", loop_wall_ms());
			jsonl_string(&notice, "severity", "warning");
			jsonl_string(&notice, "text", text.s ? text.s : "");
			jsonl_end(&notice);
		}
		h->lost = 0;
		add_line(h, &notice);
	}
	add_line(h, line);
	buf_free(&notice);
	buf_free(&text);
	buf_free(line);
}

static void event_h(const struct event *event, void *arg)
{
	struct headless *h = arg;
	struct buf line = {0};

	if (h->face == FACE_JSON)
		jsonl_event(&line, event);
	else {
		/* much to copy, and only the actions of notices are asked of it */
		if (!strcmp(event->name, "notice"))
			phone_snapshot(h->env->phone, h->now);
		plain_event(&line, event, h->now);
	}
	if (line.len || line.failed)
		put(h, &line);
}

/* ---- replies ---- */

static void add_text(struct buf *b, const char *text)
{
	struct buf shown = {0};

	reply_show(&shown, text);
	if (shown.len)
		jsonl_string(b, "text", shown.s);
	buf_free(&shown);
}

static void reply_plainly(struct headless *h, bool ok, const char *text, const char *error)
{
	struct buf b = {0}, shown = {0};

	if (ok) {
		reply_show(&shown, text ? text : "");
		buf_printf(&b, "%s\n", shown.len ? shown.s : _("ok"));
	}
	else {
		reply_show(&shown, error ? error : "");
		/* TRANSLATORS: %s is what went wrong with a command that was typed */
		buf_printf(&b, _("Error: %s\n"), shown.len ? shown.s : "");
	}
	buf_free(&shown);
	put(h, &b);
}

static void reply(struct headless *h, const char *line, bool ok, const char *text, const char *error, int status)
{
	struct buf b = {0}, masked = {0};
	char shown[EVENT_STRING_MAX + 1];

	if (h->face == FACE_PLAIN) {
		reply_plainly(h, ok, text, error);
		return;
	}
	jsonl_begin(&b, "reply", loop_wall_ms());
	parser_mask(&masked, line);
	text_show_str(shown, sizeof(shown), masked.s);
	jsonl_string(&b, "line", shown);
	jsonl_boolean(&b, "ok", ok);
	if (text)
		add_text(&b, text);
	if (error) {
		text_show_str(shown, sizeof(shown), error);
		jsonl_string(&b, "error", shown);
	}
	jsonl_integer(&b, "status", status);
	jsonl_end(&b);
	put(h, &b);
	buf_free(&masked);
}

static void result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	(void)s;
	reply(arg, line, r->ok, r->ok ? r->text.s : NULL, r->ok ? NULL : r->error.s, r->status);
}

/* ---- in ---- */

static void read_more(struct headless *h);

static void in_h(unsigned flags, void *arg)
{
	(void)flags;
	read_more(arg);
}

/* Last in its turn: END_H may free H. */
static void tell_end(struct headless *h)
{
	if (h->ended || script_busy(h->script))
		return;
	h->ended = true;
	if (h->end_h)
		h->end_h(h->arg);
}

static void turn_h(void *arg)
{
	struct headless *h = arg;

	if (h->in >= 0)
		read_more(h);
	else
		tell_end(h);
}

/* Reads on, or not: while a command waits, what comes stays where it is. */
static void watch_in(struct headless *h, bool on)
{
	if (on == h->reading)
		return;
	h->reading = on;
	if (on) {
		h->by_turns = loop_watch(h->in, LOOP_READ, in_h, h) != 0;
		if (h->by_turns)
			loop_timer_start(h->turn, 0);
		return;
	}
	loop_unwatch(h->in);
	loop_timer_stop(h->turn);
}

static void idle_h(struct script *s, void *arg)
{
	struct headless *h = arg;

	(void)s;
	if (h->in >= 0)
		watch_in(h, true);
	else
		loop_timer_start(h->turn, 0);
}

static void refuse(struct headless *h, const char *line, const char *why)
{
	reply(h, line, false, NULL, why, 2);
}

/* The line that was read. */
static void end_line(struct headless *h)
{
	size_t len = h->len;

	h->len = 0;
	if (h->skipping) {
		h->skipping = false;
		return;
	}
	if (len && h->line[len - 1] == '\r')
		len--;
	h->line[len] = '\0';
	if (strlen(h->line) != len)
		refuse(h, h->line, _("the line has a NUL character in it"));
	else if (script_add(h->script, h->line, NULL))
		refuse(h, h->line, _("too many commands are waiting"));
}

static void take_byte(struct headless *h, char c)
{
	if (c == '\n')
		end_line(h);
	else if (h->skipping)
		;
	else if (h->len == sizeof(h->line) - 1) {
		/* its beginning tells which one it was */
		h->line[64] = '\0';
		refuse(h, h->line, _("the line is too long"));
		h->skipping = true;
		h->len = 0;
	}
	else
		h->line[h->len++] = c;
}

/* Ctrl-D, on a terminal that can go on. */
static void end_typed(struct headless *h)
{
	struct buf line = {0};

	if (!phone_active_calls(h->env->phone)) {
		h->env->quit_h(0, h->env->arg);
		return;
	}
	buf_str(&line, _("A call is up. Type hangup to end it, or quit to end all.\n"));
	put(h, &line);
}

static void read_more(struct headless *h)
{
	char chunk[1024];
	ssize_t n, i;

	n = read(h->in, chunk, sizeof(chunk));
	if (!n && h->typed) {
		end_typed(h);
		return;
	}
	for (i = 0; i < n; i++)
		take_byte(h, chunk[i]);
	if (!n || (n < 0 && errno != EINTR && errno != EAGAIN)) {
		watch_in(h, false);
		h->in = -1;
		if (h->len)
			end_line(h);
		loop_timer_start(h->turn, 0);
	}
	else if (script_busy(h->script))
		watch_in(h, false);
	else if (h->by_turns)
		loop_timer_start(h->turn, 0);
}

int headless_start(struct headless **hp, struct command_env *env, enum headless_face face, int in_fd, int out_fd,
		   headless_end_h *end_h, void *arg)
{
	struct headless *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return ENOMEM;
	h->env = env;
	h->end_h = end_h;
	h->arg = arg;
	h->face = face;
	h->in = in_fd;
	h->typed = face == FACE_PLAIN && in_fd >= 0 && isatty(in_fd);
	err = outbox_open(&h->out, out_fd, BACKLOG_MAX, NULL, NULL, NULL);
	if (err)
		goto out;
	signal(SIGPIPE, SIG_IGN); /* a reader that has gone is an error of write() */
	err = loop_timer_new(&h->turn, turn_h, h);
	if (!err && face == FACE_PLAIN) {
		h->now = malloc(sizeof(*h->now));
		err = h->now ? 0 : ENOMEM;
	}
	if (!err)
		err = script_new(&h->script, env, SCRIPT_INPUT, false, result_h, idle_h, h);
	if (!err)
		err = phone_listen(env->phone, event_h, h);
	if (err)
		goto out;
	h->listening = true;
	if (h->in >= 0)
		watch_in(h, true);
	else
		loop_timer_start(h->turn, 0);
	*hp = h;
out:
	if (err)
		headless_stop(h);
	return err;
}

void headless_stop(struct headless *h)
{
	if (!h)
		return;
	if (h->listening)
		phone_unlisten(h->env->phone, event_h, h);
	script_free(h->script);
	if (h->in >= 0 && h->turn)
		watch_in(h, false);
	outbox_close(&h->out, LAST_WORDS_MS); /* the last events are worth a moment's wait */
	loop_timer_free(h->turn);
	free(h->now);
	free(h);
}

bool headless_input_ended(const struct headless *h)
{
	return h->ended;
}
