/* handlers.h - what the files of command/ share and nobody else needs. */
#ifndef OFFHOOK_COMMAND_HANDLERS_H
#define OFFHOOK_COMMAND_HANDLERS_H

#include <stdint.h>

#include "command/command.h"

#define STATUS_FAILED  1 /* something local did not work */
#define STATUS_USAGE   2 /* what was typed is wrong */
#define STATUS_TIMEOUT 7

/* The command failed: one line for people. */
void result_fail(struct result *r, int status, const char *fmt, ...) __attribute__((format(printf, 3, 4)));
/* The same in the shape: WHAT "WORD" is not known; did you mean NEAREST? */
void result_unknown(struct result *r, const char *what, const char *word, const char *const *words, unsigned count);
void unknown_word(struct buf *error, const char *what, const char *word, const char *const *words, unsigned count);
/* Its sentence in ERROR (freed here) becomes R's. */
void result_take_error(struct result *r, int status, struct buf *error);

/* Digits only, MIN to MAX: true and *VALUE. */
bool read_number(const char *s, unsigned long min, unsigned long max, unsigned long *value);
/* "500ms", "2s", "1.5", "2m", at most a day: true and *MS. */
bool read_duration(const char *s, uint64_t *ms);
/* CALL: a number, "last" (the newest of all; in a macro its own) or "selected". False with R failed. */
bool read_call(struct command_env *env, const struct script *script, const char *s, unsigned *call, struct result *r);
/* The same, and "notice": the call of the selected notice. */
bool read_call_or_notice(struct command_env *env, const struct script *script, const char *s, unsigned *call, struct result *r);
/* The same, and 0: what belongs to no call. */
bool read_traced(struct command_env *env, const struct script *script, const char *s, unsigned *call, struct result *r);
/* R fails with what ERR means for CALL (0: the selected one). */
void result_call_error(struct result *r, int err, unsigned call);

command_h command_dial, command_answer, command_reject, command_hangup, command_history, command_hold, command_resume,
	command_mute, command_select, command_dtmf, command_volume, command_account, command_set,
	command_toggle, command_bind, command_unbind, command_view, command_notice, command_exchange,
	command_echo, command_dnd, command_forward, command_source, command_help, command_import, command_keys, command_list, command_macro, command_quit;

/* ---- calls that failed (command/commands_redial.c) ---- */

command_h command_redial, command_trace;

/* ---- hooks (command/commands_hook.c) ---- */

command_h command_hook;

/* ---- scripts ---- */

/* Puts the commands of FILE in front of what the script still has to run; the answer to the command in hand
 * is then given when they are done. 0, ELOOP too deep, ENOSPC too many, or the errno of reading it. */
int script_source(struct script *s, const char *file);
/* The file that is being run can be read by others than its owner. */
bool script_exposed(const struct script *s);
/* The command in hand takes time: its answer comes with script_release(), never within the command. H (may be NULL) is told
 * when the script is freed before that. */
typedef void script_gone_h(void *arg);
void script_hold(struct script *s, script_gone_h *h, void *arg);
/* Its answer; R is freed. S may be gone afterwards. */
void script_release(struct script *s, struct result *r);
/* As script_add() of each of LINES, all of them before the first runs. S may be gone afterwards. */
int script_add_lines(struct script *s, const char *lines);
/* What script_call() is as long as the script has no call of its own. */
void script_set_base_call(struct script *s, unsigned call);
/* The call that a macro means where it names none: its own, until that has ended; 0: the selected one, as for all others. */
unsigned script_call_in_hand(const struct script *s);
/* May S (NULL: nobody's) make a call now? Else R fails: in the rc file, or a macro that has made many. It is counted. */
bool may_call(struct script *s, struct result *r);
/* Who had the keys typed that made this script. */
struct player_hand;
const struct player_hand *script_hand(const struct script *s);

/* ---- wait (command/wait.c) ---- */

enum wait_state { WAIT_PENDING, WAIT_DONE, WAIT_FAILED };
enum wait_condition {
	WAIT_REGISTERED, WAIT_RINGING, WAIT_ESTABLISHED, WAIT_CLOSED, WAIT_IDLE, WAIT_OUTCOME,
	WAIT_DTMF, WAIT_INCOMING, WAIT_CONDITIONS
};
struct wait {
	enum wait_condition condition;
	unsigned code;        /* outcome: 486, or the class 4 of 4xx; 0 = any */
	char digits[65];      /* dtmf */
	char step[100];       /* as given, for its errors */
	uint64_t limit_ms;
};
/* Reads a `wait` command. False with R failed. */
bool wait_read(struct wait *w, const struct words *words, struct result *r);
/* Looks whether it has come; WAIT_FAILED with R failed when it can no longer come. */
enum wait_state wait_look(const struct wait *w, struct command_env *env, struct script *s, struct result *r);
/* R fails because the limit has passed. */
void wait_timed_out(const struct wait *w, struct command_env *env, struct script *s, struct result *r);

/* ---- accounts ---- */

enum account_source { ACCOUNT_TYPED, ACCOUNT_RC, ACCOUNT_SAVED };
/* Runs the `account` command in W. ORIGIN is FILE:LINE or NULL. */
void account_run(struct command_env *env, const struct words *w, enum account_source source, const char *origin,
		 struct result *r);
/* The rc file has put another in the place of A: A stays in the file, for a run without that line. */
void accounts_keep(const struct account *a);
/* Writes the accounts that are to be kept. 0, EROFS when the file was never read, or an errno. */
int accounts_save(struct command_env *env);

/* ---- files of commands that the program writes (command/saved.c) ---- */

struct saved {
	const char *name;       /* in the state folder */
	struct buf kept;        /* lines that take no effect in this run: wrong ones, as they are, so that a slip of a hand edit
				 * loses nothing; and what the rc file covers. Written back */
	bool was_read;          /* or it is not there yet: what is written loses nothing */
};
/* Runs the command in W, or R fails. */
typedef void saved_line_h(struct command_env *env, const struct words *w, struct result *r);
/* Calls H for each command of the file (if there); each wrong line becomes a notice, and is kept. 0 or an errno. */
int saved_read(struct saved *s, struct command_env *env, saved_line_h *h);
/* Puts LINES, and behind them what is kept, in the place of the file. 0, EROFS when it was never read, or an errno. */
int saved_write(const struct saved *s, struct buf *lines);
void saved_forget(struct saved *s);

/* ---- files ---- */

/* Calls H for each line of FILE (without its end; NUMBER from 1). A line with a NUL byte or above
 * LINE_MAX_BYTES - 1 comes as NULL. Never waits for a reader or writer. *EXPOSED (may be NULL): group or others
 * can read it. 0, EISDIR, EFBIG above 4 MiB, or an errno; what H returns other than 0 ends it. */
typedef int file_line_h(const char *line, unsigned number, void *arg);
int file_lines(const char *file, bool *exposed, file_line_h *h, void *arg);

#endif
