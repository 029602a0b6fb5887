/* The small readers of header text. The first byte only names the seed. */
#include "fuzz.h"
#include "sip/field.h"
#include "sip/form.h"
#include "sip/hosts.h"

/* A quoted string must not end early. */
static void quote(const char *s)
{
	char quoted[300];
	size_t i, n;

	if (field_quote(quoted, sizeof(quoted), s))
		return;
	n = strlen(quoted);
	FUZZ_CHECK(n >= 2 && quoted[0] == '"' && quoted[n - 1] == '"');
	for (i = 1; i + 1 < n; i++) {
		FUZZ_CHECK((unsigned char)quoted[i] >= ' ' && quoted[i] != 0x7f && quoted[i] != '"');
		if (quoted[i] == '\\')
			FUZZ_CHECK(++i + 1 < n);
	}
}

static void user(const char *s)
{
	char escaped[300];

	if (field_escape_user(escaped, sizeof(escaped), s))
		return;
	FUZZ_CHECK(!strpbrk(escaped, "@:<>\" \r\n"));
}

static void headers(const uint8_t *data, size_t size)
{
	struct mbuf *mb = mbuf_alloc(size + 1);

	FUZZ_CHECK(mb);
	mbuf_write_mem(mb, data, size);
	mb->pos = 0;
	form_shorten(mb);
	FUZZ_CHECK(mb->end <= mb->size);
	mem_deref(mb);
}

static void lines(const char *s)
{
	struct mbuf *mb = mbuf_alloc(64);

	FUZZ_CHECK(mb);
	form_write_lines(mb, s, "timer 100rel");
	FUZZ_CHECK(mb->end <= mb->size);
	mem_deref(mb);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pl pl, value;
	struct sa address[4];
	char text[64];
	char *s;

	if (!size)
		return 0;
	data++;
	size--;
	s = fuzz_string(data, size);
	/* the bytes themselves: nothing follows them */
	pl.p = (const char *)data;
	pl.l = size;
	FUZZ_CHECK(field_number(&pl, 1000, 7) <= 1000);
	field_unescape(text, sizeof(text), &pl);
	field_display_name(text, sizeof(text), &pl);
	FUZZ_CHECK(memchr(text, 0, sizeof(text)));
	field_is_token(&pl);
	if (field_param(&value, &pl, "c"))
		FUZZ_CHECK(!value.l || (value.p >= pl.p && value.p + value.l <= pl.p + pl.l));
	field_param(&value, &pl, "a");
	quote(s);
	user(s);
	if (field_line_allowed(s))
		FUZZ_CHECK(!strpbrk(s, "\r\n") && strchr(s, ':'));
	FUZZ_CHECK(hosts_find(s, "desk", 5060, address, 4) <= 4);
	FUZZ_CHECK(hosts_find(s, "localhost", 5060, address, 1) <= 1);
	form_has_tag(s, "timer");
	headers(data, size);
	lines(s);
	free(s);
	return 0;
}
