/* reply.h - the answer to a command, as the faces without a screen print it. */
#ifndef OFFHOOK_CONTROL_REPLY_H
#define OFFHOOK_CONTROL_REPLY_H

#include "base/text.h"

#define REPLY_MAX (32u << 10) /* of the text of one reply: `help` is longer than an event's string */

/* Adds the lines of TEXT, each made harmless; what is above REPLY_MAX is cut and ends in U+2026. */
void reply_show(struct buf *out, const char *text);

#endif
