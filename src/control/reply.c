#include <string.h>

#include "command/command.h"
#include "control/reply.h"

#define TRUNCATED "\xe2\x80\xa6"

void reply_show(struct buf *out, const char *text)
{
	char line[LINE_MAX_BYTES];
	size_t begin = out->len;

	while (*text && out->len - begin < REPLY_MAX) {
		size_t len = strcspn(text, "\n");

		text_show(line, sizeof(line), text, len);
		if (out->len > begin)
			buf_str(out, "\n");
		buf_str(out, line);
		text += len + (text[len] == '\n');
	}
	if (*text)
		buf_str(out, TRUNCATED);
}
