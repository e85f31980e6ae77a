/*
 * The keys of stations as objects in a token: their names, what they may do, how they are made, found and
 * brought in. Works inside token_run, on its link. Only keys/ includes this file.
 */
#ifndef KEYS_TOKEN_OBJECT_H
#define KEYS_TOKEN_OBJECT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "keys/cert.h"
#include "keys/safe.h"
#include "keys/token.h"

#define OBJECT_NAME_CAP 64

/* Made so, and refused if it is found otherwise. */
enum object_rules { RULES_MASTER, RULES_SIGNER };

/* "bashgah CLUB key SLOT generation N"; "bashgah CLUB station N", or "bashgah DRAWN root" for ROOT_STATION. */
void master_name(const uint8_t club[4], unsigned slot, unsigned generation, char name[OBJECT_NAME_CAP]);
void signer_name(const uint8_t club[4], uint32_t station, char name[OBJECT_NAME_CAP]);

/* What is wrong with the keys rather than with the token; beside it a task answers CKR_OK. */
struct object_fault {
	enum err e;
	struct why *w;
};

/* How many objects of this class and name there are, up to 2; the last of them in *key. */
CK_RV object_find(const struct token_link *l, CK_OBJECT_CLASS class, char *name,
    CK_OBJECT_HANDLE *key, CK_ULONG *count);

/* One key of this name that obeys its rules, or a fault: ERR_SAFE (none, two, one that is too free). */
CK_RV object_take(const struct token_link *l, CK_OBJECT_CLASS class, char *name,
    enum object_rules rules, CK_OBJECT_HANDLE *key, struct object_fault *fault);

/* The public half of the pair of this name, and with it the algorithm. Fault: ERR_SAFE. */
CK_RV object_take_public(const struct token_link *l, char *name, uint8_t pub[PUBKEY_LEN],
    uint8_t *algorithm, struct object_fault *fault);

/* An AES key of `len` bytes, drawn by the token. `rw` is a session that may write. */
CK_RV object_make_master(const struct token_link *l, CK_SESSION_HANDLE rw, char *name, size_t len);

/* A pair of the name: Ed25519, or P-256 if the token does not know that. */
CK_RV object_make_signer(const struct token_link *l, CK_SESSION_HANDLE rw, char *name);

/* AES-CMAC of `msg` under the key. */
CK_RV object_cmac(const struct token_link *l, CK_OBJECT_HANDLE key, const void *msg, size_t len,
    uint8_t mac[16]);

/* A signature over a whole message by a key of that algorithm. */
CK_RV object_sign(const struct token_link *l, CK_OBJECT_HANDLE key, uint8_t algorithm,
    const void *msg, size_t len, uint8_t sig[SIG_LEN]);

/* --- token_wrap.c: bringing a key in */

struct token_wrap;

/*
 * Agree with the token on an AES key that unwraps in this session and is never in a call; it brings in
 * the masters. *out is NULL in a token that cannot do it: then masters go in as they are. `l` and the
 * session stay until token_wrap_end. Fault: ERR_NOMEM, ERR_CRYPTO.
 */
CK_RV token_wrap_begin(const struct token_link *l, CK_SESSION_HANDLE rw, struct token_wrap **out,
    struct object_fault *fault);
/* A master of 16 or 32 bytes becomes an object; `t` (n attributes) says what it is and may do. */
CK_RV token_wrap_import(struct token_wrap *x, CK_ATTRIBUTE *t, CK_ULONG n, const uint8_t *key,
    size_t len, CK_OBJECT_HANDLE *out, struct object_fault *fault);
void token_wrap_end(struct token_wrap **x);

/* The same as an object of its name with the rules of masters; `x` may be NULL. */
CK_RV object_import_master(const struct token_link *l, CK_SESSION_HANDLE rw, struct token_wrap *x,
    char *name, const uint8_t *key, size_t len, struct object_fault *fault);

#endif
