/* Signatures with a private key in hand, for safe and root; what verification needs of a P-256 key. Only keys/ and its tests include this file. */
#ifndef KEYS_SIGNATURE_H
#define KEYS_SIGNATURE_H

#include <openssl/evp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/cert.h"
#include "station/base/err.h"

#define SEED_LEN 32

/*
 * A signer from its 32 secret bytes, and its public half. The handle is made once,
 * as expanding the key costs as much as a signature; OpenSSL keeps the secret in
 * its own heap and cleanses it in EVP_PKEY_free. Errors: ERR_CRYPTO.
 */
enum err signer_new(const uint8_t seed[SEED_LEN], EVP_PKEY **out, uint8_t pub[PUBKEY_LEN],
    struct why *w);
/* Safe from several threads at once on one signer. Errors: ERR_CRYPTO (also for a NULL signer). */
enum err signer_sign(EVP_PKEY *signer, const void *msg, size_t len, uint8_t sig[SIG_LEN],
    struct why *w);

/* Is the x of a P-256 key one that a point has; any 32 bytes will do for Ed25519. */
bool pubkey_is_point(uint8_t algorithm, const uint8_t pub[PUBKEY_LEN]);

/* Put s into its lower half; the signature says the same. */
void ecdsa_lower(uint8_t sig[SIG_LEN]);

#endif
