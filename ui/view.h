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
	bool *counts;                    /* to be set by who draws a countdown that moves */
};

struct view {
	const char *name;
	const char *title;               /* to be passed through gettext */
	enum key_context context;
	void (*draw)(struct picture *p);
	bool (*key)(const char *key);    /* true: it was for this view (scrolling); NULL: takes none */
	void (*open)(void);              /* shown anew; or NULL */
	const char *(*left)(void);       /* what stands above it instead of its title; or NULL */
	const char *(*right)(void);      /* and at the other end of that line; or NULL */
	bool (*search)(const char *word); /* goes to the next line with WORD in it ("": the last word again), false: none; or NULL */
};

extern const struct view view_calls, view_help, view_accounts, view_text, view_notice, view_trace;

/* ui/view_help.c: it is opened from the view of that context: what K and S have there comes first. They must stay. */
void view_help_set(enum key_context from, const struct keymap *k, const struct snapshot *s);

/* ui/view_text.c: lines to be read, such as the answer of a command. TITLE is translated already and not copied,
 * TEXT is. ENOMEM. */
int view_text_set(const char *title, const char *text);

/* ui/lines.c: text in many lines, wrapped to COLS columns at X. Draws those from window line TOP on that fall into ROWS
 * lines at Y (ROWS 0: none) and returns how many there are. */
unsigned lines_draw(const char *text, unsigned y, unsigned x, unsigned cols, unsigned top, unsigned rows, enum role role);
/* The number of the first line from FROM on that has WORD in it (whatever the case of its letters), or UINT_MAX. */
unsigned lines_find(const char *text, unsigned cols, unsigned from, const char *word);
/* RAW line for line made harmless (text_show()). malloc()ed, the caller frees it; NULL: no memory. */
char *lines_harmless(const char *raw);

/* ui/view_trace.c: the messages of CALL, called PEER ("" = not known); 0: those of no call. */
void view_trace_set(unsigned call, const char *peer);
unsigned view_trace_call(void);
/* From the ladder to the whole of the selected message, or back. False when there is none. */
bool view_trace_open(void);
/* Goes to the next message, or line of the message, with WORD in it ("": the last word again). False: none. */
bool view_trace_search(const char *word);
/* Draws the ladder of CALL from message FIRST on, a line each, in ROWS lines at Y; nothing is SELECTED when that is
 * UINT_MAX. With NOTES the selected message has a second line for its note. */
void trace_ladder(const struct picture *p, unsigned call, unsigned first, unsigned selected, bool notes, unsigned y,
		  unsigned rows);

/* ui/countdown.c: the time of a redial for people. Boot time BOOT_MS, clock time WALL_MS; 0: looked up in the notices. */
/* "redial in 0:27", "redials on 25.11. 14:03", "redial due" ...; REDIAL_NONE: no redial, but the time is known. */
void countdown_words(const struct picture *p, enum redial_state state, uint64_t boot_ms, int64_t wall_ms, char *out,
		     size_t size);
/* The same for a notice: with clock time. */
void countdown_notice(const struct picture *p, const struct snapshot_notice *n, char *out, size_t size);
/* What the server said about it: its comment, how long the party can be reached. "" = nothing. */
void countdown_server(const struct picture *p, const struct snapshot_notice *n, char *out, size_t size);
/* How many redials wait, and the nearest: "1 redial waiting, next in 0:27". "" = none. */
void countdown_pending(const struct picture *p, char *out, size_t size);

/* ui/offers.c: what can be done about a notice. */
struct offer {
	const char *command, *label;
	char key[64];                    /* that runs it, for people; "" = none */
};
/* Fills O, at most MAX of them; several contacts are one offer. CONTEXTS: where keys are looked for. */
unsigned offers_of(const struct picture *p, const struct snapshot_notice *n, const enum key_context *contexts,
		   unsigned context_count, struct offer *o, unsigned max);
/* The command line behind `notice WORD` on N: NULL when it does not offer that. Several contacts: one that asks which. */
const char *offer_command(const struct snapshot_notice *n, const char *word);
/* Address number I (from 0) that N offers, with the name that the server gives it, or NULL. */
const char *offer_contact(const struct snapshot_notice *n, unsigned i);

/* ui/list.c: the part of a long list that is shown. */
struct list_window {
	unsigned top;
	unsigned count, rows;            /* as drawn last */
};
/* Fits WINDOW to COUNT lines in ROWS. */
void list_fit(struct list_window *w, unsigned count, unsigned rows);
/* How many lines KEY moves by in a list of which ROWS lines are shown, very many for its ends; 0: it does not move. */
int list_step(const char *key, unsigned rows);
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
/* One hint, KEY LABEL, at Y and column *X, which moves behind it; false when no key does it or it does not fit. */
bool hint_draw(const struct picture *p, unsigned y, unsigned *x, const enum key_context *contexts, unsigned n,
	       const char *command, const char *label);
/* "a", "Enter" ... for people. */
const char *hint_name(const char *key, char *out, size_t size);

/* ui/wrap.c: how many bytes of S make a line of at most COLS columns, broken at a blank where there is one; *SKIP
 * bytes of blanks follow them. 0 at the end. Pure. */
size_t wrap_line(const char *s, unsigned cols, size_t *skip);

/* The selected notice, or NULL. */
const struct snapshot_notice *picture_notice(const struct snapshot *s);
/* The line of call NUMBER, or NULL. */
const struct snapshot_call *picture_call(const struct snapshot *s, unsigned number);
/* The selected call, or NULL. */
const struct snapshot_call *picture_selected(const struct snapshot *s);
/* MM:SS or H:MM:SS into OUT. */
void picture_duration(char *out, size_t size, uint64_t ms);

#endif
