#include <arpa/inet.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/target.h"

#define HOST_MAX      253 /* octets of a DNS name, RFC 1035 section 2.3.4 */
#define DEFAULT_PORT  5060
#define ADDRESS_CHARS 64

/* <ctype.h> follows the locale; addresses are ASCII everywhere. */
static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_hex(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/* Are all LEN characters unreserved, escaped, or of MORE? RFC 3261 section 25.1. */
static bool all_of(const char *p, size_t len, const char *more)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (p[i] == '%') {
			if (len - i < 3 || !is_hex(p[i + 1]) || !is_hex(p[i + 2]))
				return false;
			i += 2;
		}
		else if (!p[i] || (!is_digit(p[i]) && !is_letter(p[i]) && !strchr("-_.!~*'()", p[i]) &&
				   !strchr(more, p[i])))
			return false;
	}
	return true;
}

/* user = 1*( unreserved / escaped / user-unreserved ), RFC 3261 section 25.1 */
static bool is_user(const char *p, size_t len)
{
	return len > 0 && all_of(p, len, "&=+$,;?/");
}

/* hostname or IPv4address, RFC 3261 section 25.1: the last label of a name begins with a letter. */
static bool is_host(const char *p, size_t len)
{
	char address[ADDRESS_CHARS];
	struct in_addr in;
	size_t i, label = 0, last = 0;

	if (!len || len > HOST_MAX)
		return false;
	if (text_copyn(address, sizeof(address), p, len) && inet_pton(AF_INET, address, &in) == 1)
		return true;
	if (p[len - 1] == '.')
		len--;
	for (i = 0; i <= len; i++) {
		if (i == len || p[i] == '.') {
			if (i == label || i - label > 63 || p[label] == '-' || p[i - 1] == '-')
				return false;
			last = label;
			label = i + 1;
		}
		else if (!is_digit(p[i]) && !is_letter(p[i]) && p[i] != '-')
			return false;
	}
	return is_letter(p[last]);
}

/* uri-parameters: *( ";" pname [ "=" pvalue ] ), RFC 3261 section 25.1 */
static bool is_parameters(const char *p)
{
	while (*p == ';') {
		size_t len = strcspn(++p, ";");
		size_t name = strcspn(p, ";=");

		if (!name || !all_of(p, name, "[]/:&+$"))
			return false;
		if (name < len && (name + 1 == len || !all_of(p + name + 1, len - name - 1, "[]/:&+$")))
			return false;
		p += len;
	}
	return !*p;
}

/* A sip: URI taken apart; pointers into it. */
struct parts {
	const char *user, *host; /* host without brackets */
	size_t user_len, host_len;
	unsigned port;           /* 0 = none */
};

/* Reads what follows "sip:". Returns NULL, or what is wrong. A password and header fields are refused:
 * the one is a secret in plain sight, the others have no place in a Request-URI (RFC 3261 section 19.1.1,
 * table 1). */
static const char *parts_read(struct parts *u, const char *p)
{
	const char *at = strrchr(p, '@');

	memset(u, 0, sizeof(*u));
	u->user = u->host = p;
	if (at) {
		u->user_len = (size_t)(at - p);
		if (memchr(p, ':', u->user_len))
			return N_("Leave the password out of the address.");
		if (!is_user(p, u->user_len))
			return N_("The part before the @ has a character that a SIP address cannot have.");
		u->host = p = at + 1;
	}
	if (*p == '[') {
		char address[ADDRESS_CHARS];
		struct in6_addr in6;

		u->host = p + 1;
		u->host_len = strcspn(u->host, "]");
		p = u->host + u->host_len;
		if (*p != ']' || !text_copyn(address, sizeof(address), u->host, u->host_len) ||
		    inet_pton(AF_INET6, address, &in6) != 1)
			return N_("What stands in the brackets is not an IPv6 address.");
		p++;
	}
	else {
		u->host_len = strcspn(p, ":;?");
		if (!is_host(p, u->host_len))
			return N_("The address has no valid host name.");
		p += u->host_len;
	}
	if (*p == ':') {
		for (p++; is_digit(*p) && u->port <= UINT16_MAX; p++)
			u->port = u->port * 10 + (unsigned)(*p - '0');
		if (!u->port || u->port > UINT16_MAX || (*p && *p != ';' && *p != '?'))
			return N_("The port after the host must be a number from 1 to 65535.");
	}
	if (strchr(p, '?'))
		return N_("An address with header fields (after a ?) cannot be called.");
	if (!is_parameters(p))
		return N_("What follows the host in the address is not valid.");
	return NULL;
}

int target_uri_parts(const char *uri, char *user, size_t user_size, char *host, size_t host_size,
		     unsigned *port)
{
	struct parts u;

	if (strncasecmp(uri, "sip:", 4) || parts_read(&u, uri + 4))
		return EINVAL;
	if (u.user_len >= user_size || u.host_len >= host_size)
		return EOVERFLOW;
	text_copyn(user, user_size, u.user, u.user_len);
	text_copyn(host, host_size, u.host, u.host_len);
	*port = u.port;
	return 0;
}

/* Who calls: the best match; of equals the first. HOST_LEN 0: the target names no host. */
static const struct account *choose_account(const struct parts *u, const struct account *const *accounts,
					    unsigned count)
{
	const struct account *best = NULL;
	unsigned i, best_score = 0;

	for (i = 0; i < count; i++) {
		const struct account *a = accounts[i];
		unsigned score = 1;

		if (u->host_len && strlen(a->host) == u->host_len &&
		    !strncasecmp(a->host, u->host, u->host_len)) {
			unsigned here = u->port ? u->port : DEFAULT_PORT;
			unsigned there = a->port ? a->port : DEFAULT_PORT;

			score += here == there ? 12 : 8;
		}
		if (a->is_default)
			score += 2;
		if (a->state == REGISTRATION_REGISTERED)
			score += 1;
		if (score > best_score) {
			best = a;
			best_score = score;
		}
	}
	return best;
}

