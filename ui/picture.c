/* One picture of the whole screen: title, view, the line of what is typed, asked or told, status bar. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "ui/internal.h"

#define NARROW_COLS 70
#define NARROW_ROWS 16

static void draw_title(void)
{
	const struct snapshot *s = &ui.now;
	char right[64] = "";
	unsigned cols = screen_cols(), i, edge;
	const char *left = ui.view->left ? ui.view->left() : ui.view == &view_calls ? "offhook" : _(ui.view->title);

	if (ui.view == &view_calls && s->active_calls)
		snprintf(right, sizeof(right), P_("%u call", "%u calls", s->active_calls), s->active_calls);
	for (i = 0; ui.view == &view_calls && !s->active_calls && i < s->accounts; i++) {
		if (strcmp(s->account[i].name, "demo") == 0)
			/* TRANSLATORS: the program's built-in telephone exchange is running */
			snprintf(right, sizeof(right), "%s", _("demo exchange"));
	}
	edge = screen_put_right(0, cols - 1, cols / 2, ROLE_DIM, ui.view->right ? ui.view->right() : right);
	screen_put(0, 1, edge - 1, ROLE_TITLE, left);
	screen_hline(1);
}

#define MESSAGE_ROWS 3

/* Wrapped upwards from line Y, over what stands there: it is read, and then a key takes it away. */
static void draw_message(unsigned y, enum role role, const char *text)
{
	unsigned cols = screen_cols() > 2 ? screen_cols() - 2 : 1, rows = 0, i;
	const char *line[MESSAGE_ROWS];
	size_t n[MESSAGE_ROWS];

	while (*text && rows < MESSAGE_ROWS && rows <= y) {
		size_t skip;

		line[rows] = text;
		n[rows] = wrap_line(text, cols, &skip);
		text += n[rows] + skip;
		rows++;
	}
	for (i = 0; i < rows; i++) {
		char bytes[sizeof(ui.message)];

		/* The last one takes the rest, and is cut where that is too long. */
		if (i == rows - 1)
			text_copy(bytes, sizeof(bytes), line[i]);
		else
			text_copyn(bytes, sizeof(bytes), line[i], n[i]);
		screen_blank(y - rows + 1 + i);
		screen_put(y - rows + 1 + i, 1, cols, role, bytes);
	}
	screen_cursor(y - (rows ? rows - 1 : 0), 1);
}

/* The line above the status bar: what is typed, a question, an answer, or just a rule. */
static void draw_line(const struct picture *p, unsigned y)
{
	if (ui.prompting) {
		if (ui.message[0] && y > 1)
			draw_message(y - 1, ui.message_role, ui.message);
		ui_prompt_draw(p, y);
	}
	else if (ui.asking_quit) {
		/* TRANSLATORS: a question; the keys in brackets stay as they are */
		draw_message(y, ROLE_WARNING, _("A call is up. Hang up and quit?  [Enter] yes  [x] no"));
	}
	else if (ui.message[0]) {
		draw_message(y, ui.message_role, ui.message);
	}
	else if (ui.keys.open[0]) {
		draw_message(y, ROLE_ACCENT, strcmp(ui.keys.open, MACRO_RECORD) == 0 ?
			     /* TRANSLATORS: the next key is the name of the register; it stays as short in every language */
			     _("Record as: a to z; A to Z goes on") :
			     /* TRANSLATORS: the next key is the name of the register; @ is a key */
			     _("Play: a to z; @ the last again"));
	}
	else if (ui.asking_redial) {
		char question[SNAPSHOT_TEXT * 2];

		ui_redial_question(question, sizeof(question));
		draw_message(y, ROLE_WARNING, question);
	}
	else {
		screen_hline(y);
	}
}

static void draw_clock(char *out, size_t size)
{
	time_t t = (time_t)(loop_wall_ms() / 1000);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, size, "%H:%M", &tm);
}

void ui_draw(void)
{
	unsigned rows = screen_rows(), cols = screen_cols();
	struct picture p = { .s = &ui.now, .keymap = ui.env->keymap, .counts = &ui.counting };
	bool asked = ui_redial_is_asked();
	char clock[16];

	if (asked && (!ui.asking_redial || ui.asked_notice != ui.now.due_notice))
		ui.asked_ms = loop_now_ms();
	ui.asking_redial = asked;
	ui.asked_notice = ui.now.due_notice;
	ui.counting = false;
	screen_clear();
	p.meters = ui.env->settings && ui.env->settings->meters;
	p.narrow = cols < NARROW_COLS || rows < NARROW_ROWS;
	p.y = p.narrow ? 0 : 2;
	p.rows = rows > p.y + 2 ? rows - p.y - 2 : 0;
	if (!p.narrow && ui_prompt_hints())
		p.rows--;
	if (!p.narrow)
		draw_title();
	ui.view->draw(&p);
	if (ui.view == &view_calls && ui.news && p.notice_shown)
		screen_cursor(p.notice_y, p.notice_x);
	else
		screen_cursor(p.cursor_y, p.cursor_x);
	draw_clock(clock, sizeof(clock));
	if (rows > 1) {
		struct picture bar = p;

		bar.y = rows - 1;
		statusbar_draw(&bar, clock);
	}
	if (rows > 2 || ui.prompting)
		draw_line(&p, rows > 2 ? rows - 2 : 0);
}
