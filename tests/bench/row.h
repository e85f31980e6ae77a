/*
 * One figure a line, in columns: name, value, unit, what it is held against, verdict. A
 * figure that falls short keeps its row.
 */
#ifndef TESTS_BENCH_ROW_H
#define TESTS_BENCH_ROW_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "station/base/err.h"

static inline void
row_title(const char *title)
{
	(void)printf("\n%s\n", title);
}

/* `against` NULL: a figure for information. */
static inline void
row(const char *name, double value, const char *unit, const char *against, bool met)
{
	(void)printf("  %-60s %9.*f %-9s %-21s %s\n", name, value < 10 && value != (double)(int)value ? 3 : 0,
	    value, unit, against == NULL ? "" : against, against == NULL ? "" : met ? "met" : "NOT met");
	(void)fflush(stdout);
}

static inline void
row_info(const char *name, double value, const char *unit)
{
	row(name, value, unit, NULL, true);
}

static inline double
row_cpu_seconds(clockid_t clock)
{
	struct timespec t;

	(void)clock_gettime(clock, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

/* Stops at the first thing that goes wrong: a figure of failures is worth nothing. */
static inline void
must(enum err e, const struct why *w)
{
	if (e == ERR_OK)
		return;
	(void)fprintf(stderr, "bench: %s %s\n", err_name(e), msg_name(w->id));
	exit(1);
}

#endif
