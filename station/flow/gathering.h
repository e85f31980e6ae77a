/*
 * Custodians come together: their shares are typed, each judged when its last line is there, and joined in locked
 * memory. A drill then compares with the store and changes nothing; a restore brings the masters of a generation
 * into it. Words are secrets: keep them in secret memory.
 */
#ifndef STATION_FLOW_GATHERING_H
#define STATION_FLOW_GATHERING_H

#include "keys/share.h"
#include "keys/words.h"
#include "station/flow/custody.h"

struct gathering;

/* For the station `s`, which is open with its keys and outlives it. Free with gathering_close. Errors: ERR_NOMEM. */
enum err gathering_begin(struct station *s, struct gathering **out, struct why *w);
/* Wipes. NULL-safe, nulls it. */
void gathering_close(struct gathering **g);

/*
 * Line `line` (0..8) of the share that is being typed. The last one has the whole share judged; a refused share
 * is forgotten, and the next line 0 begins another. Errors: those of words_take (type the line again), and with
 * the last line: those of share_read; ERR_REFUSED (practice or real, another club's, another ceremony's, typed already),
 * ERR_SIGNATURE (not the one that was given out, though its checks fit).
 */
enum err gathering_line(struct gathering *g, unsigned line, const char *typed, struct why *w);

/* Shares taken, and how many are needed; 0 before the first. */
unsigned gathering_count(const struct gathering *g);
unsigned gathering_needed(const struct gathering *g);
/* Generation of the shares, 0 before the first. */
uint16_t gathering_generation(const struct gathering *g);
/* The custodian's number of the share taken last, and the name if the book knows it, else "". */
unsigned gathering_last(const struct gathering *g, char person[CUSTODY_NAME_CAP]);

struct gathering_report {
	uint16_t generation;
	unsigned bits;
	unsigned used;				/* shares typed */
	char people[CUSTODY_PEOPLE_CAP];	/* a name a line, as far as they are known */
	uint8_t kcv[CUSTODY_SLOTS_KCV_LEN];	/* slot by slot */
	uint32_t slots;				/* of those, in the store */
};

/*
 * Join, and compare every master of that generation the store holds by its check value. Noted in the journal.
 * Errors: those of share_join; ERR_REFUSED (the store has no keys of this generation; they are others), those of safe_kcv and custody_note.
 */
enum err gathering_drill(struct gathering *g, struct gathering_report *out, struct why *w);

/*
 * Join, and import the masters of `slots` into the station's store, opened with `pass`. `older`: bring in a
 * generation although the store works with a newer one. The open station goes on without them: open it again.
 * Errors: those of share_join and safe_import; ERR_REFUSED (older than the store's).
 */
enum err gathering_restore(struct gathering *g, uint32_t slots, bool older, const char *pass, size_t pass_len,
    struct gathering_report *out, struct why *w);

#endif
