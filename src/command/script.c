/* Running commands one after the other. What a script waits for is in wait.c. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "command/handlers.h"
#include "command/player.h"
#include "command/recorder.h"

#define SOURCE_DEPTH 8
#define STEPS_MAX    10000
/* As long as sending them takes. */
#define DIGIT_MS     160
#define COMMA_MS     1000

/* One command that waits for its turn. */
struct step {
	struct step *next;
	const char *wrong;  /* why its line does not parse, or NULL */
	char *origin;       /* "FILE:LINE" or NULL */
	char line[];
};

/* The commands of one source: frame 0 is the script's own, each further one a file. */
struct frame {
	struct step *first, **last;
	struct step *command;   /* the `source` that asked for it; NULL: rc_read() */
	struct result result;   /* of all its commands together */
	unsigned failures;
	bool exposed;
	dev_t device;           /* which file it is, whatever the name */
	ino_t inode;
};

struct script {
	struct command_env *env;
	enum script_kind kind;
	bool stop_on_error;
	script_result_h *result_h;
	script_idle_h *idle_h;
	void *arg;

	struct frame frame[1 + SOURCE_DEPTH];
	unsigned depth;
	unsigned steps;         /* in all frames */
	struct step *now;       /* the one that runs or waits */
	bool running, freed;
	int status;

	unsigned call;          /* dialled or answered here, 0 = none */
	unsigned base_call;     /* of a macro: what was its caller's, or the newest, when it began */
	bool listening;
	struct player_hand hand;
	bool sleeping, waiting, held;
	script_gone_h *gone_h;  /* of whom it is held for */
	void *gone_arg;
	struct wait wait;
	struct loop_timer *limit; /* end of a sleep, limit of a wait */
	struct loop_timer *look;  /* something has happened: look again, but not from within the phone */
};

static void run(struct script *s);

/* ---- what there is to do ---- */

static void frame_init(struct frame *f)
{
	memset(f, 0, sizeof(*f));
	f->last = &f->first;
	f->result.ok = true;
}

static void step_free(struct step *step)
{
	if (step)
		free(step->origin);
	free(step);
}

static struct step *take(struct script *s)
{
	struct frame *f = &s->frame[s->depth];
	struct step *step = f->first;

	if (step) {
		f->first = step->next;
		if (!f->first)
			f->last = &f->first;
		s->steps--;
	}
	return step;
}

static void drop_all(struct script *s)
{
	unsigned depth = s->depth;
	struct step *step;

	for (;; s->depth--) {
		while ((step = take(s)) != NULL)
			step_free(step);
		if (!s->depth)
			break;
	}
	s->depth = depth;
}

static int add_step(struct script *s, struct frame *f, const char *line, size_t len, const char *wrong,
		    const char *origin)
{
	struct step *step;

	if (s->steps >= STEPS_MAX)
		return ENOSPC;
	step = calloc(1, sizeof(*step) + len + 1);
	if (!step)
		return ENOMEM;
	if (origin && !(step->origin = strdup(origin))) {
		free(step);
		return ENOMEM;
	}
	memcpy(step->line, line, len);
	step->wrong = wrong;
	*f->last = step;
	f->last = &step->next;
	s->steps++;
	return 0;
}

/* All commands of LINE; if any part of it does not parse, none of it is run. */
static int add_line(struct script *s, struct frame *f, const char *line, const char *origin)
{
	const char *why = NULL;
	unsigned commands = 0;
	struct words w;
	size_t pos = 0;
	int err;

	while (!(err = parser_next(&w, line, &pos, &why)))
		commands++;
	if (err == EINVAL)
		return add_step(s, f, line, strlen(line), why, origin);
	if (commands > STEPS_MAX - s->steps)
		return ENOSPC;
	for (pos = 0; !parser_next(&w, line, &pos, &why);) {
		err = add_step(s, f, w.rest[0], (size_t)(w.rest[w.n] - w.rest[0]), NULL, origin);
		if (err)
			return err;
	}
	return 0;
}

/* ---- answers ---- */

/* Inside a file an answer becomes part of that of its `source`; the rc file tells each one. */
static void add_to_frame(struct frame *f, const struct result *r)
{
	if (r->text.s)
		buf_printf(&f->result.text, "%s%s", f->result.text.s ? "\n" : "", r->text.s);
	if (!r->ok && !f->failures++)
		result_fail(&f->result, r->status, "%s", r->error.s ? r->error.s : "");
}

