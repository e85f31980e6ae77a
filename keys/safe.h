/*
 * The safe of a station: the master keys its role needs and the station's own signing key, in one
 * sealed file or in a PKCS#11 token. Opened with a passphrase, or the token's PIN, it is a handle;
 * users of the handle cannot tell which of the two it is. Bytes of a file's keys never leave this
 * folder, those of a token's keys never leave the token. The root is a file of its own (cert.h).
 *
 * Sealed file: authenticated header (magic, version, test or real, club, station, scrypt
 * parameters, salt, nonce) and the contents under AES-256-GCM; the key comes from the
 * passphrase by scrypt. Whole and synced before it has its name; mode 0600.
 *
 * Token: the file at the safe's path has the same facts in clear, the token's URI and the
 * station's public key, signed by the station, and no secret (safe_token.c). In the token, never
 * extractable, for signing alone: a master is an AES-128 key named "bashgah CLUB key SLOT
 * generation N" and used by CKM_AES_CMAC, the station's Ed25519 key pair is named "bashgah CLUB
 * station N" and used by CKM_EDDSA (CLUB in hex, the rest decimal).
 */
#ifndef KEYS_SAFE_H
#define KEYS_SAFE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

/* What a master is for; no master serves two slots. The value goes into files: append only. */
enum key_slot {
	KEY_PICC = 0,		/* the card itself */
	KEY_ADMIN = 1,		/* application key 0 */
	KEY_READ = 2,		/* application key 1 */
	KEY_DEBIT = 3,		/* application key 2 */
	KEY_WRITE = 4,		/* application key 3 */
	KEY_CHANGE = 5,		/* application key 4 */
	KEY_NDEF = 6,		/* NDEF application key 0 */
	KEY_SDM_META = 7,	/* NTAG 424: hides the UID in a tap's link */
	KEY_SDM_FILE = 8,	/* NTAG 424: proves a tap's link */
	KEY_SLOT_COUNT
};

/* For commands and JSON, in every language: "picc", "admin", "read" ...; NULL for no slot. */
const char *key_slot_name(enum key_slot slot);

#define KCV_LEN 3
#define SAFE_MASTER_LEN 16

struct safe;

/* What is known before the passphrase is. */
struct safe_info {
	bool test;		/* practice club: sealed with SAFE_PRACTICE_PASSPHRASE */
	uint8_t club[4];
	uint32_t station;
	uint16_t epoch;		/* newest generation of card keys inside, from 1 */
};

/*
 * A practice club's safe opens with these words, so that the first minutes need no
 * question. They are public; practice clubs have a root of their own and every
 * record of theirs carries the test flag.
 */
#define SAFE_PRACTICE_PASSPHRASE "practice"

/*
 * Make a new safe at `path` (must not exist) with fresh masters for all slots in
 * `slots` (bit 1 << slot), generation 1, and a fresh Ed25519 signing key, and open
 * it. `pass` is borrowed, not kept. The practice passphrase gets a light scrypt (it
 * is public), any other about half a second and 128 MiB. A real safe refuses the
 * practice passphrase and fewer than 8 bytes. `info->epoch` is not read.
 * Errors: ERR_DUPLICATE (file exists), ERR_PASSPHRASE, ERR_ARG, ERR_RANDOM,
 * ERR_CRYPTO, ERR_NOMEM, ERR_MISSING (folder), ERR_DISK_FULL, ERR_IO.
 */
enum err safe_create(const char *path, const struct safe_info *info, uint32_t slots,
    const char *pass, size_t pass_len, struct safe **out, struct why *w);

/*
 * The same in a token, and at `path` the file that speaks of it. `uri` is RFC 7512's, with `token` or
 * `serial`, and `module-path` an absolute path; it never carries a PIN. `pin` is borrowed for the
 * call, then kept in locked memory until safe_close, for a token that was out and is back.
 * Keys of these names in the token are never replaced; after an error none are left behind, unless
 * the token itself has gone. Errors: ERR_DUPLICATE (file or keys exist), ERR_ARG (URI; two tokens fit),
 * ERR_MISSING (folder, module, token), ERR_PASSPHRASE (PIN wrong, locked, its last try; the practice
 * passphrase for a real club), ERR_SAFE (PIN cannot be proven), ERR_CRYPTO (the token refuses), ERR_NOMEM,
 * ERR_DISK_FULL, ERR_IO.
 */
enum err safe_create_token(const char *path, const struct safe_info *info, uint32_t slots,
    const char *uri, const char *pin, size_t pin_len, struct safe **out, struct why *w);

/* The clear header. Errors: ERR_MISSING, ERR_SAFE (not a safe, damaged, newer version). */
enum err safe_peek(const char *path, struct safe_info *info, struct why *w);

/*
 * Read only from then on: threads may share it. A forked child must open its own
 * (the memory is wiped in it, and every use refused).
 * A token that is pulled out refuses all that needs a key, ERR_MISSING with its name, and serves again once it
 * is back. Its PIN's last try is never taken, and the kept PIN not tried again after somebody's wrong one.
 * Errors: ERR_MISSING, ERR_SAFE, ERR_PASSPHRASE (also what a flipped bit of a sealed file's contents looks
 * like); of a token also ERR_ARG and ERR_CRYPTO.
 */
enum err safe_open(const char *path, const char *pass, size_t pass_len, struct safe **out,
    struct why *w);
void safe_close(struct safe **safe);

const struct safe_info *safe_get_info(const struct safe *safe);
bool safe_has(const struct safe *safe, enum key_slot slot);

/* Key check value of a master: first bytes of CMAC over a zero block. Errors: ERR_NO_KEY, ERR_NOMEM, ERR_CRYPTO, ERR_MISSING (token). */
enum err safe_kcv(const struct safe *safe, enum key_slot slot, uint16_t epoch,
    uint8_t kcv[KCV_LEN], struct why *w);

/* The station's signing key: public half, and signatures over a whole message (Ed25519: 64 bytes). */
void safe_public(const struct safe *safe, uint8_t pub[32]);
enum err safe_sign(const struct safe *safe, const void *msg, size_t len, uint8_t sig[64],
    struct why *w);

#endif
