/* The import command: accounts of another phone become ours. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/paths.h"
#include "command/baresip.h"
#include "command/handlers.h"

#define NOTICES_MAX 20 /* of one import; the other lines are counted */

struct import {
	struct command_env *env;
	char file[PATHS_MAX];
	struct buf names;       /* of the accounts that came, with commas */
	struct buf first;       /* what was wrong with the first line that could not be read */
	unsigned came, there, wrong, notices;
};

/* What is to be said of a line. */
static void tell(struct import *im, unsigned number, const char *text)
{
	if (im->notices++ < NOTICES_MAX)
		phone_notice_printf(im->env->phone, SEVERITY_WARNING, NULL, "%s:%u: %s", im->file, number, text);
}

static void tell_wrong(struct import *im, unsigned number, const char *text)
{
	if (!im->wrong++)
		buf_printf(&im->first, "%s:%u: %s", im->file, number, text);
	tell(im, number, text);
}

/* The account that has A's address, or NULL. */
static const struct account *same_address(const struct import *im, const struct account *a)
{
	unsigned i;

	for (i = 0; i < phone_accounts(im->env->phone); i++) {
		const struct account *b = phone_account_at(im->env->phone, i);
		unsigned here = a->port ? a->port : 5060, there = b->port ? b->port : 5060;

		if (!strcmp(a->user, b->user) && !strcasecmp(a->host, b->host) && here == there)
			return b;
	}
	return NULL;
}

/* Two at different places may have the same user: the second is called USER-HOST. */
static void choose_name(const struct import *im, struct account *a)
{
	char name[ACCOUNT_NAME_MAX + ACCOUNT_TEXT_MAX];
	char *p;

	if (!phone_account(im->env->phone, a->name))
		return;
	snprintf(name, sizeof(name), "%s-%s", a->name, a->host);
	for (p = name; *p; p++) {
		if (*p == ':') /* of an IPv6 address */
			*p = '_';
	}
	text_copy(a->name, sizeof(a->name), name);
}

static void add(struct import *im, struct account *a, const char *left, unsigned number)
{
	const struct account *old = same_address(im, a);
	struct buf text = {0};
	int err;

	if (old) {
		im->there++;
		buf_printf(&text, _("left as it is: the account %s has this address already."), old->name);
		tell(im, number, text.s ? text.s : "");
		goto out;
	}
	choose_name(im, a);
	err = phone_account_add(im->env->phone, a);
	if (err == EEXIST)
		buf_printf(&text, _("there is an account %s already, with another address."), a->name);
	else if (err == ENOSPC)
		buf_printf(&text, _("there are %u accounts already; remove one first"), ACCOUNTS_MAX);
	else if (err)
		buf_str(&text, strerror(err));
	if (err) {
		tell_wrong(im, number, text.s ? text.s : "");
		goto out;
	}
	buf_printf(&im->names, "%s%s", im->came++ ? ", " : "", a->name);
	if (left) {
		/* TRANSLATORS: %1$s is an account, %2$s a list of baresip's parameters */
		buf_printf(&text, _("the account %1$s comes without these, which it has no place for: %2$s"), a->name, left);
		tell(im, number, text.s ? text.s : "");
	}
out:
	buf_free(&text);
}

static int line_h(const char *line, unsigned number, void *arg)
{
	struct import *im = arg;
	struct buf left = {0};
	struct account a;
	const char *why = _("the line is too long or has a NUL character in it");
	int err = line ? baresip_account(line, &a, &left, &why) : EINVAL;

	if (!err) {
		add(im, &a, left.s, number);
		explicit_bzero(&a, sizeof(a));
	}
	else if (err == EINVAL)
		tell_wrong(im, number, why);
	buf_free(&left);
	return 0;
}

/* The answer to the command, when the file was read. */
static void report(const struct import *im, struct result *r)
{
	int err;

	if (!im->came && im->wrong) {
		result_fail(r, STATUS_FAILED, "%s", im->first.s ? im->first.s : strerror(ENOMEM));
		return;
	}
	if (!im->came) {
		/* TRANSLATORS: %s is a file */
		buf_printf(&r->text, im->there ? _("%s: all of its accounts are here already") : _("%s has no accounts in it"),
			   im->file);
		return;
	}
	/* TRANSLATORS: %s is a list of account names */
	buf_printf(&r->text, _("imported: %s"), im->names.s ? im->names.s : "");
	if (im->there + im->wrong) {
		buf_str(&r->text, "\n");
		buf_printf(&r->text, P_("left out: %u line; a notice says why", "left out: %u lines; notices say why",
					im->there + im->wrong), im->there + im->wrong);
	}
	err = accounts_save(im->env);
	if (err == EROFS)
		buf_printf(&r->text, "\n%s", _("for this run only: saved accounts are not in use"));
	else if (err)
		result_fail(r, STATUS_FAILED, _("the change is made, but cannot be saved: %s"), strerror(err));
}

void command_import(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const phones[] = {"baresip"};
	const char *home = getenv("HOME");
	struct import im = {.env = env};
	int err, n;

	(void)script;
	if (strcmp(w->word[1], phones[0])) {
		/* TRANSLATORS: fills: unknown phone "barsip" */
		result_unknown(r, _("phone"), w->word[1], phones, 1);
		return;
	}
	n = snprintf(im.file, sizeof(im.file), "%s/.baresip/accounts", home ? home : "");
	err = n < 0 || (size_t)n >= sizeof(im.file) ? ENAMETOOLONG : file_lines(im.file, NULL, line_h, &im);
	if (err)
		result_fail(r, STATUS_FAILED, _("%1$.200s cannot be read: %2$s"), im.file, strerror(err));
	else
		report(&im, r);
	buf_free(&im.names);
	buf_free(&im.first);
}
