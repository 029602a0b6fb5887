/* Playing macros. Each run is a script; the script that asked for it is held until it is over. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "command/handlers.h"
#include "command/player.h"
#include "phone/ports.h"

#define MINUTE_MS 60000
#define LINE_SHOWN 80 /* bytes of a step in a sentence */

struct run {
	struct run *next;         /* begun before */
	struct command_env *env;
	struct script *script;
	struct script *caller;    /* is held for it; NULL: has gone */
	struct run *parent;       /* whose script that is, or NULL */
	struct player_hand hand;  /* by whom it is played, whoever typed the keys; itself is the last */
	char name[MACRO_NAME_MAX];
	char *text;
	char *arg[PLAYER_ARGS];
	unsigned args;

	unsigned step, of;
	unsigned taken;           /* steps of it and of all that it played */
	char waits[80];
	unsigned call;            /* its own, at the last answer */
	struct buf said;
	bool failed, stopped;
	int status;
	struct buf error;
	struct loop_timer *start; /* from the loop: not within the command that asks for it */
};

/* When a macro made calls: the last ones. By name, for each run has the same macro. */
struct calls {
	char name[MACRO_NAME_MAX];
	uint64_t at_ms[PLAYER_CALLS];
	unsigned n;               /* in all; the oldest of the last ones is that of place n % PLAYER_CALLS */
};

static struct {
	struct run *newest;
	unsigned n;
	char last[MACRO_NAME_MAX]; /* that was played by a person or from outside */
	char *last_arg[PLAYER_ARGS];
	unsigned last_args;
	struct calls *calls;
	unsigned calls_n;
	struct player_hand hand;   /* that typed what is not taken yet */
	bool taking;
} player;

static struct run *run_of(const struct script *s)
{
	struct run *p;

	for (p = player.newest; p && p->script != s; p = p->next)
		;
	return p;
}

/* A macro's, or that which made the script. */
static const struct player_hand *hand_of(const struct script *s)
{
	const struct run *p = run_of(s);

	return p ? &p->hand : script_hand(s);
}

static void tell(const struct run *p, const char *state)
{
	static struct event e;

	event_begin(&e, "macro");
	event_string(&e, "name", p->name);
	event_integer(&e, "step", p->step);
	event_integer(&e, "of", p->of);
	event_string(&e, "state", state);
	event_string(&e, "error", p->error.s);
	phone_emit(p->env->phone, &e);
}

/* ---- the end of a run ---- */

static void run_free(struct run *p)
{
	struct run **at;
	unsigned i;

	for (at = &player.newest; *at && *at != p; at = &(*at)->next)
		;
	if (*at) {
		*at = p->next;
		player.n--;
	}
	script_free(p->script);
	loop_timer_free(p->start);
	for (i = 0; i < p->args; i++)
		free(p->arg[i]);
	free(p->text);
	buf_free(&p->said);
	buf_free(&p->error);
	free(p);
}

/* STATE: "done", "failed" or "stopped". What it played itself has ended already. P is gone then. */
static void finish(struct run *p, const char *state)
{
	struct script *caller = p->caller;
	struct result r = {.ok = true};
	unsigned call = p->script ? script_own_call(p->script) : p->call;

	tell(p, state);
	if (p->stopped)
		/* TRANSLATORS: a macro, and how far it came */
		result_fail(&r, STATUS_FAILED, _("macro %1$s was stopped at step %2$u of %3$u"), p->name, p->step, p->of);
	else if (p->failed)
		/* TRANSLATORS: a macro, and "step 2 of 4, wait established: ..." */
		result_fail(&r, p->status, _("macro %1$s, %2$s"), p->name, p->error.s ? p->error.s : "");
	else if (p->said.s)
		buf_str(&r.text, p->said.s);
	if (!r.ok && !caller)
		phone_notice(p->env->phone, SEVERITY_WARNING, NULL, r.error.s);
	p->caller = NULL;
	run_free(p);
	if (!caller) {
		result_free(&r);
		return;
	}
	/* who plays it goes on with its call */
	if (call)
		script_set_call(caller, call);
	script_release(caller, &r);
}

