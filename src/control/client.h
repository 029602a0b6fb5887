/* client.h - one connection of the control socket: lines in, a line for each out, events when asked for. */
#ifndef OFFHOOK_CONTROL_CLIENT_H
#define OFFHOOK_CONTROL_CLIENT_H

#include <stdbool.h>

#include "base/text.h"

struct client;
struct command_env;
struct event;

/* C is over: the owner is to take it off its list and client_free() it. Called from the loop, once. */
typedef void client_end_h(struct client *c, void *arg);

/* Serves FD, a connected stream socket, which it owns in any case. Every line is answered by one line, in order; a
 * command that waits holds up only this connection. What is not read is bounded: while 64 KiB of answers wait, no
 * more commands are read; a client that takes none of what waits for it for 30 s, or lets 1 MiB of events gather, is
 * disconnected. A line is at most 16 KiB. 0 or an errno. */
int client_new(struct client **cp, struct command_env *env, int fd, client_end_h *end_h, void *arg);
/* Waits at most WAIT_MS for the client to take what waits for it. Not from within a command. NULL is fine. */
void client_free(struct client *c, unsigned wait_ms);

/* Has the client asked for EVENT? */
bool client_wants(const struct client *c, const struct event *event);
/* Sends LINE, the event as JSON. */
void client_tell(struct client *c, const struct buf *line);

#endif
