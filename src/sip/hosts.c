#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/text.h"
#include "sip/hosts.h"

#define HOSTS_SIZE (256 * 1024)  /* of the file that is looked at */

unsigned hosts_find(const char *text, const char *name, uint16_t port, struct sa *address, unsigned max)
{
	static const char blanks[] = " \t\r\v\f";
	unsigned n = 0;
	const char *line, *next;

	for (line = text; *line && n < max; line = next) {
		size_t len = strcspn(line, "\n"), stop, word;
		char number[64];
		const char *p = line;

		next = line + len + (line[len] == '\n');
		stop = strcspn(line, "#\n");
		p += strspn(p, blanks);
		word = strcspn(p, " \t\r\v\f#\n");
		if (!word || !text_copyn(number, sizeof(number), p, word))
			continue;
		for (p += word; p < line + stop; p += word) {
			p += strspn(p, blanks);
			word = strcspn(p, " \t\r\v\f#\n");
			if (!word)
				break;
			if (strlen(name) == word && !strncasecmp(p, name, word)) {
				if (!sa_set_str(&address[n], number, port))
					n++;
				break;
			}
		}
	}
	return n;
}

/* A small local file: read at once, but no more of it than is bounded here. */
static char *read_hosts(void)
{
	int fd = open("/etc/hosts", O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	size_t len = 0;
	char *text;
	ssize_t n;

	if (fd < 0)
		return NULL;
	text = malloc(HOSTS_SIZE);
	while (text && len + 1 < HOSTS_SIZE && (n = read(fd, text + len, HOSTS_SIZE - 1 - len)) > 0)
		len += (size_t)n;
	close(fd);
	if (text)
		text[len] = '\0';
	return text;
}

unsigned hosts_addresses(const char *name, uint16_t port, struct sa *address, unsigned max)
{
	unsigned n = 0;
	char *text;

	if (!sa_set_str(&address[0], name, port))
		return 1;
	text = read_hosts();
	if (text)
		n = hosts_find(text, name, port, address, max);
	free(text);
	if (!n && !strcasecmp(name, "localhost")) {
		sa_set_str(&address[n++], "127.0.0.1", port);
		if (max > 1)
			sa_set_str(&address[n++], "::1", port);
	}
	return n;
}
