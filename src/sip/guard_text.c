#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "sip/guard_text.h"

#define NUMBER_MAX 0x7fffffffu /* RFC 3261 section 8.1.1.5: a CSeq is less than 2^31 */
#define LENGTH_MAX 0xffffffu   /* more than any transport here carries */
#define SCHEME_MAX 32

/* What is looked at in the value of a field. */
enum {
	ONCE     = 1 << 0,             /* has one value: more than one field is a fault */
	NEEDED   = 1 << 1,             /* RFC 3261 section 8.1.1 */
	PARSED   = 1 << 2,             /* libre parses the value at once */
	ADDRESS  = 1 << 3,             /* name-addr or addr-spec with parameters */
	PARAMS   = 1 << 4,             /* elements with parameters */
	LENGTH   = 1 << 5,
	CSEQ     = 1 << 6,
	COUNT    = 1 << 7,             /* a number from 0 to 255 */
	LINE     = 1 << 8,             /* one line: it is written back as it came */
	PLAIN    = 1 << 9,             /* nobody means a long one */
	ROUTES   = 1 << 10             /* a list of addresses that are parsed when they are needed */
};

#define NO_PART SIZE_MAX
#define PART(name) offsetof(struct guard_look, name)

static const struct field {
	const char *name, *compact;
	unsigned hash;                 /* by which libre tells it */
	unsigned look;
	size_t part;                   /* where in struct guard_look it is told */
	const char *missing, *twice, *bad;
} fields[] = {
	{"Via", "v", 3961, NEEDED | PARSED | PARAMS, PART(via), "Missing Via", NULL, "Bad Via"},
	{"From", "f", 1963, ONCE | NEEDED | PARSED | ADDRESS, PART(from), "Missing From", "More Than One From", "Bad From"},
	{"To", "t", 1449, ONCE | NEEDED | PARSED | ADDRESS, PART(to), "Missing To", "More Than One To", "Bad To"},
	{"Call-ID", "i", 3095, ONCE | NEEDED | PARSED | LINE, PART(call_id), "Missing Call-ID", "More Than One Call-ID",
	 "Bad Call-ID"},
	{"CSeq", NULL, 746, ONCE | NEEDED | PARSED | CSEQ, PART(cseq), "Missing CSeq", "More Than One CSeq", "Bad CSeq"},
	{"Max-Forwards", NULL, 3549, ONCE | PARSED | COUNT, NO_PART, NULL, "More Than One Max-Forwards", "Bad Max-Forwards"},
	{"Content-Length", "l", 3861, ONCE | PARSED | LENGTH, NO_PART, NULL, "More Than One Content-Length",
	 "Bad Content-Length"},
	{"Content-Type", "c", 809, ONCE | PARSED | PLAIN, NO_PART, NULL, "More Than One Content-Type", "Bad Content-Type"},
	{"Expires", NULL, 1983, PARSED | PLAIN, NO_PART, NULL, NULL, NULL},
	{"Contact", "m", 229, ADDRESS | ROUTES, NO_PART, NULL, NULL, "Bad Contact"},
	{"Record-Route", NULL, 278, ROUTES, NO_PART, NULL, NULL, NULL},
	{"Service-Route", NULL, 1655, ROUTES, NO_PART, NULL, NULL, NULL},
};

#define FIELDS (sizeof(fields) / sizeof(fields[0]))

/* The first fault is the one that is told. */
static void find(struct guard_look *look, unsigned code, const char *reason)
{
	if (look->code)
		return;
	look->code = code;
	look->reason = reason;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t';
}

static bool is_space(char c)
{
	return is_blank(c) || c == '\r' || c == '\n';
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_token(const char *p, size_t len)
{
	size_t i;

	for (i = 0; i < len; i++) {
		char c = p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) ||
		      (c && strchr("-.!%*_+`'~", c))))
			return false;
	}
	return len > 0;
}

/* The digits that P begins with as a number of at most MAX; false when there are none, or it is more. */
static bool read_number(const char *p, size_t len, uint32_t max, uint32_t *number, size_t *digits)
{
	uint64_t n = 0;
	size_t i;

	for (i = 0; i < len && is_digit(p[i]); i++) {
		n = n * 10 + (uint64_t)(p[i] - '0');
		if (n > max)
			return false;
	}
	*number = (uint32_t)n;
	*digits = i;
	return i > 0;
}

