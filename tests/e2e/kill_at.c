/*
 * Loaded before the program (LD_PRELOAD): ends it with SIGKILL before the KILL_AT-th step that others can see,
 * a COMMIT of a database or a document handed to the scheduler, or, with KILL_AT=0, writes their number
 * to the file KILL_COUNT. What lies between two steps leaves nothing behind. With KILL_RENAME=NAME it ends right before
 * a file gets a name that ends so.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int steps;

static void
step(void)
{
	const char *at = getenv("KILL_AT"), *count = getenv("KILL_COUNT");
	FILE *f;

	steps++;
	if (at != NULL && atoi(at) == steps)
		(void)raise(SIGKILL);
	if (count == NULL || (f = fopen(count, "w")) == NULL)
		return;
	(void)fprintf(f, "%d\n", steps);
	(void)fclose(f);
}

/* The next of that name; through memory, as ISO C has no cast from data to functions. */
static void
find(const char *name, void *function, size_t size)
{
	void *p = dlsym(RTLD_NEXT, name);

	memcpy(function, &p, size);
}

int sqlite3_exec(void *db, const char *sql, int (*row)(void *, int, char **, char **), void *ctx, char **said);
int
sqlite3_exec(void *db, const char *sql, int (*row)(void *, int, char **, char **), void *ctx, char **said)
{
	int (*real)(void *, const char *, int (*)(void *, int, char **, char **), void *, char **);

	find("sqlite3_exec", &real, sizeof(real));
	if (strcmp(sql, "COMMIT") == 0)
		step();
	return real(db, sql, row, ctx, said);
}

void *cupsDoFileRequest(void *http, void *request, const char *resource, const char *file);
void *
cupsDoFileRequest(void *http, void *request, const char *resource, const char *file)
{
	void *(*real)(void *, void *, const char *, const char *);

	find("cupsDoFileRequest", &real, sizeof(real));
	if (file != NULL)
		step();
	return real(http, request, resource, file);
}

static void
strike(const char *to)
{
	const char *name = getenv("KILL_RENAME");
	const size_t len = name != NULL ? strlen(name) : 0, has = strlen(to);

	if (len > 0 && has >= len && strcmp(to + has - len, name) == 0)
		(void)raise(SIGKILL);
}

int rename(const char *from, const char *to);
int
rename(const char *from, const char *to)
{
	int (*real)(const char *, const char *);

	strike(to);
	find("rename", &real, sizeof(real));
	return real(from, to);
}
