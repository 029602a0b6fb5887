#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command_fakes.h"
#include "phone/ports.h"
#include "phone/snapshot.h"

struct fake fake;
#define LISTENERS 96
static struct { phone_event_h *h; void *arg; } listener[LISTENERS];

void fake_reset(void)
{
	memset(&fake, 0, sizeof(fake));
	memset(listener, 0, sizeof(listener));
}

unsigned fake_call(bool incoming, enum call_state state)
{
	struct call_info *info = &fake.call[++fake.last];

	info->number = fake.last;
	info->incoming = incoming;
	info->state = state;
	info->was_ringing = incoming;
	fake.active++;
	return fake.last;
}

int64_t port_wall_ms(void)
{
	return 1700000000123;
}

void fake_event(const char *name, unsigned call, const char *state)
{
	static struct event e;
	unsigned i;

	event_begin(&e, name);
	event_integer(&e, "call", call);
	event_string(&e, "state", state);
	for (i = 0; i < LISTENERS; i++) {
		if (listener[i].h)
			listener[i].h(&e, listener[i].arg);
	}
}

int phone_listen(struct phone *p, phone_event_h *h, void *arg)
{
	unsigned i;

	(void)p;
	for (i = 0; i < LISTENERS && listener[i].h; i++)
		;
	if (i == LISTENERS)
		return ENOSPC;
	listener[i].h = h;
	listener[i].arg = arg;
	fake.listeners++;
	return 0;
}

void phone_unlisten(struct phone *p, phone_event_h *h, void *arg)
{
	unsigned i;

	(void)p;
	for (i = 0; i < LISTENERS; i++) {
		if (listener[i].h == h && listener[i].arg == arg) {
			listener[i].h = NULL;
			fake.listeners--;
		}
	}
}

static void keep_macro(const struct event *e)
{
	size_t len = strlen(fake.macro);
	const char *error = event_find_string(e, "error");

	fake.events++;
	snprintf(fake.macro + len, sizeof(fake.macro) - len, "%s %d/%d %s%s%s\n", event_find_string(e, "name"),
		 (int)event_find_integer(e, "step", -1), (int)event_find_integer(e, "of", -1),
		 event_find_string(e, "state"), error ? " " : "", error ? error : "");
}

void phone_emit(struct phone *p, const struct event *e)
{
	const char *text = event_find_string(e, "text");
	unsigned i;

	(void)p;
	if (!strcmp(e->name, "notice")) {
		fake.told++;
		snprintf(fake.notice, sizeof(fake.notice), "%s", text ? text : "");
	}
	if (!strcmp(e->name, "macro"))
		keep_macro(e);
	for (i = 0; i < LISTENERS; i++) {
		if (listener[i].h)
			listener[i].h(e, listener[i].arg);
	}
}

static int did(const char *what, unsigned call)
{
	snprintf(fake.did, sizeof(fake.did), "%s %u", what, call);
	return fake.err;
}

int phone_dial(struct phone *p, const struct dial *dial, unsigned *call, const char **why)
{
	(void)p;
	snprintf(fake.did, sizeof(fake.did), "dial %s account=%s codecs=%s headers=%u", dial->target,
		 dial->account ? dial->account : "", dial->codecs ? dial->codecs : "", dial->headers);
	if (dial->headers)
		snprintf(fake.header, sizeof(fake.header), "%s", dial->header[0]);
	if (fake.err) {
		*why = "the fake refuses";
		return fake.err;
	}
	*call = fake_call(false, CALL_CALLING);
	return 0;
}

int port_store_export(const char *file, unsigned *rows)
{
	snprintf(fake.did, sizeof(fake.did), "export %s", file);
	*rows = fake.err ? 0 : 3;
	return fake.err;
}

void port_store_prompt(const char *kind, const char *line)
{
	(void)kind;
	(void)line;
}

void port_store_prompts(const char *kind, store_line_h *h, void *arg)
{
	(void)kind;
	(void)h;
	(void)arg;
}

/* Weak: a test that has contacts or a history has its own. */
__attribute__((weak)) bool port_contact_find(const char *text, bool wait, struct contact_entry *entry)
{
	(void)text;
	(void)wait;
	(void)entry;
	return false;
}

__attribute__((weak)) void port_contacts(const char *typed, contact_entry_h *h, void *arg)
{
	(void)typed;
	(void)h;
	(void)arg;
}

