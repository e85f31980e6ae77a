/*
 * A backup on its way to a disk: any length, under AES-256-GCM in pieces, whose key comes from a passphrase
 * by scrypt. Integers big-endian:
 *   0 "BASHGAH" | 7 'B' | 8 version = 1 | 9 flags: bit 0 test club | 10 zero (2) | 12 club (4)
 *   16 station (4) | 20 made, minutes since 2000 (4) | 24 scrypt: log2 N | 25 r = 8 | 26 p = 1 | 27 zero
 *   28 salt (16) | 44 nonce (7) | 51 zero | 52 pieces of 65536 bytes, the last of 0 to 65536, each with its tag (16)
 * The nonce of a piece is those 7 bytes, its number from 0 (4), and 1 for the last, else 0; bytes 0..51 are additional
 * data of each. So no byte is free, no piece can change its place, and no end is taken for the end.
 */
#ifndef KEYS_SEALED_STREAM_H
#define KEYS_SEALED_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "station/base/err.h"

struct sealed_stream;

/* What is known before the passphrase is, and proven with the first piece. */
struct sealed_stream_head {
	bool test;
	uint8_t club[4];
	uint32_t station;
	uint32_t made;		/* minutes since 2000 */
};

/*
 * Make `path` (must not exist), mode 0600, to be written until sealed_stream_finish. `pass` is borrowed for the
 * call. Its rules are those of safe_create. Errors: ERR_DUPLICATE, ERR_PASSPHRASE, ERR_RANDOM, ERR_CRYPTO, ERR_NOMEM,
 * ERR_MISSING (folder), ERR_DISK_FULL, ERR_IO.
 */
enum err sealed_stream_create(const char *path, const struct sealed_stream_head *head,
    const char *pass, size_t pass_len, struct sealed_stream **out, struct why *w);
/* Errors: ERR_DISK_FULL, ERR_IO, ERR_CRYPTO; the stream is of no use after one. */
enum err sealed_stream_write(struct sealed_stream *s, const void *data, size_t len, struct why *w);
/* The last piece, synced. Without it the file is no backup. Errors: as sealed_stream_write. */
enum err sealed_stream_finish(struct sealed_stream *s, struct why *w);

/* The header as it stands, not yet proven. Errors: ERR_MISSING, ERR_IO, ERR_SAFE (no backup; a newer form). */
enum err sealed_stream_peek(const char *path, struct sealed_stream_head *head, struct why *w);
/* Errors: as sealed_stream_peek, ERR_NOMEM, ERR_CRYPTO. Whether the passphrase is right the first read tells. */
enum err sealed_stream_open(const char *path, const char *pass, size_t pass_len,
    struct sealed_stream_head *head, struct sealed_stream **out, struct why *w);
/*
 * Up to `cap` (> 0) bytes, proven each; *len is 0 only at the proven end. Errors: ERR_PASSPHRASE (wrong, or the
 * beginning was changed), ERR_SAFE (changed or cut), ERR_IO.
 */
enum err sealed_stream_read(struct sealed_stream *s, void *out, size_t cap, size_t *len,
    struct why *w);

/* Ends either; a file not finished stays as it is, for its maker to remove. NULL-safe, nulls it. */
void sealed_stream_close(struct sealed_stream **s);

#endif
