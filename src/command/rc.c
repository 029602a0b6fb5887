/* Files of commands: reading them line by line, and the rc file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/log.h"
#include "command/handlers.h"

#define FILE_MAX_BYTES (4u << 20)
#define NOTICES_FIRST  20 /* wrong lines that get a notice each; more would crowd out all others */

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

/* ---- the rc file ---- */

/* What came of it. */
struct reading {
	struct command_env *env;
	const char *file;
	unsigned wrong;
	struct buf lines;        /* the wrong lines beyond NOTICES_FIRST, as "7, 9-12" */
	unsigned first, last;    /* the range at its end that is still growing; 0 = none */
};

static void close_range_of_lines(struct reading *reading)
{
	if (!reading->first)
		return;
	buf_printf(&reading->lines, reading->first < reading->last ? "%s%u-%u" : "%s%u", reading->lines.len ? ", " : "",
		   reading->first, reading->last);
	reading->first = 0;
}

/* ERROR begins with FILE:LINE; a line of a file that is sourced has no number here. */
static void add_line_number(struct reading *reading, const char *error)
{
	size_t len = strlen(reading->file);
	unsigned number;

	if (strncmp(error, reading->file, len) != 0 || error[len] != ':')
		return;
	number = (unsigned)strtoul(error + len + 1, NULL, 10);
	if (!number || (reading->first && number == reading->last))
		return;
	if (reading->first && number == reading->last + 1) {
		reading->last = number;
		return;
	}
	close_range_of_lines(reading);
	reading->first = reading->last = number;
}

/* Told to whoever listens, but not kept: it would push out what was kept before. */
static void tell_only(struct phone *phone, const char *text)
{
	struct event e;

	event_begin(&e, "notice");
	event_string(&e, "severity", "warning");
	event_string(&e, "text", text);
	phone_emit(phone, &e);
}

static void result_h(struct script *s, const char *line, const struct result *r, void *arg)
{
	struct reading *reading = arg;
	struct phone *phone = reading->env->phone;

	(void)s;
	(void)line;
	if (r->ok) {
		if (r->text.len)
			phone_notice(phone, SEVERITY_INFO, NULL, r->text.s);
		return;
	}
	log_warning("%s", r->error.s ? r->error.s : "");
	if (++reading->wrong <= NOTICES_FIRST)
		phone_notice(phone, SEVERITY_WARNING, NULL, r->error.s ? r->error.s : "");
	else {
		add_line_number(reading, r->error.s ? r->error.s : "");
		tell_only(phone, r->error.s ? r->error.s : "");
	}
}

static void sum_up(struct reading *reading)
{
	unsigned more = reading->wrong - NOTICES_FIRST;

	close_range_of_lines(reading);
	phone_notice_printf(reading->env->phone, SEVERITY_WARNING, NULL,
			    /* TRANSLATORS: %1$u is how many lines, %2$s a file, %3$s their numbers: "21, 30-44" */
			    P_("%1$u more wrong line in %2$.100s: %3$s (--log=FILE keeps all of them)",
			       "%1$u more wrong lines in %2$.100s: %3$s (--log=FILE keeps all of them)", more),
			    more, reading->file, reading->lines.s ? reading->lines.s : "");
}

int rc_read(struct command_env *env, const char *file)
{
	struct reading reading = {.env = env, .file = file};
	struct script *s;
	int err;

	err = script_new(&s, env, SCRIPT_RC, false, result_h, NULL, &reading);
	if (err)
		return err;
	err = script_source(s, file);
	if (!err)
		script_add(s, "", NULL); /* runs all of it: nothing in such a file can wait */
	script_free(s);
	if (reading.wrong > NOTICES_FIRST)
		sum_up(&reading);
	buf_free(&reading.lines);
	return err;
}