__attribute__((weak)) void port_store_numbers(const char *typed, store_number_h *h, void *arg)
{
	(void)typed;
	(void)h;
	(void)arg;
}

void port_store_register(char name, const char *lines)
{
	fake.stored_name = name;
	snprintf(fake.stored, sizeof(fake.stored), "%s", lines);
	fake.stores++;
}

void port_store_registers(store_register_h *h, void *arg)
{
	unsigned i;

	for (i = 0; i < 26; i++) {
		if (fake.registers[i])
			h((char)('a' + i), fake.registers[i], arg);
	}
}

uint64_t port_now_ms(void) { return fake.now_ms; }

int phone_answer(struct phone *p, unsigned call) { (void)p; return did("answer", call); }
int phone_hangup(struct phone *p, unsigned call) { (void)p; return did("hangup", call); }
int phone_hold(struct phone *p, unsigned call) { (void)p; return did("hold", call); }
int phone_resume(struct phone *p, unsigned call) { (void)p; return did("resume", call); }
int phone_select(struct phone *p, unsigned call) { (void)p; return did("select", call); }

int phone_reject(struct phone *p, unsigned call, unsigned code)
{
	(void)p;
	snprintf(fake.did, sizeof(fake.did), "reject %u %u", call, code);
	return fake.err;
}

int phone_select_step(struct phone *p, int step)
{
	(void)p;
	snprintf(fake.did, sizeof(fake.did), "step %d", step);
	return fake.err;
}

int phone_dtmf(struct phone *p, unsigned call, const char *digits)
{
	(void)p;
	snprintf(fake.did, sizeof(fake.did), "dtmf %u %s", call, digits);
	return fake.err;
}

void phone_mute(struct phone *p, bool on) { (void)p; fake.muted = on; }
bool phone_muted(const struct phone *p) { (void)p; return fake.muted; }
void phone_set_dnd(struct phone *p, bool on) { (void)p; fake.dnd = on; }
bool phone_dnd(const struct phone *p) { (void)p; return fake.dnd; }
const char *phone_forward(const struct phone *p) { (void)p; return fake.forward; }

int phone_set_forward(struct phone *p, const char *target, const char **why)
{
	(void)p;
	*why = "no such target";
	if (!fake.err)
		snprintf(fake.forward, sizeof(fake.forward), "%s", target ? target : "");
	return fake.err;
}

void phone_settings_changed(struct phone *p) { (void)p; fake.settings_changed++; }
unsigned phone_last_call(const struct phone *p) { (void)p; return fake.last; }
unsigned phone_selected(const struct phone *p) { (void)p; return fake.selected; }
void phone_snapshot(const struct phone *p, struct snapshot *s) { (void)p; memset(s, 0, sizeof(*s)); }
unsigned phone_active_calls(const struct phone *p) { (void)p; return fake.active; }

int phone_call_info(const struct phone *p, unsigned call, struct call_info *info)
{
	(void)p;
	if (!call)
		call = fake.selected;
	if (!call || call >= FAKE_CALLS || !fake.call[call].number)
		return ENOENT;
	*info = fake.call[call];
	return 0;
}

unsigned phone_notice(struct phone *p, enum severity severity, const char *key, const char *text)
{
	(void)p;
	(void)key;
	fake.severity = severity;
	snprintf(fake.notice, sizeof(fake.notice), "%s", text);
	return ++fake.notices;
}

unsigned phone_notice_printf(struct phone *p, enum severity severity, const char *key, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return phone_notice(p, severity, key, text);
}

int phone_notice_step(struct phone *p, int step)
{
	(void)p;
	snprintf(fake.did, sizeof(fake.did), "notice %d", step);
	return fake.err;
}

int phone_notice_dismiss(struct phone *p, unsigned id) { (void)p; return did("dismiss", id); }

unsigned phone_notice_call(const struct phone *p, unsigned id) { (void)p; (void)id; return fake.notice_call; }

int phone_notice_contact(struct phone *p, unsigned id, unsigned n, unsigned *call, const char **why)
{
	(void)p;
	(void)id;
	snprintf(fake.did, sizeof(fake.did), "contact %u", n);
	*why = "the fake has no contact";
	*call = 4;
	return fake.err;
}

int phone_redial_now(struct phone *p, unsigned call, unsigned *new_call, const char **why)
{
	(void)p;
	(void)why;
	*new_call = 4;
	return did("redial", call);
}