/* The script that was held for it has gone. Of a macro: that was stopped, and so is this; of somebody who has hung up: it
 * plays on, and what goes wrong becomes a notice. */
static void gone_h(void *arg)
{
	struct run *p = arg;

	p->caller = NULL;
	if (!p->parent)
		return;
	tell(p, "stopped");
	run_free(p);
}

static void stop(struct run *p)
{
	struct script *s = p->script;

	/* first what it plays, which hangs on its script */
	p->script = NULL;
	p->call = script_own_call(s);
	script_free(s);
	p->stopped = true;
	finish(p, "stopped");
}

bool player_stop(void)
{
	struct run *p;

	for (p = player.newest; p && p->parent; p = p->next)
		;
	if (p)
		stop(p);
	return p != NULL;
}

void player_close(void)
{
	unsigned i;

	while (player.newest) {
		/* nobody who waits for it hears any more */
		if (player.newest->caller)
			script_hold(player.newest->caller, NULL, NULL);
		run_free(player.newest);
	}
	for (i = 0; i < player.last_args; i++)
		free(player.last_arg[i]);
	free(player.calls);
	memset(&player, 0, sizeof(player));
}

/* ---- what its script tells ---- */

static void result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	struct run *p = arg;
	bool dialled = script_own_call(s) != p->call;
	struct buf shown = {0};
	char step[LINE_SHOWN];
	size_t len;

	p->call = script_own_call(s);
	if (r->ok) {
		/* that a call has a number tells nothing */
		if (r->text.len && !dialled && p->said.len < LINE_MAX_BYTES)
			buf_printf(&p->said, "%s%s", p->said.len ? "\n" : "", r->text.s);
		return;
	}
	p->failed = true;
	p->status = r->status;
	parser_mask(&shown, line);
	text_show_str(step, sizeof(step), shown.s);
	buf_free(&shown);
	/* the errors of `wait` begin with the step, too */
	len = strlen(step);
	buf_free(&p->error);
	if (r->error.s && strncmp(r->error.s, step, len) == 0 && r->error.s[len] == ':')
		/* TRANSLATORS: how far a macro came, and its step with what went wrong there */
		buf_printf(&p->error, _("step %1$u of %2$u, %3$s"), p->step, p->of, r->error.s);
	else
		/* TRANSLATORS: how far a macro came, its step, and what went wrong there */
		buf_printf(&p->error, _("step %1$u of %2$u, %3$s: %4$s"), p->step, p->of, step,
			   r->error.s ? r->error.s : "");
}

static void idle_h(struct script *s, void *arg)
{
	struct run *p = arg;

	(void)s;
	finish(p, p->failed ? "failed" : "done");
}

static void start_h(void *arg)
{
	struct run *p = arg;

	/* P may be gone behind it */
	script_add_lines(p->script, p->text);
}

bool player_step(struct script *s, bool own, struct result *r)
{
	struct run *p = run_of(s), *up;
	bool many = false;

	if (!p)
		return true;
	for (up = p; up; up = up->parent)
		many |= ++up->taken > MACRO_STEPS;
	if (own)
		p->step++;
	p->waits[0] = '\0';
	tell(p, "running");
	if (many)
		result_fail(r, STATUS_FAILED, _("more than %u steps, with those of the macros that it plays"), MACRO_STEPS);
	return !many;
}

/* What a step waits for, in few words for the status bar. */
static void waiting_words(char *out, size_t size, const struct words *w)
{
	static const struct { const char *condition, *words; } conditions[] = {
		/* TRANSLATORS: behind "waiting for" */
		{"registered", N_("a registration")}, {"ringing", N_("it to ring")}, {"established", N_("answered")},
		{"closed", N_("the end")}, {"idle", N_("no call")}, {"outcome", N_("outcome")}, {"dtmf", N_("tones")},
		{"incoming", N_("a caller")},
	};
	const char *word = w->word[1];
	unsigned i;

	for (i = 0; !strcmp(w->word[0], "wait") && i < sizeof(conditions) / sizeof(conditions[0]); i++) {
		if (!strcmp(word, conditions[i].condition))
			word = _(conditions[i].words);
	}
	text_show_str(out, size, w->n > 2 && !strcmp(w->word[0], "macro") ? w->word[2] : word);
}

