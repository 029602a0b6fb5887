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
#include "ui/keys.h"
#include "ui/prompt.h"
#include "ui/run.h"
#include "ui/terminal.h"
#include "ui/ui.h"
#include "ui/view.h"

#define FRAME_MS    20   /* least time between two pictures */
#define QUESTION_MS 500  /* a question that has just appeared takes no Enter for so long */
#define TYPED_MAX   4096
#define NARROW_COLS 70
#define NARROW_ROWS 16

/* The table of views; view_text is not reached by name. */
static const struct view *const views[] = { &view_calls, &view_accounts, &view_help };
#define VIEWS (sizeof(views) / sizeof(views[0]))
static const char *view_names[VIEWS + 1];

static struct {
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
	struct prompt prompt;
	char message[1024];              /* under the view until the next key */
	enum role message_role;
	bool asking_quit;
	uint64_t asked_ms;               /* since when there is a question */

	bool news;                       /* the cursor rests on the notice */
	unsigned newest_notice, selected_notice, newest_ring;
	uint64_t calls_mark;             /* changes when a call's state does */
} ui;

static void schedule(void)
{
	uint64_t now = loop_now_ms();

	ui.dirty = true;
	if (!ui.up || terminal_busy() || loop_timer_running(ui.frame))
		return;
	loop_timer_start(ui.frame, ui.next_frame_ms > now ? ui.next_frame_ms - now : 0);
}

static void message(enum role role, const char *text)
{
	snprintf(ui.message, sizeof(ui.message), "%s", text);
	ui.message_role = role;
	schedule();
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

/* Moves the cursor to what has changed, and rings the bell for a caller. */
static void look_for_news(void)
{
	const struct snapshot *s = &ui.now;
	uint64_t mark = mark_calls(s);
	unsigned newest = 0, selected = 0, ring = 0, i;

	for (i = 0; i < s->calls; i++) {
		if (s->call[i].incoming && s->call[i].state == CALL_RINGING && s->call[i].number > ring)
			ring = s->call[i].number;
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
		screen_bell();
	}
	if (mark != ui.calls_mark || !s->notices)
		ui.news = false;
	if (newest > ui.newest_notice || (selected != ui.selected_notice && selected))
		ui.news = true;
	ui.calls_mark = mark;
	ui.selected_notice = selected;
	if (newest > ui.newest_notice)
		ui.newest_notice = newest;
}

static bool rings(void)
{
	unsigned i;

	for (i = 0; i < ui.now.calls; i++) {
		if (ui.now.call[i].incoming && ui.now.call[i].state == CALL_RINGING)
			return true;
	}
	return false;
}

/* ---- the picture ---- */

static void draw_title(void)
{
	const struct snapshot *s = &ui.now;
	char right[64] = "";
	unsigned cols = screen_cols(), i, edge;

	if (ui.view == &view_calls && s->active_calls)
		snprintf(right, sizeof(right), P_("%u call", "%u calls", s->active_calls), s->active_calls);
	for (i = 0; ui.view == &view_calls && !s->active_calls && i < s->accounts; i++) {
		if (strcmp(s->account[i].name, "demo") == 0)
			/* TRANSLATORS: the program's built-in telephone exchange is running */
			snprintf(right, sizeof(right), "%s", _("demo exchange"));
	}
	edge = screen_put_right(0, cols - 1, cols / 2, ROLE_DIM, right);
	screen_put(0, 1, edge - 1, ROLE_TITLE,
		   ui.view == &view_calls ? "offhook" : ui.view == &view_text ? view_text_title() : _(ui.view->title));
	screen_hline(1);
}

static void draw_prompt(unsigned y)
{
	/* TRANSLATORS: before the name or number that is being typed */
	const char *label = ui.prompt.kind == PROMPT_DIAL ? _("Dial: ") : ":";
	char shown[PROMPT_BYTES];
	unsigned x = screen_put(y, 0, screen_cols() / 2, ROLE_ACCENT, label);
	unsigned cols = screen_cols() > x ? screen_cols() - x : 0;
	unsigned cursor = prompt_window(&ui.prompt, shown, sizeof(shown), cols);

	screen_put(y, x, cols, ROLE_PLAIN, shown);
	screen_cursor(y, x + cursor);
}

#define MESSAGE_ROWS 3

/* Wrapped upwards from line Y, over what stands there: it is read, and then a key takes it away. */
static void draw_message(unsigned y, enum role role, const char *text)
{
	unsigned cols = screen_cols() > 2 ? screen_cols() - 2 : 1, rows = 0, i;
	const char *line[MESSAGE_ROWS];
	size_t n[MESSAGE_ROWS];

	while (*text && rows < MESSAGE_ROWS && rows <= y) {
		size_t skip;

		line[rows] = text;
		n[rows] = wrap_line(text, cols, &skip);
		text += n[rows] + skip;
		rows++;
	}
	for (i = 0; i < rows; i++) {
		char bytes[sizeof(ui.message)];

		/* The last one takes the rest, and is cut where that is too long. */
		if (i == rows - 1)
			text_copy(bytes, sizeof(bytes), line[i]);
		else
			text_copyn(bytes, sizeof(bytes), line[i], n[i]);
		screen_blank(y - rows + 1 + i);
		screen_put(y - rows + 1 + i, 1, cols, role, bytes);
	}
	screen_cursor(y - (rows ? rows - 1 : 0), 1);
}

/* The line above the status bar: what is typed, a question, an answer, or just a rule. */
static void draw_line(unsigned y)
{
	if (ui.prompting) {
		draw_prompt(y);
	}
	else if (ui.asking_quit) {
		/* TRANSLATORS: a question; the keys in brackets stay as they are */
		draw_message(y, ROLE_WARNING, _("A call is up. Hang up and quit?  [Enter] yes  [x] no"));
	}
	else if (ui.message[0]) {
		draw_message(y, ui.message_role, ui.message);
	}
	else {
		screen_hline(y);
	}
}

static void draw_clock(char *out, size_t size)
{
	time_t t = (time_t)(loop_wall_ms() / 1000);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, size, "%H:%M", &tm);
}

