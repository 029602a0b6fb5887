/* view.h - what every part of the picture is given, and the table of views. */
#ifndef OFFHOOK_UI_VIEW_H
#define OFFHOOK_UI_VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "command/command.h"
#include "phone/snapshot.h"
#include "ui/screen.h"

#define HINT_CONTEXTS_MAX 6

/* Where a part draws, and from what. */
struct picture {
	const struct snapshot *s;
	const struct keymap *keymap;
	unsigned y, rows, cols;          /* lines Y to Y + ROWS - 1, whole width */
	bool narrow;                     /* the short form: few columns or few rows */
	bool meters;                     /* level meters are wanted */
	unsigned cursor_y, cursor_x;     /* where the cursor rests; the part that has the place sets it */
	bool notice_shown;               /* where the selected notice is; set by the calls view */
	unsigned notice_y, notice_x;
};

struct view {
	const char *name;
	const char *title;               /* to be passed through gettext */
	enum key_context context;
	void (*draw)(struct picture *p);
	bool (*key)(const char *key);    /* true: it was for this view (scrolling); NULL: takes none */
	void (*open)(void);              /* shown anew; or NULL */
};

extern const struct view view_calls, view_help, view_accounts, view_text;

/* ui/view_text.c: lines to be read, such as the answer of a command. TITLE is translated already and not copied,
 * TEXT is. ENOMEM. */
int view_text_set(const char *title, const char *text);
const char *view_text_title(void);

/* ui/list.c: the part of a long list that is shown. */
struct list_window {
	unsigned top;
	unsigned count, rows;            /* as drawn last */
};
/* Fits WINDOW to COUNT lines in ROWS. */
void list_fit(struct list_window *w, unsigned count, unsigned rows);
/* Scrolls by KEY: j k arrows, pages, ends. False when KEY does not scroll. */
bool list_scroll(struct list_window *w, const char *key);

/* ui/statusbar.c: line Y. CLOCK is "HH:MM". */
void statusbar_draw(struct picture *p, const char *clock);

/* ui/notices.c: lines that they want for their whole text, and for the selected one alone. */
unsigned notices_rows(const struct picture *p);
unsigned notices_least(const struct picture *p);
void notices_draw(struct picture *p);

/* ui/hints.c: the contexts that apply now, most special first, into CONTEXTS. */
unsigned hint_contexts(const struct snapshot *s, enum key_context view, enum key_context *contexts);
/* Which keys run COMMAND, said as the user would type them; the binding of the most special of the
 * contexts that apply now wins. "" when no key does. */
const char *hint_key(const struct keymap *k, const enum key_context *contexts, unsigned n, const char *command);
/* The line of keys of the calls view. */
void hints_draw(struct picture *p, unsigned y);
/* "a", "Enter" ... for people. */
const char *hint_name(const char *key, char *out, size_t size);

/* ui/wrap.c: how many bytes of S make a line of at most COLS columns, broken at a blank where there is one; *SKIP
 * bytes of blanks follow them. 0 at the end. Pure. */
size_t wrap_line(const char *s, unsigned cols, size_t *skip);

/* The selected call, or NULL. */
const struct snapshot_call *picture_selected(const struct snapshot *s);
/* MM:SS or H:MM:SS into OUT. */
void picture_duration(char *out, size_t size, uint64_t ms);

#endif
