/* Where in a command line the cursor stands. The one parser reads it: what is still open is closed for it. */
#include <errno.h>
#include <string.h>

#include "command/completing.h"

#define ENDS_MAX 64 /* blanks behind the cursor where the word in hand might end */

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* Reads the last command of TEXT. 0; ENOENT: nothing is begun there; EINVAL: something is open. */
static int read_last(struct words *w, const char *text)
{
	const char *why, *p;
	size_t pos = 0;
	int err;

	while (!(err = parser_next(w, text, &pos, &why))) {
		p = skip_blanks(w->rest[w->n]);
		if (*p != ';')
			return 0;
		/* nothing may follow it without a blank */
		if (!p[1])
			return EINVAL;
	}
	return err;
}

/* The end of the word that begins at FROM and is not over at CURSOR; the cursor when it is never closed. */
static size_t word_end(const char *line, size_t from, size_t cursor)
{
	char piece[LINE_MAX_BYTES + 1];
	static struct words w;
	unsigned tries;
	size_t end = cursor;

	for (tries = 0; tries < ENDS_MAX; tries++) {
		const char *why;
		size_t pos = 1; /* not a comment */

		while (line[end] && !is_blank(line[end]))
			end++;
		piece[0] = ' ';
		if (!text_copyn(piece + 1, sizeof(piece) - 1, line + from, end - from))
			break;
		if (!parser_next(&w, piece, &pos, &why) && w.n == 1)
			return end;
		if (!line[end])
			break;
		end++;
	}
	return cursor;
}

bool place_find(struct place *p, const char *line, size_t cursor)
{
	/* cut off and put behind it: what is open may be a quotation, or a backslash outside or inside of one */
	static const struct { size_t cut; const char *close; } ways[] = {{0, ""}, {1, ""}, {1, "\""}, {0, "'"}, {0, "\""}};
	char text[LINE_MAX_BYTES + 2];
	int err = EINVAL;
	bool begun;
	unsigned i;

	if (strlen(line) >= LINE_MAX_BYTES - 2 || cursor > strlen(line) || *skip_blanks(line) == '#')
		return false;
	for (i = 0; err == EINVAL && i < sizeof(ways) / sizeof(ways[0]); i++) {
		if (ways[i].cut && (!cursor || line[cursor - 1] != '\\'))
			continue;
		memcpy(text, line, cursor);
		strcpy(text + cursor - ways[i].cut, ways[i].close);
		err = read_last(&p->words, text);
	}
	if (err == EINVAL)
		return false;
	p->first = 0;
	begun = !err && !*p->words.rest[p->words.n];
	p->at = err ? 0 : p->words.n - begun;
	for (i = 0; !err && i < p->words.n; i++)
		p->begin[i] = (size_t)(p->words.rest[i] - text);
	if (!begun)
		p->begin[p->at] = cursor;
	text_copy(p->typed, sizeof(p->typed), begun ? p->words.word[p->at] : "");
	p->to = begun ? word_end(line, p->begin[p->at], cursor) : cursor;
	return p->at < WORDS_MAX;
}
