/*
 * Small pieces of locked memory for keys that live as long as a session: one
 * locked arena cut into slots, because a mapping of its own for each of a card's
 * keys would cost more than the keys. Only keys/ includes this file.
 */
#ifndef KEYS_POOL_H
#define KEYS_POOL_H

#include <stddef.h>

#define POOL_SLOT 256

/* A zeroed slot of POOL_SLOT bytes, aligned for any type, or NULL without memory. Any thread. */
void *pool_take(void);
/* Wipe and give back; NULL is allowed. */
void pool_give(void *slot);

#endif
