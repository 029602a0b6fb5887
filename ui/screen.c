/* curses draws into a file in memory; terminal.c carries what it wrote to the terminal. It never sees the
 * terminal itself, so it can neither wait for it nor change its modes. */
#include "config.h"

#include <errno.h>
#include <langinfo.h>
#include <limits.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <wchar.h>
#define NCURSES_WIDECHAR 1
#include <curses.h>

#include "base/i18n.h"
#include "base/text.h"
#include "ui/screen.h"
#include "ui/terminal.h"

#define LINE_CELLS 1024
#define SIDE_MAX   1000 /* of a screen, in cells; more is left empty */

static struct {
	SCREEN *curses;
	FILE *out, *in;
	bool utf8, colours, bell;
	unsigned cursor_y, cursor_x;
} scr;

/* Every role differs without colour too, if need be by its glyph or word. */
static const struct { short colour; attr_t with, without; } looks[ROLES] = {
	[ROLE_PLAIN]       = { -1, A_NORMAL, A_NORMAL },
	[ROLE_OK]          = { COLOR_GREEN, A_NORMAL, A_NORMAL },
	[ROLE_WARNING]     = { COLOR_YELLOW, A_NORMAL, A_BOLD },
	[ROLE_ERROR]       = { COLOR_RED, A_BOLD, A_BOLD },
	[ROLE_ACCENT]      = { COLOR_CYAN, A_NORMAL, A_BOLD },
	[ROLE_DIM]         = { -1, A_DIM, A_DIM },
	[ROLE_SELECTED]    = { -1, A_BOLD, A_BOLD },
	[ROLE_SERVER_TEXT] = { COLOR_MAGENTA, A_NORMAL, A_UNDERLINE },
	[ROLE_TITLE]       = { -1, A_BOLD, A_BOLD },
};

static const struct { const char *utf8, *ascii; } glyphs[GLYPHS] = {
	[GLYPH_MARKER]     = { "▸", ">" },
	[GLYPH_OUT]        = { "→", "->" },
	[GLYPH_IN]         = { "←", "<-" },
	[GLYPH_ON]         = { "●", "*" },
	[GLYPH_OFF]        = { "○", "o" },
	[GLYPH_BUSY]       = { "◌", "." },
	[GLYPH_CROSS]      = { "✗", "x" },
	[GLYPH_WARNING]    = { "!", "!" },
	[GLYPH_INFO]       = { "·", "-" },
	[GLYPH_LOCK]       = { "🔒", "L" },
	[GLYPH_MAIL]       = { "✉", "M" },
	[GLYPH_BAR_LEFT]   = { "▕", "|" },
	[GLYPH_BAR_RIGHT]  = { "▏", "|" },
	[GLYPH_BAR_FULL]   = { "█", "#" },
	[GLYPH_BAR_EMPTY]  = { "░", "." },
	[GLYPH_MINI_FULL]  = { "▆", "#" },
	[GLYPH_MINI_EMPTY] = { "▁", "." },
};

/* For terminals that do not have the character. */
static const struct { wchar_t c; const char *ascii; } spellings[] = {
	{ 0x00a0, " " }, { 0x00b7, "-" }, { 0x00c4, "Ae" }, { 0x00d6, "Oe" }, { 0x00dc, "Ue" }, { 0x00df, "ss" },
	{ 0x00e4, "ae" }, { 0x00f6, "oe" }, { 0x00fc, "ue" }, { 0x2013, "-" }, { 0x2014, "-" }, { 0x2018, "'" },
	{ 0x2019, "'" }, { 0x201a, "'" }, { 0x201c, "\"" }, { 0x201d, "\"" }, { 0x201e, "\"" }, { 0x2026, "..." },
};

/* ---- text in cells ---- */

struct line {
	wchar_t c[LINE_CELLS * 2]; /* characters and the marks on them */
	unsigned n;
	unsigned cols;
	bool cut;
};