/* --- the start line ---------------------------------------------------------------------------- */

static bool is_version(const char *p, size_t len)
{
	return len >= 4 && !strncasecmp(p, "SIP/", 4);
}

static bool look_at_status(struct guard_look *look, const char *line, size_t len)
{
	uint32_t code;
	size_t digits;

	/* another version's responses mean who knows what */
	if (len < 11 || strncasecmp(line, "SIP/2.0 ", 8) || !read_number(line + 8, len - 8, 699, &code, &digits) ||
	    digits != 3 || code < 100)
		return false;
	look->short_status = len == 11;
	return len == 11 || line[11] == ' ';
}

/* Has the URI headers ("?")? A question mark may stand in the user part. */
static bool has_headers(const char *uri, size_t len)
{
	const char *at, *mark;

	if (len < 5 || (strncasecmp(uri, "sip:", 4) && strncasecmp(uri, "sips:", 5)))
		return false;
	at = memchr(uri, '@', len);
	mark = at ? memchr(at, '?', len - (size_t)(at - uri)) : memchr(uri, '?', len);
	return mark != NULL;
}

/* Does libre's pattern for a URI match it or fail at the first try? It tries anew from each byte. */
static bool is_swift_uri(const char *p, size_t len)
{
	const char *colon = memchr(p, ':', len < SCHEME_MAX ? len : SCHEME_MAX), *end = p + len, *at;

	if (len <= GUARD_TANGLED_MAX)
		return true;
	if (!colon || colon == p || colon + 1 == end || strchr("/;? ", colon[1]))
		return false;
	at = memchr(colon, '@', (size_t)(end - colon));
	return !at || (at + 1 < end && !strchr("/;? ", at[1]));
}

/* RFC 3986 section 3.1. */
static bool is_foreign(const char *uri, size_t len)
{
	const char *colon = memchr(uri, ':', len < SCHEME_MAX ? len : SCHEME_MAX);
	size_t i, n = colon ? (size_t)(colon - uri) : 0;

	for (i = 0; i < n; i++) {
		bool letter = (uri[i] >= 'a' && uri[i] <= 'z') || (uri[i] >= 'A' && uri[i] <= 'Z');

		if (!letter && (!i || !(is_digit(uri[i]) || strchr("+-.", uri[i]))))
			return false;
	}
	return n && !(n == 3 && !strncasecmp(uri, "sip", n)) && !(n == 4 && !strncasecmp(uri, "sips", n));
}

static void look_at_uri(struct guard_look *look, const char *uri, size_t len)
{
	bool broken = !len || uri[0] == '<';
	size_t i;

	for (i = 0; i < len; i++) {
		if ((unsigned char)uri[i] <= ' ' || uri[i] == 0x7f)
			broken = true;
	}
	look->foreign = !broken && is_foreign(uri, len);
	look->unreadable = broken || !is_swift_uri(uri, len);
	if (look->unreadable && look->foreign)
		find(look, 416, "Unsupported URI Scheme");
	else if (look->unreadable)
		find(look, 400, "Bad Request-URI");
	else if (has_headers(uri, len))
		find(look, 400, "Headers in the Request-URI");
}

static bool look_at_request(struct guard_look *look, const char *text, const char *line, size_t len)
{
	const char *sp = memchr(line, ' ', len), *uri, *version;
	size_t end = len;

	if (!sp || !is_token(line, (size_t)(sp - line)))
		return false;
	while (end && is_blank(line[end - 1]))
		end--;
	for (version = line + end; version > sp && !is_blank(version[-1]); version--)
		;
	if (version <= sp || !is_version(version, (size_t)(line + end - version)))
		return false;
	look->request = true;
	look->method = (struct guard_part){(size_t)(line - text), (size_t)(sp - line)};
	look->version = (struct guard_part){(size_t)(version - text), (size_t)(line + end - version)};
	if (look->version.len != 7 || strncasecmp(version, "SIP/2.0", 7))
		find(look, 505, "Version Not Supported");
	uri = sp + 1;
	if (end != len || version <= uri || is_blank(*uri) || is_blank(version[-2])) {
		look->unreadable = true;
		find(look, 400, "Blanks in the Start Line");
	}
	else
		look_at_uri(look, uri, (size_t)(version - 1 - uri));
	return true;
}

/* --- fields ------------------------------------------------------------------------------------ */

