/*
 * A PKCS#11 token, logged in, shared by all safes of this process that name it. Calls into a module
 * are made by one thread at a time; what the module keeps of a session belongs to one of our calls.
 * Only keys/ includes this file.
 */
#ifndef KEYS_TOKEN_H
#define KEYS_TOKEN_H

#include <p11-kit/pkcs11.h>
#include <stddef.h>

#include "keys/token_uri.h"
#include "station/base/err.h"

struct token;

/* What a task works with; good until it returns. */
struct token_link {
	CK_FUNCTION_LIST *f;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;	/* read only, user logged in */
	unsigned life;			/* counts from 1; another number: look for the objects again */
};

/* Answers a value of PKCS#11; on one that says the token was out it runs once more, after a new login. */
typedef CK_RV (*token_task)(const struct token_link *link, void *ctx);

/*
 * Log in with the PIN that a person has just given; it is kept, in secret memory, for the token's
 * coming back. A token whose next wrong PIN would be its last is refused before it is asked.
 * Errors: ERR_MISSING (module; token), ERR_ARG (several fit), ERR_PASSPHRASE, ERR_SAFE (somebody
 * else in this process is logged in), ERR_NOMEM, ERR_CRYPTO.
 */
enum err token_open(const struct token_uri *uri, const char *pin, size_t pin_len,
    struct token **out, struct why *w);
void token_close(struct token **t);

/*
 * Run a task. A token that was pulled out and is back is logged in again, unless somebody has typed
 * a wrong PIN in between. Errors: ERR_MISSING (it is out), ERR_PASSPHRASE, ERR_NOMEM, ERR_CRYPTO.
 */
enum err token_run(struct token *t, token_task task, void *ctx, struct why *w);

/*
 * Another PIN in place of the one that has opened it, for all who share the token here.
 * Errors: ERR_PASSPHRASE (not fit for this token), ERR_MISSING, ERR_NOMEM, ERR_CRYPTO.
 */
enum err token_set_pin(struct token *t, const char *pin, size_t len, struct why *w);

#endif
