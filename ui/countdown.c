/* When a call may be made again, for people: a countdown within a day, a date above. All countdowns change at the same
 * moment, that of a whole second of boot time, so that one tick a second is enough for all. */
#include "config.h"

#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/loop.h"
#include "ui/view.h"

#define DAY_S 86400u

/* Whole seconds until BOOT_MS. */
static uint64_t left(const struct picture *p, uint64_t boot_ms)
{
	uint64_t due = boot_ms / 1000, now = p->s->boot_ms / 1000;

	return due > now ? due - now : 0;
}

/* The clock time of what is due at BOOT_MS. */
static int64_t wall_of(const struct picture *p, uint64_t boot_ms)
{
	unsigned i;

	for (i = 0; i < p->s->notices; i++) {
		if (p->s->notice[i].retry_known && p->s->notice[i].retry_boot_ms == boot_ms)
			return p->s->notice[i].retry_wall_ms;
	}
	return loop_wall_ms() + (int64_t)boot_ms - (int64_t)p->s->boot_ms;
}

static void date(int64_t wall_ms, const char *format, char *out, size_t size)
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	if (!localtime_r(&t, &tm) || !strftime(out, size, format, &tm))
		snprintf(out, size, "?");
}

/* The time alone when it is on the day of WALL_NOW_MS, else the date. */
static void clock_time(int64_t wall_ms, int64_t wall_now_ms, char *out, size_t size)
{
	char day[32], today[32];

	date(wall_ms, "%F", day, sizeof(day));
	date(wall_now_ms, "%F", today, sizeof(today));
	/* TRANSLATORS: a date and time as strftime(3) writes it, as short as your readers know it */
	date(wall_ms, strcmp(day, today) == 0 ? "%H:%M:%S" : _("%Y-%m-%d %H:%M"), out, size);
}

/* "0:27", or the date: true when it is one. */
static bool when(const struct picture *p, uint64_t boot_ms, int64_t wall_ms, char *out, size_t size)
{
	uint64_t seconds = left(p, boot_ms);

	if (seconds > DAY_S) {
		date(wall_ms ? wall_ms : wall_of(p, boot_ms), _("%Y-%m-%d %H:%M"), out, size);
		return true;
	}
	if (p->counts && p->s->boot_ms < boot_ms)
		*p->counts = true;
	picture_duration(out, size, seconds * 1000);
	return false;
}

static const struct { const char *in, *on, *now; } words[] = {
	/* TRANSLATORS: no redial is offered, but the server named a time; %s is like 0:27 */
	[REDIAL_NONE]    = { N_("possible again in %s"),
	/* TRANSLATORS: the same, %s is a date */
			     N_("possible again on %s"), N_("possible again now") },
	/* TRANSLATORS: the user will be asked then whether to call again; %s is like 0:27 */
	[REDIAL_WAITING] = { N_("redial in %s"),
	/* TRANSLATORS: the same, %s is a date */
			     N_("redial on %s"),
	/* TRANSLATORS: the time to call again has come */
			     N_("redial due") },
	/* TRANSLATORS: the phone will call again by itself then; %s is like 0:27 */
	[REDIAL_ARMED]   = { N_("redials in %s"),
	/* TRANSLATORS: the same, %s is a date */
			     N_("redials on %s"), N_("redial due") },
	[REDIAL_DUE]     = { N_("redial due"), N_("redial due"), N_("redial due") },
};

void countdown_words(const struct picture *p, enum redial_state state, uint64_t boot_ms, int64_t wall_ms, char *out,
		     size_t size)
{
	char time[64];

	out[0] = '\0';
	if (state > REDIAL_DUE)
		return;
	if (state == REDIAL_DUE || p->s->boot_ms >= boot_ms) {
		snprintf(out, size, "%s", _(words[state].now));
		return;
	}
	if (when(p, boot_ms, wall_ms, time, sizeof(time)))
		snprintf(out, size, _(words[state].on), time);
	else
		snprintf(out, size, _(words[state].in), time);
}

/* Now, as the clock says it: from the same two clocks as the time of the redial. */
static int64_t wall_now(const struct picture *p, const struct snapshot_notice *n)
{
	return n->retry_wall_ms - (int64_t)n->retry_boot_ms + (int64_t)p->s->boot_ms;
}

void countdown_notice(const struct picture *p, const struct snapshot_notice *n, char *out, size_t size)
{
	char clock[64];
	size_t used;

	out[0] = '\0';
	if (!n->retry_known || n->redial > REDIAL_DUE)
		return;
	countdown_words(p, n->redial, n->retry_boot_ms, n->retry_wall_ms, out, size);
	/* a date says it already */
	if (left(p, n->retry_boot_ms) > DAY_S)
		return;
	clock_time(n->retry_wall_ms, wall_now(p, n), clock, sizeof(clock));
	used = strlen(out);
	snprintf(out + used, size - used, " (%s)", clock);
}

void countdown_server(const struct picture *p, const struct snapshot_notice *n, char *out, size_t size)
{
	char until[64];
	size_t used;

	out[0] = '\0';
	if (!n->retry_known)
		return;
	if (n->retry_comment[0])
		/* TRANSLATORS: words of the server, in the quotation marks of your language */
		snprintf(out, size, _("“%s”"), n->retry_comment);
	if (!n->until_wall_ms)
		return;
	clock_time(n->until_wall_ms, wall_now(p, n), until, sizeof(until));
	used = strlen(out);
	if (used + 2 < size && used) {
		memcpy(out + used, ", ", 3);
		used += 2;
	}
	/* TRANSLATORS: the person who was called can be reached until that time, as the server says */
	snprintf(out + used, size - used, _("reachable until %s"), until);
}

void countdown_pending(const struct picture *p, char *out, size_t size)
{
	unsigned n = p->s->redials;
	char time[64];
	bool is_date;

	out[0] = '\0';
	if (!n)
		return;
	is_date = when(p, p->s->next_redial_boot_ms, 0, time, sizeof(time));
	if (p->narrow)
		/* TRANSLATORS: in the status bar of a narrow screen, as short as can be; %2$s is like 0:27 */
		snprintf(out, size, P_("%1$u redial %2$s", "%1$u redials %2$s", n), n, time);
	else if (is_date)
		/* TRANSLATORS: calls that may be made again later; %2$s is a date */
		snprintf(out, size, P_("%1$u redial waiting, next on %2$s", "%1$u redials waiting, next on %2$s", n), n, time);
	else
		/* TRANSLATORS: calls that may be made again later; %2$s is like 0:27 */
		snprintf(out, size, P_("%1$u redial waiting, next in %2$s", "%1$u redials waiting, next in %2$s", n), n, time);
}
