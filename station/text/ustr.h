/* UTF-8 at the room's edge, UTF-16 inside it where ICU wants it. Private to station/text. */
#ifndef STATION_TEXT_USTR_H
#define STATION_TEXT_USTR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <unicode/utypes.h>

#include "station/text/text.h"

/* Copy, cut between characters if `cap` is too small. */
void text_cut(const char *in, char *out, size_t cap);

/* As UTF-16, NUL-ended; cut at `cap`. Bytes that are not UTF-8 become U+FFFD. Answers the length. */
int32_t ustr_from(const char *in, UChar *out, int32_t cap);
/* As UTF-8, NUL-ended, cut between characters. True if all of it fitted. */
bool ustr_to(const UChar *in, int32_t len, char *out, size_t cap);

/* The next character of `len` (> *at) units; half a pair is U+FFFD. */
UChar32 ustr_next(const UChar *in, int32_t *at, int32_t len);

/* The next character of `in` from *at (moved past it), U+FFFD for strange bytes; 0 at the end. */
UChar32 utf8_next(const char *in, size_t *at);
/* 0..9 for an ASCII, Persian or Arabic digit; -1 for anything else. */
int typed_digit(UChar32 c);
/* Marks that come along unseen when text is pasted: LRM, RLM, ALM, ZWJ, BOM. */
bool typed_unseen(UChar32 c);
/* A space of any width, ZWNJ among them. */
bool typed_space(UChar32 c);

/* ICU's name of the locale. */
const char *icu_locale(enum lang lang);

#endif
