#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/text.h"
#include "sip/digest.h"
#include "sip/field.h"

#define HEX_MAX (2 * EVP_MAX_MD_SIZE + 1)

/* Weakest first: of two that a server offers for one realm the later row is taken (RFC 7616 section 3.2, RFC 8760). */
struct digest_algorithm {
	const char *name;
	const EVP_MD *(*md)(void);
	bool session;                    /* -sess: the password's hash is bound to nonce and cnonce */
};

static const struct digest_algorithm algorithms[] = {
	{"MD5", EVP_md5, false},
	{"MD5-sess", EVP_md5, true},
	{"SHA-256", EVP_sha256, false},
	{"SHA-256-sess", EVP_sha256, true},
	{"SHA-512-256", EVP_sha512_256, false},
	{"SHA-512-256-sess", EVP_sha512_256, true},
};

static const struct digest_algorithm *algorithm_find(const struct pl *name)
{
	unsigned i;

	for (i = 0; i < sizeof(algorithms) / sizeof(algorithms[0]); i++) {
		if (!pl_strcasecmp(name, algorithms[i].name))
			return &algorithms[i];
	}
	return NULL;
}

/* --- the computation (RFC 7616 section 3.4) ------------------------------------------------ */

/* The hash, in hex, of the strings up to NULL, joined by ':'. */
static int hash(char hex[HEX_MAX], const EVP_MD *md, const char *const *part)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	unsigned n = 0, i;
	bool ok;

	if (!ctx)
		return ENOMEM;
	ok = EVP_DigestInit_ex(ctx, md, NULL) == 1;
	for (i = 0; ok && part[i]; i++) {
		if (i)
			ok = EVP_DigestUpdate(ctx, ":", 1) == 1;
		ok = ok && EVP_DigestUpdate(ctx, part[i], strlen(part[i])) == 1;
	}
	ok = ok && EVP_DigestFinal_ex(ctx, sum, &n) == 1;
	EVP_MD_CTX_free(ctx);
	if (!ok)
		return ENOTSUP;
	for (i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return 0;
}

static int hash_body(char hex[HEX_MAX], const EVP_MD *md, const void *body, size_t len)
{
	unsigned char sum[EVP_MAX_MD_SIZE];
	unsigned n = 0, i;

	if (EVP_Digest(body ? body : "", len, sum, &n, md, NULL) != 1)
		return ENOTSUP;
	for (i = 0; i < n; i++)
		snprintf(hex + 2 * i, 3, "%02x", sum[i]);
	return 0;
}

static int compute(char *result, size_t size, const struct digest_algorithm *algorithm, const char *user,
		   const char *realm, const char *password, const char *method, const char *uri,
		   const char *nonce, uint32_t count, const char *cnonce, const char *qop, const void *body,
		   size_t body_len)
{
	char a1[HEX_MAX], plain[HEX_MAX], a2[HEX_MAX], entity[HEX_MAX], out[HEX_MAX], nc[9];
	const EVP_MD *md = algorithm->md();
	int err;

	snprintf(nc, sizeof(nc), "%08x", count);
	err = hash(a1, md, (const char *[]){user, realm, password, NULL});
	if (!err && algorithm->session) {
		text_copy(plain, sizeof(plain), a1);
		err = hash(a1, md, (const char *[]){plain, nonce, cnonce, NULL});
		OPENSSL_cleanse(plain, sizeof(plain));
	}
	if (!err && qop && !strcmp(qop, "auth-int")) {
		err = hash_body(entity, md, body, body_len);
		if (!err)
			err = hash(a2, md, (const char *[]){method, uri, entity, NULL});
	}
	else if (!err)
		err = hash(a2, md, (const char *[]){method, uri, NULL});
	if (!err && qop)
		err = hash(out, md, (const char *[]){a1, nonce, nc, cnonce, qop, a2, NULL});
	else if (!err)
		err = hash(out, md, (const char *[]){a1, nonce, a2, NULL});
	OPENSSL_cleanse(a1, sizeof(a1));
	if (!err && !text_copy(result, size, out))
		err = ENOSPC;
	return err;
}

int digest_compute(char *result, size_t size, const char *algorithm, const char *user, const char *realm,
		   const char *password, const char *method, const char *uri, const char *nonce,
		   uint32_t count, const char *cnonce, const char *qop, const void *body, size_t body_len)
{
	const struct digest_algorithm *a;
	struct pl name;

	pl_set_str(&name, algorithm);
	a = algorithm_find(&name);
	if (!a)
		return ENOTSUP;
	return compute(result, size, a, user, realm, password, method, uri, nonce, count, cnonce, qop, body,
		       body_len);
}

/* --- challenges ------------------------------------------------------------------------------ */

static void challenge_clear(struct digest_challenge *c)
{
	mem_deref(c->realm);
	mem_deref(c->nonce);
	mem_deref(c->opaque);
	mem_deref(c->algorithm_text);
	memset(c, 0, sizeof(*c));
}

