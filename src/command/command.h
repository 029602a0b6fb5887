/* command.h - the one language: what runs a command line, whoever it came from. */
#ifndef OFFHOOK_COMMAND_COMMAND_H
#define OFFHOOK_COMMAND_COMMAND_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"
#include "phone/phone.h"
#include "phone/settings.h"

struct hooks;
struct keymap;
struct script;

/* What commands act on; made once by main. Handlers may be NULL: the command then says that it does
 * not work here. */
struct command_env {
	struct phone *phone;
	struct settings *settings;
	struct keymap *keymap;
	struct hooks *hooks;                             /* or NULL */
	int (*exchange_h)(bool on, void *arg);           /* 0, EEXIST: the user has an account of its name; or an errno */
	void (*quit_h)(int status, void *arg);
	/* NULL when headless. NAME is one of views, or what the screen does besides: "next" (the next view),
	 * "dial[ TEXT]" and "prompt[ TEXT]" (opens that prompt with TEXT in it), "trace[ CALL]" (the messages of that call),
	 * "trace open", "trace save" and "trace search" (act on what that view shows), "help search", "quit" (asks first when a
	 * call is up). ENOENT: no such view. EBUSY: it is a prompt, and somebody is typing at one already; only what a key
	 * runs at once may take its place. */
	int (*view_h)(const char *name, void *arg);
	void (*open_notice_h)(void *arg);                /* details of the selected notice */
	/* Asks for what the selected notice needs: WORD is "contact", "edit", "password", "codecs" or "save" (`notice`).
	 * ENOENT: it offers no such thing. */
	int (*notice_h)(const char *word, void *arg);
	/* Opens a prompt named LABEL with TEXT in it; entering runs COMMAND with the text that is there then appended as one
	 * quoted word. All are copied. ENOMEM, or EBUSY as view_h. NULL when headless. */
	int (*edit_h)(const char *label, const char *text, const char *command, void *arg);
	void (*option_h)(const char *name, void *arg);   /* an option has changed */
	int (*keys_h)(const char *keys, void *arg);      /* types KEYS; NULL when headless; as ui_type() */
	void *arg;
	const char *const *views;                        /* names view_h knows, NULL-terminated, or NULL */
};

/* The answer to one command. */
struct result {
	bool ok;
	int status;          /* exit status if a script fails here: 0, 1, 2, 3-7 */
	struct buf text;     /* what it prints when ok, lines separated by \n; may be empty */
	struct buf error;    /* one line, translated, when not ok */
};
void result_free(struct result *r);

/* ---- parser (command/parser.c), pure ---------------------------------------------------- */

#define LINE_MAX_BYTES 4096
#define WORDS_MAX      128

/* One command of a line: its words, unquoted. */
struct words {
	unsigned n;
	char *word[WORDS_MAX];
	const char *rest[WORDS_MAX + 1]; /* where each word began in the line; rest[n] is where the last one ended */
	bool filled;                     /* parser_expand() put a value into one */
	char store[LINE_MAX_BYTES];
};
/* Reads the next command of LINE from *POS on: 0; ENOENT at the end (comment, blank or nothing left);
 * EINVAL with *WHY (translated) for an open quote, a trailing backslash, a line above LINE_MAX_BYTES - 1
 * or too many words. *POS then stands behind its ';'. */
int parser_next(struct words *w, const char *line, size_t *pos, const char **why);
/* The same for a line of a macro: each ${NAME} outside '...', with a NAME of a-z 0-9 . *, is replaced by its value, which is
 * never parsed: one word stays one word. H appends the value of NAME to VALUE; NULL, or (a translated sentence that lives on)
 * why there is none. */
typedef const char *parser_value_h(const char *name, struct buf *value, void *arg);
int parser_expand(struct words *w, const char *line, size_t *pos, parser_value_h *h, void *arg, const char **why);
/* Quotes WORD so that parser_next() reads it back as one word. */
void parser_quote(struct buf *out, const char *word);
/* The unquoted words FROM to TO - 1 with one blank between them. */
void parser_join(struct buf *out, const struct words *w, unsigned from, unsigned to);
/* Copies LINE with every password in it replaced by "***": for whatever shows or keeps a line. */
void parser_mask(struct buf *out, const char *line);
/* Would parser_mask() mask anything of LINE? */
bool parser_has_secret(const char *line);

/* ---- table (command/table.c) -------------------------------------------------------------- */

