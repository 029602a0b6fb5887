#include "config.h"

#include <stdio.h>
#include <time.h>

#include "base/i18n.h"
#include "ui/view.h"

#define LINES 2 /* of an account */

static struct list_window window;

/* State in words; a failed one says why. */
static enum role state_of(const struct snapshot_account *a, char *out, size_t size)
{
	static const struct { const char *words; enum role role; } states[] = {
		/* TRANSLATORS: an account that only makes calls and does not register with a server */
		[REGISTRATION_NONE]         = { N_("does not register"), ROLE_DIM },
		[REGISTRATION_REGISTERING]  = { N_("registering"), ROLE_ACCENT },
		[REGISTRATION_REGISTERED]   = { N_("registered"), ROLE_OK },
		[REGISTRATION_FAILED]       = { N_("failed"), ROLE_ERROR },
		[REGISTRATION_UNREGISTERED] = { N_("not registered"), ROLE_DIM },
	};
	const char *words = _(states[a->state].words);

	if (a->state == REGISTRATION_FAILED && a->code)
		snprintf(out, size, "%s: %u%s%s", words, a->code, a->reason[0] ? " " : "", a->reason);
	else if (a->state == REGISTRATION_FAILED && a->reason[0])
		snprintf(out, size, "%s: %s", words, a->reason);
	else
		snprintf(out, size, "%s", words);
	return states[a->state].role;
}

/* HH:MM of a wall time. */
static void clock_of(char *out, size_t size, int64_t ms)
{
	time_t t = (time_t)(ms / 1000);
	struct tm tm;

	localtime_r(&t, &tm);
	strftime(out, size, "%H:%M", &tm);
}

/* Until when, or what comes next; "" when there is nothing to say. */
static void time_of(const struct snapshot_account *a, char *out, size_t size)
{
	char clock[16];

	out[0] = '\0';
	if (a->state == REGISTRATION_REGISTERED && a->until_ms) {
		clock_of(clock, sizeof(clock), a->until_ms);
		/* TRANSLATORS: an account is registered until HH:MM */
		snprintf(out, size, _("until %s"), clock);
	}
	else if (a->state == REGISTRATION_FAILED && a->retry_ms) {
		clock_of(clock, sizeof(clock), a->retry_ms);
		/* TRANSLATORS: an account that failed to register: HH:MM of the next attempt */
		snprintf(out, size, _("next try %s"), clock);
	}
	else if (a->state == REGISTRATION_FAILED)
		/* TRANSLATORS: what to type to try again; %s is the account's name, the words before it a command */
		snprintf(out, size, _("again: account register %s"), a->name);
}

/* Two lines: who, and how it stands; until when, and with which server. */
static void draw_account(const struct picture *p, unsigned y, unsigned rows, const struct snapshot_account *a)
{
	unsigned cols = screen_cols(), x = 2, name = p->narrow ? 12 : 20;
	char state[SNAPSHOT_TEXT + 64], when[SNAPSHOT_TEXT];
	enum role role = state_of(a, state, sizeof(state));

	screen_put(y, 1, 1, ROLE_PLAIN, a->is_default ? screen_glyph(GLYPH_MARKER) : " ");
	screen_put(y, x, name, a->is_default ? ROLE_SELECTED : ROLE_PLAIN, a->name);
	x += name + 1;
	if (!p->narrow && cols > x + 30) {
		unsigned address = (cols - x) / 2;

		screen_put(y, x, address, ROLE_PLAIN, a->address);
		x += address + 1;
	}
	if (x < cols)
		screen_put(y, x, cols - x, role, state);
	if (rows < LINES || a->state == REGISTRATION_NONE)
		return;
	x = p->narrow ? 4 : 2 + name + 1;
	time_of(a, when, sizeof(when));
	if (when[0] && x < cols)
		x += screen_put(y + 1, x, cols - x, ROLE_PLAIN, when) + 2;
	if (a->server[0] && x < cols)
		screen_put(y + 1, x, cols - x, ROLE_DIM, a->server);
}

static void draw(struct picture *p)
{
	unsigned i, y;

	list_fit(&window, p->s->accounts, p->rows / LINES);
	for (i = window.top; i < p->s->accounts && (y = (i - window.top) * LINES) < p->rows; i++)
		draw_account(p, p->y + y, p->rows - y, &p->s->account[i]);
	if (!p->s->accounts && p->rows)
		screen_put(p->y, 2, screen_cols(), ROLE_PLAIN, _("No accounts. Direct calls work: d and a SIP address."));
	p->cursor_y = p->y;
	p->cursor_x = 1;
}

static bool key(const char *k)
{
	return list_scroll(&window, k);
}

const struct view view_accounts = { "accounts", N_("Accounts"), KEYS_ACCOUNTS, draw, key, NULL, NULL, NULL, NULL };
