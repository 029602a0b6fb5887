/* A hook is a process of its own, and nothing here waits for it: it is started, its end is read from a pidfd. */
#include "config.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <locale.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "command/command.h"
#include "command/hook.h"
#include "phone/phone.h"

#define PREFIX "OFFHOOK_"

struct hook {
	const char *event;
	char *command;
	bool told;               /* that it failed, and it has not worked since */
};

/* One that waits for its turn, or runs. */
struct job {
	struct job *next;
	struct hooks *hooks;
	const char *event;
	char *command;
	struct buf own;          /* its variables, each ending in NUL */
	pid_t pid;
	int pidfd;
	struct loop_timer *limit;
	bool warned;             /* has had its SIGTERM */
};

struct hooks {
	struct phone *phone;
	struct hook hook[HOOKS_MAX];
	unsigned count;
	struct job *waiting, **last, *running;
	unsigned waits, runs;
	unsigned left_out;
	bool telling;            /* our own notices run no hooks */
	const char *control;     /* the socket's path, or NULL */
};

static void start_more(struct hooks *h);

/* ---- the environment ---- */

static void add_variable(struct buf *b, const char *name, const char *value)
{
	buf_str(b, PREFIX);
	for (; *name; name++) {
		char c = (char)toupper((unsigned char)*name);

		buf_add(b, &c, 1);
	}
	buf_printf(b, "=%s", value);
	buf_add(b, "", 1);
}

/* As in the events' JSON: a point, whatever the locale. */
static void real_text(char *dst, size_t size, double value)
{
	char point = *localeconv()->decimal_point, *at;

	snprintf(dst, size, "%.13g", value);
	at = point != '.' ? strchr(dst, point) : NULL;
	if (at)
		*at = '.';
}

static void add_field(struct buf *b, const struct event_field *f)
{
	struct buf list = {0};
	char number[40];
	const char *s;
	unsigned i;

	switch (f->type) {
	case EVENT_STRING:
		add_variable(b, f->name, f->v.string);
		break;
	case EVENT_INTEGER:
		snprintf(number, sizeof(number), "%" PRId64, f->v.integer);
		add_variable(b, f->name, number);
		break;
	case EVENT_REAL:
		real_text(number, sizeof(number), f->v.real);
		add_variable(b, f->name, number);
		break;
	case EVENT_BOOLEAN:
		add_variable(b, f->name, f->v.boolean ? "true" : "false");
		break;
	case EVENT_LIST:
		for (i = 0, s = f->v.list.first; i < f->v.list.count; i++, s += strlen(s) + 1)
			buf_printf(&list, "%s%s", i ? "\n" : "", s);
		add_variable(b, f->name, list.s ? list.s : "");
		buf_free(&list);
		break;
	}
}

static void describe(struct buf *b, const struct event *e)
{
	char time[40];
	unsigned i;

	snprintf(time, sizeof(time), "%" PRId64 ".%03d", e->time_ms / 1000, (int)(e->time_ms % 1000));
	add_variable(b, "event", e->name);
	add_variable(b, "time", time);
	for (i = 0; i < e->n; i++)
		add_field(b, &e->field[i]);
}

/* Ours, and those of OWN; the caller's to free(), but for the strings. What an outer offhook's hook was told is not
 * passed on. */
static char **environment(const struct buf *own)
{
	size_t n = 1;
	char **all, **to, **from, *p;

	for (from = environ; *from; from++)
		n++;
	for (p = own->s; p && p < own->s + own->len; p += strlen(p) + 1)
		n++;
	all = to = calloc(n, sizeof(*all));
	if (!all)
		return NULL;
	for (from = environ; *from; from++) {
		if (strncmp(*from, PREFIX, strlen(PREFIX)) != 0)
			*to++ = *from;
	}
	for (p = own->s; p && p < own->s + own->len; p += strlen(p) + 1)
		*to++ = p;
	return all;
}

/* ---- processes ---- */

/* Libraries open descriptors that would be inherited. */
static int keep_descriptors(posix_spawn_file_actions_t *actions)
{
#if HAVE_POSIX_SPAWN_FILE_ACTIONS_ADDCLOSEFROM_NP
	return posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
#else
	int fd, flags;

	(void)actions;
	for (fd = STDERR_FILENO + 1; fd < 1024; fd++) {
		flags = fcntl(fd, F_GETFD);
		if (flags >= 0 && !(flags & FD_CLOEXEC))
			fcntl(fd, F_SETFD, flags | FD_CLOEXEC);
	}
	return 0;
#endif
}

/* As a shell in its own right: a session without a terminal, whose process group can be ended as a whole, no descriptor of
 * ours, signals as they are at first. An errno. */
