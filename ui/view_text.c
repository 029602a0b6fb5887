/* Lines to be read: the answer of a command that is longer than a line. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/view.h"

static char *text;
static const char *title = "";
static struct list_window window;

int view_text_set(const char *heading, const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		return ENOMEM;
	free(text);
	text = copy;
	title = heading;
	memset(&window, 0, sizeof(window));
	return 0;
}

const char *view_text_title(void)
{
	return title;
}

/* Draws the lines from WINDOW.TOP on when DRAW; returns how many there are. */
static unsigned walk(const struct picture *p, bool draw)
{
	unsigned cols = screen_cols() > 4 ? screen_cols() - 4 : 1, line = 0;
	const char *s = text ? text : "";

	while (*s) {
		size_t skip, n = wrap_line(s, cols, &skip);

		if (draw && line >= window.top && line < window.top + p->rows) {
			char bytes[1024];

			text_copyn(bytes, sizeof(bytes), s, n);
			screen_put(p->y + line - window.top, 2, cols, ROLE_PLAIN, bytes);
		}
		s += n + skip;
		line++;
		if (!n && !skip)
			break;
	}
	return line;
}

static void draw(struct picture *p)
{
	list_fit(&window, walk(p, false), p->rows);
	walk(p, true);
	p->cursor_y = p->y;
}

static bool key(const char *k)
{
	return list_scroll(&window, k);
}

const struct view view_text = { "text", "", KEYS_HELP, draw, key, NULL };