void player_waits(struct script *s, const struct words *w)
{
	struct run *p = run_of(s);

	if (!p || w->n < 2)
		return;
	waiting_words(p->waits, sizeof(p->waits), w);
	tell(p, "waiting");
}

const char *player_value(const char *name, struct buf *value, void *arg)
{
	const struct script *s = arg;
	const struct run *p = run_of(s);
	struct call_info info;
	unsigned long n;
	unsigned i;

	if (!strcmp(name, "*")) {
		for (i = 0; i < p->args; i++)
			buf_printf(value, "%s%s", i ? " " : "", p->arg[i]);
		return NULL;
	}
	if (read_number(name, 1, PLAYER_ARGS, &n)) {
		if (n > p->args)
			return _("the macro needs more arguments than it was given");
		buf_str(value, p->arg[n - 1]);
		return NULL;
	}
	if (strncmp(name, "call.", 5))
		return _("there is no such value; there are ${1} to ${99}, ${*}, ${call.peer}, ${call.number}, ${call.state} and "
			 "${call.code}");
	if (!script_call(s) || phone_call_info(p->env->phone, script_call(s), &info))
		return _("there is no call yet that a value could be of");
	name += 5;
	if (!strcmp(name, "peer"))
		buf_str(value, info.peer);
	else if (!strcmp(name, "number"))
		buf_printf(value, "%u", info.number);
	else if (!strcmp(name, "state"))
		buf_str(value, call_state_name(info.state));
	else if (!strcmp(name, "code"))
		buf_printf(value, "%u", info.code);
	else
		return _("a call has no such value; it has ${call.peer}, ${call.number}, ${call.state} and ${call.code}");
	return NULL;
}

/* ---- the bound of calls ---- */

static struct calls *calls_of(const char *name)
{
	struct calls *more;
	unsigned i;

	for (i = 0; i < player.calls_n; i++) {
		if (!strcmp(player.calls[i].name, name))
			return &player.calls[i];
	}
	more = reallocarray(player.calls, player.calls_n + 1, sizeof(*more));
	if (!more)
		return NULL;
	player.calls = more;
	more += player.calls_n++;
	memset(more, 0, sizeof(*more));
	text_copy(more->name, sizeof(more->name), name);
	return more;
}

/* Has the macro called NAME made as many as it may? */
static bool full(const char *name)
{
	const struct calls *c = calls_of(name);

	return !c || (c->n >= PLAYER_CALLS && port_now_ms() < c->at_ms[c->n % PLAYER_CALLS] + MINUTE_MS);
}

bool player_may_call(struct command_env *env, const struct script *s, struct result *r)
{
	const struct player_hand *hand = s ? hand_of(s) : NULL;
	unsigned i;

	for (i = hand ? hand->depth : 0; i-- > 0;) {
		if (!full(hand->name[i]))
			continue;
		result_fail(r, STATUS_FAILED, _("a macro makes at most %u calls within a minute"), PLAYER_CALLS);
		phone_notice_printf(env->phone, SEVERITY_WARNING, "macro-calls",
				    /* TRANSLATORS: a macro, and how many calls it has made */
				    _("Macro %1$s was stopped: it has made %2$u calls within a minute, and a macro makes no more."),
				    hand->name[i], PLAYER_CALLS);
		return false;
	}
	for (i = 0; hand && i < hand->depth; i++) {
		struct calls *c = calls_of(hand->name[i]);

		c->at_ms[c->n++ % PLAYER_CALLS] = port_now_ms();
	}
	return true;
}

/* ---- keys that macros type ---- */

void player_types(const struct script *s)
{
	if (!s)
		player.hand.depth = 0;
	else if (hand_of(s)->depth)
		player.hand = *hand_of(s);
}

void player_takes(bool on)
{
	player.taking = on;
}

struct player_hand player_hand(void)
{
	static const struct player_hand nobody;

