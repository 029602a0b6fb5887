/* The accounts that outlive the program: $STATE/accounts, a file of `account add` lines. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "base/paths.h"
#include "command/handlers.h"

/* The file was read (or is not there yet): only then what is written cannot lose anything. */
static bool was_read;
/* Its lines that take no effect in this run: wrong ones, as they are, so that a slip of a hand edit loses no account;
 * and accounts in whose place the rc file has put its own. */
static struct buf idle_lines;

static int file_name(char *dst, size_t size)
{
	return paths_get(dst, size, PATH_STATE, "accounts");
}

struct reader {
	struct command_env *env;
	const char *file;
};

static int line_h(const char *line, unsigned number, void *arg)
{
	struct reader *reader = arg;
	struct command_env *env = reader->env;
	struct result r = {.ok = true};
	const char *why = "";
	struct words w;
	size_t pos = 0;
	int err = line ? parser_next(&w, line, &pos, &why) : EINVAL;

	if (err == ENOENT)
		return 0;
	if (err)
		result_fail(&r, STATUS_USAGE, "%s", line ? why : _("the line is too long or has a NUL character in it"));
	else if (w.n < 2 || strcmp(w.word[0], "account"))
		result_fail(&r, STATUS_USAGE, _("only account commands belong here"));
	else
		account_run(env, &w, ACCOUNT_SAVED, NULL, &r);
	if (!r.ok)
		phone_notice_printf(env->phone, SEVERITY_WARNING, NULL, "%s:%u: %s", reader->file, number, r.error.s);
	if (!r.ok && line)
		buf_printf(&idle_lines, "%s\n", line);
	result_free(&r);
	explicit_bzero(&w, sizeof(w));
	return 0;
}

int accounts_read(struct command_env *env)
{
	char file[PATHS_MAX];
	struct reader reader = {env, file};
	int err = file_name(file, sizeof(file));

	was_read = false;
	buf_free(&idle_lines);
	if (!err)
		err = file_lines(file, NULL, line_h, &reader);
	if (err == ENOENT)
		err = 0;
	was_read = !err;
	return err;
}

static void add_key(struct buf *out, const char *key, const char *value)
{
	struct buf word = {0};

	if (!*value)
		return;
	buf_printf(&word, "%s=%s", key, value);
	buf_str(out, " ");
	if (word.s) {
		parser_quote(out, word.s);
		explicit_bzero(word.s, word.cap);
	}
	if (word.failed)
		out->failed = true;
	buf_free(&word);
}

static void add_account(struct buf *out, const struct account *a)
{
	static const char *const transports[] = {"", "udp", "tcp"};
	char expires[16] = "";
	struct buf number = {0};

	buf_printf(out, "account add %s ", a->name);
	parser_quote(out, a->uri);
	add_key(out, "password", a->password);
	add_key(out, "auth-user", a->auth_user);
	add_key(out, "realm", a->realm);
	add_key(out, "display-name", a->display_name);
	add_key(out, "registrar", a->registrar);
	add_key(out, "outbound", a->outbound);
	add_key(out, "transport", transports[a->transport]);
	add_key(out, "register", a->registers ? "" : "no");
	if (a->expires) {
		buf_printf(&number, "%u", a->expires);
		text_copy(expires, sizeof(expires), number.s);
		buf_free(&number);
	}
	add_key(out, "expires", expires);
	add_key(out, "answer-mode", a->auto_answer ? "auto" : "");
	buf_str(out, "\n");
}

void accounts_keep(const struct account *a)
{
	if (!a->volatile_only)
		add_account(&idle_lines, a);
}

int accounts_save(struct command_env *env)
{
	const struct account *preferred = NULL;
	struct buf out = {0};
	char file[PATHS_MAX];
	unsigned i;
	int err;

	if (!was_read)
		return EROFS;
	err = file_name(file, sizeof(file));
	if (err)
		return err;
	buf_str(&out, "# written by offhook; change it with the account command\n");
	for (i = 0; i < phone_accounts(env->phone); i++) {
		const struct account *a = phone_account_at(env->phone, i);

		if (a->from_rc || a->volatile_only)
			continue;
		add_account(&out, a);
		if (a->is_default)
			preferred = a;
	}
	if (preferred)
		buf_printf(&out, "account default %s\n", preferred->name);
	if (idle_lines.s)
		buf_str(&out, idle_lines.s);
	err = out.failed || idle_lines.failed ? ENOMEM : paths_replace_file(file, out.s, out.len);
	if (out.s)
		explicit_bzero(out.s, out.cap);
	buf_free(&out);
	return err;
}
