/* The commands about the program itself: the screen, keys, files, its end. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"
#include "command/player.h"
#include "phone/ports.h"

/* ---- the screen ---- */

static void works_only_on_screen(struct result *r)
{
	result_fail(r, STATUS_FAILED, _("there is no screen here"));
}

/* A prompt that is open stays. */
static void somebody_types(struct result *r)
{
	/* TRANSLATORS: at a prompt of the screen, which therefore is not opened for something else */
	result_fail(r, STATUS_FAILED, _("somebody is typing"));
}

/* The messages of a call, or something that is done with those shown. */
static void view_trace(struct command_env *env, const struct script *script, const struct words *w, struct result *r)
{
	static const char *const does[] = {"open", "save", "search"};
	const char *word = w->n > 2 ? w->word[2] : "";
	char name[32] = "trace";
	unsigned call, i;
	int err;

	for (i = 0; i < 3 && strcmp(word, does[i]); i++)
		;
	if (w->n > 3) {
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is one word too many"), w->word[3]);
		return;
	}
	if (i < 3)
		snprintf(name, sizeof(name), "trace %s", does[i]);
	else if (w->n > 2 && !read_traced(env, script, word, &call, r))
		return;
	else if (w->n > 2)
		snprintf(name, sizeof(name), "trace %u", call);
	err = env->view_h(name, env->arg);
	if (err == EBUSY)
		somebody_types(r);
	else if (err)
		result_fail(r, STATUS_FAILED, _("no message is selected"));
}

void command_view(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const more[] = {"next", "dial", "prompt", "quit"};
	const char *names[36];
	struct buf name = {0};
	unsigned i, n = 0;
	bool known = false, takes_text;
	int err;

	if (!env->view_h) {
		works_only_on_screen(r);
		return;
	}
	if (!strcmp(w->word[1], "trace")) {
		view_trace(env, script, w, r);
		return;
	}
	for (i = 0; env->views && env->views[i] && n < 32; i++)
		names[n++] = env->views[i];
	for (i = 0; i < 4; i++)
		names[n++] = more[i];
	for (i = 0; i < n && !known; i++)
		known = !strcmp(w->word[1], names[i]);
	takes_text = !strcmp(w->word[1], "dial") || !strcmp(w->word[1], "prompt") ||
		     (w->n == 3 && !strcmp(w->word[1], "help") && !strcmp(w->word[2], "search"));
	if (w->n > 2 && !takes_text) {
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is one word too many"), w->word[2]);
		return;
	}
	parser_join(&name, w, 1, w->n);
	err = name.s && known ? env->view_h(name.s, env->arg) : ENOENT;
	if (!err)
		goto out;
	if (err == EBUSY) {
		somebody_types(r);
		goto out;
	}
	/* TRANSLATORS: fills: unknown view "cals" */
	result_unknown(r, _("view"), w->word[1], names, n);
out:
	buf_free(&name);
}

static void call_contact(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	const char *why = NULL;
	unsigned long n = 1;
	unsigned call;
	int err;

	if (w->n > 2 && !read_number(w->word[2], 1, 99, &n)) {
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is no number of an address: 1 to 99"), w->word[2]);
		return;
	}
	if (!may_call(script, r))
		return;
	err = phone_notice_contact(env->phone, 0, (unsigned)n, &call, &why);
	if (err) {
		result_fail(r, STATUS_FAILED, "%s", why ? why : strerror(err));
		return;
	}
	if (script)
		script_set_call(script, call);
	/* TRANSLATORS: the number that the new call got */
	buf_printf(&r->text, _("call %u"), call);
}

void command_notice(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {
		"next", "prev", "dismiss", "open", "contact", "edit", "password", "codecs", "save"
	};
	const char *s = w->word[1];
	unsigned what;
	int err = 0;

	for (what = 0; what < 9 && strcmp(s, words[what]); what++)
		;

	if (w->n > 2 && strcmp(s, "contact"))
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is one word too many"), w->word[2]);
	else if (!strcmp(s, "next"))
		err = phone_notice_step(env->phone, 1);
	else if (!strcmp(s, "prev"))
		err = phone_notice_step(env->phone, -1);
	else if (!strcmp(s, "dismiss"))
		err = phone_notice_dismiss(env->phone, 0);
	else if (!strcmp(s, "contact") && (w->n > 2 || !env->notice_h))
		call_contact(env, script, w, r);
	else if (what == 9)
		/* TRANSLATORS: fills: unknown word "dimsiss" */
		result_unknown(r, _("word"), s, words, 9);
	else if (what > 3 && !env->notice_h)
		works_only_on_screen(r);
	else if (what > 3 && env->notice_h(s, env->arg))
		result_fail(r, STATUS_FAILED, _("the selected notice does not offer that"));
	else if (what > 3)
		return;
	else if (!env->open_notice_h)
		works_only_on_screen(r);
	else
		env->open_notice_h(env->arg);
	if (err == ENOENT && *s != 'd')
		result_fail(r, STATUS_FAILED, _("there is no other notice in that direction"));
	else if (err == ENOENT)
		result_fail(r, STATUS_FAILED, _("there is no notice"));
	else if (err)
		result_fail(r, STATUS_FAILED, "%s", strerror(err));
}

