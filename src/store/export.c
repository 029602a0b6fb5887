/* The history as a file that other programs can read. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/paths.h"
#include "base/text.h"
#include "phone/event.h"
#include "store/database.h"
#include "store/room.h"

/* What is written of a call, in order; named as the fields of events are. A TIME is two fields: NAME is ISO 8601 in
 * UTC, NAME_ms the milliseconds since 1970. A LIST stands in the table with a line for each item. */
static const struct {
	const char *name;
	enum { TIME, NUMBER, REAL, TEXT, LIST } type;
} field[] = {
	{"began", TIME}, {"ended", TIME}, {"direction", TEXT}, {"peer", TEXT}, {"name", TEXT}, {"account", TEXT},
	{"duration", REAL}, {"code", NUMBER}, {"reason", TEXT}, {"standard_reason", TEXT}, {"kind", TEXT}, {"error", TEXT},
	{"server_text", TEXT}, {"warning", LIST}, {"contacts", LIST}, {"retry_at", TIME}, {"retry_comment", TEXT},
	{"ended_by", TEXT},
};
#define FIELDS (sizeof(field) / sizeof(field[0]))

static const char select_all[] =
	"SELECT began_ms, ended_ms, direction, peer, name, account, duration, code, reason, standard_reason, kind, error,"
	" server_text, warning, contacts, retry_at_ms, retry_comment, ended_by FROM call ORDER BY id";

static void add_time(struct buf *b, int64_t ms)
{
	time_t seconds = (time_t)(ms / 1000);
	struct tm tm;

	if (ms >= 0 && gmtime_r(&seconds, &tm))
		buf_printf(b, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			   tm.tm_min, tm.tm_sec, (int)(ms % 1000));
}

/* Milliseconds are enough, and the program's locale has no say in it: LC_NUMERIC is the C locale's. */
static void add_real(struct buf *b, double value)
{
	buf_printf(b, "%.3f", value);
}

/* --- CSV (RFC 4180) ------------------------------------------------------------------------ */

static void csv_begin(struct buf *b)
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		buf_printf(b, "%s%s", i ? "," : "", field[i].name);
		if (field[i].type == TIME)
			buf_printf(b, ",%s_ms", field[i].name);
	}
	buf_str(b, "\r\n");
}

/* In quotes where it must be. A spreadsheet takes a cell that begins like a formula for one, and others choose what
 * stands here: an apostrophe in front makes it text. A cell begins behind a semicolon, too, where the comma is taken for
 * numbers, whatever the quotes say. */
static void csv_text(struct buf *b, const char *s)
{
	const char *quote = strpbrk(s, ",\"\r\n") ? "\"" : "";
	bool begins = true;

	buf_str(b, quote);
	for (; *s; s++) {
		if (begins && strchr("=+-@\t\r", *s))
			buf_str(b, "'");
		begins = *s == ';' || (begins && *s == ' ');
		if (*s == '"')
			buf_str(b, "\"");
		buf_add(b, s, 1);
	}
	buf_str(b, quote);
}

static void csv_list(struct buf *b, const char *lines)
{
	struct buf cell = {0};

	for (; *lines; lines++) {
		if (*lines == '\n')
			buf_str(&cell, "; ");
		else
			buf_add(&cell, lines, 1);
	}
	csv_text(b, cell.s ? cell.s : "");
	buf_free(&cell);
}

static void csv_row(struct buf *b, struct statement *s)
{
	const char *text;
	int64_t number;
	double real;
	int i;

	for (i = 0; i < (int)FIELDS; i++) {
		if (i)
			buf_str(b, ",");
		switch (field[i].type) {
		case TIME:
			if (statement_integer(s, i, &number)) {
				add_time(b, number);
				buf_printf(b, ",%" PRId64, number);
			}
			else
				buf_str(b, ",");
			break;
		case NUMBER:
			if (statement_integer(s, i, &number))
				buf_printf(b, "%" PRId64, number);
			break;
		case REAL:
			if (statement_real(s, i, &real))
				add_real(b, real);
			break;
		case TEXT:
			text = statement_text(s, i);
			csv_text(b, text ? text : "");
			break;
		case LIST:
			text = statement_text(s, i);
			csv_list(b, text ? text : "");
			break;
		}
	}
	buf_str(b, "\r\n");
}

