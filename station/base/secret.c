#define _DEFAULT_SOURCE	/* explicit_bzero, madvise, MAP_ANONYMOUS */
#include "station/base/secret.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

static size_t
whole_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

void *
secret_alloc(size_t len)
{
	size_t size = whole_pages(len);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* A small RLIMIT_MEMLOCK is no reason to refuse service: dumps stay shut either way. */
	(void)mlock(p, size);
	(void)madvise(p, size, MADV_DONTDUMP);
	(void)madvise(p, size, MADV_WIPEONFORK);
	return p;
}

void
secret_free(void *p, size_t len)
{
	if (p == NULL)
		return;
	wipe(p, len);
	(void)munmap(p, whole_pages(len));
}

void
wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
}

bool
secret_equal(const void *a, const void *b, size_t len)
{
	const volatile uint8_t *x = a;
	const volatile uint8_t *y = b;
	uint8_t diff = 0;

	for (size_t i = 0; i < len; i++)
		diff = (uint8_t)(diff | (x[i] ^ y[i]));
	return diff == 0;
}

void
secret_harden_process(void)
{
	struct rlimit none = {0, 0};

	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}