/* Elements of addresses or other things with parameters, one of them or a list: quotes and angle brackets are shut,
 * nothing in brackets is blank, no parameter is empty. */
static bool is_well_formed(const char *p, size_t len, bool address, bool one)
{
	bool quoted = false, bracket = false, params = false, empty = true;
	size_t i;

	for (i = 0; i < len; i++) {
		char c = p[i];

		if (quoted) {
			if (c == '\\')
				i++;
			else if (c == '"')
				quoted = false;
			continue;
		}
		if (bracket) {
			if (is_space(c) || c == '<')
				return false;
			bracket = c != '>';
			continue;
		}
		if (is_space(c))
			continue;
		if (c == ';' || c == ',') {
			if (empty || (one && c == ','))
				return false;
			params = c == ';';
			empty = true;
			continue;
		}
		empty = false;
		quoted = c == '"';
		bracket = address && !params && c == '<';
		if (address && !params && c == '>')
			return false;
	}
	return !quoted && !bracket && !empty;
}

static bool is_known_method(const char *p, size_t len)
{
	static const char *const known[] = {
		"ACK", "BYE", "CANCEL", "INFO", "INVITE", "MESSAGE", "NOTIFY", "OPTIONS", "PRACK", "PUBLISH", "REFER",
		"REGISTER", "SUBSCRIBE", "UPDATE",
	};
	size_t i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (strlen(known[i]) == len && !memcmp(known[i], p, len))
			return true;
	}
	return false;
}

static bool look_at_cseq(struct guard_look *look, const char *text, const char *p, size_t len, const char **why)
{
	uint32_t n;
	size_t digits;

	*why = "Bad CSeq";
	if (!read_number(p, len, NUMBER_MAX, &n, &digits) || digits == len || !is_space(p[digits])) {
		look->unreadable = true;
		return false;
	}
	for (p += digits, len -= digits; len && is_space(*p); p++, len--)
		;
	if (!is_token(p, len))
		return false;
	*why = "CSeq Method Does Not Match";
	/* methods are compared with case (RFC 3261 section 7.1); one that nobody knows is better told to be unknown
	 * (RFC 4475 section 3.1.2.18) */
	return !look->request || (len == look->method.len && !memcmp(p, text + look->method.at, len)) ||
	       !is_known_method(text + look->method.at, look->method.len);
}

static bool has_no_control(const char *p, size_t len)
{
	size_t i;

	/* blanks are wrong, too, but do no harm */
	for (i = 0; i < len && (unsigned char)p[i] >= ' '; i++)
		;
	return i == len;
}

static void look_at_value(struct guard_look *look, const struct field *f, const char *text, const char *p, size_t len)
{
	const char *why = f->bad;
	bool good = len > 0 || !(f->look & NEEDED);
	uint32_t n;
	size_t digits;

	/* a response is read as far as it can be: what is odd in it is shown, or it is ours come back */
	if (f->look & LINE && look->request)
		good = good && has_no_control(p, len);
	if (f->look & (ADDRESS | PARAMS) && look->request)
		/* "Contact: *" is well-formed by the same rules; one that is left empty is not */
		good = good && is_well_formed(p, len, f->look & ADDRESS, f->look & ONCE);
	if (f->look & COUNT && look->request)
		good = good && read_number(p, len, 255, &n, &digits) && digits == len;
	if (f->look & LENGTH) {
		good = read_number(p, len, LENGTH_MAX, &n, &digits) && digits == len;
		look->length = true;
		look->content_length = good ? n : 0;
		if (good && n > GUARD_BODY_MAX)
			find(look, 413, "Request Entity Too Large");
		look->bad_length = look->bad_length || !good || n > GUARD_BODY_MAX;
	}
	if (f->look & CSEQ)
		good = look_at_cseq(look, text, p, len, &why);
	if (!good)
		find(look, 400, why);
}

static const struct field *find_field(const char *name, size_t len)
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		const struct field *f = &fields[i];

		if ((strlen(f->name) == len && !strncasecmp(f->name, name, len)) ||
		    (f->compact && len == 1 && !strncasecmp(f->compact, name, 1)))
			return f;
	}
	return NULL;
}

/* libre tells fields by twelve bits of a hash of their names (Bob Jenkins' "one at a time"), so that some names pass
 * for others; but never those that begin with "X-". */
