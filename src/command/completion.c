/* What could stand where somebody types. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/fold.h"
#include "base/i18n.h"
#include "command/completing.h"

/* ---- gathering ---- */

static bool can_be_shown(const char *s)
{
	char shown[COMPLETION_MAX_BYTES * 4];

	text_show_str(shown, sizeof(shown), s);
	return !strcmp(shown, s);
}

/* Keeps of COMMON what WORD begins with too. */
static void shorten(struct buf *common, const char *word)
{
	size_t n = 0;

	while (n < common->len && word[n] == common->s[n])
		n++;
	/* not in the middle of a character */
	while (n && (common->s[n] & 0xc0) == 0x80)
		n--;
	common->len = n;
	if (common->s)
		common->s[n] = '\0';
}

/* Where WORD belongs among those that are kept; false: it is there already, or has no place. */
static bool find_place(const struct completing *g, const char *word, unsigned *at)
{
	const struct completions *c = g->c;
	unsigned i;

	*at = c->n;
	if (c->n == COMPLETIONS_MAX && (!g->sorted || strcmp(word, c->item[c->n - 1].word) > 0))
		return true;
	for (i = 0; i < c->n; i++) {
		int order = strcmp(c->item[i].word, word);

		if (!order)
			return false;
		if (g->sorted && order > 0 && *at == c->n)
			*at = i;
	}
	return true;
}

static void keep(struct completing *g, unsigned at, const char *word, const char *note)
{
	struct completions *c = g->c;
	char shown[512];
	struct completion item;

	text_show_str(shown, sizeof(shown), note);
	item.word = strdup(word);
	item.note = strdup(shown);
	if (!item.word || !item.note) {
		free(item.word);
		free(item.note);
		g->failed = true;
		return;
	}
	if (c->n == COMPLETIONS_MAX) {
		c->n--;
		free(c->item[c->n].word);
		free(c->item[c->n].note);
	}
	memmove(&c->item[at + 1], &c->item[at], (c->n - at) * sizeof(item));
	c->item[at] = item;
	c->n++;
}

void completing_add(struct completing *g, const char *word, const char *note)
{
	char whole[COMPLETION_MAX_BYTES];
	unsigned at;

	/* one of very many: nothing but their number can change */
	if (g->c->n == COMPLETIONS_MAX && !g->sorted && !g->common.len) {
		g->c->all++;
		return;
	}
	if (*g->key) {
		if (!text_copy(whole, sizeof(whole), g->key) ||
		    !text_copy(whole + strlen(whole), sizeof(whole) - strlen(whole), word))
			return;
		word = whole;
	}
	if (strlen(word) >= COMPLETION_MAX_BYTES || !find_place(g, word, &at))
		return;
	g->goes_on = g->begins;
	if (!g->c->all++)
		buf_str(&g->common, word);
	else
		shorten(&g->common, word);
	if (at < COMPLETIONS_MAX)
		keep(g, at, word, note);
}

void completing_offer(struct completing *g, const char *word, const char *note)
{
	if (*word && !strncmp(word, g->typed, strlen(g->typed)) && strlen(word) < COMPLETION_MAX_BYTES && can_be_shown(word))
		completing_add(g, word, note);
	g->begins = false;
}

/* ---- the answer ---- */

/* Would what all words begin with still find them all, and no others? */
static bool finds_all(const struct completing *g, const char *common)
{
	char words[COMPLETION_MAX_BYTES * 2], typed[COMPLETION_MAX_BYTES * 2];
	const char *begins = *g->instead ? g->instead : g->typed, *rest = strchr(common, ':');
	size_t len = strlen(begins);

	if (!strcmp(common, g->typed))
		return false;
	if (!strncmp(common, begins, len))
		return true;
	if (!g->fits_words)
		return false;
	if (!strncasecmp(common, begins, len) || (rest && !strncasecmp(rest + 1, begins, len)))
		return true;
	fold_words(words, sizeof(words), common);
	fold_words(typed, sizeof(typed), begins);
	return *typed && fold_fits(words, typed);
}

/* WORD as the language wants it; OPEN: more of it is to come. */
static char *quote(const char *word, bool raw, bool open)
{
	struct buf out = {0};

	if (raw)
		return strdup(word);
	parser_quote(&out, word);
	if (out.s && open && out.len > strlen(word))
		out.s[--out.len] = '\0';
	return out.s;
}

static int finish(struct completing *g)
{
	const char *common = g->common.s ? g->common.s : "";
	struct completions *c = g->c;
	bool raw = !g->place;
	unsigned i;

	c->done = c->all == 1 && !g->goes_on;
	if (c->all == 1)
		c->common = quote(common, raw, !c->done);
	else
		c->common = finds_all(g, common) ? quote(common, raw, true) : strdup("");
	for (i = 0; i < c->n; i++) {
		char *quoted = quote(c->item[i].word, raw, false);

		if (!quoted)
			return ENOMEM;
		free(c->item[i].word);
		c->item[i].word = quoted;
	}
	return g->failed || g->common.failed || !c->common ? ENOMEM : 0;
}

/* The text of a dial prompt from its first character on. */
static size_t target_begin(const char *line)
{
	return strspn(line, " \t");
}

int completion_find(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		    struct completions *c)
{
	static struct place place;
	char typed[LINE_MAX_BYTES] = "";
	struct completing g = {.env = env, .c = c, .typed = typed};
	int err;

	memset(c, 0, sizeof(*c));
	c->from = c->to = cursor;
	if (language == COMPLETE_COMMAND) {
		if (place_find(&place, line, cursor)) {
			g.place = &place;
			g.typed = place.typed;
			c->from = place.begin[place.at];
			c->to = place.to;
			usage_complete(&g);
		}
	}
	else if (cursor <= strlen(line) && target_begin(line) <= cursor) {
		c->from = target_begin(line);
		c->to = strlen(line);
		if (text_copyn(typed, sizeof(typed), line + c->from, cursor - c->from))
			completing_targets(&g);
	}
	err = finish(&g);
	buf_free(&g.common);
	return err;
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

void completion_hint(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		     struct buf *out)
{
	static struct place place;
	struct completing g = {.env = env, .place = &place, .typed = place.typed};

	if (language != COMPLETE_COMMAND)
		completing_hint_target(line, out);
	else if (place_find(&place, line, cursor))
		usage_hint(&g, out);
}
