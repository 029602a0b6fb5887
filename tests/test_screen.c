/* The screen in a pseudo terminal, seen by a virtual terminal: text, attributes and cursor.
 *
 * One folder a case in tests/screens; GENERATE=1 writes what is seen instead of comparing.
 * `test_screen show CASE [KEYS]` runs a case in this terminal.
 */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <cmocka.h>
#include <vterm.h>

#include "base/loop.h"
#include "base/text.h"
#include "tests/ui_fake.h"

#define DEADLINE_MS 20000 /* valgrind is slow */

struct terminal {
	int master, slave, told;  /* TOLD: what commands ran; at its end when the program is gone */
	pid_t pid;
	int status;
	unsigned rows, cols;
	VTerm *vt;
	VTermScreen *vs;
	VTermPos cursor;
	bool alternate;
	unsigned bells;
	size_t bytes;             /* that came */
	struct termios before;
	char told_line[256];
	size_t told_len;
};

/* ---- a virtual terminal around the program ---- */

static int prop_h(VTermProp prop, VTermValue *value, void *user)
{
	if (prop == VTERM_PROP_ALTSCREEN)
		((struct terminal *)user)->alternate = value->boolean;
	return 1;
}

static int cursor_h(VTermPos pos, VTermPos old, int visible, void *user)
{
	(void)old;
	(void)visible;
	((struct terminal *)user)->cursor = pos;
	return 1;
}

static int bell_h(void *user)
{
	((struct terminal *)user)->bells++;
	return 1;
}

static void start(struct terminal *t, const char *name, unsigned rows, unsigned cols, const char *env)
{
	static const VTermScreenCallbacks callbacks = { .settermprop = prop_h, .movecursor = cursor_h, .bell = bell_h };
	struct winsize size = { .ws_row = (unsigned short)rows, .ws_col = (unsigned short)cols };
	int told[2];

	memset(t, 0, sizeof(*t));
	t->rows = rows;
	t->cols = cols;
	assert_int_equal(openpty(&t->master, &t->slave, NULL, NULL, &size), 0);
	assert_int_equal(pipe2(told, O_CLOEXEC), 0);
	t->told = told[0];
	fcntl(t->told, F_SETFL, O_NONBLOCK);
	tcgetattr(t->slave, &t->before);
	t->vt = vterm_new((int)rows, (int)cols);
	vterm_set_utf8(t->vt, 1);
	t->vs = vterm_obtain_screen(t->vt);
	vterm_screen_enable_altscreen(t->vs, 1);
	vterm_screen_set_callbacks(t->vs, &callbacks, t);
	vterm_screen_reset(t->vs, 1);
	fflush(NULL);
	t->pid = fork();
	assert_true(t->pid >= 0);
	if (!t->pid) {
		vterm_free(t->vt);
		close(t->master);
		close(told[0]);
		setsid();
		ioctl(t->slave, TIOCSCTTY, 0);
		dup2(t->slave, 0);
		dup2(t->slave, 1);
		dup2(t->slave, 2);
		close(t->slave);
		setenv("TERM", "screen-256color", 1);
		setenv("LC_ALL", "C.UTF-8", 1);
		setenv("TZ", "UTC", 1);
		unsetenv("NO_COLOR");
		if (env) {
			char variable[64];
			size_t n = strcspn(env, "=");

			text_copyn(variable, sizeof(variable), env, n);
			setenv(variable, env + n + 1, 1);
		}
		told_fd = told[1];
		t->status = fake_run(name, NULL);
		/* curses leaks what it had of a terminal that it does not know: end where no tool counts that */
		if (t->status == 2)
			execl("/bin/sh", "sh", "-c", "exit 2", (char *)NULL);
		exit(t->status);
	}
	close(told[1]);
}

/* Takes what came, waiting for it at most MS. False when nothing did. */
static bool pump(struct terminal *t, int ms)
{
	struct pollfd p = { .fd = t->master, .events = POLLIN };
	char bytes[16384];
	ssize_t n;

	if (poll(&p, 1, ms) <= 0)
		return false;
	n = read(t->master, bytes, sizeof(bytes));
	if (n <= 0)
		return false;
	t->bytes += (size_t)n;
	vterm_input_write(t->vt, bytes, (size_t)n);
	return true;
}

static void type(struct terminal *t, const char *keys)
{
	assert_int_equal(write(t->master, keys, strlen(keys)), strlen(keys));
}

/* Row Y as text without the blanks at its end. */
static void row(struct terminal *t, unsigned y, struct buf *out)
{
	size_t end = out->len, x;

	for (x = 0; x < t->cols; x++) {
		VTermScreenCell cell;
		VTermPos pos = { (int)y, (int)x };
		unsigned i;

		vterm_screen_get_cell(t->vs, pos, &cell);
		if (!cell.chars[0] || cell.chars[0] == ' ') {
			buf_str(out, " ");
			continue;
		}
		for (i = 0; i < VTERM_MAX_CHARS_PER_CELL && cell.chars[i]; i++) {
			char c[8];
			int n = 0;
			uint32_t u = cell.chars[i];

			if (u < 0x80)
				c[n++] = (char)u;
			else if (u < 0x800)
				c[n++] = (char)(0xc0 | u >> 6);
			else if (u < 0x10000)
				c[n++] = (char)(0xe0 | u >> 12);
			else
				c[n++] = (char)(0xf0 | u >> 18);
			if (u >= 0x10000)
				c[n++] = (char)(0x80 | (u >> 12 & 0x3f));
			if (u >= 0x800)
				c[n++] = (char)(0x80 | (u >> 6 & 0x3f));
			if (u >= 0x80)
				c[n++] = (char)(0x80 | (u & 0x3f));
			buf_add(out, c, (size_t)n);
		}
		end = out->len;
		if (cell.width == 2)
			x++;
	}
	if (out->s) {
		out->len = end;
		out->s[end] = '\0';
	}
}

