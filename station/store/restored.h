/*
 * A station that was lost and came back from a backup: the copy that goes into one, the incarnations that are
 * closed, and the cards that knew more than the restored book.
 */
#ifndef STATION_STORE_RESTORED_H
#define STATION_STORE_RESTORED_H

#include "station/store/journal.h"

/*
 * A copy of the whole database as it is at one moment, while other programs go on writing. `path` must not
 * exist; it is made readable by its owner alone and is one file. Errors: ERR_DUPLICATE.
 */
enum err store_copy(struct store *s, const char *path, struct why *w);

/* The prefix of the incarnation at work; zeros before the first. */
enum err store_incarnation_prefix(struct store *s, uint8_t prefix[STORE_PREFIX_LEN], struct why *w);

/* The end of an incarnation that will write no more. */
struct store_closed {
	uint8_t prefix[STORE_PREFIX_LEN];
	int64_t last_seq;			/* of its rows here: the backup's head */
	uint8_t last_hash[STORE_HASH_LEN];
	int64_t known_seq;			/* its last head known elsewhere; 0: none later than the backup's */
	uint8_t known_hash[STORE_HASH_LEN];
	int64_t at_ms;
};

/* Close an incarnation under the journal row `event`. Errors: ERR_DUPLICATE (closed before). */
enum err store_incarnation_close(struct store *s, const struct store_closed *c,
    const uint8_t event[STORE_EVENT_LEN], struct why *w);
/* Errors: ERR_NOT_FOUND (not closed, or never there), with nothing in w. */
enum err store_closed_get(struct store *s, const uint8_t prefix[STORE_PREFIX_LEN],
    struct store_closed *out, struct why *w);
/* Has this book been restored from a backup? */
enum err store_was_restored(struct store *s, bool *out, struct why *w);

/* The hash of a row of the journal. Errors: ERR_NOT_FOUND (no such row), with nothing in w. */
enum err store_journal_hash_at(struct store *s, int64_t seq, uint8_t hash[STORE_HASH_LEN],
    struct why *w);

/* --- adopted cards */

struct store_adoption {
	uint8_t event[STORE_EVENT_LEN];
	uint64_t card;
	bool known;			/* the book knew the card, only less of it */
	uint32_t from_sequence;		/* what the book knew; 0 if not known */
	uint32_t sequence;
	int64_t amount;			/* by how much the card held more (or less, below 0) */
	uint16_t unit;
	int64_t at_ms;
};

/* Its journal row and its card stand there. Errors: ERR_DUPLICATE. */
enum err store_adoption_add(struct store *s, const struct store_adoption *a, struct why *w);

/* Those not yet looked at, oldest first, until the callback answers false; of one card, or of all (0). */
typedef bool (*adoption_visit)(const struct store_adoption *a, void *ctx);
enum err store_adoptions_open(struct store *s, uint64_t card, adoption_visit visit, void *ctx,
    struct why *w);
/* Somebody has looked at all of this card's (0: at all), under the journal row `by`. *n is how many were open. */
enum err store_adoptions_review(struct store *s, uint64_t card, const uint8_t by[STORE_EVENT_LEN],
    int64_t *n, struct why *w);

#endif
