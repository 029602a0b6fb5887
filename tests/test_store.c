/* The store besides the rows of calls: older files brought up to date, redials, the history as CSV and JSON. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/text.h"
#include "fake_ports.h"
#include "store/room.h"
#include "store/store.h"

static struct settings settings;
static struct phone *phone;
static char folder[256], file[300], exported[300];

static int setup(void **state)
{
	const char *tmp = getenv("TEST_TMP");

	(void)state;
	memset(&settings, 0, sizeof(settings));
	strcpy(settings.codecs, "PCMU");
	settings.ring_timeout = settings.dial_timeout = 180;
	settings.max_calls = 8;
	fake_reset();
	snprintf(folder, sizeof(folder), "%s/store-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/offhook.db", folder);
	return phone_new(&phone, &settings);
}

static int teardown(void **state)
{
	char command[400];

	(void)state;
	store_close();
	phone_free(phone);
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

/* By a connection of the test's own. */
static void sql(const char *text)
{
	char *error = NULL;
	sqlite3 *db;

	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	sqlite3_exec(db, text, NULL, NULL, &error);
	if (error)
		fail_msg("%s: %s", text, error);
	sqlite3_close(db);
}

/* A call to PEER, shown as NAME, that begins and fails with the fields of FIELDS (may be NULL). */
static void fails(unsigned number, const char *peer, const char *name, void (*fields)(struct event *e))
{
	struct event e;

	event_begin(&e, "call");
	event_integer(&e, "call", number);
	event_string(&e, "direction", "out");
	event_string(&e, "peer", peer);
	event_string(&e, "name", name);
	event_string(&e, "state", "calling");
	phone_emit(phone, &e);
	event_begin(&e, "outcome");
	event_integer(&e, "call", number);
	event_string(&e, "peer", peer);
	if (fields)
		fields(&e);
	phone_emit(phone, &e);
}

static void everything(struct event *e)
{
	const char *warning[] = {"305 h \"Format\"", "399 h x"}, *contacts[] = {"sip:a@h"};

	event_integer(e, "code", 480);
	event_string(e, "reason", "Out, \"really\"");
	event_string(e, "standard_reason", "Temporarily Unavailable");
	event_string(e, "kind", "unreachable");
	event_string(e, "server_text", "=cmd()");
	event_list(e, "warning", warning, 2);
	event_list(e, "contacts", contacts, 1);
	event_integer(e, "retry_at", 1700000030);
	event_string(e, "retry_comment", "caf\xc3\xa9");
}