static const char blanks[] = " \t\r\n", between[] = " \t\r\n,";

/* libre's strings do not end in NUL, and one that does is no character of a set. */
static bool is_one_of(char c, const char *set)
{
	return c && strchr(set, c);
}

static void skip(struct pl *rest, const char *set)
{
	while (rest->l && is_one_of(*rest->p, set))
		pl_advance(rest, 1);
}

static struct pl take_word(struct pl *rest, const char *ends)
{
	struct pl word = {rest->p, 0};

	while (rest->l && !is_one_of(*rest->p, ends)) {
		pl_advance(rest, 1);
		word.l++;
	}
	return word;
}

/* What stands between quotes; REST is behind the first of them. */
static struct pl take_quoted(struct pl *rest)
{
	struct pl text = {rest->p, 0};

	while (rest->l && *rest->p != '"') {
		ssize_t n = *rest->p == '\\' && rest->l > 1 ? 2 : 1;

		pl_advance(rest, n);
		text.l += (size_t)n;
	}
	if (rest->l)
		pl_advance(rest, 1);
	return text;
}

/* One "name=value" of a challenge, the quotes taken off. False at its end: that of the field, or a word without
 * "=", which begins the next challenge and stays in REST. */
static bool next_param(struct pl *rest, struct pl *name, struct pl *value)
{
	struct pl r = *rest;

	skip(&r, between);
	*name = take_word(&r, " \t\r\n,=");
	skip(&r, blanks);
	if (!name->l || !r.l || *r.p != '=')
		return false;
	pl_advance(&r, 1);
	skip(&r, blanks);
	if (r.l && *r.p == '"') {
		pl_advance(&r, 1);
		*value = take_quoted(&r);
	}
	else
		*value = take_word(&r, between);
	*rest = r;
	return true;
}

/* Sets the flags of the words of a qop value that we know. */
static void read_qop(struct digest_challenge *c, const struct pl *qop)
{
	const char *p = qop->p, *end = p + qop->l;

	c->qop = true;
	while (p < end) {
		struct pl word;

		while (p < end && strchr(" \t,", *p))
			p++;
		word.p = p;
		while (p < end && !strchr(" \t,", *p))
			p++;
		word.l = (size_t)(p - word.p);
		c->qop_auth |= !pl_strcasecmp(&word, "auth");
		c->qop_auth_int |= !pl_strcasecmp(&word, "auth-int");
	}
}

/* A value that goes back to the server inside quotes must not be able to end the line. */
static bool printable(const struct pl *v)
{
	size_t i;

	for (i = 0; i < v->l; i++) {
		if ((unsigned char)v->p[i] < 0x20)
			return false;
	}
	return true;
}

static int take_param(struct digest_challenge *c, const struct pl *name, const struct pl *value)
{
	int err = 0;

	if (!printable(value))
		err = EBADMSG;
	else if (!pl_strcasecmp(name, "realm") && !c->realm)
		err = pl_strdup(&c->realm, value);
	else if (!pl_strcasecmp(name, "nonce") && !c->nonce)
		err = pl_strdup(&c->nonce, value);
	else if (!pl_strcasecmp(name, "opaque") && !c->opaque)
		err = pl_strdup(&c->opaque, value);
	else if (!pl_strcasecmp(name, "algorithm") && !c->algorithm_text) {
		c->algorithm = algorithm_find(value);
		err = pl_strdup(&c->algorithm_text, value);
	}
	else if (!pl_strcasecmp(name, "stale"))
		c->stale = !pl_strcasecmp(value, "true");
	else if (!pl_strcasecmp(name, "qop"))
		read_qop(c, value);
	return err;
}

/* The next challenge of a field, which may hold several. EBADMSG: no Digest challenge, or one that says too little;
 * REST is behind it in any case. ENOENT: there is no more. */
static int challenge_read(struct digest_challenge *c, struct pl *rest, bool proxy)
{
	static const struct pl md5 = PL("MD5");
	struct pl scheme, name, value;
	int err = 0;

	memset(c, 0, sizeof(*c));
	c->proxy = proxy;
	c->algorithm = algorithm_find(&md5);
	skip(rest, between);
	if (!rest->l)
		return ENOENT;
	/* one character at least, so that this comes to an end whatever it is */
	scheme = take_word(rest, between);
	while (next_param(rest, &name, &value)) {
		if (!err)
			err = take_param(c, &name, &value);
	}
	if (!err && (pl_strcasecmp(&scheme, "Digest") || !c->realm || !c->nonce))
		err = EBADMSG;
	if (err)
		challenge_clear(c);
	return err;
}

/* Without a qop no cnonce is told, and -sess needs one. */
static bool can_answer(const struct digest_challenge *c)
{
	return c->algorithm && (c->qop ? c->qop_auth || c->qop_auth_int : !c->algorithm->session);
}

