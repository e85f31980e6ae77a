/*
 * Bytes as words that people copy by hand and read aloud: 256 everyday words of English and 256 of Persian. No
 * two of a language begin with the same three letters, none is one slip away from another, and no two Persian
 * ones have the same shape without their dots. A share (share.h) is written in either language, typed in both.
 */
#ifndef KEYS_WORDS_H
#define KEYS_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/share.h"
#include "station/base/err.h"

enum words_lang { WORDS_FA, WORDS_EN };

#define WORDS_COUNT 256
#define WORDS_CAP 13		/* bytes of a word, the ending NUL included */
#define WORDS_IN_LINE (SHARE_LINE_LEN + 1)	/* the last one is the check word */
#define WORDS_LINE_CAP (WORDS_IN_LINE * WORDS_CAP)

/* The word of a byte; the time taken and the memory looked at do not tell which. */
void words_of(enum words_lang lang, uint8_t byte, char out[WORDS_CAP]);

/*
 * The byte of `len` typed bytes: a word of either language, or a beginning that only one has. Case, Arabic ي ك ة,
 * آ or ا, marks and joiners do not matter. False if there is none, or more than one.
 */
bool words_find(const char *typed, size_t len, uint8_t *out);

/* Line `line` (0..8) of a share with its check word, a space between words. `out` is a secret. */
void words_spell(const struct share *s, unsigned line, enum words_lang lang, char out[WORDS_LINE_CAP]);

/*
 * Take line `line` as typed into `s`. What was typed is a secret and not in the sentence, its place is.
 * Errors: ERR_LEN (not 7 words), ERR_FORMAT (no such word; the words do not fit the check word).
 */
enum err words_take(struct share *s, unsigned line, const char *typed, struct why *w);

/*
 * Are the words typed the check words of all lines of `s`, in order? Errors: ERR_LEN (not 9 words), ERR_FORMAT
 * (no such word), ERR_REFUSED (the line's check word is another).
 */
enum err words_prove(const struct share *s, const char *typed, struct why *w);

#endif
