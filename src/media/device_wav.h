/* device_wav.h - WAV files for the file driver: one read whole before sound runs, one written while it does. */
#ifndef OFFHOOK_MEDIA_DEVICE_WAV_H
#define OFFHOOK_MEDIA_DEVICE_WAV_H

#include <stddef.h>
#include <stdint.h>

#define WAV_SECONDS_MAX 600  /* of a file that is read */

/* Whether FILE is a WAV that device_wav_load() takes: 0, the errno of reading it, EILSEQ (no WAV, or not 16 bit
 * PCM of 1 or 2 channels at 8 to 48 kHz) or EFBIG (above WAV_SECONDS_MAX). WHY (SIZE bytes) says it in the
 * user's language, without a full stop. */
int device_wav_check(const char *file, char *why, size_t size);

/* Reads FILE whole, as 48 kHz mono: two channels become their mean, other rates are resampled. *SAMPLES is the
 * caller's to free(); *N how many. Errors as device_wav_check(), ENOMEM. Blocks on the disk. */
int device_wav_load(const char *file, int16_t **samples, size_t *n);

/* Begins FILE (48 kHz, mono, 16 bit) as an empty sound, whatever it held before. *FD is the caller's to close.
 * 0 or an errno. */
int device_wav_create(const char *file, int *fd);
/* Writes N samples behind the *WRITTEN that are there, adds them to *WRITTEN and sets the sizes in the header,
 * so that the file is right at any time. A file ends at 4 GiB (12 h): what comes then is dropped. 0 or an errno. */
int device_wav_append(int fd, uint64_t *written, const int16_t *samples, size_t n);

#endif
