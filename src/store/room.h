/* room.h - what the files of this room share. */
#ifndef OFFHOOK_STORE_ROOM_H
#define OFFHOOK_STORE_ROOM_H

#include "phone/phone.h"
#include "phone/redial.h"

/* Pairs; 0 or an errno. The database is open. */
int history_start(struct phone *phone);
void history_stop(void);
/* KEEP false: none is stored, and those of earlier runs are left alone. */
int redials_start(bool keep);
void redials_stop(void);

/* Something was to be written, with that result: the user is told when it begins to fail. */
void store_written(int err);

/* As port_store_redial(), port_store_redial_drop(), port_store_export() and those of the registers. */
void redials_put(const struct redial_record *record);
void redials_drop(const char *uri, const char *account);
int history_export(const char *file, unsigned *rows);
void registers_put(char name, const char *lines);
void registers_load(store_register_h *h, void *arg);

/* As port_store_prompt(), port_store_prompts() and port_store_numbers(). */
void prompts_put(const char *kind, const char *line);
void prompts_each(const char *kind, store_line_h *h, void *arg);
void numbers_each(const char *typed, store_number_h *h, void *arg);

#endif
