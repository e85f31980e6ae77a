/*
 * The ceremony that makes a generation of card keys: in locked memory, shared among custodians, each of whom
 * proves a copy, and only then in the store. Whoever shows and asks (station/cli) calls, in this order:
 * begin, component (twice, if so planned), make, line and prove for each share, finish; close at any time,
 * and until finish nothing has happened. Words are secrets: keep them in secret memory, show them to one custodian.
 */
#ifndef STATION_FLOW_CEREMONY_H
#define STATION_FLOW_CEREMONY_H

#include "keys/share.h"
#include "keys/words.h"
#include "station/flow/custody.h"

#define ALONE_SHARES 3		/* one stays, one goes home, one goes elsewhere */
#define CEREMONY_COMPONENTS 2

struct ceremony_plan {
	const char *custodian[SHARES_MAX];	/* names as typed */
	size_t count;
	unsigned needed;	/* 0: more than half of the shares, at least two */
	unsigned bits;		/* of a master: 128 or 256 */
	bool alone;		/* one person keeps all shares, ALONE_SHARES */
	bool next;		/* the generation after the one that is held */
	bool components;	/* out of two custodians' components, not drawn here */
};

struct ceremony;

/*
 * Check names, numbers and that the generation is the one to be made. The station is open with its keys.
 * Free with ceremony_close. Errors: ERR_ARG (numbers), ERR_REFUSED (keys are there; none are; a name twice;
 * one person without `alone`), those of text_clean_name, ERR_NOMEM.
 */
enum err ceremony_begin(struct station *s, const struct ceremony_plan *p, struct ceremony **out,
    struct why *w);
/* Wipes. NULL-safe, nulls it. */
void ceremony_close(struct ceremony **c);

uint16_t ceremony_generation(const struct ceremony *c);
unsigned ceremony_shares(const struct ceremony *c);
unsigned ceremony_needed(const struct ceremony *c);
/* Who keeps share `index` (from 1). */
void ceremony_person(const struct ceremony *c, unsigned index, char out[CUSTODY_NAME_CAP]);

/*
 * Take component `which` (0 or 1), 64 hex digits, blanks between them allowed; `kcv` gets its check value, which
 * its custodian has on paper. Again for the same `which` replaces it. Errors: ERR_FORMAT.
 */
enum err ceremony_component(struct ceremony *c, unsigned which, const char *typed, uint8_t kcv[KCV_LEN],
    struct why *w);

/* Make masters and shares. Errors: ERR_REFUSED (a component is missing, or both are the same), ERR_RANDOM, ERR_NOMEM, ERR_CRYPTO. */
enum err ceremony_make(struct ceremony *c, struct why *w);
/* After ceremony_make: the check value of a master. */
void ceremony_kcv(const struct ceremony *c, enum key_slot slot, uint8_t kcv[KCV_LEN]);

/* Line `line` (0..8) of share `index` (from 1). */
void ceremony_line(const struct ceremony *c, unsigned index, unsigned line, enum words_lang lang,
    char out[WORDS_LINE_CAP]);
/* The last words of all lines, as typed back from the paper. Errors: those of words_prove. */
enum err ceremony_prove(struct ceremony *c, unsigned index, const char *typed, struct why *w);
/* The share as a document on paper would have it. Borrowed, a secret. */
const struct share *ceremony_share(const struct ceremony *c, unsigned index);

/*
 * All copies proven: note the ceremony, then bring the masters into the station's store. `pass` has opened it.
 * `place`: where the lone keeper's share outside lies, else NULL. The open station goes on without the new
 * keys: open it again. Killed between the two steps the store has no keys, the shares are good (gathering.h restores from
 * them), and a new ceremony may be held. Errors: ERR_REFUSED (not proven; no place), those of custody_note and safe_import.
 */
enum err ceremony_finish(struct station *s, struct ceremony *c, const char *place, const char *pass,
    size_t pass_len, struct why *w);

#endif
