/*
 * OpenSSL's own memory. Expanded keys, the signing key and the passphrase's stretching stand in it for as long
 * as they are used: it gets pages as secret memory has them.
 */
#ifndef KEYS_MEMORY_H
#define KEYS_MEMORY_H

#include "station/base/err.h"

/*
 * From here on all that OpenSSL allocates in this process is locked (where the limits allow), out of core dumps,
 * and wiped when given back; a forked child keeps its copy. Once, at the beginning of a program.
 * Errors: ERR_CRYPTO (OpenSSL has been used before: nothing was changed).
 */
enum err keys_guard_memory(struct why *w);

#endif
