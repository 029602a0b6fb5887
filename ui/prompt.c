/* A line from its first key to its last. */
#include "config.h"

#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/prompt.h"

static void undo_free(struct prompt *p)
{
	while (p->undos)
		free(p->undo[--p->undos].text);
}

void prompt_free(struct prompt *p)
{
	prompt_history_forget(p);
	prompt_kills_free(p);
	undo_free(p);
	free(p->typed);
	free(p->origin.text);
	p->typed = p->origin.text = NULL;
}

void prompt_open(struct prompt *p, enum prompt_kind kind, const char *text)
{
	p->kind = kind;
	p->back = 0;
	p->prefix = p->searching = p->missed = false;
	p->did = p->before = DID_OTHER;
	undo_free(p);
	/* what was killed beside a secret may be the secret */
	if (p->secret)
		prompt_kills_free(p);
	free(p->typed);
	p->typed = NULL;
	prompt_set(p, text ? text : "");
}

/* ---- undo ---- */

static struct {
	char text[PROMPT_BYTES];
	size_t cursor;
	unsigned back;
} line_before; /* the key that is at work */

/* A key begins, */
static void begin(struct prompt *p)
{
	memcpy(line_before.text, p->text, p->len + 1);
	line_before.cursor = p->cursor;
	line_before.back = p->back;
	p->before = p->did;
	p->did = DID_OTHER;
}

/* and has ended: keeps the line as it was, unless it is of one piece with the change before. */
static void keep(struct prompt *p)
{
	bool same = strcmp(p->text, line_before.text) == 0;
	bool together = p->did == p->before && (p->did == DID_TYPE || p->did == DID_REPLACE);
	struct prompt_line *line;
	char *text;

	/* what changes nothing begins no piece */
	if (same && !together && (p->did == DID_TYPE || p->did == DID_REPLACE))
		p->did = DID_OTHER;
	if (same || p->did == DID_UNDO || together || !(text = strdup(line_before.text)))
		return;
	if (p->undos == PROMPT_UNDO) {
		free(p->undo[0].text);
		memmove(p->undo, p->undo + 1, (PROMPT_UNDO - 1) * sizeof(p->undo[0]));
		p->undos--;
	}
	line = &p->undo[p->undos++];
	line->text = text;
	line->cursor = line_before.cursor;
	line->back = line_before.back;
}

bool prompt_replace(struct prompt *p, size_t from, size_t to, const char *word)
{
	if (p->len - (to - from) + strlen(word) >= sizeof(p->text))
		return false;
	begin(p);
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	p->cursor = from;
	prompt_insert(p, word);
	p->did = DID_REPLACE;
	keep(p);
	return true;
}

/* ---- keys ---- */

/* The text that KEY stands for, or NULL. */
static const char *text_of(const char *key)
{
	if (strcmp(key, "<Space>") == 0)
		return " ";
	if (strcmp(key, "<lt>") == 0)
		return "<";
	return key[0] == '<' ? NULL : key;
}

/* Words are undone one by one. */
static void type(struct prompt *p, const char *text)
{
	bool word = strcmp(text, " ") == 0 && p->cursor && p->text[p->cursor - 1] != ' ';

	prompt_insert(p, text);
	if (word)
		p->before = DID_OTHER;
	p->did = DID_TYPE;
}

static bool is(const char *key, const char *name)
{
	return strcmp(key, name) == 0;
}

enum prompt_state prompt_key(struct prompt *p, const char *key)
{
	const char *text = text_of(key);
	bool leaves = is(key, "<BS>") || is(key, "<C-d>");

	if (p->prefix && is(key, "<C-u>"))
		key = "<C-_>";
	p->prefix = is(key, "<C-x>");
	if (is(key, "<C-c>"))
		return PROMPT_CANCELLED;
	begin(p);
	if (p->searching && prompt_search_key(p, key, text)) {
		/* the whole search is undone at once, when it is over */
		p->did = DID_REPLACE;
		keep(p);
		return PROMPT_OPEN;
	}
	if (is(key, "<CR>"))
		return PROMPT_ENTERED;
	/* Backspace in an empty line leaves, as in vi, and the end of input, as in a shell. */
	if (is(key, "<Esc>") || (leaves && !p->len))
		return PROMPT_CANCELLED;
	if (text)
		type(p, text);
	else if (!prompt_edit(p, key))
		p->did = p->before;
	keep(p);
	return PROMPT_OPEN;
}

void prompt_paste(struct prompt *p, const char *key)
{
	const char *text = text_of(key);

	if (is(key, "<CR>") || is(key, "<Tab>") || is(key, "<C-j>"))
		text = " ";
	if (!text)
		return;
	begin(p);
	if (!p->searching || !prompt_search_key(p, key, text))
		type(p, text);
	keep(p);
}
