/* completing.h - what the files of completion share. A command's usage is the grammar: words in small letters stand for
 * themselves, words in capitals are types, and a type gets what it offers by its row in completion_words.c. */
#ifndef OFFHOOK_COMMAND_COMPLETING_H
#define OFFHOOK_COMMAND_COMPLETING_H

#include "command/completion.h"

#define COMPLETION_MAX_BYTES 1024 /* a longer word is not offered */

/* The command in hand, as far as it is typed. */
struct place {
	struct words words;          /* unquoted; with the word in hand when it is begun */
	unsigned at;                 /* the word in hand: 0 is the command's name */
	unsigned first;              /* the word that the command's name is: a command may hold another (bind) */
	char typed[LINE_MAX_BYTES];  /* the word in hand up to the cursor, "" = not begun */
	size_t begin[WORDS_MAX + 1]; /* bytes of the line where each word begins */
	size_t to;                   /* where the word in hand ends in the line */
};
/* What stands at CURSOR; false when nothing can be completed there (a comment, a line that is too long). */
bool place_find(struct place *p, const char *line, size_t cursor);

/* One asking. */
struct completing {
	const struct command_env *env;
	struct place *place;         /* NULL in a target */
	const char *typed;           /* what words are to begin with: without .key */
	char instead[COMPLETION_MAX_BYTES]; /* what the word in hand stands for: ~ written out; "" = itself */
	char key[64];                /* "account=": stands in front of each word; "" = nothing */
	bool sorted;                 /* words come in any order and are put in that of their letters */
	struct completions *c;
	struct buf common;           /* of all words so far, unquoted */
	bool begins;                 /* set by who offers: the next word goes on behind what is offered (a folder, KEY=) */
	bool goes_on;                /* the last word that was taken does */
	bool address;                /* what was typed looks like one */
	bool fits_words;             /* words need not begin with what was typed: contacts, addresses */
	bool failed;
};
typedef void completing_h(struct completing *g);

/* Offers WORD (unquoted) if it begins with what was typed and can be shown as it is; NOTE says what it is, "" = nothing. */
void completing_offer(struct completing *g, const char *word, const char *note);
/* The same without a look at either. */
void completing_add(struct completing *g, const char *word, const char *note);

/* The words of a type in usages ("CALL", or "account=" for what follows that key), NULL: there are none to tell. KNOWN:
 * the type has a row. */
completing_h *completing_type(const char *type, size_t len, bool *known);

completing_h completing_files, completing_targets;
/* Is TEXT the name or nick of a contact: "Name <address>" into OUT. */
void completing_hint_target(const char *text, struct buf *out);

/* Offers what the usage has for the word in hand. */
void usage_complete(struct completing *g);
/* The forms of the usage that fit what is typed, the first argument in hand between 0x01 and 0x02. */
void usage_hint(struct completing *g, struct buf *out);
/* Calls H for each type that the usages name. */
typedef void usage_type_h(const char *type, size_t len, void *arg);
void usage_types(const char *usage, usage_type_h *h, void *arg);

#endif
