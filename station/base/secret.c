#define _DEFAULT_SOURCE	/* explicit_bzero, madvise, MAP_ANONYMOUS */
#include "station/base/secret.h"

#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

/* The registers the compiler copies through; older compilers cannot be asked. */
#if defined(__has_attribute)
#if __has_attribute(zero_call_used_regs)
#define LEAVES_REGISTERS_CLEAR __attribute__((zero_call_used_regs("all")))
#endif
#endif
#ifndef LEAVES_REGISTERS_CLEAR
#define LEAVES_REGISTERS_CLEAR
#endif

static size_t
whole_pages(size_t len)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);

	return (len + page - 1) / page * page;
}

void *
secret_alloc_kept(size_t len)
{
	size_t size = whole_pages(len);
	void *p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED)
		return NULL;
	/* A small RLIMIT_MEMLOCK is no reason to refuse service: dumps stay shut either way. */
	(void)mlock(p, size);
	(void)madvise(p, size, MADV_DONTDUMP);
	return p;
}

void *
secret_alloc(size_t len)
{
	void *p = secret_alloc_kept(len);

	if (p != NULL)
		(void)madvise(p, whole_pages(len), MADV_WIPEONFORK);
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

/*
 * What was copied last still stands in the wide registers and would go into a core image with them. The C library
 * chooses by the machine which ones it copies through: a copy of zeros on the same way leaves zeros in all of them.
 */
static void
clear_wide_registers(void)
{
	static const uint8_t zeros[256];
	static void *(*const volatile copy)(void *, const void *, size_t) = memcpy;
	uint8_t to[sizeof(zeros)];

	(void)copy(to, zeros, sizeof(to));
}

LEAVES_REGISTERS_CLEAR void
wipe(void *p, size_t len)
{
	explicit_bzero(p, len);
	clear_wide_registers();
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