/* A letter a cell: the colour's, a capital when bold; b bold, u underlined, v reversed. */
static char attribute(struct terminal *t, unsigned y, unsigned x)
{
	static const char colours[] = "krgybmcw";
	VTermScreenCell cell;
	VTermPos pos = { (int)y, (int)x };
	char c = ' ';

	vterm_screen_get_cell(t->vs, pos, &cell);
	if (!VTERM_COLOR_IS_DEFAULT_FG(&cell.fg) && VTERM_COLOR_IS_INDEXED(&cell.fg) && cell.fg.indexed.idx < 16)
		c = colours[cell.fg.indexed.idx % 8];
	if (cell.attrs.bold)
		c = c == ' ' ? 'b' : (char)(c - 'a' + 'A');
	if (cell.attrs.underline)
		c = 'u';
	if (cell.attrs.reverse || !VTERM_COLOR_IS_DEFAULT_BG(&cell.bg))
		c = 'v';
	return c;
}

/* The clock, which nobody can expect, becomes 14:02. */
static void mask_clock(char *line)
{
	size_t n = strlen(line);

	if (n >= 5 && line[n - 3] == ':')
		memcpy(line + n - 5, "14:02", 5);
}

static void render(struct terminal *t, struct buf *out)
{
	unsigned y, x;

	buf_printf(out, "%u x %u, cursor %d %d\n", t->rows, t->cols, t->cursor.row, t->cursor.col);
	for (y = 0; y < t->rows; y++) {
		struct buf line = { 0 };

		row(t, y, &line);
		if (y == t->rows - 1 && line.s)
			mask_clock(line.s);
		buf_printf(out, "%s\n", line.s ? line.s : "");
		buf_free(&line);
	}
	buf_str(out, "attributes\n");
	for (y = 0; y < t->rows; y++) {
		char line[512];
		size_t end = 0;

		for (x = 0; x < t->cols && x < sizeof(line) - 1; x++) {
			line[x] = attribute(t, y, x);
			if (line[x] != ' ')
				end = x + 1;
		}
		line[end] = '\0';
		if (end)
			buf_printf(out, "%2u %s\n", y, line);
	}
}

/* Waits until TEXT stands somewhere on the screen. */
static bool see(struct terminal *t, const char *text)
{
	uint64_t end = loop_now_ms() + DEADLINE_MS;

	for (;;) {
		struct buf b = { 0 };
		bool found;
		unsigned y;

		for (y = 0; y < t->rows; y++)
			row(t, y, &b);
		found = b.s && strstr(b.s, text);
		buf_free(&b);
		if (found)
			return true;
		if (loop_now_ms() > end || !pump(t, (int)DEADLINE_MS))
			return false;
	}
}

static bool up(struct terminal *t)
{
	return see(t, "──");
}

/* Waits for the next line about a command that ran; at its end "". */
static const char *told(struct terminal *t)
{
	static char line[256];
	uint64_t end = loop_now_ms() + DEADLINE_MS;

	for (;;) {
		char *nl = memchr(t->told_line, '\n', t->told_len);
		struct pollfd p = { .fd = t->told, .events = POLLIN };
		ssize_t n;

		if (nl) {
			size_t len = (size_t)(nl - t->told_line);

			text_copyn(line, sizeof(line), t->told_line, len);
			t->told_len -= len + 1;
			memmove(t->told_line, nl + 1, t->told_len);
			return line;
		}
		if (loop_now_ms() > end)
			fail_msg("nothing ran");
		poll(&p, 1, DEADLINE_MS);
		n = read(t->told, t->told_line + t->told_len, sizeof(t->told_line) - t->told_len);
		if (n == 0)
			return "";
		if (n > 0)
			t->told_len += (size_t)n;
	}
}

/* Waits for the program's end, taking what it writes only when READING. */
static int ended(struct terminal *t, bool reading)
{
	uint64_t end = loop_now_ms() + DEADLINE_MS;
	char bytes[256];

	for (;;) {
		struct pollfd p[2] = { { .fd = t->told, .events = POLLIN }, { .fd = t->master, .events = POLLIN } };

		assert_true(loop_now_ms() < end);
		poll(p, reading ? 2 : 1, DEADLINE_MS);
		if (reading && p[1].revents)
			pump(t, 0);
		if (p[0].revents && read(t->told, bytes, sizeof(bytes)) == 0)
			break;
	}
	assert_int_equal(waitpid(t->pid, &t->status, 0), t->pid);
	t->pid = 0;
	while (pump(t, 50))
		;
	return t->status;
}

