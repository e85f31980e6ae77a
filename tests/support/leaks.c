#define _GNU_SOURCE	/* nftw, ptrace's requests, __WALL */
#include "tests/support/leaks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <cmocka.h>

#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "station/base/bytes.h"

#define NEEDLE_MAX 128		/* 64 bytes as hex */
#define PREFIX 8
#define TABLE_BITS 18
#define BITMAP_BITS 22
#define CHUNK (1u << 20)
#define DISTINCT_MIN 6		/* different bytes a secret has at least */
/* NT_X86_XSTATE of linux/elf.h: all vector registers; other machines have their floating point ones under 2. */
#ifdef __x86_64__
#define EXTENDED_STATE ((void *)0x202)
#else
#define EXTENDED_STATE ((void *)2)
#endif
#define HUGE_REGION (UINT64_C(256) << 20)	/* shadow memory of sanitizers */

/* Kept inverted, so that a scan of this very process would not find the set itself. */
struct needle {
	struct needle *next;
	const char *name;
	uint8_t len;
	uint8_t inverted[NEEDLE_MAX];
};

struct needles {
	struct needle *table[1u << TABLE_BITS];
	uint8_t bitmap[1u << (BITMAP_BITS - 3)];
	size_t count;
	uint8_t room[CHUNK + NEEDLE_MAX];
};

/* Of the first bytes of a needle. */
static uint32_t
hash_at(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return (uint32_t)((v * UINT64_C(0x9E3779B97F4A7C15)) >> 32);
}

struct needles *
needles_new(void)
{
	struct needles *n = calloc(1, sizeof(*n));

	assert_non_null(n);
	return n;
}

void
needles_free(struct needles **n)
{
	for (size_t i = 0; *n != NULL && i < 1u << TABLE_BITS; i++)
		while ((*n)->table[i] != NULL) {
			struct needle *one = (*n)->table[i];

			(*n)->table[i] = one->next;
			free(one);
		}
	free(*n);
	*n = NULL;
}

size_t
needles_count(const struct needles *n)
{
	return n->count;
}

static bool
is_at(const struct needle *one, const uint8_t *p, size_t left)
{
	if (left < one->len)
		return false;
	for (size_t i = 0; i < one->len; i++)
		if ((p[i] ^ one->inverted[i]) != 0xFF)
			return false;
	return true;
}

static bool
add_form(struct needles *n, const char *name, const uint8_t *bytes, size_t len)
{
	uint32_t h = hash_at(bytes);
	struct needle **at = &n->table[h >> (32 - TABLE_BITS)];
	struct needle *one;

	for (one = *at; one != NULL; one = one->next)
		if (one->len == len && is_at(one, bytes, len))
			return false;
	one = malloc(sizeof(*one));
	assert_non_null(one);
	*one = (struct needle){.next = *at, .name = name, .len = (uint8_t)len};
	for (size_t i = 0; i < len; i++)
		one->inverted[i] = (uint8_t)(bytes[i] ^ 0xFFu);
	*at = one;
	h >>= 32 - BITMAP_BITS;
	n->bitmap[h / 8] = (uint8_t)(n->bitmap[h / 8] | 1u << h % 8);
	return true;
}

static bool
is_secret(const uint8_t *p, size_t len)
{
	bool seen[256] = {false};
	unsigned distinct = 0;

	for (size_t i = 0; i < len; i++)
		if (!seen[p[i]]) {
			seen[p[i]] = true;
			distinct++;
		}
	return distinct >= DISTINCT_MIN;
}

bool
needles_add(struct needles *n, const char *name, const void *bytes, size_t len)
{
	const uint8_t *p = bytes;
	uint8_t swapped[NEEDLE_MAX];
	char hex[2 * NEEDLE_MAX + 1];

	assert_in_range(len, PREFIX, NEEDLE_MAX / 2);
	if (!is_secret(p, len) || !add_form(n, name, p, len))
		return false;
	n->count++;
	for (size_t i = 0; i < len / 4 * 4; i++)
		swapped[i] = p[i / 4 * 4 + 3 - i % 4];
	(void)add_form(n, name, swapped, len / 4 * 4);
	hex_encode(p, len, hex);
	(void)add_form(n, name, (const uint8_t *)hex, 2 * len);
	for (size_t i = 0; i < 2 * len; i++)
		hex[i] = (char)(hex[i] >= 'A' ? hex[i] + 32 : hex[i]);
	(void)add_form(n, name, (const uint8_t *)hex, 2 * len);
	return true;
}

/* --- looking */

static void
see(struct sightings *s, const struct needle *one, const char *where)
{
	if (s->hits++ == 0)
		(void)snprintf(s->first, sizeof(s->first), "%s in %.120s", one->name, where);
}

/* Needles that begin before `starts`; they may run on to `len`. */
static void
look(struct needles *n, const char *where, const uint8_t *p, size_t starts, size_t len,
    struct sightings *s)
{
	for (size_t i = 0; i < starts && i + PREFIX <= len; i++) {
		uint32_t h = hash_at(p + i), bit = h >> (32 - BITMAP_BITS);

		if ((n->bitmap[bit / 8] >> bit % 8 & 1) == 0)
			continue;
		for (const struct needle *one = n->table[h >> (32 - TABLE_BITS)]; one != NULL; one = one->next)
			if (is_at(one, p + i, len - i))
				see(s, one, where);
	}
	s->bytes += starts;
}

void
needles_in_bytes(struct needles *n, const char *where, const void *bytes, size_t len,
    struct sightings *s)
{
	look(n, where, bytes, len, len, s);
}

