/* recorder.h - what keys and prompts do, written down as command lines. */
#ifndef OFFHOOK_COMMAND_RECORDER_H
#define OFFHOOK_COMMAND_RECORDER_H

#include "command/command.h"

/* Begins recording into REGISTER: a-z anew, A-Z behind what is there. What keys and prompts do is recorded, and what S does
 * itself. R fails when one is recorded already. */
void recorder_start(struct command_env *env, struct script *s, char reg, struct result *r);
/* Ends it: the register has what was recorded, and is stored; nothing was: it stays as it is. R fails when none is
 * recorded. */
void recorder_stop(struct command_env *env, struct result *r);
/* The register that is being recorded, a-z, or 0. */
char recorder_register(void);
/* Forgets what is being recorded. */
void recorder_close(void);

/* ---- told by script.c about each script; those that are not recorded do nothing ---- */

/* A command is about to run: what came before it is seen now. */
void recorder_looks(struct command_env *env, struct script *s);
/* LINE is done, or goes on by itself (`macro play`). */
void recorder_took(struct command_env *env, struct script *s, const char *line);
/* What went on by itself is over. */
void recorder_goes_on(struct command_env *env, struct script *s);
/* S is freed. */
void recorder_forgets(const struct script *s);

#endif
