/* The ladder of a call: its messages in order, each to be looked at. Asked for line by line, as far as it is shown. */
#include "config.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/ports.h"
#include "ui/view.h"

#define TIME_COLS 12

static struct {
	unsigned call;
	char peer[SNAPSHOT_TEXT];
	unsigned selected, top;          /* messages */
	unsigned rows;                   /* as drawn last */
	char *message;                   /* the selected one is shown whole; made harmless */
	struct list_window window;       /* on it */
	unsigned found;                  /* line of it that a search has found */
	char word[256];                  /* searched for last */
	char heading[SNAPSHOT_TEXT + 64], count[64];
} t;

void view_trace_set(unsigned call, const char *peer)
{
	free(t.message);
	t.message = NULL;
	if (call != t.call)
		t.selected = t.top = 0;
	t.call = call;
	text_copy(t.peer, sizeof(t.peer), peer);
}

unsigned view_trace_call(void)
{
	return t.call;
}

bool view_trace_open(void)
{
	char *raw;

	if (t.message) {
		free(t.message);
		t.message = NULL;
		return true;
	}
	raw = port_trace_message(t.call, t.selected);
	if (!raw)
		return false;
	t.message = lines_harmless(raw);
	free(raw);
	memset(&t.window, 0, sizeof(t.window));
	t.found = 0;
	return t.message != NULL;
}

static unsigned message_cols(void)
{
	return screen_cols() > 4 ? screen_cols() - 4 : 1;
}

static bool has_word(unsigned i)
{
	char *raw = port_trace_message(t.call, i), *shown = raw ? lines_harmless(raw) : NULL;
	bool found = shown && strcasestr(shown, t.word);

	free(raw);
	free(shown);
	return found;
}

bool view_trace_search(const char *word)
{
	unsigned n = port_trace_lines(t.call), i, line;

	if (word[0])
		text_copy(t.word, sizeof(t.word), word);
	if (!t.word[0])
		return false;
	if (t.message) {
		line = lines_find(t.message, message_cols(), t.found + 1, t.word);
		if (line == UINT_MAX)
			line = lines_find(t.message, message_cols(), 0, t.word);
		if (line == UINT_MAX)
			return false;
		t.window.top = t.found = line;
		return true;
	}
	/* once round, the one that is selected last */
	for (i = 1; i <= n; i++) {
		unsigned at = (t.selected + i) % n;

		if (has_word(at)) {
			t.selected = at;
			return true;
		}
	}
	return false;
}

/* ---- the ladder ---- */

/* The first message by the clock, the others by how much later they were. */
static void time_words(int64_t wall_ms, int64_t first_ms, bool first, bool narrow, char *out, size_t size)
{
	long long after = (long long)(wall_ms - first_ms);
	time_t seconds = (time_t)(wall_ms / 1000);
	char clock[16];
	struct tm tm;

	if (!first) {
		snprintf(out, size, "%c%lld.%03lld", after < 0 ? '-' : '+', llabs(after) / 1000, llabs(after) % 1000);
		return;
	}
	if (!localtime_r(&seconds, &tm) || !strftime(clock, sizeof(clock), "%H:%M:%S", &tm))
		clock[0] = '\0';
	if (narrow)
		snprintf(out, size, "%s", clock);
	else
		snprintf(out, size, "%s.%03u", clock, (unsigned)(wall_ms % 1000));
}

static enum role role_of(unsigned code)
{
	return code >= 300 ? ROLE_WARNING : code >= 200 ? ROLE_OK : ROLE_PLAIN;
}

static void draw_narrow(unsigned y, const char *time, const struct trace_line *line, const char *summary, bool selected)
{
	unsigned x = 1, cols = screen_cols();

	screen_put_right(y, x + 8, 8, selected ? ROLE_SELECTED : ROLE_PLAIN, time);
	x += 9;
	screen_put(y, x, 2, ROLE_DIM, screen_glyph(line->sent ? GLYPH_OUT : GLYPH_IN));
	x += screen_width(screen_glyph(GLYPH_OUT)) + 1;
	if (x < cols)
		screen_put(y, x, cols - x, role_of(line->code), summary);
}

/* " me ──── INVITE ────▸ 192.0.2.1:5060" */
static void draw_wide(unsigned y, const char *time, const struct trace_line *line, const char *summary, bool selected)
{
	const char *dash = screen_is_utf8() ? "─" : "-", *right = screen_glyph(GLYPH_MARKER);
	const char *left = screen_is_utf8() ? "◂" : "<";
	unsigned cols = screen_cols(), peer_cols = cols / 5, end = cols - peer_cols - 2, x = 1 + TIME_COLS + 3, i;
	char peer[SNAPSHOT_TEXT];

	text_show_str(peer, sizeof(peer), line->peer);
	screen_put_right(y, 1 + TIME_COLS, TIME_COLS, selected ? ROLE_SELECTED : ROLE_PLAIN, time);
	/* TRANSLATORS: this phone, at one end of an arrow; two or three columns */
	x += screen_put(y, x, 3, ROLE_PLAIN, _("me")) + 1;
	for (i = 0; i < 4; i++)
		x += screen_put(y, x, 1, ROLE_DIM, i == 0 && !line->sent ? left : dash);
	x++;
	if (x + 4 < end)
		x += screen_put(y, x, end - x - 3, selected ? ROLE_SELECTED : role_of(line->code), summary) + 1;
	for (; x < end; x++)
		screen_put(y, x, 1, ROLE_DIM, x + 1 == end && line->sent ? right : dash);
	/* where it is tight it goes without the usual transport */
	screen_put(y, end + 1, peer_cols, ROLE_PLAIN,
		   screen_width(peer) > peer_cols && strncmp(peer, "udp:", 4) == 0 ? peer + 4 : peer);
}

