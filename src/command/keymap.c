/* Which keys run which command, and the notation of keys. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "command/handlers.h"

#define KEY_MAX   16  /* bytes of one key in notation, NUL included */
#define KEYS_LONG 8   /* keys in one binding */
#define NOTATION_MAX (KEY_MAX * KEYS_LONG)

struct binding {
	enum key_context context;
	char *keys;     /* normalised */
	char *command;
};

struct keymap {
	struct binding *binding; /* in order of context, then keys */
	unsigned n, room;
};

/* Nobody talking is the case that is left when `talking` has not taken a digit, so dialling one is global. */
static const struct { enum key_context context; const char *keys, *command; } defaults[] = {
	{KEYS_CALLS, "n", "notice next"}, {KEYS_CALLS, "N", "notice prev"},
	{KEYS_NOTICES, "c", "notice contact"}, {KEYS_NOTICES, "e", "notice edit"}, {KEYS_NOTICES, "p", "notice password"},
	{KEYS_NOTICES, "o", "notice codecs"}, {KEYS_NOTICES, "s", "notice save"},
	{KEYS_HELP, "/", "view help search"},
	{KEYS_TRACE, "<CR>", "view trace open"}, {KEYS_TRACE, "s", "view trace save"}, {KEYS_TRACE, "/", "view trace search"},
	{KEYS_RINGING, "<CR>", "answer"},
	{KEYS_TALKING, "0", "dtmf 0"}, {KEYS_TALKING, "1", "dtmf 1"}, {KEYS_TALKING, "2", "dtmf 2"},
	{KEYS_TALKING, "3", "dtmf 3"}, {KEYS_TALKING, "4", "dtmf 4"}, {KEYS_TALKING, "5", "dtmf 5"},
	{KEYS_TALKING, "6", "dtmf 6"}, {KEYS_TALKING, "7", "dtmf 7"}, {KEYS_TALKING, "8", "dtmf 8"},
	{KEYS_TALKING, "9", "dtmf 9"}, {KEYS_TALKING, "*", "dtmf *"}, {KEYS_TALKING, "#", "dtmf #"},

	{KEYS_GLOBAL, "d", "view dial"}, {KEYS_GLOBAL, "+", "view dial +"},
	{KEYS_GLOBAL, "0", "view dial 0"}, {KEYS_GLOBAL, "1", "view dial 1"}, {KEYS_GLOBAL, "2", "view dial 2"},
	{KEYS_GLOBAL, "3", "view dial 3"}, {KEYS_GLOBAL, "4", "view dial 4"}, {KEYS_GLOBAL, "5", "view dial 5"},
	{KEYS_GLOBAL, "6", "view dial 6"}, {KEYS_GLOBAL, "7", "view dial 7"}, {KEYS_GLOBAL, "8", "view dial 8"},
	{KEYS_GLOBAL, "9", "view dial 9"},
	{KEYS_GLOBAL, "a", "answer"}, {KEYS_GLOBAL, "h", "hangup"}, {KEYS_GLOBAL, "H", "hold toggle"},
	{KEYS_GLOBAL, "m", "mute toggle"},
	{KEYS_GLOBAL, "<Up>", "select prev"}, {KEYS_GLOBAL, "<Down>", "select next"},
	{KEYS_GLOBAL, "k", "select prev"}, {KEYS_GLOBAL, "j", "select next"},
	{KEYS_GLOBAL, "<CR>", "notice open"}, {KEYS_GLOBAL, "x", "notice dismiss"},
	{KEYS_GLOBAL, "r", "redial now notice"}, {KEYS_GLOBAL, "A", "redial toggle notice"},
	/* the key behind these is the register */
	{KEYS_GLOBAL, "q", "macro record"}, {KEYS_GLOBAL, "@", "macro play"},
	{KEYS_GLOBAL, "<F1>", "view help"}, {KEYS_GLOBAL, "?", "view help"}, {KEYS_GLOBAL, "<F2>", "view calls"},
	{KEYS_GLOBAL, "<F5>", "view accounts"}, {KEYS_GLOBAL, "<F7>", "view trace"},
	{KEYS_GLOBAL, "<Tab>", "view next"},
	{KEYS_GLOBAL, "<Esc>", "view calls"}, {KEYS_GLOBAL, ":", "view prompt"}, {KEYS_GLOBAL, "Q", "view quit"},
};

/* ---- notation ---- */

