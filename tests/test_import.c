/* import baresip: what a line of its accounts file becomes, and what is said of the rest. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <cmocka.h>

#include "command/baresip.h"
#include "command/handlers.h"
#include "fake_ports.h"

static struct account a;
static char left[400];

static int read_line(const char *line)
{
	struct buf names = {0};
	const char *why = "";
	int err = baresip_account(line, &a, &names, &why);

	snprintf(left, sizeof(left), "%s", names.s ? names.s : "");
	assert_true(err != EINVAL || *why);
	buf_free(&names);
	return err;
}

static void comments(void **state)
{
	(void)state;
	assert_int_equal(read_line(""), ENOENT);
	assert_int_equal(read_line("   \t\r"), ENOENT);
	assert_int_equal(read_line("#<sip:user@domain>;auth_pass=PASSWORD"), ENOENT);
	assert_int_equal(read_line("  # <sip:user@domain>"), ENOENT);
}

static void the_template(void **state)
{
	(void)state;
	assert_int_equal(read_line("<sip:user@domain.com;transport=tcp>;auth_pass=secret"), 0);
	assert_string_equal(a.name, "user");
	assert_string_equal(a.uri, "sip:user@domain.com");
	assert_int_equal(a.transport, TRANSPORT_TCP);
	assert_string_equal(a.password, "secret");
	assert_true(a.registers);
	assert_string_equal(left, "");
	assert_int_equal(read_line("<sip:user@[2001:df8:0:16:216:6fff:fe91:614c]:5070;transport=udp>;auth_pass=secret"), 0);
	assert_string_equal(a.host, "2001:df8:0:16:216:6fff:fe91:614c");
	assert_int_equal(a.port, 5070);
	assert_int_equal(a.transport, TRANSPORT_UDP);
}

static void everything(void **state)
{
	(void)state;
	assert_int_equal(read_line("\"Alice <A>\" <sip:alice@example.com> ; auth_user = al ; auth_pass=\"p;w=1\";"
				   "outbound=\"sip:proxy.example.com;transport=tcp\";regint=600;answermode=manual"), 0);
	assert_string_equal(a.display_name, "Alice <A>");
	assert_string_equal(a.auth_user, "al");
	assert_string_equal(a.password, "p;w=1");
	assert_string_equal(a.outbound, "sip:proxy.example.com;transport=tcp");
	assert_int_equal(a.expires, 600);
	assert_string_equal(left, "");
	assert_int_equal(read_line("\"The \\\"A;<B>\\\" Team\" <sip:team@example.com>;auth_pass=x"), 0);
	assert_string_equal(a.display_name, "The \"A;<B>\" Team");
	assert_int_equal(read_line("Bob Below <sip:bob@example.com>;regint=0"), 0);
	assert_string_equal(a.display_name, "Bob Below");
	assert_false(a.registers);
	assert_int_equal(read_line("sip:+49(30)@example.com;auth_pass=x"), 0);
	assert_string_equal(a.name, "_49_30_");
	assert_string_equal(a.user, "+49(30)");
	assert_string_equal(a.password, "x");
}

static void a_password_in_the_address(void **state)
{
	(void)state;
	assert_int_equal(read_line("<sip:user:s%3acret%40@domain.com;transport=tcp>"), 0);
	assert_string_equal(a.uri, "sip:user@domain.com");
	assert_string_equal(a.password, "s:cret@");
	/* the newer way of writing it wins */
	assert_int_equal(read_line("<sip:user:old@domain.com>;auth_pass=new"), 0);
	assert_string_equal(a.password, "new");
}

static void what_is_left(void **state)
{
	(void)state;
	assert_int_equal(read_line("<sip:u@h.example;maddr=10.0.0.1>;answermode=auto;audio_codecs=opus/48000/2,pcma;"
				   "stunserver=\"stun:u:topsecret@h\";regint=5;lr;outbound=nonsense;b@d=topsecret"), 0);
	assert_string_equal(left, "maddr, answermode, audio_codecs, stunserver, regint, lr, outbound, ?");
	assert_int_equal(a.expires, 3600);
	assert_string_equal(a.outbound, "");
	/* what follows a password with a semicolon looks like a parameter, and is none */
	assert_int_equal(read_line("<sip:u@h.example>;auth_pass=to;psecret;mwi=no;p=secret"), 0);
	assert_string_equal(left, "?, mwi, ?");
}

