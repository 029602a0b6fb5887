/* request.h - what a client of the control socket asks for in a line of JSON. Pure. */
#ifndef OFFHOOK_CONTROL_REQUEST_H
#define OFFHOOK_CONTROL_REQUEST_H

#include <stdbool.h>
#include <stdint.h>

#include "base/text.h"
#include "command/command.h"

#define REQUEST_ID_MAX 80 /* bytes of an id, quotes included */

enum request_kind { REQUEST_COMMAND, REQUEST_SUBSCRIBE, REQUEST_UNSUBSCRIBE };

struct request {
	enum request_kind kind;
	char id[REQUEST_ID_MAX];         /* as JSON: a number, or a string in quotes; "" = none */
	char command[LINE_MAX_BYTES];
	uint32_t events;                 /* bit I is that of event_names()[I] */
};

/* Reads LINE, a JSON object: {"id": N, "command": "…"}, or "subscribe" or "unsubscribe" with a list of event names;
 * "*" is every event. Members that it does not know are passed over. 0, or EINVAL with a sentence in ERROR; the id is
 * kept if it was read. */
int request_read(struct request *q, const char *line, struct buf *error);

#endif
