/* From what was typed to whom to call. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "phone/target.h"

static struct account home, work, six;
static const struct account *all[] = {&home, &work, &six};
static struct target t;

static int setup(void **state)
{
	const char *why;

	(void)state;
	memset(&t, 0xff, sizeof(t));
	return account_init(&home, "home", "sip:alice@home.example", &why) ||
	       account_init(&work, "work", "sip:a.b@work.example:5070", &why) ||
	       account_init(&six, "six", "sip:alice@[::1]:5062", &why) ? -1 : 0;
}

static void reads(const char *text, const char *uri, const struct account *account)
{
	const char *why = NULL;

	if (target_read(&t, text, NULL, all, 3, &why))
		fail_msg("%s: %s", text, why);
	assert_string_equal(t.uri, uri);
	assert_ptr_equal(t.account, account);
}

static const char *refuses(const char *text)
{
	const char *why = NULL;

	if (target_read(&t, text, NULL, all, 3, &why) != EINVAL)
		fail_msg("taken: %s as %s", text, t.uri);
	assert_non_null(why);
	assert_int_equal(why[strlen(why) - 1], '.');
	assert_string_equal(t.uri, "");
	return why;
}

static void full_addresses(void **state)
{
	(void)state;
	reads("sip:bob@else.example", "sip:bob@else.example", &home);
	reads("SIP:Bob@Else.example:5080;transport=tcp", "sip:Bob@Else.example:5080;transport=tcp", &home);
	assert_string_equal(t.name, "SIP:Bob@Else.example:5080;transport=tcp");
	reads("sip:host.example", "sip:host.example", &home);
	reads("sip:127.0.0.1:5070", "sip:127.0.0.1:5070", &home);
	reads("sip:b%20o%62@h", "sip:b%20o%62@h", &home);
	reads("sip:b@h.;x;y=[1]:2/&+$", "sip:b@h.;x;y=[1]:2/&+$", &home);
	reads("sip:+49-30;ext=5@h", "sip:+49-30;ext=5@h", &home);
	reads("  sip:bob@h\t", "sip:bob@h", &home);
	assert_string_equal(t.name, "sip:bob@h");
}

static void addresses_without_scheme(void **state)
{
	(void)state;
	reads("bob@else.example", "sip:bob@else.example", &home);
	assert_string_equal(t.name, "bob@else.example");
	reads("bob@[2001:db8::1]:5061", "sip:bob@[2001:db8::1]:5061", &home);
	reads("413@127.0.0.1:5070", "sip:413@127.0.0.1:5070", &home);
}

static void numbers(void **state)
{
	(void)state;
	reads("+49 (30) 90-18.20/5", "sip:+49309018205@home.example", &home);
	assert_string_equal(t.name, "+49 (30) 90-18.20/5");
	reads("413", "sip:413@home.example", &home);
	reads("(+49) 30", "sip:+4930@home.example", &home);
	reads("*21*5#", "sip:*21*5%23@home.example", &home);
	reads("tel:+49-30-901", "sip:+4930901@home.example", &home);
	reads("TEL:0(30)1.2;ext=55", "sip:03012;ext=55@home.example", &home);
	refuses("tel:");
	refuses("tel:;ext=5");
	refuses("tel:bob");
	refuses("tel:--");
	refuses("tel:12;a b");
	refuses("12 + 3");
	refuses("49+30 1");
	refuses("1 2a");
}

static void names(void **state)
{
	(void)state;
	reads("echo", "sip:echo@home.example", &home);
	reads("a-b_c.d!~*'()&=+$,;?/", "sip:a-b_c.d!~*'()&=+$,;?/@home.example", &home);
	reads("j%C3%BCrgen", "sip:j%C3%BCrgen@home.example", &home);
	assert_non_null(strstr(refuses("alice smith"), "space"));
	assert_non_null(strstr(refuses(" a b "), "space"));
	refuses("j\xc3\xbcrgen");
	refuses("a\"b");
	refuses("<bob>");
	refuses("a%2");
	refuses("a%zz");
	refuses("a%g0");
	refuses("a%0g");
	reads("12;x=1", "sip:12;x=1@home.example", &home);
	reads("..", "sip:..@home.example", &home);
	refuses("a#b");
}

static void what_cannot_be_called(void **state)
{
	static const char *const bad[] = {
		"", "   ", "sip:", "sip:@h", "@h", "bob@", "sip:bob@", "sip:bob@h:0", "sip:bob@h:65536", "sip:bob@h:",
		"sip:bob@h:5060x", "sip:bob@h:+1", "sip:bob@h:42949672961", "sip:bob@a b", "sip:b b@h", "sip:bob@h;a b",
		"sip:bob@h;", "sip:bob@h;=x", "sip:bob@h;a=", "sip:bob@h;a=b=\"", "sip:bob@h?Subject=x",
		"sip:bob@h;x?Subject=x", "sip:bob:secret@h", "sip:a@b@h", "sip:bob@[::1", "sip:bob@[::1]x",
		"sip:bob@[]", "sip:bob@[127.0.0.1]", "sip:bob@[fe80::1%25eth0]", "sip:bob@::1", "sip:bob@h_x",
		"sip:bob@-h", "sip:bob@h-", "sip:bob@a..b", "sip:bob@.a", "sip:bob@1.2.3", "sip:bob@256.1.1.1",
		"sip:1234", "http://example.com", "mailto:bob@h", "host:5060", "sip:bob@h\r\nVia: x", "bob\n", "b\x1b[m",
		"bo\tb@h", "sip:\x7f@h", "sip:bob@h>", "\"Bob\" <sip:bob@h>",
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		refuses(bad[i]);
	assert_non_null(strstr(refuses("sips:bob@h"), "sips:"));
	assert_non_null(strstr(refuses("SIPS:bob@h"), "sips:"));
	assert_non_null(strstr(refuses("sip:bob:secret@h"), "password"));
	assert_non_null(strstr(refuses("sip:bob@h?Subject=x"), "?"));
	assert_non_null(strstr(refuses("bo\tb@h"), "control"));
}

static void lengths(void **state)
{
	char text[2000];
	unsigned i;

	(void)state;
	memset(text, 'a', sizeof(text));
	text[1999] = '\0';
	assert_non_null(strstr(refuses(text), "too long"));
	text[511] = '\0';
	assert_non_null(strstr(refuses(text), "too long")); /* with the domain */
	memset(text, '#', 511);
	text[300] = '1';
	refuses(text); /* each becomes three characters */
	strcpy(text + 170, "12"); /* one more than the buffer has */
	refuses(text);
	strcpy(text, "sip:h");
	for (i = 5; i < 600; i += 2)
		strcpy(text + i, ";x"); /* is valid wherever it is cut */
	assert_non_null(strstr(refuses(text), "too long"));
	strcpy(text, "sip:");
	for (i = 0; i < 254; i++)
		text[4 + i] = i % 50 == 49 ? '.' : 'a';
	text[4 + 254] = '\0';
	refuses(text); /* a DNS name has 253 */
	text[4 + 253] = '\0';
	reads(text, text, &home);
	memset(text, 'a', 511);
	text[511 - 4 - strlen("@home.example")] = '\0';
	assert_int_equal(target_read(&t, text, NULL, all, 3, &(const char *){NULL}), 0);
	assert_int_equal(strlen(t.uri), 511);
	text[511 - 4 - strlen("@home.example")] = 'a';
	text[512 - 4 - strlen("@home.example")] = '\0';
	refuses(text);
}

