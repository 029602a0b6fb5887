/* The options table: defaults, ranges, what wrong values are answered with. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "command/handlers.h"
#include "command_fakes.h"

static struct settings settings;
static struct command_env env = {.settings = &settings};

static const struct option_row *row(const char *name)
{
	struct buf error = {0};
	const struct option_row *r = option_find(name, &error);

	assert_non_null(r);
	return r;
}

static void defaults(void **state)
{
	(void)state;
	options_defaults(&settings);
	assert_string_equal(settings.sip_listen, "*:5060");
	assert_false(settings.sip_listen_named);
	assert_string_equal(settings.rtp_ports, "16384-32766");
	assert_int_equal(settings.rtp_first, 16384);
	assert_int_equal(settings.rtp_last, 32766);
	assert_string_equal(settings.audio_output, "default");
	assert_string_equal(settings.codecs, "opus,PCMU,PCMA");
	assert_int_equal(settings.ring_timeout, 180);
	assert_int_equal(settings.dial_timeout, 180);
	assert_int_equal(settings.tone_seconds, 5);
	assert_false(settings.answer_unknown_users);
	assert_int_equal(settings.max_calls, 8);
	assert_true(settings.meters);
	assert_int_equal(settings.volume, 100);
	assert_string_equal(settings.redial, "ask");
	assert_string_equal(settings.redirect, "ask");
	assert_string_equal(settings.tone_not_found, "reorder");
	assert_false(settings.compact_headers);
	assert_string_equal(settings.expired_response, "408");
	assert_string_equal(settings.dnd_response, "480");
	assert_false(settings.strict_content_length);
	assert_false(settings.block_anonymous);
}

/* From the locale; etsi when it has no table; us without a locale. */
static void the_country_of_a_locale(void **state)
{
	static const struct { const char *locale, *country; } want[] = {
		{NULL, "us"}, {"", "us"}, {"C", "us"}, {"POSIX", "us"}, {"C.UTF-8", "us"}, {"de_DE.UTF-8", "de"},
		{"de_DE", "de"}, {"de_DE@euro", "de"}, {"en_GB.UTF-8", "gb"}, {"en_US", "us"}, {"fr_FR", "fr"},
		{"ja_JP.eucJP", "jp"}, {"es_ES", "es"}, {"it_IT", "it"}, {"en_AU", "au"}, {"de_AT.UTF-8", "etsi"},
		{"de", "etsi"}, {"de.UTF-8", "etsi"}, {"es_419", "etsi"}, {"x_", "etsi"},
	};
	struct buf error = {0};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(want) / sizeof(want[0]); i++)
		assert_string_equal(option_tone_country(want[i].locale), want[i].country);
	setenv("LC_ALL", "", 1);
	setenv("LC_TELEPHONE", "", 1);
	setenv("LANG", "de_DE.UTF-8", 1);
	options_defaults(&settings);
	assert_string_equal(settings.tone_country, "de");
	setenv("LC_ALL", "ja_JP", 1);
	assert_int_equal(option_set(&settings, row("tone-country"), "locale", &error), 0);
	assert_string_equal(settings.tone_country, "jp");
	unsetenv("LC_TELEPHONE");
	setenv("LC_ALL", "C", 1);
}

/* Sorted, each default is a value, each has a sentence, no two share a place. */
static void the_table(void **state)
{
	unsigned n, i;
	const struct option_row *t = options_table(&n);

	(void)state;
	assert_int_equal(n, 22);
	for (i = 0; i < n; i++) {
		struct buf error = {0}, out = {0};

		assert_int_equal(option_set(&settings, &t[i], t[i].fallback, &error), 0);
		option_print(&settings, &t[i], &out);
		if (t[i].type != OPTION_COUNTRY) /* there it depends on the locale */
			assert_string_equal(out.s, t[i].fallback);
		assert_true(t[i].sentence && *t[i].sentence && t[i].unit);
		if (i)
			assert_true(strcmp(t[i - 1].name, t[i].name) < 0);
		buf_free(&out);
	}
}

