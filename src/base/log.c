#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define LINE_SIZE   2048
#define WINDOW_S    60
#define WINDOW_MAX  2000 /* lines in that time: a long rc file full of errors has room; what a flood has to say is not worth
			  * a disk */

static int log_fd = -1;
static enum log_level log_level;
static atomic_llong window;         /* of the last line: its number since 1970 */
static atomic_uint lines;           /* in that window */

int log_open(const char *file, enum log_level level)
{
	int fd = open(file, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);

	if (fd < 0)
		return errno;
	log_close();
	log_fd = fd;
	log_level = level;
	return 0;
}

void log_close(void)
{
	if (log_fd >= 0)
		close(log_fd);
	log_fd = -1;
}

bool log_wants(enum log_level level)
{
	return log_fd >= 0 && level <= log_level;
}

/* The lines that were left out in the window before are told with the first one of the next. */
static bool is_one_too_many(time_t now, unsigned *left_out)
{
	unsigned n;

	*left_out = 0;
	if (atomic_exchange(&window, now / WINDOW_S) != now / WINDOW_S) {
		n = atomic_exchange(&lines, 0);
		*left_out = n > WINDOW_MAX ? n - WINDOW_MAX : 0;
	}
	return atomic_fetch_add(&lines, 1) >= WINDOW_MAX;
}

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const word[] = {"error", "warning", "info", "debug"};
	char raw[LINE_SIZE], line[LINE_SIZE + 64];
	struct timespec t;
	unsigned left_out;
	struct tm tm;
	size_t n;
	va_list ap;
	int len;

	if (!log_wants(level))
		return;
	clock_gettime(CLOCK_REALTIME, &t);
	if (is_one_too_many(t.tv_sec, &left_out))
		return;
	va_start(ap, fmt);
	len = vsnprintf(raw, sizeof(raw), fmt, ap);
	va_end(ap);
	if (len < 0)
		return;
	if ((size_t)len >= sizeof(raw))
		len = sizeof(raw) - 1;
	while (len > 0 && raw[len - 1] == '\n')
		len--;

	localtime_r(&t.tv_sec, &tm);
	n = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S", &tm);
	n += (size_t)snprintf(line + n, sizeof(line) - n, ".%03ld %-7s ", t.tv_nsec / 1000000, word[level]);
	if (left_out)
		n += (size_t)snprintf(line + n, sizeof(line) - n, "(%u lines were left out) ", left_out);
	n += text_show(line + n, sizeof(line) - n - 1, raw, (size_t)len);
	line[n++] = '\n';
	/* one write, so that lines of two threads do not mix */
	if (write(log_fd, line, n) < 0)
		return;
}
