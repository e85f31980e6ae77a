/*
 * The journal: what happened at this station, append-only, each row bound to the one
 * before by its hash. Bodies carry ids and bytes, never a name or a phone.
 *
 * hash = SHA-256("bashgah-journal-1" 00 || previous hash (32, zeros for the first) ||
 *   seq (8) || event id (8) || at, ms since 1970 (8) || len(kind) (1) || kind ||
 *   len(body) (4) || body), integers big-endian.
 */
#ifndef STATION_STORE_JOURNAL_H
#define STATION_STORE_JOURNAL_H

#include "station/store/store.h"

#define JOURNAL_KIND_CAP 32	/* bytes with NUL: "load.intend" */
#define JOURNAL_BODY_CAP 8192

enum journal_type { JOURNAL_STR, JOURNAL_INT, JOURNAL_HEX, JOURNAL_BOOL };

/* One member of the body's JSON object. Names and values are borrowed for the call. */
struct journal_field {
	const char *name;	/* lower-case ASCII words: "card_number" */
	enum journal_type type;
	int64_t num;		/* INT, BOOL */
	const void *bytes;	/* STR: valid UTF-8; HEX: any; NULL writes null */
	size_t len;
};

#define JOURNAL_FIELD_STR(name, s)      ((struct journal_field){(name), JOURNAL_STR, 0, (s), strlen(s)})
#define JOURNAL_FIELD_INT(name, n)      ((struct journal_field){(name), JOURNAL_INT, (n), NULL, 0})
#define JOURNAL_FIELD_BOOL(name, b)     ((struct journal_field){(name), JOURNAL_BOOL, (b), NULL, 0})
#define JOURNAL_FIELD_HEX(name, p, len) ((struct journal_field){(name), JOURNAL_HEX, 0, (p), (len)})

/* A row as it goes in. */
struct journal_entry {
	uint8_t event[STORE_EVENT_LEN];	/* from store_event_next */
	const char *kind;		/* "issue.settle"; below JOURNAL_KIND_CAP */
	int64_t at_ms;
	const struct journal_field *fields;
	size_t field_count;
};

/* A row as it comes out; text is borrowed until the callback returns. */
struct journal_row {
	int64_t seq;			/* 1, 2, 3 ... without a gap */
	uint8_t event[STORE_EVENT_LEN];
	const char *kind;
	int64_t at_ms;
	const char *body;		/* a JSON object, fields in the order written, no spaces */
	uint8_t prev[STORE_HASH_LEN];
	uint8_t hash[STORE_HASH_LEN];
};

/* Append. Errors: ERR_DUPLICATE (the event id is there), ERR_LEN (body or kind too long), ERR_FORMAT (text not UTF-8). */
enum err store_journal_append(struct store *s, const struct journal_entry *e, struct why *w);

/* The last row's seq (0: empty) and hash (zeros: empty). */
enum err store_journal_head(struct store *s, int64_t *seq, uint8_t hash[STORE_HASH_LEN],
    struct why *w);

/* Rows from `from_seq` on, oldest first, until the callback answers false. It may read the store, not begin. */
typedef bool (*journal_visit)(const struct journal_row *row, void *ctx);
enum err store_journal_walk(struct store *s, int64_t from_seq, journal_visit visit, void *ctx,
    struct why *w);

/*
 * Walk the whole chain: no gap, every hash right, the last row the one noted as head.
 * Rows cut from the end together with that note are found only by a head kept
 * elsewhere. Errors: ERR_DB_DAMAGED with the first bad row's number.
 */
enum err store_journal_verify(struct store *s, struct why *w);

#endif
