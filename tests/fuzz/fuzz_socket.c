/* What a client of the control socket may send: every line that came whole gets an answer of one line, in order, and
 * the connection ends when the client has closed its side. */
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "../command_fakes.h"
#include "../fake_loop.h"
#include "control/client.h"
#include "control/reader.h"
#include "fuzz.h"

#define CHUNK 4096

static struct settings settings;
static struct command_env env = {.settings = &settings};
static bool ended;

static void end_h(struct client *c, void *arg)
{
	(void)arg;
	ended = true;
	client_free(c, 0);
}

/* Is there a command in it, however it is quoted, that would read or write files? */
static bool reaches_out(const char *text)
{
	static const char *const begins[] = {"so", "im", "hi", "tr"};
	char plain[FUZZ_BYTES + 1], *to = plain;
	unsigned i;

	for (; *text && to < plain + FUZZ_BYTES; text++) {
		if (!strchr("'\"\\", *text))
			*to++ = *text;
	}
	*to = '\0';
	for (i = 0; i < 4; i++) {
		if (strstr(plain, begins[i]))
			return true;
	}
	return false;
}

/* Counts the answers in FD that are there; each must be one line of its form. */
static unsigned answers(int fd, bool last)
{
	static char line[1 << 20];
	static size_t len;
	unsigned n = 0;
	char c;

	while (read(fd, &c, 1) == 1) {
		FUZZ_CHECK(len < sizeof(line) - 1);
		if (c != '\n') {
			line[len++] = c;
			continue;
		}
		line[len] = '\0';
		len = 0;
		n++;
		if (line[0] == '{') {
			struct reader r;

			reader_begin(&r, line);
			FUZZ_CHECK(reader_skip(&r) && reader_done(&r));
		}
		else
			FUZZ_CHECK(!strcmp(line, "ok") || !strncmp(line, "ok ", 3) || !strncmp(line, "error:", 6));
	}
	FUZZ_CHECK(!last || !len);
	return n;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = fuzz_string(data, size);
	unsigned lines = 0, heard = 0, got;
	bool complete;
	struct client *client;
	struct reader r;
	size_t at, n;
	int pair[2];

	/* the reader alone sees the bytes as they are */
	reader_begin(&r, text);
	reader_skip(&r);
	reader_done(&r);
	/* \u could spell any command; behind a NUL there may be more */
	for (at = 0; at < size; at += strlen(text + at) + 1) {
		if (reaches_out(text + at) || strstr(text + at, "\\u"))
			goto out;
	}
	fake_reset();
	options_defaults(&settings);
	ended = false;
	signal(SIGPIPE, SIG_IGN);
	FUZZ_CHECK(!keymap_new(&env.keymap));
	FUZZ_CHECK(!socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair));
	FUZZ_CHECK(!client_new(&client, &env, pair[0], end_h, NULL));
	for (at = 0; at < size; at += n) {
		n = size - at < CHUNK ? size - at : CHUNK;
		FUZZ_CHECK(write(pair[1], data + at, n) == (ssize_t)n);
		fake_loop_pass(0);
		heard += answers(pair[1], false);
	}
	for (at = 0; at < size; at++)
		lines += data[at] == '\n';
	lines += size && data[size - 1] != '\n';
	shutdown(pair[1], SHUT_WR);
	/* never so long that answers which are not read are taken for a client that does not read */
	for (n = 0; n < 3000 && !ended; n++) {
		while ((got = answers(pair[1], false)) > 0) {
			heard += got;
			fake_loop_pass(0);
		}
		fake_loop_pass(20000);
	}
	complete = ended;
	heard += answers(pair[1], ended);
	close(pair[1]);
	fake_loop_pass(0);
	FUZZ_CHECK(ended);
	FUZZ_CHECK(!complete || heard == lines);
	FUZZ_CHECK(!fake_loop_watched());
	keymap_free(env.keymap);
	env.keymap = NULL;
out:
	free(text);
	return 0;
}
