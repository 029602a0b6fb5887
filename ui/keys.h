/* keys.h - from single keys to what is bound to a sequence of them. */
#ifndef OFFHOOK_UI_KEYS_H
#define OFFHOOK_UI_KEYS_H

#include <stdbool.h>

#include "command/command.h"
#include "ui/input.h"

#define KEYS_SEQUENCE_MAX 16
#define KEYS_LONGER_MS    1000 /* how long a key waits for the rest of a longer binding */

struct keys_handlers {
	/* The contexts that apply now, most special first; returns how many. */
	unsigned (*contexts_h)(enum key_context *contexts);
	/* KEY has no binding; or, when FIRST, is offered before KEYS_GLOBAL and the rest are asked: true when used. */
	bool (*plain_h)(const char *key, bool first);
	void (*bound_h)(const char *command, const char *keys);
	/* Is COMMAND to be completed by the next key: a letter, or @? NULL: none is. */
	bool (*open_h)(const char *command);
};

struct keys {
	const struct keys_handlers *h;
	const struct keymap *map;
	char held[KEYS_SEQUENCE_MAX][KEY_BYTES];
	unsigned n;
	char open[64];           /* the command that the next key completes, "" = none */
};

/* Takes KEY. True: more keys could follow, call keys_timeout() after KEYS_LONGER_MS unless another comes. */
bool keys_take(struct keys *k, const char *key);
bool keys_timeout(struct keys *k);

#endif
