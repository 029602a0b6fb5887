/* The store's ports, alone in their file: who tests the phone without a store has its own. */
#include "phone/ports.h"
#include "store/room.h"

void port_store_redial(const struct redial_record *record)
{
	redials_put(record);
}

void port_store_redial_drop(const char *uri, const char *account)
{
	redials_drop(uri, account);
}

int port_store_export(const char *file, unsigned *rows)
{
	return history_export(file, rows);
}
