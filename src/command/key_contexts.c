/* Where keys can be bound: the names of the contexts, and what each is for people. */
#include "base/i18n.h"
#include "command/command.h"

static const struct { const char *name, *title; } contexts[KEYS_CONTEXTS] = {
	[KEYS_PROMPT]   = {"prompt", N_("While typing a line")},
	[KEYS_CALLS]    = {"calls", N_("In the calls view")},
	[KEYS_NOTICES]  = {"notices", N_("On a notice")},
	[KEYS_HELP]     = {"help", N_("In the help")},
	[KEYS_ACCOUNTS] = {"accounts", N_("In the accounts view")},
	[KEYS_TRACE]    = {"trace", N_("In the trace view")},
	[KEYS_RINGING]  = {"ringing", N_("While a call rings")},
	[KEYS_TALKING]  = {"talking", N_("While the selected call talks")},
	[KEYS_FAILED]   = {"failed", N_("On a failed call")},
	[KEYS_GLOBAL]   = {"global", N_("Everywhere")},
};

const char *key_context_name(enum key_context c)
{
	return c < KEYS_CONTEXTS ? contexts[c].name : "";
}

const char *key_context_title(enum key_context c)
{
	return c < KEYS_CONTEXTS ? contexts[c].title : "";
}
