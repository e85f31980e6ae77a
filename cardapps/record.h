/*
 * The signed record, version 1: 64 bytes of body and 64 of signature; and the bytes
 * a card of ours carries beside it. docs/card-format.md shows every byte of an example.
 */
#ifndef CARDAPPS_RECORD_H
#define CARDAPPS_RECORD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/card_key.h"
#include "keys/cert.h"
#include "keys/safe.h"
#include "station/base/err.h"

#define RECORD_LEN 128
#define RECORD_BODY_LEN 64
#define RECORD_HASH_LEN 32	/* SHA-256 of the 128 bytes; a record carries the first 8 of its predecessor's */

enum record_application { APP_LOYALTY = 1, APP_GIFT, APP_DISCOUNT, APP_STAFF, APP_GUEST };

enum record_flag {
	RECORD_TEST = 1 << 0,
	RECORD_BLOCKED = 1 << 1,
	RECORD_CLOSED = 1 << 2,
	RECORD_VALUE_FILE = 1 << 3,	/* the chip's value file holds the balance */
	RECORD_MORE_LOTS = 1 << 4
};

/* What wrote the record; also the number of the right a signer's certificate must carry. */
enum record_operation {
	OP_ISSUE = 1, OP_LOAD, OP_SPEND, OP_EARN, OP_ATTRIBUTES, OP_BLOCK, OP_RESIGN, OP_EXPIRE,
	OP_REVERSE, OP_KEY_ROLL, OP_LAST = OP_KEY_ROLL
};

#define UNIT_POINTS 0
#define UNIT_VISITS 1
#define UNIT_IRR 364	/* ISO 4217 numeric */

/* The body, field by field. Days and minutes count from 2000-01-01T00:00Z. */
struct record {
	uint8_t application;
	uint8_t tier;
	uint8_t flags;
	uint32_t sequence;		/* from 1 */
	uint64_t card_number;		/* 16 decimal digits as an integer */
	uint32_t member;		/* 0 = bearer */
	uint8_t club[4];
	int64_t balance;		/* units of the unit's own exponent */
	uint16_t unit;
	uint16_t lot_day;
	uint32_t lot_amount;
	uint16_t valid_to;		/* 0 = open */
	uint16_t last_action;
	uint8_t operation;		/* enum record_operation */
	uint8_t programme;
	uint16_t key_epoch;
	uint8_t signer[4];
	uint32_t written_at;
	uint8_t prev[8];		/* zeros for sequence 1 */
};

/*
 * Encode, and sign with the station's key over "bashgah-card-1" 00 len(UID) UID body. `uid` has
 * 4, 7 or 10 bytes, or 0 for a card without a chip. Signer, club and test flag must be the safe's
 * own: it signs for nobody else. Errors: ERR_ARG (a field out of its range, by name), ERR_CRYPTO.
 */
enum err record_seal(const struct record *r, const uint8_t *uid, size_t uid_len,
    const struct safe *safe, uint8_t out[RECORD_LEN], struct why *w);

/* Take the fields apart; every reserved or unknown value is refused. Does not look at the signature. Errors: ERR_RECORD. */
enum err record_parse(const uint8_t bytes[RECORD_LEN], struct record *out, struct why *w);

/* The record's own bytes as stored. */
void record_encode_body(const struct record *r, uint8_t body[RECORD_BODY_LEN]);

/*
 * Everything a record must prove by itself, in this order: form, club, signer's certificate under
 * the club's root, test flag, that the certificate is the signer's and covers day of writing and
 * operation, signature over this UID. After an error `out` and `signer` prove nothing.
 * Errors: ERR_RECORD, ERR_CARD_FOREIGN (another club), ERR_FORMAT (not a certificate),
 * ERR_SIGNATURE, ERR_CERT, ERR_CRYPTO.
 */
enum err record_verify(const uint8_t bytes[RECORD_LEN], const uint8_t *uid, size_t uid_len,
    const uint8_t cert[CERT_LEN], const uint8_t root_pub[PUBKEY_LEN], struct record *out,
    struct cert *signer, struct why *w);

void record_hash(const uint8_t bytes[RECORD_LEN], uint8_t hash[RECORD_HASH_LEN]);

/* One line of the card's log file. */
#define LOG_LINE_LEN 32
struct log_line {
	uint8_t event[8];
	uint32_t station;
	uint32_t minutes;
	int32_t delta;		/* steps of the value file */
	int32_t after;
	uint8_t record[8];	/* first bytes of the hash of the record in force after it */
};
void log_line_encode(const struct log_line *l, uint8_t out[LOG_LINE_LEN]);
void log_line_parse(const uint8_t bytes[LOG_LINE_LEN], struct log_line *out);

#endif
