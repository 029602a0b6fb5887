/* The other rooms as the screen sees them, small enough to be seen through. */
#include "config.h"

#include <errno.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/loop.h"
#include "command/completion.h"
#include "command/player.h"
#include "command/recorder.h"
#include "phone/codec.h"
#include "tests/ui_fake.h"
#include "ui/ui.h"

/* ---- what is shown ---- */

#define NOW  9000000u /* ms; whatever runs has begun before */
#define BOOT 500000u   /* the same on boot time */
#define WALL 1700056965000 /* the same as clock time: 2023-11-15 14:02:45 UTC */

static struct snapshot_call *add_call(struct snapshot *s, const char *name, const char *peer, enum call_state state,
				      unsigned seconds)
{
	struct snapshot_call *c = &s->call[s->calls++];

	memset(c, 0, sizeof(*c));
	c->number = s->calls;
	c->state = state;
	c->since_ms = NOW - seconds * 1000 - 300;
	text_show_str(c->name, sizeof(c->name), name);
	text_show_str(c->peer, sizeof(c->peer), peer);
	if (state != CALL_FAILED)
		s->active_calls++;
	return c;
}

static struct snapshot_notice *add_notice(struct snapshot *s, enum severity severity, const char *title,
					  const char *sentence, const char *server)
{
	struct snapshot_notice *n = &s->notice[s->notices++];

	memset(n, 0, sizeof(*n));
	n->id = 100 - s->notices;
	n->severity = severity;
	text_show_str(n->title, sizeof(n->title), title);
	text_show_str(n->sentence, sizeof(n->sentence), sentence);
	text_show_str(n->server, sizeof(n->server), server);
	n->selected = s->notices == 1;
	return n;
}

static void add_action(struct snapshot_notice *n, const char *command, const char *label, const char *what)
{
	unsigned i = n->actions++;

	text_copy(n->action[i].command, sizeof(n->action[i].command), command);
	text_copy(n->action[i].what, sizeof(n->action[i].what), what);
	n->action[i].label = label;
}

/* What every notice of a failed call has. */
static void add_last_actions(struct snapshot_notice *n)
{
	add_action(n, "notice open", "details", "");
	add_action(n, "notice dismiss", "dismiss", "");
}

/* A redial of call C, and its notice N, SECONDS from now. */
static void add_redial(struct snapshot *s, struct snapshot_call *c, struct snapshot_notice *n, enum redial_state state,
		       uint64_t seconds)
{
	c->redial = n->redial = state;
	n->retry_known = true;
	c->retry_boot_ms = n->retry_boot_ms = BOOT + seconds * 1000;
	n->retry_wall_ms = WALL + (int64_t)seconds * 1000;
	n->call = c->number;
	if (state != REDIAL_WAITING && state != REDIAL_ARMED)
		return;
	if (!s->redials++ || c->retry_boot_ms < s->next_redial_boot_ms)
		s->next_redial_boot_ms = c->retry_boot_ms;
}

static void add_account(struct snapshot *s, const char *name, const char *address, enum registration_state state)
{
	struct snapshot_account *a = &s->account[s->accounts++];

	text_copy(a->name, sizeof(a->name), name);
	text_copy(a->address, sizeof(a->address), address);
	a->state = state;
	a->is_default = s->accounts == 1;
}

static void talk(struct snapshot *s, struct snapshot_call *c)
{
	c->codec = codec_get(CODEC_OPUS);
	c->focused = true;
	c->has_stats = true;
	c->stats = (struct media_stats){ .codec = c->codec, .jitter = 0.004, .rtt = 0.038, .delay = 0.061, .mos = 4.4 };
	s->tx_level = -18;
	s->rx_level = -12;
}

static void idle_demo(struct snapshot *s)
{
	add_account(s, "demo", "demo@localhost", REGISTRATION_REGISTERED);
	text_copy(s->audio_driver, sizeof(s->audio_driver), "null");
	text_copy(s->audio_trouble, sizeof(s->audio_trouble), "no sound card");
}

static void idle(struct snapshot *s)
{
	add_account(s, "work", "bob@example.com", REGISTRATION_REGISTERED);
}

static void talking(struct snapshot *s)
{
	struct snapshot_call *c = add_call(s, "Bob Meier", "sip:bob@example.com", CALL_ESTABLISHED, 42);

	idle(s);
	c->selected = true;
	text_copy(c->dtmf_sent, sizeof(c->dtmf_sent), "4711#");
	talk(s, c);
}

static void two_calls(struct snapshot *s)
{
	struct snapshot_call *c;

	talking(s);
	add_account(s, "home", "bob@home.example", REGISTRATION_FAILED);
	s->account[1].code = 403;
	c = add_call(s, "+49 30 901820", "sip:+4930901820@example.com", CALL_RINGING, 5);
	c->incoming = true;
	s->muted = true;
}

