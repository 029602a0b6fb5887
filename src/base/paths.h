/* paths.h - where the program's files live (XDG base directories). */
#ifndef OFFHOOK_BASE_PATHS_H
#define OFFHOOK_BASE_PATHS_H

#include <stddef.h>

#define PATHS_MAX 4096

enum path_kind {
	PATH_CONFIG,  /* $XDG_CONFIG_HOME/offhook[/PROFILE] */
	PATH_STATE,   /* $XDG_STATE_HOME/offhook[/PROFILE], created 0700 */
	PATH_RUNTIME, /* $XDG_RUNTIME_DIR/offhook[/PROFILE], created 0700; falls back to the state folder */
};

/* Names the profile for all later calls; NULL or "" is the default one. EINVAL when NAME has
 * anything but letters, digits, '-', '_' and '.', begins with '.', or is above 64 bytes. */
int paths_set_profile(const char *name);

/* Writes FOLDER/NAME (or the folder itself when NAME is NULL) into DST; makes the folder of
 * PATH_STATE and PATH_RUNTIME. 0, ENAMETOOLONG, or the errno of mkdir. */
int paths_get(char *dst, size_t size, enum path_kind kind, const char *name);

/* Takes the one-phone lock of the state folder, kept until exit. 0; EBUSY with *PID the
 * process that has it (0 when unknown); another errno. */
int paths_lock(long *pid);

/* Replaces FILE by CONTENT (LEN bytes), mode 0600, so that after a crash either the old or
 * the new content is there: temporary file, fsync, rename. 0 or an errno. */
int paths_replace_file(const char *file, const char *content, size_t len);

#endif
