/* The commands about calls that have failed: again, and what went over the wire. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"
#include "phone/ports.h"

/* ---- redial ---- */

static void redial_now(struct command_env *env, struct script *script, unsigned call, struct result *r)
{
	const char *why = NULL;
	unsigned new_call;
	int err;

	if (!may_call(script, r))
		return;
	err = phone_redial_now(env->phone, call, &new_call, &why);
	if (err == ENOENT && !why)
		result_fail(r, STATUS_FAILED, _("there is no failed call to redial"));
	else if (err)
		result_fail(r, STATUS_FAILED, "%s", why ? why : strerror(err));
	else {
		if (script)
			script_set_call(script, new_call);
		/* TRANSLATORS: the number that the new call got */
		buf_printf(&r->text, _("call %u"), new_call);
	}
}

static void redial_auto(struct command_env *env, unsigned call, struct result *r)
{
	const char *why = NULL;
	int err = phone_redial_auto(env->phone, call, &why);

	if (err == ENOENT)
		result_fail(r, STATUS_FAILED, _("there is no failed call to redial"));
	else if (err)
		result_fail(r, STATUS_FAILED, "%s", why ? why : strerror(err));
}

void command_redial(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {"now", "auto", "toggle", "cancel"};
	unsigned at = 1, call = 0, what;

	for (what = 0; w->n > 1 && what < 4 && strcmp(w->word[1], words[what]); what++)
		;
	if (w->n > 1 && what < 4)
		at = 2;
	else if (w->n > 1 && strspn(w->word[1], "0123456789") == 0 && strcmp(w->word[1], "last") &&
		 strcmp(w->word[1], "selected") && strcmp(w->word[1], "notice")) {
		/* TRANSLATORS: fills: unknown word "nwo" */
		result_unknown(r, _("word"), w->word[1], words, 4);
		return;
	}
	else
		what = 0;
	if (w->n > at && !read_call_or_notice(env, script, w->word[at], &call, r))
		return;
	if (w->n > at + 1) {
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is one word too many"), w->word[at + 1]);
		return;
	}
	if (what == 0)
		redial_now(env, script, call, r);
	else if (what == 1)
		redial_auto(env, call, r);
	else if (what == 2 && phone_redial_disarm(env->phone, call))
		redial_auto(env, call, r);
	else if (what == 3 && phone_redial_cancel(env->phone, call))
		result_fail(r, STATUS_FAILED, _("no redial is waiting"));
}

/* ---- trace ---- */

bool read_traced(struct command_env *env, const struct script *script, const char *s, unsigned *call, struct result *r)
{
	if (strcmp(s, "0"))
		return read_call_or_notice(env, script, s, call, r);
	*call = 0;
	return true;
}

void command_trace(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {"save"};
	const char *file = w->word[w->n - 1];
	unsigned call = script && script_call(script) ? script_call(script) : phone_last_call(env->phone);
	int err;

	if (strcmp(w->word[1], words[0])) {
		/* TRANSLATORS: fills: unknown word "svae" */
		result_unknown(r, _("word"), w->word[1], words, 1);
		return;
	}
	if (w->n > 3 && !read_traced(env, script, w->word[2], &call, r))
		return;
	err = port_trace_save(call, file);
	if (!err)
		/* TRANSLATORS: %.200s is a file; the messages of a call are in it now */
		buf_printf(&r->text, _("messages written to %.200s"), file);
	else if (err == ENOENT)
		result_fail(r, STATUS_FAILED, _("no messages of call %u are kept, or there is no folder for %.200s"), call, file);
	else if (err)
		/* TRANSLATORS: a file, and the system's word for what went wrong */
		result_fail(r, STATUS_FAILED, _("%1$.200s cannot be written: %2$s"), file, strerror(err));
}
