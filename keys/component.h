/*
 * A component: 32 bytes that one custodian brings along on paper, made elsewhere, with its check value. Two of them,
 * exclusive-ored, are the secret behind a generation of masters; one alone says nothing of it.
 * Check value: the first 3 bytes of AES-256-CMAC over a zero block, as masters have it.
 */
#ifndef KEYS_COMPONENT_H
#define KEYS_COMPONENT_H

#include "keys/masters.h"

#define COMPONENT_LEN 32

/* A secret: keep it in secret memory, wipe it. */
struct component {
	uint8_t bytes[COMPONENT_LEN];
};

/*
 * 64 hex digits, either case, blanks and dashes anywhere. Errors: ERR_FORMAT (not that; all digits the same,
 * which nobody draws).
 */
enum err component_read(const char *typed, struct component *out, struct why *w);

/* Errors: ERR_NOMEM, ERR_CRYPTO. */
enum err component_kcv(const struct component *c, uint8_t kcv[KCV_LEN], struct why *w);

/* The masters of both. Errors: ERR_REFUSED (they are the same), those of masters_random. */
enum err masters_from_components(const uint8_t club[4], bool test, uint16_t generation, unsigned bits,
    const struct component *a, const struct component *b, struct masters **out, struct why *w);

#endif
