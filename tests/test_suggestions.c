/* Walking through what could stand in the line, and how it is laid out. */
#include "config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "base/text.h"
#include "ui/screen.h"
#include "ui/suggestions.h"

bool parser_has_secret(const char *line)
{
	(void)line;
	return false;
}

static struct suggestions s;
static struct prompt p;

/* ---- the language: what is found is what the test says ---- */

static struct { const char *words, *notes, *common; size_t from; bool done; unsigned hidden; } found;

int completion_find(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		    struct completions *c)
{
	const char *w = found.words;

	(void)env;
	(void)language;
	(void)line;
	memset(c, 0, sizeof(*c));
	c->from = found.from;
	c->to = cursor;
	while (*w && c->n < COMPLETIONS_MAX) {
		size_t n = strcspn(w, " ");

		c->item[c->n].word = strndup(w, n);
		c->item[c->n++].note = strdup(found.notes);
		w += n + (w[n] == ' ');
	}
	c->all = c->n + found.hidden;
	c->common = strdup(found.common);
	c->done = found.done;
	return 0;
}

void completions_free(struct completions *c)
{
	unsigned i;

	for (i = 0; i < c->n; i++) {
		free(c->item[i].word);
		free(c->item[i].note);
	}
	free(c->common);
	memset(c, 0, sizeof(*c));
}

/* ---- the screen ---- */

static char cells[12][41];

unsigned screen_cols(void)
{
	return 40;
}

unsigned screen_width(const char *text)
{
	return (unsigned)strlen(text);
}

unsigned screen_put(unsigned y, unsigned x, unsigned cols, enum role role, const char *text)
{
	unsigned n = (unsigned)strlen(text);

	(void)role;
	n = n < cols ? n : cols;
	n = x + n < 40 ? n : 40 - x;
	memcpy(cells[y] + x, text, n);
	return n;
}

unsigned screen_putf(unsigned y, unsigned x, unsigned cols, enum role role, const char *fmt, ...)
{
	char text[100];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return screen_put(y, x, cols, role, text);
}

void screen_blank(unsigned y)
{
	memset(cells[y], ' ', 40);
}

const char *screen_glyph(enum glyph g)
{
	return g == GLYPH_MARKER ? ">" : "?";
}

/* Row Y without the blanks at its end. */
static const char *row(unsigned y)
{
	static char text[41];
	size_t n = 40;

	while (n && (cells[y][n - 1] == ' ' || !cells[y][n - 1]))
		n--;
	text_copyn(text, sizeof(text), cells[y], n);
	return text;
}

/* ---- */

static int begin(void **state)
{
	(void)state;
	memset(&p, 0, sizeof(p));
	memset(&found, 0, sizeof(found));
	memset(cells, 0, sizeof(cells));
	found.words = found.notes = found.common = "";
	prompt_open(&p, PROMPT_COMMAND, "set c");
	found.from = 4;
	return 0;
}

static int finish(void **state)
{
	(void)state;
	prompt_free(&p);
	suggestions_close(&s);
	return 0;
}

static void step(int by)
{
	suggestions_step(&s, &p, NULL, COMPLETE_COMMAND, by);
}

static void nothing(void **state)
{
	(void)state;
	step(1);
	assert_true(s.nothing && !s.open);
	assert_string_equal(p.text, "set c");
	found.words = "x y";
	step(1);
	assert_true(!s.nothing && s.open);
}

static void only_one(void **state)
{
	(void)state;
	found.words = "codecs";
	step(1);
	assert_string_equal(p.text, "set codecs");
	assert_false(s.open);
	finish(state);
	begin(state);
	found.words = "codecs";
	found.done = true;
	step(-1);
	assert_string_equal(p.text, "set codecs ");
	/* there is a blank already */
	prompt_open(&p, PROMPT_COMMAND, "set c x");
	p.cursor = 5;
	step(1);
	assert_string_equal(p.text, "set codecs x");
	assert_int_equal(p.cursor, 10);
}

static void walks(void **state)
{
	static const struct { int by; const char *text; } table[] = {
		{ 1, "set codecs x" }, { 1, "set country x" }, { 1, "set co x" }, { 1, "set codecs x" }, { -1, "set co x" },
		{ -1, "set country x" }, { -1, "set codecs x" },
	};
	size_t i;

	(void)state;
	prompt_open(&p, PROMPT_COMMAND, "set c x");
	p.cursor = 5;
	found.words = "codecs country";
	found.common = "co";
	step(1);
	assert_string_equal(p.text, "set co x");
	assert_false(s.open);
	step(1);
	assert_true(s.open);
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		step(table[i].by);
		assert_string_equal(p.text, table[i].text);
		assert_int_equal(p.cursor, strlen(p.text) - 2);
	}
	/* all of it is one step back */
	prompt_key(&p, "<C-_>");
	assert_string_equal(p.text, "set c x");
}

