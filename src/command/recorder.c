/* Recording: command lines, not keys, with a `wait` where the call went on and a `sleep` where the person did. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"
#include "command/player.h"
#include "command/recorder.h"
#include "phone/ports.h"

#define IDLE_MS    1000 /* from which on idling is a `sleep` */
#define DIGITS_MAX 60   /* in one `dtmf` */
#define CODE_FROM  300  /* `reject`: a number of this or more is no call */

/* How far a call is. */
enum stage { STAGE_UNKNOWN, STAGE_NONE, STAGE_RINGING, STAGE_ESTABLISHED, STAGE_HELD, STAGE_FAILED, STAGE_OVER };
struct stand {
	enum stage stage;
	unsigned code;         /* FAILED */
};

static struct {
	char reg;              /* 0: nothing is recorded */
	bool append;
	const struct script *starter; /* no key's and no prompt's; its commands are recorded, too */
	struct buf lines;
	unsigned commands;
	unsigned recorded;     /* by the person: without waits and sleeps */
	size_t digits;         /* where the last line, a `dtmf`, begins in LINES; only when OPEN */
	bool open;

	unsigned call;         /* that the macro would mean by `last` */
	unsigned newest;       /* when the recording began: of later ones that came in nothing is told */
	struct stand known;    /* behind the last recorded command */
	uint64_t since_ms;     /* when that was */

	struct {               /* before the command in hand */
		struct stand stand;
		uint64_t ms;
		unsigned own, selected, notice;
		bool stranger;     /* the selected call came in meanwhile and was not answered */
	} before;
} rec;

char recorder_register(void)
{
	return rec.reg;
}

/* ---- calls ---- */

static struct stand look(struct command_env *env, unsigned call)
{
	struct stand stand = {STAGE_NONE, 0};
	struct call_info info;

	if (!call)
		return stand;
	if (phone_call_info(env->phone, call, &info))
		stand.stage = STAGE_OVER;
	else if (info.failed) {
		stand.stage = STAGE_FAILED;
		stand.code = info.code;
	}
	else if (info.over)
		stand.stage = STAGE_OVER;
	else if (info.was_established)
		stand.stage = info.held_by_us ? STAGE_HELD : STAGE_ESTABLISHED;
	else if (info.was_ringing && !info.incoming)
		stand.stage = STAGE_RINGING;
	return stand;
}

static bool is_stranger(struct command_env *env, unsigned call)
{
	struct call_info info;

	return call > rec.newest && call != rec.call && !phone_call_info(env->phone, call, &info) && info.incoming;
}

/* ---- lines ---- */

static void add_line(const char *line)
{
	buf_printf(&rec.lines, "%s%s", rec.lines.len ? "\n" : "", line);
	rec.commands++;
	rec.open = false;
}

static void add_sleep(uint64_t ms)
{
	char line[48];
	uint64_t tenths = (ms + 50) / 100;

	snprintf(line, sizeof(line), "sleep %llu.%llus", (unsigned long long)(tenths / 10), (unsigned long long)(tenths % 10));
	add_line(line);
}

/* What has to be waited for before the next command. */
static void add_wait(void)
{
	const struct stand now = rec.before.stand;
	uint64_t idle = rec.before.ms - rec.since_ms;
	bool changed = now.stage != rec.known.stage || now.code != rec.known.code;
	char line[48];

	if (changed && now.stage == STAGE_RINGING)
		add_line("wait ringing");
	else if (changed && now.stage == STAGE_ESTABLISHED && rec.known.stage != STAGE_HELD)
		add_line("wait established");
	else if (changed && now.stage == STAGE_FAILED) {
		snprintf(line, sizeof(line), now.code ? "wait outcome %u" : "wait outcome", now.code);
		add_line(line);
	}
	else if (changed && now.stage == STAGE_OVER)
		add_line("wait closed");
	/* nothing waits for hold: it takes its time, however short; and nothing is idle before the first command */
	else if (rec.recorded && (idle >= IDLE_MS || (changed && now.stage >= STAGE_ESTABLISHED)))
		add_sleep(idle < 100 ? 100 : idle);
}

/* One `dtmf` as long as nothing comes in between. */
static bool add_digits(const char *digits)
{
	size_t have = rec.lines.len - rec.digits - strlen("dtmf ");

	if (!rec.open || have + strlen(digits) > DIGITS_MAX)
		return false;
	buf_str(&rec.lines, digits);
	return true;
}

