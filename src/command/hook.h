/* hook.h - programs of the user that are run when something happens. */
#ifndef OFFHOOK_COMMAND_HOOK_H
#define OFFHOOK_COMMAND_HOOK_H

#include <stdbool.h>

#include "base/text.h"

#define HOOKS_MAX          64
#define HOOK_COMMAND_MAX   2048
#define HOOKS_AT_A_TIME    8
#define HOOKS_WAITING      64     /* for their turn; more are left out, and a notice tells how many */
#define HOOK_LIMIT_MS      60000  /* then it gets SIGTERM, and SIGKILL HOOK_GRACE_MS later; with all that it started */
#define HOOK_GRACE_MS      2000

struct phone;
struct hooks;

/* Listens to PHONE from now on. ENOMEM, ENOSPC. */
int hooks_new(struct hooks **hp, struct phone *phone);
/* What runs goes on running. NULL is fine. */
void hooks_free(struct hooks *h);

/* The path of the control socket is told as OFFHOOK_CONTROL from now on; it stays the caller's. NULL: none. */
void hooks_set_control(struct hooks *h, const char *path);

/* Runs COMMAND by /bin/sh -c at each EVENT (a name of event_names()). The fields of the event are in its environment as
 * OFFHOOK_EVENT, OFFHOOK_TIME and OFFHOOK_ and the field's name in capitals; a list has a line an entry; what the
 * event does not have is not set. The same again changes nothing. ENOSPC above HOOKS_MAX, E2BIG when COMMAND is too
 * long, ENOMEM. */
int hook_add(struct hooks *h, const char *event, const char *command);
/* Takes all commands of EVENT away; how many there were. */
unsigned hook_remove(struct hooks *h, const char *event);
/* Number I of all, in the order they were added; false past the end. */
bool hook_at(const struct hooks *h, unsigned i, const char **event, const char **command);

#endif
