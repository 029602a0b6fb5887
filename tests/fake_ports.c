#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "fake_ports.h"

uint64_t fake_now, fake_wake, fake_asleep;
struct attempt_decision fake_decision;
struct redial_record fake_stored[REDIALS_MAX];
unsigned fake_stored_count;
struct phone *fake_store_fails;
int fake_resend_error, fake_start_error;
int fake_invite_error, fake_dtmf_error, fake_reoffer_error, fake_media_error, fake_answer_error;

static char record[65536];
static size_t used, taken;

void fake_reset(void)
{
	fake_now = 1000;
	fake_wake = UINT64_MAX;
	fake_asleep = 0;
	fake_stored_count = 0;
	fake_store_fails = NULL;
	fake_resend_error = fake_start_error = 0;
	fake_invite_error = fake_dtmf_error = fake_reoffer_error = fake_media_error = fake_answer_error = 0;
	used = taken = 0;
	record[0] = '\0';
}

const char *fake_taken(void)
{
	const char *s = record + taken;

	/* what was handed out stays readable until the next line is noted */
	taken = used;
	return s;
}

void fake_note(const char *fmt, ...)
{
	va_list ap;
	int n;

	if (taken == used)
		taken = used = 0;
	va_start(ap, fmt);
	n = vsnprintf(record + used, sizeof(record) - used - 1, fmt, ap);
	va_end(ap);
	used += (size_t)n;
	record[used++] = '\n';
	record[used] = '\0';
}

void fake_pass(struct phone *p, uint64_t ms)
{
	uint64_t end = fake_now + ms;

	while (fake_wake <= end) {
		if (fake_wake > fake_now)
			fake_now = fake_wake;
		fake_wake = UINT64_MAX;
		phone_tick(p);
	}
	fake_now = end;
}

uint64_t port_now_ms(void) { return fake_now; }
uint64_t port_boot_ms(void) { return fake_now + fake_asleep; }
int64_t port_wall_ms(void) { return 1700000000000 + (int64_t)(fake_now + fake_asleep); }
void port_wake_at(uint64_t ms) { fake_wake = ms; }

int port_sip_invite(const struct invite *i)
{
	fake_note("invite %u %s as %s", i->call, i->uri, i->account ? i->account->name : "-");
	return fake_invite_error;
}

int port_sip_resend(unsigned call, const struct attempt_decision *decision)
{
	fake_decision = *decision;
	fake_note("resend %u", call);
	return fake_resend_error;
}

void port_sip_hangup(unsigned call) { fake_note("hangup %u", call); }
int port_sip_ring(unsigned call) { fake_note("180 %u", call); return 0; }

int port_sip_answer(unsigned call, const struct codec *const *codec, unsigned codecs)
{
	(void)codec;
	fake_note("200 %u with %u codecs", call, codecs);
	return fake_answer_error;
}

int port_sip_reject(unsigned call, unsigned code) { fake_note("%u %u", code, call); return 0; }

int port_sip_reoffer(unsigned call, enum media_direction direction)
{
	fake_note("reoffer %u %s", call, direction == MEDIA_SEND ? "sendonly" : "sendrecv");
	return fake_reoffer_error;
}

void port_sip_release(unsigned call) { fake_note("release %u", call); }
int port_sip_register(const struct account *a) { fake_note("register %s", a->name); return 0; }
void port_sip_unregister(const struct account *a) { fake_note("unregister %s", a->name); }
void port_sip_account_removed(const char *name) { fake_note("forget %s", name); }

int port_media_open(unsigned call, const char *address, uint16_t *port)
{
	fake_note("media open %u on %s", call, address);
	*port = 4000;
	return fake_media_error;
}

int port_media_start(unsigned call, const struct media_params *m)
{
	fake_note("media start %u %s", call, m->codec->name);
	return fake_start_error;
}

void port_media_close(unsigned call) { fake_note("media close %u", call); }
void port_media_focus(unsigned call) { fake_note("focus %u", call); }
void port_media_tone(unsigned call, enum tone tone) { fake_note("tone %u %s", call, tone_name(tone)); }
void port_media_mute(bool on) { fake_note("mute %s", on ? "on" : "off"); }
void port_media_volume(unsigned percent) { fake_note("volume %u", percent); }

int port_media_dtmf(unsigned call, const char *digits)
{
	fake_note("dtmf %u %s", call, digits);
	return fake_dtmf_error;
}

static struct redial_record *stored(const char *uri, const char *account)
{
	unsigned i;

	for (i = 0; i < fake_stored_count; i++) {
		if (!strcmp(fake_stored[i].uri, uri) && !strcmp(fake_stored[i].account, account))
			return &fake_stored[i];
	}
	return NULL;
}

void port_store_redial(const struct redial_record *new)
{
	struct redial_record *r = stored(new->uri, new->account);

	if (!r && fake_stored_count < REDIALS_MAX)
		r = &fake_stored[fake_stored_count++];
	if (r)
		*r = *new;
	fake_note("store %s %s", new->uri, new->armed ? "armed" : "waiting");
	if (fake_store_fails)
		phone_notice(fake_store_fails, SEVERITY_WARNING, "history", "The disk is full.");
}

void port_store_redial_drop(const char *uri, const char *account)
{
	struct redial_record *r = stored(uri, account);

	if (r)
		*r = fake_stored[--fake_stored_count];
	fake_note("forget %s", uri);
}

int port_trace_save(unsigned call, const char *file)
{
	fake_note("trace %u %s", call, file);
	return call ? 0 : ENOENT;
}

int port_store_export(const char *file, unsigned *rows)
{
	fake_note("export %s", file);
	*rows = 0;
	return 0;
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
	(void)name;
	(void)lines;
}

void port_store_registers(store_register_h *h, void *arg)
{
	(void)h;
	(void)arg;
}