/* The names between < and >, and what each is written as. */
static const struct { const char *name, *key; } names[] = {
	{"CR", "<CR>"}, {"Enter", "<CR>"}, {"Return", "<CR>"}, {"C-m", "<CR>"},
	{"Esc", "<Esc>"}, {"C-[", "<Esc>"}, {"Tab", "<Tab>"}, {"C-i", "<Tab>"}, {"S-Tab", "<S-Tab>"},
	{"BS", "<BS>"}, {"Space", "<Space>"}, {"lt", "<lt>"},
	{"Up", "<Up>"}, {"Down", "<Down>"}, {"Left", "<Left>"}, {"Right", "<Right>"},
	{"Home", "<Home>"}, {"End", "<End>"}, {"PageUp", "<PageUp>"}, {"PageDown", "<PageDown>"},
	{"PgUp", "<PageUp>"}, {"PgDn", "<PageDown>"}, {"Ins", "<Ins>"}, {"Insert", "<Ins>"},
	{"Del", "<Del>"}, {"Delete", "<Del>"},
	{"F1", "<F1>"}, {"F2", "<F2>"}, {"F3", "<F3>"}, {"F4", "<F4>"}, {"F5", "<F5>"}, {"F6", "<F6>"},
	{"F7", "<F7>"}, {"F8", "<F8>"}, {"F9", "<F9>"}, {"F10", "<F10>"}, {"F11", "<F11>"}, {"F12", "<F12>"},
};

/* Reads what stands between < and > (LEN bytes) into KEY. */
static bool read_name(char *key, const char *name, size_t len)
{
	uint32_t c = 0;
	unsigned i;

	for (i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strlen(names[i].name) == len && !strncasecmp(names[i].name, name, len))
			return text_copy(key, KEY_MAX, names[i].key);
	}
	if (len < 3 || name[1] != '-')
		return false;
	if (*name == 'C' || *name == 'c') {
		char letter = name[2] >= 'A' && name[2] <= 'Z' ? (char)(name[2] - 'A' + 'a') : name[2];

		if (len == 7 && !strncasecmp(name + 2, "Space", 5))
			return text_copy(key, KEY_MAX, "<C-Space>");
		if (len != 3 || !strchr("abcdefghijklmnopqrstuvwxyz@\\]^_", letter))
			return false;
		snprintf(key, KEY_MAX, "<C-%c>", letter);
		return true;
	}
	if (*name != 'M' && *name != 'm')
		return false;
	if (len == 4 && !strncasecmp(name + 2, "lt", 2))
		return text_copy(key, KEY_MAX, "<M-lt>");
	if (text_decode(&c, name + 2, len - 2) != len - 2 || c <= ' ' || c == 0x7f || c == '<')
		return false;
	snprintf(key, KEY_MAX, "<M-%.*s>", (int)(len - 2), name + 2);
	return true;
}

unsigned keymap_split(char (*out)[16], unsigned max, const char *notation, struct buf *error)
{
	const char *p = notation;
	unsigned n = 0;

	while (*p) {
		uint32_t c = 0;
		size_t len;

		if (n == max) {
			buf_printf(error, _("more than %u keys"), max);
			return 0;
		}
		if (*p == '<') {
			/* the key may itself be a '>' */
			const char *end = *(p + 1) ? strchr(p + 2, '>') : NULL;

			if (end && end[1] == '>' && end[-1] == '-')
				end++;
			if (!end || !read_name(out[n], p + 1, (size_t)(end - p - 1))) {
				/* TRANSLATORS: %1$.*2$s is the wrong part of what was typed, "<Entr>" */
				buf_printf(error, _("\"%1$.*2$s\" is no key; <lt> stands for <"),
					   p, (int)(end && end - p < 20 ? end - p + 1 : 20));
				return 0;
			}
			n++;
			p = end + 1;
			continue;
		}
		len = text_decode(&c, p, strlen(p));
		if (!len || c < ' ' || (c >= 0x7f && c < 0xa0)) {
			buf_str(error, _("a key is not printable; control keys are written as <C-x>"));
			return 0;
		}
		if (c == ' ')
			text_copy(out[n], KEY_MAX, "<Space>");
		else
			text_copyn(out[n], KEY_MAX, p, len);
		n++;
		p += len;
	}
	if (!n)
		buf_str(error, _("there is no key"));
	return n;
}

/* NOTATION as it is stored and looked up. */
static int normalise(char *dst, size_t size, const char *notation, struct buf *error)
{
	char key[KEYS_LONG][KEY_MAX];
	unsigned i, n = keymap_split(key, KEYS_LONG, notation, error);
	size_t len = 0;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(dst + len, size - len, "%s", key[i]);
	return n ? 0 : EINVAL;
}

/* ---- bindings ---- */

static int read_context(enum key_context *c, const char *name, struct buf *error)
{
	const char *known[KEYS_CONTEXTS];
	unsigned i;

	for (i = 0; i < KEYS_CONTEXTS; i++) {
		known[i] = key_context_name((enum key_context)i);
		if (!strcmp(name, known[i])) {
			*c = (enum key_context)i;
			return 0;
		}
	}
	/* TRANSLATORS: fills: unknown key context "globl" */
	unknown_word(error, _("key context"), name, known, KEYS_CONTEXTS);
	return EINVAL;
}

static int compare(const struct binding *b, enum key_context c, const char *keys)
{
	return b->context != c ? (int)b->context - (int)c : strcmp(b->keys, keys);
}

