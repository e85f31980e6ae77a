/*
 * The club's lists at this station: stations trusted no more, cards to refuse. docs/stations.md says how they
 * travel. One station of a club keeps the hot list: the one that init made, until `lists keep` is said elsewhere.
 * It dates its own list anew once a day, as a journaled act, so that a shop of one station never stops itself.
 */
#ifndef STATION_FLOW_LISTS_H
#define STATION_FLOW_LISTS_H

#include "keys/list.h"
#include "station/flow/station.h"

#define LISTS_HORIZON_DAYS 7	/* without the setting "list.horizon_days" */

/* Both lists as held; number 0: there is none yet. Free with lists_free. */
struct lists {
	struct list revoked;
	struct list hot;
};

/* Read and verify what the book holds. Errors: those of the store and of list_open. */
enum err lists_read(struct station *s, struct lists *out, struct why *w);
void lists_free(struct lists *l);

/* Does this station keep the hot list? */
enum err lists_is_keeper(struct station *s, bool *out, struct why *w);
/* From now on it does. Errors: ERR_CERT (its certificate does not allow to block cards), the store's. */
enum err lists_keep(struct station *s, struct why *w);

/*
 * May value be given on the word of these lists? Reads alone. Errors: ERR_REFUSED (no list, older than the horizon,
 * or dated beyond tomorrow: the sentence says what to do); the keeper's own are never too old.
 */
enum err lists_fresh(struct station *s, struct why *w);
/* The keeper's list, if there is none yet or it is a day old, is dated anew. In the caller's transaction. */
enum err lists_renew_due(struct station *s, struct why *w);

/* The keeper's: the next hot list, dated now. Errors: ERR_REFUSED (not the keeper), those of the store and the safe. */
enum err lists_renew(struct station *s, struct why *w);
enum err lists_hot_add(struct station *s, uint64_t card, uint8_t reason, struct why *w);
enum err lists_hot_remove(struct station *s, uint64_t card, struct why *w);

/* Is this station itself trusted still? Errors: ERR_CERT. */
enum err lists_check_station(struct station *s, struct why *w);
/* Errors: ERR_REFUSED (the card is on the hot list). */
enum err lists_check_card(struct station *s, uint64_t card, struct why *w);

/* The head of a journal; seq 0: nothing of it is trusted. */
struct journal_head {
	int64_t seq;
	uint8_t hash[STORE_HASH_LEN];
	struct cert signer;		/* who signed it on paper, verified; serial 0: not on paper */
};

/*
 * Trust a station no more: all its certificates this book or the head's paper knows, from the head on; of this station's own number
 * those before the one in service. Signed by the root; the hot list, where kept here, is dated anew to speak for it. *number is the list's. Errors: ERR_NOT_FOUND (no
 * such station), ERR_DUPLICATE (revoked already), ERR_REFUSED (another club's root), those of list_seal.
 */
enum err lists_revoke(struct station *s, const struct root *root, uint32_t station, uint8_t reason,
    const struct journal_head *head, uint32_t *number, struct why *w);

/*
 * Both lists into one file, one paper behind the other, as lists_import takes them. Errors: ERR_NOT_FOUND (no list
 * yet), those of files.
 */
enum err lists_export(struct station *s, const char *path, struct why *w);

/* What an import has changed. */
struct lists_taken {
	bool revoked, hot;		/* a newer one was taken */
	uint32_t revoked_number, hot_number;
};

/*
 * Take newer lists; one that is held already, byte for byte, is fine. All or nothing. Errors: ERR_REFUSED (older or
 * another of the same number; dated beyond tomorrow; signed by a station that is revoked; the revocations it
 * speaks of are missing), ERR_CERT (signed by a station whose time is over), those of list_open and of files.
 */
enum err lists_import(struct station *s, const char *path, struct lists_taken *out, struct why *w);
/* The same from memory, in the caller's transaction. */
enum err lists_take(struct station *s, const uint8_t *bytes, size_t len, struct lists_taken *out,
    struct why *w);

#endif
