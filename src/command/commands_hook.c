/* `hook`: which programs run at which events. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"
#include "command/hook.h"

static void list(const struct hooks *hooks, const char *of, struct result *r)
{
	const char *event, *command;
	struct buf line = {0};
	unsigned i;

	for (i = 0; hook_at(hooks, i, &event, &command); i++) {
		if (of && strcmp(of, event) != 0)
			continue;
		buf_printf(&line, "hook %s ", event);
		parser_quote(&line, command);
		buf_str(&r->text, r->text.len ? "\n" : "");
		parser_mask(&r->text, line.s ? line.s : "");
		buf_free(&line);
	}
	if (!r->text.len)
		buf_str(&r->text, _("there is no such hook"));
}

static bool is_event(const char *name, struct result *r)
{
	const char *const *names;
	unsigned count, i;

	names = event_names(&count);
	for (i = 0; i < count && strcmp(name, names[i]); i++)
		;
	if (i == count)
		/* TRANSLATORS: fills: unknown event "cal" */
		result_unknown(r, _("event"), name, names, count);
	return i < count;
}

/* One word is the whole command; several are taken as they stand, so that their quotes are the shell's. */
static void read_command(struct buf *command, const struct words *w)
{
	if (w->n == 3)
		buf_str(command, w->word[2]);
	else
		buf_add(command, w->rest[2], (size_t)(w->rest[w->n] - w->rest[2]));
}

void command_hook(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	struct buf command = {0};
	int err;

	(void)script;
	if (!env->hooks) {
		result_fail(r, STATUS_FAILED, _("hooks do not work here"));
		return;
	}
	/* an address from the network could be a program */
	if (w->filled && w->n > 2) {
		result_fail(r, STATUS_USAGE, _("no ${} is put into a command of the shell; what is known of the event is in its "
			    "environment"));
		return;
	}
	if (w->n > 1 && !is_event(w->word[1], r))
		return;
	if (w->n < 3) {
		list(env->hooks, w->n > 1 ? w->word[1] : NULL, r);
		return;
	}
	if (w->n == 3 && !strcmp(w->word[2], "off")) {
		if (!hook_remove(env->hooks, w->word[1]))
			result_fail(r, STATUS_FAILED, _("there is no hook of %s"), w->word[1]);
		return;
	}
	read_command(&command, w);
	err = command.failed ? ENOMEM : !command.len ? EINVAL : hook_add(env->hooks, w->word[1], command.s);
	if (err == EINVAL)
		result_fail(r, STATUS_USAGE, _("a hook needs a command of the shell"));
	else if (err == ENOSPC)
		result_fail(r, STATUS_FAILED, _("there are too many hooks: at most %d"), HOOKS_MAX);
	else if (err == E2BIG)
		result_fail(r, STATUS_FAILED, _("that command is too long; put it into a file and name that"));
	else if (err)
		result_fail(r, STATUS_FAILED, "%s", strerror(err));
	buf_free(&command);
}
