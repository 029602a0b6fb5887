#include <string.h>
#include <strings.h>

#include "phone/codec.h"

static const struct codec table[CODEC_COUNT] = {
	[CODEC_OPUS] = {CODEC_OPUS, "opus", 48000, 2, 96, "useinbandfec=1", "opus 48k"},
	[CODEC_PCMU] = {CODEC_PCMU, "PCMU", 8000, 1, 0, NULL, "PCMU 8k"},
	[CODEC_PCMA] = {CODEC_PCMA, "PCMA", 8000, 1, 8, NULL, "PCMA 8k"},
};

const struct codec *codec_find(const char *name, size_t len)
{
	unsigned i;

	for (i = 0; i < CODEC_COUNT; i++) {
		if (strlen(table[i].name) == len && !strncasecmp(table[i].name, name, len))
			return &table[i];
	}
	return NULL;
}

const struct codec *codec_get(enum codec_id id)
{
	return id < CODEC_COUNT ? &table[id] : NULL;
}

unsigned codec_parse_list(const struct codec **out, unsigned max, const char *list, const char **bad)
{
	const char *p = list;
	unsigned n = 0;

	*bad = list;
	for (;;) {
		const struct codec *c;
		size_t len, i;

		p += strspn(p, " \t");
		len = strcspn(p, ", \t");
		c = codec_find(p, len);
		if (!c) {
			*bad = p;
			return 0;
		}
		for (i = 0; i < n && out[i] != c; i++)
			;
		if (i == n && n < max)
			out[n++] = c;
		p += len;
		p += strspn(p, " \t");
		if (!*p)
			return n;
		if (*p != ',') {
			*bad = p;
			return 0;
		}
		p++;
	}
}
