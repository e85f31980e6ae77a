/*
 * The masters of one generation of one club, in locked memory: made at random or out of the custodians'
 * components, imported into a safe (safe_import), then closed. One secret of 32 bytes stands behind all
 * of them, so that what custodians keep is short and yields the masters of any role:
 *   master = HKDF-SHA256(secret; salt = club id (4) ‖ test flag (1);
 *            info = "bashgah-master-1" ‖ slot (1) ‖ generation (2)), 16 or 32 bytes
 */
#ifndef KEYS_MASTERS_H
#define KEYS_MASTERS_H

#include <stdbool.h>
#include <stdint.h>

#include "keys/safe.h"
#include "station/base/err.h"

struct masters;

/*
 * A generation (from 1) out of a fresh secret. `bits` is 128 or 256. Free with masters_close.
 * Errors: ERR_ARG, ERR_RANDOM, ERR_NOMEM, ERR_CRYPTO.
 */
enum err masters_random(const uint8_t club[4], bool test, uint16_t generation, unsigned bits,
    struct masters **out, struct why *w);
/*
 * Of a practice club alone: what a generation of an open safe in a sealed file holds, to be imported at another
 * station of that club; that safe opens with public words, so nothing is given away. *slots are those it has.
 * Errors: ERR_REFUSED (a real club's), ERR_NO_KEY (a token's, or that generation is not held), ERR_NOMEM.
 */
enum err masters_of_practice(const struct safe *s, uint16_t generation, uint32_t *slots,
    struct masters **out, struct why *w);
/* Wipes. NULL-safe, nulls it. */
void masters_close(struct masters **m);

uint16_t masters_generation(const struct masters *m);
unsigned masters_bits(const struct masters *m);

/* As safe_kcv of a safe that has imported it. Errors: ERR_ARG (no such slot), ERR_NOMEM, ERR_CRYPTO. */
enum err masters_kcv(const struct masters *m, enum key_slot slot, uint8_t kcv[KCV_LEN],
    struct why *w);

#endif
