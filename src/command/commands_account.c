/* The account command. No sentence of this file repeats a value: it could be a password. */
#include <errno.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"

struct request {
	struct command_env *env;
	const struct words *w;
	enum account_source source;
	const char *origin;
	struct result *r;
};

/* ---- what is shared ---- */

/* The account that word 2 names, or NULL with R failed. */
static const struct account *find(const struct request *q)
{
	const struct account *a = phone_account(q->env->phone, q->w->word[2]);
	const char *names[ACCOUNTS_MAX];
	unsigned i, n = phone_accounts(q->env->phone);

	if (a)
		return a;
	for (i = 0; i < n && i < ACCOUNTS_MAX; i++)
		names[i] = phone_account_at(q->env->phone, i)->name;
	/* TRANSLATORS: fills: unknown account "wrok" */
	result_unknown(q->r, _("account"), q->w->word[2], names, i);
	return NULL;
}

/* May this source change A? What the rc file says, only the rc file changes; and it changes nothing else. */
static bool may_change(const struct request *q, const struct account *a)
{
	if (a->from_rc && q->source != ACCOUNT_RC)
		/* TRANSLATORS: %2$s is FILE:LINE */
		result_fail(q->r, STATUS_FAILED, _("the account %1$s is defined at %2$s; change it there"), a->name,
			    a->source);
	else if (!a->from_rc && q->source == ACCOUNT_RC)
		result_fail(q->r, STATUS_FAILED, _("the account %s is not defined in the rc file, so it cannot change it"),
			    a->name);
	else
		return true;
	return false;
}

static unsigned count_words(const char *const *words)
{
	unsigned n = 0;

	while (words[n])
		n++;
	return n;
}

/* What is saved must stay one line. */
static bool is_printable(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < ' ' || *s == 0x7f)
			return false;
	}
	return true;
}

/* Sets one KEY=VALUE; false with R failed. */
static bool set_key(const struct request *q, struct account *a, unsigned at)
{
	const char *const *keys = account_keys();
	unsigned count = count_words(keys), i;
	const char *word = q->w->word[at], *equals = strchr(word, '='), *why = NULL;
	char key[64];

	if (!equals || equals == word) {
		/* TRANSLATORS: KEY=VALUE are to be translated only if they can stand for both */
		result_fail(q->r, STATUS_USAGE, _("word %u of the command is not KEY=VALUE"), at + 1);
		return false;
	}
	if (!text_copyn(key, sizeof(key), word, (size_t)(equals - word)))
		key[0] = '\0';
	for (i = 0; i < count && strcmp(key, keys[i]); i++)
		;
	if (i == count) {
		/* TRANSLATORS: fills: unknown key "pasword" */
		result_unknown(q->r, _("key"), key, keys, count);
		return false;
	}
	if (!is_printable(equals + 1)) {
		result_fail(q->r, STATUS_USAGE, _("%s=: the value has control characters in it"), key);
		return false;
	}
	if (account_set(a, key, equals + 1, &why)) {
		/* TRANSLATORS: %1$s is a key of an account, %2$s a sentence */
		result_fail(q->r, STATUS_USAGE, _("%1$s=: %2$s"), key, why ? why : strerror(EINVAL));
		return false;
	}
	return true;
}

static bool set_keys(const struct request *q, struct account *a, unsigned from)
{
	unsigned i;

	for (i = from; i < q->w->n; i++) {
		if (!set_key(q, a, i))
			return false;
	}
	return true;
}

/* Writes the accounts file after a change that was typed. */
static void save(const struct request *q, const struct account *a)
{
	int err;

	if (q->source != ACCOUNT_TYPED || (a && a->volatile_only))
		return;
	err = accounts_save(q->env);
	if (err == EROFS)
		buf_str(&q->r->text, _("for this run only: saved accounts are not in use"));
	else if (err)
		/* TRANSLATORS: %s is the system's word for what went wrong */
		result_fail(q->r, STATUS_FAILED, _("the change is made, but cannot be saved: %s"), strerror(err));
}

/* ---- add, edit, remove ... ---- */

static void add(const struct request *q)
{
	const struct account *old = phone_account(q->env->phone, q->w->word[2]);
	struct account a;
	const char *why = NULL;
	int err;

	if (account_init(&a, q->w->word[2], q->w->word[3], &why)) {
		result_fail(q->r, STATUS_USAGE, "%s", why ? why : strerror(EINVAL));
		goto out;
	}
	if (!set_keys(q, &a, 4))
		goto out;
	if (old && (q->source != ACCOUNT_RC || old->from_rc)) {
		if (old->from_rc)
			result_fail(q->r, STATUS_FAILED, _("there is an account %1$s already, defined at %2$s"), a.name,
				    old->source);
		else
			result_fail(q->r, STATUS_FAILED, _("there is an account %s already; account edit changes it"),
				    a.name);
		goto out;
	}
	if (q->source == ACCOUNT_RC) {
		a.from_rc = true;
		text_copy(a.source, sizeof(a.source), q->origin);
	}
	if (old && !old->from_rc)
		accounts_keep(old);
	/* the rc file comes after the saved accounts and wins */
	err = old ? phone_account_replace(q->env->phone, &a) : phone_account_add(q->env->phone, &a);
	if (err == ENOSPC)
		result_fail(q->r, STATUS_FAILED, _("there are %u accounts already; remove one first"), ACCOUNTS_MAX);
	else if (err)
		result_fail(q->r, STATUS_FAILED, "%s", strerror(err));
	else
		save(q, &a);
out:
	explicit_bzero(&a, sizeof(a));
}

