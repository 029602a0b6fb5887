/* prompt.h - one line of text being typed: editing with the habits of readline, history, search. Pure.
 *
 * Positions are bytes, steps are characters with all that belongs to them: marks, and what a joiner ties to them.
 */
#ifndef OFFHOOK_UI_PROMPT_H
#define OFFHOOK_UI_PROMPT_H

#include <stdbool.h>
#include <stddef.h>

#define PROMPT_BYTES   4096 /* as long as a command line may be */
#define PROMPT_HISTORY 500  /* as many as the store keeps */
#define PROMPT_KILLS   16
#define PROMPT_UNDO    64
#define PROMPT_NEEDLE  256

enum prompt_kind { PROMPT_COMMAND, PROMPT_DIAL, PROMPT_SEARCH, PROMPT_EDIT, PROMPT_KINDS };
enum prompt_state { PROMPT_OPEN, PROMPT_ENTERED, PROMPT_CANCELLED };

/* What a key did, as far as the next one may go on from it. */
enum prompt_did { DID_OTHER, DID_TYPE, DID_KILL, DID_YANK, DID_LAST_WORD, DID_REPLACE, DID_UNDO };

struct prompt_history {
	char *line[PROMPT_HISTORY]; /* oldest first, each once */
	unsigned n;
};

/* A line to come back to. */
struct prompt_line {
	char *text;
	size_t cursor;
	unsigned back;
};

/* Zero-initialised is usable; pair: prompt_free(). */
struct prompt {
	enum prompt_kind kind;
	char text[PROMPT_BYTES];
	size_t len, cursor;
	bool prefix;                 /* after <C-x> */
	enum prompt_did did, before; /* the last key; the one before it, while a key is at work */

	struct prompt_line undo[PROMPT_UNDO]; /* oldest first */
	unsigned undos;

	char *kill[PROMPT_KILLS];    /* oldest first; they outlive the line, unless it had a secret */
	unsigned kills, kill_at;     /* kill_at: the one that was yanked */
	bool secret;                 /* a part of a secret may have been killed */
	size_t put_at, put_len;      /* what <C-y> or <M-.> has put there */
	unsigned put_back;           /* and from how far back in the history */

	struct prompt_history history[PROMPT_KINDS];
	unsigned back;               /* steps into the history, 0 = the line being typed */
	char *typed;                 /* what was typed before stepping back, or NULL */

	bool searching, missed;      /* incremental search; nothing has the needle in it */
	char needle[PROMPT_NEEDLE], last_needle[PROMPT_NEEDLE];
	struct prompt_line origin;   /* where the search began */
};

void prompt_free(struct prompt *p);
/* Begins a line with TEXT (or NULL) in it. */
void prompt_open(struct prompt *p, enum prompt_kind kind, const char *text);
/* A key in the notation of the bindings; one that means nothing here is ignored. ENTERED: the line is in
 * P->text. */
enum prompt_state prompt_key(struct prompt *p, const char *key);
/* Inserts what a key stands for, if it stands for text; for a paste, where <CR> and <Tab> become a blank. */
void prompt_paste(struct prompt *p, const char *key);
/* Puts WORD in place of the bytes FROM to TO, with the cursor behind it; one after the other they are undone together.
 * False when that is too long. */
bool prompt_replace(struct prompt *p, size_t from, size_t to, const char *word);

/* Adds LINE to the history of KIND, as the newest, if it may be kept: true. One with a password in it is not: masked it
 * would do harm when it is entered again. Nor is an empty one, one that is too long or one with control characters. */
bool prompt_remember(struct prompt *p, enum prompt_kind kind, const char *line);
/* May there be a password in TEXT? Rather once too often. */
bool prompt_has_secret(const char *text);

/* The part of the line to be shown in COLS columns, copied to DST, chosen so that the cursor is in it;
 * returns the cursor's column. A password is shown as an asterisk a character, to the end of its word. */
unsigned prompt_window(const struct prompt *p, char *dst, size_t size, unsigned cols);

/* ---- between the files of the prompt ---- */

/* prompt_text.c */
/* Columns of the character at S (LEN bytes from there on) and its length in *N; a mark has none. */
unsigned prompt_character(const char *s, size_t len, size_t *n);
/* Where the character at POS ends, and where the one before POS begins. */
size_t prompt_next(const struct prompt *p, size_t pos);
size_t prompt_previous(const struct prompt *p, size_t pos);
/* False when S does not fit; the cursor ends behind it. */
bool prompt_insert(struct prompt *p, const char *s);
/* Removes FROM up to TO; the cursor is at FROM then. */
void prompt_erase(struct prompt *p, size_t from, size_t to);
/* The whole line anew, as much of it as fits, with the cursor at its end. */
void prompt_set(struct prompt *p, const char *text);
/* Moves the cursor to POS, or behind the character that POS is in. */
void prompt_place(struct prompt *p, size_t pos);

/* prompt_edit.c: what KEY edits. False: nothing. */
bool prompt_edit(struct prompt *p, const char *key);
void prompt_kills_free(struct prompt *p);

/* prompt_history.c */
void prompt_step(struct prompt *p, int step);
/* The last word of a line of the history, of an older one each time. */
void prompt_last_word(struct prompt *p);
void prompt_search(struct prompt *p);
/* While searching: takes KEY, with TEXT that it stands for or NULL. False: the search is over, and KEY goes its way. */
bool prompt_search_key(struct prompt *p, const char *key, const char *text);
void prompt_history_forget(struct prompt *p);

#endif
