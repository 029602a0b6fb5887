/* The guard: what it tells of a text, as a datagram and as the beginning of a stream; and that libre, behind it, reads
 * what it lets through and what it makes of the rest. */
#include <time.h>

#include <re.h>

#include "fuzz.h"
#include "sip/guard.h"
#include "sip/guard_mend.h"
#include "sip/guard_text.h"

#define SLOW_MS 100  /* processor time; a linear look at FUZZ_BYTES needs a thousandth of that */

static void within(const struct guard_part *p, size_t len)
{
	FUZZ_CHECK(!p->len || (p->at < len && p->len <= len - p->at));
}

static enum guard_verdict look_at(struct guard_look *look, const uint8_t *data, size_t size, bool whole)
{
	char *text = malloc(size ? size : 1);
	enum guard_verdict verdict;
	unsigned i;

	/* not a byte more than there is */
	FUZZ_CHECK(text);
	memcpy(text, data, size);
	verdict = guard_look(look, text, size, whole);
	FUZZ_CHECK(!whole || verdict != GUARD_MORE);
	FUZZ_CHECK(look->start <= size && look->body <= size && look->aliases <= GUARD_ALIASES);
	FUZZ_CHECK(!look->code == !look->reason);
	if (verdict == GUARD_READ) {
		FUZZ_CHECK(look->body > look->start);
		FUZZ_CHECK(look->request || (!look->code && !look->unreadable && !look->bad_length));
		FUZZ_CHECK(!look->unreadable || look->code);
		FUZZ_CHECK(look->bad_length || look->content_length <= GUARD_BODY_MAX);
		FUZZ_CHECK(!look->request || look->method.len);
	}
	within(&look->method, size);
	within(&look->version, size);
	within(&look->via, size);
	within(&look->from, size);
	within(&look->to, size);
	within(&look->call_id, size);
	within(&look->cseq, size);
	for (i = 0; i < look->aliases; i++) {
		within(&look->alias[i], size);
		FUZZ_CHECK(look->alias[i].len >= 2);
	}
	free(text);
	return verdict;
}

/* Less of it: the same is said, or that there must be more. More of it: the same is said. */
static void cut(const uint8_t *data, size_t size, const struct guard_look *all, enum guard_verdict verdict)
{
	static uint8_t more[FUZZ_BYTES + 1];
	struct guard_look look;
	enum guard_verdict v;
	size_t n, step = size / 16 + 1;

	for (n = 0; n < size; n += step) {
		v = look_at(&look, data, n, false);
		FUZZ_CHECK(v == GUARD_MORE || v == verdict);
		if (v == GUARD_READ)
			FUZZ_CHECK(look.body == all->body && look.code == all->code);
	}
	if (verdict == GUARD_MORE || size > FUZZ_BYTES)
		return;
	memcpy(more, data, size);
	more[size] = 'x';
	v = look_at(&look, more, size + 1, false);
	FUZZ_CHECK(v == verdict && look.code == all->code && look.body == all->body);
}

/* Through the place of libre's parser, twice: as two messages of a stream. */
static void parse(const uint8_t *data, size_t size, enum guard_verdict verdict)
{
	struct mbuf *mb = mbuf_alloc(2 * size + 1);
	struct sip_msg *msg = NULL;
	const uint8_t *original;
	size_t len;
	int err;

	FUZZ_CHECK(mb);
	mbuf_write_mem(mb, data, size);
	mbuf_write_mem(mb, data, size);
	mb->pos = 0;
	err = sip_msg_decode(&msg, mb);
	FUZZ_CHECK(mb->pos <= mb->end && mb->end <= mb->size);
	FUZZ_CHECK(!err || mb->pos == 0);
	FUZZ_CHECK(!err == (msg != NULL));
	if (!err) {
		/* what follows is untouched */
		if (verdict == GUARD_READ)
			FUZZ_CHECK(!memcmp(mb->buf + mb->end - size, data, size));
		FUZZ_CHECK(!guard_original(&original, &len) || len <= 2 * size);
		mem_deref(msg);
	}
	mem_deref(mb);
	guard_close();
}

/* What takes the place of an unreadable request can be read. */
static void substitute(const uint8_t *data, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size + 1);
	struct guard_look look, again;

	FUZZ_CHECK(mb);
	mbuf_write_mem(mb, data, size);
	mb->pos = 0;
	if (guard_look(&look, (char *)mb->buf, size, true) == GUARD_READ && look.request && !guard_substitute(mb, &look)) {
		FUZZ_CHECK(mb->end <= mb->size);
		FUZZ_CHECK(guard_look(&again, (char *)mb->buf, mb->end, true) == GUARD_READ);
		FUZZ_CHECK(again.request && again.length && !again.bad_length && again.version.len == 7);
		FUZZ_CHECK(again.content_length == (look.bad_length ? 0 : look.content_length));
	}
	mem_deref(mb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct guard_look look;
	enum guard_verdict verdict;
	clock_t began = clock();

	look_at(&look, data, size, true);
	verdict = look_at(&look, data, size, false);
	cut(data, size, &look, verdict);
	substitute(data, size);
	parse(data, size, verdict);
	FUZZ_CHECK((clock() - began) * 1000 / CLOCKS_PER_SEC < SLOW_MS);
	return 0;
}
