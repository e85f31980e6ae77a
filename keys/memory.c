/*
 * A small allocator for OpenSSL on secret pages. Blocks of a power of two, each size with its list of free ones, cut
 * from arenas that are kept; what is larger than the largest has pages of its own and gives them back.
 */
#include "keys/memory.h"

#include <openssl/crypto.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "keys/inside.h"
#include "station/base/secret.h"

#define SMALLEST_LOG 5
#define LARGEST_LOG 14
#define SIZES (LARGEST_LOG - SMALLEST_LOG + 1)
#define ARENA ((size_t)256 * 1024)

/* In front of what OpenSSL is given; a free block holds the next of its size behind it. */
struct head {
	_Alignas(max_align_t) size_t size;	/* of the block with its head */
};

struct free_block {
	struct head head;
	struct free_block *next;
};

_Static_assert(sizeof(struct free_block) <= (size_t)1 << SMALLEST_LOG, "the smallest block can stand in a list");

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static struct free_block *free_blocks[SIZES];
static uint8_t *arena;		/* what is left of the newest */
static size_t arena_left;

static unsigned
list_of(size_t size)
{
	unsigned i = 0;

	while (((size_t)1 << (SMALLEST_LOG + i)) < size)
		i++;
	return i;
}

/* The rest of an arena that is too short for the block asked for stays unused. */
static struct head *
cut(size_t size)
{
	struct head *h;

	if (arena_left < size) {
		arena = secret_alloc_kept(ARENA);
		arena_left = arena != NULL ? ARENA : 0;
	}
	if (arena_left < size)
		return NULL;
	h = (struct head *)(void *)arena;
	arena += size;
	arena_left -= size;
	return h;
}

static struct head *
take_block(size_t size)
{
	struct free_block **list = &free_blocks[list_of(size)];
	struct head *h;

	(void)pthread_mutex_lock(&lock);
	if (*list != NULL) {
		struct free_block *b = *list;

		*list = b->next;
		b->next = NULL;
		h = &b->head;
	} else {
		h = cut(size);
	}
	(void)pthread_mutex_unlock(&lock);
	return h;
}

static bool
is_large(size_t size)
{
	return size > (size_t)1 << LARGEST_LOG;
}

static void *
allocate(size_t num, const char *file, int line)
{
	struct head *h;
	size_t size = num + sizeof(*h);

	(void)file;
	(void)line;
	if (num == 0 || size < num)
		return NULL;
	if (!is_large(size))
		size = (size_t)1 << (SMALLEST_LOG + list_of(size));
	h = is_large(size) ? secret_alloc_kept(size) : take_block(size);
	if (h == NULL)
		return NULL;
	h->size = size;
	return h + 1;
}

static void
give_back(void *p, const char *file, int line)
{
	struct free_block *b;
	struct head *h;
	size_t size;

	(void)file;
	(void)line;
	if (p == NULL)
		return;
	h = (struct head *)p - 1;
	size = h->size;
	if (is_large(size)) {
		secret_free(h, size);
		return;
	}
	wipe(h, size);
	b = (struct free_block *)(void *)h;
	(void)pthread_mutex_lock(&lock);
	b->next = free_blocks[list_of(size)];
	free_blocks[list_of(size)] = b;
	(void)pthread_mutex_unlock(&lock);
}

static void *
resize(void *p, size_t num, const char *file, int line)
{
	size_t had = p != NULL ? ((struct head *)p - 1)->size - sizeof(struct head) : 0;
	void *q;

	if (p == NULL)
		return allocate(num, file, line);
	if (num == 0) {
		give_back(p, file, line);
		return NULL;
	}
	if (num <= had)
		return p;
	q = allocate(num, file, line);
	if (q == NULL)
		return NULL;
	memcpy(q, p, had);
	give_back(p, file, line);
	return q;
}

enum err
keys_guard_memory(struct why *w)
{
	if (CRYPTO_set_mem_functions(allocate, resize, give_back) == 1)
		return ERR_OK;
	return library_failed(w);
}
