/* All about the selected notice: what the list may have had to cut, what can be done, the response as it came, and the
 * messages of its call. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/ports.h"
#include "ui/view.h"

static struct list_window window;
static unsigned shown;                   /* id of the notice */
static char *response;                   /* the final response to its call, made harmless; NULL: none is kept */

/* The page is walked twice: once to count its lines, once to draw those inside the window. */
struct page {
	const struct picture *p;
	unsigned line;
	bool draw;
};

static void blank(struct page *pg)
{
	pg->line++;
}

/* The rows of the window from the page's line on; *Y where they begin, *TOP how many lines of what follows lie above. */
static unsigned room(const struct page *pg, unsigned *y, unsigned *top)
{
	unsigned above = pg->line < window.top ? window.top - pg->line : 0;
	unsigned below = pg->line > window.top ? pg->line - window.top : 0;

	*top = above;
	*y = pg->p->y + below;
	return pg->draw && below < pg->p->rows ? pg->p->rows - below : 0;
}

static void text(struct page *pg, unsigned x, enum role role, const char *s)
{
	unsigned y, top, rows = room(pg, &y, &top), cols = screen_cols() > x + 1 ? screen_cols() - x - 1 : 1;

	pg->line += lines_draw(s, y, x, cols, top, rows, role);
}

static void heading(struct page *pg, const char *s)
{
	blank(pg);
	text(pg, 1, ROLE_SELECTED, s);
}

/* KEY LABEL, and what it runs. */
static void offers(struct page *pg, const struct snapshot_notice *n)
{
	enum key_context contexts[HINT_CONTEXTS_MAX];
	unsigned context_count = hint_contexts(pg->p->s, KEYS_NOTICES, contexts), count, i;
	struct offer o[SNAPSHOT_ACTIONS];

	count = offers_of(pg->p, n, contexts, context_count, o, SNAPSHOT_ACTIONS);
	heading(pg, _("What can be done"));
	for (i = 0; i < count; i++) {
		unsigned y, top, cols = screen_cols(), x = pg->p->narrow ? 10 : 12;

		/* that is where we are */
		if (strcmp(o[i].command, "notice open") == 0)
			continue;
		if (room(pg, &y, &top) && !top) {
			screen_put(y, 3, x - 4, ROLE_ACCENT, o[i].key);
			x += screen_put(y, x, cols - x, ROLE_PLAIN, o[i].label) + 1;
			if (!pg->p->narrow && x < 40)
				x = 40;
			if (!pg->p->narrow && x < cols)
				screen_putf(y, x, cols - x, ROLE_DIM, ":%s", o[i].command);
		}
		pg->line++;
	}
}

static void contacts(struct page *pg, const struct snapshot_notice *n)
{
	const char *contact;
	unsigned i;

	for (i = 0; (contact = offer_contact(n, i)) != NULL; i++) {
		char line[SNAPSHOT_TEXT + 16];

		snprintf(line, sizeof(line), "%u  %s", i + 1, contact);
		text(pg, 3, ROLE_SERVER_TEXT, line);
	}
}

static void server_words(struct page *pg, const struct snapshot_notice *n)
{
	char retry[SNAPSHOT_TEXT * 2], line[SNAPSHOT_TEXT * 2 + 64];

	/* TRANSLATORS: %s are the words of the telephone server, not ours */
	snprintf(line, sizeof(line), _("server: %s"), n->server);
	if (n->server[0])
		text(pg, 3, ROLE_SERVER_TEXT, line);
	countdown_server(pg->p, n, retry, sizeof(retry));
	/* TRANSLATORS: %s are the words of the telephone server, not ours */
	snprintf(line, sizeof(line), _("server: %s"), retry);
	if (retry[0])
		text(pg, 3, ROLE_SERVER_TEXT, line);
}

static void ladder(struct page *pg, unsigned call)
{
	unsigned n = port_trace_lines(call), y, top, rows;

	if (!n)
		return;
	heading(pg, _("Messages"));
	rows = room(pg, &y, &top);
	if (rows && top < n)
		trace_ladder(pg->p, call, top, UINT_MAX, false, y, rows);
	pg->line += n;
}

static unsigned walk(const struct picture *p, const struct snapshot_notice *n, bool draws)
{
	struct page pg = { p, 0, draws };
	char time[SNAPSHOT_TEXT];

	text(&pg, 1, n->severity == SEVERITY_ERROR ? ROLE_ERROR : ROLE_TITLE, n->title);
	if (n->sentence[0]) {
		blank(&pg);
		text(&pg, 3, ROLE_PLAIN, n->sentence);
	}
	contacts(&pg, n);
	server_words(&pg, n);
	countdown_notice(p, n, time, sizeof(time));
	text(&pg, 3, ROLE_WARNING, time);
	if (n->actions)
		offers(&pg, n);
	if (response) {
		heading(&pg, _("The response as it came"));
		text(&pg, 3, ROLE_SERVER_TEXT, response);
	}
	if (n->call)
		ladder(&pg, n->call);
	return pg.line;
}

/* The last final response to CALL. */
static char *find_response(unsigned call)
{
	unsigned i = call ? port_trace_lines(call) : 0;
	struct trace_line line;
	char *raw, *harmless;

	while (i-- > 0) {
		if (!port_trace_line(call, i, &line) || line.sent || line.code < 300)
			continue;
		raw = port_trace_message(call, i);
		harmless = raw ? lines_harmless(raw) : NULL;
		free(raw);
		return harmless;
	}
	return NULL;
}

/* Keys that are not among the notice's own. */
static void hint(unsigned y)
{
	unsigned cols = screen_cols(), x;
	char name[64];

	/* that key is fixed */
	x = 1 + screen_put(y, 1, cols, ROLE_ACCENT, hint_name("<Esc>", name, sizeof(name))) + 1;
	/* TRANSLATORS: to the view before */
	screen_put(y, x, cols, ROLE_PLAIN, _("back"));
}

static void open(void)
{
	shown = 0;
	memset(&window, 0, sizeof(window));
}

static void draw(struct picture *p)
{
	const struct snapshot_notice *n = picture_notice(p->s);
	struct picture nothing, page;
	bool counts;

	if (!n)
		return;
	page = *p;
	if (!p->narrow && p->rows > 4) {
		hint(p->y + p->rows - 1);
		page.rows -= 2;
	}
	nothing = page;
	/* another was selected, or has come: keys act on that one */
	if (n->id != shown) {
		free(response);
		response = find_response(n->call);
		if (shown)
			memset(&window, 0, sizeof(window));
		shown = n->id;
	}
	nothing.counts = &counts;
	list_fit(&window, walk(&nothing, n, false), page.rows);
	walk(&page, n, true);
	p->cursor_y = p->y;
	p->cursor_x = 1;
}

static bool key(const char *k)
{
	return list_scroll(&window, k);
}

const struct view view_notice = { "notice", N_("Notice"), KEYS_NOTICES, draw, key, open, NULL, NULL, NULL };
