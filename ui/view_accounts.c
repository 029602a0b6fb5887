#include "config.h"

#include <stdio.h>

#include "base/i18n.h"
#include "ui/view.h"

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
		snprintf(out, size, "%s: %u %s", words, a->code, a->reason);
	else if (a->state == REGISTRATION_FAILED && a->reason[0])
		snprintf(out, size, "%s: %s", words, a->reason);
	else
		snprintf(out, size, "%s", words);
	return states[a->state].role;
}

static void draw_account(const struct picture *p, unsigned y, const struct snapshot_account *a)
{
	unsigned cols = screen_cols(), x = 2, name = p->narrow ? 12 : 20;
	char state[SNAPSHOT_TEXT + 64];
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
}

static void draw(struct picture *p)
{
	unsigned i;

	list_fit(&window, p->s->accounts, p->rows);
	for (i = window.top; i < p->s->accounts && i - window.top < p->rows; i++)
		draw_account(p, p->y + i - window.top, &p->s->account[i]);
	if (!p->s->accounts && p->rows)
		screen_put(p->y, 2, screen_cols(), ROLE_PLAIN, _("No accounts. Direct calls work: d and a SIP address."));
	p->cursor_y = p->y;
	p->cursor_x = 1;
}

static bool key(const char *k)
{
	return list_scroll(&window, k);
}

const struct view view_accounts = { "accounts", N_("Accounts"), KEYS_ACCOUNTS, draw, key, NULL, NULL, NULL };
