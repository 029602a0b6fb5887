#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/loop.h"
#include "device_rig.h"

static struct loop_timer *deadline;
static struct device *device; /* apart from the rig, which lies on the stack of a test that may have failed */

static void finish_if_met(struct rig *r)
{
	if (r->until && r->until(r)) {
		r->until = NULL;
		loop_quit();
	}
}

static void frame_h(const int16_t *captured, int16_t *play, void *arg)
{
	struct rig *r = arg;
	uint64_t now = loop_now_ms();

	if (!r->frames)
		r->first_ms = now;
	else if (now - r->last_ms > r->gap_ms)
		r->gap_ms = now - r->last_ms;
	r->last_ms = now;
	if (r->on_frame)
		r->on_frame(r, captured, play);
	r->frames++;
	finish_if_met(r);
}

static void report_h(const char *role, const char *name, enum device_state state, const char *error, void *arg)
{
	struct rig *r = arg;

	assert_true(r->news < RIG_NEWS);
	snprintf(r->told[r->news].role, sizeof(r->told[0].role), "%s", role);
	snprintf(r->told[r->news].name, sizeof(r->told[0].name), "%s", name);
	snprintf(r->told[r->news].error, sizeof(r->told[0].error), "%s", error);
	r->told[r->news++].state = state;
	finish_if_met(r);
}

static void deadline_h(void *arg)
{
	struct rig *r = arg;

	r->timed_out = true;
	loop_quit();
}

void rig_open(struct rig *r, const char *driver, const char *input, const char *output)
{
	assert_int_equal(loop_init(), 0);
	assert_int_equal(loop_timer_new(&deadline, deadline_h, r), 0);
	assert_int_equal(device_new(&r->device, driver, input, output, frame_h, report_h, r), 0);
	device = r->device;
}

void rig_close(struct rig *r)
{
	r->device = NULL;
	rig_abandon();
}

void rig_abandon(void)
{
	if (!deadline)
		return;
	device_free(device);
	device = NULL;
	loop_timer_free(deadline);
	deadline = NULL;
	loop_close();
}

bool rig_wait(struct rig *r, bool (*until)(const struct rig *r), unsigned ms)
{
	r->timed_out = false;
	if (until && until(r))
		return true;
	r->until = until;
	loop_timer_start(deadline, ms);
	loop_run();
	loop_timer_stop(deadline);
	r->until = NULL;
	return !r->timed_out;
}

bool rig_frames(const struct rig *r)
{
	return r->frames >= r->goal;
}

void rig_for(struct rig *r, unsigned ms)
{
	rig_wait(r, NULL, ms);
}

unsigned rig_told(const struct rig *r, const char *role, enum device_state state)
{
	unsigned i, n = 0;

	for (i = 0; i < r->news; i++)
		n += r->told[i].state == state && (!role || strcmp(r->told[i].role, role) == 0);
	return n;
}

const char *rig_folder(void)
{
	static char folder[256];
	const char *tmp = getenv("TMPDIR");

	if (!folder[0]) {
		snprintf(folder, sizeof(folder), "%s/offhook-device-XXXXXX", tmp && *tmp ? tmp : "/tmp");
		if (!mkdtemp(folder))
			abort();
	}
	return folder;
}

const char *rig_path(const char *name)
{
	static char path[4][512];
	static unsigned turn;
	char *p = path[turn++ % 4];

	snprintf(p, sizeof(path[0]), "%s/%s", rig_folder(), name);
	return p;
}

void rig_remove(void)
{
	DIR *d = opendir(rig_folder());
	struct dirent *e;

	while (d && (e = readdir(d)) != NULL)
		unlink(rig_path(e->d_name));
	if (d)
		closedir(d);
	rmdir(rig_folder());
}

void rig_write(const char *name, const void *data, size_t len)
{
	FILE *f = fopen(rig_path(name), "wb");

	assert_non_null(f);
	assert_int_equal(fwrite(data, 1, len, f), len);
	assert_int_equal(fclose(f), 0);
}

unsigned char *rig_read(const char *name, size_t *len)
{
	FILE *f = fopen(rig_path(name), "rb");
	unsigned char *data;
	long size;

	if (!f)
		return NULL;
	fseek(f, 0, SEEK_END);
	size = ftell(f);
	rewind(f);
	data = malloc((size_t)size + 1);
	assert_non_null(data);
	*len = fread(data, 1, (size_t)size, f);
	fclose(f);
	return data;
}