/* Where the binding is, or belongs. */
static unsigned position(const struct keymap *k, enum key_context c, const char *keys, bool *found)
{
	unsigned low = 0, high = k->n;

	*found = false;
	while (low < high) {
		unsigned middle = (low + high) / 2;
		int d = compare(&k->binding[middle], c, keys);

		if (!d) {
			*found = true;
			return middle;
		}
		if (d < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static int put(struct keymap *k, enum key_context c, const char *keys, const char *command)
{
	char *keys_copy = NULL, *command_copy = strdup(command);
	struct binding *more;
	unsigned at;
	bool found;

	if (!command_copy)
		return ENOMEM;
	at = position(k, c, keys, &found);
	if (found) {
		/* NOLINTNEXTLINE(clang-analyzer-core.NullDereference): found only in a table that is there */
		free(k->binding[at].command);
		k->binding[at].command = command_copy;
		return 0;
	}
	keys_copy = strdup(keys);
	if (k->n == k->room) {
		more = reallocarray(k->binding, k->room + 64, sizeof(*more));
		if (!more)
			goto no_memory;
		k->binding = more;
		k->room += 64;
	}
	if (!keys_copy)
		goto no_memory;
	memmove(&k->binding[at + 1], &k->binding[at], (k->n - at) * sizeof(*k->binding));
	k->binding[at] = (struct binding){c, keys_copy, command_copy};
	k->n++;
	return 0;
no_memory:
	free(keys_copy);
	free(command_copy);
	return ENOMEM;
}

int keymap_new(struct keymap **kp)
{
	struct keymap *k = calloc(1, sizeof(*k));
	unsigned i;

	if (!k)
		return ENOMEM;
	for (i = 0; i < sizeof(defaults) / sizeof(defaults[0]); i++) {
		if (put(k, defaults[i].context, defaults[i].keys, defaults[i].command)) {
			keymap_free(k);
			return ENOMEM;
		}
	}
	*kp = k;
	return 0;
}

void keymap_free(struct keymap *k)
{
	unsigned i;

	if (!k)
		return;
	for (i = 0; i < k->n; i++) {
		free(k->binding[i].keys);
		free(k->binding[i].command);
	}
	free(k->binding);
	free(k);
}

/* Each command of the line must parse and exist. */
static int check_command(const char *command, struct buf *error)
{
	const char *why = NULL;
	unsigned commands = 0;
	struct words w;
	size_t pos = 0;
	int err;

	while (!(err = parser_next(&w, command, &pos, &why))) {
		if (!command_find(w.word[0], error))
			return EINVAL;
		commands++;
	}
	if (err == EINVAL)
		buf_str(error, why);
	else if (!commands)
		buf_str(error, _("there is no command to bind"));
	return err == EINVAL || !commands ? EINVAL : 0;
}

int keymap_bind(struct keymap *k, const char *context, const char *keys, const char *command, struct buf *error)
{
	char normal[NOTATION_MAX];
	enum key_context c;
	int err;

	if (read_context(&c, context, error) || normalise(normal, sizeof(normal), keys, error) ||
	    check_command(command, error))
		return EINVAL;
	err = put(k, c, normal, command);
	if (err)
		buf_str(error, strerror(err));
	return err;
}

const char *keymap_bound(const struct keymap *k, const char *context, const char *keys)
{
	struct buf error = {0};
	char normal[NOTATION_MAX];
	enum key_context c;
	bool found = false;
	unsigned at = 0;

	if (!read_context(&c, context, &error) && !normalise(normal, sizeof(normal), keys, &error))
		at = position(k, c, normal, &found);
	buf_free(&error);
	return found ? k->binding[at].command : NULL;
}

int keymap_unbind(struct keymap *k, const char *context, const char *keys, struct buf *error)
{
	char normal[NOTATION_MAX];
	enum key_context c;
	unsigned at;
	bool found;

	if (read_context(&c, context, error) || normalise(normal, sizeof(normal), keys, error))
		return EINVAL;
	at = position(k, c, normal, &found);
	if (!found) {
		/* TRANSLATORS: %1$s are keys, %2$s is a key context such as global */
		buf_printf(error, _("%1$s is not bound in %2$s"), normal, context);
		return EINVAL;
	}
	free(k->binding[at].keys);
	free(k->binding[at].command);
	k->n--;
	memmove(&k->binding[at], &k->binding[at + 1], (k->n - at) * sizeof(*k->binding));
	return 0;
}

const char *keymap_find(const struct keymap *k, const enum key_context *list, unsigned n, const char *keys, bool *longer)
{
	const char *command = NULL;
	size_t len = strlen(keys);
	unsigned i, at;
	bool found;

	*longer = false;
	for (i = 0; i < n; i++) {
		at = position(k, list[i], keys, &found);
		if (found && !command)
			command = k->binding[at].command;
		/* what begins with these keys comes right behind them */
		at += found;
		if (at < k->n && k->binding[at].context == list[i] && !strncmp(k->binding[at].keys, keys, len))
			*longer = true;
	}
	return command;
}

bool keymap_at(const struct keymap *k, unsigned i, enum key_context *context, const char **keys, const char **command)
{
	if (i >= k->n)
		return false;
	*context = k->binding[i].context;
	*keys = k->binding[i].keys;
	*command = k->binding[i].command;
	return true;
}
