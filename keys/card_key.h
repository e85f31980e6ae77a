/*
 * Keys on chips: derived from a master by AN10922, never stored. A reference says
 * which key; a handle holds it, in locked memory of this folder.
 */
#ifndef KEYS_CARD_KEY_H
#define KEYS_CARD_KEY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/safe.h"
#include "station/base/err.h"

#define CARD_UID_CAP 10

/* The kinds of key a card may hold at one place of its life. The values go into intents: append only. */
enum key_origin {
	KEY_FACTORY_DES = 0,	/* 8 or 16 zero bytes, DES/2TDEA: a new PICC master key */
	KEY_FACTORY_AES = 1,	/* 16 zero bytes, AES: a new application's keys */
	KEY_DERIVED = 2,	/* from master `slot`, generation `epoch` */
	KEY_TRANSPORT = 3	/* the supplier's, by id; not used yet */
};

/* Enough to derive a key again, and safe to store: it holds no key bytes. */
struct key_ref {
	enum key_origin origin;
	enum key_slot slot;		/* DERIVED only */
	uint16_t epoch;			/* DERIVED only, from 1 */
	uint8_t chip_class;		/* enum chip_class of cardapps/chip/chip.h: 1 DESFire ... */
	uint8_t key_no;
	uint8_t aid[3];			/* as printed, most significant byte first; 000000 PICC */
	uint8_t uid[CARD_UID_CAP];
	size_t uid_len;			/* 4, 7 or 10 */
};

struct card_key;	/* one derived or factory key, in locked memory */

/*
 * Derive, or make the factory's key (then `safe` may be NULL). Diversification
 * input: class(1) key no(1) AID(3) epoch(2) club(4) len(UID)(1) UID, big-endian,
 * under AN10922 AES-128 (always padded to 32 bytes). Free with card_key_close.
 * Errors: ERR_NO_KEY (not in this safe, or an epoch it does not hold), ERR_ARG,
 * ERR_NOMEM, ERR_CRYPTO; of a safe in a token also ERR_MISSING, ERR_PASSPHRASE, ERR_SAFE.
 */
enum err card_key_open(const struct safe *safe, const struct key_ref *ref, struct card_key **out,
    struct why *w);
void card_key_close(struct card_key **key);

/* For references in intents: first bytes of CMAC over a zero block; zeros for DES. */
void card_key_kcv(const struct card_key *key, uint8_t kcv[KCV_LEN]);

/* The version byte a key of this reference carries on the chip: 1 + epoch mod 253, or 0 for factory. */
uint8_t key_ref_version(const struct key_ref *ref);

/* AN10922 AES-128 over an input of 1..31 bytes. Errors: ERR_LEN, ERR_NOMEM, ERR_CRYPTO. */
enum err an10922_aes128(const uint8_t master[16], const uint8_t *input, size_t len,
    uint8_t out[16], struct why *w);

#endif
