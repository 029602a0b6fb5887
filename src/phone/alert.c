/* How a call rings, by what its caller or a server on the way suggests. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "phone/internal.h"

/* The names of RFC 7462, and the words that switchboards had before it. The first one that is there counts. Nothing is
 * fetched: an address among them is read for such a word and no more. */
static const struct {
	const char *word;
	enum tone tone;
} known[] = {
	{"urn:alert:priority:high", TONE_RING_URGENT},
	{"urn:alert:priority:low", TONE_RING_SHORT},
	{"urn:alert:duration:short", TONE_RING_SHORT},
	{"urn:alert:source:internal", TONE_RING_INTERNAL},
	{"alert-urgent", TONE_RING_URGENT},
	{"alert-priority", TONE_RING_URGENT},
	{"alert-internal", TONE_RING_INTERNAL},
	{"alert-group", TONE_RING_INTERNAL},
	{"bellcore-dr2", TONE_RING_INTERNAL},
	{"bellcore-dr3", TONE_RING_URGENT},
	{"bellcore-dr4", TONE_RING_URGENT},
	{"bellcore-dr5", TONE_RING_SHORT},
};

static bool in_word(char c)
{
	return isalnum((unsigned char)c) || c == '-' || c == '_';
}

static bool has_word(const char *text, const char *word)
{
	size_t n = strlen(word);
	const char *p;

	for (p = text; *p; p++) {
		if (!strncasecmp(p, word, n) && !in_word(p[n]) && (p == text || !in_word(p[-1])))
			return true;
	}
	return false;
}

enum tone alert_tone(const char *alert)
{
	unsigned i;

	for (i = 0; alert && i < sizeof(known) / sizeof(known[0]); i++) {
		if (has_word(alert, known[i].word))
			return known[i].tone;
	}
	return TONE_RING;
}
