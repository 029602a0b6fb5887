/* A row of the redials in the database, as anybody could have written it: columns, a line each. */
#include <unistd.h>

#include <errno.h>

#include "fuzz.h"
#include "store/database.h"
#include "store/room.h"
#include "store/store.h"

/* The phone is not there: nobody is told. */
void store_written(int err)
{
	(void)err;
}

static void load_h(const struct redial_record *r, void *arg)
{
	const char *p;

	(void)arg;
	FUZZ_CHECK(r->uri[0] && memchr(r->uri, 0, sizeof(r->uri)) && memchr(r->name, 0, sizeof(r->name)));
	FUZZ_CHECK(memchr(r->comment, 0, sizeof(r->comment)) && memchr(r->account, 0, sizeof(r->account)));
	for (p = r->uri; *p; p++)
		FUZZ_CHECK((unsigned char)*p > ' ' && *p != 0x7f);
	FUZZ_CHECK(r->code >= 300 && r->code <= 699 && r->due_wall_ms >= 0 && r->until_wall_ms >= 0);
	FUZZ_CHECK(r->in_row <= REDIAL_IN_ROW_MAX);
}

static void insert(char *text)
{
	struct statement *s;
	char *line, *end;
	int column;

	FUZZ_CHECK(!statement_new(&s, "INSERT OR REPLACE INTO redial (uri, account, name, code, due_ms, until_ms, comment, "
				  "armed, in_row) VALUES (coalesce(?1, ''), coalesce(?2, ''), ?3, coalesce(?4, 1), coalesce(?5, 1), "
				  "coalesce(?6, 1), ?7, coalesce(?8, 1), coalesce(?9, 1))"));
	for (column = 1; column <= 9 && (line = strsep(&text, "\n")) != NULL; column++) {
		int64_t n = strtoll(line, &end, 10);

		if (*line && !*end)
			statement_set_integer(s, column, n);
		else
			statement_set_text(s, column, line);
	}
	FUZZ_CHECK(!statement_run(s));
	statement_free(s);
}

static void forget(void)
{
	struct statement *s;

	FUZZ_CHECK(!statement_new(&s, "DELETE FROM redial"));
	FUZZ_CHECK(!statement_run(s));
	statement_free(s);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static bool open;
	char *text = fuzz_string(data, size);
	bool aside;

	if (!open) {
		/* a database of this process alone, in memory */
		FUZZ_CHECK(!database_open(":memory:", &aside));
		open = true;
	}
	FUZZ_CHECK(!redials_start(true));
	insert(text);
	redials_load(load_h, NULL);
	forget();
	redials_stop();
	free(text);
	return 0;
}
