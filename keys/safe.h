/*
 * The safe of a station: the master keys its role needs and the station's own signing key, in one
 * sealed file or in a PKCS#11 token. Opened with a passphrase, or the token's PIN, it is a handle;
 * users of the handle cannot tell which of the two it is. Bytes of a file's keys never leave this
 * folder, those of a token's keys never leave the token. The root is a safe of its own (cert.h).
 *
 * Sealed file: authenticated header (magic, version, test or real, club, station, scrypt
 * parameters, salt, nonce) and the contents under AES-256-GCM; the key comes from the
 * passphrase by scrypt. Whole and synced before it has its name; mode 0600.
 *
 * Token: the file at the safe's path has the same facts in clear, the token's URI and the
 * station's public key, signed by the station, and no secret (safe_token.c). In the token, never
 * extractable, for signing alone: a master is an AES key of 128 or 256 bits named "bashgah CLUB key
 * SLOT generation N" and used by CKM_AES_CMAC, the station's key pair is named "bashgah CLUB
 * station N" (CLUB in hex, the rest decimal): Ed25519 used by CKM_EDDSA, or P-256 used by CKM_ECDSA
 * in a token that knows no Ed25519.
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
#define SAFE_MASTER_LEN 16	/* of the masters that safe_create and safe_create_token make */
#define SAFE_GENERATIONS 16	/* of card keys, at most, in one safe */
#define SAFE_TOKEN_NAME_CAP 33

struct safe;
struct masters;		/* masters.h */

/* What is known before the passphrase is. safe_create and safe_create_token read the first three. */
struct safe_info {
	bool test;		/* of a practice club */
	uint8_t club[4];
	uint32_t station;
	uint16_t epoch;		/* newest generation of card keys inside, from 1; 0: none yet */
	bool practice;		/* opens with SAFE_PRACTICE_PASSPHRASE: nobody need be asked */
	bool token;		/* what opens it is a token's PIN */
	char token_name[SAFE_TOKEN_NAME_CAP];	/* "" for a file: what people call the token */
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
 * it. With `slots` 0 it has no masters until safe_import, and epoch 0. `pass` is borrowed,
 * not kept. The practice passphrase gets a light scrypt (it is public), any other about half
 * a second of this computer and 128 MiB (64 on a slow one). A real safe refuses the practice
 * passphrase and fewer than 8 bytes.
 * Errors: ERR_DUPLICATE (file exists), ERR_PASSPHRASE, ERR_ARG, ERR_RANDOM,
 * ERR_CRYPTO, ERR_NOMEM, ERR_MISSING (folder), ERR_DISK_FULL, ERR_IO.
 */
enum err safe_create(const char *path, const struct safe_info *info, uint32_t slots,
    const char *pass, size_t pass_len, struct safe **out, struct why *w);

/*
 * The same in a token, and at `path` the file that speaks of it. `uri` is RFC 7512's, with `token` or
 * `serial`, and `module-path` an absolute path; it never carries a PIN. `pin` is borrowed for the
 * call, then kept in locked memory until safe_close, for a token that was out and is back.
 * The signing key is Ed25519, or P-256 if the token does not know that. Keys of these names in the token are never replaced; after an error none are left behind, unless
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
/* safe_close, and the keys go that safe_create_token has made with this very handle: its club did not come to be. */
void safe_undo(struct safe **safe);

/*
 * Add the masters of `slots` of one generation to the safe at `path`, which must be of the same club,
 * practice or real. The file is replaced whole or not at all; in a token they become keys that cannot
 * leave it, brought in under a wrapping key of the token's own where it can do that. What is held
 * already stays, and nothing new is quiet success; a safe that is open somewhere goes on as it was.
 * Blocks while another program changes the safe. Errors: those of safe_open; ERR_SAFE (another club's; the
 * generation is held with other masters), ERR_ARG (slots; SAFE_GENERATIONS are held), ERR_RANDOM, ERR_DISK_FULL,
 * ERR_IO; of a token also ERR_DUPLICATE (it has keys of these names that the file does not speak of).
 */
enum err safe_import(const char *path, const char *pass, size_t pass_len, const struct masters *m,
    uint32_t slots, struct why *w);

/*
 * Put another passphrase, or PIN, in place of the old one. The file is sealed anew and replaced whole or not
 * at all. Blocks while another program changes the safe. `new_pass` is held to the rules of safe_create. Errors:
 * those of safe_open and safe_create, ERR_DUPLICATE excepted.
 */
enum err safe_change_passphrase(const char *path, const char *old, size_t old_len,
    const char *new_pass, size_t new_len, struct why *w);

/*
 * Of a practice club in sealed files: a new safe at `path` with the masters of the one at `from` and a fresh signing key,
 * opened. A real club's masters come from shares alone. Errors: ERR_REFUSED (a real club's), those of safe_open
 * and safe_create.
 */
enum err safe_renew(const char *from, const char *path, const char *pass, size_t pass_len,
    struct safe **out, struct why *w);

const struct safe_info *safe_get_info(const struct safe *safe);

/* Is this master of the newest generation held; of that generation. */
bool safe_has(const struct safe *safe, enum key_slot slot);
bool safe_holds(const struct safe *safe, enum key_slot slot, uint16_t epoch);

/* The generations of which any master is held, oldest first; answers their number. */
unsigned safe_generations(const struct safe *safe, uint16_t out[SAFE_GENERATIONS]);

/* Key check value of a master: first bytes of CMAC over a zero block. Errors: ERR_NO_KEY, ERR_NOMEM, ERR_CRYPTO, ERR_MISSING (token). */
enum err safe_kcv(const struct safe *safe, enum key_slot slot, uint16_t epoch,
    uint8_t kcv[KCV_LEN], struct why *w);

/*
 * The station's signing key: its algorithm and public half as a certificate carries them (cert.h), and
 * signatures over a whole message. Ed25519 gives the same bytes each time; ECDSA does not, so what was
 * signed once is kept and never signed again.
 */
uint8_t safe_algorithm(const struct safe *safe);
void safe_public(const struct safe *safe, uint8_t pub[32]);
enum err safe_sign(const struct safe *safe, const void *msg, size_t len, uint8_t sig[64],
    struct why *w);

#endif
