/* The two lists of words.h. Only keys/ and its tests include this file; a word once on paper never changes. */
#ifndef KEYS_WORDS_LIST_H
#define KEYS_WORDS_LIST_H

#include "keys/words.h"

/* By language, then by byte; NUL to the end. */
extern const char words_list[2][WORDS_COUNT][WORDS_CAP];

#endif
