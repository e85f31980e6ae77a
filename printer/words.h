/* What is done to words before they are drawn. Private to the printer room. */
#ifndef PRINTER_WORDS_H
#define PRINTER_WORDS_H

#include "station/base/err.h"

/* One line of valid UTF-8 without control characters. ERR_FORMAT. */
enum err words_check(const char *words, struct why *w);

/*
 * Phones, card numbers and codes: digits in groups ("۰۲۱ ۸۸۷۷-۶۶۵۵", "+98 21 88") between
 * U+2066 and U+2069, since in right-to-left words the groups would follow each other
 * backwards (UAX #9, rules W2 and L2). One group alone is left as it is. g_free.
 */
char *words_isolate(const char *words);

#endif
