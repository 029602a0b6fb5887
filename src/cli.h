/* cli.h - the command line of the program. */
#ifndef OFFHOOK_CLI_H
#define OFFHOOK_CLI_H

#include <stdbool.h>

#define CLI_EXEC_MAX 256

struct cli {
	const char *target;
	const char *config;         /* "none": defaults only; NULL: the user's */
	const char *profile;
	const char *exec[CLI_EXEC_MAX];
	unsigned execs;
	const char *keys;
	const char *audio;          /* driver */
	const char *log;
	char *const *remote;        /* the words of --remote, or NULL */
	int remotes;
	unsigned verbose;
	bool demo, headless, plain; /* headless, plain: no screen */
};

struct cli_option {
	const char *option;         /* "-c, --config=FILE", "    --headless" */
	const char *meaning;        /* to be passed through gettext */
};
/* The options, in the order of --help. */
const struct cli_option *cli_options(unsigned *count);

/* Reads ARGV. Returns -1 to go on, or the exit status when the program is to end now (--help, --version,
 * wrong usage: said on stderr). CLI points into ARGV. */
int cli_read(struct cli *cli, int argc, char **argv);

#endif