static bool is_alias(const char *name, size_t len)
{
	uint32_t hash = 0;
	size_t i;

	if (len < 2 || !strncasecmp(name, "X-", 2))
		return false;
	for (i = 0; i < len; i++) {
		hash += (uint32_t)(name[i] >= 'A' && name[i] <= 'Z' ? name[i] - 'A' + 'a' : name[i]);
		hash += hash << 10;
		hash ^= hash >> 6;
	}
	hash += hash << 3;
	hash ^= hash >> 11;
	hash += hash << 15;
	for (i = 0; i < FIELDS; i++) {
		if (fields[i].hash == (hash & 0xfff))
			return true;
	}
	return false;
}

/* Does libre's pattern for an address match it or fail at the first try? */
static bool is_swift(const char *p, size_t len)
{
	bool quoted = false, escaped = false;
	const char *stop;
	size_t i, k;

	if (len <= GUARD_TANGLED_MAX)
		return true;
	for (i = 0; i < len; i++) {
		if (escaped)
			escaped = false;
		else if (p[i] == '\\')
			escaped = true;
		else if (p[i] == '"')
			quoted = !quoted;
		else if (!quoted && (is_space(p[i]) || p[i] == '<'))
			break;
	}
	for (k = i; k < len && is_space(p[k]); k++)
		;
	if (k < len && (p[k] != '<' || k + 1 == len || p[k + 1] == '>'))
		return false;
	stop = k < len ? memchr(p + k, '>', len - k) : NULL;
	if (stop)
		return is_swift_uri(p + k + 1, (size_t)(stop - p) - k - 1);
	stop = memchr(p, ';', len);
	return is_swift_uri(p, stop ? (size_t)(stop - p) : len);
}

/* The same for a list, which libre takes apart at each comma that is not within quotes. */
static bool is_swift_list(const char *p, size_t len)
{
	const char *end = p + len, *stop;

	for (; p < end; p = stop + 1) {
		bool quoted = false;

		while (p < end && is_space(*p))
			p++;
		for (stop = p; stop < end && (quoted || *stop != ','); stop++) {
			if (*stop == '"')
				quoted = !quoted;
		}
		if (!is_swift(p, (size_t)(stop - p)))
			return false;
	}
	return true;
}

/* Would libre, or whoever looks at the value later, need long for it? */
static bool is_slow(const struct field *f, const char *p, size_t len)
{
	if (f->look & PARSED && len > (f->look & PLAIN ? GUARD_PLAIN_MAX : GUARD_VALUE_MAX))
		return true;
	if (f->look & ROUTES)
		return !is_swift_list(p, len);
	return f->look & ADDRESS && !is_swift(p, len);
}

/* The field from P to END, its folded lines and the end of the last one included. */
static void look_at_field(struct guard_look *look, bool *seen, const char *text, const char *p, const char *end)
{
	const char *colon = memchr(p, ':', (size_t)(end - p)), *name_end = colon, *value;
	const struct field *f;

	while (name_end && name_end > p && is_blank(name_end[-1]))
		name_end--;
	if (!colon || !is_token(p, (size_t)(name_end - p))) {
		find(look, 400, "Bad Header Field");
		/* what libre makes of a line without a colon reaches into the next one */
		look->unreadable = true;
		return;
	}
	f = find_field(p, (size_t)(name_end - p));
	if (!f) {
		if (!is_alias(p, (size_t)(name_end - p)))
			return;
		if (look->aliases == GUARD_ALIASES) {
			find(look, 400, "Bad Header Field");
			look->unreadable = true;
			return;
		}
		look->alias[look->aliases++] = (struct guard_part){(size_t)(p - text), (size_t)(name_end - p)};
		return;
	}
	for (value = colon + 1; value < end && is_space(*value); value++)
		;
	while (end > value && is_space(end[-1]))
		end--;
	if (is_slow(f, value, (size_t)(end - value))) {
		find(look, 400, "Header Field Too Long");
		look->unreadable = true;
		if (f->look & LENGTH)
			look->length = look->bad_length = true;
		return;
	}
	if (seen[f - fields] && f->look & ONCE) {
		find(look, 400, f->twice);
		look->unreadable = true;
		if (f->look & LENGTH)
			look->bad_length = true;
		return;
	}
	if (!seen[f - fields] && f->part != NO_PART) {
		struct guard_part *part = (struct guard_part *)(void *)((char *)look + f->part);

		*part = (struct guard_part){(size_t)(value - text), (size_t)(end - value)};
	}
	seen[f - fields] = true;
	look_at_value(look, f, text, value, (size_t)(end - value));
}

