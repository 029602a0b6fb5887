/* Every key with the command that it runs, those that work where the help was opened from first, then every command:
 * all out of the tables themselves, so that the page cannot say what is not so. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/view.h"

#define INDENT       3
#define KEY_COLS     12
#define COMMAND_COLS 24
#define WIDE_COLS    70  /* below that a key has no sentence */
#define USAGE_COLS   28

static struct list_window window;
static enum key_context from = KEYS_CALLS;
static const struct keymap *keymap;
static const struct snapshot *snapshot;
static unsigned found = UINT_MAX;
static char searched[256];

/* The page is walked through line by line: to draw those inside the window, to count them, or to look for a word. */
struct page {
	const struct picture *p;         /* NULL: nothing is drawn */
	unsigned line;
	const char *word;                /* what is looked for from line FIRST on, or NULL */
	unsigned first, found;
};

struct cell { unsigned x, cols; enum role role; const char *text; };

static void put_line(struct page *pg, const struct cell *c, unsigned n)
{
	unsigned line = pg->line++, i;

	for (i = 0; i < n; i++) {
		if (pg->word && line >= pg->first && line < pg->found && strcasestr(c[i].text, pg->word))
			pg->found = line;
		if (pg->p && line >= window.top && line - window.top < pg->p->rows)
			screen_put(pg->p->y + line - window.top, c[i].x, c[i].cols, c[i].role, c[i].text);
	}
}

static void heading(struct page *pg, const char *text)
{
	const struct cell c = { 1, screen_cols(), ROLE_SELECTED, text };

	if (pg->line)
		pg->line++;
	put_line(pg, &c, 1);
}

/* KEY and COMMAND (one of them may be "") stand before TEXT, which begins at column X and takes as many lines as it needs. */
static void row(struct page *pg, const char *key, const char *command, unsigned x, enum role role, const char *text)
{
	unsigned cols = screen_cols() > x ? screen_cols() - x : 1;
	unsigned room = key[0] && (command[0] || x <= INDENT + KEY_COLS) ? KEY_COLS : x - INDENT;

	/* what does not fit has a line to itself */
	if (screen_width(key) >= room) {
		const struct cell c = { INDENT, screen_cols(), ROLE_ACCENT, key };

		put_line(pg, &c, 1);
		key = "";
	}
	if (command[0] && screen_width(command) >= COMMAND_COLS) {
		const struct cell c[2] = {
			{ INDENT, KEY_COLS, ROLE_ACCENT, key }, { INDENT + KEY_COLS, screen_cols(), ROLE_PLAIN, command }
		};

		put_line(pg, c, 2);
		key = command = "";
	}
	do {
		size_t skip, n = wrap_line(text, cols, &skip);
		char line[512];
		const struct cell c[3] = {
			{ INDENT, room, ROLE_ACCENT, key }, { INDENT + KEY_COLS, COMMAND_COLS, ROLE_PLAIN, command },
			{ x, cols, role, line }
		};

		text_copyn(line, sizeof(line), text, n);
		put_line(pg, c, 3);
		key = command = "";
		text += n + skip;
	} while (*text);
}

/* The bindings of C, without those that a context before it in HERE takes. */
static void bindings(struct page *pg, enum key_context c, const enum key_context *here, unsigned n)
{
	static struct key_row rows[KEY_ROWS_MAX];
	unsigned count = keymap_rows(keymap, c, here, n, rows, KEY_ROWS_MAX), i;
	bool wide = screen_cols() >= WIDE_COLS;
	char text[256];

	if (count)
		heading(pg, _(key_context_title(c)));
	for (i = 0; i < count; i++) {
		struct buf masked = { 0 };
		const char *command;

		parser_mask(&masked, rows[i].command);
		command = masked.s ? masked.s : "";
		command_meaning(rows[i].command, text, sizeof(text));
		if (wide)
			row(pg, rows[i].keys, command, INDENT + KEY_COLS + COMMAND_COLS, ROLE_DIM, text);
		else
			row(pg, rows[i].keys, "", INDENT + KEY_COLS, ROLE_PLAIN, command);
		buf_free(&masked);
	}
}

