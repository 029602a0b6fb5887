/* The prompts' lives: what opens one, what stands before the line, what becomes of the line that was entered. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "command/command.h"
#include "phone/ports.h"
#include "ui/internal.h"

#define SUGGESTION_ROWS 8
#define HINT_ON  1  /* these two bytes stand around the argument that is being typed */
#define HINT_OFF 2
#define SEARCH_COLS 12 /* of what is looked for */

static const struct {
	const char *history;         /* what the store calls its lines; NULL: they are kept for this run */
	bool completes;
	enum completion_language language;
} kinds[PROMPT_KINDS] = {
	[PROMPT_COMMAND] = { "command", true, COMPLETE_COMMAND },
	[PROMPT_DIAL]    = { "dial", true, COMPLETE_TARGET },
	[PROMPT_SEARCH]  = { "search", false, COMPLETE_TARGET },
	[PROMPT_EDIT]    = { NULL, true, COMPLETE_COMMAND },
};

static bool completes(void)
{
	return kinds[ui.prompt.kind].completes && !ui.prompt.searching;
}

/* ---- opening ---- */

static void line_h(const char *line, void *arg)
{
	prompt_remember(&ui.prompt, *(const enum prompt_kind *)arg, line);
}

static void remember_all(void)
{
	enum prompt_kind kind;

	if (ui.remembered)
		return;
	ui.remembered = true;
	for (kind = 0; kind < PROMPT_KINDS; kind++) {
		if (kinds[kind].history)
			port_store_prompts(kinds[kind].history, line_h, &kind);
	}
}

/* The line or the cursor is another. The hint waits for the next picture: a paste has many keys. */
static void look_anew(void)
{
	buf_free(&ui.hint);
	ui.hint_old = true;
	ui_schedule();
}

int ui_open_prompt(enum prompt_kind kind, const char *text)
{
	if (ui.prompting && !ui.by_key)
		return EBUSY;
	remember_all();
	suggestions_close(&ui.suggestions);
	prompt_open(&ui.prompt, kind, text);
	ui.prompting = true;
	ui.message[0] = '\0';
	look_anew();
	return 0;
}

int ui_edit_h(const char *label, const char *text, const char *command, void *arg)
{
	char *l = strdup(label), *c = strdup(command);
	int err = l && c ? ui_open_prompt(PROMPT_EDIT, text) : ENOMEM;

	(void)arg;
	if (err) {
		free(l);
		free(c);
		return err;
	}
	free(ui.edit_label);
	free(ui.edit_command);
	ui.edit_label = l;
	ui.edit_command = c;
	return 0;
}

/* ---- what becomes of it ---- */

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
	struct buf line = { 0 };
	const char *text = ui.prompt.text;

	ui.prompting = false;
	while (*text == ' ')
		text++;
	if (prompt_remember(&ui.prompt, ui.prompt.kind, text) && kinds[ui.prompt.kind].history)
		port_store_prompt(kinds[ui.prompt.kind].history, text);
	if (ui.prompt.kind == PROMPT_SEARCH) {
		if (!ui.view->search || !ui.view->search(text))
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
}

/* Keys that the list of suggestions takes. */
static bool suggests(const char *key)
{
	bool back = strcmp(key, "<S-Tab>") == 0;

	if (completes() && (back || strcmp(key, "<Tab>") == 0)) {
		suggestions_step(&ui.suggestions, &ui.prompt, ui.env, kinds[ui.prompt.kind].language, back ? -1 : 1);
		return true;
	}
	if (ui.suggestions.open && strcmp(key, "<Esc>") == 0) {
		suggestions_close(&ui.suggestions);
		return true;
	}
	suggestions_close(&ui.suggestions);
	return false;
}

void ui_prompt_key(const char *key)
{
	if (!suggests(key)) {
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
	}
	look_anew();
}

void ui_prompt_paste(const char *key)
{
	suggestions_close(&ui.suggestions);
	prompt_paste(&ui.prompt, key);
	look_anew();
}

/* ---- what is shown ---- */

/* What stands before the line. */
static void label(char *out, size_t size)
{
	const struct prompt *p = &ui.prompt;
	char shown[64], needle[PROMPT_NEEDLE];

	if (p->searching) {
		text_show_str(needle, sizeof(needle), p->needle);
		text_fit(shown, sizeof(shown), needle, SEARCH_COLS);
		/* TRANSLATORS: before the line that was found in the history; %s is what is looked for */
		snprintf(out, size, p->missed ? _("(not found) %s: ") : _("(search) %s: "), shown);
	}
	else if (p->kind == PROMPT_EDIT) {
		text_show_str(shown, sizeof(shown), ui.edit_label);
		snprintf(out, size, "%s: ", shown);
	}
	else if (p->kind == PROMPT_DIAL) {
		/* TRANSLATORS: before the name or number that is being typed */
		snprintf(out, size, "%s", _("Dial: "));
	}
	else {
		snprintf(out, size, "%s", p->kind == PROMPT_SEARCH ? "/" : ":");
	}
}

bool ui_prompt_hints(void)
{
	return ui.prompting && kinds[ui.prompt.kind].completes;
}

/* The hint in line Y; where it is too long, from a word on that lets the argument in hand be seen. */
static void draw_hint(unsigned y)
{
	static const char ends[] = { HINT_ON, HINT_OFF, '\0' };
	unsigned cols = screen_cols() > 2 ? screen_cols() - 2 : 0, x = 1, before;
	char *from = ui.hint.s, *on = strchr(from, HINT_ON), *off = on ? strchr(on, HINT_OFF) : NULL;
	enum role role = ROLE_DIM;

	if (off) {
		*off = '\0';
		before = screen_width(from);
		while (before > cols && from < on) {
			from += strcspn(from, " ");
			from += *from == ' ';
			before = screen_width(from);
		}
		*off = HINT_OFF;
	}
	while (*from && x <= cols) {
		size_t n = strcspn(from, ends);
		char part[512];

		text_copyn(part, sizeof(part), from, n);
		x += screen_put(y, x, cols + 1 - x, role, part);
		from += n;
		if (*from)
			role = *from++ == HINT_ON ? ROLE_ACCENT : ROLE_DIM;
	}
}

static void make_hint(void)
{
	if (ui.hint_old)
		completion_hint(ui.env, kinds[ui.prompt.kind].language, ui.prompt.text, ui.prompt.cursor, &ui.hint);
	ui.hint_old = false;
}

/* Suggestions above line Y, and in it what is to be said where nothing stands. */
static void draw_above(const struct picture *p, unsigned y)
{
	unsigned rows = p->rows / 2 < SUGGESTION_ROWS ? p->rows / 2 : SUGGESTION_ROWS, n;
	bool room = screen_is_blank(y);
	const char *note;

	n = suggestions_draw(&ui.suggestions, room ? y : y + 1, rows, &note);
	if (n && !p->narrow && y + !room > n)
		screen_hline(y + !room - n - 1);
	if (!room)
		return;
	if (ui.suggestions.nothing)
		note = _("Nothing fits here.");
	make_hint();
	if (note[0])
		screen_put(y, 1, screen_cols(), ROLE_DIM, note);
	else if (ui.hint.s && !ui.suggestions.at)
		draw_hint(y);
}

void ui_prompt_draw(const struct picture *p, unsigned y)
{
	char shown[PROMPT_BYTES], before[128];
	unsigned x, cols, cursor;

	if (y && completes())
		draw_above(p, y - 1);
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
	suggestions_close(&ui.suggestions);
	buf_free(&ui.hint);
	free(ui.edit_label);
	free(ui.edit_command);
	ui.edit_label = ui.edit_command = NULL;
}
