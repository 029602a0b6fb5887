#include "config.h"

#include <limits.h>
#include <string.h>

#include "ui/view.h"

void list_fit(struct list_window *w, unsigned count, unsigned rows)
{
	unsigned last = count > rows ? count - rows : 0;

	w->count = count;
	w->rows = rows;
	if (w->top > last)
		w->top = last;
}

static void by(struct list_window *w, int lines)
{
	unsigned n = (unsigned)(lines < 0 ? -lines : lines);

	if (lines < 0)
		w->top = w->top > n ? w->top - n : 0;
	else if (w->top < INT_MAX)
		w->top += n;
	/* past the end: list_fit() puts that right, which alone knows how long the list is now */
}

int list_step(const char *key, unsigned rows)
{
	const int page = rows > 1 ? (int)rows - 1 : 1, all = INT_MAX / 4;
	const struct { const char *key; int lines; } keys[] = {
		{ "j", 1 }, { "<Down>", 1 }, { "k", -1 }, { "<Up>", -1 },
		{ "<Space>", page }, { "<PageDown>", page }, { "<C-f>", page },
		{ "<PageUp>", -page }, { "<C-b>", -page },
		{ "<Home>", -all }, { "<End>", all }, { "G", all },
	};
	size_t i;

	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		if (strcmp(keys[i].key, key) == 0)
			return keys[i].lines;
	}
	return 0;
}

bool list_scroll(struct list_window *w, const char *key)
{
	int lines = list_step(key, w->rows);

	if (lines)
		by(w, lines);
	return lines != 0;
}
