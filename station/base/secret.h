/*
 * Memory for secrets: locked, out of core dumps, wiped before it goes.
 */
#ifndef STATION_BASE_SECRET_H
#define STATION_BASE_SECRET_H

#include <stdbool.h>
#include <stddef.h>

/*
 * `len` (> 0) zeroed bytes in pages of their own, locked (where the limits of the
 * process allow) and marked out of core dumps and forks' copies. NULL without memory.
 * Free with secret_free and the same length; it wipes and may be given NULL.
 */
void *secret_alloc(size_t len);
/* The same, but a forked child keeps its copy: for a library that would not survive the loss. */
void *secret_alloc_kept(size_t len);
void secret_free(void *p, size_t len);

/* Overwrite memory in a way no optimiser removes. */
void wipe(void *p, size_t len);
#define WIPE(object) wipe(&(object), sizeof(object))

/* True if both hold the same `len` bytes; the time taken tells only `len`. */
bool secret_equal(const void *a, const void *b, size_t len);

/* Keep this process out of core dumps and away from ptrace of others of its user; call first in main. */
void secret_harden_process(void);

#endif
