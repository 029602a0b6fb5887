/* What is shown of a line: never a password, and of what is too long the part around the cursor. */
#include "config.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "command/command.h"
#include "ui/prompt.h"

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

bool prompt_has_secret(const char *text)
{
	char plain[PROMPT_BYTES];
	size_t n = 0;
	const char *at;

	/* Quotes may stand anywhere in a word. */
	for (at = text; *at && n < sizeof(plain) - 1; at++) {
		if (!strchr("'\"\\", *at))
			plain[n++] = *at;
	}
	plain[n] = '\0';
	for (at = plain; (at = strcasestr(at, SECRET)); at++) {
		unsigned char behind = (unsigned char)at[strlen(SECRET)];

		if (behind == '=' || isspace(behind))
			return true;
	}
	/* and what the language itself masks, a mistyped key for example */
	return parser_has_secret(text);
}

/* Does the character at S (N bytes) do something to those around it, so that it is never sent to a terminal? */
static bool meddles(const char *s, size_t n)
{
	char shown[16];

	return text_show(shown, sizeof(shown), s, n) == 0;
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
		unsigned width = prompt_character(p->text + i, p->len - i, &n);

		secret |= i == from;
		if ((c == ' ' || c == '\t') && !quote && !escaped)
			secret = false;
		if (!secret && (from == NONE || i >= from))
			from = secret_from(p, i);
		if (secret && width)
			shown->text[shown->len++] = '*';
		if (!secret && !meddles(p->text + i, n)) {
			memcpy(shown->text + shown->len, p->text + i, n);
			shown->len += n;
		}
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
		before += prompt_character(p->text + to, p->len - to, &n);
	/* The cursor needs a column too: behind the last character it stands on nothing. */
	while (before > cols - 1) {
		size_t following = prompt_next(p, from);

		while (from < following) {
			before -= prompt_character(p->text + from, p->len - from, &n);
			from += n;
		}
	}
	w = before;
	for (to = p->cursor; to < p->len; to += n) {
		unsigned more = prompt_character(p->text + to, p->len - to, &n);

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
