/* What every string from the network goes through before it is shown, and events as lines of JSON. */
#include "control/json.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char shown[4 * FUZZ_BYTES], again[4 * FUZZ_BYTES], fitted[4 * FUZZ_BYTES], small[16];
	char *s = fuzz_string(data, size);
	struct buf b = {0};
	size_t i, n;

	/* LEN bytes, of which none follows: no terminator may be read */
	n = text_show(shown, sizeof(shown), (const char *)data, size);
	FUZZ_CHECK(n == strlen(shown));
	for (i = 0; i < n; i++)
		FUZZ_CHECK((unsigned char)shown[i] >= ' ' && shown[i] != 0x7f);
	text_show_str(again, sizeof(again), shown);
	FUZZ_CHECK(!strcmp(shown, again));
	n = text_show(small, sizeof(small), (const char *)data, size);
	FUZZ_CHECK(n < sizeof(small) && n == strlen(small));
	for (i = 0; i < 12; i++)
		FUZZ_CHECK(text_fit(fitted, sizeof(fitted), shown, (unsigned)i) <= i);
	text_width(s);
	text_copyn(small, sizeof(small), (const char *)data, size);

	jsonl_begin(&b, "x", 1700000000123);
	jsonl_string(&b, "s", s);
	jsonl_end(&b);
	FUZZ_CHECK(!b.failed && b.len > 3 && !strcmp(b.s + b.len - 2, "}\n"));
	for (i = 0; i + 1 < b.len; i++)
		FUZZ_CHECK(b.s[i] >= ' ' && b.s[i] < 0x7f);
	/* as many quotes that are no escapes as were written: the string cannot end early */
	for (i = n = 0; i < b.len; i++) {
		if (b.s[i] == '\\')
			i++;
		else if (b.s[i] == '"')
			n++;
	}
	FUZZ_CHECK(n == 2 * 5);
	buf_free(&b);
	free(s);
	return 0;
}
