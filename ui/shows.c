/* What is on the screen, by name: the commands "view NAME" and "notice WORD". */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/internal.h"
#include "ui/ui.h"

/* The table of views; view_text and view_notice are not reached by name. */
static const struct view *const views[] = { &view_calls, &view_accounts, &view_trace, &view_help };
#define VIEWS (sizeof(views) / sizeof(views[0]))
static const char *view_names[VIEWS + 1];

void ui_show(const struct view *v)
{
	if (v == &view_help && ui.view != &view_help)
		view_help_set(ui.view->context, ui.env->keymap, &ui.now);
	ui.view = v;
	if (v->open)
		v->open();
	ui_schedule();
}

/* The messages of CALL. */
static void show_trace(unsigned call)
{
	struct call_info info;
	char peer[SNAPSHOT_TEXT] = "";

	if (call && !phone_call_info(ui.env->phone, call, &info))
		text_show_str(peer, sizeof(peer), info.peer);
	view_trace_set(call, peer);
	ui_show(&view_trace);
}

/* Those that the user most likely means: of the notice that is open, of the selected call, of the selected notice, of
 * the newest call. */
static void show_some_trace(void)
{
	const struct snapshot_notice *n;
	unsigned call;

	phone_snapshot(ui.env->phone, &ui.now);
	n = picture_notice(&ui.now);
	call = ui.view == &view_notice && n ? n->call : 0;
	if (!call)
		call = ui.now.selected;
	if (!call && n)
		call = n->call;
	show_trace(call ? call : phone_last_call(ui.env->phone));
}

static void show_next(void)
{
	unsigned i;

	for (i = 0; i < VIEWS && views[i] != ui.view; i++)
		;
	i = i < VIEWS ? (i + 1) % VIEWS : 0;
	if (views[i] == &view_trace)
		show_some_trace();
	else
		ui_show(views[i]);
}

/* ENOENT: there is no message to do it with. */
static int trace_h(const char *text)
{
	char line[64];
	int err = 0;

	if (strspn(text, "0123456789") > 0) {
		show_trace((unsigned)strtoul(text, NULL, 10));
		return 0;
	}
	if (ui.view != &view_trace || !text[0])
		show_some_trace();
	if (strcmp(text, "open") == 0 && !view_trace_open())
		return ENOENT;
	if (strcmp(text, "search") == 0) {
		err = ui_open_prompt(PROMPT_SEARCH, NULL);
	}
	else if (strcmp(text, "save") == 0) {
		snprintf(line, sizeof(line), "trace save %u ", view_trace_call());
		err = ui_open_prompt(PROMPT_COMMAND, line);
	}
	ui_schedule();
	return err;
}

/* NAME is "WORD" or "WORD TEXT": true with *TEXT behind it. */
static bool is_word(const char *name, const char *word, const char **text)
{
	size_t n = strlen(word);

	if (strncmp(name, word, n) != 0 || (name[n] && name[n] != ' '))
		return false;
	*text = name[n] ? name + n + 1 : "";
	return true;
}

static int view_h(const char *name, void *arg)
{
	const char *text;
	unsigned i;

	(void)arg;
	if (is_word(name, "dial", &text))
		return ui_open_prompt(PROMPT_DIAL, text);
	if (is_word(name, "prompt", &text))
		return ui_open_prompt(PROMPT_COMMAND, text);
	if (is_word(name, "trace", &text))
		return trace_h(text);
	if (strcmp(name, "help search") == 0) {
		if (ui.view != &view_text && ui.view != &view_help)
			ui_show(&view_help);
		return ui_open_prompt(PROMPT_SEARCH, NULL);
	}
	if (strcmp(name, "quit") == 0)
		return ui_ask_quit();
	if (strcmp(name, "next") == 0) {
		show_next();
		return 0;
	}
	for (i = 0; i < VIEWS; i++) {
		if (strcmp(views[i]->name, name) == 0) {
			ui_show(views[i]);
			return 0;
		}
	}
	return ENOENT;
}

/* The whole of what the list may have had to cut. */
static void open_notice_h(void *arg)
{
	(void)arg;
	/* Another may have been selected since the last picture. */
	phone_snapshot(ui.env->phone, &ui.now);
	if (ui.now.notices)
		ui_show(&view_notice);
}

static int notice_h(const char *word, void *arg)
{
	const struct snapshot_notice *n;
	const char *command;

	(void)arg;
	phone_snapshot(ui.env->phone, &ui.now);
	n = picture_notice(&ui.now);
	command = n ? offer_command(n, word) : NULL;
	if (!command)
		return ENOENT;
	ui_run(SCRIPT_KEY, command, ui_answer_h);
	return 0;
}

static int keys_h(const char *keys, void *arg)
{
	(void)arg;
	return ui_type(keys);
}

void ui_shows_start(struct command_env *env)
{
	unsigned i;

	for (i = 0; i < VIEWS; i++)
		view_names[i] = views[i]->name;
	env->view_h = view_h;
	env->views = view_names;
	env->open_notice_h = open_notice_h;
	env->notice_h = notice_h;
	env->keys_h = keys_h;
	env->edit_h = ui_edit_h;
}

void ui_shows_stop(struct command_env *env)
{
	env->view_h = NULL;
	env->views = NULL;
	env->open_notice_h = NULL;
	env->notice_h = NULL;
	env->keys_h = NULL;
	env->edit_h = NULL;
}