/* ---- keys ---- */

void command_keys(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	struct buf keys = {0};
	unsigned i;
	int err;

	if (!env->keys_h) {
		works_only_on_screen(r);
		return;
	}
	/* blanks between them are for the eye: one that is typed is <Space> */
	for (i = 1; i < w->n; i++)
		buf_str(&keys, w->word[i]);
	player_types(script);
	err = env->keys_h(keys.s ? keys.s : "", env->arg);
	if (err == EINVAL)
		result_fail(r, STATUS_USAGE, _("\"%.80s\" are no keys in the notation of bindings; <lt> stands for <"), keys.s ? keys.s : "");
	else if (err == ENOSPC)
		result_fail(r, STATUS_FAILED, _("too many keys are waiting to be typed"));
	else if (err)
		result_fail(r, STATUS_FAILED, "%s", strerror(err));
	buf_free(&keys);
}

void command_bind(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	struct buf command = {0}, error = {0};
	const char *before;
	bool changes;
	unsigned i;

	/* one word is a whole line; of several each stays a word */
	if (w->n == 4)
		buf_str(&command, w->word[3]);
	for (i = 3; w->n > 4 && i < w->n; i++) {
		if (i > 3)
			buf_str(&command, " ");
		parser_quote(&command, w->word[i]);
	}
	before = keymap_bound(env->keymap, w->word[1], w->word[2]);
	changes = !before || !command.s || strcmp(before, command.s) != 0;
	if (keymap_bind(env->keymap, w->word[1], w->word[2], command.s ? command.s : "", &error))
		result_take_error(r, STATUS_USAGE, &error);
	/* To cover a more general binding is what contexts are for: in a file nobody needs to be told each time. */
	else if (changes)
		keymap_shadows(env->keymap, w->word[1], w->word[2], !script || script_get_kind(script) != SCRIPT_RC, &r->text);
	buf_free(&command);
}

void command_unbind(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	struct buf error = {0};

	(void)script;
	if (keymap_unbind(env->keymap, w->word[1], w->word[2], &error))
		result_take_error(r, STATUS_USAGE, &error);
}

/* ---- the rest ---- */

void command_exchange(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {"on", "off"};
	bool on = !strcmp(w->word[1], "on");
	int err;

	(void)script;
	if (!on && strcmp(w->word[1], "off")) {
		/* TRANSLATORS: fills: unknown word "onn" */
		result_unknown(r, _("word"), w->word[1], words, 2);
		return;
	}
	if (!env->exchange_h) {
		result_fail(r, STATUS_FAILED, _("the built-in exchange is not available here"));
		return;
	}
	err = env->exchange_h(on, env->arg);
	if (err == EEXIST)
		result_fail(r, STATUS_FAILED, _("the exchange brings an account demo along, and you have one of that name"));
	else if (err && err != EALREADY)
		/* TRANSLATORS: %s is the system's word for what went wrong */
		result_fail(r, STATUS_FAILED, on ? _("the exchange does not start: %s") : _("the exchange does not stop: %s"),
			    strerror(err));
}

void command_echo(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	(void)env;
	(void)script;
	parser_join(&r->text, w, 1, w->n);
}

void command_history(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {"export"};
	const char *file = w->word[2];
	unsigned rows = 0;
	int err;

	(void)env;
	(void)script;
	if (strcmp(w->word[1], "export") != 0) {
		/* TRANSLATORS: fills: unknown word "exprot" */
		result_unknown(r, _("word"), w->word[1], words, 1);
		return;
	}
	err = port_store_export(file, &rows);
	if (!err)
		/* TRANSLATORS: how many calls, and a file */
		buf_printf(&r->text, P_("%1$u call written to %2$.200s", "%1$u calls written to %2$.200s", rows), rows, file);
	else if (err == EINVAL)
		result_fail(r, STATUS_USAGE, _("\"%.200s\" is no name for it: let it end in .csv or .json"), file);
	else if (err == ENOTCONN)
		result_fail(r, STATUS_FAILED, _("there is no history: it could not be opened when offhook started"));
	else
		/* TRANSLATORS: a file, and the system's word for what went wrong */
		result_fail(r, STATUS_FAILED, _("the history cannot be written to %1$.200s: %2$s"), file, strerror(err));
}

void command_source(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	int err = script_source(script, w->word[1]);

	(void)env;
	if (err == ELOOP)
		result_fail(r, STATUS_FAILED, _("%.200s is not read: files source each other in a circle, or too deeply"), w->word[1]);
	else if (err == ENOSPC)
		result_fail(r, STATUS_FAILED, _("%.200s is not run: too many commands are waiting"), w->word[1]);
	else if (err)
		/* TRANSLATORS: a file, and the system's word for what went wrong */
		result_fail(r, STATUS_FAILED, _("%1$.200s cannot be read: %2$s"), w->word[1], strerror(err));
}

void command_quit(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	unsigned long status = 0;

	(void)script;
	if (w->n > 1 && !read_number(w->word[1], 0, 255, &status))
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is no exit status: 0 to 255"), w->word[1]);
	else if (!env->quit_h)
		result_fail(r, STATUS_FAILED, _("quit does not work here"));
	else
		env->quit_h((int)status, env->arg);
}