static void fixed(struct page *pg)
{
	const unsigned x = INDENT + KEY_COLS;

	heading(pg, _("Fixed"));
	/* TRANSLATORS: what the key Enter does, most urgent first */
	row(pg, "<CR>", "", x, ROLE_PLAIN, _("the first that applies: the open line, a question, answer"));
	row(pg, "<Esc>", "", x, ROLE_PLAIN, _("back to the calls, out of anything"));
	/* TRANSLATORS: what the keys j k G do */
	row(pg, "j k G", "", x, ROLE_PLAIN, _("in lists: down, up, to the end; so do the arrows, <Space>, <PageUp> and <Home>"));
	row(pg, "<C-l>", "", x, ROLE_PLAIN, _("draw the screen anew"));
	row(pg, "<C-z>", "", x, ROLE_PLAIN, _("suspend, when no call is up"));
}

static void commands(struct page *pg)
{
	bool wide = screen_cols() >= WIDE_COLS;
	const struct command *table;
	unsigned n, i;

	table = command_table(&n);
	heading(pg, _("Commands"));
	for (i = 0; i < n; i++) {
		char usage[256];

		snprintf(usage, sizeof(usage), "%s %s", table[i].name, table[i].usage ? table[i].usage : "");
		if (!wide || screen_width(usage) >= USAGE_COLS) {
			row(pg, "", "", INDENT, ROLE_ACCENT, usage);
			row(pg, "", "", INDENT + (wide ? USAGE_COLS : 2), ROLE_PLAIN, _(table[i].sentence));
		}
		else {
			row(pg, usage, "", INDENT + USAGE_COLS, ROLE_PLAIN, _(table[i].sentence));
		}
	}
}

static void walk(struct page *pg)
{
	enum key_context here[HINT_CONTEXTS_MAX], c;
	unsigned n = hint_contexts(snapshot, from, here), i;

	pg->line = 0;
	for (i = 0; i < n; i++)
		bindings(pg, here[i], here, n);
	fixed(pg);
	/* what works elsewhere */
	for (c = 0; c < KEYS_CONTEXTS; c++) {
		for (i = 0; i < n && here[i] != c; i++)
			;
		if (i == n)
			bindings(pg, c, NULL, 0);
	}
	commands(pg);
}

static void hints(const struct picture *p, unsigned y)
{
	static const enum key_context contexts[] = { KEYS_HELP, KEYS_GLOBAL };
	unsigned x = 1, cols = screen_cols();
	char name[16];

	hint_draw(p, y, &x, contexts, 2, "view help search", _("search"));
	/* that key is fixed */
	x += screen_put(y, x, cols, ROLE_ACCENT, hint_name("<Esc>", name, sizeof(name))) + 1;
	screen_put(y, x, cols, ROLE_PLAIN, _("back"));
}

static void draw(struct picture *p)
{
	struct page pg = { NULL, 0, NULL, 0, UINT_MAX };

	if (!p->narrow && p->rows > 4) {
		hints(p, p->y + p->rows - 1);
		p->rows -= 2;
	}
	walk(&pg);
	list_fit(&window, pg.line, p->rows);
	pg.p = p;
	walk(&pg);
	p->cursor_y = p->y + (found >= window.top && found - window.top < p->rows ? found - window.top : 0);
	p->cursor_x = 1;
}

static bool key(const char *k)
{
	return list_scroll(&window, k);
}

/* From the line behind the one that was found last on, and then from the first one on. */
static bool search(const char *word)
{
	struct page pg = { NULL, 0, searched, found + 1, UINT_MAX };

	if (word[0])
		text_copy(searched, sizeof(searched), word);
	if (!searched[0])
		return false;
	walk(&pg);
	if (pg.found == UINT_MAX) {
		pg.first = 0;
		walk(&pg);
	}
	if (pg.found == UINT_MAX)
		return false;
	window.top = found = pg.found;
	return true;
}

static void open(void)
{
	window.top = 0;
	found = UINT_MAX;
}

void view_help_set(enum key_context context, const struct keymap *k, const struct snapshot *s)
{
	from = context;
	keymap = k;
	snapshot = s;
}

const struct view view_help = { "help", N_("Keys and commands"), KEYS_HELP, draw, key, open, NULL, NULL, search };
