/* Questions that the screen asks by itself, and their answers: whether to call again, whether to quit with a call up. */
#include "config.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "ui/internal.h"

#define QUESTION_MS 500  /* a question that has just appeared takes no Enter for so long */

bool ui_asked_too_soon(void)
{
	return loop_now_ms() - ui.asked_ms < QUESTION_MS;
}

/* ---- a redial that is due ---- */

/* The notice that it is about, or NULL. */
static const struct snapshot_notice *due_notice(void)
{
	unsigned i;

	for (i = 0; ui.now.redial_due && i < ui.now.notices; i++) {
		if (ui.now.notice[i].id == ui.now.due_notice)
			return &ui.now.notice[i];
	}
	return NULL;
}

bool ui_redial_is_asked(void)
{
	return due_notice() && !ui.prompting && !ui.keys.open[0] && !ui.asking_quit && !ui.message[0] && !ui_rings();
}

#define WHO_COLS 40

void ui_redial_question(char *out, size_t size)
{
	const struct snapshot_notice *n = due_notice();
	const struct snapshot_call *c = n ? picture_call(&ui.now, n->call) : NULL;
	char who[SNAPSHOT_TEXT];

	text_fit(who, sizeof(who), !n ? "" : !c ? n->title : c->name[0] ? c->name : c->peer, WHO_COLS);
	/* TRANSLATORS: a question; %s is who, the keys in brackets stay as they are */
	snprintf(out, size, _("Redial %s now?  [Enter] yes  [x] no"), who);
}

bool ui_answered_redial(const char *key)
{
	const struct snapshot_notice *n = due_notice();
	bool enter = strcmp(key, "<CR>") == 0;
	char line[64];

	if (!n || (!enter && strcmp(key, "x") != 0))
		return false;
	if (enter && ui_asked_too_soon())
		return true;
	snprintf(line, sizeof(line), "redial %s %u", enter ? "now" : "cancel", n->call);
	ui_run(SCRIPT_KEY, line, ui_answer_h);
	return true;
}

/* ---- quitting ---- */

/* The picture may be behind the phone: by a frame, or for as long as the terminal is stalled. */
int ui_ask_quit(void)
{
	if (!phone_active_calls(ui.env->phone)) {
		ui_run(SCRIPT_KEY, "quit", ui_answer_h);
		return 0;
	}
	if (ui.prompting)
		return EBUSY;
	ui.asking_quit = true;
	ui.asked_ms = loop_now_ms();
	ui_schedule();
	return 0;
}

bool ui_answered_quit(const char *key)
{
	bool enter = strcmp(key, "<CR>") == 0;

	if (enter && ui_asked_too_soon())
		return true;
	ui.asking_quit = false;
	ui_schedule();
	if (enter || strcmp(key, "y") == 0)
		ui_run(SCRIPT_KEY, "quit", ui_answer_h);
	return enter || strcmp(key, "y") == 0 || strcmp(key, "x") == 0 || strcmp(key, "n") == 0 ||
	       strcmp(key, "<Esc>") == 0;
}