static bool challenge_h(const struct sip_hdr *hdr, const struct sip_msg *msg, void *arg)
{
	struct digest *d = arg;
	struct pl rest = hdr->val;
	int err = 0;

	(void)msg;
	while (d->offers < CHALLENGES_MAX && err != ENOENT) {
		err = challenge_read(&d->offered[d->offers], &rest, hdr->id == SIP_HDR_PROXY_AUTHENTICATE);
		if (!err)
			d->offers++;
	}
	return d->offers == CHALLENGES_MAX;
}

void digest_note(struct digest *d, const struct sip_msg *response, struct response *r)
{
	unsigned i;

	while (d->offers)
		challenge_clear(&d->offered[--d->offers]);
	sip_msg_hdr_apply(response, true, SIP_HDR_WWW_AUTHENTICATE, challenge_h, d);
	sip_msg_hdr_apply(response, true, SIP_HDR_PROXY_AUTHENTICATE, challenge_h, d);
	for (i = 0; i < d->offers; i++) {
		text_copy(r->challenge[i].realm, sizeof(r->challenge[i].realm), d->offered[i].realm);
		r->challenge[i].proxy = d->offered[i].proxy;
		r->challenge[i].stale = d->offered[i].stale;
		r->challenge[i].supported = can_answer(&d->offered[i]);
		if (d->offered[i].algorithm)
			r->challenge[i].strength = (unsigned)(d->offered[i].algorithm - algorithms);
	}
	r->challenges = d->offers;
}

static struct digest_challenge *taken_find(const struct digest *d, bool proxy, const char *realm)
{
	unsigned i;

	for (i = 0; i < d->takings; i++) {
		if (d->taken[i].proxy == proxy && !strcmp(d->taken[i].realm, realm))
			return (struct digest_challenge *)&d->taken[i];
	}
	return NULL;
}

bool digest_knows(const struct digest *d, bool proxy, const char *realm)
{
	return taken_find(d, proxy, realm) != NULL;
}

int digest_take(struct digest *d, const bool answer[CHALLENGES_MAX])
{
	bool fresh[CHALLENGES_MAX] = {false};
	unsigned i;
	int err = ENOENT;

	for (i = 0; i < d->offers; i++) {
		struct digest_challenge *c = &d->offered[i], *t;

		if (!answer[i] || !c->realm || !can_answer(c))
			continue;
		t = taken_find(d, c->proxy, c->realm);
		if (!t) {
			if (d->takings == CHALLENGES_MAX)
				return ENOSPC;
			t = &d->taken[d->takings++];
		}
		else if (fresh[t - d->taken] && t->algorithm >= c->algorithm)
			continue;
		challenge_clear(t);
		fresh[t - d->taken] = true;
		*t = *c;
		memset(c, 0, sizeof(*c));
		err = 0;
	}
	/* what was taken is no offer any more */
	for (i = 0; i < d->offers; i++)
		challenge_clear(&d->offered[i]);
	d->offers = 0;
	return err;
}

int digest_write(struct digest *d, struct mbuf *mb, const char *user, const char *password,
		 const char *method, const char *uri, const void *body, size_t body_len)
{
	char quoted_user[2 * ACCOUNT_TEXT_MAX + 3];
	unsigned i;
	int err = 0;

	if (field_quote(quoted_user, sizeof(quoted_user), user))
		return EINVAL;
	for (i = 0; i < d->takings && !err; i++) {
		struct digest_challenge *c = &d->taken[i];
		const char *qop = !c->qop ? NULL : c->qop_auth ? "auth" : "auth-int";
		char result[HEX_MAX];

		/* one for all answers to a nonce: -sess has hashed it in, and the count makes each answer another */
		if (!c->count)
			re_snprintf(c->cnonce, sizeof(c->cnonce), "%016llx", rand_u64());
		c->count++;
		err = compute(result, sizeof(result), c->algorithm, user, c->realm, password, method, uri, c->nonce,
			      c->count, c->cnonce, qop, body, body_len);
		if (err)
			break;
		err = mbuf_printf(mb,
				  "%s: Digest username=%s, realm=\"%s\", nonce=\"%s\", uri=\"%s\", response=\"%s\"",
				  c->proxy ? "Proxy-Authorization" : "Authorization", quoted_user, c->realm, c->nonce,
				  uri, result);
		if (c->algorithm_text)
			err |= mbuf_printf(mb, ", algorithm=%s", c->algorithm_text);
		if (c->opaque)
			err |= mbuf_printf(mb, ", opaque=\"%s\"", c->opaque);
		if (qop)
			err |= mbuf_printf(mb, ", qop=%s, nc=%08x, cnonce=\"%s\"", qop, c->count, c->cnonce);
		err |= mbuf_write_str(mb, "\r\n");
	}
	return err;
}

void digest_reset(struct digest *d)
{
	while (d->offers)
		challenge_clear(&d->offered[--d->offers]);
	while (d->takings)
		challenge_clear(&d->taken[--d->takings]);
}
