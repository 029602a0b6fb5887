/* guard_text.h - what is wrong with the text of a SIP message, told before libre's parser sees it. Pure: bytes in,
 * findings out, no state; the time is linear in the length, nothing is allocated, nothing is written. */
#ifndef OFFHOOK_SIP_GUARD_TEXT_H
#define OFFHOOK_SIP_GUARD_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#define GUARD_LINE_MAX    2048 /* bytes of a request's start line */
#define GUARD_VALUE_MAX   3072 /* of each field whose value libre parses */
#define GUARD_PLAIN_MAX   512 /* of one that nobody has a long value for */
#define GUARD_TANGLED_MAX 128 /* of an address that libre needs several looks at */
#define GUARD_HEADER_MAX  16384 /* of all fields and the start line */
#define GUARD_BODY_MAX    16384
#define GUARD_COUNT_MAX   256 /* fields of a message */
#define GUARD_COMMAS_MAX  1024 /* in them: for each value of a list libre takes memory */
#define GUARD_ALIASES     4

enum guard_verdict {
	GUARD_READ,                    /* a whole header: libre may parse it, unless .unreadable */
	GUARD_MORE,                    /* its end has not come yet */
	GUARD_REFUSE                   /* no SIP message, or a response with which nothing can be done */
};

/* A part of the message; .len 0: it is not there. */
struct guard_part {
	size_t at, len;
};

struct guard_look {
	bool request;
	unsigned code;                 /* what a request is to be answered with: 400, 413, 414, 416, 505, 513; 0: nothing is wrong */
	const char *reason;            /* its reason phrase; static */
	bool unreadable;               /* libre would take it for something else, or need long for it */
	bool foreign;                  /* the Request-URI is of another scheme than sip or sips */
	bool length;                   /* there is a Content-Length */
	bool bad_length;               /* where the body ends is not known, or it is too long to be read */
	size_t content_length;         /* what it says, unless .bad_length */
	bool short_status;             /* a response "SIP/2.0 486" without the blank after the code */
	size_t start;                  /* where the start line begins: after empty lines (RFC 3261 section 7.5) */
	size_t body;                   /* where the header has ended */
	struct guard_part method, version;
	struct guard_part alias[GUARD_ALIASES]; /* names of fields that libre takes for others */
	unsigned aliases;
	struct guard_part via, from, to, call_id, cseq; /* values of the first fields of these names, as they came */
};

/* Looks at the LEN bytes at TEXT. WHOLE: no more will come, as of a datagram (never GUARD_MORE then); else they
 * are the beginning of a stream. With GUARD_READ and GUARD_REFUSE all of LOOK is set. RFC 3261 sections 7, 8.1.1,
 * 18.3, 20 and 25; RFC 4475. */
enum guard_verdict guard_look(struct guard_look *look, const char *text, size_t len, bool whole);

#endif