/* Adds C while it stays within COLS columns. */
static void line_add(struct line *l, wchar_t c, unsigned cols)
{
	int w = wcwidth(c);

	if (w < 0 || l->n + 2 >= LINE_CELLS * 2) {
		l->cut |= w >= 0;
		return;
	}
	/* A mark without a character before it would land on whatever stands to the left. */
	if (w == 0 && !l->n)
		return;
	if (l->cols + (unsigned)w > cols) {
		l->cut = true;
		return;
	}
	l->c[l->n++] = c;
	l->cols += (unsigned)w;
}

static void line_add_spelled(struct line *l, wchar_t c, unsigned cols)
{
	const char *s = "?";
	size_t i;

	if (c >= 0x300 && c < 0x370)
		return; /* an accent on its own: the letter has to do */
	for (i = 0; i < sizeof(spellings) / sizeof(spellings[0]); i++) {
		if (spellings[i].c == c)
			s = spellings[i].ascii;
	}
	for (; *s; s++)
		line_add(l, (wchar_t)*s, cols);
}

/* S as this terminal can show it, cut to COLS. */
static void line_make(struct line *l, const char *s, unsigned cols)
{
	size_t len = strlen(s), i, n;
	uint32_t cp;

	l->n = l->cols = 0;
	l->cut = false;
	for (i = 0; i < len && !l->cut; i += n) {
		char bytes[MB_LEN_MAX];
		mbstate_t state = { 0 };
		wchar_t c;

		n = text_decode(&cp, s + i, len - i);
		if (!n) {
			n = 1;
			cp = 0xfffd;
		}
		c = (wchar_t)cp;
		/* One that has no column count would move everything behind it. */
		if (wcwidth(c) < 0 && (scr.utf8 || cp < 0x80))
			c = scr.utf8 ? 0xfffd : L'?';
		if (!scr.utf8 && (wcrtomb(bytes, c, &state) == (size_t)-1 || wcwidth(c) < 0))
			line_add_spelled(l, c, cols);
		else
			line_add(l, c, cols);
	}
	if (!l->cut || !cols)
		return;
	while (l->n && l->cols > cols - 1) {
		int w = wcwidth(l->c[--l->n]);

		l->cols -= w > 0 ? (unsigned)w : 0;
	}
	l->cut = false;
	line_add(l, scr.utf8 ? 0x2026 : L'~', cols);
}

unsigned screen_width(const char *s)
{
	static struct line l;

	line_make(&l, s, LINE_CELLS);
	return l.cols;
}

unsigned screen_put(unsigned y, unsigned x, unsigned cols, enum role role, const char *s)
{
	static struct line l;

	if (y >= screen_rows() || x >= screen_cols())
		return 0;
	if (cols > screen_cols() - x)
		cols = screen_cols() - x;
	if (!cols)
		return 0;
	line_make(&l, s, cols);
	attr_set(scr.colours ? looks[role].with : looks[role].without,
		 (short)(scr.colours && looks[role].colour >= 0 ? looks[role].colour : 0), NULL);
	mvaddnwstr((int)y, (int)x, l.c, (int)l.n);
	return l.cols;
}

unsigned screen_put_right(unsigned y, unsigned right, unsigned cols, enum role role, const char *s)
{
	unsigned w = screen_width(s);

	if (w > cols)
		w = cols;
	if (w > right)
		w = right;
	screen_put(y, right - w, w, role, s);
	return right - w;
}

unsigned screen_putf(unsigned y, unsigned x, unsigned cols, enum role role, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return screen_put(y, x, cols, role, text);
}

void screen_blank(unsigned y)
{
	if (y >= screen_rows())
		return;
	attr_set(A_NORMAL, 0, NULL);
	move((int)y, 0);
	clrtoeol();
}

bool screen_is_blank(unsigned y)
{
	unsigned x;

	for (x = 0; x < screen_cols(); x++) {
		cchar_t cell;

		if (mvin_wch((int)y, (int)x, &cell) == ERR || cell.chars[0] != L' ')
			return false;
	}
	return y < screen_rows();
}

