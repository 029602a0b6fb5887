/* Accounts: what may be set, and who gets the password. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "phone/account.h"

static struct account a;
static const char *why;

static int setup(void **state)
{
	(void)state;
	why = NULL;
	return account_init(&a, "home", "sip:alice@example.com", &why);
}

static void sets(const char *key, const char *value)
{
	assert_int_equal(account_set(&a, key, value, &why), 0);
}

/* Refused, with a sentence, and nothing has changed. */
static void refuses(const char *key, const char *value)
{
	struct account before = a;

	why = NULL;
	assert_int_equal(account_set(&a, key, value, &why), EINVAL);
	assert_non_null(why);
	assert_int_equal(why[strlen(why) - 1], '.');
	assert_memory_equal(&a, &before, sizeof(a));
}

static void defaults(void **state)
{
	(void)state;
	assert_string_equal(a.name, "home");
	assert_string_equal(a.uri, "sip:alice@example.com");
	assert_string_equal(a.user, "alice");
	assert_string_equal(a.host, "example.com");
	assert_int_equal(a.port, 0);
	assert_true(a.registers);
	assert_int_equal(a.expires, 3600);
	assert_int_equal(a.transport, TRANSPORT_ANY);
	assert_string_equal(a.password, "");
	assert_int_equal(a.state, REGISTRATION_NONE);
}

static void addresses(void **state)
{
	static const char *const bad[] = {
		"", "sip:", "sip:example.com", "sip:@example.com", "alice@example.com", "sips:alice@example.com",
		"tel:+4930", "sip:alice@", "sip:al ice@example.com", "sip:alice@exam ple.com",
		"sip:alice@example.com\r\nX: y", "sip:alice\n@example.com", "sip:alice\t@example.com",
		"sip:alice@example.com:0", "sip:alice@example.com:65536", "sip:alice@example.com:99999999999999",
		"sip:alice@example.com:5060x", "sip:alice@example.com:", "sip:alice:secret@example.com",
		"sip:alice@example.com?Subject=x", "sip:alice@example.com;transport=tcp", "sip:alice@-x.com",
		"sip:alice@[::1", "sip:alice@[1.2.3.4]", "sip:alice@::1", "sip:<alice@example.com>",
		"sip:alice@b@example.com", "sip:al%2@example.com", "sip:alice@example..com", "sip:alice@1.2.3.400",
		"\"A\" <sip:alice@example.com>", "sip:al\x7f@example.com", "sip:\xc3\xa4@example.com",
	};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct account before = a;

		why = NULL;
		assert_int_equal(account_init(&a, "x", bad[i], &why), EINVAL);
		assert_non_null(why);
		assert_memory_equal(&a, &before, sizeof(a));
	}
	assert_int_equal(account_init(&a, "x", "SIP:al%20ice@[2001:db8::1]:5070", &why), 0);
	assert_string_equal(a.uri, "sip:al%20ice@[2001:db8::1]:5070");
	assert_string_equal(a.user, "al%20ice");
	assert_string_equal(a.host, "2001:db8::1");
	assert_int_equal(a.port, 5070);
	assert_int_equal(account_init(&a, "x", "sip:a;b=c@h", &why), 0);
	assert_string_equal(a.user, "a;b=c");
}

static void a_long_address(void **state)
{
	char uri[600] = "sip:";

	(void)state;
	memset(uri + 4, 'a', 300);
	strcpy(uri + 304, "@example.com");
	assert_int_equal(account_init(&a, "x", uri, &why), EINVAL);
	/* just fits: 255 bytes */
	strcpy(uri + 4 + 255 - 4 - 12, "@example.com");
	assert_int_equal(account_init(&a, "x", uri, &why), 0);
	assert_int_equal(strlen(a.uri), 255);
}

static void names(void **state)
{
	char name[80];

	(void)state;
	assert_int_equal(account_init(&a, "", "sip:a@h", &why), EINVAL);
	assert_int_equal(account_init(&a, "a b", "sip:a@h", &why), EINVAL);
	assert_int_equal(account_init(&a, "a/b", "sip:a@h", &why), EINVAL);
	assert_int_equal(account_init(&a, "\xc3\xa4", "sip:a@h", &why), EINVAL);
	memset(name, 'n', sizeof(name));
	name[64] = '\0';
	assert_int_equal(account_init(&a, name, "sip:a@h", &why), EINVAL);
	name[63] = '\0';
	assert_int_equal(account_init(&a, name, "sip:a@h", &why), 0);
	assert_int_equal(account_init(&a, "Work-2_b.c", "sip:a@h", &why), 0);
}

static void every_key_sets_its_own(void **state)
{
	(void)state;
	sets("password", "p w\"'%;#");
	sets("auth-user", "auth");
	sets("realm", "asterisk");
	sets("display-name", "Alice \"A\" M\xc3\xbcller");
	sets("register", "no");
	sets("registrar", "sip:reg.example.com:5070");
	sets("outbound", "sip:[::1]:5080;lr;transport=tcp");
	sets("transport", "tcp");
	sets("expires", "60");
	assert_string_equal(a.password, "p w\"'%;#");
	assert_string_equal(a.auth_user, "auth");
	assert_string_equal(a.realm, "asterisk");
	assert_string_equal(a.display_name, "Alice \"A\" M\xc3\xbcller");
	assert_false(a.registers);
	assert_string_equal(a.registrar, "sip:reg.example.com:5070");
	assert_string_equal(a.outbound, "sip:[::1]:5080;lr;transport=tcp");
	assert_int_equal(a.transport, TRANSPORT_TCP);
	assert_int_equal(a.expires, 60);
	sets("register", "yes");
	sets("registrar", "");
	sets("transport", "udp");
	sets("expires", "86400");
	assert_true(a.registers);
	assert_string_equal(a.registrar, "");
	assert_int_equal(a.transport, TRANSPORT_UDP);
	assert_int_equal(a.expires, 86400);
}

