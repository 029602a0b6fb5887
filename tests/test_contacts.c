/* The contacts file: its lines, how it is read, whom a name calls. */
#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <sys/stat.h>
#include <unistd.h>

#include "base/fold.h"
#include "base/loop.h"
#include "base/text.h"
#include "fake_ports.h"
#include "phone/snapshot.h"
#include "store/contact_line.h"
#include "store/contacts.h"

static struct settings settings;
static struct phone *phone;
static char folder[256], file[300];
static struct contact_entry entry;

bool port_contact_find(const char *text, bool wait, struct contact_entry *e)
{
	return contacts_find(text, wait, e);
}

static int setup(void **state)
{
	const char *tmp = getenv("TEST_TMP");

	(void)state;
	memset(&settings, 0, sizeof(settings));
	strcpy(settings.codecs, "PCMU");
	settings.ring_timeout = settings.dial_timeout = 180;
	settings.max_calls = 8;
	fake_reset();
	snprintf(folder, sizeof(folder), "%s/contacts-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || loop_init())
		return -1;
	snprintf(file, sizeof(file), "%s/contacts", folder);
	if (phone_new(&phone, &settings))
		return -1;
	phone_start(phone);
	return 0;
}

static int teardown(void **state)
{
	char command[400];

	(void)state;
	contacts_stop();
	phone_free(phone);
	loop_close();
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* Replaces the file, as an editor does. */
static void write_file(const char *text, size_t len)
{
	char path[400];
	FILE *f;

	snprintf(path, sizeof(path), "%s.new", file);
	f = fopen(path, "w");
	assert_non_null(f);
	assert_int_equal(fwrite(text, 1, len, f), len);
	fclose(f);
	assert_int_equal(rename(path, file), 0);
}

static void contacts(const char *text)
{
	write_file(text, strlen(text));
	assert_int_equal(contacts_start(phone, file), 0);
	contacts_find("x", true, &entry); /* to its end */
}

static void finds(const char *text, const char *uri)
{
	bool found = contacts_find(text, true, &entry);

	if (found != (uri != NULL))
		fail_msg("%s: %s", text, found ? entry.uri : "nobody");
	if (uri)
		assert_string_equal(entry.uri, uri);
}

static struct snapshot snapshot;

static unsigned notices(void)
{
	phone_snapshot(phone, &snapshot);
	return snapshot.notices;
}

static void count_h(const struct contact_entry *e, void *arg)
{
	(void)e;
	++*(unsigned *)arg;
}

static unsigned count(const char *typed)
{
	unsigned n = 0;

	contacts_matching(typed, count_h, &n);
	return n;
}

/* Is it in the order of the words? */
static void rises_h(const struct contact_entry *e, void *arg)
{
	static char last[256], words[256];

	(void)arg;
	fold_words(words, sizeof(words), e->name);
	if (strcmp(last, words) > 0)
		fail_msg("%s stands behind %s", words, last);
	memcpy(last, words, sizeof(last));
}

static struct buf order;

static void order_h(const struct contact_entry *e, void *arg)
{
	(void)arg;
	buf_printf(&order, "%s;", e->name);
}

/* ---- */

static const char *line_wrong(const char *text)
{
	static char line[CONTACT_LINE_MAX];
	const char *why = NULL;

	text_copy(line, sizeof(line), text);
	assert_int_equal(contact_line_read(&entry, line, &why), EINVAL);
	assert_non_null(why);
	return why;
}

static void line_is(const char *text, const char *name, const char *uri, const char *nick, const char *account)
{
	static char line[CONTACT_LINE_MAX];
	const char *why = NULL;

	text_copy(line, sizeof(line), text);
	if (contact_line_read(&entry, line, &why))
		fail_msg("%s: %s", text, why);
	assert_string_equal(entry.name, name);
	assert_string_equal(entry.uri, uri);
	assert_string_equal(entry.nick, nick);
	assert_string_equal(entry.account, account);
}

static void lines(void **state)
{
	char line[CONTACT_LINE_MAX] = "  ";
	const char *why;

	(void)state;
	line_is("Bob Meier <sip:bob@example.com> ;nick=bm", "Bob Meier", "sip:bob@example.com", "bm", "");
	line_is("  Bob\t  Meier   < sip:bob@example.com >;nick = bm ; account=work \r", "Bob Meier", "sip:bob@example.com", "bm", "work");
	line_is("\"Bob \\\"B\\\" <Meier>\" <sip:b@h>;presence=p2p;access=allow", "Bob \"B\" <Meier>", "sip:b@h", "", "");
	line_is("\"\" <sip:b@h>;nick=\"b  c\"", "b c", "sip:b@h", "b c", "");
	line_is("Müller <tel:+49-30-901820>", "Müller", "tel:+49-30-901820", "", "");
	line_is("Bob <bob@h>;", "Bob", "bob@h", "", "");
	line_is("<sip:b@h;transport=tcp>;nick=b", "b", "sip:b@h;transport=tcp", "b", "");
	assert_int_equal(contact_line_read(&entry, line, &why), ENOENT);
	strcpy(line, " # Bob <sip:b@h>");
	assert_int_equal(contact_line_read(&entry, line, &why), ENOENT);
	assert_string_equal(line_wrong("Bob sip:b@h"), "A contact is written: Name <sip:user@host> ;nick=short");
	assert_string_equal(line_wrong("Bob <sip:b@h"), "A contact is written: Name <sip:user@host> ;nick=short");
	assert_string_equal(line_wrong("Bob <bob>"), "Between < and > belongs an address such as sip:bob@example.com.");
	assert_string_equal(line_wrong("Bob <sip:b@h> bm"), "Behind the address belong words such as ;nick=bob.");
	assert_string_equal(line_wrong("Bob <sip:b@h>;bm"), "Behind the address belong words such as ;nick=bob.");
	assert_string_equal(line_wrong("Bob <sip:b@h>;nik=b"), "Only nick= and account= are known behind the address.");
	assert_string_equal(line_wrong("<sip:b@h>"), "The contact has no name.");
	assert_string_equal(line_wrong("Bob\x1b[2J <sip:b@h>"), "There are characters in it that cannot be shown.");
	assert_string_equal(line_wrong("Bob\xe2\x80\xae <sip:b@h>"), "There are characters in it that cannot be shown.");
	assert_string_equal(line_wrong("Bob \xe9 <sip:b@h>"), "There are characters in it that cannot be shown.");
	assert_string_equal(line_wrong("Bob <sip:b:secret@h>"), "Leave the password out of the address.");
}

static void folding(void **state)
{
	char dst[64];

	(void)state;
	fold_name(dst, sizeof(dst), "  ÄRGER \t Iß Σ-日 ");
	assert_string_equal(dst, "ärger iß σ-日");
	fold_words(dst, sizeof(dst), "(Bob) Müller-LÜD’s e\xcc\x81");
	assert_string_equal(dst, " bob müller lüd s e\xcc\x81");
	fold_words(dst, sizeof(dst), "--");
	assert_string_equal(dst, "");
	assert_int_equal(fold_name(dst, 4, "aäö"), 3);
	assert_string_equal(dst, "aä");
	fold_name(dst, sizeof(dst), "A\xff" "B");
	assert_string_equal(dst, "a\xff" "b");
	assert_true(fold_fits(" bob meier", " mei bo"));
	assert_true(fold_fits(" bob meier", ""));
	assert_false(fold_fits(" bob meier", " eier"));
	assert_false(fold_fits(" bob meier", " bob x"));
}

static void exact_names(void **state)
{
	(void)state;
	contacts("\xef\xbb\xbf" "Bob Meier <sip:bob@example.com>;nick=bm\n\nÄnne <sip:a@h>\nno end <sip:e@h>");
	finds("bob  MEIER ", "sip:bob@example.com");
	finds("BM", "sip:bob@example.com");
	finds("änne", "sip:a@h");
	finds("no end", "sip:e@h");
	finds("Bob", NULL);
	finds("Bob Meie", NULL);
	finds("", NULL);
	assert_int_equal(notices(), 0);
}

static void matching(void **state)
{
	(void)state;
	contacts("Zoe <sip:+49301@gw>\nBob Meier <sip:b@example.com>;nick=chief\nanna Meier <sip:anna@h>\n");
	assert_int_equal(count("mei"), 2);
	assert_int_equal(count("mei b"), 1);
	assert_int_equal(count("chi"), 1);
	assert_int_equal(count("+493"), 1);
	assert_int_equal(count("sip:+49"), 1);
	assert_int_equal(count("b@ex"), 1);
	assert_int_equal(count("b@h"), 0);
	assert_int_equal(count("+"), 1);
	assert_int_equal(count("eier"), 0);
	contacts_matching("", order_h, NULL);
	assert_string_equal(order.s, "anna Meier;Bob Meier;Zoe;");
	buf_free(&order);
}

static void wrong_lines_are_told_once(void **state)
{
	char expected[400];

	(void)state;
	contacts("Bob <sip:b@h>\nbob <sip:other@h>\nnonsense\nAnna <sip:a@h>;nick=BOB\nCarl <sip:c@h>\n");
	finds("bob", "sip:b@h");
	finds("carl", "sip:c@h");
	finds("anna", NULL);
	assert_int_equal(notices(), 3);
	snprintf(expected, sizeof(expected), "%s:4: Another contact has that name or nick already.", file);
	assert_string_equal(snapshot.notice[0].title, expected);
	snprintf(expected, sizeof(expected), "%s:3: A contact is written: Name <sip:user@host> ;nick=short", file);
	assert_string_equal(snapshot.notice[1].title, expected);
	write_file("nonsense\nDora <sip:d@h>\nmore nonsense\n", 38);
	finds("dora", "sip:d@h");
	assert_int_equal(notices(), 4);
	snprintf(expected, sizeof(expected), "%s:3: A contact is written: Name <sip:user@host> ;nick=short", file);
	assert_string_equal(snapshot.notice[0].title, expected);
}

static void many_wrong_lines_are_counted(void **state)
{
	struct buf text = {0};
	unsigned i;

	(void)state;
	for (i = 0; i < 300; i++)
		buf_printf(&text, "wrong %u\n", i);
	contacts(text.s);
	buf_free(&text);
	finds("x", NULL);
	assert_int_equal(notices(), 11);
	assert_non_null(strstr(snapshot.notice[0].title, ": 290 more lines are wrong."));
}

static void odd_files(void **state)
{
	char big[CONTACT_LINE_MAX + 40];

	(void)state;
	assert_int_equal(contacts_start(phone, file), 0);
	finds("bob", NULL);
	assert_int_equal(notices(), 0);
	/* it appears */
	write_file("Bob <sip:b@h>\n", 14);
	finds("bob", "sip:b@h");
	/* too long a line, and a NUL */
	memset(big, 'x', sizeof(big));
	memcpy(big + sizeof(big) - 28, "\nZ\0Z <sip:b@h>\nC <sip:c@h>\n", 28);
	write_file(big, sizeof(big) - 1);
	finds("c", "sip:c@h");
	finds("bob", NULL);
	finds("Z", NULL);
	assert_int_equal(notices(), 2);
	assert_non_null(strstr(snapshot.notice[1].title, ":1: The line is too long."));
	/* it goes */
	assert_int_equal(unlink(file), 0);
	finds("c", NULL);
	assert_int_equal(notices(), 2);
	assert_int_equal(mkdir(file, 0700), 0);
	finds("c", NULL);
	assert_int_equal(notices(), 3);
	assert_non_null(strstr(snapshot.notice[0].title, "cannot be read: Is a directory"));
	finds("c", NULL);
	assert_int_equal(notices(), 3);
	assert_int_equal(rmdir(file), 0);
	assert_int_equal(mkfifo(file, 0600), 0);
	finds("c", NULL);
	assert_int_equal(notices(), 3); /* in the place of the last one */
}

/* ---- many ---- */

static struct { struct loop_timer *timer; unsigned turns; uint64_t end; } waiting;

static void turn_h(void *arg)
{
	(void)arg;
	waiting.turns++;
	if (count("person") == 50000 || loop_now_ms() > waiting.end)
		loop_quit();
	else
		loop_timer_start(waiting.timer, 0);
}

static void many(struct buf *text, unsigned n)
{
	unsigned i;

	for (i = 0; i < n; i++)
		buf_printf(text, "Person Number%u <sip:p%u@example.com> ;nick=n%u\n", i, i, i);
}

/* The loop turns while it is read; what was there before stands. */
static void a_long_file_is_read_in_steps(void **state)
{
	struct buf text = {0};

	(void)state;
	contacts("Bob <sip:b@h>\n");
	finds("bob", "sip:b@h");
	many(&text, 50000);
	write_file(text.s, text.len);
	waiting.turns = 0;
	waiting.end = loop_now_ms() + 60000;
	assert_int_equal(loop_timer_new(&waiting.timer, turn_h, NULL), 0);
	assert_int_equal(count("bob"), 1);
	assert_true(contacts_find("bob", false, &entry));
	assert_false(contacts_find("n1", false, &entry));
	loop_timer_start(waiting.timer, 0);
	assert_int_equal(loop_run(), 0);
	loop_timer_free(waiting.timer);
	assert_int_equal(count("person"), 50000);
	assert_int_equal(count("bob"), 0);
	contacts_matching("", rises_h, NULL);
	if (waiting.turns < 50)
		fail_msg("the loop turned %u times only", waiting.turns);
	finds("n49999", "sip:p49999@example.com");
	finds("person number31234", "sip:p31234@example.com");
	buf_free(&text);
}

static void too_many_are_left_out(void **state)
{
	struct buf text = {0};

	(void)state;
	many(&text, CONTACTS_KEPT + 2);
	contacts(text.s);
	finds("n99999", "sip:p99999@example.com");
	finds("n100000", NULL);
	assert_int_equal(notices(), 2);
	assert_non_null(strstr(snapshot.notice[0].title, ":100002: There are too many contacts; this one is left out."));
	buf_free(&text);
}

/* ---- whom a name calls ---- */

static void calls(const char *target, const char *account, const char *expected)
{
	struct dial dial = {.target = target, .account = account};
	const char *why = "";
	unsigned call;

	fake_taken();
	if (phone_dial(phone, &dial, &call, &why))
		assert_string_equal(why, expected);
	else
		assert_non_null(strstr(fake_taken(), expected));
	phone_hangup(phone, call);
	phone_sip_closed(phone, call, ENDED_BY_US, 0, "");
}

static void account(const char *name, const char *uri)
{
	struct account a;
	const char *why;

	assert_int_equal(account_init(&a, name, uri, &why), 0);
	a.registers = false;
	assert_int_equal(phone_account_add(phone, &a), 0);
}

static void dialling(void **state)
{
	const char *why;

	(void)state;
	account("home", "sip:me@home.example");
	account("work", "sip:me@work.example");
	contacts("Bob Meier <sip:bob@example.com>\n413 <sip:number@example.com>\nDesk <tel:+49 30> ;account=work\n"
		 "sip:x <sip:never@example.com>\nbob@h <sip:never@example.com>\nLost <sip:l@h>;account=gone\n"
		 "Mia <sip:mia@example.com>;account=work\n");
	calls("bob MEIER", NULL, " sip:bob@example.com as home");
	calls(" 413 ", NULL, " sip:number@example.com as home");
	calls("414", NULL, " sip:414@home.example as home");
	calls("Bob", NULL, " sip:Bob@home.example as home");
	calls("bob@h", NULL, " sip:bob@h as home");
	calls("sip:x", NULL, " sip:x as home");
	calls("desk", NULL, " sip:+4930@work.example as work");
	calls("mia", NULL, " sip:mia@example.com as work");
	calls("mia", "home", " sip:mia@example.com as home");
	calls("lost", NULL, "There is no account called gone.");
	calls("Bob Meie", NULL, "No contact has that name, and an address cannot have spaces in it.");
	assert_int_equal(phone_set_forward(phone, "bob meier", &why), 0);
	assert_string_equal(phone_forward(phone), "sip:bob@example.com");
}

static void the_screen_shows_the_contacts_name(void **state)
{
	struct dial dial = {.target = "bm"};
	const char *why;
	unsigned call;

	(void)state;
	contacts("Bob Meier <sip:bob@example.com>;nick=bm\n");
	assert_int_equal(phone_dial(phone, &dial, &call, &why), 0);
	phone_snapshot(phone, &snapshot);
	assert_string_equal(snapshot.call[0].name, "Bob Meier");
	assert_string_equal(snapshot.call[0].peer, "sip:bob@example.com");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(lines),
		cmocka_unit_test(folding),
		cmocka_unit_test_setup_teardown(exact_names, setup, teardown),
		cmocka_unit_test_setup_teardown(matching, setup, teardown),
		cmocka_unit_test_setup_teardown(wrong_lines_are_told_once, setup, teardown),
		cmocka_unit_test_setup_teardown(many_wrong_lines_are_counted, setup, teardown),
		cmocka_unit_test_setup_teardown(odd_files, setup, teardown),
		cmocka_unit_test_setup_teardown(a_long_file_is_read_in_steps, setup, teardown),
		cmocka_unit_test_setup_teardown(too_many_are_left_out, setup, teardown),
		cmocka_unit_test_setup_teardown(dialling, setup, teardown),
		cmocka_unit_test_setup_teardown(the_screen_shows_the_contacts_name, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
