/* settings.h - the values of the options, as the phone and its ports read them.
 * command/options has the table (type, range, unit, default, sentence) that fills it. */
#ifndef OFFHOOK_PHONE_SETTINGS_H
#define OFFHOOK_PHONE_SETTINGS_H

#include <stdbool.h>

#define SETTING_TEXT_MAX 256

/* The values of tone_country: the countries that media/tones has a plan of; "uk" is "gb". */
#define TONE_COUNTRIES "au", "de", "es", "etsi", "fr", "gb", "it", "jp", "uk", "us"

struct settings {
	char sip_listen[SETTING_TEXT_MAX];    /* "*:5060" or ADDRESS:PORT */
	bool sip_listen_named;                /* the user named it: a taken port is an error */
	char rtp_ports[SETTING_TEXT_MAX];     /* "FIRST-LAST" */
	unsigned rtp_first, rtp_last;         /* the same, read */
	char audio_output[SETTING_TEXT_MAX];  /* device name or "default" */
	char audio_input[SETTING_TEXT_MAX];
	char codecs[SETTING_TEXT_MAX];        /* in order of preference */
	unsigned ring_timeout;                /* seconds */
	unsigned dial_timeout;                /* seconds */
	unsigned tone_seconds;                /* longest failure tone, 0 = none */
	bool answer_unknown_users;
	unsigned max_calls;
	char local_user[64];                  /* the login name: who we are without an account */
	bool meters;                          /* level meters on the screen */
	char redial[SETTING_TEXT_MAX];        /* "ask", "auto", "never" */
	char redirect[SETTING_TEXT_MAX];      /* "ask", "follow", "never" */
	char tone_country[SETTING_TEXT_MAX];  /* one of TONE_COUNTRIES */
	char tone_not_found[SETTING_TEXT_MAX];/* "reorder" or "sit" */
	bool compact_headers;
	char expired_response[SETTING_TEXT_MAX]; /* "408" or "487": to a call that rang too long */
	char dnd_response[SETTING_TEXT_MAX];  /* "480", "486" or "603": to calls while nobody wants to be disturbed */
	bool block_anonymous;                 /* calls whose number is withheld are refused */
	bool strict_content_length;           /* a body without its length is refused over UDP too */
	char notify[SETTING_TEXT_MAX];        /* "none", "bell", "osc9", "osc777": how the terminal tells of calls */
	unsigned volume;                      /* of what is heard, percent 0-200, 100 = as received */
};

#endif
