/* Wires the parts: bytes become keys, keys become commands; a change in the phone becomes at most one picture
 * a frame, and none while the one before has not left. */
#include "config.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "command/player.h"
#include "command/recorder.h"
#include "ui/internal.h"
#include "ui/ui.h"

#define FRAME_MS    20   /* least time between two pictures */
#define TYPED_MAX   4096
#define READ_MS     3000 /* a line that is told stays so long over a prompt, whatever is typed */

struct ui ui;

void ui_schedule(void)
{
	uint64_t now = loop_now_ms();

	ui.dirty = true;
	if (!ui.up || terminal_busy() || loop_timer_running(ui.frame))
		return;
	loop_timer_start(ui.frame, ui.next_frame_ms > now ? ui.next_frame_ms - now : 0);
}

void ui_message(enum role role, const char *text)
{
	snprintf(ui.message, sizeof(ui.message), "%s", text);
	ui.message_role = role;
	ui.message_ms = loop_now_ms();
	ui_schedule();
}

/* ---- news ---- */

/* A call's line tells something else than before. */
static uint64_t mark_calls(const struct snapshot *s)
{
	uint64_t mark = 14695981039346656037u; /* FNV-1a */
	unsigned i;

	for (i = 0; i < s->calls; i++) {
		const unsigned v[] = { s->call[i].number, (unsigned)s->call[i].state, s->call[i].selected };
		unsigned j;

		for (j = 0; j < 3; j++)
			mark = (mark ^ v[j]) * 1099511628211u;
	}
	return mark;
}

/* Tells somebody who looks elsewhere, in the way of the option `notify`. RINGS: also by the bell. */
static void tell_desktop(const char *text, bool rings)
{
	const char *how = ui.env->settings ? ui.env->settings->notify : "bell";
	char bytes[NOTIFY_MAX];
	size_t len = notify_sequence(bytes, how, text, screen_is_utf8());

	if (rings && !strcmp(how, "bell"))
		screen_bell();
	if (!len || ui.told_len + len > sizeof(ui.told))
		return;
	memcpy(ui.told + ui.told_len, bytes, len);
	ui.told_len += len;
}

static void tell_of_caller(const struct snapshot_call *c)
{
	char text[SNAPSHOT_TEXT + 64];

	/* TRANSLATORS: %s is who */
	snprintf(text, sizeof(text), _("%s is calling"), c->name[0] ? c->name : c->peer);
	tell_desktop(text, true);
}

/* Those that were not there before; FIRST: what earlier runs have left behind is no news. */
static void tell_of_failures(const struct snapshot *s, bool first)
{
	unsigned i;

	for (i = 0; i < s->notices && !first; i++) {
		const struct snapshot_notice *n = &s->notice[i];

		if (n->id > ui.newest_notice && n->call && n->redial != REDIAL_DUE)
			tell_desktop(n->title, false);
	}
}

/* Moves the cursor to what has changed, and tells of a caller and the like. */
static void look_for_news(void)
{
	const struct snapshot *s = &ui.now;
	uint64_t mark = mark_calls(s);
	unsigned newest = 0, selected = 0, ring = 0, i;
	const struct snapshot_call *caller = NULL;
	char text[SNAPSHOT_TEXT + 64];

	for (i = 0; i < s->calls; i++) {
		if (s->call[i].incoming && s->call[i].state == CALL_RINGING && s->call[i].number > ring) {
			caller = &s->call[i];
			ring = caller->number;
		}
	}
	for (i = 0; i < s->notices; i++) {
		if (s->notice[i].id > newest)
			newest = s->notice[i].id;
		if (s->notice[i].selected)
			selected = s->notice[i].id;
	}
	if (ring > ui.newest_ring) {
		ui.newest_ring = ring;
		ui.asked_ms = loop_now_ms();
		tell_of_caller(caller);
	}
	/* what was told before has been there to be read */
	if (s->redial_due && s->due_notice != ui.rung_notice) {
		ui.message[0] = '\0';
		for (i = 0; i < s->notices && s->notice[i].id != s->due_notice; i++)
			;
		snprintf(text, sizeof(text), "%s: %s", _("redial due"), i < s->notices ? s->notice[i].title : "");
		tell_desktop(text, true);
	}
	tell_of_failures(s, !ui.next_frame_ms);
	ui.rung_notice = s->redial_due ? s->due_notice : 0;
	if (mark != ui.calls_mark || !s->notices)
		ui.news = false;
	if (newest > ui.newest_notice || (selected != ui.selected_notice && selected))
		ui.news = true;
	/* where notices are not to be seen, the newest is told in a line */
	if (newest > ui.newest_notice && ui.view != &view_calls && ui.view != &view_notice) {
		for (i = 0; s->notice[i].id != newest; i++)
			;
		text_copy(ui.message, sizeof(ui.message), s->notice[i].title);
		ui.message_role = s->notice[i].severity == SEVERITY_ERROR ? ROLE_ERROR : ROLE_WARNING;
		ui.message_ms = loop_now_ms();
	}
	ui.calls_mark = mark;
	ui.selected_notice = selected;
	if (newest > ui.newest_notice)
		ui.newest_notice = newest;
}

