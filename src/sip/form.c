#include <errno.h>
#include <string.h>
#include <strings.h>

#include "sip/form.h"

#define SUPPORTED "timer replaces"  /* RFC 4028, RFC 3891 */

bool form_has_tag(const char *tags, const char *tag)
{
	size_t n = strlen(tag), l;

	for (; *tags; tags += l) {
		tags += strspn(tags, " ");
		l = strcspn(tags, " ");
		if (l && l == n && !strncasecmp(tags, tag, n))
			return true;
	}
	return false;
}

/* Writes those words of LIST (parted by any of SEPARATORS) that are not in WITHOUT, after NAME; nothing when none is
 * left. *ANY: something has been written before, and the name with it. */
static int write_tags(struct mbuf *mb, const char *name, size_t name_len, const char *list, size_t len,
		      const char *separators, const char *without, bool *any)
{
	const char *end = list + len;
	char tag[TAGS_TEXT];
	int err = 0;

	while (list < end && !err) {
		size_t l = 0;

		while (list + l < end && !strchr(separators, list[l]))
			l++;
		if (l && l < sizeof(tag)) {
			memcpy(tag, list, l);
			tag[l] = '\0';
			if (!form_has_tag(without, tag)) {
				if (*any)
					err = mbuf_printf(mb, ", %s", tag);
				else
					err = mbuf_printf(mb, "%b: %s", name, name_len, tag);
				*any = true;
			}
		}
		list += l < (size_t)(end - list) ? l + 1 : l;
	}
	return err;
}

int form_write_options(struct mbuf *mb, const struct attempt_form *form)
{
	char said[TAGS_TEXT + sizeof(SUPPORTED) + 1];
	bool any = false;
	int err;

	re_snprintf(said, sizeof(said), SUPPORTED " %s", form->without);
	err = write_tags(mb, "Supported", 9, SUPPORTED, strlen(SUPPORTED), " ", form->without, &any);
	if (!err)
		err = write_tags(mb, "Supported", 9, form->with, strlen(form->with), " ", said, &any);
	if (!err && any)
		err = mbuf_write_str(mb, "\r\n");
	any = false;
	if (!err)
		err = write_tags(mb, "Require", 7, form->with, strlen(form->with), " ", form->without, &any);
	if (!err && any)
		err = mbuf_write_str(mb, "\r\n");
	return err;
}

static bool lists_tags(const char *name, size_t len)
{
	static const char *const names[] = {"Supported", "k", "Require", "Proxy-Require"};
	unsigned i;

	while (len && (name[len - 1] == ' ' || name[len - 1] == '\t'))
		len--;
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		if (strlen(names[i]) == len && !strncasecmp(name, names[i], len))
			return true;
	}
	return false;
}

int form_write_lines(struct mbuf *mb, const char *lines, const char *without)
{
	int err = 0;

	while (*lines && !err) {
		size_t l = strcspn(lines, "\r\n"), name = strcspn(lines, ":\r\n");
		bool any = false;

		if (!l)
			;
		else if (*without && name < l && lists_tags(lines, name)) {
			err = write_tags(mb, lines, name, lines + name + 1, l - name - 1, ", \t", without, &any);
			if (!err && any)
				err = mbuf_write_str(mb, "\r\n");
		}
		else
			err = mbuf_printf(mb, "%b\r\n", lines, l);
		lines += l;
		lines += strspn(lines, "\r\n");
	}
	return err;
}

void form_shorten(struct mbuf *mb)
{
	static const struct {
		const char *name;
		char letter;
	} names[] = {
		{"Call-ID", 'i'}, {"Contact", 'm'}, {"Content-Encoding", 'e'}, {"Content-Length", 'l'},
		{"Content-Type", 'c'}, {"From", 'f'}, {"Session-Expires", 'x'}, {"Subject", 's'}, {"Supported", 'k'},
		{"To", 't'},
	};
	char *buf = (char *)mb->buf;
	size_t in = 0, out = 0, end = mb->end;
	unsigned i;

	while (in < end && buf[in] != '\r') {
		const char *feed = memchr(buf + in, '\n', end - in), *colon = memchr(buf + in, ':', end - in);
		size_t line = feed ? (size_t)(feed - (buf + in)) + 1 : end - in;
		size_t name = colon ? (size_t)(colon - (buf + in)) : 0;

		for (i = 0; i < ARRAY_SIZE(names); i++) {
			if (name == strlen(names[i].name) && !strncasecmp(buf + in, names[i].name, name)) {
				buf[out++] = names[i].letter;
				in += name;
				line -= name;
				break;
			}
		}
		memmove(buf + out, buf + in, line);
		in += line;
		out += line;
	}
	memmove(buf + out, buf + in, end - in);
	mb->end = out + end - in;
	if (mb->pos > mb->end)
		mb->pos = mb->end;
}
