/* The usages of the table as a grammar: which argument the word in hand could be.
 *
 *     usage     form [" | " form]...          "next|prev | contact [N]"
 *     form      element [" " element]...
 *     element   words | "[" words "]", then "..." when it may come again; "[A [B]]": both may be left out
 *     words     word ["|" word]...            a literal "next", a type "CALL", a key with its type "account=NAME"
 *
 * Keys that follow one another may come in any order. TARGET is several words: up to one that begins with a key. */
#include <limits.h>
#include <string.h>

#include "base/i18n.h"
#include "command/completing.h"
#include "command/handlers.h"
#include "phone/ports.h"

#define ELEMENTS_MAX 12

struct element {
	const char *s;               /* its words */
	size_t len;
	const char *begin, *end;     /* with brackets and dots */
	bool optional, again;
};
struct form {
	const char *begin, *end;
	unsigned n;
	struct element element[ELEMENTS_MAX];
};

/* ---- reading ---- */

static bool is_capital(char c)
{
	return c >= 'A' && c <= 'Z';
}

/* A quoted part may hold blanks. */
static const char *skip_word(const char *p)
{
	unsigned depth = 0;
	char quote = '\0';

	for (; *p && (quote || depth || *p != ' '); p++) {
		if (quote)
			quote = *p == quote ? '\0' : quote;
		else if (*p == '\'' || *p == '"')
			quote = *p;
		else if (*p == '[')
			depth++;
		else if (*p == ']' && depth)
			depth--;
	}
	return p;
}

/* Does the token from BEGIN to END hold several, "[A [B]]"? */
static bool is_group(const char *begin, const char *end)
{
	return *begin == '[' && skip_word(begin + 1) < end;
}

/* How many brackets end between BEGIN and END that began before. */
static unsigned closing(const char *begin, const char *end)
{
	unsigned open = 0, closed = 0;

	for (; begin < end; begin++) {
		if (*begin == '[')
			open++;
		else if (*begin == ']' && open)
			open--;
		else if (*begin == ']')
			closed++;
	}
	return closed;
}

static bool next_form(const char **p, struct form *f)
{
	unsigned groups = 0, closed;

	memset(f, 0, sizeof(*f));
	*p += strspn(*p, " ");
	f->begin = f->end = *p;
	while (**p) {
		const char *begin = *p, *end = skip_word(begin);
		struct element *e = &f->element[f->n];

		if (is_group(begin, end)) {
			groups++;
			++*p;
			continue;
		}
		*p = end + strspn(end, " ");
		if (end == begin + 1 && *begin == '|')
			break;
		f->end = end;
		if (f->n == ELEMENTS_MAX)
			continue;
		f->n++;
		e->optional = groups > 0;
		for (closed = closing(begin, end); groups && closed && end[-1] == ']'; closed--) {
			groups--;
			end--;
		}
		e->begin = begin;
		e->end = end;
		if (end - begin > 3 && !strncmp(end - 3, "...", 3)) {
			e->again = true;
			end -= 3;
		}
		if (*begin == '[' && end[-1] == ']') {
			e->optional = true;
			begin++;
			end--;
		}
		e->s = begin;
		e->len = (size_t)(end - begin);
	}
	return f->end > f->begin;
}

/* The next of an element's words, from *AT on. */
static bool next_word(const struct element *e, size_t *at, const char **word, size_t *len)
{
	if (*at >= e->len)
		return false;
	*word = e->s + *at;
	*len = 0;
	while (*at + *len < e->len && (*word)[*len] != '|')
		++*len;
	*at += *len + 1;
	return true;
}

/* The length of a key with its '=', 0: it is none. */
static size_t key_length(const char *word, size_t len)
{
	size_t n = 0;

	while (n < len && ((word[n] >= 'a' && word[n] <= 'z') || word[n] == '-'))
		n++;
	return n && n < len && word[n] == '=' ? n + 1 : 0;
}

static bool is_type(const char *word, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (is_capital(word[i]))
			return true;
	}
	return false;
}

static bool has_word(const struct element *e, const char *name)
{
	const char *word;
	size_t at = 0, len;

	while (next_word(e, &at, &word, &len)) {
		if (len == strlen(name) && !strncmp(word, name, len))
			return true;
	}
	return false;
}

static bool is_key(const struct element *e)
{
	return key_length(e->s, e->len) > 0;
}

static bool has_key(const struct element *e, const char *word)
{
	size_t key = key_length(e->s, e->len);

	return key && !strncmp(word, e->s, key);
}

/* ---- walking ---- */

struct walk {
	struct completing *g;
	const struct command *row;
	const struct form *form;
	const struct element *marked; /* the first that the word in hand could be; NULL: none */
	bool reached;                 /* the words before it fit the form */
	bool look;                    /* nothing is offered: for the hint */
	unsigned typed;               /* words behind the command's name that are complete */
	unsigned target;              /* where the target begins that the word in hand belongs to */
	unsigned command;             /* the word in hand belongs to a command that begins there; 0: to this one */
	bool seen[ELEMENTS_MAX + 1][WORDS_MAX + 1];
};

