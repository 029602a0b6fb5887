/* exchange.h - the built-in exchange: a registrar and user agent server on the loopback, so that
 * the phone works before there is an account. A peer: it knows nothing of phone/ or sip/. */
#ifndef OFFHOOK_EXCHANGE_EXCHANGE_H
#define OFFHOOK_EXCHANGE_EXCHANGE_H

#include <stdint.h>

/* What an account there looks like. */
#define EXCHANGE_USER     "demo"
#define EXCHANGE_PASSWORD "demo"
#define EXCHANGE_REALM    "offhook exchange"

/* Opens UDP on 127.0.0.1, a free port; *PORT gets it. 0 or an errno. EALREADY when it runs. */
int exchange_start(uint16_t *port);
void exchange_stop(void);

#endif
