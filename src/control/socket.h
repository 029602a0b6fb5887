/* socket.h - the control socket: the phone's commands and events for other programs of the same user. */
#ifndef OFFHOOK_CONTROL_SOCKET_H
#define OFFHOOK_CONTROL_SOCKET_H

#include <stdbool.h>
#include <stddef.h>

#include "base/text.h"

#define SOCKET_CLIENTS 64 /* at the same time; a further one is told so and closed */

struct command_env;
struct socket_server;

/* Listens on `control` in the runtime folder (mode 0600 in a folder of mode 0700). A stale socket is replaced. The
 * one-phone lock of the state folder is held by this process. 0; else an errno with a translated sentence in WHY:
 * ENAMETOOLONG, EADDRINUSE when another phone answers there, EEXIST when something else has that name, EACCES when
 * the folder is another user's. */
int socket_start(struct socket_server **sp, struct command_env *env, struct buf *why);
/* Lets the clients take what waits for them, at most 200 ms in all, and removes the socket, if it is ours still. NULL
 * is fine. */
void socket_stop(struct socket_server *s);
const char *socket_path(const struct socket_server *s);

/* Where it is, whether there is one or not. SIZE is PATHS_MAX. 0, or the errno of paths_get(). */
int socket_find(char *dst, size_t size);
/* Is the process at the other end of FD one of this user's? */
bool socket_same_user(int fd);

#endif
