/* One line of baresip's accounts file, as the template that it writes for its users describes it. */
#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "command/baresip.h"

#define LEFT_MAX 300 /* bytes of names; a longer list says nothing more */
#define BLANKS   " \t\r"

static const char name_characters[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
static const char needs_tls[] = N_("it asks for TLS, and offhook cannot speak that yet.");
static const char not_understood[] = N_("this is not NAME <sip:USER@HOST>;PARAMETER=VALUE.");

/* One parameter; the value without its quotes. */
struct param {
	char name[48];
	char value[ACCOUNT_TEXT_MAX];
	bool fits; /* it did not have to be cut */
};

static void trim(const char **p, size_t *len)
{
	while (*len && strchr(BLANKS, **p)) {
		(*p)++;
		(*len)--;
	}
	while (*len && strchr(BLANKS, (*p)[*len - 1]))
		(*len)--;
}

/* Reads ";NAME[=VALUE]" at P; where the next one begins, or NULL when there is none or it is no such thing. */
static const char *next_param(struct param *out, const char *p)
{
	const char *name, *value;
	size_t name_len, len;

	p += strspn(p, BLANKS);
	if (*p != ';')
		return NULL;
	name = p + 1;
	name_len = strcspn(name, "=;");
	p = name + name_len;
	trim(&name, &name_len);
	if (!name_len)
		return NULL;
	out->fits = text_copyn(out->name, sizeof(out->name), name, name_len);
	out->value[0] = '\0';
	if (*p != '=')
		return p;
	value = p + 1 + strspn(p + 1, BLANKS);
	if (*value == '"') {
		len = strcspn(++value, "\"");
		if (!value[len])
			return NULL;
		p = value + len + 1;
	}
	else {
		len = strcspn(value, ";");
		p = value + len;
		trim(&value, &len);
	}
	if (!text_copyn(out->value, sizeof(out->value), value, len)) {
		out->value[0] = '\0';
		out->fits = false;
	}
	return p;
}

/* All that baresip calls a parameter (and two of the address), and what we call what was left. */
static const char *const known[] = {
	"answermode", "audio_codecs", "audio_player", "audio_source", "auth_pass", "auth_user", "call_transfer", "cert",
	"display-name", "extra", "lr", "maddr", "mediaenc", "medianat", "mwi", "outbound", "outbound1", "outbound2",
	"password", "ptime", "pubint", "regint", "regq", "rtcp_mux", "rwait", "sipnat", "stunpass", "stunserver",
	"stunuser", "transport", "video_codecs", "video_display", "video_source", NULL
};

/* Only these are repeated: another "name" may be what follows the semicolon in a password. */
static void leave(struct buf *left, const char *name)
{
	const char *const *k = known;

	while (*k && strcasecmp(*k, name))
		k++;
	if (left->len < LEFT_MAX)
		buf_printf(left, "%s%s", left->len ? ", " : "", *k ? *k : "?");
}

/* ---- parameters: true when A has taken it over; *WHY when there is no account without it ---- */

typedef bool take_h(struct account *a, const char *key, const char *value, const char **why);

static bool take_text(struct account *a, const char *key, const char *value, const char **why)
{
	const char *wrong;

	(void)why;
	return !account_set(a, key, value, &wrong);
}

/* Of its transports only those without TLS: nothing is to go in the clear that was encrypted before. */
static bool take_transport(struct account *a, const char *key, const char *value, const char **why)
{
	if (!strcasecmp(value, "tls")) {
		*why = needs_tls;
		return false;
	}
	return take_text(a, key, !strcasecmp(value, "tcp") ? "tcp" : !strcasecmp(value, "udp") ? "udp" : value, why);
}

/* A proxy, perhaps in angle brackets. */
static bool take_outbound(struct account *a, const char *key, const char *value, const char **why)
{
	char server[ACCOUNT_TEXT_MAX];
	const char *end = strchr(value, '>');

	if (*value == '<' && end)
		text_copyn(server, sizeof(server), value + 1, (size_t)(end - value - 1));
	else
		text_copy(server, sizeof(server), value);
	if (strcasestr(server, ";transport=tls") || !strncasecmp(server, "sips:", 5)) {
		*why = needs_tls;
		return false;
	}
	return take_text(a, key, server, why);
}

/* Its refresh in seconds; 0 does not register. */
static bool take_regint(struct account *a, const char *key, const char *value, const char **why)
{
	if (*value && strspn(value, "0") == strlen(value))
		return take_text(a, "register", "no", why);
	return take_text(a, key, value, why);
}

/* What we do anyway. */
static bool take_manual(struct account *a, const char *key, const char *value, const char **why)
{
	(void)a;
	(void)key;
	(void)why;
	return !strcasecmp(value, "manual");
}

static const struct row {
	const char *name, *key; /* baresip's, ours */
	take_h *take;
} in_uri[] = {
	{"transport", "transport", take_transport},
	{NULL, NULL, NULL}
}, behind[] = {
	{"answermode", "", take_manual},
	{"auth_pass", "password", take_text},
	{"auth_user", "auth-user", take_text},
	{"outbound", "outbound", take_outbound},
	{"regint", "expires", take_regint},
	{NULL, NULL, NULL}
};

/* All the parameters at P. Returns NULL or what is wrong. */
static const char *take_params(struct account *a, const struct row *rows, const char *p, struct buf *left)
{
	const char *why = NULL, *next;
	struct param param;

	while (!why && (next = next_param(&param, p))) {
		const struct row *row = rows;

		while (row->name && strcasecmp(row->name, param.name))
			row++;
		if (!param.fits || !row->name || !row->take(a, row->key, param.value, &why))
			leave(left, param.name);
		p = next;
	}
	explicit_bzero(&param, sizeof(param));
	if (!why && p[strspn(p, BLANKS)])
		why = not_understood;
	return why;
}

/* ---- the address ---- */

static int hex(char c)
{
	const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c >= 'A' && c <= 'F' ? c | 0x20 : c) : NULL;

	return at ? (int)(at - digits) : -1;
}

