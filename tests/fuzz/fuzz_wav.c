/* A WAV file that is to be played as the microphone. */
#include <sys/mman.h>
#include <unistd.h>

#include "fuzz.h"
#include "media/device_wav.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	int fd = memfd_create("wav", 0), err;
	int16_t *samples = NULL;
	char file[64], why[200] = "";
	size_t n = 0;

	FUZZ_CHECK(fd >= 0 && write(fd, data, size) == (ssize_t)size);
	snprintf(file, sizeof(file), "/proc/self/fd/%d", fd);
	err = device_wav_check(file, why, sizeof(why));
	FUZZ_CHECK(!err || why[0]);
	if (!device_wav_load(file, &samples, &n)) {
		FUZZ_CHECK(!err && n <= (size_t)WAV_SECONDS_MAX * 48000);
		free(samples);
	}
	close(fd);
	return 0;
}
