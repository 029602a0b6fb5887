#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/paths.h"
#include "command/command.h"
#include "control/client.h"
#include "control/json.h"
#include "control/socket.h"

#define BACKLOG     128
#define REST_MS     1000 /* when the system has no descriptor for another client */
#define GOODBYE_MS  200

struct socket_server {
	struct command_env *env;
	char path[PATHS_MAX];
	struct stat own;             /* what was made there */
	int fd;
	bool bound, listening;
	struct loop_timer *rest;
	struct client *client[SOCKET_CLIENTS];
	unsigned clients;
};

int socket_find(char *dst, size_t size)
{
	return paths_get(dst, size, PATH_RUNTIME, "control");
}

const char *socket_path(const struct socket_server *s)
{
	return s->path;
}

bool socket_same_user(int fd)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	return !getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) && peer.uid == geteuid();
}

/* ---- clients ---- */

static void client_end(struct client *c, void *arg)
{
	struct socket_server *s = arg;
	unsigned i;

	for (i = 0; i < s->clients && s->client[i] != c; i++)
		;
	s->client[i] = s->client[--s->clients];
	client_free(c, 0);
}

static void event_h(const struct event *event, void *arg)
{
	struct socket_server *s = arg;
	struct buf line = {0};
	unsigned i;

	for (i = 0; i < s->clients; i++) {
		if (!client_wants(s->client[i], event))
			continue;
		if (!line.len)
			jsonl_event(&line, event);
		client_tell(s->client[i], &line);
	}
	buf_free(&line);
}

static void turn_away(int fd)
{
	struct buf line = {0};

	/* TRANSLATORS: to the 65th program that connects to the control socket */
	buf_printf(&line, "error: %s\n", _("too many programs are connected"));
	if (line.s)
		send(fd, line.s, line.len, MSG_DONTWAIT | MSG_NOSIGNAL);
	buf_free(&line);
	close(fd);
}

static void take_client(struct socket_server *s, int fd)
{
	if (!socket_same_user(fd)) {
		log_warning("control: a process of another user was turned away");
		close(fd);
	}
	else if (s->clients == SOCKET_CLIENTS)
		turn_away(fd);
	else if (!client_new(&s->client[s->clients], s->env, fd, client_end, s))
		s->clients++;
}

static void listen_h(unsigned flags, void *arg)
{
	struct socket_server *s = arg;
	int fd = accept4(s->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	(void)flags;
	if (fd >= 0)
		take_client(s, fd);
	else if (errno == EMFILE || errno == ENFILE || errno == ENOMEM || errno == ENOBUFS) {
		/* it would be asked again and again */
		loop_unwatch(s->fd);
		loop_timer_start(s->rest, REST_MS);
	}
}

static void rest_h(void *arg)
{
	struct socket_server *s = arg;

	if (loop_watch(s->fd, LOOP_READ, listen_h, s))
		loop_timer_start(s->rest, REST_MS);
}

/* ---- the socket ---- */

/* The folder is this user's alone. */
static int check_folder(struct buf *why)
{
	char folder[PATHS_MAX];
	struct stat st;
	int err = paths_get(folder, sizeof(folder), PATH_RUNTIME, NULL);

	if (!err && lstat(folder, &st))
		err = errno;
	if (!err && (!S_ISDIR(st.st_mode) || st.st_uid != geteuid())) {
		/* TRANSLATORS: %s is a folder */
		buf_printf(why, _("There is no control socket: the folder %s is not yours."), folder);
		return EACCES;
	}
	if (!err && st.st_mode & 077 && chmod(folder, 0700))
		err = errno;
	if (err)
		/* TRANSLATORS: %s is the system's word for what went wrong */
		buf_printf(why, _("There is no control socket: %s"), strerror(err));
	return err;
}

/* Is there somebody behind the socket that has our name? */
static bool is_alive(const struct sockaddr_un *address)
{
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	bool alive;

	if (fd < 0)
		return true;
	alive = !connect(fd, (const struct sockaddr *)address, sizeof(*address)) || errno != ECONNREFUSED;
	close(fd);
	return alive;
}

/* Removes what an offhook left behind that was killed. */
static int clear_place(const struct sockaddr_un *address)
{
	struct stat st;

	if (lstat(address->sun_path, &st))
		return errno == ENOENT ? 0 : errno;
	if (!S_ISSOCK(st.st_mode))
		return EEXIST;
	if (is_alive(address))
		return EADDRINUSE;
	return unlink(address->sun_path) && errno != ENOENT ? errno : 0;
}

static int bind_here(struct socket_server *s)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err;

	if (!text_copy(address.sun_path, sizeof(address.sun_path), s->path))
		return ENAMETOOLONG;
	err = clear_place(&address);
	if (err)
		return err;
	s->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	/* the mode of the descriptor becomes that of the file: at no time is it wider */
	if (s->fd < 0 || fchmod(s->fd, 0600) || bind(s->fd, (struct sockaddr *)&address, sizeof(address)))
		return errno;
	s->bound = true;
	if (lstat(s->path, &s->own) || chmod(s->path, 0600) || listen(s->fd, BACKLOG))
		return errno;
	return 0;
}

static void explain(struct buf *why, int err, const char *path)
{
	if (err == ENAMETOOLONG)
		buf_printf(why, _("There is no control socket: the name %s is too long for one."), path);
	else if (err == EADDRINUSE)
		buf_printf(why, _("There is no control socket: another offhook has %s."), path);
	else if (err == EEXIST)
		buf_printf(why, _("There is no control socket: %s is something else; move it away."), path);
	else
		/* TRANSLATORS: %1$s is a file, %2$s the system's word for what went wrong */
		buf_printf(why, _("There is no control socket: %1$s: %2$s"), path, strerror(err));
}

int socket_start(struct socket_server **sp, struct command_env *env, struct buf *why)
{
	struct socket_server *s = calloc(1, sizeof(*s));
	int err;

	if (!s)
		return ENOMEM;
	s->env = env;
	s->fd = -1;
	err = check_folder(why);
	if (err)
		goto out;
	err = socket_find(s->path, sizeof(s->path));
	if (!err)
		err = bind_here(s);
	if (!err)
		err = loop_timer_new(&s->rest, rest_h, s);
	if (!err)
		err = phone_listen(env->phone, event_h, s);
	s->listening = !err;
	if (!err)
		err = loop_watch(s->fd, LOOP_READ, listen_h, s);
	if (err)
		explain(why, err, s->path);
	else
		*sp = s;
out:
	if (err)
		socket_stop(s);
	return err;
}

/* Another phone may have taken the name meanwhile. */
static bool is_ours(const struct socket_server *s)
{
	struct stat st;

	return s->bound && !lstat(s->path, &st) && st.st_dev == s->own.st_dev && st.st_ino == s->own.st_ino;
}

void socket_stop(struct socket_server *s)
{
	uint64_t until = loop_now_ms() + GOODBYE_MS, now;

	if (!s)
		return;
	if (s->listening)
		phone_unlisten(s->env->phone, event_h, s);
	if (s->fd >= 0) {
		loop_unwatch(s->fd);
		if (is_ours(s))
			unlink(s->path);
		close(s->fd);
	}
	while (s->clients) {
		now = loop_now_ms();
		client_free(s->client[--s->clients], now < until ? (unsigned)(until - now) : 0);
	}
	loop_timer_free(s->rest);
	free(s);
}