static void assert_given_back(struct terminal *t)
{
	struct termios now;

	assert_int_equal(tcgetattr(t->slave, &now), 0);
	assert_int_equal(now.c_iflag, t->before.c_iflag);
	assert_int_equal(now.c_oflag, t->before.c_oflag);
	assert_int_equal(now.c_cflag, t->before.c_cflag);
	assert_int_equal(now.c_lflag, t->before.c_lflag);
	assert_memory_equal(now.c_cc, t->before.c_cc, VMIN > VTIME ? VMIN + 1 : VTIME + 1);
	assert_false(t->alternate);
}

static void stop(struct terminal *t)
{
	if (t->pid) {
		kill(t->pid, SIGTERM);
		assert_int_equal(ended(t, true), 0);
		assert_given_back(t);
	}
	vterm_free(t->vt);
	close(t->master);
	close(t->slave);
	close(t->told);
}

/* ---- cases ---- */

static void expect(struct terminal *t, const char *folder)
{
	uint64_t end = loop_now_ms() + DEADLINE_MS;
	char file[4096], wanted[65536];
	FILE *f;
	size_t n;

	snprintf(file, sizeof(file), "%s/%s", CASES, folder);
	if (getenv("GENERATE")) {
		struct buf b = { 0 };

		/* Until it has been quiet for a while. */
		while (pump(t, 700))
			;
		render(t, &b);
		mkdir(file, 0777);
		strcat(file, "/expected.txt");
		f = fopen(file, "w");
		assert_non_null(f);
		fwrite(b.s, 1, b.len, f);
		fclose(f);
		buf_free(&b);
		return;
	}
	strcat(file, "/expected.txt");
	f = fopen(file, "r");
	if (!f)
		fail_msg("%s: %s", file, strerror(errno));
	n = fread(wanted, 1, sizeof(wanted) - 1, f);
	wanted[n] = '\0';
	fclose(f);
	for (;;) {
		struct buf b = { 0 };
		bool same;

		render(t, &b);
		same = strcmp(b.s, wanted) == 0;
		if (!same && (loop_now_ms() > end || !pump(t, 3000))) {
			fprintf(stderr, "--- %s: wanted\n%s--- seen\n%s", folder, wanted, b.s);
			buf_free(&b);
			fail();
		}
		buf_free(&b);
		if (same)
			return;
	}
}

