/* Lines to be read: the answer of a command that is longer than a line. */
#include "config.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/view.h"

static char *text;
static const char *title = "";
static struct list_window window;
static unsigned found = UINT_MAX;
static char word[256];

int view_text_set(const char *heading, const char *s)
{
	char *copy = strdup(s);

	if (!copy)
		return ENOMEM;
	free(text);
	text = copy;
	title = heading;
	memset(&window, 0, sizeof(window));
	found = UINT_MAX;
	return 0;
}

static const char *left(void)
{
	return title;
}

static unsigned text_cols(void)
{
	return screen_cols() > 4 ? screen_cols() - 4 : 1;
}

static void draw(struct picture *p)
{
	list_fit(&window, lines_draw(text, 0, 0, text_cols(), 0, 0, ROLE_PLAIN), p->rows);
	lines_draw(text, p->y, 2, text_cols(), window.top, p->rows, ROLE_PLAIN);
	p->cursor_y = p->y + (found >= window.top && found - window.top < p->rows ? found - window.top : 0);
}

static bool key(const char *k)
{
	return list_scroll(&window, k);
}

static bool search(const char *s)
{
	unsigned line;

	if (s[0])
		text_copy(word, sizeof(word), s);
	if (!word[0])
		return false;
	line = lines_find(text, text_cols(), found + 1, word);
	if (line == UINT_MAX)
		line = lines_find(text, text_cols(), 0, word);
	if (line == UINT_MAX)
		return false;
	window.top = found = line;
	return true;
}

const struct view view_text = { "text", "", KEYS_HELP, draw, key, NULL, left, NULL, search };
