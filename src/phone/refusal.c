/* Calls that the phone refuses by itself before they ring. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

unsigned refusal_code(const char *setting, unsigned fallback)
{
	unsigned long code = strtoul(setting, NULL, 10);

	return code >= 300 && code <= 699 ? (unsigned)code : fallback;
}

unsigned refusal_of(const struct phone *p, const struct incoming *in, const char **text)
{
	*text = NULL;
	if (p->shutting_down)
		return 480;
	if (p->settings->block_anonymous && incoming_withheld(in)) {
		/* TRANSLATORS: %s is who called: "a withheld number" */
		*text = N_("A call from %s was refused.");
		return 433;
	}
	if (p->forward[0]) {
		/* TRANSLATORS: %s is who called */
		*text = N_("A call from %s was forwarded.");
		return 302;
	}
	if (p->dnd) {
		/* TRANSLATORS: %s is who called */
		*text = N_("Missed call from %s: you did not want to be disturbed.");
		return refusal_code(p->settings->dnd_response, 480);
	}
	if (phone_active_calls(p) >= p->settings->max_calls) {
		/* TRANSLATORS: %s is who called */
		*text = N_("Missed call from %s: all lines were taken.");
		return 486;
	}
	return 0;
}

bool refusal_may_tell(struct phone *p)
{
	uint64_t now = port_now_ms();

	if (!p->told || now - p->told_since_ms >= TOLD_MS) {
		p->told_since_ms = now;
		p->told = 0;
	}
	return p->told++ < TOLD_MAX;
}

void refusal_tell(struct phone *p, const struct incoming *in, unsigned code, const char *text)
{
	struct call *c = refusal_may_tell(p) ? call_new(p) : NULL;
	char key[NOTICE_KEY_MAX], who[SNAPSHOT_TEXT];

	if (!c)
		return;
	c->incoming = true;
	call_came_from(c, in);
	c->state = CALL_CLOSED;
	c->ended_by = ENDED_BY_US;
	c->code = code;
	call_emit_state(c);
	snprintf(key, sizeof(key), "missed %u", c->number);
	call_who(c, who);
	phone_notice_printf(p, SEVERITY_INFO, key, _(text), who);
}

void phone_set_dnd(struct phone *p, bool on)
{
	p->dnd = on;
	phone_changed(p);
}

bool phone_dnd(const struct phone *p)
{
	return p->dnd;
}

int phone_set_forward(struct phone *p, const char *target, const char **why)
{
	struct target read;
	int err;

	if (!target) {
		p->forward[0] = '\0';
		phone_changed(p);
		return 0;
	}
	err = phone_read_target(p, &read, target, NULL, why);
	if (err)
		return err;
	text_copy(p->forward, sizeof(p->forward), read.uri);
	phone_changed(p);
	return 0;
}

const char *phone_forward(const struct phone *p)
{
	return p->forward;
}