static void answer(struct script *s, struct step *step, struct result *r)
{
	struct buf error = {0};

	if (!r->ok) {
		if (!r->status)
			r->status = STATUS_FAILED;
		if (!s->status)
			s->status = r->status;
		if (step->origin) {
			buf_printf(&error, "%s: %s", step->origin, r->error.s ? r->error.s : "");
			result_take_error(r, r->status, &error);
		}
		if (s->stop_on_error)
			drop_all(s);
	}
	if (s->depth && s->kind != SCRIPT_RC)
		add_to_frame(&s->frame[s->depth], r);
	else if (s->result_h && !s->freed)
		s->result_h(s, step->line, r, s->arg);
	result_free(r);
	step_free(step);
}

/* A file is done: its `source` gets its answer. */
static void leave_frame(struct script *s)
{
	struct frame *f = &s->frame[s->depth--];
	struct result r = f->result;
	unsigned more = f->failures > 1 ? f->failures - 1 : 0;

	if (more)
		/* TRANSLATORS: behind the first error of a file */
		buf_printf(&r.error, P_(" (and %u more)", " (and %u more)", more), more);
	if (f->command) {
		if (!s->depth)
			recorder_goes_on(s->env, s);
		answer(s, f->command, &r);
	}
	else
		result_free(&r);
}

/* ---- waiting ---- */

static void stop_waiting(struct script *s)
{
	s->sleeping = s->waiting = false;
	loop_timer_stop(s->limit);
	loop_timer_stop(s->look);
}

static void waited(struct script *s, struct result *r)
{
	struct step *step = s->now;

	stop_waiting(s);
	if (r->ok && !s->depth)
		recorder_took(s->env, s, step->line);
	s->now = NULL;
	s->running = true;
	answer(s, step, r);
	s->running = false;
	run(s);
}

void script_hold(struct script *s, script_gone_h *h, void *arg)
{
	s->held = true;
	s->gone_h = h;
	s->gone_arg = arg;
}

void script_release(struct script *s, struct result *r)
{
	struct step *step = s->now;

	s->held = false;
	s->now = NULL;
	s->running = true;
	recorder_goes_on(s->env, s);
	answer(s, step, r);
	s->running = false;
	run(s);
}

static void look_h(void *arg)
{
	struct script *s = arg;
	struct result r = {.ok = true};

	if (s->waiting && wait_look(&s->wait, s->env, s, &r) != WAIT_PENDING)
		waited(s, &r);
}

static void limit_h(void *arg)
{
	struct script *s = arg;
	struct result r = {.ok = true};

	/* what came in the same instant still counts */
	if (s->waiting && wait_look(&s->wait, s->env, s, &r) == WAIT_PENDING)
		wait_timed_out(&s->wait, s->env, s, &r);
	waited(s, &r);
}

static void event_h(const struct event *event, void *arg)
{
	struct script *s = arg;

	(void)event;
	if (s->waiting && !loop_timer_running(s->look))
		loop_timer_start(s->look, 0);
}

static int listen_to_phone(struct script *s)
{
	int err;

	if (s->listening)
		return 0;
	err = phone_listen(s->env->phone, event_h, s);
	s->listening = !err;
	return err;
}

static void sleep_for(struct script *s, const struct words *w, uint64_t ms)
{
	s->sleeping = true;
	loop_timer_start(s->limit, ms);
	player_waits(s, w);
}

/* `wait` and `sleep`. True: the script is held up. */
static bool hold_up(struct script *s, const struct command *c, const struct words *w, struct result *r)
{
	uint64_t ms;
	int err;

	if (s->kind == SCRIPT_RC) {
		/* TRANSLATORS: %s is a command: wait or sleep */
		result_fail(r, STATUS_USAGE, _("%s does not work in the rc file"), c->name);
		return false;
	}
	if (!strcmp(c->name, "sleep")) {
		if (!read_duration(w->word[1], &ms)) {
			result_fail(r, STATUS_USAGE, _("\"%.80s\" is no duration: 500ms, 2s or 1m, at most a day"),
				    w->word[1]);
			return false;
		}
		sleep_for(s, w, ms);
		return true;
	}
	if (!wait_read(&s->wait, w, r))
		return false;
	err = listen_to_phone(s);
	if (err) {
		result_fail(r, STATUS_FAILED, "%s", strerror(err));
		return false;
	}
	if (wait_look(&s->wait, s->env, s, r) != WAIT_PENDING)
		return false;
	s->waiting = true;
	loop_timer_start(s->limit, s->wait.limit_ms);
	player_waits(s, w);
	return true;
}