void screen_hline(unsigned y)
{
	cchar_t line;

	if (y >= screen_rows())
		return;
	/* A character of its own and not the terminal's line-drawing set: one switch of modes less to get wrong. */
	attr_set(A_NORMAL, 0, NULL);
	setcchar(&line, scr.utf8 ? L"─" : L"-", looks[ROLE_DIM].with, 0, NULL);
	mvhline_set((int)y, 0, &line, (int)screen_cols());
}

void screen_bar(unsigned y, unsigned x, unsigned cells, double full)
{
	unsigned i, n = (unsigned)(full * cells + 0.5);

	x += screen_put(y, x, 1, ROLE_DIM, screen_glyph(GLYPH_BAR_LEFT));
	for (i = 0; i < cells; i++) {
		bool on = i < n;

		x += screen_put(y, x, 1, on ? ROLE_OK : ROLE_DIM, screen_glyph(on ? GLYPH_BAR_FULL : GLYPH_BAR_EMPTY));
	}
	screen_put(y, x, 1, ROLE_DIM, screen_glyph(GLYPH_BAR_RIGHT));
}

const char *screen_glyph(enum glyph g)
{
	return scr.utf8 ? glyphs[g].utf8 : glyphs[g].ascii;
}

bool screen_is_utf8(void)
{
	return scr.utf8;
}

/* ---- the file in memory ---- */

/* What curses has written since the last call; the file is empty again. Valid until the next call. */
static const char *take(size_t *len)
{
	static char *bytes;
	static size_t size;
	off_t end;

	*len = 0;
	fflush(scr.out);
	end = lseek(fileno(scr.out), 0, SEEK_CUR);
	if (end <= 0)
		return "";
	if ((size_t)end > size) {
		char *p = realloc(bytes, (size_t)end);

		if (!p)
			return "";
		bytes = p;
		size = (size_t)end;
	}
	if (pread(fileno(scr.out), bytes, (size_t)end, 0) == (ssize_t)end)
		*len = (size_t)end;
	lseek(fileno(scr.out), 0, SEEK_SET);
	if (ftruncate(fileno(scr.out), 0))
		*len = 0;
	return bytes;
}

static unsigned bounded(unsigned side)
{
	return side < SIDE_MAX ? side : SIDE_MAX;
}

/* Curses learns a size from the environment. A terminal that knows none leaves what stands there, within bounds. */
static void put_side(const char *name, unsigned side)
{
	const char *given = getenv(name);
	char n[16];

	if (!side && given)
		side = (unsigned)strtoul(given, NULL, 10);
	if (!side)
		return;
	snprintf(n, sizeof(n), "%u", bounded(side));
	setenv(name, n, 1);
}

/* newterm() puts handlers of its own on these; they are not its to have. */
static const int taken[] = { SIGINT, SIGTERM, SIGTSTP, SIGWINCH };
#define TAKEN (sizeof(taken) / sizeof(taken[0]))

static int make_curses(unsigned rows, unsigned cols)
{
	struct sigaction before[TAKEN];
	unsigned i;
	int fd;

	fd = memfd_create("screen", MFD_CLOEXEC);
	scr.out = fd < 0 ? NULL : fdopen(fd, "w");
	if (!scr.out && fd >= 0)
		close(fd);
	/* Keys are read elsewhere. */
	scr.in = fopen("/dev/null", "re");
	if (!scr.out || !scr.in)
		return ENOMEM;
	for (i = 0; i < TAKEN; i++)
		sigaction(taken[i], NULL, &before[i]);
	put_side("LINES", rows);
	put_side("COLUMNS", cols);
	scr.curses = newterm(NULL, scr.out, scr.in);
	unsetenv("LINES");
	unsetenv("COLUMNS");
	for (i = 0; i < TAKEN; i++)
		sigaction(taken[i], &before[i], NULL);
	return scr.curses ? 0 : EINVAL;
}

/* What a screen cannot do without. */
static bool able(void)
{
	return tigetstr("cup") != NULL && tigetstr("clear") != NULL;
}

static void set_looks(void)
{
	const char *no_color = getenv("NO_COLOR");
	short i;

	scr.colours = !(no_color && no_color[0]) && has_colors();
	if (!scr.colours)
		return;
	start_color();
	use_default_colors();
	for (i = 1; i < 8; i++)
		init_pair(i, i, -1);
}

