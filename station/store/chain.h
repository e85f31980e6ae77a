/*
 * What the book knows of the club's chain of trust: certificates of its stations, and the newest of each
 * list. Bytes as they were signed; that they verify was looked at by whoever puts them here.
 */
#ifndef STATION_STORE_CHAIN_H
#define STATION_STORE_CHAIN_H

#include "station/store/intent.h"

#define STORE_SIGNER_LEN 4

struct store_certificate {
	uint32_t serial;
	uint32_t station;
	uint8_t signer[STORE_SIGNER_LEN];
	uint32_t first, count;		/* numbers allotted; 0, 0: none */
	uint8_t bytes[STORE_CERT_LEN];
};

/*
 * Note a certificate under the journal row `event`, which stands there. Numbers of another key are never
 * allotted again. Errors: ERR_DUPLICATE (the serial, or some of its numbers, are taken), ERR_NOT_FOUND (the event).
 */
enum err store_certificate_put(struct store *s, const struct store_certificate *c,
    const uint8_t event[STORE_EVENT_LEN], struct why *w);

/* The bytes of certificates, until the callback answers false: all by serial; or of a signer, newest first. */
typedef bool (*certificate_visit)(const uint8_t bytes[STORE_CERT_LEN], void *ctx);
enum err store_certificates(struct store *s, certificate_visit visit, void *ctx, struct why *w);
enum err store_certificates_of(struct store *s, const uint8_t signer[STORE_SIGNER_LEN],
    certificate_visit visit, void *ctx, struct why *w);

/* The newest list of a kind (1 revocations, 2 hot cards). */
struct store_list {
	uint32_t number;
	uint32_t dated;			/* minutes since 2000 */
	uint8_t hash[STORE_HASH_LEN];	/* filled by the store */
	const uint8_t *bytes;		/* of store_list_get: allocated, store_list_free */
	size_t len;
};

/* Errors: ERR_NOT_FOUND (none yet; `out` is empty). */
enum err store_list_get(struct store *s, int kind, struct store_list *out, struct why *w);
void store_list_free(struct store_list *l);

/*
 * Put a list in the place of the one held, under the journal row `event`. Errors: ERR_REFUSED (the one
 * held has that number or a higher one), ERR_NOT_FOUND (the event).
 */
enum err store_list_put(struct store *s, int kind, const struct store_list *l,
    const uint8_t event[STORE_EVENT_LEN], struct why *w);

/*
 * Did this journal, up to its row `seq` of hash `hash`, intend this record of this card? ERR_OK;
 * ERR_NOT_FOUND, also if that row is not in this journal.
 */
enum err store_record_written(struct store *s, uint64_t card, const uint8_t record[STORE_RECORD_LEN],
    int64_t seq, const uint8_t hash[STORE_HASH_LEN], struct why *w);

#endif
