/* SHA-256 for tests of rooms that may not know OpenSSL. */
#ifndef TESTS_SUPPORT_SHA256_H
#define TESTS_SUPPORT_SHA256_H

#include <stddef.h>
#include <stdint.h>

void test_sha256(const void *data, size_t len, uint8_t out[32]);

#endif