/* The bytes that curses itself would send, kept: a crash has no time to ask for them. */
static int keep_strings(void)
{
	char entry[2048];
	const char *bytes;
	size_t entry_len, len;
	int err;

	endwin();
	take(&len);
	refresh();
	bytes = take(&entry_len);
	if (entry_len > sizeof(entry) - 8)
		return E2BIG;
	memcpy(entry, bytes, entry_len);
	memcpy(entry + entry_len, "\033[?2004h", 8);
	endwin();
	bytes = take(&len);
	err = terminal_set_strings(entry, entry_len + 8, bytes, len);
	/* Curses goes on as if it had never left. */
	refresh();
	take(&len);
	return err;
}

int screen_start(const char **why)
{
	static char sentence[256];
	const char *term = getenv("TERM");
	unsigned rows, cols;
	int err;

	scr.utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	terminal_size(&rows, &cols);
	err = make_curses(rows, cols);
	if (err == EINVAL || (!err && !able())) {
		snprintf(sentence, sizeof(sentence),
			 /* TRANSLATORS: %s is the value of the variable TERM */
			 _("This terminal (TERM=%.32s) cannot place text on a screen; set TERM to what the terminal is, "
			   "or use --headless."), term ? term : "");
		*why = sentence;
		err = EINVAL;
	}
	if (err)
		goto out;
	/* Not a wish to curses about modes: it has no terminal. These are about what it writes. */
	nonl();
	leaveok(stdscr, FALSE);
	typeahead(-1);
	set_looks();
	err = keep_strings();
	if (!err)
		err = terminal_enter();
	if (err)
		goto out;
	screen_resize();
	screen_forget(); /* a terminal without a size does not get there */
out:
	if (err)
		screen_stop();
	return err;
}

void screen_stop(void)
{
	terminal_leave();
	if (scr.curses) {
		endwin();
		delscreen(scr.curses);
	}
	if (scr.out)
		fclose(scr.out);
	if (scr.in)
		fclose(scr.in);
	memset(&scr, 0, sizeof(scr));
}

void screen_suspend(void)
{
	terminal_leave();
}

int screen_resume(void)
{
	int err = terminal_enter();

	if (err)
		return err;
	screen_resize();
	screen_forget();
	return 0;
}

void screen_resize(void)
{
	unsigned rows, cols;

	terminal_size(&rows, &cols);
	if (!scr.curses || !rows || !cols)
		return;
	rows = bounded(rows);
	cols = bounded(cols);
	if (rows != screen_rows() || cols != screen_cols())
		resizeterm((int)rows, (int)cols);
	/* Also when it is the size as before: it may have been another in between, and the picture is cut. */
	screen_forget();
}

unsigned screen_rows(void)
{
	int n = getmaxy(stdscr);

	return n > 0 ? (unsigned)n : 0;
}

unsigned screen_cols(void)
{
	int n = getmaxx(stdscr);

	return n > 0 ? (unsigned)n : 0;
}

void screen_clear(void)
{
	attr_set(A_NORMAL, 0, NULL);
	werase(stdscr);
}

void screen_forget(void)
{
	clearok(curscr, TRUE);
}

void screen_cursor(unsigned y, unsigned x)
{
	scr.cursor_y = y;
	scr.cursor_x = x;
}

void screen_bell(void)
{
	scr.bell = true;
}

void screen_send(void)
{
	const char *bytes;
	size_t len;

	if (!terminal_entered() || !screen_rows() || !screen_cols())
		return;
	if (scr.cursor_y >= screen_rows())
		scr.cursor_y = screen_rows() - 1;
	if (scr.cursor_x >= screen_cols())
		scr.cursor_x = screen_cols() - 1;
	move((int)scr.cursor_y, (int)scr.cursor_x);
	wnoutrefresh(stdscr);
	doupdate();
	bytes = take(&len);
	if (len)
		terminal_write(bytes, len);
	if (scr.bell)
		terminal_write("\a", 1);
	scr.bell = false;
}
