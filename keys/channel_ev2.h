/*
 * Mutual authentication and secure messaging primitives of DESFire EV2 and EV3 (71 and 77, AES).
 * As in channel.h keys and random numbers stay here; so do the transaction identifier and the
 * command counter, which stand in every MAC and every initial vector.
 * Source: NXP AN12343; vectors in tests/vectors/desfire-ev2.txt.
 */
#ifndef KEYS_CHANNEL_EV2_H
#define KEYS_CHANNEL_EV2_H

#include <stddef.h>
#include <stdint.h>

#include "keys/card_key.h"
#include "keys/channel.h"
#include "station/base/err.h"

struct channel_ev2;	/* one authentication and, after it, one session */

#define CHANNEL_EV2_BLOCK 16
#define CHANNEL_EV2_TOKEN_LEN 32
/* The longest message a MAC is made over: 16 records of 32 bytes, enciphered, and a header. */
#define CHANNEL_EV2_MESSAGE_CAP 544

/*
 * Step 1: the card's answer E(RndB), one block, to our 71 or 77. Makes RndA and writes
 * E(RndA || RndB') to `token`. `before` NULL: AuthenticateEV2First; else NonFirst, which goes on with
 * the identifier and the counter of that open session (borrowed for the call, then of no use).
 * `key` is borrowed until channel_ev2_finish. Errors: ERR_RANDOM, ERR_CRYPTO, ERR_NOMEM, ERR_LEN,
 * ERR_ARG (not an AES key), ERR_CARD_MAC (`before` is not open).
 */
enum err channel_ev2_begin(const struct card_key *key, const struct channel_ev2 *before,
    const uint8_t *enc_rndb, size_t len, struct channel_ev2 **out,
    uint8_t token[CHANNEL_EV2_TOKEN_LEN], struct why *w);
/*
 * Step 2: E(TI || RndA' || capabilities), 32 bytes, or after NonFirst E(RndA'), 16. True partner: the
 * session's two keys are made. Errors: ERR_CARD_AUTH (not the key's holder; the channel is dead), ERR_LEN.
 */
enum err channel_ev2_finish(struct channel_ev2 *ch, const uint8_t *answer, size_t len,
    struct why *w);
void channel_ev2_close(struct channel_ev2 **ch);

/*
 * All below need an open session: ERR_CARD_MAC before channel_ev2_finish, and for ever after a
 * proof or MAC that was wrong or a counter at its end. `len` up to CHANNEL_EV2_MESSAGE_CAP, else ERR_LEN.
 *
 * MAC of a command: INS, counter, identifier, then header and data as they stand on the wire.
 */
enum err channel_ev2_mac(struct channel_ev2 *ch, uint8_t ins, const uint8_t *data, size_t len,
    uint8_t mac[CHANNEL_MAC_LEN], struct why *w);
/* Between any command and its answer, plain ones too: the counter goes up by one. */
enum err channel_ev2_count(struct channel_ev2 *ch, struct why *w);
/* MAC of an answer: status, counter, identifier, data as on the wire; constant time. Errors: ERR_CARD_MAC. */
enum err channel_ev2_check(struct channel_ev2 *ch, uint8_t status, const uint8_t *data, size_t len,
    const uint8_t mac[CHANNEL_MAC_LEN], struct why *w);

/* CBC over whole blocks, in place; the command's initial vector, then the answer's. Errors: ERR_LEN too. */
enum err channel_ev2_encrypt(struct channel_ev2 *ch, uint8_t *data, size_t len, struct why *w);
enum err channel_ev2_decrypt(struct channel_ev2 *ch, uint8_t *data, size_t len, struct why *w);

/*
 * The cryptogram of ChangeKey (C4) to an AES key, without the MAC. `old` is NULL when the key
 * changed is the one authenticated with; the card then ends the session and answers without a
 * MAC. Errors: ERR_CARD_MAC, ERR_CRYPTO, ERR_ARG (not an AES key).
 */
enum err channel_ev2_change_key(struct channel_ev2 *ch, const struct card_key *new_key,
    uint8_t new_version, const struct card_key *old, uint8_t out[CHANNEL_EV2_TOKEN_LEN],
    struct why *w);

#endif