/* Brackets behind a semicolon are a parameter's; in front of them is no display name, which everybody would see. */
static void an_address_without_brackets(void **state)
{
	(void)state;
	assert_int_equal(read_line("sip:u:topsecret@h.example;outbound=<sip:p@proxy.example>;auth_user=x"), 0);
	assert_string_equal(a.uri, "sip:u@h.example");
	assert_string_equal(a.password, "topsecret");
	assert_string_equal(a.display_name, "");
	assert_string_equal(a.auth_user, "x");
	assert_int_equal(read_line("sip:u:topsecret@h.example <sip:v@h.example>"), 0);
	assert_string_equal(a.uri, "sip:v@h.example");
	assert_string_equal(a.display_name, "");
	assert_string_equal(left, "display-name");
}

static void nothing_that_was_encrypted_goes_in_the_clear(void **state)
{
	(void)state;
	assert_int_equal(read_line("<sip:u@h.example;transport=tls>;auth_pass=x"), EINVAL);
	assert_int_equal(read_line("<sip:u@h.example;transport=TLS>;auth_pass=x"), EINVAL);
	assert_int_equal(read_line("<sips:u@h.example>;auth_pass=x"), EINVAL);
	assert_int_equal(read_line("<sip:u@h.example>;outbound=\"sip:p.example;transport=tls\""), EINVAL);
	assert_string_equal(a.password, "");
}

static void nonsense(void **state)
{
	static const char *const lines[] = {
		"<", ">", "<>", "<sip:>", "<sip:@h>", "<sip:u>", "<sip:u@>", "<sip:u@h", "\"", "\"a <sip:u@h>", "hello",
		"<http://u@h>", "<sip:u@h> hello", "<sip:u@h>;auth_pass=\"open", "<sip:u@h>;", "<sip:u@h>;=x", "<sip:u@h>;;",
		"<sip:u@a b>", "<sip:u@h?x=y>",
	};
	char line[4000];
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
		assert_int_equal(read_line(lines[i]), EINVAL);
	memset(line, 'a', sizeof(line));
	memcpy(line, "<sip:", 5);
	line[sizeof(line) - 1] = '\0';
	assert_int_equal(read_line(line), EINVAL);
	memcpy(line + sizeof(line) - 10, "@h.ex>", 6);
	assert_int_equal(read_line(line), EINVAL);
	/* a value above what an account holds is left, not cut */
	memcpy(line, "<sip:u@h.example>;auth_pass=", 28);
	memset(line + sizeof(line) - 10, 'a', 9);
	assert_int_equal(read_line(line), 0);
	assert_string_equal(a.password, "");
	assert_string_equal(left, "auth_pass");
}

/* ---- the command ---- */

static struct settings settings;
static struct phone *phone;
static struct command_env env;
static unsigned notices;
static char notice[EVENT_STRING_MAX + 1]; /* the newest */
static char home[] = "/tmp/offhook-import-XXXXXX";

static void keep_notice(const struct event *e, void *arg)
{
	(void)arg;
	if (strcmp(e->name, "notice"))
		return;
	notices++;
	snprintf(notice, sizeof(notice), "%s", event_find_string(e, "text"));
}

static void run(const char *content, struct result *r)
{
	struct words w = {.n = 2, .word = {(char *)(uintptr_t)"import", (char *)(uintptr_t)"baresip"}};
	char file[200];
	FILE *f;

	snprintf(file, sizeof(file), "%s/.baresip/accounts", home);
	unlink(file);
	if (content) {
		f = fopen(file, "w");
		assert_non_null(f);
		fputs(content, f);
		fclose(f);
	}
	memset(r, 0, sizeof(*r));
	r->ok = true;
	command_import(&env, NULL, &w, r);
}

static int new_phone(void **state);

