/* suggestions.h - what could stand in the line: walking through it, and the rows that show it. */
#ifndef OFFHOOK_UI_SUGGESTIONS_H
#define OFFHOOK_UI_SUGGESTIONS_H

#include "command/completion.h"
#include "ui/prompt.h"

/* Zero-initialised is closed. */
struct suggestions {
	struct completions found;
	bool open;                   /* they are shown */
	bool nothing;                /* nothing fits */
	unsigned at;                 /* the one that stands in the line, from 1; 0: what was typed */
	size_t from, to;             /* where in the line */
	char *typed;
};

void suggestions_close(struct suggestions *s);
/* <Tab> in P (STEP 1), or <S-Tab> (-1): puts in what all of them begin with; when that is there, opens the list; when it
 * is open, puts in the next. Nothing happens when there is no memory. */
void suggestions_step(struct suggestions *s, struct prompt *p, const struct command_env *env,
		      enum completion_language language, int step);
/* How they are laid out. */
struct suggestions_grid {
	unsigned first, shown;       /* of .found; those around the one in the line */
	unsigned rows, columns, width;
	bool notes;                  /* in one column, each with its note */
	unsigned more;               /* that are not shown; a row of its own when there are any */
};
/* In COLS columns and at most ROWS rows, that for .more included. Pure. */
void suggestions_lay_out(const struct suggestions *s, unsigned cols, unsigned rows, struct suggestions_grid *g);
/* Draws them in at most ROWS rows that end above line Y, over what stands there; returns how many rows it took. *NOTE is
 * what is to be said about the one in the line if the rows do not say it, or "". */
unsigned suggestions_draw(const struct suggestions *s, unsigned y, unsigned rows, const char **note);

#endif
