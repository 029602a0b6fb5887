/* ui.h - the screen: views over a snapshot, keys into commands. */
#ifndef OFFHOOK_UI_UI_H
#define OFFHOOK_UI_UI_H

#include <stdbool.h>

struct command_env;
struct phone;

/* Takes over the terminal and draws the first screen. ENV runs the command lines (its view_h, views and
 * open_notice_h are set by this, and its phone's change handler). The locale is set already. 0; ENOTTY without a terminal; EINVAL with
 * *WHY a translated sentence when TERM cannot do it; ENOMEM. A terminal that goes away later is told to the
 * program as SIGHUP. */
int ui_start(struct command_env *env, const char **why);
/* Puts the terminal back as it was found; safe to call twice. */
void ui_stop(void);
/* Types KEYS (notation of the bindings, "d echo<CR>" without blanks meant literally: <Space>) as a person
 * would, from the loop. EINVAL when the notation is wrong; ENOSPC above 4096 keys waiting. */
int ui_type(const char *keys);

/* The terminal has another size (SIGWINCH). */
void ui_resized(void);
/* Gives the terminal back, stops the job (also when SIGTSTP is blocked and taken elsewhere), and takes the terminal
 * again once it goes on. While a call is up it says why not, instead. */
void ui_suspend(void);
/* Takes it again (SIGCONT) and draws everything anew, whatever happened to it in between. */
void ui_continue(void);

#endif
