/* Retry-After, as RFC 3261 section 20.33 writes it: 18000 (in a "meeting");duration=3600 */
#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "phone/redial.h"

#define BLANKS " \t\r\n"

/* delta-seconds at *P; false when there are none, or more than fit. *P then stands behind the digits. */
static bool read_seconds(const char **p, uint32_t *seconds)
{
	const char *first = *p;
	uint64_t n = 0;

	for (; **p >= '0' && **p <= '9'; (*p)++) {
		if (n <= UINT32_MAX)
			n = n * 10 + (uint64_t)(**p - '0');
	}
	*seconds = n <= UINT32_MAX ? (uint32_t)n : 0;
	return *p > first && n <= UINT32_MAX;
}

/* The comment whose parenthesis opens at P, without its escapes: what follows it, or NULL when it does not end. */
static const char *read_comment(char *dst, size_t size, const char *p)
{
	unsigned depth = 0;
	size_t n = 0;

	for (; *p; p++) {
		bool escaped = *p == '\\' && p[1];

		if (escaped)
			p++;
		else if (*p == '(' && depth++ == 0)
			continue;
		else if (*p == ')' && --depth == 0) {
			dst[n] = '\0';
			return p + 1;
		}
		if (n + 1 < size)
			dst[n++] = *p;
	}
	dst[0] = '\0';
	return NULL;
}

/* Behind the value of a parameter at P, which may be a quoted string. */
static const char *skip_value(const char *p)
{
	if (*p != '"')
		return p + strcspn(p, ";");
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
	}
	return p + strcspn(p, ";");
}

static void read_parameters(struct retry_after *r, const char *p)
{
	while (*(p += strspn(p, BLANKS)) == ';') {
		const char *name = p + 1 + strspn(p + 1, BLANKS), *value;
		size_t len = strcspn(name, "=;" BLANKS);

		p = name + len;
		p += strspn(p, BLANKS);
		if (*p != '=')
			continue;
		p++;
		value = p += strspn(p, BLANKS);
		if (len == strlen("duration") && !strncasecmp(name, "duration", len) && !r->has_duration)
			r->has_duration = read_seconds(&value, &r->duration);
		p = skip_value(p);
	}
}

void retry_after_read(struct retry_after *r, const char *value)
{
	memset(r, 0, sizeof(*r));
	value += strspn(value, BLANKS);
	r->valid = read_seconds(&value, &r->seconds);
	if (!r->valid)
		return;
	value += strspn(value, BLANKS);
	if (*value == '(')
		value = read_comment(r->comment, sizeof(r->comment), value);
	if (value)
		read_parameters(r, value);
}
