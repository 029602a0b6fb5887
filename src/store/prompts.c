/* What was typed at the prompts. */
#include <errno.h>
#include <string.h>

#include "store/database.h"
#include "store/room.h"

#define LINES_KEPT     500
#define LINE_BYTES_MAX 4096

static const char insert[] = "INSERT OR REPLACE INTO prompt (kind, line) VALUES (?1, ?2)";
static const char trim[] =
	"DELETE FROM prompt WHERE kind = ?1 AND id <="
	" (SELECT id FROM prompt WHERE kind = ?1 ORDER BY id DESC LIMIT 1 OFFSET ?2)";
static const char select_kind[] = "SELECT line FROM prompt WHERE kind = ?1 ORDER BY id";

/* Sets a password, however it is quoted? Who types lines leaves such out; this is the second fence. */
static bool has_secret(const char *line)
{
	static const char word[] = "password";
	size_t n = 0;

	for (; *line; line++) {
		if (n == sizeof(word) - 1 && (*line == '=' || *line == ' ' || *line == '\t')) {
			const char *next = line + strspn(line, " \t");

			/* the command `notice password` names none */
			if (*line == '=' || (*next && *next != ';'))
				return true;
			n = 0;
		}
		else if (!strchr("'\"\\", *line)) {
			char c = *line >= 'A' && *line <= 'Z' ? (char)(*line - 'A' + 'a') : *line;

			/* its first letter comes once, so that it can only begin anew */
			n = n < sizeof(word) - 1 && c == word[n] ? n + 1 : c == word[0];
		}
	}
	return false;
}

void prompts_put(const char *kind, const char *line)
{
	struct statement *s;
	int err;

	if (!database_is_open() || !*line || strlen(line) >= LINE_BYTES_MAX || has_secret(line))
		return;
	err = statement_new(&s, insert);
	if (!err) {
		statement_set_text(s, 1, kind);
		statement_set_text(s, 2, line);
		err = statement_run(s);
		statement_free(s);
	}
	if (!err)
		err = statement_new(&s, trim);
	if (!err) {
		statement_set_text(s, 1, kind);
		statement_set_integer(s, 2, LINES_KEPT);
		err = statement_run(s);
		statement_free(s);
	}
	store_written(err);
}

void prompts_each(const char *kind, store_line_h *h, void *arg)
{
	struct statement *s;

	if (statement_new(&s, select_kind))
		return;
	statement_set_text(s, 1, kind);
	while (!statement_next(s)) {
		const char *line = statement_text(s, 0);

		if (line && *line && strlen(line) < LINE_BYTES_MAX)
			h(line, arg);
	}
	statement_free(s);
}
