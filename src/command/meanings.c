/* What a bound command line does, in a few words. */
#include <string.h>

#include "base/i18n.h"
#include "command/command.h"

/* Where a command does several things; the last one that fits. */
static const struct { const char *command, *what; } particular[] = {
	{"notice next", N_("The next notice")},
	{"notice prev", N_("The notice before")},
	{"notice open", N_("The whole notice")},
	{"notice dismiss", N_("Dismisses the notice")},
	{"notice contact", N_("Calls the address that the notice offers")},
	{"notice edit", N_("Calls again, with another address")},
	{"notice password", N_("Asks for the account's password")},
	{"notice codecs", N_("Calls again, with other codecs")},
	{"notice save", N_("Saves the messages of the call")},
	{"redial now", N_("Calls again now")},
	{"redial toggle", N_("Redials by itself, or no longer")},
	{"macro record", N_("Records what the keys do, or no longer")},
	{"macro play", N_("Plays what was recorded")},
	{"select next", N_("The next call")},
	{"select prev", N_("The call before")},
	{"view calls", N_("Calls")},
	{"view accounts", N_("Accounts")},
	{"view trace", N_("The messages of a call")},
	{"view trace open", N_("The whole message")},
	{"view trace save", N_("Saves the messages of the call")},
	{"view trace search", N_("Looks for a word")},
	{"view help", N_("Keys and commands")},
	{"view help search", N_("Looks for a word")},
	{"view dial", N_("Dials a name, a number or an address")},
	{"view prompt", N_("Takes a command")},
	{"view next", N_("The next view")},
	{"view quit", N_("Quits; asks when a call is up")},
};

/* Is COMMAND what LINE is or begins with? */
static bool begins(const char *line, const char *command)
{
	size_t n = strlen(command);

	return !strncmp(line, command, n) && (!line[n] || line[n] == ' ');
}

void command_meaning(const char *line, char *out, size_t size)
{
	const struct command *table;
	const char *s = "";
	unsigned count, i;
	size_t n = 0;

	table = command_table(&count);
	for (i = 0; i < count; i++) {
		if (begins(line, table[i].name))
			s = _(table[i].sentence);
	}
	for (i = 0; i < sizeof(particular) / sizeof(particular[0]); i++) {
		if (begins(line, particular[i].command))
			s = _(particular[i].what);
	}
	/* as far as the sentence does not go into detail */
	while (s[n] && !(strchr(":;.", s[n]) && (!s[n + 1] || s[n + 1] == ' ')))
		n++;
	text_copyn(out, size, s, n);
}
