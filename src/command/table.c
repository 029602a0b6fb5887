/* The one table of commands: look-up, argument types, help. */
#include <limits.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"

#define ANY UINT_MAX

static const struct command table[] = {
	{"account", "add NAME SIP-URI [KEY=VALUE]... | edit ACCOUNT KEY=VALUE... | "
	 "remove|register|unregister|default ACCOUNT",
	 N_("Defines, changes or removes an account, registers it or takes it off, or makes it the default."),
	 command_account, 1, ANY, {ARG_WORD, ARG_ACCOUNT, ARG_WORD}},
	{"answer", "[CALL]", N_("Answers the call, or the one that has been ringing longest."),
	 command_answer, 0, 1, {ARG_CALL}},
	{"bind", "CONTEXT KEYS COMMAND", N_("Lets keys run a command; quote it when it holds a ; of its own."),
	 command_bind, 3, ANY, {ARG_CONTEXT, ARG_KEYS, ARG_COMMAND}},
	{"dial", "TARGET [account=NAME] [codecs=LIST] [header='NAME: VALUE']...",
	 N_("Calls a name, a number or a SIP address."),
	 command_dial, 1, ANY, {ARG_TARGET}},
	{"dnd", "on|off|toggle", N_("Do not disturb: calls are refused and told as missed, and nothing rings."),
	 command_dnd, 1, 1, {ARG_ON_OFF}},
	{"dtmf", "DIGITS", N_("Sends digits into the call: 0-9 * # A-D, and a comma for a second of pause."),
	 command_dtmf, 1, 1, {ARG_DIGITS}},
	{"echo", "TEXT", N_("Prints the text."), command_echo, 0, ANY, {ARG_TEXT}},
	{"exchange", "on|off", N_("Starts or stops the built-in exchange."), command_exchange, 1, 1, {ARG_ON_OFF}},
	{"forward", "TARGET|off", N_("Sends calls that come on to a name, a number or a SIP address, or no longer."),
	 command_forward, 1, ANY, {ARG_TARGET}},
	{"hangup", "[CALL]", N_("Ends the call: hangs up, cancels or rejects it."),
	 command_hangup, 0, 1, {ARG_CALL}},
	{"help", "[COMMAND]", N_("Tells what a command does; alone, what there is."),
	 command_help, 0, 1, {ARG_WORD}},
	{"history", "export FILE", N_("Writes all calls that were to a file: CSV or JSON, as its name ends."),
	 command_history, 2, 2, {ARG_WORD, ARG_FILE}},
	{"hold", "[CALL|toggle]", N_("Puts a call on hold; with toggle, resumes the selected one if it is held."),
	 command_hold, 0, 1, {ARG_CALL}},
	{"hook", "[EVENT [SHELL-COMMAND|off]]",
	 N_("Runs a program of yours at each event, with the event's fields in its environment; without one, prints what runs; off: no longer."),
	 command_hook, 0, ANY, {ARG_EVENT, ARG_TEXT}},
	{"import", "baresip", N_("Takes the accounts of the phone baresip over, from ~/.baresip/accounts; its contacts and settings are not read."),
	 command_import, 1, 1, {ARG_WORD}},
	{"keys", "KEYS", N_("Types the keys as a person would, in the notation of bindings: decho<CR>."),
	 command_keys, 1, ANY, {ARG_KEYS}},
	{"list-commands", "", N_("Prints every command with its arguments."), command_list, 0, 0, {ARG_NONE}},
	{"macro", "define NAME \"COMMANDS\" [\"DESCRIPTION\"] | record REGISTER | stop | play REGISTER|MACRO [ARG]... | "
	 "edit REGISTER|MACRO | save REGISTER NAME",
	 N_("Records what the keys do into a register (a-z), plays it or a named macro, and defines, edits and keeps macros."),
	 command_macro, 1, ANY, {ARG_WORD, ARG_WORD, ARG_TEXT}},
	{"mute", "[on|off|toggle]", N_("Silences the microphone, or opens it again; alone, the other of the two."),
	 command_mute, 0, 1, {ARG_ON_OFF}},
	{"notice", "next|prev|dismiss|open|edit|password|codecs|save | contact [N]",
	 N_("Selects, dismisses or opens a notice; calls the address number N that it offers; asks for what a new try needs: "
	    "another address, the password, other codecs; or saves the messages."),
	 command_notice, 1, 2, {ARG_WORD}},
	{"quit", "[STATUS]", N_("Ends all calls and the program."), command_quit, 0, 1, {ARG_WORD}},
	{"redial", "[now|auto|toggle|cancel] [CALL|notice]",
	 N_("Calls a target that failed again: now, by itself at the time that the other side named, or not; alone, now. "
	    "Without CALL the newest failed call; notice: that of the selected notice."),
	 command_redial, 0, 2, {ARG_WORD, ARG_CALL}},
	{"reject", "[CALL] [CODE]", N_("Refuses a ringing call, with 486 (busy) or the code given."),
	 command_reject, 0, 2, {ARG_CALL, ARG_CODE}},
	{"resume", "[CALL]", N_("Takes a call off hold."), command_resume, 0, 1, {ARG_CALL}},
	{"select", "CALL|next|prev", N_("Selects a call."), command_select, 1, 1, {ARG_CALL}},
	{"set", "OPTION [VALUE]", N_("Sets an option for this run; alone, prints value, range and meaning."),
	 command_set, 1, ANY, {ARG_OPTION, ARG_VALUE}},
	{"sleep", "DURATION", N_("Holds up the script: 500ms, 2s, 1m."), NULL, 1, 1, {ARG_DURATION}},
	{"source", "FILE", N_("Runs the commands of a file."), command_source, 1, 1, {ARG_FILE}},
	{"toggle", "OPTION", N_("Switches an option to its other value."), command_toggle, 1, 1, {ARG_OPTION}},
	{"trace", "save [CALL] FILE", N_("Writes the messages of a call to a file: as pcap when its name ends in .pcap, else as text."),
	 command_trace, 2, 3, {ARG_WORD, ARG_FILE}},
	{"unbind", "CONTEXT KEYS", N_("Takes the command away from keys."),
	 command_unbind, 2, 2, {ARG_CONTEXT, ARG_KEYS}},
	{"view", "VIEW|next|quit | trace [CALL] | dial|prompt [TEXT]",
	 N_("Shows another part of the screen; trace: the messages of a call. The prompts are views too."),
	 command_view, 1, ANY, {ARG_VIEW, ARG_TEXT}},
	{"volume", "[N|+N|-N]", N_("Sets how loud the other side is, in percent; with a sign, louder or softer by so much."),
	 command_volume, 0, 1, {ARG_WORD}},
	{"wait", "registered|ringing|established|closed|idle|incoming [TIMEOUT] | outcome [4xx|CODE] [TIMEOUT] | "
	 "dtmf DIGITS [TIMEOUT]",
	 N_("Holds up the script until that has come, at most 60 s or the time given."),
	 NULL, 1, 3, {ARG_CONDITION, ARG_WORD}},
};
#define COUNT (sizeof(table) / sizeof(table[0]))

