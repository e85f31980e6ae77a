/*
 * view.db: what the customer's page may know, and no more. Hash of a token to what
 * the page shows; no name, no card number, no key. The station writes it, the portal,
 * a process and user of its own, reads it. Kept in rollback-journal mode: a reader that may not
 * write could not map the index a WAL needs.
 */
#ifndef STATION_STORE_VIEW_H
#define STATION_STORE_VIEW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

#define VIEW_HASH_LEN 32
#define VIEW_TIER_CAP 16

struct view;		/* one connection: one thread at a time */
struct store;

/* What the page shows of one card. */
struct view_card {
	bool open;			/* false: answer as for an unknown token */
	char tier_id[VIEW_TIER_CAP];	/* "silver": the words are the page's */
	int64_t balance;		/* what the shop owes, in the unit's own exponent */
	uint16_t unit;			/* 364 rial, 0 points */
	uint16_t valid_to_day;		/* days since 2000, 0 = open */
	int64_t as_of_ms;
	bool test;
	bool in_doubt;			/* a write on this card has not been seen to end */
};

/* Make or open for writing; file mode 0640. Errors: as store_open. Free with view_close. */
enum err view_open_write(const char *path, struct view **out, struct why *w);

/*
 * Open for reading alone (the file need not be writable). Errors: ERR_MISSING, ERR_DB_DAMAGED (also: not
 * a view database), ERR_DB_NEWER.
 */
enum err view_open_read(const char *path, struct view **out, struct why *w);
/* NULL-safe, nulls it. */
void view_close(struct view **v);

/* Write one row in a transaction of its own. `v` from view_open_write. */
enum err view_put(struct view *v, const uint8_t hash[VIEW_HASH_LEN], const struct view_card *c,
    struct why *w);

/* Waits up to 2 s for a writer. Errors: ERR_NOT_FOUND (no why is set: it is no failure), ERR_DB_LOCKED, ERR_DB_DAMAGED. */
enum err view_lookup(struct view *v, const uint8_t hash[VIEW_HASH_LEN], struct view_card *out,
    struct why *w);

/* How to put a card's row together; club_view_source of station/club/ledger.h fills it. */
struct view_source {
	const char *(*tier_id)(uint8_t tier);
	const char *const *kinds;	/* accounts (owner: the card) whose credit is owed to the customer */
	size_t kind_count;
	bool test;
	int64_t now_ms;
};

/*
 * Carry every card noted as changed over to the view: the view is committed first, the notes are cleared
 * after, so that a crash between the two only does it again. Call outside a transaction; it makes its own.
 */
enum err store_view_flush(struct store *s, struct view *v, const struct view_source *src,
    struct why *w);

/* Note every card as changed: after a lost view.db. In the caller's transaction. */
enum err store_view_note_all(struct store *s, struct why *w);

#endif