static void no_room_in_the_line(void **state)
{
	char text[PROMPT_BYTES];

	(void)state;
	memset(text, 'x', sizeof(text) - 2);
	text[sizeof(text) - 2] = '\0';
	prompt_open(&p, PROMPT_COMMAND, text);
	found.from = sizeof(text) - 2;
	found.words = "codecs country";
	step(1);
	assert_true(s.open);
	step(1);
	assert_string_equal(p.text, text);
	assert_int_equal(s.at, 0);
}

static void lays_out(void **state)
{
	static const struct {
		unsigned words, hidden, at, cols, rows;
		struct suggestions_grid g;
	} table[] = {
		/* first shown rows columns width notes more */
		{ 3, 0, 0, 40, 4, { 0, 3, 3, 1, 6, true, 0 } },
		{ 3, 0, 0, 10, 4, { 0, 3, 3, 1, 6, false, 0 } },
		{ 3, 0, 0, 17, 4, { 0, 3, 2, 2, 6, false, 0 } },
		{ 9, 0, 0, 40, 4, { 0, 9, 2, 6, 6, false, 0 } },
		{ 24, 0, 0, 40, 4, { 0, 24, 4, 6, 6, false, 0 } },
		{ 25, 0, 0, 40, 4, { 0, 18, 3, 6, 6, false, 7 } },
		{ 25, 0, 18, 40, 4, { 0, 18, 3, 6, 6, false, 7 } },
		{ 25, 0, 19, 40, 4, { 18, 7, 2, 6, 6, false, 18 } },
		{ 24, 5, 0, 40, 4, { 0, 18, 3, 6, 6, false, 11 } },
		{ 25, 0, 0, 40, 1, { 0, 6, 1, 6, 6, false, 0 } },
		{ 25, 0, 7, 40, 1, { 6, 6, 1, 6, 6, false, 0 } },
		{ 25, 0, 0, 3, 4, { 0, 3, 3, 1, 3, false, 22 } },
		{ 25, 0, 0, 40, 0, { 0 } },
		{ 25, 0, 0, 0, 4, { 0 } },
	};
	char words[1000];
	size_t i;
	unsigned k;

	(void)state;
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct suggestions_grid g;

		words[0] = '\0';
		for (k = 0; k < table[i].words; k++)
			snprintf(words + strlen(words), sizeof(words) - strlen(words), "%sw%03u", k ? " " : "", k);
		suggestions_close(&s);
		found.words = words;
		found.notes = "a note";
		found.hidden = table[i].hidden;
		step(1);
		assert_true(s.open);
		s.at = table[i].at;
		suggestions_lay_out(&s, table[i].cols, table[i].rows, &g);
		assert_memory_equal(&g, &table[i].g, offsetof(struct suggestions_grid, notes));
		assert_int_equal(g.notes, table[i].g.notes);
		assert_int_equal(g.more, table[i].g.more);
		assert_true(g.rows + (g.more > 0) <= table[i].rows);
	}
}

static void draws(void **state)
{
	const char *note;

	(void)state;
	found.words = "one two three four";
	found.notes = "note";
	step(1);
	step(1);
	step(1);
	assert_int_equal(suggestions_draw(&s, 10, 4, &note), 4);
	assert_string_equal(row(6), " one    note");
	assert_string_equal(row(7), ">two    note");
	assert_string_equal(row(9), " four   note");
	assert_string_equal(note, "");
	assert_int_equal(suggestions_draw(&s, 10, 1, &note), 1);
	assert_string_equal(row(9), " one   >two    three  four");
	assert_string_equal(note, "note");
	/* no more than there is above */
	assert_int_equal(suggestions_draw(&s, 1, 4, &note), 1);
	assert_int_equal(suggestions_draw(&s, 0, 4, &note), 0);
	found.hidden = 100;
	suggestions_close(&s);
	step(1);
	assert_int_equal(suggestions_draw(&s, 10, 2, &note), 2);
	assert_string_equal(row(8), " one    two    three  four");
	assert_string_equal(row(9), " and 100 more");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(nothing, begin, finish),
		cmocka_unit_test_setup_teardown(only_one, begin, finish),
		cmocka_unit_test_setup_teardown(walks, begin, finish),
		cmocka_unit_test_setup_teardown(no_room_in_the_line, begin, finish),
		cmocka_unit_test_setup_teardown(lays_out, begin, finish),
		cmocka_unit_test_setup_teardown(draws, begin, finish),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
