/* The plain copy that the screen draws from. Strings become harmless here. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/internal.h"

static void copy_call(struct snapshot_call *s, const struct call *c)
{
	const struct phone *p = c->phone;
	const struct redial *r;

	s->number = c->number;
	s->incoming = c->incoming;
	s->selected = c->number == p->selected;
	s->focused = c->number == p->focus;
	s->held_by_us = c->held_by_us;
	s->held_by_them = c->held_by_them;
	s->state = c->state;
	call_who(c, s->name);
	text_show_str(s->peer, sizeof(s->peer), c->uri);
	text_copy(s->account, sizeof(s->account), c->account);
	s->since_ms = c->was_established ? c->established_ms : c->began_ms;
	s->code = c->code;
	text_show_str(s->failure, sizeof(s->failure), c->failure);
	s->tone = c->tone;
	r = redial_of_call(p, c->number);
	if (r && c->state == CALL_FAILED) {
		s->redial = r->state;
		s->retry_boot_ms = r->due_boot_ms;
	}
	s->codec = c->media_running ? c->media.codec : NULL;
	s->encrypted = c->has_stats && c->stats.encrypted;
	text_copy(s->dtmf_sent, sizeof(s->dtmf_sent), c->dtmf_sent);
	text_copy(s->dtmf_received, sizeof(s->dtmf_received), c->dtmf_received);
	s->has_stats = c->has_stats;
	s->stats = c->stats;
}

/* The registrar, without what every one has in common, and the first hop if there is one. */
static void copy_server(char *dst, size_t size, const struct account *a)
{
	static const char *const transport[] = {
		[TRANSPORT_ANY] = "", [TRANSPORT_UDP] = " (udp)", [TRANSPORT_TCP] = " (tcp)"
	};
	const char *registrar = a->registrar[0] ? strchr(a->registrar, ':') + 1 : a->host;
	char server[3 * ACCOUNT_TEXT_MAX], port[16] = "";

	if (!a->registrar[0] && a->port)
		snprintf(port, sizeof(port), ":%u", a->port);
	if (a->outbound[0])
		/* TRANSLATORS: a registrar, its port, a way to reach it (udp), and the server that leads there */
		snprintf(server, sizeof(server), _("%1$s%2$s%3$s by way of %4$s"), registrar, port, transport[a->transport],
			 strchr(a->outbound, ':') + 1);
	else
		snprintf(server, sizeof(server), "%s%s%s", registrar, port, transport[a->transport]);
	text_show_str(dst, size, server);
}

/* What the failed call of a notice offers. */
static void copy_offer(struct snapshot_notice *s, const struct call *c)
{
	const struct redial *r = c ? redial_of_call(c->phone, c->number) : NULL;
	struct action_line line[SNAPSHOT_ACTIONS];
	unsigned i;

	s->actions = actions_of(c, line, SNAPSHOT_ACTIONS);
	for (i = 0; i < s->actions; i++) {
		text_copy(s->action[i].command, sizeof(s->action[i].command), line[i].command);
		s->action[i].label = line[i].label;
		text_copy(s->action[i].what, sizeof(s->action[i].what), line[i].what);
	}
	if (r) {
		s->redial = r->state;
		s->retry_known = true;
		s->retry_boot_ms = r->due_boot_ms;
		s->retry_wall_ms = r->record.due_wall_ms;
		s->until_wall_ms = r->record.until_wall_ms;
		text_show_str(s->retry_comment, sizeof(s->retry_comment), r->record.comment);
	}
	else if (c && c->retry.known) {
		s->retry_known = true;
		s->retry_boot_ms = c->retry.boot_ms;
		s->retry_wall_ms = c->retry.wall_ms;
		s->until_wall_ms = c->retry.until_wall_ms;
		text_show_str(s->retry_comment, sizeof(s->retry_comment), c->retry.comment);
	}
}

static void copy_redials(struct snapshot *s, const struct phone *p)
{
	unsigned i, j;

	for (i = 0; i < p->redials; i++) {
		const struct redial *r = &p->redial[i];

		if (r->state == REDIAL_WAITING || r->state == REDIAL_ARMED) {
			if (!s->redials++ || r->due_boot_ms < s->next_redial_boot_ms)
				s->next_redial_boot_ms = r->due_boot_ms;
		}
		for (j = 0; r->state == REDIAL_DUE && !s->redial_due && j < p->notices; j++) {
			if (p->notice[j].call == r->call) {
				s->redial_due = true;
				s->due_notice = p->notice[j].id;
			}
		}
	}
}

void phone_snapshot(const struct phone *p, struct snapshot *s)
{
	const struct call *c;
	unsigned i;

	memset(s, 0, sizeof(*s));
	s->now_ms = port_now_ms();
	s->boot_ms = port_boot_ms();
	copy_redials(s, p);
	for (c = p->calls; c && s->calls < SNAPSHOT_CALLS; c = c->next) {
		if (c->state != CALL_CLOSED)
			copy_call(&s->call[s->calls++], c);
	}
	s->active_calls = phone_active_calls(p);
	s->selected = p->selected;

	s->notices = p->notices;
	for (i = 0; i < p->notices; i++) {
		const struct notice *n = &p->notice[i];
		struct snapshot_notice *d = &s->notice[i];

		d->id = n->id;
		d->severity = n->severity;
		d->selected = n->id == p->selected_notice;
		d->call = n->call;
		d->wall_ms = n->wall_ms;
		text_copy(d->title, sizeof(d->title), n->title);
		text_copy(d->sentence, sizeof(d->sentence), n->sentence);
		text_copy(d->server, sizeof(d->server), n->server);
		copy_offer(d, n->call ? call_find(p, n->call) : NULL);
	}

	s->accounts = p->accounts;
	for (i = 0; i < p->accounts; i++) {
		const struct account *a = &p->account[i];
		struct snapshot_account *d = &s->account[i];
		char address[sizeof(a->user) + sizeof(a->host) + 2];

		text_copy(d->name, sizeof(d->name), a->name);
		snprintf(address, sizeof(address), "%s@%s", a->user, a->host);
		text_show_str(d->address, sizeof(d->address), address);
		d->is_default = a->is_default;
		d->state = a->state;
		d->code = a->code;
		text_show_str(d->reason, sizeof(d->reason), a->reason);
		copy_server(d->server, sizeof(d->server), a);
		d->until_ms = a->until_ms;
		d->retry_ms = a->retry_ms;
	}
	s->muted = p->muted;
	for (i = 0; i < p->accounts; i++)
		s->messages += p->account[i].messages_new;
	s->dnd = p->dnd;
	text_show_str(s->forward, sizeof(s->forward), p->forward);
	s->volume = p->settings->volume;
	text_copy(s->audio_driver, sizeof(s->audio_driver), p->audio_driver);
	text_copy(s->audio_trouble, sizeof(s->audio_trouble), p->audio_trouble);
	s->rx_level = p->rx_level;
	s->tx_level = p->tx_level;
}
