/* Which token, by RFC 7512: pkcs11:token=LABEL;serial=...?module-path=/... Only keys/ and its tests include this file. */
#ifndef KEYS_TOKEN_URI_H
#define KEYS_TOKEN_URI_H

#include "station/base/err.h"

/* Bytes of a whole URI and of the module's path, the ending NUL included. */
#define TOKEN_URI_CAP 512
#define TOKEN_MODULE_CAP 256

/* Percent signs resolved. An empty name fits any token. */
struct token_uri {
	char module[TOKEN_MODULE_CAP];	/* an absolute path */
	char token[33];
	char serial[17];
	char manufacturer[33];
	char model[17];
};

/*
 * `token` or `serial` must be there, `module-path` too, each once. A PIN is refused, and so is every
 * attribute that is not understood: it could have told this token from another.
 * Errors: ERR_ARG.
 */
enum err token_uri_parse(const char *text, struct token_uri *out, struct why *w);

/* Borrowed: what people call the token, its label or its serial number. */
const char *token_uri_name(const struct token_uri *uri);

#endif
