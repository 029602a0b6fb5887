/* contacts.h - the user's contacts: a file that only the user writes, one a line (contact_line.h). */
#ifndef OFFHOOK_STORE_CONTACTS_H
#define OFFHOOK_STORE_CONTACTS_H

#include "phone/phone.h"

#define CONTACTS_KEPT 100000 /* at most; further lines are told and passed over */

/* Reads FILE from now on: at once, in steps that do not hold up the loop, and again whenever it is another than it was
 * (looked at when somebody asks). While it is read, what was there before stands. A wrong line is told by a notice of
 * PHONE with file and line, once, the first few of a file; the others take effect. A name or nick that an earlier line
 * has is wrong. No file: no contacts. ENOMEM, ENAMETOOLONG. */
int contacts_start(struct phone *phone, const char *file);
void contacts_stop(void);

/* As port_contact_find() and port_contacts(). Strings are good until one of these is called again. */
bool contacts_find(const char *text, bool wait, struct contact_entry *e);
void contacts_matching(const char *typed, contact_entry_h *h, void *arg);

#endif