enum argument {
	ARG_NONE, ARG_TARGET, ARG_CALL, ARG_CODE, ARG_ACCOUNT, ARG_OPTION, ARG_VALUE, ARG_CONTEXT,
	ARG_KEYS, ARG_COMMAND, ARG_CONDITION, ARG_DURATION, ARG_VIEW, ARG_FILE, ARG_TEXT, ARG_WORD,
	ARG_ON_OFF, ARG_DIGITS, ARG_EVENT
};
struct command;
typedef void command_h(struct command_env *env, struct script *script, const struct words *w, struct result *r);
struct command {
	const char *name;
	const char *usage;          /* "TARGET [account=NAME] ..." */
	const char *sentence;       /* to be passed through gettext */
	command_h *run;             /* NULL: takes time, the script runner does it (wait, sleep) */
	unsigned min, max;          /* words after the name; max UINT_MAX: any number */
	enum argument argument[4];  /* types by position; the last one repeats */
};
/* The rows by name; COUNT of them. */
const struct command *command_table(unsigned *count);
/* The row of NAME or of an abbreviation that is not ambiguous, or NULL with a sentence in ERROR that
 * names what is wrong and the nearest valid word. */
const struct command *command_find(const char *name, struct buf *error);
/* The nearest of COUNT words to WORD, or NULL when none is near. */
const char *nearest_word(const char *word, const char *const *words, unsigned count);

/* ---- scripts (command/script.c) ------------------------------------------------------------- */

/* A script runs its commands one after the other; `wait` and `sleep` hold up only itself. */
enum script_kind { SCRIPT_EXEC, SCRIPT_INPUT, SCRIPT_PROMPT, SCRIPT_KEY, SCRIPT_RC, SCRIPT_SOCKET, SCRIPT_MACRO };
/* The answer to a command. LINE is the command as given. */
typedef void script_result_h(struct script *s, const char *line, const struct result *r, void *arg);
/* The script has nothing left to run (called each time it runs dry). */
typedef void script_idle_h(struct script *s, void *arg);

/* ENOMEM. RESULT_H and IDLE_H may be NULL. STOP_ON_ERROR: a failing command drops the rest (-e). */
int script_new(struct script **sp, struct command_env *env, enum script_kind kind, bool stop_on_error,
	       script_result_h *result_h, script_idle_h *idle_h, void *arg);
void script_free(struct script *s);
/* Adds LINE (may hold several commands) to be run after what is there; runs at once what can. A line that
 * does not parse is answered by an error. ENOSPC above 10000 commands waiting. ORIGIN ("FILE:LINE" or NULL)
 * goes in front of its errors. */
int script_add(struct script *s, const char *line, const char *origin);
bool script_busy(const struct script *s);
/* Exit status of the first failing step, 0 when none failed. */
int script_status(const struct script *s);
/* The script's own last call: dialled by it, else the newest of all; 0 = none. */
unsigned script_call(const struct script *s);
/* The call that the script dialled, answered or waited for, 0 = none. */
unsigned script_own_call(const struct script *s);
void script_set_call(struct script *s, unsigned call);
enum script_kind script_get_kind(const struct script *s);
const char *script_origin(const struct script *s);
/* Condition number I of `wait`, NULL past the end; *SENTENCE says when it has come, to be passed through gettext. */
const char *wait_condition(unsigned i, const char **sentence);
/* Runs FILE as a script of kind RC: each wrong line becomes a notice with file and line, the rest takes
 * effect. 0, or the errno of reading it (ENOENT ...). Depth of `source` at most 8 (ELOOP). */
int rc_read(struct command_env *env, const char *file);

/* ---- options (command/options.c) ------------------------------------------------------------ */

enum option_type {
	OPTION_BOOL, OPTION_NUMBER, OPTION_TEXT, OPTION_CHOICE, OPTION_COUNTRY, OPTION_CODECS, OPTION_PORTS, OPTION_LISTEN
};
struct option_row {
	const char *name;
	enum option_type type;
	long min, max;               /* OPTION_NUMBER */
	const char *unit;            /* "s", "%" or "" */
	const char *fallback;        /* the default, as text */
	const char *const *choices;  /* OPTION_CHOICE, OPTION_COUNTRY */
	const char *sentence;        /* to be passed through gettext */
	size_t offset;               /* of the value in struct settings */
};
const struct option_row *options_table(unsigned *count);
const struct option_row *option_find(const char *name, struct buf *error);
/* Sets everything to its default. */
void options_defaults(struct settings *s);
/* EINVAL with a sentence in ERROR that names value and range. */
int option_set(struct settings *s, const struct option_row *row, const char *value, struct buf *error);
/* The country whose tones fit LOCALE ("de_DE.UTF-8"; NULL, "" and "C": none), in the words of tone-country: "us" without
 * a locale, "etsi" for one that names no country of the table. */
