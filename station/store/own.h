/* Private to station/store: what a store is, and its closed list of statements. */
#ifndef STATION_STORE_OWN_H
#define STATION_STORE_OWN_H

#include "station/store/db.h"
#include "station/store/journal.h"
#include "station/store/store.h"

#define SQL(name, text) SQL_##name,
enum store_sql {
#include "station/store/sql.def"
	SQL_COUNT
};
#undef SQL

struct store {
	struct db db;
	store_sha256 sha256;
	bool in_transaction;
	bool awaiting;		/* a card was inserted before the journal row of its event */
	uint8_t awaited[STORE_EVENT_LEN];
};

extern const struct db_schema store_schema;

/*
 * Every change begins with this. That a transaction was begun is the caller's duty and asserted;
 * that SQLite has not undone it behind an earlier error (disk full) is looked at.
 */
enum err store_changing(const struct store *s, struct why *w);

/* Several reads that see one state. Nothing is begun inside a transaction or another snapshot. */
enum err store_snapshot_begin(struct store *s, bool *began, struct why *w);
void store_snapshot_end(struct store *s, bool began);

/* The fields as one JSON object, NUL-ended. Errors: ERR_LEN, ERR_FORMAT. */
enum err journal_body(const struct journal_field *fields, size_t count, char *out, size_t cap,
    size_t *len, struct why *w);

/* ERR_OK if the event is in the journal, ERR_NOT_FOUND (with its sentence) if not. */
enum err journal_has(struct store *s, const uint8_t event[STORE_EVENT_LEN], struct why *w);

/* The hash of a row, as journal.h lays it out. */
void journal_hash(store_sha256 sha256, const struct journal_row *row, uint8_t out[STORE_HASH_LEN]);

/* Every intent's unchanging part against its journal row. */
enum err store_intents_audit(struct store *s, struct why *w);

/* A code for a sentence: eight bytes as hex digits. */
struct event_text {
	char hex[2 * STORE_EVENT_LEN + 1];
};
struct event_text event_text(const uint8_t event[STORE_EVENT_LEN]);

/* A card number's sixteen digits, for journal rows and sentences. */
struct card_text {
	char digits[24];
};
struct card_text card_text(uint64_t number);

#endif