/* One that is well, one that the server refuses, one whose server is silent, and more. */
static void accounts(struct snapshot *s)
{
	idle(s);
	text_copy(s->account[0].server, sizeof(s->account[0].server), "example.com");
	s->account[0].until_ms = 1700000000000;
	add_account(s, "home", "bob@home.example", REGISTRATION_FAILED);
	s->account[1].code = 403;
	text_copy(s->account[1].reason, sizeof(s->account[1].reason), "Forbidden");
	text_copy(s->account[1].server, sizeof(s->account[1].server), "sip.home.example:5070 (tcp)");
	add_account(s, "club", "bob@club.example", REGISTRATION_FAILED);
	text_copy(s->account[2].reason, sizeof(s->account[2].reason), "No answer");
	text_copy(s->account[2].server, sizeof(s->account[2].server), "club.example by way of proxy.example.net");
	s->account[2].retry_ms = 1700000340000;
	add_account(s, "direct", "bob@example.net", REGISTRATION_NONE);
	s->muted = true;
}

static void one_failed(struct snapshot *s)
{
	add_account(s, "work", "bob@example.com", REGISTRATION_FAILED);
	s->account[0].code = 503;
	text_copy(s->account[0].reason, sizeof(s->account[0].reason), "Service Unavailable");
	s->muted = true;
}

/* As many as there can be, of which the first alone is too long for a narrow bar. */
static void all_accounts(struct snapshot *s)
{
	while (s->accounts < ACCOUNTS_MAX)
		add_account(s, "a-long-account", "bob@example.com", REGISTRATION_UNREGISTERED);
	s->muted = true;
}

static void incoming(struct snapshot *s)
{
	struct snapshot_call *c = add_call(s, "Zoë Müller", "sip:zoe@example.com", CALL_RINGING, 2);

	idle(s);
	c->incoming = true;
	c->selected = true;
}

/* What plays and what is recorded is the program's, not the snapshot's. */
static struct player_status macro;
static char recorded;

static void macro_waits(struct snapshot *s)
{
	idle(s);
	add_account(s, "home", "bob@home.example", REGISTRATION_REGISTERED);
	macro = (struct player_status){.name = "conf", .step = 2, .of = 4, .waits = "answered"};
}

static void macro_runs(struct snapshot *s)
{
	macro_waits(s);
	macro.waits[0] = '\0';
}

static void macro_recorded(struct snapshot *s)
{
	talking(s);
	s->muted = true;
	recorded = 'a';
}

bool player_status(struct player_status *status)
{
	*status = macro;
	return macro.of;
}

bool player_stop(void)
{
	bool was = macro.of;

	macro.of = 0;
	return was;
}

void player_types(const struct script *s) { (void)s; }
void player_takes(bool on) { (void)on; }

char recorder_register(void)
{
	return recorded;
}

static void on_hold(struct snapshot *s)
{
	talking(s);
	s->call[0].state = CALL_HELD;
	s->call[0].held_by_us = s->call[0].held_by_them = true;
}

static void failed(struct snapshot *s)
{
	struct snapshot_call *c = add_call(s, "Support desk", "sip:support@example.com", CALL_FAILED, 3);

	idle(s);
	c->selected = true;
	c->code = 413;
	text_copy(c->failure, sizeof(c->failure), "Request Entity Too Large");
	add_notice(s, SEVERITY_ERROR, "413 Request Entity Too Large · Support desk <sip:support@example.com>",
		   "The server will not take a call request of this size just now.",
		   "“overnight maintenance”, reachable for 1 h");
	add_last_actions(&s->notice[0]);
	add_notice(s, SEVERITY_ERROR, "488 Not Acceptable Here · Alice", "No sound format in common.",
		   "Warning 305 Incompatible media format");
	add_last_actions(&s->notice[1]);
	add_notice(s, SEVERITY_WARNING, "offhookrc:12: unknown command \"dail\"; did you mean dial?", "", "");
	add_action(&s->notice[2], "notice dismiss", "dismiss", "");
}

/* The drawing: a 413 with Retry-After, and an older notice. */
static void retry(struct snapshot *s)
{
	struct snapshot_call *c = add_call(s, "Support desk", "sip:support@example.com", CALL_FAILED, 3);
	struct snapshot_notice *n;

	add_account(s, "work", "bob@example.com", REGISTRATION_REGISTERED);
	c->selected = true;
	c->code = 413;
	text_copy(c->failure, sizeof(c->failure), "413");
	n = add_notice(s, SEVERITY_ERROR, "413 Request Entity Too Large · Support desk <sip:support@example.com>",
		       "The server will not take a call request of this size just now.", "");
	add_redial(s, c, n, REDIAL_WAITING, 27);
	n->until_wall_ms = n->retry_wall_ms + 3600000;
	text_copy(n->retry_comment, sizeof(n->retry_comment), "overnight maintenance");
	add_action(n, "redial now notice", "redial now", "");
	add_action(n, "redial toggle notice", "redial automatically", "");
	add_last_actions(n);
	n = add_notice(s, SEVERITY_ERROR, "488 Not Acceptable Here · Alice", "No sound format in common.",
		       "Warning 305 Incompatible media format");
	add_action(n, "view prompt dial sip:alice@example.com codecs=", "other codecs", "");
	add_action(n, "redial now notice", "redial now", "");
	add_last_actions(n);
}

