/* What `wait` waits for. Each condition is satisfied when it is reached or was passed already, and fails
 * when it can no longer come. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"

#define LIMIT_MS     60000
#define CALLS_BEHIND 64 /* how far back `wait incoming` looks */

static const char *const names[WAIT_CONDITIONS] = {
	[WAIT_REGISTERED] = "registered", [WAIT_RINGING] = "ringing", [WAIT_ESTABLISHED] = "established",
	[WAIT_CLOSED] = "closed", [WAIT_IDLE] = "idle", [WAIT_OUTCOME] = "outcome", [WAIT_DTMF] = "dtmf",
	[WAIT_INCOMING] = "incoming",
};

static const char *const sentences[WAIT_CONDITIONS] = {
	[WAIT_REGISTERED] = N_("An account is registered."),
	[WAIT_RINGING] = N_("The call rings."),
	[WAIT_ESTABLISHED] = N_("The call has been answered."),
	[WAIT_CLOSED] = N_("The call is over."),
	[WAIT_IDLE] = N_("No call is up."),
	[WAIT_OUTCOME] = N_("The call has failed; with 4xx or a code, like that."),
	[WAIT_DTMF] = N_("Those digits have been received in the call, one after the other."),
	[WAIT_INCOMING] = N_("A call has come in, after the one that the script had last."),
};

const char *wait_condition(unsigned i, const char **sentence)
{
	if (i >= WAIT_CONDITIONS)
		return NULL;
	*sentence = sentences[i];
	return names[i];
}

/* "4xx" or "486". */
static bool read_outcome(const char *s, unsigned *code)
{
	unsigned long n;

	if (s[0] >= '3' && s[0] <= '6' && !strcmp(s + 1, "xx")) {
		*code = (unsigned)(s[0] - '0');
		return true;
	}
	if (strlen(s) != 3 || !read_number(s, 300, 699, &n))
		return false;
	*code = (unsigned)n;
	return true;
}

bool wait_read(struct wait *w, const struct words *words, struct result *r)
{
	struct buf step = {0};
	unsigned i, at = 2;

	memset(w, 0, sizeof(*w));
	w->limit_ms = LIMIT_MS;
	parser_join(&step, words, 0, words->n);
	text_copy(w->step, sizeof(w->step), step.s);
	buf_free(&step);
	for (i = 0; i < WAIT_CONDITIONS && strcmp(words->word[1], names[i]); i++)
		;
	if (i == WAIT_CONDITIONS) {
		/* TRANSLATORS: fills: unknown condition "ringin" */
		result_unknown(r, _("condition"), words->word[1], names, WAIT_CONDITIONS);
		return false;
	}
	w->condition = (enum wait_condition)i;
	if (w->condition == WAIT_OUTCOME && words->n > at && read_outcome(words->word[at], &w->code))
		at++;
	if (w->condition == WAIT_DTMF) {
		const char *d = words->n > at ? words->word[at++] : "";

		if (!*d || d[strspn(d, "0123456789*#ABCDabcd")] || !text_copy(w->digits, sizeof(w->digits), d)) {
			result_fail(r, STATUS_USAGE, _("wait dtmf needs the digits to wait for: 0-9 * # A-D, at most 64"));
			return false;
		}
		for (i = 0; w->digits[i]; i++) {
			if (w->digits[i] >= 'a')
				w->digits[i] = (char)(w->digits[i] - 'a' + 'A');
		}
	}
	if (words->n > at && !read_duration(words->word[at++], &w->limit_ms)) {
		result_fail(r, STATUS_USAGE, w->condition == WAIT_OUTCOME && words->n == 3 ?
			    _("\"%.80s\" is no outcome (486 or 4xx, from 300 on) and no duration (10s)") :
			    _("\"%.80s\" is no duration: 500ms, 2s or 1m, at most a day"), words->word[at - 1]);
		return false;
	}
	if (words->n > at) {
		result_fail(r, STATUS_USAGE, _("\"%.80s\" is one word too many"), words->word[at]);
		return false;
	}
	return true;
}

/* ---- accounts ---- */

static bool will_try_again(const struct account *a)
{
	return a->state == REGISTRATION_REGISTERING || (a->state == REGISTRATION_FAILED && a->retry_ms);
}

static void describe(char *dst, size_t size, unsigned code, enum local_error error)
{
	const struct outcome *o;
	bool known;

	if (!code) {
		text_copy(dst, size, error ? _(outcome_local(error)->phrase) : _("no answer"));
		return;
	}
	o = outcome_find(code, &known);
	if (known)
		snprintf(dst, size, "%u %s", code, o->phrase);
	else
		/* TRANSLATORS: a response code that nobody registered, and the one that it is taken for */
		snprintf(dst, size, _("%1$u (unknown, treated as %2$u %3$s)"), code, o->code, o->phrase);
}

static enum wait_state look_registered(const struct wait *w, struct command_env *env, struct result *r)
{
	const struct account *failed = NULL;
	unsigned i, n = phone_accounts(env->phone);
	bool hope = false;
	char what[160];

