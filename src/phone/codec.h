/* codec.h - the sound formats that can be offered: facts for SDP and for the media path. */
#ifndef OFFHOOK_PHONE_CODEC_H
#define OFFHOOK_PHONE_CODEC_H

#include <stddef.h>
#include <stdint.h>

enum codec_id { CODEC_OPUS, CODEC_PCMU, CODEC_PCMA, CODEC_COUNT };

struct codec {
	enum codec_id id;
	const char *name;      /* as in the option `codecs` and in rtpmap: "opus", "PCMU", "PCMA" */
	uint32_t clock_rate;   /* RTP clock, Hz: 48000 (RFC 7587), 8000 (RFC 3551) */
	unsigned channels;     /* in rtpmap: opus 2 (RFC 7587 section 7), else 1 */
	int payload_type;      /* static number, or the dynamic one that we offer */
	const char *fmtp;      /* offered with it, or NULL */
	const char *label;     /* for people: "opus 48k", "PCMU 8k" */
};

/* The codec of that name (case-insensitive, LEN bytes), or NULL. */
const struct codec *codec_find(const char *name, size_t len);
const struct codec *codec_get(enum codec_id id);

/* Reads a list such as "opus,PCMU,PCMA" (blanks allowed) into OUT, at most MAX entries, no
 * duplicates. Returns how many, or 0 with *BAD set to the first wrong word when one is
 * unknown or the list is empty. */
unsigned codec_parse_list(const struct codec **out, unsigned max, const char *list, const char **bad);

#endif
