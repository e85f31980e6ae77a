/* SHA-256 and random bytes for rooms that may not know OpenSSL. */
#ifndef KEYS_DIGEST_H
#define KEYS_DIGEST_H

#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define SHA256_LEN 32

/* Cannot fail short of a broken library, which ends the process. `data` may be NULL if len is 0. */
void digest_sha256(const void *data, size_t len, uint8_t out[SHA256_LEN]);

/* RAND_bytes, checked; a caller who does not check this answer is a warning. Errors: ERR_RANDOM. On error `out` is zeroed. */
__attribute__((warn_unused_result))
enum err random_bytes(void *out, size_t len, struct why *w);

#endif
