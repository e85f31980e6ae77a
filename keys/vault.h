/*
 * The two stores behind one handle: what every safe has, and what its store must do for
 * it. Only keys/ includes this file.
 */
#ifndef KEYS_VAULT_H
#define KEYS_VAULT_H

#include <stddef.h>
#include <stdint.h>

#include "keys/cert.h"
#include "keys/safe.h"
#include "station/base/err.h"

#define EPOCH_MAX 16
#define ALL_SLOTS ((UINT32_C(1) << KEY_SLOT_COUNT) - 1)

struct safe_ops {
	/* AES-CMAC under a master that is held; safe_cmac has asked. Any thread. */
	enum err (*cmac)(const struct safe *s, enum key_slot slot, uint16_t epoch,
	    const uint8_t *msg, size_t len, uint8_t mac[16], struct why *w);
	/* Ed25519 with the station's key. Any thread. */
	enum err (*sign)(const struct safe *s, const void *msg, size_t len, uint8_t sig[SIG_LEN],
	    struct why *w);
	/* Ends what `inside` points to. */
	void (*close)(struct safe *s);
};

/*
 * In secret memory, read only once it is open, so threads share it freely. A forked
 * child finds it wiped: no slots and no store, so it is refused, never given zeros.
 */
struct safe {
	const struct safe_ops *ops;
	struct safe_info info;
	uint32_t slots;
	uint8_t pub[PUBKEY_LEN];
	void *inside;		/* the store's own */
};

/* AES-CMAC of `msg` under a master. Errors: ERR_NO_KEY, ERR_NOMEM, ERR_CRYPTO, ERR_MISSING (token). */
enum err safe_cmac(const struct safe *s, enum key_slot slot, uint16_t epoch, const uint8_t *msg,
    size_t len, uint8_t mac[16], struct why *w);

/* False for a slot that does not exist. */
bool slot_held(uint32_t slots, unsigned slot);

/* --- safe_file.c: fill an empty `s`, which the caller closes if they fail */

enum err safe_file_new(struct safe *s, const char *path, const char *pass, size_t pass_len,
    struct why *w);
enum err safe_file_open(struct safe *s, const char *path, const char *pass, size_t pass_len,
    struct why *w);
enum err safe_file_peek(const char *path, struct safe_info *info, struct why *w);

/* --- safe_token.c: the same for a token; `safe_token_is` looks at the first bytes of the file alone */

bool safe_token_is(const char *path);
enum err safe_token_new(struct safe *s, const char *path, const char *uri, const char *pin,
    size_t pin_len, struct why *w);
enum err safe_token_open(struct safe *s, const char *path, const char *pin, size_t pin_len,
    struct why *w);
enum err safe_token_peek(const char *path, struct safe_info *info, struct why *w);

#endif
