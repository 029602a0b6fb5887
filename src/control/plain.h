/* plain.h - the phone in sentences: what --plain prints, for a screen reader, a braille line or a terminal that can do
 * nothing but print. A line is never written again; nothing is said only for decoration. */
#ifndef OFFHOOK_CONTROL_PLAIN_H
#define OFFHOOK_CONTROL_PLAIN_H

#include "base/text.h"
#include "phone/event.h"
#include "phone/snapshot.h"

/* Adds E as lines of text, each ended by \n, in the user's language; nothing for what needs no word (a tone that is
 * heard anyway, a level). NOW: the phone as it is, for what an event does not carry (a notice's actions). */
void plain_event(struct buf *out, const struct event *e, const struct snapshot *now);

#endif
