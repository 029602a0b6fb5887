/* The exchange and nothing else, for peers such as sipp: writes its port, runs until SIGTERM, SIGINT or the end of
 * its input. */
#include <signal.h>
#include <stdio.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "exchange/exchange.h"

static void quit_h(unsigned flags, void *arg)
{
	char byte;

	(void)flags;
	if (!arg || read(STDIN_FILENO, &byte, 1) <= 0)
		loop_quit();
}

int main(int argc, char **argv)
{
	sigset_t set;
	uint16_t port;
	int fd, err;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (argc > 1)
		log_open(argv[1], LOG_LEVEL_DEBUG);
	err = loop_init();
	if (!err)
		err = loop_watch(fd, LOOP_READ, quit_h, NULL);
	if (!err)
		err = loop_watch(STDIN_FILENO, LOOP_READ, quit_h, &err);
	if (!err)
		err = exchange_start(&port);
	if (!err) {
		printf("%u\n", port);
		fflush(stdout);
		err = loop_run();
		exchange_stop();
	}
	loop_close();
	close(fd);
	log_close();
	return err != 0;
}
