/* What could stand where somebody types. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "command/completion.h"

int completion_find(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		    struct completions *c)
{
	const struct command *table;
	unsigned count, i;
	size_t len = strcspn(line, " \t");

	(void)env;
	memset(c, 0, sizeof(*c));
	if (language != COMPLETE_COMMAND || cursor > len)
		return 0;
	table = command_table(&count);
	c->to = len;
	for (i = 0; i < count; i++) {
		if (strncmp(table[i].name, line, cursor))
			continue;
		c->item[c->n].word = strdup(table[i].name);
		c->item[c->n].note = strdup(_(table[i].sentence));
		if (!c->item[c->n].word || !c->item[c->n].note)
			return ENOMEM;
		c->all = ++c->n;
	}
	c->done = c->n == 1;
	c->common = strdup(c->n == 1 ? c->item[0].word : "");
	return c->common ? 0 : ENOMEM;
}

void completions_free(struct completions *c)
{
	unsigned i;

	for (i = 0; i < COMPLETIONS_MAX; i++) {
		free(c->item[i].word);
		free(c->item[i].note);
	}
	free(c->common);
	memset(c, 0, sizeof(*c));
}

void completion_hint(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		     struct buf *out)
{
	struct buf error = {0};
	const struct command *row;
	char name[32];
	size_t len = strcspn(line, " \t");

	(void)env;
	if (language != COMPLETE_COMMAND || cursor <= len || !text_copyn(name, sizeof(name), line, len))
		return;
	row = command_find(name, &error);
	if (row)
		buf_printf(out, "%s %s", row->name, row->usage);
	buf_free(&error);
}
