/* completion.h - what could stand where somebody types: for the prompts, whatever shows them. */
#ifndef OFFHOOK_COMMAND_COMPLETION_H
#define OFFHOOK_COMMAND_COMPLETION_H

#include "command/command.h"

#define COMPLETIONS_MAX 200 /* that are told; more are only counted */

enum completion_language {
	COMPLETE_COMMAND,            /* a command line, the `:` prompt */
	COMPLETE_TARGET              /* raw text that is dialled, the dial prompt */
};

/* One word that could stand there. */
struct completion {
	char *word;                  /* as it is to be put into the line, quoted where the language needs it; raw in a target */
	char *note;                  /* what it is: a sentence, a value, an address; "" = nothing to add; made safe to show */
};

struct completions {
	size_t from, to;             /* bytes of the line that a word replaces */
	char *common;                /* what all words begin with, quoted alike; "" = no more than is there */
	struct completion item[COMPLETIONS_MAX]; /* each word once; by name, but the newest calls and numbers first */
	unsigned n;
	unsigned all;                /* how many there are in truth */
	bool done;                   /* the one word is complete: a blank may follow it (no folder, no KEY=) */
};

/* Fills C with what fits LINE (NUL-terminated UTF-8) at CURSOR bytes: by type of the argument there. Takes well under
 * 10 ms with 50,000 contacts. 0 (also when nothing fits), or ENOMEM. Free with completions_free(), also after an error. */
int completion_find(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		    struct completions *c);
void completions_free(struct completions *c);

/* What is to come at CURSOR, in a few words for the line below the prompt: the usage of the command with the argument
 * that is being typed between two bytes 0x01 and 0x02, or the sentence of what a name stands for; "" = nothing to say. */
void completion_hint(const struct command_env *env, enum completion_language language, const char *line, size_t cursor,
		     struct buf *out);

#endif
