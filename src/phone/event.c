#include <string.h>

#include "base/text.h"
#include "phone/event.h"
#include "phone/ports.h"

static const char *const names[] = {
	"call", "device", "dtmf", "macro", "media", "mwi", "notice", "outcome", "ready", "redial", "registration", "tone",
};

const char *const *event_names(unsigned *count)
{
	*count = sizeof(names) / sizeof(names[0]);
	return names;
}

void event_begin(struct event *e, const char *name)
{
	e->name = name;
	e->time_ms = port_wall_ms();
	e->n = 0;
	e->used = 0;
}

static struct event_field *add(struct event *e, const char *name, enum event_type type)
{
	struct event_field *f;

	if (e->n == EVENT_FIELDS_MAX)
		return NULL;
	f = &e->field[e->n++];
	f->name = name;
	f->type = type;
	return f;
}

/* A harmless copy of S in the pool; NULL when there is no room. */
static const char *keep(struct event *e, const char *s)
{
	size_t room = sizeof(e->pool) - e->used;
	char *at = e->pool + e->used;

	if (room < 2)
		return NULL;
	if (room > EVENT_STRING_MAX + 1)
		room = EVENT_STRING_MAX + 1;
	e->used += text_show_str(at, room, s) + 1;
	return at;
}

void event_string(struct event *e, const char *name, const char *s)
{
	const char *kept;
	struct event_field *f;

	if (!s || !*s || e->n == EVENT_FIELDS_MAX || !(kept = keep(e, s)))
		return;
	f = add(e, name, EVENT_STRING);
	f->v.string = kept;
}

void event_integer(struct event *e, const char *name, int64_t value)
{
	struct event_field *f = add(e, name, EVENT_INTEGER);

	if (f)
		f->v.integer = value;
}

void event_real(struct event *e, const char *name, double value)
{
	struct event_field *f = add(e, name, EVENT_REAL);

	if (f)
		f->v.real = value;
}

void event_boolean(struct event *e, const char *name, bool value)
{
	struct event_field *f = add(e, name, EVENT_BOOLEAN);

	if (f)
		f->v.boolean = value;
}

void event_list(struct event *e, const char *name, const char *const *items, unsigned count)
{
	const char *first = NULL;
	struct event_field *f;
	unsigned i, kept = 0;

	if (e->n == EVENT_FIELDS_MAX)
		return;
	for (i = 0; i < count; i++) {
		const char *k = keep(e, items[i]);

		if (!k)
			break;
		if (!first)
			first = k;
		kept++;
	}
	if (!kept)
		return;
	f = add(e, name, EVENT_LIST);
	f->v.list.first = first;
	f->v.list.count = kept;
}

const struct event_field *event_find(const struct event *e, const char *name)
{
	unsigned i;

	for (i = 0; i < e->n; i++) {
		if (!strcmp(e->field[i].name, name))
			return &e->field[i];
	}
	return NULL;
}

const char *event_find_string(const struct event *e, const char *name)
{
	const struct event_field *f = event_find(e, name);

	return f && f->type == EVENT_STRING ? f->v.string : NULL;
}

int64_t event_find_integer(const struct event *e, const char *name, int64_t fallback)
{
	const struct event_field *f = event_find(e, name);

	return f && f->type == EVENT_INTEGER ? f->v.integer : fallback;
}