/* One that will go by itself, one above a day, one whose time is only told. */
static void redials(struct snapshot *s)
{
	struct snapshot_notice *n;
	struct snapshot_call *c;

	retry(s);
	s->notice[0].selected = false;
	s->call[0].selected = false;
	s->call[0].redial = s->notice[0].redial = REDIAL_ARMED;
	c = add_call(s, "Far away", "sip:far@example.com", CALL_FAILED, 3);
	c->code = 503;
	c->selected = true;
	text_copy(c->failure, sizeof(c->failure), "503");
	n = add_notice(s, SEVERITY_ERROR, "503 Service Unavailable · Far away", "The service is overloaded or down.", "");
	add_redial(s, c, n, REDIAL_WAITING, 2 * 86400);
	add_action(n, "redial now notice", "redial now", "");
	add_last_actions(n);
	n->selected = true;
	c = add_call(s, "Hours", "sip:hours@example.com", CALL_FAILED, 3);
	c->code = 480;
	text_copy(c->failure, sizeof(c->failure), "480");
	n = add_notice(s, SEVERITY_ERROR, "480 Temporarily Unavailable · Hours", "The person cannot be reached now.", "");
	add_redial(s, c, n, REDIAL_WAITING, 7384);
	c = add_call(s, "Told only", "sip:told@example.com", CALL_FAILED, 3);
	c->code = 403;
	text_copy(c->failure, sizeof(c->failure), "403");
	n = add_notice(s, SEVERITY_ERROR, "403 Forbidden · Told only", "The server refuses it.", "");
	add_redial(s, c, n, REDIAL_NONE, 61);
	add_last_actions(n);
}

static void due(struct snapshot *s)
{
	retry(s);
	s->call[0].redial = s->notice[0].redial = REDIAL_DUE;
	s->call[0].retry_boot_ms = s->notice[0].retry_boot_ms = BOOT - 500;
	s->redials = 0;
	s->redial_due = true;
	s->due_notice = s->notice[0].id;
}

static void not_disturbed(struct snapshot *s)
{
	idle_demo(s);
	s->dnd = true;
	s->muted = true;
}

static void waiting_messages(struct snapshot *s)
{
	not_disturbed(s);
	s->messages = 12;
}

static void forwarding(struct snapshot *s)
{
	idle_demo(s);
	s->dnd = true;
	text_copy(s->forward, sizeof(s->forward), "sip:eve@example.com");
}

/* What needs an answer: a choice, an address, a password. */
static void choice(struct snapshot *s)
{
	struct snapshot_call *c = add_call(s, "Meier", "sip:meier@example.com", CALL_FAILED, 3);
	struct snapshot_notice *n;

	idle(s);
	c->selected = true;
	c->code = 485;
	text_copy(c->failure, sizeof(c->failure), "485");
	n = add_notice(s, SEVERITY_ERROR, "485 Ambiguous · Meier <sip:meier@example.com>",
		       "Several people match this address; say more exactly whom you want to call.", "");
	n->call = c->number;
	add_action(n, "notice contact 1", "call", "sip:anna.meier@example.com");
	add_action(n, "notice contact 2", "call", "sip:bob.meier@example.com");
	add_action(n, "view dial Meier", "change the address", "");
	add_last_actions(n);
	n = add_notice(s, SEVERITY_ERROR, "302 Moved Temporarily · Carol", "Call them there.", "");
	add_action(n, "notice contact 1", "call this address", "Carol at work <sip:carol@example.org>");
	add_last_actions(n);
	n = add_notice(s, SEVERITY_ERROR, "407 Proxy Authentication Required · Dave", "The server asks for a password.",
		       "realm “example.com”");
	add_action(n, "view prompt account edit work password=", "give a password", "");
	add_action(n, "view accounts", "look at the account", "");
	add_last_actions(n);
}

static void local_failure(struct snapshot *s)
{
	struct snapshot_call *c = add_call(s, "nobody", "sip:nobody@nowhere.invalid", CALL_FAILED, 3);

	idle(s);
	c->selected = true;
	text_copy(c->failure, sizeof(c->failure), "Address not found");
	add_notice(s, SEVERITY_ERROR, "Address not found · nobody", "The name nowhere.invalid has no address.", "");
}

