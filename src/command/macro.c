/* Which macros there are, and the file of the named ones: $STATE/saved, `macro define` lines. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"
#include "command/macro.h"
#include "phone/ports.h"

static struct {
	struct macro macro[MACROS_MAX + 26]; /* in order: registers, then names */
	unsigned n;
} macros;

static struct saved file = {.name = "saved"};

/* ---- the table ---- */

char macro_register(const char *name)
{
	if (!name[0] || name[1])
		return 0;
	return *name >= 'a' && *name <= 'z' ? *name : *name >= 'A' && *name <= 'Z' ? (char)(*name - 'A' + 'a') : '\0';
}

/* Registers come before names. */
static int compare(const char *a, const char *b)
{
	if (!a[1] != !b[1])
		return a[1] ? 1 : -1;
	return strcmp(a, b);
}

/* Where NAME is, or belongs. */
static unsigned position(const char *name, bool *found)
{
	unsigned i;
	int order = 1;

	for (i = 0; i < macros.n && (order = compare(macros.macro[i].name, name)) < 0; i++)
		;
	*found = i < macros.n && !order;
	return i;
}

const struct macro *macro_find(const char *name)
{
	const char letter[2] = {macro_register(name), '\0'};
	bool found;
	unsigned at = position(*letter ? letter : name, &found);

	return found ? &macros.macro[at] : NULL;
}

const struct macro *macro_at(unsigned i)
{
	return i < macros.n ? &macros.macro[i] : NULL;
}

const struct macro *macro_get(const char *name, struct result *r)
{
	const struct macro *m = macro_find(name);
	const char *names[MACROS_MAX + 26];
	unsigned i;

	if (m)
		return m;
	if (macro_register(name)) {
		/* TRANSLATORS: %c is the letter of a register for macros */
		result_fail(r, STATUS_USAGE, _("register %c is empty; macro record %c fills it"), macro_register(name),
			    macro_register(name));
		return NULL;
	}
	for (i = 0; i < macros.n; i++)
		names[i] = macros.macro[i].name;
	/* TRANSLATORS: fills: unknown macro "cnof" */
	result_unknown(r, _("macro"), name, names, macros.n);
	return NULL;
}

static void clear(struct macro *m)
{
	free(m->text);
	free(m->description);
	free(m->source);
	memset(m, 0, sizeof(*m));
}

static void take_out(unsigned at)
{
	clear(&macros.macro[at]);
	memmove(&macros.macro[at], &macros.macro[at + 1], (--macros.n - at) * sizeof(macros.macro[0]));
}

/* 0, ENOSPC, or ENOMEM. */
static int put(const char *name, const char *text, const char *description, const char *source)
{
	struct macro new = {0};
	bool found;
	unsigned at = position(name, &found);
	char *p;

	if (!*text) {
		if (found)
			take_out(at);
		return 0;
	}
	if (!found && macros.n >= MACROS_MAX + (name[1] ? 0 : 26))
		return ENOSPC;
	if (!description)
		description = found ? macros.macro[at].description : "";
	text_copy(new.name, sizeof(new.name), name);
	new.text = strdup(text);
	new.description = strdup(description);
	new.source = source ? strdup(source) : NULL;
	if (!new.text || !new.description || (source && !new.source)) {
		clear(&new);
		return ENOMEM;
	}
	/* it is one line of a file */
	for (p = new.description; (p = strpbrk(p, "\n\v\f\r\t")) != NULL;)
		*p = ' ';
	if (found)
		clear(&macros.macro[at]);
	else
		memmove(&macros.macro[at + 1], &macros.macro[at], (macros.n++ - at) * sizeof(new));
	macros.macro[at] = new;
	return 0;
}

/* ---- what may be in one ---- */

/* Counts the commands of one line. */
static bool check_line(const char *line, unsigned *commands, struct result *r)
{
	struct buf error = {0};
	const char *why = NULL;
	struct words w;
	size_t pos = 0;
	int err;

	while (!(err = parser_next(&w, line, &pos, &why)))
		;
	if (err == EINVAL)
		result_fail(r, STATUS_USAGE, "%s", why);
	else if (parser_has_secret(line))
		result_fail(r, STATUS_USAGE, _("a macro keeps no passwords; an account keeps its own"));
	for (pos = 0; r->ok && !parser_next(&w, line, &pos, &why); ++*commands) {
		/* what a value names is known only when it is played */
		if (!strstr(w.word[0], "${") && !command_find(w.word[0], &error)) {
			result_take_error(r, STATUS_USAGE, &error);
			return false;
		}
	}
	return r->ok;
}

unsigned macro_check(const char *text, struct result *r)
{
	char *copy = strdup(text), *line, *rest = copy;
	unsigned commands = 0;
	bool right = true;

	while (right && rest && (line = strsep(&rest, "\n")) != NULL)
		right = check_line(line, &commands, r);
	free(copy);
	if (right && strlen(text) >= MACRO_TEXT_MAX)
		result_fail(r, STATUS_USAGE, _("a macro has at most %u bytes"), MACRO_TEXT_MAX - 1);
	else if (right && commands > MACRO_STEPS)
		result_fail(r, STATUS_USAGE, _("a macro has at most %u commands"), MACRO_STEPS);
	else if (right && !commands)
		result_fail(r, STATUS_USAGE, _("a macro needs a command"));
	return r->ok ? commands : 0;
}

