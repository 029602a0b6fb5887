#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "ui/notify.h"

#define TEXT_BYTES 200

size_t notify_sequence(char *dst, const char *how, const char *text, bool utf8)
{
	bool titled = !strcmp(how, "osc777");
	char shown[TEXT_BYTES], *p, *out = shown;

	if (!titled && strcmp(how, "osc9") != 0)
		return 0;
	/* no control character of either set is left: nothing in it is a terminator */
	text_show_str(shown, sizeof(shown), text);
	for (p = shown; *p; p++) {
		unsigned char c = (unsigned char)*p;

		if (titled && c == ';')
			*out++ = ','; /* it would end the text */
		else if (c < 0x80 || utf8)
			*out++ = (char)c;
		else if (c >= 0xc0)
			*out++ = '?'; /* once for all its bytes */
	}
	*out = '\0';
	/* the name goes first: "4;50" would be the progress of something */
	return (size_t)snprintf(dst, NOTIFY_MAX, titled ? "\033]777;notify;offhook;%s\033\\" : "\033]9;offhook: %s\033\\", shown);
}