/* What a caller may call itself. */
static void hostile(struct snapshot *s)
{
	static const char escapes[] = "\033[2J\033]0;owned\a\x9b\x31m red\rBob\n\xe2\x80\xae" "gnimoc\xff\xfe";
	static const char wide[] = "日本太郎 さん 東京都千代田区 日本太郎 さん 東京都千代田区";
	char large[2049], marks[400] = "Z";
	struct snapshot_call *c;
	unsigned i;

	memset(large, 'M', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	for (i = 0; i < 100; i++)
		text_copy(marks + 1 + i * 2, sizeof(marks) - 1 - i * 2, "\xcc\x81");
	idle(s);
	c = add_call(s, escapes, "sip:\033[31mx@example.com", CALL_ESTABLISHED, 4000);
	c->selected = true;
	talk(s, c);
	c = add_call(s, large, "sip:large@example.com", CALL_RINGING, 1);
	c->incoming = true;
	add_call(s, wide, "sip:wide@example.com", CALL_CALLING, 1);
	add_call(s, marks, "sip:marks@example.com", CALL_EARLY, 1);
	add_notice(s, SEVERITY_ERROR, large, large, escapes);
	add_notice(s, SEVERITY_INFO, wide, wide, "");
}

static void crowd(struct snapshot *s)
{
	unsigned i;

	idle(s);
	for (i = 0; i < SNAPSHOT_CALLS; i++)
		add_call(s, "Somebody", "sip:somebody@example.com", i % 2 ? CALL_HELD : CALL_ESTABLISHED, i)->selected = i == 40;
	for (i = 0; i < SNAPSHOT_NOTICES; i++)
		add_notice(s, SEVERITY_INFO, "The news", "Something has happened.", "words")->selected = i == 30;
}

static const struct { const char *name; void (*fill)(struct snapshot *s); } cases[] = {
	{ "idle-demo", idle_demo },
	{ "not-disturbed", not_disturbed }, { "messages", waiting_messages },
	{ "forwarding", forwarding }, { "idle", idle }, { "talking", talking }, { "two-calls", two_calls }, { "accounts", accounts }, { "one-failed", one_failed },
	{ "macro-waits", macro_waits }, { "macro-runs", macro_runs }, { "macro-recorded", macro_recorded },
	{ "all-accounts", all_accounts },
	{ "incoming", incoming }, { "on-hold", on_hold }, { "failed", failed }, { "local-failure", local_failure },
	{ "hostile", hostile }, { "crowd", crowd }, { "retry", retry }, { "redials", redials }, { "due", due },
	{ "choice", choice },
};

int told_fd = -1;

static struct snapshot current;
static phone_change_h *change_h;
static void *change_arg;

bool fake_case(struct snapshot *s, const char *name)
{
	size_t i;

	memset(s, 0, sizeof(*s));
	s->now_ms = NOW;
	s->boot_ms = BOOT;
	s->rx_level = s->tx_level = -127;
	text_copy(s->audio_driver, sizeof(s->audio_driver), "portaudio");
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		if (strcmp(cases[i].name, name) == 0) {
			cases[i].fill(s);
			for (i = 0; i < s->notices; i++) {
				if (!s->notice[i].actions)
					add_last_actions(&s->notice[i]);
			}
			return true;
		}
	}
	return false;
}

bool fake_show(const char *name)
{
	if (!fake_case(&current, name))
		return false;
	if (change_h)
		change_h(change_arg);
	return true;
}

static uint64_t clock_began;     /* 0: boot time stands still */
static unsigned snapshots;       /* taken so far: pictures */

void phone_snapshot(const struct phone *p, struct snapshot *s)
{
	(void)p;
	*s = current;
	if (clock_began)
		s->boot_ms += loop_boot_ms() - clock_began;
	snapshots++;
}

int phone_call_info(const struct phone *p, unsigned call, struct call_info *info)
{
	(void)p;
	memset(info, 0, sizeof(*info));
	if (call != 1)
		return ENOENT;
	text_copy(info->peer, sizeof(info->peer), "sip:support@example.com");
	return 0;
}

unsigned phone_last_call(const struct phone *p)
{
	(void)p;
	return 0;
}

unsigned phone_active_calls(const struct phone *p)
{
	(void)p;
	return current.active_calls;
}

void phone_on_change(struct phone *p, phone_change_h *h, void *arg)
{
	(void)p;
	change_h = h;
	change_arg = arg;
}

/* ---- the messages of calls ---- */

static const struct { unsigned ms; bool sent; const char *summary, *note; unsigned code; } messages[] = {
	{ 0, true, "INVITE (sdp opus,PCMU,PCMA)", "", 0 },
	{ 21, false, "100 Trying", "", 100 },
	{ 34, false, "407 Proxy Authentication Required", "", 407 },
	{ 35, true, "ACK", "", 0 },
	{ 36, true, "INVITE (digest SHA-256)", "", 0 },
	{ 71, false, "413 Request Entity Too Large", "Retry-After: 27 (overnight maintenance);duration=3600", 413 },
	{ 72, true, "ACK", "", 0 },
};
#define MESSAGES (sizeof(messages) / sizeof(messages[0]))

