/* log.h - the log: a file that the user asked for, never the screen. */
#ifndef OFFHOOK_BASE_LOG_H
#define OFFHOOK_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

/* Opens FILE for appending (mode 0600) and logs up to LEVEL. Returns 0 or an errno. */
int log_open(const char *file, enum log_level level);
void log_close(void);
bool log_wants(enum log_level level);

/* One line, time in front, passed through text_show(). Safe from any thread but the sound
 * callback; does nothing when no log is open. At most 2 KiB, and 2000 lines in a minute: more are counted. Never log
 * a secret. */
void log_line(enum log_level level, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#define log_error(...)   log_line(LOG_LEVEL_ERROR, __VA_ARGS__)
#define log_warning(...) log_line(LOG_LEVEL_WARNING, __VA_ARGS__)
#define log_info(...)    log_line(LOG_LEVEL_INFO, __VA_ARGS__)
#define log_debug(...)   log_line(LOG_LEVEL_DEBUG, __VA_ARGS__)

#endif
