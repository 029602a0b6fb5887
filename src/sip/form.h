/* form.h - how the requests of a call are written, as the repairs of an attempt have it (struct attempt_form). */
#ifndef OFFHOOK_SIP_FORM_H
#define OFFHOOK_SIP_FORM_H

#include <re.h>

#include "phone/attempt.h"

/* Is TAG among TAGS, which blanks part? Without case, as option tags are compared. */
bool form_has_tag(const char *tags, const char *tag);

/* Writes Supported, and Require when FORM asks for more than we would. */
int form_write_options(struct mbuf *mb, const struct attempt_form *form);

/* Writes LINES (each "Name: value" with CR LF), with the tags in WITHOUT left out of Supported, Require and
 * Proxy-Require; a line of which nothing is left goes. */
int form_write_lines(struct mbuf *mb, const char *lines, const char *without);

/* Gives the header lines at the beginning of MB, up to the empty one, their short names (RFC 3261 section 7.3.3). */
void form_shorten(struct mbuf *mb);

#endif
