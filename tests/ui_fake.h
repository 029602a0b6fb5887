/* ui_fake.h - a phone and a command language as far as the screen needs them. */
#ifndef OFFHOOK_TESTS_UI_FAKE_H
#define OFFHOOK_TESTS_UI_FAKE_H

#include "command/command.h"
#include "phone/snapshot.h"

/* Fills S with what CASE shows; false when there is no such case. */
bool fake_case(struct snapshot *s, const char *name);
/* Every command that is run, but `view`, is written here, a line each; -1: nowhere. */
extern int told_fd;

/* Shows CASE from now on and tells the screen. */
bool fake_show(const char *name);
/* The screen runs in this process, in this terminal, until `quit` or SIGTERM; returns the exit status. Besides
 * echo, view and notice, it knows `case NAME`, `later NAME`, `lines`, `crash`, `flood` (every cell changes all
 * the time), `tell` (nothing), `clock` (boot time goes on from here), `count` (tells how many pictures there were). Keys
 * may be typed at the start. */
int fake_run(const char *name, const char *keys);

#endif
