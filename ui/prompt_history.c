/* The lines that were entered before: stepping through them, searching them, taking a word out of them. */
#include "config.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/prompt.h"

/* Can it be a line that was typed here? */
static bool is_line(const char *s)
{
	size_t len = strlen(s), n;
	uint32_t cp;

	if (!len || len >= PROMPT_BYTES)
		return false;
	for (; *s; s += n, len -= n) {
		n = text_decode(&cp, s, len);
		if (!n || cp < 0x20 || (cp >= 0x7f && cp < 0xa0))
			return false;
	}
	return true;
}

static void drop(struct prompt_history *h, unsigned i)
{
	free(h->line[i]);
	h->n--;
	memmove(h->line + i, h->line + i + 1, (h->n - i) * sizeof(h->line[0]));
}

bool prompt_remember(struct prompt *p, enum prompt_kind kind, const char *line)
{
	struct prompt_history *h = &p->history[kind];
	char *copy;
	unsigned i;

	if (!is_line(line) || prompt_has_secret(line) || !(copy = strdup(line)))
		return false;
	for (i = 0; i < h->n; i++) {
		if (strcmp(h->line[i], line) == 0)
			drop(h, i);
	}
	if (h->n == PROMPT_HISTORY)
		drop(h, 0);
	h->line[h->n++] = copy;
	return true;
}

void prompt_history_forget(struct prompt *p)
{
	unsigned k;

	for (k = 0; k < PROMPT_KINDS; k++) {
		while (p->history[k].n)
			drop(&p->history[k], p->history[k].n - 1);
	}
}

/* The line that is BACK steps away; 0: what was typed. */
static const char *line_at(const struct prompt *p, unsigned back)
{
	const struct prompt_history *h = &p->history[p->kind];

	return back ? h->line[h->n - back] : p->typed ? p->typed : "";
}

static void go(struct prompt *p, unsigned back)
{
	if (!p->back) {
		free(p->typed);
		p->typed = strdup(p->text);
	}
	p->back = back;
	prompt_set(p, line_at(p, back));
}

void prompt_step(struct prompt *p, int step)
{
	if (step > 0 ? p->back < p->history[p->kind].n : p->back > 0)
		go(p, step > 0 ? p->back + 1 : p->back - 1);
}

void prompt_last_word(struct prompt *p)
{
	const struct prompt_history *h = &p->history[p->kind];
	bool again = p->before == DID_LAST_WORD;
	unsigned back = again ? p->put_back + 1 : 1;
	const char *word;
	size_t at;

	if (back > h->n) {
		p->did = again ? DID_LAST_WORD : DID_OTHER;
		return;
	}
	word = strrchr(h->line[h->n - back], ' ');
	word = word ? word + 1 : h->line[h->n - back];
	if (again)
		prompt_erase(p, p->put_at, p->put_at + p->put_len);
	at = p->cursor;
	if (!prompt_insert(p, word))
		return;
	p->put_at = at;
	p->put_len = strlen(word);
	p->put_back = back;
	p->did = DID_LAST_WORD;
}

/* ---- incremental search ---- */

void prompt_search(struct prompt *p)
{
	char *text = strdup(p->text);

	if (!text)
		return;
	free(p->origin.text);
	p->origin.text = text;
	p->origin.cursor = p->cursor;
	p->origin.back = p->back;
	p->needle[0] = '\0';
	p->missed = false;
	p->searching = true;
}

/* To the next line from BACK on, in steps of STEP, that has the needle in it. */
static void look(struct prompt *p, unsigned back, int step)
{
	const char *hit = NULL;

	for (; back && back <= p->history[p->kind].n; back += (unsigned)step) {
		hit = strcasestr(line_at(p, back), p->needle);
		if (hit)
			break;
	}
	p->missed = !hit;
	if (!hit)
		return;
	go(p, back);
	prompt_place(p, (size_t)(hit - line_at(p, back)));
}

static void to_origin(struct prompt *p)
{
	prompt_set(p, p->origin.text);
	prompt_place(p, p->origin.cursor);
	p->back = p->origin.back;
	p->missed = false;
}

/* From the newest line on, with the needle as it is now. */
static void look_anew(struct prompt *p)
{
	to_origin(p);
	if (p->needle[0])
		look(p, 1, 1);
}

static void shorten(struct prompt *p)
{
	size_t len = strlen(p->needle), at = 0, n;

	if (!len)
		return;
	while (prompt_character(p->needle + at, len - at, &n), at + n < len)
		at += n;
	p->needle[at] = '\0';
	look_anew(p);
}

bool prompt_search_key(struct prompt *p, const char *key, const char *text)
{
	size_t len = strlen(p->needle);

	if (text) {
		if (len + strlen(text) >= sizeof(p->needle))
			return true;
		strcpy(p->needle + len, text);
		look(p, p->back ? p->back : 1, 1);
		return true;
	}
	if (strcmp(key, "<BS>") == 0 || strcmp(key, "<C-h>") == 0) {
		shorten(p);
		return true;
	}
	if (strcmp(key, "<C-r>") == 0) {
		if (len) {
			look(p, p->back + 1, 1);
		}
		else if (p->last_needle[0]) {
			text_copy(p->needle, sizeof(p->needle), p->last_needle);
			look_anew(p);
		}
		return true;
	}
	if (strcmp(key, "<C-s>") == 0) {
		if (len && p->back)
			look(p, p->back - 1, -1);
		return true;
	}
	p->searching = false;
	if (len)
		text_copy(p->last_needle, sizeof(p->last_needle), p->needle);
	if (strcmp(key, "<C-g>") == 0 || strcmp(key, "<Esc>") == 0) {
		to_origin(p);
		return true;
	}
	/* What runs has to be what was looked for. */
	return p->missed && strcmp(key, "<CR>") == 0;
}