/* KEYS are typed when the first picture is there. */
static const struct golden { const char *folder, *name; unsigned rows, cols; const char *keys, *env; } goldens[] = {
	{ "idle-demo", "idle-demo", 24, 80, "", NULL },
	{ "idle", "idle", 24, 80, "", NULL },
	{ "talking", "talking", 24, 80, "", NULL },
	{ "two-calls", "two-calls", 24, 80, "", NULL },
	{ "two-calls-wide", "two-calls", 30, 132, "", NULL },
	{ "incoming", "incoming", 24, 80, "", NULL },
	{ "on-hold", "on-hold", 24, 80, "", NULL },
	{ "failed", "failed", 24, 80, "", NULL },
	{ "failed-second-notice", "failed", 24, 80, "n", NULL },
	{ "failed-second-notice", "failed", 24, 80, "j", NULL }, /* bound in the context notices */
	{ "failed-details", "failed", 24, 80, "\r", NULL },
	{ "second-details", "failed", 24, 80, "n\r", NULL },
	{ "local-failure", "local-failure", 24, 80, "", NULL },
	{ "dial-prompt", "idle-demo", 24, 80, "dZoë日\033[D", NULL },
	{ "digit-dials", "idle-demo", 24, 80, "1", NULL },
	{ "command-prompt", "talking", 24, 80, ":echo a\033[Hx", NULL },
	{ "long-prompt", "idle", 24, 80, ":echo 1234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890", NULL },
	{ "command-error", "idle", 24, 80, ":nonsense\r", NULL },
	{ "command-error-again", "idle", 24, 80, ":nonsense\r:\033[A", NULL },
	{ "command-answer", "idle", 24, 80, ":echo hello\r", NULL },
	{ "command-lines", "idle", 24, 80, ":lines\r", NULL },
	{ "paste", "idle", 24, 80, ":\033[200~echo a\rquit\r\033[201~", NULL },
	{ "paste-nowhere", "idle", 24, 80, "\033[200~hQd\r\033[201~", NULL },
	{ "help", "idle", 24, 80, "?", NULL },
	{ "help-scrolled", "idle", 24, 80, "?jj \033[B", NULL },
	{ "help-narrow", "idle", 10, 40, "?", NULL },
	{ "help-narrow-end", "idle", 10, 40, "?G", NULL },
	{ "help-wide", "idle", 40, 120, "?", NULL },
	{ "help-talking", "talking", 24, 80, "?", NULL },
	{ "help-talking-narrow", "talking", 10, 40, "?", NULL },
	{ "help-failed", "failed", 24, 80, "?", NULL },
	{ "help-trace", "retry", 24, 80, "\033[18~?", NULL },
	{ "help-trace", "retry", 24, 80, "\033[18~??", NULL }, /* from itself: where it was opened from first */
	{ "help-accounts", "idle", 24, 80, "\033[15~?", NULL },
	{ "help-accounts-narrow", "idle", 10, 40, "\033[15~?", NULL },
	{ "help-ascii", "idle", 24, 80, "\033[15~?", "LC_ALL=C" },
	{ "help-no-color", "idle", 24, 80, "?", "NO_COLOR=1" },
	{ "help-search", "idle", 24, 80, "?/HANGS\r", NULL },
	{ "help-search-next", "idle", 24, 80, "?/quit\r/\r", NULL },
	{ "help-search-round", "idle", 24, 80, "?/quit\r/\r/\r", NULL },
	{ "help-search-none", "idle", 24, 80, "?/nothing like it\r", NULL },
	{ "lines-search", "idle", 24, 80, ":lines\r/THIRD\r", NULL },
	{ "accounts", "two-calls", 24, 80, "\033[15~", NULL },
	{ "accounts-states", "accounts", 24, 80, "\033[15~", NULL },
	{ "accounts-narrow", "accounts", 10, 40, "\033[15~", NULL },
	{ "bar-failed", "one-failed", 24, 80, "", NULL },
	{ "bar-failed-narrow", "one-failed", 10, 40, "", NULL },
	{ "bar-not-disturbed", "not-disturbed", 24, 80, "", NULL },
	{ "bar-messages", "messages", 24, 80, "", NULL },
	{ "bar-messages-narrow", "messages", 10, 40, "", NULL },
	{ "bar-messages-ascii", "messages", 24, 80, "", "LC_ALL=C" },
	{ "bar-forwarding", "forwarding", 24, 80, "", NULL },
	{ "bar-forwarding-narrow", "forwarding", 10, 40, "", NULL },
	{ "bar-macro", "macro-waits", 24, 80, "", NULL },
	{ "bar-macro-narrow", "macro-waits", 10, 40, "", NULL },
	{ "bar-macro-wide", "macro-waits", 30, 132, "", NULL },
	{ "bar-macro-runs", "macro-runs", 10, 40, "", NULL },
	{ "macro-stopped", "macro-waits", 24, 80, "\033", NULL },
	{ "bar-recording", "macro-recorded", 24, 80, "", NULL },
	{ "bar-recording-narrow", "macro-recorded", 10, 40, "", NULL },
	{ "bar-recording-wide", "macro-recorded", 30, 132, "", NULL },
	{ "bar-many-narrow", "all-accounts", 10, 34, "", NULL },
	{ "quit-question", "talking", 24, 80, "Q", NULL },
	{ "quit-question", "idle", 24, 80, ":case talking\rQ", NULL },
	{ "typing-with-news", "idle", 24, 80, ":later failed\r:abc", NULL },
	{ "typing-with-caller", "idle", 24, 80, ":later incoming\rd12", NULL },
	{ "narrow-idle", "idle-demo", 10, 40, "", NULL },
	{ "narrow", "two-calls", 10, 40, "", NULL },
	{ "narrow-failed", "failed", 10, 40, "", NULL },
	{ "narrow-question", "talking", 10, 40, "Q", NULL },
	{ "narrow-prompt", "failed", 10, 40, "dbob@example.com", NULL },
	{ "hostile", "hostile", 24, 80, "", NULL },
	{ "hostile-narrow", "hostile", 10, 40, "", NULL },
	{ "crowd", "crowd", 24, 80, "", NULL },
	{ "no-color", "failed", 24, 80, "", "NO_COLOR=1" },
	{ "ascii", "two-calls", 24, 80, "", "LC_ALL=C" },
	{ "ascii-hostile", "hostile", 24, 80, "", "LC_ALL=C" },
	{ "vt100", "failed", 24, 80, "", "TERM=vt100" },
	{ "xterm", "talking", 24, 80, "", "TERM=xterm" },
	{ "retry", "retry", 24, 80, "", NULL },
	{ "retry-narrow", "retry", 10, 40, "", NULL },
	{ "retry-wide", "retry", 40, 120, "", NULL },
	{ "retry-ascii", "retry", 24, 80, "", "LC_ALL=C" },
	{ "retry-no-color", "retry", 24, 80, "", "NO_COLOR=1" },
	{ "retry-last-notice", "retry", 24, 80, "n", NULL },
	{ "retry-typing", "retry", 24, 80, "d12", NULL },
	{ "redials", "redials", 40, 120, "", NULL },
	{ "redials-80", "redials", 24, 80, "", NULL },
	{ "redials-narrow", "redials", 10, 40, "", NULL },
	{ "due", "due", 24, 80, "", NULL },
	{ "due-narrow", "due", 10, 40, "", NULL },
	{ "due-typing", "retry", 24, 80, ":later due\rdmore", NULL },
	{ "due-after-a-message", "retry", 24, 80, ":later due\r:nonsense\r", NULL },
	{ "choice", "choice", 24, 80, "", NULL },
	{ "choice-narrow", "choice", 10, 40, "", NULL },
	{ "choice-of-several", "choice", 24, 80, "c", NULL },
	{ "choice-of-one", "choice", 24, 80, "nc", NULL },
	{ "edit-address", "choice", 24, 80, "e", NULL },
	{ "password", "choice", 24, 80, "nnpgeh'e im'x next\033[D", NULL },
	{ "password-again", "choice", 24, 80, "nnpgeheim\r:\033[A", NULL },
	{ "retry-details", "retry", 24, 80, "\r", NULL },
	{ "retry-details-end", "retry", 24, 80, "\rG", NULL },
	{ "retry-details-narrow", "retry", 10, 40, "\r   ", NULL },
	{ "retry-details-wide", "retry", 40, 120, "\r", NULL },
	{ "choice-details", "choice", 24, 80, "\r", NULL },
	{ "trace", "retry", 24, 80, "\033[18~G\033[A", NULL },
	{ "trace-narrow", "retry", 10, 40, "\033[18~G\033[A", NULL },
	{ "trace-wide", "retry", 40, 120, "\033[18~G", NULL },
	{ "trace-ascii", "retry", 24, 80, "\033[18~G", "LC_ALL=C" },
	{ "trace-long", "choice", 24, 80, ":view trace 2\r   ", NULL },
	{ "trace-long-narrow", "choice", 10, 40, ":view trace 2\r ", NULL },
	{ "trace-none", "idle", 24, 80, "\033[18~", NULL },
	{ "trace-message", "retry", 24, 80, "\033[18~G\033[A\r", NULL },
	{ "trace-message-narrow", "retry", 10, 40, "\033[18~G\033[A\rj", NULL },
	{ "trace-message-hostile", "choice", 24, 80, ":view trace 2\r\r", NULL },
	{ "trace-save", "retry", 24, 80, "\033[18~s", NULL },
	{ "trace-search", "retry", 24, 80, "\033[18~/OVERNIGHT\r", NULL },
	{ "trace-search-next", "retry", 24, 80, "\033[18~jj/ack\r", NULL },
	{ "trace-search-again", "retry", 24, 80, "\033[18~jj/ack\r/\r", NULL },
	{ "trace-search-none", "retry", 24, 80, "\033[18~/nothing like it\r", NULL },
	{ "trace-search-message", "retry", 24, 80, "\033[18~\r/cseq\r", NULL },
	{ "news-elsewhere", "idle", 24, 80, "\033[18~:later retry\r", NULL },
	/* what is to come where the cursor is */
	{ "prompt-hint", "talking", 24, 80, ":dial bob code\033[D", NULL },
	{ "prompt-hint-narrow", "talking", 10, 40, ":dial bob code", NULL },
	{ "prompt-hint-wide", "retry", 40, 120, ":dial bob", NULL },
	{ "prompt-hint-no-color", "idle", 24, 80, ":dial bob", "NO_COLOR=1" },
	{ "prompt-hint-no-room", "failed", 10, 40, ":dial bob", NULL },
	/* what could stand there */
	{ "prompt-list", "failed", 24, 80, ":d\t\t", NULL },
	{ "prompt-list-narrow", "failed", 10, 40, ":d\t\t", NULL },
	{ "prompt-list-wide", "retry", 40, 120, ":account \t\t\t", NULL },
	{ "prompt-list-many", "talking", 24, 80, ":set \t\t\t\t", NULL },
	{ "prompt-list-many-narrow", "two-calls", 10, 40, ":set \t\t\033[Z", NULL },
	{ "prompt-list-many-wide", "idle", 40, 120, ":set option-1\t", NULL },
	{ "prompt-list-people", "idle-demo", 24, 80, "dZ\t\t\t", NULL },
	{ "prompt-list-ascii", "idle", 24, 80, "dZ\t\t\t\t", "LC_ALL=C" },
	{ "prompt-list-back", "idle", 24, 80, ":d\t\t\t\t\t", NULL },
	{ "prompt-list-closed", "idle", 24, 80, ":d\t\t\t\033", NULL },
	{ "prompt-list-typed-on", "idle", 24, 80, ":d\t\t\t bob", NULL },
	{ "prompt-only", "idle", 24, 80, ":ec\tx", NULL },
	{ "prompt-nothing", "idle", 24, 80, ":nons\t", NULL },
	/* what was entered before */
	{ "prompt-search", "talking", 24, 80, ":abc\022zo", NULL },
	{ "prompt-search-narrow", "two-calls", 10, 40, ":abc\022ZO\022", NULL },
	{ "prompt-search-wide", "retry", 40, 120, ":abc\022earl", NULL },
	{ "prompt-search-missed", "idle", 24, 80, ":abc\022nobody", NULL },
	{ "prompt-search-taken", "idle", 24, 80, ":abc\022zo\005!", NULL },
	{ "prompt-search-left", "idle", 24, 80, ":abc\022zo\007", NULL },
	{ "prompt-edit", "idle", 24, 80, ":edit\r", NULL },
	{ "prompt-edit-narrow", "retry", 10, 40, ":edit\r\001", NULL },
	{ "typing-with-message", "idle", 24, 80, "\033[18~:later retry\r:abc", NULL },
	{ "prompt-list-over-message", "idle", 24, 80, "\033[18~:later retry\r:\t", NULL },
	{ "one-cell", "talking", 1, 1, "", NULL },
	{ "two-lines", "failed", 2, 12, "", NULL },
};
#define GOLDENS (sizeof(goldens) / sizeof(goldens[0]))