/* --- JSON: an array with a line for each call; a field that is not known is absent ------------- */

static void json_key(struct buf *b, const char *name, const char *more)
{
	/* each object begins with a brace: before any but its first field there is more than that */
	buf_printf(b, "%s\"%s%s\": ", b->len && b->s[b->len - 1] != '{' ? ", " : "", name, more);
}

static void json_list(struct buf *b, const char *lines)
{
	char item[EVENT_STRING_MAX + 1];
	const char *comma = "";

	buf_str(b, "[");
	while (*lines) {
		size_t n = strcspn(lines, "\n");

		text_copyn(item, sizeof(item), lines, n);
		buf_str(b, comma);
		buf_json(b, item);
		comma = ", ";
		lines += n + (lines[n] == '\n');
	}
	buf_str(b, "]");
}

static void json_field(struct buf *b, struct statement *s, int i)
{
	const char *text;
	int64_t number;
	double real;

	switch (field[i].type) {
	case TIME:
		if (!statement_integer(s, i, &number))
			break;
		json_key(b, field[i].name, "");
		buf_str(b, "\"");
		add_time(b, number);
		buf_str(b, "\"");
		json_key(b, field[i].name, "_ms");
		buf_printf(b, "%" PRId64, number);
		break;
	case NUMBER:
		if (!statement_integer(s, i, &number))
			break;
		json_key(b, field[i].name, "");
		buf_printf(b, "%" PRId64, number);
		break;
	case REAL:
		if (!statement_real(s, i, &real))
			break;
		json_key(b, field[i].name, "");
		add_real(b, real);
		break;
	case TEXT:
	case LIST:
		text = statement_text(s, i);
		if (!text)
			break;
		json_key(b, field[i].name, "");
		if (field[i].type == LIST)
			json_list(b, text);
		else
			buf_json(b, text);
		break;
	}
}

static void json_row(struct buf *b, struct statement *s)
{
	int i;

	buf_str(b, b->len > 1 ? ",\n{" : "\n{");
	for (i = 0; i < (int)FIELDS; i++)
		json_field(b, s, i);
	buf_str(b, "}");
}

static void json_begin(struct buf *b)
{
	buf_str(b, "[");
}

static void json_end(struct buf *b)
{
	buf_str(b, "\n]\n");
}

static void csv_end(struct buf *b)
{
	(void)b;
}

static const struct format {
	const char *ending;
	void (*begin)(struct buf *b);
	void (*row)(struct buf *b, struct statement *s);
	void (*end)(struct buf *b);
} formats[] = {
	{".csv", csv_begin, csv_row, csv_end},
	{".json", json_begin, json_row, json_end},
};

static const struct format *format_of(const char *file)
{
	size_t i, n, len = strlen(file);

	for (i = 0; i < sizeof(formats) / sizeof(formats[0]); i++) {
		n = strlen(formats[i].ending);
		if (len > n && !strcasecmp(file + len - n, formats[i].ending))
			return &formats[i];
	}
	return NULL;
}

int history_export(const char *file, unsigned *rows)
{
	const struct format *f = format_of(file);
	struct statement *s = NULL;
	struct buf b = {0};
	int err;

	*rows = 0;
	if (!f)
		return EINVAL;
	err = statement_new(&s, select_all);
	if (err)
		goto out;
	f->begin(&b);
	while (!(err = statement_next(s))) {
		f->row(&b, s);
		++*rows;
	}
	f->end(&b);
	if (err == ENOENT)
		err = b.failed ? ENOMEM : paths_replace_file(file, b.s, b.len);
out:
	statement_free(s);
	buf_free(&b);
	return err;
}
