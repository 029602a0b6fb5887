#include <string.h>

#include "media/source.h"

void source_set(struct source *s, const struct sa *sdp)
{
	if (sa_isset(&s->sdp, SA_ALL) && sa_cmp(&s->sdp, sdp, SA_ALL))
		return;
	memset(s, 0, sizeof(*s));
	s->sdp = *sdp;
}

static enum source_verdict take(struct source *s, const struct sa *from, bool lock, uint64_t now_us)
{
	bool same = s->has_candidate && sa_cmp(&s->candidate, from, SA_ALL);
	bool first = !s->has_candidate;

	s->candidate = *from;
	s->has_candidate = true;
	s->locked = lock;
	s->heard_us = now_us;
	return same || first ? SOURCE_TAKEN : SOURCE_NEW;
}

enum source_verdict source_check(struct source *s, const struct sa *from, uint32_t ssrc, uint16_t seq,
				 uint64_t now_us)
{
	bool same = s->has_candidate && sa_cmp(&s->candidate, from, SA_ALL);
	bool of_sdp = sa_cmp(&s->sdp, from, SA_ALL);
	/* arrival times may go back a little: they are told by another clock than ours */
	bool silent = s->has_candidate && now_us > s->heard_us + SOURCE_SILENCE_MS * 1000ull;

	if (same && s->locked) {
		s->heard_us = now_us;
		return SOURCE_TAKEN;
	}
	/* the address that was agreed on needs no proof, and a stranger may not keep its place */
	if (of_sdp)
		return take(s, from, true, now_us);
	if (s->has_candidate && !same && !silent)
		return SOURCE_REFUSED;
	if (same && ssrc == s->ssrc && seq == (uint16_t)(s->seq + 1))
		s->proof++;
	else
		s->proof = 1;
	s->ssrc = ssrc;
	s->seq = seq;
	/* its sound is played from the first packet on, but ours goes there only when it is proven */
	return take(s, from, s->proof >= SOURCE_PROOF, now_us);
}

const struct sa *source_destination(const struct source *s)
{
	if (s->locked)
		return &s->candidate;
	return sa_isset(&s->sdp, SA_ALL) ? &s->sdp : NULL;
}