static void golden(void **state)
{
	const struct golden *g = *state;
	struct terminal t;

	start(&t, g->name, g->rows, g->cols, g->env);
	while (!t.bytes)
		assert_true(pump(&t, DEADLINE_MS));
	if (g->keys[0]) {
		assert_true(g->env && strcmp(g->env, "LC_ALL=C") == 0 ? see(&t, "--") : up(&t));
		type(&t, g->keys);
	}
	expect(&t, g->folder);
	stop(&t);
}

/* However the size jumps, the last one is what is shown. */
static void resize_storm(void **state)
{
	static const struct { unsigned short rows, cols; } sizes[] = {
		{ 10, 40 }, { 50, 160 }, { 1, 1 }, { 24, 3 }, { 2, 200 }, { 24, 80 }, { 15, 69 }, { 16, 70 }, { 100, 20 },
	};
	struct terminal t;
	unsigned i;

	(void)state;
	start(&t, "two-calls", 24, 80, NULL);
	assert_true(up(&t));
	for (i = 0; i < 200; i++) {
		struct winsize size = { .ws_row = sizes[i % 9].rows, .ws_col = sizes[i % 9].cols };

		if (i == 199)
			size = (struct winsize){ .ws_row = 24, .ws_col = 80 };
		ioctl(t.master, TIOCSWINSZ, &size);
		t.rows = size.ws_row;
		t.cols = size.ws_col;
		vterm_set_size(t.vt, (int)t.rows, (int)t.cols);
		pump(&t, i % 20 ? 0 : 50);
	}
	expect(&t, "two-calls");
	stop(&t);
}

