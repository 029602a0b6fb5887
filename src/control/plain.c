#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "control/plain.h"

#define DAY_S 86400

typedef void sentence_h(struct buf *out, const struct event *e, const struct snapshot *now);

/* A word of an event, and what is said for it. */
struct words {
	const char *word, *sentence;
};

static const char *field(const struct event *e, const char *name)
{
	const char *s = event_find_string(e, name);

	return s ? s : "";
}

/* Seconds of a field that is a number of either kind; false when it is absent. */
static bool seconds(const struct event *e, const char *name, double *value)
{
	const struct event_field *f = event_find(e, name);

	if (!f || (f->type != EVENT_REAL && f->type != EVENT_INTEGER))
		return false;
	*value = f->type == EVENT_REAL ? f->v.real : (double)f->v.integer;
	return true;
}

/* "0:42", "1:02:03" */
static void say_duration(struct buf *out, double value)
{
	unsigned long s = value > 0 ? (unsigned long)(value + 0.5) : 0;

	if (s >= 3600)
		buf_printf(out, "%lu:%02lu:%02lu", s / 3600, s / 60 % 60, s % 60);
	else
		buf_printf(out, "%lu:%02lu", s / 60, s % 60);
}

/* The clock time; with the date when it is further away than a day. */
static void say_time(struct buf *out, int64_t wall_ms, int64_t now_ms)
{
	int64_t away = wall_ms - now_ms;
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;
	char text[64];

	if (!localtime_r(&t, &tm))
		return;
	if (strftime(text, sizeof(text), away < (int64_t)DAY_S * 1000 ? "%X" : "%x %X", &tm))
		buf_str(out, text);
}

static const char *find(const struct words *words, unsigned n, const char *word)
{
	unsigned i;

	for (i = 0; i < n; i++) {
		if (!strcmp(words[i].word, word))
			return words[i].sentence;
	}
	return NULL;
}
#define FIND(table, word) find(table, sizeof(table) / sizeof(table[0]), word)

/* --- calls ---------------------------------------------------------------------------------------- */

static const struct words outgoing[] = {
	/* TRANSLATORS: of --plain, as all below: %1$s is who, %2$u the number of the call */
	{"calling", N_("Calling %1$s, call %2$u.")},
	{"ringing", N_("It rings at %1$s, call %2$u.")},
	/* TRANSLATORS: the other side plays something before it answers */
	{"early", N_("Not answered yet, but something is to be heard: %1$s, call %2$u.")},
	{"established", N_("Talking with %1$s, call %2$u.")},
};
static const struct words incoming[] = {
	{"ringing", N_("Call from %1$s, call %2$u. Type answer, or reject.")},
	{"early", N_("Call from %1$s, call %2$u. Type answer, or reject.")},
	{"established", N_("Talking with %1$s, call %2$u.")},
};
static const struct words holding[] = {
	{"us", N_("%1$s is on hold, call %2$u. Type resume to go on.")},
	{"them", N_("%1$s has put you on hold, call %2$u.")},
	{"both", N_("%1$s and you have put each other on hold, call %2$u.")},
};
static const struct words ends[] = {
	/* TRANSLATORS: behind "call 2 has ended": who ended it */
	{"us", N_("by you")}, {"them", N_("by the other side")}, {"network", N_("the network is gone")},
};

/* The name that they go by, and the address when that says more. */
static void say_who(struct buf *out, const struct event *e)
{
	const char *name = field(e, "name"), *peer = field(e, "peer");

	if (*name && strcmp(name, peer))
		buf_printf(out, "%s <%s>", name, peer);
	else
		buf_str(out, peer);
	if (event_find(e, "withheld"))
		/* TRANSLATORS: behind who calls, who does not say from which number; begins with a blank */
		buf_str(out, _(" (number withheld)"));
}

