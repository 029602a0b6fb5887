/* Nothing of the phone is started for this: a socket, a line out, a line in. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/paths.h"
#include "command/command.h"
#include "control/reader.h"
#include "control/remote.h"
#include "control/socket.h"

#define ANSWER_MAX (1u << 20)

/* Where the phone is to be reached: a hook speaks to the one that runs it, unless another was NAMED. */
static int locate(char *path, size_t size, bool named)
{
	const char *told = getenv("OFFHOOK_CONTROL");

	if (named || !told || !*told)
		return socket_find(path, size);
	return text_copy(path, size, told) ? 0 : ENAMETOOLONG;
}

/* 0 and *FD, or an errno. */
static int connect_to(const char *path, int *fd)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int err = 0;

	if (!text_copy(address.sun_path, sizeof(address.sun_path), path))
		return ENAMETOOLONG;
	*fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (*fd < 0)
		return errno;
	if (connect(*fd, (struct sockaddr *)&address, sizeof(address)))
		err = errno;
	else if (!socket_same_user(*fd))
		err = EACCES;
	if (err)
		close(*fd);
	return err;
}

/* The descriptor, or -1 when what is wrong was told. */
static int reach(bool named)
{
	char path[PATHS_MAX];
	int fd, err = locate(path, sizeof(path), named);

	if (err) {
		fprintf(stderr, "offhook: %s\n", strerror(err));
		return -1;
	}
	err = connect_to(path, &fd);
	if (!err)
		return fd;
	if (err == ENOENT || err == ECONNREFUSED)
		fprintf(stderr, "%s\n", _("offhook: none is running to take the command; with --profile=NAME one of that name is meant"));
	else
		/* TRANSLATORS: %1$s is a file, %2$s the system's word for what went wrong */
		fprintf(stderr, _("offhook: the running one cannot be reached at %1$s: %2$s\n"), path, strerror(err));
	return -1;
}

static void write_request(struct buf *out, char *const *words, int n)
{
	struct buf command = {0};
	int i;

	if (n == 1)
		buf_str(&command, words[0]);
	for (i = 0; n > 1 && i < n; i++) {
		if (i)
			buf_str(&command, " ");
		parser_quote(&command, words[i]);
	}
	buf_str(out, "{\"id\": 1, \"command\": ");
	buf_json(out, command.s ? command.s : "");
	buf_str(out, "}\n");
	buf_free(&command);
}

static int send_all(int fd, const char *p, size_t len)
{
	while (len) {
		ssize_t n = send(fd, p, len, MSG_NOSIGNAL);

		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0) {
			p += n;
			len -= (size_t)n;
		}
	}
	return 0;
}

/* One line. 0, or an errno; EPIPE when it ended before. */
static int read_line(int fd, struct buf *line)
{
	char chunk[4096];

	while (line->len < ANSWER_MAX && !line->failed && (!line->len || line->s[line->len - 1] != '\n')) {
		ssize_t n = recv(fd, chunk, sizeof(chunk), 0);

		if (!n)
			return EPIPE;
		if (n < 0 && errno != EINTR)
			return errno;
		if (n > 0)
			buf_add(line, chunk, (size_t)n);
	}
	return line->failed ? ENOMEM : 0;
}

/* TEXT and ERROR (SIZE bytes each) are as large as ANSWER. */
static bool read_answer(const char *answer, bool *ok, char *text, char *error, size_t size)
{
	bool known = false;
	struct reader r;
	char key[16];

	*text = *error = '\0';
	reader_begin(&r, answer);
	reader_enter(&r, '{');
	while (reader_member(&r, key, sizeof(key))) {
		if (!strcmp(key, "ok"))
			known = reader_boolean(&r, ok);
		else if (!strcmp(key, "text"))
			reader_string(&r, text, size, NULL);
		else if (!strcmp(key, "error"))
			reader_string(&r, error, size, NULL);
		else
			reader_skip(&r);
	}
	return known && reader_done(&r);
}

static int print(const struct buf *line)
{
	char *text = malloc(2 * (line->len + 1)), *error = text ? text + line->len + 1 : NULL;
	bool ok = false;
	int status = 1;

	if (!text || !read_answer(line->s, &ok, text, error, line->len + 1)) {
		/* it was turned away before it could ask */
		fprintf(stderr, "offhook: %.*s\n", (int)strcspn(line->s, "\n"), line->s);
		goto out;
	}
	if (*text)
		puts(text);
	fflush(stdout);
	if (!ok)
		fprintf(stderr, "offhook: %s\n", error);
	status = ok && !ferror(stdout) ? 0 : 1;
out:
	free(text);
	return status;
}

int remote_run(char *const *words, int n, bool named)
{
	struct buf request = {0}, line = {0};
	int fd = reach(named), err, status = 1;

	if (fd < 0)
		return 1;
	write_request(&request, words, n);
	err = request.failed ? ENOMEM : send_all(fd, request.s, request.len);
	/* an answer may have come although it hung up */
	if (!err || err == EPIPE)
		err = read_line(fd, &line);
	if (!err)
		status = print(&line);
	else if (err == EPIPE || err == ECONNRESET)
		fprintf(stderr, "%s\n", _("offhook: the running one ended before it answered"));
	else
		fprintf(stderr, "offhook: %s\n", strerror(err));
	if (request.s)
		explicit_bzero(request.s, request.cap);
	buf_free(&request);
	buf_free(&line);
	close(fd);
	return status;
}
