/* Text that has lines of its own, and more of them than a screen. */
#include "config.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/text.h"
#include "ui/view.h"

/* The line of S that is at most COLS wide into BYTES; returns what follows, NULL at the end. */
static const char *next_line(const char *s, unsigned cols, char *bytes, size_t size)
{
	size_t skip, n;

	if (!*s)
		return NULL;
	n = wrap_line(s, cols, &skip);
	if (bytes)
		text_copyn(bytes, size, s, n);
	/* nothing fits at all */
	return n || skip ? s + n + skip : NULL;
}

unsigned lines_draw(const char *text, unsigned y, unsigned x, unsigned cols, unsigned top, unsigned rows, enum role role)
{
	unsigned line = 0;
	char bytes[1024];

	while (text) {
		bool shown = line >= top && line - top < rows;
		const char *after = next_line(text, cols, shown ? bytes : NULL, sizeof(bytes));

		if (!after)
			break;
		if (shown)
			screen_put(y + line - top, x, cols, role, bytes);
		text = after;
		line++;
	}
	return line;
}

unsigned lines_find(const char *text, unsigned cols, unsigned from, const char *word)
{
	unsigned line = 0;
	char bytes[1024];

	while (text && (text = next_line(text, cols, bytes, sizeof(bytes))) != NULL) {
		if (line >= from && strcasestr(bytes, word))
			return line;
		line++;
	}
	return UINT_MAX;
}

char *lines_harmless(const char *raw)
{
	struct buf b = { 0 };
	char line[4096];

	while (*raw) {
		size_t n = strcspn(raw, "\n"), cut = n && raw[n - 1] == '\r' ? n - 1 : n;

		/* a longer one in pieces */
		if (cut > sizeof(line) / 4) {
			cut = n = sizeof(line) / 4;
			while (n && ((unsigned char)raw[n] & 0xc0) == 0x80)
				cut = --n;
			if (!n)
				cut = n = sizeof(line) / 4;
		}
		text_show(line, sizeof(line), raw, cut);
		buf_str(&b, line);
		buf_str(&b, "\n");
		raw += n;
		if (*raw == '\n')
			raw++;
	}
	if (!b.s && !b.failed)
		buf_str(&b, "\n");
	if (b.failed) {
		buf_free(&b);
		return NULL;
	}
	return b.s;
}
