/* macro.h - the macros that there are: registers a-z, and named ones. Playing is player.h, recording recorder.h. */
#ifndef OFFHOOK_COMMAND_MACRO_H
#define OFFHOOK_COMMAND_MACRO_H

#include "command/command.h"

#define MACRO_NAME_MAX 33     /* bytes, NUL included */
#define MACRO_TEXT_MAX 65536  /* bytes of command lines in one macro, NUL included */
#define MACRO_STEPS    10000  /* commands in one macro, and steps that one may take in all */
#define MACROS_MAX     500

struct macro {
	char name[MACRO_NAME_MAX]; /* one letter a-z: a register */
	char *text;                /* command lines, one a line, in the language, without secrets; never "" */
	char *description;         /* of a named one; "" = none */
	char *source;              /* FILE:LINE of the rc file, or NULL: it was recorded, typed or saved */
};

/* The registers out of the store. The store is open, or there are none. */
void macros_start(void);
/* Reads $STATE/saved (if there) as commands that define macros; each wrong line becomes a notice. 0 or an errno. `macro`
 * writes that file only once this has read it. */
int macros_read(struct command_env *env);
void macros_stop(void);

/* The macro or register called NAME (a register also by its capital), or NULL. Valid until macros change. */
const struct macro *macro_find(const char *name);
/* As macro_find(); when there is none, R fails with a sentence that names the nearest. */
const struct macro *macro_get(const char *name, struct result *r);
/* Macro number I in order of names (registers first), or NULL past the end. */
const struct macro *macro_at(unsigned i);
/* a-z for "a" and for "A", or 0. */
char macro_register(const char *name);

/* How many commands TEXT has: each must parse, exist and hold no secret. 0 with R failed; also of an empty one. */
unsigned macro_check(const char *text, struct result *r);
/* The text in one line, its commands separated by " ; ". */
void macro_line(struct buf *out, const struct macro *m);
/* Puts TEXT into NAME; "" removes it. DESCRIPTION NULL: as it was. SOURCE as in struct macro; a register is stored, if not
 * from there. R fails when it is not done: a wrong name or text, one of the rc file, too many. */
void macro_put(struct command_env *env, const char *name, const char *text, const char *description, const char *source,
	       struct result *r);

#endif
