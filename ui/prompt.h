/* prompt.h - one line of text being typed: editing and history. Pure. */
#ifndef OFFHOOK_UI_PROMPT_H
#define OFFHOOK_UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#define PROMPT_BYTES   4096 /* as long as a command line may be */
#define PROMPT_HISTORY 100

enum prompt_kind { PROMPT_COMMAND, PROMPT_DIAL, PROMPT_SEARCH, PROMPT_EDIT, PROMPT_KINDS };
enum prompt_state { PROMPT_OPEN, PROMPT_ENTERED, PROMPT_CANCELLED };

struct prompt_history {
	char *line[PROMPT_HISTORY]; /* oldest first */
	unsigned n;
};

/* Zero-initialised is usable; pair: prompt_free(). */
struct prompt {
	enum prompt_kind kind;
	char text[PROMPT_BYTES];
	size_t len, cursor;          /* bytes */
	unsigned back;               /* steps into the history, 0 = the line being typed */
	char *typed;                 /* what was typed before stepping back, or NULL */
	struct prompt_history history[PROMPT_KINDS];
};

void prompt_free(struct prompt *p);
/* Begins a line with TEXT (or NULL) in it. */
void prompt_open(struct prompt *p, enum prompt_kind kind, const char *text);
/* A key in the notation of the bindings; one that means nothing here is ignored. ENTERED: the line is in
 * P->text. */
enum prompt_state prompt_key(struct prompt *p, const char *key);
/* Adds LINE to the history of P->kind: what was entered, without its secrets. */
void prompt_remember(struct prompt *p, const char *line);
/* Inserts what a key stands for, if it stands for text; for a paste, where <CR> and <Tab> become a blank. */
void prompt_paste(struct prompt *p, const char *key);

/* The part of the line to be shown in COLS columns, copied to DST, chosen so that the cursor is in it;
 * returns the cursor's column. A password is shown as an asterisk a character, to the end of its word. */
unsigned prompt_window(const struct prompt *p, char *dst, size_t size, unsigned cols);

#endif
