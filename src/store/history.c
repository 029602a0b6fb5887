#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/i18n.h"
#include "base/log.h"
#include "base/paths.h"
#include "base/text.h"
#include "store/history.h"

#define SCHEMA_VERSION 1
#define BUSY_LIMIT_MS  50

static const char schema[] =
	"BEGIN IMMEDIATE;"
	"CREATE TABLE IF NOT EXISTS call ("
	" id INTEGER PRIMARY KEY,"
	" began_ms INTEGER NOT NULL,"   /* wall clock, since 1970 */
	" ended_ms INTEGER NOT NULL,"
	" direction TEXT NOT NULL,"     /* in, out */
	" peer TEXT NOT NULL, name TEXT, account TEXT,"
	" duration REAL NOT NULL,"      /* seconds talked */
	" code INTEGER,"                /* final response that ended it, NULL = none */
	" error TEXT,"                  /* local failure, in the words of events */
	" reason TEXT, ended_by TEXT);"
	"PRAGMA user_version = 1;"
	"COMMIT;";

static const char insert[] =
	"INSERT INTO call (began_ms, ended_ms, direction, peer, name, account, duration, code, error, reason, ended_by)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

/* A call that has begun and not ended. */
struct open_call {
	unsigned number;                 /* 0: the place is free */
	int64_t began_ms;
	char direction[4];
	char peer[EVENT_STRING_MAX + 1];
	char name[EVENT_STRING_MAX + 1];
	char account[ACCOUNT_NAME_MAX];
};

static struct {
	struct phone *phone;
	sqlite3 *db;
	sqlite3_stmt *insert;
	bool failing;                    /* the last write failed; said once */
	struct open_call call[PHONE_CALLS_MAX];
} history;

static struct open_call *find(unsigned number)
{
	unsigned i;

	for (i = 0; i < PHONE_CALLS_MAX; i++) {
		if (history.call[i].number == number)
			return &history.call[i];
	}
	return NULL;
}

static void bind_text(int place, const char *s)
{
	if (s && *s)
		sqlite3_bind_text(history.insert, place, s, -1, SQLITE_TRANSIENT);
	else
		sqlite3_bind_null(history.insert, place);
}

static void write_row(const struct open_call *c, const struct event *e)
{
	const struct event_field *duration = event_find(e, "duration");
	int64_t code = event_find_integer(e, "code", 0);
	int rc;

	sqlite3_bind_int64(history.insert, 1, c->began_ms);
	sqlite3_bind_int64(history.insert, 2, e->time_ms);
	bind_text(3, c->direction);
	sqlite3_bind_text(history.insert, 4, c->peer, -1, SQLITE_TRANSIENT);
	bind_text(5, c->name);
	bind_text(6, c->account);
	sqlite3_bind_double(history.insert, 7, duration ? duration->v.real : 0.0);
	if (code)
		sqlite3_bind_int64(history.insert, 8, code);
	else
		sqlite3_bind_null(history.insert, 8);
	bind_text(9, event_find_string(e, "error"));
	bind_text(10, event_find_string(e, "reason"));
	bind_text(11, event_find_string(e, "ended_by"));
	rc = sqlite3_step(history.insert);
	sqlite3_reset(history.insert);
	if (rc != SQLITE_DONE && !history.failing)
		phone_notice_printf(history.phone, SEVERITY_WARNING, "history",
				    /* TRANSLATORS: %s is what the database said */
				    _("The history cannot be written: %s"), sqlite3_errmsg(history.db));
	history.failing = rc != SQLITE_DONE;
}

static void begin(unsigned number, const struct event *e)
{
	struct open_call *c = find(0);

	if (!c)
		return;
	c->number = number;
	c->began_ms = e->time_ms;
	text_copy(c->direction, sizeof(c->direction), event_find_string(e, "direction"));
	text_copy(c->peer, sizeof(c->peer), event_find_string(e, "peer"));
	text_copy(c->name, sizeof(c->name), event_find_string(e, "name"));
	text_copy(c->account, sizeof(c->account), event_find_string(e, "account"));
}

static void event_h(const struct event *e, void *arg)
{
	bool is_call = !strcmp(e->name, "call"), is_outcome = !strcmp(e->name, "outcome");
	unsigned number = (unsigned)event_find_integer(e, "call", 0);
	const char *state = event_find_string(e, "state");
	struct open_call *c;

	(void)arg;
	if (!number || (!is_call && !is_outcome))
		return;
	c = find(number);
	if (is_outcome || (state && !strcmp(state, "closed"))) {
		if (c) {
			write_row(c, e);
			c->number = 0;
		}
	}
	else if (!c)
		begin(number, e);
}

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

/* Has the file a schema that we know? 0, EILSEQ when it is broken, EPROTO when it is newer than we are. */
static int check(void)
{
	sqlite3_stmt *s = NULL;
	int rc, version = 0;

	rc = sqlite3_prepare_v2(history.db, "PRAGMA user_version", -1, &s, NULL);
	if (rc == SQLITE_OK && (rc = sqlite3_step(s)) == SQLITE_ROW) {
		version = sqlite3_column_int(s, 0);
		rc = SQLITE_OK;
	}
	sqlite3_finalize(s);
	if (rc != SQLITE_OK)
		return errno_of(rc);
	return version > SCHEMA_VERSION ? EPROTO : 0;
}

static int open_database(const char *file)
{
	int err, rc;

	rc = sqlite3_open_v2(file, &history.db,
			     SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK) {
		sqlite3_busy_timeout(history.db, BUSY_LIMIT_MS);
		chmod(file, 0600);
		rc = sqlite3_exec(history.db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;", NULL, NULL, NULL);
	}
	err = errno_of(rc);
	if (!err)
		err = check();
	if (!err)
		err = errno_of(sqlite3_exec(history.db, schema, NULL, NULL, NULL));
	if (!err)
		err = errno_of(sqlite3_prepare_v2(history.db, insert, -1, &history.insert, NULL));
	if (err)
		log_warning("history: %s", history.db ? sqlite3_errmsg(history.db) : "no memory");
	return err;
}

static void close_database(void)
{
	sqlite3_finalize(history.insert);
	sqlite3_close(history.db);
	history.insert = NULL;
	history.db = NULL;
}

/* A broken file is kept for whoever can mend it, with its log, which belongs to it. */
static int set_aside(const char *file)
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

int history_open(struct phone *phone, const char *file)
{
	int err;

	memset(&history, 0, sizeof(history));
	history.phone = phone;
	err = open_database(file);
	if (err == EILSEQ) {
		close_database();
		err = set_aside(file);
		if (!err)
			err = open_database(file);
		if (!err)
			phone_notice_printf(phone, SEVERITY_WARNING, "history",
					    /* TRANSLATORS: %s is a file name */
					    _("The history was broken and is kept as %s.broken; a new one was begun."), file);
	}
	if (!err)
		err = phone_listen(phone, event_h, NULL);
	if (err)
		close_database();
	return err;
}

void history_close(void)
{
	if (!history.db)
		return;
	phone_unlisten(history.phone, event_h, NULL);
	close_database();
}
