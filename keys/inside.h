/* What the files of keys/, and their tests, know of each other. Nobody else includes this file. */
#ifndef KEYS_INSIDE_H
#define KEYS_INSIDE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/card_key.h"
#include "keys/masters.h"
#include "keys/raw.h"
#include "keys/safe.h"

#define CARD_KEY_LEN 16

/* In a slot of the pool. */
struct card_key {
	enum raw_alg alg;		/* RAW_DES, RAW_2TDEA or RAW_AES128 */
	uint8_t bytes[CARD_KEY_LEN];	/* single DES: the same half twice, as ChangeKey carries it */
	uint8_t kcv[KCV_LEN];
};

enum channel_state {
	CHANNEL_WAITS,	/* for the card's E(RndA') */
	CHANNEL_OPEN,
	CHANNEL_DEAD
};

/* In a slot of the pool; the expanded keys stand in OpenSSL's heap until channel_close. */
struct channel {
	enum channel_state state;
	size_t block;
	bool one_half;		/* the key is single DES, or 2TDEA with equal halves: one to the card */
	struct raw_key *key;	/* of the authentication, then of the session */
	uint8_t iv[16];
	uint8_t rnd_a[16];
	uint8_t rnd_b[16];
};

/* In a slot of the pool, too. Source: NXP AN12343. */
struct channel_ev2 {
	enum channel_state state;
	bool first;		/* AuthenticateEV2First: the identifier comes with the card's proof */
	uint8_t ti[4];
	uint16_t counter;	/* of commands; on the wire low byte first */
	struct raw_key *auth;	/* of the authentication; NULL after it */
	struct raw_key *enc, *mac;	/* of the session */
	uint8_t rnd_a[16];
	uint8_t rnd_b[16];
};

/* Random bytes for a channel: of the library, or what channel_set_random put in its place. Errors: ERR_RANDOM. */
__attribute__((warn_unused_result))
enum err channel_draw(uint8_t *out, size_t len, struct why *w);

/* ERR_CRYPTO, and OpenSSL's queue of this thread empty again. */
enum err library_failed(struct why *w);

/* A card key of these bytes (raw_key_len(alg), at most 16). Errors: ERR_NOMEM, ERR_CRYPTO. */
enum err card_key_of(enum raw_alg alg, const uint8_t *bytes, struct card_key **out,
    struct why *w);

/* AES-CMAC over a zero block under a key of 16 or 32 bytes: a check value before it is cut. Errors: ERR_NOMEM, ERR_CRYPTO. */
enum err aes_check_mac(const uint8_t *key, size_t len, uint8_t mac[16], struct why *w);

/* --- masters.c, for who makes masters and who takes them in */

#define MASTERS_SECRET_LEN 32
#define MASTER_CAP 32

/*
 * The masters behind a secret; `secret` is copied. `generation` from 1, `bits` 128 or 256.
 * Errors: ERR_ARG, ERR_NOMEM, ERR_CRYPTO.
 */
enum err masters_make(const uint8_t club[4], bool test, uint16_t generation, unsigned bits,
    const uint8_t secret[MASTERS_SECRET_LEN], struct masters **out, struct why *w);
/* The club they are of (4 bytes, borrowed), and whether it is a practice club. */
const uint8_t *masters_club(const struct masters *m);
bool masters_test(const struct masters *m);
/* Borrowed. The secret that masters_make was given. */
const uint8_t *masters_secret(const struct masters *m);
/* Borrowed: masters_bits / 8 bytes, or NULL for no slot. */
const uint8_t *masters_bytes(const struct masters *m, enum key_slot slot);
/* Same club, and both of a practice club or neither. */
bool masters_are_of(const struct masters *m, const struct safe_info *info);

/* Of a safe in a sealed file alone. Borrowed: the master's bytes, or NULL if it does not hold it. */
const uint8_t *safe_master(const struct safe *safe, enum key_slot slot, uint16_t epoch);

#endif
