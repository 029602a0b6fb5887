#include <arpa/inet.h>
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "exchange/text.h"

struct xtext xtext_of(const char *s)
{
	struct xtext t = {s, strlen(s)};

	return t;
}

bool xtext_is(struct xtext t, const char *s)
{
	return strlen(s) == t.len && strncasecmp(t.p, s, t.len) == 0;
}

bool xtext_same(struct xtext a, struct xtext b)
{
	return a.len == b.len && (!a.len || memcmp(a.p, b.p, a.len) == 0);
}

bool xtext_number(struct xtext t, uint32_t *n)
{
	uint64_t v = 0;
	size_t i;

	if (!t.len)
		return false;
	for (i = 0; i < t.len; i++) {
		if (t.p[i] < '0' || t.p[i] > '9')
			return false;
		v = v * 10 + (uint64_t)(t.p[i] - '0');
		if (v > UINT32_MAX)
			return false;
	}
	*n = (uint32_t)v;
	return true;
}

bool xtext_blank(char c)
{
	return c == ' ' || c == '\t';
}

struct xtext xtext_trim(struct xtext t)
{
	while (t.len && xtext_blank(t.p[0])) {
		t.p++;
		t.len--;
	}
	while (t.len && xtext_blank(t.p[t.len - 1]))
		t.len--;
	return t;
}

struct xtext xtext_first(struct xtext t, size_t n)
{
	t.len = n;
	return t;
}

struct xtext xtext_after(struct xtext t, size_t n)
{
	t.p += n;
	t.len -= n;
	return t;
}

bool xtext_token(struct xtext t)
{
	size_t i;

	for (i = 0; i < t.len; i++)
		if (!isalnum((unsigned char)t.p[i]) && !(t.p[i] && strchr("-.!%*_+`'~", t.p[i])))
			return false;
	return t.len > 0;
}

size_t xtext_until(struct xtext t, char separator)
{
	bool quoted = false, angled = false;
	size_t i;

	for (i = 0; i < t.len; i++) {
		char c = t.p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
		}
		else if (c == separator && !angled)
			return i;
		else if (c == '"')
			quoted = true;
		else if (c == '<')
			angled = true;
		else if (c == '>')
			angled = false;
	}
	return t.len;
}

bool xtext_next(struct xtext *rest, char separator, struct xtext *item)
{
	size_t n;

	if (!rest->len)
		return false;
	n = xtext_until(*rest, separator);
	*item = xtext_trim(xtext_first(*rest, n));
	*rest = xtext_after(*rest, n < rest->len ? n + 1 : n);
	return true;
}

bool xtext_parameter(struct xtext parameters, const char *name, struct xtext *value)
{
	struct xtext item;

	while (xtext_next(&parameters, ';', &item)) {
		size_t n = xtext_until(item, '=');
		struct xtext key = xtext_trim(xtext_first(item, n));

		if (!xtext_is(key, name))
			continue;
		if (n == item.len) {
			*value = xtext_after(item, n);
			return true;
		}
		*value = xtext_trim(xtext_after(item, n + 1));
		if (value->len >= 2 && value->p[0] == '"' && value->p[value->len - 1] == '"') {
			value->p++;
			value->len -= 2;
		}
		return true;
	}
	return false;
}

bool xtext_address(struct xtext value, struct xtext *uri, struct xtext *parameters)
{
	size_t open, close;

	value = xtext_trim(value);
	open = xtext_until(value, '<');
	if (open == value.len) {
		/* addr-spec: what follows the first ; is the header's, RFC 3261 §20.10 */
		size_t n = xtext_until(value, ';');
		size_t i;

		*uri = xtext_trim(xtext_first(value, n));
		*parameters = xtext_after(value, n);
		for (i = 0; i < uri->len; i++)
			if (xtext_blank(uri->p[i]) || uri->p[i] == '"' || uri->p[i] == '>')
				return false;
		return uri->len > 0;
	}
	for (close = open + 1; close < value.len && value.p[close] != '>'; close++)
		if (value.p[close] == '<')
			return false;
	if (close == value.len)
		return false;
	uri->p = value.p + open + 1;
	uri->len = close - open - 1;
	*parameters = xtext_trim(xtext_after(value, close + 1));
	return uri->len > 0 && (!parameters->len || parameters->p[0] == ';');
}

bool xuri_read(struct xuri *u, struct xtext t)
{
	const char *at, *colon;
	uint32_t port;
	size_t n;

	memset(u, 0, sizeof(*u));
	n = xtext_until(t, ':');
	if (n == t.len)
		return false;
	u->scheme = xtext_first(t, n);
	if (!xtext_token(u->scheme))
		return false;
	t = xtext_after(t, n + 1);

	/* a user part may hold ; and ? (§25.1), so look for @ first */
	at = t.len ? memchr(t.p, '@', t.len) : NULL;
	if (at) {
		struct xtext who = xtext_first(t, (size_t)(at - t.p));

		u->user = xtext_first(who, xtext_until(who, ':'));
		if (!u->user.len)
			return false;
		t = xtext_after(t, who.len + 1);
	}
	if (!t.len)
		return false;
	for (n = 0; n < t.len && t.p[n] != ';' && t.p[n] != '?'; n++)
		;
	u->parameters = xtext_after(t, n);
	t = xtext_first(t, n);
	if (u->parameters.len) {
		const char *q = memchr(u->parameters.p, '?', u->parameters.len);

		if (q)
			u->parameters.len = (size_t)(q - u->parameters.p);
	}
	if (t.len && t.p[0] == '[') {
		const char *end = memchr(t.p, ']', t.len);

		if (!end)
			return false;
		n = (size_t)(end - t.p) + 1;
	}
	else {
		colon = t.len ? memchr(t.p, ':', t.len) : NULL;
		n = colon ? (size_t)(colon - t.p) : t.len;
	}
	u->host = xtext_first(t, n);
	t = xtext_after(t, n);
	if (t.len) {
		if (t.p[0] != ':' || !xtext_number(xtext_after(t, 1), &port) || !port || port > 65535)
			return false;
		u->port = (uint16_t)port;
	}
	for (n = 0; n < u->host.len; n++)
		if (!isalnum((unsigned char)u->host.p[n]) && !(u->host.p[n] && strchr("-._[]:", u->host.p[n])))
			return false;
	return u->host.len > 0;
}

bool xuri_socket(struct sockaddr_in *sin, const struct xuri *u)
{
	char host[INET_ADDRSTRLEN];

	memset(sin, 0, sizeof(*sin));
	sin->sin_family = AF_INET;
	sin->sin_port = htons(u->port ? u->port : 5060);
	return text_copyn(host, sizeof(host), u->host.p, u->host.len) &&
	       inet_pton(AF_INET, host, &sin->sin_addr) == 1;
}
