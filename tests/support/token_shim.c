#include "tests/support/token_shim.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <dlfcn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

const char *
token_shim_path(void)
{
	static char path[TOKEN_SHIM_PATH_CAP];
	char program[TOKEN_SHIM_PATH_CAP - 64];
	ssize_t n = readlink("/proc/self/exe", program, sizeof(program) - 1);

	assert_true(n > 0);
	program[n] = '\0';
	for (int i = 0; i < 2; i++)
		*strrchr(program, '/') = '\0';
	(void)snprintf(path, sizeof(path), "%s/support/token_shim.so", program);
	if (access(path, R_OK) != 0)
		fail_msg("%s is missing: make tests builds it", path);
	return path;
}

struct token_shim *
token_shim(void)
{
	void *lib = dlopen(token_shim_path(), RTLD_NOW | RTLD_LOCAL);
	struct token_shim *s = lib != NULL ? dlsym(lib, "token_shim_switches") : NULL;

	if (s == NULL) {
		fail_msg("%s cannot be loaded", token_shim_path());
		abort();	/* fail_msg does not return, which the compiler is not told */
	}
	memset(s, 0, sizeof(*s));
	s->signs_left = -1;
	return s;
}
