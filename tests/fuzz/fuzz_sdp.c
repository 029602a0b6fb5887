/* A description as offer ('o' in front) or as answer ('a') to ours. */
#include <errno.h>

#include "fuzz.h"
#include "sip/negotiation.h"

static void agreed(const struct media_params *p)
{
	FUZZ_CHECK(p->codec && p->payload_type >= 0 && p->payload_type <= 127 && p->formats <= MEDIA_FORMATS);
	FUZZ_CHECK(p->event_payload_type >= -1 && p->event_payload_type <= 127 && p->ptime);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct codec *all[CODEC_COUNT];
	struct mbuf *mb = NULL;
	struct negotiation *n;
	struct media_params p;
	unsigned i;
	int err;

	if (!size)
		return 0;
	for (i = 0; i < CODEC_COUNT; i++)
		all[i] = codec_get((enum codec_id)i);
	FUZZ_CHECK(!negotiation_new(&n));
	FUZZ_CHECK(!negotiation_local(n, "10.0.0.1", 7000, all, CODEC_COUNT));
	if (data[0] == 'a') {
		FUZZ_CHECK(!negotiation_offer(n, &mb));
		mb = mem_deref(mb);
		err = negotiation_answered(n, data + 1, size - 1, &p);
	}
	else
		err = negotiation_answer(n, data + 1, size - 1, &mb, &p);
	FUZZ_CHECK(!err || err == EBADMSG || err == ENOTSUP);
	if (!err) {
		agreed(&p);
		mb = mem_deref(mb);
		/* a later offer keeps to it */
		if (!negotiation_offer(n, &mb))
			negotiation_withdraw(n);
	}
	mem_deref(mb);
	mb = NULL;
	negotiation_refuse(n, data + 1, size - 1, &mb);
	mem_deref(mb);
	mem_deref(n);
	return 0;
}