	return player.taking ? player.hand : nobody;
}

/* ---- the beginning ---- */

/* Would it be reached again by itself? Then, and too deep, R fails. */
static bool may_play(const struct player_hand *hand, const char *name, struct result *r)
{
	bool itself = false;
	unsigned i;

	if (player.n == PLAYER_RUNS) {
		result_fail(r, STATUS_FAILED, _("%u macros play already"), PLAYER_RUNS);
		return false;
	}
	for (i = 0; i < hand->depth; i++)
		itself |= !strcmp(hand->name[i], name);
	if (itself)
		result_fail(r, STATUS_FAILED, _("macro %s would play itself again"), name);
	else if (hand->depth == PLAYER_DEPTH)
		result_fail(r, STATUS_FAILED, _("macros play each other at most %u deep"), PLAYER_DEPTH);
	return r->ok;
}

static int copy_words(char **to, unsigned *count, char *const *from, unsigned n)
{
	for (*count = 0; *count < n; ++*count) {
		to[*count] = strdup(from[*count]);
		if (!to[*count])
			return ENOMEM;
	}
	return 0;
}

static int begin(struct command_env *env, struct script *caller, struct run *parent, const struct macro *m, unsigned of,
		 char *const *arg, unsigned args)
{
	struct run *p = calloc(1, sizeof(*p));
	int err;

	if (!p)
		return ENOMEM;
	p->env = env;
	p->parent = parent;
	p->hand = *hand_of(caller);
	text_copy(p->hand.name[p->hand.depth++], MACRO_NAME_MAX, m->name);
	p->of = of;
	text_copy(p->name, sizeof(p->name), m->name);
	p->text = strdup(m->text);
	err = p->text ? copy_words(p->arg, &p->args, arg, args) : ENOMEM;
	if (!err)
		err = loop_timer_new(&p->start, start_h, p);
	if (!err)
		err = script_new(&p->script, env, SCRIPT_MACRO, true, result_h, idle_h, p);
	if (err) {
		run_free(p);
		return err;
	}
	p->next = player.newest;
	player.newest = p;
	player.n++;
	script_set_base_call(p->script, script_call(caller));
	p->caller = caller;
	script_hold(caller, gone_h, p);
	loop_timer_start(p->start, 0);
	return 0;
}

static void remember(const char *name, char *const *arg, unsigned args)
{
	unsigned i;

	if (arg == player.last_arg)
		return;
	for (i = 0; i < player.last_args; i++)
		free(player.last_arg[i]);
	text_copy(player.last, sizeof(player.last), name);
	copy_words(player.last_arg, &player.last_args, arg, args);
}

void player_play(struct command_env *env, struct script *script, const char *name, char *const *arg, unsigned args,
		 struct result *r)
{
	struct run *parent = run_of(script);
	const struct macro *m;
	unsigned of;
	int err;

	if (!strcmp(name, "@")) {
		if (!player.last[0]) {
			result_fail(r, STATUS_FAILED, _("no macro has been played yet"));
			return;
		}
		name = player.last;
		arg = player.last_arg;
		args = player.last_args;
	}
	if (args > PLAYER_ARGS) {
		result_fail(r, STATUS_USAGE, _("a macro takes at most %u arguments"), PLAYER_ARGS);
		return;
	}
	m = macro_get(name, r);
	if (!m || !may_play(hand_of(script), m->name, r))
		return;
	of = macro_check(m->text, r);
	if (!of)
		return;
	err = begin(env, script, parent, m, of, arg, args);
	if (err)
		result_fail(r, STATUS_FAILED, "%s", strerror(err));
	else if (!parent)
		remember(m->name, arg, args);
}

bool player_status(struct player_status *status)
{
	const struct run *p;

	for (p = player.newest; p && p->parent; p = p->next)
		;
	if (!p)
		return false;
	text_copy(status->name, sizeof(status->name), p->name);
	status->step = p->step ? p->step : 1;
	status->of = p->of;
	text_copy(status->waits, sizeof(status->waits), p->waits);
	return true;
}
