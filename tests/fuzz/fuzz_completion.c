/* Where somebody types: a line with its cursor, and the contacts that are there. The input: a line, its first byte how far
 * the cursor stands in it; then the contacts file. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "../command_fakes.h"
#include "base/loop.h"
#include "command/completion.h"
#include "fuzz.h"
#include "store/contacts.h"

static struct settings settings;
static struct command_env env = {.settings = &settings};

bool port_contact_find(const char *text, bool wait, struct contact_entry *entry)
{
	return contacts_find(text, wait, entry);
}

void port_contacts(const char *typed, contact_entry_h *h, void *arg)
{
	contacts_matching(typed, h, arg);
}

/* An address as the network might have given it. */
void port_store_numbers(const char *typed, store_number_h *h, void *arg)
{
	h("sip:bob@example.com", typed, arg);
}

static void check(enum completion_language language, const char *line, size_t cursor)
{
	static struct words w;
	struct completions c;
	struct buf hint = {0};
	const char *why;
	unsigned i;

	FUZZ_CHECK(!completion_find(&env, language, line, cursor, &c));
	FUZZ_CHECK(c.from <= cursor && cursor <= c.to && c.to <= strlen(line));
	FUZZ_CHECK(c.n <= c.all && c.n <= COMPLETIONS_MAX && c.common);
	for (i = 0; i < c.n; i++) {
		char shown[8192];
		size_t pos = 1;

		FUZZ_CHECK(*c.item[i].word);
		text_show_str(shown, sizeof(shown), c.item[i].word);
		FUZZ_CHECK(!strcmp(shown, c.item[i].word));
		text_show_str(shown, sizeof(shown), c.item[i].note);
		FUZZ_CHECK(!strcmp(shown, c.item[i].note));
		if (language != COMPLETE_COMMAND)
			continue;
		snprintf(shown, sizeof(shown), " %s", c.item[i].word);
		FUZZ_CHECK(!parser_next(&w, shown, &pos, &why) && w.n == 1);
	}
	completions_free(&c);
	completion_hint(&env, language, line, cursor, &hint);
	buf_free(&hint);
}

static const char *contacts_file(const char *text)
{
	static char file[64];
	FILE *f;

	if (!*file)
		snprintf(file, sizeof(file), "/tmp/fuzz-completion-%ld", (long)getpid());
	f = fopen(file, "w");
	FUZZ_CHECK(f);
	fputs(text, f);
	fclose(f);
	return file;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool ready;
	char *text, *rest;
	struct contact_entry e;
	size_t cursor;
	const char *file;

	if (!size)
		return 0;
	if (!ready) {
		FUZZ_CHECK(!loop_init() && !keymap_new(&env.keymap) && !chdir("/"));
		ready = true;
	}
	fake_reset();
	options_defaults(&settings);
	text = fuzz_string(data + 1, size - 1);
	rest = strchr(text, '\n');
	if (rest)
		*rest++ = '\0';
	file = contacts_file(rest ? rest : "");
	FUZZ_CHECK(!contacts_start(NULL, file));
	if (contacts_find(text, true, &e))
		FUZZ_CHECK(*e.name && *e.uri && *e.dialled);
	unlink(file);
	cursor = strlen(text) * data[0] / 255;
	check(COMPLETE_COMMAND, text, cursor);
	check(COMPLETE_TARGET, text, cursor);
	contacts_stop();
	free(text);
	return 0;
}
