/*
 * The two lists of a club, signed, numbered and dated: stations that are trusted no more, and cards to
 * refuse. Both are a document (document.h) with the body, integers big-endian:
 *   0 kind: 1 revocations, 2 hot cards | 1 zero (3) | 4 number, from 1 (4) | 8 dated, minutes since 2000 (4)
 *   12 count of entries (4) | 16 hot cards alone: number of the newest revocations (4, 0 none) and the
 *   SHA-256 of that list (32, or zeros) | entries, in ascending order
 * A revocation (56): station (4) | serial of its certificate (4) | id of its key (4) | day (2) | reason (1)
 *   | zero (1) | last trusted head of its journal: seq (8) and hash (32); seq 0: nothing is trusted
 * A hot card (12): card number (8) | day (2) | reason (1) | zero (1)
 * The root signs revocations; it is seldom at hand. So the hot list, which a station may sign, names the
 * newest revocations there are, and its date speaks for both.
 */
#ifndef KEYS_LIST_H
#define KEYS_LIST_H

#include "keys/document.h"

#define LIST_REVOKED_CAP 256
#define LIST_HOT_CAP 8192
#define LIST_HASH_LEN 32

/* Stored: append only. */
enum list_kind { LIST_REVOKED = 1, LIST_HOT = 2 };
enum list_reason {
	LIST_LOST = 1, LIST_STOLEN, LIST_DAMAGED, LIST_COPIED, LIST_CLOSED, LIST_OTHER, LIST_REASON_LAST = LIST_OTHER
};

struct list_revoked {
	uint32_t station;
	uint32_t serial;
	uint8_t key[4];		/* pubkey_id */
	uint16_t day;
	uint8_t reason;
	uint64_t head_seq;	/* last trusted row of its journal; 0: none */
	uint8_t head_hash[LIST_HASH_LEN];
};

struct list_hot {
	uint64_t card;
	uint16_t day;
	uint8_t reason;
};

/* A list in memory. `revoked` or `hot` is allocated, by `kind`; free with list_clear. */
struct list {
	enum list_kind kind;
	uint32_t number;
	uint32_t dated;			/* minutes since 2000 */
	size_t count;
	struct list_revoked *revoked;
	struct list_hot *hot;
	uint32_t revocations;		/* hot: number of the newest revocations, 0 none */
	uint8_t revocations_hash[LIST_HASH_LEN];
	bool by_root;			/* out only */
	struct cert signer;		/* out only, if not by the root */
};

/*
 * Sign `l`, whose entries are put in order. Errors: ERR_ARG (number 0, too many entries, one that list_open
 * would not take, revocations without the root), ERR_DUPLICATE (an entry twice), those of document_seal.
 */
enum err list_seal(struct list *l, const struct document_pen *pen, uint8_t **out, size_t *len,
    struct why *w);

/*
 * Take apart and verify under the club's root. Revocations must be the root's; hot cards the root's or those
 * of a station with the right to block cards. Errors: ERR_FORMAT, ERR_CERT (that right), those of document_verify.
 */
enum err list_open(const uint8_t *bytes, size_t len, const uint8_t root_pub[PUBKEY_LEN], bool test,
    struct list *out, struct why *w);

/* NULL-safe in its arrays. */
void list_clear(struct list *l);

/* Borrowed, or NULL if it is not on the list. The first takes a station's serial or its key. */
const struct list_revoked *list_find_revoked(const struct list *l, const struct cert *c);
const struct list_hot *list_find_hot(const struct list *l, uint64_t card);

/* "lost", "stolen", "damaged", "copied", "closed", "other"; NULL for another. */
const char *list_reason_name(uint8_t reason);
bool list_reason_parse(const char *name, uint8_t *out);

#endif
