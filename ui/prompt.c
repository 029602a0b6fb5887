/* Positions are bytes, steps are characters with the marks that stand on them. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <wchar.h>

#include "base/text.h"
#include "ui/prompt.h"

/* Columns of the character at S and its length in *N; a mark has none. */
static unsigned character(const char *s, size_t len, size_t *n)
{
	uint32_t cp;
	int w;

	*n = text_decode(&cp, s, len);
	if (!*n) {
		*n = 1;
		return 1;
	}
	w = wcwidth((wchar_t)cp);
	return w < 0 ? 1 : (unsigned)w;
}

/* Where the character behind POS ends, its marks included. */
static size_t next(const struct prompt *p, size_t pos)
{
	size_t n;

	if (pos >= p->len)
		return p->len;
	character(p->text + pos, p->len - pos, &n);
	pos += n;
	while (pos < p->len && character(p->text + pos, p->len - pos, &n) == 0)
		pos += n;
	return pos;
}

/* Where the character before POS begins. */
static size_t previous(const struct prompt *p, size_t pos)
{
	size_t at = 0, following;

	while (at < pos && (following = next(p, at)) < pos)
		at = following;
	return at;
}

static void set(struct prompt *p, const char *text)
{
	text_copy(p->text, sizeof(p->text), text);
	p->len = strlen(p->text);
	p->cursor = p->len;
}

static void insert(struct prompt *p, const char *s)
{
	size_t n = strlen(s);

	if (p->len + n >= sizeof(p->text))
		return;
	memmove(p->text + p->cursor + n, p->text + p->cursor, p->len - p->cursor + 1);
	memcpy(p->text + p->cursor, s, n);
	p->len += n;
	p->cursor += n;
}

/* Removes FROM up to TO; the cursor is at FROM then. */
static void erase(struct prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	p->cursor = from;
}

/* ---- history ---- */

void prompt_remember(struct prompt *p, const char *line)
{
	struct prompt_history *h = &p->history[p->kind];
	char *copy;

	if (!line[0] || (h->n && strcmp(h->line[h->n - 1], line) == 0))
		return;
	copy = strdup(line);
	if (!copy)
		return;
	if (h->n == PROMPT_HISTORY) {
		free(h->line[0]);
		memmove(h->line, h->line + 1, (PROMPT_HISTORY - 1) * sizeof(h->line[0]));
		h->n--;
	}
	h->line[h->n++] = copy;
}

static void step_back(struct prompt *p, int step)
{
	struct prompt_history *h = &p->history[p->kind];

	if (step > 0 ? p->back >= h->n : p->back == 0)
		return;
	if (p->back == 0) {
		free(p->typed);
		p->typed = strdup(p->text);
	}
	p->back = step > 0 ? p->back + 1 : p->back - 1;
	if (p->back)
		set(p, h->line[h->n - p->back]);
	else
		set(p, p->typed ? p->typed : "");
}

/* ---- keys ---- */

static void left(struct prompt *p)
{
	p->cursor = previous(p, p->cursor);
}

static void right(struct prompt *p)
{
	p->cursor = next(p, p->cursor);
}

static void home(struct prompt *p)
{
	p->cursor = 0;
}

static void end(struct prompt *p)
{
	p->cursor = p->len;
}

static void erase_before(struct prompt *p)
{
	erase(p, previous(p, p->cursor), p->cursor);
}

static void erase_under(struct prompt *p)
{
	erase(p, p->cursor, next(p, p->cursor));
}

static void erase_to_start(struct prompt *p)
{
	erase(p, 0, p->cursor);
}

static void erase_to_end(struct prompt *p)
{
	erase(p, p->cursor, p->len);
}

static void erase_word(struct prompt *p)
{
	size_t from = p->cursor;

	while (from && p->text[from - 1] == ' ')
		from--;
	while (from && p->text[from - 1] != ' ')
		from--;
	erase(p, from, p->cursor);
}

static void older(struct prompt *p)
{
	step_back(p, 1);
}

static void newer(struct prompt *p)
{
	step_back(p, -1);
}

static const struct { const char *key; void (*edit)(struct prompt *p); } edits[] = {
	{ "<BS>", erase_before }, { "<Del>", erase_under }, { "<Left>", left }, { "<Right>", right },
	{ "<Home>", home }, { "<End>", end }, { "<Up>", older }, { "<Down>", newer },
	{ "<C-a>", home }, { "<C-e>", end }, { "<C-b>", left }, { "<C-f>", right }, { "<C-d>", erase_under },
	{ "<C-h>", erase_before }, { "<C-k>", erase_to_end }, { "<C-n>", newer }, { "<C-p>", older },
	{ "<C-u>", erase_to_start }, { "<C-w>", erase_word },
};

