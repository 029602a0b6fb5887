/* device_rig.h - what the device tests share: one device on a loop, its frames counted, its news kept. */
#ifndef OFFHOOK_TESTS_DEVICE_RIG_H
#define OFFHOOK_TESTS_DEVICE_RIG_H

#include <stdbool.h>
#include <stdint.h>

#include "media/device.h"

#define RIG_NEWS 32

struct rig {
	struct device *device;
	unsigned frames;
	uint64_t first_ms, last_ms;
	uint64_t gap_ms;                    /* longest time between two frames; set to 0 to look anew */
	void (*on_frame)(struct rig *r, const int16_t *captured, int16_t *play); /* NULL: nothing */
	bool (*until)(const struct rig *r); /* asked after each frame and each news */
	bool timed_out;
	unsigned news;
	struct {
		char role[16], name[128], error[256];
		enum device_state state;
	} told[RIG_NEWS];
	unsigned goal;                      /* for UNTIL */
	void *extra;                        /* the test's own */
};

/* Makes the device; fails the test when it cannot. Pair: rig_close(). */
void rig_open(struct rig *r, const char *driver, const char *input, const char *output);
void rig_close(struct rig *r);
/* For teardown: closes what a failed test has left open. */
void rig_abandon(void);
/* Runs the loop until UNTIL holds; false when that takes more than MS. */
bool rig_wait(struct rig *r, bool (*until)(const struct rig *r), unsigned ms);
/* UNTIL: GOAL frames. */
bool rig_frames(const struct rig *r);
/* Runs the loop for MS, whatever comes. */
void rig_for(struct rig *r, unsigned ms);
/* How often ROLE (NULL: any) was told to be in STATE. */
unsigned rig_told(const struct rig *r, const char *role, enum device_state state);

/* A scratch folder of this test program, removed at its end by rig_remove(). */
const char *rig_folder(void);
void rig_remove(void);
/* FOLDER/NAME, in a static buffer (four of them in turn). */
const char *rig_path(const char *name);
void rig_write(const char *name, const void *data, size_t len);
/* Reads a whole file; *LEN bytes, the caller's to free(). NULL: not there. */
unsigned char *rig_read(const char *name, size_t *len);

#endif
