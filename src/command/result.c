/* Answers in words, and the small readings that many commands share. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "command/handlers.h"

#define SECRET   "password="
#define NEAR_MAX 64 /* longer words are nobody's typing mistake */

void result_free(struct result *r)
{
	buf_free(&r->text);
	buf_free(&r->error);
}

void result_fail(struct result *r, int status, const char *fmt, ...)
{
	char line[1024];
	char *secret;
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(line, sizeof(line), fmt, ap);
	va_end(ap);
	/* whatever was typed where it does not belong: where it ends nobody knows */
	secret = strcasestr(line, SECRET);
	if (secret)
		text_copy(secret + strlen(SECRET), sizeof(line) - (size_t)(secret - line) - strlen(SECRET), "***");
	r->ok = false;
	r->status = status;
	buf_free(&r->error);
	buf_str(&r->error, line);
}

void result_take_error(struct result *r, int status, struct buf *error)
{
	result_fail(r, status, "%s", error->s ? error->s : strerror(ENOMEM));
	buf_free(error);
}

static unsigned least(unsigned a, unsigned b)
{
	return a < b ? a : b;
}

/* Damerau-Levenshtein (optimal string alignment), letters compared without case. */
static unsigned distance(const char *a, const char *b)
{
	unsigned row[3][NEAR_MAX + 1], *before = row[0], *last = row[1], *now = row[2], *spare;
	size_t na = strlen(a), nb = strlen(b), i, j;

	for (j = 0; j <= nb; j++)
		last[j] = (unsigned)j;
	for (i = 1; i <= na; i++) {
		now[0] = (unsigned)i;
		for (j = 1; j <= nb; j++) {
			bool same = !strncasecmp(a + i - 1, b + j - 1, 1);

			now[j] = least(least(last[j] + 1, now[j - 1] + 1), last[j - 1] + !same);
			if (i > 1 && j > 1 && !strncasecmp(a + i - 1, b + j - 2, 1) &&
			    !strncasecmp(a + i - 2, b + j - 1, 1))
				now[j] = least(now[j], before[j - 2] + 1);
		}
		spare = before;
		before = last;
		last = now;
		now = spare;
	}
	return last[nb];
}

const char *nearest_word(const char *word, const char *const *words, unsigned count)
{
	size_t len = strlen(word);
	unsigned best = len <= 3 ? 1 : len <= 6 ? 2 : 3, i;
	const char *nearest = NULL;

	if (!len || len > NEAR_MAX)
		return NULL;
	for (i = 0; i < count; i++) {
		unsigned d;

		if (strlen(words[i]) > NEAR_MAX)
			continue;
		d = distance(word, words[i]);
		if (d < best || (d == best && !nearest)) {
			best = d;
			nearest = words[i];
		}
	}
	return nearest;
}

void unknown_word(struct buf *error, const char *what, const char *word, const char *const *words, unsigned count)
{
	const char *nearest = nearest_word(word, words, count);

	/* a misplaced password is not repeated */
	size_t secret = strcasestr(word, SECRET) ? strcspn(word, "=") : strlen(word);

	/* TRANSLATORS: %1$s is a kind of word ("command", "option"), %2$s the word that was typed */
	buf_printf(error, _("unknown %1$s \"%2$.*3$s\""), what, word, (int)(secret < 80 ? secret : 80));
	if (nearest)
		/* TRANSLATORS: comes behind: unknown command "dail" */
		buf_printf(error, _("; did you mean \"%s\"?"), nearest);
}

void result_unknown(struct result *r, const char *what, const char *word, const char *const *words, unsigned count)
{
	struct buf error = {0};

	unknown_word(&error, what, word, words, count);
	result_take_error(r, STATUS_USAGE, &error);
}

bool read_number(const char *s, unsigned long min, unsigned long max, unsigned long *value)
{
	size_t len = strspn(s, "0123456789");

	if (!len || len > 9 || s[len])
		return false;
	*value = strtoul(s, NULL, 10);
	return *value >= min && *value <= max;
}

bool read_duration(const char *s, uint64_t *ms)
{
	static const struct { const char *name; unsigned ms; } units[] = {
		{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60000},
	};
	const char *p = s;
	uint64_t whole = 0, part = 0, scale = 1;
	unsigned i;

	for (; *p >= '0' && *p <= '9'; p++) {
		whole = whole * 10 + (uint64_t)(*p - '0');
		if (whole > 86400000)
			return false;
	}
	if (p == s)
		return false;
	if (*p == '.') {
		const char *point = p++;

		for (; *p >= '0' && *p <= '9'; p++) {
			if (scale == 1000)
				return false;
			part = part * 10 + (uint64_t)(*p - '0');
			scale *= 10;
		}
		if (p == point + 1)
			return false;
	}
	for (i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		if (!strcmp(p, units[i].name)) {
			*ms = whole * units[i].ms + part * units[i].ms / scale;
			return *ms <= 86400000;
		}
	}
	return false;
}

/* WORDS: what may stand for a call besides its number. */
static bool read_call_of(struct command_env *env, const struct script *script, const char *s, unsigned *call, const char *const *words,
			 unsigned count, struct result *r)
{
	unsigned long n;

	if (!strcmp(s, "last")) {
		*call = script && script_get_kind(script) == SCRIPT_MACRO ? script_call(script) : phone_last_call(env->phone);
		if (!*call)
			result_fail(r, STATUS_FAILED, _("there has been no call yet"));
		return *call != 0;
	}
	if (!strcmp(s, "selected")) {
		*call = phone_selected(env->phone);
		if (!*call)
			result_fail(r, STATUS_FAILED, _("no call is selected"));
		return *call != 0;
	}
	if (!read_number(s, 1, 999999999, &n)) {
		/* TRANSLATORS: fills: unknown call "lsat" */
		result_unknown(r, _("call"), s, words, count);
		return false;
	}
	*call = (unsigned)n;
	return true;
}

bool read_call(struct command_env *env, const struct script *script, const char *s, unsigned *call, struct result *r)
{
	static const char *const words[] = {"last", "selected"};

	return read_call_of(env, script, s, call, words, 2, r);
}

bool read_call_or_notice(struct command_env *env, const struct script *script, const char *s, unsigned *call, struct result *r)
{
	static const char *const words[] = {"last", "selected", "notice"};

	if (strcmp(s, "notice"))
		return read_call_of(env, script, s, call, words, 3, r);
	*call = phone_notice_call(env->phone, 0);
	if (!*call)
		result_fail(r, STATUS_FAILED, _("the selected notice is not about a failed call"));
	return *call != 0;
}

void result_call_error(struct result *r, int err, unsigned call)
{
	if (err == ENOENT && call)
		result_fail(r, STATUS_FAILED, _("there is no call %u"), call);
	else if (err == ENOENT)
		result_fail(r, STATUS_FAILED, _("there is no call"));
	else if (err == ENOTCONN)
		result_fail(r, STATUS_FAILED, _("the call is not in a state for that"));
	else if (err == EBUSY)
		result_fail(r, STATUS_FAILED, _("a change of the call is still under way; try again in a moment"));
	else
		result_fail(r, STATUS_FAILED, "%s", strerror(err));
}
