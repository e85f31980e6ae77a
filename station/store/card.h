/*
 * Cards: one row a card number. One life of a piece of plastic is (UID, card
 * number); the same chip may come back under another number.
 */
#ifndef STATION_STORE_CARD_H
#define STATION_STORE_CARD_H

#include "station/store/store.h"

#define STORE_UID_CAP 10
#define STORE_RECORD_LEN 128

/* Stored: append only. Whether a card is in doubt is no state of its own, it has an open intent. */
enum store_card_state {
	STORE_CARD_ISSUING = 0,	/* numbered, not yet seen complete */
	STORE_CARD_ACTIVE = 1,
	STORE_CARD_BLOCKED = 2,
	STORE_CARD_CLOSED = 3
};

struct store_card {
	uint64_t number;
	uint8_t uid[STORE_UID_CAP];
	size_t uid_len;			/* 0: no chip */
	uint8_t chip;			/* enum chip_kind, 0: no chip */
	uint32_t member;		/* 0 = bearer */
	uint8_t application;
	uint8_t tier;
	uint16_t valid_to;		/* day since 2000, 0 = open */
	uint16_t unit;			/* of its wallet */
	uint16_t epoch;			/* key generation, 0 without chip */
	enum store_card_state state;
	bool has_record;
	uint8_t record[STORE_RECORD_LEN];	/* the last one settled */
	uint8_t record_hash[STORE_HASH_LEN];	/* filled by the store */
	uint32_t sequence;		/* of that record, 0 without; never goes back */
	int32_t value;			/* steps in the value file after it */
	bool has_token;
	uint8_t token_hash[STORE_HASH_LEN];	/* SHA-256 of the token in the card's URL */
	uint8_t created_event[STORE_EVENT_LEN];
	int64_t created_ms;
	bool in_doubt;			/* out only: an intent is open */
};

/*
 * A new card, before its intent; the journal row of created_event may follow, but must stand
 * there before the next card is inserted and at commit (ERR_NOT_FOUND then). Errors: ERR_DUPLICATE (number
 * or token used before), ERR_NOT_FOUND (no such member), ERR_RANGE (number).
 */
enum err store_card_insert(struct store *s, const struct store_card *c, struct why *w);

/*
 * Write what may change: state, tier, valid_to, epoch, record, sequence, value, token. Number, UID, chip,
 * member, application, unit and creation are looked at by nobody. Errors: ERR_NOT_FOUND, ERR_DUPLICATE (token).
 */
enum err store_card_update(struct store *s, const struct store_card *c, struct why *w);

/* Errors: ERR_NOT_FOUND. */
enum err store_card_by_number(struct store *s, uint64_t number, struct store_card *out,
    struct why *w);
/* The latest life of a chip, open lives before closed ones. Errors: ERR_NOT_FOUND. */
enum err store_card_by_uid(struct store *s, const uint8_t *uid, size_t uid_len,
    struct store_card *out, struct why *w);
/* Also finds the card by a token it had before. Errors: ERR_NOT_FOUND. */
enum err store_card_by_token(struct store *s, const uint8_t token_hash[STORE_HASH_LEN],
    struct store_card *out, struct why *w);

/* Cards with an open intent; a member's cards. Until the callback answers false; it may read the store, not begin. */
typedef bool (*card_visit)(const struct store_card *c, void *ctx);
enum err store_cards_in_doubt(struct store *s, card_visit visit, void *ctx, struct why *w);
enum err store_cards_of_member(struct store *s, uint32_t member, card_visit visit, void *ctx,
    struct why *w);

/* Note that what the customer's page shows of this card may have changed (insert, update, intents and settlements do so themselves). */
enum err store_card_touch(struct store *s, uint64_t number, struct why *w);

#endif
