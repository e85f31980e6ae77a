/*
 * Block ciphers with the key in the caller's hands: for the software cards (a
 * chip knows its own keys), and for tests. Nothing else may include this file;
 * the include script says so. Everybody else works with the handles of safe.h,
 * card_key.h and channel.h.
 */
#ifndef KEYS_RAW_H
#define KEYS_RAW_H

#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

enum raw_alg {
	RAW_DES,	/* 8 bytes of key, 8 of block; run as EDE with K1=K2=K3 */
	RAW_2TDEA,	/* 16, 8 */
	RAW_3TDEA,	/* 24, 8 */
	RAW_AES128,	/* 16, 16 */
	RAW_AES192,	/* 24, 16 */
	RAW_AES256	/* 32, 16 */
};

struct raw_key;		/* a key made ready; reusable, one thread at a time */

size_t raw_key_len(enum raw_alg alg);
size_t raw_block_len(enum raw_alg alg);

/*
 * Copies raw_key_len(alg) bytes into locked memory; free with raw_key_free (wipes). A forked child
 * is refused its use (ERR_CRYPTO). Errors: ERR_NOMEM, ERR_CRYPTO.
 */
enum err raw_key_new(enum raw_alg alg, const uint8_t *key, struct raw_key **out, struct why *w);
void raw_key_free(struct raw_key **key);
enum raw_alg raw_key_alg(const struct raw_key *key);

/*
 * CBC without padding: `len` is a multiple of the block. `iv` (one block) goes in
 * and comes out as the last cipher block, so that a running IV needs no more code.
 * `in` and `out` may be the same memory. Errors: ERR_LEN, ERR_CRYPTO.
 */
enum err raw_cbc_encrypt(struct raw_key *key, uint8_t *iv, const uint8_t *in, uint8_t *out,
    size_t len, struct why *w);
enum err raw_cbc_decrypt(struct raw_key *key, uint8_t *iv, const uint8_t *in, uint8_t *out,
    size_t len, struct why *w);

/*
 * CMAC (SP 800-38B, RFC 4493) started from `iv` instead of zero; `mac` gets one
 * block and may be the same memory as `iv`. `data` may be NULL if len is 0.
 */
enum err raw_cmac(struct raw_key *key, const uint8_t *iv, const uint8_t *data, size_t len,
    uint8_t *mac, struct why *w);

#endif
