/* The history: a row for each call that ends, there before anybody else hears of it, and whatever happens to us. */
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
#include "phone/snapshot.h"
#include "store/store.h"

static struct settings settings;
static struct phone *phone;
static char folder[256], file[300];
static struct snapshot snap;

/* The rows as lines "direction peer code error reason ended_by duration", read by a connection of our own. */
static const char *rows(void)
{
	static char text[8192];
	sqlite3 *db;
	sqlite3_stmt *s;

	text[0] = '\0';
	assert_int_equal(sqlite3_open_v2(file, &db, SQLITE_OPEN_READONLY, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_prepare_v2(db, "SELECT direction, peer, code, error, reason, ended_by, duration "
					    "FROM call ORDER BY id", -1, &s, NULL), SQLITE_OK);
	while (sqlite3_step(s) == SQLITE_ROW) {
		int i;

		for (i = 0; i < 7; i++) {
			const char *v = (const char *)sqlite3_column_text(s, i);

			snprintf(text + strlen(text), sizeof(text) - strlen(text), "%s%s", v ? v : "-", i < 6 ? " " : "\n");
		}
	}
	sqlite3_finalize(s);
	sqlite3_close(db);
	return text;
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
	snprintf(folder, sizeof(folder), "%s/history-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(folder))
		return -1;
	snprintf(file, sizeof(file), "%s/offhook.db", folder);
	if (phone_new(&phone, &settings))
		return -1;
	phone_start(phone);
	return 0;
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

static unsigned dial(const char *target)
{
	struct dial d = {.target = target};
	const char *why;
	unsigned call;

	assert_int_equal(phone_dial(phone, &d, &call, &why), 0);
	return call;
}

static void fail_with(const char *target, unsigned code, const char *reason)
{
	struct response r = {.code = code, .error = code ? LOCAL_NONE : LOCAL_DNS};
	unsigned call = dial(target);

	text_copy(r.reason, sizeof(r.reason), reason);
	phone_sip_response(phone, call, &r);
}

static void each_end_is_a_row(void **state)
{
	struct incoming in = {.request_user = "", .from_uri = "sip:eve@h", .from_name = "Eve"};
	struct media_params m = {.direction = MEDIA_BOTH, .codec = codec_get(CODEC_PCMU)};
	struct stat st;
	unsigned call;

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	fail_with("sip:bob@h", 486, "Busy Here");
	fail_with("sip:bob@nowhere", 0, "");
	call = dial("sip:ann@h");
	phone_sip_established(phone, call, &m);
	fake_pass(phone, 2500);
	assert_non_null(strstr(rows(), "sip:bob@nowhere - dns - - 0.0\n")); /* nothing yet of the call that is up */
	phone_sip_closed(phone, call, ENDED_BY_THEM, 0, "");
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 0);
	phone_sip_closed(phone, call, ENDED_BY_THEM, 0, "");
	phone_set_dnd(phone, true); /* refused before it rang: missed all the same */
	assert_int_equal(phone_sip_incoming(phone, &in, &call), 480);
	assert_string_equal(rows(), "out sip:bob@h 486 - Busy Here - 0.0\n"
				    "out sip:bob@nowhere - dns - - 0.0\n"
				    "out sip:ann@h - - - them 2.5\n"
				    "in sip:eve@h - - - them 0.0\n"
				    "in sip:eve@h 480 - - us 0.0\n");
}

/* What a later listener sees when it hears of an outcome. */
static void look_h(const struct event *e, void *arg)
{
	if (!strcmp(e->name, "outcome"))
		text_copy(arg, 256, rows());
}

static void the_row_is_there_before_the_outcome_is_told(void **state)
{
	char seen[256] = "";

	(void)state;
	assert_int_equal(store_open(phone, file, true), 0);
	assert_int_equal(phone_listen(phone, look_h, seen), 0);
	fail_with("sip:bob@h", 404, "Not Found");
	assert_non_null(strstr(seen, "sip:bob@h 404"));
}

static void rows_survive_a_kill(void **state)
{
	int status;
	pid_t pid;

	(void)state;
	pid = fork();
	assert_true(pid >= 0);
	if (!pid) {
		if (store_open(phone, file, true))
			_exit(1);
		fail_with("sip:one@h", 404, "Not Found");
		fail_with("sip:two@h", 404, "Not Found");
		raise(SIGKILL);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(store_open(phone, file, true), 0);
	fail_with("sip:three@h", 404, "Not Found");
	assert_non_null(strstr(rows(), "sip:one@h"));
	assert_non_null(strstr(rows(), "sip:two@h"));
	assert_non_null(strstr(rows(), "sip:three@h"));
}

static void a_broken_file_is_set_aside(void **state)
{
	char aside[320];
	FILE *f = fopen(file, "w");

	(void)state;
	assert_non_null(f);
	fputs("this is no database, however long one looks at it, and it is longer than its header would be ........", f);
	fclose(f);
	assert_int_equal(store_open(phone, file, true), 0);
	fail_with("sip:bob@h", 404, "Not Found");
	assert_non_null(strstr(rows(), "sip:bob@h"));
	snprintf(aside, sizeof(aside), "%s.broken", file);
	assert_int_equal(access(aside, R_OK), 0);
	phone_snapshot(phone, &snap);
	assert_non_null(strstr(snap.notice[1].title, ".broken"));
}

static void where_nothing_can_be_written_the_phone_goes_on(void **state)
{
	(void)state;
	assert_int_equal(store_open(phone, "/does/not/exist/offhook.db", true), ENOENT);
	fail_with("sip:bob@h", 404, "Not Found");
}

/* A home that is reached through a symbolic link is a home. */
static void a_linked_folder_is_followed(void **state)
{
	char link[320];

	(void)state;
	snprintf(link, sizeof(link), "%s/link", folder);
	assert_int_equal(symlink(folder, link), 0);
	snprintf(link, sizeof(link), "%s/link/offhook.db", folder);
	assert_int_equal(store_open(phone, link, true), 0);
	fail_with("sip:bob@h", 404, "Not Found");
	assert_string_equal(rows(), "out sip:bob@h 404 - Not Found - 0.0\n");
}

static void a_newer_file_is_left_alone(void **state)
{
	sqlite3 *db;

	(void)state;
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "PRAGMA user_version = 99; CREATE TABLE call (x)", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(store_open(phone, file, true), EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(each_end_is_a_row, setup, teardown),
		cmocka_unit_test_setup_teardown(the_row_is_there_before_the_outcome_is_told, setup, teardown),
		cmocka_unit_test_setup_teardown(rows_survive_a_kill, setup, teardown),
		cmocka_unit_test_setup_teardown(a_broken_file_is_set_aside, setup, teardown),
		cmocka_unit_test_setup_teardown(where_nothing_can_be_written_the_phone_goes_on, setup, teardown),
		cmocka_unit_test_setup_teardown(a_linked_folder_is_followed, setup, teardown),
		cmocka_unit_test_setup_teardown(a_newer_file_is_left_alone, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
