/* database.h - offhook.db: opened, brought up to date, asked and told. The only file that knows SQLite is behind it. */
#ifndef OFFHOOK_STORE_DATABASE_H
#define OFFHOOK_STORE_DATABASE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Opens FILE (made, mode 0600, if it is not there) and brings its tables up to date; what is in it stays. A file that
 * is no database, or a broken one, is set aside as FILE.broken, with *SET_ASIDE true. What is written later is in the
 * file's write-ahead log when the function that wrote it returns: it survives the death of the process, not that of the
 * machine. 0; EPROTO when a newer offhook wrote it; an errno. */
int database_open(const char *file, bool *set_aside);
void database_close(void);
bool database_is_open(void);
/* What the last failure was, in words. */
const char *database_error(void);

/* A prepared statement; the program has one database, so it needs no other name. */
struct statement;
/* SQL must be a literal. 0 or an errno (ENOTCONN: nothing is open). */
int statement_new(struct statement **sp, const char *sql);
/* NULL: nothing. */
void statement_free(struct statement *s);

/* Set parameter PLACE, from 1; bytes are copied. A NULL or empty TEXT is stored as NULL. */
void statement_set_integer(struct statement *s, int place, int64_t value);
void statement_set_real(struct statement *s, int place, double value);
void statement_set_text(struct statement *s, int place, const char *text);

/* Runs a statement that has no rows; committed when it returns. It and its parameters are as new then. */
int statement_run(struct statement *s);
/* The next row: 0; ENOENT after the last one; or an errno. After both the statement is as new. */
int statement_next(struct statement *s);
/* Columns of the row, from 0. The text is NULL for a NULL, and good until the next statement_next(). False when the
 * column holds something else (NULL too). */
bool statement_integer(struct statement *s, int column, int64_t *value);
bool statement_real(struct statement *s, int column, double *value);
const char *statement_text(struct statement *s, int column);

#endif