/* A terminal that takes nothing for a while: the phone goes on, one frame waits, and the picture is right
 * when it reads again. */
static void stalled(void **state)
{
	struct terminal t;
	unsigned i;

	(void)state;
	start(&t, "crowd", 24, 80, NULL);
	assert_true(up(&t));
	type(&t, ":flood\r");
	assert_string_equal(told(&t), "flood");
	/* Nothing is read now; each key is still taken, some hundred frames long. */
	for (i = 0; i < 300; i++) {
		type(&t, ":tell\r");
		assert_string_equal(told(&t), "tell");
	}
	type(&t, ":case two-calls\r");
	assert_string_equal(told(&t), "case two-calls");
	t.bytes = 0;
	expect(&t, "two-calls");
	/* What the line held, and a frame, and the last picture; not every frame that was due. */
	assert_true(t.bytes < 100000);
	stop(&t);
}

static void quits_while_stalled(void **state)
{
	struct terminal t;
	uint64_t begin;

	(void)state;
	start(&t, "crowd", 60, 200, NULL);
	assert_true(up(&t));
	type(&t, ":flood\r");
	assert_string_equal(told(&t), "flood");
	for (unsigned i = 0; i < 100; i++) {
		type(&t, ":tell\r");
		assert_string_equal(told(&t), "tell");
	}
	begin = loop_now_ms();
	kill(t.pid, SIGTERM);
	assert_int_equal(ended(&t, false), 0);
	assert_true(loop_now_ms() - begin < 1500);
	assert_given_back(&t);
	stop(&t);
}

static void crash(void **state)
{
	struct terminal t;

	(void)state;
	start(&t, "talking", 24, 80, NULL);
	assert_true(up(&t));
	assert_true(t.alternate);
	type(&t, ":crash\r");
	assert_true(WIFSIGNALED(ended(&t, true)));
	assert_int_equal(WTERMSIG(t.status), SIGSEGV);
	assert_given_back(&t);
	stop(&t);
}

static void hangs_up(void **state)
{
	struct terminal t;

	(void)state;
	start(&t, "talking", 24, 80, NULL);
	assert_true(up(&t));
	close(t.master);
	/* The other end of our slave is gone too: nothing is left to compare. */
	while (told(&t)[0])
		;
	assert_int_equal(waitpid(t.pid, &t.status, 0), t.pid);
	assert_int_equal(t.status, 0);
	vterm_free(t.vt);
	close(t.slave);
	close(t.told);
}

static void refuses_dumb_terminals(void **state)
{
	static const char *const terms[] = { "TERM=dumb", "TERM=nonsense" };
	unsigned i;

	(void)state;
	for (i = 0; i < 2; i++) {
		struct terminal t;

		start(&t, "idle", 24, 80, terms[i]);
		assert_true(see(&t, "--headless"));
		assert_int_equal(WEXITSTATUS(ended(&t, true)), 2);
		assert_given_back(&t);
		stop(&t);
	}
}

/* Idle, the terminal gets nothing; the clock may move on once. */
static void idle_is_silent(void **state)
{
	struct terminal t;

	(void)state;
	start(&t, "idle", 24, 80, NULL);
	expect(&t, "idle");
	t.bytes = 0;
	while (pump(&t, 2500) && t.bytes < 60)
		;
	assert_true(t.bytes < 60);
	stop(&t);
}

static unsigned count(struct terminal *t)
{
	type(t, ":count\r");
	return (unsigned)strtoul(told(t), NULL, 10);
}

/* What MS cost: pictures, and bytes that came. */
static unsigned pictures_in(struct terminal *t, int ms)
{
	uint64_t end = loop_now_ms() + (uint64_t)ms;
	unsigned before = count(t);

	/* what the keys themselves have changed */
	while (pump(t, 200))
		;
	t->bytes = 0;
	while (loop_now_ms() < end)
		pump(t, (int)(end - loop_now_ms()) + 1);
	return count(t) - before;
}