/* From `at` to `end` of an open file; what cannot be read (holes, device pages) is stepped over. */
static void
look_through(struct needles *n, const char *where, int fd, uint64_t at, uint64_t end,
    struct sightings *s)
{
	while (at < end) {
		size_t want = end - at < sizeof(n->room) ? (size_t)(end - at) : sizeof(n->room);
		ssize_t got = pread(fd, n->room, want, (off_t)at);
		size_t starts;

		if (got <= 0 && end == UINT64_MAX)
			return;
		if (got <= 0) {
			at += 4096;
			continue;
		}
		starts = (size_t)got == sizeof(n->room) ? CHUNK : (size_t)got;
		look(n, where, n->room, starts, (size_t)got, s);
		at += starts;
	}
	memset(n->room, 0, sizeof(n->room));
}

void
needles_in_file(struct needles *n, const char *path, struct sightings *s)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)	/* a spool file that has gone meanwhile */
		return;
	look_through(n, path, fd, 0, UINT64_MAX, s);
	(void)close(fd);
}

static struct needles *walk_needles;
static struct sightings *walk_sightings;

static int
walk_file(const char *path, const struct stat *st, int flag, struct FTW *walk)
{
	(void)st;
	(void)walk;
	if (flag == FTW_F && S_ISREG(st->st_mode))
		needles_in_file(walk_needles, path, walk_sightings);
	return 0;
}

void
needles_in_folder(struct needles *n, const char *folder, struct sightings *s)
{
	walk_needles = n;
	walk_sightings = s;
	assert_int_equal(nftw(folder, walk_file, 16, FTW_PHYS), 0);
}

/* --- memory */

struct region {
	uint64_t from, to;
	char name[128];
	char flags[128];
	uint64_t anonymous_kb;
};

/* The next mapping of an open smaps; false at its end. */
static bool
next_region(FILE *f, struct region *r)
{
	char line[512];

	memset(r, 0, sizeof(*r));
	while (fgets(line, sizeof(line), f) != NULL) {
		char *rest;

		if (strncmp(line, "Anonymous:", 10) == 0)
			r->anonymous_kb = strtoull(line + 10, NULL, 10);
		if (strncmp(line, "VmFlags:", 8) == 0) {
			(void)snprintf(r->flags, sizeof(r->flags), "%.120s", line + 8);
			return true;
		}
		if (strchr(line, '-') == NULL || (r->from != 0 && strchr("0123456789abcdef", line[0]) == NULL))
			continue;
		r->from = strtoull(line, &rest, 16);
		r->to = *rest == '-' ? strtoull(rest + 1, NULL, 16) : r->from;
		rest = strrchr(line, ' ');
		(void)snprintf(r->name, sizeof(r->name), "%.120s", rest != NULL ? rest + 1 : "");
		r->name[strcspn(r->name, "\n")] = '\0';
	}
	return false;
}

static bool
has_flag(const struct region *r, const char *flag)
{
	char word[8];

	(void)snprintf(word, sizeof(word), " %s ", flag);
	return strstr(r->flags, word) != NULL;
}

static FILE *
open_proc(pid_t pid, const char *name)
{
	char path[64];
	FILE *f;

	(void)snprintf(path, sizeof(path), "/proc/%ld/%s", (long)pid, name);
	f = fopen(path, "rb");
	assert_non_null(f);
	return f;
}

bool
memory_is(const void *p, const char *flag)
{
	FILE *f = open_proc(getpid(), "smaps");
	struct region r;
	bool is = false;

	while (next_region(f, &r))
		if (r.from <= (uintptr_t)p && (uintptr_t)p < r.to)
			is = has_flag(&r, flag);
	(void)fclose(f);
	return is;
}

/* Pages of files that nobody has written to are the files'; nothing of the process is in them. */
static bool
is_looked_at(const struct region *r, enum memory_part part)
{
	if (has_flag(r, "dd") && (part == MEMORY_CORE || r->to - r->from > HUGE_REGION))
		return false;
	return has_flag(r, "rd") && r->anonymous_kb > 0;
}

static void
look_at_words(struct needles *n, pid_t pid, const char *name, struct sightings *s)
{
	FILE *f = open_proc(pid, name);
	static uint8_t words[1u << 17];
	size_t len = fread(words, 1, sizeof(words), f);

	(void)fclose(f);
	needles_in_bytes(n, name, words, len, s);
}

/* A core image holds the registers as well; the widest of them could hold whole keys. */
static void
look_at_registers(struct needles *n, pid_t pid, struct sightings *s)
{
	static uint8_t state[1u << 14];
	struct iovec to = {state, sizeof(state)};
	int status;

	assert_int_equal(ptrace(PTRACE_SEIZE, pid, NULL, NULL), 0);
	assert_int_equal(ptrace(PTRACE_INTERRUPT, pid, NULL, NULL), 0);
	assert_int_equal(waitpid(pid, &status, __WALL), pid);
	assert_int_equal(ptrace(PTRACE_GETREGSET, pid, EXTENDED_STATE, &to), 0);
	assert_int_equal(ptrace(PTRACE_DETACH, pid, NULL, NULL), 0);
	needles_in_bytes(n, "registers", state, to.iov_len, s);
}

void
needles_in_process(struct needles *n, pid_t pid, enum memory_part part, struct sightings *s)
{
	FILE *maps = open_proc(pid, "smaps");
	FILE *mem = open_proc(pid, "mem");
	struct region r;
	char where[200];

	while (next_region(maps, &r)) {
		if (!is_looked_at(&r, part))
			continue;
		(void)snprintf(where, sizeof(where), "memory %s%s", r.name, has_flag(&r, "dd") ? " (locked)" : "");
		look_through(n, where, fileno(mem), r.from, r.to, s);
	}
	(void)fclose(maps);
	(void)fclose(mem);
	look_at_registers(n, pid, s);
	look_at_words(n, pid, "cmdline", s);
	look_at_words(n, pid, "environ", s);
}
