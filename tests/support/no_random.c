#include "tests/support/no_random.h"

#include <stddef.h>
#include <stdio.h>

int RAND_bytes(unsigned char *buf, int num);

static unsigned refuse_at;
static unsigned calls;

void
no_random_at(unsigned nth)
{
	refuse_at = nth;
	calls = 0;
}

unsigned
no_random_calls(void)
{
	return calls;
}

/* In the program itself, so that the linker never looks for OpenSSL's. */
int
RAND_bytes(unsigned char *buf, int num)
{
	FILE *f;
	size_t n;

	calls++;
	if (refuse_at != 0 && calls >= refuse_at)
		return 0;
	f = fopen("/dev/urandom", "rb");
	n = f != NULL ? fread(buf, 1, (size_t)num, f) : 0;
	if (f != NULL)
		(void)fclose(f);
	return n == (size_t)num;
}
