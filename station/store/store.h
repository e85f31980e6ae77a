/*
 * The station's own memory, club.db: the only room that knows SQLite. This header
 * opens and closes it and frames transactions; journal.h, card.h, intent.h, ledger.h,
 * member.h and view.h each hold one subject. docs/store.md draws the tables.
 *
 * A `struct store` is one connection: use it from one thread at a time. Several
 * connections and processes may stand on one file; writers take turns.
 * Every function that changes something asserts that a transaction is open.
 * Errors any function may answer: ERR_DB_LOCKED (another program held the database longer
 * than the time given), ERR_DISK_FULL, ERR_DB_DAMAGED, ERR_IO, ERR_NOMEM, ERR_DB (a rule of the
 * schema said no, or SQLite failed otherwise); others are named where they occur.
 */
#ifndef STATION_STORE_STORE_H
#define STATION_STORE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define STORE_HASH_LEN 32
#define STORE_EVENT_LEN 8
#define STORE_PREFIX_LEN 4
#define STORE_BUSY_MS 5000
#define STORE_NUMBER_MAX UINT64_C(9999999999999999)

/* Numbers in the headers of the files, so that file(1) and we know our own: "BGCL" and "BGVW". */
#define STORE_APPLICATION_ID 0x4247434C
#define VIEW_APPLICATION_ID 0x42475657

struct store;

/* SHA-256, lent by the room that knows OpenSSL (digest_sha256 of keys/digest.h). */
typedef void (*store_sha256)(const void *data, size_t len, uint8_t out[STORE_HASH_LEN]);

struct store_options {
	store_sha256 sha256;	/* must be set */
	bool create;		/* make the file if it is not there (init); else ERR_MISSING */
	unsigned busy_ms;	/* how long to wait for another program; 0 = STORE_BUSY_MS */
};

/*
 * Open club.db at `path`, bringing an older schema up to date, one migration a
 * transaction. The file is made readable by its owner alone. Free with store_close.
 * Errors: ERR_MISSING, ERR_DB_NEWER (a newer program made it; nothing was touched),
 * ERR_DB_DAMAGED (truncated, garbage, or not a club's database).
 */
enum err store_open(const char *path, const struct store_options *opts, struct store **out,
    struct why *w);
/* Rolls back what is open. NULL-safe, nulls it. */
void store_close(struct store **s);

/* --- transactions: never nested (asserted) */

/* Takes the writer's turn at once (BEGIN IMMEDIATE), waiting up to busy_ms. */
enum err store_begin(struct store *s, struct why *w);
/* Durable on return (synchronous=FULL). On an error everything since store_begin is undone and no transaction is open. */
enum err store_commit(struct store *s, struct why *w);
/* Undo; nothing happens if no transaction is open, so that `out:` may always call it. */
void store_rollback(struct store *s);
bool store_in_transaction(const struct store *s);

/* --- settings: short texts by key */

/* Errors: ERR_NOT_FOUND (out is ""), ERR_LEN (does not fit `cap`). */
enum err store_setting_get(struct store *s, const char *key, char *out, size_t cap, struct why *w);
enum err store_setting_put(struct store *s, const char *key, const char *value, struct why *w);

/* --- the station's identity and the numbers allotted to it */

/* Numbers first..last inclusive, first >= 1. */
struct store_range {
	int64_t first;
	int64_t last;
};

/*
 * Begin an incarnation of the station: at init, and again after a restored backup. Event ids are
 * `prefix` (random) followed by a 32-bit count from 1. Errors: ERR_DUPLICATE (prefix used before).
 */
enum err store_incarnation_begin(struct store *s, const uint8_t prefix[STORE_PREFIX_LEN],
    int64_t at_ms, struct why *w);

enum store_counter { STORE_SERIALS, STORE_MEMBERS };

/* Allot a range; the next number taken is its first. Errors: ERR_RANGE (empty, below 1). */
enum err store_range_set(struct store *s, enum store_counter which, struct store_range range,
    struct why *w);
/* Take the next number. Errors: ERR_RANGE (range used up, or none allotted). */
enum err store_range_next(struct store *s, enum store_counter which, int64_t *out, struct why *w);

/* A new event id. Errors: ERR_NOT_FOUND (no incarnation), ERR_RANGE (2^32 - 1 used up). */
enum err store_event_next(struct store *s, uint8_t event[STORE_EVENT_LEN], struct why *w);

/* --- doctor */

struct store_health {
	int schema;		/* number of the newest migration applied */
	int64_t journal_rows;
	int64_t cards;
	int64_t members;
	int64_t open_intents;
	uint8_t head[STORE_HASH_LEN];	/* zeros if the journal is empty */
};

/*
 * The whole examination: SQLite's integrity check, foreign keys, journal chain, every event's
 * sum, account balances against their entries, intents against the journal. Reads
 * everything; slow on purpose. Errors: ERR_DB_DAMAGED with the sentence of what is wrong.
 */
enum err store_check(struct store *s, struct store_health *out, struct why *w);

#endif
