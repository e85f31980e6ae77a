/*
 * A PKCS#11 module of the tests: SoftHSM2, less what a test takes away from it. It is a library of its own,
 * named in a token's URI like any other; a test moves its switches through token_shim().
 */
#ifndef TESTS_SUPPORT_TOKEN_SHIM_H
#define TESTS_SUPPORT_TOKEN_SHIM_H

#include <stdbool.h>

struct token_shim {
	bool no_eddsa;		/* a token that knows no Ed25519 */
	bool no_wrapping;	/* one into which keys go as they are, or not at all */
	unsigned tries;		/* wrong PINs until it locks, as the token counts them; 0: without end */
	int signs_left;		/* C_Sign calls until it is pulled out, less than 0: it stays */
	bool out;		/* it is pulled out */

	/* what has happened */
	unsigned wrong;		/* PINs in a row */
	unsigned logins, signs, unwraps, creates;
	bool plain_values;	/* a key's value stood in a call */
	void (*before_unwrap)(void);	/* NULL: nothing */
};

#define TOKEN_SHIM_PATH_CAP 512

/* Where the module lies: beside the test programs. Asserts that it is there. */
const char *token_shim_path(void);

/* The switches, all off. */
struct token_shim *token_shim(void);

#endif
