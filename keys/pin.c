#include "keys/pin.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <string.h>

#include "keys/digest.h"
#include "keys/inside.h"
#include "station/base/bytes.h"
#include "station/base/secret.h"

#define PIN_COUNT 1000000u
#define SCRYPT_N (UINT64_C(1) << 12)
#define SCRYPT_R 8
#define SCRYPT_P 1
#define SCRYPT_ROOM (8u * 1024 * 1024)

/* The greatest multiple of PIN_COUNT below 2^32: what lies above would make some PINs likelier. */
#define FAIR_BELOW (UINT32_MAX - UINT32_MAX % PIN_COUNT)

enum err
pin_make(char pin[PIN_DIGITS + 1], struct why *w)
{
	uint8_t bytes[4];
	uint32_t n = 0;
	enum err e;

	do {
		struct cursor c = cursor_over(bytes, sizeof(bytes));

		e = random_bytes(bytes, sizeof(bytes), w);
		n = take_be32(&c);
	} while (e == ERR_OK && n >= FAIR_BELOW);
	(void)snprintf(pin, PIN_DIGITS + 1, "%06u", e == ERR_OK ? (unsigned)(n % PIN_COUNT) : 0u);
	WIPE(bytes);
	WIPE(n);
	return e;
}

enum err
pin_hash(const char *pin, const uint8_t salt[PIN_SALT_LEN], uint8_t out[PIN_HASH_LEN],
    struct why *w)
{
	memset(out, 0, PIN_HASH_LEN);
	if (EVP_PBE_scrypt(pin, strlen(pin), salt, PIN_SALT_LEN, SCRYPT_N, SCRYPT_R, SCRYPT_P, SCRYPT_ROOM,
	    out, PIN_HASH_LEN) != 1)
		return library_failed(w);
	return ERR_OK;
}

enum err
pin_matches(const char *pin, const uint8_t salt[PIN_SALT_LEN], const uint8_t hash[PIN_HASH_LEN],
    bool *out, struct why *w)
{
	uint8_t mine[PIN_HASH_LEN];
	enum err e = pin_hash(pin, salt, mine, w);

	*out = e == ERR_OK && CRYPTO_memcmp(mine, hash, sizeof(mine)) == 0;
	WIPE(mine);
	return e;
}