static void say_end(struct buf *out, const struct event *e, const char *who, unsigned call)
{
	const char *by = FIND(ends, field(e, "ended_by"));
	double talked = 0;

	/* why it failed was its notice */
	buf_printf(out, _("%1$s, call %2$u, has ended"), who, call);
	if (by && event_find_integer(e, "code", 0) < 300)
		buf_printf(out, ", %s", _(by));
	if (seconds(e, "duration", &talked) && talked > 0) {
		struct buf time = {0};

		say_duration(&time, talked);
		/* TRANSLATORS: behind "call 2 has ended, by you" */
		buf_printf(out, _(", after %s"), time.s ? time.s : "");
		buf_free(&time);
	}
	buf_str(out, ".\n");
}

static void say_call(struct buf *out, const struct event *e, const struct snapshot *now)
{
	unsigned call = (unsigned)event_find_integer(e, "call", 0);
	const char *state = field(e, "state"), *format;
	struct buf who = {0};

	(void)now;
	say_who(&who, e);
	if (!strcmp(state, "closed"))
		say_end(out, e, who.s ? who.s : "", call);
	else {
		if (!strcmp(state, "held"))
			format = FIND(holding, field(e, "by"));
		else if (!strcmp(field(e, "direction"), "in"))
			format = FIND(incoming, state);
		else
			format = FIND(outgoing, state);
		if (format) {
			buf_printf(out, _(format), who.s ? who.s : "", call);
			buf_str(out, "\n");
		}
	}
	buf_free(&who);
}

/* --- notices --------------------------------------------------------------------------------------- */

/* COMMAND as it can be typed here, or NULL: it needs a screen. */
static const char *typed_as(const char *command)
{
	static const char prompt[] = "view prompt ";

	if (!strncmp(command, prompt, sizeof(prompt) - 1))
		return command + sizeof(prompt) - 1;
	if (!strncmp(command, "view ", 5))
		return NULL;
	return strncmp(command, "notice ", 7) || !strncmp(command, "notice contact", 14) ||
	       !strcmp(command, "notice dismiss") ? command : NULL;
}

static void say_actions(struct buf *out, const struct snapshot_notice *n)
{
	const char *comma = "";
	unsigned i;

	for (i = 0; i < n->actions; i++) {
		const char *command = typed_as(n->action[i].command);

		if (!command)
			continue;
		if (!*comma)
			/* TRANSLATORS: a list of commands and what they do follows */
			buf_str(out, _("You can type: "));
		buf_str(out, comma);
		/* TRANSLATORS: %1$s is a command to be typed, %2$s what it does */
		buf_printf(out, _("%1$s (%2$s)"), command,
			   *n->action[i].what ? n->action[i].what : n->action[i].label);
		comma = ", ";
	}
	if (*comma)
		buf_str(out, ".\n");
}

static void say_retry(struct buf *out, const struct snapshot_notice *n, const struct snapshot *now, int64_t now_ms)
{
	struct buf in = {0}, at = {0};

	if (!n->retry_known)
		return;
	say_time(&at, n->retry_wall_ms, now_ms);
	if (n->retry_boot_ms > now->boot_ms)
		say_duration(&in, (double)(n->retry_boot_ms - now->boot_ms) / 1000);
	/* TRANSLATORS: %1$s is a duration such as 0:27, %2$s a clock time */
	buf_printf(out, _("Reachable again in %1$s, at %2$s."), in.s ? in.s : "0:00", at.s ? at.s : "");
	if (n->retry_comment[0])
		/* TRANSLATORS: the server's own words, behind a Retry-After */
		buf_printf(out, _(" The server says: “%s”."), n->retry_comment);
	buf_str(out, "\n");
	buf_free(&in);
	buf_free(&at);
}

static void say_notice(struct buf *out, const struct event *e, const struct snapshot *now)
{
	unsigned id = (unsigned)event_find_integer(e, "id", 0), i;
	const struct snapshot_notice *n = NULL;

	for (i = 0; now && i < now->notices && !n; i++) {
		if (now->notice[i].id == id)
			n = &now->notice[i];
	}
	buf_printf(out, "%s\n", field(e, "text"));
	if (!n)
		return;
	if (n->server[0])
		/* TRANSLATORS: %s are the server's own words, in quotation marks where they are its phrases */
		buf_printf(out, _("Server: %s\n"), n->server);
	say_retry(out, n, now, e->time_ms);
	say_actions(out, n);
}

