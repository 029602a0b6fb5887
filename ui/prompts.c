/* The prompts' lives: what opens one, what stands before the line, what becomes of the line that was entered. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "ui/internal.h"

void ui_open_prompt(enum prompt_kind kind, const char *text)
{
	prompt_open(&ui.prompt, kind, text);
	ui.prompting = true;
	ui.message[0] = '\0';
	ui_schedule();
}

int ui_edit_h(const char *label, const char *text, const char *command, void *arg)
{
	char *l = strdup(label), *c = strdup(command);

	(void)arg;
	if (!l || !c) {
		free(l);
		free(c);
		return ENOMEM;
	}
	free(ui.edit_label);
	free(ui.edit_command);
	ui.edit_label = l;
	ui.edit_command = c;
	ui_open_prompt(PROMPT_EDIT, text);
	return 0;
}

/* The command line that TEXT stands for; it may have none. */
static void make_line(struct buf *line, const char *text)
{
	if (ui.prompt.kind == PROMPT_COMMAND) {
		buf_str(line, text);
		return;
	}
	if (!*text && ui.prompt.kind == PROMPT_DIAL)
		return;
	/* Quoted, for what was typed is a TARGET, or a text, and nothing else. */
	buf_printf(line, "%s ", ui.prompt.kind == PROMPT_DIAL ? "dial" : ui.edit_command);
	parser_quote(line, text);
}

static void entered(void)
{
	struct buf line = { 0 }, shown = { 0 };
	const char *text = ui.prompt.text;

	ui.prompting = false;
	while (*text == ' ')
		text++;
	/* without its secrets, whatever it is for */
	if (*text)
		parser_mask(&shown, text);
	if (shown.s)
		prompt_remember(&ui.prompt, shown.s);
	if (ui.prompt.kind == PROMPT_SEARCH) {
		if (!view_trace_search(text))
			ui_message(ROLE_WARNING, _("Not found."));
	}
	else {
		make_line(&line, text);
	}
	if (line.failed)
		ui_message(ROLE_ERROR, _("There is not enough memory for that."));
	else if (line.len)
		ui_run(SCRIPT_PROMPT, line.s, ui_answer_h);
	buf_free(&line);
	buf_free(&shown);
}

void ui_prompt_key(const char *key)
{
	switch (prompt_key(&ui.prompt, key)) {
	case PROMPT_ENTERED:
		entered();
		break;
	case PROMPT_CANCELLED:
		ui.prompting = false;
		break;
	case PROMPT_OPEN:
		break;
	}
	ui_schedule();
}

void ui_prompt_paste(const char *key)
{
	prompt_paste(&ui.prompt, key);
	ui_schedule();
}

/* What stands before the line. */
static void label(char *out, size_t size)
{
	char shown[64];

	switch (ui.prompt.kind) {
	case PROMPT_EDIT:
		text_show_str(shown, sizeof(shown), ui.edit_label);
		snprintf(out, size, "%s: ", shown);
		break;
	case PROMPT_DIAL:
		/* TRANSLATORS: before the name or number that is being typed */
		snprintf(out, size, "%s", _("Dial: "));
		break;
	default:
		snprintf(out, size, "%s", ui.prompt.kind == PROMPT_SEARCH ? "/" : ":");
	}
}

void ui_prompt_draw(unsigned y)
{
	char shown[PROMPT_BYTES], before[128];
	unsigned x, cols, cursor;

	label(before, sizeof(before));
	x = screen_put(y, 0, screen_cols() / 2, ROLE_ACCENT, before);
	cols = screen_cols() > x ? screen_cols() - x : 0;
	cursor = prompt_window(&ui.prompt, shown, sizeof(shown), cols);
	screen_put(y, x, cols, ROLE_PLAIN, shown);
	screen_cursor(y, x + cursor);
}

void ui_prompt_stop(void)
{
	prompt_free(&ui.prompt);
	free(ui.edit_label);
	free(ui.edit_command);
	ui.edit_label = ui.edit_command = NULL;
}
