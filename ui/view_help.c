/* Every key with the command that it runs, then every command: both out of the tables themselves, so that
 * the page cannot say what is not so. */
#include "config.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/view.h"

static struct list_window window;

/* One line of the page; drawn when it is inside the window. */
struct page {
	const struct picture *p;
	unsigned line;
};

static bool line_begin(struct page *pg, unsigned *y)
{
	unsigned line = pg->line++;

	if (line < window.top || line >= window.top + pg->p->rows)
		return false;
	*y = pg->p->y + line - window.top;
	return true;
}

static void heading(struct page *pg, const char *text)
{
	unsigned y;

	if (pg->line)
		pg->line++;
	if (line_begin(pg, &y))
		screen_put(y, 1, screen_cols(), ROLE_SELECTED, text);
}

/* TEXT from column X on, in as many lines as it takes; LEFT stands before the first. */
static void paragraph(struct page *pg, const char *left, unsigned x, enum role role, const char *text)
{
	unsigned y, cols = screen_cols() > x ? screen_cols() - x : 1;

	do {
		size_t skip, n = wrap_line(text, cols, &skip);
		char line[512];

		if (line_begin(pg, &y)) {
			screen_put(y, 3, x - 3, ROLE_ACCENT, left);
			text_copyn(line, sizeof(line), text, n);
			screen_put(y, x, cols, role, line);
		}
		left = "";
		text += n + skip;
	} while (*text);
}

static void row(struct page *pg, unsigned width, const char *left, const char *right)
{
	paragraph(pg, left, 4 + width, ROLE_PLAIN, right);
}

/* In the order of struct key_context. */
static const char *const contexts[KEYS_CONTEXTS] = {
	[KEYS_PROMPT]   = N_("While typing a line"),
	[KEYS_CALLS]    = N_("In the calls view"),
	[KEYS_NOTICES]  = N_("On a notice"),
	[KEYS_HELP]     = N_("In the help"),
	[KEYS_ACCOUNTS] = N_("In the accounts view"),
	[KEYS_TRACE]    = N_("In the trace view"),
	[KEYS_RINGING]  = N_("While the selected call rings"),
	[KEYS_TALKING]  = N_("While the selected call talks"),
	[KEYS_FAILED]   = N_("On a failed call"),
	[KEYS_GLOBAL]   = N_("Everywhere"),
};

static void keys(struct page *pg)
{
	enum key_context c, before = KEYS_CONTEXTS;
	const char *k, *command;
	unsigned i;

	for (i = 0; keymap_at(pg->p->keymap, i, &c, &k, &command); i++) {
		if (c != before)
			heading(pg, _(contexts[c]));
		before = c;
		row(pg, 10, k, command);
	}
	heading(pg, _("Fixed"));
	/* TRANSLATORS: what the key Enter does, most urgent first */
	row(pg, 10, "<CR>", _("the first that applies: the open line, a question, answer"));
	row(pg, 10, "<Esc>", _("back to the calls, out of anything"));
	row(pg, 10, "<C-l>", _("draw the screen anew"));
	row(pg, 10, "<C-z>", _("suspend, when no call is up"));
}

static void commands(struct page *pg)
{
	const struct command *table;
	unsigned n, i;

	table = command_table(&n);
	heading(pg, _("Commands"));
	for (i = 0; i < n; i++) {
		char usage[256];

		snprintf(usage, sizeof(usage), "%s %s", table[i].name, table[i].usage ? table[i].usage : "");
		if (pg->p->narrow || screen_width(usage) > 28) {
			paragraph(pg, "", 3, ROLE_ACCENT, usage);
			row(pg, pg->p->narrow ? 1 : 28, "", _(table[i].sentence));
		}
		else {
			row(pg, 28, usage, _(table[i].sentence));
		}
	}
}

static unsigned walk(const struct picture *p)
{
	struct page pg = { p, 0 };

	keys(&pg);
	commands(&pg);
	return pg.line;
}

static void draw(struct picture *p)
{
	struct picture nowhere = *p;

	nowhere.rows = 0;
	list_fit(&window, walk(&nowhere), p->rows);
	walk(p);
	p->cursor_y = p->y;
	p->cursor_x = 1;
}

static bool key(const char *k)
{
	return list_scroll(&window, k);
}

static void open(void)
{
	window.top = 0;
}

const struct view view_help = { "help", N_("Keys and commands"), KEYS_HELP, draw, key, open, NULL, NULL };
