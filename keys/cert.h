/*
 * Root, station certificates and verification. Only public bytes in this header;
 * the root's private half stays behind `struct root`.
 *
 * A certificate is 128 bytes, all integers big-endian, days since 2000-01-01:
 *   0 version = 1 | 1 algorithm: 1 Ed25519, 2 and 3 ECDSA P-256 with even / odd y
 *   2 flags (2): bit 0 test club, bits 1 and 2 the root's algorithm (0 Ed25519, 2 and 3 as above) | 4 rights (4) | 8 serial (4) | 12 club (4)
 *   16 station (4) | 20 valid from (2) | 22 valid to (2), 0 = open
 *   24 first number (4) | 28 count of numbers (4) | 32 public key or x (32)
 *   64 signature of the root over "bashgah-cert-1" 00 and the 64 bytes before
 */
#ifndef KEYS_CERT_H
#define KEYS_CERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define CERT_LEN 128
#define PUBKEY_LEN 32
#define SIG_LEN 64

/* How a key signs; ECDSA is by the y of its point, of which 32 bytes of x tell all but the parity. */
#define CERT_ED25519 1
#define CERT_P256_EVEN 2
#define CERT_P256_ODD 3

/* Rights, a bit each; bit n-1 is operation n of the card record (1 issue, 2 load, 3 spend ...). */
#define CERT_RIGHT(operation) (UINT32_C(1) << ((operation) - 1))

struct cert {
	uint8_t algorithm;
	uint8_t root_algorithm;		/* of the signature under it; root_certify's to say */
	bool test;
	uint32_t rights;
	uint32_t serial;
	uint8_t club[4];
	uint32_t station;
	uint16_t valid_from;
	uint16_t valid_to;
	uint32_t first_number;
	uint32_t number_count;
	uint8_t pub[PUBKEY_LEN];
};

struct root;

/* Make / open the root file (sealed as a safe is). Errors as in safe.h. */
enum err root_create(const char *path, bool test, const char *pass, size_t pass_len,
    struct root **out, struct why *w);
enum err root_open(const char *path, const char *pass, size_t pass_len, struct root **out,
    struct why *w);

/*
 * The root as a key in a token, and at `path` the file that speaks of it. `uri` and `pin` as in
 * safe_create_token, with its errors; root_open opens it as any other, with its PIN. Ed25519, or P-256
 * in a token that does not know that.
 */
enum err root_create_token(const char *path, bool test, const char *uri, const char *pin,
    size_t pin_len, struct root **out, struct why *w);
/* As safe_change_passphrase. */
enum err root_change_passphrase(const char *path, const char *old, size_t old_len,
    const char *new_pass, size_t new_len, struct why *w);
void root_close(struct root **root);
/* root_close, and what root_create_token has made in the token goes. */
void root_undo(struct root **root);
uint8_t root_algorithm(const struct root *root);
void root_public(const struct root *root, uint8_t pub[PUBKEY_LEN]);
bool root_is_test(const struct root *root);
/* A signature over a whole message that begins with a label of its own. Errors: ERR_CRYPTO. */
enum err root_sign(const struct root *root, const void *msg, size_t len, uint8_t sig[SIG_LEN],
    struct why *w);

/* First 4 bytes of SHA-256 of a public key: names a club (root's key) or a signer (station's key). */
void pubkey_id(const uint8_t pub[PUBKEY_LEN], uint8_t id[4]);

/*
 * Sign `c` into its 128 bytes; club and test flag are the root's, whatever `c` says.
 * Errors: ERR_ARG (an algorithm there is not; a key that is no point of its curve), ERR_CRYPTO.
 */
enum err root_certify(const struct root *root, const struct cert *c, uint8_t out[CERT_LEN],
    struct why *w);

/*
 * Parse and verify against the root's public key. Does not look at dates: cert_covers does.
 * Errors: ERR_FORMAT, ERR_SIGNATURE, ERR_CRYPTO.
 */
enum err cert_verify(const uint8_t bytes[CERT_LEN], const uint8_t root_pub[PUBKEY_LEN],
    struct cert *out, struct why *w);
/* Valid on `day`, for all of `rights`. Errors: ERR_CERT with the reason. */
enum err cert_covers(const struct cert *c, uint16_t day, uint32_t rights, struct why *w);

/* Ed25519 over the whole message. Errors: ERR_SIGNATURE (not its signature), ERR_CRYPTO (library). */
enum err sig_verify(const uint8_t pub[PUBKEY_LEN], const void *msg, size_t len,
    const uint8_t sig[SIG_LEN], struct why *w);

/*
 * The same by the algorithm of a certificate. ECDSA is over SHA-256, r and s of 32 bytes each, and s in its lower
 * half: of two signatures that say the same only one is valid, so nobody makes a second record of one.
 * Errors: ERR_SIGNATURE (also a key that is no point), ERR_FORMAT (no such algorithm), ERR_CRYPTO.
 */
enum err sig_verify_by(uint8_t algorithm, const uint8_t pub[PUBKEY_LEN], const void *msg, size_t len,
    const uint8_t sig[SIG_LEN], struct why *w);

#endif
