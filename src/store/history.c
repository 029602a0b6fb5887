#include <string.h>

#include "base/text.h"
#include "store/database.h"
#include "store/room.h"

/* What a row holds besides who was called and when: fields of the event that ends the call, in the order of the
 * statement's parameters from ?7 on. */
static const struct {
	const char *field;
	enum { NUMBER, DURATION, TIME, TEXT, LIST } type;
} told[] = {
	{"duration", DURATION}, {"code", NUMBER}, {"error", TEXT}, {"reason", TEXT}, {"ended_by", TEXT},
	{"standard_reason", TEXT}, {"kind", TEXT}, {"server_text", TEXT}, {"warning", LIST}, {"contacts", LIST},
	{"retry_at", TIME}, {"retry_comment", TEXT},
};

static const char insert[] =
	"INSERT INTO call (began_ms, ended_ms, direction, peer, name, account,"
	" duration, code, error, reason, ended_by, standard_reason, kind, server_text, warning, contacts,"
	" retry_at_ms, retry_comment)"
	" VALUES (?1, ?2, ?3, coalesce(?4, ''), ?5, ?6, coalesce(?7, 0.0),"
	" ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)";

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
	struct statement *insert;
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

/* Strings of events have no line ends, so one may part them. */
static void set_list(int place, const struct event_field *f)
{
	const char *s = f->v.list.first;
	struct buf lines = {0};
	unsigned i;

	for (i = 0; i < f->v.list.count; i++, s += strlen(s) + 1) {
		if (i)
			buf_str(&lines, "\n");
		buf_str(&lines, s);
	}
	statement_set_text(history.insert, place, lines.s);
	buf_free(&lines);
}

static void set_field(int place, unsigned type, const struct event_field *f)
{
	switch (type) {
	case NUMBER:
		/* 0 stands for no response */
		if (f->type == EVENT_INTEGER && f->v.integer)
			statement_set_integer(history.insert, place, f->v.integer);
		break;
	case DURATION:
		if (f->type == EVENT_REAL)
			statement_set_real(history.insert, place, f->v.real);
		break;
	case TIME:
		if (f->type == EVENT_INTEGER)
			statement_set_integer(history.insert, place, f->v.integer * 1000);
		else if (f->type == EVENT_REAL)
			statement_set_integer(history.insert, place, (int64_t)(f->v.real * 1000 + 0.5));
		break;
	case TEXT:
		if (f->type == EVENT_STRING)
			statement_set_text(history.insert, place, f->v.string);
		break;
	case LIST:
		if (f->type == EVENT_LIST)
			set_list(place, f);
		break;
	}
}

static void write_row(const struct open_call *c, const struct event *e)
{
	struct statement *s = history.insert;
	const struct event_field *f;
	unsigned i;

	statement_set_integer(s, 1, c->began_ms);
	statement_set_integer(s, 2, e->time_ms);
	statement_set_text(s, 3, c->direction);
	statement_set_text(s, 4, c->peer);
	statement_set_text(s, 5, c->name);
	statement_set_text(s, 6, c->account);
	for (i = 0; i < sizeof(told) / sizeof(told[0]); i++) {
		f = event_find(e, told[i].field);
		if (f)
			set_field(7 + (int)i, told[i].type, f);
	}
	store_written(statement_run(s));
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

static bool is_incoming(const struct event *e)
{
	const char *direction = event_find_string(e, "direction");

	return direction && !strcmp(direction, "in");
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
	/* refused before it rang: its first word is its last */
	if (is_call && !c && state && !strcmp(state, "closed") && is_incoming(e)) {
		begin(number, e);
		c = find(number);
	}
	if (is_outcome || (state && !strcmp(state, "closed"))) {
		if (c) {
			if (!event_find(e, "untold"))
				write_row(c, e);
			c->number = 0;
		}
	}
	else if (!c)
		begin(number, e);
}

int history_start(struct phone *phone)
{
	int err;

	memset(&history, 0, sizeof(history));
	err = statement_new(&history.insert, insert);
	if (!err)
		err = phone_listen(phone, event_h, NULL);
	if (!err)
		history.phone = phone;
	return err;
}

void history_stop(void)
{
	if (history.phone)
		phone_unlisten(history.phone, event_h, NULL);
	statement_free(history.insert);
	memset(&history, 0, sizeof(history));
}
