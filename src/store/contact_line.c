#include <errno.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/target.h"
#include "store/contact_line.h"

static char *skip_blanks(char *p)
{
	return p + strspn(p, " ");
}

/* Cuts the blanks off the end of what lies from S to END. */
static void cut(const char *s, char *end)
{
	while (end > s && end[-1] == ' ')
		end--;
	*end = '\0';
}

/* Takes the quotation marks off S, if it is in any, and makes each run of blanks one. */
static void unquote(char *s)
{
	bool quoted = *s == '"', blank = false;
	char *to = s, *p = s + quoted;

	for (; *p && !(quoted && *p == '"'); p++) {
		if (*p == ' ') {
			blank = to > s;
			continue;
		}
		if (quoted && *p == '\\' && p[1])
			p++;
		if (blank)
			*to++ = ' ';
		blank = false;
		*to++ = *p;
	}
	*to = '\0';
}

/* Where the address begins: a < that does not stand in the quotation marks of the name. */
static char *find_address(char *line)
{
	bool quoted = false;

	for (; *line && (quoted || *line != '<'); line++) {
		if (*line == '"')
			quoted = !quoted;
		else if (*line == '\\' && quoted && line[1])
			line++;
	}
	return *line ? line : NULL;
}

/* Is it an address that could be called? */
static bool is_address(const char *uri, const char **why)
{
	static struct account any;
	struct target target;

	if (!any.name[0])
		account_init(&any, "any", "sip:any@localhost", why);
	if (!target_is_address(uri)) {
		*why = _("Between < and > belongs an address such as sip:bob@example.com.");
		return false;
	}
	return !target_read(&target, uri, &any, NULL, 0, why);
}

/* What follows the address: KEY=VALUE, each behind a semicolon. */
static const char *read_keys(struct contact_entry *e, char *p)
{
	p = skip_blanks(p);
	if (*p && *p++ != ';')
		return _("Behind the address belong words such as ;nick=bob.");
	while (*p) {
		char *key = skip_blanks(p), *value, *end = key + strcspn(key, ";");

		p = end;
		value = memchr(key, '=', (size_t)(end - key));
		if (*end)
			*p++ = '\0';
		cut(key, end);
		if (!*key)
			continue;
		if (!value)
			return _("Behind the address belong words such as ;nick=bob.");
		cut(key, value);
		value = skip_blanks(value + 1);
		unquote(value);
		if (!strcasecmp(key, "nick"))
			e->nick = value;
		else if (!strcasecmp(key, "account"))
			e->account = value;
		else if (strcasecmp(key, "presence") != 0 && strcasecmp(key, "access") != 0)
			return _("Only nick= and account= are known behind the address.");
	}
	return NULL;
}

static bool can_be_shown(const char *s)
{
	char shown[CONTACT_LINE_MAX * 4];
	const char *p = s;

	while (*p >= ' ' && *p <= '~') /* most lines are of these alone */
		p++;
	if (!*p)
		return true;
	text_show_str(shown, sizeof(shown), s);
	return !strcmp(shown, s);
}

int contact_line_read(struct contact_entry *e, char *line, const char **why)
{
	char *name, *open, *close;
	size_t len = strlen(line);

	memset(e, 0, sizeof(*e));
	e->name = e->nick = e->account = e->uri = "";
	cut(line, line + len - (len && line[len - 1] == '\r'));
	for (name = line; (name = strchr(name, '\t')) != NULL;)
		*name = ' ';
	name = skip_blanks(line);
	if (!*name || *name == '#')
		return ENOENT;
	if (!can_be_shown(name)) {
		*why = _("There are characters in it that cannot be shown.");
		return EINVAL;
	}
	open = find_address(name);
	close = open ? strchr(open, '>') : NULL;
	if (!open || !close) {
		*why = _("A contact is written: Name <sip:user@host> ;nick=short");
		return EINVAL;
	}
	cut(name, open);
	unquote(name);
	open = skip_blanks(open + 1);
	cut(open, close);
	e->name = name;
	e->uri = open;
	*why = read_keys(e, close + 1);
	if (*why || !is_address(e->uri, why))
		return EINVAL;
	if (!*e->name)
		e->name = e->nick;
	if (!*e->name)
		*why = _("The contact has no name.");
	return *why ? EINVAL : 0;
}
