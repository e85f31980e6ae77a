/*
 * The sealed file under safe and root: a clear, authenticated header and contents
 * under AES-256-GCM, whose key comes from a passphrase by scrypt. Only keys/
 * includes this file. Integers big-endian:
 *   0 "BASHGAH" | 7 kind: 'S' safe, 'R' root | 8 version = 2 | 9 flags: bit 0 test club
 *   10 epoch (2) | 12 club (4) | 16 station (4)
 *   20 scrypt: log2 N | 21 r = 8 | 22 p | 23 zero | 24 length of the contents (4)
 *   28 salt (16) | 44 nonce (12) | 56 contents | tag (16)
 * Bytes 0..55 are the additional data, so no byte of the file is free. Version 1 had p = 1 and
 * other contents in a safe; it is still read.
 */
#ifndef KEYS_SEALED_H
#define KEYS_SEALED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

/* Room for the contents of any sealed file. */
#define SEALED_CAP 8192

enum sealed_kind { SEALED_SAFE = 'S', SEALED_ROOT = 'R' };

struct sealed_head {
	enum sealed_kind kind;
	uint8_t version;	/* of a file that was read */
	bool practice;		/* of a file that was read: SAFE_PRACTICE_PASSPHRASE has sealed it */
	bool test;
	uint16_t epoch;
	uint8_t club[4];
	uint32_t station;
};

/*
 * Make a new file of mode 0600 that appears under its name only when whole and
 * synced. `len` <= SEALED_CAP. Errors: ERR_DUPLICATE, ERR_PASSPHRASE (not fit for a
 * real club), ERR_RANDOM, ERR_CRYPTO, ERR_NOMEM, ERR_DISK_FULL, ERR_IO, ERR_MISSING (folder).
 */
enum err sealed_create(const char *path, const struct sealed_head *head,
    const uint8_t *contents, size_t len, const char *pass, size_t pass_len, struct why *w);

/*
 * The same in place of the file that is there, which stands until the new one is whole and synced.
 * Errors: as sealed_create without ERR_DUPLICATE.
 */
enum err sealed_replace(const char *path, const struct sealed_head *head,
    const uint8_t *contents, size_t len, const char *pass, size_t pass_len, struct why *w);

/* Seal what is in the file under another passphrase. Errors: as sealed_open and sealed_replace. */
enum err sealed_change(const char *path, enum sealed_kind kind, const char *old, size_t old_len,
    const char *new_pass, size_t new_len, struct why *w);

/* Are these the public words of practice clubs. */
bool is_practice(const char *pass, size_t len);

/* The header as it stands, not yet proven. Errors: ERR_MISSING, ERR_IO, ERR_SAFE. */
enum err sealed_peek(const char *path, enum sealed_kind kind, struct sealed_head *head,
    struct why *w);

/*
 * Prove and open. `contents` has SEALED_CAP bytes of secret memory, zeroed on error.
 * Errors: as sealed_peek, ERR_PASSPHRASE, ERR_CRYPTO, ERR_NOMEM.
 */
enum err sealed_open(const char *path, enum sealed_kind kind, const char *pass,
    size_t pass_len, struct sealed_head *head, uint8_t *contents, size_t *len,
    struct why *w);

#endif
