/*
 * Reads tests/vectors/, what others have published, and tests/keys/data/, what is
 * ours: `[name]` opens a vector, `key = value` lines follow. A missing file, vector or
 * key ends the test program with a sentence: a test that finds no vectors must not pass.
 */
#ifndef TESTS_SUPPORT_VECTORS_H
#define TESTS_SUPPORT_VECTORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct vectors;		/* one file */
struct vector;		/* one section of it; lives as long as the file */

/* `file` is a name below tests/vectors/, seen from the repository's root. */
struct vectors *vectors_load(const char *file);
/* The same below tests/keys/data/: formats and derivations of this program alone. */
struct vectors *vectors_load_own(const char *file);
void vectors_free(struct vectors **v);

size_t vectors_count(const struct vectors *v);
const struct vector *vectors_at(const struct vectors *v, size_t i);
const struct vector *vectors_get(const struct vectors *v, const char *name);

const char *vector_name(const struct vector *v);
bool vector_has(const struct vector *v, const char *key);
/* The text after `=`, without spaces around it; borrowed. */
const char *vector_str(const struct vector *v, const char *key);
/* Decode a hex value (may be empty) into `out`; answers its bytes. */
size_t vector_hex(const struct vector *v, const char *key, uint8_t *out, size_t cap);
/*
 * The same for numbered keys, `stem`.`n` ("tx", 1 is tx.1). False, and *len 0,
 * when there is no such number: loop from 1 until then.
 */
bool vector_frame(const struct vector *v, const char *stem, unsigned n, uint8_t *out,
    size_t cap, size_t *len);

#endif
