/* Names of files. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/loop.h"
#include "base/paths.h"
#include "command/completing.h"

#define ENTRIES_MAX 10000 /* of a folder: some milliseconds */
#define LIMIT_MS    100

/* A folder on a slow disk is not waited for longer than that. */
static bool is_folder(const char *folder, const struct dirent *d, uint64_t until)
{
	char file[PATHS_MAX];
	struct stat st;

	if (d->d_type != DT_LNK && d->d_type != DT_UNKNOWN)
		return d->d_type == DT_DIR;
	if (loop_now_ms() > until || snprintf(file, sizeof(file), "%s/%s", folder, d->d_name) >= (int)sizeof(file))
		return false;
	return !stat(file, &st) && S_ISDIR(st.st_mode);
}

void completing_files(struct completing *g)
{
	const char *home = getenv("HOME"), *typed = g->typed;
	char path[COMPLETION_MAX_BYTES], folder[COMPLETION_MAX_BYTES], word[COMPLETION_MAX_BYTES + 256 + 2];
	uint64_t until = loop_now_ms() + LIMIT_MS;
	const char *base;
	const struct dirent *d;
	unsigned n = 0;
	DIR *dir;

	/* no command reads ~: the word is the file's whole name */
	if (*typed == '~' && (typed[1] == '/' || !typed[1]) && home && *home == '/') {
		if (snprintf(path, sizeof(path), "%s%s", home, typed[1] ? typed + 1 : "/") >= (int)sizeof(path))
			return;
	}
	else if (!text_copy(path, sizeof(path), typed))
		return;
	base = strrchr(path, '/');
	base = base ? base + 1 : path;
	text_copyn(folder, sizeof(folder), path, (size_t)(base - path));
	dir = opendir(*folder ? folder : ".");
	if (!dir)
		return;
	g->sorted = true;
	g->typed = path;
	if (*typed == '~')
		text_copy(g->instead, sizeof(g->instead), path);
	while ((d = readdir(dir)) != NULL && ++n <= ENTRIES_MAX && loop_now_ms() <= until) {
		if (strncmp(d->d_name, base, strlen(base)) != 0 || (*d->d_name == '.' && *base != '.') ||
		    !strcmp(d->d_name, ".") || !strcmp(d->d_name, ".."))
			continue;
		g->begins = is_folder(*folder ? folder : ".", d, until);
		snprintf(word, sizeof(word), "%s%s%s", folder, d->d_name, g->begins ? "/" : "");
		completing_offer(g, word, "");
	}
	closedir(dir);
	g->typed = typed;
}