static void wrong_values(void **state)
{
	char big[300];

	(void)state;
	memset(big, 'x', sizeof(big));
	big[256] = '\0';
	refuses("colour", "red");
	refuses("", "");
	refuses("Password", "x");
	refuses("password", big);
	refuses("password", "a\r\nb");
	refuses("display-name", "a\x1b[31m");
	refuses("display-name", "a\xc2\x9b" "31m");
	refuses("display-name", "a\x7f");
	refuses("display-name", "\xff");
	refuses("display-name", big);
	refuses("auth-user", "a\nb");
	refuses("realm", "a\rb");
	refuses("register", "maybe");
	refuses("register", "");
	refuses("registrar", "sip:alice@example.com");
	refuses("registrar", "example.com");
	refuses("registrar", "sips:example.com");
	refuses("outbound", "sip:proxy example.com");
	refuses("outbound", "sip:proxy.example.com\r\nRoute: x");
	refuses("transport", "tls");
	refuses("transport", "");
	refuses("expires", "59");
	refuses("expires", "86401");
	refuses("expires", "");
	refuses("expires", "-60");
	refuses("expires", "3600s");
	refuses("expires", "4294967396"); /* 100, if it wrapped */
	big[255] = '\0';
	sets("password", big);
}

static void the_keys_are_those_that_can_be_set(void **state)
{
	const char *const *key;
	unsigned n = 0;

	(void)state;
	for (key = account_keys(); *key; key++, n++) {
		why = NULL;
		if (account_set(&a, *key, "\x01", &why))
			assert_string_not_equal(why, "An account has no such key.");
	}
	assert_int_equal(n, 10);
}

static void the_password_goes_home_only(void **state)
{
	(void)state;
	assert_false(account_may_answer(&a, true, "example.com", "example.com", "r")); /* there is none */
	sets("password", "secret");
	sets("registrar", "sip:reg.example.com:5070");
	sets("outbound", "sip:Proxy.example.net;lr");

	/* a 407: the hop decides */
	assert_true(account_may_answer(&a, true, "elsewhere.org", "EXAMPLE.com", "r"));
	assert_true(account_may_answer(&a, true, "elsewhere.org", "reg.example.com", "r"));
	assert_true(account_may_answer(&a, true, "elsewhere.org", "proxy.EXAMPLE.net", "r"));
	assert_false(account_may_answer(&a, true, "example.com", "elsewhere.org", "example.com"));
	/* a 401: the Request-URI decides */
	assert_true(account_may_answer(&a, false, "example.com", "elsewhere.org", "r"));
	assert_true(account_may_answer(&a, false, "reg.example.com", "elsewhere.org", "r"));
	assert_true(account_may_answer(&a, false, "proxy.example.net", "elsewhere.org", "r"));
	assert_false(account_may_answer(&a, false, "elsewhere.org", "example.com", "example.com"));
	/* no parts of names */
	assert_false(account_may_answer(&a, false, "example.co", "", "r"));
	assert_false(account_may_answer(&a, false, "www.example.com", "", "r"));
	assert_false(account_may_answer(&a, false, "", "", ""));
	assert_false(account_may_answer(&a, true, "", "", ""));

	sets("realm", "asterisk");
	assert_true(account_may_answer(&a, false, "elsewhere.org", "elsewhere.org", "asterisk"));
	assert_true(account_may_answer(&a, true, "elsewhere.org", "elsewhere.org", "asterisk"));
	assert_false(account_may_answer(&a, false, "elsewhere.org", "elsewhere.org", "Asterisk"));
	assert_false(account_may_answer(&a, false, "elsewhere.org", "elsewhere.org", ""));
}

static void ip6_hosts_are_compared_too(void **state)
{
	(void)state;
	assert_int_equal(account_init(&a, "x", "sip:alice@[2001:db8::1]:5070", &why), 0);
	sets("password", "secret");
	assert_true(account_may_answer(&a, false, "2001:DB8::1", "", "r"));
	assert_false(account_may_answer(&a, false, "2001:db8::2", "", "r"));
}

static void state_names(void **state)
{
	(void)state;
	assert_string_equal(registration_state_name(REGISTRATION_REGISTERING), "registering");
	assert_string_equal(registration_state_name(REGISTRATION_REGISTERED), "registered");
	assert_string_equal(registration_state_name(REGISTRATION_FAILED), "failed");
	assert_string_equal(registration_state_name(REGISTRATION_UNREGISTERED), "unregistered");
	assert_string_equal(registration_state_name(REGISTRATION_NONE), "none");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(defaults, setup),
		cmocka_unit_test_setup(addresses, setup),
		cmocka_unit_test_setup(a_long_address, setup),
		cmocka_unit_test_setup(names, setup),
		cmocka_unit_test_setup(every_key_sets_its_own, setup),
		cmocka_unit_test_setup(wrong_values, setup),
		cmocka_unit_test_setup(the_keys_are_those_that_can_be_set, setup),
		cmocka_unit_test_setup(the_password_goes_home_only, setup),
		cmocka_unit_test_setup(ip6_hosts_are_compared_too, setup),
		cmocka_unit_test_setup(state_names, setup),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