/* --- the rest --------------------------------------------------------------------------------------- */

static void say_ready(struct buf *out, const struct event *e, const struct snapshot *now)
{
	(void)now;
	/* TRANSLATORS: %1$s is the version, %2$s how sound is made: portaudio, null, file */
	buf_printf(out, _("offhook %1$s is ready, sound: %2$s. Type dial and whom to call, help, or quit.\n"),
		   field(e, "version"), field(e, "audio"));
}

static void say_registration(struct buf *out, const struct event *e, const struct snapshot *now)
{
	const char *state = field(e, "state"), *account = field(e, "account");
	double again;

	(void)now;
	if (!strcmp(state, "registered"))
		buf_printf(out, _("Account %s is registered.\n"), account);
	else if (!strcmp(state, "unregistered"))
		buf_printf(out, _("Account %s is not registered any more.\n"), account);
	else if (!strcmp(state, "failed")) {
		int64_t code = event_find_integer(e, "code", 0);

		/* TRANSLATORS: what went wrong follows */
		buf_printf(out, _("Account %s could not be registered: "), account);
		if (code)
			buf_printf(out, "%u ", (unsigned)code);
		buf_str(out, field(e, "reason"));
		if (seconds(e, "retry_in", &again))
			/* TRANSLATORS: behind why an account was not registered */
			buf_printf(out, _("; tried again in %u s"), (unsigned)again);
		buf_str(out, "\n");
	}
}

static void say_redial(struct buf *out, const struct event *e, const struct snapshot *now)
{
	static const struct words states[] = {
		{"due", N_("Call %1$s again now? Type redial now %2$u, or redial cancel %2$u.\n")},
		{"armed", N_("%1$s will be called again by itself.\n")},
		{"dialing", N_("Calling %1$s again.\n")},
		{"cancelled", N_("%1$s will not be called again.\n")},
	};
	const char *format = FIND(states, field(e, "state"));

	(void)now;
	if (!format)
		return;
	if (!strcmp(field(e, "state"), "due"))
		buf_str(out, "\a"); /* the bell: somebody is asked */
	buf_printf(out, _(format), field(e, "peer"), (unsigned)event_find_integer(e, "call", 0));
}

static void say_digit(struct buf *out, const struct event *e, const struct snapshot *now)
{
	(void)now;
	buf_printf(out, _("Digit %1$s from call %2$u.\n"), field(e, "digit"), (unsigned)event_find_integer(e, "call", 0));
}

static void say_macro(struct buf *out, const struct event *e, const struct snapshot *now)
{
	static const struct words states[] = {
		{"done", N_("Macro %s is done.\n")}, {"stopped", N_("Macro %s was stopped.\n")},
	};
	const char *format = FIND(states, field(e, "state"));

	(void)now;
	if (format)
		buf_printf(out, _(format), field(e, "name"));
	else if (!strcmp(field(e, "state"), "failed"))
		/* TRANSLATORS: %1$s is the macro's name, %2$s what went wrong */
		buf_printf(out, _("Macro %1$s failed: %2$s\n"), field(e, "name"), field(e, "error"));
}

static void say_device(struct buf *out, const struct event *e, const struct snapshot *now)
{
	static const struct words states[] = {
		{"lost", N_("The sound device %s is gone.\n")}, {"back", N_("The sound device %s is back.\n")},
	};
	const char *format = FIND(states, field(e, "state"));

	(void)now;
	if (format)
		buf_printf(out, _(format), field(e, "name"));
}

/* Absent: what is heard (tone), only measured (media), or told by a notice (outcome). */
static const struct { const char *event; sentence_h *say; } sentences[] = {
	{"ready", say_ready}, {"registration", say_registration}, {"call", say_call}, {"notice", say_notice},
	{"redial", say_redial}, {"dtmf", say_digit}, {"macro", say_macro}, {"device", say_device},
};

void plain_event(struct buf *out, const struct event *e, const struct snapshot *now)
{
	unsigned i;

	for (i = 0; i < sizeof(sentences) / sizeof(sentences[0]); i++) {
		if (!strcmp(sentences[i].event, e->name))
			sentences[i].say(out, e, now);
	}
}
