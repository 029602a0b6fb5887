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

void port_store_prompt(const char *kind, const char *line)
{
	(void)kind;
	(void)line;
}

void port_store_prompts(const char *kind, store_line_h *h, void *arg)
{
	(void)kind;
	(void)h;
	(void)arg;
}

void port_store_register(char name, const char *lines)
{
	registers_put(name, lines);
}

void port_store_registers(store_register_h *h, void *arg)
{
	registers_load(h, arg);
}
