/*
 * The PIN under the scratch of a pre-printed card: six digits, of which only a slow, salted hash is kept.
 * Trying all of a million on a stolen book costs hours a card; the book itself lets nobody try often.
 */
#ifndef KEYS_PIN_H
#define KEYS_PIN_H

#include <stdbool.h>
#include <stdint.h>

#include "station/base/err.h"

#define PIN_DIGITS 6
#define PIN_SALT_LEN 16
#define PIN_HASH_LEN 32

/* Each of the million equally likely. Wipe it after use. Errors: ERR_RANDOM. */
enum err pin_make(char pin[PIN_DIGITS + 1], struct why *w);

/* scrypt (RFC 7914) with N = 2^12, r = 8, p = 1 over the digits; about ten milliseconds. Errors: ERR_CRYPTO. */
enum err pin_hash(const char *pin, const uint8_t salt[PIN_SALT_LEN], uint8_t out[PIN_HASH_LEN],
    struct why *w);

/* In constant time. Errors: ERR_CRYPTO. */
enum err pin_matches(const char *pin, const uint8_t salt[PIN_SALT_LEN],
    const uint8_t hash[PIN_HASH_LEN], bool *out, struct why *w);

#endif
