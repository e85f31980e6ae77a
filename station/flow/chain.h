/*
 * Inside station/flow: what the files on stations, certificates and lists share. Everybody else
 * calls lists.h, join.h and flow.h.
 */
#ifndef STATION_FLOW_CHAIN_H
#define STATION_FLOW_CHAIN_H

#include "keys/digest.h"
#include "keys/list.h"
#include "station/flow/station.h"
#include "station/store/journal.h"

#define CHAIN_MINUTES_A_DAY 1440

/* The day of the clock as certificates count it; 0 before 2000, 65535 after their time. */
uint16_t chain_today(void);

/* One row of the journal, in the caller's transaction; `event` gets its id. */
enum err chain_journal(struct station *s, const char *kind, const struct journal_field *fields,
    size_t count, uint8_t event[STORE_EVENT_LEN], struct why *w);

/* Put a sealed list in the book with its journal row of kind `how`. In the caller's transaction. */
enum err chain_put_list(struct station *s, const struct list *l, const uint8_t *bytes, size_t len,
    const char *how, struct why *w);

/* Is this station trusted still? Errors: ERR_CERT (its certificate is revoked). */
enum err chain_check_own(const struct station *s, const struct list *revoked, struct why *w);

/* Every certificate of the club this book knows, its own included, verified; until the callback answers false. */
typedef bool (*chain_visit)(const struct cert *c, void *ctx);
enum err chain_certificates(struct station *s, chain_visit visit, void *ctx, struct why *w);

/*
 * Note a certificate under the journal row `event`, if it is not there: the book keeps all of a station that came by,
 * for one day it may have to say which are trusted no more. In the caller's transaction.
 */
enum err chain_note_certificate(struct station *s, const struct cert *c, const uint8_t bytes[CERT_LEN],
    const uint8_t event[STORE_EVENT_LEN], struct why *w);

#endif
