/* The calm list above the status bar: newest first, whole text and keys only for the selected one. */
#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/view.h"

#define WRAP_MAX 3 /* lines that a sentence or the server's words may take */

static const struct { enum glyph glyph; enum role role; } severities[] = {
	[SEVERITY_INFO]    = { GLYPH_INFO, ROLE_ACCENT },
	[SEVERITY_WARNING] = { GLYPH_WARNING, ROLE_WARNING },
	[SEVERITY_ERROR]   = { GLYPH_CROSS, ROLE_ERROR },
};

/* Where one notice goes: from Y on, at most ROWS lines; with DRAW false it is only measured. */
struct place {
	const struct picture *p;
	unsigned y, rows, used;
	bool draw;
};

/* One paragraph, wrapped to at most MAX lines. */
static void paragraph(struct place *pl, enum role role, const char *text, unsigned max)
{
	unsigned indent = pl->p->narrow ? 2 : 3, cols = screen_cols() > indent + 1 ? screen_cols() - indent - 1 : 1;

	for (; *text && max && pl->used < pl->rows; max--, pl->used++) {
		size_t skip, n = wrap_line(text, cols, &skip);
		/* The last line that it gets takes the rest, and is cut where that is too long. */
		bool last = max == 1 || pl->used + 1 == pl->rows;
		char line[SNAPSHOT_TEXT * 2 + 64];

		if (last)
			text_copy(line, sizeof(line), text);
		else
			text_copyn(line, sizeof(line), text, n);
		if (pl->draw)
			screen_put(pl->y + pl->used, indent, cols, role, line);
		if (last) {
			pl->used++;
			return;
		}
		text += n + skip;
	}
}

static void title(struct place *pl, const struct snapshot_notice *n)
{
	unsigned x = pl->p->narrow ? 0 : 1;
	enum role role = severities[n->severity].role;

	if (pl->used >= pl->rows)
		return;
	if (pl->draw)
		screen_put(pl->y + pl->used, x, 1, role, screen_glyph(severities[n->severity].glyph));
	if (n->selected && !n->sentence[0]) {
		/* news without a sentence of its own: all of it is here */
		paragraph(pl, role, n->title, WRAP_MAX);
		return;
	}
	if (pl->draw)
		screen_put(pl->y + pl->used, x + 2, screen_cols() - x - 2, n->selected ? role : ROLE_PLAIN, n->title);
	pl->used++;
}

static void actions(struct place *pl)
{
	static const struct { const char *command, *label; bool if_several; } table[] = {
		/* TRANSLATORS: these three stand in one line; together at most 21 columns, then a narrow screen holds them */
		{ "notice open", N_("details"), false },
		{ "notice dismiss", N_("dismiss"), false },
		/* TRANSLATORS: select the notice after this one */
		{ "notice next", N_("next notice"), true },
	};
	enum key_context contexts[HINT_CONTEXTS_MAX];
	unsigned n = hint_contexts(pl->p->s, KEYS_CALLS, contexts), x = pl->p->narrow ? 2 : 3, i;

	if (pl->used >= pl->rows)
		return;
	for (i = 0; pl->draw && i < sizeof(table) / sizeof(table[0]); i++) {
		const char *key = hint_key(pl->p->keymap, contexts, n, table[i].command);
		char name[64];

		if (!key[0] || (table[i].if_several && pl->p->s->notices < 2))
			continue;
		x += screen_putf(pl->y + pl->used, x, screen_cols(), ROLE_ACCENT, "[%s]",
				 hint_name(key, name, sizeof(name)));
		x += 1 + screen_put(pl->y + pl->used, x + 1, screen_cols(), ROLE_PLAIN, _(table[i].label)) + 2;
	}
	pl->used++;
}

static void one(struct place *pl, const struct snapshot_notice *n)
{
	char server[SNAPSHOT_TEXT * 2 + 64];

	title(pl, n);
	if (!n->selected) {
		if (!pl->p->narrow)
			paragraph(pl, ROLE_PLAIN, n->sentence, 1);
		return;
	}
	/* The keys come before the last words when there is no room for all. */
	pl->rows--;
	paragraph(pl, ROLE_PLAIN, n->sentence, pl->p->narrow ? 2 : WRAP_MAX);
	if (n->server[0]) {
		/* TRANSLATORS: %s are the words of the telephone server, not ours */
		snprintf(server, sizeof(server), _("server: %s"), n->server);
		paragraph(pl, ROLE_SERVER_TEXT, server, pl->p->narrow ? 1 : WRAP_MAX);
	}
	pl->rows++;
	actions(pl);
}

static unsigned measure(const struct picture *p, const struct snapshot_notice *n)
{
	struct place pl = { p, 0, 1000, 0, false };

	one(&pl, n);
	return pl.used;
}

static unsigned selected(const struct snapshot *s)
{
	unsigned i;

	for (i = 0; i < s->notices; i++) {
		if (s->notice[i].selected)
			return i;
	}
	return 0;
}

unsigned notices_rows(const struct picture *p)
{
	unsigned rows = 0, i;

	for (i = 0; i < p->s->notices && rows < screen_rows(); i++)
		rows += measure(p, &p->s->notice[i]) + (i && !p->narrow ? 1 : 0);
	return rows;
}

unsigned notices_least(const struct picture *p)
{
	return p->s->notices ? measure(p, &p->s->notice[selected(p->s)]) : 0;
}

/* The newest from which on the selected one still fits whole. */
static unsigned first_shown(const struct picture *p)
{
	unsigned first = selected(p->s), rows = measure(p, &p->s->notice[first]);

	while (first > 0) {
		rows += measure(p, &p->s->notice[first - 1]) + (p->narrow ? 0 : 1);
		if (rows > p->rows)
			break;
		first--;
	}
	return first;
}

void notices_draw(struct picture *p)
{
	unsigned y = p->y, end = p->y + p->rows, i;

	if (!p->s->notices || !p->rows)
		return;
	for (i = first_shown(p); i < p->s->notices && y < end; i++) {
		struct place pl = { p, y, end - y, 0, true };

		if (p->s->notice[i].selected) {
			p->cursor_y = y;
			p->cursor_x = p->narrow ? 0 : 1;
		}
		one(&pl, &p->s->notice[i]);
		y += pl.used + (p->narrow ? 0 : 1);
	}
}
