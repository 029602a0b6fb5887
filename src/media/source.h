/* source.h - where a stream's sound comes from, and so where ours goes (symmetric RTP). Pure.
 *
 * SDP names an address; behind a NAT the packets come from another. The first sender that keeps talking is
 * taken, the address of SDP before all others, and then nobody else is listened to while it talks. Only
 * after SOURCE_SILENCE_MS without a word from it may another one take its place.
 */
#ifndef OFFHOOK_MEDIA_SOURCE_H
#define OFFHOOK_MEDIA_SOURCE_H

#include <stdbool.h>
#include <stdint.h>

#include <re.h>

#define SOURCE_SILENCE_MS 3000
#define SOURCE_PROOF      3      /* packets in sequence that a stranger to SDP needs */

enum source_verdict {
	SOURCE_REFUSED,  /* not to be played */
	SOURCE_TAKEN,    /* play it */
	SOURCE_NEW       /* play it; what came before was from somebody else */
};

struct source {
	struct sa sdp;             /* as negotiated; not set: none */
	struct sa candidate;       /* who talks while nobody is locked */
	bool has_candidate, locked;
	unsigned proof;
	uint32_t ssrc;             /* of the candidate's last packet */
	uint16_t seq;
	uint64_t heard_us;         /* when the locked one was heard last */
};

/* What SDP says now. Another address than before begins the search anew. */
void source_set(struct source *s, const struct sa *sdp);
enum source_verdict source_check(struct source *s, const struct sa *from, uint32_t ssrc, uint16_t seq,
				 uint64_t now_us);
/* Where to send to; NULL: nowhere. */
const struct sa *source_destination(const struct source *s);

#endif
