/*
 * Shares of a generation's masters, for custodians to keep: any `needed` of them give the masters back, fewer
 * say nothing about them. A share is 54 bytes, in this order, integers big-endian:
 *   0 version = 1 in the upper half, in the lower bit 0 practice club, bit 1 masters of 256 bits
 *   1 club (4) | 5 generation (2) | 7 set of shares (4), drawn at random | 11 needed, index (a half each)
 *   12 value (32), shamir.h, at the point `index`
 *   44 tag (8): HMAC-SHA256 under the secret over "bashgah-share-1" 00 and the 44 bytes before
 *   52 check (2): SHA-256 of the 52 bytes before; needs no key, finds a slip before the custodians meet
 * What fewer than `needed` shares leave open is all of the secret's 256 bits; to try one out against a tag or
 * a hash of a share takes 2^255 trials, not fewer.
 *
 * A custodian has it as words (words.h): 9 lines of 6, a byte each, and after every line its check word.
 */
#ifndef KEYS_SHARE_H
#define KEYS_SHARE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/masters.h"
#include "station/base/err.h"

#define SHARE_LEN 54
#define SHARE_LINES 9
#define SHARE_LINE_LEN 6	/* bytes, without the check word's */
#define SHARES_MIN 2
#define SHARES_MAX 9
#define SHARE_SET_LEN 4
#define SHARE_HASH_LEN 32

/* A secret but for its first 12 bytes: keep it in secret memory, wipe it. */
struct share {
	uint8_t bytes[SHARE_LEN];
};

struct share_facts {
	bool test;
	uint8_t club[4];
	uint16_t generation;
	unsigned bits;			/* of a master: 128 or 256 */
	uint8_t set[SHARE_SET_LEN];
	unsigned needed;
	unsigned index;			/* 1..9: the custodian's number */
};

/*
 * Part `m` into `count` shares, `needed` of which suffice (2 <= needed <= count <= 9), a set of its own at
 * every call. Errors: ERR_ARG, ERR_RANDOM, ERR_NOMEM, ERR_CRYPTO. After one `out` is wiped.
 */
enum err share_split(const struct masters *m, unsigned needed, unsigned count, struct share *out,
    struct why *w);

/* What the first bytes say. Errors: ERR_FORMAT (the check does not fit), ERR_SAFE (of a newer version). */
enum err share_read(const struct share *s, struct share_facts *out, struct why *w);

/* Of one set: club, practice or real, generation, bits, set, needed. */
bool share_same_set(const struct share_facts *a, const struct share_facts *b);

/*
 * Join `count` shares of one set. Every one given must fit: with more than needed a forged one is named. Errors:
 * those of share_read; ERR_REFUSED (fewer than needed; one twice; two of different sets), ERR_SIGNATURE (a
 * share is not genuine: named if more than needed are given or the others prove it), ERR_NOMEM, ERR_CRYPTO.
 */
enum err share_join(const struct share *s, size_t count, struct masters **out, struct why *w);

/* SHA-256 of "bashgah-share-hash-1" 00 and the share: tells a genuine share for certain, and nothing of its value. */
void share_hash(const struct share *s, uint8_t out[SHARE_HASH_LEN]);

/* The check byte of line `line` (from 0): differs if one byte differs, if two are exchanged, and if lines are. */
uint8_t share_line_check(unsigned line, const uint8_t bytes[SHARE_LINE_LEN]);

#endif
