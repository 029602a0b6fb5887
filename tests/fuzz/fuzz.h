/* fuzz.h - what the fuzz targets share. A target is a program with LLVMFuzzerTestOneInput(), to be linked with libFuzzer
 * or with driver.c. It must take any bytes; what it must never do is to read or write outside of them, to leak, to take
 * long, or to break a promise that FUZZ_CHECK() names. */
#ifndef OFFHOOK_TESTS_FUZZ_H
#define OFFHOOK_TESTS_FUZZ_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define FUZZ_BYTES 8192  /* of one input */

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_CHECK(what) \
	do { \
		if (!(what)) { \
			fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #what); \
			abort(); \
		} \
	} while (0)

/* The bytes as a string that owns no byte more than it needs; the caller's to free(). */
static inline char *fuzz_string(const uint8_t *data, size_t size)
{
	char *s = malloc(size + 1);

	FUZZ_CHECK(s);
	if (size)
		memcpy(s, data, size);
	s[size] = '\0';
	return s;
}

#endif