	for (i = 0; i < n; i++) {
		const struct account *a = phone_account_at(env->phone, i);

		if (a->state == REGISTRATION_REGISTERED)
			return WAIT_DONE;
		if (will_try_again(a))
			hope = true;
		else if (a->state == REGISTRATION_FAILED)
			failed = a;
	}
	if (hope)
		return WAIT_PENDING;
	if (!failed) {
		result_fail(r, STATUS_FAILED, _("%s: no account registers"), w->step);
		return WAIT_FAILED;
	}
	describe(what, sizeof(what), failed->code, failed->error);
	result_fail(r, outcome_exit_status(failed->code, failed->error),
		    /* TRANSLATORS: %1$s is a step of a script ("wait registered"), %2$s an account, %3$s such as "403 Forbidden" */
		    _("%1$s: the registration of %2$s failed: %3$s"), w->step, failed->name, what);
	return WAIT_FAILED;
}

/* ---- calls ---- */

/* A call that came in after the script's own last one becomes its own. */
static enum wait_state look_incoming(struct command_env *env, struct script *s)
{
	unsigned last = phone_last_call(env->phone), n = script_own_call(s) + 1;
	struct call_info info;

	if (last > CALLS_BEHIND && n < last - CALLS_BEHIND)
		n = last - CALLS_BEHIND;
	for (; n <= last; n++) {
		if (phone_call_info(env->phone, n, &info) || !info.incoming || info.over)
			continue;
		script_set_call(s, n);
		return WAIT_DONE;
	}
	return WAIT_PENDING;
}

static bool matches(const struct wait *w, const struct call_info *info)
{
	return info->failed && (!w->code || w->code == info->code || w->code == info->code / 100);
}

/* Reached, or passed already. */
static bool reached(const struct wait *w, const struct call_info *info)
{
	switch (w->condition) {
	case WAIT_RINGING:
		return info->was_ringing || info->was_established;
	case WAIT_ESTABLISHED:
		return info->was_established;
	case WAIT_CLOSED:
		return info->closed; /* a failed call is when its tone has ended */
	case WAIT_OUTCOME:
		return matches(w, info);
	default:
		return strstr(info->received_dtmf, w->digits) != NULL;
	}
}

static void fail_over(const struct wait *w, const struct call_info *info, struct result *r)
{
	char what[160];

	if (info->failed) {
		describe(what, sizeof(what), info->code, info->error);
		/* TRANSLATORS: %1$s is a step of a script ("wait established"), %2$s such as "486 Busy Here" */
		result_fail(r, outcome_exit_status(info->code, info->error), _("%1$s: the call failed: %2$s"),
			    w->step, what);
	}
	else if (info->over)
		result_fail(r, STATUS_FAILED, _("%s: the call has ended"), w->step);
	else
		result_fail(r, STATUS_FAILED, _("%s: the call was answered"), w->step);
}

static enum wait_state look_call(const struct wait *w, struct command_env *env, struct script *s, struct result *r)
{
	unsigned call = script_call(s);
	struct call_info info;

	if (!call)
		return WAIT_PENDING; /* the first one may still come in */
	if (phone_call_info(env->phone, call, &info)) {
		if (w->condition == WAIT_CLOSED)
			return WAIT_DONE;
		result_fail(r, STATUS_FAILED, _("%s: the call ended too long ago to be remembered"), w->step);
		return WAIT_FAILED;
	}
	if (reached(w, &info))
		return WAIT_DONE;
	if (w->condition == WAIT_CLOSED || !(info.over || (w->condition == WAIT_OUTCOME && info.was_established)))
		return WAIT_PENDING;
	fail_over(w, &info, r);
	return WAIT_FAILED;
}

enum wait_state wait_look(const struct wait *w, struct command_env *env, struct script *s, struct result *r)
{
	switch (w->condition) {
	case WAIT_REGISTERED:
		return look_registered(w, env, r);
	case WAIT_IDLE:
		return phone_active_calls(env->phone) ? WAIT_PENDING : WAIT_DONE;
	case WAIT_INCOMING:
		return look_incoming(env, s);
	default:
		return look_call(w, env, s, r);
	}
}

void wait_timed_out(const struct wait *w, struct command_env *env, struct script *s, struct result *r)
{
	bool about_call = w->condition != WAIT_REGISTERED && w->condition != WAIT_IDLE && w->condition != WAIT_INCOMING;
	unsigned call = about_call ? script_call(s) : 0;
	double seconds = (double)w->limit_ms / 1000;
	struct call_info info;

	if (call && !phone_call_info(env->phone, call, &info))
		/* TRANSLATORS: %1$s is a step of a script ("wait established"), %3$s a state in English ("ringing") */
		result_fail(r, STATUS_TIMEOUT, _("%1$s: not within %2$g s; the call is %3$s"), w->step, seconds,
			    call_state_name(info.state));
	else
		result_fail(r, STATUS_TIMEOUT, _("%1$s: not within %2$g s"), w->step, seconds);
}
