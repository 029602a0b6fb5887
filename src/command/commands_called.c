/* The commands that say what callers get: do not disturb, forwarding. */
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"

void command_dnd(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {"on", "off", "toggle"};
	const char *s = w->word[1];
	bool on;

	(void)script;
	if (strcmp(s, "on") && strcmp(s, "off") && strcmp(s, "toggle")) {
		/* TRANSLATORS: fills: unknown word "togle" */
		result_unknown(r, _("word"), s, words, 3);
		return;
	}
	on = !strcmp(s, "toggle") ? !phone_dnd(env->phone) : !strcmp(s, "on");
	phone_set_dnd(env->phone, on);
	buf_str(&r->text, on ? _("do not disturb") : _("calls ring again"));
}

void command_forward(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	const char *why = "";
	struct buf target = {0};
	bool off = w->n == 2 && !strcmp(w->word[1], "off");

	(void)script;
	parser_join(&target, w, 1, w->n);
	if (phone_set_forward(env->phone, off ? NULL : target.s ? target.s : "", &why))
		result_fail(r, STATUS_USAGE, "%s", why);
	else if (off)
		buf_str(&r->text, _("calls are not forwarded"));
	else
		/* TRANSLATORS: %s is a SIP address */
		buf_printf(&r->text, _("calls are forwarded to %s"), phone_forward(env->phone));
	buf_free(&target);
}