static void draw(void)
{
	unsigned rows = screen_rows(), cols = screen_cols();
	struct picture p = { .s = &ui.now, .keymap = ui.env->keymap };
	char clock[16];

	screen_clear();
	p.meters = ui.env->settings && ui.env->settings->meters;
	p.narrow = cols < NARROW_COLS || rows < NARROW_ROWS;
	p.y = p.narrow ? 0 : 2;
	p.rows = rows > p.y + 2 ? rows - p.y - 2 : 0;
	if (!p.narrow)
		draw_title();
	ui.view->draw(&p);
	if (ui.view == &view_calls && ui.news && p.notice_shown)
		screen_cursor(p.notice_y, p.notice_x);
	else
		screen_cursor(p.cursor_y, p.cursor_x);
	draw_clock(clock, sizeof(clock));
	if (rows > 1) {
		struct picture bar = p;

		bar.y = rows - 1;
		statusbar_draw(&bar, clock);
	}
	if (rows > 2 || ui.prompting)
		draw_line(rows > 2 ? rows - 2 : 0);
}

/* Seconds are shown only while a call is up; otherwise the clock's minutes are all that moves. */
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
	draw();
	screen_send();
	/* A large screen takes long to draw: never more than a fifth of the time. */
	ui.next_frame_ms = begin + FRAME_MS + 4 * (loop_now_ms() - begin);
	start_tick();
}

static void tick_h(void *arg)
{
	(void)arg;
	schedule();
}

static void change_h(void *arg)
{
	(void)arg;
	schedule();
}

/* ---- commands ---- */

static void answer_h(bool ok, const char *text)
{
	if (!ui.up)
		return;
	if (!ok) {
		message(ROLE_ERROR, text);
	}
	else if (!strchr(text, '\n')) {
		message(ROLE_PLAIN, text);
	}
	else if (view_text_set(_("Answer"), text) == 0) {
		ui.view = &view_text;
		schedule();
	}
}

/* Of a call that was dialled the line of the call tells more than a number does. */
static void dialled_h(bool ok, const char *text)
{
	if (!ok)
		answer_h(ok, text);
}

static void run(enum script_kind kind, const char *line, run_answer_h *h)
{
	int err = run_line(ui.env, kind, line, h);

	if (err == EAGAIN)
		message(ROLE_ERROR, _("Too many commands are waiting for something; try again when one is done."));
	else if (err == ENOMEM)
		message(ROLE_ERROR, _("There is not enough memory for that."));
	schedule();
}

