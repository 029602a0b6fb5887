/* history.h - the calls that were, in $STATE/offhook.db. The only room that knows SQLite. */
#ifndef OFFHOOK_STORE_HISTORY_H
#define OFFHOOK_STORE_HISTORY_H

#include "phone/phone.h"

/* Opens the database FILE (made, mode 0600, if it is not there) and from then on writes a row for each call of PHONE
 * that ends. A failed call's row is committed before any listener that was added later hears of its `outcome`: so
 * call this before the others listen. A row survives the death of the process (write-ahead log). A file that is no
 * database, or a broken one, is set aside as FILE.broken and told by a notice. 0; an errno when no history can be
 * kept: the phone works without. */
int history_open(struct phone *phone, const char *file);
/* Closes it; calls that are still up get no row. */
void history_close(void);

#endif
