#include <locale.h>
#include <stdint.h>
#include <string.h>
#include <wctype.h>

#include "base/fold.h"
#include "base/text.h"

/* Folding does not follow the user's locale: in Turkish an I would be another letter than the i of an ASCII name. */
static locale_t characters(void)
{
	static locale_t utf8;

	if (!utf8)
		utf8 = newlocale(LC_CTYPE_MASK, "C.UTF-8", (locale_t)0);
	return utf8;
}

static uint32_t small(uint32_t cp)
{
	if (cp < 0x80)
		return cp >= 'A' && cp <= 'Z' ? cp - 'A' + 'a' : cp;
	return characters() ? (uint32_t)towlower_l((wint_t)cp, characters()) : cp;
}

/* Letters and digits of ASCII; else all but spaces and the punctuation that names have in them. */
static bool in_word(uint32_t cp)
{
	if (cp < 0x80)
		return (cp >= 'a' && cp <= 'z') || (cp >= '0' && cp <= '9');
	if (cp < 0xc0)
		return cp == 0xaa || cp == 0xb5 || cp == 0xba;
	return !(cp >= 0x2000 && cp <= 0x206f) && !(cp >= 0x3000 && cp <= 0x303f);
}

static bool is_blank(uint32_t cp)
{
	return cp == ' ' || (cp >= '\t' && cp <= '\r') || cp == 0xa0 || cp == 0x3000;
}

static size_t encode(char *p, uint32_t cp)
{
	if (cp < 0x80) {
		p[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		p[0] = (char)(0xc0 | cp >> 6);
		p[1] = (char)(0x80 | (cp & 0x3f));
		return 2;
	}
	if (cp < 0x10000) {
		p[0] = (char)(0xe0 | cp >> 12);
		p[1] = (char)(0x80 | (cp >> 6 & 0x3f));
		p[2] = (char)(0x80 | (cp & 0x3f));
		return 3;
	}
	p[0] = (char)(0xf0 | cp >> 18);
	p[1] = (char)(0x80 | (cp >> 12 & 0x3f));
	p[2] = (char)(0x80 | (cp >> 6 & 0x3f));
	p[3] = (char)(0x80 | (cp & 0x3f));
	return 4;
}

static size_t fold(char *dst, size_t size, const char *src, bool words)
{
	size_t left = strlen(src), out = 0, n;
	bool apart = words;
	char piece[5];

	if (!size)
		return 0;
	for (; left; src += n, left -= n) {
		uint32_t cp = (unsigned char)*src;
		size_t len = 0;

		n = cp < 0x80 ? 1 : text_decode(&cp, src, left);
		cp = n ? small(cp) : 0;
		if (cp && (words ? !in_word(cp) : is_blank(cp))) {
			apart = out || words;
			continue;
		}
		if (apart)
			piece[len++] = ' ';
		apart = false;
		if (n)
			len += encode(piece + len, cp);
		else {
			piece[len++] = *src; /* no character: the byte stands for itself */
			n = 1;
		}
		if (out + len >= size)
			break;
		memcpy(dst + out, piece, len);
		out += len;
	}
	dst[out] = '\0';
	return out;
}

size_t fold_name(char *dst, size_t size, const char *src)
{
	return fold(dst, size, src, false);
}

size_t fold_words(char *dst, size_t size, const char *src)
{
	return fold(dst, size, src, true);
}

bool fold_fits(const char *words, const char *typed)
{
	while (*typed) {
		const char *p;
		size_t n = 0;

		/* the blank in front is part of both */
		for (p = words; *p; p++) {
			if (*p != ' ')
				continue;
			for (n = 1; typed[n] && typed[n] != ' ' && p[n] == typed[n]; n++)
				;
			if (!typed[n] || typed[n] == ' ')
				break;
		}
		if (!*p)
			return false;
		typed += n;
	}
	return true;
}