static const char *word_of(const struct walk *k, unsigned i)
{
	return k->g->place->words.word[k->g->place->first + 1 + i];
}

/* What a type offers for what follows KEY ("" = for the whole word). */
static void offer_type(struct walk *k, const char *key, size_t key_len, completing_h *h)
{
	struct completing *g = k->g;
	const char *typed = g->typed;

	if (!h || !text_copyn(g->key, sizeof(g->key), key, key_len))
		return;
	g->typed += key_len;
	h(g);
	g->typed = typed;
	g->key[0] = '\0';
}

/* One word of an element, for the word in hand. */
static void consider_word(struct walk *k, const struct element *e, const char *word, size_t len)
{
	size_t key = key_length(word, len), typed = strlen(k->g->typed);
	char text[64];
	bool known, literal = key || !is_type(word, len);

	if (key && !strncmp(k->g->typed, word, key)) {
		if (!k->marked)
			k->marked = e;
		if (!k->look)
			offer_type(k, word, key, completing_type(word, key, &known));
		return;
	}
	if (key)
		len = key;
	if (literal && strncmp(word, k->g->typed, typed < len ? typed : len) != 0)
		return;
	if (literal && typed > len)
		return;
	if (!k->marked)
		k->marked = e;
	if (k->look)
		return;
	if (!literal)
		offer_type(k, "", 0, completing_type(word, len, &known));
	else if (text_copyn(text, sizeof(text), word, len)) {
		k->g->begins = key > 0;
		completing_offer(k->g, text, "");
	}
}

static void consider(struct walk *k, const struct element *e)
{
	const char *word;
	size_t at = 0, len;

	k->reached = true;
	if (is_key(e)) { /* its value may hold a | */
		consider_word(k, e, e->s, e->len);
		return;
	}
	while (next_word(e, &at, &word, &len))
		consider_word(k, e, word, len);
}

/* Could WORD, which is complete, be that element? */
static bool fits(const struct element *e, const char *typed)
{
	const char *word;
	size_t at = 0, len;

	while (next_word(e, &at, &word, &len)) {
		if (is_type(word, len) || (strlen(typed) == len && !strncmp(word, typed, len)))
			return true;
	}
	return false;
}

static void walk(struct walk *k, unsigned e, unsigned w);

/* Keys from element E on, in any order. */
static void walk_keys(struct walk *k, unsigned e, unsigned w)
{
	const struct form *f = k->form;
	unsigned end, i, used, from = w;

	for (end = e; end < f->n && is_key(&f->element[end]); end++)
		;
	for (; w < k->typed; w++) {
		for (i = e; i < end && !has_key(&f->element[i], word_of(k, w)); i++)
			;
		if (i == end)
			break;
	}
	if (w < k->typed) {
		walk(k, end, w);
		return;
	}
	for (i = e; i < end; i++) {
		for (used = from; used < w && !has_key(&f->element[i], word_of(k, used)); used++)
			;
		if (used == w || f->element[i].again)
			consider(k, &f->element[i]);
	}
	walk(k, end, w);
}

static bool begins_key(const struct form *f, const char *word)
{
	unsigned i;

	for (i = 0; i < f->n; i++) {
		if (has_key(&f->element[i], word))
			return true;
	}
	return false;
}

/* Words FROM on up to the one in hand, as one text: good until the next. */
static const char *joined(const struct walk *k, unsigned from)
{
	static char text[LINE_MAX_BYTES];
	const struct place *p = k->g->place;
	struct buf out = {0};

	parser_join(&out, &p->words, p->first + 1 + from, p->at);
	if (from < k->typed)
		buf_str(&out, " ");
	buf_str(&out, p->typed);
	text_copy(text, sizeof(text), out.s);
	buf_free(&out);
	return text;
}

/* Words FROM on are a contact already, and no further word is begun. */
static bool is_whole(const struct walk *k, unsigned from)
{
	struct contact_entry e;

	return !*k->g->typed && port_contact_find(joined(k, from), false, &e);
}

/* A target is words FROM on. What may follow it is offered when no target fits. */
static void walk_target(struct walk *k, unsigned e, unsigned from)
{
	struct completing *g = k->g;
	unsigned w = from;

	while (w < k->typed && !begins_key(k->form, word_of(k, w)))
		w++;
	if (w < k->typed || (w > from && (begins_key(k->form, g->typed) || is_whole(k, from)))) {
		if (w > from)
			walk(k, e + 1, w);
		return;
	}
	k->reached = true;
	if (!k->marked)
		k->marked = &k->form->element[e];
	k->target = from;
	if (k->look)
		return;
	g->typed = joined(k, from);
	completing_targets(g);
	if (has_word(&k->form->element[e], "off"))
		completing_offer(g, "off", "");
	if (g->c->all || w == from)
		g->c->from = g->place->begin[g->place->first + 1 + from];
	else {
		g->typed = g->place->typed;
		g->fits_words = false;
		walk(k, e + 1, w);
	}
}

