#include "config.h"

#include <errno.h>
#include <stdlib.h>

#include "base/loop.h"
#include "ui/run.h"

struct run {
	struct script *script; /* NULL: free */
	run_answer_h *h;
	unsigned call; /* of its script, at the last answer */
	bool done;
};

static struct run runs[RUNS_MAX];
static bool reaping;

/* Not from within the script's own handlers. */
static void reap_h(void *arg)
{
	unsigned i;

	(void)arg;
	reaping = false;
	for (i = 0; i < RUNS_MAX; i++) {
		if (runs[i].script && runs[i].done) {
			script_free(runs[i].script);
			runs[i].script = NULL;
		}
	}
}

static void done(struct run *r)
{
	r->done = true;
	if (!reaping)
		reaping = loop_defer(reap_h, NULL) == 0;
}

static void result_h(struct script *s, const char *line, const struct result *result, void *arg)
{
	struct run *r = arg;
	const char *text = result->ok ? result->text.s : result->error.s;
	bool dialled = script_own_call(s) != r->call;

	(void)line;
	r->call = script_own_call(s);
	if (!result->ok || (text && text[0]))
		r->h(result->ok, text ? text : "", dialled);
}

static void idle_h(struct script *s, void *arg)
{
	(void)s;
	done(arg);
}

int run_line(struct command_env *env, enum script_kind kind, const char *line, run_answer_h *h)
{
	struct run *r = NULL;
	unsigned i;
	int err;

	reap_h(NULL);
	for (i = 0; i < RUNS_MAX && !r; i++) {
		if (!runs[i].script)
			r = &runs[i];
	}
	if (!r)
		return EAGAIN;
	r->h = h;
	r->done = false;
	r->call = 0;
	err = script_new(&r->script, env, kind, true, result_h, idle_h, r);
	if (err) {
		r->script = NULL;
		return err;
	}
	err = script_add(r->script, line, NULL);
	if (!r->done && !script_busy(r->script))
		done(r);
	return err;
}

void run_stop(void)
{
	unsigned i;

	for (i = 0; i < RUNS_MAX; i++) {
		script_free(runs[i].script);
		runs[i].script = NULL;
	}
}