static void who_calls(void **state)
{
	const char *why;

	(void)state;
	reads("bob", "sip:bob@home.example", &home); /* none is better: the first */
	work.state = REGISTRATION_REGISTERED;
	reads("bob", "sip:bob@work.example:5070", &work); /* the first registered */
	six.state = REGISTRATION_REGISTERED;
	reads("bob", "sip:bob@work.example:5070", &work);
	six.is_default = true;
	six.state = REGISTRATION_NONE;
	reads("bob", "sip:bob@[::1]:5062", &six); /* the default, registered or not */
	reads("sip:bob@WORK.example", "sip:bob@WORK.example", &work); /* the domain before the default */
	reads("sip:bob@[::1]", "sip:bob@[::1]", &six);
	reads("sip:bob@elsewhere", "sip:bob@elsewhere", &six);

	assert_int_equal(target_read(&t, "sip:bob@work.example", &home, all, 3, &why), 0); /* the one given */
	assert_ptr_equal(t.account, &home);
	assert_int_equal(target_read(&t, "bob", &home, all, 3, &why), 0);
	assert_string_equal(t.uri, "sip:bob@home.example");
}

static void two_accounts_at_one_host(void **state)
{
	const char *why;

	(void)state;
	assert_int_equal(account_init(&home, "home", "sip:a@127.0.0.1", &why), 0);
	assert_int_equal(account_init(&work, "work", "sip:a@127.0.0.1:5070", &why), 0);
	reads("b@127.0.0.1:5070", "sip:b@127.0.0.1:5070", &work);
	reads("b@127.0.0.1:5060", "sip:b@127.0.0.1:5060", &home);
	home.is_default = true;
	reads("b@127.0.0.1:5070", "sip:b@127.0.0.1:5070", &work);
	reads("b@127.0.0.1:5099", "sip:b@127.0.0.1:5099", &home);
}

