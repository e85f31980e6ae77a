/* The two stores of keys for tests that run unchanged on either: a folder, a safe's path in it, and how it is made. */
#ifndef TESTS_SUPPORT_STORES_H
#define TESTS_SUPPORT_STORES_H

#include <stdint.h>

#include "keys/safe.h"
#include "tests/support/softhsm.h"

enum store { STORE_FILE, STORE_TOKEN };

#define STORE_PIN "20 03 1404"
#define STORE_URI "pkcs11:token=station%201?module-path=" SOFTHSM_MODULE

/* Opens either store; of a file it is the passphrase of a practice club, stretched heavily unless said otherwise. */
struct store_place {
	enum store store;
	struct softhsm hsm;	/* its folder is there for a file, too */
	char path[200];		/* of the safe */
	const char *pass;
};

/* A place with nothing in it, and a token if the store is one. Asserts. */
void store_start(struct store_place *p, enum store store);
void store_end(struct store_place *p);

/* safe_create or safe_create_token at p->path. */
enum err store_create(struct store_place *p, const struct safe_info *info, uint32_t slots,
    struct safe **out, struct why *w);

/* safe_open of what is there. Asserts. */
struct safe *store_open_safe(struct store_place *p);

#endif
