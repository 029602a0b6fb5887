/* From a line to words, and back. No command is known here. */
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "command/command.h"

#define MASK     "***"
#define PASSWORD "password"

static bool is_blank(char c)
{
	return c == ' ' || (c >= '\t' && c <= '\r');
}

static const char *skip_blanks(const char *p)
{
	while (is_blank(*p))
		p++;
	return p;
}

/* ';' separates only as a word of its own. */
static bool is_separator(const char *p)
{
	return *p == ';' && (!p[1] || is_blank(p[1]));
}

/* What ${NAME} stands for, and how much of the store is left for it. */
struct values {
	parser_value_h *h;
	void *arg;
	const char *end;
	bool *filled;
};

/* Reads the ${NAME} at *P: its value goes to *OUT as it is, whatever characters it has. */
static const char *read_value(const char **p, char **out, const struct values *v)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyz0123456789.*";
	struct buf value = {0};
	const char *why = NULL;
	size_t len = strspn(*p + 2, letters);
	char name[32];

	if ((*p)[2 + len] != '}' || !text_copyn(name, sizeof(name), *p + 2, len))
		return _("a ${ needs a name and a }: ${1}, ${*}, ${call.peer}; \\${ stands for itself");
	*v->filled = true;
	why = v->h(name, &value, v->arg);
	if (!why && value.failed)
		why = _("There is not enough memory for that.");
	else if (!why && (*out > v->end || value.len > (size_t)(v->end - *out)))
		why = _("the line is too long");
	else if (!why && value.len) {
		memcpy(*out, value.s, value.len);
		*out += value.len;
	}
	buf_free(&value);
	*p += 2 + len;
	return why;
}

/* Reads the word at *P into *OUT and moves both; NULL, or what is wrong with it. V may be NULL: ${ is nothing special. */
static const char *read_word(const char **p, char **out, const struct values *v)
{
	char quote = '\0';
	const char *s = *p, *why;
	char *o = *out;

	for (; *s && (quote || !is_blank(*s)); s++) {
		if (v && *s == '$' && s[1] == '{' && quote != '\'') {
			why = read_value(&s, &o, v);
			if (why)
				return why;
		}
		else if (*s == '\\' && quote != '\'') {
			if (!*++s)
				return _("a backslash at the end has nothing to escape");
			*o++ = *s;
		}
		else if (quote ? *s == quote : *s == '\'' || *s == '"')
			quote = quote ? '\0' : *s;
		else
			*o++ = *s;
	}
	if (quote == '\'')
		return _("a quotation mark ' is not closed");
	if (quote)
		return _("a quotation mark \" is not closed");
	*o++ = '\0';
	*p = s;
	*out = o;
	return NULL;
}

static int next(struct words *w, const char *line, size_t *pos, const struct values *v, const char **why)
{
	const char *p = line + *pos, *wrong = NULL;
	char *out = w->store; /* cppcheck-suppress ctuuninitvar ; written here */
	size_t len = strlen(line);

	w->n = 0;
	w->filled = false;
	w->rest[0] = p;
	if (len >= LINE_MAX_BYTES)
		wrong = _("the line is too long");
	if (!*pos && *skip_blanks(p) == '#') {
		*pos = len;
		return ENOENT;
	}
	while (!wrong) {
		p = skip_blanks(p);
		if (!*p)
			break;
		if (is_separator(p)) {
			p++;
			if (w->n)
				break;
			continue;
		}
		if (w->n == WORDS_MAX) {
			wrong = _("the command has too many words");
			break;
		}
		w->word[w->n] = out;
		w->rest[w->n] = p;
		wrong = read_word(&p, &out, v);
		if (!wrong)
			w->rest[++w->n] = p;
	}
	if (wrong) {
		*why = wrong;
		*pos = len;
		w->n = 0;
		return EINVAL;
	}
	*pos = (size_t)(p - line);
	return w->n ? 0 : ENOENT;
}

int parser_next(struct words *w, const char *line, size_t *pos, const char **why)
{
	return next(w, line, pos, NULL, why);
}

int parser_expand(struct words *w, const char *line, size_t *pos, parser_value_h *h, void *arg, const char **why)
{
	size_t len = strlen(line);
	struct values v = {h, arg, NULL, &w->filled};

	/* what is not a value takes at most as much of the store as of the line */
	if (len < LINE_MAX_BYTES)
		v.end = w->store + sizeof(w->store) - len - 1;
	return next(w, line, pos, &v, why);
}

void parser_quote(struct buf *out, const char *word)
{
	/* in a macro a $ could begin a value */
	bool plain = *word && *word != '#' && strcmp(word, ";") && !strpbrk(word, " \t\n\v\f\r'\"\\$");
	const char *p;

	if (plain) {
		buf_str(out, word);
		return;
	}
	if (!strchr(word, '\'')) {
		buf_printf(out, "'%s'", word);
		return;
	}
	buf_str(out, "\"");
	for (p = word; *p; p++) {
		if (*p == '"' || *p == '\\' || *p == '$')
			buf_str(out, "\\");
		buf_add(out, p, 1);
	}
	buf_str(out, "\"");
}

void parser_join(struct buf *out, const struct words *w, unsigned from, unsigned to)
{
	unsigned i;

	for (i = from; i < to; i++) {
		if (i > from)
			buf_str(out, " ");
		buf_str(out, w->word[i]);
	}
}

/* Where the secret of WORD begins, or NULL. A word may be a whole command (bind). KEY=VALUE has one too when KEY is
 * nearly that of passwords: somebody has mistyped it. */
static const char *secret_in(const char *word)
{
	static const char *const keys[] = {PASSWORD};
	const char *p = strcasestr(word, PASSWORD "="), *equals = strchr(word, '=');
	char key[2 * sizeof(PASSWORD)];

	if (p)
		return p + strlen(PASSWORD "=");
	if (equals && text_copyn(key, sizeof(key), word, (size_t)(equals - word)) && nearest_word(key, keys, 1))
		return equals + 1;
	return NULL;
}

void parser_mask(struct buf *out, const char *line)
{
	struct words w;
	const char *why, *from = line;
	size_t pos = 0;
	unsigned i;
	int err;

	while (!(err = parser_next(&w, line, &pos, &why))) {
		for (i = 0; i < w.n; i++) {
			const char *secret = secret_in(w.word[i]);
			bool follows = i && !strcasecmp(w.word[i - 1], PASSWORD);

			if (!secret && !follows)
				continue;
			buf_add(out, from, (size_t)(w.rest[i] - from));
			if (secret) {
				struct buf kept = {0};

				buf_add(&kept, w.word[i], (size_t)(secret - w.word[i]));
				buf_str(&kept, MASK);
				if (kept.s)
					parser_quote(out, kept.s);
				buf_free(&kept);
			}
			else
				buf_str(out, MASK);
			from = w.rest[i + 1];
			while (is_blank(from[-1])) /* those before the next word */
				from--;
		}
	}
	if (err == EINVAL) {
		/* nobody can tell where its words end: only what stands before any quoting is shown */
		size_t plain = strcspn(from, "'\"\\");
		const char *p = strcasestr(from, PASSWORD);

		if (p && (size_t)(p - from) < plain)
			plain = (size_t)(p - from);
		buf_add(out, from, plain);
		if (from[plain])
			buf_str(out, MASK);
		return;
	}
	buf_str(out, from);
}

bool parser_has_secret(const char *line)
{
	struct buf masked = {0};
	bool secret;

	parser_mask(&masked, line);
	secret = masked.failed || strcmp(masked.s ? masked.s : "", line) != 0;
	buf_free(&masked);
	return secret;
}
