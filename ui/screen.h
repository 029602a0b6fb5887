/* screen.h - drawing: text with a role at a place. The only room that knows curses.
 *
 * Nothing is sent until screen_send(), and then only what differs. Coordinates are rows and columns from
 * 0; what lies outside is cut, so that callers need not care how small the screen is.
 */
#ifndef OFFHOOK_UI_SCREEN_H
#define OFFHOOK_UI_SCREEN_H

#include <stdbool.h>
#include <stddef.h>

/* What text means, not how it looks. */
enum role {
	ROLE_PLAIN, ROLE_OK, ROLE_WARNING, ROLE_ERROR, ROLE_ACCENT, ROLE_DIM, ROLE_SELECTED, ROLE_SERVER_TEXT,
	ROLE_TITLE, ROLES
};

enum glyph {
	GLYPH_MARKER, GLYPH_OUT, GLYPH_IN, GLYPH_ON, GLYPH_OFF, GLYPH_BUSY, GLYPH_CROSS, GLYPH_WARNING,
	GLYPH_INFO, GLYPH_LOCK, GLYPH_MAIL, GLYPH_BAR_LEFT, GLYPH_BAR_RIGHT, GLYPH_BAR_FULL, GLYPH_BAR_EMPTY,
	GLYPH_MINI_FULL, GLYPH_MINI_EMPTY, GLYPHS
};

/* Takes the terminal (terminal_open() came before) and sends the entry string. TERM decides what it can do;
 * EINVAL with *WHY a translated sentence when that is not enough. ENOMEM, or an errno. */
int screen_start(const char **why);
/* Gives the terminal back. Safe to call twice. */
void screen_stop(void);
/* The same for a while: screen_resume() takes it again and forgets what it showed. */
void screen_suspend(void);
int screen_resume(void);

/* Follows the terminal's size. */
void screen_resize(void);
unsigned screen_rows(void);
unsigned screen_cols(void);

/* Begins a new picture: empty. */
void screen_clear(void);
/* The next screen_send() sends every cell, for a terminal that was written over. */
void screen_forget(void);
/* Sends what differs from the picture before. */
void screen_send(void);
void screen_bell(void);
/* Where the cursor rests. */
void screen_cursor(unsigned y, unsigned x);

/* Puts S (UTF-8) at Y, X in at most COLS columns; longer text is cut and ends in an ellipsis. Returns the
 * columns used. */
unsigned screen_put(unsigned y, unsigned x, unsigned cols, enum role role, const char *s);
/* The same, ending before column RIGHT. Returns the column where it begins. */
unsigned screen_put_right(unsigned y, unsigned right, unsigned cols, enum role role, const char *s);
unsigned screen_putf(unsigned y, unsigned x, unsigned cols, enum role role, const char *fmt, ...)
	__attribute__((format(printf, 5, 6)));
/* Empties line Y. */
void screen_blank(unsigned y);
/* Has nothing been put into line Y since screen_clear()? */
bool screen_is_blank(unsigned y);
/* A line across the screen. */
void screen_hline(unsigned y);
/* A bar of CELLS cells, of which FULL (0-1) are full, between two edges: CELLS + 2 columns. */
void screen_bar(unsigned y, unsigned x, unsigned cells, double full);
/* Columns that S takes here. */
unsigned screen_width(const char *s);
/* How GLYPH is written here. */
const char *screen_glyph(enum glyph g);
bool screen_is_utf8(void);

#endif
