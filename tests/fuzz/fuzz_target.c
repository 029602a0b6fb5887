/* What is dialled, accounts as they are written, lists of codecs. The input: three lines, address, key and value. */
#include "base/text.h"
#include "fuzz.h"
#include "phone/codec.h"
#include "phone/target.h"

static void dial(const char *text)
{
	static struct account a, b;
	const struct account *const accounts[] = {&a, &b};
	char user[64], host[64], short_user[4], short_host[4];
	struct target t;
	const char *why = NULL;
	unsigned port;

	if (!a.name[0]) {
		account_init(&a, "work", "sip:alice@example.com:5070", &why);
		account_init(&b, "v6", "sip:bob@[2001:db8::1]", &why);
	}
	if (target_read(&t, text, NULL, accounts, 2, &why))
		FUZZ_CHECK(why && *why);
	else {
		const char *p;

		FUZZ_CHECK(t.uri[0] && memchr(t.uri, 0, sizeof(t.uri)) && memchr(t.name, 0, sizeof(t.name)));
		/* it is written into a request as it is */
		for (p = t.uri; *p; p++)
			FUZZ_CHECK((unsigned char)*p > ' ' && *p != 0x7f);
	}
	target_read(&t, text, NULL, accounts, 0, &why);
	target_uri_parts(text, user, sizeof(user), host, sizeof(host), &port);
	target_uri_parts(text, short_user, sizeof(short_user), short_host, sizeof(short_host), &port);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size), *key = strchr(s, '\n'), *value = key ? strchr(key + 1, '\n') : NULL;
	const struct codec *codec[CODEC_COUNT];
	const char *why = NULL, *bad = NULL;
	struct account a;

	if (key)
		*key++ = '\0';
	if (value)
		*value++ = '\0';
	dial(s);
	if (!codec_parse_list(codec, CODEC_COUNT, s, &bad))
		FUZZ_CHECK(bad);
	if (account_init(&a, "name", s, &why)) {
		FUZZ_CHECK(why && *why);
		account_init(&a, "name", "sip:alice@example.com", &why);
	}
	if (key)
		account_init(&a, key, "sip:a@b", &why);
	if (value) {
		struct account before;

		account_init(&a, "name", "sip:alice@example.com", &why);
		before = a;
		why = NULL;
		if (account_set(&a, key, value, &why))
			FUZZ_CHECK(why && *why && !memcmp(&a, &before, sizeof(a)));
		account_may_answer(&a, true, s, key, value);
		account_may_answer(&a, false, s, key, value);
	}
	free(s);
	return 0;
}