static void open_prompt(enum prompt_kind kind, const char *text)
{
	prompt_open(&ui.prompt, kind, text);
	ui.prompting = true;
	ui.message[0] = '\0';
	schedule();
}

static void entered(void)
{
	struct buf line = { 0 }, shown = { 0 };
	const char *text = ui.prompt.text;

	ui.prompting = false;
	while (*text == ' ')
		text++;
	if (*text && ui.prompt.kind == PROMPT_DIAL) {
		/* Quoted, for what was typed is a TARGET and nothing else. */
		prompt_remember(&ui.prompt, text);
		buf_str(&line, "dial ");
		parser_quote(&line, text);
	}
	else if (*text) {
		parser_mask(&shown, text);
		if (shown.s)
			prompt_remember(&ui.prompt, shown.s);
		buf_str(&line, text);
	}
	if (line.failed)
		message(ROLE_ERROR, _("There is not enough memory for that."));
	else if (line.s)
		run(SCRIPT_PROMPT, line.s, ui.prompt.kind == PROMPT_DIAL ? dialled_h : answer_h);
	buf_free(&line);
	buf_free(&shown);
	schedule();
}

/* ---- views ---- */

static void show(const struct view *v)
{
	ui.view = v;
	if (v->open)
		v->open();
	schedule();
}

static void show_next(void)
{
	unsigned i;

	for (i = 0; i < VIEWS && views[i] != ui.view; i++)
		;
	show(views[i < VIEWS ? (i + 1) % VIEWS : 0]);
}

/* The picture may be behind the phone: by a frame, or for as long as the terminal is stalled. */
static void ask_quit(void)
{
	if (!phone_active_calls(ui.env->phone)) {
		run(SCRIPT_KEY, "quit", answer_h);
		return;
	}
	ui.asking_quit = true;
	ui.asked_ms = loop_now_ms();
	schedule();
}

/* NAME is "WORD" or "WORD TEXT": true with *TEXT behind it. */
static bool is_word(const char *name, const char *word, const char **text)
{
	size_t n = strlen(word);

	if (strncmp(name, word, n) != 0 || (name[n] && name[n] != ' '))
		return false;
	*text = name[n] ? name + n + 1 : "";
	return true;
}

static int view_h(const char *name, void *arg)
{
	const char *text;
	unsigned i;

	(void)arg;
	if (is_word(name, "dial", &text)) {
		open_prompt(PROMPT_DIAL, text);
		return 0;
	}
	if (is_word(name, "prompt", &text)) {
		open_prompt(PROMPT_COMMAND, text);
		return 0;
	}
	if (strcmp(name, "quit") == 0) {
		ask_quit();
		return 0;
	}
	if (strcmp(name, "next") == 0) {
		show_next();
		return 0;
	}
	for (i = 0; i < VIEWS; i++) {
		if (strcmp(views[i]->name, name) == 0) {
			show(views[i]);
			return 0;
		}
	}
	return ENOENT;
}

/* The whole of what the list may have had to cut. */
static void open_notice_h(void *arg)
{
	struct buf text = { 0 };
	unsigned i;

	(void)arg;
	/* Another may have been selected since the last picture. */
	phone_snapshot(ui.env->phone, &ui.now);
	for (i = 0; i < ui.now.notices; i++) {
		const struct snapshot_notice *n = &ui.now.notice[i];

		if (!n->selected)
			continue;
		buf_printf(&text, "%s\n\n%s\n", n->title, n->sentence);
		if (n->server[0]) {
			buf_str(&text, "\n");
			/* TRANSLATORS: %s are the words of the telephone server, not ours */
			buf_printf(&text, _("server: %s"), n->server);
		}
		if (!text.failed && view_text_set(_("Notice"), text.s) == 0)
			show(&view_text);
	}
	buf_free(&text);
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
	schedule();
}

static void back(void)
{
	show(&view_calls);
}

/* What keys do that nothing is bound to. */
static const struct { const char *key; void (*h)(void); } fixed[] = {
	{ "<Esc>", back }, { "<C-l>", redraw }, { "<C-z>", ui_suspend },
};

