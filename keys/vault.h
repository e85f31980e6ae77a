/*
 * The two stores behind one handle: what every safe has, and what its store must do for
 * it. Only keys/ includes this file.
 */
#ifndef KEYS_VAULT_H
#define KEYS_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "keys/cert.h"
#include "keys/masters.h"
#include "keys/safe.h"
#include "station/base/err.h"

#define ALL_SLOTS ((UINT32_C(1) << KEY_SLOT_COUNT) - 1)

/* Which masters of one generation are held, all of one length. */
struct generation {
	uint16_t number;	/* from 1 */
	uint8_t master_len;	/* 16 or 32 */
	uint32_t slots;
};

struct safe_ops {
	/* AES-CMAC under a master that is held; `at` is its generation's place in the safe. Any thread. */
	enum err (*cmac)(const struct safe *s, enum key_slot slot, unsigned at, const uint8_t *msg,
	    size_t len, uint8_t mac[16], struct why *w);
	/* By safe_algorithm, with the station's key. Any thread. */
	enum err (*sign)(const struct safe *s, const void *msg, size_t len, uint8_t sig[SIG_LEN],
	    struct why *w);
	/*
	 * Take in those masters of `slots`, none of which is held, for the generation at `at`, which lists
	 * them already, and write the file anew with `pass`, that has opened it. The safe is closed after it.
	 */
	enum err (*import)(struct safe *s, unsigned at, uint32_t slots, const struct masters *m,
	    const char *path, const char *pass, size_t pass_len, struct why *w);
	/* What was made with this handle outside of the file goes; NULL: nothing ever is. */
	void (*undo)(struct safe *s);
	/* Ends what `inside` points to. */
	void (*close)(struct safe *s);
};

/*
 * In secret memory, read only once it is open, so threads share it freely. A forked
 * child finds it wiped: no masters and no store, so it is refused, never given zeros.
 */
struct safe {
	const struct safe_ops *ops;
	struct safe_info info;
	unsigned count;		/* of generations, in the order they came in */
	struct generation generations[SAFE_GENERATIONS];
	uint8_t algorithm;	/* of the station's key, as in its certificate */
	uint8_t pub[PUBKEY_LEN];
	void *inside;		/* the store's own */
};

/* AES-CMAC of `msg` under a master. Errors: ERR_NO_KEY, ERR_NOMEM, ERR_CRYPTO, ERR_MISSING (token). */
enum err safe_cmac(const struct safe *s, enum key_slot slot, uint16_t epoch, const uint8_t *msg,
    size_t len, uint8_t mac[16], struct why *w);

/* Number of the "station" whose safe is a root in a token; no station has it. */
#define ROOT_STATION 0

/* safe_open, of a root or of a station. Errors: ERR_SAFE also for the other of the two. */
enum err vault_open(const char *path, const char *pass, size_t pass_len, bool root,
    struct safe **out, struct why *w);

/* False for a slot that does not exist. */
bool slot_held(uint32_t slots, unsigned slot);

/* Where a generation stands in the safe; `s->count` if it does not. */
unsigned generation_at(const struct safe *s, uint16_t number);
/* A list from a file makes sense: each number once, and a length that masters have. Sets the newest. */
bool generations_are_sound(struct safe *s);

/* --- safe_file.c: fill an empty `s`, which the caller closes if they fail */

enum err safe_file_new(struct safe *s, const char *path, const char *pass, size_t pass_len,
    struct why *w);
enum err safe_file_open(struct safe *s, const char *path, const char *pass, size_t pass_len,
    struct why *w);
enum err safe_file_renew(struct safe *s, const char *from, const char *path, const char *pass,
    size_t pass_len, struct why *w);
enum err safe_file_peek(const char *path, struct safe_info *info, struct why *w);
enum err safe_file_change(const char *path, const char *old, size_t old_len, const char *new,
    size_t new_len, struct why *w);

/* --- safe_token.c: the same for a token; `safe_token_is` looks at the first bytes of the file alone */

bool safe_token_is(const char *path);
enum err safe_token_new(struct safe *s, const char *path, const char *uri, const char *pin,
    size_t pin_len, struct why *w);
enum err safe_token_open(struct safe *s, const char *path, bool root, const char *pin,
    size_t pin_len, struct why *w);
enum err safe_token_peek(const char *path, struct safe_info *info, struct why *w);
enum err safe_token_change(const char *path, bool root, const char *old, size_t old_len, const char *new,
    size_t new_len, struct why *w);

#endif
