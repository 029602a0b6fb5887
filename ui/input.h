/* input.h - from the terminal's bytes to keys, in the notation of the bindings. Pure.
 *
 * A key is at most 15 bytes: "a", "<CR>", "<C-x>", "<M-x>", "<S-Up>", "<lt>", "ü".
 */
#ifndef OFFHOOK_UI_INPUT_H
#define OFFHOOK_UI_INPUT_H

#include <stdbool.h>
#include <stddef.h>

#define KEY_BYTES 16

struct input {
	char held[64];   /* an escape sequence or a character that is not complete */
	size_t len;
	bool paste;      /* between the marks of a bracketed paste */
	bool swallow;    /* inside a sequence that is too long to be one */
};

/* KEY; PASTED: it is text out of a paste, not typed. */
typedef void input_key_h(const char *key, bool pasted, void *arg);

/* Decodes LEN bytes; calls H for every key that is complete. */
void input_feed(struct input *in, const char *bytes, size_t len, input_key_h *h, void *arg);
/* How long to wait for more, in ms; 0: nothing is held. */
unsigned input_wait_ms(const struct input *in);
/* Nothing came in that time: what is held is all there is. */
void input_timeout(struct input *in, input_key_h *h, void *arg);

#endif