static const char *read_export(const char *name)
{
	static char text[65536];
	unsigned rows;
	struct stat st;
	size_t n;
	FILE *f;

	snprintf(exported, sizeof(exported), "%s/%s", folder, name);
	assert_int_equal(history_export(exported, &rows), 0);
	assert_int_equal(stat(exported, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	f = fopen(exported, "r");
	assert_non_null(f);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	return text;
}

/* --- older files --------------------------------------------------------------------------- */

static void a_file_of_version_1_keeps_its_rows(void **state)
{
	(void)state;
	sql("CREATE TABLE call (id INTEGER PRIMARY KEY, began_ms INTEGER NOT NULL, ended_ms INTEGER NOT NULL,"
	    " direction TEXT NOT NULL, peer TEXT NOT NULL, name TEXT, account TEXT, duration REAL NOT NULL, code INTEGER,"
	    " error TEXT, reason TEXT, ended_by TEXT);"
	    "INSERT INTO call VALUES (1, 1600000000000, 1600000002500, 'in', 'sip:old@h', 'Old', 'home', 2.5, 404, NULL,"
	    " 'Not Found', 'them'); PRAGMA user_version = 1;");
	assert_int_equal(store_open(phone, file, true), 0);
	fails(1, "sip:new@h", "New", everything);
	assert_string_equal(read_export("x.json"),
		"[\n"
		"{\"began\": \"2020-09-13T12:26:40.000Z\", \"began_ms\": 1600000000000, "
		"\"ended\": \"2020-09-13T12:26:42.500Z\", \"ended_ms\": 1600000002500, \"direction\": \"in\", "
		"\"peer\": \"sip:old@h\", \"name\": \"Old\", \"account\": \"home\", \"duration\": 2.500, \"code\": 404, "
		"\"reason\": \"Not Found\", \"ended_by\": \"them\"},\n"
		"{\"began\": \"2023-11-14T22:13:21.000Z\", \"began_ms\": 1700000001000, "
		"\"ended\": \"2023-11-14T22:13:21.000Z\", \"ended_ms\": 1700000001000, \"direction\": \"out\", "
		"\"peer\": \"sip:new@h\", \"name\": \"New\", \"duration\": 0.000, \"code\": 480, "
		"\"reason\": \"Out, \\\"really\\\"\", \"standard_reason\": \"Temporarily Unavailable\", "
		"\"kind\": \"unreachable\", \"server_text\": \"=cmd()\", "
		"\"warning\": [\"305 h \\\"Format\\\"\", \"399 h x\"], \"contacts\": [\"sip:a@h\"], "
		"\"retry_at\": \"2023-11-14T22:13:50.000Z\", \"retry_at_ms\": 1700000030000, "
		"\"retry_comment\": \"caf\\u00e9\"}\n"
		"]\n");
	/* and it is the same file afterwards */
	store_close();
	assert_int_equal(store_open(phone, file, true), 0);
	assert_non_null(strstr(read_export("x.json"), "sip:old@h"));
}

/* A step that cannot be done leaves the file as it was. */
static void a_step_is_done_as_a_whole(void **state)
{
	(void)state;
	sql("CREATE TABLE call (id INTEGER PRIMARY KEY, contacts TEXT); PRAGMA user_version = 1;");
	assert_int_not_equal(store_open(phone, file, true), 0);
	sql("SELECT contacts FROM call; ALTER TABLE call ADD COLUMN kind TEXT");
}

/* --- export ------------------------------------------------------------------------------------ */

static void as_csv(void **state)
{
	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	fails(1, "sip:one@h", "+49 30 1234", everything);
	fails(2, "sip:two@h", "-\"x\",\ty", NULL);
	fails(3, "sip:three@h", "@SUM(A1)", NULL);
	/* where the comma is in numbers, spreadsheets part cells at semicolons, whatever quotes say */
	fails(4, "sip:four@h", "a;=1+1; @b;c-d;", NULL);
	assert_string_equal(read_export("x.CSV"),
		"began,began_ms,ended,ended_ms,direction,peer,name,account,duration,code,reason,standard_reason,kind,error,"
		"server_text,warning,contacts,retry_at,retry_at_ms,retry_comment,ended_by\r\n"
		"2023-11-14T22:13:21.000Z,1700000001000,2023-11-14T22:13:21.000Z,1700000001000,out,sip:one@h,'+49 30 1234,,"
		"0.000,480,\"Out, \"\"really\"\"\",Temporarily Unavailable,unreachable,,'=cmd(),"
		"\"305 h \"\"Format\"\"; 399 h x\",sip:a@h,2023-11-14T22:13:50.000Z,1700000030000,caf\xc3\xa9,\r\n"
		"2023-11-14T22:13:21.000Z,1700000001000,2023-11-14T22:13:21.000Z,1700000001000,out,sip:two@h,"
		"\"'-\"\"x\"\",^Iy\",,0.000,,,,,,,,,,,,\r\n"
		"2023-11-14T22:13:21.000Z,1700000001000,2023-11-14T22:13:21.000Z,1700000001000,out,sip:three@h,"
		"'@SUM(A1),,0.000,,,,,,,,,,,,\r\n"
		"2023-11-14T22:13:21.000Z,1700000001000,2023-11-14T22:13:21.000Z,1700000001000,out,sip:four@h,"
		"a;'=1+1; '@b;c-d;,,0.000,,,,,,,,,,,,\r\n");
}

static void what_cannot_be_exported(void **state)
{
	unsigned rows = 7;

	(void)state;
	assert_int_equal(history_export("/tmp/x.csv", &rows), ENOTCONN);
	assert_int_equal(rows, 0);
	assert_int_equal(store_open(phone, file, true), 0);
	assert_int_equal(history_export("x.txt", &rows), EINVAL);
	assert_int_equal(history_export(".csv", &rows), EINVAL);
	assert_int_equal(history_export("/does/not/exist.csv", &rows), ENOENT);
	assert_string_equal(read_export("empty.json"), "[\n]\n");
}

/* --- redials ------------------------------------------------------------------------------------ */

static struct redial_record loaded[REDIALS_MAX + 2];
static unsigned count;

static void load_h(const struct redial_record *r, void *arg)
{
	(void)arg;
	if (count < REDIALS_MAX + 2)
		loaded[count] = *r;
	count++;
}

static void load(void)
{
	count = 0;
	redials_load(load_h, NULL);
}

static struct redial_record record(const char *uri)
{
	struct redial_record r = {
		.name = "Bob", .code = 480, .due_wall_ms = 1700000030000, .until_wall_ms = 1700000630000,
		.comment = "at \xff lunch", .armed = true, .in_row = 2,
	};

	text_copy(r.uri, sizeof(r.uri), uri);
	return r;
}

static void expect_same(const struct redial_record *a, const struct redial_record *b)
{
	assert_string_equal(a->uri, b->uri);
	assert_string_equal(a->name, b->name);
	assert_string_equal(a->account, b->account);
	assert_string_equal(a->comment, b->comment);
	assert_int_equal(a->code, b->code);
	assert_int_equal(a->due_wall_ms, b->due_wall_ms);
	assert_int_equal(a->until_wall_ms, b->until_wall_ms);
	assert_int_equal(a->armed, b->armed);
	assert_int_equal(a->in_row, b->in_row);
}

static void redials_outlive_the_program(void **state)
{
	struct redial_record r = record("sip:bob@h");

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	redials_put(&r);
	strcpy(r.account, "home");
	redials_put(&r);
	store_close();
	load();
	assert_int_equal(count, 0);
	assert_int_equal(store_open(phone, file, true), 0);
	load();
	assert_int_equal(count, 2);
	expect_same(&loaded[1], &r);
	assert_string_equal(loaded[0].account, "");

	/* the same uri and account: in its place */
	r.due_wall_ms++;
	r.armed = false;
	redials_put(&r);
	load();
	assert_int_equal(count, 2);
	expect_same(&loaded[1], &r);

	redials_drop("sip:bob@h", "other");
	redials_drop("sip:bob@h", "");
	load();
	assert_int_equal(count, 1);
	assert_string_equal(loaded[0].account, "home");
	redials_drop("sip:bob@h", "home");
	load();
	assert_int_equal(count, 0);
}

static void redials_are_bounded(void **state)
{
	struct redial_record r;
	char uri[40];
	unsigned i;

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	for (i = 0; i < REDIALS_MAX + 3; i++) {
		snprintf(uri, sizeof(uri), "sip:%u@h", i);
		r = record(uri);
		redials_put(&r);
	}
	load();
	assert_int_equal(count, REDIALS_MAX);
	assert_string_equal(loaded[0].uri, "sip:3@h");
	/* a file with more of them is not believed either */
	sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 200) INSERT INTO redial"
	    " (uri, account, code, due_ms, until_ms, armed, in_row) SELECT 'sip:more' || i, '', 480, 1, 0, 0, 0 FROM n");
	load();
	assert_int_equal(count, REDIALS_MAX);
}

