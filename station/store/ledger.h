/*
 * Double entry: accounts, lots and append-only entries. A debit is positive, a credit negative, and
 * what one event posts sums to zero in every unit or is refused. The meaning of
 * accounts is station/club's.
 */
#ifndef STATION_STORE_LEDGER_H
#define STATION_STORE_LEDGER_H

#include "station/store/store.h"

#define LEDGER_KIND_CAP 32
#define LEDGER_ENTRIES_CAP 32	/* of one event */

/* An account is named by what it is; it comes into being with its first entry. */
struct ledger_account {
	const char *kind;	/* lower-case ASCII, below LEDGER_KIND_CAP */
	int64_t owner;		/* a card number, member id, or 0 */
	uint16_t unit;
};

struct ledger_entry {
	struct ledger_account account;
	int64_t amount;		/* not 0; debit > 0, credit < 0 */
	int64_t lot;		/* 0: none */
};

/*
 * Post all entries of one event, which must stand in the journal and have none yet. `reverses` is the
 * event undone by this one, or NULL. Errors: ERR_REFUSED (does not sum to zero), ERR_RANGE (an amount 0
 * or so large that a sum overflows), ERR_DUPLICATE (the event has entries), ERR_NOT_FOUND (no such event).
 */
enum err store_post(struct store *s, const uint8_t event[STORE_EVENT_LEN],
    const uint8_t *reverses, const struct ledger_entry *entries, size_t count, struct why *w);

/* Sum of an account's entries; 0 if it does not exist. */
enum err store_balance(struct store *s, const struct ledger_account *a, int64_t *out,
    struct why *w);
/* Sum over all accounts of a kind and unit. Errors: ERR_RANGE (overflow). */
enum err store_balance_of_kind(struct store *s, const char *kind, uint16_t unit, int64_t *out,
    struct why *w);

/* Points granted together. Days since 2000; 0 = at once, never. */
struct ledger_lot {
	int64_t id;			/* out */
	struct ledger_account account;
	uint8_t origin[STORE_EVENT_LEN];
	uint16_t available_from;
	uint16_t expires_on;
};
/* Errors: ERR_NOT_FOUND (the event). */
enum err store_lot_open(struct store *s, struct ledger_lot *lot, struct why *w);

/*
 * Every event sums to zero per unit, every account equals its entries; what intents and adoptions posted is the amount
 * they name, on accounts of their card or of nobody, and each closed intent's end is in the journal.
 * Errors: ERR_DB_DAMAGED, naming the first that is not so.
 */
enum err store_ledger_audit(struct store *s, struct why *w);

#endif