static void one_line(struct buf *out, const char *text)
{
	for (; *text; text++) {
		if (*text == '\n')
			buf_str(out, " ; ");
		else
			buf_add(out, text, 1);
	}
}

void macro_line(struct buf *out, const struct macro *m)
{
	one_line(out, m->text);
}

/* ---- the file ---- */

static void add_macro(struct buf *out, const char *name, const char *text, const char *description)
{
	struct buf line = {0};

	one_line(&line, text);
	buf_printf(out, "macro define %s ", name);
	if (line.s)
		parser_quote(out, line.s);
	if (*description) {
		buf_str(out, " ");
		parser_quote(out, description);
	}
	buf_str(out, "\n");
	out->failed |= line.failed;
	buf_free(&line);
}

/* 0, EROFS when the file was never read, or an errno. */
static int save(void)
{
	struct buf out = {0};
	unsigned i;
	int err;

	buf_str(&out, "# written by offhook; change it with the macro command\n");
	for (i = 0; i < macros.n; i++) {
		const struct macro *m = &macros.macro[i];

		if (m->name[1] && !m->source)
			add_macro(&out, m->name, m->text, m->description);
	}
	err = saved_write(&file, &out);
	buf_free(&out);
	return err;
}

/* ---- changing ---- */

static bool good_name(const char *name)
{
	static const char good[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.";

	return macro_register(name) || (name[0] && name[1] && strlen(name) < MACRO_NAME_MAX && !name[strspn(name, good)]);
}

/* Would it be read back from the file? */
static bool fits_a_line(const char *name, const char *text, const char *description)
{
	struct buf line = {0};
	bool fits;

	add_macro(&line, name, text, description);
	fits = !line.failed && line.len < LINE_MAX_BYTES;
	buf_free(&line);
	return fits;
}

static bool may_put(const char *name, const char *text, const char *description, const char *source, struct result *r)
{
	const struct macro *old = macro_find(name);

	if (!good_name(name))
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is no name of a macro: a letter a-z is a register; 2 to 32 letters, "
			    "digits, '-', '_' and '.' are a name"), name);
	else if (old && old->source && !source)
		/* TRANSLATORS: %2$s is FILE:LINE */
		result_fail(r, STATUS_FAILED, _("the macro %1$s is defined at %2$s; change it there"), old->name, old->source);
	else if (!*text && !old)
		macro_get(name, r);
	else if (*text && !macro_check(text, r))
		return false;
	else if (!macro_register(name) && !fits_a_line(name, text, description ? description : old ? old->description : ""))
		result_fail(r, STATUS_USAGE, _("it is too long to have a name; leave it in a register"));
	else
		return true;
	return false;
}

void macro_put(struct command_env *env, const char *name, const char *text, const char *description, const char *source,
	       struct result *r)
{
	char letter = macro_register(name);
	const char own[2] = {letter, '\0'};
	const struct macro *old;
	int err;

	(void)env;
	if (!may_put(name, text, description, source, r))
		return;
	old = letter ? NULL : macro_find(name);
	if (old && source && !old->source)
		add_macro(&file.kept, old->name, old->text, old->description);
	err = put(letter ? own : name, text, letter ? "" : description, source);
	if (err == ENOSPC)
		result_fail(r, STATUS_FAILED, _("there are %u macros already; macro define NAME \"\" removes one"), MACROS_MAX);
	else if (err)
		result_fail(r, STATUS_FAILED, "%s", strerror(err));
	else if (letter && !source)
		port_store_register(letter, text);
	if (err || letter || source)
		return;
	err = save();
	if (err == EROFS)
		buf_str(&r->text, _("for this run only: saved macros are not in use"));
	else if (err)
		/* TRANSLATORS: %s is the system's word for what went wrong */
		result_fail(r, STATUS_FAILED, _("the change is made, but cannot be saved: %s"), strerror(err));
}

/* ---- reading ---- */

static void line_h(struct command_env *env, const struct words *w, struct result *r)
{
	const char *description = w->n > 4 ? w->word[4] : "";
	int err;

	(void)env;
	if (w->n < 4 || w->n > 5 || strcmp(w->word[0], "macro") || strcmp(w->word[1], "define") || macro_register(w->word[2])) {
		result_fail(r, STATUS_USAGE, _("only macro define with a name belongs here"));
		return;
	}
	if (!may_put(w->word[2], w->word[3], description, NULL, r))
		return;
	err = put(w->word[2], w->word[3], description, NULL);
	if (err)
		result_fail(r, STATUS_FAILED, "%s", strerror(err));
}

int macros_read(struct command_env *env)
{
	return saved_read(&file, env, line_h);
}

/* What is in the store was checked when it went there, and is again when it is played. */
static void register_h(char name, const char *lines, void *arg)
{
	const char own[2] = {name, '\0'};

	(void)arg;
	if (macro_register(own) == name && strlen(lines) < MACRO_TEXT_MAX)
		put(own, lines, "", NULL);
}

void macros_start(void)
{
	port_store_registers(register_h, NULL);
}

void macros_stop(void)
{
	while (macros.n)
		take_out(macros.n - 1);
	saved_forget(&file);
}
