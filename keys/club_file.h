/*
 * The club file: all that a new station must know of a club it joins, nothing secret. A document
 * (document.h) signed by a station of the club, whose certificate leads to the root inside: whoever joins
 * believes this root for good, so the words of its fingerprint are compared with the first station's. Body,
 * integers big-endian:
 *   0 root's public key (32) | 32 made, minutes since 2000 (4) | 36 first free station number (4)
 *   40 prefix of card numbers | 41 application (3) | 44 step of the value file (4)
 *   48 least load (8) | 56 most of one load (8) | 64 most on a card (8)
 *   72 name, host and zone, each: length (1) and UTF-8 without NUL
 *   | the revocations and the hot list, each: length (4), 0 if there is none, and the document
 */
#ifndef KEYS_CLUB_FILE_H
#define KEYS_CLUB_FILE_H

#include "keys/document.h"

#define CLUB_TEXT_CAP 128	/* bytes with NUL */

struct club_file {
	bool test;
	uint8_t root_pub[PUBKEY_LEN];
	uint32_t made;
	uint32_t station_free;
	unsigned number_prefix;
	uint8_t aid[3];
	int32_t step;
	int64_t load_min, load_max, balance_max;
	char name[CLUB_TEXT_CAP], host[CLUB_TEXT_CAP], zone[CLUB_TEXT_CAP];
	const uint8_t *revoked, *hot;	/* documents, borrowed; NULL: none */
	size_t revoked_len, hot_len;
	struct cert signer;		/* out only */
};

/* Errors: ERR_LEN (a text, or the lists), those of document_seal. free() *out. */
enum err club_file_seal(const struct club_file *f, const struct document_pen *pen, uint8_t **out,
    size_t *len, struct why *w);

/*
 * Take apart and verify under the root inside. The documents of the lists are borrowed from `bytes` and not
 * yet believed. Errors: ERR_FORMAT, those of document_verify.
 */
enum err club_file_open(const uint8_t *bytes, size_t len, struct club_file *out, struct why *w);

#endif
