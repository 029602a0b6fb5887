#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/paths.h"

#define PROFILE_MAX 64

static char profile[PROFILE_MAX + 1];
static int lock_fd = -1;

int paths_set_profile(const char *name)
{
	const char *p;

	if (!name)
		name = "";
	if (strlen(name) > PROFILE_MAX || name[0] == '.')
		return EINVAL;
	for (p = name; *p; p++) {
		if (!isalnum((unsigned char)*p) && !strchr("-_.", *p))
			return EINVAL;
	}
	strcpy(profile, name);
	return 0;
}

/* The base folder that the environment names, absolute, or $HOME/REST. */
static int base_folder(char *dst, size_t size, const char *variable, const char *rest)
{
	const char *v = getenv(variable), *home = getenv("HOME");
	int n;

	if (v && v[0] == '/')
		n = snprintf(dst, size, "%s/offhook", v);
	else if (!rest)
		return ENOENT;
	else
		n = snprintf(dst, size, "%s/%s/offhook", home && home[0] == '/' ? home : "/", rest);
	return n < 0 || (size_t)n >= size ? ENAMETOOLONG : 0;
}

/* Makes FOLDER and those above it; the last one is for the user alone. */
static int make_folder(const char *folder)
{
	char part[PATHS_MAX];
	char *p;

	if (strlen(folder) >= sizeof(part))
		return ENAMETOOLONG;
	strcpy(part, folder);
	for (p = part + 1; *p; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		if (mkdir(part, 0700) && errno != EEXIST)
			return errno;
		*p = '/';
	}
	return mkdir(part, 0700) && errno != EEXIST ? errno : 0;
}

int paths_get(char *dst, size_t size, enum path_kind kind, const char *name)
{
	char folder[PATHS_MAX];
	size_t len;
	int err, n;

	switch (kind) {
	case PATH_CONFIG:
		err = base_folder(folder, sizeof(folder), "XDG_CONFIG_HOME", ".config");
		break;
	case PATH_RUNTIME:
		err = base_folder(folder, sizeof(folder), "XDG_RUNTIME_DIR", NULL);
		if (err == ENOENT)
			err = base_folder(folder, sizeof(folder), "XDG_STATE_HOME", ".local/state");
		break;
	default:
		err = base_folder(folder, sizeof(folder), "XDG_STATE_HOME", ".local/state");
		break;
	}
	if (err)
		return err;
	len = strlen(folder);
	if (profile[0]) {
		n = snprintf(folder + len, sizeof(folder) - len, "/%s", profile);
		if (n < 0 || (size_t)n >= sizeof(folder) - len)
			return ENAMETOOLONG;
	}
	if (kind != PATH_CONFIG && (err = make_folder(folder)))
		return err;
	n = snprintf(dst, size, name ? "%s/%s" : "%s", folder, name ? name : "");
	return n < 0 || (size_t)n >= size ? ENAMETOOLONG : 0;
}

int paths_lock(long *pid)
{
	char file[PATHS_MAX], text[32] = "";
	int err, fd;

	*pid = 0;
	err = paths_get(file, sizeof(file), PATH_STATE, "lock");
	if (err)
		return err;
	fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	if (flock(fd, LOCK_EX | LOCK_NB)) {
		err = errno == EWOULDBLOCK ? EBUSY : errno;
		if (pread(fd, text, sizeof(text) - 1, 0) > 0)
			*pid = strtol(text, NULL, 10);
		close(fd);
		return err;
	}
	snprintf(text, sizeof(text), "%ld\n", (long)getpid());
	if (ftruncate(fd, 0) || pwrite(fd, text, strlen(text), 0) < 0) {
		err = errno;
		close(fd);
		return err;
	}
	lock_fd = fd; /* kept open until the process ends: the lock goes with it */
	return 0;
}

int paths_replace_file(const char *file, const char *content, size_t len)
{
	char temporary[PATHS_MAX];
	size_t done = 0;
	int err = 0, fd, n;

	n = snprintf(temporary, sizeof(temporary), "%s.new", file);
	if (n < 0 || (size_t)n >= sizeof(temporary))
		return ENAMETOOLONG;
	fd = open(temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return errno;
	if (fchmod(fd, 0600))
		err = errno;
	while (!err && done < len) {
		ssize_t w = write(fd, content + done, len - done);

		if (w < 0 && errno != EINTR)
			err = errno;
		else if (w > 0)
			done += (size_t)w;
	}
	if (!err && fsync(fd))
		err = errno;
	close(fd);
	if (!err && rename(temporary, file))
		err = errno;
	if (err)
		unlink(temporary);
	return err;
}