/* ---- which commands ---- */

/* What only moves about on the screen, or is about macros themselves. */
static bool is_recorded(const char *name, const struct words *w)
{
	static const char *const never[] = {"view", "help", "list-commands", "keys", "quit"};
	unsigned i;

	for (i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (!strcmp(name, never[i]))
			return false;
	}
	if (!strcmp(name, "macro"))
		return w->n > 2 && !strcmp(w->word[1], "play");
	/* one without a number asks for it by a command of its own */
	if (!strcmp(name, "notice"))
		return w->n > 2 && !strcmp(w->word[1], "contact");
	return true;
}

/* What somebody does about a call that came in meanwhile, but for answering it, is not the macro's. */
static bool is_about_stranger(const char *name, const struct words *w)
{
	return rec.before.stranger && (!strcmp(name, "reject") || (!strcmp(name, "hangup") && w->n == 1));
}

/* Word I as it is to be recorded: a call's number means nothing the next time, nor does which notice is selected. NULL:
 * there is no other word for it. */
static const char *call_word(const struct command *c, const struct words *w, unsigned i, unsigned own)
{
	unsigned long n;
	bool takes_call = c->argument[0] == ARG_CALL || c->argument[1] == ARG_CALL || (!strcmp(c->name, "trace") && i == 2 && w->n == 4);

	if (takes_call && !strcmp(w->word[i], "notice") && rec.call && rec.before.notice == rec.call)
		return "last";
	if (!takes_call || !read_number(w->word[i], 1, 999999999, &n) || (!strcmp(c->name, "reject") && n >= CODE_FROM))
		return w->word[i];
	/* a `wait incoming` stands before it */
	if (!strcmp(c->name, "answer") && n == own && own > rec.newest)
		return "last";
	return n == rec.call ? "last" : n == rec.before.selected ? "selected" : NULL;
}

static void refuse(struct command_env *env, const char *why)
{
	phone_notice(env->phone, SEVERITY_INFO, "macro-recording", why);
}

/* The command as one line in full words. False: it cannot be recorded. */
static bool make_line(struct command_env *env, struct buf *line, const struct command *c, const struct words *w, unsigned own)
{
	const char *word;
	unsigned i;

	buf_str(line, c->name);
	for (i = 1; i < w->n; i++) {
		word = call_word(c, w, i, own);
		if (!word) {
			refuse(env, _("Not recorded: the number of a call means another one the next time; select it first."));
			return false;
		}
		buf_str(line, " ");
		parser_quote(line, word);
	}
	/* the selected call is another than the macro's own, which it would mean */
	if (w->n == 1 && c->argument[0] == ARG_CALL && strcmp(c->name, "answer") && rec.call && rec.before.stand.stage < STAGE_FAILED &&
	    rec.before.selected && rec.before.selected != rec.call)
		buf_str(line, " selected");
	return !line->failed;
}

/* ---- told by scripts ---- */

static bool is_recording(const struct script *s)
{
	enum script_kind kind;

	/* what a macro types is in its `macro play` */
	if (!rec.reg || script_hand(s)->depth)
		return false;
	kind = script_get_kind(s);
	return kind == SCRIPT_KEY || kind == SCRIPT_PROMPT || s == rec.starter;
}

void recorder_looks(struct command_env *env, struct script *s)
{
	if (!is_recording(s))
		return;
	rec.before.stand = look(env, rec.call);
	rec.before.ms = port_now_ms();
	rec.before.own = script_own_call(s);
	rec.before.selected = phone_selected(env->phone);
	rec.before.notice = phone_notice_call(env->phone, 0);
	rec.before.stranger = is_stranger(env, rec.before.selected);
}

/* From here on the next `wait` or `sleep` counts. */
static void take_note(struct command_env *env, const struct script *s, const char *name)
{
	unsigned own = script_own_call(s);

	if (!strcmp(name, "select"))
		rec.call = phone_selected(env->phone);
	else if (own && own != rec.before.own)
		rec.call = own;
	rec.known = look(env, rec.call);
	rec.since_ms = port_now_ms();
}

