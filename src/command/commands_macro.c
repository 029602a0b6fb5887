/* The macro command. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"
#include "command/player.h"
#include "command/recorder.h"

struct request {
	struct command_env *env;
	struct script *script;
	const struct words *w;
	struct result *r;
};

static void define(const struct request *q)
{
	bool rc = script_get_kind(q->script) == SCRIPT_RC;

	if (q->w->n > 5)
		result_fail(q->r, STATUS_USAGE, _("the commands of a macro are one word: quote them, and the description"));
	else
		macro_put(q->env, q->w->word[2], q->w->word[3], q->w->n > 4 ? q->w->word[4] : NULL,
			  rc ? script_origin(q->script) : NULL, q->r);
}

static void record(const struct request *q)
{
	const char *name = q->w->word[2];

	if (!macro_register(name))
		result_fail(q->r, STATUS_USAGE, _("\"%.80s\" is no register: a-z, or A-Z to add to what is there"), name);
	else if (script_get_kind(q->script) == SCRIPT_RC || script_get_kind(q->script) == SCRIPT_MACRO)
		result_fail(q->r, STATUS_FAILED, _("keys and prompts are recorded: neither the rc file nor a macro begins that"));
	else
		recorder_start(q->env, q->script, *name, q->r);
}

static void stop(const struct request *q)
{
	if (recorder_register())
		recorder_stop(q->env, q->r);
	else if (!player_stop())
		result_fail(q->r, STATUS_FAILED, _("no macro is being recorded or played"));
}

static void play(const struct request *q)
{
	const char *name = q->w->word[2];

	if (script_get_kind(q->script) == SCRIPT_RC)
		result_fail(q->r, STATUS_USAGE, _("%s does not work in the rc file"), "macro play");
	else if (recorder_register() && macro_register(name) == recorder_register())
		/* TRANSLATORS: %c is the letter of a register for macros */
		result_fail(q->r, STATUS_FAILED, _("register %c is being recorded: it would play itself"), recorder_register());
	else
		player_play(q->env, q->script, name, q->w->word + 3, q->w->n - 3, q->r);
}

static void edit(const struct request *q)
{
	const struct macro *m = macro_get(q->w->word[2], q->r);
	struct buf line = {0}, label = {0}, command = {0};
	int err;

	if (!m)
		return;
	macro_line(&line, m);
	buf_printf(&label, "macro %s", m->name);
	buf_printf(&command, "macro define %s", m->name);
	if (m->source)
		/* TRANSLATORS: %2$s is FILE:LINE */
		result_fail(q->r, STATUS_FAILED, _("the macro %1$s is defined at %2$s; change it there"), m->name, m->source);
	else if (!q->env->edit_h)
		buf_str(&q->r->text, m->text);
	else if (line.failed || label.failed || command.failed)
		result_fail(q->r, STATUS_FAILED, "%s", strerror(ENOMEM));
	else if (line.len >= LINE_MAX_BYTES / 2)
		result_fail(q->r, STATUS_FAILED, _("it is too long for a prompt"));
	else {
		err = q->env->edit_h(label.s, line.s, command.s, q->env->arg);
		if (err)
			result_fail(q->r, STATUS_FAILED, "%s", strerror(err));
	}
	buf_free(&line);
	buf_free(&label);
	buf_free(&command);
}

static void save(const struct request *q)
{
	const struct macro *m = macro_get(q->w->word[2], q->r);
	struct buf line = {0};

	if (!m)
		return;
	if (macro_register(q->w->word[3])) {
		result_fail(q->r, STATUS_USAGE, _("a name has at least two letters; one letter is a register"));
		return;
	}
	macro_line(&line, m);
	if (line.s)
		macro_put(q->env, q->w->word[3], line.s, NULL, NULL, q->r);
	buf_free(&line);
}

static const struct {
	const char *name;
	const char *usage;
	unsigned min, max; /* words behind the name */
	void (*run)(const struct request *q);
} actions[] = {
	{"define", "NAME \"COMMANDS\" [\"DESCRIPTION\"]", 2, WORDS_MAX, define},
	{"record", "REGISTER", 1, 1, record},
	{"stop", "", 0, 0, stop},
	{"play", "REGISTER|MACRO [ARG]...", 1, WORDS_MAX, play},
	{"edit", "REGISTER|MACRO", 1, 1, edit},
	{"save", "REGISTER NAME", 2, 2, save},
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

void command_macro(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	struct request q = {env, script, w, r};
	const char *names[ACTIONS];
	unsigned i;

	for (i = 0; i < ACTIONS; i++)
		names[i] = actions[i].name;
	for (i = 0; i < ACTIONS && strcmp(w->word[1], names[i]); i++)
		;
	if (i == ACTIONS)
		/* TRANSLATORS: fills: unknown word "ply" */
		result_unknown(r, _("word"), w->word[1], names, ACTIONS);
	else if (w->n - 2 < actions[i].min || w->n - 2 > actions[i].max)
		/* TRANSLATORS: %1$s is a command, %2$s what belongs behind it */
		result_fail(r, STATUS_USAGE, _("usage: macro %1$s %2$s"), names[i], actions[i].usage);
	else
		actions[i].run(&q);
}