static int spawn(struct job *j)
{
	const short flags = POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF;
	char sh[] = "sh", c[] = "-c", dashes[] = "--";
	char *argv[] = {sh, c, dashes, j->command, NULL}, **env = environment(&j->own);
	posix_spawn_file_actions_t actions;
	posix_spawnattr_t attr;
	sigset_t none, all;
	int err, fd;

	if (!env)
		return ENOMEM;
	err = posix_spawn_file_actions_init(&actions);
	if (err)
		goto no_actions;
	err = posix_spawnattr_init(&attr);
	if (err)
		goto no_attr;
	for (fd = STDIN_FILENO; fd <= STDERR_FILENO && !err; fd++)
		err = posix_spawn_file_actions_addopen(&actions, fd, "/dev/null", O_RDWR, 0);
	if (!err)
		err = keep_descriptors(&actions);
	if (!err) {
		sigemptyset(&none);
		sigfillset(&all);
		posix_spawnattr_setflags(&attr, flags);
		posix_spawnattr_setsigmask(&attr, &none);
		posix_spawnattr_setsigdefault(&attr, &all);
		err = posix_spawn(&j->pid, "/bin/sh", &actions, &attr, argv, env);
	}
	posix_spawnattr_destroy(&attr);
no_attr:
	posix_spawn_file_actions_destroy(&actions);
no_actions:
	free(env);
	return err;
}

static void job_free(struct job *j)
{
	if (j->pidfd >= 0) {
		loop_unwatch(j->pidfd);
		close(j->pidfd);
	}
	loop_timer_free(j->limit);
	buf_free(&j->own);
	free(j->command);
	free(j);
}

static void tell(struct hooks *h, const char *text)
{
	h->telling = true;
	phone_notice(h->phone, SEVERITY_WARNING, "hook", text);
	h->telling = false;
}

static struct hook *find(struct hooks *h, const char *event, const char *command)
{
	unsigned i;

	for (i = 0; i < h->count; i++) {
		if (!strcmp(h->hook[i].event, event) && !strcmp(h->hook[i].command, command))
			return &h->hook[i];
	}
	return NULL;
}

/* Once, until it works again: a hook that cannot work would fill the screen. */
static void failed(struct job *j, const char *why)
{
	struct hook *hook = find(j->hooks, j->event, j->command);
	struct buf shown = {0};
	char text[512];

	parser_mask(&shown, j->command);
	log_warning("hook %s: %s: %s", j->event, shown.s ? shown.s : "", why);
	if (!hook || hook->told)
		goto out;
	hook->told = true;
	/* TRANSLATORS: %1$s is an event ("call"), %2$s a command of the shell, %3$s what became of it */
	snprintf(text, sizeof(text), _("The hook of %1$s failed: %2$.120s: %3$s"), j->event, shown.s ? shown.s : "",
		 why);
	tell(j->hooks, text);
out:
	buf_free(&shown);
}

static void judge(struct job *j, int status)
{
	struct hook *hook;
	char why[80];

	if (WIFEXITED(status) && !WEXITSTATUS(status)) {
		hook = find(j->hooks, j->event, j->command);
		if (hook)
			hook->told = false;
		return;
	}
	if (j->warned)
		snprintf(why, sizeof(why), _("it was ended after %u s"), HOOK_LIMIT_MS / 1000);
	else if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		snprintf(why, sizeof(why), "%s", _("there is no such program (127)"));
	else if (WIFEXITED(status))
		snprintf(why, sizeof(why), _("exit status %d"), WEXITSTATUS(status));
	else
		snprintf(why, sizeof(why), _("signal %d"), WTERMSIG(status));
	failed(j, why);
}

static void ended_h(unsigned flags, void *arg)
{
	struct job *j = arg, **at;
	struct hooks *h = j->hooks;
	int status = 0;
	pid_t got;

	(void)flags;
	if (j->warned)
		kill(-j->pid, SIGKILL); /* what it started and did not take along; nobody else has the number yet */
	got = waitpid(j->pid, &status, WNOHANG);
	if (!got || (got < 0 && errno == EINTR))
		return;
	if (got > 0)
		judge(j, status);
	for (at = &h->running; *at != j; at = &(*at)->next)
		;
	*at = j->next;
	h->runs--;
	job_free(j);
	start_more(h);
}

static void limit_h(void *arg)
{
	struct job *j = arg;

	kill(-j->pid, j->warned ? SIGKILL : SIGTERM);
	if (!j->warned)
		loop_timer_start(j->limit, HOOK_GRACE_MS);
	j->warned = true;
}

