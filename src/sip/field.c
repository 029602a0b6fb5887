#include <ctype.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sip/field.h"

#define NAME_MAX_ 64

uint32_t field_number(const struct pl *v, uint32_t max, uint32_t fallback)
{
	uint64_t n = 0;
	size_t i;

	if (!v || !v->p || !v->l || !isdigit((unsigned char)v->p[0]))
		return fallback;
	for (i = 0; i < v->l && isdigit((unsigned char)v->p[i]); i++) {
		n = n * 10 + (uint64_t)(v->p[i] - '0');
		if (n >= max)
			return max;
	}
	return (uint32_t)n;
}

int field_quote(char *dst, size_t size, const char *text)
{
	size_t n = 0;

	if (size < 3)
		return ENOSPC;
	dst[n++] = '"';
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c < 0x20 || c == 0x7f)
			continue;
		if (n + 4 > size)
			return ENOSPC;
		if (c == '"' || c == '\\')
			dst[n++] = '\\';
		dst[n++] = (char)c;
	}
	dst[n++] = '"';
	dst[n] = '\0';
	return 0;
}

/* Of a hexadecimal digit. */
static int hex_value(char c)
{
	return c <= '9' ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

static bool is_escape(const char *p, size_t l)
{
	return l > 2 && p[0] == '%' && isxdigit((unsigned char)p[1]) && isxdigit((unsigned char)p[2]);
}

int field_escape_user(char *dst, size_t size, const char *user)
{
	static const char hex[] = "0123456789ABCDEF";
	size_t n = 0;

	for (; *user; user++) {
		unsigned char c = (unsigned char)*user;

		if (n + 4 > size)
			return ENOSPC;
		/* unreserved and user-unreserved */
		if (isalnum(c) || strchr("-_.!~*'()&=+$,;?/", c) || is_escape(user, strlen(user))) {
			dst[n++] = (char)c;
			continue;
		}
		dst[n++] = '%';
		dst[n++] = hex[c >> 4];
		dst[n++] = hex[c & 15];
	}
	if (n >= size)
		return ENOSPC;
	dst[n] = '\0';
	return 0;
}

void field_unescape(char *dst, size_t size, const struct pl *pl)
{
	size_t n = 0, i;

	for (i = 0; pl->p && i < pl->l && n + 1 < size; i++) {
		int c = (unsigned char)pl->p[i];

		if (is_escape(pl->p + i, pl->l - i)) {
			c = hex_value(pl->p[i + 1]) * 16 + hex_value(pl->p[i + 2]);
			i += 2;
		}
		if (c)
			dst[n++] = (char)c;
	}
	dst[n] = '\0';
}

static bool is_token_char(char c)
{
	return isalnum((unsigned char)c) || (c && strchr("-.!%*_+`'~", c));
}

bool field_is_token(const struct pl *pl)
{
	size_t i;

	for (i = 0; i < pl->l; i++) {
		if (!is_token_char(pl->p[i]))
			return false;
	}
	return pl->l > 0;
}

bool field_line_allowed(const char *line)
{
	/* full and compact names of what a dialog, its body or its transaction is made of */
	static const char *const ours[] = {
		"Via", "v", "From", "f", "To", "t", "Call-ID", "i", "CSeq", "Contact", "m", "Max-Forwards",
		"Content-Length", "l", "Content-Type", "c", "Content-Encoding", "e", "Route", "Record-Route",
		"Authorization", "Proxy-Authorization", "Allow", "Supported", "k", "User-Agent", "Expires", "Session-Expires",
		"x", "Min-SE",
	};
	char name[NAME_MAX_];
	size_t n, i;

	n = strcspn(line, ":");
	if (!line[n])
		return false;
	for (i = 0; line[i]; i++) {
		if (((unsigned char)line[i] < 0x20 && line[i] != '\t') || line[i] == 0x7f)
			return false;
	}
	while (n && (line[n - 1] == ' ' || line[n - 1] == '\t'))
		n--;
	if (!n || n >= sizeof(name))
		return false;
	for (i = 0; i < n; i++) {
		if (!is_token_char(line[i]))
			return false;
		name[i] = line[i];
	}
	name[n] = '\0';
	for (i = 0; i < sizeof(ours) / sizeof(ours[0]); i++) {
		if (!strcasecmp(name, ours[i]))
			return false;
	}
	return true;
}

static struct pl trimmed(const char *p, size_t l)
{
	struct pl pl;

	while (l && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) {
		p++;
		l--;
	}
	while (l && (p[l - 1] == ' ' || p[l - 1] == '\t' || p[l - 1] == '\r' || p[l - 1] == '\n'))
		l--;
	pl.p = p;
	pl.l = l;
	return pl;
}

bool field_param(struct pl *value, const struct pl *params, const char *name)
{
	const char *p = params->p, *end = p ? p + params->l : NULL;

	while (p && p < end) {
		const char *stop, *equal;
		struct pl key;
		bool quoted = false;

		if (*p == ';')
			p++;
		for (stop = p; stop < end && (quoted || *stop != ';'); stop++) {
			if (quoted && *stop == '\\' && stop + 1 < end)
				stop++;
			else if (*stop == '"')
				quoted = !quoted;
		}
		equal = memchr(p, '=', (size_t)(stop - p));
		key = trimmed(p, (size_t)((equal ? equal : stop) - p));
		if (key.l && !pl_strcasecmp(&key, name)) {
			if (equal)
				*value = trimmed(equal + 1, (size_t)(stop - equal - 1));
			else
				*value = trimmed(stop, 0);
			return true;
		}
		p = stop < end ? stop + 1 : end;
	}
	return false;
}

void field_display_name(char *dst, size_t size, const struct pl *dname)
{
	struct pl d;
	size_t i, n = 0;

	dst[0] = '\0';
	if (!dname->p)
		return;
	d = trimmed(dname->p, dname->l);
	/* libre has taken the quotes off already, but not the escapes */
	if (d.l >= 2 && d.p[0] == '"' && d.p[d.l - 1] == '"') {
		d.p++;
		d.l -= 2;
	}
	for (i = 0; i < d.l && n + 1 < size; i++) {
		if (d.p[i] == '\\' && i + 1 < d.l)
			i++;
		if (d.p[i])
			dst[n++] = d.p[i];
	}
	dst[n] = '\0';
}
