/* tones.h - the tones of the telephone, made of sines by a table of cadences. Pure. */
#ifndef OFFHOOK_MEDIA_TONES_H
#define OFFHOOK_MEDIA_TONES_H

#include <stdbool.h>
#include <stdint.h>

#include "phone/outcome.h"

#define TONES_RATE   48000
#define TONES_SINES  2

/* Whose tones (ITU-T E.180); a country is a column of the table. */
enum tones_plan { TONES_ETSI, TONES_US, TONES_PLANS };

struct tones {
	const struct tones_step *step;  /* the cadence; NULL = silent */
	unsigned steps, at;             /* how many, and which one is heard */
	unsigned sample;                /* in that step */
	double phase[TONES_SINES];
	/* a digit that was sent, heard beside it */
	char digit;
	unsigned digit_left;            /* samples */
	double digit_phase[2];
};

/* Begins TONE from its start; TONE_NONE and those that have no cadence: silence. */
void tones_start(struct tones *t, enum tone tone, enum tones_plan plan);
/* Lets DIGIT (0-9*#A-D) be heard for MS. */
void tones_digit(struct tones *t, char digit, unsigned ms);
bool tones_active(const struct tones *t);
/* Adds N samples of the tone to PCM, limited to 16 bit. */
void tones_add(struct tones *t, int16_t *pcm, unsigned n);

#endif
