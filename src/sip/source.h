/* source.h - how much strangers may ask of the phone: limits for each source address and for all together. Times are
 * given, nothing is allocated and nothing is hashed, so there is nothing that a stranger could make grow or slow.
 *
 * A source is an address without its port; of IPv6 the first 64 bits, which is what one customer gets. Counted are
 * requests outside dialogs, ACK excepted (it is never answered). What is above a limit is refused before a transaction is
 * made for it: without an answer over UDP, where the address may be a lie and an honest caller repeats; with one 503 over
 * TCP. A flood from ever new addresses is held by the limit for all.
 *
 * Apart from that go, by a limit of its own for each: requests of exactly the address and port that an account is
 * registered at or that a call that is up is with ("known"). They are never silenced for what they relay: a proxy has
 * strangers behind it. The port counts, so that other programs of that machine are strangers still. Requests within a
 * dialog are counted for the dialog (source_in_dialog()), but for the BYE that ends it: no flood keeps a call from
 * ending.
 *
 * Nor is counted with those what costs nothing but the answer: OPTIONS that is not refused, and what the guard has found fault
 * with, which are answered without a transaction. Who sends junk may ask honestly still. */
#ifndef OFFHOOK_SIP_SOURCE_H
#define OFFHOOK_SIP_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <re.h>

#define SOURCES_MAX          256    /* that are remembered; the one not heard of for longest goes */
#define SOURCE_RATE          30     /* requests a second of one source */
#define SOURCE_BURST         120    /* that may come at once */
#define SOURCE_ALL_RATE      40     /* of all strangers; each keeps about 5 kB for 32 s, all a few MB */
#define SOURCE_ALL_BURST     160
#define SOURCE_KNOWN_RATE    30     /* of each known one */
#define SOURCE_KNOWN_BURST   120
#define SOURCE_KNOWN_MAX     64     /* of them: more than accounts and calls there are */
#define SOURCE_LIGHT_RATE    500    /* of all strangers, and of each known one: what is answered and forgotten */
#define SOURCE_LIGHT_BURST   1000
#define SOURCE_DIALOG_RATE   10     /* within one dialog */
#define SOURCE_DIALOG_BURST  40
#define SOURCE_COST_BYTES    2048   /* a request counts once more for each so many of its bytes */
#define SOURCE_PROBES        100    /* unknown users that a source may ask for ... */
#define SOURCE_PROBES_MS     60000  /* ... in that time; with the next it is silenced ... */
#define SOURCE_SILENCE_MS    300000 /* ... for so long */
#define SOURCE_RINGS         8      /* calls of a source, one soon after the other, none of them answered ... */
#define SOURCE_ALL_RINGS     24     /* ... or of all strangers, that ring; those that follow are shown, and do not */
#define SOURCE_RINGS_MS      60000  /* a pause of that length makes good again */

enum source_verdict {
	SOURCE_ADMITTED,
	SOURCE_BUSY,                   /* too much at the moment */
	SOURCE_SILENT                  /* this source gets no answer */
};

/* What is left of a limit; all zero in the beginning. */
struct source_bucket {
	uint64_t until_us;             /* when all of it will be free again */
};

/* A request that keeps BYTES of memory, from SRC, outside dialogs. NOW_MS never goes back. */
enum source_verdict source_request(const struct sa *src, bool known, size_t bytes, uint64_t now_ms);
/* One that is answered and forgotten. */
enum source_verdict source_light(const struct sa *src, bool known, uint64_t now_ms);
/* One within a dialog, whose limit is B. */
bool source_in_dialog(struct source_bucket *b, size_t bytes, uint64_t now_ms);
/* The request that has been admitted asked for a user whom the phone does not have. True: the source is
 * silenced from now on. */
bool source_probed(const struct sa *src, bool known, uint64_t now_ms);
/* It is a call: should it ring, may it be heard? Not while its source rings on and on. */
bool source_may_ring(const struct sa *src, bool known, uint64_t now_ms);
/* It rings. */
void source_rang(const struct sa *src, bool known, uint64_t now_ms);
/* A call of SRC was answered: it is somebody whom the user wants to talk to, at an address that is no lie. What it took from
 * the limits is given back. */
void source_answered(const struct sa *src);
/* Takes from a limit of RATE a second, BURST at once. */
bool source_take(struct source_bucket *b, unsigned rate, unsigned burst, unsigned cost, uint64_t now_ms);
/* SRC without what does not count, for comparing. */
uint64_t source_key(const struct sa *src);
/* Forgets all. */
void source_forget(void);

#endif
