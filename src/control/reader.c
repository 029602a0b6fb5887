#include <stdint.h>
#include <string.h>

#include "base/text.h"
#include "control/reader.h"

static bool fail(struct reader *r)
{
	r->wrong = true;
	return false;
}

static char look(struct reader *r)
{
	r->p += strspn(r->p, " \t\r\n");
	return *r->p;
}

/* Takes C if it is next. */
static bool take(struct reader *r, char c)
{
	if (r->wrong || look(r) != c)
		return false;
	r->p++;
	return true;
}

void reader_begin(struct reader *r, const char *text)
{
	memset(r, 0, sizeof(*r));
	r->p = text;
}

char reader_next(struct reader *r)
{
	char c = r->wrong ? '\0' : look(r);

	if (c == '-' || (c >= '0' && c <= '9'))
		return '0';
	return c && strchr("{[\"tfn", c) ? c : '\0';
}

bool reader_enter(struct reader *r, char what)
{
	if (r->depth == READER_DEPTH || !take(r, what))
		return fail(r);
	r->depth++;
	r->fresh = true;
	return true;
}

/* To the next value of what ends with END. */
static bool step(struct reader *r, char end)
{
	bool first = r->fresh;

	if (r->wrong)
		return false;
	r->fresh = false;
	if (take(r, end)) {
		r->depth--;
		return false;
	}
	return first || take(r, ',') || fail(r);
}

bool reader_item(struct reader *r)
{
	return step(r, ']');
}

/* ---- strings ---- */

static bool read_hex(struct reader *r, uint32_t *value)
{
	static const char digits[] = "0123456789abcdef0123456789ABCDEF";
	unsigned i;

	*value = 0;
	for (i = 0; i < 4; i++, r->p++) {
		const char *d = *r->p ? strchr(digits, *r->p) : NULL;

		if (!d)
			return fail(r);
		*value = *value << 4 | (uint32_t)((d - digits) & 15);
	}
	return true;
}

/* What stands behind \u, as a character. */
static bool read_unicode(struct reader *r, uint32_t *cp)
{
	uint32_t low;

	if (!read_hex(r, cp))
		return false;
	if (*cp >= 0xd800 && *cp <= 0xdbff) {
		if (r->p[0] != '\\' || r->p[1] != 'u')
			return fail(r);
		r->p += 2;
		if (!read_hex(r, &low))
			return false;
		if (low < 0xdc00 || low > 0xdfff)
			return fail(r);
		*cp = 0x10000 + ((*cp - 0xd800) << 10) + (low - 0xdc00);
		return true;
	}
	return (*cp && (*cp < 0xdc00 || *cp > 0xdfff)) || fail(r);
}

static size_t encode(char *out, uint32_t cp)
{
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xc0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xe0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		out[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	out[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

/* One character of a string; *LEN bytes in OUT. */
static bool read_character(struct reader *r, char *out, size_t *len)
{
	static const char plain[] = "\"\\/bfnrt", means[] = "\"\\/\b\f\n\r\t";
	const char *at;
	uint32_t cp;

	if ((unsigned char)*r->p < ' ')
		return fail(r);
	if (*r->p != '\\') {
		*len = text_decode(&cp, r->p, strlen(r->p) < 4 ? strlen(r->p) : 4);
		if (!*len)
			return fail(r);
		memcpy(out, r->p, *len);
		r->p += *len;
		return true;
	}
	r->p++;
	if (*r->p == 'u') {
		r->p++;
		if (!read_unicode(r, &cp))
			return false;
		*len = encode(out, cp);
		return true;
	}
	at = *r->p ? strchr(plain, *r->p) : NULL;
	if (!at)
		return fail(r);
	r->p++;
	out[0] = means[at - plain];
	*len = 1;
	return true;
}

/* *FITS tells whether DST has all of it; otherwise DST is "". */
static bool read_string(struct reader *r, char *dst, size_t size, bool *fits)
{
	size_t used = 0, len = 0;
	char c[4];

	*fits = true;
	if (!take(r, '"'))
		return fail(r);
	while (*r->p != '"') {
		if (!read_character(r, c, &len))
			return false;
		if (used + len >= size)
			*fits = false;
		else if (*fits) {
			memcpy(dst + used, c, len);
			used += len;
		}
	}
	r->p++;
	if (size)
		dst[*fits ? used : 0] = '\0';
	return true;
}

bool reader_string(struct reader *r, char *dst, size_t size, bool *fits)
{
	bool all;

	return read_string(r, dst, size, fits ? fits : &all) && (fits || all || fail(r));
}

bool reader_member(struct reader *r, char *key, size_t size)
{
	bool fits;

	if (!step(r, '}'))
		return false;
	if (!read_string(r, key, size, &fits))
		return false;
	return take(r, ':') || fail(r);
}

/* ---- the other values ---- */

static size_t digits(const char *p)
{
	return strspn(p, "0123456789");
}

/* RFC 8259 section 6. */
static size_t number_length(const char *s)
{
	const char *p = s;
	size_t n;

	if (*p == '-')
		p++;
	n = digits(p);
	if (!n || (*p == '0' && n > 1))
		return 0;
	p += n;
	if (*p == '.') {
		n = digits(p + 1);
		if (!n)
			return 0;
		p += 1 + n;
	}
	if (*p == 'e' || *p == 'E') {
		p++;
		if (*p == '+' || *p == '-')
			p++;
		n = digits(p);
		if (!n)
			return 0;
		p += n;
	}
	return (size_t)(p - s);
}

bool reader_number(struct reader *r, char *dst, size_t size)
{
	size_t len;

	if (reader_next(r) != '0')
		return fail(r);
	len = number_length(r->p);
	if (!len || !text_copyn(dst, size, r->p, len))
		return fail(r);
	r->p += len;
	return true;
}

static bool word(struct reader *r, const char *s)
{
	size_t len = strlen(s);

	if (strncmp(r->p, s, len) != 0)
		return fail(r);
	r->p += len;
	return true;
}

bool reader_boolean(struct reader *r, bool *value)
{
	char next = reader_next(r);

	if (next != 't' && next != 'f')
		return fail(r);
	*value = next == 't';
	return word(r, *value ? "true" : "false");
}

/* READER_DEPTH bounds how deep it calls itself. */
bool reader_skip(struct reader *r)
{
	char next = reader_next(r);
	bool value, fits;
	size_t len;

	switch (next) {
	case '{':
		reader_enter(r, next);
		while (reader_member(r, NULL, 0))
			reader_skip(r);
		break;
	case '[':
		reader_enter(r, next);
		while (reader_item(r))
			reader_skip(r);
		break;
	case '"':
		read_string(r, NULL, 0, &fits);
		break;
	case '0':
		len = number_length(r->p);
		r->p += len;
		if (!len)
			fail(r);
		break;
	case 't':
	case 'f':
		reader_boolean(r, &value);
		break;
	case 'n':
		word(r, "null");
		break;
	default:
		fail(r);
		break;
	}
	return !r->wrong;
}

bool reader_done(struct reader *r)
{
	return !r->wrong && !r->depth && !look(r);
}
