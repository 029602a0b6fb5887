/* The one table of options, and the reading and printing of their values. */
#include <arpa/inet.h>
#include <errno.h>
#include <limits.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "command/handlers.h"
#include "phone/codec.h"

#define AT(member) offsetof(struct settings, member)

static const char *const redial_choices[] = {"ask", "auto", "never", NULL};
static const char *const redirect_choices[] = {"ask", "follow", "never", NULL};
static const char *const not_found_choices[] = {"reorder", "sit", NULL};
static const char *const expired_choices[] = {"408", "487", NULL};
static const char *const dnd_choices[] = {"480", "486", "603", NULL};
static const char *const notify_choices[] = {"none", "bell", "osc9", "osc777", NULL};
static const char *const countries[] = {"locale", TONE_COUNTRIES, NULL};

static const struct option_row table[] = {
	{"answer-unknown-users", OPTION_BOOL, 0, 1, "", "no", NULL,
	 N_("accept calls to any user part instead of answering 404"), AT(answer_unknown_users)},
	{"audio-input", OPTION_TEXT, 0, 0, "", "default", NULL,
	 N_("device of the microphone, or default"), AT(audio_input)},
	{"audio-output", OPTION_TEXT, 0, 0, "", "default", NULL,
	 N_("device that the other side is heard on, or default"), AT(audio_output)},
	{"block-anonymous", OPTION_BOOL, 0, 1, "", "no", NULL,
	 N_("refuse calls whose number is withheld (433)"), AT(block_anonymous)},
	{"codecs", OPTION_CODECS, 0, 0, "", "opus,PCMU,PCMA", NULL,
	 N_("sound formats that are offered, the best first"), AT(codecs)},
	{"compact-headers", OPTION_BOOL, 0, 1, "", "no", NULL,
	 N_("short header names in our requests"), AT(compact_headers)},
	{"dial-timeout", OPTION_NUMBER, 1, 3600, "s", "180", NULL,
	 N_("how long to wait for an answer to a call"), AT(dial_timeout)},
	{"dnd-response", OPTION_CHOICE, 0, 0, "", "480", dnd_choices,
	 N_("what callers are answered while you do not want to be disturbed: not available, busy or declined"),
	 AT(dnd_response)},
	{"expired-response", OPTION_CHOICE, 0, 0, "", "408", expired_choices,
	 N_("what is answered to a call that has rung too long"), AT(expired_response)},
	{"max-calls", OPTION_NUMBER, 1, 32, "", "8", NULL,
	 N_("calls at the same time; a further one gets 486"), AT(max_calls)},
	{"meters", OPTION_BOOL, 0, 1, "", "yes", NULL,
	 N_("show level meters on the screen"), AT(meters)},
	{"notify", OPTION_CHOICE, 0, 0, "", "bell", notify_choices,
	 N_("how the terminal tells of a call that comes, one that failed, and a redial that is due: not at all, by its bell "
	    "(but for failed ones), or by a note on the desktop (OSC 9 or OSC 777)"), AT(notify)},
	{"redial", OPTION_CHOICE, 0, 0, "", "ask", redial_choices,
	 N_("what happens when a failed call may be made again at a certain time"), AT(redial)},
	{"redirect", OPTION_CHOICE, 0, 0, "", "ask", redirect_choices,
	 N_("what happens when a server names another address to call"), AT(redirect)},
	{"ring-timeout", OPTION_NUMBER, 1, 3600, "s", "180", NULL,
	 N_("how long an incoming call may ring when the caller sets no limit"), AT(ring_timeout)},
	{"rtp-ports", OPTION_PORTS, 1024, 65535, "", "16384-32766", NULL,
	 N_("range of UDP ports for sound"), AT(rtp_ports)},
	{"sip-listen", OPTION_LISTEN, 0, 65535, "", "*:5060", NULL,
	 N_("address and port for SIP; * is every address of this machine, port 0 any free port"), AT(sip_listen)},
	{"strict-content-length", OPTION_BOOL, 0, 1, "", "no", NULL,
	 N_("refuse requests over UDP that have a body and do not say how long it is (411)"), AT(strict_content_length)},
	{"tone-country", OPTION_COUNTRY, 0, 0, "", "locale", countries,
	 N_("whose busy and ringing tones are heard; locale is the country of your language settings"), AT(tone_country)},
	{"tone-not-found", OPTION_CHOICE, 0, 0, "", "reorder", not_found_choices,
	 N_("the tone when there is nobody by that number: fast busy, or the special information tone"),
	 AT(tone_not_found)},
	{"tone-seconds", OPTION_NUMBER, 0, 30, "s", "5", NULL,
	 N_("longest tone after a call that failed, 0 for none"), AT(tone_seconds)},
	{"volume", OPTION_NUMBER, 0, 200, "%", "100", NULL,
	 N_("how loud the other side is heard"), AT(volume)},
};
#define COUNT (sizeof(table) / sizeof(table[0]))

