/* The text of a line: where its characters begin and end, and how it is changed. */
#include "config.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"
#include "ui/prompt.h"

#define JOINER 0x200d

unsigned prompt_character(const char *s, size_t len, size_t *n)
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

/* Does CP belong to what stands before it, which ends in BEFORE? */
static bool belongs(uint32_t before, uint32_t cp)
{
	bool skin = cp >= 0x1f3fb && cp <= 0x1f3ff;

	return skin || wcwidth((wchar_t)cp) == 0 || (before == JOINER && cp >= 0x80);
}

size_t prompt_next(const struct prompt *p, size_t pos)
{
	uint32_t before = 0, cp = 0;
	size_t n;

	if (pos >= p->len)
		return p->len;
	n = text_decode(&before, p->text + pos, p->len - pos);
	pos += n ? n : 1;
	while (n && pos < p->len) {
		n = text_decode(&cp, p->text + pos, p->len - pos);
		if (!n || !belongs(before, cp))
			break;
		before = cp;
		pos += n;
	}
	return pos;
}

size_t prompt_previous(const struct prompt *p, size_t pos)
{
	size_t at = 0, following;

	while (at < pos && (following = prompt_next(p, at)) < pos)
		at = following;
	return at;
}

void prompt_place(struct prompt *p, size_t pos)
{
	size_t at = 0;

	while (at < pos && at < p->len)
		at = prompt_next(p, at);
	p->cursor = at;
}

/* What comes together may belong together now: a mark, a joiner. */
bool prompt_insert(struct prompt *p, const char *s)
{
	size_t n = strlen(s);

	if (p->len + n >= sizeof(p->text))
		return false;
	memmove(p->text + p->cursor + n, p->text + p->cursor, p->len - p->cursor + 1);
	memcpy(p->text + p->cursor, s, n);
	p->len += n;
	prompt_place(p, p->cursor + n);
	return true;
}

void prompt_erase(struct prompt *p, size_t from, size_t to)
{
	memmove(p->text + from, p->text + to, p->len - to + 1);
	p->len -= to - from;
	prompt_place(p, from);
}

void prompt_set(struct prompt *p, const char *text)
{
	size_t len = strlen(text), end = 0, n;

	if (len >= sizeof(p->text)) {
		while (prompt_character(text + end, len - end, &n), end + n < sizeof(p->text))
			end += n;
		len = end;
	}
	memmove(p->text, text, len);
	p->text[len] = '\0';
	p->len = p->cursor = len;
}
