/* news.h - NOTIFY and SUBSCRIBE as they come (RFC 6665). */
#ifndef OFFHOOK_SIP_NEWS_H
#define OFFHOOK_SIP_NEWS_H

#include <re.h>

#include "sip/endpoint.h"

/* Answers MSG: 489 with Allow-Events to an event that is not known, 400 to one without a name. That messages wait
 * (RFC 3842) is taken from the server that the account is registered at, asked for or not, and told to the phone;
 * from anybody else 481. Nobody may subscribe to it here: 403. */
void news_in(struct endpoint *ep, const struct sip_msg *msg);

#endif