const char *option_tone_country(const char *locale);
void option_print_range(const struct option_row *row, struct buf *out); /* what it may be, for people */
void option_print(const struct settings *s, const struct option_row *row, struct buf *out); /* the value */
/* Value, range, default and meaning: what a bare `set` prints. */
void option_describe(const struct settings *s, const struct option_row *row, struct buf *out);

/* ---- keymap (command/keymap.c) ---------------------------------------------------------------- */

enum key_context {
	KEYS_PROMPT, KEYS_CALLS, KEYS_NOTICES, KEYS_HELP, KEYS_ACCOUNTS, KEYS_TRACE, /* views */
	KEYS_RINGING, KEYS_TALKING, KEYS_FAILED,                          /* of the selected call */
	KEYS_GLOBAL, KEYS_CONTEXTS
};
const char *key_context_name(enum key_context c);
/* What it is for people; to be passed through gettext. */
const char *key_context_title(enum key_context c);
/* With the default bindings. ENOMEM. */
int keymap_new(struct keymap **kp);
void keymap_free(struct keymap *k);
/* KEYS in notation: "gg", "<C-x>", "<lt>". EINVAL with a sentence in ERROR. COMMAND is checked to parse and to
 * begin with a command. */
int keymap_bind(struct keymap *k, const char *context, const char *keys, const char *command, struct buf *error);
int keymap_unbind(struct keymap *k, const char *context, const char *keys, struct buf *error);
/* The command that KEYS run in CONTEXT itself, or NULL. */
const char *keymap_bound(const struct keymap *k, const char *context, const char *keys);
/* Looks KEYS (normalised notation typed so far) up in CONTEXTS (N of them, most special first): the command, or NULL.
 * *LONGER tells that more keys could follow. */
const char *keymap_find(const struct keymap *k, const enum key_context *contexts, unsigned n, const char *keys, bool *longer);
/* (A screen passes KEYS_RINGING, behind the state of the selected call, also when another call rings: so
 * <CR> answers whichever it is.) */
/* Binding number I of the whole map (in order of context, then keys), false past the end. */
bool keymap_at(const struct keymap *k, unsigned i, enum key_context *context, const char **keys, const char **command);
/* What gets in the way of KEYS in CONTEXT (both were bound), a sentence each, with a blank between: the same keys in a more
 * special context, other keys that make them wait; and when COVERED those of a more general context that they cover.
 * Nothing when nothing does. */
void keymap_shadows(const struct keymap *k, const char *context, const char *keys, bool covered, struct buf *out);

/* Bindings as they are read: those that do the same in one row, and so those that differ in one character. */
#define KEY_ROWS_MAX 128
#define KEY_ROW_TEXT 128
struct key_row {
	char keys[KEY_ROW_TEXT];     /* "a", "? <F1>", "# * 0-9", "q{a-z}" */
	char command[KEY_ROW_TEXT];  /* "answer", "dtmf # * 0-9"; cut */
};
/* Those of CONTEXT, at most MAX; without those that do not run when the contexts HERE are asked (N of them, 0: all).
 * Returns how many. */
unsigned keymap_rows(const struct keymap *k, enum key_context context, const enum key_context *here, unsigned n,
		     struct key_row *row, unsigned max);

/* What LINE does, in a few words, translated: for lists of keys and of commands. */
void command_meaning(const char *line, char *out, size_t size);

/* Splits NOTATION into single keys; each gets at most 16 bytes. Returns how many, 0 with a sentence in ERROR when
 * it is wrong. */
unsigned keymap_split(char (*out)[16], unsigned max, const char *notation, struct buf *error);

/* ---- saved accounts (command/accounts.c) --------------------------------------------------------- */

/* Reads $STATE/accounts (if there) as commands that define accounts; each wrong line becomes a notice. 0 or
 * an errno. `account` saves to that file only once this has read it: what was never read is never overwritten. */
int accounts_read(struct command_env *env);

#endif
