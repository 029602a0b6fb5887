/* Files of commands: reading them line by line, and the rc file. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "command/handlers.h"

#define FILE_MAX_BYTES (4u << 20)

/* All of FD. 0, EFBIG, or an errno. */
static int read_all(int fd, struct buf *content)
{
	char chunk[4096];
	ssize_t n;

	while ((n = read(fd, chunk, sizeof(chunk))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return errno;
		if (content->len + (size_t)n > FILE_MAX_BYTES)
			return EFBIG;
		buf_add(content, chunk, (size_t)n);
		if (content->failed)
			return ENOMEM;
	}
	return 0;
}

int file_lines(const char *file, bool *exposed, file_line_h *h, void *arg)
{
	struct buf content = {0};
	struct stat st;
	unsigned number = 0;
	char *p, *end;
	int err = 0, fd;

	/* without O_NONBLOCK a pipe that nobody writes to would stop the phone */
	fd = open(file, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0)
		return errno;
	if (fstat(fd, &st))
		err = errno;
	else if (S_ISDIR(st.st_mode))
		err = EISDIR;
	else
		err = read_all(fd, &content);
	close(fd);
	if (err)
		goto out;
	if (exposed)
		*exposed = st.st_mode & (S_IRGRP | S_IROTH);
	for (p = content.s; p && p < content.s + content.len && !err; p = end + 1) {
		size_t len;

		end = memchr(p, '\n', (size_t)(content.s + content.len - p));
		if (!end)
			end = content.s + content.len;
		len = (size_t)(end - p);
		*end = '\0';
		err = h(len >= LINE_MAX_BYTES || strlen(p) != len ? NULL : p, ++number, arg);
	}
out:
	/* there may have been a password in it */
	if (content.s)
		explicit_bzero(content.s, content.cap);
	buf_free(&content);
	return err;
}

static void result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	struct command_env *env = arg;

	(void)s;
	(void)line;
	if (!r->ok)
		phone_notice(env->phone, SEVERITY_WARNING, NULL, r->error.s);
	else if (r->text.len)
		phone_notice(env->phone, SEVERITY_INFO, NULL, r->text.s);
}

int rc_read(struct command_env *env, const char *file)
{
	struct script *s;
	int err;

	err = script_new(&s, env, SCRIPT_RC, false, result_h, NULL, env);
	if (err)
		return err;
	err = script_source(s, file);
	if (!err)
		script_add(s, "", NULL); /* runs all of it: nothing in such a file can wait */
	script_free(s);
	return err;
}