static void what_cannot_be_right_is_passed_over(void **state)
{
	static const char *const wrong[] = {
		"uri = ''", "uri = 'sip:a b@h'", "uri = 'sip:a@h' || char(13, 10) || 'Evil: x'",
		"uri = hex(zeroblob(300))", "account = hex(zeroblob(300))", "account = 'a b'",
		"code = 200", "code = 700", "code = 'x'", "due_ms = -1", "due_ms = 9000000000000000000", "due_ms = 'soon'",
		"due_ms = 1.5", "until_ms = -1", "armed = 2", "in_row = 6", "in_row = -1",
	};
	struct redial_record good = record("sip:good@h"), bad = record("sip:bad@h");
	char text[300];
	size_t i;

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	for (i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		redials_put(&bad);
		redials_put(&good);
		snprintf(text, sizeof(text), "UPDATE redial SET %s WHERE uri = 'sip:bad@h'", wrong[i]);
		sql(text);
		load();
		if (count != 1 || strcmp(loaded[0].uri, "sip:good@h") != 0)
			fail_msg("%s: %u", wrong[i], count);
		sql("DELETE FROM redial");
	}
}

static void drop_h(const struct redial_record *r, void *arg)
{
	struct redial_record again = *r;

	(*(unsigned *)arg)++;
	redials_drop(r->uri, r->account);
	again.uri[strlen(again.uri) - 1]++;
	redials_put(&again);
}

static void the_handler_may_change_them(void **state)
{
	struct redial_record r = record("sip:one@a");
	unsigned n = 0;

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	redials_put(&r);
	strcpy(r.uri, "sip:two@a");
	redials_put(&r);
	redials_load(drop_h, &n);
	assert_int_equal(n, 2);
	load();
	assert_int_equal(count, 2);
	assert_string_equal(loaded[0].uri, "sip:one@b");
}

