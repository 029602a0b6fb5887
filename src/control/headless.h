/* headless.h - the phone without a screen: events out, commands in, a line each; as JSON (--headless), or as sentences
 * (--plain). */
#ifndef OFFHOOK_CONTROL_HEADLESS_H
#define OFFHOOK_CONTROL_HEADLESS_H

#include <stdbool.h>

struct command_env;
struct headless;

/* The end of the input was reached and all its commands have been run. Called once. */
typedef void headless_end_h(void *arg);

enum headless_face { FACE_JSON, FACE_PLAIN };

/* Writes every event of the phone to OUT_FD from now on, as FACE says, and runs the lines of IN_FD (-1: none), each command
 * answered: by a `reply`; or by what it prints, "ok" or what is wrong. With FACE_PLAIN the end of an IN_FD that is a terminal
 * (Ctrl-D) quits; while a call is up it is only told how to. Both descriptors stay the caller's. A reader that does not read never holds up the
 * phone: up to 1 MiB waits for it; beyond that whole events are dropped, and when it reads again a
 * `notice` tells how many. When the reader is gone, nothing is written any more. Ignores SIGPIPE in this process.
 * Reading stops while a command of the input waits. A line above 4095 bytes gets an error. 0 or an errno. */
int headless_start(struct headless **hp, struct command_env *env, enum headless_face face, int in_fd, int out_fd,
		   headless_end_h *end_h, void *arg);
/* Writes what still waits, for at most a second. Not from within a command or event. NULL is fine. */
void headless_stop(struct headless *h);
bool headless_input_ended(const struct headless *h);

#endif
