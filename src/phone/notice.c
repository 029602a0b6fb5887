/* Notices: news that stay until somebody has read them. Newest first. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

static int place(const struct phone *p, unsigned id)
{
	unsigned i;

	for (i = 0; i < p->notices; i++) {
		if (p->notice[i].id == id)
			return (int)i;
	}
	return -1;
}

struct notice *notice_find(struct phone *p, unsigned id)
{
	int i = place(p, id ? id : p->selected_notice);

	return i < 0 ? NULL : &p->notice[i];
}

struct notice *notice_of_call(struct phone *p, unsigned call)
{
	unsigned i;

	for (i = 0; call && i < p->notices; i++) {
		if (p->notice[i].call == call)
			return &p->notice[i];
	}
	return NULL;
}

static void take_out(struct phone *p, unsigned i)
{
	bool selected = p->notice[i].id == p->selected_notice;

	memmove(&p->notice[i], &p->notice[i + 1], (p->notices - i - 1) * sizeof(p->notice[0]));
	p->notices--;
	if (selected) {
		if (i >= p->notices)
			i = p->notices ? p->notices - 1 : 0;
		p->selected_notice = p->notices ? p->notice[i].id : 0;
	}
	phone_changed(p);
}

static void remove_at(struct phone *p, unsigned i)
{
	unsigned call = p->notice[i].call;

	take_out(p, i);
	if (call)
		call_notice_gone(p, call);
}

void notice_drop_key(struct phone *p, const char *key)
{
	unsigned i;

	for (i = 0; i < p->notices; i++) {
		if (key && *key && !strcmp(p->notice[i].key, key)) {
			remove_at(p, i);
			return;
		}
	}
}

void notice_drop_call(struct phone *p, unsigned call)
{
	unsigned i;

	for (i = 0; i < p->notices; i++) {
		if (p->notice[i].call == call) {
			remove_at(p, i);
			return;
		}
	}
}

/* Makes room: the oldest that nothing waits for goes, or else the oldest without its redial, which tells again when it
 * is due; one that asks already goes last. */
static void crowd_out(struct phone *p)
{
	unsigned i, waiting = p->notices - 1;
	bool found = false;

	for (i = p->notices; i-- > 0;) {
		const struct redial *r = redial_of_call(p, p->notice[i].call);

		if (!r) {
			remove_at(p, i);
			return;
		}
		if (!found && r->state != REDIAL_DUE) {
			waiting = i;
			found = true;
		}
	}
	take_out(p, waiting);
}

struct notice *notice_new(struct phone *p, enum severity severity, const char *key)
{
	struct notice *n;

	notice_drop_key(p, key);
	if (p->notices == NOTICES_MAX)
		crowd_out(p);
	memmove(&p->notice[1], &p->notice[0], p->notices * sizeof(p->notice[0]));
	p->notices++;
	n = &p->notice[0];
	memset(n, 0, sizeof(*n));
	n->id = ++p->last_notice;
	n->severity = severity;
	n->wall_ms = port_wall_ms();
	text_copy(n->key, sizeof(n->key), key);
	p->selected_notice = n->id;
	return n;
}

void notice_emit(struct phone *p, const struct notice *n)
{
	static const char *const word[] = {"info", "warning", "error"};
	const struct call *c = n->call ? call_find(p, n->call) : NULL;
	const char *actions[SNAPSHOT_ACTIONS];
	char text[SNAPSHOT_TEXT * 4];
	struct event e;

	snprintf(text, sizeof(text), "%s%s%s", n->title, n->sentence[0] ? ": " : "", n->sentence);
	event_begin(&e, "notice");
	event_integer(&e, "id", n->id);
	event_string(&e, "severity", word[n->severity]);
	event_string(&e, "text", text);
	event_list(&e, "actions", actions, action_names(c, actions, SNAPSHOT_ACTIONS));
	phone_emit(p, &e);
}

unsigned phone_notice(struct phone *p, enum severity severity, const char *key, const char *text)
{
	struct notice *n = notice_new(p, severity, key);
	unsigned id = n->id;

	text_show_str(n->title, sizeof(n->title), text);
	notice_emit(p, n);
	return id;
}

unsigned phone_notice_printf(struct phone *p, enum severity severity, const char *key, const char *fmt, ...)
{
	char text[SNAPSHOT_TEXT * 4];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return phone_notice(p, severity, key, text);
}

int phone_notice_step(struct phone *p, int step)
{
	int i = place(p, p->selected_notice) + (step > 0 ? 1 : -1);

	if (i < 0 || (unsigned)i >= p->notices)
		return ENOENT;
	p->selected_notice = p->notice[i].id;
	phone_changed(p);
	return 0;
}

int phone_notice_dismiss(struct phone *p, unsigned id)
{
	int i = place(p, id ? id : p->selected_notice);

	if (i < 0)
		return ENOENT;
	remove_at(p, (unsigned)i);
	return 0;
}

unsigned phone_notice_call(const struct phone *p, unsigned id)
{
	int i = place(p, id ? id : p->selected_notice);

	return i < 0 ? 0 : p->notice[i].call;
}

int phone_notice_contact(struct phone *p, unsigned id, unsigned n, unsigned *call, const char **why)
{
	const struct call *c = phone_notice_call(p, id) ? call_find(p, phone_notice_call(p, id)) : NULL;
	char target[TARGET_MAX];
	bool proxy;

	*call = 0;
	if (!c || !n || n > c->contacts) {
		*why = _("The notice offers no such address.");
		return ENOENT;
	}
	/* a proxy is not called: the same target is, by way of it */
	proxy = c->code == 305;
	text_copy(target, sizeof(target), proxy ? c->uri : c->contact[n - 1].uri);
	return call_dial_like(p, c, target, proxy ? c->name : NULL, proxy, call, why);
}
