/* The picture may come late, but nothing here waits for a slow terminal: not the writer, not the way out. */
#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <termios.h>
#include <unistd.h>

#include "base/loop.h"
#include "ui/terminal.h"

#define STRING_MAX  4096
#define LEAVE_MS    200 /* how long the way out waits for a stalled terminal */
#define EMPTIED_MS  50  /* and again, when what it would not take was thrown away */
#define WRITE_MS    100 /* how long a crash waits for a write of the main thread; none of them blocks */
#define CRASH_STACK 65536
#define CUT         "\030\033\\" /* CAN and ST: the end of a sequence of which half was sent */

static struct {
	const struct terminal_handlers *h;
	int fd;
	bool shared;              /* no private description: its flags have to go back */
	int flags;
	struct termios found, raw;
	pid_t owner;
	volatile sig_atomic_t entered;
	char entry[STRING_MAX], exit[STRING_MAX];
	size_t entry_len, exit_len;
	char *backlog;            /* bytes from START on have not left yet */
	size_t start, len, size;
	bool want_write;
} t = { .fd = -1 };

/* Another thread may crash while the main thread writes: first that write, then the exit string, then nothing. */
static atomic_bool writing, crashed;

/* ---- the way out; all of it may run in a signal handler ---- */

/* Writes all of BYTES or gives up after *LEFT_MS. */
static bool write_out(const char *bytes, size_t len, int *left_ms)
{
	while (len) {
		ssize_t n = write(t.fd, bytes, len);

		if (n > 0) {
			bytes += n;
			len -= (size_t)n;
		}
		else if (n < 0 && errno == EAGAIN && *left_ms > 0) {
			struct pollfd p = { .fd = t.fd, .events = POLLOUT };

			poll(&p, 1, 10);
			*left_ms -= 10;
		}
		else if (n == 0 || errno != EINTR) {
			return false;
		}
	}
	return true;
}

static void give_back(bool flush_backlog)
{
	int left = LEAVE_MS;

	if (!t.entered || t.fd < 0)
		return;
	t.entered = 0;
	if (flush_backlog && t.len)
		write_out(t.backlog + t.start, t.len, &left);
	if (!write_out(t.exit, t.exit_len, &left)) {
		/* Stalled: what it has not taken in all this time it never will. */
		tcflush(t.fd, TCOFLUSH);
		left = EMPTIED_MS;
		write_out(t.exit, t.exit_len, &left);
	}
	tcsetattr(t.fd, TCSANOW, &t.found);
	if (t.shared)
		fcntl(t.fd, F_SETFL, t.flags);
}

static void crash_h(int sig)
{
	int e = errno, left;

	/* A child between fork and exec has this handler too, but not the terminal. */
	if (getpid() == t.owner) {
		atomic_store(&crashed, true);
		/* the main thread has its process's number; its own write it cannot wait for */
		for (left = WRITE_MS; left && atomic_load(&writing) && syscall(SYS_gettid) != t.owner; left--)
			poll(NULL, 0, 1);
		give_back(false);
	}
	errno = e;
	raise(sig);
}

/* All that ends a program and that it does not take otherwise. */
static const int crashes[] = {
	SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGSYS, SIGTRAP, SIGQUIT, SIGXCPU, SIGXFSZ, SIGALRM, SIGUSR1, SIGUSR2,
};
#define CRASHES (sizeof(crashes) / sizeof(crashes[0]))
static struct sigaction crash_before[CRASHES];
static void *crash_stack;