/* Call 1 has these, call 2 as many as there can be, written by somebody who means harm; the others have none. */
unsigned port_trace_lines(unsigned call)
{
	return call == 1 ? MESSAGES : call == 2 ? 256 : 0;
}

bool port_trace_line(unsigned call, unsigned index, struct trace_line *line)
{
	memset(line, 0, sizeof(*line));
	if (index >= port_trace_lines(call))
		return false;
	line->wall_ms = WALL - 88;
	if (call == 2) {
		line->wall_ms += index * 1000;
		line->sent = index % 2;
		text_copy(line->peer, sizeof(line->peer), "tcp:[2001:db8:0:1:2:3:4:5]:50600");
		snprintf(line->summary, sizeof(line->summary), "%u \033[2J\x9b\x31mred 日本語 long reason phrase that goes on", 300 + index);
		text_copy(line->note, sizeof(line->note), "Warning: \033]0;owned\a");
		line->code = 300 + index;
		return true;
	}
	line->wall_ms += messages[index].ms;
	line->sent = messages[index].sent;
	text_copy(line->peer, sizeof(line->peer), "udp:192.0.2.1:5060");
	text_copy(line->summary, sizeof(line->summary), messages[index].summary);
	text_copy(line->note, sizeof(line->note), messages[index].note);
	line->code = messages[index].code;
	return true;
}

char *port_trace_message(unsigned call, unsigned index)
{
	struct trace_line line;
	struct buf b = { 0 };

	if (!port_trace_line(call, index, &line))
		return NULL;
	buf_printf(&b, "SIP/2.0 %s\r\nVia: SIP/2.0/UDP 192.0.2.9:5060;branch=z9hG4bKa7d0c1f2e3b4a5968778695a4b3c2d1e0f;rport=5060;"
		   "received=192.0.2.9\r\nFrom: Bob <sip:bob@example.com>;tag=1\r\nCSeq: %u INVITE\r\n", line.summary, index + 1);
	if (line.note[0])
		buf_printf(&b, "%s\r\n", line.note);
	if (call == 2)
		buf_str(&b, "X-\033[31mEvil\xff: \xe2\x80\xae\x01\r\n");
	buf_str(&b, "Content-Length: 0\r\n\r\n");
	return b.s;
}

/* ---- the language ---- */

/* In order of context, then keys, as keymap_at() tells them. */
static const struct { enum key_context context; const char *keys, *command; } bindings[] = {
	{ KEYS_CALLS, "N", "notice prev" }, { KEYS_CALLS, "n", "notice next" },
	{ KEYS_NOTICES, "c", "notice contact" }, { KEYS_NOTICES, "e", "notice edit" },
	{ KEYS_NOTICES, "j", "notice next" }, { KEYS_NOTICES, "p", "notice password" },
	{ KEYS_HELP, "/", "view help search" },
	{ KEYS_ACCOUNTS, "\xe6\x97\xa5", "echo \xe6\x97\xa5\xe6\x9c\xac e\xcc\x81t\xc3\xa9" },
	{ KEYS_ACCOUNTS, "\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac\xe6\x97\xa5\xe6\x9c\xac",
	  "echo one that is longer than its column, and even longer than the screen is wide, which cuts it" },
	{ KEYS_TRACE, "/", "view trace search" }, { KEYS_TRACE, "<CR>", "view trace open" },
	{ KEYS_TRACE, "s", "view trace save" },
	{ KEYS_RINGING, "<CR>", "answer" },
	{ KEYS_TALKING, "1", "dtmf 1" }, { KEYS_TALKING, "2", "dtmf 2" },
	{ KEYS_GLOBAL, "1", "view dial 1" }, { KEYS_GLOBAL, ":", "view prompt" }, { KEYS_GLOBAL, "<CR>", "notice open" },
	{ KEYS_GLOBAL, "<Esc>", "view calls" }, { KEYS_GLOBAL, "<F1>", "view help" },
	{ KEYS_GLOBAL, "<F2>", "view calls" }, { KEYS_GLOBAL, "<F5>", "view accounts" },
	{ KEYS_GLOBAL, "<F7>", "view trace" }, { KEYS_GLOBAL, "A", "redial toggle notice" },
	{ KEYS_GLOBAL, "<Tab>", "view next" }, { KEYS_GLOBAL, "?", "view help" }, { KEYS_GLOBAL, "H", "hold toggle" },
	{ KEYS_GLOBAL, "Q", "view quit" }, { KEYS_GLOBAL, "a", "answer" }, { KEYS_GLOBAL, "d", "view dial" },
	{ KEYS_GLOBAL, "gg", "echo two keys" }, { KEYS_GLOBAL, "h", "hangup" }, { KEYS_GLOBAL, "j", "select next" },
	{ KEYS_GLOBAL, "k", "select prev" }, { KEYS_GLOBAL, "m", "mute toggle" }, { KEYS_GLOBAL, "r", "redial now notice" },
	{ KEYS_GLOBAL, "v", "echo one key" }, { KEYS_GLOBAL, "vv", "echo both keys" }, { KEYS_GLOBAL, "x", "notice dismiss" },
};
#define BINDINGS (sizeof(bindings) / sizeof(bindings[0]))