const struct command *command_table(unsigned *count)
{
	*count = COUNT;
	return table;
}

static void ambiguous(struct buf *error, const char *name)
{
	size_t len = strlen(name);
	const char *comma = "";
	unsigned i;

	/* TRANSLATORS: a list of commands follows */
	buf_printf(error, _("\"%s\" could be several commands: "), name);
	for (i = 0; i < COUNT; i++) {
		if (strncmp(table[i].name, name, len))
			continue;
		buf_printf(error, "%s%s", comma, table[i].name);
		comma = ", ";
	}
}

const struct command *command_find(const char *name, struct buf *error)
{
	const char *names[COUNT];
	const struct command *found = NULL;
	size_t len = strlen(name);
	unsigned i, n = 0;

	for (i = 0; i < COUNT; i++) {
		names[i] = table[i].name;
		if (strncmp(table[i].name, name, len))
			continue;
		if (!table[i].name[len])
			return &table[i];
		found = &table[i];
		n++;
	}
	if (len && n == 1)
		return found;
	if (len && n)
		ambiguous(error, name);
	else
		/* TRANSLATORS: fills: unknown command "dail" */
		unknown_word(error, _("command"), name, names, COUNT);
	return NULL;
}

static void usage(struct buf *out, const struct command *c)
{
	buf_printf(out, "%s%s%s", c->name, *c->usage ? " " : "", c->usage);
}

void command_list(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	unsigned i;

	(void)env;
	(void)script;
	(void)w;
	for (i = 0; i < COUNT; i++) {
		if (i)
			buf_str(&r->text, "\n");
		usage(&r->text, &table[i]);
	}
}

void command_help(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	struct buf error = {0};
	const struct command *c;
	unsigned i;

	(void)env;
	(void)script;
	if (w->n > 1) {
		c = command_find(w->word[1], &error);
		if (!c) {
			result_take_error(r, STATUS_USAGE, &error);
			return;
		}
		usage(&r->text, c);
		buf_printf(&r->text, "\n%s", _(c->sentence));
		return;
	}
	for (i = 0; i < COUNT; i++)
		buf_printf(&r->text, "%s%s: %s", i ? "\n" : "", table[i].name, _(table[i].sentence));
}
