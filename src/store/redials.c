#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/text.h"
#include "store/database.h"
#include "store/room.h"
#include "store/store.h"

#define TIME_MAX_MS INT64_C(253402300799999)   /* the end of the year 9999 */

static const char select_all[] =
	"SELECT uri, account, name, code, due_ms, until_ms, comment, armed, in_row FROM redial ORDER BY id LIMIT ?1";
static const char insert[] =
	"INSERT OR REPLACE INTO redial (uri, account, name, code, due_ms, until_ms, comment, armed, in_row)"
	" VALUES (?1, coalesce(?2, ''), ?3, ?4, ?5, ?6, ?7, ?8, ?9)";
static const char trim[] =
	"DELETE FROM redial WHERE id NOT IN (SELECT id FROM redial ORDER BY id DESC LIMIT ?1)";
static const char drop[] = "DELETE FROM redial WHERE uri = ?1 AND account = coalesce(?2, '')";

/* NULL all three: nothing is kept. */
static struct {
	struct statement *insert, *trim, *drop;
} redials;

int redials_start(bool keep)
{
	int err;

	if (!keep)
		return 0;
	err = statement_new(&redials.insert, insert);
	if (!err)
		err = statement_new(&redials.trim, trim);
	if (!err)
		err = statement_new(&redials.drop, drop);
	return err;
}

void redials_stop(void)
{
	statement_free(redials.insert);
	statement_free(redials.trim);
	statement_free(redials.drop);
	memset(&redials, 0, sizeof(redials));
}

void redials_put(const struct redial_record *r)
{
	struct statement *s = redials.insert;
	int err;

	if (!redials.drop)
		return;
	statement_set_text(s, 1, r->uri);
	statement_set_text(s, 2, r->account);
	statement_set_text(s, 3, r->name);
	statement_set_integer(s, 4, r->code);
	statement_set_integer(s, 5, r->due_wall_ms);
	statement_set_integer(s, 6, r->until_wall_ms);
	statement_set_text(s, 7, r->comment);
	statement_set_integer(s, 8, r->armed);
	statement_set_integer(s, 9, r->in_row);
	err = statement_run(s);
	if (!err) {
		/* killed before this, there is one too many for a while, and no harm done */
		statement_set_integer(redials.trim, 1, REDIALS_MAX);
		err = statement_run(redials.trim);
	}
	store_written(err);
}

void redials_drop(const char *uri, const char *account)
{
	if (!redials.drop)
		return;
	statement_set_text(redials.drop, 1, uri);
	statement_set_text(redials.drop, 2, account);
	store_written(statement_run(redials.drop));
}

/* --- reading: nothing in the file is believed ----------------------------------------------- */

/* A word that can stand in a request: no blanks, no control characters. */
static bool read_word(char *dst, size_t size, const char *s)
{
	const char *p;

	for (p = s ? s : ""; *p; p++) {
		if ((unsigned char)*p <= ' ' || *p == 0x7f)
			return false;
	}
	return text_copy(dst, size, s);
}

static bool read_number(struct statement *s, int column, int64_t min, int64_t max, int64_t *value)
{
	return statement_integer(s, column, value) && *value >= min && *value <= max;
}

static bool read_record(struct redial_record *r, struct statement *s)
{
	int64_t code, armed, in_row;

	memset(r, 0, sizeof(*r));
	if (!read_word(r->uri, sizeof(r->uri), statement_text(s, 0)) || !r->uri[0] ||
	    !read_word(r->account, sizeof(r->account), statement_text(s, 1)) ||
	    !read_number(s, 3, 300, 699, &code) ||
	    !read_number(s, 4, 0, TIME_MAX_MS, &r->due_wall_ms) ||
	    !read_number(s, 5, 0, TIME_MAX_MS, &r->until_wall_ms) ||
	    !read_number(s, 7, 0, 1, &armed) || !read_number(s, 8, 0, REDIAL_IN_ROW_MAX, &in_row))
		return false;
	text_copy(r->name, sizeof(r->name), statement_text(s, 2));
	text_copy(r->comment, sizeof(r->comment), statement_text(s, 6));
	r->code = (unsigned)code;
	r->armed = armed;
	r->in_row = (unsigned)in_row;
	return true;
}

void redials_load(redial_record_h *h, void *arg)
{
	struct redial_record *record = NULL;
	struct statement *s = NULL;
	unsigned i, n = 0;
	int err;

	if (!redials.drop)
		return;
	err = statement_new(&s, select_all);
	if (!err) {
		record = calloc(REDIALS_MAX, sizeof(*record));
		err = record ? 0 : ENOMEM;
	}
	if (!err) {
		statement_set_integer(s, 1, REDIALS_MAX);
		while (!(err = statement_next(s))) {
			if (read_record(&record[n], s))
				n++;
			else
				log_warning("store: a redial that cannot be right is passed over");
		}
	}
	if (err && err != ENOENT)
		log_warning("store: redials cannot be read: %s", database_error());
	statement_free(s);
	/* only now: H may change the table */
	for (i = 0; i < n; i++)
		h(&record[i], arg);
	free(record);
}
