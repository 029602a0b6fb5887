/* Lines to be read: the answer of a command that is longer than a line. */
#include "config.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
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

static const char *left(void)
{
	return title;
}

static void draw(struct picture *p)
{
	unsigned cols = screen_cols() > 4 ? screen_cols() - 4 : 1;

	list_fit(&window, lines_draw(text, 0, 0, cols, 0, 0, ROLE_PLAIN), p->rows);
	lines_draw(text, p->y, 2, cols, window.top, p->rows, ROLE_PLAIN);
	p->cursor_y = p->y;
}

static bool key(const char *k)
{
	return list_scroll(&window, k);
}

const struct view view_text = { "text", "", KEYS_HELP, draw, key, NULL, left, NULL };