bool keymap_at(const struct keymap *k, unsigned i, enum key_context *context, const char **keys, const char **command)
{
	(void)k;
	if (i >= BINDINGS)
		return false;
	*context = bindings[i].context;
	*keys = bindings[i].keys;
	*command = bindings[i].command;
	return true;
}

const char *keymap_find(const struct keymap *k, const enum key_context *contexts, unsigned n, const char *keys,
			bool *longer)
{
	const char *found = NULL;
	unsigned i, j;

	(void)k;
	*longer = false;
	for (j = 0; j < n; j++) {
		for (i = 0; i < BINDINGS; i++) {
			if (bindings[i].context != contexts[j] || strncmp(bindings[i].keys, keys, strlen(keys)) != 0)
				continue;
			if (bindings[i].keys[strlen(keys)])
				*longer = true;
			else if (!found)
				found = bindings[i].command;
		}
	}
	return found;
}

unsigned keymap_split(char (*out)[16], unsigned max, const char *notation, struct buf *error)
{
	unsigned n = 0;

	(void)error;
	while (*notation && n < max) {
		const char *end = *notation == '<' ? strchr(notation, '>') : notation;

		if (!end)
			return 0;
		text_copyn(out[n++], 16, notation, (size_t)(end - notation) + 1);
		notation = end + 1;
	}
	return n;
}

static const struct command table[] = {
	{ .name = "answer", .usage = "[CALL]", .sentence = "Answers the call, or the one that has been ringing longest." },
	{ .name = "dial", .usage = "TARGET [account=NAME] [codecs=LIST] [header='NAME: VALUE']...",
	  .sentence = "Calls a name, a number or a SIP address." },
	{ .name = "dtmf", .usage = "DIGITS", .sentence = "Sends digits into the call: 0-9 * # A-D." },
	{ .name = "echo", .usage = "TEXT", .sentence = "Prints the text." },
	{ .name = "hangup", .usage = "[CALL]", .sentence = "Ends the call: hangs up, cancels or rejects it." },
	{ .name = "hold", .usage = "[CALL|toggle]", .sentence = "Puts a call on hold; with toggle, resumes it if it is held." },
	{ .name = "mute", .usage = "[on|off|toggle]", .sentence = "Silences the microphone, or opens it again." },
	{ .name = "notice", .usage = "next|prev|dismiss|open", .sentence = "Selects, dismisses or opens a notice." },
	{ .name = "quit", .usage = "[STATUS]", .sentence = "Ends all calls and the program." },
	{ .name = "redial", .usage = "[now|auto]", .sentence = "Calls a target that failed again: now, or by itself." },
	{ .name = "select", .usage = "CALL|next|prev", .sentence = "Selects a call." },
	{ .name = "view", .usage = "NAME", .sentence = "Shows another part of the screen; trace: the messages of a call." },
};

const struct command *command_table(unsigned *count)
{
	*count = sizeof(table) / sizeof(table[0]);
	return table;
}

void parser_quote(struct buf *out, const char *word)
{
	buf_printf(out, "'%s'", word);
}

void parser_mask(struct buf *out, const char *line)
{
	buf_str(out, line);
}

/* what the prompt knows of secrets by itself is under test here */
bool parser_has_secret(const char *line)
{
	(void)line;
	return false;
}

/* ---- completion ---- */

static void suggest(struct completions *c, const char *word, const char *note)
{
	if (c->n < COMPLETIONS_MAX) {
		c->item[c->n].word = strdup(word);
		c->item[c->n++].note = strdup(note);
	}
	c->all++;
}