static void the_demo_has_none(void **state)
{
	struct redial_record r = record("sip:bob@h");

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	redials_put(&r);
	store_close();
	assert_int_equal(store_open(phone, file, false), 0);
	redials_put(&r);
	redials_drop("sip:bob@h", "");
	load();
	assert_int_equal(count, 0);
	store_close();
	/* nor does it take those that others have: it may be told to use their profile */
	assert_int_equal(store_open(phone, file, true), 0);
	load();
	assert_int_equal(count, 1);
}

static void redials_survive_a_kill(void **state)
{
	struct redial_record r = record("sip:bob@h");
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (store_open(phone, file, true))
			_exit(1);
		redials_put(&r);
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(store_open(phone, file, true), 0);
	load();
	assert_int_equal(count, 1);
	expect_same(&loaded[0], &r);
}

/* --- prompts -------------------------------------------------------------------------------- */

static struct buf lines;

static void line_h(const char *line, void *arg)
{
	(void)arg;
	buf_printf(&lines, "%s|", line);
}

static void lines_are(const char *kind, const char *expected)
{
	buf_free(&lines);
	prompts_each(kind, line_h, NULL);
	assert_string_equal(lines.s ? lines.s : "", expected);
	buf_free(&lines);
}

static void prompts_are_kept_once_each(void **state)
{
	(void)state;
	prompts_put("command", "before it is open");
	lines_are("command", "");
	assert_int_equal(store_open(phone, file, true), 0);
	prompts_put("command", "one");
	prompts_put("dial", "bob");
	prompts_put("command", "two");
	prompts_put("command", "one");
	prompts_put("command", "");
	store_close();
	assert_int_equal(store_open(phone, file, true), 0);
	lines_are("command", "two|one|");
	lines_are("dial", "bob|");
	lines_are("search", "");
}

static void prompts_are_bounded(void **state)
{
	static char line[5000];
	unsigned i;

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	prompts_put("dial", "bob");
	for (i = 0; i < 600; i++) {
		snprintf(line, sizeof(line), "line %u", i);
		prompts_put("command", line);
	}
	memset(line, 'x', sizeof(line) - 1);
	prompts_put("command", line);
	prompts_each("command", line_h, NULL);
	assert_memory_equal(lines.s, "line 100|line 101|", 18);
	assert_string_equal(lines.s + lines.len - 9, "line 599|");
	buf_free(&lines);
	lines_are("dial", "bob|");
}

static void prompts_hold_no_password(void **state)
{
	static const char *const secret[] = {"account edit a password=x", "account add a sip:a@h PassWord=x", "a pass\"word=x\"",
		"a 'password'=x", "a ppassword=x", "account edit a password x", "bind global g 'a password=x'", "password\tx"};
	unsigned i;

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	for (i = 0; i < sizeof(secret) / sizeof(secret[0]); i++)
		prompts_put("command", secret[i]);
	lines_are("command", "");
	prompts_put("command", "notice password");
	prompts_put("command", "notice password ; echo x");
	prompts_put("command", "account edit a password-command=x");
	lines_are("command", "notice password|notice password ; echo x|account edit a password-command=x|");
}

static void prompts_survive_a_kill(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (store_open(phone, file, true))
			_exit(1);
		prompts_put("command", "dial bob");
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(store_open(phone, file, true), 0);
	lines_are("command", "dial bob|");
}

/* --- numbers -------------------------------------------------------------------------------- */

static void number_h(const char *uri, const char *name, void *arg)
{
	(void)arg;
	buf_printf(&lines, "%s %s|", uri, name);
}

static void numbers_are(const char *typed, const char *expected)
{
	buf_free(&lines);
	numbers_each(typed, number_h, NULL);
	assert_string_equal(lines.s ? lines.s : "", expected);
	buf_free(&lines);
}

