/*
 * What clang-tidy must be told, for it sees one file at a time: a function that says why
 * something failed never answers ERR_OK. Included before each file by `make tidy` alone.
 */
#ifndef TESTS_SUPPORT_ANALYZER_H
#define TESTS_SUPPORT_ANALYZER_H

#include "station/base/err.h"

#undef why_set
#define why_set(w_, code_, ...)                                                                    \
	((void)WHY_PICK(w_, code_, __VA_ARGS__, why_set4, why_set3, why_set2, why_set1, why_set0, 0) \
	 (w_, code_, __VA_ARGS__), (code_))

static inline enum err
why_errno_said(struct why *w, int errnum, const char *path)
{
	enum err e = why_errno(w, errnum, path);

	if (e == ERR_OK)
		__builtin_unreachable();
	return e;
}
#define why_errno(w_, errnum_, path_) why_errno_said(w_, errnum_, path_)

#endif