bool ui_rings(void)
{
	unsigned i;

	for (i = 0; i < ui.now.calls; i++) {
		if (ui.now.call[i].incoming && ui.now.call[i].state == CALL_RINGING)
			return true;
	}
	return false;
}

/* ---- pictures ---- */

/* Seconds are shown only while a call is up or a countdown runs; otherwise the clock's minutes are all that moves. */
static void start_tick(void)
{
	uint64_t wait = 60000 - (uint64_t)loop_wall_ms() % 60000 + 5;
	unsigned i;

	for (i = 0; i < ui.now.calls && ui.now.active_calls; i++) {
		if (ui.now.call[i].state < CALL_FAILED) {
			uint64_t second = 1000 - (loop_now_ms() - ui.now.call[i].since_ms) % 1000 + 5;

			if (second < wait)
				wait = second;
			break;
		}
	}
	/* countdowns change with the seconds of boot time */
	if (ui.counting && 1000 - ui.now.boot_ms % 1000 + 5 < wait)
		wait = 1000 - ui.now.boot_ms % 1000 + 5;
	loop_timer_start(ui.tick, wait);
}

static void frame_h(void *arg)
{
	uint64_t begin = loop_now_ms();

	(void)arg;
	if (!ui.dirty || terminal_busy() || !terminal_entered())
		return;
	ui.dirty = false;
	if (ui.resized)
		screen_resize();
	ui.resized = false;
	phone_snapshot(ui.env->phone, &ui.now);
	look_for_news();
	if (ui.view == &view_notice && !ui.now.notices)
		ui.view = &view_calls;
	ui_draw();
	screen_send();
	if (ui.told_len)
		terminal_write(ui.told, ui.told_len);
	ui.told_len = 0;
	/* A large screen takes long to draw: never more than a fifth of the time. */
	ui.next_frame_ms = begin + FRAME_MS + 4 * (loop_now_ms() - begin);
	start_tick();
}

static void tick_h(void *arg)
{
	(void)arg;
	ui_schedule();
}

static void change_h(void *arg)
{
	(void)arg;
	ui_schedule();
}

/* ---- commands ---- */

void ui_answer_h(bool ok, const char *text, bool dialled)
{
	if (!ui.up)
		return;
	if (!ok) {
		ui_message(ROLE_ERROR, text);
	}
	else if (dialled) {
		/* the line of the call tells more than its number does */
		if (ui.view != &view_calls)
			ui_show(&view_calls);
	}
	else if (!strchr(text, '\n')) {
		ui_message(ROLE_PLAIN, text);
	}
	else if (view_text_set(_("Answer"), text) == 0) {
		ui.view = &view_text;
		ui_schedule();
	}
}

void ui_run(enum script_kind kind, const char *line, run_answer_h *h)
{
	int err = run_line(ui.env, kind, line, h);

	if (err == EAGAIN)
		ui_message(ROLE_ERROR, _("Too many commands are waiting for something; try again when one is done."));
	else if (err == ENOMEM)
		ui_message(ROLE_ERROR, _("There is not enough memory for that."));
	ui_schedule();
}

/* ---- keys ---- */

static unsigned contexts_h(enum key_context *contexts)
{
	if (ui.prompting) {
		contexts[0] = KEYS_PROMPT;
		return 1;
	}
	return hint_contexts(&ui.now, ui.view->context, contexts);
}

static void redraw(void)
{
	screen_forget();
	ui_schedule();
}

static void back(void)
{
	ui_show(&view_calls);
}