/* Takes J. */
static void start(struct hooks *h, struct job *j)
{
	int err = loop_timer_new(&j->limit, limit_h, j);

	if (!err)
		err = spawn(j);
	if (!err) {
		/* it cannot be gone before it is waited for */
		j->pidfd = (int)syscall(SYS_pidfd_open, j->pid, 0);
		if (j->pidfd < 0)
			err = errno;
		else
			err = loop_watch(j->pidfd, LOOP_READ, ended_h, j);
		if (err) {
			kill(-j->pid, SIGKILL);
			waitpid(j->pid, NULL, 0);
		}
	}
	if (err) {
		failed(j, strerror(err));
		job_free(j);
		return;
	}
	loop_timer_start(j->limit, HOOK_LIMIT_MS);
	j->next = h->running;
	h->running = j;
	h->runs++;
}

static void start_more(struct hooks *h)
{
	struct buf text = {0};
	struct job *j;

	while (h->runs < HOOKS_AT_A_TIME && (j = h->waiting) != NULL) {
		h->waiting = j->next;
		if (!h->waiting)
			h->last = &h->waiting;
		h->waits--;
		start(h, j);
	}
	if (!h->left_out || h->waits)
		return;
	buf_printf(&text, P_("%u event was not told to its hook: those before it take too long",
			     "%u events were not told to their hooks: those before them take too long", h->left_out),
		   h->left_out);
	h->left_out = 0;
	tell(h, text.s ? text.s : "");
	buf_free(&text);
}

/* ---- events ---- */

static void enqueue(struct hooks *h, const struct hook *hook, const struct event *e)
{
	struct job *j = h->waits < HOOKS_WAITING ? calloc(1, sizeof(*j)) : NULL;

	if (!j) {
		h->left_out++;
		return;
	}
	j->hooks = h;
	j->pidfd = -1;
	j->event = hook->event;
	j->command = strdup(hook->command);
	if (h->control && !event_find(e, "control"))
		add_variable(&j->own, "control", h->control);
	describe(&j->own, e);
	if (!j->command || j->own.failed) {
		h->left_out++;
		job_free(j);
		return;
	}
	*h->last = j;
	h->last = &j->next;
	h->waits++;
}

static void event_h(const struct event *e, void *arg)
{
	struct hooks *h = arg;
	unsigned i;

	if (h->telling)
		return;
	for (i = 0; i < h->count; i++) {
		if (!strcmp(h->hook[i].event, e->name))
			enqueue(h, &h->hook[i], e);
	}
	if (h->waits)
		start_more(h);
}

/* ---- which there are ---- */

static const char *event_literal(const char *event)
{
	const char *const *names;
	unsigned count, i;

	names = event_names(&count);
	for (i = 0; i < count; i++) {
		if (!strcmp(names[i], event))
			return names[i];
	}
	return NULL;
}

int hook_add(struct hooks *h, const char *event, const char *command)
{
	struct hook *hook = &h->hook[h->count];

	if (find(h, event, command))
		return 0;
	if (h->count == HOOKS_MAX)
		return ENOSPC;
	if (strlen(command) >= HOOK_COMMAND_MAX)
		return E2BIG;
	memset(hook, 0, sizeof(*hook));
	hook->event = event_literal(event);
	hook->command = strdup(command);
	if (!hook->event || !hook->command) {
		free(hook->command);
		return hook->event ? ENOMEM : ENOENT;
	}
	h->count++;
	return 0;
}

unsigned hook_remove(struct hooks *h, const char *event)
{
	unsigned i, kept = 0, removed;

	for (i = 0; i < h->count; i++) {
		if (strcmp(h->hook[i].event, event) != 0)
			h->hook[kept++] = h->hook[i];
		else
			free(h->hook[i].command);
	}
	removed = h->count - kept;
	h->count = kept;
	return removed;
}

bool hook_at(const struct hooks *h, unsigned i, const char **event, const char **command)
{
	if (i >= h->count)
		return false;
	*event = h->hook[i].event;
	*command = h->hook[i].command;
	return true;
}

int hooks_new(struct hooks **hp, struct phone *phone)
{
	struct hooks *h = calloc(1, sizeof(*h));
	int err;

	if (!h)
		return ENOMEM;
	h->phone = phone;
	h->last = &h->waiting;
	err = phone_listen(phone, event_h, h);
	if (err) {
		free(h);
		return err;
	}
	*hp = h;
	return 0;
}

void hooks_set_control(struct hooks *h, const char *path)
{
	h->control = path;
}

void hooks_free(struct hooks *h)
{
	struct job *j;
	unsigned i;

	if (!h)
		return;
	phone_unlisten(h->phone, event_h, h);
	while ((j = h->waiting) != NULL) {
		h->waiting = j->next;
		job_free(j);
	}
	while ((j = h->running) != NULL) {
		h->running = j->next;
		job_free(j);
	}
	for (i = 0; i < h->count; i++)
		free(h->hook[i].command);
	free(h);
}