static bool *bool_at(const struct settings *s, const struct option_row *row)
{
	return (bool *)((char *)s + row->offset);
}

static unsigned *number_at(const struct settings *s, const struct option_row *row)
{
	return (unsigned *)(void *)((char *)s + row->offset);
}

static char *text_at(const struct settings *s, const struct option_row *row)
{
	return (char *)s + row->offset;
}

const struct option_row *options_table(unsigned *count)
{
	*count = COUNT;
	return table;
}

const struct option_row *option_find(const char *name, struct buf *error)
{
	const char *names[COUNT];
	unsigned i;

	for (i = 0; i < COUNT; i++) {
		if (!strcmp(table[i].name, name))
			return &table[i];
		names[i] = table[i].name;
	}
	/* TRANSLATORS: fills: unknown option "volum" */
	unknown_word(error, _("option"), name, names, COUNT);
	return NULL;
}

void options_defaults(struct settings *s)
{
	struct buf error = {0};
	unsigned i;

	memset(s, 0, sizeof(*s));
	for (i = 0; i < COUNT; i++)
		option_set(s, &table[i], table[i].fallback, &error);
	s->sip_listen_named = false;
	buf_free(&error);
}

void option_print_range(const struct option_row *row, struct buf *out)
{
	unsigned i;

	switch (row->type) {
	case OPTION_BOOL:
		buf_str(out, _("yes or no"));
		break;
	case OPTION_NUMBER:
		/* TRANSLATORS: a range of numbers and their unit */
		buf_printf(out, _("%1$ld to %2$ld%3$s%4$s"), row->min, row->max, *row->unit ? " " : "", row->unit);
		break;
	case OPTION_TEXT:
		/* TRANSLATORS: what may be the value of an option */
		buf_str(out, _("a name"));
		break;
	case OPTION_CHOICE:
	case OPTION_COUNTRY:
		for (i = 0; row->choices[i]; i++)
			buf_printf(out, "%s%s", i ? ", " : "", row->choices[i]);
		break;
	case OPTION_CODECS:
		buf_str(out, _("of opus, PCMU and PCMA, with commas"));
		break;
	case OPTION_PORTS:
		/* TRANSLATORS: FIRST-LAST stands for two numbers */
		buf_printf(out, _("FIRST-LAST, %1$ld to %2$ld"), row->min, row->max);
		break;
	case OPTION_LISTEN:
		buf_str(out, _("*:PORT or ADDRESS:PORT, an IPv6 address in brackets"));
		break;
	}
}

static bool set_bool(struct settings *s, const struct option_row *row, const char *value)
{
	static const char *const yes[] = {"yes", "on", "true"}, *const no[] = {"no", "off", "false"};
	unsigned i;

	for (i = 0; i < 3; i++) {
		if (!strcmp(value, yes[i]) || !strcmp(value, no[i])) {
			*bool_at(s, row) = !strcmp(value, yes[i]);
			return true;
		}
	}
	return false;
}

static bool set_number(struct settings *s, const struct option_row *row, const char *value)
{
	size_t digits = strspn(value, "0123456789");
	char number[16];
	unsigned long n;

	/* its own unit may follow */
	if (value[digits] && strcmp(value + digits, row->unit))
		return false;
	if (!text_copyn(number, sizeof(number), value, digits) ||
	    !read_number(number, (unsigned long)row->min, (unsigned long)row->max, &n))
		return false;
	*number_at(s, row) = (unsigned)n;
	return true;
}

static bool set_text(struct settings *s, const struct option_row *row, const char *value)
{
	const char *p;

	for (p = value; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			return false;
	}
	return *value && strlen(value) < SETTING_TEXT_MAX && text_copy(text_at(s, row), SETTING_TEXT_MAX, value);
}

