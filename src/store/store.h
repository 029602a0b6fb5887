/* store.h - what outlives the program, in $STATE/offhook.db: the calls that were, and those that are to be made again. */
#ifndef OFFHOOK_STORE_STORE_H
#define OFFHOOK_STORE_STORE_H

#include "phone/phone.h"
#include "phone/redial.h"

/* Opens the database FILE (made, mode 0600, if it is not there) and from then on writes a row for each call of PHONE
 * that ends. A failed call's row is committed before any listener that was added later hears of its `outcome`: so
 * call this before the others listen. What is written survives the death of the process (write-ahead log). A file that
 * is no database, or a broken one, is set aside as FILE.broken and told by a notice. REDIALS false: none is stored or
 * loaded, and those of earlier runs stay as they are. 0; EPROTO when a newer offhook wrote the file; an errno when nothing can be kept:
 * the phone works without. */
int store_open(struct phone *phone, const char *file, bool redials);
/* Closes it; calls that are still up get no row. */
void store_close(void);

/* Calls H for each redial that is stored, at most REDIALS_MAX, the one stored longest first. A record that cannot be
 * right (an address with blanks, a time before 1970) is passed over. H may store and drop redials. */
typedef void redial_record_h(const struct redial_record *record, void *arg);
void redials_load(redial_record_h *h, void *arg);

#endif
