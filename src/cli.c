#include "config.h"

#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "cli.h"
#include "media/media.h"
#include "sip/stack.h"

enum { OPTION_HEADLESS = 256, OPTION_PLAIN, OPTION_AUDIO, OPTION_LOG };

static const struct option long_options[] = {
	{"config", required_argument, NULL, 'c'},
	{"profile", required_argument, NULL, 'p'},
	{"exec", required_argument, NULL, 'e'},
	{"keys", required_argument, NULL, 'k'},
	{"demo", no_argument, NULL, 'd'},
	{"headless", no_argument, NULL, OPTION_HEADLESS},
	{"plain", no_argument, NULL, OPTION_PLAIN},
	{"audio", required_argument, NULL, OPTION_AUDIO},
	{"remote", required_argument, NULL, 'r'},
	{"log", required_argument, NULL, OPTION_LOG},
	{"verbose", no_argument, NULL, 'v'},
	{"help", no_argument, NULL, 'h'},
	{"version", no_argument, NULL, 'V'},
	{NULL, 0, NULL, 0}
};

/* One row an option, for --help, the manual and the shells; the word behind = or a blank says what its argument is. */
static const struct cli_option rows[] = {
	{"-c, --config=FILE", N_("read FILE instead of your rc file; none = built-in defaults only")},
	{"-p, --profile=NAME", N_("use folders of its own under that name")},
	{"-e, --exec=COMMAND", N_("run COMMAND once the phone is ready (may be repeated)")},
	{"-k, --keys=KEYS", N_("type KEYS once the screen is up")},
	{"-d, --demo", N_("bring a test exchange along; needs no account and no server")},
	{"    --headless", N_("no screen: events as JSON on standard output, commands on standard input")},
	{"    --plain", N_("no screen: events as sentences, commands typed; for screen readers and simple terminals")},
	{"    --audio=DRIVER", N_("sound driver: portaudio (default), null, or file:IN.wav,OUT.wav")},
	{"-r, --remote COMMAND...", N_("send COMMAND to the offhook that runs, and print its result; the last option")},
	{"    --log=FILE", N_("write a log")},
	{"-v, --verbose", N_("log more")},
	{"-h, --help", N_("show this help")},
	{"-V, --version", N_("show the version, and those of the libraries")},
};

_Static_assert(sizeof(rows) / sizeof(rows[0]) == sizeof(long_options) / sizeof(long_options[0]) - 1,
	       "an option without a row, or a row without an option");

const struct cli_option *cli_options(unsigned *count)
{
	*count = sizeof(rows) / sizeof(rows[0]);
	return rows;
}

static void help(void)
{
	unsigned i;

	puts(_("Usage: offhook [OPTION]... [TARGET]"));
	puts(_("A SIP phone for the terminal. Calls TARGET (a name, a number or a SIP address) if one is given."));
	putchar('\n');
	for (i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		printf("  %-23s %s\n", rows[i].option, _(rows[i].meaning));
	putchar('\n');
	puts(_("Try it without an account: offhook --demo, then press d, type echo, press Enter."));
}

static void version(void)
{
	printf("offhook %s\n", PACKAGE_VERSION);
	printf("libre %s, %s, %s\n", stack_version(), sound_version(), opus_version());
	if (stack_degraded())
		/* TRANSLATORS: %s is a sentence that says what does not work on this system, and what follows from it */
		printf(_("degraded: %s\n"), stack_degraded());
}

static int take_target(struct cli *cli, const char *target)
{
	if (cli->target) {
		fprintf(stderr, _("offhook: one target at a time; '%s' is one too many\n"), target);
		return 2;
	}
	cli->target = target;
	return -1;
}

/* All that follows is the command, whatever it looks like; its first word is the option's argument, and may hang on to
 * it. The place of the option in ARGV becomes that of the word. */
static int take_remote(struct cli *cli, int argc, char **argv)
{
	if (cli->execs || cli->keys || cli->headless || cli->plain || cli->config || cli->target) {
		fprintf(stderr, "%s\n", _("offhook: --remote starts no phone: only --profile and --demo go with it"));
		return 2;
	}
	argv[optind - 1] = optarg;
	cli->remote = argv + optind - 1;
	cli->remotes = argc - optind + 1;
	return -1;
}

int cli_read(struct cli *cli, int argc, char **argv)
{
	int c;

	memset(cli, 0, sizeof(*cli));
	cli->audio = "portaudio";
	while ((c = getopt_long(argc, argv, "-c:p:e:k:dr:vhV", long_options, NULL)) != -1) {
		switch (c) {
		case 1: /* not an option, where it stands */
			if (take_target(cli, optarg) >= 0)
				return 2;
			break;
		case 'c': cli->config = optarg; break;
		case 'p': cli->profile = optarg; break;
		case 'e':
			if (cli->execs == CLI_EXEC_MAX) {
				fprintf(stderr, _("offhook: more than %d times --exec; put the commands into a file and source it\n"),
					CLI_EXEC_MAX);
				return 2;
			}
			cli->exec[cli->execs++] = optarg;
			break;
		case 'k': cli->keys = optarg; break;
		case 'd': cli->demo = true; break;
		case OPTION_HEADLESS: cli->headless = true; break;
		case OPTION_PLAIN: cli->plain = true; break;
		case OPTION_AUDIO: cli->audio = optarg; break;
		case OPTION_LOG: cli->log = optarg; break;
		case 'r': return take_remote(cli, argc, argv);
		case 'v': cli->verbose++; break;
		case 'h': help(); return 0;
		case 'V': version(); return 0;
		default:
			fprintf(stderr, "%s\n", _("Try 'offhook --help' for the options."));
			return 2;
		}
	}
	for (; optind < argc; optind++) {
		if (take_target(cli, argv[optind]) >= 0)
			return 2;
	}
	if (cli->keys && (cli->headless || cli->plain)) {
		fprintf(stderr, "%s\n", _("offhook: --keys needs the screen; use --exec with --headless or --plain"));
		return 2;
	}
	if (cli->headless && cli->plain) {
		fprintf(stderr, "%s\n", _("offhook: --headless and --plain exclude each other"));
		return 2;
	}
	return -1;
}