/* A countdown takes a picture a second and the bytes of its digits; without one there is neither. */
static void countdown_is_cheap(void **state)
{
	struct terminal t;
	unsigned pictures;

	(void)state;
	start(&t, "failed", 24, 80, NULL);
	assert_true(up(&t));
	pictures = pictures_in(&t, 3500);
	assert_in_range(pictures, 0, 5); /* those of the typed line, and the clock's minute */
	type(&t, ":case retry\r");
	assert_string_equal(told(&t), "case retry");
	type(&t, ":clock\r");
	assert_true(see(&t, "redial in 0:26"));
	assert_true(see(&t, "next in 0:25"));
	while (pump(&t, 100))
		;
	t.bytes = 0;
	assert_true(see(&t, "next in 0:24"));
	while (pump(&t, 100))
		;
	/* in three places, and back to where the cursor rests */
	assert_in_range(t.bytes, 3, 90);
	pictures = pictures_in(&t, 3500);
	assert_in_range(pictures, 3, 4 + 5);
	stop(&t);
}

/* A question that has just appeared takes no Enter; then it calls again. Its other answer is no. */
static void due_waits(void **state)
{
	struct terminal t;
	const char *line;
	unsigned early = 0;

	(void)state;
	start(&t, "retry", 24, 80, NULL);
	assert_true(up(&t));
	type(&t, ":case due\r");
	assert_true(see(&t, "Redial Support desk now?"));
	type(&t, "\rm");
	assert_string_equal(told(&t), "case due");
	assert_string_equal(told(&t), "mute toggle");
	do {
		type(&t, "\rm");
		line = told(&t);
		early++;
		pump(&t, 100);
	} while (strcmp(line, "redial now 1") != 0);
	assert_true(early > 1);
	assert_int_equal(t.bells, 1);
	assert_string_equal(told(&t), "mute toggle");
	type(&t, "x");
	assert_string_equal(told(&t), "redial cancel 1");
	/* a caller comes first */
	type(&t, ":case incoming\r");
	assert_true(see(&t, "[a] answer"));
	stop(&t);
}

/* The keys of a notice run its commands, in the list and where it stands alone. */
static void notice_keys(void **state)
{
	static const struct { const char *keys, *command; } table[] = {
		{ "r", "redial now notice" }, { "A", "redial toggle notice" }, { "x", "notice dismiss" },
	};
	struct terminal t;
	unsigned i, k;

	(void)state;
	start(&t, "retry", 24, 80, NULL);
	assert_true(up(&t));
	for (k = 0; k < 2; k++) {
		for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
			type(&t, table[i].keys);
			assert_string_equal(told(&t), table[i].command);
		}
		if (k)
			break;
		type(&t, "\r");
		assert_string_equal(told(&t), "notice open");
		assert_true(see(&t, "What can be done"));
	}
	stop(&t);
}

/* Enter was meant for something else when the call came in just now. */
static void enter_waits(void **state)
{
	struct terminal t;
	const char *line;
	unsigned early = 0;

	(void)state;
	start(&t, "idle", 24, 80, NULL);
	assert_true(up(&t));
	type(&t, ":case incoming\r");
	assert_true(see(&t, "[a] answer"));
	type(&t, "\rm");
	assert_string_equal(told(&t), "case incoming");
	assert_string_equal(told(&t), "mute toggle");
	do {
		type(&t, "\r:tell\r");
		line = told(&t);
		early++;
		pump(&t, 100);
	} while (strcmp(line, "answer") != 0);
	assert_true(early > 1);
	assert_int_equal(t.bells, 1);
	stop(&t);
}

/* A typed key costs its own byte and little more, with a hint above it or without. */
static void typing_is_cheap(void **state)
{
	static const struct { const char *keys; size_t most; } table[] = {
		{ "b", 6 }, { "o", 6 }, { "b", 6 }, { "\033[D", 8 }, { "x", 12 },
	};
	struct terminal t;
	size_t i;

	(void)state;
	start(&t, "idle", 24, 80, NULL);
	assert_true(up(&t));
	type(&t, ":dial ");
	assert_true(see(&t, "[codecs=LIST]"));
	for (i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		while (pump(&t, 100))
			;
		t.bytes = 0;
		type(&t, table[i].keys);
		assert_true(pump(&t, DEADLINE_MS));
		while (pump(&t, 100))
			;
		assert_in_range(t.bytes, 1, table[i].most);
	}
	stop(&t);
}

/* Whatever comes, what is typed stays, and the cursor in it. */
static void typing_is_not_disturbed(void **state)
{
	static const struct { unsigned short rows, cols; } sizes[] = { { 10, 40 }, { 2, 12 }, { 1, 1 }, { 50, 160 }, { 24, 80 } };
	struct terminal t;
	unsigned i;

	(void)state;
	start(&t, "idle", 24, 80, NULL);
	assert_true(up(&t));
	type(&t, ":later incoming\r");
	type(&t, ":kept b\001\006\006\006\006\006a");
	assert_true(see(&t, "[a] answer"));
	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct winsize size = { .ws_row = sizes[i].rows, .ws_col = sizes[i].cols };

		ioctl(t.master, TIOCSWINSZ, &size);
		t.rows = size.ws_row;
		t.cols = size.ws_col;
		vterm_set_size(t.vt, (int)t.rows, (int)t.cols);
		while (pump(&t, 100))
			;
	}
	assert_true(see(&t, ":kept ab"));
	assert_int_equal(t.cursor.row, 22);
	assert_int_equal(t.cursor.col, 7);
	type(&t, "\014x\r");
	assert_string_equal(told(&t), "later incoming");
	assert_string_equal(told(&t), "command: kept axb"); /* by the store */
	assert_string_equal(told(&t), "kept axb");
	assert_int_equal(t.bells, 1);
	stop(&t);
}