/* How long it takes to send them. */
static uint64_t digits_ms(const char *digits)
{
	uint64_t ms = 0;

	for (; *digits; digits++)
		ms += *digits == ',' ? COMMA_MS : DIGIT_MS;
	return ms;
}

/* ---- running ---- */

/* The words of the command in hand; what a macro's line names is filled in. */
static int read_step(struct script *s, struct words *w, const char **why)
{
	size_t pos = 0;

	if (s->kind == SCRIPT_MACRO && !s->depth)
		return parser_expand(w, s->now->line, &pos, player_value, s, why);
	return parser_next(w, s->now->line, &pos, why);
}

/* Runs the command C. True: its answer comes later. */
static bool run_command(struct script *s, const struct command *c, const struct words *w, struct result *r)
{
	bool own = !s->depth;

	recorder_looks(s->env, s);
	if (!c->run && hold_up(s, c, w, r))
		return true;
	if (c->run)
		c->run(s->env, s, w, r);
	if (r->ok && own && !s->freed)
		recorder_took(s->env, s, s->now->line);
	if (s->held) {
		player_waits(s, w);
		return true;
	}
	/* what follows is meant to come behind the digits */
	if (r->ok && s->kind == SCRIPT_MACRO && !s->freed && !strcmp(c->name, "dtmf")) {
		sleep_for(s, w, digits_ms(w->word[1]));
		return true;
	}
	return false;
}

static void run_step(struct script *s)
{
	struct result r = {.ok = true};
	struct buf error = {0};
	unsigned depth = s->depth;
	struct step *step = s->now;
	const struct command *c;
	const char *why = step->wrong;
	struct words w;
	bool later = false;

	if (s->kind == SCRIPT_MACRO && !player_step(s, !s->depth, &r))
		;
	else if (why || read_step(s, &w, &why))
		result_fail(&r, STATUS_USAGE, "%s", why ? why : "");
	else if (!(c = command_find(w.word[0], &error)))
		result_take_error(&r, STATUS_USAGE, &error);
	else if (w.n - 1 < c->min || w.n - 1 > c->max)
		/* TRANSLATORS: %1$s is a command, %2$s what belongs behind it */
		result_fail(&r, STATUS_USAGE, _("usage: %1$s %2$s"), c->name, c->usage);
	else
		later = run_command(s, c, &w, &r);
	if (later) {
		result_free(&r);
		return;
	}
	s->now = NULL;
	if (s->depth > depth) {
		s->frame[s->depth].command = step;
		result_free(&r);
	}
	else
		answer(s, step, &r);
}

static void destroy(struct script *s)
{
	drop_all(s);
	while (s->depth) {
		struct frame *f = &s->frame[s->depth--];

		result_free(&f->result);
		step_free(f->command);
	}
	step_free(s->now);
	loop_timer_free(s->limit);
	loop_timer_free(s->look);
	free(s);
}

/* Runs until something holds it up or nothing is left. S may be gone afterwards. */
static void run(struct script *s)
{
	if (s->running)
		return;
	s->running = true;
	while (!s->freed && !s->sleeping && !s->waiting && !s->held) {
		s->now = take(s);
		if (s->now)
			run_step(s);
		else if (s->depth)
			leave_frame(s);
		else
			break;
	}
	s->running = false;
	if (s->freed)
		destroy(s);
	else if (!script_busy(s) && s->idle_h)
		s->idle_h(s, s->arg);
}

int script_new(struct script **sp, struct command_env *env, enum script_kind kind, bool stop_on_error,
	       script_result_h *result_h, script_idle_h *idle_h, void *arg)
{
	struct script *s = calloc(1, sizeof(*s));
	unsigned i;
	int err;

	if (!s)
		return ENOMEM;
	s->env = env;
	s->kind = kind;
	s->hand = player_hand();
	s->stop_on_error = stop_on_error;
	s->result_h = result_h;
	s->idle_h = idle_h;
	s->arg = arg;
	for (i = 0; i <= SOURCE_DEPTH; i++)
		frame_init(&s->frame[i]);
	err = loop_timer_new(&s->limit, limit_h, s);
	if (!err)
		err = loop_timer_new(&s->look, look_h, s);
	if (err) {
		destroy(s);
		return err;
	}
	*sp = s;
	return 0;
}