/* The words before W fit the elements before E. */
static void walk(struct walk *k, unsigned e, unsigned w)
{
	const struct element *element = &k->form->element[e];

	if (k->seen[e][w])
		return;
	k->seen[e][w] = true;
	if (e == k->form->n) {
		if (w == k->typed && !*k->g->typed)
			k->reached = true;
		return;
	}
	if (has_word(element, "TARGET")) {
		walk_target(k, e, w);
		return;
	}
	if (is_key(element)) {
		walk_keys(k, e, w);
		return;
	}
	if (k->row->max == UINT_MAX && has_word(element, "COMMAND")) {
		k->reached = true;
		k->command = k->g->place->first + 1 + w;
		return;
	}
	if (w == k->typed)
		consider(k, element);
	else if (fits(element, word_of(k, w))) {
		walk(k, e + 1, w + 1);
		if (element->again || (k->row->max == UINT_MAX && (has_word(element, "TEXT") || has_word(element, "SHELL-COMMAND"))))
			walk(k, e, w + 1);
	}
	if (element->optional)
		walk(k, e + 1, w);
}

/* ---- the command in hand ---- */

static const struct command *find_command(const char *name)
{
	struct buf error = {0};
	const struct command *row = command_find(name, &error);

	buf_free(&error);
	return row;
}

static void begin(struct walk *k, struct completing *g, const struct command *row, const struct form *f, bool look)
{
	memset(k, 0, sizeof(*k));
	k->g = g;
	k->row = row;
	k->form = f;
	k->look = look;
	k->typed = g->place->at - g->place->first - 1;
	walk(k, 0, 0);
}

void usage_complete(struct completing *g)
{
	const struct place *p = g->place;
	const struct command *row;
	const char *usage;
	struct form form;
	struct walk k;

	if (p->at == p->first) {
		bool known;

		completing_type("COMMAND", strlen("COMMAND"), &known)(g);
		return;
	}
	row = find_command(p->words.word[p->first]);
	for (usage = row ? row->usage : ""; next_form(&usage, &form);) {
		begin(&k, g, row, &form, false);
		if (k.command) {
			g->place->first = k.command;
			usage_complete(g);
			return;
		}
	}
}

/* What the word in hand stands for, if it is known. */
static void hint_meaning(const struct walk *k, struct buf *out)
{
	const struct completing *g = k->g;
	const struct place *p = g->place;
	const char *name = NULL;
	const struct option_row *option;
	struct buf error = {0};

	if (has_word(k->marked, "TARGET")) {
		completing_hint_target(joined(k, k->target), out);
		return;
	}
	if (has_word(k->marked, "OPTION"))
		name = g->typed;
	else if (has_word(k->marked, "VALUE"))
		name = p->words.word[p->at - 1];
	option = name ? option_find(name, &error) : NULL;
	if (option)
		option_describe(g->env->settings, option, out);
	buf_free(&error);
}

static void hint_form(const struct walk *k, struct buf *out, bool mark)
{
	const struct element *e = mark ? k->marked : NULL;
	const struct form *f = k->form;

	if (!e) {
		buf_add(out, f->begin, (size_t)(f->end - f->begin));
		return;
	}
	buf_add(out, f->begin, (size_t)(e->begin - f->begin));
	buf_str(out, "\1");
	buf_add(out, e->begin, (size_t)(e->end - e->begin));
	buf_str(out, "\2");
	buf_add(out, e->end, (size_t)(f->end - e->end));
}

void usage_hint(struct completing *g, struct buf *out)
{
	const struct place *p = g->place;
	const struct command *row = find_command(p->at == p->first ? g->typed : p->words.word[p->first]);
	struct buf forms = {0};
	bool marked = false;
	const char *usage;
	struct form form;
	struct walk k;

	if (!row)
		return;
	if (p->at == p->first) {
		if (!strcmp(row->name, g->typed))
			buf_str(out, _(row->sentence));
		return;
	}
	for (usage = row->usage; next_form(&usage, &form);) {
		begin(&k, g, row, &form, true);
		if (k.command) {
			g->place->first = k.command;
			if (p->at > p->first || *g->typed) {
				usage_hint(g, out);
				goto out;
			}
		}
		if (!k.reached || (!k.marked && *g->typed))
			continue;
		if (k.marked)
			hint_meaning(&k, out);
		if (out->len)
			goto out;
		buf_str(&forms, forms.len ? " | " : " ");
		hint_form(&k, &forms, !marked);
		marked = marked || k.marked;
	}
	buf_printf(out, "%s%s", row->name, forms.s ? forms.s : "");
out:
	buf_free(&forms);
}

void usage_types(const char *usage, usage_type_h *h, void *arg)
{
	const char *word;
	struct form form;
	unsigned i;

	while (next_form(&usage, &form)) {
		for (i = 0; i < form.n; i++) {
			const struct element *e = &form.element[i];
			size_t at = 0, len, key = key_length(e->s, e->len);

			if (key)
				h(e->s, key, arg);
			while (!key && next_word(e, &at, &word, &len)) {
				if (is_type(word, len))
					h(word, len, arg);
			}
		}
	}
}
