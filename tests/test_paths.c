/* Where files live, one phone at a time, and files that are whole. */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <limits.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/paths.h"

static char root[1000];
static char path[PATHS_MAX];

static int setup(void **state)
{
	(void)state;
	snprintf(root, sizeof(root), "%s/paths-XXXXXX", getenv("TEST_TMP") ? getenv("TEST_TMP") : "/tmp");
	if (!mkdtemp(root))
		return -1;
	setenv("HOME", root, 1);
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
	return paths_set_profile(NULL);
}

static int remove_one(const char *file, const struct stat *st, int type, struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(file);
}

static int teardown(void **state)
{
	(void)state;
	return nftw(root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

/* ROOT/REST, until the next call */
static const char *below(const char *rest)
{
	static char s[PATHS_MAX];

	snprintf(s, sizeof(s), "%s/%s", root, rest);
	return s;
}

static void is_path(enum path_kind kind, const char *name, const char *rest)
{
	assert_int_equal(paths_get(path, sizeof(path), kind, name), 0);
	assert_string_equal(path, below(rest));
}

static unsigned mode_of(const char *file)
{
	struct stat st;

	assert_int_equal(stat(file, &st), 0);
	return st.st_mode & 07777;
}

static void without_variables(void **state)
{
	(void)state;
	is_path(PATH_CONFIG, "offhookrc", ".config/offhook/offhookrc");
	is_path(PATH_CONFIG, NULL, ".config/offhook");
	is_path(PATH_STATE, "accounts", ".local/state/offhook/accounts");
	is_path(PATH_RUNTIME, "control", ".local/state/offhook/control");
	assert_int_equal(mode_of(below(".local/state/offhook")), 0700);
	assert_int_equal(access(below(".config"), F_OK), -1); /* the user's own: never made */
}

static void with_variables(void **state)
{
	(void)state;
	setenv("XDG_CONFIG_HOME", below("c"), 1);
	setenv("XDG_STATE_HOME", below("s"), 1);
	setenv("XDG_RUNTIME_DIR", below("r"), 1);
	is_path(PATH_CONFIG, "x", "c/offhook/x");
	is_path(PATH_STATE, "x", "s/offhook/x");
	is_path(PATH_RUNTIME, NULL, "r/offhook");
	assert_int_equal(mode_of(below("s/offhook")), 0700);
	assert_int_equal(mode_of(below("r/offhook")), 0700);
	/* a relative one is to be ignored (XDG base directory specification) */
	setenv("XDG_STATE_HOME", "relative", 1);
	is_path(PATH_STATE, "x", ".local/state/offhook/x");
	setenv("XDG_STATE_HOME", "", 1);
	is_path(PATH_STATE, "x", ".local/state/offhook/x");
}

static void the_runtime_folder_falls_back(void **state)
{
	(void)state;
	setenv("XDG_STATE_HOME", below("s"), 1);
	is_path(PATH_RUNTIME, "control", "s/offhook/control");
}

static void profiles(void **state)
{
	static const char *const bad[] = {".", "..", ".a", "a/b", "a b", "a\n", "\xc3\xa4", "../x"};
	char name[80];
	unsigned i;

	(void)state;
	assert_int_equal(paths_set_profile("Work-2_b.c"), 0);
	is_path(PATH_STATE, "x", ".local/state/offhook/Work-2_b.c/x");
	is_path(PATH_CONFIG, "x", ".config/offhook/Work-2_b.c/x");
	assert_int_equal(mode_of(below(".local/state/offhook/Work-2_b.c")), 0700);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		assert_int_equal(paths_set_profile(bad[i]), EINVAL);
	memset(name, 'n', sizeof(name));
	name[65] = '\0';
	assert_int_equal(paths_set_profile(name), EINVAL);
	is_path(PATH_CONFIG, "x", ".config/offhook/Work-2_b.c/x"); /* a wrong one changes nothing */
	name[64] = '\0';
	assert_int_equal(paths_set_profile(name), 0);
	assert_int_equal(paths_set_profile(""), 0);
	is_path(PATH_CONFIG, "x", ".config/offhook/x");
}

static void too_long(void **state)
{
	char big[PATHS_MAX + 10];

	(void)state;
	assert_int_equal(paths_get(path, 10, PATH_CONFIG, "x"), ENAMETOOLONG);
	memset(big, 'x', sizeof(big));
	big[0] = '/';
	big[sizeof(big) - 1] = '\0';
	setenv("XDG_CONFIG_HOME", big, 1);
	assert_int_equal(paths_get(path, sizeof(path), PATH_CONFIG, "x"), ENAMETOOLONG);
	big[PATHS_MAX - 9] = '\0'; /* the folder alone just fits, not with a name */
	setenv("XDG_CONFIG_HOME", big, 1);
	assert_int_equal(paths_get(path, sizeof(path), PATH_CONFIG, NULL), 0);
	assert_int_equal(paths_get(path, sizeof(path), PATH_CONFIG, "x"), ENAMETOOLONG);
}

static void a_folder_that_cannot_be_made(void **state)
{
	int fd;

	(void)state;
	fd = open(below("file"), O_WRONLY | O_CREAT, 0600);
	assert_true(fd >= 0);
	close(fd);
	setenv("XDG_STATE_HOME", below("file"), 1);
	assert_int_equal(paths_get(path, sizeof(path), PATH_STATE, "x"), ENOTDIR);
}

/* A child takes the lock, says so, and lives until its pipe is closed. */
static void the_lock_is_of_one_process(void **state)
{
	int told[2], stop[2], status;
	char c = 0;
	long pid;
	pid_t child;

	(void)state;
	assert_int_equal(pipe(told), 0);
	assert_int_equal(pipe(stop), 0);
	child = fork();
	if (child == 0) {
		long nobody;

		alarm(60);
		close(stop[1]);
		c = paths_lock(&nobody) == 0 ? 'y' : 'n';
		if (write(told[1], &c, 1) == 1 && read(stop[0], &c, 1) == 0)
			_exit(0);
		_exit(1);
	}
	assert_true(child > 0);
	close(told[1]);
	close(stop[0]);
	assert_int_equal(read(told[0], &c, 1), 1);
	assert_int_equal(c, 'y');

	pid = -1;
	assert_int_equal(paths_lock(&pid), EBUSY);
	assert_int_equal(pid, child);
	assert_int_equal(paths_set_profile("other"), 0); /* another profile is another phone */
	assert_int_equal(paths_lock(&pid), 0);
	assert_int_equal(pid, 0);
	assert_int_equal(paths_set_profile(NULL), 0);

	close(stop[1]);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
	close(told[0]);
	assert_int_equal(paths_lock(&pid), 0); /* it goes with its process */
	assert_int_equal(mode_of(below(".local/state/offhook/lock")), 0600);
}

static void is_content(const char *file, const char *want)
{
	char got[100] = "";
	FILE *f = fopen(file, "r");

	assert_non_null(f);
	assert_int_equal(fread(got, 1, sizeof(got) - 1, f), strlen(want));
	fclose(f);
	assert_string_equal(got, want);
}

static void files_are_replaced(void **state)
{
	char file[PATHS_MAX], aside[PATHS_MAX];
	struct stat before, after;

	(void)state;
	strcpy(file, below("saved"));
	assert_int_equal(paths_replace_file(file, "one\n", 4), 0);
	is_content(file, "one\n");
	assert_int_equal(mode_of(file), 0600);
	assert_int_equal(chmod(file, 0644), 0);
	assert_int_equal(stat(file, &before), 0);
	assert_int_equal(paths_replace_file(file, "two, longer\n", 12), 0);
	is_content(file, "two, longer\n");
	assert_int_equal(mode_of(file), 0600);
	assert_int_equal(stat(file, &after), 0);
	assert_true(before.st_ino != after.st_ino); /* renamed, not overwritten */
	assert_int_equal(paths_replace_file(file, "", 0), 0);
	is_content(file, "");
	strcpy(aside, below("saved.new"));
	assert_int_equal(access(aside, F_OK), -1);
}

static void a_failed_replacement_leaves_the_old_one(void **state)
{
	char file[PATHS_MAX], aside[PATHS_MAX], big[PATHS_MAX + 1];

	(void)state;
	strcpy(file, below("saved"));
	assert_int_equal(paths_replace_file(file, "old", 3), 0);
	strcpy(aside, below("saved.new"));
	assert_int_equal(symlink(file, aside), 0); /* a trap: writing through it would spoil FILE */
	assert_int_equal(paths_replace_file(file, "new", 3), ELOOP);
	is_content(file, "old");
	assert_int_equal(unlink(aside), 0);

	assert_int_equal(paths_replace_file(below("no/such/folder"), "x", 1), ENOENT);
	memset(big, 'x', sizeof(big));
	big[PATHS_MAX] = '\0';
	assert_int_equal(paths_replace_file(big, "x", 1), ENAMETOOLONG);

	/* the rename itself fails: a folder is in the way */
	strcpy(file, below("folder"));
	assert_int_equal(mkdir(file, 0700), 0);
	assert_int_equal(paths_replace_file(file, "x", 1), EISDIR);
	assert_int_equal(access(below("folder.new"), F_OK), -1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(without_variables, setup, teardown),
		cmocka_unit_test_setup_teardown(with_variables, setup, teardown),
		cmocka_unit_test_setup_teardown(the_runtime_folder_falls_back, setup, teardown),
		cmocka_unit_test_setup_teardown(profiles, setup, teardown),
		cmocka_unit_test_setup_teardown(too_long, setup, teardown),
		cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_made, setup, teardown),
		cmocka_unit_test_setup_teardown(the_lock_is_of_one_process, setup, teardown),
		cmocka_unit_test_setup_teardown(files_are_replaced, setup, teardown),
		cmocka_unit_test_setup_teardown(a_failed_replacement_leaves_the_old_one, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
