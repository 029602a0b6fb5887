#include <errno.h>
#include <string.h>

#include "media/digits.h"

#define FRAME_MS   10
#define UPDATE_MS  20     /* an event under way is told that often */
#define ENDS       3      /* and its end that many times */
#define LEVEL      10     /* -10 dBm0 */
#define END_BIT    0x80

/* Event numbers of RFC 4733 section 3.2 are places in this. */
static const char events[] = "0123456789*#ABCD";

static int event_of(char digit)
{
	const char *p;

	if (digit >= 'a' && digit <= 'd')
		digit = (char)(digit - 'a' + 'A');
	p = digit ? strchr(events, digit) : NULL;
	return p ? (int)(p - events) : -1;
}

bool digits_valid(const char *digits)
{
	for (; *digits; digits++) {
		if (*digits != ',' && event_of(*digits) < 0)
			return false;
	}
	return true;
}

int digits_queue(struct digits_sender *d, const char *digits)
{
	size_t n = strlen(digits);

	if (n > DIGITS_WAITING - d->count)
		return ENOSPC;
	for (; *digits; digits++)
		d->queue[(d->head + d->count++) % DIGITS_WAITING] = *digits;
	return 0;
}

void digits_cancel(struct digits_sender *d)
{
	d->consumed += d->count + (d->now ? 1 : 0);
	d->head = d->count = 0;
	d->now = 0;
}

static void make_packet(const struct digits_sender *d, unsigned ms, struct digits_packet *k)
{
	bool end = ms >= DIGITS_TONE_MS;
	uint32_t duration = (end ? DIGITS_TONE_MS : ms) * (d->clock_rate / 1000);

	k->payload[0] = (uint8_t)event_of(d->now);
	k->payload[1] = (uint8_t)((end ? END_BIT : 0) | LEVEL);
	k->payload[2] = (uint8_t)(duration >> 8);
	k->payload[3] = (uint8_t)duration;
	k->timestamp = d->timestamp;
	k->marker = ms == UPDATE_MS;
}

void digits_send_frame(struct digits_sender *d, uint32_t timestamp, uint32_t clock_rate, struct digits_frame *f)
{
	unsigned length;
	int event;

	memset(f, 0, sizeof(*f));
	if (!d->now && d->count) {
		d->now = d->queue[d->head];
		d->head = (d->head + 1) % DIGITS_WAITING;
		d->count--;
		d->ms = 0;
		d->timestamp = timestamp;
		d->clock_rate = clock_rate;
		event = event_of(d->now);
		if (event >= 0)
			f->begun = events[event];
	}
	if (!d->now)
		return;
	d->ms += FRAME_MS;
	if (d->now == ',') {
		length = DIGITS_PAUSE_MS;
	}
	else {
		unsigned last = DIGITS_TONE_MS + (ENDS - 1) * UPDATE_MS;

		length = DIGITS_TONE_MS + DIGITS_GAP_MS;
		f->keep_voice = d->ms <= last;
		if (d->ms <= last && d->ms % UPDATE_MS == 0) {
			f->send = true;
			make_packet(d, d->ms, &f->packet);
		}
	}
	if (d->ms >= length) {
		d->now = 0;
		d->consumed++;
	}
}

char digits_receive(struct digits_receiver *r, uint32_t timestamp, const uint8_t *payload, size_t len)
{
	uint32_t duration;
	uint8_t event;
	bool end, segment, known = false;
	unsigned i;

	if (len < DIGITS_PAYLOAD)
		return 0;
	event = payload[0];
	end = payload[1] & END_BIT;
	duration = (uint32_t)payload[2] << 8 | payload[3];
	if (event >= sizeof(events) - 1)
		return 0;
	for (i = 0; i < r->seen_count; i++)
		known |= r->seen[i] == timestamp;
	if (known) {
		if (timestamp == r->last) {
			r->open = !end;
			r->follow = timestamp + duration;
		}
		return 0;
	}
	/* what is longer than the field of the duration is told in segments (RFC 4733 section 2.5.1.3) */
	segment = r->open && event == r->event && timestamp == r->follow;
	r->seen[r->seen_next] = r->last = timestamp;
	r->seen_next = (r->seen_next + 1) % DIGITS_REMEMBERED;
	if (r->seen_count < DIGITS_REMEMBERED)
		r->seen_count++;
	r->event = event;
	r->open = !end;
	r->follow = timestamp + duration;
	return segment ? 0 : events[event];
}
