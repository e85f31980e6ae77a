/*
 * The file that speaks of keys in a token; it holds no secret. Integers big-endian:
 *   0 "BASHGAH" | 7 'T' | 8 version = 2 | 9 flags: bit 0 test club, bit 1 the PIN is the practice passphrase
 *   10 newest generation (2) | 12 club (4) | 16 station (4) | 20 algorithm of the station's key (1)
 *   21 count of generations (1) | 22 public key (32) | 54 length of the URI (2) | 56 URI
 *   then for each generation: number (2), bytes of a master (1), zero (1), slots (4)
 *   then the station's signature over "bashgah-token-1" 00 and all bytes before
 * so a byte that is not as it was is found before a PIN is tried, and the token must hold the very
 * signing key that has made the file. Version 1 had the slots (4) at 20, the key at 24, the URI's length
 * at 56, and all generations up to the newest; its club's PIN was the practice passphrase if it was
 * of a practice club. It is still read. Of a root the station is 0, and the club a number drawn for its
 * key's name. Only keys/ includes this file.
 */
#ifndef KEYS_TOKEN_FILE_H
#define KEYS_TOKEN_FILE_H

#include <stdbool.h>

#include "keys/token_uri.h"
#include "keys/vault.h"

/* Does the file say that its keys are in a token. Looks at the first bytes alone. */
bool token_file_is(const char *path);

/*
 * Fill info, generations, algorithm and public key of an empty safe, and the URI. The file's own key
 * has signed it; whether the token holds that key comes later.
 * Errors: ERR_MISSING, ERR_IO, ERR_SAFE (damaged, newer), ERR_CRYPTO.
 */
enum err token_file_read(const char *path, struct safe *s, char uri[TOKEN_URI_CAP], struct why *w);

/*
 * Sign with the safe's own key and write, to a name that nobody has or in place of the file that is there.
 * Errors: those of safe_sign and of file_create or file_write.
 */
enum err token_file_write(const char *path, const struct safe *s, const char *uri, bool replacing,
    struct why *w);

#endif
