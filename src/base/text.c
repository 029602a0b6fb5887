#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wchar.h>

#include "base/text.h"

#define COMBINING_MAX 4
static const char ellipsis[] = "\xe2\x80\xa6";     /* U+2026 */
static const char replacement[] = "\xef\xbf\xbd";  /* U+FFFD */

size_t text_decode(uint32_t *cp, const char *p, size_t len)
{
	const unsigned char *s = (const unsigned char *)p;
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t n, i;
	uint32_t c;

	if (!len)
		return 0;
	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	if (s[0] >= 0xc2 && s[0] < 0xe0) {
		n = 2;
		c = s[0] & 0x1f;
	}
	else if (s[0] >= 0xe0 && s[0] < 0xf0) {
		n = 3;
		c = s[0] & 0x0f;
	}
	else if (s[0] >= 0xf0 && s[0] < 0xf5) {
		n = 4;
		c = s[0] & 0x07;
	}
	else
		return 0;
	if (n > len)
		return 0;
	for (i = 1; i < n; i++) {
		if ((s[i] & 0xc0) != 0x80)
			return 0;
		c = c << 6 | (s[i] & 0x3f);
	}
	if (c < least[n] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return 0;
	*cp = c;
	return n;
}

static bool in(uint32_t c, uint32_t first, uint32_t last)
{
	return c >= first && c <= last;
}

/* Characters that move or hide other text: directional controls (UAX #9), separators, tags,
 * byte order mark, soft hyphen, interlinear annotation, non-characters. */
static bool is_dropped(uint32_t c)
{
	return c == 0x061c || c == 0x00ad || c == 0x180e || c == 0xfeff ||
	       in(c, 0x200b, 0x200b) || in(c, 0x200e, 0x200f) || in(c, 0x2028, 0x202e) ||
	       in(c, 0x2060, 0x206f) || in(c, 0xfff9, 0xfffb) || in(c, 0xfdd0, 0xfdef) ||
	       in(c, 0xe0000, 0xe0fff) || (c & 0xfffe) == 0xfffe;
}

/* Marks that stack on the character before them. The common blocks; no locale is asked, so that the
 * outcome is the same in every one. */
static bool is_combining(uint32_t c)
{
	return in(c, 0x0300, 0x036f) || in(c, 0x0483, 0x0489) || in(c, 0x0591, 0x05bd) ||
	       in(c, 0x0610, 0x061a) || in(c, 0x064b, 0x065f) || in(c, 0x0e31, 0x0e3a) ||
	       in(c, 0x0e47, 0x0e4e) || in(c, 0x1ab0, 0x1aff) || in(c, 0x1dc0, 0x1dff) ||
	       in(c, 0x20d0, 0x20ff) || in(c, 0xfe00, 0xfe0f) || in(c, 0xfe20, 0xfe2f);
}

size_t text_show(char *dst, size_t size, const char *src, size_t len)
{
	size_t out = 0, keep = 0, i = 0;
	unsigned marks = 0;

	if (!size)
		return 0;
	if (!src)
		len = 0;
	while (i < len) {
		char piece[8];
		uint32_t c = 0;
		size_t n = text_decode(&c, src + i, len - i);
		size_t plen;

		if (n == 0) {
			memcpy(piece, replacement, 4);
			plen = 3;
			n = 1;
			marks = 0;
		}
		else if (c < 0x20 || c == 0x7f) {
			piece[0] = '^';
			piece[1] = (char)(c ^ 0x40);
			plen = 2;
			marks = 0;
		}
		else if (in(c, 0x80, 0x9f)) {
			plen = (size_t)snprintf(piece, sizeof(piece), "<%02X>", (unsigned)c);
			marks = 0;
		}
		else if (is_dropped(c))
			plen = 0;
		else if (is_combining(c) && ++marks > COMBINING_MAX)
			plen = 0;
		else {
			if (!is_combining(c))
				marks = 0;
			memcpy(piece, src + i, n);
			plen = n;
		}
		i += n;
		if (out + plen > size - 1) {
			/* cut: what was written must make room for the ellipsis */
			out = keep;
			if (size > sizeof(ellipsis) - 1) {
				memcpy(dst + out, ellipsis, sizeof(ellipsis) - 1);
				out += sizeof(ellipsis) - 1;
			}
			break;
		}
		memcpy(dst + out, piece, plen);
		out += plen;
		if (out + sizeof(ellipsis) - 1 <= size - 1)
			keep = out;
	}
	dst[out] = '\0';
	return out;
}

size_t text_show_str(char *dst, size_t size, const char *src)
{
	return text_show(dst, size, src, src ? strlen(src) : 0);
}

/* Columns of one character; 0 for what has none. */
static unsigned columns(uint32_t c)
{
	int w = wcwidth((wchar_t)c);

	return w > 0 ? (unsigned)w : 0;
}

unsigned text_width(const char *s)
{
	size_t len = strlen(s), i = 0;
	unsigned w = 0;

	while (i < len) {
		uint32_t c = 0;
		size_t n = text_decode(&c, s + i, len - i);

		if (!n) {
			n = 1;
			w++;
		}
		else
			w += columns(c);
		i += n;
	}
	return w;
}

unsigned text_fit(char *dst, size_t size, const char *s, unsigned max)
{
	size_t len = strlen(s), i = 0, out = 0, keep = 0;
	unsigned w = 0, keep_w = 0;

	if (!size)
		return 0;
	while (i < len) {
		uint32_t c = 0;
		size_t n = text_decode(&c, s + i, len - i);
		unsigned cw = n ? columns(c) : 1;

		if (!n)
			n = 1;
		if (w + cw > max || out + n > size - 1) {
			out = keep;
			w = keep_w;
			if (max > 0 && size > sizeof(ellipsis) - 1) {
				memcpy(dst + out, ellipsis, sizeof(ellipsis) - 1);
				out += sizeof(ellipsis) - 1;
				w++;
			}
			break;
		}
		memcpy(dst + out, s + i, n);
		out += n;
		w += cw;
		i += n;
		if (w + 1 <= max && out + sizeof(ellipsis) - 1 <= size - 1) {
			keep = out;
			keep_w = w;
		}
	}
	dst[out] = '\0';
	return w;
}

bool text_copyn(char *dst, size_t size, const char *src, size_t len)
{
	size_t n = len;

	if (!size)
		return false;
	if (!src)
		n = len = 0;
	if (n > size - 1)
		n = size - 1;
	if (n)
		memcpy(dst, src, n);
	dst[n] = '\0';
	return n == len;
}

bool text_copy(char *dst, size_t size, const char *src)
{
	return text_copyn(dst, size, src, src ? strlen(src) : 0);
}

void buf_add(struct buf *b, const char *s, size_t len)
{
	if (b->failed)
		return;
	if (b->len + len + 1 > b->cap) {
		size_t cap = b->cap ? b->cap : 64;
		char *p;

		while (cap < b->len + len + 1)
			cap *= 2;
		p = realloc(b->s, cap);
		if (!p) {
			b->failed = true;
			return;
		}
		b->s = p;
		b->cap = cap;
	}
	if (len)
		memcpy(b->s + b->len, s, len);
	b->len += len;
	b->s[b->len] = '\0';
}

void buf_str(struct buf *b, const char *s)
{
	buf_add(b, s, strlen(s));
}

void buf_printf(struct buf *b, const char *fmt, ...)
{
	char small[256];
	va_list ap, again;
	char *big;
	int n;

	va_start(ap, fmt);
	va_copy(again, ap);
	n = vsnprintf(small, sizeof(small), fmt, ap);
	va_end(ap);
	if (n < 0)
		b->failed = true;
	else if ((size_t)n < sizeof(small))
		buf_add(b, small, (size_t)n);
	else if ((big = malloc((size_t)n + 1)) != NULL) {
		vsnprintf(big, (size_t)n + 1, fmt, again);
		buf_add(b, big, (size_t)n);
		free(big);
	}
	else
		b->failed = true;
	va_end(again);
}

void buf_json(struct buf *b, const char *s)
{
	size_t len = strlen(s), i = 0;

	buf_str(b, "\"");
	while (i < len) {
		uint32_t c = 0xfffd;
		size_t n = text_decode(&c, s + i, len - i);

		if (!n) {
			n = 1;
			c = 0xfffd;
		}
		if (c == '"' || c == '\\')
			buf_printf(b, "\\%c", (char)c);
		else if (c == '\n')
			buf_str(b, "\\n");
		else if (c >= ' ' && c < 0x7f)
			buf_add(b, s + i, 1);
		else if (c < 0x10000)
			buf_printf(b, "\\u%04x", (unsigned)c);
		else
			buf_printf(b, "\\u%04x\\u%04x", 0xd800 + (unsigned)((c - 0x10000) >> 10),
				   0xdc00 + (unsigned)((c - 0x10000) & 0x3ff));
		i += n;
	}
	buf_str(b, "\"");
}

void buf_free(struct buf *b)
{
	free(b->s);
	memset(b, 0, sizeof(*b));
}
