#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/text.h"

#define LINE_SIZE 2048

static int log_fd = -1;
static enum log_level log_level;

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

void log_line(enum log_level level, const char *fmt, ...)
{
	static const char *const word[] = {"error", "warning", "info", "debug"};
	char raw[LINE_SIZE], line[LINE_SIZE + 64];
	struct timespec t;
	struct tm tm;
	size_t n;
	va_list ap;
	int len;

	if (!log_wants(level))
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

	clock_gettime(CLOCK_REALTIME, &t);
	localtime_r(&t.tv_sec, &tm);
	n = strftime(line, sizeof(line), "%Y-%m-%d %H:%M:%S", &tm);
	n += (size_t)snprintf(line + n, sizeof(line) - n, ".%03ld %-7s ", t.tv_nsec / 1000000, word[level]);
	n += text_show(line + n, sizeof(line) - n - 1, raw, (size_t)len);
	line[n++] = '\n';
	/* one write, so that lines of two threads do not mix */
	if (write(log_fd, line, n) < 0)
		return;
}