/* What keys do that nothing is bound to. */
static const struct { const char *key; void (*h)(void); } fixed[] = {
	{ "<Esc>", back }, { "<C-l>", redraw }, { "<C-z>", ui_suspend },
};

static bool plain_h(const char *key, bool first)
{
	size_t i;

	if (ui.prompting && first)
		return false;
	if (first) {
		bool used = ui.view->key && ui.view->key(key);

		if (used)
			ui_schedule();
		return used;
	}
	if (ui.prompting && strcmp(key, "<C-l>") != 0 && strcmp(key, "<C-z>") != 0) {
		ui_prompt_key(key);
		return true;
	}
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(fixed[i].key, key) == 0) {
			fixed[i].h();
			return true;
		}
	}
	return false;
}

static void bound_h(const char *command, const char *keys)
{
	/* Somebody was about to press Enter for something else when the call came in. */
	if (strcmp(keys, "<CR>") == 0 && ui_rings() && ui_asked_too_soon())
		return;
	/* the key that begins a recording ends it */
	if (strcmp(command, MACRO_RECORD) == 0 && recorder_register())
		command = "macro stop";
	ui.by_key = true;
	ui_run(SCRIPT_KEY, command, ui_answer_h);
	ui.by_key = false;
}

/* The register is the next key; but there is none to be named when a recording ends. */
static bool open_h(const char *command)
{
	return strcmp(command, MACRO_PLAY) == 0 || (strcmp(command, MACRO_RECORD) == 0 && !recorder_register());
}

static void take_key(const char *key)
{
	bool waited = ui.keys.open[0] != '\0';

	/* somebody who is typing has to have the time to read it */
	if (ui.message[0] && (!ui.prompting || loop_now_ms() - ui.message_ms >= READ_MS)) {
		ui.message[0] = '\0';
		ui_schedule();
	}
	/* the letter that a command waits for belongs to nobody else */
	if (!ui.keys.open[0]) {
		if (strcmp(key, "<Esc>") == 0 && player_stop()) {
			ui_schedule();
			return;
		}
		if (ui.asking_quit && ui_answered_quit(key))
			return;
		if (ui.asking_redial && ui_redial_is_asked() && ui_answered_redial(key))
			return;
	}
	loop_timer_stop(ui.sequence);
	if (keys_take(&ui.keys, key))
		loop_timer_start(ui.sequence, KEYS_LONGER_MS);
	if (waited || ui.keys.open[0])
		ui_schedule();
}

static void sequence_h(void *arg)
{
	(void)arg;
	if (keys_timeout(&ui.keys))
		loop_timer_start(ui.sequence, KEYS_LONGER_MS);
	if (ui.keys.open[0])
		ui_schedule();
}

/* The input gate: keys that were typed, and pasted text, which never is a command. */
static void key_h(const char *key, bool pasted, void *arg)
{
	(void)arg;
	if (!ui.up)
		return;
	if (!pasted) {
		take_key(key);
	}
	else if (ui.prompting) {
		ui_prompt_paste(key);
	}
	else if (!ui.message[0]) {
		ui_message(ROLE_WARNING, _("Pasted text needs a line to go to: press d or : first."));
	}
}

static void wait_for_more(void)
{
	unsigned ms = input_wait_ms(&ui.input);

	if (!ui.up)
		return;
	if (ms)
		loop_timer_start(ui.escape, ms);
	else
		loop_timer_stop(ui.escape);
}

static void input_h(const char *bytes, size_t len)
{
	input_feed(&ui.input, bytes, len, key_h, NULL);
	wait_for_more();
}

static void escape_h(void *arg)
{
	(void)arg;
	input_timeout(&ui.input, key_h, NULL);
	wait_for_more();
}

static void typed_h(void *arg)
{
	char key[KEY_BYTES];

	(void)arg;
	ui.typing = false;
	if (!ui.up || !ui.typed_n)
		return;
	memcpy(key, ui.typed[0], sizeof(key));
	memmove(ui.typed, ui.typed + 1, --ui.typed_n * sizeof(ui.typed[0]));
	/* a macro types faster than pictures are drawn: what the key means goes by what is so now */
	if (ui.dirty)
		phone_snapshot(ui.env->phone, &ui.now);
	player_takes(true);
	key_h(key, false, NULL);
	player_takes(false);
	if (!ui.typed_n)
		player_types(NULL);
	/* One a turn of the loop, so that keys which type keys hold up nothing. */
	if (ui.typed_n && ui.up)
		ui.typing = loop_defer(typed_h, NULL) == 0;
}

