/* What is offered where somebody types: the language is the real one, contacts come from a file. */
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
#include <time.h>
#include <unistd.h>

#include "base/loop.h"
#include "command/completing.h"
#include "command_fakes.h"
#include "store/contacts.h"

static const char *const views[] = {"calls", "help", "notices", NULL};
static struct settings settings;
static struct command_env env = {.settings = &settings, .views = views};
static char folder[256], file[300];
static const char *numbers[4]; /* of the history, the newest first */

bool port_contact_find(const char *text, bool wait, struct contact_entry *entry)
{
	return contacts_find(text, wait, entry);
}

void port_contacts(const char *typed, contact_entry_h *h, void *arg)
{
	contacts_matching(typed, h, arg);
}

void port_store_numbers(const char *typed, store_number_h *h, void *arg)
{
	unsigned i;

	for (i = 0; i < 4 && numbers[i]; i++) {
		if (!strncmp(numbers[i], typed, strlen(typed)) || !strncmp(numbers[i] + 4, typed, strlen(typed)))
			h(numbers[i], "Name", arg);
	}
}

static void write_file(const char *name, const char *text)
{
	char path[600];
	FILE *f;

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void contacts(const char *text)
{
	struct contact_entry e;

	write_file("contacts", text);
	assert_int_equal(contacts_start(NULL, file), 0);
	contacts_find("x", true, &e); /* reads it to its end */
}

static int setup(void **state)
{
	const char *tmp = getenv("TEST_TMP"), *why;

	(void)state;
	fake_reset();
	options_defaults(&settings);
	memset(numbers, 0, sizeof(numbers));
	snprintf(folder, sizeof(folder), "%s/completion-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder) || loop_init() || keymap_new(&env.keymap))
		return -1;
	snprintf(file, sizeof(file), "%s/contacts", folder);
	account_init(&fake.account[0], "work", "sip:me@work.example", &why);
	account_init(&fake.account[1], "home", "sip:me@home.example", &why);
	fake.accounts = 2;
	contacts("Bob Meier <sip:bob@example.com> ;nick=bm\n"
		 "Bob Miller <sip:miller@example.com>\n"
		 "\"Anna 'X' Müller-Lüdenscheid\" <sip:anna@example.org> ;account=work\n"
		 "Echo <sip:echo@localhost>\n"
		 "bob@work <sip:bw@example.com> ;nick=worker\n");
	return 0;
}

static int teardown(void **state)
{
	char command[400];

	(void)state;
	contacts_stop();
	keymap_free(env.keymap);
	loop_close();
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

static char answer[16384];

/* LINE has a | where the cursor stands. The answer: FROM-TO "COMMON" words, * behind a finished one, +N for those not
 * told. */
static const char *ask_in(enum completion_language language, const char *line)
{
	struct completions c;
	char text[LINE_MAX_BYTES];
	size_t cursor = strcspn(line, "|"), n;
	unsigned i;

	snprintf(text, sizeof(text), "%.*s%s", (int)cursor, line, line[cursor] ? line + cursor + 1 : "");
	assert_int_equal(completion_find(&env, language, text, cursor, &c), 0);
	assert_true(c.from <= cursor && cursor <= c.to && c.to <= strlen(text));
	n = (size_t)snprintf(answer, sizeof(answer), "%zu-%zu {%s}", c.from, c.to, c.common);
	for (i = 0; i < c.n && n < sizeof(answer); i++)
		n += (size_t)snprintf(answer + n, sizeof(answer) - n, " %s%s", c.item[i].word, c.done ? "*" : "");
	if (c.all > c.n)
		snprintf(answer + n, sizeof(answer) - n, " +%u", c.all - c.n);
	completions_free(&c);
	return answer;
}

static void asks(const char *line, const char *expected)
{
	const char *got = ask_in(COMPLETE_COMMAND, line);

	if (strcmp(got, expected) != 0)
		fail_msg("%s\n  gives  %s\n  wanted %s", line, got, expected);
}

static void dials(const char *line, const char *expected)
{
	const char *got = ask_in(COMPLETE_TARGET, line);

	if (strcmp(got, expected) != 0)
		fail_msg("%s\n  gives  %s\n  wanted %s", line, got, expected);
}

static const char *note_of(const char *line, unsigned i)
{
	static char note[512];
	struct completions c;

	assert_int_equal(completion_find(&env, COMPLETE_COMMAND, line, strlen(line), &c), 0);
	assert_true(i < c.n);
	snprintf(note, sizeof(note), "%s", c.item[i].note);
	completions_free(&c);
	return note;
}

static void hints(const char *line, const char *expected)
{
	char text[LINE_MAX_BYTES];
	size_t cursor = strcspn(line, "|");
	struct buf out = {0};

	snprintf(text, sizeof(text), "%.*s%s", (int)cursor, line, line[cursor] ? line + cursor + 1 : "");
	completion_hint(&env, COMPLETE_COMMAND, text, cursor, &out);
	if (strcmp(out.s ? out.s : "", expected) != 0)
		fail_msg("%s\n  hints  %s\n  wanted %s", line, out.s, expected);
	buf_free(&out);
}

/* ---- */

static void names_of_commands(void **state)
{
	(void)state;
	asks("dt|", "0-2 {dtmf} dtmf*");
	asks("re|", "0-2 {} redial reject resume");
	asks("rej|ect", "0-6 {reject} reject*");
	asks("DT|", "0-2 {}");
	asks("  dt|", "2-4 {dtmf} dtmf*");
	asks("echo x ; dt|", "9-11 {dtmf} dtmf*");
	asks("echo x ;|", "8-8 {}");
	asks("echo x;|", "5-7 {}");
	asks("redial ;|", "8-8 {}");
	asks("# dt|", "4-4 {}");
	asks("nonsense |", "9-9 {}");
	asks("help un|", "5-7 {unbind} unbind*");
	assert_string_equal(note_of("dtm", 0), "Sends digits into the call: 0-9 * # A-D, and a comma for a second of pause.");
}

static void words_of_the_usage(void **state)
{
	(void)state;
	asks("redial no|", "7-9 {} now notice");
	asks("notice d|", "7-8 {dismiss} dismiss*");
	asks("notice contact |", "15-15 {}");
	asks("history |", "8-8 {export} export*");
	asks("dnd o|", "4-5 {} on off");
	asks("mute to|", "5-7 {toggle} toggle*");
	asks("account re|", "8-10 {} remove register");
	asks("acc edi|", "4-7 {edit} edit*");
	asks("wait est|", "5-8 {established} established*");
	asks("wait outcome 4x|", "13-15 {4xx} 4xx*");
	asks("wait outcome 48|", "13-15 {486} 486*");
	asks("import b|", "7-8 {baresip} baresip*");
}

static void types(void **state)
{
	struct buf error = {0};

	(void)state;
	fake_call(true, CALL_RINGING);
	fake_call(false, CALL_CALLING);
	strcpy(fake.call[1].peer, "sip:first@h");
	strcpy(fake.call[2].peer, "sip:second@h\x1b[2J");
	fake.selected = 1;
	asks("answer |", "7-7 {} selected last 2 1");
	assert_string_equal(note_of("hangup 2", 0), "sip:second@h^[[2J");
	asks("reject 1 |", "9-9 {486} 486*");
	asks("select |", "7-7 {} selected last 2 1 next prev");
	asks("account default |", "16-16 {} home work");
	asks("account edit work exp|", "18-21 {expires=} expires=");
	asks("account edit work password=|", "18-27 {}");
	asks("account edit work expires=60 password=sec|", "29-41 {}");
	asks("account add new|", "12-15 {}");
	asks("bind gl|", "5-7 {global} global*");
	asks("unbind calls |", "13-13 {} N n");
	assert_string_equal(note_of("unbind calls ", 0), "notice prev");
	assert_int_equal(keymap_bind(env.keymap, "trace", "z", "account edit a password=geheim", &error), 0);
	assert_null(strstr(note_of("unbind trace z", 0), "geheim"));
	asks("bind global x dial bm|", "19-21 {'Bob Meier'} 'Bob Meier'*");
	asks("bind global x mu|", "14-16 {mute} mute*");
	asks("bind global x |", "14-14 {} account answer bind dial dnd dtmf echo exchange forward hangup help history hold hook import "
	     "keys list-commands macro mute notice quit redial reject resume select set sleep source toggle trace unbind view volume wait");
	asks("view h|", "5-6 {help} help*");
	asks("view trace 2|", "11-12 {2} 2*");
}

static void options_and_values(void **state)
{
	(void)state;
	asks("set ton|", "4-7 {tone-} tone-country tone-not-found tone-seconds");
	asks("toggle met|", "7-10 {meters} meters*");
	asks("set meters |", "11-11 {} no yes");
	asks("set redial a|", "11-12 {} ask auto");
	asks("set tone-country d|", "17-18 {de} de*");
	asks("set codecs |", "11-11 {} opus PCMU PCMA");
	asks("set codecs opus,P|", "11-17 {opus,PCM} opus,PCMU opus,PCMA");
	asks("set codecs opus,PCMU,|", "11-21 {opus,PCMU,PCMA} opus,PCMU,PCMA*");
	settings.ring_timeout = 30;
	asks("set ring-timeout |", "17-17 {} 30 180");
	asks("set nonsense |", "13-13 {}");
}

static void targets(void **state)
{
	(void)state;
	numbers[0] = "sip:+4930901820@gw.example";
	numbers[1] = "sip:bobby@else.example";
	asks("dial mei|", "5-8 {'Bob Meier'} 'Bob Meier'*");
	asks("dial bob m|", "5-10 {'Bob M} 'Bob Meier' 'Bob Miller'");
	asks("dial 'Bob M|", "5-11 {} 'Bob Meier' 'Bob Miller'");
	asks("dial 'Bob Me|", "5-12 {'Bob Meier'} 'Bob Meier'*");
	asks("dial \"bob me|ier\" account=work", "5-16 {'Bob Meier'} 'Bob Meier'*");
	asks("dial bo| account=work", "5-7 {} 'Bob Meier' 'Bob Miller' worker sip:bobby@else.example");
	asks("dial lüd|", "5-9 {\"Anna 'X' Müller-Lüdenscheid\"} \"Anna 'X' Müller-Lüdenscheid\"*");
	asks("dial LÜD|", "5-9 {\"Anna 'X' Müller-Lüdenscheid\"} \"Anna 'X' Müller-Lüdenscheid\"*");
	asks("dial +49|", "5-8 {sip:+4930901820@gw.example} sip:+4930901820@gw.example*");
	asks("dial sip:bo|", "5-11 {sip:bob} sip:bob@example.com sip:bobby@else.example");
	asks("dial echo |", "10-10 {} account= codecs= header=");
	asks("dial echo acc|", "10-13 {account=} account=");
	asks("dial echo account=|", "10-18 {} account=home account=work");
	asks("dial echo account=w|", "10-19 {account=work} account=work*");
	asks("dial echo codecs=opus,PCMU account=h|", "27-36 {account=home} account=home*");
	asks("dial echo codecs=opus,PCMU |", "27-27 {} account= header=");
	asks("dial echo header='X: y' header=|", "24-31 {}");
	asks("dial echo header='X: y' he|", "24-26 {header=} header=");
	asks("dial echo codecs=PCMU,o|", "10-23 {codecs=PCMU,opus} codecs=PCMU,opus*");
	asks("forward of|", "8-10 {off} off*");
	asks("forward bm|", "8-10 {'Bob Meier'} 'Bob Meier'*");
	dials("mei|", "0-3 {Bob Meier} Bob Meier*");
	dials(" bob m|", "1-6 {Bob M} Bob Meier Bob Miller");
	dials("bob me|xyz", "0-9 {Bob Meier} Bob Meier*");
	dials("anna '|", "0-6 {Anna 'X' Müller-Lüdenscheid} Anna 'X' Müller-Lüdenscheid*");
	dials("bob@|", "0-4 {sip:bob@example.com} sip:bob@example.com*");
	assert_string_equal(note_of("dial bm", 0), "bm sip:bob@example.com");
	/* no half of a character; and what a command would take for something else is offered as an address */
	contacts("Zoä <sip:a@h>\nZoö <sip:o@h>\naccount=x <sip:x@h>\noff <sip:off@h>\n");
	dials("z|", "0-1 {Zo} Zoä Zoö");
	asks("dial x|", "5-6 {sip:x@h} sip:x@h*");
	dials("x|", "0-1 {account=x} account=x*");
	asks("forward of|", "8-10 {} sip:off@h off");
}

static void places_in_the_line(void **state)
{
	(void)state;
	asks("dial bm ; hang| ; echo x", "10-14 {hangup} hangup*");
	asks("echo 'a ; b' ; hang|", "15-19 {hangup} hangup*");
	asks("dial \\bm|", "5-8 {'Bob Meier'} 'Bob Meier'*");
	asks("dial bm\\|", "5-8 {'Bob Meier'} 'Bob Meier'*");
	asks("set met\\|", "4-8 {meters} meters*");
	asks("set \"met\\|", "4-9 {meters} meters*");
	asks("source '/nowhere\\|", "7-17 {}");
	asks("set 'met|", "4-8 {meters} meters*");
	asks("set \"met\"|", "4-9 {meters} meters*");
	asks("set met|er's x'", "4-14 {meters} meters*");
	asks("view |help", "5-5 {} calls help notices next quit trace dial prompt");
	asks("echo e\xcc\x81 日本 ; hang|", "18-22 {hangup} hangup*");
}

static void files(void **state)
{
	char line[700], expected[1400], name[400];

	(void)state;
	snprintf(name, sizeof(name), "%s/sub", folder);
	assert_int_equal(mkdir(name, 0700), 0);
	write_file("sub/one two", "");
	write_file("sub/.hidden", "");
	write_file("sub/new\nline", "");
	write_file("sub/bi\xe2\x80\xaei", "");
	write_file("sub/caf\xc3\xa9", "");
	write_file("sub/latin\xe9", "");
	snprintf(line, sizeof(line), "source %s/su|", folder);
	snprintf(expected, sizeof(expected), "7-%zu {%s/sub/} %s/sub/", strlen(line) - 1, folder, folder);
	asks(line, expected);
	snprintf(line, sizeof(line), "source %s/sub/|", folder);
	snprintf(expected, sizeof(expected), "7-%zu {} %s/sub/café '%s/sub/one two'", strlen(line) - 1, folder, folder);
	asks(line, expected);
	snprintf(line, sizeof(line), "source %s/sub/.|", folder);
	snprintf(expected, sizeof(expected), "7-%zu {%s/sub/.hidden} %s/sub/.hidden*", strlen(line) - 1, folder, folder);
	asks(line, expected);
	setenv("HOME", folder, 1);
	snprintf(expected, sizeof(expected), "15-22 {'%s/sub/one two'} '%s/sub/one two'*", folder, folder);
	asks("history export ~/sub/o|", expected);
	asks("source /nowhere-at-all/x|", "7-24 {}");
}

static void hints_say_what_is_to_come(void **state)
{
	(void)state;
	hints("dtmf|", "Sends digits into the call: 0-9 * # A-D, and a comma for a second of pause.");
	hints("dtm|", "");
	hints("dtmf |", "dtmf \1DIGITS\2");
	hints("reject |", "reject \1[CALL]\2 [CODE]");
	hints("reject 1 |", "reject [CALL] \1[CODE]\2");
	hints("reject 1 2 3|", "reject");
	hints("echo a b|", "echo \1TEXT\2");
	hints("hook call cmd with words|", "hook [EVENT \1[SHELL-COMMAND|off]\2]");
	hints("account edit |", "account edit \1ACCOUNT\2 KEY=VALUE...");
	hints("account edit work x|", "account edit ACCOUNT \1KEY=VALUE...\2");
	hints("account e|", "account \1edit\2 ACCOUNT KEY=VALUE...");
	hints("dial x|", "dial \1TARGET\2 [account=NAME] [codecs=LIST] [header='NAME: VALUE']...");
	hints("dial x account=w|", "dial TARGET \1[account=NAME]\2 [codecs=LIST] [header='NAME: VALUE']...");
	hints("dial bob meier|", "Bob Meier <sip:bob@example.com>");
	hints("set ring-timeout|", "ring-timeout = 180 s (1 to 3600 s; default 180): how long an incoming call may ring when the "
	      "caller sets no limit");
	hints("set ring-timeout 3|", "ring-timeout = 180 s (1 to 3600 s; default 180): how long an incoming call may ring when "
	      "the caller sets no limit");
	hints("set ring|", "set \1OPTION\2 [VALUE]");
	hints("bind global x dial |", "dial \1TARGET\2 [account=NAME] [codecs=LIST] [header='NAME: VALUE']...");
	hints("# x|", "");
}

static void unknown_type(const char *type, size_t len, void *arg)
{
	bool known;

	completing_type(type, len, &known);
	if (!known)
		fail_msg("%s: nobody knows %.*s", (const char *)arg, (int)len, type);
}

static void add_type(const char *type, size_t len, void *arg)
{
	buf_printf(arg, "%.*s ", (int)len, type);
}

static void the_grammar_of_usages(void **state)
{
	static const struct { const char *usage, *types; } cases[] = {
		{"", ""}, {"[CALL]", "CALL "}, {"next|CALL|prev", "CALL "}, {"A [B]... | C | x [D|y]", "A B C D "},
		{"[A [B|off]] | C", "A B C "}, {"[A [B [C]...]] D", "A B C D "}, {"key='A B | C' x=[D]", "key= x= "},
		{"\"A B\" C", "\"A B\" C "},
	};
	struct buf out = {0};
	unsigned i;

	(void)state;
	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		buf_free(&out);
		usage_types(cases[i].usage, add_type, &out);
		assert_string_equal(out.s ? out.s : "", cases[i].types);
	}
	buf_free(&out);
}

/* What a new command takes is to be told here too. */
static void every_type_of_the_usages_is_known(void **state)
{
	unsigned i, n;
	const struct command *row = command_table(&n);

	(void)state;
	for (i = 0; i < n; i++)
		usage_types(row[i].usage, unknown_type, (void *)(uintptr_t)row[i].name);
}

/* ---- many, and any ---- */

static void only_the_first_are_told(void **state)
{
	struct buf text = {0};
	struct completions c;
	unsigned i;

	(void)state;
	for (i = 0; i < 1000; i++)
		buf_printf(&text, "Person %03u <sip:p%u@h>\n", 999 - i, i);
	contacts(text.s);
	buf_free(&text);
	assert_int_equal(completion_find(&env, COMPLETE_TARGET, "", 0, &c), 0);
	assert_int_equal(c.n, COMPLETIONS_MAX);
	assert_int_equal(c.all, 1000);
	assert_string_equal(c.common, "Person ");
	assert_string_equal(c.item[0].word, "Person 000");
	assert_string_equal(c.item[199].word, "Person 199");
	completions_free(&c);
}

static uint32_t chance(void)
{
	static uint32_t x = 2463534242u;

	x ^= x << 13;
	x ^= x >> 17;
	x ^= x << 5;
	return x;
}

/* A name that a file may have and a screen show. */
static void any_name(char *name, size_t size)
{
	static const char *const pieces[] = {"a", "B", " ", "'", "\"", "\\", ";", "#", "$", "${1}", "ä", "日", "e\xcc\x81", "|",
		"=", "~", "-", " ; ", "<", "*", "?", "!", "\xf0\x9f\x98\x80"};
	unsigned i, n = 1 + chance() % 8;

	name[0] = '\0';
	for (i = 0; i < n; i++)
		strncat(name, pieces[chance() % (sizeof(pieces) / sizeof(pieces[0]))], size - strlen(name) - 1);
}

/* Each word that is offered is one word to the parser, and the file of that name. */
static void words_are_read_as_one(void **state)
{
	static struct words w;
	char name[200], path[700], line[800], sub[400];
	struct completions c;
	const char *why;
	unsigned i, k, seen = 0;
	struct stat st;

	(void)state;
	snprintf(sub, sizeof(sub), "%s/any", folder);
	assert_int_equal(mkdir(sub, 0700), 0);
	for (i = 0; i < 150; i++) {
		any_name(name, sizeof(name));
		snprintf(path, sizeof(path), "any/%s", name);
		write_file(path, "");
	}
	snprintf(line, sizeof(line), "source %s/", sub);
	assert_int_equal(completion_find(&env, COMPLETE_COMMAND, line, strlen(line), &c), 0);
	for (k = 0; k < c.n; k++) {
		size_t pos = 0;

		snprintf(line, sizeof(line), "source %s ; quit", c.item[k].word);
		assert_int_equal(parser_next(&w, line, &pos, &why), 0);
		assert_int_equal(w.n, 2);
		assert_int_equal(stat(w.word[1], &st), 0);
		seen++;
	}
	assert_true(seen > 80);
	completions_free(&c);
}

/* Contacts of any name: what is offered calls that contact. */
static void contacts_are_dialled_by_what_is_offered(void **state)
{
	static struct words w;
	struct buf text = {0}, joined = {0};
	struct contact_entry e;
	struct completions c;
	char name[200], line[800];
	const char *why, *p;
	unsigned i, named = 0;

	(void)state;
	for (i = 0; i < 190; i++) {
		any_name(name, sizeof(name));
		buf_str(&text, "\"");
		for (p = name; *p; p++) {
			if (*p == '"' || *p == '\\')
				buf_str(&text, "\\");
			buf_add(&text, p, 1);
		}
		buf_printf(&text, "\" <sip:n%u@h>\n", i);
	}
	contacts(text.s);
	buf_free(&text);
	assert_int_equal(completion_find(&env, COMPLETE_COMMAND, "dial ", 5, &c), 0);
	assert_true(c.all == c.n && c.n > 100);
	for (i = 0; i < c.n; i++) {
		size_t pos = 0;

		snprintf(line, sizeof(line), "dial %s", c.item[i].word);
		assert_int_equal(parser_next(&w, line, &pos, &why), 0);
		assert_int_equal(w.n, 2);
		if (!strncmp(w.word[1], "sip:", 4))
			continue;
		if (!contacts_find(w.word[1], true, &e))
			fail_msg("nobody is called %s", w.word[1]);
		assert_string_equal(e.uri, c.item[i].note);
		named++;
	}
	assert_true(named > 80);
	completions_free(&c);
	buf_free(&joined);
}

static void any_line_is_taken(void **state)
{
	static const char *const pieces[] = {"dial", " ", "'", "\"", "\\", ";", "#", "bob", "account=", "set", "codecs", ",",
		"bind", "global", "x", "é", "|", "~/", "notice", "  "};
	struct completions c;
	char line[400];
	unsigned i, k;

	(void)state;
	for (i = 0; i < 3000; i++) {
		struct buf hint = {0};
		size_t cursor;

		line[0] = '\0';
		for (k = chance() % 14; k; k--)
			strcat(line, pieces[chance() % (sizeof(pieces) / sizeof(pieces[0]))]);
		cursor = chance() % (strlen(line) + 1);
		assert_int_equal(completion_find(&env, COMPLETE_COMMAND, line, cursor, &c), 0);
		assert_true(c.from <= cursor && cursor <= c.to && c.to <= strlen(line));
		assert_true(c.all >= c.n && c.common);
		completions_free(&c);
		completion_hint(&env, COMPLETE_COMMAND, line, cursor, &hint);
		buf_free(&hint);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(names_of_commands, setup, teardown),
		cmocka_unit_test_setup_teardown(words_of_the_usage, setup, teardown),
		cmocka_unit_test_setup_teardown(types, setup, teardown),
		cmocka_unit_test_setup_teardown(options_and_values, setup, teardown),
		cmocka_unit_test_setup_teardown(targets, setup, teardown),
		cmocka_unit_test_setup_teardown(places_in_the_line, setup, teardown),
		cmocka_unit_test_setup_teardown(files, setup, teardown),
		cmocka_unit_test_setup_teardown(hints_say_what_is_to_come, setup, teardown),
		cmocka_unit_test(the_grammar_of_usages),
		cmocka_unit_test(every_type_of_the_usages_is_known),
		cmocka_unit_test_setup_teardown(only_the_first_are_told, setup, teardown),
		cmocka_unit_test_setup_teardown(words_are_read_as_one, setup, teardown),
		cmocka_unit_test_setup_teardown(contacts_are_dialled_by_what_is_offered, setup, teardown),
		cmocka_unit_test_setup_teardown(any_line_is_taken, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
