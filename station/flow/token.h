/*
 * The secret in a card's QR: 128 random bits in base32. Who holds the card holds it;
 * the book keeps its hash, the page looks the hash up.
 */
#ifndef STATION_FLOW_TOKEN_H
#define STATION_FLOW_TOKEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define TOKEN_LEN 16
#define TOKEN_TEXT_LEN 26	/* RFC 4648 base32 without padding */

/* Errors: ERR_RANDOM. */
enum err token_make(uint8_t token[TOKEN_LEN], struct why *w);
void token_text(const uint8_t token[TOKEN_LEN], char text[TOKEN_TEXT_LEN + 1]);
void token_hash(const uint8_t token[TOKEN_LEN], uint8_t hash[32]);

/* https://HOST/C/TOKEN with host and path in upper case (QR alphanumeric mode). Errors: ERR_LEN. */
enum err token_url(const char *host, const uint8_t token[TOKEN_LEN], char *out, size_t cap,
    struct why *w);

/*
 * The token in what a scanner typed: such a URL of `host` in upper or lower case, or the 26 characters alone;
 * digits of any script, as a keyboard left on Persian types them. Errors: ERR_FORMAT (no such text: says
 * whether the keyboard stands on Persian), ERR_REFUSED (another host's).
 */
enum err token_scan(const char *host, const char *typed, uint8_t token[TOKEN_LEN], struct why *w);

/*
 * A host for such URLs: letters, digits, dots and dashes as DNS wants them, a port allowed, at most `cap` - 1
 * characters; upper-cased into `out`. Errors: ERR_ARG.
 */
enum err token_host(const char *in, char *out, size_t cap, struct why *w);

#endif
