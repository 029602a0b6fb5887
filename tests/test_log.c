/* The log: what one line may be, and how many there may be in a minute. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include <cmocka.h>

#include "base/log.h"

/* The wall clock, as the log sees it. */
static time_t now = 1000000000;

int clock_gettime(clockid_t id, struct timespec *t)
{
	(void)id;
	t->tv_sec = now;
	t->tv_nsec = 0;
	return 0;
}

static char file[4096];

static int open_log(void **state)
{
	const char *folder = getenv("TEST_TMP");

	(void)state;
	snprintf(file, sizeof(file), "%s/log", folder ? folder : ".");
	remove(file);
	now += 60;
	return log_open(file, LOG_LEVEL_INFO);
}

static int close_log(void **state)
{
	(void)state;
	log_close();
	return remove(file);
}

/* The number of lines in the log; the last one comes to LAST. */
static unsigned read_log(char *last, int size)
{
	FILE *f = fopen(file, "r");
	unsigned n = 0;

	assert_non_null(f);
	while (fgets(last, size, f))
		n++;
	fclose(f);
	return n;
}

static void test_line(void **state)
{
	char last[8192], text[6000];
	struct stat st;

	(void)state;
	log_debug("not wanted");
	log_info("a \x1b[31m line\n");
	assert_int_equal(read_log(last, sizeof(last)), 1);
	assert_non_null(strstr(last, " info    a ^[[31m line\n"));
	memset(text, 'x', sizeof(text));
	text[sizeof(text) - 1] = '\0';
	log_error("%s", text);
	assert_int_equal(read_log(last, sizeof(last)), 2);
	assert_true(strlen(last) < 2200);
	assert_int_equal(stat(file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
}

static void test_flood(void **state)
{
	char last[8192];
	unsigned i;

	(void)state;
	for (i = 0; i < 3000; i++)
		log_warning("line %u", i);
	assert_int_equal(read_log(last, sizeof(last)), 2000);
	assert_non_null(strstr(last, " line 1999\n"));
	now += 60;
	log_warning("after");
	assert_int_equal(read_log(last, sizeof(last)), 2001);
	assert_non_null(strstr(last, "(1000 lines were left out) after\n"));
	log_warning("and on");
	assert_int_equal(read_log(last, sizeof(last)), 2002);
	assert_null(strstr(last, "left out"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_line, open_log, close_log),
		cmocka_unit_test_setup_teardown(test_flood, open_log, close_log),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