/* A prompt that some script opens does not take the place of the one that somebody types at. */
static void typing_is_not_taken_away(void **state)
{
	struct terminal t;

	(void)state;
	start(&t, "idle", 24, 80, NULL);
	assert_true(up(&t));
	type(&t, ":later view dial x\r");
	assert_string_equal(told(&t), "later view dial x");
	type(&t, ":kept");
	assert_string_equal(told(&t), "busy");
	type(&t, " it\r");
	assert_string_equal(told(&t), "command: kept it");
	assert_string_equal(told(&t), "kept it");
	/* nor is the next key taken for an answer */
	type(&t, ":case talking\r");
	assert_string_equal(told(&t), "case talking");
	type(&t, ":later view quit\r");
	assert_string_equal(told(&t), "later view quit");
	type(&t, ":kept");
	assert_string_equal(told(&t), "busy");
	type(&t, "\003:later view dial x\r");
	assert_string_equal(told(&t), "later view dial x");
	assert_string_equal(told(&t), "done");
	type(&t, "y\r");
	assert_string_equal(told(&t), "dial 'xy'");
	stop(&t);
}

/* What was edited becomes the last word of the command that asked for it. */
static void edits(void **state)
{
	struct terminal t;

	(void)state;
	start(&t, "idle", 24, 80, NULL);
	assert_true(up(&t));
	type(&t, ":edit\r");
	assert_string_equal(told(&t), "edit");
	assert_true(see(&t, "macro a: "));
	type(&t, "\025it's\r");
	assert_string_equal(told(&t), "macro define a 'it's'");
	type(&t, ":edit\r");
	assert_string_equal(told(&t), "edit");
	type(&t, "\025\r");
	assert_string_equal(told(&t), "macro define a ''");
	type(&t, ":edit\r\003m");
	assert_string_equal(told(&t), "edit");
	assert_string_equal(told(&t), "mute toggle");
	/* it comes back in such a prompt, and in no other */
	type(&t, ":edit\r");
	assert_string_equal(told(&t), "edit");
	type(&t, "\033[A\r");
	assert_string_equal(told(&t), "macro define a 'it's'");
	type(&t, ":\033[A\r");
	assert_string_equal(told(&t), "edit");
	stop(&t);
}

static void sequences(void **state)
{
	struct terminal t;
	uint64_t begin;

	(void)state;
	start(&t, "idle", 24, 80, NULL);
	assert_true(up(&t));
	type(&t, "ggm");
	assert_string_equal(told(&t), "echo two keys");
	assert_string_equal(told(&t), "mute toggle");
	/* One that begins a binding and does not go on is no binding. */
	type(&t, "gm");
	assert_string_equal(told(&t), "mute toggle");
	type(&t, "g");
	type(&t, "gd");
	assert_string_equal(told(&t), "echo two keys");
	type(&t, "x;'y\r");
	assert_string_equal(told(&t), "dial 'x;'y'");
	/* One that is bound, and begins a longer one as well, waits for what comes: */
	type(&t, "vv");
	assert_string_equal(told(&t), "echo both keys");
	type(&t, "vm");
	assert_string_equal(told(&t), "echo one key");
	assert_string_equal(told(&t), "mute toggle");
	/* a second. */
	begin = loop_now_ms();
	type(&t, "v");
	assert_string_equal(told(&t), "echo one key");
	assert_in_range(loop_now_ms() - begin, 950, DEADLINE_MS);
	stop(&t);
}

int main(int argc, char **argv)
{
	struct CMUnitTest tests[GOLDENS + 16] = { 0 };
	static const struct { const char *name; CMUnitTestFunction h; } others[] = {
		{ "resize_storm", resize_storm }, { "stalled", stalled }, { "quits_while_stalled", quits_while_stalled },
		{ "crash", crash }, { "hangs_up", hangs_up }, { "refuses_dumb_terminals", refuses_dumb_terminals },
		{ "idle_is_silent", idle_is_silent }, { "enter_waits", enter_waits }, { "sequences", sequences },
		{ "countdown_is_cheap", countdown_is_cheap }, { "due_waits", due_waits }, { "notice_keys", notice_keys },
		{ "typing_is_cheap", typing_is_cheap }, { "typing_is_not_disturbed", typing_is_not_disturbed },
		{ "edits", edits }, { "typing_is_not_taken_away", typing_is_not_taken_away },
	};
	unsigned i, n = 0;

	if (argc > 2 && strcmp(argv[1], "show") == 0)
		return fake_run(argv[2], argv[3]);
	for (i = 0; i < GOLDENS; i++, n++) {
		tests[n].name = goldens[i].folder;
		tests[n].test_func = golden;
		tests[n].initial_state = (void *)(uintptr_t)&goldens[i];
	}
	for (i = 0; i < sizeof(others) / sizeof(others[0]); i++, n++) {
		tests[n].name = others[i].name;
		tests[n].test_func = others[i].h;
	}
	return cmocka_run_group_tests(tests, NULL, NULL);
}