static const struct { const char *option, *value, *printed; } values[] = {
	{"volume", "0", "0"}, {"volume", "200", "200"}, {"volume", "50%", "50"}, {"volume", "201", NULL},
	{"volume", "-1", NULL}, {"volume", "", NULL}, {"volume", "5x", NULL}, {"volume", "99999999999999999999", NULL},
	{"tone-seconds", "30", "30"}, {"tone-seconds", "31", NULL}, {"tone-seconds", "3s", "3"},
	{"ring-timeout", "0", NULL}, {"ring-timeout", "1", "1"},
	{"tone-country", "uk", "gb"}, {"tone-country", "etsi", "etsi"}, {"tone-country", "xx", NULL}, {"tone-country", "", NULL},
	{"redial", "auto", "auto"}, {"redial", "on", NULL}, {"redirect", "follow", "follow"}, {"redirect", "auto", NULL},
	{"tone-not-found", "sit", "sit"}, {"tone-not-found", "busy", NULL}, {"compact-headers", "yes", "yes"},
	{"meters", "no", "no"}, {"meters", "on", "yes"}, {"meters", "maybe", NULL}, {"meters", "", NULL},
	{"codecs", "pcmu", "PCMU"}, {"codecs", "PCMA, opus", "PCMA,opus"}, {"codecs", "opus,g729", NULL}, {"codecs", "", NULL},
	{"rtp-ports", "20000-20100", "20000-20100"}, {"rtp-ports", "20000-20000", NULL}, {"rtp-ports", "2-3", NULL},
	{"rtp-ports", "20000", NULL}, {"rtp-ports", "20000-70000", NULL},
	{"sip-listen", "127.0.0.1:0", "127.0.0.1:0"}, {"sip-listen", "[::1]:5070", "[::1]:5070"},
	{"sip-listen", "*:65535", "*:65535"}, {"sip-listen", "*:65536", NULL}, {"sip-listen", "::1:5060", NULL},
	{"sip-listen", "host:5060", NULL}, {"sip-listen", "127.0.0.1", NULL}, {"sip-listen", ":5060", NULL},
	{"audio-output", "USB \xc3\xa4", "USB \xc3\xa4"}, {"audio-output", "", NULL}, {"audio-output", "a\033b", NULL},
};

static void reading_values(void **state)
{
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		const struct option_row *r = row(values[i].option);
		struct buf error = {0}, before = {0}, after = {0};
		int err;

		option_print(&settings, r, &before);
		err = option_set(&settings, r, values[i].value, &error);
		option_print(&settings, r, &after);
		assert_int_equal(err, values[i].printed ? 0 : EINVAL);
		assert_string_equal(after.s, values[i].printed ? values[i].printed : before.s);
		if (err) {
			assert_non_null(strstr(error.s, values[i].value));
			assert_non_null(strstr(error.s, values[i].option));
		}
		buf_free(&error);
		buf_free(&before);
		buf_free(&after);
	}
}

static void the_user_names_the_port(void **state)
{
	struct buf error = {0};

	(void)state;
	options_defaults(&settings);
	assert_int_equal(option_set(&settings, row("sip-listen"), "*:5060", &error), 0);
	assert_true(settings.sip_listen_named);
}

/* Runs one command line; its text or error. */
static const char *run(const char *line)
{
	static struct result r;
	struct buf error = {0};
	const char *why;
	struct words w;
	size_t pos = 0;

	result_free(&r);
	r = (struct result){.ok = true};
	assert_int_equal(parser_next(&w, line, &pos, &why), 0);
	command_find(w.word[0], &error)->run(&env, NULL, &w, &r);
	return r.ok ? (r.text.s ? r.text.s : "") : r.error.s;
}

static char changed[64];

static void option_h(const char *name, void *arg)
{
	(void)arg;
	text_copy(changed, sizeof(changed), name);
}

static void commands(void **state)
{
	(void)state;
	fake_reset();
	options_defaults(&settings);
	env.option_h = option_h;
	assert_string_equal(run("set volume"), "volume = 100 % (0 to 200 %; default 100): how loud the other side is heard");
	assert_string_equal(run("set volume 300"), "\"300\" is no value for volume: 0 to 200 %");
	assert_int_equal(fake.settings_changed, 0);
	assert_string_equal(run("set volum 3"), "unknown option \"volum\"; did you mean \"volume\"?");
	assert_string_equal(run("set volume 30"), "");
	assert_int_equal(settings.volume, 30);
	assert_int_equal(fake.settings_changed, 1);
	assert_string_equal(changed, "volume");
	assert_string_equal(run("set audio-output USB Headset"), "");
	assert_string_equal(settings.audio_output, "USB Headset");
	assert_string_equal(run("toggle meters"), "meters = no");
	assert_string_equal(run("toggle meters"), "meters = yes");
	assert_string_equal(run("toggle volume"), "volume has no other value to switch to; use set");
	assert_string_equal(run("volume +20"), "volume = 50 %");
	assert_string_equal(run("volume -200"), "volume = 0 %");
	assert_string_equal(run("volume +200"), "volume = 200 %");
	assert_string_equal(run("volume +1"), "volume = 200 %");
	assert_string_equal(run("volume 20"), "volume = 20 %");
	assert_non_null(strstr(run("volume +x"), "+x"));
	assert_string_equal(run("volume"), "volume = 20 %");
	run("echo"); /* frees the last answer */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(defaults), cmocka_unit_test(the_table), cmocka_unit_test(reading_values),
		cmocka_unit_test(the_user_names_the_port), cmocka_unit_test(commands),
		cmocka_unit_test(the_country_of_a_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
