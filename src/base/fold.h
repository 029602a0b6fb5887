/* fold.h - names compared as people do: letters great and small are the same, and blanks only part words. */
#ifndef OFFHOOK_BASE_FOLD_H
#define OFFHOOK_BASE_FOLD_H

#include <stdbool.h>
#include <stddef.h>

/* Copies the UTF-8 string SRC to DST (SIZE bytes, NUL included): each letter small (towlower() of UTF-8, whatever the
 * locale: simple folding, so that a name keeps its number of characters), blanks in front and behind left out, several
 * between words one. Returns the length; what does not fit is left out at a character. */
size_t fold_name(char *dst, size_t size, const char *src);

/* The same, and what is neither letter, digit nor mark is a blank: "Müller-Lüdenscheid (mobile)" becomes
 * " müller lüdenscheid mobile". Each word has a blank in front of it. */
size_t fold_words(char *dst, size_t size, const char *src);

/* Does each word of TYPED begin a word of WORDS? Both from fold_words(). */
bool fold_fits(const char *words, const char *typed);

#endif
