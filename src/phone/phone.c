/* The phone as a whole: who listens, what time it is, what the sound path says of itself. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

int phone_new(struct phone **pp, const struct settings *settings)
{
	struct phone *p = calloc(1, sizeof(*p));

	if (!p)
		return ENOMEM;
	p->settings = settings;
	p->rx_level = p->tx_level = -127;
	*pp = p;
	return 0;
}

void phone_free(struct phone *p)
{
	unsigned i;

	if (!p)
		return;
	calls_free(p);
	for (i = 0; i < p->accounts; i++) /* no password stays in freed memory */
		explicit_bzero(p->account[i].password, sizeof(p->account[i].password));
	free(p);
}

int phone_listen(struct phone *p, phone_event_h *h, void *arg)
{
	unsigned i;

	for (i = 0; i < LISTENERS_MAX; i++) {
		if (!p->listener[i].h) {
			p->listener[i].h = h;
			p->listener[i].arg = arg;
			return 0;
		}
	}
	return ENOSPC;
}

void phone_unlisten(struct phone *p, phone_event_h *h, void *arg)
{
	unsigned i;

	for (i = 0; i < LISTENERS_MAX; i++) {
		if (p->listener[i].h == h && p->listener[i].arg == arg) {
			p->listener[i].h = NULL;
			p->listener[i].arg = NULL;
		}
	}
}

void phone_on_change(struct phone *p, phone_change_h *h, void *arg)
{
	p->change_h = h;
	p->change_arg = arg;
}

void phone_changed(struct phone *p)
{
	if (p->change_h)
		p->change_h(p->change_arg);
}

void phone_emit(struct phone *p, const struct event *event)
{
	unsigned i;

	for (i = 0; i < LISTENERS_MAX; i++) {
		if (p->listener[i].h)
			p->listener[i].h(event, p->listener[i].arg);
	}
	phone_changed(p);
}

void phone_schedule(struct phone *p)
{
	uint64_t at = NEVER;
	struct call *c;

	for (c = p->calls; c; c = c->next) {
		uint64_t d = call_deadline(c);

		if (d < at)
			at = d;
	}
	if (redials_deadline(p) < at)
		at = redials_deadline(p);
	port_wake_at(at);
}

void phone_tick(struct phone *p)
{
	uint64_t now = port_now_ms();
	struct call *c;
	unsigned n;

	for (n = 0; (c = call_after(p, n)) != NULL;) {
		n = c->number;
		call_tick(c, now);
	}
	redials_tick(p);
	phone_schedule(p);
}

void phone_mute(struct phone *p, bool on)
{
	if (p->muted == on)
		return;
	p->muted = on;
	port_media_mute(on);
	phone_changed(p);
}

bool phone_muted(const struct phone *p)
{
	return p->muted;
}

void phone_settings_changed(struct phone *p)
{
	port_media_volume(p->settings->volume);
	phone_changed(p);
}

void phone_shutdown(struct phone *p)
{
	struct call *c;
	unsigned i, n;

	p->shutting_down = true;
	for (n = 0; (c = call_after(p, n)) != NULL;) {
		n = c->number;
		call_hang_up(c);
	}
	for (i = 0; i < p->accounts; i++) {
		if (account_may_be_registered(&p->account[i]))
			port_sip_unregister(&p->account[i]);
	}
}

bool phone_idle(const struct phone *p)
{
	unsigned i;

	if (phone_active_calls(p))
		return false;
	for (i = 0; i < p->accounts; i++) {
		if (p->account[i].state == REGISTRATION_REGISTERED ||
		    p->account[i].state == REGISTRATION_REGISTERING)
			return false;
	}
	return true;
}

void phone_media_levels(struct phone *p, double rx_level, double tx_level)
{
	p->rx_level = rx_level;
	p->tx_level = tx_level;
	phone_changed(p);
}

static const char *device_state_name(enum device_state state)
{
	static const char *const name[] = {"open", "lost", "back", "none"};

	return name[state];
}

static bool is_there(enum device_state state)
{
	return state == DEVICE_OPEN || state == DEVICE_BACK;
}

/* One of both works, as far as is known, and the other does not: then it is said which. */
static bool only_one(const struct phone *p, bool *input)
{
	bool in = p->sound_input.known && is_there(p->sound_input.state);
	bool out = p->sound_output.known && is_there(p->sound_output.state);

	*input = in;
	return in != out && p->sound_input.known && p->sound_output.known;
}

static void sound_state(struct phone *p, bool input, enum device_state state)
{
	if (input) {
		p->sound_input.known = true;
		p->sound_input.state = state;
	}
	else {
		p->sound_output.known = true;
		p->sound_output.state = state;
	}
}

static void sound_there(struct phone *p, bool back)
{
	bool input;

	if (only_one(p, &input))
		return; /* what is wrong with the other was said, and holds */
	p->audio_trouble[0] = '\0';
	notice_drop_key(p, "device");
	if (back)
		phone_notice(p, SEVERITY_INFO, "device", _("Sound is back."));
}

static void sound_missing(struct phone *p, enum device_state state, const char *why)
{
	bool input;

	if (state == DEVICE_LOST) {
		text_copy(p->audio_trouble, sizeof(p->audio_trouble), _("sound device lost"));
		phone_notice_printf(p, SEVERITY_WARNING, "device",
				    /* TRANSLATORS: %s is what the sound system said */
				    _("The sound device is gone; calls go on without sound until it is back. (%s)"), why);
	}
	else if (!only_one(p, &input)) {
		text_copy(p->audio_trouble, sizeof(p->audio_trouble), _("no sound card"));
		phone_notice_printf(p, SEVERITY_WARNING, "device",
				    /* TRANSLATORS: %s is what the sound system said */
				    _("No sound device could be opened; calls work, but silently. (%s)"), why);
	}
	else if (input) {
		text_copy(p->audio_trouble, sizeof(p->audio_trouble), _("no loudspeaker"));
		phone_notice_printf(p, SEVERITY_WARNING, "device",
				    /* TRANSLATORS: %s is what the sound system said */
				    _("Calls cannot be heard here: no loudspeaker could be opened. (%s)"), why);
	}
	else {
		text_copy(p->audio_trouble, sizeof(p->audio_trouble), _("no microphone"));
		phone_notice_printf(p, SEVERITY_WARNING, "device",
				    /* TRANSLATORS: %s is what the sound system said */
				    _("The other side will not hear you: no microphone could be opened. (%s)"), why);
	}
}

void phone_media_device(struct phone *p, const char *role, const char *name, enum device_state state,
			const char *error)
{
	bool input = strcmp(role, "input") == 0;
	struct event e;
	char shown[SNAPSHOT_TEXT];

	text_show_str(shown, sizeof(shown), error);
	event_begin(&e, "device");
	event_string(&e, "role", role);
	event_string(&e, "name", name);
	event_string(&e, "state", device_state_name(state));
	event_string(&e, "error", error);

	sound_state(p, input, state);
	if (state == DEVICE_OPEN || state == DEVICE_BACK) {
		sound_there(p, state == DEVICE_BACK);
		if (shown[0])
			phone_notice(p, SEVERITY_WARNING, input ? "device-input" : "device-output", shown);
		else
			notice_drop_key(p, input ? "device-input" : "device-output");
	}
	else {
		sound_missing(p, state, shown);
	}
	phone_emit(p, &e);
}

void phone_media_driver(struct phone *p, const char *driver)
{
	text_copy(p->audio_driver, sizeof(p->audio_driver), driver);
	phone_changed(p);
}