int ui_type(const char *keys)
{
	struct buf error = { 0 };
	unsigned n;

	if (!ui.up)
		return EINVAL;
	if (!ui.typed)
		ui.typed = calloc(TYPED_MAX, sizeof(ui.typed[0]));
	if (!ui.typed)
		return ENOMEM;
	if (ui.typed_n == TYPED_MAX)
		return ENOSPC;
	n = keymap_split(ui.typed + ui.typed_n, TYPED_MAX - ui.typed_n, keys, &error);
	buf_free(&error);
	if (!n)
		return EINVAL;
	ui.typed_n += n;
	if (!ui.typing)
		ui.typing = loop_defer(typed_h, NULL) == 0;
	return ui.typing ? 0 : ENOMEM;
}

/* ---- the terminal ---- */

static void empty_h(void)
{
	if (ui.dirty)
		ui_schedule();
}

static void gone_h(void)
{
	kill(getpid(), SIGHUP);
}

static const struct terminal_handlers terminal_handlers = { input_h, empty_h, gone_h };
static const struct keys_handlers keys_handlers = { contexts_h, plain_h, bound_h, open_h };

int ui_start(struct command_env *env, const char **why)
{
	int err;

	memset(&ui, 0, sizeof(ui));
	ui.env = env;
	ui.view = &view_calls;
	ui.keys.h = &keys_handlers;
	ui.keys.map = env->keymap;
	err = terminal_open(&terminal_handlers);
	if (err)
		return err;
	err = loop_timer_new(&ui.frame, frame_h, NULL);
	if (!err)
		err = loop_timer_new(&ui.tick, tick_h, NULL);
	if (!err)
		err = loop_timer_new(&ui.escape, escape_h, NULL);
	if (!err)
		err = loop_timer_new(&ui.sequence, sequence_h, NULL);
	if (!err)
		err = screen_start(why);
	if (err)
		goto out;
	ui.up = true;
	ui_shows_start(env);
	phone_on_change(env->phone, change_h, NULL);
	/* once the loop runs: by then it is known what is to be shown, and that is one picture instead of two */
	ui_schedule();
out:
	if (err)
		ui_stop();
	return err;
}

void ui_stop(void)
{
	if (ui.up) {
		ui.up = false;
		phone_on_change(ui.env->phone, NULL, NULL);
		ui_shows_stop(ui.env);
		screen_stop();
		run_stop();
	}
	terminal_close();
	loop_timer_free(ui.frame);
	loop_timer_free(ui.tick);
	loop_timer_free(ui.escape);
	loop_timer_free(ui.sequence);
	ui.frame = ui.tick = ui.escape = ui.sequence = NULL;
	ui_prompt_stop();
	free(ui.typed);
	ui.typed = NULL;
	ui.typed_n = 0;
}

void ui_resized(void)
{
	ui.resized = true;
	ui_schedule();
}

void ui_suspend(void)
{
	static const struct timespec at_once = { 0, 0 };
	sigset_t stop, go_on, before;

	if (!ui.up)
		return;
	if (phone_active_calls(ui.env->phone)) {
		ui_message(ROLE_ERROR, _("Not while a call is up: a stopped program cannot talk."));
		return;
	}
	loop_timer_stop(ui.frame);
	loop_timer_stop(ui.tick);
	screen_suspend();
	/* The whole job, as the terminal itself would; where nobody could wake us up this does nothing. The program
	 * reads its signals from a descriptor, but this one has to be felt. */
	sigemptyset(&stop);
	sigaddset(&stop, SIGTSTP);
	sigprocmask(SIG_UNBLOCK, &stop, &before);
	kill(0, SIGTSTP);
	sigprocmask(SIG_SETMASK, &before, NULL);
	/* The SIGCONT that woke us up is this one; it need not draw everything again. */
	sigemptyset(&go_on);
	sigaddset(&go_on, SIGCONT);
	sigtimedwait(&go_on, NULL, &at_once);
	ui_continue();
}

void ui_continue(void)
{
	if (!ui.up)
		return;
	if (screen_resume()) {
		gone_h();
		return;
	}
	ui.next_frame_ms = 0;
	ui_schedule();
}
