#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "control/json.h"

static void key(struct buf *b, const char *name)
{
	buf_str(b, ", ");
	buf_json(b, name);
	buf_str(b, ": ");
}

void jsonl_begin(struct buf *b, const char *name, int64_t time_ms)
{
	buf_str(b, "{\"event\": ");
	buf_json(b, name);
	buf_printf(b, ", \"time\": %" PRId64 ".%03d", time_ms / 1000, (int)(time_ms % 1000));
}

void jsonl_string(struct buf *b, const char *name, const char *s)
{
	key(b, name);
	buf_json(b, s);
}

void jsonl_integer(struct buf *b, const char *name, int64_t value)
{
	key(b, name);
	buf_printf(b, "%" PRId64, value);
}

void jsonl_real(struct buf *b, const char *name, double value)
{
	const char *point = localeconv()->decimal_point, *at;
	char number[40];

	if (!isfinite(value))
		return;
	snprintf(number, sizeof(number), "%.13g", value);
	key(b, name);
	at = strstr(number, point);
	if (at && *point) {
		buf_add(b, number, (size_t)(at - number));
		buf_printf(b, ".%s", at + strlen(point));
	}
	else
		buf_str(b, number);
}

void jsonl_boolean(struct buf *b, const char *name, bool value)
{
	key(b, name);
	buf_str(b, value ? "true" : "false");
}

void jsonl_end(struct buf *b)
{
	buf_str(b, "}\n");
}

static void add_list(struct buf *b, const struct event_field *f)
{
	const char *s = f->v.list.first;
	unsigned i;

	key(b, f->name);
	buf_str(b, "[");
	for (i = 0; i < f->v.list.count; i++, s += strlen(s) + 1) {
		if (i)
			buf_str(b, ", ");
		buf_json(b, s);
	}
	buf_str(b, "]");
}

void jsonl_event(struct buf *b, const struct event *e)
{
	unsigned i;

	jsonl_begin(b, e->name, e->time_ms);
	for (i = 0; i < e->n; i++) {
		const struct event_field *f = &e->field[i];

		switch (f->type) {
		case EVENT_STRING:
			jsonl_string(b, f->name, f->v.string);
			break;
		case EVENT_INTEGER:
			jsonl_integer(b, f->name, f->v.integer);
			break;
		case EVENT_REAL:
			jsonl_real(b, f->name, f->v.real);
			break;
		case EVENT_BOOLEAN:
			jsonl_boolean(b, f->name, f->v.boolean);
			break;
		case EVENT_LIST:
			add_list(b, f);
			break;
		}
	}
	jsonl_end(b);
}