void script_free(struct script *s)
{
	if (!s || s->freed)
		return;
	if (s->listening)
		phone_unlisten(s->env->phone, event_h, s);
	s->listening = false;
	stop_waiting(s);
	s->freed = true;
	recorder_forgets(s);
	if (s->held && s->gone_h)
		s->gone_h(s->gone_arg);
	s->held = false;
	if (!s->running)
		destroy(s);
}

int script_add(struct script *s, const char *line, const char *origin)
{
	int err = add_line(s, &s->frame[0], line, origin);

	if (!s->now)
		run(s);
	return err;
}

int script_add_lines(struct script *s, const char *lines)
{
	char *copy = strdup(lines), *rest = copy, *line;
	int err = copy ? 0 : ENOMEM;

	while (!err && (line = strsep(&rest, "\n")) != NULL)
		err = add_line(s, &s->frame[0], line, NULL);
	free(copy);
	if (!s->now)
		run(s);
	return err;
}

struct source {
	struct script *script;
	struct frame *frame;
	const char *file;
};

static int source_line_h(const char *line, unsigned number, void *arg)
{
	struct source *source = arg;
	struct buf origin = {0};
	int err;

	buf_printf(&origin, "%s:%u", source->file, number);
	if (line)
		err = add_line(source->script, source->frame, line, origin.s);
	else
		err = add_step(source->script, source->frame, "", 0,
			       _("the line is too long or has a NUL character in it"), origin.s);
	buf_free(&origin);
	return err;
}

int script_source(struct script *s, const char *file)
{
	struct source source = {.script = s, .file = file};
	struct stat st = {0};
	unsigned i;
	int err;

	if (s->depth == SOURCE_DEPTH)
		return ELOOP;
	/* a file that is being read would go on for ever, or for so long that it makes no difference */
	if (!stat(file, &st)) {
		for (i = 1; i <= s->depth; i++) {
			if (s->frame[i].device == st.st_dev && s->frame[i].inode == st.st_ino)
				return ELOOP;
		}
	}
	source.frame = &s->frame[++s->depth];
	frame_init(source.frame);
	source.frame->device = st.st_dev;
	source.frame->inode = st.st_ino;
	err = file_lines(file, &source.frame->exposed, source_line_h, &source);
	if (err) {
		struct step *step;

		while ((step = take(s)) != NULL)
			step_free(step);
		s->depth--;
	}
	return err;
}

bool script_exposed(const struct script *s)
{
	return s && s->depth && s->frame[s->depth].exposed;
}

bool script_busy(const struct script *s)
{
	return s->steps || s->now || s->depth || s->running;
}

int script_status(const struct script *s)
{
	return s->status;
}

unsigned script_call(const struct script *s)
{
	if (s->call)
		return s->call;
	/* one that comes in while a macro plays is not the macro's */
	return s->base_call ? s->base_call : phone_last_call(s->env->phone);
}

void script_set_base_call(struct script *s, unsigned call)
{
	s->base_call = call;
}

const struct player_hand *script_hand(const struct script *s)
{
	return &s->hand;
}

bool may_call(struct script *s, struct result *r)
{
	if (s && s->kind == SCRIPT_RC) {
		result_fail(r, STATUS_USAGE, _("nobody can be called from the rc file: it is read before the phone is ready; "
			    "use --exec or the name of whom to call"));
		return false;
	}
	return !s || player_may_call(s->env, s, r);
}

unsigned script_call_in_hand(const struct script *s)
{
	struct call_info info;

	if (!s || s->kind != SCRIPT_MACRO || !s->call || phone_call_info(s->env->phone, s->call, &info) || info.closed)
		return 0;
	return s->call;
}

unsigned script_own_call(const struct script *s)
{
	return s->call;
}

void script_set_call(struct script *s, unsigned call)
{
	s->call = call;
}

enum script_kind script_get_kind(const struct script *s)
{
	return s->kind;
}

const char *script_origin(const struct script *s)
{
	return s->now ? s->now->origin : NULL;
}
