/*
 * Pre-printed cards: lots for a print house, and the dead cards in them. A card of stock has a number and
 * an address, no row in `card` and no page; it becomes a card when it is bound.
 */
#ifndef STATION_STORE_STOCK_H
#define STATION_STORE_STOCK_H

#include "station/store/intent.h"
#include "station/store/store.h"

#define STORE_STOCK_SALT_LEN 16
#define STORE_STOCK_DESIGN_CAP 128
#define STORE_STOCK_PIN_TRIES 5	/* wrong ones, then the card is worth nothing but a look by the manager */

/* Stored: append only. Only ever forward. */
enum store_stock_lot_state {
	STORE_STOCK_LOT_RESERVED = 0,		/* numbers taken, files being made */
	STORE_STOCK_LOT_REGISTERED = 1,	/* its cards are in the book, its files complete under a name for nobody */
	STORE_STOCK_LOT_DELIVERED = 2,	/* the files have their name */
	STORE_STOCK_LOT_VOID = 3		/* closed: what is not bound never will be */
};
#define STORE_STOCK_LOT_STATES 4

struct store_stock_lot {
	uint32_t number;		/* 1, 2, 3 ... */
	enum store_stock_lot_state state;
	uint32_t count;
	uint64_t first, last;		/* card numbers; not all between them are in the lot */
	char design[STORE_STOCK_DESIGN_CAP];
	char lang[8];
	uint8_t application;
	uint8_t tier;
	bool pins;
	uint8_t manifest[STORE_HASH_LEN];	/* SHA-256 of the manifest, from REGISTERED on */
	int64_t at_ms;
	uint32_t bound;			/* out only */
};

struct store_stock {
	uint64_t number;
	uint32_t lot;
	uint8_t token[STORE_HASH_LEN];	/* hash of the token in the URL */
	char url[STORE_URL_CAP];	/* for the chip and for printing again; wipe it */
	bool has_pin;
	uint8_t salt[STORE_STOCK_SALT_LEN];
	uint8_t pin[STORE_HASH_LEN];	/* its slow hash */
	uint32_t tries;			/* wrong ones so far */
	bool bound;
};

/* Take the next lot number for `lot`, RESERVED, journaled as stock.reserve. In the caller's transaction. */
enum err store_stock_lot_reserve(struct store *s, struct store_stock_lot *lot, struct why *w);
/* A card of a lot that is being registered. Errors: ERR_DUPLICATE (number or token used before). */
enum err store_stock_add(struct store *s, const struct store_stock *c, struct why *w);
/*
 * One step forward, journaled as stock.export (with the manifest's hash), stock.deliver or stock.void.
 * `manifest` is for REGISTERED alone. Errors: ERR_NOT_FOUND, ERR_REFUSED (it stands there or further on).
 */
enum err store_stock_lot_move(struct store *s, uint32_t number, enum store_stock_lot_state to,
    const uint8_t *manifest, int64_t at_ms, struct why *w);

/* Errors: ERR_NOT_FOUND. */
enum err store_stock_lot_get(struct store *s, uint32_t number, struct store_stock_lot *out, struct why *w);
typedef bool (*lot_visit)(const struct store_stock_lot *lot, void *ctx);
/* In the order of numbers, until the callback answers false. */
enum err store_stock_lots(struct store *s, lot_visit visit, void *ctx, struct why *w);

/* Errors: ERR_NOT_FOUND (no card of stock). */
enum err store_stock_by_number(struct store *s, uint64_t number, struct store_stock *out, struct why *w);
enum err store_stock_by_token(struct store *s, const uint8_t token[STORE_HASH_LEN],
    struct store_stock *out, struct why *w);

/* The card is somebody's now; in the transaction that makes it one. Errors: ERR_REFUSED (it is already, its lot is closed), ERR_NOT_FOUND. */
enum err store_stock_bind(struct store *s, uint64_t number, struct why *w);
/* One wrong PIN more, journaled as stock.pin. In the caller's transaction. Errors: ERR_REFUSED (no try is left), ERR_NOT_FOUND. */
enum err store_stock_wrong_pin(struct store *s, uint64_t number, int64_t at_ms, struct why *w);

/* "reserved", "registered", …: for logs and --json. */
const char *store_stock_lot_state_name(enum store_stock_lot_state st);

#endif
