/* contact_line.h - one line of the contacts file. Pure. */
#ifndef OFFHOOK_STORE_CONTACT_LINE_H
#define OFFHOOK_STORE_CONTACT_LINE_H

#include "phone/ports.h"

#define CONTACT_LINE_MAX 1024 /* bytes of a line, NUL included */

/* Reads LINE (without its end):
 *
 *     Name <sip:user@host> ;nick=short;account=work
 *
 * into E, whose strings then lie in LINE, which is changed; .dialled is left out. The name may stand in quotation marks, as in a SIP message
 * (RFC 3261 section 25.1, name-addr); blanks in it count as one. Of the words behind the address nick= and account= are
 * read; presence= and access=, which other phones write, are passed over. 0; ENOENT: blank or a comment (#); EINVAL with
 * *WHY a translated sentence. */
int contact_line_read(struct contact_entry *e, char *line, const char **why);

#endif