static bool set_choice(struct settings *s, const struct option_row *row, const char *value)
{
	unsigned i;

	for (i = 0; row->choices[i]; i++) {
		if (!strcmp(value, row->choices[i]))
			return text_copy(text_at(s, row), SETTING_TEXT_MAX, value);
	}
	return false;
}

const char *option_tone_country(const char *locale)
{
	const char *country = locale ? strchr(locale, '_') : NULL;
	char code[3];
	unsigned i;

	if (!locale || !*locale || !strcspn(locale, ".@") || !strncmp(locale, "C.", 2) || !strcmp(locale, "C") ||
	    !strcmp(locale, "POSIX"))
		return "us";
	/* a language alone, or a country whose name is not of two letters, says nothing */
	if (!country || strcspn(country + 1, ".@") != 2)
		return "etsi";
	for (i = 0; i < 2; i++)
		code[i] = (char)(country[i + 1] >= 'A' && country[i + 1] <= 'Z' ? country[i + 1] - 'A' + 'a' : country[i + 1]);
	code[2] = '\0';
	for (i = 0; countries[i]; i++) {
		if (!strcmp(countries[i], code))
			return countries[i];
	}
	return "etsi";
}

/* The locale of the program's messages and sounds, as setlocale(3) chooses it. */
static const char *locale_in_use(void)
{
	static const char *const name[] = {"LC_ALL", "LC_TELEPHONE", "LANG"};
	const char *value = NULL;
	unsigned i;

	for (i = 0; i < 3 && !(value && *value); i++)
		value = getenv(name[i]);
	return value;
}

static bool set_country(struct settings *s, const struct option_row *row, const char *value)
{
	if (!strcmp(value, "locale"))
		value = option_tone_country(locale_in_use());
	if (!strcmp(value, "uk"))
		value = "gb";
	return set_choice(s, row, value);
}

static bool set_codecs(struct settings *s, const struct option_row *row, const char *value)
{
	const struct codec *codec[CODEC_COUNT];
	char *to = text_at(s, row);
	const char *bad;
	unsigned i, n = codec_parse_list(codec, CODEC_COUNT, value, &bad);
	size_t len = 0;

	for (i = 0; i < n; i++)
		len += (size_t)snprintf(to + len, SETTING_TEXT_MAX - len, "%s%s", i ? "," : "", codec[i]->name);
	return n > 0;
}

static bool set_ports(struct settings *s, const struct option_row *row, const char *value)
{
	const char *dash = strchr(value, '-');
	unsigned long first, last;
	char part[8];

	if (!dash || !text_copyn(part, sizeof(part), value, (size_t)(dash - value)) ||
	    !read_number(part, (unsigned long)row->min, (unsigned long)row->max, &first) ||
	    !read_number(dash + 1, first + 1, (unsigned long)row->max, &last))
		return false; /* a call takes a port for RTP and the next one for RTCP */
	snprintf(text_at(s, row), SETTING_TEXT_MAX, "%lu-%lu", first, last);
	s->rtp_first = (unsigned)first;
	s->rtp_last = (unsigned)last;
	return true;
}

static bool is_address(const char *s, size_t len)
{
	unsigned char raw[sizeof(struct in6_addr)];
	char address[INET6_ADDRSTRLEN];

	if (len == 1 && *s == '*')
		return true;
	if (len > 2 && *s == '[' && s[len - 1] == ']')
		return text_copyn(address, sizeof(address), s + 1, len - 2) && inet_pton(AF_INET6, address, raw) == 1;
	return text_copyn(address, sizeof(address), s, len) && inet_pton(AF_INET, address, raw) == 1;
}

static bool set_listen(struct settings *s, const struct option_row *row, const char *value)
{
	const char *colon = strrchr(value, ':');
	unsigned long port;

	if (!colon || !read_number(colon + 1, (unsigned long)row->min, (unsigned long)row->max, &port) ||
	    !is_address(value, (size_t)(colon - value)) || !text_copy(text_at(s, row), SETTING_TEXT_MAX, value))
		return false;
	s->sip_listen_named = true;
	return true;
}

