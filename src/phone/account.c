#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/i18n.h"
#include "base/text.h"
#include "phone/account.h"
#include "phone/target.h"

#define EXPIRES_DEFAULT 3600
#define EXPIRES_MIN     60
#define EXPIRES_MAX     86400

/* Valid UTF-8 without C0, DEL and C1. */
static bool is_plain_text(const char *s)
{
	size_t len = strlen(s), n;

	for (; len > 0; s += n, len -= n) {
		uint32_t c = 0;

		n = text_decode(&c, s, len);
		if (!n || c < 0x20 || (c >= 0x7f && c < 0xa0))
			return false;
	}
	return true;
}

static bool is_name(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len < ACCOUNT_NAME_MAX &&
	       strspn(s, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.") == len;
}

int account_init(struct account *a, const char *name, const char *uri, const char **why)
{
	struct account fresh = {.registers = true, .expires = EXPIRES_DEFAULT};

	if (!is_name(name)) {
		*why = _("The name of an account is 1 to 63 letters, digits, dots, dashes or underscores.");
		return EINVAL;
	}
	text_copy(fresh.name, sizeof(fresh.name), name);
	if (!text_copy(fresh.uri, sizeof(fresh.uri), uri) ||
	    target_uri_parts(uri, fresh.user, sizeof(fresh.user), fresh.host, sizeof(fresh.host), &fresh.port) ||
	    !fresh.user[0]) {
		*why = _("The address of an account looks like sip:alice@example.com.");
		return EINVAL;
	}
	if (strchr(strrchr(uri, '@'), ';')) {
		*why = _("The address of an account takes no parameters; use a key such as transport=tcp.");
		return EINVAL;
	}
	memcpy(fresh.uri, "sip:", 4); /* was accepted in any case */
	*a = fresh;
	return 0;
}

/* Setters: put VALUE into A, at OFFSET where they serve several keys. Return NULL or what is wrong. */
typedef const char *set_h(struct account *a, size_t offset, const char *value);

static const char *set_text(struct account *a, size_t offset, const char *value)
{
	if (!is_plain_text(value))
		return N_("The value has control characters or is not valid UTF-8.");
	if (strlen(value) >= ACCOUNT_TEXT_MAX)
		return N_("The value is too long: 255 bytes fit.");
	text_copy((char *)a + offset, ACCOUNT_TEXT_MAX, value);
	return NULL;
}

static const char *set_server(struct account *a, size_t offset, const char *value)
{
	char user[ACCOUNT_TEXT_MAX], host[ACCOUNT_TEXT_MAX];
	unsigned port;

	/* an empty value goes back to the default; a REGISTER has no user in its Request-URI
	 * (RFC 3261 section 10.2), and a proxy is a host as well */
	if (*value && (strlen(value) >= ACCOUNT_TEXT_MAX ||
		       target_uri_parts(value, user, sizeof(user), host, sizeof(host), &port) || user[0]))
		return N_("A server is given as an address without a user, such as sip:proxy.example.com.");
	text_copy((char *)a + offset, ACCOUNT_TEXT_MAX, value);
	return NULL;
}

static const char *set_register(struct account *a, size_t offset, const char *value)
{
	(void)offset;
	if (strcmp(value, "yes") && strcmp(value, "no"))
		return N_("register= takes yes or no.");
	a->registers = !strcmp(value, "yes");
	return NULL;
}

static const char *set_transport(struct account *a, size_t offset, const char *value)
{
	(void)offset;
	if (!strcmp(value, "udp"))
		a->transport = TRANSPORT_UDP;
	else if (!strcmp(value, "tcp"))
		a->transport = TRANSPORT_TCP;
	else
		return N_("transport= takes udp or tcp.");
	return NULL;
}

static const char *set_expires(struct account *a, size_t offset, const char *value)
{
	size_t len = strlen(value), i;
	unsigned n = 0;

	(void)offset;
	/* five digits hold the largest value */
	if (len > 0 && len <= 5 && strspn(value, "0123456789") == len) {
		for (i = 0; i < len; i++)
			n = n * 10 + (unsigned)(value[i] - '0');
	}
	if (n < EXPIRES_MIN || n > EXPIRES_MAX)
		return N_("expires= takes a number of seconds from 60 to 86400.");
	a->expires = n;
	return NULL;
}

static const char *set_answer_mode(struct account *a, size_t offset, const char *value)
{
	(void)offset;
	if (strcmp(value, "manual") && strcmp(value, "auto"))
		return N_("answer-mode= takes manual or auto.");
	a->auto_answer = !strcmp(value, "auto");
	return NULL;
}

static const struct key {
	const char *name;
	set_h *set;
	size_t offset;
} table[] = {
	{"password", set_text, offsetof(struct account, password)},
	{"auth-user", set_text, offsetof(struct account, auth_user)},
	{"realm", set_text, offsetof(struct account, realm)},
	{"display-name", set_text, offsetof(struct account, display_name)},
	{"register", set_register, 0},
	{"registrar", set_server, offsetof(struct account, registrar)},
	{"outbound", set_server, offsetof(struct account, outbound)},
	{"transport", set_transport, 0},
	{"expires", set_expires, 0},
	{"answer-mode", set_answer_mode, 0},
};

#define KEYS (sizeof(table) / sizeof(table[0]))

int account_set(struct account *a, const char *key, const char *value, const char **why)
{
	const char *wrong = N_("An account has no such key.");
	size_t i;

	for (i = 0; i < KEYS; i++) {
		if (!strcmp(table[i].name, key)) {
			wrong = table[i].set(a, table[i].offset, value);
			break;
		}
	}
	if (!wrong)
		return 0;
	*why = _(wrong);
	return EINVAL;
}

const char *const *account_keys(void)
{
	static const char *names[KEYS + 1];
	size_t i;

	for (i = 0; i < KEYS; i++)
		names[i] = table[i].name;
	return names;
}

/* Is HOST that of the sip: URI SERVER ("" = none), or of its maddr? */
static bool is_server(const char *server, const char *host)
{
	char user[ACCOUNT_TEXT_MAX], name[ACCOUNT_TEXT_MAX];
	const char *maddr = strstr(server, ";maddr=");
	unsigned port;

	if (maddr) {
		maddr += strlen(";maddr=");
		return strlen(host) == strcspn(maddr, ";?") && !strncasecmp(maddr, host, strlen(host));
	}
	return *server && !target_uri_parts(server, user, sizeof(user), name, sizeof(name), &port) &&
	       !strcasecmp(name, host);
}

bool account_may_answer(const struct account *a, bool proxy, const char *ruri_host,
			const char *hop_host, const char *realm)
{
	const char *asker = proxy ? hop_host : ruri_host;

	if (!a->password[0])
		return false;
	return !strcasecmp(a->host, asker) || is_server(a->registrar, asker) || is_server(a->outbound, asker) ||
	       (a->realm[0] && !strcmp(a->realm, realm));
}

const char *registration_state_name(enum registration_state state)
{
	static const char *const name[] = {
		[REGISTRATION_NONE] = "none",
		[REGISTRATION_REGISTERING] = "registering",
		[REGISTRATION_REGISTERED] = "registered",
		[REGISTRATION_FAILED] = "failed",
		[REGISTRATION_UNREGISTERED] = "unregistered",
	};

	return name[state];
}