/* %XX are bytes, RFC 3261 section 19.1.2. */
static void unescape(char *s)
{
	char *out = s;

	for (; *s; s++) {
		if (*s == '%' && hex(s[1]) >= 0 && hex(s[2]) >= 0 && hex(s[1]) + hex(s[2]) > 0) {
			*out++ = (char)(hex(s[1]) * 16 + hex(s[2]));
			s += 2;
		}
		else
			*out++ = *s;
	}
	*out = '\0';
}

/* URI (changed) without its password and its parameters makes A. Returns NULL or what is wrong. */
static const char *take_address(struct account *a, char *uri, struct buf *left)
{
	char name[ACCOUNT_NAME_MAX], params[ACCOUNT_TEXT_MAX], password[ACCOUNT_TEXT_MAX] = "";
	char *at = strrchr(uri, '@'), *semicolon, *colon, *p;
	const char *why = not_understood;

	if (!strncasecmp(uri, "sips:", 5))
		return needs_tls;
	if (strncasecmp(uri, "sip:", 4) || !at)
		return not_understood;
	semicolon = at + strcspn(at, ";");
	text_copy(params, sizeof(params), semicolon);
	*semicolon = '\0';
	colon = memchr(uri + 4, ':', (size_t)(at - uri - 4));
	if (colon) {
		text_copyn(password, sizeof(password), colon + 1, (size_t)(at - colon - 1));
		unescape(password);
		memmove(colon, at, strlen(at) + 1);
		at = colon;
	}
	text_copyn(name, sizeof(name), uri + 4, (size_t)(at - uri - 4));
	for (p = name; *p; p++) {
		if (!strchr(name_characters, *p) && *p != '.')
			*p = '_';
	}
	if (account_init(a, name, uri, &why))
		goto out;
	why = NULL;
	if (password[0] && account_set(a, "password", password, &why)) {
		why = NULL;
		leave(left, "password");
	}
	why = take_params(a, in_uri, params, left);
out:
	explicit_bzero(password, sizeof(password));
	return why;
}

/* "Display name" or Display Name; an address is none (it may have a password in it). */
static void take_name(struct account *a, const char *p, size_t len, struct buf *left)
{
	char name[ACCOUNT_TEXT_MAX], *out = name;
	const char *wrong;
	size_t i;

	trim(&p, &len);
	if (len >= 2 && *p == '"' && p[len - 1] == '"') {
		p++;
		len -= 2;
	}
	else if (memchr(p, ':', len)) {
		leave(left, "display-name");
		return;
	}
	for (i = 0; i < len && out < name + sizeof(name) - 1; i++) {
		if (p[i] == '\\' && i + 1 < len)
			i++;
		*out++ = p[i];
	}
	*out = '\0';
	if (i < len || account_set(a, "display-name", name, &wrong))
		leave(left, "display-name");
}

/* Behind the quoted string that P may begin with. */
static const char *behind_quoted(const char *p)
{
	if (*p != '"')
		return p;
	for (p++; *p && *p != '"'; p++) {
		if (*p == '\\' && p[1])
			p++;
	}
	return *p ? p + 1 : p;
}

int baresip_account(const char *line, struct account *a, struct buf *left, const char **why)
{
	const char *open, *close, *address, *params, *wrong = not_understood;
	char uri[2 * ACCOUNT_TEXT_MAX] = "";
	size_t len;

	line += strspn(line, BLANKS);
	if (!*line || *line == '#')
		return ENOENT;
	/* a quoted name may have brackets in it, and so may a parameter */
	open = behind_quoted(line);
	open += strcspn(open, "<;");
	if (*open != '<')
		open = NULL;
	close = open ? strchr(open, '>') : NULL;
	if (open && !close)
		goto out;
	address = open ? open + 1 : line;
	len = open ? (size_t)(close - address) : strcspn(line, ";");
	params = open ? close + 1 : line + len;
	trim(&address, &len);
	if (!text_copyn(uri, sizeof(uri), address, len))
		goto out;
	wrong = take_address(a, uri, left);
	if (wrong)
		goto out;
	if (open)
		take_name(a, line, (size_t)(open - line), left);
	wrong = take_params(a, behind, params, left);
out:
	explicit_bzero(uri, sizeof(uri));
	if (!wrong)
		return 0;
	explicit_bzero(a, sizeof(*a));
	*why = _(wrong);
	return EINVAL;
}