/* Names of commands; 300 options behind "set", accounts behind "account", two people to be dialled. */
int completion_find(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		    struct completions *c)
{
	static const struct { enum completion_language language; const char *before, *word, *note; } words[] = {
		{ COMPLETE_COMMAND, "", "account", "Defines an account, changes it, registers it." },
		{ COMPLETE_COMMAND, "", "answer", "Answers a call." },
		{ COMPLETE_COMMAND, "", "dial", "Calls a name, a number or a SIP address." },
		{ COMPLETE_COMMAND, "", "dismiss", "Takes a notice away." },
		{ COMPLETE_COMMAND, "", "echo", "Prints the text." },
		{ COMPLETE_COMMAND, "", "quit", "Ends all calls and the program." },
		{ COMPLETE_COMMAND, "account ", "home", "" }, { COMPLETE_COMMAND, "account ", "日本", "" },
		{ COMPLETE_COMMAND, "account ", "work", "" },
		{ COMPLETE_TARGET, "", "Zoë Müller", "sip:zoe@example.com" },
		{ COMPLETE_TARGET, "", "Zora", "sip:zora@example.com, called yesterday and the day before and often" },
	};
	const char *blank = memrchr(line, ' ', cursor);
	size_t i, n;

	(void)env;
	memset(c, 0, sizeof(*c));
	c->from = blank ? (size_t)(blank + 1 - line) : 0;
	c->to = cursor;
	n = c->to - c->from;
	for (i = 0; i < 300 && strncmp(line, "set ", 4) == 0; i++) {
		char name[32];

		snprintf(name, sizeof(name), "option-%03u", (unsigned)i);
		if (strncmp(name, line + c->from, n) == 0)
			suggest(c, name, "What it is for.");
	}
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (words[i].language == language && strlen(words[i].before) == c->from &&
		    strncmp(words[i].before, line, c->from) == 0 && strncmp(words[i].word, line + c->from, n) == 0)
			suggest(c, words[i].word, words[i].note);
	}
	for (i = 0; c->n && c->item[0].word[i]; i++) {
		unsigned j = 0;

		while (j < c->n && c->item[j].word[i] == c->item[0].word[i])
			j++;
		if (j < c->n)
			break;
	}
	c->common = strndup(c->n ? c->item[0].word : "", i > n ? i : 0);
	c->done = c->n == 1;
	return 0;
}

void completions_free(struct completions *c)
{
	unsigned i;

	for (i = 0; i < c->n; i++) {
		free(c->item[i].word);
		free(c->item[i].note);
	}
	free(c->common);
	memset(c, 0, sizeof(*c));
}

void completion_hint(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		     struct buf *out)
{
	(void)env;
	if (language == COMPLETE_TARGET)
		buf_str(out, strncmp(line, "Zora", 4) == 0 ? "Zora <sip:zora@example.com>" : "");
	else if (strncmp(line, "dial ", 5) == 0)
		buf_str(out, strchr(line + 5, ' ') && strchr(line + 5, ' ') < line + cursor ?
			"dial TARGET [account=NAME] [codecs=LIST] \001[header='NAME: VALUE']...\002" :
			"dial \001TARGET\002 [account=NAME] [codecs=LIST] [header='NAME: VALUE']...");
	else if (strncmp(line, "echo", 4) == 0)
		buf_str(out, "echo \001TEXT\002");
}

/* What the store kept of an earlier run; what it is given now goes to told_fd. */
void port_store_prompts(const char *kind, store_line_h *h, void *arg)
{
	if (strcmp(kind, "command") == 0) {
		h("echo earlier", arg);
		h("dial sip:zoe@example.com", arg);
		h("echo Zoë later", arg);
	}
}

void port_store_prompt(const char *kind, const char *line)
{
	if (strncmp(line, "kept", 4) == 0)
		dprintf(told_fd, "%s: %s\n", kind, line);
}

struct script {
	struct command_env *env;
	script_result_h *result_h;
	script_idle_h *idle_h;
	void *arg;
	unsigned call;
};

int script_new(struct script **sp, struct command_env *env, enum script_kind kind, bool stop_on_error,
	       script_result_h *result_h, script_idle_h *idle_h, void *arg)
{
	struct script *s = calloc(1, sizeof(*s));

	(void)kind;
	(void)stop_on_error;
	if (!s)
		return ENOMEM;
	*s = (struct script){ env, result_h, idle_h, arg, 0 };
	*sp = s;
	return 0;
}

void script_free(struct script *s)
{
	free(s);
}

unsigned script_own_call(const struct script *s)
{
	return s->call;
}

bool script_busy(const struct script *s)
{
	(void)s;
	return false;
}

static void flood_h(void *arg)
{
	static unsigned n;
	unsigned i;

	/* Every cell another one. */
	for (i = 0; i < SNAPSHOT_NOTICES; i++) {
		memset(current.notice[i].title, 'A' + (int)(n % 26), 200);
		memset(current.notice[i].sentence, 'a' + (int)(n % 26), 200);
	}
	n++;
	change_h(change_arg);
	loop_timer_start(*(struct loop_timer **)arg, 10);
}

static void notice_select(int step)
{
	unsigned i, now = 0;

	for (i = 0; i < current.notices; i++) {
		if (current.notice[i].selected)
			now = i;
		current.notice[i].selected = false;
	}
	if (current.notices)
		current.notice[((int)now + step + (int)current.notices) % (int)current.notices].selected = true;
}

static struct loop_timer *flood;
static char later[32];
static struct command_env *later_env;

