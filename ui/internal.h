/* internal.h - what the files share that wire the screen: ui.c (terminal, keys, frames), picture.c, prompts.c,
 * questions.c, shows.c.
 * Nobody else includes it. */
#ifndef OFFHOOK_UI_INTERNAL_H
#define OFFHOOK_UI_INTERNAL_H

#include <stdint.h>

#include "ui/keys.h"
#include "ui/notify.h"
#include "ui/prompt.h"
#include "ui/run.h"
#include "ui/suggestions.h"
#include "ui/terminal.h"
#include "ui/view.h"

/* Bound as they are, they lack the register, which is the next key. */
#define MACRO_RECORD "macro record"
#define MACRO_PLAY   "macro play"

struct loop_timer;

extern struct ui {
	bool up;
	struct command_env *env;
	struct snapshot now;             /* what the last picture shows */
	const struct view *view;

	bool dirty, resized;
	uint64_t next_frame_ms;          /* not before */
	struct loop_timer *frame, *tick, *escape, *sequence;

	struct input input;
	struct keys keys;
	char (*typed)[KEY_BYTES];        /* by ui_type(), not taken yet */
	unsigned typed_n;
	bool typing;

	bool prompting;
	bool by_key;                     /* a command runs that a key stands for */
	struct prompt prompt;
	char *edit_label, *edit_command; /* of what is edited */
	struct suggestions suggestions;
	struct buf hint;                 /* what is to come where the cursor is */
	bool hint_old;
	bool remembered;                 /* the lines that were entered in earlier runs are here */
	char message[1024];              /* under the view until the next key */
	enum role message_role;
	uint64_t message_ms;             /* since when */
	bool asking_quit;
	bool asking_redial;              /* whether to call again, about notice .asked_notice: as drawn last */
	unsigned asked_notice, rung_notice;
	uint64_t asked_ms;               /* since when there is a question */
	bool counting;                   /* a countdown is on the screen */

	bool news;                       /* the cursor rests on the notice */
	char told[3 * NOTIFY_MAX];       /* to the desktop, with the next picture */
	size_t told_len;
	unsigned newest_notice, selected_notice, newest_ring;
	uint64_t calls_mark;             /* changes when a call's state does */
} ui;

/* ui.c */
/* A picture is to be drawn, as soon as one may be. */
void ui_schedule(void);
/* Tells TEXT in the line above the status bar until the next key. */
void ui_message(enum role role, const char *text);
/* Is somebody calling? */
bool ui_rings(void);
/* Runs LINE; H is told what came of it. */
void ui_run(enum script_kind kind, const char *line, run_answer_h *h);
/* Shows what a command answered; of one that dialled: the calls. */
void ui_answer_h(bool ok, const char *text, bool dialled);

/* prompts.c */
/* Opens the prompt of KIND with TEXT (or NULL) in it. EBUSY: somebody is typing at one, who is not to be disturbed. */
int ui_open_prompt(enum prompt_kind kind, const char *text);
/* The same for a text that is a command's last word; see edit_h of struct command_env. */
int ui_edit_h(const char *label, const char *text, const char *command, void *arg);
/* KEY goes to the open prompt; the same for one out of pasted text. */
void ui_prompt_key(const char *key);
void ui_prompt_paste(const char *key);
/* Is a line above the prompt to be left free for its hint? */
bool ui_prompt_hints(void);
/* Draws it in line Y, with the cursor in it, over picture P: above it the hint where nothing stands, and the
 * suggestions. */
void ui_prompt_draw(const struct picture *p, unsigned y);
void ui_prompt_stop(void);

/* picture.c */
void ui_draw(void);

/* questions.c */
/* Has what is asked only just appeared? Also true of a longer Enter that is held down. */
bool ui_asked_too_soon(void);
/* Is the question about a redial to be on the screen? What is typed, what rings and what was just told come first. */
bool ui_redial_is_asked(void);
void ui_redial_question(char *out, size_t size);
/* True when KEY was the answer to it. Others do what they do, and the question stays. */
bool ui_answered_redial(const char *key);
/* Quits, or asks whether to when a call is up; EBUSY: somebody is typing, whose next key would be the answer. */
int ui_ask_quit(void);
/* True when KEY was the answer. Other keys drop the question and do what they do. */
bool ui_answered_quit(const char *key);

/* shows.c */
void ui_show(const struct view *v);
/* Gives ENV its handlers for views and notices; takes them away again. */
void ui_shows_start(struct command_env *env);
void ui_shows_stop(struct command_env *env);

#endif