static void add_command(struct command_env *env, struct script *s, const struct command *c, const struct words *w)
{
	bool digits = !strcmp(c->name, "dtmf"), timed = !c->run;
	unsigned own = script_own_call(s);
	struct buf line = {0};

	if (!make_line(env, &line, c, w, own))
		goto out;
	if (!strcmp(c->name, "answer") && own > rec.newest && own != rec.call && !rec.before.own)
		add_line("wait incoming");
	else if (!timed)
		add_wait();
	if (!digits || !add_digits(w->word[1])) {
		rec.digits = rec.lines.len ? rec.lines.len + 1 : 0;
		add_line(line.s);
		rec.open = digits;
	}
	rec.recorded++;
	take_note(env, s, c->name);
out:
	buf_free(&line);
}

void recorder_took(struct command_env *env, struct script *s, const char *line)
{
	struct buf error = {0};
	struct result r = {.ok = true};
	const struct command *c;
	const char *why;
	struct words w;
	size_t pos = 0;

	if (!is_recording(s) || parser_next(&w, line, &pos, &why))
		return;
	c = command_find(w.word[0], &error);
	buf_free(&error);
	if (!c || !is_recorded(c->name, &w) || is_about_stranger(c->name, &w))
		return;
	if (parser_has_secret(line)) {
		refuse(env, _("Not recorded: the command has a password in it, and a macro keeps none."));
		return;
	}
	add_command(env, s, c, &w);
	if (rec.commands < MACRO_STEPS - 2 && rec.lines.len < MACRO_TEXT_MAX - 2 * LINE_MAX_BYTES && !rec.lines.failed)
		return;
	recorder_stop(env, &r);
	result_free(&r);
	refuse(env, _("The recording was ended: a macro cannot be longer."));
}

void recorder_goes_on(struct command_env *env, struct script *s)
{
	if (!is_recording(s))
		return;
	if (script_own_call(s))
		rec.call = script_own_call(s);
	rec.known = look(env, rec.call);
	rec.since_ms = port_now_ms();
}

void recorder_forgets(const struct script *s)
{
	if (rec.starter == s)
		rec.starter = NULL;
}

/* ---- beginning and end ---- */

void recorder_start(struct command_env *env, struct script *s, char reg, struct result *r)
{
	const char name[2] = {reg, '\0'};
	enum script_kind kind = script_get_kind(s);
	const struct macro *old;

	if (rec.reg) {
		/* TRANSLATORS: %c is the letter of a register for macros */
		result_fail(r, STATUS_FAILED, _("register %c is being recorded; macro stop ends that"), rec.reg);
		return;
	}
	old = macro_find(name);
	if (old && old->source) {
		/* TRANSLATORS: %2$s is FILE:LINE */
		result_fail(r, STATUS_FAILED, _("the macro %1$s is defined at %2$s; change it there"), old->name, old->source);
		return;
	}
	recorder_close();
	rec.reg = macro_register(name);
	rec.append = reg != rec.reg;
	rec.starter = kind == SCRIPT_KEY || kind == SCRIPT_PROMPT ? NULL : s;
	rec.newest = phone_last_call(env->phone);
	rec.call = script_call(s);
	rec.known = look(env, rec.call);
	/* what is there ends who knows where: the first new command waits for the state that it needs */
	if (rec.append && old && rec.known.stage < STAGE_FAILED)
		rec.known.stage = STAGE_UNKNOWN;
	rec.since_ms = port_now_ms();
}

void recorder_stop(struct command_env *env, struct result *r)
{
	const char name[2] = {rec.reg, '\0'};
	const struct macro *old = rec.reg ? macro_find(name) : NULL;
	struct buf text = {0};

	if (!rec.reg) {
		result_fail(r, STATUS_FAILED, _("nothing is being recorded"));
		return;
	}
	rec.reg = '\0';
	if (rec.append && old)
		buf_printf(&text, "%s\n", old->text);
	if (rec.lines.s)
		buf_str(&text, rec.lines.s);
	if (text.failed || rec.lines.failed)
		result_fail(r, STATUS_FAILED, _("There is not enough memory for that."));
	else if (!rec.commands)
		/* TRANSLATORS: %s is the letter of a register for macros */
		buf_printf(&r->text, _("nothing was recorded; register %s is as it was"), name);
	else {
		macro_put(env, name, text.s, NULL, NULL, r);
		if (r->ok)
			buf_printf(&r->text, P_("%1$u command recorded in register %2$s", "%1$u commands recorded in register %2$s",
						rec.commands), rec.commands, name);
	}
	buf_free(&text);
	recorder_close();
}

void recorder_close(void)
{
	buf_free(&rec.lines);
	memset(&rec, 0, sizeof(rec));
}
