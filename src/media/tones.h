/* tones.h - the tones of the telephone, made of sines by a table of cadences. Pure. */
#ifndef OFFHOOK_MEDIA_TONES_H
#define OFFHOOK_MEDIA_TONES_H

#include <stdbool.h>
#include <stdint.h>

#include "phone/outcome.h"

#define TONES_RATE   48000
#define TONES_SINES  2

/* Whose tones. */
enum tones_plan {
	TONES_ETSI, TONES_AU, TONES_DE, TONES_ES, TONES_FR, TONES_GB, TONES_IT, TONES_JP, TONES_US, TONES_PLANS
};

/* The plan of COUNTRY, one of TONE_COUNTRIES (phone/settings.h); TONES_ETSI for any other. */
enum tones_plan tones_plan_of(const char *country);

struct tones {
	const struct tones_step *step;  /* the cadence; NULL = silent */
	unsigned steps, at;             /* how many, and which one is heard */
	unsigned sample;                /* in that step */
	double phase[TONES_SINES], wave; /* of the sines, and of what modulates them */
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