/* On a stack of its own, for the crash may be that ours is full. */
static int crash_watch(void)
{
	struct sigaction sa = { .sa_handler = crash_h, .sa_flags = (int)(SA_RESETHAND | SA_NODEFER | SA_ONSTACK) };
	stack_t stack = { .ss_size = CRASH_STACK };
	unsigned i;

	if (crash_stack)
		return 0;
	crash_stack = malloc(CRASH_STACK);
	if (!crash_stack)
		return ENOMEM;
	stack.ss_sp = crash_stack;
	sigaltstack(&stack, NULL);
	sigemptyset(&sa.sa_mask);
	for (i = 0; i < CRASHES; i++) {
		sigaction(crashes[i], NULL, &crash_before[i]);
		/* nohup and the like: what was to be ignored stays so */
		if (crash_before[i].sa_handler != SIG_IGN)
			sigaction(crashes[i], &sa, NULL);
	}
	return 0;
}

static void crash_unwatch(void)
{
	stack_t none = { .ss_flags = SS_DISABLE };
	unsigned i;

	if (!crash_stack)
		return;
	for (i = 0; i < CRASHES; i++)
		sigaction(crashes[i], &crash_before[i], NULL);
	sigaltstack(&none, NULL);
	free(crash_stack);
	crash_stack = NULL;
}

/* ---- the writer ---- */

static void ready_h(unsigned flags, void *arg);

static void gone(void)
{
	loop_unwatch(t.fd);
	t.len = 0;
	/* It may be there still, and only no longer ours to read: a shell that was killed. */
	give_back(false);
	t.h->gone_h();
}

/* Asks for writability only while something waits, or the loop would spin. */
static void watch(bool want_write)
{
	if (want_write == t.want_write)
		return;
	t.want_write = want_write;
	loop_watch(t.fd, LOOP_READ | (want_write ? LOOP_WRITE : 0u), ready_h, NULL);
}

/* False: the terminal is being given back, not a byte more. Else write_end() follows soon. */
static bool write_begin(void)
{
	atomic_store(&writing, true);
	if (!atomic_load(&crashed))
		return true;
	atomic_store(&writing, false);
	return false;
}

static void write_end(void)
{
	atomic_store(&writing, false);
}

static void flush(void)
{
	while (t.len && t.entered && write_begin()) {
		ssize_t n = write(t.fd, t.backlog + t.start, t.len);

		write_end();
		if (n > 0) {
			t.start += (size_t)n;
			t.len -= (size_t)n;
		}
		else if (n < 0 && errno == EAGAIN) {
			break;
		}
		else if (n == 0 || errno != EINTR) {
			gone();
			return;
		}
	}
	if (!t.len)
		t.start = 0;
	watch(t.len > 0);
}

int terminal_write(const char *bytes, size_t len)
{
	if (!t.entered)
		return 0;
	if (t.start + t.len + len > t.size) {
		size_t size = t.start + t.len + len + 4096;
		char *p = realloc(t.backlog, size);

		if (!p)
			return ENOMEM;
		t.backlog = p;
		t.size = size;
	}
	memcpy(t.backlog + t.start + t.len, bytes, len);
	t.len += len;
	flush();
	return 0;
}

bool terminal_busy(void)
{
	return t.len > 0;
}

static void ready_h(unsigned flags, void *arg)
{
	char bytes[4096];
	ssize_t n;

	(void)arg;
	if (flags & LOOP_WRITE) {
		flush();
		if (!t.entered)
			return;
		if (!t.len)
			t.h->empty_h();
	}
	if (!(flags & (LOOP_READ | LOOP_EXCEPT)) || !t.entered)
		return;
	n = read(t.fd, bytes, sizeof(bytes));
	if (n > 0)
		t.h->input_h(bytes, (size_t)n);
	else if (n == 0 || (errno != EAGAIN && errno != EINTR))
		gone();
}

/* ---- open, enter, leave, close ---- */

/* The standard descriptor that is a terminal, or -1. The program may have turned 1 and 2 away from it, for what
 * libraries print. */
static int given(void)
{
	static const int fds[] = { STDOUT_FILENO, STDIN_FILENO };
	size_t i;

	for (i = 0; i < sizeof(fds) / sizeof(fds[0]); i++) {
		if (isatty(fds[i]))
			return fds[i];
	}
	return -1;
}

