/* text.h - what is safe to show, and how wide it is.
 *
 * text_show() is the one function through which every string that came from the
 * network passes on its way to screen, event and log.
 */
#ifndef OFFHOOK_BASE_TEXT_H
#define OFFHOOK_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Copies at most LEN bytes of SRC (it need not end in NUL; an embedded NUL is data) to
 * DST, made harmless: C0 and DEL become caret notation (^[), C1 becomes <9B>,
 * bidirectional controls, line and paragraph separators, and tag characters are
 * dropped, invalid UTF-8 becomes U+FFFD, more than four combining marks in a row are
 * dropped. What does not fit in SIZE bytes (NUL included) is cut at a character and ends
 * in U+2026. Always terminates DST when SIZE > 0. Returns the length of DST in bytes.
 * SRC may be NULL (an empty string). Idempotent on its own output. */
size_t text_show(char *dst, size_t size, const char *src, size_t len);

/* The same for a C string. */
size_t text_show_str(char *dst, size_t size, const char *src);

/* Decodes the UTF-8 character at P (at most LEN bytes): its length in bytes and *CP, or 0
 * when it is invalid, overlong, a surrogate, or cut short. RFC 3629. */
size_t text_decode(uint32_t *cp, const char *p, size_t len);

/* Columns that the UTF-8 string S takes, counted with wcwidth() as curses does;
 * non-printable characters count 0. */
unsigned text_width(const char *s);

/* Copies S to DST (SIZE bytes) cut to at most COLUMNS columns; a cut ends in U+2026.
 * Returns the columns used. */
unsigned text_fit(char *dst, size_t size, const char *s, unsigned columns);

/* Plain bounded copy of a C string; true when all of it fitted. SRC may be NULL. */
bool text_copy(char *dst, size_t size, const char *src);
/* The same of LEN bytes. */
bool text_copyn(char *dst, size_t size, const char *src, size_t len);

/* A growing string. Zero-initialised is empty; buf_free() returns it there. A failed
 * allocation is remembered in .failed and makes every later append a no-op. */
struct buf {
	char *s;     /* NUL-terminated, or NULL when nothing was added */
	size_t len;
	size_t cap;
	bool failed;
};
void buf_add(struct buf *b, const char *s, size_t len);
void buf_str(struct buf *b, const char *s);
void buf_printf(struct buf *b, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
/* Adds S as a JSON string (RFC 8259) in quotes: ASCII only, everything else as \uXXXX, invalid UTF-8 as \ufffd. */
void buf_json(struct buf *b, const char *s);
void buf_free(struct buf *b);

#endif
