/* What the keys do to the line: moves, erasing, killing and yanking. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <wctype.h>

#include "base/text.h"
#include "ui/prompt.h"

/* ---- where to ---- */

/* Is the character at POS part of a word, which is made of letters and digits? */
static bool in_word(const struct prompt *p, size_t pos)
{
	uint32_t cp;

	return text_decode(&cp, p->text + pos, p->len - pos) && iswalnum((wint_t)cp);
}

static size_t word_end(const struct prompt *p)
{
	size_t at = p->cursor;

	while (at < p->len && !in_word(p, at))
		at = prompt_next(p, at);
	while (at < p->len && in_word(p, at))
		at = prompt_next(p, at);
	return at;
}

/* Where the last word that begins before the cursor does. */
static size_t word_start(const struct prompt *p)
{
	size_t start = 0, at;
	bool before = false, now;

	for (at = 0; at < p->cursor; at = prompt_next(p, at), before = now) {
		now = in_word(p, at);
		if (now && !before)
			start = at;
	}
	return start;
}

/* The same with words that are made of all but blanks. */
static size_t long_word_start(const struct prompt *p)
{
	size_t from = p->cursor;

	while (from && p->text[from - 1] == ' ')
		from--;
	while (from && p->text[from - 1] != ' ')
		from--;
	return from;
}

static void left(struct prompt *p)
{
	p->cursor = prompt_previous(p, p->cursor);
}

static void right(struct prompt *p)
{
	p->cursor = prompt_next(p, p->cursor);
}

static void home(struct prompt *p)
{
	p->cursor = 0;
}

static void end(struct prompt *p)
{
	p->cursor = p->len;
}

static void word_left(struct prompt *p)
{
	p->cursor = word_start(p);
}

static void word_right(struct prompt *p)
{
	p->cursor = word_end(p);
}

/* ---- erasing, and killing: what can be yanked back ---- */

static void erase_before(struct prompt *p)
{
	prompt_erase(p, prompt_previous(p, p->cursor), p->cursor);
}

static void erase_under(struct prompt *p)
{
	prompt_erase(p, p->cursor, prompt_next(p, p->cursor));
}

void prompt_kills_free(struct prompt *p)
{
	while (p->kills)
		free(p->kill[--p->kills]);
	p->kill_at = 0;
	p->secret = false;
}

static void add_kill(struct prompt *p, char *text)
{
	if (p->kills == PROMPT_KILLS) {
		free(p->kill[0]);
		memmove(p->kill, p->kill + 1, (PROMPT_KILLS - 1) * sizeof(p->kill[0]));
		p->kills--;
	}
	p->kill[p->kills++] = text;
}

/* Kills one after the other become one. */
static void kill_part(struct prompt *p, size_t from, size_t to)
{
	bool join = p->before == DID_KILL && p->kills, forward = from == p->cursor;
	const char *old = join ? p->kill[p->kills - 1] : "";
	size_t n = strlen(old), more = to - from;
	char *text;

	p->did = join ? DID_KILL : DID_OTHER;
	if (!more || !(text = malloc(n + more + 1)))
		return;
	memcpy(text + (forward ? 0 : more), old, n);
	memcpy(text + (forward ? n : 0), p->text + from, more);
	text[n + more] = '\0';
	if (join)
		free(p->kill[--p->kills]);
	p->secret |= prompt_has_secret(p->text);
	add_kill(p, text);
	prompt_erase(p, from, to);
	p->did = DID_KILL;
}

static void kill_to_start(struct prompt *p)
{
	kill_part(p, 0, p->cursor);
}

static void kill_to_end(struct prompt *p)
{
	kill_part(p, p->cursor, p->len);
}

static void kill_long_word(struct prompt *p)
{
	kill_part(p, long_word_start(p), p->cursor);
}

static void kill_word_before(struct prompt *p)
{
	kill_part(p, word_start(p), p->cursor);
}

static void kill_word(struct prompt *p)
{
	kill_part(p, p->cursor, word_end(p));
}

static void put_kill(struct prompt *p)
{
	size_t at = p->cursor;

	if (!prompt_insert(p, p->kill[p->kill_at]))
		return;
	p->put_at = at;
	p->put_len = strlen(p->kill[p->kill_at]);
	p->did = DID_YANK;
}

static void yank(struct prompt *p)
{
	if (!p->kills)
		return;
	p->kill_at = p->kills - 1;
	put_kill(p);
}

/* The kill before that, in its place. */
static void yank_older(struct prompt *p)
{
	if (p->before != DID_YANK || !p->kills)
		return;
	prompt_erase(p, p->put_at, p->put_at + p->put_len);
	p->kill_at = (p->kill_at ? p->kill_at : p->kills) - 1;
	put_kill(p);
}

/* ---- the rest ---- */

/* The character before the cursor changes places with the one on it, or the last two at the end. */
static void swap(struct prompt *p)
{
	size_t middle = p->cursor < p->len ? p->cursor : prompt_previous(p, p->len);
	size_t from = prompt_previous(p, middle), to = prompt_next(p, middle);
	char first[PROMPT_BYTES];

	if (from == middle)
		return;
	memcpy(first, p->text + from, middle - from);
	memmove(p->text + from, p->text + middle, to - middle);
	memcpy(p->text + from + (to - middle), first, middle - from);
	prompt_place(p, to);
}

static void undo(struct prompt *p)
{
	p->did = DID_UNDO;
	if (!p->undos)
		return;
	p->undos--;
	prompt_set(p, p->undo[p->undos].text);
	p->cursor = p->undo[p->undos].cursor;
	p->back = p->undo[p->undos].back;
	free(p->undo[p->undos].text);
}

static void older(struct prompt *p)
{
	prompt_step(p, 1);
}

static void newer(struct prompt *p)
{
	prompt_step(p, -1);
}

static const struct { const char *key; void (*edit)(struct prompt *p); } edits[] = {
	{ "<Left>", left }, { "<C-b>", left }, { "<Right>", right }, { "<C-f>", right },
	{ "<Home>", home }, { "<C-a>", home }, { "<End>", end }, { "<C-e>", end },
	{ "<M-b>", word_left }, { "<C-Left>", word_left }, { "<M-Left>", word_left },
	{ "<M-f>", word_right }, { "<C-Right>", word_right }, { "<M-Right>", word_right },
	{ "<BS>", erase_before }, { "<C-h>", erase_before }, { "<Del>", erase_under }, { "<C-d>", erase_under },
	{ "<C-u>", kill_to_start }, { "<C-k>", kill_to_end }, { "<C-w>", kill_long_word },
	{ "<M-BS>", kill_word_before }, { "<M-d>", kill_word },
	{ "<C-y>", yank }, { "<M-y>", yank_older }, { "<C-t>", swap }, { "<C-_>", undo },
	{ "<Up>", older }, { "<C-p>", older }, { "<Down>", newer }, { "<C-n>", newer },
	{ "<M-.>", prompt_last_word }, { "<C-r>", prompt_search },
};

bool prompt_edit(struct prompt *p, const char *key)
{
	size_t i;

	for (i = 0; i < sizeof(edits) / sizeof(edits[0]); i++) {
		if (strcmp(edits[i].key, key) == 0) {
			edits[i].edit(p);
			return true;
		}
	}
	return false;
}