/* A telephone number: at least one digit, '*' and '#' among them, a '+' only in front, and the usual
 * separators, which are left out of DST. Returns its length in the source, or 0. */
static size_t read_number(char *dst, size_t size, const char *text)
{
	bool digit = false;
	size_t out = 0;
	const char *p;

	for (p = text; *p && *p != ';'; p++) {
		const char *piece = p;
		size_t len = 1;

		if (strchr(" -.()/", *p))
			continue;
		if (*p == '#') {
			piece = "%23"; /* not a character of a user part */
			len = 3;
		}
		else if (is_digit(*p))
			digit = true;
		else if (*p != '*' && (*p != '+' || out))
			return 0;
		if (len >= size - out)
			return 0;
		memcpy(dst + out, piece, len);
		out += len;
	}
	dst[out] = '\0';
	return digit ? (size_t)(p - text) : 0;
}

/* USER at the domain of an account. */
static const char *at_domain(struct target *t, const char *user, const struct account *given,
			     const struct account *const *accounts, unsigned count)
{
	static const struct parts no_host;
	const struct account *a = given ? given : choose_account(&no_host, accounts, count);
	char port[16] = "";
	bool ip6;
	int n;

	if (!a)
		return N_("There is no account to call this with. Type a full address such as "
			  "sip:bob@example.com, or add an account.");
	ip6 = strchr(a->host, ':') != NULL;
	if (a->port)
		snprintf(port, sizeof(port), ":%u", a->port);
	n = snprintf(t->uri, sizeof(t->uri), "sip:%s@%s%s%s%s", user, ip6 ? "[" : "", a->host,
		     ip6 ? "]" : "", port);
	if (n < 0 || (size_t)n >= sizeof(t->uri))
		return N_("The address is too long.");
	t->account = a;
	return NULL;
}

/* A full address; REST is what follows "sip:". */
static const char *with_host(struct target *t, const char *rest, const struct account *given,
			     const struct account *const *accounts, unsigned count)
{
	const char *wrong;
	struct parts u;
	int n;

	wrong = parts_read(&u, rest);
	if (wrong)
		return wrong;
	n = snprintf(t->uri, sizeof(t->uri), "sip:%s", rest);
	if (n < 0 || (size_t)n >= sizeof(t->uri))
		return N_("The address is too long.");
	t->account = given ? given : choose_account(&u, accounts, count);
	return NULL;
}

/* The length of the scheme that TEXT begins with, without its colon; 0 when there is none. */
static size_t scheme_length(const char *text)
{
	size_t n = 0;

	if (!is_letter(text[0]))
		return 0;
	while (is_letter(text[n]) || is_digit(text[n]) || (text[n] && strchr("+-.", text[n])))
		n++;
	return text[n] == ':' ? n : 0;
}

bool target_is_address(const char *text)
{
	return scheme_length(text) || strchr(text, '@');
}

static bool has_control(const char *s)
{
	for (; *s; s++) {
		if ((unsigned char)*s < 0x20 || *s == 0x7f)
			return true;
	}
	return false;
}

static const char *read_target(struct target *t, const char *text, const struct account *given,
			       const struct account *const *accounts, unsigned count)
{
	char user[TARGET_MAX];
	size_t scheme, n;

	if (!*text)
		return N_("Type a name, a number or an address to call.");
	if (has_control(text))
		return N_("The address has a control character in it.");
	scheme = scheme_length(text);
	if (scheme == 3 && !strncasecmp(text, "sip", 3))
		return with_host(t, text + 4, given, accounts, count);
	if (scheme == 3 && !strncasecmp(text, "tel", 3)) {
		n = read_number(user, sizeof(user), text + 4);
		/* parameters (RFC 3966) stay with the number: RFC 3261 section 19.1.6 */
		if (!n || !text_copy(user + strlen(user), sizeof(user) - strlen(user), text + 4 + n) ||
		    !is_user(user, strlen(user)))
			return N_("What follows tel: is not a telephone number.");
		return at_domain(t, user, given, accounts, count);
	}
	if (scheme == 4 && !strncasecmp(text, "sips", 4))
		return N_("Secure calls (sips:) are not possible yet. Use a sip: address if the call may "
			  "go unencrypted.");
	if (scheme)
		return N_("Only addresses that begin with sip: or tel: can be called.");
	if (strchr(text, '@'))
		return with_host(t, text, given, accounts, count);
	n = read_number(user, sizeof(user), text);
	if (n && !text[n])
		return at_domain(t, user, given, accounts, count);
	if (strchr(text, ' '))
		return N_("No contact has that name, and an address cannot have spaces in it.");
	if (!is_user(text, strlen(text)))
		return N_("The name has a character that a SIP address cannot have.");
	return at_domain(t, text, given, accounts, count);
}

int target_read(struct target *t, const char *text, const struct account *given,
		const struct account *const *accounts, unsigned count, const char **why)
{
	const char *wrong;
	size_t len;

	memset(t, 0, sizeof(*t));
	text += strspn(text, " \t");
	len = strlen(text);
	while (len > 0 && strchr(" \t", text[len - 1]))
		len--;
	if (!text_copyn(t->name, sizeof(t->name), text, len))
		wrong = N_("The address is too long.");
	else
		wrong = read_target(t, t->name, given, accounts, count);
	if (!wrong)
		return 0;
	memset(t, 0, sizeof(*t));
	*why = _(wrong);
	return EINVAL;
}
