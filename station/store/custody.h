/*
 * Who keeps the club's card keys: ceremonies, what came out of their shares, and drills. The journal tells it
 * whole; this is what is looked up at every card that is issued. No byte of a key: check values and hashes alone.
 */
#ifndef STATION_STORE_CUSTODY_H
#define STATION_STORE_CUSTODY_H

#include "station/store/store.h"

#define CUSTODY_SHARES_MAX 9
#define CUSTODY_SET_LEN 4
#define CUSTODY_KCV_CAP 64
#define CUSTODY_NAME_CAP 128	/* of a person, NUL included */
#define CUSTODY_PEOPLE_CAP (CUSTODY_SHARES_MAX * CUSTODY_NAME_CAP)

enum custody_act {
	CUSTODY_CEREMONY = 1,	/* shares were given out; the keys come into the store right after */
	CUSTODY_IMPORT = 2,	/* and are there */
	CUSTODY_DRILL = 3,	/* shares were typed, joined, and fitted the store */
	CUSTODY_RESTORE = 4	/* the store has its keys from shares */
};

struct store_custody {
	uint8_t event[STORE_EVENT_LEN];	/* of its journal row */
	enum custody_act act;
	uint16_t generation;
	uint8_t set[CUSTODY_SET_LEN];
	unsigned needed;
	unsigned shares;			/* hashes below; 0 where no ceremony of this station is known */
	unsigned persons;			/* different people who keep a share, or were there */
	char people[CUSTODY_PEOPLE_CAP];	/* a name a line; of a ceremony in the order of the shares */
	uint8_t hash[CUSTODY_SHARES_MAX][STORE_HASH_LEN];
	uint8_t kcv[CUSTODY_KCV_CAP];	/* 3 bytes a master, slot by slot */
	size_t kcv_len;
	int64_t at_ms;
};

/* Note an act whose journal row is there; in the caller's transaction. Errors: ERR_DB (the event is not in the journal, or has one already). */
enum err store_custody_add(struct store *s, const struct store_custody *c, struct why *w);

/* The newest of this act and generation. Errors: ERR_NOT_FOUND, without a sentence. */
enum err store_custody_last(struct store *s, enum custody_act act, uint16_t generation,
    struct store_custody *out, struct why *w);

/* All, oldest first, until the callback answers false. */
typedef bool (*custody_visit)(const struct store_custody *c, void *ctx);
enum err store_custody_walk(struct store *s, custody_visit visit, void *ctx, struct why *w);

#endif
