/* baresip.h - reads what another phone, baresip, keeps in its files. Pure. */
#ifndef OFFHOOK_COMMAND_BARESIP_H
#define OFFHOOK_COMMAND_BARESIP_H

#include "base/text.h"
#include "phone/account.h"

/* Reads one LINE of baresip's accounts file,
 *
 *     [NAME] <sip:USER[:PASSWORD]@HOST[:PORT][;transport=udp|tcp]>[;PARAMETER[=VALUE]]...
 *
 * into A, which is called after its user. The names of parameters that an account of ours has no place for
 * are added to LEFT with commas between them. 0; ENOENT for a comment or a blank line; EINVAL with *WHY a
 * sentence (translated, static). Neither LEFT nor *WHY ever holds a value: it could be a password. */
int baresip_account(const char *line, struct account *a, struct buf *left, const char **why);

#endif
