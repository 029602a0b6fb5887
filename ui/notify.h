/* notify.h - what is sent to the terminal so that the desktop tells of something. Pure. */
#ifndef OFFHOOK_UI_NOTIFY_H
#define OFFHOOK_UI_NOTIFY_H

#include <stdbool.h>
#include <stddef.h>

#define NOTIFY_MAX 320 /* bytes of a sequence */

/* Writes the control sequence of HOW ("osc9": OSC 9, of iTerm2 and ConEmu; "osc777": OSC 777, of rxvt-unicode) that shows
 * TEXT into DST (NOTIFY_MAX bytes) and returns its length; 0 for every other HOW. TEXT is cut at 200 bytes and cannot
 * end the sequence, whatever is in it. Without UTF8 all that is not ASCII becomes '?'. */
size_t notify_sequence(char *dst, const char *how, const char *text, bool utf8);

#endif
