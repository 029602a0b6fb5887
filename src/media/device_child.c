#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "media/device_child.h"

#define FD_LEAST    10     /* above the descriptors that the helper gets, so that none is overwritten on the way */
#define DRAIN_BYTES 8192   /* of what it prints, a call */
#define DRAIN_LINES 32

/* Moves FD to FD_LEAST or above, CLOEXEC. -1 when it cannot, or when FD is -1; FD is closed in any case. */
static int lift(int fd)
{
	int up;

	if (fd < 0)
		return -1;
	up = fcntl(fd, F_DUPFD_CLOEXEC, FD_LEAST);
	close(fd);
	return up;
}

/* Runs PROGRAM, our own file, with FDS for 0 to HELPER_FD_SOCKET. An errno. */
static int spawn(pid_t *pid, int program, const int *fds, char *const argv[])
{
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	char file[32];
	sigset_t none;
	int err, i;

	err = posix_spawn_file_actions_init(&actions);
	if (err)
		return err;
	err = posix_spawnattr_init(&attr);
	if (err)
		goto out;
	for (i = 0; i <= HELPER_FD_SOCKET && !err; i++)
		err = posix_spawn_file_actions_adddup2(&actions, fds[i], i);
	if (!err) {
		/* a Ctrl-C in the terminal is the phone's business: a process group of its own */
		sigemptyset(&none);
		posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK);
		posix_spawnattr_setpgroup(&attr, 0);
		posix_spawnattr_setsigmask(&attr, &none);
		snprintf(file, sizeof(file), "/proc/self/fd/%d", program);
		err = posix_spawn(pid, file, &actions, &attr, argv, environ);
	}
	posix_spawnattr_destroy(&attr);
out:
	posix_spawn_file_actions_destroy(&actions);
	return err;
}

int device_child_start(struct device_child *c, const char *input, const char *output)
{
	int self = -1, memory = -1, null = -1, pair[2] = {-1, -1}, prints[2] = {-1, -1}, err = 0, i;
	char name[] = "offhook", option[] = HELPER_OPTION, parent[16], in[128], out[128];
	char *argv[] = {name, option, parent, in, out, NULL};
	unsigned generation = c->generation + 1;

	memset(c, 0, sizeof(*c));
	c->generation = generation;
	c->wake = c->socket = c->log = -1;
	snprintf(parent, sizeof(parent), "%ld", (long)getpid());
	snprintf(in, sizeof(in), "%s", input);
	snprintf(out, sizeof(out), "%s", output);

	/* not by its name: another version may have been installed under it meanwhile */
	self = lift(open("/proc/self/exe", O_RDONLY | O_CLOEXEC));
	memory = lift(memfd_create("offhook-sound", MFD_CLOEXEC));
	null = lift(open("/dev/null", O_RDWR | O_CLOEXEC));
	c->wake = lift(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
	if (self < 0 || memory < 0 || null < 0 || c->wake < 0 || ftruncate(memory, sizeof(*c->memory)) != 0 ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) != 0 || pipe2(prints, O_CLOEXEC) != 0)
		goto fail;
	for (i = 0; i < 2; i++) {
		pair[i] = lift(pair[i]);
		prints[i] = lift(prints[i]);
	}
	c->socket = pair[0];
	c->log = prints[0];
	pair[0] = prints[0] = -1;
	if (c->socket < 0 || c->log < 0 || pair[1] < 0 || prints[1] < 0 ||
	    fcntl(c->socket, F_SETFL, O_NONBLOCK) != 0 || fcntl(c->log, F_SETFL, O_NONBLOCK) != 0)
		goto fail;
	c->memory = mmap(NULL, sizeof(*c->memory), PROT_READ | PROT_WRITE, MAP_SHARED, memory, 0);
	if (c->memory == MAP_FAILED) {
		c->memory = NULL;
		goto fail;
	}
	{
		const int fds[] = {null, null, prints[1], memory, c->wake, pair[1]};

		errno = spawn(&c->pid, self, fds, argv);
	}
	if (!errno)
		goto out;
	c->pid = 0;
fail:
	err = errno ? errno : EIO;
out:
	for (i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		if (prints[i] >= 0)
			close(prints[i]);
	}
	if (self >= 0)
		close(self);
	if (memory >= 0)
		close(memory);
	if (null >= 0)
		close(null);
	if (err)
		device_child_close(c);
	else
		log_debug("sound helper %u: process %ld", c->generation, (long)c->pid);
	return err;
}

void device_child_quit(struct device_child *c)
{
	const char order = HELPER_QUIT;

	/* when it cannot be told, the end of the socket or the kill tells it */
	if (c->pid && send(c->socket, &order, 1, MSG_NOSIGNAL | MSG_DONTWAIT) != 1)
		device_child_kill(c);
}

void device_child_kill(struct device_child *c)
{
	if (c->pid)
		kill(c->pid, SIGKILL);
}

bool device_child_ended(struct device_child *c, unsigned ms)
{
	uint64_t deadline = loop_now_ms() + ms;
	int status = 0;
	pid_t got;

	while (c->pid) {
		got = waitpid(c->pid, &status, WNOHANG);
		if (got == c->pid || (got < 0 && errno != EINTR)) {
			if (got > 0)
				log_debug("sound helper %u: ended, %s %d", c->generation,
					  WIFSIGNALED(status) ? "signal" : "status",
					  WIFSIGNALED(status) ? WTERMSIG(status) : WEXITSTATUS(status));
			c->pid = 0;
		}
		else if (loop_now_ms() >= deadline)
			return false;
		else
			poll(NULL, 0, 1); /* only while the device is freed: bounded by MS */
	}
	return true;
}

void device_child_drain(struct device_child *c)
{
	char text[DRAIN_BYTES + 1], *line, *rest = text;
	unsigned lines = 0;
	ssize_t n;

	if (c->log < 0)
		return;
	n = read(c->log, text, DRAIN_BYTES);
	if (n <= 0 || !log_wants(LOG_LEVEL_DEBUG))
		return;
	text[n] = '\0';
	while (lines < DRAIN_LINES && (line = strsep(&rest, "\n")) != NULL) {
		if (!line[0])
			continue;
		log_debug("sound helper %u: %s", c->generation, line);
		lines++;
	}
	if (rest && *rest)
		log_debug("sound helper %u: (more was left out)", c->generation);
}

void device_child_close(struct device_child *c)
{
	int *const fd[] = {&c->wake, &c->socket, &c->log};
	unsigned i;

	device_child_kill(c);
	c->pid = 0;
	if (!c->memory && c->wake == 0)
		return; /* never started */
	for (i = 0; i < sizeof(fd) / sizeof(fd[0]); i++) {
		if (*fd[i] >= 0)
			close(*fd[i]);
		*fd[i] = -1;
	}
	if (c->memory)
		munmap(c->memory, sizeof(*c->memory));
	c->memory = NULL;
}