static void without_accounts(void **state)
{
	const char *why = NULL;

	(void)state;
	assert_int_equal(target_read(&t, "sip:bob@127.0.0.1", NULL, NULL, 0, &why), 0);
	assert_null(t.account);
	assert_string_equal(t.uri, "sip:bob@127.0.0.1");
	assert_int_equal(target_read(&t, "bob", NULL, NULL, 0, &why), EINVAL);
	assert_non_null(strstr(why, "account"));
	assert_int_equal(target_read(&t, "123", NULL, NULL, 0, &why), EINVAL);
	assert_int_equal(target_read(&t, "tel:123", NULL, NULL, 0, &why), EINVAL);
}

static void parts(void **state)
{
	char user[16], host[16];
	unsigned port = 99;

	(void)state;
	assert_int_equal(target_uri_parts("sip:bob@h.example:5070;lr", user, 16, host, 16, &port), 0);
	assert_string_equal(user, "bob");
	assert_string_equal(host, "h.example");
	assert_int_equal(port, 5070);
	assert_int_equal(target_uri_parts("Sip:[::1]", user, 16, host, 16, &port), 0);
	assert_string_equal(user, "");
	assert_string_equal(host, "::1");
	assert_int_equal(port, 0);
	assert_int_equal(target_uri_parts("sip:abcdefghijklmno@h", user, 16, host, 16, &port), 0);
	assert_int_equal(target_uri_parts("sip:abcdefghijklmnop@h", user, 16, host, 16, &port), EOVERFLOW);
	assert_int_equal(target_uri_parts("sip:a@abcdefghijklmnop", user, 16, host, 16, &port), EOVERFLOW);
	assert_int_equal(target_uri_parts("sips:bob@h", user, 16, host, 16, &port), EINVAL);
	assert_int_equal(target_uri_parts("", user, 16, host, 16, &port), EINVAL);
	assert_int_equal(target_uri_parts("sip:bob@h x", user, 16, host, 16, &port), EINVAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(full_addresses, setup),
		cmocka_unit_test_setup(addresses_without_scheme, setup),
		cmocka_unit_test_setup(numbers, setup),
		cmocka_unit_test_setup(names, setup),
		cmocka_unit_test_setup(what_cannot_be_called, setup),
		cmocka_unit_test_setup(lengths, setup),
		cmocka_unit_test_setup(who_calls, setup),
		cmocka_unit_test_setup(two_accounts_at_one_host, setup),
		cmocka_unit_test_setup(without_accounts, setup),
		cmocka_unit_test_setup(parts, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
