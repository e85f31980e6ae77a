/*
 * Looking for secrets where none may be: a set of needles, and scans of a process's memory, of files
 * and of folders for any of them, as bytes, as hex digits and as words in the other byte order.
 */
#ifndef TESTS_SUPPORT_LEAKS_H
#define TESTS_SUPPORT_LEAKS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

struct needles;

/* Asserts; free with needles_free. */
struct needles *needles_new(void);
void needles_free(struct needles **n);

/*
 * Look for these 8 to 64 bytes from now on, under a name (borrowed). Bytes that repeat themselves too much to be
 * a secret are left out: false. What was added before is not added again.
 */
bool needles_add(struct needles *n, const char *name, const void *bytes, size_t len);
/* How many different ones there are. */
size_t needles_count(const struct needles *n);

/* What a scan saw. */
struct sightings {
	size_t hits;
	size_t bytes;			/* looked at */
	char first[200];		/* "master in [heap]" */
};

void needles_in_bytes(struct needles *n, const char *where, const void *bytes, size_t len,
    struct sightings *s);
void needles_in_file(struct needles *n, const char *path, struct sightings *s);
/* All files below; returns when it has read them all. */
void needles_in_folder(struct needles *n, const char *folder, struct sightings *s);

/*
 * The memory of another process, which must stand still. MEMORY_CORE: what its core image would hold, no page marked
 * MADV_DONTDUMP; MEMORY_ALL: those, too. Its arguments and environment are looked at as well. Asserts that it may be read.
 */
enum memory_part { MEMORY_CORE, MEMORY_ALL };
void needles_in_process(struct needles *n, pid_t pid, enum memory_part part, struct sightings *s);

/* Does the mapping of this address carry the flag, "lo" locked, "dd" not dumped, "wf" wiped on fork? In this process. */
bool memory_is(const void *p, const char *flag);

#endif
