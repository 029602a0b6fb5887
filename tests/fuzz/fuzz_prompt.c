/* Keys at a prompt: a byte each, or text as it is; whatever they are, the line stays whole. Then the same bytes as a line
 * with a password in it: what is masked elsewhere is not kept here. */
#include <errno.h>
#include <locale.h>

#include "command/command.h"
#include "fuzz.h"
#include "ui/input.h"
#include "ui/prompt.h"

static struct prompt p;

/* The cursor and all steps are at the edges of characters, and every character is one. */
static void whole(void)
{
	size_t at, n;
	uint32_t cp;

	FUZZ_CHECK(p.len < sizeof(p.text) && strlen(p.text) == p.len && p.cursor <= p.len);
	for (at = 0; at < p.len; at += n) {
		n = text_decode(&cp, p.text + at, p.len - at);
		FUZZ_CHECK(n);
	}
	for (at = 0; at < p.cursor; at = n) {
		n = prompt_next(&p, at);
		FUZZ_CHECK(n > at);
	}
	FUZZ_CHECK(at == p.cursor);
	FUZZ_CHECK(p.undos <= PROMPT_UNDO && p.kills <= PROMPT_KILLS && p.back <= p.history[p.kind].n);
}

static void key_h(const char *key, bool pasted, void *arg)
{
	static unsigned n, lines;
	char shown[PROMPT_BYTES];

	(void)arg;
	if (pasted)
		prompt_paste(&p, key);
	else if (!strcmp(key, "<Tab>"))
		prompt_replace(&p, prompt_previous(&p, p.cursor), p.cursor, "wörd");
	else if (prompt_key(&p, key) != PROMPT_OPEN) {
		prompt_remember(&p, p.kind, p.text);
		lines++;
		prompt_open(&p, lines % 2 ? PROMPT_DIAL : PROMPT_COMMAND, lines % 3 ? NULL : "a 日e\xcc\x81");
	}
	/* the whole of it for each key would take long */
	if (++n % 16 == 0) {
		whole();
		FUZZ_CHECK(prompt_window(&p, shown, sizeof(shown), n % 50 + 1) <= n % 50);
	}
}

/* Anybody else who shows or keeps a line masks it: what changes then may not be kept. */
static void secret(const uint8_t *data, size_t size)
{
	char *line = fuzz_string(data, size);
	struct buf masked = {0};
	size_t pos = 0;
	struct words w;
	const char *why;
	int err;

	while (!(err = parser_next(&w, line, &pos, &why)))
		;
	parser_mask(&masked, line);
	/* a line that cannot be read is cut by others, not masked */
	if (err == ENOENT && masked.s && strcmp(masked.s, line))
		FUZZ_CHECK(prompt_has_secret(line) && !prompt_remember(&p, PROMPT_COMMAND, line));
	buf_free(&masked);
	free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct input in = {0};

	setlocale(LC_ALL, "C.UTF-8");
	if (size < PROMPT_BYTES)
		secret(data, size);
	prompt_open(&p, PROMPT_COMMAND, NULL);
	input_feed(&in, (const char *)data, size, key_h, NULL);
	input_timeout(&in, key_h, NULL);
	whole();
	prompt_free(&p);
	return 0;
}
