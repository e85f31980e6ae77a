/*
 * Signed papers that travel between the stations of a club: the club file, a request for a
 * certificate, a list. One envelope for all, integers big-endian:
 *   0 "BASHGAH" | 7 kind: 'C' club, 'Q' request, 'L' list, 'H' head of a journal | 8 version = 1 | 9 flags: bit 0 test
 *   10 signer: 1 root, 2 station, 3 the key in the first 32 bytes of the body
 *   11 the signing key's algorithm (cert.h), 0 for Ed25519
 *   12 club (4) | 16 length of the body (4) | 20 body
 *   | the signer's certificate (128), if signer is 2
 *   | signature (64) over "bashgah-paper-1" 00 and everything before it
 * Nothing may follow, so no byte is free.
 */
#ifndef KEYS_DOCUMENT_H
#define KEYS_DOCUMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/cert.h"
#include "keys/safe.h"
#include "station/base/err.h"

#define DOCUMENT_BODY_CAP 131072
#define DOCUMENT_CAP (20 + DOCUMENT_BODY_CAP + CERT_LEN + SIG_LEN)

enum document_kind { DOCUMENT_CLUB = 'C', DOCUMENT_REQUEST = 'Q', DOCUMENT_LIST = 'L', DOCUMENT_HEAD = 'H' };
enum document_signer { DOCUMENT_BY_ROOT = 1, DOCUMENT_BY_STATION = 2, DOCUMENT_BY_ITSELF = 3 };

/* A paper taken apart; `body` points into the bytes it was read from. */
struct document {
	enum document_kind kind;
	enum document_signer by;
	uint8_t algorithm;	/* of the key that signed */
	bool test;
	uint8_t club[4];
	const uint8_t *body;
	size_t body_len;
	struct cert signer;	/* if by station, once document_verify has said yes */
	const uint8_t *bytes;	/* the whole */
	size_t len;
};

/* Who signs: the root alone, or a safe with its certificate, or a safe without (itself). Borrowed. */
struct document_pen {
	const struct root *root;
	const struct safe *safe;
	const uint8_t *cert;
};

/*
 * Seal a body (1..DOCUMENT_BODY_CAP bytes; of a paper signed by itself it begins with the key's public
 * half). Club and test flag are the signer's own. `out` is allocated, the caller free()s it.
 * Errors: ERR_ARG (length; a pen that is none), ERR_NOMEM, ERR_CRYPTO, those of safe_sign.
 */
enum err document_seal(enum document_kind kind, const struct document_pen *pen, const uint8_t *body,
    size_t body_len, uint8_t **out, size_t *len, struct why *w);

/* Form alone: nothing of it is believed yet. Errors: ERR_FORMAT (each kind has its sentence). */
enum err document_read(const uint8_t *bytes, size_t len, enum document_kind kind,
    struct document *out, struct why *w);

/* Bytes of the paper that begins at `bytes`, by its own word; 0 if it is none or more than `len`. */
size_t document_length(const uint8_t *bytes, size_t len);

/*
 * Club, test flag and signature, under the root of a club (test or real as `test` says). A paper signed
 * by itself proves that its maker has the key, no more. Errors: ERR_REFUSED (another club's; practice
 * among real business or the other way round), ERR_FORMAT, ERR_SIGNATURE, ERR_CRYPTO.
 */
enum err document_verify(struct document *d, const uint8_t root_pub[PUBKEY_LEN], bool test,
    struct why *w);

#endif
