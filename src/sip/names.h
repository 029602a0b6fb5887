/* names.h - questions to the name servers, and their answers kept for as long as they are good. */
#ifndef OFFHOOK_SIP_NAMES_H
#define OFFHOOK_SIP_NAMES_H

#include <re.h>

#define NAME_SIZE      256
#define NAMES_MAX      128          /* answers that are kept; the one that was not used for longest makes room */
#define NAME_RECORDS   16           /* of an answer that are kept */
#define NAME_TTL_MIN   1            /* seconds; what a record says is kept within these */
#define NAME_TTL_MAX   3600
#define NAME_TTL_NONE  30           /* seconds: that there is no such name or record */
#define NAME_TTL_MUTE  300          /* seconds: that a kind of question is not answered (RFC 2308 section 7.2) */
#define NAME_TTL_STALE 30           /* seconds: an old answer used for want of a new one (RFC 8767 section 5) */
#define NAME_OLD_MAX   (24 * 3600)  /* seconds past its end that an old answer may still be used */

/* RECORDS holds struct dnsrr (by their le) of the type asked for, perhaps none: there are none then. NULL:
 * no server gave an answer. Valid during the call. */
typedef void names_h(const struct list *records, void *arg);

/* A question under way; lives with who asks. names_drop() silences it. */
struct question {
	struct dns_query *query;
	char name[NAME_SIZE + 16];
	uint16_t type;
	bool by_tcp;
	names_h *h;
	void *arg;
};

/* Reads which name servers there are now; an errno when there are none, and questions fail then. */
int names_open(void);
/* Ends the sockets and forgets all answers. No question may be under way. */
void names_close(void);
/* Forgets all answers: on another network they may be others. */
void names_flush(void);

/* The records of NAME and TYPE, if they are known: from an answer that is still good or, with STALE, from
 * one that is older. NULL: not known. The list is valid until the next call of this module. */
const struct list *names_known(const char *name, uint16_t type, bool stale);
/* Asks; H is called once, never before this returns. An errno, after which H is not called. */
int names_ask(struct question *q, const char *name, uint16_t type, names_h *h, void *arg);
void names_drop(struct question *q);
/* The servers live, but do not answer this: for some minutes there is taken to be none. */
void names_mute(const char *name, uint16_t type);

#endif
