#include "keys/pool.h"

#include <pthread.h>
#include <stdint.h>

#include "station/base/secret.h"

#define ARENA_SLOTS 64

/* A free slot holds the next one. In a forked child arenas are wiped: its list ends at the first, then it makes its own. */
union slot {
	union slot *next;
	max_align_t align;
	uint8_t bytes[POOL_SLOT];
};

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static union slot *free_list;

/* Arenas are kept for the life of the process: the next session wants them again. */
static union slot *
new_arena(void)
{
	union slot *a = secret_alloc(ARENA_SLOTS * sizeof(union slot));

	if (a == NULL)
		return NULL;
	for (size_t i = 0; i + 1 < ARENA_SLOTS; i++)
		a[i].next = &a[i + 1];
	return a;
}

void *
pool_take(void)
{
	union slot *s;

	(void)pthread_mutex_lock(&lock);
	if (free_list == NULL)
		free_list = new_arena();
	s = free_list;
	if (s != NULL) {
		free_list = s->next;
		s->next = NULL;
	}
	(void)pthread_mutex_unlock(&lock);
	return s;
}

void
pool_give(void *slot)
{
	union slot *s = slot;

	if (s == NULL)
		return;
	wipe(s, sizeof(*s));
	(void)pthread_mutex_lock(&lock);
	s->next = free_list;
	free_list = s;
	(void)pthread_mutex_unlock(&lock);
}
