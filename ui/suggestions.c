#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "ui/screen.h"
#include "ui/suggestions.h"

#define GAP        2  /* columns between words */
#define NOTE_COLS  12 /* a note is of use from there on */

void suggestions_close(struct suggestions *s)
{
	completions_free(&s->found);
	free(s->typed);
	memset(s, 0, sizeof(*s));
}

/* ---- walking ---- */

/* WORD, which is the only one. */
static void put_only(struct suggestions *s, struct prompt *p, const char *word)
{
	bool blank = s->found.done && p->text[s->found.to] != ' ';
	struct buf b = { 0 };

	buf_printf(&b, "%s%s", word, blank ? " " : "");
	if (b.s)
		prompt_replace(p, s->found.from, s->found.to, b.s);
	buf_free(&b);
	suggestions_close(s);
}

static void look(struct suggestions *s, struct prompt *p, const struct command_env *env, enum completion_language language)
{
	const struct completions *c = &s->found;
	size_t len;

	suggestions_close(s);
	if (completion_find(env, language, p->text, p->cursor, &s->found) || c->to > p->len || c->from > c->to) {
		suggestions_close(s);
		return;
	}
	len = c->to - c->from;
	if (!c->n) {
		suggestions_close(s);
		s->nothing = true;
	}
	else if (c->n == 1) {
		put_only(s, p, c->item[0].word);
	}
	else if (c->common && c->common[0] &&
		 (strlen(c->common) != len || strncmp(c->common, p->text + c->from, len) != 0)) {
		prompt_replace(p, c->from, c->to, c->common);
		suggestions_close(s);
	}
	else {
		s->typed = strndup(p->text + c->from, len);
		s->from = c->from;
		s->to = c->to;
		s->open = s->typed != NULL;
	}
}

void suggestions_step(struct suggestions *s, struct prompt *p, const struct command_env *env,
		      enum completion_language language, int step)
{
	unsigned at, count = s->found.n + 1;
	const char *word;

	if (!s->open) {
		look(s, p, env, language);
		return;
	}
	at = (s->at + count + (unsigned)step) % count;
	word = at ? s->found.item[at - 1].word : s->typed;
	if (!prompt_replace(p, s->from, s->to, word))
		return;
	s->to = s->from + strlen(word);
	s->at = at;
}

/* ---- rows ---- */

void suggestions_lay_out(const struct suggestions *s, unsigned cols, unsigned rows, struct suggestions_grid *g)
{
	unsigned i, widest = 1, room;
	bool notes = false;

	memset(g, 0, sizeof(*g));
	if (!s->open || !rows || !cols)
		return;
	for (i = 0; i < s->found.n; i++) {
		unsigned w = screen_width(s->found.item[i].word);

		widest = w > widest ? w : widest;
		notes |= s->found.item[i].note && s->found.item[i].note[0];
	}
	g->width = widest + GAP < cols ? widest + GAP : cols;
	g->notes = notes && s->found.all <= rows && g->width + NOTE_COLS <= cols;
	g->columns = g->notes || !(cols / g->width) ? 1 : cols / g->width;
	room = rows * g->columns;
	if (s->found.all > room && rows > 1)
		room -= g->columns;
	g->first = s->at ? (s->at - 1) / room * room : 0;
	g->shown = s->found.n - g->first < room ? s->found.n - g->first : room;
	g->more = s->found.all - g->shown;
	g->rows = (g->shown + g->columns - 1) / g->columns;
	if (rows == 1)
		g->more = 0;
}

unsigned suggestions_draw(const struct suggestions *s, unsigned y, unsigned rows, const char **note)
{
	unsigned cols = screen_cols(), top, i;
	struct suggestions_grid g;
	char word[PROMPT_BYTES];

	/* the first column is for the marker */
	suggestions_lay_out(s, cols ? cols - 1 : 0, rows < y ? rows : y, &g);
	*note = s->at && !g.notes && s->found.item[s->at - 1].note ? s->found.item[s->at - 1].note : "";
	top = y - g.rows - (g.more > 0);
	for (i = top; i < y; i++)
		screen_blank(i);
	for (i = 0; i < g.shown; i++) {
		const struct completion *c = &s->found.item[g.first + i];
		bool here = s->at == g.first + i + 1;
		unsigned at = top + i % g.rows, x = i / g.rows * g.width;

		if (here)
			screen_put(at, x, 1, ROLE_SELECTED, screen_glyph(GLYPH_MARKER));
		text_show_str(word, sizeof(word), c->word);
		screen_put(at, x + 1, g.width > GAP ? g.width - GAP : g.width, here ? ROLE_SELECTED : ROLE_PLAIN, word);
		if (g.notes && c->note)
			screen_put(at, x + 1 + g.width, cols, ROLE_DIM, c->note);
	}
	if (g.more)
		/* TRANSLATORS: below a list of words: how many more there are */
		screen_putf(y - 1, 1, cols, ROLE_DIM, P_("and %u more", "and %u more", g.more), g.more);
	return y - top;
}
