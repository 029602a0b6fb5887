/* field.h - the small text work around header fields: numbers, quoting, what may be written. */
#ifndef OFFHOOK_SIP_FIELD_H
#define OFFHOOK_SIP_FIELD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <re.h>

/* The number that V begins with, at most MAX; FALLBACK when it begins with no digit. (libre's own
 * reader gives 0 when anything follows the digits, and wraps.) */
uint32_t field_number(const struct pl *v, uint32_t max, uint32_t fallback);

/* TEXT as a quoted-string with its quotes (RFC 3261 section 25.1) into DST: '"' and '\' escaped, control
 * characters left out. ENOSPC. */
int field_quote(char *dst, size_t size, const char *text);

/* USER with everything that a SIP URI's user part must escape as %XX; escapes that are there stay. ENOSPC. */
int field_escape_user(char *dst, size_t size, const char *user);
/* The other way round, bounded; a broken escape stays as it is. */
void field_unescape(char *dst, size_t size, const struct pl *pl);

/* May LINE ("Name: value") go into a request as the user's own header? Not when it has a control
 * character, no token for a name, or names a field that we write ourselves. */
bool field_line_allowed(const char *line);

/* Is it a token (RFC 3261 section 25.1)? */
bool field_is_token(const struct pl *pl);

/* The parameter NAME of a URI's or header's parameters (";a=b;c"), compared without case and by whole
 * name; *VALUE is empty when it has none. False when it is not there. */
bool field_param(struct pl *value, const struct pl *params, const char *name);

/* The display name of a From or To as people wrote it: quotes and escapes taken off. */
void field_display_name(char *dst, size_t size, const struct pl *dname);

#endif
