/*
 * A station's request for its certificate: a document (document.h) signed by the new key itself, which
 * proves that its maker has the key. Body (44), integers big-endian:
 *   0 public key (32) | 32 station's number (4) | 36 role wanted | 37 zero (3) | 40 made, minutes since 2000 (4)
 */
#ifndef KEYS_REQUEST_H
#define KEYS_REQUEST_H

#include "keys/document.h"
#include "keys/role.h"

#define REQUEST_CAP (20 + 44 + SIG_LEN)

struct cert_request {
	uint8_t algorithm;	/* of the key, as its certificate will say */
	uint8_t pub[PUBKEY_LEN];
	uint32_t station;
	enum role role;
	uint32_t made;		/* minutes since 2000 */
};

/* For the key and the station of `safe`. Errors: ERR_ARG (role), those of document_seal. */
enum err request_seal(const struct safe *safe, enum role role, uint32_t made, uint8_t out[REQUEST_CAP],
    struct why *w);

/* Errors: ERR_FORMAT, those of document_verify. */
enum err request_open(const uint8_t *bytes, size_t len, const uint8_t root_pub[PUBKEY_LEN], bool test,
    struct cert_request *out, struct why *w);

#endif
