/*
 * The head of a station's journal on paper: a document (document.h) signed by the station. Kept elsewhere, it
 * shows later that nothing was cut from the journal's end. Body (52), integers big-endian:
 *   0 row (8) | 8 its hash (32) | 40 prefix of the incarnation's event ids (4) | 44 made, minutes since 2000 (4)
 *   | 48 station (4)
 */
#ifndef KEYS_HEAD_H
#define KEYS_HEAD_H

#include "keys/document.h"

#define HEAD_PAPER_LEN (20 + 52 + CERT_LEN + SIG_LEN)

struct head_paper {
	uint64_t seq;
	uint8_t hash[32];
	uint8_t prefix[4];
	uint32_t made;		/* minutes since 2000 */
	uint32_t station;
	struct cert signer;	/* out only */
};

/* Errors: those of document_seal. */
enum err head_paper_seal(const struct head_paper *h, const struct safe *safe,
    const uint8_t cert[CERT_LEN], uint8_t out[HEAD_PAPER_LEN], struct why *w);

/* Errors: ERR_FORMAT (also a head of another station than its signer, or a row above INT64_MAX), those of document_verify. */
enum err head_paper_open(const uint8_t *bytes, size_t len, const uint8_t root_pub[PUBKEY_LEN],
    bool test, struct head_paper *out, struct why *w);

#endif