static void imports(void **state)
{
	static const char accounts[] = "# mine\n<sip:alice@one.example>;auth_pass=topsecret\n\n"
				       "<sip:alice@two.example>;auth_pass=topsecret;mwi=no\n";
	struct account changed;
	struct result r;

	(void)state;
	run(accounts, &r);
	assert_true(r.ok);
	assert_non_null(strstr(r.text.s, "alice, alice-two.example"));
	assert_int_equal(phone_accounts(phone), 2);
	assert_string_equal(phone_account_at(phone, 1)->name, "alice-two.example");
	assert_int_equal(notices, 1);
	assert_non_null(strstr(notice, "/.baresip/accounts:4: "));
	assert_non_null(strstr(notice, "mwi"));
	assert_null(strstr(notice, "topsecret"));
	result_free(&r);
	/* again: nothing is changed, and it says so */
	changed = *phone_account_at(phone, 0);
	strcpy(changed.password, "changed");
	assert_int_equal(phone_account_replace(phone, &changed), 0);
	run(accounts, &r);
	assert_true(r.ok);
	assert_int_equal(phone_accounts(phone), 2);
	assert_string_equal(phone_account_at(phone, 0)->password, "changed");
	assert_int_equal(notices, 3);
	assert_non_null(strstr(notice, "alice-two.example"));
	result_free(&r);
}

static void names_that_are_taken(void **state)
{
	struct result r;

	(void)state;
	run("<sip:alice@a.example>\n<sip:alice@a.example:5070>\n<sip:alice@A.EXAMPLE:5060>\n<sip:alice@a.example:5080>\n", &r);
	assert_true(r.ok);
	assert_int_equal(phone_accounts(phone), 2);
	assert_string_equal(phone_account_at(phone, 1)->name, "alice-a.example");
	assert_non_null(strstr(notice, ":4: "));
	assert_int_equal(notices, 2);
	result_free(&r);
}

static void failures(void **state)
{
	struct words w = {.n = 2, .word = {(char *)(uintptr_t)"import", (char *)(uintptr_t)"barsip"}};
	struct result r;
	struct buf many = {0};
	unsigned i;

	(void)state;
	run(NULL, &r);
	assert_false(r.ok);
	assert_non_null(strstr(r.error.s, "/.baresip/accounts"));
	result_free(&r);
	run("# nothing\n", &r);
	assert_true(r.ok);
	assert_non_null(strstr(r.text.s, "no accounts"));
	result_free(&r);
	run("hello:topsecret\n", &r);
	assert_false(r.ok);
	assert_non_null(strstr(r.error.s, "accounts:1: "));
	assert_null(strstr(r.error.s, "topsecret"));
	result_free(&r);
	r.ok = true;
	command_import(&env, NULL, &w, &r);
	assert_false(r.ok);
	assert_non_null(strstr(r.error.s, "\"baresip\""));
	result_free(&r);
	/* more than fit: those that fit, and not a notice for each of the rest */
	phone_free(phone);
	new_phone(NULL);
	for (i = 0; i < 100; i++)
		buf_printf(&many, "<sip:u%u@h.example>\n", i);
	run(many.s, &r);
	assert_true(r.ok);
	assert_int_equal(phone_accounts(phone), ACCOUNTS_MAX);
	assert_int_equal(notices, 20);
	assert_non_null(strstr(r.text.s, "84"));
	result_free(&r);
	buf_free(&many);
}

static int new_phone(void **state)
{
	(void)state;
	notices = 0;
	options_defaults(&settings);
	fake_reset();
	if (phone_new(&phone, &settings))
		return -1;
	env.phone = phone;
	return phone_listen(phone, keep_notice, NULL);
}

static int free_phone(void **state)
{
	(void)state;
	phone_free(phone);
	return 0;
}

static int set_up(void **state)
{
	char folder[200];

	(void)state;
	if (!mkdtemp(home))
		return -1;
	snprintf(folder, sizeof(folder), "%s/.baresip", home);
	return mkdir(folder, 0700) || setenv("HOME", home, 1);
}

static int tear_down(void **state)
{
	char path[200];

	(void)state;
	snprintf(path, sizeof(path), "%s/.baresip/accounts", home);
	unlink(path);
	snprintf(path, sizeof(path), "%s/.baresip", home);
	rmdir(path);
	return rmdir(home);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(comments),
		cmocka_unit_test(the_template),
		cmocka_unit_test(everything),
		cmocka_unit_test(a_password_in_the_address),
		cmocka_unit_test(what_is_left),
		cmocka_unit_test(an_address_without_brackets),
		cmocka_unit_test(nothing_that_was_encrypted_goes_in_the_clear),
		cmocka_unit_test(nonsense),
		cmocka_unit_test_setup_teardown(imports, new_phone, free_phone),
		cmocka_unit_test_setup_teardown(names_that_are_taken, new_phone, free_phone),
		cmocka_unit_test_setup_teardown(failures, new_phone, free_phone),
	};

	return cmocka_run_group_tests(tests, set_up, tear_down);
}
