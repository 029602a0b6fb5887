#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "control/reader.h"
#include "control/request.h"
#include "phone/event.h"

#define KEY_MAX 16

/* A number, or a short string. */
static bool read_id(struct reader *r, struct request *q)
{
	struct buf quoted = {0};
	char text[REQUEST_ID_MAX / 2];
	bool ok = false;

	if (reader_next(r) != '"')
		return reader_number(r, q->id, sizeof(q->id));
	if (reader_string(r, text, sizeof(text), NULL)) {
		buf_json(&quoted, text);
		/* no half of one */
		ok = quoted.len < sizeof(q->id);
		text_copy(q->id, sizeof(q->id), ok ? quoted.s : "");
	}
	buf_free(&quoted);
	return ok;
}

/* Sets the bits of NAME. */
static bool add_event(struct request *q, const char *name, struct buf *error)
{
	const char *nearest, *const *names;
	unsigned count, i;

	names = event_names(&count);
	for (i = 0; i < count; i++) {
		if (!strcmp(name, names[i]) || !strcmp(name, "*"))
			q->events |= 1u << i;
	}
	if (!strcmp(name, "*"))
		return true;
	for (i = 0; i < count && strcmp(name, names[i]); i++)
		;
	if (i < count)
		return true;
	nearest = nearest_word(name, names, count);
	if (nearest)
		/* TRANSLATORS: what was typed, and the nearest name of an event */
		buf_printf(error, _("unknown event \"%1$.80s\"; did you mean \"%2$s\"?"), name, nearest);
	else
		buf_printf(error, _("unknown event \"%.80s\""), name);
	return false;
}

static bool read_events(struct reader *r, struct request *q, struct buf *error)
{
	char name[64];

	if (reader_next(r) == '"')
		return reader_string(r, name, sizeof(name), NULL) && add_event(q, name, error);
	if (!reader_enter(r, '['))
		return false;
	while (reader_item(r)) {
		if (!reader_string(r, name, sizeof(name), NULL) || !add_event(q, name, error))
			return false;
	}
	return !r->wrong;
}

static bool read_command(struct reader *r, struct request *q, struct buf *error)
{
	bool fits = true;

	if (!reader_string(r, q->command, sizeof(q->command), &fits))
		return false;
	if (!fits)
		buf_str(error, _("the line is too long"));
	return fits;
}

/* The id, wherever it stands: what is wrong with the rest is answered under it. */
static void find_id(struct request *q, const char *line)
{
	struct reader r;
	char key[KEY_MAX];
	bool ok = true;

	reader_begin(&r, line);
	reader_enter(&r, '{');
	while (ok && reader_member(&r, key, sizeof(key)))
		ok = strcmp(key, "id") ? reader_skip(&r) : read_id(&r, q);
}

int request_read(struct request *q, const char *line, struct buf *error)
{
	static const char *const kinds[] = {"command", "subscribe", "unsubscribe"};
	unsigned i, asked = 0;
	struct reader r;
	char key[KEY_MAX];
	bool ok = true;

	memset(q, 0, sizeof(*q));
	find_id(q, line);
	reader_begin(&r, line);
	reader_enter(&r, '{');
	while (ok && reader_member(&r, key, sizeof(key))) {
		for (i = 0; i < 3 && strcmp(key, kinds[i]); i++)
			;
		if (!strcmp(key, "id"))
			ok = read_id(&r, q);
		else if (i == 3)
			ok = reader_skip(&r);
		else if (asked++)
			break;
		else {
			q->kind = (enum request_kind)i;
			ok = i ? read_events(&r, q, error) : read_command(&r, q, error);
		}
	}
	if (error->len)
		return EINVAL;
	if (asked > 1)
		buf_str(error, _("a request asks for one thing: \"command\", \"subscribe\" or \"unsubscribe\""));
	else if (!ok || !reader_done(&r))
		buf_str(error, _("this is no request: one line of JSON with an \"id\" and a \"command\" or \"subscribe\""));
	else if (!asked)
		buf_str(error, _("the request has no \"command\", \"subscribe\" or \"unsubscribe\""));
	return error->len ? EINVAL : 0;
}
