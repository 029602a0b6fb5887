/* The value of a Retry-After. */
#include "fuzz.h"
#include "phone/redial.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *s = fuzz_string(data, size);
	struct retry_after r;

	retry_after_read(&r, s);
	FUZZ_CHECK(memchr(r.comment, 0, sizeof(r.comment)));
	FUZZ_CHECK(r.valid || (!r.comment[0] && !r.has_duration));
	free(s);
	return 0;
}