static void look_at_missing(struct guard_look *look, const bool *seen)
{
	size_t i;

	for (i = 0; i < FIELDS; i++) {
		if (fields[i].look & NEEDED && !seen[i]) {
			find(look, 400, fields[i].missing);
			/* an answer needs them all */
			look->unreadable = true;
		}
	}
}

/* --- the whole --------------------------------------------------------------------------------- */

/* Where the field that begins at P ends: after the line that no folded one follows. */
static const char *end_of_field(const char *p, const char *end)
{
	do {
		p = memchr(p, '\n', (size_t)(end - p));
		if (!p || ++p == end)
			return end;
	} while (is_blank(*p));
	return p;
}

/* Where the header ends; NULL: not yet. */
static const char *end_of_header(const char *p, const char *end)
{
	while ((p = memchr(p, '\n', (size_t)(end - p))) != NULL) {
		p++;
		if (end - p >= 1 && p[0] == '\n')
			return p + 1;
		if (end - p >= 2 && p[0] == '\r' && p[1] == '\n')
			return p + 2;
	}
	return NULL;
}

/* A fault of the whole, which counts for more than those of its parts. */
static void find_whole(struct guard_look *look, unsigned code, const char *reason)
{
	look->unreadable = true;
	look->code = 0;
	find(look, code, reason);
}

static bool has_too_many_commas(const char *p, const char *end)
{
	unsigned n;

	for (n = 0; n <= GUARD_COMMAS_MAX; n++) {
		p = memchr(p, ',', (size_t)(end - p));
		if (!p)
			return false;
		p++;
	}
	return true;
}

/* The header that begins at P. It may be CUT: the last field may have no end. */
static void look_at_header(struct guard_look *look, const char *text, const char *p, const char *end, bool cut)
{
	bool seen[FIELDS] = {false};
	const char *next;
	unsigned count;

	if (has_too_many_commas(p, end)) {
		find(look, 400, "Too Many Values");
		look->unreadable = true;
	}
	for (count = 0; p < end; p = next, count++) {
		next = end_of_field(p, end);
		if (count == GUARD_COUNT_MAX) {
			find(look, 400, "Too Many Header Fields");
			look->unreadable = true;
			break;
		}
		look_at_field(look, seen, text, p, next);
	}
	if (!cut || !look->request)
		look_at_missing(look, seen);
}

enum guard_verdict guard_look(struct guard_look *look, const char *text, size_t len, bool whole)
{
	const char *end = text + len, *line, *lf, *limit, *body, *fields_end;
	size_t line_len;

	memset(look, 0, sizeof(*look));
	for (line = text; line < end && (*line == '\r' || *line == '\n'); line++)
		;
	look->start = (size_t)(line - text);
	limit = end - line > GUARD_HEADER_MAX ? line + GUARD_HEADER_MAX : end;
	lf = memchr(line, '\n', (size_t)(limit - line));
	/* a stream of anything else is not listened to any longer than that */
	if (!lf)
		return whole || limit < end ? GUARD_REFUSE : GUARD_MORE;
	line_len = (size_t)(lf - line);
	if (line_len && line[line_len - 1] == '\r')
		line_len--;
	if (is_version(line, line_len) ? !look_at_status(look, line, line_len) :
					 !look_at_request(look, text, line, line_len))
		return GUARD_REFUSE;
	if (look->request && line_len > GUARD_LINE_MAX)
		find_whole(look, 414, "Request-URI Too Long");
	body = end_of_header(lf, limit);
	if (body)
		fields_end = body - (body[-2] == '\r' ? 2 : 1);
	else {
		if (limit < end)
			find_whole(look, 513, "Message Too Large");
		else if (whole)
			find_whole(look, 400, "Header Without an End");
		else
			return GUARD_MORE;
		look->bad_length = true;
		fields_end = body = limit;
	}
	look->body = (size_t)(body - text);
	look_at_header(look, text, lf + 1, fields_end, look->bad_length);
	if (look->request)
		return GUARD_READ;
	/* of a response nothing is answered: what cannot be trusted is dropped */
	return look->unreadable || look->bad_length || look->code ? GUARD_REFUSE : GUARD_READ;
}
