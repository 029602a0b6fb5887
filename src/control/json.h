/* json.h - events as lines of JSON (RFC 8259): one object a line, ASCII only, numbers as in the C
 * locale whatever the program's. Writing cannot fail but for memory, which B remembers. */
#ifndef OFFHOOK_CONTROL_JSON_H
#define OFFHOOK_CONTROL_JSON_H

#include <stdint.h>

#include "base/text.h"
#include "phone/event.h"

/* {"event": NAME, "time": seconds with three decimals. KEYs and NAME are literals. */
void jsonl_begin(struct buf *b, const char *name, int64_t time_ms);
/* Adds a field. Everything but printable ASCII is written as \uXXXX, invalid UTF-8 as \ufffd. */
void jsonl_string(struct buf *b, const char *key, const char *s);
void jsonl_integer(struct buf *b, const char *key, int64_t value);
/* What is no number (NaN, infinite) is left out: JSON has no word for it. */
void jsonl_real(struct buf *b, const char *key, double value);
void jsonl_boolean(struct buf *b, const char *key, bool value);
/* } and the end of the line. */
void jsonl_end(struct buf *b);

/* A whole event as one line. */
void jsonl_event(struct buf *b, const struct event *e);

#endif
