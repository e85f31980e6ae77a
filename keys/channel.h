/*
 * Mutual authentication and secure messaging primitives of DESFire EV1: AA (AES)
 * and 1A (DES/2TDEA, only to reach a factory PICC key). The protocol's frames
 * are cardapps/secure; here stay the keys, the random numbers and the running IV.
 * Source: MIFARE DESFire EV1 data sheet; traces in tests/vectors/desfire-ev1.txt.
 */
#ifndef KEYS_CHANNEL_H
#define KEYS_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/card_key.h"
#include "station/base/err.h"

struct channel;		/* one authentication and, after it, one session */

#define CHANNEL_MAC_LEN 8
#define CHANNEL_BLOCK_CAP 16

/* Block of the session's cipher: 16 for AES, 8 for DES/2TDEA. Also the length of RndB. */
size_t channel_block(const struct channel *ch);

/*
 * Step 1: the card's answer E(RndB), one block, to our AA / 1A. Makes RndA and
 * writes E(RndA || RndB') (two blocks) to `token`. `key` is borrowed until channel_finish.
 * Errors: ERR_RANDOM, ERR_CRYPTO, ERR_NOMEM, ERR_LEN.
 */
enum err channel_begin(const struct card_key *key, const uint8_t *enc_rndb, size_t len,
    struct channel **out, uint8_t token[2 * CHANNEL_BLOCK_CAP], struct why *w);
/*
 * Step 2: the card's E(RndA'), one block. True partner: the session key is made and
 * the IV is zero. Errors: ERR_CARD_AUTH (not the key's holder; the channel is dead), ERR_LEN.
 */
enum err channel_finish(struct channel *ch, const uint8_t *enc_rnda, size_t len, struct why *w);
void channel_close(struct channel **ch);

/*
 * All below need an open session: ERR_CARD_MAC before channel_finish, and for ever
 * after a proof or MAC that was wrong.
 *
 * Full CMAC over `len` bytes from the running IV; the result becomes the IV. The
 * first 8 bytes go on the wire.
 */
enum err channel_cmac(struct channel *ch, const uint8_t *data, size_t len,
    uint8_t mac[CHANNEL_MAC_LEN], struct why *w);
/* As channel_cmac, then compared in constant time with `mac`. Errors: ERR_CARD_MAC. */
enum err channel_check(struct channel *ch, const uint8_t *data, size_t len,
    const uint8_t mac[CHANNEL_MAC_LEN], struct why *w);
/* CBC with the running IV over whole blocks, in place. Errors: ERR_LEN too. */
enum err channel_encrypt(struct channel *ch, uint8_t *data, size_t len, struct why *w);
enum err channel_decrypt(struct channel *ch, uint8_t *data, size_t len, struct why *w);

/*
 * The cryptogram of ChangeKey (C4). `wire_no` is the key number byte of the command
 * (0x80 | no for a PICC key that becomes AES). `old` is NULL when the key changed is
 * the one authenticated with; the card then ends the session and answers without a
 * CMAC. Layout: channel.c. `out` gets *out_len bytes (24 or 32). Errors: ERR_CARD_MAC, ERR_CRYPTO.
 */
enum err channel_change_key(struct channel *ch, uint8_t wire_no, const struct card_key *new_key,
    uint8_t new_version, const struct card_key *old, uint8_t out[48], size_t *out_len,
    struct why *w);

/*
 * Tests and replayed traces only: the next channels take their RndA from `source`
 * (NULL puts RAND_bytes back). Affects the calling thread.
 */
void channel_set_random(enum err (*source)(uint8_t *out, size_t len));

#endif
