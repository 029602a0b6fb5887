/* run.h - command lines that the screen runs: each a script of its own, so that one that waits holds up nothing. */
#ifndef OFFHOOK_UI_RUN_H
#define OFFHOOK_UI_RUN_H

#include "command/command.h"

#define RUNS_MAX 32 /* that wait for something at a time */

/* An answer to a command: it failed, or printed TEXT (may have several lines); DIALLED: it has made a call. */
typedef void run_answer_h(bool ok, const char *text, bool dialled);

/* Runs LINE. 0, ENOMEM, or EAGAIN when RUNS_MAX wait already. */
int run_line(struct command_env *env, enum script_kind kind, const char *line, run_answer_h *h);
/* Drops all that still wait. */
void run_stop(void);

#endif
