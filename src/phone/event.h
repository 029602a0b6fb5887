/* event.h - what the phone tells everyone else: a name and typed fields.
 *
 * An event is built, emitted and forgotten within one call; nobody may keep pointers into
 * it. Strings are made harmless (text_show()) and cut to 1 KiB as they are added, so every
 * reader (screen, JSON, hook, log) may use them as they are.
 */
#ifndef OFFHOOK_PHONE_EVENT_H
#define OFFHOOK_PHONE_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define EVENT_FIELDS_MAX 40
#define EVENT_STRING_MAX 1024
#define EVENT_POOL_SIZE  16384

enum event_type { EVENT_STRING, EVENT_INTEGER, EVENT_REAL, EVENT_BOOLEAN, EVENT_LIST };

struct event_field {
	const char *name;         /* a literal */
	enum event_type type;
	union {
		const char *string;
		int64_t integer;
		double real;
		bool boolean;
		struct {
			const char *first; /* COUNT strings, one after the other, NUL-terminated each */
			unsigned count;
		} list;
	} v;
};

struct event {
	const char *name;         /* a literal: "call", "outcome" ... */
	int64_t time_ms;          /* wall clock, ms since 1970 */
	unsigned n;
	struct event_field field[EVENT_FIELDS_MAX];
	size_t used;              /* bytes of pool in use */
	char pool[EVENT_POOL_SIZE];
};

/* The names of all events that there are, sorted; *COUNT of them (at most 32). */
const char *const *event_names(unsigned *count);

/* Begins an event; its time is port_wall_ms(). NAME must be a literal. */
void event_begin(struct event *e, const char *name);

/* Add a field; NAME must be a literal. A NULL or empty string, an empty list, and what no
 * longer fits are left out: a field that is not known is absent. */
void event_string(struct event *e, const char *name, const char *s);
void event_integer(struct event *e, const char *name, int64_t value);
void event_real(struct event *e, const char *name, double value);
void event_boolean(struct event *e, const char *name, bool value);
void event_list(struct event *e, const char *name, const char *const *items, unsigned count);

/* The field called NAME, or NULL. */
const struct event_field *event_find(const struct event *e, const char *name);
/* Its string, or NULL when it is absent or of another type. */
const char *event_find_string(const struct event *e, const char *name);
/* Its integer, or FALLBACK. */
int64_t event_find_integer(const struct event *e, const char *name, int64_t fallback);

#endif
