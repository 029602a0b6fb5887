#include <string.h>

#include "base/i18n.h"
#include "store/database.h"
#include "store/room.h"
#include "store/store.h"

static struct {
	struct phone *phone;
	bool failing;            /* the last write failed; said once */
} store;

void store_written(int err)
{
	if (err && !store.failing)
		phone_notice_printf(store.phone, SEVERITY_WARNING, "history",
				    /* TRANSLATORS: %s is what the database said */
				    _("The history and redials cannot be stored: %s"), database_error());
	store.failing = err != 0;
}

int store_open(struct phone *phone, const char *file, bool redials)
{
	bool set_aside;
	int err;

	memset(&store, 0, sizeof(store));
	store.phone = phone;
	err = database_open(file, &set_aside);
	if (!err && set_aside)
		phone_notice_printf(phone, SEVERITY_WARNING, "history",
				    /* TRANSLATORS: %s is a file name */
				    _("The history was broken and is kept as %s.broken; a new one was begun."), file);
	if (!err)
		err = history_start(phone);
	if (!err)
		err = redials_start(redials);
	if (err)
		store_close();
	return err;
}

void store_close(void)
{
	history_stop();
	redials_stop();
	database_close();
}
