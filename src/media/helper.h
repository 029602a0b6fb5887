/* helper.h - what the phone and its sound helper say to each other.
 *
 * PortAudio can hang, loop or abort the process when a device goes away, so it lives in a process of its own: the
 * same program, started as "--sound-helper PARENT-PID INPUT OUTPUT" with the descriptors below. The helper is not
 * trusted to be alive or right: the phone checks all that comes from it.
 */
#ifndef OFFHOOK_MEDIA_HELPER_H
#define OFFHOOK_MEDIA_HELPER_H

#include <stdatomic.h>
#include <stdint.h>

#include "media/ring.h"

#define HELPER_OPTION  "--sound-helper"
#define HELPER_DEFAULT "default"     /* for INPUT and OUTPUT: what PortAudio's host calls default */

/* Descriptors of the helper; 2 is a pipe to the phone's log, 0 and 1 are /dev/null. */
enum {
	HELPER_FD_MEMORY = 3,  /* memfd, struct helper_memory */
	HELPER_FD_WAKE,        /* eventfd, written once for each callback that moved the phone's clock */
	HELPER_FD_SOCKET,      /* SOCK_SEQPACKET: one struct helper_report comes, HELPER_QUIT goes; its end ends the helper */
};
#define HELPER_QUIT 'Q'

#define HELPER_RING 8192u  /* samples, 170 ms */

struct helper_memory {
	_Atomic uint32_t in_calls;   /* callbacks with sound from the input: life, not data */
	_Atomic uint32_t out_calls;  /* callbacks that took sound for the output, DEVICE_FRAME samples each */
	_Atomic uint32_t underruns;  /* callbacks that found too little to play */
	_Atomic uint32_t overruns;   /* callbacks that found no room for what was heard */
	_Alignas(64) unsigned char capture[RING_BYTES(HELPER_RING)];
	_Alignas(64) unsigned char play[RING_BYTES(HELPER_RING)];
};

enum helper_state {
	HELPER_OPEN,
	HELPER_NO_DEVICE,   /* there is none at all */
	HELPER_NO_SUCH,     /* none of this name */
	HELPER_REFUSED,     /* PortAudio says why */
};

struct helper_side {
	uint32_t state;       /* enum helper_state */
	uint32_t substitute;  /* none has the name asked for: this one is the default device */
	uint32_t latency_ms;  /* of the device's own buffers, as PortAudio tells it */
	char name[128];       /* device; the one asked for when there is none */
	char error[256];      /* PortAudio's words */
};

/* Sent once, when the streams run or none could be opened (the helper ends then). */
struct helper_report {
	struct helper_side input, output;
	uint32_t split;       /* two streams: input and output may have different clocks */
};

#endif
