#include "config.h"

#include <stdint.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"
#include "ui/view.h"

/* Has the word at S at most COLS columns? */
static bool word_fits(const char *s, unsigned cols)
{
	size_t len = strcspn(s, " \n"), n;
	unsigned used = 0;

	for (; len && used <= cols; s += n, len -= n) {
		uint32_t cp;
		int w;

		n = text_decode(&cp, s, len);
		w = n ? wcwidth((wchar_t)cp) : 1;
		n = n ? n : 1;
		used += w < 0 ? 1 : (unsigned)w;
	}
	return used <= cols;
}

size_t wrap_line(const char *s, unsigned cols, size_t *skip)
{
	size_t len = strlen(s), i = 0, blank = 0, n;
	unsigned used = 0;

	*skip = 0;
	while (i < len && s[i] != '\n') {
		uint32_t cp;
		int w;

		n = text_decode(&cp, s + i, len - i);
		w = n ? wcwidth((wchar_t)cp) : 1;
		n = n ? n : 1;
		if (w < 0)
			w = 1;
		/* The first character always goes in, or the end would never come. */
		if (i && used + (unsigned)w > cols)
			break;
		if (s[i] == ' ')
			blank = i;
		used += (unsigned)w;
		i += n;
	}
	/* a word that does not fit into the next line either is broken where this one ends */
	if (i < len && s[i] != '\n' && s[i] != ' ' && blank && word_fits(s + blank + 1, cols))
		i = blank;
	while (s[i + *skip] == ' ')
		++*skip;
	if (s[i + *skip] == '\n')
		++*skip;
	return i;
}
