#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include <sqlite3.h>

#include "base/log.h"
#include "base/paths.h"
#include "store/database.h"

#define BUSY_LIMIT_MS 50

/* What makes a file of version N one of version N + 1. A step that has been released is never changed. */
static const char *const steps[] = {
	"CREATE TABLE IF NOT EXISTS call ("
	" id INTEGER PRIMARY KEY,"
	" began_ms INTEGER NOT NULL,"   /* wall clock, since 1970 */
	" ended_ms INTEGER NOT NULL,"
	" direction TEXT NOT NULL,"     /* in, out */
	" peer TEXT NOT NULL, name TEXT, account TEXT,"
	" duration REAL NOT NULL,"      /* seconds talked */
	" code INTEGER,"                /* final response that ended it, NULL = none */
	" error TEXT,"                  /* local failure, in the words of events */
	" reason TEXT, ended_by TEXT);",

	"ALTER TABLE call ADD COLUMN standard_reason TEXT;"
	"ALTER TABLE call ADD COLUMN kind TEXT;"
	"ALTER TABLE call ADD COLUMN server_text TEXT;"
	"ALTER TABLE call ADD COLUMN warning TEXT;"      /* several: a line each */
	"ALTER TABLE call ADD COLUMN contacts TEXT;"
	"ALTER TABLE call ADD COLUMN retry_at_ms INTEGER;"
	"ALTER TABLE call ADD COLUMN retry_comment TEXT;"
	"CREATE TABLE redial ("
	" id INTEGER PRIMARY KEY,"
	" uri TEXT NOT NULL, account TEXT NOT NULL,"     /* account '': a direct call */
	" name TEXT,"
	" code INTEGER NOT NULL,"
	" due_ms INTEGER NOT NULL, until_ms INTEGER NOT NULL,"
	" comment TEXT,"                                 /* raw */
	" armed INTEGER NOT NULL, in_row INTEGER NOT NULL,"
	" UNIQUE (uri, account));",

	"CREATE TABLE prompt ("
	" id INTEGER PRIMARY KEY,"                       /* the order in which they were entered */
	" kind TEXT NOT NULL, line TEXT NOT NULL,"
	" UNIQUE (kind, line));"
	"CREATE TABLE macro_register ("
	" name TEXT PRIMARY KEY, lines TEXT NOT NULL);",
};
#define VERSION ((int)(sizeof(steps) / sizeof(steps[0])))

static sqlite3 *db;

static int errno_of(int rc)
{
	switch (rc & 0xff) {
	case SQLITE_OK:       return 0;
	case SQLITE_NOMEM:    return ENOMEM;
	case SQLITE_NOTADB:
	case SQLITE_CORRUPT:  return EILSEQ;
	case SQLITE_READONLY: return EROFS;
	case SQLITE_FULL:     return ENOSPC;
	case SQLITE_BUSY:     return EBUSY;
	case SQLITE_CANTOPEN: return ENOENT;
	default:              return EIO;
	}
}

const char *database_error(void)
{
	return db ? sqlite3_errmsg(db) : strerror(ENOTCONN);
}

bool database_is_open(void)
{
	return db != NULL;
}

/* --- statements ------------------------------------------------------------------------- */

/* sqlite3_stmt under a name that needs no header of SQLite. */
static sqlite3_stmt *real(struct statement *s)
{
	return (sqlite3_stmt *)(void *)s;
}

int statement_new(struct statement **sp, const char *sql)
{
	sqlite3_stmt *s = NULL;
	int err;

	*sp = NULL;
	if (!db)
		return ENOTCONN;
	err = errno_of(sqlite3_prepare_v2(db, sql, -1, &s, NULL));
	if (!err)
		*sp = (struct statement *)(void *)s;
	return err;
}

void statement_free(struct statement *s)
{
	sqlite3_finalize(real(s));
}

void statement_set_integer(struct statement *s, int place, int64_t value)
{
	sqlite3_bind_int64(real(s), place, value);
}

void statement_set_real(struct statement *s, int place, double value)
{
	sqlite3_bind_double(real(s), place, value);
}

void statement_set_text(struct statement *s, int place, const char *text)
{
	if (text && *text)
		sqlite3_bind_text(real(s), place, text, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(real(s), place);
}

static void renew(struct statement *s)
{
	sqlite3_reset(real(s));
	sqlite3_clear_bindings(real(s));
}

int statement_next(struct statement *s)
{
	int rc = sqlite3_step(real(s));

	if (rc == SQLITE_ROW)
		return 0;
	renew(s);
	return rc == SQLITE_DONE ? ENOENT : errno_of(rc);
}

int statement_run(struct statement *s)
{
	int err = statement_next(s);

	if (!err)
		renew(s);
	return err == ENOENT ? 0 : err;
}

bool statement_integer(struct statement *s, int column, int64_t *value)
{
	*value = sqlite3_column_int64(real(s), column);
	return sqlite3_column_type(real(s), column) == SQLITE_INTEGER;
}

bool statement_real(struct statement *s, int column, double *value)
{
	*value = sqlite3_column_double(real(s), column);
	return sqlite3_column_type(real(s), column) == SQLITE_FLOAT;
}

const char *statement_text(struct statement *s, int column)
{
	return (const char *)sqlite3_column_text(real(s), column);
}

/* --- opening ---------------------------------------------------------------------------- */

static int read_version(int *version)
{
	struct statement *s = NULL;
	int64_t value = 0;
	int err = statement_new(&s, "PRAGMA user_version");

	if (!err)
		err = statement_next(s);
	if (!err)
		statement_integer(s, 0, &value);
	statement_free(s);
	*version = (int)value;
	return err;
}

/* Each step is done as a whole or not at all: killed in between, the file is of the version before. */
static int migrate(void)
{
	char sql[2048];
	int version, err = read_version(&version);

	if (!err && (version < 0 || version > VERSION))
		return EPROTO;
	for (; !err && version < VERSION; version++) {
		snprintf(sql, sizeof(sql), "BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT;", steps[version], version + 1);
		err = errno_of(sqlite3_exec(db, sql, NULL, NULL, NULL));
	}
	return err;
}

static int open_file(const char *file)
{
	int err, rc;

	rc = sqlite3_open_v2(file, &db, SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(db, BUSY_LIMIT_MS);
		chmod(file, 0600);
		/* rows are added, and seldom read: no 2 MB of pages need be kept for that */
		rc = sqlite3_exec(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -256;",
				  NULL, NULL, NULL);
	}
	err = errno_of(rc);
	if (!err)
		err = migrate();
	if (err) {
		log_warning("store: %s", database_error());
		database_close();
	}
	return err;
}

/* A broken file is kept for whoever can mend it, with its log, which belongs to it. */
static int rename_broken(const char *file)
{
	static const char *const parts[] = {"", "-wal", "-shm"};
	char from[PATHS_MAX + 8], to[PATHS_MAX + 16];
	unsigned i;

	for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		snprintf(from, sizeof(from), "%s%s", file, parts[i]);
		snprintf(to, sizeof(to), "%s.broken%s", file, parts[i]);
		if (rename(from, to) && errno != ENOENT)
			return errno;
	}
	return 0;
}

int database_open(const char *file, bool *set_aside)
{
	int err;

	*set_aside = false;
	database_close();
	err = open_file(file);
	if (err != EILSEQ)
		return err;
	err = rename_broken(file);
	if (!err)
		err = open_file(file);
	*set_aside = !err;
	return err;
}

void database_close(void)
{
	sqlite3_close(db);
	db = NULL;
}
