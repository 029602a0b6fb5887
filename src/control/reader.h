/* reader.h - reading JSON (RFC 8259) that somebody else wrote, strictly and in bounds. Pure.
 *
 * A text is read from left to right, without a tree. What is wrong is remembered: from then on every function
 * returns false, and reader_wrong() tells.
 */
#ifndef OFFHOOK_CONTROL_READER_H
#define OFFHOOK_CONTROL_READER_H

#include <stdbool.h>
#include <stddef.h>

#define READER_DEPTH 16 /* of arrays and objects in each other */

struct reader {
	const char *p;
	unsigned depth;
	bool wrong;
	bool fresh;      /* nothing of the innermost array or object was read yet */
};

/* TEXT must stay. */
void reader_begin(struct reader *r, const char *text);
/* What comes next: '{', '[', '"', '0' for a number, 't' for true, 'f', 'n', or '\0' for what is none of these. */
char reader_next(struct reader *r);
/* Enters an object or array; reader_member() or reader_item() then go through it until they return false, which leaves
 * it. Each value in between is to be read, or skipped. */
bool reader_enter(struct reader *r, char what);
/* The name of the next member in KEY; a longer one than fits becomes "". */
bool reader_member(struct reader *r, char *key, size_t size);
bool reader_item(struct reader *r);
/* A string as UTF-8. False, and wrong, also when it has a NUL in it (\u0000), or half a surrogate pair. One that does not
 * fit is wrong when FITS is NULL; else *FITS tells, and DST is "". */
bool reader_string(struct reader *r, char *dst, size_t size, bool *fits);
/* A number as it is written. */
bool reader_number(struct reader *r, char *dst, size_t size);
bool reader_boolean(struct reader *r, bool *value);
/* Any value. */
bool reader_skip(struct reader *r);
/* Nothing but blanks is left, and nothing was wrong. */
bool reader_done(struct reader *r);

#endif