int phone_redial_auto(struct phone *p, unsigned call, const char **why)
{
	(void)p;
	*why = "the fake does not arm";
	fake.armed = !fake.err;
	return did("arm", call);
}

int phone_redial_disarm(struct phone *p, unsigned call)
{
	(void)p;
	if (!fake.armed)
		return ENOTCONN;
	fake.armed = false;
	return did("disarm", call);
}

int phone_redial_cancel(struct phone *p, unsigned call) { (void)p; return did("cancel", call); }

int port_trace_save(unsigned call, const char *file)
{
	snprintf(fake.did, sizeof(fake.did), "trace %u %s", call, file);
	return fake.err;
}

/* ---- accounts ---- */

const struct account *phone_account(const struct phone *p, const char *name)
{
	unsigned i;

	(void)p;
	for (i = 0; i < fake.accounts; i++) {
		if (!strcmp(fake.account[i].name, name))
			return &fake.account[i];
	}
	return NULL;
}

const struct account *phone_account_at(const struct phone *p, unsigned i) { (void)p; return &fake.account[i]; }
unsigned phone_accounts(const struct phone *p) { (void)p; return fake.accounts; }

int phone_account_add(struct phone *p, const struct account *a)
{
	if (phone_account(p, a->name))
		return EEXIST;
	if (fake.accounts == ACCOUNTS_MAX)
		return ENOSPC;
	fake.account[fake.accounts] = *a;
	fake.account[fake.accounts].is_default = !fake.accounts;
	fake.accounts++;
	return 0;
}

int phone_account_replace(struct phone *p, const struct account *a)
{
	const struct account *old = phone_account(p, a->name);

	if (!old)
		return ENOENT;
	fake.account[old - fake.account] = *a;
	return 0;
}

int phone_account_remove(struct phone *p, const char *name)
{
	const struct account *old = phone_account(p, name);

	if (!old)
		return ENOENT;
	fake.account[old - fake.account] = fake.account[--fake.accounts];
	return 0;
}

int phone_account_default(struct phone *p, const char *name)
{
	unsigned i;

	(void)p;
	for (i = 0; i < fake.accounts; i++)
		fake.account[i].is_default = !strcmp(fake.account[i].name, name);
	return 0;
}

int phone_account_register(struct phone *p, const char *name, bool on)
{
	(void)p;
	snprintf(fake.did, sizeof(fake.did), "register %s %d", name, on);
	return fake.err;
}

int account_init(struct account *a, const char *name, const char *uri, const char **why)
{
	memset(a, 0, sizeof(*a));
	text_copy(a->name, sizeof(a->name), name);
	text_copy(a->uri, sizeof(a->uri), uri);
	a->registers = true;
	a->expires = 3600;
	*why = "that is no address";
	return strncmp(uri, "sip:", 4) ? EINVAL : 0;
}

int account_set(struct account *a, const char *key, const char *value, const char **why)
{
	if (!strcmp(key, "password"))
		text_copy(a->password, sizeof(a->password), value);
	else if (!strcmp(key, "display-name"))
		text_copy(a->display_name, sizeof(a->display_name), value);
	else if (!strcmp(key, "expires"))
		a->expires = (unsigned)strtoul(value, NULL, 10);
	else if (!strcmp(key, "register"))
		a->registers = strcmp(value, "no") != 0;
	*why = "that is no value";
	return !*value ? EINVAL : 0;
}

const char *const *account_keys(void)
{
	static const char *const keys[] = {"password", "display-name", "expires", "register", NULL};

	return keys;
}

/* ---- outcomes ---- */

const struct outcome *outcome_find(unsigned code, bool *known)
{
	static const struct outcome busy = {.code = 486, .phrase = "Busy Here"}, bad = {.code = 400, .phrase = "Bad Request"};

	*known = code == 486;
	return code == 486 ? &busy : &bad;
}

const struct outcome *outcome_local(enum local_error error)
{
	static const struct outcome local = {.phrase = "Address not found"};

	(void)error;
	return &local;
}

int outcome_exit_status(unsigned code, enum local_error error)
{
	return code ? (int)(code / 100) : error == LOCAL_TIMEOUT ? 7 : 1;
}

const char *call_state_name(enum call_state state)
{
	return state == CALL_CALLING ? "calling" : "other";
}