static void numbers_are_the_newest_first(void **state)
{
	(void)state;
	numbers_are("", "");
	assert_int_equal(store_open(phone, file, true), 0);
	fails(1, "sip:bob@h", "Bob", NULL);
	fails(2, "sip:+4930@gw", "", NULL);
	fails(3, "sip:anonymous@anonymous.invalid", "Anonymous", NULL);
	fails(4, "no address", "", NULL);
	fails(5, "sip:x y@h", "", NULL);
	fails(6, "sip:bert@h", "Bert", NULL);
	fails(7, "sip:bob@h", "Bobby", NULL);
	numbers_are("", "sip:bob@h Bobby|sip:bert@h Bert|sip:+4930@gw |");
	numbers_are("b", "sip:bob@h Bobby|sip:bert@h Bert|");
	numbers_are("SIP:Be", "sip:bert@h Bert|");
	numbers_are("+", "sip:+4930@gw |");
	numbers_are("x", "");
}

static void numbers_are_bounded(void **state)
{
	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	sql("WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 3000)"
	    " INSERT INTO call (began_ms, ended_ms, direction, peer, duration)"
	    " SELECT i, i, 'in', 'sip:u' || (i / 10) || '@h', 0.0 FROM n");
	numbers_each("", number_h, NULL);
	assert_memory_equal(lines.s, "sip:u300@h |sip:u299@h |", 24);
	/* the newest thousand calls: of 101 people */
	assert_string_equal(lines.s + lines.len - 12, "sip:u200@h |");
	buf_free(&lines);
}

/* A store that cannot be written tells so once, and again when it has worked in between. */
static unsigned notices;

static void notice_h(const struct event *e, void *arg)
{
	(void)arg;
	if (!strcmp(e->name, "notice"))
		notices += strstr(event_find_string(e, "text"), "cannot be stored") != NULL;
}

static void failing_is_told_once(void **state)
{
	struct redial_record r = record("sip:bob@h");

	(void)state;
	notices = 0;
	assert_int_equal(store_open(phone, file, true), 0);
	assert_int_equal(phone_listen(phone, notice_h, NULL), 0);
	sql("CREATE TRIGGER no BEFORE INSERT ON redial BEGIN SELECT RAISE(ABORT, 'no room'); END");
	redials_put(&r);
	redials_put(&r);
	assert_int_equal(notices, 1);
	fails(1, "sip:bob@h", "", NULL);
	redials_put(&r);
	assert_int_equal(notices, 2);
}

/* ---- registers ---- */

static void keep_register(char name, const char *text, void *arg)
{
	struct buf *b = arg;

	buf_printf(b, "%c=%s|", name, text);
}

static void registers_outlive_the_program(void **state)
{
	struct buf b = {0};

	(void)state;
	registers_put('x', "no store"); /* nothing, and no crash */
	registers_load(keep_register, &b);
	assert_null(b.s);
	assert_int_equal(store_open(phone, file, true), 0);
	registers_put('b', "dial echo\nwait established");
	registers_put('a', "mute on");
	registers_put('a', "mute off 'x'");
	registers_put('c', "mute on");
	registers_put('c', "");
	store_close();
	/* nothing in the file is believed */
	sql("INSERT INTO macro_register VALUES ('A', 'x'), ('aa', 'x'), ('', 'x'), ('d', ''), ('e', x'00'), ('~', 'x')");
	assert_int_equal(store_open(phone, file, true), 0);
	registers_load(keep_register, &b);
	assert_string_equal(b.s, "a=mute off 'x'|b=dial echo\nwait established|");
	buf_free(&b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(a_file_of_version_1_keeps_its_rows, setup, teardown),
		cmocka_unit_test_setup_teardown(a_step_is_done_as_a_whole, setup, teardown),
		cmocka_unit_test_setup_teardown(as_csv, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_exported, setup, teardown),
		cmocka_unit_test_setup_teardown(redials_outlive_the_program, setup, teardown),
		cmocka_unit_test_setup_teardown(redials_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(what_cannot_be_right_is_passed_over, setup, teardown),
		cmocka_unit_test_setup_teardown(the_handler_may_change_them, setup, teardown),
		cmocka_unit_test_setup_teardown(the_demo_has_none, setup, teardown),
		cmocka_unit_test_setup_teardown(redials_survive_a_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(prompts_are_kept_once_each, setup, teardown),
		cmocka_unit_test_setup_teardown(prompts_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(prompts_hold_no_password, setup, teardown),
		cmocka_unit_test_setup_teardown(prompts_survive_a_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_are_the_newest_first, setup, teardown),
		cmocka_unit_test_setup_teardown(numbers_are_bounded, setup, teardown),
		cmocka_unit_test_setup_teardown(registers_outlive_the_program, setup, teardown),
		cmocka_unit_test_setup_teardown(failing_is_told_once, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