static void later_h(void *arg)
{
	struct command_env *env = later_env;

	loop_timer_free(*(struct loop_timer **)arg);
	if (strncmp(later, "view ", 5) == 0)
		dprintf(told_fd, "%s\n", env->view_h(later + 5, env->arg) == EBUSY ? "busy" : "done");
	else
		fake_show(later);
}

static bool run(struct script *s, const char *line, struct buf *out)
{
	static struct loop_timer *timer;

	if (strcmp(line, "count") == 0) {
		dprintf(told_fd, "%u\n", snapshots);
		return true;
	}
	if (told_fd >= 0 && strncmp(line, "view ", 5) != 0)
		dprintf(told_fd, "%s\n", line);

	if (strcmp(line, "view prompt 'notice contact '") == 0)
		line = "view prompt notice contact ";
	if (strncmp(line, "view ", 5) == 0)
		return s->env->view_h && s->env->view_h(line + 5, s->env->arg) == 0;
	if (strncmp(line, "notice ", 7) == 0 && s->env->notice_h(line + 7, s->env->arg) == 0)
		return true;
	if (strcmp(line, "clock") == 0) {
		clock_began = loop_boot_ms();
		change_h(change_arg);
		return true;
	}
	if (strncmp(line, "case ", 5) == 0) {
		if (flood)
			loop_timer_stop(flood);
		return fake_show(line + 5);
	}
	if (strcmp(line, "edit") == 0)
		return s->env->edit_h("macro a", "dial sip:zoe@example.com ; wait established ; dtmf 1234# ; sleep 2s ; hangup",
				      "macro define a", s->env->arg) == 0;
	if (strncmp(line, "echo ", 5) == 0)
		buf_str(out, line + 5);
	else if (strncmp(line, "later ", 6) == 0 && loop_timer_new(&timer, later_h, &timer) == 0) {
		/* By then somebody is typing. */
		text_copy(later, sizeof(later), line + 6);
		later_env = s->env;
		loop_timer_start(timer, 300);
	}
	else if (strcmp(line, "notice open") == 0)
		s->env->open_notice_h(s->env->arg);
	else if (strcmp(line, "lines") == 0)
		buf_str(out, "first line\nsecond line, which is rather long and has to be wrapped because it goes past "
			"the right edge of the screen\nthird line");
	else if (strcmp(line, "notice next") == 0 || strcmp(line, "notice prev") == 0)
		notice_select(line[7] == 'n' ? 1 : -1);
	else if (strcmp(line, "quit") == 0)
		loop_quit();
	else if (strcmp(line, "crash") == 0)
		raise(SIGSEGV);
	else if (strcmp(line, "flood") == 0 && loop_timer_new(&flood, flood_h, &flood) == 0)
		loop_timer_start(flood, 10);
	else if (strcmp(line, "notice dismiss") == 0 || strcmp(line, "mute toggle") == 0 || strcmp(line, "tell") == 0 ||
		 strncmp(line, "redial ", 7) == 0)
		return true;
	else {
		buf_printf(out, "told: %s", line);
		return strncmp(line, "dial", 4) == 0 || strcmp(line, "answer") == 0 || strncmp(line, "dtmf", 4) == 0;
	}
	if (change_h)
		change_h(change_arg);
	return true;
}

int script_add(struct script *s, const char *line, const char *origin)
{
	struct result r = { .ok = true };
	struct buf out = { 0 };

	(void)origin;
	r.ok = run(s, line, &out);
	if (strncmp(line, "dial ", 5) == 0)
		s->call++;
	if (r.ok)
		r.text = out;
	else
		r.error = out;
	s->result_h(s, line, &r, s->arg);
	buf_free(&out);
	s->idle_h(s, s->arg);
	return 0;
}

/* ---- the program ---- */

static void signal_h(unsigned flags, void *arg)
{
	struct signalfd_siginfo info;
	int fd = *(int *)arg;

	(void)flags;
	while (read(fd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		if (info.ssi_signo == SIGWINCH)
			ui_resized();
		else if (info.ssi_signo == SIGCONT)
			ui_continue();
		else
			loop_quit();
	}
}

int fake_run(const char *name, const char *keys)
{
	static struct settings settings = { .meters = true, .notify = "bell" };
	static struct command_env env = { .settings = &settings };
	const char *why = NULL;
	sigset_t set;
	int fd, err;

	setlocale(LC_ALL, "");
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGWINCH);
	sigaddset(&set, SIGCONT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC);
	if (!fake_case(&current, name) || loop_init())
		return 2;
	loop_watch(fd, LOOP_READ, signal_h, &fd);
	err = ui_start(&env, &why);
	if (err) {
		fprintf(stderr, "%s\n", why ? why : strerror(err));
	}
	else {
		if (keys)
			ui_type(keys);
		loop_run();
		ui_stop();
		ui_stop();
	}
	loop_timer_free(flood);
	flood = NULL;
	loop_close();
	close(fd);
	return err ? 2 : 0;
}
