/* The commands that call, answer, and steer a call. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"
#include "phone/codec.h"

#define HEADERS_MAX  16
#define CODE_FROM    300 /* a number of this or more is a CODE, not a CALL */
#define CODE_DEFAULT 486

/* ---- dial ---- */

static const char *after(const char *word, const char *key)
{
	size_t len = strlen(key);

	return strncmp(word, key, len) ? NULL : word + len;
}

static bool is_key(const char *word)
{
	return after(word, "account=") || after(word, "codecs=") || after(word, "header=");
}

/* A header line: a token, a colon, no line break (RFC 3261 section 25.1). */
static bool is_header(const char *s)
{
	size_t name = strspn(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-.!%*_+`'~");

	return name && s[name + strspn(s + name, " \t")] == ':' && !strpbrk(s, "\r\n");
}

static bool known_account(struct command_env *env, const char *name, struct result *r)
{
	const char *names[ACCOUNTS_MAX];
	unsigned i, n = phone_accounts(env->phone);

	if (phone_account(env->phone, name))
		return true;
	for (i = 0; i < n && i < ACCOUNTS_MAX; i++)
		names[i] = phone_account_at(env->phone, i)->name;
	/* TRANSLATORS: fills: unknown account "wrok" */
	result_unknown(r, _("account"), name, names, i);
	return false;
}

static bool known_codecs(const char *list, struct result *r)
{
	const char *names[CODEC_COUNT], *bad;
	const struct codec *codec[CODEC_COUNT];
	char word[32];
	unsigned i;

	if (codec_parse_list(codec, CODEC_COUNT, list, &bad))
		return true;
	for (i = 0; i < CODEC_COUNT; i++)
		names[i] = codec_get((enum codec_id)i)->name;
	text_copyn(word, sizeof(word), bad, strcspn(bad, ", \t"));
	/* TRANSLATORS: fills: unknown codec "opsu" */
	result_unknown(r, _("codec"), word, names, CODEC_COUNT);
	return false;
}

/* One KEY=VALUE of dial. */
static bool dial_key(struct command_env *env, struct dial *d, const char **header, const char *word, struct result *r)
{
	const char *v;

	if ((v = after(word, "account=")) != NULL) {
		d->account = v;
		return known_account(env, v, r);
	}
	if ((v = after(word, "codecs=")) != NULL) {
		d->codecs = v;
		return known_codecs(v, r);
	}
	if ((v = after(word, "header=")) == NULL) {
		result_fail(r, STATUS_USAGE,
			    _("\"%.80s\" stands behind the target: only account=, codecs= and header= may"), word);
		return false;
	}
	if (!is_header(v)) {
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is no header field: NAME: VALUE"), v);
		return false;
	}
	if (d->headers == HEADERS_MAX) {
		result_fail(r, STATUS_USAGE, _("more than %u header fields"), HEADERS_MAX);
		return false;
	}
	header[d->headers++] = v;
	return true;
}

void command_dial(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	const char *header[HEADERS_MAX], *why = NULL;
	struct dial d = {.header = header};
	struct buf target = {0};
	unsigned i, end, call;
	int err;

	for (end = 1; end < w->n && !is_key(w->word[end]); end++)
		;
	for (i = end; i < w->n; i++) {
		if (!dial_key(env, &d, header, w->word[i], r))
			return;
	}
	parser_join(&target, w, 1, end);
	if (!target.len) {
		result_fail(r, STATUS_USAGE, _("dial needs a name, a number or a SIP address"));
		goto out;
	}
	if (!may_call(script, r))
		goto out;
	d.target = target.s;
	err = phone_dial(env->phone, &d, &call, &why);
	if (err) {
		result_fail(r, err == EINVAL || err == ENOENT ? STATUS_USAGE : STATUS_FAILED, "%s",
			    why ? why : strerror(err));
		goto out;
	}
	if (script)
		script_set_call(script, call);
	/* TRANSLATORS: the number that the new call got */
	buf_printf(&r->text, _("call %u"), call);
out:
	buf_free(&target);
}

/* ---- answering and ending ---- */

/* The call in word 1, or 0 when there is none; false with R failed. */
static bool optional_call(struct command_env *env, const struct script *script, const struct words *w, unsigned *call,
			  struct result *r)
{
	*call = 0;
	return w->n < 2 || read_call(env, script, w->word[1], call, r);
}

/* The same, and without one that of the macro in hand. */
static bool call_in_hand(struct command_env *env, const struct script *script, const struct words *w, unsigned *call,
			 struct result *r)
{
	if (!optional_call(env, script, w, call, r))
		return false;
	if (!*call)
		*call = script_call_in_hand(script);
	return true;
}

static unsigned oldest_ringing(struct command_env *env)
{
	unsigned last = phone_last_call(env->phone), n;
	struct call_info info;

	for (n = last > PHONE_CALLS_MAX ? last - PHONE_CALLS_MAX : 1; n <= last; n++) {
		if (!phone_call_info(env->phone, n, &info) && info.incoming && info.state == CALL_RINGING)
			return n;
	}
	return 0;
}

void command_answer(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	unsigned call;
	int err;

	if (!optional_call(env, script, w, &call, r))
		return;
	if (!call && !(call = oldest_ringing(env))) {
		result_fail(r, STATUS_FAILED, _("no call is ringing"));
		return;
	}
	err = phone_answer(env->phone, call);
	if (err)
		result_call_error(r, err, call);
	else if (script)
		script_set_call(script, call);
}

void command_reject(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	unsigned call = script_call_in_hand(script), i;
	unsigned long code = 0, n;
	int err;

	for (i = 1; i < w->n; i++) {
		if (read_number(w->word[i], CODE_FROM, 999999999, &n)) {
			if (code || n > 699) {
				result_fail(r, STATUS_USAGE, _("\"%.80s\" is no code for reject: 300 to 699"), w->word[i]);
				return;
			}
			code = n;
		}
		else if (i > 1) {
			result_fail(r, STATUS_USAGE, _("\"%.80s\" is no code for reject: 300 to 699"), w->word[i]);
			return;
		}
		else if (!read_call(env, script, w->word[i], &call, r))
			return;
	}
	err = phone_reject(env->phone, call, code ? (unsigned)code : CODE_DEFAULT);
	if (err == EINVAL)
		result_fail(r, STATUS_USAGE, _("a call cannot be refused with %lu"), code);
	else if (err)
		result_call_error(r, err, call);
}

void command_hangup(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	unsigned call;
	int err;

	if (!call_in_hand(env, script, w, &call, r))
		return;
	err = phone_hangup(env->phone, call);
	if (err)
		result_call_error(r, err, call);
}

/* ---- in a call ---- */

void command_hold(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {"toggle", "last", "selected"};
	const char *word = w->n > 1 ? w->word[1] : "";
	struct call_info info;
	unsigned call = script_call_in_hand(script);
	bool resume = false;
	int err;

	if (!strcmp(word, words[0]))
		resume = !phone_call_info(env->phone, call, &info) && info.held_by_us;
	else if (*word && strspn(word, "0123456789") == 0 && strcmp(word, words[1]) && strcmp(word, words[2])) {
		/* TRANSLATORS: fills: unknown word "togle" */
		result_unknown(r, _("word"), word, words, 3);
		return;
	}
	else if (!call_in_hand(env, script, w, &call, r))
		return;
	err = resume ? phone_resume(env->phone, call) : phone_hold(env->phone, call);
	if (err)
		result_call_error(r, err, call);
}

void command_resume(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	unsigned call;
	int err;

	if (!call_in_hand(env, script, w, &call, r))
		return;
	err = phone_resume(env->phone, call);
	if (err)
		result_call_error(r, err, call);
}

void command_mute(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {"on", "off", "toggle"};
	const char *s = w->n > 1 ? w->word[1] : "toggle";
	bool muted = phone_muted(env->phone);

	(void)script;
	if (!strcmp(s, "on"))
		muted = true;
	else if (!strcmp(s, "off"))
		muted = false;
	else if (!strcmp(s, "toggle"))
		muted = !muted;
	else {
		/* TRANSLATORS: fills: unknown word "togle" */
		result_unknown(r, _("word"), s, words, 3);
		return;
	}
	phone_mute(env->phone, muted);
	buf_str(&r->text, muted ? _("muted") : _("not muted"));
}

void command_select(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	static const char *const words[] = {"next", "prev", "last", "selected"};
	const char *s = w->word[1];
	unsigned call = 0;
	unsigned long n;
	int err;

	if (!strcmp(s, "next") || !strcmp(s, "prev"))
		err = phone_select_step(env->phone, *s == 'n' ? 1 : -1);
	else if (strcmp(s, "last") && strcmp(s, "selected") && !read_number(s, 1, 999999999, &n)) {
		/* TRANSLATORS: fills: unknown call "nxet" */
		result_unknown(r, _("call"), s, words, 4);
		return;
	}
	else if (!read_call(env, script, s, &call, r))
		return;
	else
		err = phone_select(env->phone, call);
	if (err == ENOENT && !call)
		result_fail(r, STATUS_FAILED, _("there is no other call in that direction"));
	else if (err)
		result_call_error(r, err, call);
	/* what a macro then asks for is about that one */
	else if (script && script_get_kind(script) == SCRIPT_MACRO)
		script_set_call(script, phone_selected(env->phone));
}

void command_dtmf(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	const char *s = w->word[1];
	size_t valid = strspn(s, "0123456789*#ABCDabcd,"), i;
	char digits[257];
	unsigned call = script_call_in_hand(script);
	int err;

	if (!*s || s[valid]) {
		result_fail(r, STATUS_USAGE, _("\"%.80s\" are no DTMF digits: 0-9 * # A-D, and a comma for a pause"), s);
		return;
	}
	if (!text_copy(digits, sizeof(digits), s)) {
		result_fail(r, STATUS_USAGE, _("more than %u digits at once"), (unsigned)sizeof(digits) - 1);
		return;
	}
	for (i = 0; digits[i]; i++) {
		if (digits[i] >= 'a')
			digits[i] = (char)(digits[i] - 'a' + 'A');
	}
	err = phone_dtmf(env->phone, call, digits);
	if (err)
		result_call_error(r, err, call);
}
