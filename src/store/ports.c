/* The store's ports, alone in their file: who tests the phone without a store has its own. */
#include "phone/ports.h"
#include "store/contacts.h"
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

void port_store_prompt(const char *kind, const char *line)
{
	prompts_put(kind, line);
}

void port_store_prompts(const char *kind, store_line_h *h, void *arg)
{
	prompts_each(kind, h, arg);
}

void port_store_numbers(const char *typed, store_number_h *h, void *arg)
{
	numbers_each(typed, h, arg);
}

bool port_contact_find(const char *text, bool wait, struct contact_entry *entry)
{
	return contacts_find(text, wait, entry);
}

void port_contacts(const char *typed, contact_entry_h *h, void *arg)
{
	contacts_matching(typed, h, arg);
}

void port_store_register(char name, const char *lines)
{
	registers_put(name, lines);
}

void port_store_registers(store_register_h *h, void *arg)
{
	registers_load(h, arg);
}