int option_set(struct settings *s, const struct option_row *row, const char *value, struct buf *error)
{
	static bool (*const setters[])(struct settings *, const struct option_row *, const char *) = {
		[OPTION_BOOL] = set_bool, [OPTION_NUMBER] = set_number, [OPTION_TEXT] = set_text,
		[OPTION_CHOICE] = set_choice, [OPTION_COUNTRY] = set_country, [OPTION_CODECS] = set_codecs, [OPTION_PORTS] = set_ports,
		[OPTION_LISTEN] = set_listen,
	};

	if (setters[row->type](s, row, value))
		return 0;
	/* TRANSLATORS: %1$s is what was typed, %2$s an option; what may be typed follows */
	buf_printf(error, _("\"%1$.80s\" is no value for %2$s: "), value, row->name);
	option_print_range(row, error);
	return EINVAL;
}

void option_print(const struct settings *s, const struct option_row *row, struct buf *out)
{
	if (row->type == OPTION_BOOL)
		buf_str(out, *bool_at(s, row) ? "yes" : "no");
	else if (row->type == OPTION_NUMBER)
		buf_printf(out, "%u", *number_at(s, row));
	else
		buf_str(out, text_at(s, row));
}

void option_describe(const struct settings *s, const struct option_row *row, struct buf *out)
{
	buf_printf(out, "%s = ", row->name);
	option_print(s, row, out);
	buf_printf(out, "%s%s (", *row->unit ? " " : "", row->unit);
	option_print_range(row, out);
	/* TRANSLATORS: behind the range of an option: its default and what it means */
	buf_printf(out, _("; default %1$s): %2$s"), row->fallback, _(row->sentence));
}

/* ---- the commands ---- */

static const struct option_row *find(const char *name, struct result *r)
{
	struct buf error = {0};
	const struct option_row *row = option_find(name, &error);

	if (!row)
		result_take_error(r, STATUS_USAGE, &error);
	return row;
}

static void set_and_tell(struct command_env *env, const struct option_row *row, const char *value, struct result *r)
{
	struct buf error = {0};

	if (option_set(env->settings, row, value, &error)) {
		result_take_error(r, STATUS_USAGE, &error);
		return;
	}
	phone_settings_changed(env->phone);
	if (env->option_h)
		env->option_h(row->name, env->arg);
}

void command_set(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	const struct option_row *row = find(w->word[1], r);
	struct buf value = {0};

	(void)script;
	if (!row)
		return;
	if (w->n == 2) {
		option_describe(env->settings, row, &r->text);
		return;
	}
	parser_join(&value, w, 2, w->n);
	set_and_tell(env, row, value.s ? value.s : "", r);
	buf_free(&value);
}

void command_toggle(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	const struct option_row *row = find(w->word[1], r);
	const char *value;
	unsigned i;

	(void)script;
	if (!row)
		return;
	if (row->type == OPTION_BOOL)
		value = *bool_at(env->settings, row) ? "no" : "yes";
	else if (row->type == OPTION_CHOICE) {
		for (i = 0; row->choices[i] && strcmp(row->choices[i], text_at(env->settings, row)); i++)
			;
		value = row->choices[i] && row->choices[i + 1] ? row->choices[i + 1] : row->choices[0];
	}
	else {
		result_fail(r, STATUS_USAGE, _("%s has no other value to switch to; use set"), row->name);
		return;
	}
	set_and_tell(env, row, value, r);
	if (r->ok)
		buf_printf(&r->text, "%s = %s", row->name, value);
}

void command_volume(struct command_env *env, struct script *script, const struct words *w, struct result *r)
{
	const struct option_row *row = find("volume", r);
	const char *s = w->n > 1 ? w->word[1] : "";
	long now = (long)env->settings->volume;
	unsigned long step;
	char value[16];

	(void)script;
	if (*s == '+' || *s == '-') {
		if (!read_number(s + 1, 0, (unsigned long)row->max, &step)) {
			/* TRANSLATORS: %s is what was typed behind `volume` */
			result_fail(r, STATUS_USAGE, _("\"%.80s\" is no step for volume: +N or -N, up to 200"), s);
			return;
		}
		now += *s == '+' ? (long)step : -(long)step;
		now = now < row->min ? row->min : now > row->max ? row->max : now;
		snprintf(value, sizeof(value), "%ld", now);
		s = value;
	}
	if (*s)
		set_and_tell(env, row, s, r);
	if (r->ok)
		buf_printf(&r->text, "volume = %u %%", env->settings->volume);
}