void trace_ladder(const struct picture *p, unsigned call, unsigned first, unsigned selected, bool notes, unsigned y,
		  unsigned rows)
{
	unsigned end = y + rows, i;
	struct trace_line line;
	int64_t begin = 0;

	if (port_trace_line(call, 0, &line))
		begin = line.wall_ms;
	for (i = first; y < end && port_trace_line(call, i, &line); i++, y++) {
		char summary[SNAPSHOT_TEXT], note[SNAPSHOT_TEXT * 2], time[32];

		text_show_str(summary, sizeof(summary), line.summary);
		time_words(line.wall_ms, begin, i == 0, p->narrow, time, sizeof(time));
		if (p->narrow)
			draw_narrow(y, time, &line, summary, i == selected);
		else
			draw_wide(y, time, &line, summary, i == selected);
		if (i == selected)
			screen_put(y, 0, 1, ROLE_SELECTED, screen_glyph(GLYPH_MARKER));
		if (i == selected && notes && line.note[0] && y + 1 < end) {
			unsigned x = p->narrow ? 4 : 24;

			text_show_str(note, sizeof(note), line.note);
			screen_put(++y, x, screen_cols() - x, ROLE_SERVER_TEXT, note);
		}
	}
}

/* ---- the view ---- */

static void hints(const struct picture *p, unsigned y)
{
	static const struct { const char *command, *label; } table[] = {
		{ "view trace open", N_("whole message") },
		/* TRANSLATORS: the messages of a call, to a file */
		{ "view trace save", N_("save") },
		{ "view trace search", N_("search") },
	};
	static const enum key_context contexts[] = { KEYS_TRACE, KEYS_GLOBAL };
	unsigned x = 1, cols = screen_cols(), i;
	char name[64];

	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++)
		hint_draw(p, y, &x, contexts, 2, table[i].command,
			  /* TRANSLATORS: the list of a call's messages */
			  i == 0 && t.message ? _("all messages") : _(table[i].label));
	/* that key is fixed */
	x += screen_put(y, x, cols, ROLE_ACCENT, hint_name("<Esc>", name, sizeof(name))) + 1;
	/* TRANSLATORS: to the view before */
	screen_put(y, x, cols, ROLE_PLAIN, _("back"));
}

static void draw_ladder(struct picture *p, unsigned rows)
{
	unsigned n = port_trace_lines(t.call);

	t.rows = rows;
	if (!n) {
		screen_put(p->y, 2, screen_cols(), ROLE_PLAIN, t.call ? _("No messages of this call are kept.")
			   : _("No messages are kept."));
		p->cursor_y = p->y;
		p->cursor_x = 2;
		return;
	}
	if (t.selected >= n)
		t.selected = n - 1;
	if (t.top > t.selected)
		t.top = t.selected;
	/* a line more, for the note of the selected one */
	if (rows < 2)
		t.top = t.selected;
	else if (t.selected + 2 > t.top + rows)
		t.top = t.selected + 2 - rows;
	trace_ladder(p, t.call, t.top, t.selected, true, p->y, rows);
	p->cursor_y = p->y + t.selected - t.top;
	p->cursor_x = 0;
}

static void draw(struct picture *p)
{
	unsigned rows = p->rows;

	if (!p->narrow && rows > 4) {
		hints(p, p->y + rows - 1);
		rows -= 2;
	}
	if (!rows)
		return;
	if (!t.message) {
		draw_ladder(p, rows);
		return;
	}
	list_fit(&t.window, lines_draw(t.message, 0, 0, message_cols(), 0, 0, ROLE_PLAIN), rows);
	lines_draw(t.message, p->y, 2, message_cols(), t.window.top, rows, ROLE_SERVER_TEXT);
	p->cursor_y = p->y + (t.found >= t.window.top && t.found - t.window.top < rows ? t.found - t.window.top : 0);
	p->cursor_x = 2;
}

static bool key(const char *k)
{
	unsigned n = port_trace_lines(t.call);
	int step;

	if (t.message)
		return list_scroll(&t.window, k);
	step = list_step(k, t.rows);
	if (step < 0)
		t.selected = t.selected > (unsigned)-step ? t.selected - (unsigned)-step : 0;
	else if (step > 0 && n)
		t.selected = t.selected + (unsigned)step < n ? t.selected + (unsigned)step : n - 1;
	return step != 0;
}

static const char *left(void)
{
	if (t.call)
		/* TRANSLATORS: heading of the messages of a call: its number, whom it was with */
		snprintf(t.heading, sizeof(t.heading), _("Trace  call %1$u  %2$s"), t.call, t.peer);
	else
		snprintf(t.heading, sizeof(t.heading), "%s", _("Trace  outside of calls"));
	return t.heading;
}

static const char *right(void)
{
	unsigned n = port_trace_lines(t.call);

	if (t.message)
		/* TRANSLATORS: one message of several: its number, how many there are */
		snprintf(t.count, sizeof(t.count), _("message %1$u of %2$u"), t.selected + 1, n);
	else
		snprintf(t.count, sizeof(t.count), P_("%u message", "%u messages", n), n);
	return t.count;
}

const struct view view_trace = { "trace", N_("Trace"), KEYS_TRACE, draw, key, NULL, left, right, view_trace_search };
