/* Files of commands that the program itself writes: $STATE/accounts, $STATE/saved. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "base/paths.h"
#include "command/handlers.h"

struct reader {
	struct saved *saved;
	struct command_env *env;
	const char *file;
	saved_line_h *h;
};

static int line_h(const char *line, unsigned number, void *arg)
{
	struct reader *reader = arg;
	struct result r = {.ok = true};
	const char *why = "";
	struct words w;
	size_t pos = 0;
	int err = line ? parser_next(&w, line, &pos, &why) : EINVAL;

	if (err == ENOENT)
		return 0;
	if (err)
		result_fail(&r, STATUS_USAGE, "%s", line ? why : _("the line is too long or has a NUL character in it"));
	else
		reader->h(reader->env, &w, &r);
	if (!r.ok)
		phone_notice_printf(reader->env->phone, SEVERITY_WARNING, NULL, "%s:%u: %s", reader->file, number, r.error.s);
	if (!r.ok && line)
		buf_printf(&reader->saved->kept, "%s\n", line);
	result_free(&r);
	explicit_bzero(&w, sizeof(w));
	return 0;
}

int saved_read(struct saved *s, struct command_env *env, saved_line_h *h)
{
	char file[PATHS_MAX];
	struct reader reader = {s, env, file, h};
	int err = paths_get(file, sizeof(file), PATH_STATE, s->name);

	saved_forget(s);
	if (!err)
		err = file_lines(file, NULL, line_h, &reader);
	if (err == ENOENT)
		err = 0;
	s->was_read = !err;
	return err;
}

int saved_write(const struct saved *s, struct buf *lines)
{
	char file[PATHS_MAX];
	int err;

	if (!s->was_read)
		return EROFS;
	err = paths_get(file, sizeof(file), PATH_STATE, s->name);
	if (s->kept.s)
		buf_str(lines, s->kept.s);
	if (!err)
		err = lines->failed || s->kept.failed ? ENOMEM : paths_replace_file(file, lines->s, lines->len);
	return err;
}

void saved_forget(struct saved *s)
{
	buf_free(&s->kept);
	s->was_read = false;
}