static bool plain_h(const char *key, bool first)
{
	size_t i;

	if (ui.prompting) {
		if (first)
			return false;
		switch (prompt_key(&ui.prompt, key)) {
		case PROMPT_ENTERED:
			entered();
			break;
		case PROMPT_CANCELLED:
			ui.prompting = false;
			break;
		case PROMPT_OPEN:
			break;
		}
		schedule();
		return true;
	}
	if (first) {
		bool used = ui.view->key && ui.view->key(key);

		if (used)
			schedule();
		return used;
	}
	for (i = 0; i < sizeof(fixed) / sizeof(fixed[0]); i++) {
		if (strcmp(fixed[i].key, key) == 0) {
			fixed[i].h();
			return true;
		}
	}
	return false;
}

/* Also true of a longer Enter that is held down. */
static bool too_soon(void)
{
	return loop_now_ms() - ui.asked_ms < QUESTION_MS;
}

static void bound_h(const char *command, const char *keys)
{
	/* Somebody was about to press Enter for something else when the call came in. */
	if (strcmp(keys, "<CR>") == 0 && rings() && too_soon())
		return;
	run(SCRIPT_KEY, command, answer_h);
}

/* True when KEY was the answer. Other keys drop the question and do what they do. */
static bool answered(const char *key)
{
	bool enter = strcmp(key, "<CR>") == 0;

	if (enter && too_soon())
		return true;
	ui.asking_quit = false;
	schedule();
	if (enter || strcmp(key, "y") == 0)
		run(SCRIPT_KEY, "quit", answer_h);
	return enter || strcmp(key, "y") == 0 || strcmp(key, "x") == 0 || strcmp(key, "n") == 0 ||
	       strcmp(key, "<Esc>") == 0;
}

static void take_key(const char *key)
{
	if (ui.message[0]) {
		ui.message[0] = '\0';
		schedule();
	}
	if (ui.asking_quit && answered(key))
		return;
	loop_timer_stop(ui.sequence);
	if (keys_take(&ui.keys, key))
		loop_timer_start(ui.sequence, KEYS_LONGER_MS);
}

static void sequence_h(void *arg)
{
	(void)arg;
	if (keys_timeout(&ui.keys))
		loop_timer_start(ui.sequence, KEYS_LONGER_MS);
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
		prompt_paste(&ui.prompt, key);
		schedule();
	}
	else if (!ui.message[0]) {
		message(ROLE_WARNING, _("Pasted text needs a line to go to: press d or : first."));
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
	key_h(key, false, NULL);
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
		schedule();
}

static void gone_h(void)
{
	kill(getpid(), SIGHUP);
}

static const struct terminal_handlers terminal_handlers = { input_h, empty_h, gone_h };
static const struct keys_handlers keys_handlers = { contexts_h, plain_h, bound_h };

int ui_start(struct command_env *env, const char **why)
{
	unsigned i;
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
	for (i = 0; i < VIEWS; i++)
		view_names[i] = views[i]->name;
	env->view_h = view_h;
	env->views = view_names;
	env->open_notice_h = open_notice_h;
	phone_on_change(env->phone, change_h, NULL);
	/* once the loop runs: by then it is known what is to be shown, and that is one picture instead of two */
	schedule();
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
		ui.env->view_h = NULL;
		ui.env->views = NULL;
		ui.env->open_notice_h = NULL;
		screen_stop();
		run_stop();
	}
	terminal_close();
	loop_timer_free(ui.frame);
	loop_timer_free(ui.tick);
	loop_timer_free(ui.escape);
	loop_timer_free(ui.sequence);
	ui.frame = ui.tick = ui.escape = ui.sequence = NULL;
	prompt_free(&ui.prompt);
	free(ui.typed);
	ui.typed = NULL;
	ui.typed_n = 0;
}

void ui_resized(void)
{
	ui.resized = true;
	schedule();
}

void ui_suspend(void)
{
	static const struct timespec at_once = { 0, 0 };
	sigset_t stop, go_on, before;

	if (!ui.up)
		return;
	if (phone_active_calls(ui.env->phone)) {
		message(ROLE_ERROR, _("Not while a call is up: a stopped program cannot talk."));
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
	schedule();
}