/* The text that KEY stands for, or NULL. */
static const char *text_of(const char *key)
{
	if (strcmp(key, "<Space>") == 0)
		return " ";
	if (strcmp(key, "<lt>") == 0)
		return "<";
	return key[0] == '<' ? NULL : key;
}

void prompt_free(struct prompt *p)
{
	unsigned k, i;

	for (k = 0; k < PROMPT_KINDS; k++) {
		for (i = 0; i < p->history[k].n; i++)
			free(p->history[k].line[i]);
		p->history[k].n = 0;
	}
	free(p->typed);
	p->typed = NULL;
}

void prompt_open(struct prompt *p, enum prompt_kind kind, const char *text)
{
	p->kind = kind;
	p->back = 0;
	free(p->typed);
	p->typed = NULL;
	set(p, text ? text : "");
}

enum prompt_state prompt_key(struct prompt *p, const char *key)
{
	const char *text = text_of(key);
	size_t i;

	if (text) {
		insert(p, text);
		return PROMPT_OPEN;
	}
	if (strcmp(key, "<CR>") == 0)
		return PROMPT_ENTERED;
	/* Backspace in an empty line leaves, as in vi. */
	if (strcmp(key, "<Esc>") == 0 || strcmp(key, "<C-c>") == 0 || (strcmp(key, "<BS>") == 0 && !p->len))
		return PROMPT_CANCELLED;
	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		if (strcmp(edits[i].key, key) == 0)
			edits[i].edit(p);
	}
	return PROMPT_OPEN;
}

void prompt_paste(struct prompt *p, const char *key)
{
	const char *text = text_of(key);

	if (strcmp(key, "<CR>") == 0 || strcmp(key, "<Tab>") == 0 || strcmp(key, "<C-j>") == 0)
		text = " ";
	if (text)
		insert(p, text);
}

/* ---- what is shown ---- */

#define SECRET "password"

/* Where the secret that is named at POS begins: behind "password=", or the word after "password"; NONE: nothing is. */
#define NONE SIZE_MAX
static size_t secret_from(const struct prompt *p, size_t pos)
{
	const size_t end = pos + strlen(SECRET);
	size_t blanks;

	if (strncasecmp(p->text + pos, SECRET, strlen(SECRET)) != 0)
		return NONE;
	blanks = strspn(p->text + end, " \t");
	return p->text[end] == '=' ? end + 1 : blanks ? end + blanks : NONE;
}

/* The line as it may be shown, with the same cursor: an asterisk for each character of a secret, which goes on to the
 * end of its word as the language reads words. Rather too much is hidden than too little. */
static void mask(struct prompt *shown, const struct prompt *p)
{
	size_t i, n, from = NONE;
	bool secret = false, escaped = false;
	char quote = 0;

	shown->len = 0;
	shown->cursor = 0;
	for (i = 0; i < p->len; i += n) {
		char c = p->text[i];
		unsigned width = character(p->text + i, p->len - i, &n);

		secret |= i == from;
		if ((c == ' ' || c == '\t') && !quote && !escaped)
			secret = false;
		if (!secret && (from == NONE || i >= from))
			from = secret_from(p, i);
		if (secret && width)
			shown->text[shown->len++] = '*';
		for (size_t k = 0; !secret && k < n; k++)
			shown->text[shown->len++] = p->text[i + k];
		if (i < p->cursor)
			shown->cursor = shown->len;
		if (escaped)
			escaped = false;
		else if (c == '\\' && quote != '\'')
			escaped = true;
		else if (quote ? c == quote : c == '\'' || c == '"')
			quote = quote ? 0 : c;
	}
	shown->text[shown->len] = '\0';
}

static unsigned window(const struct prompt *p, char *dst, size_t size, unsigned cols)
{
	size_t from = 0, to, n;
	unsigned before = 0, w;

	if (!size)
		return 0;
	dst[0] = '\0';
	if (!cols)
		return 0;
	for (to = 0; to < p->cursor; to += n)
		before += character(p->text + to, p->len - to, &n);
	/* The cursor needs a column too: behind the last character it stands on nothing. */
	while (before > cols - 1) {
		size_t following = next(p, from);

		while (from < following) {
			before -= character(p->text + from, p->len - from, &n);
			from += n;
		}
	}
	w = before;
	for (to = p->cursor; to < p->len; to += n) {
		unsigned more = character(p->text + to, p->len - to, &n);

		if (w + more > cols)
			break;
		w += more;
	}
	text_copyn(dst, size, p->text + from, to - from);
	return before;
}

unsigned prompt_window(const struct prompt *p, char *dst, size_t size, unsigned cols)
{
	static struct prompt shown;

	mask(&shown, p);
	return window(&shown, dst, size, cols);
}
