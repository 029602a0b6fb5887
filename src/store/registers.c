/* What macro registers hold. */
#include <string.h>

#include "base/log.h"
#include "phone/ports.h"
#include "store/database.h"
#include "store/room.h"

static const char insert[] = "INSERT OR REPLACE INTO macro_register (name, lines) VALUES (?1, ?2)";
static const char drop[] = "DELETE FROM macro_register WHERE name = ?1";
static const char select_all[] = "SELECT name, lines FROM macro_register WHERE length(name) = 1 ORDER BY name LIMIT 26";

void registers_put(char name, const char *lines)
{
	const char text[2] = {name, '\0'};
	struct statement *s = NULL;
	int err;

	if (!database_is_open())
		return;
	err = statement_new(&s, *lines ? insert : drop);
	if (!err) {
		statement_set_text(s, 1, text);
		if (*lines)
			statement_set_text(s, 2, lines);
		err = statement_run(s);
	}
	store_written(err);
	statement_free(s);
}

void registers_load(store_register_h *h, void *arg)
{
	struct statement *s = NULL;
	int err = statement_new(&s, select_all);

	while (!err && !(err = statement_next(s))) {
		const char *name = statement_text(s, 0), *lines = statement_text(s, 1);

		/* nothing in the file is believed */
		if (name && lines && *lines && *name >= 'a' && *name <= 'z' && !name[1])
			h(*name, lines, arg);
		else
			log_warning("store: a register that cannot be right is passed over");
	}
	statement_free(s);
}