static void edit(const struct request *q)
{
	const struct account *old = find(q);
	struct account a;
	int err;

	if (!old || !may_change(q, old))
		return;
	a = *old;
	if (set_keys(q, &a, 3)) {
		err = phone_account_replace(q->env->phone, &a);
		if (err)
			result_fail(q->r, STATUS_FAILED, "%s", strerror(err));
		else
			save(q, &a);
	}
	explicit_bzero(&a, sizeof(a));
}

static void remove_account(const struct request *q)
{
	const struct account *old = find(q);
	bool keep_file;
	int err;

	if (!old || !may_change(q, old))
		return;
	keep_file = old->volatile_only;
	err = phone_account_remove(q->env->phone, q->w->word[2]);
	if (err)
		result_fail(q->r, STATUS_FAILED, "%s", strerror(err));
	else if (!keep_file)
		save(q, NULL);
}

static void make_default(const struct request *q)
{
	const struct account *a = find(q);
	int err;

	if (!a)
		return;
	err = phone_account_default(q->env->phone, a->name);
	if (err)
		result_fail(q->r, STATUS_FAILED, "%s", strerror(err));
	else if (!a->from_rc)
		save(q, a);
}

static void register_it(const struct request *q, bool on)
{
	int err;

	if (!find(q))
		return;
	err = phone_account_register(q->env->phone, q->w->word[2], on);
	if (err)
		result_fail(q->r, STATUS_FAILED, "%s", strerror(err));
}

static void register_on(const struct request *q)
{
	register_it(q, true);
}

static void register_off(const struct request *q)
{
	register_it(q, false);
}

static const struct {
	const char *name;
	const char *usage;
	unsigned words, more; /* behind the name; MORE: any number from there on */
	void (*run)(const struct request *q);
} actions[] = {
	{"add", "NAME SIP-URI [KEY=VALUE]...", 2, 1, add},
	{"edit", "ACCOUNT KEY=VALUE...", 2, 1, edit},
	{"remove", "ACCOUNT", 1, 0, remove_account},
	{"register", "ACCOUNT", 1, 0, register_on},
	{"unregister", "ACCOUNT", 1, 0, register_off},
	{"default", "ACCOUNT", 1, 0, make_default},
};
#define ACTIONS (sizeof(actions) / sizeof(actions[0]))

/* A password in a file that others can read is no secret. */
static void warn_exposed(struct command_env *env, const struct words *w, const char *origin)
{
	unsigned i;

	for (i = 2; i < w->n; i++) {
		if (strncmp(w->word[i], "password=", 9))
			continue;
		phone_notice_printf(env->phone, SEVERITY_WARNING, NULL,
				    /* TRANSLATORS: %s is FILE:LINE */
				    _("%s: others can read this password; chmod 600 the file"), origin);
		return;
	}
}

void account_run(struct command_env *env, const struct words *w, enum account_source source, const char *origin,
		 struct result *r)
{
	struct request q = {env, w, source, origin, r};
	const char *names[ACTIONS];
	unsigned i;

	for (i = 0; i < ACTIONS; i++)
		names[i] = actions[i].name;
	for (i = 0; i < ACTIONS && strcmp(w->word[1], names[i]); i++)
		;
	if (i == ACTIONS)
		/* TRANSLATORS: fills: unknown word "ad" */
		result_unknown(r, _("word"), w->word[1], names, ACTIONS);
	else if (w->n - 2 < actions[i].words || (!actions[i].more && w->n - 2 > actions[i].words))
		/* TRANSLATORS: %1$s is a command, %2$s what belongs behind it */
		result_fail(r, STATUS_USAGE, _("usage: account %1$s %2$s"), names[i], actions[i].usage);
	else
		actions[i].run(&q);
}

void command_account(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	const char *origin = script ? script_origin(script) : NULL;
	bool rc = script && script_get_kind(script) == SCRIPT_RC;

	if (script_exposed(script) && origin)
		warn_exposed(env, w, origin);
	account_run(env, w, rc ? ACCOUNT_RC : ACCOUNT_TYPED, origin, r);
}
