#include <stdio.h>
#include <string.h>

#include <openssl/evp.h>

#include "base/loop.h"
#include "exchange/digest.h"
#include "exchange/exchange.h"
#include "exchange/room.h"

enum { HASH_SIZE = 33, NONCE_SIZE = 16 + HASH_SIZE };

/* MD5 of the text, as hexadecimal digits; false when OpenSSL refuses (FIPS mode). */
static bool hash(char hex[HASH_SIZE], struct buf *text)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0, i;
	bool ok = !text->failed && EVP_Digest(text->s, text->len, sum, &n, EVP_md5(), NULL) == 1 && n == 16;

	for (i = 0; ok && i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	buf_free(text);
	return ok;
}

/* A nonce tells its own age, and that it is ours: time, hash of time and a secret of this run. */
static bool make_nonce(char nonce[NONCE_SIZE], uint64_t when)
{
	static char secret[XTAG_SIZE];
	struct buf text = {0};

	if (!*secret)
		exchange_random_word(secret);
	snprintf(nonce, NONCE_SIZE, "%016llx", (unsigned long long)when);
	buf_printf(&text, "%s:%s:%s", nonce, secret, EXCHANGE_REALM);
	return hash(nonce + 16, &text);
}

static bool our_nonce(struct xtext nonce, uint64_t *age)
{
	char mine[NONCE_SIZE], digits[17];
	unsigned long long when;
	uint64_t now = loop_now_ms();

	if (nonce.len != NONCE_SIZE - 1 || !text_copyn(digits, sizeof(digits), nonce.p, 16) ||
	    sscanf(digits, "%16llx", &when) != 1 || when > now || !make_nonce(mine, when))
		return false;
	*age = now - when;
	return memcmp(mine, nonce.p, nonce.len) == 0;
}

/* One parameter of 'Digest a="b", c=d', without quotes. */
static struct xtext parameter(struct xtext credentials, const char *name)
{
	struct xtext item, value;

	while (xtext_next(&credentials, ',', &item))
		if (xtext_parameter(item, name, &value))
			return value;
	return (struct xtext){"", 0};
}

static void add(struct buf *b, struct xtext t, const char *after)
{
	if (t.len)
		buf_add(b, t.p, t.len);
	buf_str(b, after);
}

static enum xdigest check_one(const struct xmessage *m, struct xtext c)
{
	struct xtext nonce = parameter(c, "nonce"), uri = parameter(c, "uri"), qop = parameter(c, "qop");
	struct xtext algorithm = parameter(c, "algorithm"), response = parameter(c, "response");
	char ha1[HASH_SIZE], ha2[HASH_SIZE], wanted[HASH_SIZE];
	struct buf text = {0};
	uint64_t age;

	if (!xtext_same(parameter(c, "username"), xtext_of(EXCHANGE_USER)) || !xtext_same(uri, m->uri) ||
	    (algorithm.len && !xtext_is(algorithm, "MD5")) || (qop.len && !xtext_is(qop, "auth")))
		return XDIGEST_WRONG;
	if (!our_nonce(nonce, &age))
		return XDIGEST_WRONG;
	buf_printf(&text, "%s:%s:%s", EXCHANGE_USER, EXCHANGE_REALM, EXCHANGE_PASSWORD);
	if (!hash(ha1, &text))
		return XDIGEST_WRONG;
	add(&text, m->method, ":");
	add(&text, uri, "");
	if (!hash(ha2, &text))
		return XDIGEST_WRONG;
	buf_printf(&text, "%s:", ha1);
	add(&text, nonce, ":");
	if (qop.len) {
		add(&text, parameter(c, "nc"), ":");
		add(&text, parameter(c, "cnonce"), ":");
		add(&text, qop, ":");
	}
	buf_str(&text, ha2);
	if (!hash(wanted, &text) || !xtext_same(response, xtext_of(wanted)))
		return XDIGEST_WRONG;
	return age > XDIGEST_LIFE ? XDIGEST_STALE : XDIGEST_RIGHT;
}

enum xdigest xdigest_check(const struct xmessage *m, const char *name)
{
	const struct xheader *h;
	size_t n;

	for (n = 0; (h = xmessage_header(m, name, n)) != NULL; n++) {
		struct xtext c = h->value;

		if (c.len < 7 || !xtext_is((struct xtext){c.p, 6}, "Digest") || c.p[6] != ' ')
			continue;
		c.p += 7;
		c.len -= 7;
		if (xtext_same(parameter(c, "realm"), xtext_of(EXCHANGE_REALM)))
			return check_one(m, c);
	}
	return XDIGEST_ABSENT;
}

void xdigest_challenge(struct buf *b, const char *name, bool stale)
{
	char nonce[NONCE_SIZE];

	if (!make_nonce(nonce, loop_now_ms())) {
		b->failed = true;
		return;
	}
	buf_printf(b, "%s: Digest realm=\"%s\", nonce=\"%s\", algorithm=MD5, qop=\"auth\"%s\r\n", name,
	           EXCHANGE_REALM, nonce, stale ? ", stale=true" : "");
}
