/* The accounts that outlive the program: $STATE/accounts, a file of `account add` lines. */
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"

static struct saved file = {.name = "accounts"};

static void line_h(struct command_env *env, const struct words *w, struct result *r)
{
	if (w->n < 2 || strcmp(w->word[0], "account"))
		result_fail(r, STATUS_USAGE, _("only account commands belong here"));
	else
		account_run(env, w, ACCOUNT_SAVED, NULL, r);
}

int accounts_read(struct command_env *env)
{
	return saved_read(&file, env, line_h);
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
		add_account(&file.kept, a);
}

int accounts_save(struct command_env *env)
{
	const struct account *preferred = NULL;
	struct buf out = {0};
	unsigned i;
	int err;

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
	err = saved_write(&file, &out);
	if (out.s)
		explicit_bzero(out.s, out.cap);
	buf_free(&out);
	return err;
}
