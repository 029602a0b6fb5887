/* player.h - macros that play: each is a script of its own, of kind MACRO. */
#ifndef OFFHOOK_COMMAND_PLAYER_H
#define OFFHOOK_COMMAND_PLAYER_H

#include "command/macro.h"

#define PLAYER_DEPTH  8  /* macros that play each other */
#define PLAYER_CALLS  30 /* that a macro may make in a minute */
#define PLAYER_RUNS   32 /* at a time */
#define PLAYER_ARGS   99

/* What the status bar shows: of the newest that plays and was not played by another. */
struct player_status {
	char name[MACRO_NAME_MAX];
	unsigned step, of;
	char waits[80];          /* what the step waits for, translated; "" = it runs */
};
/* False when none plays. */
bool player_status(struct player_status *status);

/* Plays the macro called NAME ("@": the last one again, with its arguments) with the words ARG; SCRIPT, which runs the
 * command in hand, is held until it has ended, and is told how: with the status of the step that failed. R fails when it
 * does not begin. */
void player_play(struct command_env *env, struct script *script, const char *name, char *const *arg, unsigned args,
		 struct result *r);
/* Stops the newest that plays, with what it plays. False when none does. */
bool player_stop(void);
/* Forgets all, without a word. */
void player_close(void);

/* Who has had something done, such as keys typed: a macro, behind those that it was played by. depth 0: a person, or anybody
 * but a macro. */
struct player_hand {
	char name[PLAYER_DEPTH][MACRO_NAME_MAX];
	unsigned depth;
};
/* S types keys (`keys`); NULL: all that were typed have been taken. */
void player_types(const struct script *s);
/* One of them is being taken (ON), or it was: scripts that are made meanwhile are in that hand. */
void player_takes(bool on);
/* Whose hand is at work now. */
struct player_hand player_hand(void);

/* ---- told by script.c about a script of kind MACRO ---- */

/* A step begins: of the macro itself when OWN, else out of a file that it reads. False with R failed: not one more. */
bool player_step(struct script *s, bool own, struct result *r);
/* It waits for WORDS: `wait`, `sleep`, `dtmf`, `macro play`. */
void player_waits(struct script *s, const struct words *w);
/* As parser_value_h, of a script. */
const char *player_value(const char *name, struct buf *value, void *arg);
/* S is about to make a call: true, and it is counted; or false with R failed. Any script may that is no
 * macro's and in no macro's hand. */
bool player_may_call(struct command_env *env, const struct script *s, struct result *r);

#endif
