/* ui.h - the screen: views over a snapshot, keys into commands. */
#ifndef OFFHOOK_UI_UI_H
#define OFFHOOK_UI_UI_H

#include <stdbool.h>

struct command_env;
struct phone;

/* Takes over the terminal and draws the first screen. ENV runs the command lines (its view_h is set
 * by this). 0; ENOTTY without a terminal; EINVAL with *WHY a translated sentence when TERM cannot do it. */
int ui_start(struct command_env *env, const char **why);
/* Puts the terminal back as it was found; safe to call twice. */
void ui_stop(void);
/* Types KEYS (notation of the bindings, "d echo<CR>" without blanks meant literally: <Space>) as a person
 * would. EINVAL when the notation is wrong. */
int ui_type(const char *keys);

#endif