/* An open file description of our own, so that the shell's is never left non-blocking. */
static int open_private(void)
{
	const int flags = O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC;
	const char *name = ttyname(given());
	int fd = -1;

	if (name)
		fd = open(name, flags);
	if (fd < 0)
		fd = open("/dev/tty", flags);
	return fd;
}

int terminal_open(const struct terminal_handlers *handlers)
{
	if (given() < 0)
		return ENOTTY;
	t.h = handlers;
	t.owner = getpid();
	t.fd = open_private();
	t.shared = t.fd < 0;
	if (t.shared) {
		/* Someone else's terminal (su): the description that we were given has to do. */
		t.fd = given();
		t.flags = fcntl(t.fd, F_GETFL);
	}
	if (tcgetattr(t.fd, &t.found)) {
		int err = errno;

		if (!t.shared)
			close(t.fd);
		t.fd = -1;
		return err;
	}
	/* Ourselves and not by curses, which draws into memory and has no terminal. */
	t.raw = t.found;
	t.raw.c_iflag &= ~(tcflag_t)(BRKINT | ICRNL | INLCR | IGNCR | INPCK | ISTRIP | IXON | IXOFF | IXANY);
	t.raw.c_oflag &= ~(tcflag_t)OPOST;
	t.raw.c_lflag &= ~(tcflag_t)(ECHO | ECHONL | ICANON | ISIG | IEXTEN);
	t.raw.c_cflag &= ~(tcflag_t)(CSIZE | PARENB);
	t.raw.c_cflag |= CS8;
	t.raw.c_cc[VMIN] = 1;
	t.raw.c_cc[VTIME] = 0;
	return 0;
}

void terminal_close(void)
{
	if (t.fd < 0)
		return;
	terminal_leave();
	crash_unwatch();
	if (!t.shared)
		close(t.fd);
	t.fd = -1;
	free(t.backlog);
	t.backlog = NULL;
	t.start = t.len = t.size = 0;
}

int terminal_set_strings(const char *entry, size_t entry_len, const char *exit, size_t exit_len)
{
	/* paste marks and attributes off */
	static const char before[] = CUT "\033[?2004l\033[m";
	const size_t n = sizeof(before) - 1;

	if (entry_len > STRING_MAX || exit_len > STRING_MAX - n)
		return E2BIG;
	memcpy(t.entry, entry, entry_len);
	t.entry_len = entry_len;
	memcpy(t.exit, before, n);
	memcpy(t.exit + n, exit, exit_len);
	t.exit_len = n + exit_len;
	return 0;
}

int terminal_enter(void)
{
	const bool cut = t.len > 0;
	int err = crash_watch();

	if (err)
		return err;
	if (t.shared)
		fcntl(t.fd, F_SETFL, t.flags | O_NONBLOCK);
	if (!write_begin())
		return 0;
	/* Never TCSADRAIN: it would wait for a stalled terminal. */
	if (tcsetattr(t.fd, TCSANOW, &t.raw))
		err = errno;
	t.entered = !err;
	write_end();
	if (err)
		return err;
	t.start = t.len = 0;
	t.want_write = false;
	err = loop_watch(t.fd, LOOP_READ, ready_h, NULL);
	if (!err && cut)
		err = terminal_write(CUT, sizeof(CUT) - 1);
	if (!err)
		err = terminal_write(t.entry, t.entry_len);
	if (err)
		terminal_leave();
	return err;
}

void terminal_leave(void)
{
	if (!t.entered)
		return;
	loop_unwatch(t.fd);
	give_back(true);
	t.start = t.len = 0;
}

bool terminal_entered(void)
{
	return t.entered;
}

void terminal_size(unsigned *rows, unsigned *cols)
{
	struct winsize w;

	*rows = *cols = 0;
	if (t.fd >= 0 && ioctl(t.fd, TIOCGWINSZ, &w) == 0) {
		*rows = w.ws_row;
		*cols = w.ws_col;
	}
}
