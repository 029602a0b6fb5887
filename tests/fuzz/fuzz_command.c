/* Command lines, those of macros, and rc files: cut, quoted, filled with values, masked, run against a phone made of variables. */
#include <errno.h>
#include <string.h>

#include "../command_fakes.h"
#include "command/handlers.h"
#include "fuzz.h"

static struct settings settings;
static struct command_env env = {.settings = &settings};

/* Quoted words are read as what they were. */
static void round_trip(const struct words *w)
{
	static struct words again;
	struct buf line = {0};
	const char *why;
	size_t pos = 0;
	unsigned i;

	for (i = 0; i < w->n; i++) {
		if (i)
			buf_str(&line, " ");
		parser_quote(&line, w->word[i]);
	}
	if (line.s && line.len < LINE_MAX_BYTES) {
		FUZZ_CHECK(!parser_next(&again, line.s, &pos, &why));
		FUZZ_CHECK(again.n == w->n);
		for (i = 0; i < w->n; i++)
			FUZZ_CHECK(!strcmp(again.word[i], w->word[i]));
	}
	buf_free(&line);
}

/* A value of a macro, in the words of somebody who would like to be a command. */
static const char *bad_value(const char *name, struct buf *value, void *arg)
{
	(void)name;
	buf_str(value, arg);
	return NULL;
}

/* What is put in for ${NAME} never changes how many words and commands there are. */
static void expand(const char *line)
{
	static char bad[][16] = {"x", "a ; quit 'x", "\"\\", "# ${1}", ""};
	static struct words first, w;
	size_t from = 0, pos, end;
	const char *why;
	unsigned i;
	int err;

	do {
		end = from;
		err = parser_expand(&first, line, &end, bad_value, bad[0], &why);
		FUZZ_CHECK(end <= strlen(line));
		for (i = 1; !err && i < sizeof(bad) / sizeof(bad[0]); i++) {
			pos = from;
			/* longer than "x": then it may be too long */
			if (parser_expand(&w, line, &pos, bad_value, bad[i], &why) == 0)
				FUZZ_CHECK(w.n == first.n && pos == end);
		}
		from = end;
	} while (!err);
}

/* Does a command of LINE reach out of the test, or wait? */
static bool left_out(const struct words *w)
{
	static const char *const kept[] = {"import", "source", "list", "trace", "history", "sleep", "wait"};
	const struct command *c;
	struct buf error = {0};
	unsigned i;

	if (!w->n)
		return false;
	c = command_find(w->word[0], &error);
	buf_free(&error);
	for (i = 0; c && i < sizeof(kept) / sizeof(kept[0]); i++) {
		if (!strcmp(c->name, kept[i]))
			return true;
	}
	return false;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct words w;
	char *text = fuzz_string(data, size), *line, *rest = text;
	struct script *script;
	const char *why;

	fake_reset();
	options_defaults(&settings);
	FUZZ_CHECK(!keymap_new(&env.keymap));
	FUZZ_CHECK(!script_new(&script, &env, SCRIPT_RC, false, NULL, NULL, NULL));
	while ((line = strsep(&rest, "\n")) != NULL) {
		struct result r = {0};
		struct buf masked = {0};
		struct wait wait;
		bool run = true;
		uint64_t ms;
		size_t pos = 0;
		int err;

		expand(line);
		parser_mask(&masked, line);
		buf_free(&masked);
		do {
			why = NULL;
			err = parser_next(&w, line, &pos, &why);
			FUZZ_CHECK(pos <= strlen(line));
			FUZZ_CHECK(err != EINVAL || (why && *why));
			if (err)
				break;
			round_trip(&w);
			if (w.n && !strcmp(w.word[0], "wait"))
				wait_read(&wait, &w, &r);
			if (w.n)
				read_duration(w.word[w.n - 1], &ms);
			run = run && !left_out(&w);
		} while (!err);
		if (run)
			script_add(script, line, "rc:1");
		result_free(&r);
	}
	script_free(script);
	keymap_free(env.keymap);
	env.keymap = NULL;
	free(text);
	return 0;
}
