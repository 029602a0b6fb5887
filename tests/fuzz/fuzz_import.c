/* A line of baresip's accounts file. */
#include "command/baresip.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size);
	struct buf left = {0};
	const char *why = NULL;
	struct account a;
	int err = baresip_account(s, &a, &left, &why);

	FUZZ_CHECK(err || (a.name[0] && a.uri[0] && memchr(a.password, 0, sizeof(a.password))));
	if (why)
		FUZZ_CHECK(!err || *why);
	buf_free(&left);
	free(s);
	return 0;
}
