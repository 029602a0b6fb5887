/* remote.h - a command for the offhook that runs already. */
#ifndef OFFHOOK_CONTROL_REMOTE_H
#define OFFHOOK_CONTROL_REMOTE_H

#include <stdbool.h>

/* Sends WORDS (N of them, at least one) to the running phone of the profile and prints its result: one word is a whole
 * line, of several each stays a word. Returns the exit status: 0 for ok, 1 for an error or when none runs. Waits as
 * long as the command does. NAMED: the user named the profile; else the path in OFFHOOK_CONTROL goes first. */
int remote_run(char *const *words, int n, bool named);

#endif
